"""One decision, whole: each factor as a bar, what it looked at, and what was missing."""

from __future__ import annotations

from decimal import Decimal

from textual.content import Content

from papertrader_tui.domain.decision import Action, Decision, Factor
from papertrader_tui.tui import formatting as fmt
from papertrader_tui.tui.screens.dialog import TextDialog

MUTED = "$foreground 56%"
BAR = 20
_STYLES = {Action.BUY: "$success bold", Action.SELL: "$error bold"}


class DecisionScreen(TextDialog):
    """Why the bot concluded what it did."""

    TITLE_TEXT = "Decision"

    def __init__(self, decision: Decision, label: str) -> None:
        """Take a decision and its token's label, safe to show."""
        super().__init__()
        self._decision = decision
        self._label = label

    def text(self) -> Content:
        d = self._decision
        lines = [
            Content.assemble(
                (d.action.value, _STYLES.get(d.action, "bold")),
                " ",
                (self._label, "bold"),
                (f"   {fmt.clock(d.time)}   {fmt.clean(d.id, 12)}", MUTED),
                (f"   stands for {d.repeats} alike" if d.repeats > 1 else "", MUTED),
            ),
            Content(fmt.clean(d.reason)),
            Content.assemble(
                ("rule ", MUTED),
                fmt.clean(d.rule, 40),
                ("   level ", MUTED),
                f"{d.level} {fmt.clean(d.level_name, 24)}",
                ("   price ", MUTED),
                f"{fmt.price(d.price)} {fmt.clean(d.source, 16)} {fmt.age(d.price_age_ms)} old",
            ),
        ]
        lines += self._orders()
        for name, score in (
            ("confidence", d.confidence),
            ("risk", d.risk),
            ("opportunity", d.opportunity),
        ):
            lines += [Content(""), _score(name, score)]
            for factor in d.factors:
                if factor.of == name:
                    lines += _factor(factor)
        if d.missing:
            missing = ", ".join(fmt.clean(name, 40) for name in d.missing)
            lines += [Content(""), Content.assemble(("not to be had: ", "$warning"), missing)]
        return Content("\n").join(lines)

    def _orders(self) -> list[Content]:
        d = self._decision
        facts = []
        if d.size_usd:
            facts.append(("orders ", f"{fmt.money(d.size_usd)} USDC"))
        if d.quantity:
            facts.append(("sells ", fmt.quantity(d.quantity, 14)))
        if d.stop is not None:
            facts.append(("stop ", fmt.price(d.stop)))
        if d.targets:
            facts.append(("targets ", " · ".join(fmt.price(target) for target in d.targets)))
        if not facts:
            return []
        return [
            Content.assemble(
                *(part for label, value in facts for part in ((label, MUTED), f"{value}   "))
            )
        ]


def _score(name: str, score: Decimal) -> Content:
    return Content.assemble(
        (f"{name:<14}", "$accent bold"),
        (f"{score:>6.2f} ", "bold"),
        (_bar(score), "$accent"),
    )


def _factor(factor: Factor) -> list[Content]:
    name = fmt.clean(factor.name.replace("_", " "), 18)
    lines = [
        Content.assemble(
            f"  {name:<18}",
            f"{factor.score:>7.2f} ",
            (_bar(factor.score), "$foreground 70%"),
            (f" × {factor.weight:.1f}% = ", MUTED),
            f"{factor.contribution:.2f}",
        )
    ]
    if factor.sentence:
        lines.append(Content.styled(f"  {'':<18}{fmt.clean(factor.sentence)}", MUTED))
    lines += [
        Content.styled(
            f"  {'':<18}{fmt.clean(item.name, 30)} {fmt.clean(item.value, 24)}"
            f" · {fmt.clean(item.source, 20)} · {fmt.age(item.age_ms)} old",
            "$foreground 40%",
        )
        for item in factor.inputs
    ]
    return lines


def _bar(score: Decimal) -> str:
    return fmt.meter(float(score) / 100, BAR)

"""Decisions as rows for the console and the command line; no Textual.

A row is a list of `Part`s, (text, tone) pairs; a tone is a name of `widgets.tones`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby

from rich.cells import cell_len

from papertrader_tui.domain.decision import Action, Check, Decision, Factor, FactorInput
from papertrader_tui.domain.money import total
from papertrader_tui.domain.outcomes import Outcome
from papertrader_tui.domain.record import BAND
from papertrader_tui.engine.rows import iso
from papertrader_tui.intel.scorecard import ENOUGH
from papertrader_tui.intel.sentences import span
from papertrader_tui.tui import formatting as fmt

Part = tuple[str, str]
Row = list[Part]

WIDTH = 80
_BAR, _NAME, _SHORT = 20, 15, 10
_TONES = {Action.BUY: "up", Action.SELL: "down"}
_SCORES = ("confidence", "risk", "opportunity")
_OF = {
    "entry": "held against, to buy",
    "exit": "held against, to keep it",
    "account": "account gates",
}


Hits = Mapping[tuple[str, int], tuple[int, int]]
"""(action, first confidence of its band) -> right, and of how many; as a snapshot has them."""


def hits(decision: Decision, known: Hits) -> tuple[int, int] | None:
    """How many decisions like it were right, and of how many; None where those are too few."""
    points = min(99, int(decision.confidence))
    right, of = known.get((decision.action.value, points - points % BAND), (0, 0))
    return (right, of) if of >= ENOUGH else None


def whole(
    decision: Decision, label: str, width: int = WIDTH, known: Hits | None = None
) -> list[Row]:
    """One decision with everything that is stored of it.

    Args:
        decision: The decision.
        label: Its token's, safe to show.
        width: Cells, 60 or more.
        known: How decisions like it turned out.
    """
    found = hits(decision, known or {})
    rows = [_head(decision, label), *_wrapped(decision.reason, "", width), *_origin(decision)]
    orders = _orders(decision)
    rows += [orders] if orders else []
    for name in _SCORES:
        factors = [factor for factor in decision.factors if factor.of == name]
        if name == "confidence" and found is not None:
            right, count = found
            said = f"right {right / count:.0%} of {count:,} such decisions four hours later"
            rows += [[], [(f"conf {decision.confidence:.0f} ", "strong"), (f"({said})", "muted")]]
        rows += _score(name, getattr(decision, name), factors, width)
    for of, heading in _OF.items():
        checks = [check for check in decision.checks if check.of == of]
        if checks:
            rows += [[], [(heading, "accent")]]
            for check in checks:
                rows += _check(check, width)
    if decision.missing:
        told = ", ".join(decision.missing)
        rows += [[], *_wrapped(f"not to be had: {told}", "warn", width)]
    return rows


def became(outcomes: Sequence[Outcome]) -> list[Row]:
    """What the price did after a decision, and whether that made it right."""
    rows: list[Row] = [[], [("what became of it", "accent")]] if outcomes else []
    for outcome in outcomes:
        row: Row = [(f"  after {span(outcome.horizon):<8}", "muted")]
        if outcome.price is None or outcome.move is None:
            row.append(("no price near that moment is known", "muted"))
        else:
            move = fmt.percent(outcome.move)
            tone = {1: "up", -1: "down"}.get(fmt.direction(move), "")
            row += [(f"{fmt.price(outcome.price):>14} ", ""), (f"{move:>10}  ", tone)]
            row.append(("right", "strong") if outcome.right else ("wrong", "muted"))
        rows.append(row)
    return rows


def listing(
    decisions: Sequence[Decision], names: Mapping[str, str], width: int = WIDTH
) -> list[Row]:
    """Two rows a decision: what it says with bars, and why."""
    heading = f"{'ID':<8} {'TIME (UTC)':<14} {'':<4} {'TOKEN':<14} {'CONF':<10}{'RISK':<10}OPP"
    rows: list[Row] = [[(heading, "muted")]]
    for decision in decisions:
        name = fmt.clean(names.get(decision.token, decision.token), 14)
        repeats = f"×{decision.repeats}" if decision.repeats > 1 else ""
        row: Row = [
            (f"{fmt.clean(decision.id, 8):<8} ", "strong"),
            (f"{iso(decision.time)[5:19].replace('T', ' ')} ", "muted"),
            (f"{decision.action.value:<4} ", _TONES.get(decision.action, "muted")),
            (name + " " * max(0, 15 - cell_len(name)), ""),
        ]
        for score in (decision.confidence, decision.risk, decision.opportunity):
            row += [(f"{score:>3.0f} ", ""), (f"{fmt.meter(float(score) / 100, 5)} ", "accent")]
        rows.append([*row, (repeats, "muted")])
        size = f"${fmt.money(decision.size_usd)}  " if decision.size_usd else ""
        said = f"L{decision.level} {size}{decision.rule}: {decision.reason}"
        rows += _wrapped(said, "muted", width, indent=9)
    return rows


def _head(d: Decision, label: str) -> Row:
    return [
        (d.action.value, _TONES.get(d.action, "strong")),
        (f" {label}", "strong"),
        (f"   {iso(d.time)[:19].replace('T', ' ')}Z   {fmt.clean(d.id, 12)}", "muted"),
        (f"   stands for {d.repeats} alike" if d.repeats > 1 else "", "muted"),
    ]


def _origin(d: Decision) -> list[Row]:
    return [
        [
            ("rule ", "muted"),
            (fmt.clean(d.rule, 30), ""),
            ("   level ", "muted"),
            (f"{d.level} {fmt.clean(d.level_name, 24)}", ""),
        ],
        [
            ("price ", "muted"),
            (fmt.price(d.price), ""),
            (f" {fmt.clean(d.source, 30)}, {fmt.age(d.price_age_ms)} old", "muted"),
        ],
    ]


def _orders(d: Decision) -> Row:
    facts = []
    if d.size_usd:
        facts.append(("orders ", f"{fmt.money(d.size_usd)} USDC"))
    if d.quantity:
        facts.append(("sells ", fmt.quantity(d.quantity, 14)))
    if d.stop is not None:
        facts.append(("stop ", fmt.price(d.stop)))
    if d.targets:
        facts.append(("targets ", " · ".join(fmt.price(target) for target in d.targets)))
    return [part for name, value in facts for part in ((name, "muted"), (f"{value}   ", ""))]


# ---------------------------------------------------------------------- scores


def _score(name: str, score: Decimal, factors: Sequence[Factor], width: int) -> Iterator[Row]:
    yield []
    yield [
        (f"{name:<{_NAME + 2}}", "accent"),
        (f" {score:>6.2f} ", "strong"),
        (fmt.meter(float(score) / 100, _BAR), "accent"),
        ("  weight   adds" if factors else "", "muted"),
    ]
    for factor in factors:
        yield [
            (f"  {fmt.clean(factor.name.replace('_', ' '), _NAME):<{_NAME}}", ""),
            (f" {factor.score:>6.2f} ", ""),
            (fmt.meter(float(factor.score) / 100, _BAR), "muted"),
            (f" {factor.weight:>6.2f}%", "muted"),
            (f" {factor.contribution:>6.2f}", ""),
        ]
        if factor.sentence:
            yield from _wrapped(factor.sentence, "muted", width, indent=4)
        yield from _inputs(factor.inputs, width)
    if factors:
        weights = total(factor.weight for factor in factors)
        added = total(factor.contribution for factor in factors)
        line = f"{'':<{_NAME + _BAR + 10}} {weights:>6.2f}% {added:>6.2f}"
        yield [(line, "strong")]


def _inputs(inputs: Sequence[FactorInput], width: int) -> Iterator[Row]:
    """What a factor looked at, by where it is from and how old it was."""
    for (source, age), group in groupby(inputs, key=lambda item: (item.source, item.age_ms)):
        told = ", ".join(f"{item.name} {item.value}" for item in group)
        where = f"{source}, " if source else ""
        yield from _wrapped(f"{where}{fmt.age(age)} old: {told}", "dim", width, indent=4)


# ---------------------------------------------------------------------- conditions


def _check(check: Check, width: int) -> Iterator[Row]:
    """How much of a limit is used, and whether that decided."""
    used = check.used or 0.0
    tone = "down" if check.hit else "warn" if used >= 0.75 else "accent"
    value = fmt.DASH if check.value is None else check.value
    said = f"{value}; {check.limit}" if check.limit else value
    room = 2 + _NAME + 1 + _SHORT + 7
    first, *rest = _wrapped(said, "strong" if check.hit else "", width, indent=room)
    text, shown = first[0]
    yield [
        ("✗ " if check.hit else "  ", "down"),
        (f"{fmt.clean(check.name, _NAME):<{_NAME}} ", "strong" if check.hit else ""),
        (fmt.meter(used, _SHORT), tone),
        (f" {_percent(check.used):>5} ", "muted"),
        (text[room:], shown),
    ]
    yield from rest


def _percent(used: float | None) -> str:
    """Of a limit; what is not at it yet is never shown as if it were."""
    if used is None:
        return fmt.DASH
    percent = round(min(used, 9.99) * 100)
    return f"{min(99, percent) if used < 1 else percent}%"


def _wrapped(text: str, tone: str, width: int, indent: int = 0) -> list[Row]:
    """Foreign text made safe, in lines of at most `width` cells."""
    lines = textwrap.wrap(fmt.clean(text), max(20, width - indent)) or [""]
    return [[(" " * indent + fmt.cut(line, width - indent), tone)] for line in lines]

"""What an order would cost, as lines: the lower half of the ticket."""

from __future__ import annotations

from decimal import Decimal

from textual.content import Content

from papertrader_tui.domain.events import Fidelity
from papertrader_tui.domain.money import sub
from papertrader_tui.domain.orders import Side, SizeBy
from papertrader_tui.engine.snapshot import Preview, TokenRow
from papertrader_tui.tui import formatting as fmt
from papertrader_tui.tui.wording import bps

_FIDELITY = {
    Fidelity.POOL: "by the pool",
    Fidelity.LIQUIDITY: "by liquidity",
    Fidelity.FLAT: "flat estimate",
}
Line = tuple[str, str, str]
MUTED, FAINT = "$foreground 56%", "$foreground 30%"


def quote_lines(preview: Preview) -> list[Line]:
    """(label, figure, note) of each line, in the order in which a trader reads them.

    A buy by quantity fixes what is received, so its worst case is a maximum to pay. What was
    typed is not said again: so all of it fits into 24 rows, a sandwich and the route included.
    """
    request = preview.request
    symbol = fmt.clean(preview.token.symbol, 8)
    buying = request.side is Side.BUY
    exact_out = buying and request.size_by is SizeBy.QUANTITY
    spend = fmt.money(preview.spend) if buying else fmt.quantity(preview.spend, 12)
    receive = fmt.quantity(preview.receive, 12) if buying else fmt.money(preview.receive)
    if exact_out:
        worst = fmt.money(preview.minimum)
    else:
        worst = fmt.quantity(preview.minimum, 12) if buying else fmt.money(preview.minimum)
    paid, got = ("USDC", symbol) if buying else (symbol, "USDC")
    typed = SizeBy.NOTIONAL if buying else SizeBy.QUANTITY
    lines = [
        *([] if request.size_by is typed else [("spend", spend, paid)]),
        *([] if exact_out else [("out", receive, got)]),
        ("price", fmt.price(preview.price), _off(preview.price, preview.reference)),
        ("LP fee", fmt.money(preview.lp_fee, 3), fmt.percent(preview.lp_fee_pct, sign=False)),
        ("impact", fmt.money(preview.impact, 3), fmt.percent(preview.impact_pct, sign=False)),
        ("gas", fmt.money(preview.gas, 3), fmt.clean(preview.gas_note, 28)),
        ("maximum" if exact_out else "minimum", worst, f"within {bps(request.tolerance_bps)}"),
    ]
    if preview.mev:
        lines.append(("MEV", fmt.money(preview.mev, 3), "if sandwiched"))
    if preview.route:
        lines.append(("route", "", fmt.clean(preview.route, 60)))
    return lines


def _off(price: Decimal, reference: Decimal) -> str:
    """How far the price is from the one on the screen."""
    if reference == 0:
        return ""
    return fmt.percent(float(sub(price, reference)) / float(reference), sign=True)


def quote_content(preview: Preview | None) -> Content:
    """The lines, under a heading that names the fidelity; nothing without a preview."""
    if preview is None:
        return Content("")
    lines = [
        Content.assemble(
            ("─ you would get ", FAINT),
            (f"· {_FIDELITY[preview.fidelity]} ", FAINT),
            ("─" * 4, FAINT),
        )
    ]
    for label, figure, note in quote_lines(preview):
        if label == "route":  # the whole width is needed for two hops
            lines.append(Content.styled(note, MUTED))
            continue
        lines.append(
            Content.assemble(
                (f"{label:<8}", MUTED),
                (f"{figure:>13} " if figure else "", "bold" if label == "out" else ""),
                (note, MUTED),
            )
        )
    return Content("\n").join(lines)


def advice_content(preview: Preview | None, row: TokenRow) -> Content:
    """Why the order would be refused and what advises against it, or what is still missing."""
    if preview is None:
        missing = (
            "No price yet: an order can be written when there is one."
            if row.price is None
            else "Type a size to see what you would get, fees, impact and gas included."
        )
        return Content.styled(missing, MUTED)
    lines = [Content.styled(f"✗ {fmt.clean(text)}", "$error") for text in preview.problems]
    lines += [Content.styled(f"! {fmt.clean(text)}", "$warning") for text in preview.warnings]
    return Content("\n").join(lines)

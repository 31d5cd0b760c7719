"""Rows as aligned lines for a person; every number is rounded for the eye only."""

from __future__ import annotations

from decimal import Decimal

from papertrader_tui.domain.money import plain, quantize_even
from papertrader_tui.engine.rows import Row, iso
from papertrader_tui.text import clean as harmless


def clean(text: object) -> str:
    """A line with foreign text in it, with nothing that a terminal obeys; its columns stay."""
    return harmless(str(text), layout=True)


def money(value: object, places: int = 2) -> str:
    """Dollars: `10,482.11`; an amount below a cent keeps four digits."""
    number = Decimal(str(value))
    if number and abs(number) < Decimal("0.01"):
        places = min(18, 3 - number.adjusted())
    return f"{quantize_even(number, places):,f}"


def signed(value: object) -> str:
    """Dollars with a sign: `+12.40`."""
    text = money(value)
    return text if text.startswith("-") else f"+{text}"


def digits(value: object, significant: int = 7) -> str:
    """A price or quantity with so many significant digits and no exponent."""
    number = Decimal(str(value))
    if not number:
        return "0"
    return plain(quantize_even(number, max(0, significant - 1 - number.adjusted())))


def text_line(time: int, tag: str, row: Row) -> str:
    """`2026-01-05T00:10:00Z [TRADE]    buy 0.1474 WETH at 3391.02 …`, with its line end."""
    return f"{iso(time)[:19]}Z {f'[{tag}]':<10} {clean(_BODY[tag](row))}\n"


def _name(row: Row) -> str:
    return str(row.get("symbol") or row["token"])


def _source(row: Row) -> str:
    state = "up" if row["up"] else "DOWN"
    speed = f"  p50 {row['p50_s']} s  p95 {row['p95_s']} s" if row["p50_s"] else ""
    held_back = f"  held back {row['throttled']}" if row["throttled"] != "0" else ""
    last = f"  last answer {row['last_success_s']} s ago" if row["last_success_s"] else ""
    errors = f"  errors: {row['errors']}" if row["errors"] else ""
    rate = f"hit rate {row['hit_rate']}, " if row["hit_rate"] else ""
    return (
        f"source {row['source']} {state} (circuit {row['state']})  {row['calls_per_minute']} calls "
        f"in a minute of {row['limit_per_minute']}  hits {row['hits']} misses {row['misses']} "
        f"coalesced {row['coalesced']} stale {row['stale_served']}{held_back}{speed}{last}{errors}"
        f"  feed: {rate}{row['position_updates_per_minute']} position updates a minute"
    )


def tenths(seconds: str | bool) -> str:
    """An age in seconds to one decimal: `5.3`, `15`."""
    return f"{round(float(seconds), 1):g}"


def _price(row: Row) -> str:
    if row.get("event") == "source":
        return _source(row)
    stale = "  STALE" if row["stale"] else ""
    age = "" if row["age_s"] == "0" else f"  {tenths(row['age_s'])} s old"
    return f"{_name(row):<8} {digits(row['price']):>14}  {row['source']}{age}{stale}"


def _decision(row: Row) -> str:
    size = "" if row["size_usd"] == "0" else f"${money(row['size_usd'])}  "
    repeats = "" if row["repeats"] == "1" else f"  (×{row['repeats']})"
    return (
        f"{row['action']:<4} {_name(row):<8} conf {row['confidence']:>5}  risk {row['risk']:>5}"
        f"  opp {row['opportunity']:>5}  L{row['level']:<2}  {size}{row['rule']}: "
        f"{row['reason']}{repeats}"
    )


def _outcome(row: Row) -> str:
    head = f"{row['decision']} {_name(row):<8} after {int(str(row['horizon_s'])) // 60} min"
    if row["result"] == "unknown":
        return f"{head}  unknown: no price near that moment"
    return f"{head}  {digits(row['price'])}  {signed(row['move_pct'])} %  {row['result']}"


def _order(row: Row) -> str:
    what = f"{row['event']:<9} {row['order_id'] or row['client_id']} {row['side']}"
    why = f"  {row['reason']}" if row["reason"] else ""
    if row["event"] == "rejected":
        return f"{what} {_name(row)}  {row['origin']}  {row['rule']}:{why}"
    unit = {"notional": "${}", "percent": "{}%"}.get(str(row["size_by"]), "{}")
    size = unit.format(digits(row["size"], 9))
    price = f" at {digits(row['price'])}" if row["price"] else ""
    trail = f" trailing {row['trail_bps']} bps" if row["trail_bps"] else ""
    return f"{what} {size} {_name(row)} {row['kind']}{price}{trail}  {row['origin']}{why}"


def _trade(row: Row) -> str:
    if row["status"] == "reverted":
        head = f"reverted {row['side']} {_name(row)} at {digits(row['price'])}"
    else:
        head = f"{row['side']} {digits(row['quantity'])} {_name(row)} at {digits(row['price'])}"
    mev = "" if row["mev_usd"] == "0" else f"  mev {money(row['mev_usd'])}"
    return (
        f"{head}  lp fee {money(row['lp_fee_usd'])}  impact {money(row['impact_usd'])}{mev}"
        f"  gas {money(row['gas_usd'])}  drift {signed(row['drift_usd'])}"
        f"  {row['fidelity']}  {row['origin']} {row['order_id']}"
        f"  on {digits(row['reference_price'])} {row['reference_source']}"
    )


def _position(row: Row) -> str:
    if row["quantity"] == "0":
        return f"{_name(row)} closed  P&L {signed(row['pnl'])}"
    source = row.get("mark_source")
    mark = (
        f"  at {digits(row['mark'])} {source}, {tenths(row['mark_age_s'])} s old" if source else ""
    )
    return (
        f"{_name(row)} {digits(row['quantity'])}  cost {money(row['cost'])}"
        f"  value {money(row['value'])}  P&L {signed(row['pnl'])}{mark}"
    )


def _account(row: Row) -> str:
    ok = "reconciled" if row["reconciled"] else "NOT RECONCILED"
    mev = "" if row["mev"] == "0" else f"  mev {money(row['mev'])}"
    return (
        f"equity {money(row['equity'])}  cash {money(row['cash'])}"
        f"  realized {signed(row['realized'])}  unrealized {signed(row['unrealized'])}"
        f"  lp fees {money(row['lp_fees'])}  impact {money(row['impact'])}"
        f"{mev}  gas {money(row['gas'])}  trades {row['trades']}  {ok}"
    )


def _alert(row: Row) -> str:
    token = f" {row['token']}" if row["token"] else ""
    return f"{row['severity']}: {row['text']}{token}"


_BODY = {
    "PRICE": _price,
    "DECISION": _decision,
    "OUTCOME": _outcome,
    "ORDER": _order,
    "TRADE": _trade,
    "POSITION": _position,
    "ACCOUNT": _account,
    "ALERT": _alert,
}

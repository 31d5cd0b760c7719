"""Which column of a tape is what, found by name."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field

from papertrader_tui.feeds.tape_report import TapeError, printable

_OHLC = ("open", "high", "low", "close")
_NAMES: dict[str, tuple[str, ...]] = {
    "time": (
        "timestamp",
        "datetime",
        "date_time",
        "time",
        "open_time",
        "ts",
        "block_timestamp",
        "unix",
        "unix_timestamp",
        "date",
    ),
    "token": ("token_id",),
    "symbol": ("symbol", "pair", "market", "ticker", "instrument", "product_id"),
    "pool_price": ("pool_price",),
    "price": ("price", "last", "last_price", "trade_price"),
    "volume": ("volume", "amount", "size", "qty", "quantity", "base_volume", "vol"),
    "notional": ("quote_volume", "quote_asset_volume", "quote_qty", "turnover", "amount_usd"),
    "liquidity": ("liquidity_usd", "liquidity_usdc", "tvl_usd", "reserve_usd", "reserve_in_usd"),
    "bid": ("bid", "bid_price", "best_bid"),
    "ask": ("ask", "ask_price", "best_ask"),
    **{name: (name, f"{name}_price") for name in _OHLC},
    **{f"{side}_{name}": (f"{side}_{name}",) for side in ("bid", "ask") for name in _OHLC},
}
_DOLLARS = ("notional", "volume_usd", "usd_volume", "dollar_volume")


@dataclass(frozen=True)
class Columns:
    """What a tape's rows hold.

    Attributes:
        kind: `candles`, `bid/ask candles`, `trades` or `quotes`.
        at: Index by meaning (`time`, `price`, `bid_open`, …), for those that are there.
        names: The header's own name by meaning.
        count: Fields in a row.
        notes: What was noticed, in sentences.
    """

    kind: str
    at: dict[str, int]
    names: dict[str, str]
    count: int
    delimiter: str
    notes: list[str] = field(default_factory=list)


def find_columns(header: str, file: str) -> Columns:
    """Read a header line.

    Raises:
        TapeError: no time or no price can be found in it; the message lists the columns.
    """
    delimiter = max(",;\t", key=header.count)
    try:
        fields = next(csv.reader([header], delimiter=delimiter), [])
    except csv.Error:  # a line break within a field: no CSV, or no text at all
        fields = []
    names = [name.strip().lower().replace(" ", "_") for name in fields]
    listed = ", ".join(printable(name) for name in fields[:40])
    at: dict[str, int] = {}
    for meaning, synonyms in _NAMES.items():
        found = next((name for name in synonyms if name in names), None)
        if found is None and meaning == "notional":
            found = next((name for name in names if name.startswith(_DOLLARS)), None)
        if found is None:
            continue
        if names.count(found) > 1:
            msg = f"{file}: {names.count(found)} columns are called {printable(found)}; rename one"
            raise TapeError(msg)
        at[meaning] = names.index(found)
    if "token" in at:
        # the id tells tokens apart; what they are called is only a label beside it
        if "symbol" in at:
            at["label"] = at["symbol"]
        at["symbol"] = at.pop("token")
    if "time" not in at:
        msg = (
            f"{file}: line 1 names no time column (found: {listed}); the first line must be a "
            "header with a column such as timestamp"
        )
        raise TapeError(msg)
    kind = _kind(at)
    if kind is None:
        msg = (
            f"{file}: no price column (found: {listed}); needed is price, or bid and ask, or "
            "open, high, low and close"
        )
        raise TapeError(msg)
    used = {meaning: fields[index].strip() for meaning, index in at.items()}
    return Columns(kind, at, used, len(fields), delimiter, _notes(kind, at, used, names))


def _kind(at: dict[str, int]) -> str | None:
    if all(name in at for name in _OHLC):
        return "candles"
    if all(f"{side}_{name}" in at for side in ("bid", "ask") for name in _OHLC):
        return "bid/ask candles"
    if "pool_price" in at or "price" in at:
        return "trades"
    if "bid" in at and "ask" in at:
        return "quotes"
    return None


def _notes(kind: str, at: dict[str, int], used: dict[str, str], names: Sequence[str]) -> list[str]:
    notes = []
    if kind == "trades" and "pool_price" in at and "price" in at:
        notes.append("prices are those of the pool, not those paid (they include the LP fee)")
    if kind in ("candles", "trades"):
        if "notional" in at:
            notes.append(f"volume is {printable(used['notional'])}, in dollars")
        elif "volume" in at:
            notes.append(f"volume is {printable(used['volume'])}, in tokens, times the price")
    if "liquidity" in names and "liquidity" not in at:
        notes.append("the column liquidity is not in dollars and is not used")
    return notes

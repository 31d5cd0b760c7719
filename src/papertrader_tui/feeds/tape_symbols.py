"""Symbols of a tape: the base of a pair becomes a token, its quote must be a dollar."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType

from papertrader_tui.domain.tokens import Token, TokenId
from papertrader_tui.feeds.tape_report import TapeError, printable
from papertrader_tui.registry import load_registry
from papertrader_tui.text import clean

DOLLARS = ("USDC", "USDT", "USD", "DAI")
_FIAT = ("EUR", "GBP", "JPY", "CHF", "AUD", "CAD", "KRW", "TRY", "BRL")
_COINS = ("BTC", "ETH", "BNB", "SOL")
_BASES = frozenset((*_COINS, "LTC", "XRP", "ADA", "DOGE", "DOT", "LINK", "AVAX", "UNI", "TRX"))
_SEPARATOR = re.compile(r"[-/_:|\s]+")
_ID = re.compile(r"[a-z][a-z0-9-]*:0x[0-9a-f]{40}")
_UNSAFE = re.compile(r"[^a-z0-9.-]+")
#: What a tape's token may have before anything is known of its pool.
_FEE_BPS = Decimal(30)


def split_pair(text: str) -> tuple[str, str]:
    """Base and quote of `BTC-USD`, `WETH/USDC` or `BTCUSDT`; the quote is "" for a lone `BTC`.

    Raises:
        TapeError: the quote is no dollar unit, or nothing is left of the base.
    """
    parts = [part for part in _SEPARATOR.split(text.strip().upper()) if part]
    if len(parts) > 1:
        base, quote = parts[0], parts[1]
        if quote not in DOLLARS:
            raise _not_dollars(text, quote)
    else:
        base, quote = parts[0] if parts else "", ""
        for unit in DOLLARS:
            if base.endswith(unit) and len(base) > len(unit):
                base, quote = base.removesuffix(unit), unit
                break
        else:
            for unit in (*_FIAT, *_COINS):
                rest = base.removesuffix(unit)
                if rest != base and (rest in _BASES or (unit in _FIAT and len(rest) > 2)):
                    raise _not_dollars(text, unit)
    base = _UNSAFE.sub("", base.lower())[:40].upper()
    if not base:
        msg = f"symbol {printable(text)} has no letters or digits to name a token by"
        raise TapeError(msg)
    return base, quote


def tape_token(text: str, chain: str) -> Token:
    """The token that a symbol of a tape stands for.

    Raises:
        TapeError: as `split_pair`.
    """
    base, quote = split_pair(text)
    return Token(
        id=f"{chain}:tape-{base.lower()}",
        symbol=base,
        name=f"{base}-{quote} (tape)" if quote else f"{base} (tape)",
        chain=chain,
        decimals=18,
        fee_bps=_FEE_BPS,
    )


def known_token(ident: str, label: str) -> Token | None:
    """The token that an id of a tape names, None if it is no id or its chain is not bundled.

    Args:
        ident: `chain:0x…`.
        label: What the tape calls it, for one that is not bundled.
    """
    bundled = load_registry()
    key = ident.strip().lower()
    chain = key.partition(":")[0]
    if not _ID.fullmatch(key) or chain not in bundled.chains:
        return None
    if key in bundled.tokens:
        return bundled.tokens[key]
    symbol = clean(_SEPARATOR.split(label.strip())[0])[:20] or key.partition(":")[2][:10]
    return Token(key, symbol, f"{symbol} (tape)", chain, 18, _FEE_BPS)


def name_tokens(
    raws: Iterable[str],
    chain: str,
    only: str | None,
    file: str,
    called: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Token]:
    """The tokens of a file by symbol as it stands there, in the same order.

    Args:
        raws: The symbols in the file.
        chain: Chain that the tokens are put on.
        only: Leave out all symbols but this (a whole symbol or its base).
        file: Name for messages.
        called: Where a symbol is a token's id, what the tape calls it.

    Raises:
        TapeError: a symbol is not quoted in dollars, two would be one token, or `only` is none.
    """
    found = list(raws)
    chosen = found
    if only is not None:
        chosen = [raw for raw in found if _means(raw, only) or _means(called.get(raw, raw), only)]
    if not chosen:
        listed = ", ".join(printable(raw) for raw in found[:20])
        msg = f"{file} has no symbol {printable(only or '')}; it has {listed}"
        raise TapeError(msg)
    tokens: dict[str, Token] = {}
    owners: dict[TokenId, str] = {}
    for raw in chosen:
        try:
            label = called.get(raw, raw)
            token = known_token(raw, label) or tape_token(label, chain)
        except TapeError as error:
            msg = f"{file}: {error}"
            raise TapeError(msg) from None
        if token.id in owners:
            msg = (
                f"{file}: {printable(owners[token.id])} and {printable(raw)} would both be "
                f"{token.symbol}; play one of them by naming its symbol"
            )
            raise TapeError(msg)
        owners[token.id] = raw
        tokens[raw] = token
    return tokens


def symbol_of_name(stem: str) -> str:
    """The symbol that a file name begins with: `btc_usd_2024` is BTC-USD, `weth` is WETH."""
    parts = [part for part in _SEPARATOR.split(stem.upper()) if part]
    if len(parts) > 1 and parts[1] in DOLLARS:
        return f"{parts[0]}-{parts[1]}"
    return parts[0] if parts else stem


def _means(raw: str, wanted: str) -> bool:
    wanted = wanted.strip().upper()
    if raw.strip().upper() == wanted:
        return True
    try:
        return split_pair(raw)[0] == wanted
    except TapeError:
        return False


def _not_dollars(text: str, quote: str) -> TapeError:
    return TapeError(
        f"symbol {printable(text)} is quoted in {printable(quote)}; papertrader's prices are in "
        f"dollars ({', '.join(sorted(DOLLARS))}): give a tape quoted in one of them"
    )

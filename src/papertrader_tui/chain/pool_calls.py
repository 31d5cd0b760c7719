"""Calls to factories and pools, and what their answers mean.

Sources: the interfaces of Uniswap v2-core and v3-core, and of Aerodrome's Slipstream, whose slot0
lacks the last fee and whose ticks have a word more. Answers may come from anything that sits at
an address: one that does not have the shape is None.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from papertrader_tui.amm.tick_math import MAX_SQRT_RATIO, MAX_TICK, MIN_SQRT_RATIO, MIN_TICK
from papertrader_tui.chain.abi import WORD, ZERO_ADDRESS, BadAnswer, encode, selector, sint, uint
from papertrader_tui.chain.abi import address as address_in
from papertrader_tui.chain.factories import SLIPSTREAM, V2, Factory
from papertrader_tui.chain.multicall import Call

_MAX_FEE_PPM: Final = 1_000_000

GET_PAIR: Final = selector("0xe6a43905")  # getPair(address,address)
GET_POOL: Final = selector("0x1698ee82")  # getPool(address,address,uint24)
GET_POOL_BY_SPACING: Final = selector("0x28af8d0b")  # getPool(address,address,int24)
GET_RESERVES: Final = selector("0x0902f1ac")  # getReserves()
SLOT0: Final = selector("0x3850c7bd")  # slot0()
LIQUIDITY: Final = selector("0x1a686502")  # liquidity()
FEE: Final = selector("0xddca3f43")  # fee()
TICK_SPACING: Final = selector("0xd0c93a7c")  # tickSpacing()
TICK_BITMAP: Final = selector("0x5339c296")  # tickBitmap(int16)
TICKS: Final = selector("0xf30dba93")  # ticks(int24)
BALANCE_OF: Final = selector("0x70a08231")  # balanceOf(address)


def find_pool(factory: Factory, token0: str, token1: str, tier: int) -> Call:
    """Ask a factory for the pool of two tokens; the answer is read by `address`."""
    if factory.kind == V2:
        return Call(factory.address, encode(GET_PAIR, token0, token1))
    question = GET_POOL_BY_SPACING if factory.kind == SLIPSTREAM else GET_POOL
    return Call(factory.address, encode(question, token0, token1, tier))


def address(data: bytes | None) -> str | None:
    """An address in lower case; None for the zero address, which means that there is none."""
    if data is None or len(data) != WORD:
        return None
    try:
        found = address_in(data)
    except BadAnswer:
        return None
    return None if found == ZERO_ADDRESS else found


def number(data: bytes | None) -> int | None:
    """An unsigned integer alone."""
    return uint(data) if data is not None and len(data) == WORD else None


def fee_ppm(data: bytes | None) -> int | None:
    """A fee in millionths."""
    value = number(data)
    return value if value is not None and value < _MAX_FEE_PPM else None


def tick_spacing(data: bytes | None) -> int | None:
    """A tick spacing."""
    value = number(data)
    return value if value is not None and 0 < value <= MAX_TICK else None


def reserves(data: bytes | None) -> tuple[int, int] | None:
    """Both reserves of a pair; None where one is empty."""
    if data is None or len(data) != 3 * WORD:
        return None
    reserve0, reserve1 = uint(data, 0), uint(data, 1)
    if not 0 < reserve0 < 1 << 112 or not 0 < reserve1 < 1 << 112:
        return None
    return reserve0, reserve1


def price_and_tick(data: bytes | None) -> tuple[int, int] | None:
    """(square root price, tick) of slot0; None before the pool was initialised."""
    if data is None or len(data) < 6 * WORD:
        return None
    price, tick = uint(data, 0), sint(data, 1)
    if not MIN_SQRT_RATIO <= price < MAX_SQRT_RATIO or not MIN_TICK <= tick <= MAX_TICK:
        return None
    return price, tick


def bitmap_call(pool: str, word: int) -> Call:
    """Ask for a word of the tick bitmap; the answer is read by `number`."""
    return Call(pool, encode(TICK_BITMAP, word))


def tick_call(pool: str, tick: int) -> Call:
    """Ask for a tick; the answer is read by `net_and_crossed`."""
    return Call(pool, encode(TICKS, tick))


@dataclass(frozen=True, slots=True)
class _TickShape:
    """Where a tick's answer has what; words from 0."""

    words: int
    growth: int


_UNISWAP_TICK: Final = _TickShape(words=8, growth=2)
_SLIPSTREAM_TICK: Final = _TickShape(words=10, growth=3)


def net_and_crossed(data: bytes | None) -> tuple[int, bool] | None:
    """(net liquidity, whether some swap crossed it before) of an initialised tick.

    Crossed before means that a fee growth slot is not 0. Slipstream's answer is longer (staked
    liquidity, reward growth), and tells itself apart by that.
    """
    if data is None:
        return None
    for shape in (_UNISWAP_TICK, _SLIPSTREAM_TICK):
        if len(data) == shape.words * WORD:
            if uint(data, 0) == 0:
                return None
            grown = uint(data, shape.growth) or uint(data, shape.growth + 1)
            try:
                return sint(data, 1, 128), grown != 0
            except BadAnswer:
                return None  # no tick holds so much
    return None

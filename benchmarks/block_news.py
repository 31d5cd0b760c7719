"""What a block of fifty watched tokens costs: one batch decoded, every token quoted anew.

Half of the tokens are in a pool of their own against USDC, half behind the wrapped native token;
all pools are concentrated ones, 64 ticks on each side. The network is left out: what is measured
is from the batch's bytes to fifty exact quotes of $1,000. The baseline decodes the same bytes and
prices each token from the square root price in floats.
"""

from __future__ import annotations

from decimal import Decimal
from time import perf_counter

from benchmarks.figures import Figure, interleaved, medians
from benchmarks.quotes import FEE_PPM, LIQUIDITY, SPACING, STEPS
from papertrader_tui.amm.tick_math import Q96, sqrt_ratio_at_tick
from papertrader_tui.chain.abi import WORD, decode_aggregate3, encode_aggregate3, word
from papertrader_tui.chain.loading import calls_of, states_of
from papertrader_tui.domain.chain_fees import ChainFees
from papertrader_tui.domain.market import Gas
from papertrader_tui.domain.pools import V3, Pool, PoolTicks, Route
from papertrader_tui.simulator.pools import PoolBook

TOKENS = 50
NOW = 1_700_000_000_000
USDC, WETH = "base:0x" + "00" * 20, "base:0x" + "11" * 20
_BLOCK = 100


def _address(number: int) -> str:
    return f"0x{0x22 << 152 | number:040x}"


def _pool(number: int, token0: str, token1: str) -> Pool:
    """Six decimals each: a price of one is a tick of zero."""
    return Pool(
        f"base:{_address(1_000 + number)}", V3, token0, token1, 6, 6, FEE_PPM, SPACING, "uniswap v3"
    )


def world() -> tuple[list[Pool], list[Route], list[PoolTicks]]:
    """Pools, routes to fifty tokens, and the pools' ticks."""
    native = _pool(0, USDC, WETH)
    pools, routes = [native], []
    for number in range(TOKENS):
        token = f"base:{_address(number)}"
        own = _pool(1 + number, USDC if number % 2 else WETH, token)
        pools.append(own)
        hops = (own,) if number % 2 else (native, own)
        routes.append(Route(token, NOW, hops, "onchain"))
    words: dict[int, dict[int, tuple[int, bool]]] = {-1: {}, 0: {}}
    for step in range(1, STEPS + 1):
        words[-1][-step * SPACING] = (LIQUIDITY, True)
        words[0][step * SPACING] = (-LIQUIDITY, True)
    return pools, routes, [PoolTicks(pool.id, NOW, _BLOCK, words) for pool in pools]


def answers(pools: list[Pool], block: int) -> bytes:
    """A node's answer to the batch of a block: prices have moved a little."""
    low, high = sqrt_ratio_at_tick(0), sqrt_ratio_at_tick(SPACING)
    price = low + (high - low) * (1 + block % 8) // 10
    slot0 = b"".join(word(value) for value in (price, 0, 0, 1, 1, 0, 1))
    parts = [slot0, word(LIQUIDITY * STEPS), word(FEE_PPM)] * len(pools)
    heads, tails, offset = [], [], len(parts) * WORD
    for part in parts:
        heads.append(word(offset))
        body = word(1) + word(2 * WORD) + word(len(part)) + part + bytes(-len(part) % WORD)
        tails.append(body)
        offset += len(body)
    return b"".join((word(WORD), word(len(parts)), *heads, *tails))


def run(blocks: int = 60, rounds: int = 5) -> list[Figure]:
    """Measure.

    Raises:
        RuntimeError: the quotes are not what the floats come to, fee included.
    """
    pools, routes, ticks = world()
    calls = calls_of(pools)
    asked = [(call.target, call.data) for call in calls]
    said = [answers(pools, number) for number in range(8)]
    spend = Decimal(1_000)

    def exact() -> float:
        book = PoolBook(lambda: NOW)
        items: list[Route | PoolTicks] = [*routes, *ticks]
        for item in items:
            book.step(item)
        fees = ChainFees(_BLOCK, 1, 1, 0.5, (1, 1, 1, 1, 1))
        book.hear(Gas("base", NOW, 1, 1, Decimal(3_000), "benchmark", fees))
        start = perf_counter()
        for number in range(blocks):
            encode_aggregate3(asked)
            told = decode_aggregate3(said[number % 8], len(asked))
            for state in states_of(pools, told, NOW, _BLOCK + number).values():
                book.step(state)
            for route in routes:
                pricer = book.pricer(route.token)
                if pricer is None or not pricer.buy(spend, spend, 6).quantity:
                    msg = f"{route} cannot be quoted"
                    raise RuntimeError(msg)
        return (perf_counter() - start) / blocks * 1_000

    def bare() -> float:
        start = perf_counter()
        for number in range(blocks):
            encode_aggregate3(asked)
            told = decode_aggregate3(said[number % 8], len(asked))
            prices = [
                (int.from_bytes((told[3 * n] or b"")[:WORD], "big") / Q96) ** 2
                for n in range(len(pools))
            ]
            for index in range(TOKENS):
                _ = 1_000 * prices[0] * prices[1 + index] * (1 - FEE_PPM / 1e6)
        return (perf_counter() - start) / blocks * 1_000

    found = medians(interleaved(rounds, {"exact": exact, "bare": bare}))
    return [
        Figure(
            f"a block of {TOKENS} tokens quoted anew", found["exact"], "ms",
            "decoding alone, prices in floats", found["bare"],
            f"{len(calls)} reads in one batch; the network left out",
        )
    ]  # fmt: skip

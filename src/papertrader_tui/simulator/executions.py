"""A swap written down whole, and quoted once more from what was written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from papertrader_tui.amm.bitmap import Ticks, TickTable
from papertrader_tui.amm.concentrated import ConcentratedPool
from papertrader_tui.amm.constant_product import ConstantProductPool
from papertrader_tui.amm.errors import AmmError
from papertrader_tui.amm.path import AnyPool
from papertrader_tui.domain.events import Filled
from papertrader_tui.domain.execution import Execution, ExecutionGas, HopExecution
from papertrader_tui.domain.money import plain
from papertrader_tui.domain.orders import Side
from papertrader_tui.domain.pools import V3
from papertrader_tui.simulator.costs import NotEnoughLiquidity, Swap
from papertrader_tui.simulator.gas import charge, gas_usd
from papertrader_tui.simulator.paths import Front, Hop, Path, Run
from papertrader_tui.simulator.pool_pricer import swap_of


class _Watched:
    """Ticks that remember which words were looked at."""

    def __init__(self, ticks: Ticks) -> None:
        self._ticks = ticks
        self.words: set[int] = set()

    def next_initialized_within_word(self, tick: int, spacing: int, lte: bool) -> tuple[int, bool]:
        self.words.add((tick // spacing if lte else tick // spacing + 1) >> 8)
        return self._ticks.next_initialized_within_word(tick, spacing, lte)

    def net(self, tick: int) -> int:
        return self._ticks.net(tick)


def execution_of(run: Run, block: int, bound: int, gas: ExecutionGas | None) -> Execution:
    """What a fill keeps of its swap.

    Args:
        run: The swap, the sandwich it was in included.
        block: The block that it is the first transaction of.
        bound: Least amount out, or most in, in raw units.
        gas: What its gas was made of.
    """
    path, front = run.path, run.front
    looked = _looked_at(run)
    return Execution(
        block,
        path.tokens,
        path.usdc_decimals,
        path.token_decimals,
        run.exact_out,
        run.amount_in,
        run.amount_out,
        bound,
        tuple(
            HopExecution(
                hop.id,
                hop.kind,
                hop.zero_for_one,
                hop.pool.fee_ppm,
                hop.pool.tick_spacing if isinstance(hop.pool, ConcentratedPool) else 0,
                _state(hop.pool),
                words,
                hop.shadow,
                swap.amount_in,
                swap.amount_out,
            )
            for hop, words, swap in zip(path.hops, looked, run.swaps, strict=True)
        ),
        gas,
        path.transfer_fee_bps,
        front.hop if front is not None else -1,
        front.amount_in if front is not None else 0,
    )


def _state(pool: AnyPool) -> tuple[int, ...]:
    if isinstance(pool, ConcentratedPool):
        return pool.sqrt_price_x96, pool.tick, pool.liquidity
    return pool.reserve0, pool.reserve1


def _looked_at(run: Run) -> list[tuple[tuple[int, ...], ...]]:
    """Per hop, the words of the bitmap that the swap needs, with and without its sandwich."""
    watched: list[_Watched | None] = []
    hops = []
    for hop in run.path.hops:
        if isinstance(hop.pool, ConcentratedPool):
            ticks = _Watched(hop.pool.ticks)
            watched.append(ticks)
            hops.append(replace(hop, pool=replace(hop.pool, ticks=ticks)))
        else:
            watched.append(None)
            hops.append(hop)
    path = run.path.with_hops(hops)
    amount = run.amount_out if run.exact_out else run.amount_in
    for front in {None, run.front}:
        path.run(amount, exact_out=run.exact_out, front=front)
    return [
        () if ticks is None else tuple(_word(hop, word) for word in sorted(ticks.words))
        for hop, ticks in zip(run.path.hops, watched, strict=True)
    ]


def _word(hop: Hop, word: int) -> tuple[int, ...]:
    """A word's index, and tick, net liquidity and whether it was crossed, for each of its ticks."""
    pool = hop.pool
    assert isinstance(pool, ConcentratedPool)
    found = [word]
    tick, spacing = word * 256 * pool.tick_spacing - 1, pool.tick_spacing
    last = (word * 256 + 255) * spacing
    while tick < last:
        tick, initialised = pool.ticks.next_initialized_within_word(tick, spacing, False)
        if initialised:
            found += [tick, pool.ticks.net(tick), int(tick in hop.crossed)]
    return tuple(found)


# ---------------------------------------------------------------------- once more


@dataclass(frozen=True, slots=True)
class Requote:
    """What the arithmetic says of a fill now, against what was booked.

    Attributes:
        what: The first figure that differs, "" if none does.
        booked, quoted: It as it stands in the event, and as it should.
    """

    what: str = ""
    booked: str = ""
    quoted: str = ""


def requote(event: Filled, execution: Execution) -> Requote:
    """Quote a fill once more from its event alone: amounts, the split of its cost, and its gas."""
    try:
        run, swap = _again(event, execution)
    except (NotEnoughLiquidity, AmmError) as fault:
        return Requote("swap", f"{plain(event.quantity)} tokens", str(fault))
    for what, booked, quoted in _figures(event, execution, run, swap):
        if booked != quoted:
            return Requote(what, _text(booked), _text(quoted))
    return Requote()


def _again(event: Filled, execution: Execution) -> tuple[Run, Swap]:
    path = Path(
        [_hop(hop) for hop in execution.hops],
        execution.path,
        buying=event.side is Side.BUY,
        usdc_decimals=execution.usdc_decimals,
        token_decimals=execution.token_decimals,
        transfer_fee_bps=execution.transfer_fee_bps,
    )
    exact_out = execution.exact_out
    amount = execution.amount_out if exact_out else execution.amount_in
    cash = None if exact_out or event.side is Side.SELL else event.cash
    quantity = event.quantity if event.side is Side.SELL else None
    run = path.run(amount, exact_out=exact_out)
    swap = swap_of(run, cash=cash, quantity=quantity)
    if execution.front_hop >= 0:
        front = Front(execution.front_hop, execution.front_in)
        run = path.run(amount, exact_out=exact_out, front=front)
        swap = swap_of(run, cash=cash, quantity=quantity, plain=swap)
    return run, swap


def _figures(
    event: Filled, execution: Execution, run: Run, swap: Swap
) -> Sequence[tuple[str, Decimal | int, Decimal | int]]:
    found: list[tuple[str, Decimal | int, Decimal | int]] = [
        ("amount_in", execution.amount_in, run.amount_in),
        ("amount_out", execution.amount_out, run.amount_out),
        ("quantity", event.quantity, swap.quantity),
        ("cash", event.cash, swap.cash),
        ("reference_price", event.reference_price, swap.reference),
        ("lp_fee", event.lp_fee, swap.lp_fee),
        ("impact", event.impact, swap.impact),
        ("mev", event.mev, swap.mev),
    ]
    if execution.gas is not None:
        units, price_wei, l1_fee_wei = charge(execution.gas, run, execution.bound)
        found += [
            ("gas_units", event.gas_units, units),
            ("gas_price_wei", event.gas_price_wei, price_wei),
            ("l1_fee_wei", event.l1_fee_wei, l1_fee_wei),
            ("gas", event.gas, gas_usd(units, price_wei, l1_fee_wei, event.native_usd)),
        ]
    return found


def _hop(hop: HopExecution) -> Hop:
    pool: AnyPool
    if hop.kind != V3:
        reserve0, reserve1 = hop.state
        pool = ConstantProductPool(reserve0, reserve1, hop.fee_ppm)
        return Hop(hop.pool, hop.kind, pool, hop.zero_for_one, (), hop.shadow)
    words: dict[int, dict[int, int]] = {}
    crossed = set()
    for word in hop.words:
        nets = words[word[0]] = {}
        for tick, net, was in zip(word[1::3], word[2::3], word[3::3], strict=True):
            nets[tick] = net
            if was:
                crossed.add(tick)
    table = TickTable({}, {}).with_words(words, hop.tick_spacing)
    price, tick, liquidity = hop.state
    pool = ConcentratedPool(hop.fee_ppm, hop.tick_spacing, price, tick, liquidity, table)
    return Hop(hop.pool, hop.kind, pool, hop.zero_for_one, frozenset(crossed), hop.shadow)


def _text(value: Decimal | int) -> str:
    return plain(value) if isinstance(value, Decimal) else str(value)

"""Which price to believe, how far, and why. Pure: what every source said last, in; one price out.

Sources that derive from each other share a witness word and count as one witness.  A price is
never made up: it is a source's answer, or the middle of two answers that agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from papertrader_tui.domain.money import PRICE_DIGITS, add, divide, quantize_even, sub
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.feeds.trust_texts import disputed_text, jump_text, outvoted_text, stale_text
from papertrader_tui.feeds.trusted import NO_MEMORY, Grade, Memory, Run, Said, Trusted

#: Spreads, as fractions of the higher price.
FLAG, DISPUTE = Decimal("0.02"), Decimal("0.05")
#: Change that one witness alone is not believed at once.
JUMP = Decimal("0.20")
#: Answers in a row after which it is, or after which others that contradict it outvote it.
ANSWERS = 3
#: So many are needed for an exit far below what two others agree on: time enough for those, who
#: may have seen an earlier moment, to look again and outvote it.
CONTRADICTED = 5

_HALF = Decimal(2)


def weigh(
    token: TokenId, said: Sequence[Said], now: int, ttl: int, memory: Memory = NO_MEMORY
) -> tuple[Trusted | None, Memory]:
    """The price of a token from the last answer of each source.

    Args:
        token: Whose.
        said: At most one answer a source, in order of preference.
        now: Market milliseconds.
        ttl: Milliseconds that an answer counts as new.
        memory: What this function returned the last time.

    Returns:
        The price (None if there never was one), and the memory for the next call.
    """
    # an answer from the future is from before the clock was set back
    fresh = [s for s in said if s.answer.fetched - ttl <= now <= s.fresh_until(ttl)]
    if not fresh:
        last = memory.last
        if last is None:
            return None, memory
        stale = replace(
            last, grade=Grade.STALE, fault=stale_text(last.source, last.fetched), note="",
            witnesses=0, exit_price=None, exit_source="", stale_at=min(last.stale_at, now - 1),
        )  # fmt: skip
        return stale, replace(memory, last=stale, jump=None)
    apart = _apart(fresh, memory.apart, ttl)
    aside = {s.source for s in fresh if s.source in apart and apart[s.source].outvoted}
    counted = [s for s in fresh if s.source not in aside]
    result, jump = _judge(token, counted or fresh, ttl, memory, lone_liar=not counted)
    if aside and counted:
        result = replace(result, note=outvoted_text(sorted(aside), result.note))
    if result.fault:
        gross = _gross(fresh, memory.believed, memory.gross, ttl)
        doubted = {
            s.source
            for s in fresh
            if s.source in gross and gross[s.source].count < _needed(s, fresh)
        }
        way_out = _exit(doubted, counted, result, memory)
        if way_out is not None:
            result = replace(result, exit_price=way_out[0], exit_source=way_out[1])
        return result, replace(memory, last=result, jump=jump, apart=apart, gross=gross)
    return result, Memory(result, result, apart=apart)


def gap(low: Decimal, high: Decimal) -> Decimal:
    """How far two prices lie apart, as a fraction of the higher; in any order."""
    low, high = min(low, high), max(low, high)
    return divide(sub(high, low), high)


def _judge(
    token: TokenId, counted: Sequence[Said], ttl: int, memory: Memory, *, lone_liar: bool
) -> tuple[Trusted, tuple[str, Run] | None]:
    """Price and grade from the answers that count, without the exit price."""
    heads = _heads(counted)
    low = min(counted, key=lambda s: s.price)
    high = max(counted, key=lambda s: s.price)
    spread = gap(low.price, high.price)
    believed = memory.believed
    jump = _jumped(heads, believed, memory.jump, ttl)
    fault, note = "", ""
    used = _middle(heads)
    if lone_liar:
        grade, fault = Grade.DISPUTED, outvoted_text([s.source for s in counted], "")
    elif spread > DISPUTE:
        grade, fault = Grade.DISPUTED, disputed_text(high, low, spread)
        used = [_nearest(used, believed)]
    elif jump is not None and jump[1].count < ANSWERS:
        grade = Grade.JUMP
    elif spread > FLAG:
        grade, note = Grade.FLAGGED, disputed_text(high, low, spread, word="flagged")
    else:
        grade = Grade.AGREED if len(heads) > 1 else Grade.SINGLE
    price = used[0].price if len(used) == 1 else _mean(used[0].price, used[1].price)
    source, observed = "+".join(s.source for s in used), min(s.seen for s in used)
    fetched = min(s.answer.fetched for s in used)
    if grade is Grade.JUMP and believed is not None and jump is not None:
        fault = jump_text(used[0], believed.price, ANSWERS - jump[1].count)
        price, source = believed.price, believed.source
        observed, fetched = believed.observed, believed.fetched
    pools = [s for s in counted if s.answer.liquidity is not None]
    return Trusted(
        token, price, grade, source, observed, fetched, tuple(s.source for s in counted),
        len(heads), spread, max(s.fresh_until(ttl) for s in counted), fault, note,
        depth=max(pools, key=lambda s: s.answer.liquidity or 0, default=None),
        block=max(s.answer.block for s in used),
    ), jump  # fmt: skip


def _heads(counted: Sequence[Said]) -> list[Said]:
    """The newest answer of each witness, lowest price first."""
    heads: dict[str, Said] = {}
    for s in counted:
        if s.witness not in heads or s.seen > heads[s.witness].seen:
            heads[s.witness] = s
    return sorted(heads.values(), key=lambda s: s.price)


def _middle(heads: Sequence[Said]) -> list[Said]:
    """The one in the middle, or the two."""
    half = len(heads) // 2
    return [heads[half]] if len(heads) % 2 else [heads[half - 1], heads[half]]


def _nearest(middle: Sequence[Said], believed: Trusted | None) -> Said:
    """Of two that disagree none is taken between: nearer to what was believed, or lower."""
    if believed is None:
        return middle[0]
    return min(middle, key=lambda s: gap(s.price, believed.price))


def _mean(a: Decimal, b: Decimal) -> Decimal:
    exact = divide(add(a, b), _HALF)
    return quantize_even(exact, max(0, PRICE_DIGITS - 1 - exact.adjusted()))


def _jumped(
    heads: Sequence[Said], believed: Trusted | None, run: tuple[str, Run] | None, ttl: int
) -> tuple[str, Run] | None:
    """Answers in a row in which one witness alone is far from the last price believed.

    They have to tell of one jump: each within 20 % of the one before.
    """
    if believed is None or len(heads) > 1:
        return None
    said = heads[0]
    if _change(said.price, believed.price) <= JUMP:
        return None
    fetched = said.answer.fetched
    if run is None or run[0] != said.witness or _change(said.price, run[1].price) > JUMP:
        return said.witness, Run(1, fetched, fetched, said.price)
    return said.witness, _longer(run[1], said, ttl)


def _change(price: Decimal, before: Decimal) -> Decimal:
    """Change as a fraction of what was before, without its sign."""
    return divide(abs(sub(price, before)), before)


def _longer(run: Run, said: Said, ttl: int) -> Run:
    """The run with this answer, if it is a new one.

    Orders that land ask anew within seconds: what a source says in one breath counts once.
    """
    if abs(said.answer.fetched - run.last) < ttl // 2:
        return run
    return replace(run, count=run.count + 1, last=said.answer.fetched, price=said.price)


# ---------------------------------------------------------------------- who is outvoted


def _against(said: Said, fresh: Sequence[Said]) -> list[Said] | None:
    """Two or more independent witnesses that agree with each other; None if there are none.

    In a fast market even honest ones are apart, by how late each is: where it is a jump from all
    of them, it is enough that they do not dispute each other.
    """
    others = _heads([s for s in fresh if s.witness != said.witness])
    if len(others) < 2:
        return None
    far = all(gap(said.price, other.price) > JUMP for other in others)
    agreed = gap(others[0].price, others[-1].price) <= (DISPUTE if far else FLAG)
    return others if agreed else None


def _apart(fresh: Sequence[Said], before: Mapping[str, Run], ttl: int) -> dict[str, Run]:
    """Per source, its answers in a row that are more than 5 % from all of those.

    After three the source is outvoted, if the others have looked again since the first: in a
    crash a pool is ahead of everyone who averages, and they cannot vote on what they have not
    seen.  It stays so, whoever else falls silent, until it agrees with two others again.
    """
    runs = dict(before)
    for said in fresh:
        others = _against(said, fresh)
        if others is None:
            continue  # nobody to tell: what was known of it stands
        if min(gap(said.price, other.price) for other in others) <= DISPUTE:
            runs.pop(said.source, None)
            continue
        fetched = said.answer.fetched
        run = runs.get(said.source)
        run = Run(1, fetched, fetched, said.price) if run is None else _longer(run, said, ttl)
        if run.count >= ANSWERS and all(other.seen > run.first for other in others):
            run = replace(run, outvoted=True)
        runs[said.source] = run
    return runs


# ---------------------------------------------------------------------- exits


def _gross(
    fresh: Sequence[Said], believed: Trusted | None, before: Mapping[str, Run], ttl: int
) -> dict[str, Run]:
    """Per source, its answers in a row that fell by a jump although another witness saw none.

    An exit waits for some of them: so much as one wrong answer would sell for nothing, and a
    pool that others contradict so grossly is more often wrong than ahead.
    """
    runs: dict[str, Run] = {}
    if believed is None:
        return runs
    calm = {s.witness for s in fresh if _change(s.price, believed.price) <= JUMP}
    for said in fresh:
        fell = said.price < believed.price and _change(said.price, believed.price) > JUMP
        if fell and calm - {said.witness}:
            fetched, run = said.answer.fetched, before.get(said.source)
            first = Run(1, fetched, fetched, said.price)
            runs[said.source] = first if run is None else _longer(run, said, ttl)
    return runs


def _needed(said: Said, fresh: Sequence[Said]) -> int:
    """Answers in a row of a gross fall after which an exit may go there."""
    return ANSWERS if _against(said, fresh) is None else CONTRADICTED


def _exit(
    doubted: set[str], counted: Sequence[Said], result: Trusted, memory: Memory
) -> tuple[Decimal, str] | None:
    """The lowest fresh price backed by a pool or by two witnesses, never above the price shown.

    Where nothing was believed yet, only the lowest of all will do: nobody can tell which of two
    is wrong, and a sale above the market is as bad a trade as one below it.
    """
    backed = [
        s
        for s in counted
        if s.source not in doubted
        and (
            s.pooled
            or any(o.witness != s.witness and gap(o.price, s.price) <= FLAG for o in counted)
        )
    ]
    if not backed:
        return None
    lowest = min(backed, key=lambda s: s.price)
    if memory.believed is None:
        least = min(s.price for s in counted)
        return (lowest.price, lowest.source) if lowest.price == least else None
    return min((lowest.price, lowest.source), (result.price, result.source))

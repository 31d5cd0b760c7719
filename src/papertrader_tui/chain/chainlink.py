"""Prices of Chainlink's feeds, and whether they may be used.

Sources: Chainlink's documentation, "Using Data Feeds" (rounds, heartbeats) and "L2 Sequencer Uptime
Feeds" (grace period).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from papertrader_tui.chain import abi
from papertrader_tui.chain.multicall import Call, Multicall

LATEST_ROUND: Final = abi.selector("0xfeaf968c")
DECIMALS: Final = abi.selector("0x313ce567")
DESCRIPTION: Final = abi.selector("0x7284e416")

#: Seconds in which a feed is written at the latest, where nobody says better: the longest that
#: Chainlink's USD feeds have.
HEARTBEAT_S: Final = 86_400
#: Seconds that a late transaction is allowed beyond that.
GRACE_S: Final = 900
#: Seconds after a sequencer came back in which prices are not used: liquidations and arbitrage
#: come first.
SEQUENCER_GRACE_S: Final = 3_600
#: Seconds that a round may lie ahead of the block that it is read at.
AHEAD_S: Final = 60
MAX_DECIMALS: Final = 36
#: Names that stand for the same in a pair.
_SAME: Final = {"POL": "MATIC"}
_PAIR = re.compile(r"^([A-Z0-9.]+)\s*/\s*([A-Z0-9.]+)$")


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed.

    Attributes:
        pair: `ETH/USD`.
        address: Of its proxy, lower case.
        heartbeat_s: Seconds in which it is written at the latest.
    """

    pair: str
    address: str
    heartbeat_s: int = HEARTBEAT_S


@dataclass(frozen=True, slots=True)
class FeedFacts:
    """What never changes about a feed.

    Attributes:
        decimals: Of its answer, None if they are not known.
        fault: Why it cannot be used at all, "" if it can.
    """

    decimals: int | None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a feed said.

    Attributes:
        price: Exactly as it is written on the chain, None where it cannot be read.
        observed: Milliseconds at which the round was written, 0 if unknown.
        fault: Why it must not be used, in words; "" if it may.
    """

    pair: str
    price: Decimal | None
    observed: int
    round: int
    fault: str = ""

    @property
    def usable(self) -> Decimal | None:
        """The price where it may be used, else None."""
        return None if self.fault else self.price


def fact_calls(feed: Feed) -> list[Call]:
    """What is asked of a feed once; `feed_facts` reads the answers."""
    return [Call(feed.address, DECIMALS), Call(feed.address, DESCRIPTION)]


def feed_facts(feed: Feed, decimals: bytes | None, description: bytes | None) -> FeedFacts:
    """Decimals of a feed, if it is the one of its pair."""
    if not decimals or len(decimals) < abi.WORD:
        return FeedFacts(None, f"{feed.pair}: no feed at {feed.address}; correct its address")
    count = abi.uint(decimals)
    if count > MAX_DECIMALS:
        return FeedFacts(None, f"{feed.pair}: a feed with more than {MAX_DECIMALS} decimals")
    said = _described(description)
    if said and said != _words(feed.pair):
        other = "/".join(said)
        return FeedFacts(count, f"{feed.pair}: the feed at {feed.address} is of {other}")
    return FeedFacts(count)


def round_call(address: str) -> Call:
    """What is asked of a feed, or of a sequencer's uptime feed, at each block."""
    return Call(address, LATEST_ROUND)


def read_round(
    feed: Feed, facts: FeedFacts, data: bytes | None, now: int, sequencer: str = ""
) -> Reading:
    """What a round says.

    Args:
        feed: Whose round it is.
        facts: Of the feed.
        data: The answer to `round_call`.
        now: Milliseconds of the block that it was read at.
        sequencer: Why no feed of the chain can be used (`sequencer_fault`), "" if they can.
    """
    try:
        number, answer, started, updated, answered_in = (
            abi.uint(data or b"", 0),
            abi.sint(data or b"", 1),
            abi.uint(data or b"", 2),
            abi.uint(data or b"", 3),
            abi.uint(data or b"", 4),
        )
    except abi.BadAnswer:
        return Reading(feed.pair, None, 0, 0, f"{feed.pair}: the feed answers no round")
    fault = facts.fault or sequencer
    seconds = now // 1_000
    if answer <= 0:
        fault = fault or f"{feed.pair}: the feed says {answer}"
    if not updated or not started or not number:
        fault = fault or f"{feed.pair}: its round is not complete"
    elif updated > seconds + AHEAD_S:
        fault = fault or f"{feed.pair}: its round is {updated - seconds:,} s in the future"
    elif seconds - updated > feed.heartbeat_s + GRACE_S:
        age, due = seconds - updated, feed.heartbeat_s
        fault = fault or f"{feed.pair}: {age:,} s old, and written every {due:,} s"
    elif answered_in < number:
        fault = fault or f"{feed.pair}: its answer is carried over from an earlier round"
    readable = answer > 0 and facts.decimals is not None
    price = _scaled(answer, facts.decimals or 0) if readable else None
    return Reading(feed.pair, price, min(updated, 1 << 40) * 1_000, number, fault)


def sequencer_fault(data: bytes | None, now: int) -> str:
    """Why prices on an L2 must not be used, by its sequencer's uptime feed; "" if they may.

    Args:
        data: The answer to `round_call` of the uptime feed: 0 is up, 1 is down, since `startedAt`.
        now: Milliseconds of the block that it was read at.
    """
    try:
        answer, started = abi.sint(data or b"", 1), abi.uint(data or b"", 2)
    except abi.BadAnswer:
        return "the sequencer's uptime feed answers no round"
    if answer != 0:
        return "the sequencer is down"
    if not started:
        return "the sequencer's uptime feed has no round yet"
    up = now // 1_000 - started
    if up <= SEQUENCER_GRACE_S:
        return f"the sequencer is back since {max(0, up):,} s; feeds are used after an hour"
    return ""


async def read_feeds(
    multicall: Multicall,
    feeds: Sequence[Feed],
    block: int | str,
    now: int,
    sequencer_feed: str = "",
) -> list[Reading]:
    """Ask feeds for everything at once; a watcher that asks again keeps their facts instead.

    Args:
        multicall: Of their chain.
        feeds: Any number.
        block: To ask at, and its time `now` in milliseconds.
        now: See `block`.
        sequencer_feed: Address of the chain's uptime feed, "" if it has none.

    Raises:
        RpcError: no node answered.
    """
    calls = [call for feed in feeds for call in (*fact_calls(feed), round_call(feed.address))]
    if sequencer_feed:
        calls.append(round_call(sequencer_feed))
    answers = await multicall.read(calls, block)
    down = sequencer_fault(answers[-1], now) if sequencer_feed else ""
    found = []
    for index, feed in enumerate(feeds):
        decimals, description, latest = answers[3 * index : 3 * index + 3]
        facts = feed_facts(feed, decimals, description)
        found.append(read_round(feed, facts, latest, now, down))
    return found


def _described(data: bytes | None) -> tuple[str, str] | None:
    """The pair in a description, where it is plainly one (`ETH / USD`)."""
    try:
        said = abi.text(data, 100).upper() if data else ""
    except abi.BadAnswer:
        return None
    found = _PAIR.match(said)
    return _words(f"{found[1]}/{found[2]}") if found else None


def _words(pair: str) -> tuple[str, str]:
    base, _, quote = pair.upper().partition("/")
    return _SAME.get(base, base), _SAME.get(quote, quote)


def _scaled(answer: int, decimals: int) -> Decimal:
    """Exactly answer / 10^decimals: no operator, which would round at 28 digits."""
    return Decimal((0, tuple(map(int, str(answer))), -decimals))

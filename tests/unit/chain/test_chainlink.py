"""Chainlink's rounds: exact prices, and every reason not to use one."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path

import pytest
from eth_abi import encode

from papertrader_tui.chain import abi
from papertrader_tui.chain.chainlink import (
    GRACE_S,
    Feed,
    FeedFacts,
    feed_facts,
    read_feeds,
    read_round,
    sequencer_fault,
)
from papertrader_tui.chain.multicall import Multicall
from papertrader_tui.chain.rpc import Rpc
from tests.rpc_server import MULTICALL3, RpcServer

NOW = 1_712_226_200
FEED = Feed("ETH/USD", "0x" + "fe" * 20, heartbeat_s=3_600)
EIGHT = FeedFacts(8)
ROUND = 6 << 64 | 14_720


def told(
    answer: int = 335_172_810_074,
    *,
    number: int = ROUND,
    started: int = NOW - 57,
    updated: int = NOW - 57,
    answered_in: int = ROUND,
) -> bytes:
    return b"".join(map(abi.word, (number, answer, started, updated, answered_in)))


def test_a_good_round_is_an_exact_price():
    reading = read_round(FEED, EIGHT, told(), NOW * 1_000)
    assert reading.usable == Decimal("3351.72810074")
    assert (reading.observed, reading.round) == ((NOW - 57) * 1_000, ROUND)
    digits = 10**40 + 1
    exact = read_round(FEED, FeedFacts(18), told(digits), NOW * 1_000)
    assert exact.price == Decimal("10000000000000000000000.000000000000000001")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (told(0), "the feed says 0"),
        (told(-5), "the feed says -5"),
        (told(updated=0), "not complete"),
        (told(started=0), "not complete"),
        (told(number=0), "not complete"),
        (told(updated=NOW + 61), "61 s in the future"),
        (told(updated=NOW - 3_600 - GRACE_S - 1), "4,501 s old, and written every 3,600 s"),
        (told(answered_in=ROUND - 1), "carried over"),
        (told()[:-1], "no round"),
        (b"", "no round"),
        (None, "no round"),
    ],
)
def test_a_round_that_must_not_be_used_says_why(data: bytes | None, expected: str):
    reading = read_round(FEED, EIGHT, data, NOW * 1_000)
    assert reading.usable is None
    assert reading.fault.startswith("ETH/USD: ")
    assert expected in reading.fault


def test_a_round_is_used_until_its_heartbeat_and_grace_are_over():
    oldest = told(updated=NOW - 3_600 - GRACE_S)
    assert read_round(FEED, EIGHT, oldest, NOW * 1_000).fault == ""
    # a newest round that is a little ahead of the block's own time is no fault
    assert read_round(FEED, EIGHT, told(updated=NOW + 60), NOW * 1_000).fault == ""


@pytest.mark.parametrize(
    ("answer", "started", "expected"),
    [
        (0, NOW - 3_601, ""),
        (0, NOW - 3_600, "back since 3,600 s"),
        (1, NOW - 10_000, "the sequencer is down"),
        (0, 0, "has no round yet"),
    ],
)
def test_a_sequencer_that_is_down_or_just_back(answer: int, started: int, expected: str):
    fault = sequencer_fault(told(answer, started=started), NOW * 1_000)
    assert expected in fault
    assert bool(fault) is bool(expected)
    reading = read_round(FEED, EIGHT, told(), NOW * 1_000, fault)
    assert (reading.usable is None) is bool(expected)


def test_a_sequencer_feed_that_does_not_answer_is_no_all_clear():
    assert "no round" in sequencer_fault(b"", NOW * 1_000)
    assert "no round" in sequencer_fault(None, NOW * 1_000)


@pytest.mark.parametrize(
    ("pair", "described", "fault"),
    [
        ("ETH/USD", "ETH / USD", ""),
        ("MATIC/USD", "POL / USD", ""),
        ("ETH/USD", "", ""),
        ("CBETH/USD", "Capped cbETH / ETH / USD", ""),  # not plainly a pair: not judged
        ("ETH/USD", "BTC / USD", "is of BTC/USD"),
        ("ETH/USD", "ETH / BTC", "is of ETH/BTC"),
    ],
)
def test_a_feed_of_another_pair_is_refused(pair: str, described: str, fault: str):
    facts = feed_facts(Feed(pair, FEED.address), abi.word(8), encode(["string"], [described]))
    assert facts.decimals == 8
    assert fault in facts.fault
    assert bool(facts.fault) is bool(fault)


def test_decimals_are_never_guessed():
    for data in (None, b"", abi.word(37), abi.word(2**255)):
        facts = feed_facts(FEED, data, None)
        assert facts.decimals is None
        reading = read_round(FEED, facts, told(), NOW * 1_000)
        assert reading.price is None
        assert reading.fault


async def test_feeds_and_their_sequencer_in_one_batch():
    uptime = "0x" + "5e" * 20
    with RpcServer() as node:
        node.contract(
            FEED.address,
            {
                "0xfeaf968c": told(),
                "0x313ce567": abi.word(8),
                "0x7284e416": encode(["string"], ["ETH / USD"]),
            },
        )
        node.contract(uptime, {"0xfeaf968c": told(0, started=NOW - 10)})
        rpc = Rpc("base", 8453, [node.url()])
        reads = Multicall(rpc, MULTICALL3)
        (reading,) = await read_feeds(reads, [FEED], 1_000, NOW * 1_000)
        (held,) = await read_feeds(reads, [FEED], 1_000, NOW * 1_000, uptime)
        await rpc.close()
        assert node.calls["eth_call"] == 2
    assert reading.usable == Decimal("3351.72810074")
    assert "back since 10 s" in held.fault
    assert held.price == reading.price


_EVIDENCE = os.environ.get("PAPERTRADER_EVIDENCE")


@pytest.mark.skipif(not _EVIDENCE, reason="PAPERTRADER_EVIDENCE is not set")
def test_the_recorded_round_is_its_price():
    folder = Path(_EVIDENCE or "/nowhere") / "http" / "rpc"
    for path in folder.glob("chainlink_*.json"):
        case = json.loads(path.read_text())
        note = json.loads(case["note"])
        data = bytes.fromhex(case["response"]["body"]["result"][2:])
        now = (note["updatedAt"] + 60) * 1_000
        reading = read_round(FEED, FeedFacts(note["decimals"]), data, now)
        assert reading.fault == ""
        assert reading.price == Decimal(note["price"])
        assert reading.round == int(note["roundId"])
        assert reading.observed == note["updatedAt"] * 1_000

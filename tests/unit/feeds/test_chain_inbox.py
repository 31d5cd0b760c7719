"""What the chains say reaches the desk in order, with the live price of what gas is paid in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.chain_fees import ChainFees
from papertrader_tui.domain.market import Gas, MarketInput
from papertrader_tui.domain.pools import PairState
from papertrader_tui.domain.tokens import Token, TokenId
from papertrader_tui.feeds.chain_inbox import PATIENCE_MS, ChainInbox
from papertrader_tui.feeds.live_inputs import GasBoard
from papertrader_tui.feeds.trusted import Grade, Trusted
from papertrader_tui.registry import load_registry

REGISTRY = load_registry()
WETH = REGISTRY.chains["base"].wrapped_native
FEES = ChainFees(100, 7, 8, 0.5, (1, 2, 3, 4, 5))


class FakeChains:
    def __init__(self) -> None:
        self.wrong: dict[str, str] = {}
        self.landings: list[tuple[TokenId, int]] = []
        self.listeners: list[Callable[[Sequence[MarketInput]], None]] = []

    def follow(self, tokens: Iterable[Token]) -> None:
        del tokens

    def land(self, token: TokenId, block: int) -> None:
        self.landings.append((token, block))

    def subscribe(self, listener: Callable[[Sequence[MarketInput]], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def faults(self) -> dict[str, str]:
        return self.wrong

    def start(self) -> None:
        pass

    async def close(self) -> None:
        pass

    def say(self, *items: MarketInput) -> None:
        for listener in self.listeners:
            listener(items)


def inbox() -> tuple[ChainInbox, FakeChains, GasBoard, list[bool]]:
    chains, board, woken = FakeChains(), GasBoard(REGISTRY), []
    board.watch("base")
    return ChainInbox(chains, board, lambda: woken.append(True)), chains, board, woken


def price(value: str, now: int) -> Trusted:
    exact = Decimal(value)
    return Trusted(
        WETH, exact, Grade.AGREED, "a", now, now, ("a", "b"), 2, Decimal(0), now + 60_000
    )


def test_what_is_said_comes_in_order_and_once() -> None:
    found, chains, _, woken = inbox()
    one, two = PairState("base:0x1", 1, 9, 1, 1, 3000), PairState("base:0x1", 2, 10, 1, 1, 3000)
    chains.say(one)
    chains.say(two)
    assert found
    assert woken == [True, True]
    assert found.take() == [one, two]
    assert not found
    assert found.take() == []


def test_gas_has_the_live_price_of_the_native_token() -> None:
    found, chains, board, _ = inbox()
    chains.say(Gas("base", 5, 11, 12, Decimal(2_000), "fee history", FEES))
    (first,) = found.take()
    assert isinstance(first, Gas)
    assert first.native_usd == 2_000
    board.heard(price("3100", 10), 10)
    chains.say(Gas("base", 20, 11, 12, Decimal(2_000), "fee history", FEES))
    (second,) = found.take()
    assert isinstance(second, Gas)
    assert (second.native_usd, second.fees, second.time) == (3_100, FEES, 20)


def test_a_new_price_of_the_native_token_keeps_what_the_node_said() -> None:
    found, chains, board, _ = inbox()
    chains.say(Gas("base", 5, 11, 12, Decimal(2_000), "fee history", FEES))
    found.take()
    gas = board.heard(price("3100", 10), 10)
    assert gas is not None
    assert (gas.price_wei, gas.l1_fee_wei, gas.fees, gas.source) == (11, 12, FEES, "fee history")
    assert gas.time == 5  # it is not newer for that


def test_a_fault_that_lasts_is_said_once_and_its_end_too() -> None:
    found, chains, _, _ = inbox()
    assert found.news(0) == []
    chains.wrong = {"Base": "Base: no node answers"}
    assert found.news(1_000) == []
    assert found.news(1_000 + PATIENCE_MS - 1) == []
    (said,) = found.news(1_000 + PATIENCE_MS)
    assert isinstance(said, ev.Alerted)
    assert (said.severity, said.text, said.seq) == ("warning", "Base: no node answers", 0)
    assert found.news(1_000 + 2 * PATIENCE_MS) == []
    chains.wrong = {}
    (over,) = found.news(200_000)
    assert isinstance(over, ev.Alerted)
    assert over.text == "Base answers again"


def test_a_fault_that_passes_quickly_is_not_said() -> None:
    found, chains, _, _ = inbox()
    chains.wrong = {"Base": "Base: time-out"}
    found.news(0)
    chains.wrong = {}
    found.news(PATIENCE_MS // 2)
    chains.wrong = {"Base": "Base: time-out"}
    assert found.news(PATIENCE_MS) == []


def test_without_chains_there_is_nothing() -> None:
    found = ChainInbox(None, GasBoard(REGISTRY), lambda: None)
    found.follow([])
    found.land(WETH, 5)
    found.start()
    assert found.take() == []
    assert found.news(0) == []

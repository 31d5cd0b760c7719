"""What everything is paid in is not bought, by hand or by the bot, and is not judged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.commands import PlaceOrder, SwitchBot, Watch
from papertrader_tui.domain.orders import OrderRequest, Origin, Side, SizeBy
from papertrader_tui.domain.tokens import Registry, Token
from papertrader_tui.engine.preview import preview
from papertrader_tui.registry import load_registry
from tests import deskkit
from tests.deskkit import WETH, D, Kit, only

USDC = "base:0x833589fcd6edb6e08f4c7c32d4f71b54bda02913"
REASON = "USDC is what everything is paid in: not bought"


@pytest.fixture
def kit(monkeypatch: pytest.MonkeyPatch) -> Kit:
    known = deskkit.REGISTRY
    chains = {**known.chains, "base": replace(deskkit.BASE, cash=USDC)}
    tokens = {**known.tokens, USDC: Token(USDC, "USDC", "USD Coin", "base", 6, D(1))}
    monkeypatch.setattr(deskkit, "REGISTRY", Registry(chains, tokens))
    kit = Kit()
    kit.say(Watch(USDC, True))
    return kit


@pytest.mark.parametrize("origin", [Origin.MANUAL, Origin.BOT])
def test_it_cannot_be_bought(kit: Kit, origin: Origin) -> None:
    kit.price("1", USDC)
    rejected = only(kit.buy("100", USDC, origin=origin), ev.OrderRejected)
    assert (rejected.rule, rejected.reason) == ("cash.token", REASON)


def test_the_ticket_says_why_before_it_is_sent(kit: Kit) -> None:
    kit.price("1", USDC)
    request = OrderRequest("c1", USDC, Side.BUY, SizeBy.NOTIONAL, D(100))
    shown = preview(kit.desk, PlaceOrder(request), kit.now)
    assert shown is not None
    assert REASON in shown.problems


def test_the_bot_judges_the_other_tokens_only(kit: Kit) -> None:
    kit.say(SwitchBot(True))
    decided = [*kit.price("1", USDC, after=300_000), *kit.price("3000", WETH)]
    assert [event.decision.token for event in decided if isinstance(event, ev.Decided)] == [WETH]


def test_every_bundled_chain_has_one() -> None:
    registry = load_registry()
    cash = {key: registry.tokens[chain.cash] for key, chain in registry.chains.items()}
    assert {(token.symbol, token.chain == key) for key, token in cash.items()} == {("USDC", True)}

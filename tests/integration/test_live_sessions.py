"""Sessions on live prices, from a local server of every dialect that only the environment names."""

from __future__ import annotations

import asyncio
import io
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from pathlib import Path

import pytest

from papertrader_tui import config
from papertrader_tui.bootstrap import Opened, open_desk
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.commands import Command, PlaceOrder, SwitchBot
from papertrader_tui.domain.orders import Kind, OrderRequest, Side, SizeBy
from papertrader_tui.feeds.sources.catalog import SOURCES
from papertrader_tui.going_live import EARLIER, NoPrices
from papertrader_tui.headless import HeadlessOptions, run_headless
from papertrader_tui.launch import Launch
from papertrader_tui.registry import load_registry
from papertrader_tui.store import accounts
from tests.market_server import Fault, MarketServer

D = Decimal
WETH = load_registry().find("WETH@base")
HEADLESS = Launch(headless=True)
KEY = "CG-not.for+any/eye"
#: A port that nobody listens on refuses at once.
with socket.socket() as _free:
    _free.bind(("127.0.0.1", 0))
    REFUSED = f"http://127.0.0.1:{_free.getsockname()[1]}"
NOBODY = {f"PAPERTRADER_{name.upper()}_URL": f"{REFUSED}/{name}" for name in SOURCES}
NOBODY["PAPERTRADER_ONCHAIN_ON"] = "false"


@pytest.fixture
def market() -> Iterator[MarketServer]:
    with MarketServer() as server:
        weth(server, "3000")
        yield server


def weth(server: MarketServer, price: str) -> None:
    """Of every WETH: CoinGecko has one price of them all."""
    for token in server.book.entries:
        if load_registry().tokens[token].symbol == "WETH":
            server.set_price(token, price)


def settings(data: Path, env: dict[str, str], **flags: str) -> config.Loaded:
    """Settings from the environment and flags alone: `account_name="x"` is `--account x`."""
    given = {k.replace("_", ".", 1): (f"--{k}", v) for k, v in flags.items()}
    env = {
        "PAPERTRADER_DATA_DIR": str(data),
        "PAPERTRADER_FEED_TTL": "5",  # more often than CoinGecko allows without a key
        "PAPERTRADER_COINGECKO_PER_MINUTE": "600",
        **env,
    }
    return config.load(env=env, flags=given, config=None, must_exist=False)


@asynccontextmanager
async def running(loaded: config.Loaded, launch: Launch = HEADLESS) -> AsyncIterator[Opened]:
    async with open_desk(loaded, launch) as opened:
        run = asyncio.create_task(opened.kernel.run())
        try:
            yield opened
        finally:
            opened.kernel.stop()
            await run


async def until(is_so: Callable[[], object], seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 - another process's answers set no event
            await asyncio.sleep(0.02)


def buy(cash: str = "500", token: str = WETH.id, client: str = "c1") -> Command:
    return PlaceOrder(OrderRequest(client, token, Side.BUY, SizeBy.NOTIONAL, D(cash), Kind.MARKET))


def contents(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


def price_of(opened: Opened, token: str = WETH.id) -> Decimal | None:
    """The price once it is shown: the snapshot waits for the disk, the latest price does not."""
    latest = opened.kernel.latest.get(token, (None, 0))[0]
    shown = [r.price for r in opened.kernel.snapshot().tokens if r.token.id == token]
    return latest if latest in shown else None


async def invested(data: Path, market: MarketServer) -> None:
    """A live account that holds something."""
    async with running(settings(data, market.environment())) as opened:
        await until(lambda: price_of(opened))
        filled: list[ev.Event] = []
        opened.kernel.subscribe(filled.extend)
        await opened.kernel.submit(buy())
        await until(lambda: any(isinstance(e, ev.Filled) for e in filled))


async def test_price_decision_trade_and_position_each_name_their_quote(
    tmp_path: Path, market: MarketServer
) -> None:
    out, err = io.StringIO(), io.StringIO()
    async with open_desk(settings(tmp_path, market.environment()), HEADLESS) as opened:
        kernel = opened.kernel
        options = HeadlessOptions(
            style="json", symbols=opened.symbols, narration=opened.narration,
            commands=[SwitchBot(True)], signals=False,
        )  # fmt: skip
        run = asyncio.create_task(run_headless(kernel, options, out, err))
        await until(lambda: price_of(opened))
        await kernel.submit(buy())
        await until(lambda: kernel.snapshot().positions)
        weth(market, "3030")
        await until(lambda: price_of(opened) == D(3030))
        await until(lambda: kernel.snapshot().positions[0].mark == D(3030))
        kernel.stop()
        assert await run == 0
    assert "market LIVE: dexscreener, coingecko, geckoterminal, defillama, every 5 s" in (
        err.getvalue()
    )
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    mine = [row for row in rows if row.get("token") == WETH.id]

    def of(tag: str) -> list[dict[str, str]]:
        return [row for row in mine if row["tag"] == tag]

    both = "dexscreener+coingecko"
    first = of("PRICE")[0]
    assert (first["price"], first["source"], first["stale"]) == ("3000", both, False)
    assert 0 <= D(first["age_s"]) < 60
    decision = of("DECISION")[0]
    assert (decision["price"], decision["source"]) == ("3000", both)
    submitted = next(row for row in of("ORDER") if row["event"] == "submitted")
    assert (submitted["quote_price"], submitted["quote_source"]) == ("3000", both)
    (trade,) = of("TRADE")
    assert (trade["reference_price"], trade["reference_source"]) == ("3000", both)
    held = of("POSITION")[-1]
    assert (held["mark"], held["mark_source"]) == ("3030", both)
    assert D(held["unrealized"]) == D(held["quantity"]) * 30
    asked = {row["source"]: int(row["calls"]) for row in rows if row.get("event") == "source"}
    assert set(asked) == set(SOURCES) - {"alchemy"}
    assert asked["coingecko"] > 0 < asked["dexscreener"]


@pytest.mark.parametrize(
    "fault", [Fault.RATE_LIMITED, Fault.UNAUTHORIZED, Fault.HTML, Fault.TRUNCATED, Fault.RESET]
)
async def test_one_source_that_fails_is_carried_and_named(
    tmp_path: Path, market: MarketServer, fault: Fault
) -> None:
    market.fault("coingecko", fault)
    async with running(settings(tmp_path, market.environment())) as opened:
        await until(lambda: price_of(opened) == D(3000))
        (row,) = [r for r in opened.kernel.snapshot().tokens if r.token.id == WETH.id]
        assert "coingecko" not in row.source
        assert "dexscreener" in row.source
        feed = opened.kernel.snapshot().feed
        assert feed is not None
        assert feed.up == feed.asked - 1  # one that nobody has asked yet counts for nothing
        assert [s.name for s in feed.sources if s.calls and not s.up] == ["coingecko"]


async def test_a_refused_network_is_the_demo_at_once_and_says_what_each_said(
    tmp_path: Path,
) -> None:
    async with open_desk(settings(tmp_path, NOBODY), HEADLESS) as opened:
        assert opened.kernel.market.info.kind == "demo"
        assert opened.kernel.market.info.notice.startswith("No price source answered: demo market")
        told = "\n".join(opened.narration)
    for name in ("coingecko", "dexscreener", "geckoterminal", "defillama"):
        assert f"price source {name}: connection refused" in told
    assert accounts.names(tmp_path) == ["default"]


async def test_a_hanging_network_is_waited_for_no_longer_than_set(
    tmp_path: Path, market: MarketServer
) -> None:
    for name in SOURCES:
        market.fault(name, Fault.TIMEOUT)
    env = {**market.environment(), "PAPERTRADER_FEED_PROBE": "0.3"}
    async with open_desk(settings(tmp_path, env), HEADLESS) as opened:
        assert opened.kernel.market.info.kind == "demo"
        assert "price source coingecko: no answer within 0.3 s" in opened.narration


async def test_live_and_demo_are_two_accounts(tmp_path: Path, market: MarketServer) -> None:
    async with open_desk(settings(tmp_path, NOBODY), HEADLESS) as opened:
        assert opened.kernel.snapshot().account == "default"
    async with open_desk(settings(tmp_path, market.environment()), HEADLESS) as opened:
        assert opened.kernel.snapshot().account == "live"
    async with open_desk(settings(tmp_path, NOBODY), HEADLESS) as opened:
        assert opened.kernel.snapshot().account == "default"


async def test_live_does_not_start_blind_unless_told_to_wait(
    tmp_path: Path, market: MarketServer
) -> None:
    env = {**NOBODY, "PAPERTRADER_COINGECKO_KEY": KEY}
    loaded = settings(tmp_path, env, market_kind="live")
    with pytest.raises(NoPrices) as refused:
        async with open_desk(loaded, HEADLESS):
            raise AssertionError
    for part in ("coingecko: connection refused", "defillama", "doctor", "--wait", "--market demo"):
        assert part in str(refused.value)
    assert KEY not in str(refused.value)
    assert accounts.names(tmp_path) == []

    async with open_desk(loaded, Launch(headless=True, wait=True)) as opened:
        assert opened.kernel.market.info.kind == "live"
        assert "until one does" in opened.narration[-1]
        assert "waiting for prices" in opened.kernel.snapshot().notice


async def test_an_account_that_holds_something_opens_live_and_stale_and_enters_nothing(
    tmp_path: Path, market: MarketServer
) -> None:
    await invested(tmp_path, market)
    async with running(settings(tmp_path, NOBODY)) as opened:
        kernel = opened.kernel
        assert (kernel.market.info.kind, kernel.snapshot().account) == ("live", "live")
        await until(lambda: price_of(opened))
        (row,) = [r for r in kernel.snapshot().tokens if r.token.id == WETH.id]
        assert (row.price, row.source, row.stale) == (D(3000), EARLIER, True)
        assert kernel.snapshot().positions[0].mark == D(3000)
        (refused,) = await kernel.submit(buy(client="c2"))
        assert isinstance(refused, ev.OrderRejected)
        assert refused.rule == "price.stale"


async def test_a_key_is_in_no_output_and_no_file(
    tmp_path: Path, market: MarketServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    market.keys["coingecko"] = "another key than ours"
    market.fault("alchemy", Fault.SERVER_ERROR)
    env = {**market.environment(), "PAPERTRADER_COINGECKO_KEY": KEY}
    env["PAPERTRADER_ALCHEMY_KEY"] = KEY
    out, err = io.StringIO(), io.StringIO()
    async with open_desk(settings(tmp_path, env), HEADLESS) as opened:
        options = HeadlessOptions(symbols=opened.symbols, narration=opened.narration, signals=False)
        run = asyncio.create_task(run_headless(opened.kernel, options, out, err))
        await until(lambda: price_of(opened))
        opened.kernel.stop()
        await run
    assert any(KEY in path or "CG-not.for%2Bany%2Feye" in path for path in market.paths["alchemy"])
    everything = out.getvalue() + err.getvalue() + caplog.text
    files = contents(tmp_path)
    assert files
    for secret in (KEY, "CG-not.for%2Bany%2Feye", KEY[::-1]):
        assert secret not in everything
        assert not [data for data in files if secret.encode() in data]


async def test_a_testnet_token_is_shown_at_its_twins_price_and_says_so(
    tmp_path: Path, market: MarketServer
) -> None:
    registry = load_registry()
    weth(market, "3210")
    (test,) = [t for t in registry.tokens.values() if t.symbol == "WETH" and t.chain == "sepolia"]
    lists = tmp_path / "watchlists.toml"
    lists.write_text(f'tests = ["{test.id}"]\n', encoding="utf-8")
    loaded = settings(tmp_path, market.environment(), account_watchlist="tests")
    async with running(loaded) as opened:
        await until(lambda: price_of(opened, test.id))
        (row,) = opened.kernel.snapshot().tokens
    assert (row.token.chain, row.price) == ("sepolia", D(3210))
    assert row.source == "WETH·ethereum by dexscreener+coingecko"


async def test_a_source_that_goes_down_is_an_alert_and_no_fact(
    tmp_path: Path, market: MarketServer
) -> None:
    told: list[ev.Event] = []
    async with running(settings(tmp_path, market.environment())) as opened:
        opened.kernel.subscribe(told.extend)
        await until(lambda: price_of(opened))
        feed = opened.kernel.market._feed  # type: ignore[attr-defined]
        for _ in range(3):  # so many failures in a row open its circuit
            market.fault("dexscreener", Fault.SERVER_ERROR, times=1)
            with suppress(Exception):
                await feed.ask("dexscreener", lambda s: s.prices([WETH]), wait=5.0)
        await until(lambda: any(isinstance(e, ev.Alerted) for e in told))
        stored = opened.kernel.desk.account.seq
    (alert, *_) = [e for e in told if isinstance(e, ev.Alerted)]
    assert alert.text.startswith("dexscreener does not answer (3 × server error)")
    assert alert.seq == 0
    assert stored == max(e.seq for e in told)


def dollars(server: MarketServer, price: str) -> None:
    """Of every USDC, as of `weth`."""
    for token in server.book.entries:
        if load_registry().tokens[token].symbol == "USDC":
            server.set_price(token, price)


async def test_while_its_dollar_is_none_an_account_is_told_so(
    tmp_path: Path, market: MarketServer
) -> None:
    """Cash is USDC, so its price is followed though nobody watches it."""
    async with running(settings(tmp_path, market.environment())) as opened:
        kernel = opened.kernel
        await until(lambda: price_of(opened))
        assert "USDC" not in {row.token.symbol for row in kernel.snapshot().tokens}
        assert kernel.snapshot().notice == ""
        dollars(market, "0.97")
        await until(lambda: "0.9700 dollars" in kernel.snapshot().notice)
        assert kernel.snapshot().notice.startswith("USDC·")
        dollars(market, "1")
        await until(lambda: kernel.snapshot().notice == "")

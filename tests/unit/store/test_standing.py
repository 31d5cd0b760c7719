"""An account between its marks: what is told of it is never an older mark."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from papertrader_tui.domain.events import AccountMarked, Filled
from papertrader_tui.domain.money import add, mul, sub
from papertrader_tui.domain.orders import Side
from papertrader_tui.store import accounts
from papertrader_tui.store.journal import SqliteJournal
from papertrader_tui.store.performance import judge
from tests.unit.store.helpers import CASH, TOSHI, WETH, Story, new_account

D = Decimal


def opened() -> Story:
    """An account that was marked as its session began, and then bought."""
    story = Story()
    story.open()
    story.mark()
    return story


async def stored(
    data: Path, story: Story, prices: list[tuple[str, int, Decimal, float]] | None = None
) -> Path:
    path = new_account(data)
    journal = await SqliteJournal.open(path)
    await journal.append(story.events, inputs=[], checkpoint="{}", cursor=1, durable=True)
    await journal.record(prices or [])
    await journal.close()
    return path


def booked(fill: Filled) -> Decimal:
    return add(add(fill.lp_fee, fill.impact), fill.gas)


async def test_a_buy_since_the_last_mark_is_told_at_the_last_stored_price(tmp_path: Path) -> None:
    story = opened()
    fill = story.fill(story.order(Side.BUY, D(900)), D("0.45"), D(2000))
    later = story.time + 60_000
    path = await stored(
        tmp_path, story, [(WETH, story.time, D(2000), -1), (WETH, later, D(2100), -1)]
    )

    info = accounts.show(tmp_path, "main")
    cash = sub(sub(CASH, fill.cash), fill.gas)
    equity = add(cash, mul(D("0.45"), D(2100)))
    assert (info.equity, info.as_of) == (equity, later)
    assert info.totals["cash"] == f"{cash:f}"
    assert info.totals["exposure"] == "9.41"  # 945 of 10,044.83
    assert Decimal(info.totals["unrealized"]) == 45
    assert Decimal(info.totals["lp_fees"]) == fill.lp_fee
    assert info.totals["liquidation"] == ""  # of a mark only
    assert accounts.list_accounts(tmp_path)[0].equity == equity

    found = judge(path).report
    assert found.curve[-1] == (later, equity)
    assert found.metrics.end == equity
    # invested from the swap on, not from the next mark
    assert found.metrics.exposure is not None
    assert 0.08 < found.metrics.exposure < 0.09


async def test_closed_and_other_profit_add_up_between_marks(tmp_path: Path) -> None:
    story = opened()
    bought = story.fill(story.order(Side.BUY, D(900)), D("0.45"), D(2000))
    sold = story.fill(story.order(Side.SELL, D("0.45")), D("0.45"), D(2000))
    path = await stored(tmp_path, story)
    found = judge(path).report
    net = sub(D(0), add(booked(bought), booked(sold)))
    assert found.tokens[0].net == sub(found.metrics.end, found.metrics.start) == net
    assert found.curve[-1][0] == story.time
    assert accounts.show(tmp_path, "main").totals["exposure"] == "0"


async def test_a_mark_that_nothing_followed_is_how_the_account_stands(tmp_path: Path) -> None:
    story = opened()
    story.fill(story.order(Side.BUY, D(900)), D("0.45"), D(2000))
    mark = story.mark()
    assert isinstance(mark, AccountMarked)
    path = await stored(tmp_path, story, [(WETH, mark.time - 500, D(1900), -1)])
    info = accounts.show(tmp_path, "main")
    assert (info.equity, info.as_of) == (mark.equity, mark.time)
    assert len(judge(path).report.curve) == 3  # opened and twice marked


async def test_without_stored_prices_holdings_are_the_last_mark_and_what_was_swapped_since(
    tmp_path: Path,
) -> None:
    story = opened()
    story.fill(story.order(Side.BUY, D(900)), D("0.45"), D(2000))
    story.account.mark(WETH, D(3000))
    mark = story.mark()
    fill = story.fill(story.order(Side.BUY, D(100), TOSHI), D(1000), D("0.1"), symbol="TOSHI")
    await stored(tmp_path, story)
    info = accounts.show(tmp_path, "main")
    assert info.equity == sub(mark.equity, booked(fill))
    assert info.as_of == fill.time


async def test_an_account_that_was_never_opened_has_what_it_begins_with(tmp_path: Path) -> None:
    new_account(tmp_path)
    info = accounts.show(tmp_path, "main")
    assert (info.equity, info.as_of, info.totals) == (CASH, None, {})

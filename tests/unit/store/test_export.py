import csv
import io
import json
from decimal import Decimal

import pytest

from papertrader_tui.domain.events import Decided, Filled, OrderAccepted, OrderRejected, Reverted
from papertrader_tui.domain.ledger import postings
from papertrader_tui.domain.orders import Side
from papertrader_tui.engine import rows
from papertrader_tui.store.export import cell, export
from papertrader_tui.store.journal import SqliteJournal
from tests.unit.store.helpers import WETH, Story, new_account, store, trading_day


@pytest.fixture
async def exported(tmp_path):
    path = new_account(tmp_path)
    story = trading_day()
    journal = await SqliteJournal.open(path)
    await store(journal, story)
    await journal.close()

    def run(what, form="jsonl", **options):
        out = io.StringIO()
        count = export(path, what, form, out, **options)
        text = out.getvalue()
        found = (
            [json.loads(line) for line in text.splitlines()]
            if form == "jsonl"
            else list(csv.DictReader(io.StringIO(text)))
        )
        assert len(found) == count
        return found

    return run, story


async def test_trades_have_the_fields_that_were_promised_reverts_included(exported):
    run, story = exported
    trades = run("trades")
    facts = [e for e in story if isinstance(e, Filled | Reverted)]
    assert [list(t) for t in trades] == [["time", *rows.TRADE_FIELDS]] * 4
    assert [t["order_id"] for t in trades] == [e.order_id for e in facts]
    first, bought = trades[0], facts[0]
    assert first["time"] == "2026-01-05T00:00:05.000Z"
    assert first["quantity"] == "0.249912345678901234"
    assert first["reference_price"] == "2000.123456789"
    assert (first["lp_fee_usd"], first["impact_usd"], first["gas_usd"]) == (
        "0.123456", "0.000001", "0.0421",
    )  # fmt: skip
    assert first["drift_usd"] == "-0.01"
    assert Decimal(first["price"]) == bought.price
    assert (first["side"], first["fidelity"], first["origin"]) == ("buy", "liquidity", "manual")
    assert [t["status"] for t in trades] == ["filled", "filled", "filled", "reverted"]
    lost = trades[3]
    assert (lost["quantity"], lost["lp_fee_usd"], lost["price"]) == ("0", "0", "2100")
    assert lost["gas_usd"] == "0.05"


async def test_orders_stand_as_they_are_and_the_refused_are_among_them(exported):
    run, _ = exported
    orders = run("orders", symbols={WETH: "WETH*"})
    assert [list(o) for o in orders] == [["time", *rows.ORDER_FIELDS]] * 6
    assert [(o["order_id"], o["status"]) for o in orders] == [
        ("o1", "filled"), ("o2", "filled"), ("o3", "filled"), ("o4", "reverted"),
        ("", "rejected"), ("o5", "submitted"),
    ]  # fmt: skip
    assert orders[4]["reason"] == "no cash left"
    assert [o["symbol"] for o in orders] == ["WETH*", "TOSHI", *["WETH*"] * 4]
    assert orders[0]["notional_usd"] == "500"
    assert orders[0]["quantity"] == ""


async def test_decisions_and_ledger(exported):
    run, story = exported
    decisions = run("decisions")
    made = [e.decision for e in story if isinstance(e, Decided)]
    assert [d["id"] for d in decisions] == [d.id for d in made]
    assert decisions[0] == {
        "time": "2026-01-05T00:00:02.000Z", "id": "d1", "token": WETH, "action": "HOLD",
        "confidence": "71.25", "risk": "40", "opportunity": "66.1", "level": "5", "size_usd": "0",
        "rule": "hold.edge", "reason": "the edge does not pay for its costs", "repeats": "1",
        "price": "2000.5", "source": "demo", "price_age_s": "0.4",
    }  # fmt: skip
    ledger = run("ledger")
    assert [Decimal(e["amount"]) for e in ledger] == [
        leg.amount for event in story for leg in postings(event)
    ]
    assert sum(Decimal(e["amount"]) for e in ledger if e["account"] == "capital") == -10_000
    assert list(ledger[0]) == ["time", "seq", "account", "token", "amount"]


@pytest.mark.parametrize("what", ["trades", "orders", "decisions", "ledger"])
async def test_csv_says_the_same_as_json(exported, what):
    run, _ = exported
    assert run(what, "csv") == run(what, "jsonl")


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("WETH", "WETH"),
        ("-12.5", "-12.5"),
        ("0", "0"),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1+cmd", "'+1+cmd"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "' =1"),
        ("\x1b[2Jx", " [2Jx"),
        ("a\nb", "a b"),
        ("\u202egpj", " gpj"),
    ],
)
def test_a_cell_is_neither_a_formula_nor_a_terminal_command(text, safe):
    assert cell(text) == safe


async def test_a_hostile_symbol_reaches_neither_format_as_it_is(tmp_path):
    path = new_account(tmp_path)
    story = Story()
    story.open()
    story.fill(story.order(Side.BUY, Decimal(500)), Decimal(1), Decimal(1), symbol="=1+\x1b[2J\n")
    journal = await SqliteJournal.open(path)
    await store(journal, story)
    await journal.close()
    out = io.StringIO()
    export(path, "trades", "csv", out)
    assert ",'=1+ [2J ," in out.getvalue()
    out = io.StringIO()
    export(path, "trades", "jsonl", out)
    assert out.getvalue().isascii()
    assert "\x1b" not in out.getvalue()
    assert json.loads(out.getvalue())["symbol"] == "=1+\x1b[2J\n"


def test_a_new_account_exports_nothing_but_a_header(tmp_path):
    path = new_account(tmp_path)
    out = io.StringIO()
    assert export(path, "trades", "csv", out) == 0
    assert out.getvalue() == ",".join(["time", *rows.TRADE_FIELDS]) + "\n"
    with pytest.raises(ValueError, match="cannot export 'fills'"):
        export(path, "fills", "csv", out)


def test_rows_have_the_fields_that_they_declare():
    story = trading_day()
    for event in story:
        if isinstance(event, OrderAccepted):
            assert tuple(rows.order_row(event.order)) == rows.ORDER_FIELDS
        elif isinstance(event, OrderRejected):
            assert tuple(rows.rejection_row(event)) == rows.ORDER_FIELDS

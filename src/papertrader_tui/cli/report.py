"""`papertrader report`: how an account has done, beside a running desk."""

from __future__ import annotations

import argparse
import json
import os
import sys

from papertrader_tui.cli.accounts import chosen, load_config, token_names
from papertrader_tui.cli.painting import paint
from papertrader_tui.config_options import ConfigError
from papertrader_tui.domain.money import plain
from papertrader_tui.domain.performance import Day, Report, Slice, drawdowns, to_plain
from papertrader_tui.engine.rows import iso
from papertrader_tui.store.performance import Judged, judge
from papertrader_tui.tui.performance_rows import Row, period, whole


def run(arguments: argparse.Namespace) -> int:
    """Print how an account has done.

    Raises:
        ConfigError: the period is empty, or nothing is recorded in it.
    """
    since, until = arguments.since, arguments.until
    if since is not None and until is not None and since >= until:
        msg = f"--from {iso(since)} is not before --to {iso(until)}"
        raise ConfigError(msg)
    loaded = load_config(arguments)
    path = chosen(loaded)
    found = judge(path, since, until)
    if found.recorded is not None and not found.report.curve:
        told = period(*found.recorded)
        msg = f"account {path.stem!r} has nothing recorded in that period; it has {told}"
        raise ConfigError(msg)
    if arguments.json:
        print(json.dumps(_plain(found), indent=2))
    elif found.recorded is None:
        print(
            f"account {path.stem}: nothing is recorded yet; "
            f"papertrader --account {path.stem} opens it"
        )
    else:
        market = f"  {found.meta.market}" if found.meta.market else ""
        rows: list[Row] = [[(f"account {path.stem}", "strong"), (market, "muted")]]
        print(paint(rows + whole(found.report, token_names(loaded)), sys.stdout, os.environ))
    return 0


def _plain(found: Judged) -> dict[str, object]:
    account = {"account": found.meta.name, "market": found.meta.market}
    if found.recorded is None:
        return {**account, "recorded": None}
    recorded = [iso(time) for time in found.recorded]
    return {**account, "recorded": recorded, **report_plain(found.report)}


def report_plain(report: Report) -> dict[str, object]:
    """Money as text, ratios as numbers, times as ISO 8601 UTC, lengths in milliseconds."""
    hold = report.hold
    return {
        "metrics": _figures(report),
        "fills": report.fills,
        "reverts": report.reverts,
        "open_positions": report.open_positions,
        "buy_and_hold": None if hold is None else {
            "tokens": list(hold.tokens),
            "left_out": list(hold.left_out),
            "total_return": hold.metrics.total_return,
            "annual_return": hold.metrics.annual_return,
            "volatility": hold.metrics.volatility,
            "sharpe": hold.metrics.sharpe,
            "sortino": hold.metrics.sortino,
            "calmar": hold.metrics.calmar,
            "max_drawdown": hold.metrics.max_drawdown,
            "drawdown_length": hold.metrics.drawdown_length,
        },
        "by_token": [_slice(one) for one in report.tokens],
        "by_opener": [_slice(one) for one in report.opened_by],
        "by_closer": [_slice(one) for one in report.closed_by],
        "by_level": [_slice(one) for one in report.levels],
        "by_day": [_day(one) for one in report.days],
        "equity": [
            {"time": iso(time), "equity": plain(value), "drawdown": fall}
            for (time, value), (_, fall) in zip(report.curve, drawdowns(report.curve), strict=True)
        ],
    }  # fmt: skip


def _figures(report: Report) -> dict[str, object]:
    found = report.metrics
    return {**to_plain(found), "since": iso(found.since), "until": iso(found.until)}


def _slice(one: Slice) -> dict[str, object]:
    return {
        "key": one.key,
        "label": one.label,
        "closed": one.closed,
        "wins": one.wins,
        "win_rate": one.win_rate,
        "gross": plain(one.gross),
        "costs": plain(one.costs),
        "net": plain(one.net),
    }


def _day(one: Day) -> dict[str, object]:
    return {
        "day": iso(one.start)[:10],
        "close": plain(one.close),
        "change": plain(one.change),
        "fills": one.fills,
        "closed": one.closed,
        "wins": one.wins,
        "costs": plain(one.costs),
    }

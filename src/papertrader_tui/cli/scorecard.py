"""`papertrader scorecard`: how often decisions were right, and what they were worth."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from papertrader_tui.cli.accounts import chosen, load_config, token_names
from papertrader_tui.cli.painting import paint
from papertrader_tui.engine.rows import iso
from papertrader_tui.intel.learning import NEEDED, learn
from papertrader_tui.intel.levels import AUTONOMOUS, DEFAULT_LEVEL
from papertrader_tui.intel.scorecard import (
    KEYS,
    Base,
    Result,
    base_rate,
    by_factor,
    grouped,
    sliced,
)
from papertrader_tui.intel.sentences import span
from papertrader_tui.store.scorecard import Scores, read
from papertrader_tui.tui import learned_rows, scorecard_rows
from papertrader_tui.tui.scorecard_rows import Row

#: What is shown unless one is asked for.
_USUAL = ("action", "band", "rule")
_TITLES = {"band": "by confidence"}


def run(arguments: argparse.Namespace) -> int:
    """Print the scorecard of an account."""
    loaded = load_config(arguments)
    path = chosen(loaded)
    scores = read(path, arguments.horizon, factors=arguments.by == "factor")
    results = [
        result
        for result in scores.results
        if not arguments.action or result.decision.action.value == arguments.action
    ]
    if arguments.json:
        print(json.dumps(_plain(scores, results, arguments), indent=2))
        return 0
    rows = _heading(scores, results, path.stem, arguments.horizon)
    if arguments.learned:
        rows += learned_rows.whole(learn(scores.record), scores.level)
    elif results:
        rows += _tables(results, base_rate(scores.results), arguments.by, token_names(loaded))
        if scores.level == AUTONOMOUS:
            rows += _learning(scores)
    print(paint(rows, sys.stdout, os.environ))
    return 0


def _heading(scores: Scores, results: Sequence[Result], account: str, horizon: int) -> list[Row]:
    market = f"  {scores.meta.market}" if scores.meta.market else ""
    after = span(horizon)
    rows: list[Row] = [
        [(f"account {account}", "strong"), (f"{market}  {after} after each decision", "muted")]
    ]
    if not scores.decisions:
        told = "no decision yet; the bot decides while it is on (--bot)"
    else:
        told = f"{len(results):,} outcomes, {scores.record.waiting(horizon):,} still to come"
        if scores.unknown:
            told += f", {scores.unknown:,} unknown for want of a price"
    rows.append([(told, "muted")])
    return rows


def _tables(results: Sequence[Result], base: Base, by: str, names: Mapping[str, str]) -> list[Row]:
    rows = scorecard_rows.overall(sliced("all", results), base)
    if by == "factor":
        return rows + scorecard_rows.factors(by_factor(results))
    for one in (by,) if by else _USUAL:
        slices = grouped(results, one)
        rows += scorecard_rows.table(_TITLES.get(one, f"by {one}"), slices, names)
        if one == "band":
            rows += scorecard_rows.reliability(slices)
    note = "$ per 100: what it saved or made (+), or cost (-), for each $100 it was about"
    return [*rows, [], [(note, "dim")]]


def _learning(scores: Scores) -> list[Row]:
    cases = scores.record.cases.total
    if cases < NEEDED:
        text = f"level 10 runs as level {DEFAULT_LEVEL}: {cases} of {NEEDED} outcomes"
    else:
        text = f"level 10 has learned from {cases:,} outcomes"
    return [[], [(f"{text}; --learned shows what", "muted")]]


def _plain(
    scores: Scores, results: Sequence[Result], arguments: argparse.Namespace
) -> dict[str, object]:
    """Rates are fractions, money is dollars, times are ISO 8601 UTC."""
    by = [arguments.by] if arguments.by else [*KEYS]
    tables = {
        f"by_{one}": [asdict(row) for row in by_factor(results)]
        if one == "factor"
        else [asdict(row) for row in grouped(results, one)]
        for one in by
    }
    base = base_rate(scores.results)
    times = [result.decision.time for result in results]
    return {
        "account": scores.meta.name,
        "market": scores.meta.market,
        "horizon_s": arguments.horizon // 1000,
        "decisions": scores.decisions,
        "outcomes": len(results),
        "unknown": scores.unknown,
        "waiting": scores.record.waiting(arguments.horizon),
        "decided": [iso(min(times)), iso(max(times))] if times else None,
        "all": asdict(sliced("all", results)) if results else None,
        "a_buy_would_have_paid": {**asdict(base), "rate": base.rate},
        **tables,
        "learned": asdict(learn(scores.record)),
    }

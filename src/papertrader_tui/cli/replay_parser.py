"""The command line of replay, sweep and race. Imports nothing heavy."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from papertrader_tui.cli.values import beginning, count, duration, ending, level, levels, zone

Setting = Callable[..., None]


def add_commands(commands: Any, common: Any, setting: Setting) -> None:
    """Add the three commands.

    Args:
        commands: Where commands are added.
        common: Parent of all commands.
        setting: Adds a flag that sets a setting.
    """
    _replay(commands, common, setting)
    _sweep(commands, common, setting)
    _race(commands, common, setting)


def _tapes(parser: Any, setting: Setting) -> None:
    group = parser.add_argument_group("tapes")
    group.add_argument(
        "--tape-zone", dest="zone", type=zone, metavar="ZONE",
        help="time zone of times that name none (default: UTC)",
    )  # fmt: skip
    group.add_argument(
        "--tape-stamp", dest="stamp", choices=("start", "end"), default="start",
        help="whether the time of a candle is its start or its end (default: start)",
    )  # fmt: skip
    group.add_argument(
        "--tape-symbol", dest="symbol", metavar="SYMBOL", help="play only this symbol of each"
    )
    setting(group, "--chain", "market.chain", "CHAIN", "chain of the tokens (default: base)")
    group.add_argument(
        "--from", dest="since", type=beginning, metavar="TIME",
        help="begin there: 2026-01-05 or 2026-01-05T14:00, UTC; the day before warms indicators",
    )  # fmt: skip
    group.add_argument(
        "--to", dest="until", type=ending, metavar="TIME", help="end there; a day is meant whole"
    )


def _terms(parser: Any, setting: Setting, *, seed: bool = True) -> Any:
    group = parser.add_argument_group("accounts")
    group.add_argument(
        "--costs", choices=("full", "none"), default="full",
        help="none: no LP fee, impact or gas, to see what they come to (default: full)",
    )  # fmt: skip
    group.add_argument(
        "--no-gates", dest="gates", action="store_false", help="switch the account gates off"
    )
    if seed:
        setting(group, "--seed", "market.seed", "N", "decides when orders land (default: 7)")
    setting(group, "--cash", "account.cash", "N", "dollars to begin with (default: 10000)")
    return group


def _levels(group: Any, default: str) -> None:
    group.add_argument(
        "--levels", type=levels, metavar="N-M", default=None,
        help=f"levels: 5, 1-10 or 1,5,9 (default: {default})",
    )  # fmt: skip


def _replay(commands: Any, common: Any, setting: Setting) -> None:
    parser = commands.add_parser(
        "replay",
        parents=[common],
        help="let the bot trade a tape, or step a recorded account again",
        description="Let the bot trade recorded prices as fast as possible, and judge it: return,\n"
        "risk, trades and costs beside buy-and-hold and cash. No account is made.\n"
        "An account's file is stepped again from what it heard and was told instead, and compared\n"
        "fact by fact: exit 0 if it is identical, 1 with the first difference.",
        epilog="examples:\n  papertrader replay btc.csv --level 7\n"
        "  papertrader replay btc.csv eth.csv.gz --levels 1-10 --json\n"
        "  papertrader replay btc.csv --from 2024-03-01 --to 2024-03-31 --costs none\n"
        "  papertrader replay btc.csv --out results\n"
        "  papertrader replay default.db\n",
    )
    parser.add_argument(
        "files", nargs="+", metavar="TAPE",
        help="CSV files of trades, quotes or candles; or an account's file (and its tape)",
    )  # fmt: skip
    group = _terms(parser, setting)
    group.add_argument("--level", type=level, metavar="N", help="intelligence level (default: 5)")
    _levels(group, "5")
    _tapes(parser, setting)
    group = parser.add_argument_group("output")
    group.add_argument("--json", action="store_true", help="print JSON")
    group.add_argument(
        "--out", metavar="DIR", help="write decisions, fills and equity as CSV, metrics as JSON"
    )
    parser.set_defaults(command="replay", handler="replay")


def _sweep(commands: Any, common: Any, setting: Setting) -> None:
    parser = commands.add_parser(
        "sweep",
        parents=[common],
        help="replay many combinations of tapes, levels, settings and seeds",
        description="Replay every combination, on all cores. What is done is kept in DIR as it is\n"
        "done: after a kill the same command goes on where it was. The table is the same, byte\n"
        "for byte, on any number of cores.",
        epilog="examples:\n  papertrader sweep *.csv --levels 1-10\n"
        "  papertrader sweep btc.csv --levels 5,7 --set stop_pct=3,5,8 --set hold_h=6,12\n"
        "  papertrader sweep btc.csv --levels 7 --seeds 1,2,3,4 --jobs 2 --out swept\n\n"
        "--set takes settings of a level (min_confidence, risk_tolerance, stop_pct, …), account\n"
        "gates ([risk]) and exits ([exits]).\n",
    )
    parser.add_argument("files", nargs="+", metavar="TAPE", help="CSV files; each on its own")
    group = _terms(parser, setting, seed=False)
    _levels(group, "5")
    group.add_argument(
        "--set", dest="sets", action="append", default=[], metavar="KEY=V1,V2",
        help="a setting and its values; may be given several times",
    )  # fmt: skip
    group.add_argument("--seeds", default="7", metavar="N,…", help="seeds (default: 7)")
    _tapes(parser, setting)
    group = parser.add_argument_group("work")
    group.add_argument("--jobs", type=count, metavar="N", help="processes (default: all cores)")
    group.add_argument(
        "--out", default="sweep", metavar="DIR", help="folder of the results (default: sweep)"
    )
    group.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(command="sweep", handler="sweep")


def _race(commands: Any, common: Any, setting: Setting) -> None:
    parser = commands.add_parser(
        "race",
        parents=[common],
        help="let levels trade the same prices against each other",
        description="Shadow accounts, one a level, on one feed: demo, tapes or live prices.\n"
        "Nothing of them is stored. The leaderboard is refreshed on a terminal.",
        epilog="examples:\n  papertrader race btc.csv --levels 1-10\n"
        "  papertrader race --market demo --for 7d --json\n"
        "  papertrader race --market live --for 8h\n"
        "  papertrader race btc.csv --adopt best --account swing\n",
    )
    parser.add_argument("files", nargs="*", metavar="TAPE", help="CSV files; none: --market")
    group = _terms(parser, setting)
    _levels(group, "1-10")
    group = parser.add_argument_group("market")
    setting(group, "--market", "market.kind", "KIND", "demo or live, where no tape is named")
    setting(group, "--speed", "market.speed", "N|max", "of the demo market (default: max)")
    group.add_argument(
        "--for", dest="span", type=duration, metavar="TIME",
        help="market time (default: 1d of the demo, else to the end)",
    )  # fmt: skip
    _tapes(parser, setting)
    group = parser.add_argument_group("output")
    group.add_argument("--json", action="store_true", help="print JSON")
    group.add_argument(
        "--adopt", metavar="N|best",
        help="set the account's level to that one afterwards (see --account)",
    )  # fmt: skip
    parser.set_defaults(command="race", handler="race")


def add_account_level(actions: Any, common: argparse.ArgumentParser) -> None:
    """Add `papertrader account level`."""
    text = "set the intelligence level of an account"
    action = actions.add_parser(
        "level",
        parents=[common],
        help=text,
        description=f"{text[0].upper()}{text[1:]}. It must not be running.",
    )
    action.add_argument("level", type=level, metavar="N", help="1 (cautious) to 10 (autonomous)")
    action.add_argument(
        "name", metavar="NAME", nargs="?", default="", help="account (default: the last one used)"
    )
    action.set_defaults(handler="account_level")

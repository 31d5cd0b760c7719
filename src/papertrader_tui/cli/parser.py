"""The command line: commands, flags and their help. Imports nothing heavy."""

from __future__ import annotations

import argparse
import difflib
import sys
from typing import Any, NoReturn

from papertrader_tui import __version__
from papertrader_tui.cli import replay_parser
from papertrader_tui.cli.values import (
    TAGS,
    amount,
    basis_points,
    beginning,
    block,
    count,
    duration,
    ending,
    horizon,
    level,
    tags,
    zone,
)
from papertrader_tui.config_options import OPTIONS

ACTIONS = ("BUY", "SELL", "HOLD", "SKIP")
SCORED_BY = ("level", "token", "rule", "factor", "band", "action")
EXPORTS = ("trades", "orders", "decisions", "ledger", "tape")

_PREFIX = "setting:"


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, and where help is."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **options)
        self._words: list[str] = []

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Keep the words for `error`: argparse takes the value of a misspelt flag for a command."""
        self._words = list(sys.argv[1:] if args is None else args)
        return super().parse_known_args(args, namespace)

    def options(self) -> set[str]:
        """Every option of it and of its commands."""
        found = set(self._option_string_actions)
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                found.update(*(parser.options() for parser in action.choices.values()))
        return found

    def error(self, message: str) -> NoReturn:
        """Print the error and exit 2."""
        known = self.options()
        flags = (word.partition("=")[0] for word in self._words if word.startswith("--"))
        wrong = next((flag for flag in flags if flag not in known and flag != "--"), None)
        if wrong is not None:
            near = difflib.get_close_matches(wrong, sorted(known), n=1)
            message = f"there is no option {wrong}" + "".join(f"; did you mean {n}?" for n in near)
        sys.stderr.write(f"papertrader: error: {message}\ntry: {self.prog} --help\n")
        raise SystemExit(2)


class Flag(argparse.Action):
    """A flag that sets a setting: kept as text, checked with all the others in `config.load`."""

    def __init__(self, *, setting: str, **options: Any) -> None:
        # One name each: argparse copies what a subcommand parsed over what came before it.
        options["dest"] = _PREFIX + setting
        options["default"] = argparse.SUPPRESS
        super().__init__(**options)

    def __call__(
        self,
        parser: argparse.ArgumentParser,  # noqa: ARG002 - argparse's own signature
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Remember the flag and its text."""
        setattr(namespace, self.dest, (option_string or "", str(values)))


def flags(arguments: argparse.Namespace) -> dict[str, tuple[str, str]]:
    """What flags say about settings, as `config.load` takes it."""
    return {
        name.removeprefix(_PREFIX): value
        for name, value in vars(arguments).items()
        if name.startswith(_PREFIX)
    }


def build() -> Parser:
    """The whole command line."""
    common = _common()
    market = _market()
    parser = Parser(
        prog="papertrader",
        description="A terminal trading console for paper trading on-chain tokens.\n"
        "Without a command it opens the console.",
        parents=[common, market],
        epilog="""\
examples:
  papertrader                              the console, on live prices if there are any
  papertrader --market demo --speed 60     invented prices, an hour a minute
  papertrader headless --bot --for 2h      two hours of trading as a log
  papertrader export trades -o trades.csv  what was traded
""",
    )
    parser.add_argument("--version", action="version", version=f"papertrader {__version__}")
    parser.set_defaults(command="console", handler="run", format="text", tags=TAGS)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _headless(commands, [common, market])
    _account(commands, common)
    _token(commands, common)
    _quote(commands, common)
    _decisions(commands, common)
    _explain(commands, common)
    _scorecard(commands, common)
    _report(commands, common)
    replay_parser.add_commands(commands, common, _setting)
    _export(commands, common)
    _verify(commands, common)
    _config(commands, common)
    _doctor(commands, common)
    return parser


def _setting(
    group: argparse._ActionsContainer, flag: str, name: str, metavar: str, text: str = ""
) -> None:
    group.add_argument(
        flag, action=Flag, setting=name, metavar=metavar, help=text or OPTIONS[name].help
    )


def _common() -> Parser:
    parser = Parser(add_help=False)
    group = parser.add_argument_group("files")
    _setting(
        group,
        "--account",
        "account.name",
        "NAME",
        "account (default: the last one used on that market)",
    )
    _setting(group, "--data-dir", "store.data_dir", "DIR", "folder that accounts are kept in")
    group.add_argument(
        "--config", metavar="FILE", default=argparse.SUPPRESS, help="configuration file"
    )
    return parser


def _market() -> Parser:
    parser = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    group = parser.add_argument_group("market")
    _setting(
        group,
        "--market",
        "market.kind",
        "KIND",
        "auto, live, demo (invented prices) or tape (a recorded file); auto is live if any price "
        "source answers, else demo",
    )
    group.add_argument(
        "--wait",
        action="store_true",
        help="with --market live: open although no source answers, and wait for prices",
    )
    group.add_argument("--tape", metavar="FILE", help="CSV of trades, quotes or candles")
    group.add_argument(
        "--tape-zone",
        dest="zone",
        type=zone,
        metavar="ZONE",
        help="time zone of times on the tape that name none (default: UTC)",
    )
    group.add_argument(
        "--tape-stamp",
        dest="stamp",
        choices=("start", "end"),
        help="whether the time of a candle is its start or its end (default: start)",
    )
    group.add_argument(
        "--tape-symbol",
        dest="symbol",
        metavar="SYMBOL",
        help="play only this symbol; its name where the tape has no column for it",
    )
    _setting(
        group,
        "--chain",
        "market.chain",
        "CHAIN",
        "chain that a tape's tokens are traded on (default: base)",
    )
    _setting(
        group,
        "--speed",
        "market.speed",
        "N|max",
        "market seconds per second (demo: up to 600; default: 10 in the console, 1 headless)",
    )
    _setting(
        group, "--seed", "market.seed", "N", "seed of a new account's demo market (default: 7)"
    )
    group.add_argument(
        "--for",
        dest="span",
        type=duration,
        metavar="TIME",
        help="stop after so much market time: 30s, 10m, 2h, 7d",
    )
    group = parser.add_argument_group("trading")
    group.add_argument(
        "--bot", action=argparse.BooleanOptionalAction, help="switch the auto-trader on or off"
    )
    group.add_argument("--level", type=level, metavar="N", help="intelligence level, 1 to 10")
    group.add_argument(
        "--no-gates",
        dest="gates",
        action="store_false",
        help="switch the account gates off (experiments)",
    )
    _setting(
        group,
        "--cash",
        "account.cash",
        "N",
        "dollars that an account begins with if it is created (default: 10000)",
    )
    _setting(group, "--watchlist", "account.watchlist", "NAME", "watchlist of a new account")
    return parser


def _headless(commands: Any, parents: list[Parser]) -> None:
    parser = commands.add_parser(
        "headless",
        parents=parents,
        help="trade with no terminal, as a log",
        description="Run the desk with no terminal. stdout is data, one line an event; stderr is\n"
        "narration. SIGINT and SIGTERM finish the step in hand, write, and exit 0.",
        epilog="""\
examples:
  papertrader headless --bot --level 7 --speed max --for 7d
  papertrader headless --market tape --tape btc.csv --format json > run.jsonl
  papertrader headless --tags TRADE,ACCOUNT

Times are the market's, ids the account's own: on the demo market and on tapes the same
command on a new account prints the same bytes.
""",
    )
    group = parser.add_argument_group("output")
    group.add_argument(
        "--format", choices=("text", "json"), help="lines to read, or JSON (default: text)"
    )
    group.add_argument(
        "--tags",
        type=tags,
        metavar="TAG,…",
        help=f"only these: {', '.join(TAGS)}, and OUTCOME, what became of decisions",
    )
    group.add_argument(
        "--every-price",
        action="store_true",
        help="print every price (default: the first of each token in each minute)",
    )
    parser.set_defaults(command="headless", handler="run", format="text", tags=TAGS)


def _account(commands: Any, common: Parser) -> None:
    parser = commands.add_parser(
        "account",
        help="list, make, show, reset, delete or set the level of accounts",
        description="Accounts: each is one file, and belongs to one market.",
        epilog="examples:\n  papertrader account new swing --cash 50000\n"
        "  papertrader account list --json\n  papertrader account reset swing --yes\n",
    )
    parser.set_defaults(command="account", handler="help", parser=parser)
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    for name, text in (
        ("list", "every account"),
        ("new", "make an account"),
        ("show", "cash, positions and profit of an account"),
        ("reset", "begin an account anew, with the cash it began with"),
        ("delete", "delete an account and all it recorded"),
    ):
        action = actions.add_parser(
            name, parents=[common], help=text, description=f"{text[0].upper()}{text[1:]}."
        )
        action.set_defaults(handler=f"account_{name}")
        if name == "new":
            action.add_argument("name", metavar="NAME", help="a-z, 0-9, - and _")
            _setting(
                action, "--cash", "account.cash", "N", "dollars to begin with (default: 10000)"
            )
            _setting(action, "--seed", "market.seed", "N", "seed of its demo market (default: 7)")
        elif name != "list":
            action.add_argument(
                "name",
                metavar="NAME",
                nargs="?",
                default="",
                help="account (default: the last one used)",
            )
        if name in ("reset", "delete"):
            action.add_argument("--yes", action="store_true", help="do not ask")
        else:
            action.add_argument("--json", action="store_true", help="print JSON")
    replay_parser.add_account_level(actions, common)


def _token(commands: Any, common: Parser) -> None:
    parser = commands.add_parser(
        "token",
        help="search, add, remove or list tokens and watchlists",
        description="Tokens of your own beside the bundled ones, and named watchlists. A symbol\n"
        "is no identity: a token is its chain and address.",
        epilog="examples:\n  papertrader token search usdc\n"
        "  papertrader token add base:0x… --list memes\n"
        "  papertrader token add WETH@base --list majors\n"
        "  papertrader --watchlist majors --account swing\n",
    )
    parser.set_defaults(command="token", handler="help", parser=parser)
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    for name, text in (
        ("search", "find tokens by symbol, name or chain:address"),
        ("add", "add a token to your own, or to a watchlist"),
        ("remove", "remove a token from your own or from a watchlist, or a watchlist"),
        ("list", "your own tokens and watchlists"),
    ):
        action = actions.add_parser(
            name, parents=[common], help=text, description=f"{text[0].upper()}{text[1:]}."
        )
        action.set_defaults(handler=f"token_{name}")
        if name == "search":
            action.add_argument("text", metavar="TEXT", help="symbol, name, or chain:address")
            action.add_argument("--offline", action="store_true", help="known tokens only")
        elif name != "list":
            action.add_argument(
                "token",
                metavar="TOKEN",
                nargs="?" if name == "remove" else None,
                default="",
                help="chain:address, SYMBOL or SYMBOL@CHAIN",
            )
        if name == "add":
            action.add_argument("--decimals", type=int, metavar="N", help="where no service says")
            action.add_argument("--symbol", metavar="TEXT", help="symbol to show it under")
        if name != "search":
            action.add_argument("--list", metavar="NAME", help="watchlist: a-z, 0-9, - and _")
        if name == "list":
            action.add_argument("--all", action="store_true", help="the bundled tokens too")
        if name in ("search", "list"):
            action.add_argument("--json", action="store_true", help="print JSON")


def _quote(commands: Any, common: Parser) -> None:
    parser = commands.add_parser(
        "quote",
        parents=[common],
        help="what a swap would really come to, read from the chain",
        description="Finds the best route, reads its pools at one block, and works the swap out to "
        "the\nsmallest unit: what you get, LP fee, impact, gas. Nothing is ordered or kept.",
        epilog="examples:\n  papertrader quote WETH --chain base --spend 1000\n"
        "  papertrader quote PEPE@ethereum --sell --quantity 5000000\n"
        "  papertrader quote WETH@base --spend 1000 --block 24407242 --json | jq .amount_out_raw\n",
    )
    parser.add_argument("token", metavar="TOKEN", help="chain:address, SYMBOL or SYMBOL@CHAIN")
    parser.add_argument("--spend", type=amount, metavar="USDC", help="buy for so much")
    parser.add_argument("--quantity", type=amount, metavar="Q", help="buy or sell so many tokens")
    parser.add_argument("--sell", action="store_true", help="sell --quantity instead of buying")
    parser.add_argument("--chain", default="", metavar="CHAIN", help="where")
    parser.add_argument(
        "--block", type=block, metavar="N", help="state at the end of a block (default: newest)"
    )
    parser.add_argument(
        "--slippage", type=basis_points, default=50, metavar="BPS", help="accepted (default: 50)"
    )
    parser.add_argument(
        "--level", type=level, default=5, metavar="N", help="whose gas and protection (default: 5)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, raw integers included")
    parser.set_defaults(command="quote", handler="quote")


def _decisions(commands: Any, common: Parser) -> None:
    parser = commands.add_parser(
        "decisions",
        parents=[common],
        help="list what the bot concluded, and why",
        description="The bot's last decisions, the newest at the end. Works beside a running desk.",
        epilog="examples:\n  papertrader decisions --last 50 --action BUY\n"
        "  papertrader decisions --token WETH --rule skip\n"
        "  papertrader decisions --json | jq '.[].rule'\n",
    )
    parser.add_argument(
        "--token", default="", metavar="TOKEN", help="chain:address, SYMBOL or SYMBOL@CHAIN"
    )
    parser.add_argument("--action", default="", type=str.upper, choices=ACTIONS, help="only these")
    parser.add_argument(
        "--rule", default="", metavar="RULE", help="a rule (skip.cost) or a family of them (exit)"
    )
    parser.add_argument("--last", default=20, type=count, metavar="N", help="so many (default: 20)")
    parser.add_argument("--json", action="store_true", help="print JSON, whole")
    parser.set_defaults(command="decisions", handler="decisions")


def _explain(commands: Any, common: Parser) -> None:
    parser = commands.add_parser(
        "explain",
        parents=[common],
        help="tell one decision whole",
        description="One decision of the bot: every factor with what it looked at, its weight and\n"
        "its part of the score, and every condition with how near it was.",
        epilog="examples:\n  papertrader explain d17\n"
        "  papertrader explain d17 --json | jq .checks\n",
    )
    parser.add_argument("id", metavar="ID", help="as papertrader decisions shows it: d17")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(command="explain", handler="explain")


def _scorecard(commands: Any, common: Parser) -> None:
    parser = commands.add_parser(
        "scorecard",
        parents=[common],
        help="how often the bot's decisions were right, and what they were worth",
        description="How often decisions were right after costs, SKIP and HOLD included; what\n"
        "each rule saved or cost; what level 10 has learned. Works beside a running desk.",
        epilog="examples:\n  papertrader scorecard --horizon 1h\n"
        "  papertrader scorecard --by rule\n"
        "  papertrader scorecard --action BUY --by band\n"
        "  papertrader scorecard --json | jq .by_rule\n",
    )
    parser.add_argument(
        "--horizon",
        type=horizon,
        default="4h",
        metavar="TIME",
        help="time after the decision: 15m, 1h, 4h or 24h (default: 4h)",
    )
    parser.add_argument(
        "--by", default="", choices=SCORED_BY, metavar="WHAT", help=", ".join(SCORED_BY)
    )
    parser.add_argument("--action", default="", type=str.upper, choices=ACTIONS, help="only these")
    parser.add_argument("--learned", action="store_true", help="what level 10 has learned")
    parser.add_argument("--json", action="store_true", help="print JSON: all of it")
    parser.set_defaults(command="scorecard", handler="scorecard")


def _report(commands: Any, common: Parser) -> None:
    parser = commands.add_parser(
        "report",
        parents=[common],
        help="how an account has done: return, risk, trades, costs",
        description="Equity curve and drawdown, return and risk beside buy-and-hold and cash,\n"
        "closed positions by token, origin and level, costs, days. Works beside a running desk.",
        epilog="examples:\n  papertrader report --account swing\n"
        "  papertrader report --from 2026-01-05 --to 2026-01-11\n"
        "  papertrader report --json | jq .metrics.sharpe\n",
    )
    parser.add_argument(
        "--from",
        dest="since",
        type=beginning,
        metavar="TIME",
        help="begin there: 2026-01-05 or 2026-01-05T14:00, UTC",
    )
    parser.add_argument(
        "--to", dest="until", type=ending, metavar="TIME", help="end there; a day is meant whole"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(command="report", handler="report")


def _export(commands: Any, common: Parser) -> None:
    parser = commands.add_parser(
        "export",
        parents=[common],
        help="write trades, orders, decisions, the ledger or its prices to a file",
        description="Write what an account recorded, oldest first. Works beside a running desk.\n"
        "tape is the prices it heard, as CSV that --market tape plays.",
        epilog="examples:\n  papertrader export trades --format csv -o trades.csv\n"
        "  papertrader export tape -o monday.csv\n"
        "  papertrader export decisions | jq 'select(.action == \"BUY\")'\n",
    )
    parser.add_argument("what", choices=EXPORTS, help="what to write")
    parser.add_argument(
        "--format", choices=("jsonl", "csv"), help="default: by the name of the file, else jsonl"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="file (default: stdout)")
    parser.set_defaults(command="export", handler="export", format=None)


def _verify(commands: Any, common: Parser) -> None:
    parser = commands.add_parser(
        "verify",
        parents=[common],
        help="check an account from its first entry",
        description="Fold an account's journal from the beginning and compare the result with\n"
        "what is stored. Exit 0 if all agrees, 1 with the first row that differs.",
    )
    parser.add_argument(
        "--fills", action="store_true", help="quote every fill once more on the pools it keeps"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(command="verify", handler="verify")


def _doctor(commands: Any, common: Parser) -> None:
    parser = commands.add_parser(
        "doctor",
        parents=[common],
        help="check settings, price sources, terminal and accounts",
        description="Look at everything that papertrader needs, and say what to do about each\n"
        "fault. Keys are never shown. Exit 0 if it can work, 1 if there is a fault.",
        epilog="examples:\n  papertrader doctor\n"
        "  papertrader doctor --json | jq '.findings[] | select(.state == \"fault\")'\n",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(command="doctor", handler="doctor")


def _config(commands: Any, common: Parser) -> None:
    parser = commands.add_parser(
        "config",
        help="show settings, or write a file for them",
        description="Settings: defaults, then config.toml, then the environment, then flags.",
    )
    parser.set_defaults(command="config", handler="help", parser=parser)
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    for name, text in (
        ("show", "every setting, its value and where it comes from"),
        ("path", "where the configuration file is"),
        ("init", "write a configuration file with every setting explained"),
    ):
        action = actions.add_parser(
            name, parents=[common], help=text, description=f"{text[0].upper()}{text[1:]}."
        )
        action.set_defaults(handler=f"config_{name}")
        if name == "init":
            action.add_argument("--force", action="store_true", help="replace a file that is there")
        else:
            action.add_argument("--json", action="store_true", help="print JSON")

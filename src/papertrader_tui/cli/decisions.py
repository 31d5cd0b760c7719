"""`papertrader decisions` and `papertrader explain`: what the bot concluded, and why."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from papertrader_tui.cli.accounts import chosen, load_config, token_names
from papertrader_tui.cli.painting import paint
from papertrader_tui.config_options import ConfigError, did_you_mean
from papertrader_tui.domain.decision import Decision
from papertrader_tui.domain.events import to_plain
from papertrader_tui.engine.rows import iso
from papertrader_tui.headless.text import clean
from papertrader_tui.intel.decisions import RULES
from papertrader_tui.store import decisions
from papertrader_tui.tui import decision_rows


def show(arguments: argparse.Namespace) -> int:
    """List the last decisions.

    Raises:
        ConfigError: the token, or the rule, is not there.
    """
    loaded = load_config(arguments)
    path = chosen(loaded)
    names = token_names(loaded)
    found = decisions.last(
        path,
        arguments.last,
        tokens=_tokens(path, arguments.token, names),
        action=arguments.action,
        rule=_rule(arguments.rule),
    )
    if arguments.json:
        print(json.dumps([_plain(decision, names) for decision in found], indent=2))
    elif found:
        _print(decision_rows.listing(found, names))
    else:
        asked = arguments.token or arguments.action or arguments.rule
        what = "no such decision" if asked else "no decision"
        print(f"account {path.stem}: {what} yet; the bot decides while it is on (--bot)")
    return 0


def explain(arguments: argparse.Namespace) -> int:
    """Tell one decision whole.

    Raises:
        ConfigError: there is none of that id.
    """
    loaded = load_config(arguments)
    path = chosen(loaded)
    ident = arguments.id if not arguments.id.isdecimal() else f"d{arguments.id}"
    decision = decisions.find(path, ident)
    if decision is None:
        newest = decisions.newest(path)
        there = f"its newest is {newest}" if newest else "it has none yet"
        msg = (
            f"there is no decision {arguments.id!r} in account {path.stem!r}; {there}; "
            "papertrader decisions lists them"
        )
        raise ConfigError(msg)
    names = token_names(loaded)
    became = decisions.outcomes(path, decision)
    if arguments.json:
        told = {"outcomes": [to_plain(outcome) for outcome in became]}
        print(json.dumps(_plain(decision, names) | told, indent=2))
    else:
        label = names.get(decision.token, clean(decision.token))
        _print(decision_rows.whole(decision, label) + decision_rows.became(became))
    return 0


def _print(rows: Sequence[Sequence[decision_rows.Part]]) -> None:
    print(paint(rows, sys.stdout, os.environ))


def _plain(decision: Decision, names: Mapping[str, str]) -> dict[str, Any]:
    """The decision whole; Decimals as text, times in milliseconds and as ISO 8601 UTC."""
    plain = to_plain(decision)
    label = names.get(decision.token, "")
    return {"id": plain.pop("id"), "at": iso(decision.time), "label": label, **plain}


def _tokens(path: Path, asked: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """Ids of what is called so: an id, a symbol, or SYMBOL@CHAIN.

    Raises:
        ConfigError: nothing that was decided on is called so.
    """
    if not asked:
        return ()
    wanted = asked.casefold()
    labels = {token: _called(token, names) for token in decisions.tokens(path)}
    found = tuple(token for token, called in labels.items() if wanted in called)
    if not found:
        known = sorted(names[token] for token in labels if token in names)
        hint = did_you_mean(asked, known) if known else "nothing was decided yet"
        msg = f"--token {asked!r}: account {path.stem!r} has no decision about it; {hint}"
        raise ConfigError(msg)
    return found


def _called(token: str, names: Mapping[str, str]) -> set[str]:
    chain, _, _ = token.partition(":")
    symbol = names.get(token, "").casefold().partition("·")[0]
    return {token.casefold(), names.get(token, "").casefold(), symbol, f"{symbol}@{chain}"} - {""}


def _rule(asked: str) -> str:
    """A rule's id, or the family of several.

    Raises:
        ConfigError: there is no such rule.
    """
    families = {rule.partition(".")[0] for rule in RULES}
    if asked and asked not in RULES and asked not in families:
        msg = f"--rule {asked!r} is no rule; {did_you_mean(asked, [*RULES, *sorted(families)])}"
        raise ConfigError(msg)
    return asked

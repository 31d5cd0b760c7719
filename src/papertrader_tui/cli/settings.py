"""`papertrader config`: what is set, where it comes from, and a file to set it in."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from papertrader_tui import config
from papertrader_tui.chain_settings import ChainSettings, ChainsSettings
from papertrader_tui.cli.console_settings import console_findings
from papertrader_tui.cli.parser import flags
from papertrader_tui.config_options import OPTIONS, SECTIONS, ConfigError, Option
from papertrader_tui.feeds.sources.secret import Secret
from papertrader_tui.text import clean


def show(arguments: argparse.Namespace) -> int:
    """Print every setting, its value and where it comes from."""
    loaded = config.load(config=getattr(arguments, "config", None), flags=flags(arguments))
    for finding in console_findings(loaded):
        print(f"papertrader: {clean(finding.text)}; {clean(finding.remedy)}", file=sys.stderr)
    if arguments.json:
        document = {
            name: {
                "value": _plain(_shown(option, config.value_of(loaded.settings, option))),
                "from": loaded.origin(option),
            }
            for name, option in OPTIONS.items()
        }
        document_of = {
            "file": str(loaded.path),
            "settings": document,
            "chains": {
                key: _chain_plain(one) for key, one in loaded.settings.chains.by_key.items()
            },
            "tokens": [token.id for token in loaded.settings.chains.tokens],
        }
        print(json.dumps(document_of, indent=2, ensure_ascii=False))
        return 0
    print(f"{loaded.path}{'' if loaded.exists else '  (not there: papertrader config init)'}")
    for section in SECTIONS:
        print(f"\n[{section}]")
        for option in _of(section):
            text = _line(option, config.value_of(loaded.settings, option))
            print(f"{text:<34}  # {loaded.origin(option)}")
    for line in _chain_lines(loaded.settings.chains, str(loaded.path)):
        print(line)
    return 0


def path(arguments: argparse.Namespace) -> int:
    """Print where the configuration file is."""
    where, _ = config.config_path(getattr(arguments, "config", None), os.environ)
    if arguments.json:
        print(json.dumps({"file": str(where), "exists": where.exists()}))
    else:
        print(where)
    return 0


def init(arguments: argparse.Namespace) -> int:
    """Write a file in which every setting is explained and none is set.

    Raises:
        ConfigError: there is one, or it cannot be written.
    """
    where, _ = config.config_path(getattr(arguments, "config", None), os.environ)
    try:
        where.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(where, template(), replace=arguments.force)
    except FileExistsError:
        msg = f"{where} is there already; papertrader config init --force replaces it"
        raise ConfigError(msg) from None
    except OSError as error:
        msg = f"cannot write {where}: {error.strerror}"
        raise ConfigError(msg) from None
    print(where)
    print("papertrader: every line in it is a comment; take the # away to set one", file=sys.stderr)
    return 0


def template() -> str:
    """A configuration file: all settings as comments with their defaults."""
    lines = [
        "# Settings of papertrader. Each line is commented out and shows the default.",
        "# Flags go before the environment (PAPERTRADER_SECTION_KEY), that before this file.",
    ]
    defaults = config.Settings()
    for section, about in SECTIONS.items():
        lines += ["", f"# {about}", f"[{section}]"]
        for option in _of(section):
            if option.kind == "keys":
                lines += [
                    "",
                    f"# {_sentence(option.help)}",
                    f"[{option.name}]",
                    '# order.buy = "B"',
                ]
                continue
            allowed = "" if option.kind == "text" else f" ({option.allowed})"
            value = _toml(config.value_of(defaults, option))
            lines += [f"# {_sentence(option.help)}{allowed}", f"# {option.key} = {value}"]
    return "\n".join([*lines, *_CHAIN_LINES]) + "\n"


#: There is a section for each chain, so that the template can only show one.
_CHAIN_LINES = (
    "",
    "# Nodes of a chain, instead of the bundled ones. Chains, tokens, factories and feeds of your",
    "# own: docs/chains.md.",
    "[chain.base]",
    "# URLs of nodes, the preferred one first; also in PAPERTRADER_RPC_BASE, comma-separated",
    "# rpc = []",
)


def _chain_plain(chain: ChainSettings) -> dict[str, Any]:
    """What is set of a chain; of its nodes the hosts alone: keys lie in the rest."""
    feeds = chain.facts.get("chainlink_usd", {})
    return {
        "rpc": [url.host for url in chain.rpc],
        "from": chain.origin or "default",
        "on": chain.on,
        "public": chain.public,
        "rpc_per_minute": chain.rpc_per_minute,
        "stale_s": chain.stale_s,
        "chain_id": chain.facts.get("chain_id"),
        "factories": [dict(one) for one in chain.facts.get("factory", ())],
        "feeds": dict(feeds),
    }


def _chain_lines(chains: ChainsSettings, path: str) -> Iterator[str]:
    for key, one in chains.by_key.items():
        yield f"\n[chain.{key}]"
        hosts = json.dumps([url.host for url in one.rpc])
        yield f"{f'rpc = {hosts}':<34}  # {one.origin or 'default'}"
        shown = {
            "on": one.on,
            "public": one.public,
            "rpc_per_minute": one.rpc_per_minute or None,
            "stale_s": one.stale_s,
            "chain_id": one.facts.get("chain_id"),
        }
        for name, value in shown.items():
            if value is not None:
                yield f"{name} = {_toml(value)}"
    if chains.tokens:
        yield f"\n[[token]]  # {path}, and what its chains bring along"
    for token in chains.tokens:
        yield f"{token.id}  {clean(token.symbol)}, {token.decimals} decimals"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _of(section: str) -> list[Option]:
    # A table has to come last, or what follows it would be in it.
    return sorted(
        (o for o in OPTIONS.values() if o.section == section), key=lambda o: o.kind == "keys"
    )


def _write(where: Path, text: str, *, replace: bool) -> None:
    if not replace:
        with where.open("x", encoding="utf-8") as file:
            file.write(text)
        return
    fresh = where.with_name(f".{where.name}.{os.getpid()}")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(where)


def _line(option: Option, value: Any) -> str:
    shown = _shown(option, value)
    return f"{option.key}: {shown}" if option.kind == "secret" else f"{option.key} = {_toml(shown)}"


def _shown(option: Option, value: Any) -> Any:
    """What is shown of a value: of what may hold a key, no more than tells it apart."""
    match option.kind:
        case "secret":
            return "set" if value else "not set"
        case "command":
            return [value[0], *("…" for _ in value[1:2])] if value else []
        case "url":
            parts = urlsplit(value)
            rest = "/…" if parts.path.strip("/") or parts.query else ""
            return f"{parts.scheme}://{parts.netloc}{rest}" if value else ""
        case _:
            return value


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    return dict(value) if isinstance(value, Mapping) else value


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, tuple | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Secret):
        return '""'  # the default of a template: a key is never written out
    if isinstance(value, Mapping):
        inner = ", ".join(f"{json.dumps(k)} = {json.dumps(v)}" for k, v in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    return json.dumps(value, ensure_ascii=False)

"""`papertrader doctor`: what was looked at, and what to do about it."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence

from papertrader_tui.cli.accounts import load_config
from papertrader_tui.cli.console_settings import console_findings
from papertrader_tui.config import Loaded, Settings, config_path
from papertrader_tui.config_options import ConfigError
from papertrader_tui.doctor import look
from papertrader_tui.findings import FAULT, NOTE, OK, WARNING, Finding
from papertrader_tui.text import clean

_MARKS = {OK: "✓", NOTE: "·", WARNING: "!", FAULT: "✗"}
_PLAIN = {OK: "ok", NOTE: "-", WARNING: "!", FAULT: "X"}


def run(arguments: argparse.Namespace) -> int:
    """Print every finding.

    Returns:
        1 where one is a fault, else 0.
    """
    encoding = sys.stdout.encoding or ""
    tty = sys.stdout.isatty() and sys.stdin.isatty()
    found: list[Finding] = []
    try:
        config = load_config(arguments)
    except ConfigError as error:
        remedy = "correct it; what follows is looked at with the defaults"
        found.append(Finding("settings", "settings", FAULT, str(error), remedy))
        path, _ = config_path(getattr(arguments, "config", None), os.environ)
        config = Loaded(Settings(), path, exists=False, origins={})
    found += console_findings(config)
    found += asyncio.run(look(config, os.environ, tty=tty, encoding=encoding))
    failed = any(finding.state == FAULT for finding in found)
    if arguments.json:
        print(json.dumps({"ok": not failed, "findings": [_plain(f) for f in found]}, indent=2))
    else:
        marks = _MARKS if encoding.lower().startswith("utf") else _PLAIN
        print("\n".join(_lines(found, marks)))
    return 1 if failed else 0


def _plain(finding: Finding) -> dict[str, object]:
    return {
        "area": finding.area,
        "subject": finding.subject,
        "state": finding.state,
        "text": clean(finding.text),
        "remedy": finding.remedy,
        **finding.figures,
    }


def _lines(found: Sequence[Finding], marks: dict[str, str]) -> list[str]:
    lines: list[str] = []
    area = ""
    for finding in found:
        if finding.area != area:
            area = finding.area
            lines += ["", area] if lines else [area]
        mark = marks[finding.state]
        lines.append(f"  {mark:<2} {clean(finding.subject):<14} {clean(finding.text)}")
        if finding.remedy:
            lines.append(f"  {'':<2} {'':<14} → {clean(finding.remedy)}")
    worst = [f for f in found if f.state == FAULT]
    count = f"{len(worst)} fault{'s' if len(worst) > 1 else ''}" if worst else "no fault"
    return [*lines, "", count]

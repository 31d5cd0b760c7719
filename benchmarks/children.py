"""The surroundings of programs that a benchmark starts: the same everywhere, and warm."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def environment(folder: Path) -> dict[str, str]:
    """Without anyone's settings, and with compiled modules kept.

    Whoever installed the program has those beside its files.  Where Python was told not to write
    them there, every start would compile everything anew, which is not what is measured: then
    they are kept with the interpreter's own files.
    """
    left_out = ("PAPERTRADER_", "PYTHONDONTWRITEBYTECODE", "TEXTUAL", "COLUMNS", "LINES")
    settings = folder / "config.toml"
    settings.touch()
    found = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    if sys.dont_write_bytecode:
        found.setdefault("PYTHONPYCACHEPREFIX", str(Path(sys.prefix, "bytecode")))
    return {**found, "PAPERTRADER_CONFIG": str(settings)}

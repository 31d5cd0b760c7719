"""Runs the command line in this process and writes the most memory it ever held to a file.

`python -m benchmarks.peak FILE ARGUMENTS…`; with no arguments it only imports what wires a desk.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path


def peak() -> int:
    """Bytes of resident memory at most so far."""
    status = Path("/proc/self/status")
    if status.exists():  # what getrusage says may be the parent's, from before exec
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


if __name__ == "__main__":
    import papertrader_tui.bootstrap  # noqa: F401 - the baseline

    code = 0
    if len(sys.argv) > 2:
        from papertrader_tui.cli import main

        code = main(sys.argv[2:])
    Path(sys.argv[1]).write_text(str(peak()))
    sys.exit(code)

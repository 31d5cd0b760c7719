"""Keys from programs: the first line, no shell, no terminal, and nothing of it in an error."""

from __future__ import annotations

import sys
import tracemalloc
from pathlib import Path

import pytest

from papertrader_tui.feeds.keys import KeyCommandError, key_from

PYTHON = sys.executable


def program(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "keys.py"
    path.write_text(text, encoding="utf-8")
    return [PYTHON, str(path)]


def test_the_first_line_is_the_key(tmp_path: Path) -> None:
    key = key_from(program(tmp_path, "print('  CG-abc ')\nprint('user: me')"))
    assert key.reveal() == "CG-abc"


def test_what_comes_after_it_is_not_kept(tmp_path: Path) -> None:
    text = "import sys\nprint('CG-abc')\nfor _ in range(32): sys.stdout.write('x' * 1_000_000)"
    tracemalloc.start()
    try:
        key = key_from(program(tmp_path, text))
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()
    assert key.reveal() == "CG-abc"


def test_no_shell_reads_the_arguments(tmp_path: Path) -> None:
    command = program(tmp_path, "import sys\nprint(sys.argv[1].replace(' ', '_'))")
    assert key_from([*command, "$HOME; echo"]).reveal() == "$HOME;_echo"


def test_it_gets_nothing_to_read_and_no_terminal(tmp_path: Path) -> None:
    text = "import os, sys\nprint(f'{sys.stdin.read()!r}-{os.getsid(0) == os.getpid()}')"
    assert key_from(program(tmp_path, text)).reveal() == "''-True"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("print('SECRET')\nimport sys\nprint('SECRET', file=sys.stderr)\nsys.exit(3)", "status 3"),
        ("print('SECRET with blanks')", "printed no key"),
        ("print()\nprint('SECRET')", "printed no key"),
        ("print('SECRET\\x1b[2J')", "printed no key"),
        ("", "printed no key"),
    ],
)
def test_a_failure_is_named_without_what_was_printed(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(KeyCommandError, match=says) as refused:
        key_from(program(tmp_path, text))
    assert "SECRET" not in repr(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(KeyCommandError, match="'no-such-program-x' cannot be run: No such file"):
        key_from(["no-such-program-x", "SECRET"])


def test_one_that_hangs_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    text = (
        "import subprocess, sys, time\nprint('SECRET', flush=True)\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\ntime.sleep(60)"
    )
    with pytest.raises(KeyCommandError, match=r"longer than 0\.3 s") as refused:
        key_from(program(tmp_path, text), seconds=0.3)
    assert refused.value.__context__ is None

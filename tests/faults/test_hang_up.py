"""A terminal that is closed takes the console with it, and the account is free again."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

from papertrader_tui.store.lock import holder
from papertrader_tui.store.verify import verify
from tests.faults.headless_process import environment

#: Holds a pseudo-terminal with the console in it, and reads what that draws.
LAUNCHER = """
import os, sys
pid, terminal = os.forkpty()
if pid == 0:
    os.execv(sys.executable, [sys.executable, "-m", "papertrader_tui", *sys.argv[1:]])
while os.read(terminal, 65536):
    pass
"""
PATIENCE = 60.0


def wait_for(path: Path, *, held: bool) -> bool:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if path.exists() and (holder(path) is not None) is held:
            return True
        time.sleep(0.05)
    return False


def test_a_closed_terminal_ends_the_console_and_frees_the_account(tmp_path: Path) -> None:
    data = tmp_path / "data"
    words = ["--data-dir", str(data), "--market", "demo", "--speed", "60", "--bot"]
    launcher = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, *words],
        env=environment(data, TERM="xterm-256color"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    account = data / "accounts" / "default.db"
    try:
        assert wait_for(account, held=True), "the console did not start"
        time.sleep(1.0)  # whatever it is doing then
        launcher.send_signal(signal.SIGKILL)
        assert wait_for(account, held=False), "the console outlived its terminal"
    finally:
        launcher.kill()
        launcher.wait()
    assert verify(account).ok

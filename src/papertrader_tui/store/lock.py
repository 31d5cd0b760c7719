"""One process per account: a lock that dies with its holder, however it dies."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType

from papertrader_tui.store.errors import AccountBusy, StoreError
from papertrader_tui.store.paths import ENVIRONMENT


def lock_path(path: Path) -> Path:
    """The lock file beside an account file."""
    return path.with_suffix(".lock")


class AccountLock:
    """Holds an account for this process until `release`, or until the process ends.

    Raises:
        AccountBusy: another one holds it; the error says which.
        StoreError: there can be no lock beside it.
    """

    def __init__(self, path: Path) -> None:
        self._path = lock_path(path)
        self._handle: int | None = _acquire(path.stem, self._path)

    def release(self, *, remove: bool = False) -> None:
        """Let go; `remove` takes the lock file away while it is still held."""
        if self._handle is None:
            return
        if remove:
            self._path.unlink(missing_ok=True)
        os.close(self._handle)
        self._handle = None

    def __enter__(self) -> AccountLock:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


#: `holder` takes the lock for some microseconds to see whether it is free; a desk that starts
#: in just that moment must not be turned away.
_TRIES = 5
_PAUSE_S = 0.01


def _acquire(name: str, path: Path) -> int:
    tries = _TRIES
    while True:
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            msg = (
                f"account {name!r} cannot be locked: {str(path)!r}: {error.strerror}; make its "
                f"folder writable, or choose another place with --data-dir or {ENVIRONMENT}"
            )
            raise StoreError(msg) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The holder before us may have removed the file between our open and our flock; a
            # lock on a file without a name keeps nobody out.
            if _same(handle, path):
                os.ftruncate(handle, 0)
                os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
                return handle
        except BlockingIOError:
            pid = _pid(handle)
            tries -= 1
            if not tries:
                os.close(handle)
                raise AccountBusy(name, pid) from None
            time.sleep(_PAUSE_S)
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _same(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _pid(handle: int) -> int | None:
    text = os.pread(handle, 32, 0).decode("ascii", "replace").strip()
    return int(text) if text.isascii() and text.isdigit() else None


def holder(path: Path) -> int | None:
    """The process that runs an account's desk now: its id, 0 if it did not say, None if none."""
    try:
        handle = os.open(lock_path(path), os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _pid(handle) or 0
    finally:
        os.close(handle)
    return None

"""What can go wrong with an account file, in words that name the file and the remedy."""

from __future__ import annotations


class StoreError(RuntimeError):
    """An account file cannot be used as it is."""


class Unreadable(StoreError, ValueError):
    """A row of an account file is not what was written there."""

    def __init__(self, what: str, why: Exception) -> None:
        super().__init__(
            f"{what} cannot be read: {why!r}; the file is damaged, or was written by a newer "
            "version of papertrader"
        )


class AccountBusy(StoreError):
    """Another process runs this account's desk.

    Attributes:
        pid: That process, None where it did not say.
    """

    def __init__(self, name: str, pid: int | None) -> None:
        holder = f"process {pid}" if pid is not None else "another process"
        super().__init__(
            f"account {name!r} is in use by {holder}; close that one, or use --account NAME "
            "for another account"
        )
        self.pid = pid

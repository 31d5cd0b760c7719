"""An account on its way to a desk: its file found, locked, read and folded."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from papertrader_tui.config import Loaded as Config
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.account import Account
from papertrader_tui.launch import Launch, account_path, account_seed
from papertrader_tui.store.errors import StoreError
from papertrader_tui.store.load import Checkpoint, load
from papertrader_tui.store.lock import AccountLock
from papertrader_tui.store.meta import Meta

#: Past fills that a chart can mark.
FILLS_KEPT = 5_000


@dataclass(slots=True)
class Stored:
    """What an account's file says; of a new account, nothing.

    Attributes:
        shadow: The same fold once more, for the journal, which stores what follows from it.
    """

    meta: Meta | None = None
    checkpoint: Checkpoint | None = None
    account: Account = field(default_factory=Account)
    shadow: Account = field(default_factory=Account)
    fills: deque[ev.Event] = field(default_factory=lambda: deque(maxlen=FILLS_KEPT))
    decisions: list[ev.Event] = field(default_factory=list)

    @property
    def cursor(self) -> int:
        """Where its market stood."""
        return self.checkpoint.cursor if self.checkpoint else 0


@dataclass(slots=True)
class Claim:
    """An account that nobody else can open until `release`.

    Attributes:
        new: It has no file yet, and so no lock: that comes with its market.
    """

    path: Path
    new: bool
    lock: AccountLock | None
    stored: Stored
    seed: int

    @property
    def market(self) -> str:
        """Kind of the market that it belongs to, "" if to none yet."""
        return self.stored.meta.market if self.stored.meta is not None else ""

    @property
    def invested(self) -> bool:
        """It holds positions, or orders of it are open."""
        account = self.stored.account
        return bool(account.ledger.positions or account.open_orders())

    def release(self) -> None:
        """Let others have it."""
        if self.lock is not None:
            self.lock.release()
            self.lock = None


def claim(config: Config, launch: Launch, kind: str) -> Claim:
    """The account that is meant for a kind of market.

    Raises:
        ConfigError: the flags do not fit each other or the account.
        StoreError: the account cannot be used; AccountBusy: by another process.
    """
    path = account_path(config, launch, kind)
    new = not path.exists()
    lock = None if new else AccountLock(path)
    try:
        stored = Stored() if new else _load(path)
        return Claim(path, new, lock, stored, account_seed(config, stored.meta))
    except BaseException:
        if lock is not None:
            lock.release()
        raise


def _load(path: Path) -> Stored:
    with load(path) as file:
        stored = Stored(file.meta, file.checkpoint)
        try:
            for event in file.events():
                stored.account.apply(event)
                stored.shadow.apply(event)
                if isinstance(event, ev.Filled | ev.Reverted):
                    stored.fills.append(event)
        except (ValueError, KeyError, RuntimeError, ArithmeticError) as fault:
            raise _damaged(path, str(fault)) from fault
        stored.decisions = [ev.Decided(0, d.time, d) for d in reversed(file.decisions)]
    if not stored.account.ledger.reconciled():
        raise _damaged(path, "its books do not balance")
    return stored


def _damaged(path: Path, why: str) -> StoreError:
    name = path.stem
    return StoreError(
        f"account {name!r} cannot be opened: {why}; papertrader verify --account {name} says more"
    )

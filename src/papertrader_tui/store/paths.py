"""Where accounts are kept: one private directory, one file an account."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import platformdirs

from papertrader_tui.store.errors import StoreError

ENVIRONMENT = "PAPERTRADER_DATA_DIR"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


def data_dir(
    override: str | os.PathLike[str] | None = None, environ: Mapping[str, str] = os.environ
) -> Path:
    """The data directory: `override`, else PAPERTRADER_DATA_DIR, else the platform's own."""
    chosen = override or environ.get(ENVIRONMENT) or platformdirs.user_data_dir("papertrader")
    return Path(chosen).expanduser().absolute()


def check_name(name: str) -> str:
    """The name, if it can be an account's.

    Raises:
        StoreError: it cannot; the message says what can.
    """
    if _NAME.fullmatch(name):
        return name
    msg = (
        f"account name {name!r} is not usable: take 1 to 32 of a-z, 0-9, - and _, "
        "beginning with a letter or a digit"
    )
    raise StoreError(msg)


def accounts_dir(data: Path) -> Path:
    """The directory of account files below a data directory."""
    return data / "accounts"


def account_path(data: Path, name: str) -> Path:
    """The file of an account, whether or not it exists.

    Raises:
        StoreError: the name cannot be an account's.
    """
    return accounts_dir(data) / f"{check_name(name)}.db"


def make_private(directory: Path) -> None:
    """Make a directory that only its owner can enter; one that exists is left as it is.

    Raises:
        StoreError: it cannot be made, or something else is in its place.
    """
    try:
        for missing in reversed([directory, *directory.parents]):
            if not missing.exists():
                missing.mkdir(mode=0o700, exist_ok=True)
        if not directory.is_dir():
            raise NotADirectoryError(20, "it is not a directory")
        if not os.access(directory, os.W_OK | os.X_OK):
            raise PermissionError(13, "it cannot be written to")
    except OSError as error:
        msg = (
            f"cannot write in {str(directory)!r}: {error.strerror}; choose another place "
            f"with --data-dir or {ENVIRONMENT}"
        )
        raise StoreError(msg) from error


def create_private(path: Path) -> None:
    """Make an empty file that only its owner can read.

    SQLite gives the files that it puts beside a database the database's own permissions, so
    this holds for `-wal` and `-shm` too.

    Raises:
        FileExistsError: there is one.
    """
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def sync_directory(directory: Path) -> None:
    """Make a change of names in a directory outlast a power cut."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""Sets the level of an account that nobody runs: a session of one command, and no price."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from papertrader_tui import __version__
from papertrader_tui.claim import claim
from papertrader_tui.config import Loaded as Config
from papertrader_tui.domain.account import Account
from papertrader_tui.domain.commands import SetLevel
from papertrader_tui.domain.tokens import Registry, Token
from papertrader_tui.engine.desk import Desk
from papertrader_tui.launch import Launch
from papertrader_tui.lookout import known_tokens
from papertrader_tui.store.errors import StoreError
from papertrader_tui.store.journal import SqliteJournal

DETAIL = "its level was set, no market was open"


async def set_level(config: Config, path: Path, level: int) -> bool:
    """Set it, as the account's own desk would.

    Returns:
        Whether it had another level before.

    Raises:
        StoreError: the account cannot be used, by now by another process, or was never opened.
    """
    settings = replace(config.settings, account=replace(config.settings.account, name=path.stem))
    claimed = claim(replace(config, settings=settings), Launch(headless=True), "")
    try:
        account, stored = claimed.stored.account, claimed.stored
        if not account.seq or stored.checkpoint is None:
            msg = (
                f"account {path.stem!r} was never opened; open it at that level: "
                f"papertrader --account {path.stem} --level {level}"
            )
            raise StoreError(msg)
        if account.level == level:
            return False
        desk = Desk(
            account,
            _registry(config, account),
            config.settings.risk,
            exits=config.settings.exits,
        )
        desk.restore(stored.checkpoint.body)
        journal = await SqliteJournal.open(path, account=stored.shadow)
        try:
            now, command = desk.now, SetLevel(level)
            events = [*desk.start_session(now, __version__, DETAIL, ())]
            events += desk.command(command, now)
            cursor = stored.checkpoint.cursor
            await journal.append(
                events,
                inputs=[(cursor, now, command)],
                checkpoint=desk.checkpoint(),
                cursor=cursor,
                durable=True,
            )
        finally:
            await journal.close()
    finally:
        claimed.release()
    return True


def _registry(config: Config, account: Account) -> Registry:
    """What is known, and whatever else the account has to do with: nothing of it may be lost."""
    known = known_tokens(config)
    every = dict.fromkeys((*account.watch, *account.ledger.positions, *account.open))
    unknown = [
        Token(token, token, token, token.partition(":")[0], 18, Decimal(30))
        for token in every
        if token not in known.tokens and token.partition(":")[0] in known.chains
    ]
    return known.with_tokens(unknown)

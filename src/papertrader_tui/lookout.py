"""What is on the screen while prices are being looked for: the account as it is stored."""

from __future__ import annotations

import time
from dataclasses import dataclass

from papertrader_tui import tokenbook
from papertrader_tui.claim import Claim
from papertrader_tui.config import Loaded as Config
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.account import Account
from papertrader_tui.domain.tokens import Registry
from papertrader_tui.engine.desk import Desk
from papertrader_tui.engine.snapshot import Snapshot
from papertrader_tui.engine.view import View
from papertrader_tui.launch import PROGRAM, check_market, data_dir
from papertrader_tui.ports import MarketInfo

NOTICE = "Looking for prices…"


@dataclass(frozen=True, slots=True)
class _Unopened:
    """A market before it is open."""

    info: MarketInfo
    progress: float | None = None
    speed: float | None = 1.0


def known_tokens(config: Config) -> Registry:
    """The bundled tokens, those of config.toml and the person's own.

    Raises:
        ConfigError: the file of own tokens cannot be read.
    """
    return tokenbook.load(data_dir(config)).registry(config.settings.chains.registry())


def lookout(config: Config, claimed: Claim) -> Snapshot:
    """A snapshot of an account before its market is open; asks nobody.

    Of an account that is to be made it shows the cash that it would begin with.

    Raises:
        ConfigError: the account belongs to another market, or own tokens cannot be read.
    """
    account, meta = claimed.stored.account, claimed.stored.meta
    now = time.time_ns() // 1_000_000
    if not account.seq:
        account = Account()
        cash = meta.cash if meta is not None else config.settings.account.cash
        name = claimed.path.stem
        account.apply(ev.AccountOpened(1, now, name, "live", cash, claimed.seed, PROGRAM))
    decided = config.settings.market.kind == "live" or claimed.invested
    info = MarketInfo(
        kind="live",
        badge="LIVE" if decided else "AUTO",
        detail="looking for prices",
        notice=NOTICE,
        identity="live",
        interval=0,
        gas_note="",
    )
    check_market(meta, info)
    desk = Desk(account, known_tokens(config), config.settings.risk)
    view = View(desk, _Unopened(info), lambda: now)
    view.remember(claimed.stored.decisions)
    return view.snapshot()

"""What a new account watches on a market that has its own tokens: a demo, a tape."""

from __future__ import annotations

from collections.abc import Sequence

from papertrader_tui import tokenbook
from papertrader_tui.config import Loaded as Config
from papertrader_tui.config_options import ConfigError
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.launch import data_dir
from papertrader_tui.lookout import known_tokens
from papertrader_tui.ports import Market


def watched(config: Config, market: Market) -> Sequence[TokenId]:
    """The tokens of the watchlist that is set which the market has; all of its own without one.

    A list of config.toml is meant for every market, so one that has nothing of it has its own.

    Raises:
        ConfigError: there is no such list, or the market has nothing of the one that was asked for.
    """
    name = config.settings.account.watchlist
    if not name:
        return market.watchlist
    book = tokenbook.load(data_dir(config))
    listed = [token.id for token in book.watchlist(name, known_tokens(config))]
    there = set(market.watchlist)
    found = [token for token in listed if token in there]
    if not found and config.origins["account.watchlist"].startswith("flag"):
        msg = (
            f"--watchlist {name}: this {market.info.kind} market has none of its tokens; leave it "
            "out to watch the market's own"
        )
        raise ConfigError(msg)
    return found or market.watchlist

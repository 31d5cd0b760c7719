"""CoinGecko's coins as search results: a coin is one thing on many chains."""

from __future__ import annotations

from papertrader_tui.domain.tokens import Token
from papertrader_tui.feeds.source import Found
from papertrader_tui.feeds.sources import ids, values
from papertrader_tui.feeds.sources.http import Reply
from papertrader_tui.feeds.sources.text import NAME_CHARS, SYMBOL_CHARS, clean
from papertrader_tui.registry import load_registry

_MOST = 12


def search_ids(reply: Reply, query: str) -> list[str]:
    """Ids of the coins in a `/search` answer, exact symbols first, then in the order of rank."""
    wanted = query.casefold()
    coins = [values.mapping(one) for one in values.items(values.mapping(reply.body).get("coins"))]
    exact = [c for c in coins if values.word(c.get("symbol")).casefold() == wanted]
    rest = [c for c in coins if c not in exact]
    found = [values.word(coin.get("id")) for coin in exact + rest]
    return [coin for coin in found if coin][:_MOST]


def found_bundled(coin: str, source: str) -> list[Found]:
    """The deployments of a coin that are bundled: no request is needed."""
    return [Found(token, None, None, None, source) for token in ids.bundled(coin)]


def found_of_coin(reply: Reply, source: str) -> list[Found]:
    """The deployments in a `/coins/{id}` answer on chains that are bundled."""
    coin = values.mapping(reply.body)
    chains = ids.mainnets("coingecko_platform")
    details = values.mapping(coin.get("detail_platforms"))
    market = values.mapping(coin.get("market_data"))
    price = values.price(values.mapping(market.get("current_price")).get("usd"))
    volume = values.amount(values.mapping(market.get("total_volume")).get("usd"))
    found = []
    for platform, address in values.mapping(coin.get("platforms")).items():
        chain, where = chains.get(platform, ""), values.word(address).lower()
        if not chain or not ids.is_address(where):
            continue
        places = values.number(values.mapping(details.get(platform)).get("decimal_place"))
        known = load_registry().tokens.get(f"{chain}:{where}")
        token = known or Token(
            f"{chain}:{where}",
            clean(values.word(coin.get("symbol")).upper(), SYMBOL_CHARS) or "?",
            clean(coin.get("name"), NAME_CHARS),
            chain,
            int(places) if places is not None and 0 <= places <= 36 else -1,
        )
        found.append(Found(token, None, volume, None if isinstance(price, str) else price, source))
    return found

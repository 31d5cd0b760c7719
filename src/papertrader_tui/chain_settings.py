"""What is set of chains and tokens, and the registry that follows: bundled ones and one's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from papertrader_tui.chain.url import NodeUrl
from papertrader_tui.domain.tokens import Registry, Token, TokenId
from papertrader_tui.registry import chain_facts, chain_of_facts, load_registry, token_facts


@dataclass(frozen=True, slots=True)
class ChainSettings:
    """What is set of one chain.

    Attributes:
        rpc: Own nodes, the preferred one first; their URLs do not print.
        public: The bundled nodes are asked too, after them.
        on: Whether its nodes are asked at all.
        rpc_per_minute: Requests a minute that each node allows, 0 for the usual.
        stale_s: Seconds at which its newest block is too old, 0 for never, None for the usual.
        facts: Of an own chain all, of a bundled one what is added, as in data/chains.toml.
        origin: Where the nodes are from, "" where none were set.
    """

    rpc: tuple[NodeUrl, ...] = ()
    public: bool = False
    on: bool = True
    rpc_per_minute: int = 0
    stale_s: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    origin: str = ""


@dataclass(frozen=True, slots=True)
class ChainsSettings:
    """All that is set of chains and tokens.

    Attributes:
        by_key: By chain, those of which something is set.
        tokens: Of one's own, on any chain.
        feeds: Pair and address of the Chainlink feed of an own token.
    """

    by_key: Mapping[str, ChainSettings] = field(default_factory=dict)
    tokens: tuple[Token, ...] = ()
    feeds: Mapping[TokenId, tuple[str, str]] = field(default_factory=dict)

    def of(self, key: str) -> ChainSettings:
        """What is set of one chain."""
        return self.by_key.get(key, _NOTHING)

    def registry(self) -> Registry:
        """The bundled chains and tokens and these; the bundled one itself where none are set."""
        bundled = load_registry()
        if not self.by_key and not self.tokens:
            return bundled
        own = {k: chain_of_facts(k, c.facts) for k, c in self.by_key.items() if is_own(k)}
        chains = MappingProxyType({**bundled.chains, **own})
        return Registry(chains, bundled.tokens).with_tokens(self.tokens)

    def facts(self, key: str) -> Mapping[str, Any]:
        """All that is known of a chain, in the form of data/chains.toml.

        Of an own chain also `usdc` and `usdc_decimals`; `factory` lists factories that were set,
        `chainlink_heartbeat_s` has the heartbeats that were.

        Raises:
            KeyError: no such chain.
        """
        added = self.of(key).facts
        if is_own(key):
            return added if key in self.by_key else chain_facts(key)
        bundled = chain_facts(key)
        if not added:
            return bundled
        feeds = {**bundled.get("chainlink_usd", {}), **added.get("chainlink_usd", {})}
        return MappingProxyType({**bundled, **added, "chainlink_usd": feeds})

    def feed_of(self, token: TokenId) -> tuple[str, str] | None:
        """Pair and address of a token's Chainlink feed in dollars, None if it has none."""
        if token in self.feeds:
            return self.feeds[token]
        try:
            told = token_facts(token).get("chainlink_usd")
        except KeyError:
            return None
        return (str(told[0]), str(told[1])) if told else None

    def usdc(self, key: str) -> TokenId | None:
        """USDC on a chain, None where none is known."""
        facts = self.facts(key)
        if "usdc" in facts:
            return f"{key}:{str(facts['usdc']).lower()}"
        tokens = load_registry().tokens.values()
        return next((t.id for t in tokens if t.chain == key and t.symbol == "USDC"), None)


_NOTHING = ChainSettings()


def is_own(key: str) -> bool:
    """Whether a chain is not bundled."""
    return key not in load_registry().chains

"""Chains and tokens. A token is its chain and address; a symbol is only a label."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

TokenId = str  # "base:0x4200000000000000000000000000000000000006", "base:tape-btc"

_ID = re.compile(r"^[a-z][a-z0-9-]*:(0x[0-9a-f]{40}|tape-[a-z0-9.-]{1,40})$")


@dataclass(frozen=True, slots=True)
class Chain:
    """One EVM chain, and what a swap there typically costs when no node can be asked.

    Attributes:
        key: Lower-case name used in token ids, `base`.
        block_ms: Milliseconds between blocks.
        gas_price_wei: Typical price of one unit of gas (base fee + priority fee), in wei.
        swap_gas: Typical units of gas of one swap.
        l1_fee_wei: Typical data fee of one swap on an OP-stack chain, else 0.
        native_usd: Bundled price of the native token in USDC, used only where no price is to
            be had (a tape), and labelled so.
        public_mempool: Whether pending orders can be seen, and so sandwiched.
        cash: USDC on it, which everything is paid in; "" where none is known.
    """

    key: str
    chain_id: int
    name: str
    native_symbol: str
    wrapped_native: TokenId
    block_ms: int
    gas_price_wei: int
    swap_gas: int
    l1_fee_wei: int
    native_usd: Decimal
    public_mempool: bool
    testnet: bool = False
    cash: TokenId = ""


@dataclass(frozen=True, slots=True)
class Token:
    """One token on one chain.

    Attributes:
        id: `chain:address`, the address in lower case; a tape's token is `chain:tape-name`.
        decimals: Digits after the point of its smallest unit.
        symbol: A label. From outside it is attacker-controlled: sanitise before showing.
        fee_bps: LP fee of the pool it is usually traded in, in basis points.
    """

    id: TokenId
    symbol: str
    name: str
    chain: str
    decimals: int
    fee_bps: Decimal = Decimal(30)

    @property
    def address(self) -> str:
        """The part of the id after the chain."""
        return self.id.partition(":")[2]

    @property
    def label(self) -> str:
        """Symbol and chain: `WETH·base`."""
        return f"{self.symbol}·{self.chain}"


class UnknownToken(ValueError):
    """No token, or more than one, answers to what was asked; the message lists candidates."""


@dataclass(frozen=True)
class Registry:
    """The chains and tokens known to an account.

    Raises:
        ValueError: a token id is malformed or its chain is unknown.
    """

    chains: Mapping[str, Chain]
    tokens: Mapping[TokenId, Token] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for token in self.tokens.values():
            if not _ID.match(token.id):
                msg = f"token id {token.id!r} is not chain:0x… in lower case"
                raise ValueError(msg)
            if token.chain not in self.chains:
                msg = f"token {token.id!r} is on chain {token.chain!r}, which is not configured"
                raise ValueError(msg)

    def with_tokens(self, tokens: Iterable[Token]) -> Registry:
        """A registry that also knows these tokens."""
        return Registry(self.chains, {**self.tokens, **{t.id: t for t in tokens}})

    def chain_of(self, token: TokenId) -> Chain:
        """The chain that a token is on."""
        return self.chains[self.tokens[token].chain]

    def find(self, text: str, among: Iterable[TokenId] | None = None) -> Token:
        """The one token that a person means by an id, address, `symbol` or `symbol·chain`.

        Args:
            text: What was typed, in any case; `WETH@base` and `weth·base` name the chain.
            among: Only these (default: every known token).

        Raises:
            UnknownToken: nothing matches, or several tokens do.
        """
        wanted = text.strip().lower()
        pool = (
            [self.tokens[i] for i in among if i in self.tokens]
            if among is not None
            else list(self.tokens.values())
        )
        symbol, _, chain = wanted.replace("·", "@").partition("@")
        found = [
            t
            for t in pool
            if wanted in (t.id, t.address)
            or (t.symbol.lower() == symbol and chain in ("", t.chain))
        ]
        if len(found) == 1:
            return found[0]
        if not found:
            named = chain or wanted.partition(":0x")[0] * (":0x" in wanted)
            if named and named not in self.chains:
                known = ", ".join(sorted(self.chains))
                msg = f"{text!r}: chain {named!r} is not known; known: {known}"
                raise UnknownToken(msg)
            msg = f"no token answers to {text!r}; give its symbol, symbol@chain or chain:0x… id"
            raise UnknownToken(msg)
        names = ", ".join(sorted(f"{t.symbol}@{t.chain} ({t.id})" for t in found))
        msg = f"{text!r} could be any of {names}; name the chain or the id"
        raise UnknownToken(msg)

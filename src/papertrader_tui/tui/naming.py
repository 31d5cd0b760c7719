"""What a token is called on the screen: its symbol, and its chain where two tokens share one. Pure.

A symbol is only a label: WETH on Ethereum and WETH on Base are two tokens with two prices, and an
impostor may carry any symbol.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from rich.cells import cell_len

from papertrader_tui.domain.tokens import Token, TokenId
from papertrader_tui.engine.snapshot import Snapshot
from papertrader_tui.tui.formatting import clean, cut

Part = tuple[str, str]

SHORT_CHAINS = {"ethereum": "eth", "arbitrum": "arb", "optimism": "op", "polygon": "pol"}
#: Symbols are cut to this where nothing narrower is asked for.
WIDTH = 24


class Names:
    """Names of tokens.

    Args:
        tokens: Every token that may be named.
        among: Those on the screen, among which a symbol may stand for two.
    """

    __slots__ = ("_shared", "_tokens")

    def __init__(self, tokens: Iterable[Token], among: Iterable[TokenId]) -> None:
        self._tokens = {token.id: token for token in tokens}
        shown = {i: _symbol(self._tokens[i]) for i in among if i in self._tokens}
        count = Counter(symbol.casefold() for symbol in shown.values())
        self._shared = frozenset(i for i, symbol in shown.items() if count[symbol.casefold()] > 1)

    @classmethod
    def of(cls, snapshot: Snapshot, known: Iterable[Token] = ()) -> Names:
        """Names for a snapshot: its watched and held tokens, and others by the way."""
        tokens = [row.token for row in snapshot.tokens]
        tokens += [row.token for row in snapshot.positions]
        return cls((*known, *tokens), [token.id for token in tokens])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Names):
            return NotImplemented
        return self._shared == other._shared and self._tokens == other._tokens

    __hash__ = None  # type: ignore[assignment]

    @property
    def any_shared(self) -> bool:
        """Two tokens on the screen have one symbol."""
        return bool(self._shared)

    def text(self, token: TokenId, width: int = WIDTH, fallback: str = "") -> str:
        """A name in at most `width` cells: `WETH`, `WETH·base`; where narrow `WETH·eth`."""
        return "".join(text for text, _ in self.parts(token, width, fallback=fallback))

    def parts(
        self, token: TokenId, width: int, tone: str = "", fallback: str = ""
    ) -> tuple[Part, ...]:
        """The same as parts of a cell: the symbol in `tone`, the chain dim.

        A token that is not known is called `fallback` or else by its address.
        """
        known = self._tokens.get(token)
        if known is None:
            return ((clean(fallback or token.rpartition(":")[2], width) or "?", tone),)
        symbol = _symbol(known)
        if token not in self._shared:
            return ((cut(symbol, width), tone),)
        for chain in (known.chain, short_chain(known.chain)):
            if cell_len(symbol) + 1 + len(chain) <= width:
                return ((symbol, tone), (f"·{chain}", "dim"))
        # the chain is what tells the two apart: rather the symbol is cut
        chain = cut(short_chain(known.chain), max(1, width - 3))
        return ((cut(symbol, max(1, width - 1 - len(chain))), tone), (f"·{chain}", "dim"))


def short_chain(chain: str) -> str:
    """A chain in at most four letters where it is a common one: `ethereum` is `eth`."""
    return SHORT_CHAINS.get(chain, chain)


@lru_cache(maxsize=4096)
def _symbol(token: Token) -> str:
    return clean(token.symbol, WIDTH) or "?"

"""What the window of the token search shows: its rows and its sentences. Pure.

A symbol decides nothing, anyone can take one: rows of one symbol stand together, each with its
chain, its address and the dollars in its pool, and an impostor's says whose symbol it borrows.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.cells import set_cell_size
from textual.content import Content

from papertrader_tui.domain.search import Candidate, SearchResult
from papertrader_tui.domain.tokens import Token, TokenId
from papertrader_tui.engine.snapshot import TokenRow
from papertrader_tui.ports import TokenSearch
from papertrader_tui.registry import load_registry
from papertrader_tui.tui import formatting as fmt

MUTED, WARNING, ERROR = "$foreground 56%", "$warning", "$error"
#: Cells of a row without a name, and the fewest and most that a name gets.
ROW_WIDTH, NAME_WIDTHS = 66, (12, 28)
#: So few letters match half of all tokens.
LETTERS = 2
#: Who knows the tokens that this program knows (see `Candidate.sources`).
OWN = ("bundled", "added")

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_UNFINISHED = re.compile(r"(?:[a-z][a-z0-9-]*:)?0x[0-9a-f]{0,39}|[a-z][a-z0-9-]*:", re.IGNORECASE)

ASK = "Type a symbol, a name or chain:address to ask the price sources."
UNFINISHED = "An address has 40 digits after 0x: paste the whole of it."
SEARCHING = "Searching the price sources…"
ADDING = "Adding it…"
HERE_ONLY = {
    "demo": "The demo has these tokens only; live prices have all others.",
    "tape": "A tape has its own tokens only.",
    "live": "Prices are still being looked for: until then known tokens only.",
}


@dataclass(frozen=True, slots=True)
class Known:
    """What there is to find tokens among.

    Attributes:
        tokens: Every known token, those that are watched first.
        rows: Of those that are watched.
        market: `demo`, `tape` or `live`.
        search: Finds others, None where nobody can be asked (yet).
    """

    tokens: Sequence[Token]
    rows: Mapping[TokenId, TokenRow]
    market: str
    search: TokenSearch | None = None

    @property
    def verified(self) -> Collection[TokenId]:
        """Bundled tokens, where there are others as well."""
        return () if self.search is None else load_registry().tokens.keys()

    @property
    def note(self) -> str:
        """What is searched."""
        return ASK if self.search is not None else HERE_ONLY[self.market]

    @property
    def keys(self) -> str:
        """What the keys do."""
        does = "goes to it" if self.search is None else "watches it"
        return f"↑ ↓ choose · Enter {does} · Esc closes"


def askable(text: str) -> bool:
    """Is it worth a question to the price sources: a few letters, or a whole address?"""
    query = text.strip()
    return len(query) >= LETTERS and not _UNFINISHED.fullmatch(query)


def merge(
    local: Iterable[Token], result: SearchResult | None, verified: Collection[TokenId]
) -> list[Candidate]:
    """What is known here first, then what sources know; those of one symbol together.

    Args:
        local: Known tokens that match, best first.
        result: What was found besides, and more about these; None before it is there.
        verified: Tokens that are bundled.
    """
    told = {one.token.id: one for one in (result.candidates if result is not None else ())}
    found = [told.get(t.id, Candidate(t, t.id in verified)) for t in local]
    here = {one.token.id for one in found}
    found += (one for key, one in told.items() if key not in here)
    groups: dict[str, list[Candidate]] = {}
    for one in found:
        groups.setdefault(one.token.symbol.casefold(), []).append(one)
    return [one for group in groups.values() for one in group]


def header(width: int) -> str:
    """The row above the rows."""
    name = _name_width(width)
    column = f"{'NAME':<{name + 1}}" if name else ""
    return f"  {'TOKEN':<13}{'CHAIN':<10}{'ADDRESS':<13}{column}{'LIQUIDITY':>9}{'PRICE':>13}"


def line(one: Candidate, row: TokenRow | None, width: int) -> Content:
    """A token in a list of `width` cells; a warning is a line below it."""
    token = one.token
    parts: list[tuple[str, str]] = [
        (_mark(one), "$success"),
        (_cell(token.symbol, 13), "bold"),
        (_cell(token.chain, 10), MUTED),
        (f"{short(token.address):<13}", MUTED),
    ]
    name = _name_width(width)
    if name:
        parts.append((_cell(token.name, name + 1), ""))
    liquidity = one.liquidity if one.liquidity is not None else row and row.liquidity
    parts.append((f"{f'${fmt.compact(liquidity)}' if liquidity else fmt.DASH:>9}", ""))
    parts.append((f"{_price(one, row):>13}", ""))
    if row is not None and row.held:
        parts.append(("  held", MUTED))
    if one.warning:
        parts.append((f"\n  ! {warning(one)}", WARNING))
    return Content.assemble(*parts)


def detail(one: Candidate | None, *, watched: bool) -> Content:
    """The whole id of the token that is chosen, its name and who knows it: two lines."""
    if one is None:
        return Content("")
    known = ", ".join(source for source in one.sources if source not in OWN)
    facts = [
        fmt.clean(one.token.name, 40),
        "verified" if one.verified else "added by you" if OWN[1] in one.sources else "",
        "watched" if watched else "",
        f"by {known}" if known else "",
    ]
    line = " · ".join(filter(None, facts))
    return Content.assemble(fmt.clean(one.token.id), (f"\n{line}", MUTED))


def warning(one: Candidate) -> str:
    """Its warning, with addresses cut short."""
    return _ADDRESS.sub(lambda match: short(match[0]), fmt.clean(one.warning))


def short(address: str) -> str:
    """`0x4200…0006`; anything else as it is."""
    return f"{address[:6]}…{address[-4:]}" if _ADDRESS.fullmatch(address) else fmt.cut(address, 12)


def outcome(result: SearchResult, count: int) -> tuple[str, str]:
    """What came of a search, with its tone.

    Args:
        result: What was found.
        count: Rows that are shown now.
    """
    if result.waiting:
        return f"{count} so far, still asking {', '.join(result.waiting)}…", ""
    if not result.asked:
        return "None of the price sources that are on can search.", WARNING
    said = "; ".join(fmt.clean(text) for text in result.failures.values())
    if result.blind:
        return f"No price source could be searched, so known tokens only: {said}", ERROR
    if said:
        return f"{count} found. Not asked or no answer: {said}", ""
    answered = f"{len(result.asked)} source{'s' if len(result.asked) > 1 else ''}"
    return (f"{count} found, {answered} asked." if count else f"Nobody of {answered} knows it."), ""


def nothing(result: SearchResult | None) -> str:
    """Of a list without a row."""
    if result is None or result.blind:
        return "No known token matches. Try fewer letters."
    return "No token matches." if not result.waiting else "No token matches so far."


def index_of(found: Sequence[Candidate], token: TokenId | None) -> int:
    """Where a token stands, 0 if it does not."""
    return next((i for i, one in enumerate(found) if one.token.id == token), 0)


def _mark(one: Candidate) -> str:
    return "✓ " if one.verified else "+ " if "added" in one.sources else "  "


def _price(one: Candidate, row: TokenRow | None) -> str:
    if row is not None:
        return fmt.price_fit(row.price, 12)
    if one.price is not None:
        return fmt.price_fit(one.price, 12)
    return "not watched" if not one.sources or one.sources[0] in OWN else fmt.DASH


def _name_width(width: int) -> int:
    least, most = NAME_WIDTHS
    room = width - ROW_WIDTH - 1
    return min(room, most) if room >= least else 0


def _cell(text: str, width: int) -> str:
    """Foreign text in exactly `width` cells, the last of them blank."""
    return set_cell_size(fmt.clean(text, width - 1), width)

"""Foreign text as terminals get it: one function for every front end."""

from __future__ import annotations

import unicodedata

import pytest
from rich.cells import cell_len

from papertrader_tui.feeds.sources.text import clean as of_source
from papertrader_tui.headless.text import clean as of_log
from papertrader_tui.text import clean
from papertrader_tui.tui.formatting import clean as of_console

NASTY = "\x1b[31m\u202eUS\u200bDC\u2066\ufeff\x07 \U000e0041\x9b2J"


def test_no_character_that_a_terminal_obeys_or_hides_gets_through() -> None:
    # the planes that hold letters, and the invisible tags
    for code in (*range(0x20000), *range(0xE0000, 0xE0200)):
        kept = clean(chr(code))
        assert kept in ("", chr(code))
        assert not kept or (unicodedata.category(kept)[0] not in "CZ" and cell_len(kept) > 0), code


@pytest.mark.parametrize(
    "front", [clean, of_console, of_log, lambda text: of_source(text, 60)],
    ids=["shared", "console", "log", "source"],
)  # fmt: skip
def test_every_front_end_drops_the_same(front) -> None:
    assert front(NASTY) == "[31mUSDC 2J"
    assert front("plain") == "plain"


def test_a_line_keeps_its_columns_and_a_name_does_not() -> None:
    line = " WETH     3,388.21\t\u200b USDC"
    assert clean(line, layout=True) == " WETH     3,388.21  USDC"
    assert clean(line) == "WETH 3,388.21 USDC"


def test_a_tower_of_marks_is_cut() -> None:
    assert clean("z" + "\u0301" * 9) == "z\u0301\u0301"
    assert clean("z" + "\u0301" * 9, marks=1) == "z\u0301"
    assert clean("\u0301z") == "z"

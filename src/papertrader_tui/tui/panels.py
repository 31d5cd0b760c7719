"""The panels of the Desk: one list for the tabs, jump mode and the help screen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel.

    Attributes:
        id: Its widget's id.
        title: Name on a tab and in help.
        letter: Key in jump mode.
        about: What it shows, in a sentence or two.
        keys: Keys that only work in it, with what they do.
        tab: It is a tab where there is no room for all panels.
    """

    id: str
    title: str
    letter: str
    about: str
    keys: tuple[tuple[str, str], ...]
    tab: bool = True


_MOVE = ("↑ ↓", "move through the rows, as do PgUp, PgDn, Home and End")

PANELS: tuple[Panel, ...] = (
    Panel(
        "watchlist",
        "Watchlist",
        "w",
        "Every token you watch, with its newest price. The row under the cursor is the selected "
        "token: the chart and the order ticket follow it. A dimmed price is too old to trade on.",
        (_MOVE, ("Enter", "show the token in the chart")),
        tab=False,
    ),
    Panel(
        "chart",
        "Chart",
        "h",
        "Candles of the selected token; ▲ and ▼ mark your fills, dashed lines your stop and "
        "target.",
        (("i", "next interval"),),
    ),
    Panel(
        "ticket",
        "Order",
        "o",
        "The order that you are writing, and what it would cost now. A size is dollars (500, "
        "1.5k), percent (25% of cash, or of the holding for a sale) or tokens (0.3t).",
        (
            ("Enter", "review, then send"),
            ("↑ ↓ Tab", "move through the fields"),
            ("← →", "change side or kind of order"),
            ("Esc", "edit again, then leave"),
        ),
    ),
    Panel(
        "positions",
        "Positions",
        "p",
        "What you hold. P&L is net of LP fees, impact and gas. An exit marked bot is the bot's; "
        "with a percentage it covers only that part of the holding.",
        (_MOVE, ("Enter", "show the token in the chart"), ("x", "close the position")),
    ),
    Panel(
        "orders",
        "Open orders",
        "e",
        "Orders that rest or are on their way to the chain.",
        (_MOVE, ("c", "cancel the order")),
    ),
    Panel(
        "gates",
        "Gates",
        "g",
        "Account gates and how much of each limit is used. A tripped gate stops new entries, by "
        "hand or by the bot; exits always go.",
        (_MOVE, ("r", "reset the tripped gate")),
    ),
    Panel(
        "decisions",
        "Decisions",
        "d",
        "What the bot concluded, newest first, with how sure it was, how risky it judged the "
        "token and how promising. ×n stands for n alike.",
        (_MOVE, ("Enter", "show every factor behind the decision")),
    ),
)

TABS: tuple[Panel, ...] = tuple(panel for panel in PANELS if panel.tab)
BY_ID: dict[str, Panel] = {panel.id: panel for panel in PANELS}

"""Every command of the console, once.

The footer, the help screen, the command palette, the key bindings and the README's table are all
made from this list.  `python -m papertrader_tui.tui.commands` prints that table.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from textual.binding import Binding, BindingType
from textual.keys import format_key

APP = "app"
DESK = "desk"


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that a key, the palette or a click in the footer can do.

    Attributes:
        id: Stable name, used to remap its key in config.toml.
        key: Key or keys (comma-separated), as a person would write them in config.toml.
        label: One word for the footer.
        palette: What it does, as an imperative for the palette.
        help: A sentence for the help screen and the README.
        group: Heading in the help screen.
        action: Textual action, on the app or on the Desk screen.
        scope: `app` or `desk`: where that action and its binding live.
        footer: Rank in the footer, 1 stays longest on a narrow terminal; 0 is not shown.
        asks: It asks once before it does anything.
    """

    id: str
    key: str
    label: str
    palette: str
    help: str
    group: str
    action: str
    scope: str = DESK
    footer: int = 0
    asks: bool = False


TRADE, BOT, VIEW, PROGRAM = "Trade", "Bot and safety", "Look", "Program"

COMMANDS: tuple[Command, ...] = (
    Command(
        "order.buy",
        "b",
        "Buy",
        "Buy the selected token",
        "Write a buy order for the selected token: a size, Enter, Enter.",
        TRADE,
        "buy",
        footer=1,
    ),
    Command(
        "order.sell",
        "s",
        "Sell",
        "Sell the selected token",
        "Write a sell order for the selected token.",
        TRADE,
        "sell",
        footer=2,
    ),
    Command(
        "position.close",
        "x",
        "Close",
        "Close the selected position",
        "Sell all of the selected token at market; its resting sells are cancelled.",
        TRADE,
        "close_position",
        footer=3,
    ),
    Command(
        "order.cancel",
        "c",
        "Cancel",
        "Cancel the selected open order",
        "Take back the selected open order, with the exits that hang on it.",
        TRADE,
        "cancel_order",
        footer=11,
    ),
    Command(
        "position.close_all",
        "X",
        "Close all",
        "Close all positions",
        "Sell every position at market.",
        TRADE,
        "close_all",
        asks=True,
    ),
    Command(
        "bot.toggle",
        "a",
        "Bot",
        "Switch the bot on or off",
        "Switch the auto-trader on or off. While on it manages every open position.",
        BOT,
        "toggle_bot",
        scope=APP,
        footer=5,
    ),
    Command(
        "level.down",
        "[",
        "Level",
        "Turn the intelligence level down",
        "One level lower: more careful, fewer trades.",
        BOT,
        "change_level(-1)",
        scope=APP,
        footer=9,
    ),
    Command(
        "level.up",
        "]",
        "Level",
        "Turn the intelligence level up",
        "One level higher: bolder, more trades.",
        BOT,
        "change_level(1)",
        scope=APP,
        footer=9,
    ),
    Command(
        "kill.set",
        "k",
        "Kill",
        "Set the kill switch",
        "Pause entries, allow exits only, or close everything.",
        BOT,
        "kill_switch",
        scope=APP,
        footer=6,
        asks=True,
    ),
    Command(
        "gate.reset",
        "r",
        "Reset gate",
        "Reset a tripped account gate",
        "Let entries go on after an account gate has stopped them.",
        BOT,
        "reset_gate",
        scope=APP,
        asks=True,
    ),
    Command(
        "token.find",
        "/",
        "Find",
        "Find a token",
        "Find a token by symbol, name or address; live, at the price sources too.",
        VIEW,
        "find_token",
        footer=8,
    ),
    Command(
        "token.watch",
        "w,+",
        "Watch",
        "Watch or unwatch the selected token",
        "Take the selected token off the watchlist, or put it back; / finds it again.",
        VIEW,
        "watch",
    ),
    Command(
        "chart.interval",
        "i",
        "Interval",
        "Change the chart's interval",
        "Next candle length: 1m, 5m, 15m, 1h, 4h.",
        VIEW,
        "cycle_interval",
        footer=13,
    ),
    Command(
        "app.jump",
        "ctrl+o",
        "Jump",
        "Jump to a panel",
        "Show a letter on every panel; press it to go there.",
        VIEW,
        "jump",
        footer=14,
    ),
    Command(
        "focus.next",
        "tab",
        "Next",
        "Go to the next panel or field",
        "Move the focus forwards.",
        VIEW,
        "app.focus_next",
    ),
    Command(
        "focus.previous",
        "shift+tab",
        "Previous",
        "Go to the previous panel or field",
        "Move the focus backwards.",
        VIEW,
        "app.focus_previous",
    ),
    Command(
        "focus.back",
        "escape",
        "Back",
        "Go back to the watchlist",
        "Leave a field, a panel or a window; what was typed is kept.",
        VIEW,
        "back",
    ),
    Command(
        "screen.desk",
        "1",
        "Desk",
        "Go to the Desk",
        "Prices, chart, orders, positions and decisions.",
        VIEW,
        "show_desk",
        scope=APP,
    ),
    Command(
        "screen.performance",
        "4",
        "Performance",
        "Show how the account has done",
        "Return, drawdown, Sharpe and the like, costs, trades by token and level, day by day.",
        VIEW,
        "show_performance",
        scope=APP,
    ),
    Command(
        "speed.down",
        "<",
        "Speed",
        "Play the market slower",
        "Demo and tape: one step slower. The status line shows the speed.",
        PROGRAM,
        "change_speed(-1)",
        scope=APP,
        footer=10,
    ),
    Command(
        "speed.up",
        ">",
        "Speed",
        "Play the market faster",
        "Demo and tape: one step faster, from ×1 to ×600, then as fast as possible.",
        PROGRAM,
        "change_speed(1)",
        scope=APP,
        footer=10,
    ),
    Command(
        "market.retry",
        "R",
        "Try again",
        "Look for live prices again",
        "Open the live market if a source answers now; live, ask every source again.",
        PROGRAM,
        "retry_market",
        scope=APP,
    ),
    Command(
        "app.theme",
        "t",
        "Theme",
        "Change the theme",
        "Pick a theme; it shows as you move through the list.",
        PROGRAM,
        "change_theme",
        scope=APP,
    ),
    Command(
        "app.help",
        "?,f1",
        "Help",
        "Show help",
        "Help for what has the focus, then every key.",
        PROGRAM,
        "show_help",
        scope=APP,
        footer=4,
    ),
    Command(
        "app.palette",
        "ctrl+p",
        "Palette",
        "Open the command palette",
        "Every command by name, and every token.",
        PROGRAM,
        "command_palette",
        scope=APP,
        footer=12,
    ),
    Command(
        "app.quit",
        "q",
        "Quit",
        "Quit papertrader",
        "Finish the step in hand, write it, and leave. The account goes on next time.",
        PROGRAM,
        "quit",
        scope=APP,
        footer=7,
    ),
)

BY_ID: dict[str, Command] = {command.id: command for command in COMMANDS}


class KeymapError(ValueError):
    """A remapped key cannot be used; the message names it and says what is possible."""


def _split(keys: str) -> list[str]:
    """Keys of a comma-separated list, in Textual's long form (`?` is `question_mark`)."""
    parts = [part.strip() or "," for part in keys.split(",")] if keys.strip() != "," else [","]
    return [binding.key for part in parts for binding in Binding.make_bindings([(part, "x", "")])]


def effective(keys: Mapping[str, str]) -> tuple[Command, ...]:
    """The commands with the keys that a person gave them.

    Raises:
        KeymapError: an id is unknown, a key is empty, or one key is given to two commands.
    """
    for name in keys:
        if name not in BY_ID:
            near = difflib.get_close_matches(name, BY_ID, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(BY_ID)}"
            msg = f"keys: no command is called {name!r}; {hint}"
            raise KeymapError(msg)
        if not keys[name].strip():
            msg = f"keys: {name} has no key; write one like 'B' or 'ctrl+b', or remove the line"
            raise KeymapError(msg)
    commands = tuple(
        replace(command, key=keys[command.id]) if command.id in keys else command
        for command in COMMANDS
    )
    taken: dict[str, str] = {}
    for command in commands:
        for key in _split(command.key):
            if key in taken:
                msg = f"keys: {show_key(key)!r} is given to both {taken[key]} and {command.id}"
                raise KeymapError(msg)
            taken[key] = command.id
    return commands


def keymap(keys: Mapping[str, str]) -> dict[str, str]:
    """The same for `App.set_keymap`."""
    return {name: ",".join(_split(value)) for name, value in keys.items()}


def bindings(scope: str) -> list[BindingType]:
    """Bindings of the app or of the Desk screen; each id is the command's."""
    return [
        Binding(
            ",".join(_split(command.key)),
            command.action,
            command.label,
            id=command.id,
            tooltip=command.help,
            show=command.footer > 0,
        )
        for command in COMMANDS
        if command.scope == scope
    ]


_SHOWN = {"escape": "Esc", "tab": "Tab", "shift+tab": "⇧Tab", "enter": "Enter", "f1": "F1"}


def show_key(key: str) -> str:
    """A key as a person reads it: `ctrl+p` is `^p`, `question_mark` is `?`."""
    if key in _SHOWN:
        return _SHOWN[key]
    return key.replace("ctrl+", "^") if "+" in key[1:] else format_key(key)


def show_keys(command: Command) -> str:
    """All keys of a command, separated by spaces."""
    return " ".join(show_key(key) for key in _split(command.key))


def first_key(command: Command) -> str:
    """The key that the footer shows."""
    return show_key(_split(command.key)[0])


def grouped(commands: Iterable[Command]) -> dict[str, list[Command]]:
    """Commands by their heading, both in the order of the list."""
    groups: dict[str, list[Command]] = {}
    for command in commands:
        groups.setdefault(command.group, []).append(command)
    return groups


def markdown() -> str:
    """The table of keys for the README."""
    lines = ["| Key | Command | What it does | id |", "|---|---|---|---|"]
    for command in COMMANDS:
        keys = " ".join(f"`{show_key(key)}`" for key in _split(command.key))
        lines.append(f"| {keys} | {command.palette} | {command.help} | `{command.id}` |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(markdown())

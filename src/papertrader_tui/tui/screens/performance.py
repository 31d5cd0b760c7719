"""How the account has done: the same rows that `papertrader report` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content
from textual.widgets import Static

from papertrader_tui.ports import Judge
from papertrader_tui.tui import formatting as fmt
from papertrader_tui.tui.performance_rows import Row, whole
from papertrader_tui.tui.screens.dialog import TextDialog

_STYLES = {
    "strong": "bold",
    "muted": "$foreground 56%",
    "dim": "$foreground 40%",
    "up": "$success",
    "down": "$error",
    "accent": "$accent",
}


class PerformanceScreen(TextDialog):
    """Return, risk, trades, costs and days of an account, as they are stored when it opens."""

    DEFAULT_CSS = """
    PerformanceScreen {
        & .box { width: 82; max-width: 100%; padding: 0 1; }
        & VerticalScroll { scrollbar-size-vertical: 1; }
        & Static { text-wrap: nowrap; text-overflow: ellipsis; }
    }
    """
    TITLE_TEXT = "Performance"

    def __init__(self, judge: Judge, account: str, names: Mapping[str, str]) -> None:
        """Take what tells it, the account's name, and what tokens are called, safe to show."""
        super().__init__()
        self._judge = judge
        self._account = account
        self._names = names

    def text(self) -> Content:
        return Content.styled("Reading the account…", _STYLES["muted"])

    def on_mount(self) -> None:
        self.run_worker(self._read(), group="report", exit_on_error=False)

    async def _read(self) -> None:
        try:
            report = await self._judge(self._account)
        except Exception as error:
            reason = fmt.clean(str(error)) or type(error).__name__
            self.query_one(Static).update(Content.styled(reason, _STYLES["down"]))
            return
        if not report.curve:
            text = "Nothing is recorded yet: the first price begins the equity curve."
            self.query_one(Static).update(Content(text))
            return
        self.query_one(Static).update(_content(whole(report, self._names)))


def _content(rows: Sequence[Row]) -> Content:
    return Content("\n").join(
        Content.assemble(*((text, _STYLES.get(tone, "")) for text, tone in row)) for row in rows
    )

"""The desk with no terminal: stdout is data, stderr is narration."""

from papertrader_tui.headless.lines import TAGS
from papertrader_tui.headless.runner import HeadlessDesk, HeadlessOptions, run_headless

__all__ = ["TAGS", "HeadlessDesk", "HeadlessOptions", "run_headless"]

"""How many notices a person can take: a fast market must not bury the screen. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace

from papertrader_tui.tui.wording import Toast

WINDOW_S = 5.0
LIMIT = 4
#: On the screen at once: a newer one takes the place of the oldest.
SHOWN = 2


def newest(waiting: Sequence[Toast]) -> list[Toast]:
    """Those of several that have waited for which there is room; the others are counted."""
    kept = list(waiting[-SHOWN:])
    dropped = len(waiting) - len(kept)
    if dropped:
        kept[-1] = replace(kept[-1], text=f"{kept[-1].text}\n… and {dropped} before")
    return kept


class ToastGate:
    """Lets through what answers to the person, and a few of the rest; the others are counted."""

    def __init__(self) -> None:
        self._shown: deque[float] = deque()

    def admit(self, toasts: Iterable[Toast], now_s: float) -> list[Toast]:
        """What to show now, at this many seconds from any origin."""
        while self._shown and now_s - self._shown[0] > WINDOW_S:
            self._shown.popleft()
        admitted: list[Toast] = []
        dropped = 0
        for toast in toasts:
            if toast.mine:
                admitted.append(toast)
            elif len(self._shown) < LIMIT:
                self._shown.append(now_s)
                admitted.append(toast)
            else:
                dropped += 1
        if dropped and admitted:
            last = admitted[-1]
            admitted[-1] = Toast(
                f"{last.text}\n… and {dropped} more", last.title, last.severity, last.mine
            )
        return admitted

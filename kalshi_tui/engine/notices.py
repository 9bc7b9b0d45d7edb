"""What people should hear of: a short list, newest last, that never grows beyond its bound."""

from __future__ import annotations

from collections import deque
from typing import Final

from kalshi_tui.core.text import clean
from kalshi_tui.link.views import Loudness, Notice, NoticesView

_KEPT: Final = 500
_WIDTH: Final = 300


class Notices:
    """The latest notices, numbered."""

    def __init__(self) -> None:
        self.total = 0
        self._kept: deque[Notice] = deque(maxlen=_KEPT)

    def tell(self, at_ms: int, words: str, loudness: Loudness = "info", ticker: str = "") -> None:
        """Add a notice; the same words again within the same second are one."""
        words = clean(words, _WIDTH)
        last = self._kept[-1] if self._kept else None
        if last is not None and last.words == words and last.ticker == ticker and at_ms - last.at_ms < 1_000:
            return
        self.total += 1
        self._kept.append(Notice(self.total, at_ms, loudness, words, ticker))

    def since(self, number: int) -> list[Notice]:
        """Return what was told after a number, as far as it is kept, oldest first."""
        return [notice for notice in self._kept if notice.number > number] if number < self.total else []

    def view(self, count: int) -> NoticesView:
        """Return the newest `count`, newest first."""
        return NoticesView(self.total, tuple(list(self._kept)[: -count - 1 : -1]))

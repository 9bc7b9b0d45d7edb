"""How far long work on a tape is, on stderr."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from kalshi_tui.cli.output import print_words

_EVERY_S: Final = 2.0


class Progress:
    """Says now and then how much is done; short work says nothing."""

    def __init__(
        self,
        verb: str,
        total: int,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        say: Callable[[str], None] = print_words,
    ) -> None:
        """Take what is done, and how many bytes there are to do it with."""
        self._verb = verb
        self._total = max(1, total)
        self._done = 0
        self._monotonic = monotonic
        self._say = say
        self._said_s = monotonic()

    def heard(self, count: int) -> None:
        """Hear that more bytes are done."""
        self._done += count
        now_s = self._monotonic()
        if now_s - self._said_s >= _EVERY_S:
            self._said_s = now_s
            self._say(f"{self._verb}: {min(100, 100 * self._done // self._total)} %")

"""Notices that the terminal itself stood still: what a person did meanwhile is not judged by that time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

STILL_S: Final = 0.1  # by so much a beat may be late on a busy machine


class Pulse:
    """Knows how often it should be asked, and by how much it was asked too late."""

    def __init__(self, monotonic: Callable[[], float], beat_s: float | None) -> None:
        """Where nobody promises beats, `beat_s` is None, and nothing is ever late."""
        self._monotonic = monotonic
        self._beat_s = beat_s
        self._at = monotonic()

    def stood_still_s(self) -> float:
        """Return for how long everything stood still since this was last asked; 0 where nothing did."""
        now = self._monotonic()
        late_s, self._at = now - self._at - (self._beat_s or 0.0), now
        return late_s if self._beat_s is not None and late_s > STILL_S else 0.0

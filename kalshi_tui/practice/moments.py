"""Random numbers that hang on the moment alone, so that an order more or less does not make another world of it."""

from __future__ import annotations

import random
from typing import Protocol


class Timed(Protocol):
    """Whatever has a seed and a time."""

    seed: int
    now_ms: int


class Moments(random.Random):
    """Begins anew at each millisecond, from the seed and the time; within one it goes on as any other does.

    It costs some 20 us for each moment in which anything is drawn.
    """

    def __init__(self, timed: Timed) -> None:
        """Draw by the time of an exchange."""
        super().__init__(timed.seed)
        self._timed = timed
        self._at_ms: int | None = None

    def random(self) -> float:
        """Return a number from 0 up to 1."""
        self._turn()
        return super().random()

    def getrandbits(self, k: int, /) -> int:
        """Return so many bits."""
        self._turn()
        return super().getrandbits(k)

    def gauss(self, mu: float = 0.0, sigma: float = 1.0) -> float:
        """Return a normal number; the half of a pair that is left over from another moment is not used."""
        self._turn()
        return super().gauss(mu, sigma)

    def _turn(self) -> None:
        if self._timed.now_ms != self._at_ms:
            self._at_ms = self._timed.now_ms
            self.seed(f"{self._timed.seed} {self._at_ms}")

"""A difference between two tellings: believed only when it was seen, unchanged, often enough and far enough apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LOOKS: Final = 3  # pages may lack rows
APART_MS: Final = 3_000  # and they lag: whoever looks three times within a second sees the same page three times


@dataclass(slots=True)
class Mismatch:
    """What did not agree, how often in a row it was seen so, and when that counted last."""

    value: int = 0
    seen: int = 0
    at_ms: int = 0
    mark: int = 0

    def is_seen_again(self, value: int, now_ms: int, mark: int, looks: int = 0) -> bool:
        """Take note of a look; tell whether the same was seen often enough; `mark` changes with each fill of it."""
        if (value, mark) != (self.value, self.mark):
            self.value, self.mark, self.seen, self.at_ms = value, mark, 1, now_ms
        elif now_ms - self.at_ms >= APART_MS:
            self.seen, self.at_ms = self.seen + 1, now_ms
        return self.seen >= (looks or LOOKS)

"""Finds the right name next to a wrong one, so that a typo costs a glance and not a search."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, words: Iterable[str]) -> str | None:
    """Return the most similar of `words`, or None when nothing is near."""
    by_lower = {known.lower(): known for known in words}
    found = get_close_matches(word.lower()[:100], by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """Write the hint for an unknown word: the nearest one, or all of them."""
    known = list(words)
    near = nearest(word, known)
    return f"did you mean {near}?" if near else f"known are: {', '.join(known)}"

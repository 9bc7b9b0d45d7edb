"""Query parameters, checked the way the published ranges say."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final

from kalshi_tui.practice.rest.wire import QueryRefused

_INTEGER: Final = re.compile(r"-?[0-9]{1,15}")
_LIST_LIMIT: Final = 1_000


class Query:
    """The query of one request; unknown names are ignored."""

    def __init__(self, operation: str, pairs: Sequence[tuple[str, str]]) -> None:
        self._operation = operation
        self._pairs = pairs
        self._last = dict(pairs)

    def text(self, name: str) -> str:
        """Return a text, empty when it is absent."""
        return self._last.get(name, "")

    def integer(self, name: str, *, minimum: int = 0, maximum: int = 10**15) -> int | None:
        """Return a whole number within its range, None when it is absent."""
        text = self._last.get(name, "")
        if not text:
            return None
        value = int(text) if _INTEGER.fullmatch(text) else None
        if value is None or not minimum <= value <= maximum:
            raise self.refusal(f"{name} must be an integer from {minimum} to {maximum}")
        return value

    def needed(self, name: str) -> int:
        """Return a whole number that must be there."""
        value = self.integer(name)
        if value is None:
            raise self.refusal(f"{name} is required")
        return value

    def limit(self, *, default: int = 100, minimum: int = 1, maximum: int = 1_000) -> int:
        """Return the page size; too large a one is refused, never clamped."""
        return self.integer("limit", minimum=minimum, maximum=maximum) or default

    def flag(self, name: str) -> bool | None:
        """Return a yes or no, None when it is absent."""
        text = self._last.get(name, "").lower()
        if text not in {"", "true", "false", "1", "0"}:
            raise self.refusal(f"{name} must be true or false")
        return text in {"true", "1"} if text else None

    def choice(self, name: str, options: Collection[str]) -> str:
        """Return one of the options, empty when it is absent."""
        text = self._last.get(name, "")
        if text and text not in options:
            raise self.refusal(f"{name} must be one of {', '.join(options)}")
        return text

    def listed(self, name: str, *, most: int = _LIST_LIMIT) -> list[str]:
        """Return the parts of a comma-separated text."""
        return self._bounded(name, [part for part in self._last.get(name, "").split(",") if part], most)

    def repeated(self, name: str, *, most: int = _LIST_LIMIT) -> list[str]:
        """Return every value of a name that may be given several times."""
        return self._bounded(name, [value for given, value in self._pairs if given == name and value], most)

    def refusal(self, sentence: str) -> QueryRefused:
        """Return the refusal of this operation's parameters."""
        return QueryRefused(self._operation, sentence)

    def _bounded(self, name: str, values: list[str], most: int) -> list[str]:
        if len(values) > most:
            raise self.refusal(f"{name} takes at most {most} values")
        return values

"""Who needs which market's book: shown, watched, asked for; a book is followed a while longer than it is needed."""

from __future__ import annotations

from collections.abc import Iterable


class Needs:
    """The tickers of each owner, and what follows from all of them together."""

    def __init__(self, linger_ms: int) -> None:
        self._linger_ms = linger_ms
        self._owned: dict[object, tuple[str, ...]] = {}
        self._count: dict[str, int] = {}
        self._leaving: dict[str, int] = {}  # since when nobody needs it
        self._new: dict[str, None] = {}

    def set(self, owner: object, tickers: Iterable[str], now_ms: int) -> None:
        """Let an owner need exactly these from now on."""
        tickers = tuple(dict.fromkeys(tickers))
        before = self._owned.get(owner, ())
        if tickers == before:
            return
        for ticker in tickers:
            self._take(ticker)
        for ticker in before:
            self._drop(ticker, now_ms)
        if tickers:
            self._owned[owner] = tickers
        else:
            self._owned.pop(owner, None)

    def of(self, owner: object) -> tuple[str, ...]:
        """Return what an owner needs."""
        return self._owned.get(owner, ())

    def is_followed(self, ticker: str) -> bool:
        """Tell whether a market is needed, or was a moment ago."""
        return ticker in self._count or ticker in self._leaving

    def followed(self) -> list[str]:
        """Return all that are followed."""
        return [*self._count, *self._leaving]

    def changes(self, now_ms: int) -> tuple[list[str], list[str]]:
        """Return what is to be followed since the last call, and what no longer."""
        new, self._new = list(self._new), {}
        gone = [ticker for ticker, since in self._leaving.items() if now_ms - since >= self._linger_ms]
        for ticker in gone:
            del self._leaving[ticker]
        return new, gone

    def _take(self, ticker: str) -> None:
        if ticker in self._count:
            self._count[ticker] += 1
            return
        self._count[ticker] = 1
        if self._leaving.pop(ticker, None) is None:
            self._new[ticker] = None

    def _drop(self, ticker: str, now_ms: int) -> None:
        self._count[ticker] -= 1
        if not self._count[ticker]:
            del self._count[ticker]
            if self._new.pop(ticker, False) is False:
                self._leaving[ticker] = now_ms

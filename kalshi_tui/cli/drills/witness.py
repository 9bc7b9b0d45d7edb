"""A terminal that watches everything and compares what is called live with what the exchange says of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from kalshi_tui.cli.drills.truth import Truth
from kalshi_tui.core.book import BookState
from kalshi_tui.link.client import Link
from kalshi_tui.link.keys import LadderKey, MarketsKey, NoticesKey, StatusKey
from kalshi_tui.link.views import LadderView, MarketRow, MarketsView, NoticesView, StatusView

DEPTH: Final = 1_000
ROWS: Final = 200
_NOTICES: Final = 200
_PROBLEMS: Final = 5


@dataclass(slots=True)
class Seen:
    """What a terminal saw, and what was wrong with it."""

    frames: int = 0  # ladders that were shown live, each compared
    rows: int = 0  # rows of the list that were shown live, each compared
    wrong: int = 0
    late: int = 0
    longest_ms: int = 0  # that a live ladder was behind the exchange
    problems: list[str] = field(default_factory=list)
    words: dict[str, None] = field(default_factory=dict)  # reasons and notices, each once
    notices: int = 0

    def add_problem(self, words: str) -> None:
        """Keep the first few."""
        if len(self.problems) < _PROBLEMS:
            self.problems.append(words)


class Witness:
    """One attached terminal."""

    def __init__(self, link: Link, truth: Truth, now_ms: Callable[[], int], *, limit_ms: int) -> None:
        """Watch the list, the status and the notices, and the ladder of whatever is on the list."""
        self.seen = Seen()
        self.status: StatusView | None = None
        self.whole_ms: int | None = None  # since when all books that count are live
        self.looks: dict[str, list[int]] = {}  # when each ladder came
        self._link = link
        self._truth = truth
        self._now_ms = now_ms
        self._limit_ms = limit_ms
        self._begun_ms = now_ms()
        self._shown: dict[str, int] = {}  # the place of each live ladder in its market's past
        self._away: dict[str, None] = {}  # books that count and are not live
        self._all_count = True
        self._sees: dict[type, Callable[..., None]] = {
            LadderView: self._ladder,
            MarketsView: self._list,
            StatusView: self._status,
            NoticesView: self._notices,
        }
        link.on_change = self._look
        for key in (MarketsKey(count=ROWS), StatusKey(), NoticesKey(_NOTICES)):
            link.watch(key)

    def followed(self) -> list[str]:
        """Return the markets whose ladders are watched."""
        return list(self.looks)

    def shows_live(self, ticker: str) -> bool:
        """Tell whether a ladder is shown live at this moment."""
        return ticker in self._shown

    def count_no_more(self) -> None:
        """Let books that are listed from now on say nothing about whether all are live again."""
        self._all_count = False

    def end(self) -> None:
        """Look at the last of each ladder once more."""
        for ticker in tuple(self._shown):
            self._leave(ticker)

    def _look(self) -> None:
        for watching in self._link.take_changed():
            if watching.problem:
                self.seen.add_problem(f"{watching.key} was not shown: {watching.problem}")
            elif (see := self._sees.get(type(watching.view))) is not None:
                see(watching.view)

    def _list(self, view: MarketsView) -> None:
        for row in view.rows:
            if row.ticker not in self.looks:
                self._follow(row.ticker)
            if row.state == BookState.LIVE:
                self._row(row)

    def _follow(self, ticker: str) -> None:
        self.looks[ticker] = []
        if self._all_count:
            self._away[ticker] = None
            self.whole_ms = None
        self._link.watch(LadderKey(ticker, DEPTH))

    def _row(self, row: MarketRow) -> None:
        self.seen.rows += 1
        top = (row.bid, row.ask, row.bid_size, row.ask_size)
        if not self._truth.of(row.ticker).had_top(top, self._now_ms() - self._limit_ms):
            self.seen.wrong += 1
            self.seen.add_problem(
                f"{self._when(row.ticker)} the list shows {top} live, and the exchange had no such top"
            )

    def _ladder(self, view: LadderView) -> None:
        ticker = view.ticker
        self.looks[ticker].append(self._now_ms())
        self._leave(ticker)
        if view.state is not BookState.LIVE:
            self.seen.words[view.reason] = None
            if self._all_count or ticker in self._away:
                self._away[ticker] = None
                self.whole_ms = None
            return
        self.seen.frames += 1
        self._is_live(ticker)
        place = self._truth.of(ticker).place_of(view)
        if place is None:
            self.seen.wrong += 1
            self.seen.add_problem(f"{self._when(ticker)} a ladder is live, and was never so at clock {view.clock}")
        else:
            self._shown[ticker] = place

    def _is_live(self, ticker: str) -> None:
        if ticker in self._away:
            del self._away[ticker]
            if not self._away:
                self.whole_ms = self._now_ms()

    def _leave(self, ticker: str) -> None:
        """Look how long the exchange had been further on when a live ladder was shown no longer."""
        place = self._shown.pop(ticker, None)
        moved_ms = None if place is None else self._truth.of(ticker).moved_ms(place)
        behind_ms = 0 if moved_ms is None else self._now_ms() - moved_ms
        self.seen.longest_ms = max(self.seen.longest_ms, behind_ms)
        if behind_ms > self._limit_ms:
            self.seen.late += 1
            self.seen.add_problem(f"{self._when(ticker)} a ladder was live and {behind_ms / 1000:.2f} s behind")

    def _status(self, view: StatusView) -> None:
        self.status = view

    def _notices(self, view: NoticesView) -> None:
        self.seen.notices = view.total
        self.seen.words.update(dict.fromkeys(notice.words for notice in view.rows))

    def _when(self, ticker: str) -> str:
        return f"{ticker} at {(self._now_ms() - self._begun_ms) / 1000:.3f} s:"

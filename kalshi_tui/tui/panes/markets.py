"""The list of markets: as many rows as are seen are watched, however many markets there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, get_args

from msgspec.structs import replace
from textual.events import Click, MouseScrollDown, MouseScrollUp
from textual.message import Message

from kalshi_tui.link.keys import MarketsKey, Sort
from kalshi_tui.link.views import MarketRow, MarketsView, View
from kalshi_tui.tui.actions import bindings
from kalshi_tui.tui.panes.market_rows import columns_for, event_row, head_row, market_row
from kalshi_tui.tui.panes.pane import Pane
from kalshi_tui.tui.widgets.lines import Row
from kalshi_tui.tui.wires import Wires
from kalshi_tui.tui.words import fit

HEAD_LINES: Final = 2
FOOT_LINES: Final = 1
STRIDE: Final = 20  # the watched window moves in strides, so that going down a line is not a new wish
SORTS: Final[tuple[Sort, ...]] = get_args(Sort)
SORT_WORDS: Final[Mapping[Sort, str]] = {
    "volume": "by volume",
    "close": "soonest close first",
    "open": "even odds first",
}


class Markets(Pane):
    """Markets under their events' titles."""

    NAME = "markets"
    BINDINGS = bindings("list")

    @dataclass
    class Opened(Message):
        """A market was chosen, by a person or because none was open yet."""

        ticker: str
        by_hand: bool = True

    class Cleared(Message):
        """All markets are to be shown again."""

    def __init__(self, wires: Wires, *, id: str) -> None:  # noqa: A002 - as Textual names it
        super().__init__(id=id)
        self._wires = wires
        self.view: MarketsView | None = None
        self.search = ""
        self.sort: Sort = "event"
        self.top = self.cursor = 0  # places in the whole list, not on the screen
        self.ticker = ""  # under the cursor: it stays there when others come or go
        self.opened = ""
        self.holds = False  # whether somebody else is going to say which market is opened first
        self.now_ms = 0
        self._is_other_list = False  # what is shown is not what is searched for any more
        self._lines: list[int] = []  # which market is on which line, see _laid

    def take(self, view: View) -> None:
        """Take a newer page."""
        if isinstance(view, MarketsView):
            self.view, self._is_other_list = view, False
            self._keep_cursor(view)
            self.drawn_anew()
            if not self.opened and not self.holds:
                self._open(by_hand=False)

    def look(self) -> None:
        """Wish for what is seen, with a margin."""
        offset = max(self.top // STRIDE * STRIDE - STRIDE, 0)
        count = (max(self.size.height, 1) // STRIDE + 4) * STRIDE
        key = MarketsKey(search=self.search, sort=self.sort, offset=offset, count=count)
        self._wires.wish("markets", key, self.take, self.refused)

    def outlive(self, reason: str) -> None:
        """Call every book stale until another page comes."""
        if self.view is not None:
            self.view = replace(self.view, rows=tuple(_doubted(row, reason) for row in self.view.rows))
            self.drawn_anew()

    def tell_time(self, now_ms: int) -> None:
        """Take the venue's time; what closes soon is drawn each second."""
        before, self.now_ms = self.now_ms, now_ms
        if before // 1000 != now_ms // 1000:
            self.drawn_anew()

    def find(self, words: str) -> None:
        """Show only markets whose tickers and titles hold these words."""
        if words != self.search:
            self.search = words
            self._begin_again("" if words else self.ticker or self.opened)

    def open_first(self) -> None:
        """Open the market under the cursor, now or when there is one, unless one is open."""
        self.holds = False
        if not self.opened:
            self._open(by_hand=False)

    def open_at(self, ticker: str) -> None:
        """Open a market, and put the cursor on it where it is in sight."""
        self.holds = False
        self.opened = self.ticker = ticker
        if self.view is not None:
            self._keep_cursor(self.view)
        self.post_message(self.Opened(ticker, by_hand=False))
        self.drawn_anew()

    def sort_by(self, sort: Sort) -> None:
        """Sort another way."""
        if sort != self.sort:
            self.sort = sort
            self._begin_again()

    def step(self, by: int) -> None:
        """Open the market so many places further on."""
        self.action_move(by)
        self._open(by_hand=False)

    def action_clear_search(self) -> None:
        """Show all markets again."""
        self.post_message(self.Cleared())

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self._go(self.cursor + by)

    def action_page(self, by: int) -> None:
        """Move by what is seen at once."""
        self._go(self.cursor + by * max(self._body() - 1, 1))

    def action_edge(self, by: int) -> None:
        """Go to an end of the list."""
        self._go(0 if by < 0 else self.matched - 1)

    def action_open(self) -> None:
        """Open the market under the cursor."""
        self._open(by_hand=True)

    def action_sort(self) -> None:
        """Sort by the next of the ways."""
        self.sort_by(SORTS[(SORTS.index(self.sort) + 1) % len(SORTS)])

    def _begin_again(self, ticker: str = "") -> None:
        """Go to a market or to the top of another list; until it has come, nothing of the one before can be opened."""
        self.top, self.cursor, self.ticker, self._is_other_list = 0, 0, ticker, True
        self.drawn_anew()

    def _open(self, *, by_hand: bool) -> None:
        if (row := self._row(self.cursor)) is not None and not self._is_other_list:
            self.opened = row.ticker
            self.post_message(self.Opened(row.ticker, by_hand))
            self.drawn_anew()

    @property
    def matched(self) -> int:
        """Return how many markets the search leaves."""
        return self.view.matched if self.view is not None else 0

    def drawn_anew(self) -> None:
        """Draw, and wish for what has come into sight."""
        super().drawn_anew()
        self.look()

    def rows(self, width: int, height: int) -> Sequence[Row]:
        """Return heading, columns, the markets that find room, and the foot."""
        view = self.view
        if view is None or (not view.rows and view.loading):
            self.waiting = view.loading if view is not None else self.waiting
            return self.placeholder(width)
        room = max(height - HEAD_LINES - FOOT_LINES, 0)
        self._scroll(room)
        body = [self._line(place, width) for place in self._lines]
        body += [()] * (room - len(body))
        columns = columns_for(width, self.sort)
        return [self._heading(width, view), head_row(width, columns), *body, self._foot(width)]

    def _line(self, place: int, width: int) -> Row:
        row = self._row(place if place >= 0 else -place - 1)
        if row is None:
            return ()
        if place < 0:
            return event_row(row, width)
        here = place == self.cursor
        mark = ">" if here else ("*" if row.ticker == self.opened else " ")
        if self.doubt:
            row = _doubted(row, self.doubt)
        return market_row(row, width, self.now_ms, mark=mark, under="cursor" if here else "", sort=self.sort)

    def _heading(self, width: int, view: MarketsView) -> Row:
        count = f"{view.matched:,} of {view.total:,}" if self.search else f"{view.total:,}"
        words = f"markets {count}" + (f"  search: {self.search}" if self.search else "")
        aside = view.loading or SORT_WORDS.get(self.sort, "")
        return self.heading(words, width, f"{fit(aside, min(len(aside), 30))} " if aside else "")

    def _foot(self, width: int) -> Row:
        row = self._row(self.cursor)
        if self.doubt:
            words = self.doubt
        elif row is None:
            words = "no market holds these words; Esc shows all" if self.search else "no market is listed"
        else:
            words = row.ticker + (f"  {row.state}: {row.reason}" if row.reason else "")
        return ((fit(f" {words}", width), "quiet"),)

    def _body(self) -> int:
        return max(self.size.height - HEAD_LINES - FOOT_LINES, 1)

    def _go(self, place: int) -> None:
        self.cursor = max(min(place, self.matched - 1), 0)
        row = self._row(self.cursor)
        self.ticker = row.ticker if row is not None else ""
        self.drawn_anew()

    def _row(self, place: int) -> MarketRow | None:
        view = self.view
        if view is None or not 0 <= place - view.offset < len(view.rows):
            return None
        return view.rows[place - view.offset]

    def _keep_cursor(self, view: MarketsView) -> None:
        """Stay on the market, not on its place, when the list changes."""
        places = [view.offset + index for index, row in enumerate(view.rows) if row.ticker == self.ticker]
        if self.ticker and places:
            self.top = max(self.top + places[0] - self.cursor, 0)
            self.cursor = places[0]
        self.cursor = max(min(self.cursor, view.matched - 1), 0)
        row = self._row(self.cursor)
        self.ticker = row.ticker if row is not None else self.ticker

    def _scroll(self, height: int) -> None:
        """Bring the cursor into sight, moving no more than that needs."""
        self.top = max(min(self.top, self.cursor), 0)
        self._lines = self._laid(self.top, height)
        while self.cursor not in self._lines and self.top < self.cursor:
            self.top = max(self.top + 1, self.cursor - height)
            self._lines = self._laid(self.top, height)

    def _laid(self, top: int, height: int) -> list[int]:
        """Say which market is on which line; an event's line has the number of its first market, turned negative."""
        lines: list[int] = []
        event: str | None = None
        place = top
        while len(lines) < height and place < self.matched:
            row = self._row(place)
            if self.sort == "event" and row is not None and row.event_ticker != event:
                event = row.event_ticker
                lines.append(-place - 1)
            lines.append(place)
            place += 1
        return lines[:height]

    def on_click(self, event: Click) -> None:
        """Open the market that was clicked."""
        y = event.y - HEAD_LINES
        if 0 <= y < len(self._lines) and self._lines[y] >= 0:
            self._go(self._lines[y])
            self.action_open()

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Go down."""
        event.stop()
        self.action_move(3)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Go up."""
        event.stop()
        self.action_move(-3)


def _doubted(row: MarketRow, reason: str) -> MarketRow:
    return replace(row, state="stale", reason=reason) if row.state == "live" else row

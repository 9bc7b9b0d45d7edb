"""The ladder: a market's book on a price axis that stands still while the market moves along it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace
from textual.events import MouseScrollDown, MouseScrollUp

from kalshi_tui.core.book import BookState
from kalshi_tui.core.units import Price
from kalshi_tui.core.words import dollars
from kalshi_tui.link.views import LadderView, MarketView, View
from kalshi_tui.tui.actions import bindings
from kalshi_tui.tui.panes.axis import Axis, axis_of
from kalshi_tui.tui.panes.ladder_rows import STATE_STYLES, Rungs, head_rung, rung
from kalshi_tui.tui.panes.pane import Pane
from kalshi_tui.tui.widgets.lines import Row
from kalshi_tui.tui.words import fit, wrap

HEAD_LINES: Final = 3
FOOT_LINES: Final = 1
OUTDATED: Final = "its description, and with it the grid, has changed"


class Ladder(Pane):
    """One market's prices from high to low, bids at the left and asks at the right."""

    NAME = "ladder"
    BINDINGS = bindings("ladder")

    def __init__(self, *, id: str) -> None:  # noqa: A002 - as Textual names it
        super().__init__(id=id)
        self.waiting = "no market is open: Enter opens the one under the cursor"
        self.ticker = ""
        self.market: MarketView | None = None
        self.book: LadderView | None = None
        self.axis = Axis(())
        self.top: Price | None = None  # the price of the first row; None until there is one
        self.cursor: Price | None = None
        self._is_held = False  # somebody looks elsewhere by the wheel

    def open(self, ticker: str) -> None:
        """Show another market from now on."""
        if ticker != self.ticker:
            self.ticker, self.waiting = ticker, "waiting for its book"
            self.market = self.book = self.top = self.cursor = None
            self._is_held = False
            self.axis = Axis(())
            self.drawn_anew()

    def take(self, view: View) -> None:
        """Take a newer book, or a newer description with its grid."""
        if isinstance(view, LadderView) and view.ticker == self.ticker:
            self.book = view
        elif isinstance(view, MarketView) and view.ticker == self.ticker:
            if self.market is None or self.market.grid != view.grid:
                self.axis = axis_of(view.grid)
            self.market = view
        if self.book is not None and self.market is not None:
            self._place_levels(self.book)
            self._follow(self.book)
        self.drawn_anew()

    def on_resize(self) -> None:
        """Draw for the new size; the market stays in the middle unless somebody looks elsewhere."""
        if self.cursor is None and not self._is_held and self.book is not None and self.market is not None:
            self._centre(self.book)
        super().on_resize()

    def outlive(self, reason: str) -> None:
        """Call the book stale until another comes."""
        if self.book is not None:
            self.book = _doubted(self.book, reason)
            self.drawn_anew()

    def action_recentre(self) -> None:
        """Bring the market to the middle, and let the cursor go."""
        self.cursor, self._is_held = None, False
        if self.book is not None:
            self._centre(self.book)
        self.drawn_anew()

    def action_move(self, by: int) -> None:
        """Move the cursor up by so many prices; the first time it starts beside the market."""
        self._go(by)

    def action_page(self, by: int) -> None:
        """Move the cursor by what is seen at once."""
        self._go(by * max(self._body() - 1, 1))

    def action_edge(self, by: int) -> None:
        """Go to the highest or the lowest price."""
        self._go(by * len(self.axis))

    def action_leave_cursor(self) -> None:
        """Let the cursor go: the ladder follows the market again."""
        self.cursor, self._is_held = None, False
        self.drawn_anew()

    def rows(self, width: int, height: int) -> Sequence[Row]:
        """Return heading, state, columns, prices and the foot."""
        book, market = self.book, self.market
        if book is not None and self.doubt:
            book = _doubted(book, self.doubt)
        heading = self.heading(f"{self.ticker or self.NAME}", width)
        if book is None or market is None:
            return [heading, ((fit(f" {self.waiting}", width), "quiet"),)]
        rungs = Rungs.of(book, self.axis, width)
        first = self._first()
        prices = self.axis.prices[first : first + max(height - HEAD_LINES - FOOT_LINES, 0)]
        body = [rung(price, rungs, width, here=price == self.cursor) for price in prices]
        body += [()] * (height - HEAD_LINES - FOOT_LINES - len(body))
        name = market.yes_title or market.title
        heading = self.heading(f"{self.ticker}  {name}", width)
        doubt = market.doubt or (OUTDATED if book.revision > market.revision else "")
        head = [heading, *state_rows(book, doubt, width), head_rung(rungs, width)]
        return [*head[:HEAD_LINES], *body, self._foot(book, width)]

    def _foot(self, book: LadderView, width: int) -> Row:
        words = f" {_spread_words(book)}   "
        unsent = [
            f"{count - len(sent):,} {side}"
            for side, count, sent in (("bids", book.bid_levels, book.bids), ("asks", book.ask_levels, book.asks))
            if count > len(sent)
        ]
        if unsent:
            words, deeper = words[:width], f"not shown: {', '.join(unsent)} deeper"
            return (words, "quiet"), (fit(deeper, max(width - len(words), 0)), "stale")
        return ((fit(f"{words}{book.bid_levels:,} bids, {book.ask_levels:,} asks", width), "quiet"),)

    def _place_levels(self, book: LadderView) -> None:
        prices = [price for price, _ in (*book.bids, *book.asks)]
        if book.last_price is not None:
            prices.append(book.last_price)
        if not self.axis.holds(prices):
            self.axis = self.axis.with_prices(prices)

    def _follow(self, book: LadderView) -> None:
        """Recentre only when the market has left the view and nobody uses the cursor or the wheel."""
        if self.top is None:
            self._centre(book)
        elif self.cursor is None and not self._is_held and (best := _best(book)):
            first = self._first()
            if not any(first <= self.axis.place[price] < first + self._body() for price in best):
                self._centre(book)

    def _centre(self, book: LadderView) -> None:
        best = _best(book) or [book.last_price or Price(5_000)]
        places = [self.axis.place.get(price, len(self.axis) // 2) for price in best]
        self._put_first(sum(places) // len(places) - self._body() // 2)

    def _put_first(self, place: int) -> None:
        place = max(min(place, len(self.axis) - self._body()), 0)
        self.top = self.axis.prices[place] if len(self.axis) else None

    def _first(self) -> int:
        """Return the place of the first row; where the pane has grown, the last prices come to its end."""
        place = self.axis.place.get(self.top, 0) if self.top is not None else 0
        return max(min(place, len(self.axis) - self._body()), 0)

    def _body(self) -> int:
        return max(self.size.height - HEAD_LINES - FOOT_LINES, 1)

    def _go(self, by: int) -> None:
        if self.book is None or not len(self.axis):
            return
        if self.cursor is None:
            best = _best(self.book) or [self.axis.prices[self._first()]]
            self.cursor = best[-1] if by > 0 else best[0]
            by -= (by > 0) - (by < 0)
        place = max(min(self.axis.place.get(self.cursor, 0) - by, len(self.axis) - 1), 0)
        self.cursor = self.axis.prices[place]
        first = self._first()
        if place < first:
            self._put_first(place)
        elif place >= first + self._body():
            self._put_first(place - self._body() + 1)
        self.drawn_anew()

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Look lower."""
        event.stop()
        self._wheel(3)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Look higher."""
        event.stop()
        self._wheel(-3)

    def _wheel(self, by: int) -> None:
        self._is_held = True
        self._put_first(self._first() + by)
        self.drawn_anew()


def state_rows(book: LadderView, doubt: str, width: int) -> list[Row]:
    """Say whether the book may be believed and why not; a long reason takes the place of the columns' headings."""
    words, style = book.state.upper(), STATE_STYLES[book.state]
    if book.reason and book.state is not BookState.LIVE:
        words += f": {book.reason}"
    if doubt:
        words, style = f"{words}; in doubt: {doubt}", "warn"
    if book.bids and book.asks and book.bids[0][0] >= book.asks[0][0]:
        words, style = f"{words}; CROSSED: bids and asks overlap", "alarm"
    first, *more = wrap(words, max(width - 2, 1))
    rows: list[Row] = [((fit(f" {first}", width), style),)]
    return [*rows, ((fit(f" {' '.join(more)}", width), style),)] if more else rows


def _doubted(book: LadderView, reason: str) -> LadderView:
    return replace(book, state=BookState.STALE, reason=reason) if book.state is BookState.LIVE else book


def _best(book: LadderView) -> list[Price]:
    return [side[0][0] for side in (book.bids, book.asks) if side]


def _spread_words(book: LadderView) -> str:
    if not book.bids and not book.asks:
        return "nobody bids or asks"
    if not book.bids or not book.asks:
        return "nobody bids" if not book.bids else "nobody asks"
    spread = Price(max(book.asks[0][0] - book.bids[0][0], 0))
    return f"spread {dollars(spread)}"

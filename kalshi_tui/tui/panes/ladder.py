"""The ladder: a market's book on a price axis that stands still while the market moves along it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import replace
from textual.events import MouseScrollDown, MouseScrollUp

from kalshi_tui.core.book import BookState
from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import SIZE_ONE, Price, Size
from kalshi_tui.core.words import dollars
from kalshi_tui.errors import ValueRefused
from kalshi_tui.link.trading import Draft, OrderRow, PositionRow
from kalshi_tui.link.views import LadderView, MarketView, View
from kalshi_tui.tui.actions import bindings
from kalshi_tui.tui.drafts import side_at, stepped_size
from kalshi_tui.tui.look import SIZES
from kalshi_tui.tui.panes.axis import Axis, axis_of
from kalshi_tui.tui.panes.ladder_rows import (
    NOTHING_OF_OURS,
    STATE_STYLES,
    Rungs,
    average_row,
    head_rung,
    own_marks,
    rung,
)
from kalshi_tui.tui.panes.pane import Pane
from kalshi_tui.tui.widgets.lines import Cell, Row
from kalshi_tui.tui.words import fit, short_size, wrap

HEAD_LINES: Final = 3
FOOT_LINES: Final = 1
OUTDATED: Final = "its description, and with it the grid, has changed"


class Ladder(Pane):
    """One market's prices from high to low, bids at the left and asks at the right."""

    NAME = "ladder"
    BINDINGS = bindings("ladder")

    def __init__(self, sizes: Sequence[Size] = SIZES, *, id: str) -> None:  # noqa: A002 - as Textual names it
        super().__init__(id=id)
        self._sizes = sizes
        self.order_size = sizes[0] if sizes else SIZE_ONE  # what is staged from here
        self._side: Side | None = None  # what the cursor does, where somebody has said so
        self._own: Mapping[Price, Cell] = NOTHING_OF_OURS
        self._held: PositionRow | None = None
        self._average: Price | None = None  # its row; looked for when it or the axis changes, not for each picture
        self.waiting = "no market is open: Enter opens the one under the cursor"
        self.ticker = ""
        self.market: MarketView | None = None
        self.book: LadderView | None = None
        self.axis = Axis(())
        self.top: Price | None = None  # the price of the first row; None until there is one
        self.cursor: Price | None = None
        self._is_held = False  # somebody looks elsewhere by the wheel
        self._is_placed = False  # it was laid around a market; before, there was only an empty book

    def open(self, ticker: str) -> None:
        """Show another market from now on."""
        if ticker != self.ticker:
            self.ticker, self.waiting = ticker, "waiting for its book"
            self.market = self.book = self.top = self.cursor = self._side = self._held = self._average = None
            self._own = NOTHING_OF_OURS
            self._is_held = self._is_placed = False
            self.axis = Axis(())
            self.drawn_anew()

    def take(self, view: View) -> None:
        """Take a newer book, or a newer description with its grid."""
        if isinstance(view, LadderView) and view.ticker == self.ticker:
            self.book = view
        elif isinstance(view, MarketView) and view.ticker == self.ticker:
            if self.market is None or self.market.grid != view.grid:
                self.axis = axis_of(view.grid)
                self._average = average_row(self._held, self.axis)
            self.market = view
        if self.book is not None and self.market is not None:
            self._place_levels(self.book)
            self._follow(self.book)
        self.drawn_anew()

    def take_own(self, orders: Sequence[OrderRow], held: PositionRow | None) -> None:
        """Take what of this market works for us and what is held; marks are made here, not for each picture."""
        own = own_marks(orders)
        if (own, held) != (self._own, self._held):
            self._own, self._held = own, held
            self._average = average_row(held, self.axis)
            self.drawn_anew()

    @property
    def side(self) -> Side:
        """Return what the cursor does: what somebody said, or what rests at its price."""
        if self._side is not None or self.book is None or self.cursor is None:
            return self._side or "bid"
        return side_at(self.book, self.cursor)

    def at_cursor(self) -> Draft:
        """Return the order that stands for the cursor."""
        if self.book is None or self.cursor is None:
            raise ValueRefused("no price is under the cursor", hint="move it with Up and Down")
        return Draft(self.ticker, self.side, self.cursor, self.order_size)

    def open_book(self) -> LadderView:
        """Return the book that is shown, or refuse where there is none."""
        if self.book is None:
            raise ValueRefused("there is no book to go by", hint="open a market, and wait for its book")
        return self.book

    def action_preset(self, number: int) -> None:
        """Take one of the sizes."""
        if number < len(self._sizes):
            self.order_size = self._sizes[number]
            self.drawn_anew()

    def action_size(self, by: int) -> None:
        """Make the size larger or smaller."""
        self.order_size = stepped_size(self.order_size, by)
        self.drawn_anew()

    def action_side(self, side: Side) -> None:
        """Say what the cursor does; the first time it starts at that side's best price."""
        if self.cursor is None:
            self._go(-1 if side == "bid" else 1)
        self._side = side
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
        self.cursor, self._side, self._is_held = None, None, False
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
        self.cursor, self._side, self._is_held = None, None, False
        self.drawn_anew()

    def rows(self, width: int, height: int) -> Sequence[Row]:
        """Return heading, state, columns, prices and the foot."""
        book, market = self.book, self.market
        if book is not None and self.doubt:
            book = _doubted(book, self.doubt)
        heading = self.heading(f"{self.ticker or self.NAME}", width)
        if book is None or market is None:
            return [heading, ((fit(f" {self.waiting}", width), "quiet"),)]
        rungs = Rungs.of(book, self.axis, width, self._own, self._average)
        first = self._first()
        prices = self.axis.prices[first : first + max(height - HEAD_LINES - FOOT_LINES, 0)]
        body = [rung(price, rungs, width, here=price == self.cursor) for price in prices]
        body += [()] * (height - HEAD_LINES - FOOT_LINES - len(body))
        name = market.yes_title or market.title
        heading = self.heading(f"{self.ticker}  {name}", width)
        doubt = market.doubt or (OUTDATED if book.revision > market.revision else "")
        head = [heading, *state_rows(book, doubt, width), head_rung(rungs, width, self._order_words())]
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

    def _order_words(self) -> Cell:
        """Say what Enter would stage at the cursor, or which size the other keys take."""
        size = short_size(self.order_size, 7)
        if self.cursor is None:
            return f"size {size}", "last"
        return f"{'BUY' if self.side == 'bid' else 'SELL'} {size}", f"{self.side} strong"

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
            if not self._is_placed or not any(first <= self.axis.place[price] < first + self._body() for price in best):
                self._centre(book)

    def _centre(self, book: LadderView) -> None:
        best = _best(book)
        self._is_placed = bool(best)
        best = best or [book.last_price or Price(5_000)]
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
        if by:
            self._side = None  # another price, another meaning
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

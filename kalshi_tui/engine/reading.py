"""What the venue answers over REST becomes knowledge: catalogue, exchange state, polled books, reference values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec

from kalshi_tui.core.events import BookReplaced, TradeSeen
from kalshi_tui.core.orders import Side
from kalshi_tui.core.text import clean
from kalshi_tui.engine import inputs
from kalshi_tui.engine.questions import Question, next_page
from kalshi_tui.engine.store import Reference
from kalshi_tui.errors import RemoteProtocolError, ValueRefused
from kalshi_tui.protocol import rest

if TYPE_CHECKING:
    from kalshi_tui.engine.kernel import Kernel

_NO_CLOCK: Final = 0
_ABSENT_KEPT: Final = 1_000


class _ReferenceRow(msgspec.Struct):
    name: str
    value: Decimal
    ts_ms: int
    about: str = ""


class _ReferenceReply(msgspec.Struct):
    values: list[_ReferenceRow]


_read_references: Final = msgspec.json.Decoder(_ReferenceReply).decode
_read_status: Final = rest.exchange_status().read
_read_books: Final = rest.books(["X"]).read
_read_trades: Final = rest.trades().read
_SIDES: Final[dict[str, Side]] = {"bid": "bid", "ask": "ask"}


class Reading:
    """Asks through `Questions`, and takes the answers in."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._problems: dict[str, str] = {}  # why a list of the catalogue could not be read the last time
        self._pages = 0
        self._absent: dict[str, None] = {}  # what the venue was asked about and does not have
        self._takes: dict[str, Callable[[Any, int], None]] = {
            "series": self._series,
            "events": self._events,
            "event": self._event,
            "updated": self._markets,
            "markets": self._markets,
            "fee_changes": self._fee_changes,
            "event_fee_changes": self._fee_changes,
            "status": self._status,
            "books": self._books,
            "trades": self._trades,
            "reference": self._references,
        }

    def questions(self) -> list[Question]:
        """Return what to ask now."""
        kernel = self._kernel
        kernel.asking.read_anew(kernel.catalogue.must_read(), kernel.now_ms)
        kernel.asking.read_events_anew(kernel.catalogue.must_read_events(), kernel.now_ms)
        was_reading = kernel.asking.is_reading()
        found = kernel.asking.due(kernel.now_ms)
        if kernel.asking.is_reading() and not was_reading:
            kernel.catalogue.begin_read()
        if kernel.status.polled_reason(kernel.now_ms):
            followed = [ticker for ticker in kernel.following.needs.followed() if ticker not in self._absent]
            found += kernel.asking.poll(followed, kernel.now_ms)
        return found

    def learn(self, tickers: Iterable[str]) -> None:
        """Ask the venue about markets that the catalogue does not have."""
        unknown = [ticker for ticker in tickers if ticker not in self._kernel.catalogue]
        self._kernel.asking.read_anew(unknown, self._kernel.now_ms)

    def loading(self) -> str:
        """Return how far the first reading of the catalogue is, or nothing once it is complete."""
        if self._kernel.asking.has_read:
            return ""
        if self._problems:
            return f"the list of markets cannot be read: {next(iter(self._problems.values()))}"
        return f"reading the list of markets: {self._kernel.catalogue.counts[2]:,} so far"

    def not_anew(self) -> str:
        """Return why the catalogue that is there is not kept current, or nothing while it is."""
        return f"not read anew: {next(iter(self._problems.values()))}" if self._problems else ""

    def is_absent(self, ticker: str) -> bool:
        """Tell whether the venue was asked about a market and has none of that name."""
        return ticker in self._absent

    def why_no_book(self, ticker: str) -> str:
        """Say why a market has no book."""
        if ticker in self._absent:
            return "the venue has no market of this name"
        return "not followed yet" if ticker in self._kernel.catalogue else "asking the venue about it"

    def replied(self, taken: inputs.Replied) -> None:
        """Take an answer in."""
        kernel, question = self._kernel, Question(taken.endpoint, taken.argument)
        try:
            self._takes[taken.endpoint](taken, kernel.asking.asked_ms(question, taken.at_ms))
        except (RemoteProtocolError, ValueRefused, msgspec.DecodeError, UnicodeError) as problem:
            self._failed(question, f"the answer cannot be read: {problem}")
            return
        was_reading = kernel.asking.is_reading()
        if kernel.asking.answered(question, taken.body, taken.at_ms):
            self._problems.pop(taken.endpoint, None)
        if was_reading and not kernel.asking.is_reading():
            kernel.catalogue.end_read(kernel.now_ms)
            kernel.catalogue.keep_only(kernel.following.needs.followed(), kernel.now_ms)
        self.announce()

    def not_replied(self, taken: inputs.NotReplied) -> None:
        """Take note that a question got no answer."""
        self._failed(Question(taken.endpoint, taken.argument), taken.reason)

    def kept(self, taken: inputs.Kept) -> None:
        """Take what an earlier run had stored; it is old until it is read anew."""
        self._kernel.catalogue.take_kept(taken.kind, taken.rows)

    def announce(self) -> None:
        """Tell what has changed in the descriptions of markets, and follow those that were missing until now."""
        kernel = self._kernel
        for ticker in [ticker for ticker in self._absent if ticker in kernel.catalogue]:
            del self._absent[ticker]
            kernel.following.come_back(ticker)
        for change in kernel.catalogue.take_changes():
            kernel.notices.tell(kernel.now_ms, change.words, change.loudness, change.ticker)

    def _failed(self, question: Question, reason: str) -> None:
        kernel = self._kernel
        kernel.asking.failed(question, kernel.now_ms)
        if question.endpoint in {"events", "series", "updated"}:
            self._problems[question.endpoint] = reason
        if question.endpoint == "books":
            for ticker in question.argument.split(","):
                kernel.store.polled.pop(ticker, None)  # it is older now than it is said to be
        kernel.notices.tell(kernel.now_ms, f"{question.endpoint}: {reason}", "warning")

    def _series(self, taken: inputs.Replied, asked_ms: int) -> None:
        self._kernel.catalogue.take_series(taken.body, taken.at_ms, asked_ms)

    def _events(self, taken: inputs.Replied, asked_ms: int) -> None:
        self._kernel.catalogue.take_events(taken.body, taken.at_ms, asked_ms)

    def _event(self, taken: inputs.Replied, asked_ms: int) -> None:
        self._kernel.catalogue.take_event(taken.body, taken.at_ms, asked_ms)

    def _markets(self, taken: inputs.Replied, asked_ms: int) -> None:
        catalogue = self._kernel.catalogue
        asked_for = taken.argument.split(",") if taken.endpoint == "markets" else ()
        catalogue.take_markets(taken.body, taken.at_ms, asked_ms, asked_for)
        for ticker in asked_for:
            if ticker not in catalogue:
                self._absent[ticker] = None
                if len(self._absent) > _ABSENT_KEPT:
                    del self._absent[next(iter(self._absent))]
                self._kernel.following.leave(ticker)

    def _fee_changes(self, taken: inputs.Replied, _: int) -> None:
        self._kernel.catalogue.take_fee_changes(taken.body, taken.at_ms, is_last=not next_page(taken.body))

    def _status(self, taken: inputs.Replied, _: int) -> None:
        before, self._kernel.status.exchange = self._kernel.status.exchange, _read_status(taken.body)
        self._kernel.status.exchange_read_ms = taken.at_ms
        now = self._kernel.status.exchange
        if before is not None and (before.exchange_active, before.trading_active) != (
            now.exchange_active,
            now.trading_active,
        ):
            words = "open again" if now.exchange_active and now.trading_active else "paused"
            self._kernel.notices.tell(taken.at_ms, f"the exchange is {words}", "warning")

    def _books(self, taken: inputs.Replied, asked_ms: int) -> None:
        if not self._kernel.status.polled_reason(taken.at_ms):
            return  # the stream came back while we asked; its books are better than these
        for image in _read_books(taken.body):
            self._kernel.store.poll(BookReplaced(image.ticker, image.bids, image.asks, _NO_CLOCK, asked_ms))

    def _trades(self, taken: inputs.Replied, _: int) -> None:
        trades = [
            TradeSeen(
                row.trade_id, row.ticker, row.price, row.size, _SIDES[row.taker_side], row.is_block, row.created_ms
            )
            for row in _read_trades(taken.body).rows
            if row.ticker == taken.argument
        ]
        self._kernel.store.log_of(taken.argument).add_past(trades)
        self._kernel.publishing.touched[taken.argument] = taken.at_ms

    def _references(self, taken: inputs.Replied, _: int) -> None:
        for row in _read_references(taken.body).values:
            name = clean(row.name, 80)
            self._kernel.store.references[name] = Reference(
                name, row.value, clean(row.about, 200), row.ts_ms, taken.at_ms
            )

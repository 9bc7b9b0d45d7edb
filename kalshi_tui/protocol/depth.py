"""The books of one connection after another: snapshots and changes applied in step, and doubt settled by snapshots.

A book that is out of step takes nothing but a snapshot. Wrong and LIVE must not happen, so whatever is not proven
(a gap, a message that cannot be read, a level below zero, a clock that went back) takes books out of step at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from kalshi_tui.core.book import BookState, Level
from kalshi_tui.core.events import BookChanged, BookReplaced, BookStateChanged, BookTouched, Event
from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import Price, Size, parse_size_change
from kalshi_tui.errors import ValueRefused
from kalshi_tui.protocol.codec import Damaged
from kalshi_tui.protocol.commands import Command
from kalshi_tui.protocol.patience import Patience
from kalshi_tui.protocol.subscriptions import Arrival, Subscription
from kalshi_tui.protocol.ticks import NO_PRICES, GridOf, check_tick, read_levels
from kalshi_tui.protocol.tracked import Coming, Counters, Lane, TrackedBook
from kalshi_tui.protocol.wire import LEVEL_PRICES, Delta, Snapshot


class Depth:
    """All books that we follow, on one sid."""

    def __init__(
        self,
        subscription: Subscription,
        patience: Patience,
        counters: Counters,
        tell: Callable[[Event], None],
        *,
        use_yes_price: bool,
        tells_changes: bool,
        grid_of: GridOf,
    ) -> None:
        self.subscription = subscription
        self.books: dict[str, TrackedBook] = {}
        self.lanes: dict[str, Lane] = {}  # of books in step that changed since their snapshot and are not crossed
        self.must_ask = False  # some book went out of step since the last look
        self._only_old_came = False  # whether some book was asked for again and again, and only old snapshots came
        self._waiting: dict[str, TrackedBook] = {}
        self._crossed: dict[str, TrackedBook] = {}
        self._patience = patience
        self._counters = counters
        self._tell = tell
        self._tells_changes = tells_changes
        self._grid_of = grid_of
        self.ask_prices = LEVEL_PRICES if use_yes_price else NO_PRICES
        self._staleness = "not connected"
        self._outage: tuple[BookState, str] | None = (BookState.STALE, "not connected")

    def watch(self, ticker: str) -> None:
        """Follow another market; its book waits for a snapshot."""
        if ticker not in self.books:
            state, reason = self._outage or (BookState.RESYNC, "waiting for its first snapshot")
            self.books[ticker] = self._waiting[ticker] = TrackedBook(
                ticker, state, reason, tells_changes=self._tells_changes
            )
            self._tell(BookStateChanged(ticker, state, reason))
            if ticker in self.subscription.told:
                self.books[ticker].retry_at_ms = 0  # it is still being sent, so no snapshot comes unasked

    def unwatch(self, ticker: str) -> None:
        """Follow a market no longer."""
        for books in (self.books, self.lanes, self._waiting, self._crossed):
            books.pop(ticker, None)

    def snapshot(self, message: Snapshot, now_ms: int) -> Event | None:
        """Take a whole book; one that comes after a gap proves only itself."""
        body = message.msg
        tracked = self.books.get(body.market_ticker)
        if not self._may_take(message, tracked, now_ms) or tracked is None:
            self._counters.ignored += tracked is None
            return None
        try:
            bids = read_levels(body.yes_dollars_fp, LEVEL_PRICES)
            asks = read_levels(body.no_dollars_fp, self.ask_prices)
            tracked.book.replace(bids, asks)
        except ValueRefused as error:
            self._counters.malformed += 1
            self.lose(tracked, str(error), now_ms)
            return None
        self._get_in_step(tracked, message, now_ms)
        return BookReplaced(tracked.ticker, tuple(bids), tuple(asks), body.clock, message.sending_ts_ms)

    def delta(self, message: Delta, now_ms: int) -> Event | None:
        """Take a change that came in turn; most are taken on the stream's hot path and never come here."""
        body = message.msg
        tracked = self.books.get(body.market_ticker)
        if tracked is None or not tracked.in_step:
            self._counters.ignored += 1
            self._miss(tracked, message)
            return None
        if body.clock < tracked.clock or body.clock == tracked.snapshot_clock:
            self._early_clock(tracked, message, now_ms)
            return None
        if tracked.book.crossed and body.clock > tracked.clock:
            self._doubt_crossing(tracked, now_ms)
            self._miss(tracked, message)
            return None
        side: Side = "bid" if body.side == "yes" else "ask"
        try:
            price = (LEVEL_PRICES if side == "bid" else self.ask_prices)[body.price_dollars]
            change = parse_size_change(body.delta_fp)
        except ValueRefused as error:
            self._counters.malformed += 1
            self.lose(tracked, str(error), now_ms)
            self._miss(tracked, message)
            return None
        return self.move(tracked.lane, message, (side, price, change), now_ms)

    def move(
        self, lane: Lane, message: Delta, told: tuple[Side, Price, Size], now_ms: int
    ) -> BookChanged | BookTouched | None:
        """Apply a change by which a level may come or go, and with it the best price."""
        body, book = message.msg, lane.book
        side, price, change = told
        try:
            if price not in (book.bids if side == "bid" else book.asks):
                check_tick(self._grid_of(book.ticker), book.ticker, price)
            if side == "bid":
                book.change_bid(price, change)
            else:
                book.change_ask(price, change)
        except ValueRefused as error:
            self._counters.malformed += 1
            self.lose(self.books[book.ticker], str(error), now_ms)
            self._miss(self.books[book.ticker], message)
            return None
        lane.clock = body.clock
        if book.crossed:
            self._look_at_crossing(self.books[book.ticker], now_ms)
        else:
            self.lanes[book.ticker] = lane
        return lane.touched or BookChanged(book.ticker, side, price, change, body.clock, body.ts_ms)

    def _early_clock(self, tracked: TrackedBook, message: Delta, now_ms: int) -> None:
        """Drop a change that the last snapshot holds, or notice that the exchange's clock went back.

        Only the times tell these two apart: the snapshot holds what happened before it was sent.
        """
        self._counters.old_clocks += 1
        is_first = tracked.clock == tracked.snapshot_clock
        if not (is_first and 0 < message.msg.ts_ms < tracked.snapshot_sent_ms):
            self.lose(tracked, "the exchange's clock went back", now_ms)
            self._miss(tracked, message)

    def _miss(self, tracked: TrackedBook | None, message: Any) -> None:
        """Remember the clock of a change that was told in order and not applied: older snapshots do not hold it."""
        if tracked is not None:
            tracked.missed_clock = message.msg.clock

    def _look_at_crossing(self, tracked: TrackedBook, now_ms: int) -> None:
        """Watch a book whose sides overlap: one action's changes may do that, the next action may not find it so."""
        self.lanes.pop(tracked.ticker, None)
        if tracked.crossing != tracked.book.crossings:
            tracked.crossing, tracked.crossed_ms = tracked.book.crossings, now_ms
            self._crossed[tracked.ticker] = tracked

    def count(self, message: Any, now_ms: int) -> bool:
        """Count a message that is not applied; return whether it is new."""
        arrival = self._arrived(message, now_ms)
        if type(message) is Delta and arrival in {Arrival.JUMP, Arrival.UNPROVEN}:
            self._miss(self.books.get(message.msg.market_ticker), message)
        return arrival is not Arrival.DUPLICATE

    def damaged(self, damage: Damaged, now_ms: int) -> None:
        """Take out of step what a message concerned that cannot be read: one book where the rest of it is sound."""
        arrival = None if damage.seq is None else self._arrived(damage, now_ms)
        if arrival is Arrival.DUPLICATE:
            return
        tracked = self.books.get(damage.ticker or "")
        if arrival is Arrival.NEXT and tracked is not None:
            self.lose(tracked, damage.reason, now_ms)
        else:
            self.lose_all(damage.reason, now_ms)

    def refused(self, keys: tuple[str, ...], reason: str) -> None:
        """Show that the exchange would not send these markets."""
        for tracked in filter(None, map(self._waiting.get, keys)):
            self._show(tracked, BookState.DEAD, reason)

    def lose(self, tracked: TrackedBook, reason: str, now_ms: int, state: BookState = BookState.RESYNC) -> None:
        """Take one book out of step; a snapshot is asked for at once, or after a while where that did not help."""
        if tracked.in_step:
            tracked.in_step = False
            self.lanes.pop(tracked.ticker, None)
            tracked.coming = None
            self._waiting[tracked.ticker] = tracked
            self._counters.resyncs += 1
            if now_ms - tracked.in_step_ms >= self._patience.calm_ms:
                tracked.attempts = 0
            tracked.retry_at_ms = self._next_try(tracked, now_ms)
            self.must_ask = True
        self._show(tracked, state, reason)

    def lose_all(
        self,
        reason: str,
        now_ms: int,
        *,
        spare: TrackedBook | None = None,
        state: BookState = BookState.RESYNC,
    ) -> None:
        """Take every book out of step: the sequence is shared, so a gap may concern any of them."""
        if len(self._waiting) == len(self.books) and state is BookState.RESYNC:
            return
        for tracked in self.books.values():
            if tracked is not spare and (tracked.in_step or state is not BookState.RESYNC):
                self.lose(tracked, reason, now_ms, state)

    def doubt(self, ticker: str, reason: str, now_ms: int) -> None:
        """Take a book out of step because somebody outside has reason to."""
        tracked = self.books.get(ticker)
        if tracked is not None and tracked.in_step:
            self._counters.doubts += 1
            self.lose(tracked, reason, now_ms)

    def opened(self, now_ms: int, *, snapshots_come: bool) -> None:
        """Wait for the snapshots of a new sid; those of an old one have to be asked for."""
        self._outage = None
        self._only_old_came = False
        wait_ms = self._patience.answer_ms if snapshots_come else 0
        coming = Coming(now_ms) if snapshots_come else None
        for tracked in self.books.values():
            if tracked.ticker in self.subscription.barred:
                continue
            tracked.attempts, tracked.asked = 0, None
            tracked.lane.clock = tracked.snapshot_clock = tracked.missed_clock = 0
            tracked.retry_at_ms = now_ms + wait_ms
            tracked.coming = coming
            self._show(tracked, BookState.RESYNC, "waiting for its snapshot")

    def resume(self, ticker: str, clock: int, bids: Iterable[Level], asks: Iterable[Level], now_ms: int) -> None:
        """Hold a book as another run held it, in the middle of its changes."""
        tracked = self.books[ticker]
        tracked.book.replace(bids, asks)
        tracked.lane.clock, tracked.asked, tracked.retry_at_ms = clock, None, None
        tracked.in_step, tracked.in_step_ms = True, now_ms
        self._waiting.pop(ticker, None)
        if not tracked.book.crossed:
            self.lanes[ticker] = tracked.lane
        self._show(tracked, BookState.STALE if self._staleness else BookState.LIVE, self._staleness)

    def closed(self, state: BookState, reason: str, now_ms: int) -> None:
        """The sid is gone: nobody could answer, and no book is right any more."""
        self._outage = (state, reason)
        self.lose_all(reason, now_ms, state=state)
        for tracked in self._waiting.values():
            tracked.asked = tracked.retry_at_ms = None

    def freshen(self, staleness: str) -> None:
        """Show the connection's health on every book that is in step."""
        if staleness == self._staleness:
            return
        self._staleness = staleness
        for tracked in self.books.values():
            if tracked.in_step:
                self._show(tracked, BookState.STALE if staleness else BookState.LIVE, staleness)

    def tick(self, now_ms: int) -> None:
        """Doubt books whose sides have overlapped for too long."""
        for tracked in list(self._crossed.values()):
            if tracked.crossing != tracked.book.crossings or not (tracked.in_step and tracked.book.crossed):
                del self._crossed[tracked.ticker]
            elif now_ms - tracked.crossed_ms > self._patience.crossed_ms:
                self._doubt_crossing(tracked, now_ms)

    def due(self, now_ms: int) -> tuple[str, ...]:
        """Return the next books to ask a snapshot for."""
        long_ago_ms = now_ms - self._patience.answer_ms
        due = (
            book.ticker
            for book in self._waiting.values()
            if book.retry_at_ms is not None
            and book.retry_at_ms <= now_ms
            and (book.coming is None or book.coming.last_ms <= long_ago_ms)
            and book.ticker in self.subscription.told
        )
        return tuple(islice(due, self._patience.batch))

    def is_hopeless(self) -> bool:
        """Return whether asking has failed and no book is in step, so that the subscription itself must be at fault."""
        tries = self._patience.snapshot_tries
        return self._only_old_came or (
            len(self._waiting) == len(self.books)
            and any(book.attempts >= tries and book.asked is None for book in self._waiting.values())
        )

    def told(self, keys: tuple[str, ...], now_ms: int) -> None:
        """Expect first snapshots of markets that were added."""
        coming = Coming(now_ms)
        for tracked in filter(None, map(self._waiting.get, keys)):
            tracked.retry_at_ms = now_ms + self._patience.answer_ms
            tracked.coming = coming

    def asked(self, command: Command) -> None:
        """Expect the snapshots that were asked for."""
        for tracked in map(self._waiting.__getitem__, command.keys):
            tracked.attempts += 1
            tracked.asked, tracked.asked_ms, tracked.retry_at_ms = command.id, command.sent_ms, None
            tracked.coming = None

    def unanswered(self, command: Command, now_ms: int) -> None:
        """Ask again later for what was refused or did not come."""
        for tracked in filter(None, map(self._waiting.get, command.keys)):
            if tracked.asked == command.id:
                tracked.asked = None
                tracked.retry_at_ms = self._next_try(tracked, now_ms)
                self._show(tracked, tracked.state, f"no snapshot after {tracked.attempts} requests")

    def _next_try(self, tracked: TrackedBook, now_ms: int) -> int:
        if not tracked.attempts:
            return now_ms
        return max(now_ms, tracked.asked_ms + self._patience.cooldown(tracked.attempts))

    def _arrived(self, message: Any, now_ms: int, spare: TrackedBook | None = None) -> Arrival:
        seq, due = message.seq, self.subscription.last.seq + 1
        arrival = self.subscription.arrive(message)
        if arrival is Arrival.DUPLICATE:
            self._counters.duplicates += 1
        elif arrival is Arrival.JUMP:
            self._counters.gaps += 1
            self.lose_all(f"the sequence jumped: {seq} came, {due} was due", now_ms, spare=spare)
        elif arrival is Arrival.BACK:
            self._counters.gaps += 1
            self.lose_all(f"the sequence went back: {seq} came, {due} was due", now_ms)
            self._ask_anew(now_ms)
        return arrival

    def _ask_anew(self, now_ms: int) -> None:
        """Believe no answer that may have been under way already: only a newer question's answer is new."""
        for tracked in self._waiting.values():
            if tracked.asked is not None:
                tracked.asked = None
                tracked.retry_at_ms = self._next_try(tracked, now_ms)

    def _may_take(self, message: Snapshot, tracked: TrackedBook | None, now_ms: int) -> bool:
        """Count a snapshot and decide whether it is known to be the exchange's latest word."""
        is_sent = tracked is not None and self.subscription.surely_sends(tracked.ticker)
        arrival = self._arrived(message, now_ms, tracked if is_sent else None)
        if tracked is None or arrival is Arrival.DUPLICATE or not is_sent:
            return False
        is_in_turn = arrival in {Arrival.NEXT, Arrival.JUMP}
        if not is_in_turn and (message.id is None or message.id != tracked.asked):
            return False
        if message.msg.clock < tracked.told_clock:
            self._refuse_old(tracked, now_ms)
            return False
        if not is_in_turn:
            self.subscription.last = message
        return True

    def _refuse_old(self, tracked: TrackedBook, now_ms: int) -> None:
        """Ask anew where a snapshot lacks what was told before it; only a new sid may count from an earlier clock."""
        self._counters.old_clocks += 1
        self._only_old_came |= tracked.attempts >= self._patience.snapshot_tries
        self.lose(tracked, "a snapshot came that is older than the changes before it", now_ms)
        if tracked.asked is not None or tracked.coming is not None:
            tracked.asked = tracked.coming = None
            tracked.retry_at_ms = self._next_try(tracked, now_ms)
            self.must_ask = True

    def _get_in_step(self, tracked: TrackedBook, message: Snapshot, now_ms: int) -> None:
        clock = message.msg.clock
        tracked.lane.clock = tracked.snapshot_clock = clock
        tracked.missed_clock = 0
        self.lanes.pop(tracked.ticker, None)  # until a first change shows which clocks the snapshot holds
        tracked.snapshot_sent_ms = message.sending_ts_ms
        tracked.in_step, tracked.asked = True, None
        tracked.in_step_ms = now_ms
        if tracked.coming is not None:
            tracked.coming.last_ms = now_ms
        self._waiting.pop(tracked.ticker, None)
        if tracked.book.crossed:
            self.lose(tracked, "bids and asks overlap in the exchange's own snapshot", now_ms)
        elif self._staleness:
            self._show(tracked, BookState.STALE, self._staleness)
        else:
            self._show(tracked, BookState.LIVE, "")

    def _doubt_crossing(self, tracked: TrackedBook, now_ms: int) -> None:
        self._crossed.pop(tracked.ticker, None)
        self.doubt(tracked.ticker, "bids and asks overlap", now_ms)

    def _show(self, tracked: TrackedBook, state: BookState, reason: str) -> None:
        tracked.reason = reason
        if tracked.state is not state:
            tracked.state = state
            self._tell(BookStateChanged(tracked.ticker, state, reason))

"""Cash as we and the venue count it, and what the day has brought since midnight in New York."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kalshi_tui.core.book import Book
from kalshi_tui.core.fees import FeeTerms, predict
from kalshi_tui.core.newyork import day_of
from kalshi_tui.core.positions import Position
from kalshi_tui.core.units import Money, Price, Size, complement
from kalshi_tui.core.words import money
from kalshi_tui.engine.trading import entries
from kalshi_tui.engine.trading.breakers import STEP_MS

if TYPE_CHECKING:
    from kalshi_tui.engine.trading.desk import Desk


_LOSSES: Final = "the day's result is"
_SETTLED_MS: Final = 20_000
"""After a leap of the time: whatever was asked before it is answered or given up by then."""


class Cash:
    """What is there and what is free; where the two tellings differ the lower one counts."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.told: Money | None = None
        self.told_by_shard: dict[int, Money] = {}
        self.told_ms = 0

    def take(self, told: Money, by_shard: dict[int, Money]) -> None:
        """Take the venue's word."""
        self.told, self.told_by_shard, self.told_ms = told, by_shard, self._desk.now_ms

    def balance(self) -> Money | None:
        """Return the cash, what works reserved or not; None before the venue has told any."""
        ours = self._desk.ledger.cash()
        return self.told if ours is None else ours

    def free(self) -> Money | None:
        """Return the cash that nothing that works may need."""
        balance = self.balance()
        if balance is None:
            return None
        free = balance - self._desk.risk.reserved()
        is_quiet = not any(True for _ in self._desk.ledger.working()) and not self._desk.risk.owed()
        return Money(min(free, self.told) if is_quiet and self.told is not None and self._is_new() else free)

    def _is_new(self) -> bool:
        return self._desk.fill_ms < self.told_ms


class Day:
    """The worth of everything at prices that could be had, and what it was at midnight."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._marks: dict[str, Money] = {}  # the last believed worth of each holding
        self._sizes: dict[str, Size] = {}
        self._exits: dict[str, tuple[tuple[int, Size, FeeTerms], Money]] = {}  # and the book that each was had of
        self._venue_ms = 0
        self._leapt_ms = 0  # when the venue's time was last put right, or went on at once

    def beat(self) -> None:
        """Begin a new day where midnight has passed and the worth is known."""
        venue_ms = self._desk.venue_ms
        if self._venue_ms and abs(venue_ms - self._venue_ms) > STEP_MS:
            self._leapt_ms = self._desk.now_ms
        self._venue_ms = venue_ms
        if self._is_due():
            today, worth = day_of(venue_ms), self.worth()
            if worth is not None:
                self._desk.note(entries.DayBegan(self._desk.now_ms, today, worth))
                self._resume("a new day has begun in New York")
        self._look_at_losses()

    def _is_due(self) -> bool:
        """Tell whether it is a later day at the venue than the last one: our own clock alone may be days off.

        The first one has no loss before it that could be forgotten. Any other waits until the clocks agree, and after a
        leap for a comparison so much later: until its answers the venue's time is only what it was before the leap.
        """
        desk, day = self._desk, self._desk.ledger.day
        if desk.offset_ms is None or desk.reconciled_ms is None:
            return False
        if day is None:
            return True
        is_settled = not self._leapt_ms or desk.reconciled_ms - self._leapt_ms >= _SETTLED_MS
        return is_settled and abs(desk.offset_ms) <= desk.rules.offset_ms and day.day < day_of(desk.venue_ms)

    def _look_at_losses(self) -> None:
        """Let only what lowers risk through once the day's limit is lost, and say more loudly at half as much again."""
        desk, result = self._desk, self.result()
        if result is None or not -result >= desk.rules.daily_loss:
            return
        state = "halted" if -result * 2 >= desk.rules.daily_loss * 3 else "reducing"
        halted = desk.ledger.halted.get("")
        if halted is not None and halted.state in {"halted", state}:
            return
        reason = (
            f"{_LOSSES} {money(result)} since midnight in New York, and {money(desk.rules.daily_loss)} is the limit"
        )
        desk.note(entries.Halted(desk.now_ms, "", reason, state))
        desk.kills.auto_disarm(reason)
        desk.tell(reason, "alarm")

    def begin_anew(self, why: str) -> None:
        """Count losses from now on, because a person has typed what that means."""
        desk, worth = self._desk, self.worth()
        if worth is not None:
            last, is_known = desk.ledger.day, desk.offset_ms is not None
            today = day_of(desk.venue_ms) if is_known or last is None else last.day
            desk.note(entries.DayBegan(desk.now_ms, today, worth))
        self._resume(why)

    def _resume(self, why: str) -> None:
        halted = self._desk.ledger.halted.get("")
        if halted is not None and halted.reason.startswith(_LOSSES):
            self._desk.note(entries.Resumed(self._desk.now_ms, "", why))

    def excludes(self, before: Money | None, cost: Money) -> None:
        """Let what was taken over since `before` be no gain of the day; what it takes away stays a loss."""
        desk, after = self._desk, self.result()
        gain = cost if before is None or after is None else max(after - before, 0)
        if desk.ledger.day is not None and gain:
            worth = Money(desk.ledger.day.worth + desk.ledger.moved_today + gain)
            desk.note(entries.DayBegan(desk.now_ms, desk.ledger.day.day, worth))

    def result(self) -> Money | None:
        """Return what has been won or lost since midnight; None where something held cannot be valued."""
        day, worth = self._desk.ledger.day, self.worth()
        if day is None or worth is None:
            return None
        return Money(worth - day.worth - self._desk.ledger.moved_today)

    def worth(self) -> Money | None:
        """Return cash and holdings at prices that could be had."""
        cash = self._desk.ledger.cash()
        if cash is None:
            return None
        total = int(cash)
        for (ticker, _), position in self._desk.ledger.portfolio.positions().items():
            if not position.size:
                continue
            mark = self.mark(ticker, position)
            if mark is None:
                return None
            total += mark
        return Money(total)

    def mark(self, ticker: str, position: Position) -> Money | None:
        """Return what a holding would bring now; what nobody bids for is worth nothing, an unknown book the last."""
        now = self._exit(ticker, position)
        if now is not None:
            self._marks[ticker], self._sizes[ticker] = now, position.size
            return now
        last, size = self._marks.get(ticker), self._sizes.get(ticker)
        if last is None or not size:
            return None
        return last if size == position.size else Money(last * abs(position.size) // abs(size))

    def _exit(self, ticker: str, position: Position) -> Money | None:
        settled = self._desk.result_of(ticker)
        if settled is not None:
            return position.payout("scalar", settled)
        book, terms = self._desk.believed_book(ticker), self._desk.terms_of(ticker)[0]
        if book is None or terms is None:
            return None
        of = (self._desk.kernel.stream.books[ticker].clock, position.size, terms)
        known = self._exits.get(ticker)
        if known is None or known[0] != of:  # most books stand still from one beat to the next
            known = self._exits[ticker] = (of, self._sold(book, position.size, terms))
        return known[1]

    def _sold(self, book: Book, size: Size, terms: FeeTerms) -> Money:
        """Return what selling a holding now would bring, or buying back what was sold."""
        is_long = size > 0
        side, levels = ("ask", book.depth("bid", 1_000)) if is_long else ("bid", book.depth("ask", 1_000))
        limit = Price(1) if is_long else Price(9_999)
        walk = predict(terms, levels, side=side, size=Size(abs(size)), limit=limit, policy=self._desk.risk.policy)  # type: ignore[arg-type]  # both are sides
        if is_long:
            return Money(walk.value - walk.fee)
        return Money(complement(Price(0)) * walk.size - walk.value - walk.fee)

"""Compares our books with the venue's: at the start, after the private stream was away, when asked, and on time.

One way for all of them. What a list shows is taken in as it comes; what a list lacks counts only once it is complete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec

from kalshi_tui.core.orders import Fill, Order
from kalshi_tui.core.positions import Position
from kalshi_tui.core.units import Price
from kalshi_tui.core.words import money
from kalshi_tui.engine import inputs
from kalshi_tui.engine.trading import asking, entries
from kalshi_tui.engine.trading.cash_compared import CashCompared
from kalshi_tui.engine.trading.mismatch import Mismatch
from kalshi_tui.engine.trading.order import HeldOrder
from kalshi_tui.engine.trading.positions_compared import PositionsCompared, differ
from kalshi_tui.errors import RemoteProtocolError, ValueRefused
from kalshi_tui.link import trading as link
from kalshi_tui.link.intents import Done
from kalshi_tui.protocol.rest.portfolio import Balance, Settlement

if TYPE_CHECKING:
    from kalshi_tui.engine.trading.desk import Desk

PRIVATE: Final = ("fill", "user_orders")
_OVERLAP_MS: Final = 600_000
_LAG_MS: Final = 5_000  # lists may lack for so long what the stream has told
_PATIENCE_MS: Final = 1_000
_LONGEST_MS: Final = 4_000
_AGAIN_MS: Final = 4_000  # between two looks at the same mismatch
_ABSENT_MS: Final = 30_000
_SILENT_MS: Final = 1_000
KEY_REFUSED: Final = 401
_UNREADABLE: Final = (RemoteProtocolError, ValueRefused, msgspec.DecodeError, UnicodeError)


@dataclass(slots=True)
class Round:
    """One comparison under way."""

    is_full: bool
    started_ms: int
    venue_ms: int  # the same by the venue's clock, which its lists go by
    left: set[tuple[str, str]] = field(default_factory=set)
    open_orders: dict[str, Order] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)  # by client_order_id
    has_orders: bool = False
    fills: dict[tuple[str, str], Fill] = field(default_factory=dict)
    fills_since_ms: int = 0
    positions: dict[str, Position] = field(default_factory=dict)
    balance: Balance | None = None
    failure: str = ""


class Comparing:
    """Runs the rounds and draws their conclusions."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.clean_ms: int | None = None
        self.words = "not compared with the venue yet"
        self._round: Round | None = None
        self._due_ms: int | None = None
        self._full_due_ms = 0
        self._failures = 0
        self._ready: dict[str, None] = {}
        self._away = "the stream of our orders is not open yet"
        self._asked: dict[tuple[str, str], int] = {}  # and when
        self._confirmed: dict[str, int] = {}
        self._lacking: dict[tuple[str, str], Mismatch] = {}  # trades that a list lacks
        self._is_equal = False  # whether the last comparison of everything found no mismatch
        self._fills_ms = 0  # up to when fills are complete
        self._settled_ms = 0
        self._unresolved_pause_ms = _PATIENCE_MS
        self._wanted = self._wanted_full = False  # what was asked for while a round was under way
        self._cash = CashCompared(desk)
        self._holdings = PositionsCompared(desk)
        self._takes: dict[str, Callable[[Round, Any], None]] = {
            asking.OPEN_ORDERS: self._open_orders,
            asking.ORDERS: self._orders,
            asking.FILLS: self._fills,
            asking.POSITIONS: self._positions,
            asking.SETTLEMENTS: self._settlements,
            asking.BALANCE: self._balance,
            asking.GROUPS: lambda _, groups: self._desk.groups.listed(groups),
        }

    # What sets it off

    def begin(self) -> None:
        """Compare everything, as at every start; on paper there is nobody to compare with."""
        if self._desk.paper is not None:
            self.clean_ms, self.words = self._desk.now_ms, ""
            return
        ledger = self._desk.ledger
        last_ms = 0 if ledger.is_fresh else min(ledger.last_ms, self._desk.venue_ms)
        # Rows are timed by our clock, which may have been wrong: what the venue itself has timed is better.
        self._fills_ms = min(last_ms, max((known.fill.ts_ms for known in ledger.fills.values()), default=0))
        self._settled_ms = min(last_ms, max((row.settled_ms for row in ledger.settled.values()), default=0))
        self.clean_ms, self.words = None, "comparing with the venue"
        self._full_due_ms = self._due_ms = self._desk.now_ms

    def ready(self, channel: str) -> None:
        """Hear that a private channel is being sent; what happened before must be read."""
        if channel in PRIVATE and self._desk.is_open and self._desk.paper is None:
            self._ready[channel] = None
            self._away = ""
            self.clean_ms, self.words = None, "comparing with the venue after the stream was away"
            self._compare_all(self._desk.now_ms)

    def away(self, channel: str, reason: str) -> None:
        """Hear that a private channel is not sent any more."""
        if channel in PRIVATE or not channel:
            self._ready.clear() if not channel else self._ready.pop(channel, None)
            self._away = reason

    def private_problem(self) -> str:
        """Say why our own orders and fills are not being told, or nothing."""
        if len(self._ready) == len(PRIVATE) or self._desk.paper is not None:
            return ""
        return f"our own orders are not told: {self._away or 'not subscribed yet'}"

    def compare_soon(self) -> None:
        """Compare within a second."""
        due_ms = self._desk.now_ms + _PATIENCE_MS
        self._due_ms = due_ms if self._due_ms is None else min(self._due_ms, due_ms)
        self._wanted = self._round is not None

    def compare_anew(self, words: str) -> None:
        """Compare everything now, and believe nothing before that."""
        if self._desk.paper is None:
            self.clean_ms, self.words = None, words
            self._compare_all(self._desk.now_ms)

    def compare_now(self, _: link.Reconcile) -> Done:
        """Compare everything now."""
        self._compare_all(self._desk.now_ms)
        return Done("comparing with the venue")

    def ended(self, ticker: str) -> None:
        """Hear that a market was determined or has paid: what it paid must be read, if something is held of it."""
        if self._desk.is_open and self._desk.paper is None and ticker in self._desk.ledger.tickers():
            self._compare_all(self._desk.now_ms + _PATIENCE_MS)

    def _compare_all(self, at_ms: int) -> None:
        self._full_due_ms = self._due_ms = at_ms
        self._wanted_full = self._round is not None

    def beat(self) -> None:
        """Begin a round where one is due."""
        now_ms = self._desk.now_ms
        if self._desk.paper is not None:
            self.clean_ms = now_ms
            return
        if self._round is None and self._due_ms is not None and now_ms >= self._due_ms:
            self._start(is_full=now_ms >= self._full_due_ms)

    def look_at(self, order_id: str) -> None:
        """Ask about one order."""
        self._ask(asking.ORDER, order_id)

    def confirm(self, ticker: str) -> None:
        """Ask for a book whose stream is quiet, so that quiet is known from dead."""
        desk = self._desk
        if desk.now_ms - desk.kernel.status.heard_ms > _SILENT_MS and desk.paper is None:
            self._ask(asking.BOOK, ticker)

    def confirmed_ms(self, ticker: str) -> int:
        """Return when the venue last showed the same best prices as our book."""
        return self._confirmed.get(ticker, 0)

    def acknowledge(self, intent: link.Acknowledge) -> Done:
        """Go on from what the venue tells."""
        desk, difference = self._desk, self._desk.ledger.differences.get(intent.number)
        if difference is None:
            raise ValueRefused(f"there is no difference {intent.number}", hint="`kalshi-tui status` lists them")
        if difference.kind == "position":
            self._holdings.take_over(difference)
        desk.note(entries.DifferenceEnded(desk.now_ms, intent.number, "acknowledged"))
        if difference.ticker in desk.ledger.halted:
            desk.note(entries.Resumed(desk.now_ms, difference.ticker, "its difference was acknowledged"))
        self.compare_now(link.Reconcile())
        return Done("acknowledged")

    # What the venue answers

    def replied(self, taken: inputs.Replied) -> None:
        """Take an answer; a question of the round before is asked again, for its answer may be older than this one."""
        key = (taken.endpoint, taken.argument)
        asked_ms = self._asked.pop(key, 0)
        if taken.endpoint != asking.BOOK:  # a book is told to everybody
            self._desk.key_taken()
        try:
            value = asking.read(taken.endpoint, taken.argument, taken.body)
        except _UNREADABLE as problem:
            self._failed(key, f"the answer cannot be read: {problem}")
            return
        if taken.endpoint == asking.ORDER:
            self._desk.told.order(value, "read")
            self._desk.orders.looked(taken.argument, is_known=True)
        elif taken.endpoint == asking.BOOK:
            self._confirm(taken.argument, value)
        elif self._round is not None and key in self._round.left and asked_ms < self._round.started_ms:
            self._ask(*key)
        else:
            self._take_page(key, value)

    def not_replied(self, taken: inputs.NotReplied) -> None:
        """Take note that no answer came."""
        key = (taken.endpoint, taken.argument)
        self._asked.pop(key, None)
        if taken.status == KEY_REFUSED:
            self._desk.key_refused(taken.reason)
        if taken.endpoint == asking.ORDER:
            self._desk.orders.looked(taken.argument, is_known=False)
            self.compare_soon()
        else:
            self._failed(key, taken.reason)

    def _take_page(self, key: tuple[str, str], value: Any) -> None:
        current, (endpoint, argument) = self._round, key
        if current is None or key not in current.left:
            return
        current.left.discard(key)
        self._takes[endpoint](current, value)
        cursor = getattr(value, "cursor", "")
        if endpoint in asking.PAGED and cursor:
            self._want(current, endpoint, f"{argument.partition('|')[0]}|{cursor}")
        if not current.left:
            self._conclude(current)

    def _failed(self, key: tuple[str, str], reason: str) -> None:
        current = self._round
        if current is None or key not in current.left:
            return
        self._round = None
        self._failures += 1
        pause = min(_PATIENCE_MS << min(self._failures - 1, 6), _LONGEST_MS)
        self._due_ms = self._desk.now_ms + pause
        if current.is_full:
            self._full_due_ms = self._due_ms
        self.words = f"{key[0]}: {reason}"

    def _start(self, *, is_full: bool) -> None:
        desk, now_ms = self._desk, self._desk.now_ms
        current = self._round = Round(is_full, now_ms, desk.venue_ms)
        self._want(current, asking.OPEN_ORDERS, "")
        current.fills_since_ms = max(self._fills_ms - _OVERLAP_MS, 0)
        self._want(current, asking.FILLS, str(current.fills_since_ms // 1000))
        unresolved = [order.placed_ms for order in desk.ledger.working() if _is_unresolved(order)]
        if unresolved:
            current.has_orders = True
            since_ms = min(unresolved) - (now_ms - current.venue_ms)
            self._want(current, asking.ORDERS, str(max(since_ms - _OVERLAP_MS, 0) // 1000))
        if is_full:
            self._want(current, asking.POSITIONS, "")
            self._want(current, asking.SETTLEMENTS, str(max(self._settled_ms - _OVERLAP_MS, 0) // 1000))
            self._want(current, asking.BALANCE, "")
            self._want(current, asking.GROUPS, "")

    def _want(self, current: Round, endpoint: str, argument: str) -> None:
        current.left.add((endpoint, argument))
        self._ask(endpoint, argument)

    def _ask(self, endpoint: str, argument: str) -> None:
        if (endpoint, argument) not in self._asked:
            self._asked[endpoint, argument] = self._desk.now_ms
            self._desk.kernel.ask(endpoint, argument)

    # Rows

    def _open_orders(self, current: Round, page: Any) -> None:
        for order in page.rows:
            current.open_orders[order.order_id] = order
            self._desk.told.order(order, "list")

    def _orders(self, current: Round, page: Any) -> None:
        for order in page.rows:
            current.orders[order.client_order_id] = order
            self._desk.told.order(order, "list")

    def _fills(self, current: Round, page: Any) -> None:
        for fill in page.rows:
            current.fills[fill.trade_id, fill.order_id] = fill
            self._desk.told.fill(fill)

    def _positions(self, current: Round, page: Any) -> None:
        for position in page.rows:
            current.positions[position.ticker] = position

    def _settlements(self, current: Round, page: Any) -> None:
        del current
        for row in page.rows:
            self.settle(row)

    def settle(self, row: Settlement) -> None:
        """Book what a finished market has paid, once."""
        desk = self._desk
        known = desk.ledger.settled.get(row.ticker)
        value = None if row.value is None else Price(row.value // 100)
        said = (str.__str__(row.result), value, row.revenue, row.settled_ms)
        if known is not None and (known.result, known.value, known.revenue, known.settled_ms) == said:
            return
        desk.note(
            entries.Settled(desk.now_ms, row.ticker, said[0], value, row.revenue, row.settled_ms, 0, row.exchange_index)
        )
        words = f"{row.ticker} has settled {said[0]} and paid {money(row.revenue)}"
        desk.tell(words if known is None else f"{words}, which replaces an earlier settlement", "warning", row.ticker)
        desk.fill_ms = desk.now_ms

    def _balance(self, current: Round, balance: Balance) -> None:
        current.balance = balance
        self._desk.cash.take(balance.cash, balance.by_shard)

    # Conclusions

    def _conclude(self, current: Round) -> None:
        desk, now_ms = self._desk, self._desk.now_ms
        self._round, self._failures = None, 0
        self._look_for_missing(current)
        self._look_for_phantoms(current)
        self._fills_ms = current.venue_ms
        if current.is_full:
            self._settled_ms = current.venue_ms
            positions = self._holdings.agree(current.positions, self._in_doubt())
            self._is_equal = self._cash.agrees(current.balance, current.started_ms) and positions
        is_equal = self._is_equal  # a look at orders alone makes nothing equal that was not
        if is_equal and not desk.ledger.differences and (current.is_full or self.clean_ms is not None):
            self.clean_ms, self.words = now_ms, ""
        elif desk.ledger.differences:
            self.words = f"{len(desk.ledger.differences)} differences with the venue are open"
        elif not is_equal:
            self.words = "a mismatch is being looked at again"
        if current.is_full:
            pause = desk.rules.full_reconcile_ms if is_equal else _AGAIN_MS
            self._full_due_ms = now_ms + pause
        self._due_ms = now_ms + self._pause(is_equal=is_equal)
        if current.is_full and self._cash.is_open:
            self._full_due_ms = self._due_ms = now_ms + _LAG_MS
        if self._wanted_full:
            self._full_due_ms = self._due_ms = now_ms
        elif self._wanted:
            self._due_ms = min(self._due_ms, now_ms + _PATIENCE_MS)
        self._wanted = self._wanted_full = False

    def _pause(self, *, is_equal: bool) -> int:
        if any(_is_unresolved(order) for order in self._desk.ledger.working()):
            self._unresolved_pause_ms = min(self._unresolved_pause_ms * 2, self._desk.rules.reconcile_ms)
            return self._unresolved_pause_ms
        self._unresolved_pause_ms = _PATIENCE_MS
        if not is_equal:
            return _AGAIN_MS
        return 2 * _PATIENCE_MS if self._desk.ledger.owed() else self._desk.rules.reconcile_ms

    def _look_for_missing(self, current: Round) -> None:
        """Look after orders that work here and are not in the complete list of those that work there."""
        for order in list(self._desk.ledger.working()):
            if order.order_id:
                if order.order_id not in current.open_orders and order.changed_ms < current.started_ms:
                    self.look_at(order.order_id)
            elif current.has_orders and _is_unresolved(order) and order.changed_ms < current.started_ms:
                self._absent(order, current)

    def _absent(self, order: HeldOrder, current: Round) -> None:
        """Count a proof that an order never came to be; only two, far apart and late enough, are believed."""
        desk, now_ms = self._desk, self._desk.now_ms
        if order.client_order_id in current.orders:
            return
        order.absences += 1
        if order.absent_ms is None:
            order.absent_ms = now_ms
        is_late = now_ms - max(order.sent_ms, order.placed_ms) >= desk.rules.quarantine_ms
        if order.absences >= 2 and now_ms - order.absent_ms >= _ABSENT_MS and is_late:
            evidence = f"{order.absences} complete lists of orders and fills lack it"
            desk.note(entries.Absent(now_ms, order.number, evidence))
            desk.tell(f"order {order.number} never came to be: {evidence}", "warning", order.ticker)

    def _look_for_phantoms(self, current: Round) -> None:
        """Withdraw fills that only the stream told, and that the complete list lacks long after, look after look."""
        desk = self._desk
        for key, known in list(desk.ledger.fills.items()):
            is_due = current.fills_since_ms <= known.fill.ts_ms < current.venue_ms - _LAG_MS
            if known.source == "list" or key in current.fills or not is_due:
                self._lacking.pop(key, None)
                continue
            if not self._lacking.setdefault(key, Mismatch()).is_seen_again(1, desk.now_ms, 0, looks=2):
                self._wanted = True
                continue
            evidence = "the venue's list of fills does not hold it"
            desk.note(entries.FillWithdrawn(desk.now_ms, *key, evidence))
            words = f"trade {key[0]} was withdrawn: {evidence}"
            differ(desk, "trade", known.fill.ticker, words)

    def _in_doubt(self) -> set[str]:
        """Return the markets of trades that a list lacked when it was looked at last."""
        fills = self._desk.ledger.fills
        return {fills[key].fill.ticker for key in self._lacking if key in fills}

    def trouble(self, ticker: str, words: str) -> None:
        """Hold a market, and have a person look, because the venue told what cannot be."""
        desk = self._desk
        if ticker not in desk.ledger.halted:
            desk.note(entries.Halted(desk.now_ms, ticker, words, "halted"))
        differ(desk, "trouble", ticker, words)
        self.compare_soon()

    def _confirm(self, ticker: str, books: Iterable[Any]) -> None:
        tracked = self._desk.kernel.stream.books.get(ticker)
        for book in books:
            if tracked is not None and getattr(book, "ticker", "") == ticker:
                best = (max(dict(book.bids), default=None), min(dict(book.asks), default=None))
                if best == (tracked.book.best_bid, tracked.book.best_ask):
                    self._confirmed[ticker] = self._desk.now_ms


def _is_unresolved(order: HeldOrder) -> bool:
    return not order.order_id and order.state in {"unknown", "sent"}

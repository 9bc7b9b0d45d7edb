"""What the journal's entries come to: orders, fills, positions, cash, groups, differences, kill; nothing else makes it.

An engine that starts reads the journal and has the same ledger as the one that wrote it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from kalshi_tui.core.units import Money, Size
from kalshi_tui.engine.trading import entries
from kalshi_tui.engine.trading.order_ledger import OrderLedger
from kalshi_tui.engine.trading.reviewing import Spans

_NOTHING: Final = Size(0)
_FREE: Final = Money(0)


@dataclass(slots=True)
class Group:
    """An order group of ours on one shard."""

    group_id: str
    exchange_index: int
    limit: Size | None
    is_triggered: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that we and the venue tell differently."""

    number: int
    at_ms: int
    kind: str
    ticker: str
    words: str


@dataclass(slots=True)
class Ledger(OrderLedger):
    """The state of one account in one mode."""

    groups: dict[int, Group] = field(default_factory=dict)
    differences: dict[int, Difference] = field(default_factory=dict)
    settled: dict[str, entries.Settled] = field(default_factory=dict)
    halted: dict[str, entries.Halted] = field(default_factory=dict)
    install: str = ""
    sessions: int = 0
    is_fresh: bool = True  # until a comparison with the venue has come out clean for the first time
    killed: entries.Killed | None = None
    kill_ended: entries.KillEnded | None = None
    armed_until_ms: int | None = None
    disarmed: str = "it has just started"
    opening_cash: Money | None = None
    moved: dict[int, Money] = field(default_factory=dict)  # by shard: the opening and what fills do not explain
    moved_today: Money = _FREE
    day: entries.DayBegan | None = None
    ran: Spans = field(default_factory=Spans)  # when engines were at work on this journal
    reviewed: Spans = field(default_factory=Spans)
    began_ms: int | None = None  # since when this one is
    last_ms: int = 0
    applied: int = 0  # entries so far: as long as it stays, nothing that is worked out of them changes
    next_difference: int = 1
    _tickers: tuple[int, list[str]] = field(default=(-1, []), init=False)
    _takes: dict[type, Callable[[Any], None]] = field(init=False)

    def __post_init__(self) -> None:
        self._takes = {
            **self.takers(),
            entries.Began: self._began,
            entries.Settled: self._settled,
            entries.CashTold: self._cash_told,
            entries.HoldingTold: self._holding_told,
            entries.GroupTold: self._group_told,
            entries.DifferenceFound: self._difference_found,
            entries.DifferenceEnded: self._difference_ended,
            entries.Armed: self._armed,
            entries.Disarmed: self._disarmed,
            entries.Killed: self._killed,
            entries.KillEnded: self._kill_ended,
            entries.KillReset: self._kill_reset,
            entries.DayBegan: self._day_began,
            entries.Halted: self._halted,
            entries.Resumed: self._resumed,
            entries.Reviewed: self._reviewed,
        }

    def apply(self, entry: entries.Entry) -> None:
        """Take an entry in."""
        take = self._takes.get(type(entry))
        if take is not None:
            take(entry)
        self.last_ms = max(self.last_ms, entry.at_ms)
        self.applied += 1

    # What can be asked of it

    def tickers(self) -> list[str]:
        """Return the markets in which something is held, works, or was filled; worked out once for each change."""
        if self._tickers[0] != self.applied:
            held = {ticker: None for (ticker, _), position in self.portfolio.positions().items() if position.size}
            working = {ticker: None for ticker, orders in self._working.items() if orders}
            owed = {order.ticker: None for order in self.owed()}  # filled, and the trades are not told yet
            self._tickers = (self.applied, list(held | working | owed))
        return list(self._tickers[1])

    def cash(self) -> Money | None:
        """Return the account's cash, what works reserved or not, or None before the venue has told any."""
        if self.opening_cash is None:
            return None
        return Money(sum(self.moved.values()) + self.portfolio.flow())

    def cash_by_shard(self) -> dict[int, Money]:
        """Return the cash by shard of the exchange."""
        found = dict(self.moved)
        for shard, flow in self.portfolio.flow_by_shard().items():
            found[shard] = Money(found.get(shard, 0) + flow)
        return found

    @property
    def reviewed_ms(self) -> int:
        """Return how much of the time in which engines ran has been looked at."""
        return self.reviewed.total_ms()

    def _began(self, entry: entries.Began) -> None:
        if self.began_ms is not None:
            self.ran.add(self.began_ms, self.last_ms)  # what lies between two engines decided nothing
        self.began_ms = entry.at_ms
        self.install = self.install or entry.install
        self.sessions = entry.session
        self.armed_until_ms, self.disarmed = None, "it has just started"
        for order in list(self.working()):
            # Its bytes may have left before the end; only the venue knows.
            if order.state in {"deciding", "sent"}:
                self._become(order, "unknown", entry.at_ms, "the engine ended before the answer came")
            if order.cancel:
                order.cancel = "unanswered"
            if order.change is not None:
                order.change.is_unanswered = True

    def _settled(self, entry: entries.Settled) -> None:
        self.settled[entry.ticker] = entry
        result: Any = entry.result if entry.result in {"yes", "no"} else "scalar"
        if result == "scalar" and entry.value is None:
            result = "void"  # what it paid is told; by which word is only for people
        self.portfolio.settle(
            entry.ticker,
            result,
            entry.value,
            revenue=entry.revenue,
            subaccount=entry.subaccount,
            exchange_index=entry.exchange_index,
        )

    def _cash_told(self, entry: entries.CashTold) -> None:
        if entry.kind == "opening":
            self.opening_cash = Money((self.opening_cash or 0) + entry.amount)
        elif entry.kind == "moved":
            self.moved_today = Money(self.moved_today + entry.amount)
        self.moved[entry.exchange_index] = Money(self.moved.get(entry.exchange_index, 0) + entry.amount)

    def _holding_told(self, entry: entries.HoldingTold) -> None:
        self.subaccounts[entry.subaccount] = None
        self.portfolio.begin_with(entry.ticker, entry.size, entry.cost, subaccount=entry.subaccount)

    def _group_told(self, entry: entries.GroupTold) -> None:
        group = self.groups.get(entry.exchange_index)
        if entry.kind == "created":
            self.groups[entry.exchange_index] = Group(entry.group_id, entry.exchange_index, entry.limit)
        elif group is not None and group.group_id == entry.group_id:
            if entry.kind in {"deleted", "lost"}:
                del self.groups[entry.exchange_index]
            elif entry.kind in {"triggered", "reset"}:
                group.is_triggered = entry.kind == "triggered"
            elif entry.limit is not None:
                group.limit = entry.limit

    # What people and the engine decide

    def _difference_found(self, entry: entries.DifferenceFound) -> None:
        self.differences[entry.number] = Difference(entry.number, entry.at_ms, entry.kind, entry.ticker, entry.words)
        self.next_difference = entry.number + 1
        self._hear(entry.ticker, entry.words)

    def _difference_ended(self, entry: entries.DifferenceEnded) -> None:
        ended = self.differences.pop(entry.number, None)
        if ended is not None:
            self._hear(ended.ticker, ended.words)

    def _hear(self, ticker: str, words: str) -> None:
        """Forget troubles that a difference tells of: the next engine must not raise them again."""
        self.troubles[:] = [trouble for trouble in self.troubles if trouble != (ticker, words)]

    def _armed(self, entry: entries.Armed) -> None:
        self.armed_until_ms = entry.until_ms

    def _disarmed(self, entry: entries.Disarmed) -> None:
        self.armed_until_ms, self.disarmed = None, entry.reason

    def _killed(self, entry: entries.Killed) -> None:
        self.killed = self.killed or entry
        self.kill_ended = None
        self.armed_until_ms, self.disarmed = None, "killed"

    def _kill_ended(self, entry: entries.KillEnded) -> None:
        self.kill_ended = entry

    def _kill_reset(self, _: entries.KillReset) -> None:
        self.killed = self.kill_ended = None

    def _day_began(self, entry: entries.DayBegan) -> None:
        self.day, self.moved_today = entry, _FREE
        self.is_fresh = False

    def _halted(self, entry: entries.Halted) -> None:
        self.halted[entry.ticker] = entry

    def _resumed(self, entry: entries.Resumed) -> None:
        self.halted.pop(entry.ticker, None)

    def _reviewed(self, entry: entries.Reviewed) -> None:
        if self.began_ms is not None:
            self.ran.add(self.began_ms, entry.at_ms)
        for from_ms, until_ms in self.ran.within(entry.from_ms, entry.until_ms):
            self.reviewed.add(from_ms, until_ms)

"""A journal's rows, each read, checked against the row before it, and asked whether it is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import msgspec

from kalshi_tui.engine.journal_rows import GENESIS, JournalRow, digest_of
from kalshi_tui.engine.trading.entries import (
    CODEC,
    Absent,
    Began,
    CancelAnswered,
    CancelAsked,
    ChangeAnswered,
    ChangeAsked,
    Entry,
    FillTold,
    Intended,
    NotSent,
    OrderTold,
    Placed,
    Rejected,
    Sending,
    Unanswered,
    decode_entry,
)

OF_ORDERS: Final = (
    Intended,
    NotSent,
    Sending,
    Placed,
    Rejected,
    Unanswered,
    Absent,
    CancelAsked,
    CancelAnswered,
    ChangeAsked,
    ChangeAnswered,
)


@dataclass(frozen=True, slots=True)
class Line:
    """A row, the entry in it where that can be read, and what is wrong with either."""

    row: JournalRow
    entry: Entry | None
    problem: str


def lines(rows: Iterable[JournalRow]) -> Iterator[Line]:
    """Read rows in order, and say of each whether it follows from the one before it and what it holds."""
    before, number = GENESIS, 1
    for row in rows:
        entry, problem = _read(row)
        if row.number != number:
            problem = f"row {number} is missing"
        elif row.digest != digest_of(before, row.number, row.at_ms, row.kind, row.body):
            problem = "it is not what was written: its digest does not agree"
        yield Line(row, entry, problem)
        before, number = row.digest, row.number + 1


def _read(row: JournalRow) -> tuple[Entry | None, str]:
    try:
        entry = decode_entry(row.body)
    except (msgspec.MsgspecError, ValueError) as problem:
        return None, f"it cannot be read: {problem}"
    if isinstance(entry, Began) and entry.codec > CODEC:
        return entry, f"it was written by a newer program (codec {entry.codec}, here {CODEC})"
    if type(entry).__name__ != row.kind or entry.at_ms != row.at_ms:
        return entry, f"it is filed as {row.kind} of {row.at_ms} and holds another entry"
    return entry, ""


@dataclass(slots=True)
class Orders:
    """What belongs to which order, learned row by row."""

    tickers: dict[int, str] = field(default_factory=dict)
    tickets: dict[int, int] = field(default_factory=dict)
    by_client_id: dict[str, int] = field(default_factory=dict)
    by_order_id: dict[str, int] = field(default_factory=dict)
    ticker_of_id: dict[str, str] = field(default_factory=dict)

    def hear(self, entry: Entry) -> None:
        """Learn from an entry."""
        if isinstance(entry, Intended):
            self.tickers[entry.number] = entry.ticker
            self.tickets[entry.number] = entry.ticket
        if isinstance(entry, Intended | ChangeAsked) and entry.client_order_id:
            self.by_client_id[entry.client_order_id] = entry.number
        if isinstance(entry, Placed):
            self.by_order_id[entry.order_id] = entry.number
        if isinstance(entry, OrderTold | FillTold):
            self.ticker_of_id[entry.order_id] = entry.ticker

    def number_of(self, entry: Entry) -> int | None:
        """Return the number of the order that an entry is about."""
        if isinstance(entry, OF_ORDERS):
            return entry.number
        found = self.by_client_id.get(getattr(entry, "client_order_id", ""))
        return self.by_order_id.get(getattr(entry, "order_id", "")) if found is None else found

    def ticker_of(self, entry: Entry) -> str:
        """Return the market that an entry is about, or nothing."""
        own: str = getattr(entry, "ticker", "")
        if own:
            return own
        number = self.number_of(entry)
        found = self.tickers.get(number, "") if number is not None else ""
        return found or self.ticker_of_id.get(getattr(entry, "order_id", ""), "")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are asked for; what is left open is not asked."""

    kinds: frozenset[str] = frozenset()
    ticker: str = ""
    order: int | None = None
    since_ms: int | None = None

    def takes(self, line: Line, orders: Orders) -> bool:
        """Tell whether a line is asked for; `orders` has heard all that the journal tells."""
        if self.kinds and line.row.kind not in self.kinds:
            return False
        if self.since_ms is not None and line.row.at_ms < self.since_ms:
            return False
        if self.ticker and (line.entry is None or orders.ticker_of(line.entry) != self.ticker):
            return False
        return self.order is None or (line.entry is not None and self._is_of_order(line.entry, orders))

    def _is_of_order(self, entry: Entry, orders: Orders) -> bool:
        if orders.number_of(entry) == self.order:
            return True
        ticket: int | None = getattr(entry, "ticket", None)  # the verdicts before an order was made of it
        return ticket is not None and self.order is not None and ticket == orders.tickets.get(self.order)

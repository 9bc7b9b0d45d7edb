"""Decisions that the gate passed, or would have but for the mode: each with what the journal knows of it since."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import PRICE_ONE, Money, Price, Size, cost
from kalshi_tui.engine.trading import entries as e
from kalshi_tui.engine.trading.codes import Code
from kalshi_tui.engine.trading.ledger import Ledger

ONLY_MODE: Final = frozenset({Code.MODE_OBSERVES, Code.NOT_ARMED})
"""What stands against a ticket only because nothing is to be sent now."""
_RESULTS: Final = {"yes": PRICE_ONE, "no": Price(0)}


class Decision(Struct, frozen=True, gc=False):
    """One ticket: what it wanted, and what the journal tells of it since; prices stand on the YES axis."""

    at_ms: int
    session: int  # tickets are counted anew by each engine
    ticket: int
    stage: str  # how far it came: staged, fired
    passed: bool  # nothing at all stood against it
    ticker: str
    side: Side
    price: Price
    size: Size
    order: int | None = None  # that was placed; an amendment's fills are told where the order was placed
    filled: Size = Size(0)
    average: Money | None = None  # of one contract, in millionths of a dollar
    fee: Money = Money(0)
    settled_at: Price | None = None
    result: Money | None = None  # of what was filled, fees paid
    at_limit: Money | None = None  # had all of it been filled at its limit, before fees
    words: str = ""


class Sums(Struct, frozen=True, gc=False):
    """What decisions come to; results count only those whose market has settled."""

    decisions: int
    passed: int
    filled_decisions: int
    filled: Size
    fees: Money
    settled: int
    result: Money
    at_limit: Money


@dataclass(slots=True)
class _Reading:
    """What is learned, entry by entry; what became of orders is the ledger's to tell."""

    ledger: Ledger = field(default_factory=Ledger)
    found: dict[tuple[int, int], Decision] = field(default_factory=dict)

    def hear(self, entry: e.Entry) -> None:
        """Learn from an entry."""
        self.ledger.apply(entry)
        if isinstance(entry, e.Judged):
            self._judged(entry)
        elif isinstance(entry, e.Intended):
            key = (self.ledger.sessions, entry.ticket)
            if key in self.found:
                self.found[key] = replace(self.found[key], order=entry.number)

    def _judged(self, entry: e.Judged) -> None:
        key = (self.ledger.sessions, entry.ticket)
        before = self.found.get(key)
        if before is not None and before.order is not None:
            return  # whoever fires a ticket twice is refused, and what was fired stands
        if ONLY_MODE.issuperset(check.code for check in entry.checks if not check.passed):
            self.found[key] = _decision(entry, self.ledger.sessions)
        elif before is not None:
            self.found[key] = replace(before, words=f"refused when it was fired: {entry.words}")

    def ended(self, decision: Decision) -> Decision:
        """Return a decision with what became of it."""
        settled_at = self._settled_at(decision.ticker)
        order = self.ledger.orders.get(decision.order) if decision.order is not None else None
        at_limit = result = None
        if settled_at is not None:
            at_limit = _gain(decision.side, decision.size, cost(decision.price, decision.size), settled_at)
            if order is not None and order.filled:
                result = Money(_gain(order.side, order.filled, order.value, settled_at) - order.fees)
        ended = replace(decision, settled_at=settled_at, at_limit=at_limit, result=result)
        if order is None:
            return replace(ended, words=ended.words or ("not fired" if ended.stage == "staged" else ""))
        words = f"{order.state}: {order.reason}" if order.reason else order.state
        return replace(ended, filled=order.filled, average=order.average, fee=order.fees, words=words)

    def _settled_at(self, ticker: str) -> Price | None:
        settled = self.ledger.settled.get(ticker)
        if settled is None:
            return None
        return settled.value if settled.value is not None else _RESULTS.get(settled.result)


def decisions(heard: Iterable[e.Entry], from_ms: int) -> list[Decision]:
    """Return the decisions since a moment, oldest first; `heard` is the whole journal, for what belongs to them."""
    reading = _Reading()
    for entry in heard:
        reading.hear(entry)
    return [reading.ended(decision) for decision in reading.found.values() if decision.at_ms >= from_ms]


def sums(found: Sequence[Decision]) -> Sums:
    """Add decisions up."""
    filled = [decision for decision in found if decision.filled]
    settled = [decision for decision in found if decision.settled_at is not None]
    return Sums(
        decisions=len(found),
        passed=sum(decision.passed for decision in found),
        filled_decisions=len(filled),
        filled=Size(sum(decision.filled for decision in filled)),
        fees=Money(sum(decision.fee for decision in filled)),
        settled=len(settled),
        result=Money(sum(decision.result or 0 for decision in settled)),
        at_limit=Money(sum(decision.at_limit or 0 for decision in settled)),
    )


def _decision(entry: e.Judged, session: int) -> Decision:
    facts = entry.facts
    return Decision(
        entry.at_ms,
        session,
        entry.ticket,
        entry.stage,
        entry.passed,
        ticker=str(facts.get("ticker") or ""),
        side="ask" if facts.get("side") == "ask" else "bid",
        price=Price(_whole(facts.get("price"))),
        size=Size(_whole(facts.get("size"))),
        words=entry.words,
    )


def _gain(side: Side, size: Size, value: Money, settled_at: Price) -> Money:
    """Return what a size that was dealt for `value` has brought once YES is worth `settled_at`, before fees."""
    worth = cost(settled_at, size)
    return Money(worth - value if side == "bid" else value - worth)


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0

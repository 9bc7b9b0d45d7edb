"""Compares positions: what the venue holds and our fills do not explain is a difference that a person looks at."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kalshi_tui.core.positions import Position
from kalshi_tui.core.units import PRICE_ONE, Money, Size
from kalshi_tui.core.words import contracts
from kalshi_tui.engine.trading import entries
from kalshi_tui.engine.trading.mismatch import Mismatch
from kalshi_tui.errors import ValueRefused

if TYPE_CHECKING:
    from kalshi_tui.engine.trading.desk import Desk
    from kalshi_tui.engine.trading.ledger import Difference


@dataclass(frozen=True, slots=True)
class Shown:
    """What a person who acknowledges a position agrees to."""

    delta: Size
    cost: Money


class PositionsCompared:
    """The venue's positions against ours."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._mismatches: dict[str, Mismatch] = {}
        self._shown: dict[int, Shown] = {}  # by the number of its difference

    def agree(self, told: Mapping[str, Position], in_doubt: Collection[str]) -> bool:
        """Take all positions that the venue tells; say whether they are those that we count.

        Where a trade is in doubt it is looked at first: whoever acknowledged a position then would count it twice.
        """
        ours = {ticker: self._desk.risk.position(ticker).size for ticker in self._desk.ledger.tickers()}
        is_equal = True
        for ticker in dict.fromkeys((*ours, *told)):
            theirs = told.get(ticker)
            delta = (theirs.size if theirs is not None else 0) - ours.get(ticker, 0)
            is_equal &= self._agrees(ticker, delta, theirs, is_clear=ticker not in in_doubt)
        return is_equal

    def take_over(self, difference: Difference) -> None:
        """Hold what the venue does, as it was shown: at its cost, and as no gain of the day."""
        desk, ticker = self._desk, difference.ticker
        shown, latest = self._shown.get(difference.number), self._mismatches.get(ticker)
        if shown is None:  # of an engine before this one; should it still be so, it is found anew
            return
        if latest is None or latest.value != shown.delta:
            raise ValueRefused(f"{ticker} is being looked at again", hint="wait until what is shown stands still")
        del self._mismatches[ticker], self._shown[difference.number]
        before, words = desk.day.result(), f"acknowledged: {difference.words}"
        self._hold(ticker, shown, words)
        desk.day.excludes(before, shown.cost)

    def _agrees(self, ticker: str, delta: int, theirs: Position | None, *, is_clear: bool) -> bool:
        desk = self._desk
        if not delta:
            self._mismatches.pop(ticker, None)
            self._resolve(ticker)
            return True
        fills = sum(known.fill.ticker == ticker for known in desk.ledger.fills.values())
        mismatch = self._mismatches.setdefault(ticker, Mismatch())
        is_seen = mismatch.is_seen_again(delta, desk.now_ms, fills)
        if not is_seen or not is_clear or desk.ledger.owed(ticker):
            return False
        ours = desk.risk.position(ticker)
        shown = Shown(Size(delta), _cost_of(ours, theirs, delta))
        if desk.ledger.is_fresh:
            words = f"{contracts(Size(abs(delta)))} were held before the journal began"
            self._hold(ticker, shown, words)
            return True
        there = contracts(theirs.size) if theirs is not None else "nothing"
        words = f"the venue holds {there}, our fills come to {contracts(ours.size)}"
        self._resolve(ticker, but=words)  # what it was before is not so any more
        self._shown[differ(desk, "position", ticker, words)] = shown
        return False

    def _hold(self, ticker: str, shown: Shown, words: str) -> None:
        """Hold what only the venue tells of; it moves no cash, although it may close what our fills have opened."""
        desk = self._desk
        before = desk.ledger.cash_by_shard()
        desk.note(entries.HoldingTold(desk.now_ms, ticker, shown.delta, shown.cost, words, 0))
        for shard, cash in desk.ledger.cash_by_shard().items():
            if netted := before.get(shard, 0) - cash:
                desk.note(entries.CashTold(desk.now_ms, "netted", shard, Money(netted), words))

    def _resolve(self, ticker: str, but: str = "") -> None:
        desk = self._desk
        for difference in list(desk.ledger.differences.values()):
            if (difference.kind, difference.ticker) == ("position", ticker) and difference.words != but:
                self._shown.pop(difference.number, None)
                desk.note(entries.DifferenceEnded(desk.now_ms, difference.number, "resolved"))


def differ(desk: Desk, kind: str, ticker: str, words: str) -> int:
    """Show a difference, once, and return its number."""
    for known in desk.ledger.differences.values():
        if (known.kind, known.ticker, known.words) == (kind, ticker, words):
            return known.number
    number = desk.ledger.next_difference
    desk.note(entries.DifferenceFound(desk.now_ms, number, kind, ticker, words))
    desk.tell(f"{ticker}: {words}", "alarm", ticker)
    return number


def _cost_of(ours: Position, theirs: Position | None, delta: int) -> Money:
    """Return what the contracts that only the venue tells of have cost: by its word, or a dollar each."""
    there, dearest = ours.size + delta, PRICE_ONE * abs(delta)
    told = theirs.cost if theirs is not None else 0
    if abs(there) < abs(ours.size) and there * ours.size >= 0:  # some of ours are gone, at what they cost
        found = dearest - ours.cost * abs(delta) // abs(ours.size)
    elif ours.size * delta >= 0:
        found = told - ours.cost
    else:
        found = -(-told * abs(delta) // abs(there))
    return Money(min(found, dearest) if found > 0 else dearest)

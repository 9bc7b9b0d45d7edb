"""Compares the balance: what fills and settlements do not explain has come from, or gone to, somewhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kalshi_tui.core.units import Money
from kalshi_tui.core.words import money
from kalshi_tui.engine.trading import entries
from kalshi_tui.engine.trading.mismatch import Mismatch
from kalshi_tui.protocol.rest.portfolio import Balance

if TYPE_CHECKING:
    from kalshi_tui.engine.trading.desk import Desk

_LAG_MS: Final = 5_000  # a balance may lack for so long what was filled


class CashCompared:
    """The venue's balance against ours."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.is_open = False  # whether the last balance could tell nothing, and another must be looked at
        self._mismatch = Mismatch()

    def agrees(self, balance: Balance | None, asked_ms: int) -> bool:
        """Take a balance; tell whether it is what we count."""
        desk = self._desk
        self.is_open = False
        if balance is None:
            return False
        ours = desk.ledger.cash()
        if ours is None:
            self._open(balance)
            return True
        if desk.fill_ms and not desk.fill_ms < asked_ms - _LAG_MS:
            self.is_open = self._unexplained(balance.cash, ours) != 0
            return True  # too soon after a fill to tell anything
        delta = self._unexplained(balance.cash, ours)
        if not delta:
            self._mismatch = Mismatch()
            return True
        if not self._mismatch.is_seen_again(delta, desk.now_ms, desk.fill_ms):
            return False
        self._moved(Money(delta))
        return True

    def _is_quiet(self) -> bool:
        return not any(True for _ in self._desk.ledger.working()) and not self._desk.ledger.owed()

    def _unexplained(self, told: Money, ours: Money) -> int:
        """Return how far a balance is from ours; what works may be left out of it or not, and nobody says which."""
        low = ours if self._is_quiet() else ours - self._desk.risk.reserved()
        return min(told - low, 0) or max(told - ours, 0)

    def _open(self, balance: Balance) -> None:
        """Take the first balance; while something works it is not clear what is in it, and it is taken later."""
        desk = self._desk
        if not self._is_quiet():
            return
        flows = desk.ledger.portfolio.flow_by_shard()
        for shard, amount in (balance.by_shard or {0: balance.cash}).items():
            opening = Money(amount - flows.get(shard, 0))
            desk.note(entries.CashTold(desk.now_ms, "opening", shard, opening, "the first balance that was told"))

    def _moved(self, delta: Money) -> None:
        desk = self._desk
        self._mismatch = Mismatch()
        verb = "came in" if delta > 0 else "went out"
        words = f"{money(Money(abs(delta)))} {verb} that no fill explains"
        desk.note(entries.CashTold(desk.now_ms, "moved", 0, delta, words))
        desk.tell(f"{words}: a deposit or a withdrawal", "warning")

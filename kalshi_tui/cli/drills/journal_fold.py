"""What a journal says, read in a few plain lines that share nothing with the ledger of the engine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from kalshi_tui.engine.journal_rows import JournalRow

_DOLLAR: Final = 10_000
FillKey = tuple[str, str]
FillTerms = tuple[str, str, int, int, int]
"""Market, side, price, size and fee."""


@dataclass(slots=True)
class Folded:
    """Fills, payments, cash and holdings, as the rows come to."""

    fills: dict[FillKey, FillTerms] = field(default_factory=dict)
    listed: set[FillKey] = field(default_factory=set)
    paid: dict[str, int] = field(default_factory=dict)
    told: int = 0  # cash that was there, came or went without a fill
    moved: int = 0  # of that, what came or went
    begun_with: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    order_ids: set[str] = field(default_factory=set)
    names: list[str] = field(default_factory=list)
    differences: list[tuple[str, str, str]] = field(default_factory=list)
    kinds: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def take(self, kind: str, said: dict[str, Any]) -> None:
        """Take a row."""
        self.kinds[kind] += 1
        if said.get("order_id"):
            self.order_ids.add(said["order_id"])
        if kind == "Intended":
            self.names.append(said["client_order_id"])
        elif kind == "FillTold":
            self._fill(said)
        elif kind == "FillWithdrawn":
            self.fills.pop((said["trade_id"], said["order_id"]), None)
        elif kind == "Settled":
            self.paid[said["ticker"]] = said["revenue"]
        elif kind == "CashTold":
            self.told += said["amount"] if said["kind"] != "netted" else 0  # here a holding nets with no fill
            self.moved += said["amount"] if said["kind"] == "moved" else 0
        elif kind == "HoldingTold":
            self.begun_with[said["ticker"]] += said["size"]
        elif kind == "DifferenceFound":
            self.differences.append((said["kind"], said["ticker"], said["words"]))

    def cash(self) -> int:
        """Return the cash that everything comes to: each contract that is short has a dollar behind it."""
        flow = 0
        for _, side, price, size, fee in self.fills.values():
            flow += (-1 if side == "bid" else 1) * price * size - fee
        short = sum(min(size, 0) for size in self._net().values())
        return self.told + flow + short * _DOLLAR + sum(self.paid.values())

    def held(self) -> dict[str, int]:
        """Return what is held of markets that have not paid."""
        found = self._net()
        for ticker, size in self.begun_with.items():
            found[ticker] = found.get(ticker, 0) + size
        return {ticker: size for ticker, size in found.items() if size and ticker not in self.paid}

    def _net(self) -> dict[str, int]:
        found: dict[str, int] = defaultdict(int)
        for ticker, side, _, size, _ in self.fills.values():
            found[ticker] += size if side == "bid" else -size
        return found

    def _fill(self, said: dict[str, Any]) -> None:
        key = (said["trade_id"], said["order_id"])
        is_listed = said["source"] == "list"
        if key not in self.fills or (is_listed and key not in self.listed):
            self.fills[key] = (said["ticker"], said["side"], said["price"], said["size"], said["fee"])
        if is_listed:
            self.listed.add(key)


def fold(rows: Iterable[JournalRow]) -> Folded:
    """Read the rows of a journal."""
    folded = Folded()
    for row in rows:
        folded.take(row.kind, msgspec.json.decode(row.body))
    return folded

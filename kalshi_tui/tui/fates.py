"""What has become of an order, in words: rejected is said only where the venue has said so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kalshi_tui.core.words import contracts, dollars
from kalshi_tui.link.trading import OrderRow, OrderState
from kalshi_tui.tui.words import unit_price

CHECKING: Final = "no answer yet, checking"
STATE_WORDS: Final[Mapping[OrderState, str]] = {
    "deciding": "DECIDING",
    "sent": "SENT",
    "resting": "RESTING",
    "canceling": "CANCELING",
    "filled": "FILLED",
    "canceled": "CANCELED",
    "rejected": "REJECTED",
    "unknown": "UNKNOWN",
    "absent": "NOT THERE",
    "not sent": "NOT SENT",
}
STATE_STYLES: Final[Mapping[OrderState, str]] = {
    "deciding": "quiet",
    "sent": "quiet",
    "resting": "strong",
    "canceling": "quiet",
    "filled": "bid",
    "canceled": "quiet strike",
    "rejected": "danger",
    "unknown": "stale strong",
    "absent": "danger",
    "not sent": "danger",
}
_WAITING: Final[Mapping[OrderState, str]] = {
    "deciding": "it is being written into the journal",
    "sent": "SENT, waiting for the venue",
    "canceling": "it is being canceled",
    "unknown": f"UNKNOWN: {CHECKING}",
}
_NEVER_THERE: Final[Mapping[OrderState, str]] = {
    "rejected": "REJECTED by the venue",
    "absent": "NOT THERE: the venue never took it",
    "not sent": "NOT SENT",
}
_SETTLED: Final = frozenset({"resting", "filled", "canceled", "rejected", "absent", "not sent"})


@dataclass(frozen=True, slots=True)
class Fate:
    """How an order stands; a settled one needs no more looking at."""

    words: str
    style: str
    is_settled: bool


def fate_of(row: OrderRow | None) -> Fate:
    """Say how an order stands; one that is not listed yet is on its way."""
    if row is None:
        return Fate("on its way", "quiet", is_settled=False)
    is_settled = row.state in _SETTLED and not (row.state == "resting" and row.is_in_flight)
    return Fate(_fate_words(row), STATE_STYLES[row.state], is_settled)


def _fate_words(row: OrderRow) -> str:
    because = f": {row.reason}" if row.reason else ""
    if row.state in _WAITING:
        return _WAITING[row.state]
    if row.state == "resting":
        part = f", {contracts(row.filled)} filled" if row.filled else ""
        return f"RESTING: {contracts(row.remaining)} at {dollars(row.price)}{part}"
    if row.state == "filled":
        return f"FILLED {contracts(row.filled)} at {unit_price(row.average) if row.average else dollars(row.price)}"
    if row.state == "canceled":
        return f"CANCELED, {contracts(row.filled)} of {contracts(row.size)} filled{because}"
    return f"{_NEVER_THERE[row.state]}{because}"

"""Moves of cash that its owner asked for, kept so that they can be listed and are never done twice."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final, TypeVar

_KEEP: Final = 10_000  # of each kind, over all accounts


@dataclass(frozen=True, slots=True)
class SubaccountTransfer:
    """Cash that moved between two subaccounts of one account."""

    transfer_id: str
    client_transfer_id: str
    user_id: str
    source: int
    destination: int
    amount: int  # money
    exchange_index: int
    created_ms: int


@dataclass(frozen=True, slots=True)
class ShardTransfer:
    """Cash that moved between two shards of the exchange."""

    transfer_id: str
    user_id: str
    source: int
    destination: int
    amount: int  # money
    created_ms: int


Move = TypeVar("Move", SubaccountTransfer, ShardTransfer)


class Transfers:
    """The last moves, oldest first; they do not outlive the door, the cash does."""

    def __init__(self) -> None:
        self._between_subaccounts: deque[SubaccountTransfer] = deque(maxlen=_KEEP)
        self._between_shards: deque[ShardTransfer] = deque(maxlen=_KEEP)

    def add_between_subaccounts(self, move: SubaccountTransfer) -> None:
        """Keep a move between subaccounts."""
        self._between_subaccounts.append(move)

    def add_between_shards(self, move: ShardTransfer) -> None:
        """Keep a move between shards."""
        self._between_shards.append(move)

    def between_subaccounts(self, user_id: str) -> list[SubaccountTransfer]:
        """Return the moves between subaccounts of one account, newest first."""
        return _of(user_id, self._between_subaccounts)

    def between_shards(self, user_id: str) -> list[ShardTransfer]:
        """Return the moves between shards of one account, newest first."""
        return _of(user_id, self._between_shards)


def _of(user_id: str, moves: deque[Move]) -> list[Move]:
    return [move for move in reversed(moves) if move.user_id == user_id]

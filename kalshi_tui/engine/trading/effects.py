"""What the desk wants done outside of the kernel: each is done by the shell, and its outcome comes back as an input."""

from __future__ import annotations

from dataclasses import dataclass

from kalshi_tui.core.units import Size
from kalshi_tui.engine.journal_rows import JournalRow
from kalshi_tui.engine.trading.gate import Permit
from kalshi_tui.protocol.rest.asking import Request
from kalshi_tui.protocol.rest.trading import CancelTarget, Created


@dataclass(frozen=True, slots=True)
class Write:
    """Put rows into the journal, after all before them."""

    rows: tuple[JournalRow, ...]
    may_wait: bool = False  # until an order that is being sent has left


@dataclass(frozen=True, slots=True)
class SignOrder:
    """Have a signature ready for what may be fired any moment: it takes as long as all else on an order's way."""

    request: Request[Created]


@dataclass(frozen=True, slots=True)
class SendOrder:
    """Send what a permit is for."""

    permit: Permit
    adds_risk: bool


@dataclass(frozen=True, slots=True)
class SendCancels:
    """Cancel orders; each number goes with its target."""

    numbers: tuple[int, ...]
    targets: tuple[CancelTarget, ...]


@dataclass(frozen=True, slots=True)
class SendDecrease:
    """Make an order smaller, to what is to stay open."""

    number: int
    target: CancelTarget
    to: Size


@dataclass(frozen=True, slots=True)
class MakeGroup:
    """Make an order group on a shard."""

    exchange_index: int
    limit: Size


@dataclass(frozen=True, slots=True)
class ResetGroup:
    """Let a group that has tripped take orders again."""

    exchange_index: int
    group_id: str


@dataclass(frozen=True, slots=True)
class RunKill:
    """Trigger the groups, cancel everything, and verify."""

    groups: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class ClearFlag:
    """Take the mark of a kill from the disk."""


Effect = Write | SignOrder | SendOrder | SendCancels | SendDecrease | MakeGroup | ResetGroup | RunKill | ClearFlag

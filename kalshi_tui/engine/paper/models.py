"""What paper trading assumes, each assumption a type with a name and parameters that every report prints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from kalshi_tui.core.fees import CURRENT_POLICY, FeePolicy
from kalshi_tui.core.units import Size, format_money
from kalshi_tui.errors import ValueRefused

_LATENCY_LIMIT: Final = 600_000


@dataclass(frozen=True, slots=True)
class FixedLatency:
    """Each request takes as long to arrive as any other, and so does each answer and each piece of news."""

    there_ms: int = 100
    back_ms: int = 100

    def __post_init__(self) -> None:
        if not (0 <= self.there_ms <= _LATENCY_LIMIT and 0 <= self.back_ms <= _LATENCY_LIMIT):
            raise ValueRefused(
                f"a latency of {self.there_ms} and {self.back_ms} ms is none that can be waited for",
                hint=f"use 0 to {_LATENCY_LIMIT} ms each way",
            )

    def words(self) -> str:
        """Return the name and the parameters."""
        return f"FixedLatency: {self.there_ms} ms there, {self.back_ms} ms back"


@dataclass(frozen=True, slots=True)
class CancelsBehindFirst:
    """Orders behind ours are cancelled first: ours moves up only by trades, or when the level gets too small."""

    def gone_ahead(self, ahead: Size, before: Size, canceled: Size) -> Size:
        """Return how much of a cancelled size stood before our order."""
        return Size(max(canceled - max(before - ahead, 0), 0))

    def words(self) -> str:
        """Return the name."""
        return "CancelsBehindFirst"


@dataclass(frozen=True, slots=True)
class CancelsProRata:
    """Cancels come from before and behind our order in proportion to what stands there, rounded against us."""

    def gone_ahead(self, ahead: Size, before: Size, canceled: Size) -> Size:
        """Return how much of a cancelled size stood before our order."""
        return Size(ahead * canceled // before) if before > 0 else Size(0)

    def words(self) -> str:
        """Return the name."""
        return "CancelsProRata"


@dataclass(frozen=True, slots=True)
class QueueBehindAll:
    """An order joins behind everything that its level displays, and moves up by trades and by cancels.

    Whom a paper fill would have kept waiting still counts as waiting before our other orders at that level.
    Books and trades come over two channels: a level that shrinks and a trade that is told within `pairing_ms` of it, in
    either order, count once. A longer time fills later, never sooner.
    """

    cancels: CancelsBehindFirst | CancelsProRata = field(default_factory=CancelsBehindFirst)
    pairing_ms: int = 1_000

    def ahead_at_join(self, displayed: Size) -> Size:
        """Return what stands before an order that begins to rest."""
        return displayed

    def words(self) -> str:
        """Return the names and the parameters."""
        return f"QueueBehindAll: {self.cancels.words()}, trade and level paired within {self.pairing_ms} ms"


@dataclass(frozen=True, slots=True)
class TakenDepth:
    """What we have taken is missing from a level until other contracts have come there.

    Our take is subtracted from what is displayed. When the level shrinks, the contracts that are left count as the
    taken ones first; only what is added, or what comes after the level was empty, can be taken again.
    """

    def left(self, displayed: Size, taken: Size) -> Size:
        """Return what can still be taken of a level."""
        return Size(max(displayed - taken, 0))

    def kept(self, displayed: Size, taken: Size) -> Size:
        """Return how much of our take is still missing once a level displays this much."""
        return Size(min(displayed, taken))

    def words(self) -> str:
        """Return the name."""
        return "TakenDepth: a displayed contract is taken once"


@dataclass(frozen=True, slots=True)
class ExactFees:
    """Each fill is charged by the published rule, to the micro-dollar, each level one fill."""

    policy: FeePolicy = CURRENT_POLICY

    def words(self) -> str:
        """Return the name and the parameters."""
        return f"ExactFees: rule {self.policy.rule}, balance grid ${format_money(self.policy.grid)}"


@dataclass(frozen=True, slots=True)
class PaperModels:
    """Every assumption under which paper orders are filled."""

    latency: FixedLatency = field(default_factory=FixedLatency)
    queue: QueueBehindAll = field(default_factory=QueueBehindAll)
    depth: TakenDepth = field(default_factory=TakenDepth)
    fees: ExactFees = field(default_factory=ExactFees)

    def words(self) -> tuple[str, ...]:
        """Return the name and the parameters of each model, for reports."""
        return tuple(model.words() for model in self._all())

    def _all(self) -> Iterator[FixedLatency | QueueBehindAll | TakenDepth | ExactFees]:
        yield from (self.latency, self.queue, self.depth, self.fees)

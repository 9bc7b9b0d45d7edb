"""What comes of one drill on one seed, as values."""

from __future__ import annotations

import msgspec


class Dealt(msgspec.Struct, frozen=True):
    """What somebody's trading came to, by the exchange's count; `tradable_ms` is None where none was taken again."""

    orders: int
    fills: int
    rows: int  # of orders, fills, positions, cash and payments that were compared
    differing: int
    duplicates: int
    unknown_positions: int
    breaches: int
    illegal: int
    after_kill: int
    tradable_ms: int | None


class Trial(msgspec.Struct, frozen=True):
    """What came of one drill on one seed; `lively_ms` is None where not every book was live again."""

    fault: str
    seed: int
    problems: tuple[str, ...] = ()
    strikes: int = 0
    frames: int = 0
    rows: int = 0
    wrong: int = 0
    late: int = 0
    longest_behind_ms: int = 0
    lively_ms: int | None = None
    gaps: int = 0
    resyncs: int = 0
    reconnects: int = 0
    digest: str = ""
    dealt: Dealt | None = None

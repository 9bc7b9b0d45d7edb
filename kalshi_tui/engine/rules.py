"""What the kernel goes by: the settings that decide what it does, in whole milliseconds, as a tape keeps them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from kalshi_tui.core.units import Size


class Rules(Struct, frozen=True, gc=False):
    """Cadences, bounds and wishes; a tape carries them, so that it can be replayed as it was."""

    use_yes_price: bool = True
    ping_ms: int = 15_000
    delay_ms: int = 2_000
    ladder_ms: int = 50
    list_ms: int = 200
    full_scan_ms: int = 60_000
    recheck_ms: int = 10_000
    metadata_ms: int = 600_000
    metadata_limit_ms: int = 900_000
    linger_ms: int = 30_000
    poll_after_ms: int = 3_000
    poll_every_ms: int = 2_000
    history_ms: int = 60_000
    universe: Literal["needed", "full"] = "needed"
    full_universe_books: int = 200
    watch: tuple[str, ...] = ()
    has_references: bool = False  # whether the venue is a practice exchange that tells reference values
    series: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    min_volume: Size = Size(0)
    closes_within_ms: int = 0
    closes_after_ms: int = 0

"""What an engine stands on, put together by whoever runs one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from kalshi_tui.engine.executing import Outside
from kalshi_tui.engine.ports import Chance, Clock, Recorder, Storage, StreamTransport
from kalshi_tui.engine.venue import Venue
from kalshi_tui.protocol.signing import Signer
from kalshi_tui.sdk.risk import RiskCheck


@dataclass(frozen=True, slots=True)
class Watch:
    """Who watches the loop from beside it: must hear a beat, and may say that the loop has stood still."""

    beat: Callable[[], None]
    is_stalled: Callable[[], bool]
    recover: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an engine stands on: ports, and what they stand for."""

    venue: Venue
    stream: StreamTransport
    signer: Signer | None
    clock: Clock
    chance: Chance
    storage: Storage
    recorder: Recorder
    ask_reference: Callable[[], Awaitable[bytes]] | None = None
    speed: float = 1.0
    stays: bool = True
    lines_lost: Callable[[], int] = lambda: 0  # of the log
    is_lasting: bool = True  # whether the venue is still the same one when an engine comes back
    has_settled: Callable[[], None] = lambda: None  # called when something was read that stays for long
    outside: Outside | None = None  # what trading stands on
    risk_checks: tuple[RiskCheck, ...] = ()
    watch: Watch | None = None

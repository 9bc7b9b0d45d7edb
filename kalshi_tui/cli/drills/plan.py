"""What a drill is: one fault, how long it lasts, and what must hold beside what holds in every drill."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kalshi_tui.link.server import LinkRules
from kalshi_tui.protocol.patience import Patience

if TYPE_CHECKING:
    from kalshi_tui.cli.drills.scene import Scene
    from kalshi_tui.cli.drills.trader import Habits
    from kalshi_tui.practice.faults.rules import Rule

LIVELY_S: Final = 10.0  # of the virtual clock: so long after the last fault every book must be live again
_GRACE_MS: Final = 250  # the way, a timer of the feed and two beats
LATE_MS: Final = Patience().delay_ms + _GRACE_MS
SILENT_MS: Final = Patience().ping_ms + _GRACE_MS

Check = Callable[["Scene"], Awaitable[list[str]]]
"""Looks at a scene before its engine ends, and returns what is wrong."""


@dataclass(frozen=True, slots=True)
class Drill:
    """One fault of the list, as its scenario file injects it."""

    fault: str
    words: str  # what goes wrong
    must: str  # what must follow from it
    lasts_s: float
    says: str = ""  # a pattern that some reason or notice must match
    counts: tuple[str, ...] = ()  # counters of the stream that must have counted something
    is_calm: bool = False  # whether no book may fall out of step
    is_described: bool = False  # whether every market must be described right at the end, and not only be in doubt
    limit_ms: int = LATE_MS  # how long a ladder that is called live may be behind the exchange
    bounds: tuple[str, ...] = ()  # which bounds must be reached, and be shown in the status; no others may
    link_rules: LinkRules | None = None
    beside: tuple[Callable[[Scene], Awaitable[None]], ...] = ()  # what goes on beside the faults
    checks: tuple[Check, ...] = ()
    scenario: str | tuple[Rule, ...] = ""  # a file, or rules; the bundled file of the fault unless named
    trades: Habits | None = None  # how somebody trades meanwhile; None where nobody does
    fewest: int = 3  # orders that the exchange must have taken
    may_differ: tuple[str, ...] = ()  # kinds of differences that may be found; any other is a false alarm
    moves_cash: bool = False  # whether cash comes or goes without a fill
    is_final: bool = False  # whether nothing can be traded ever after
    tells_wrong_fees: bool = False  # whether the stream tells fills that are none, so that fees cannot be right
    keeps_on_pause: bool = False  # whether orders stay in the book when the exchange pauses
    idle: tuple[str, ...] | None = ()  # rules that cannot strike, since the engine does not ask for it; None is any

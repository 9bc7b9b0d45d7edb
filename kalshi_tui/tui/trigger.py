"""The guard before the one key that sends an order: a slip, a held key, a pasted text and an old glance do not fire.

It knows keys and times and nothing else. A key that fires is held for a moment before it counts, because only what
comes right behind it tells a finger from a pasted text.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

DEAD_S: Final = 0.25  # nobody has read a panel that has just come
REPEAT_S: Final = 0.06  # a held key comes again every 30 to 50 ms
HELD_S: Final = 1.0  # a held key comes for the second time after 250 to 700 ms, as its keyboard likes
BURST_S: Final = 0.015
BURST_KEYS: Final = 3  # no hand is that quick
KEYS_KEPT: Final = 64
BURST: Final = "keys came faster than a hand types, as pasted text does: nothing was fired"
NEVER: Final = frozenset({"enter", "space", "up", "down", "left", "right", *map(str, range(10))})
"""Keys that never fire, whatever a key map says: they are leant on, and they edit."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A ticket that was asked to be sent, bound to what was seen when the key was pressed."""

    number: int
    token: str


@dataclass(frozen=True, slots=True)
class _Run:
    """A key that came once, or again and again without a second's rest, as a held one does."""

    began: float
    last: float
    is_repeat: bool


class Trigger:
    """Whether a key may fire; every answer but an empty one says why not."""

    def __init__(self, now: float = 0.0) -> None:
        self._since = now  # when what is shown came into sight
        self._facts: Hashable = None
        self._heard: deque[tuple[str, float]] = deque(maxlen=32)
        self._runs: dict[str, _Run] = {}
        self._held: tuple[Shot, float] | None = None
        self._fired: set[int] = set()

    def show(self, facts: Hashable, now: float) -> None:
        """Hear what numbers are shown; other ones than before have to be read first."""
        if facts != self._facts:
            self._facts = facts
            self.reset(now)

    def reset(self, now: float) -> None:
        """Begin anew: the panel has just come into sight, or has been out of it, or text was pasted."""
        self._since = now
        self._held = None

    def hide(self) -> None:
        """Hear that nothing is shown any more."""
        self._facts = self._held = None

    def hear(self, key: str, now: float) -> None:
        """Take note of a key, whichever it is, as soon as it has come."""
        before = self._runs.get(key)
        gap = now - before.last if before is not None else HELD_S
        began = before.began if before is not None and gap < HELD_S else now
        if len(self._runs) > KEYS_KEPT:
            self._runs.clear()
        self._runs[key] = _Run(began, now, is_repeat=gap < REPEAT_S)
        self._heard.append((key, now))

    def pull(self, key: str, shot: Shot, now: float) -> str:
        """Fire by a key: it counts a moment later, see `due`; or the reason why it does not."""
        reason = self._refusal(key, shot, now)
        if not reason:
            self._held = shot, now
        return reason

    def due(self, now: float) -> Shot | str | None:
        """Return what is to be sent now, once for ever; or why it is not; or nothing while there is nothing to do."""
        if self._held is None or now - self._held[1] < BURST_S:
            return None
        (shot, at), self._held = self._held, None
        if self._is_burst(at):
            self.reset(now)
            return BURST
        self._fired.add(shot.number)
        return shot

    def has_fired(self, number: int) -> bool:
        """Tell whether a ticket was fired."""
        return number in self._fired

    def _refusal(self, key: str, shot: Shot, now: float) -> str:
        run = self._runs.get(key)
        if run is None or run.last > now or key in NEVER:
            return "only the keys that fire do"
        if shot.number in self._fired or (self._held is not None and self._held[0].number == shot.number):
            return "it was fired already"
        if now - self._since < DEAD_S:
            return "too early: look at it first, then let go of the key for a second"
        return self._doubt(run, now)

    def _doubt(self, run: _Run, now: float) -> str:
        """Say why a key may not be meant: it may be held from before, repeat itself, or be part of a text."""
        if self._is_burst(now):
            self.reset(now)
            return BURST
        if run.began < self._since + DEAD_S:
            return "the key came too early and may still be held: let go of it for a second"
        return "a key that is held down does not fire" if run.is_repeat else ""

    def _is_burst(self, at: float) -> bool:
        """Tell whether enough keys stand within the burst's time of each other, and that time around `at`."""
        times = [when for _, when in self._heard if abs(when - at) <= BURST_S]
        return any(last - first <= BURST_S for first, last in zip(times, times[BURST_KEYS - 1 :], strict=False))

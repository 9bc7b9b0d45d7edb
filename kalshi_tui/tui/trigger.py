"""The guard before the one key that sends an order: a slip, a held key, a pasted text and an old glance do not fire.

It knows keys and times and nothing else. A key that fires is held for a moment before it counts, because only what
comes right behind it tells a finger from a pasted text. What counts is when a key came, not when it was worked upon: of
a long text, all keys have come before the first one's action is done.
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
BURSTS_KEPT: Final = 32
BURST: Final = "keys came faster than a hand types, as pasted text does: nothing was fired"
ALREADY: Final = "it was fired already"
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


@dataclass(frozen=True, slots=True)
class _Held:
    """A shot that waits for what comes behind its key: when the key came, and since when it waits."""

    shot: Shot
    came: float
    since: float


class Trigger:
    """Whether a key may fire; every answer but an empty one says why not."""

    def __init__(self, now: float = 0.0) -> None:
        self._since = now  # when what is shown came into sight
        self._facts: Hashable = None
        self._heard: deque[float] = deque(maxlen=BURST_KEYS)
        self._bursts: deque[tuple[float, float]] = deque(maxlen=BURSTS_KEPT)  # from when until when
        self._runs: dict[str, _Run] = {}
        self._held: _Held | None = None
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

    def stood_still(self, seconds: float, now: float) -> None:
        """Hear that nothing was drawn for so long: what is shown has been in sight for that much less."""
        self._since = min(self._since + seconds, now)

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
        self._heard.append(now)
        if len(self._heard) == BURST_KEYS and now - self._heard[0] <= BURST_S:
            begun = self._heard[0]
            if self._bursts and self._bursts[-1][1] >= begun:
                begun = self._bursts.pop()[0]
            self._bursts.append((begun, now))

    def pull(self, key: str, shot: Shot, now: float) -> str:
        """Fire by a key: it counts a moment later, see `due`; or the reason why it does not."""
        reason = self._refusal(key, shot, now)
        if not reason:
            self._held = _Held(shot, self._runs[key].last, now)
        return reason

    def due(self, now: float) -> Shot | str | None:
        """Return what is to be sent now, once for ever; or why it is not; or nothing while there is nothing to do."""
        if (held := self._held) is None or now - held.since < BURST_S:
            return None
        self._held = None
        if self._is_burst(held.came):
            self.reset(now)
            return BURST
        self._fired.add(held.shot.number)
        return held.shot

    def has_fired(self, number: int) -> bool:
        """Tell whether a ticket was fired."""
        return number in self._fired

    def _refusal(self, key: str, shot: Shot, now: float) -> str:
        run = self._runs.get(key)
        if run is None or run.last > now or key in NEVER:
            return "only the keys that fire do"
        if shot.number in self._fired or (self._held is not None and self._held.shot.number == shot.number):
            return ALREADY
        if now - self._since < DEAD_S:
            return "too early: look at it first, then let go of the key for a second"
        return self._doubt(run, now)

    def _doubt(self, run: _Run, now: float) -> str:
        """Say why a key may not be meant: it may be held from before, repeat itself, or be part of a text."""
        if self._is_burst(run.last):
            self.reset(now)
            return BURST
        if run.began < self._since + DEAD_S:
            return "the key came too early and may still be held: let go of it for a second"
        return "a key that is held down does not fire" if run.is_repeat else ""

    def _is_burst(self, came: float) -> bool:
        """Tell whether a key that came then is one of several that came faster than a hand types."""
        return any(begun <= came <= last for begun, last in self._bursts)

"""Who wishes to see what: wishes outlive a link, and each new picture goes to whoever wished for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kalshi_tui.link.client import Link, Watching
from kalshi_tui.link.keys import Key
from kalshi_tui.link.views import View


@dataclass(slots=True)
class _Wish:
    key: Key
    take: Callable[[View], None]
    refused: Callable[[str], None]
    watching: Watching | None = None


class Wires:
    """One wish a name ("ladder", "status"); a new wish under a name replaces the one before."""

    def __init__(self) -> None:
        self._link: Link | None = None
        self._wishes: dict[str, _Wish] = {}

    def wish(self, name: str, key: Key, take: Callable[[View], None], refused: Callable[[str], None]) -> None:
        """Wish to be given the view of `key` now and whenever it changes, or the reason why there is none."""
        before = self._wishes.get(name)
        if before is not None and before.key == key:
            return
        self._drop(before)
        wish = self._wishes[name] = _Wish(key, take, refused)
        self._watch(wish)

    def unwish(self, name: str) -> None:
        """Wish for it no longer."""
        self._drop(self._wishes.pop(name, None))

    def plug(self, link: Link) -> None:
        """Watch over a new link all that is wished for."""
        self._link = link
        for wish in self._wishes.values():
            self._watch(wish)

    def unplug(self) -> None:
        """Forget a link that has ended."""
        self._link = None
        for wish in self._wishes.values():
            wish.watching = None

    def drain(self) -> int:
        """Hand over what has come since the last call, and return how much it was."""
        if self._link is None:
            return 0
        changed = self._link.take_changed()
        for watching in changed:
            self._hand_over(watching)
        return len(changed)

    def _hand_over(self, watching: Watching) -> None:
        for wish in tuple(self._wishes.values()):
            if wish.watching is watching:
                if watching.problem:
                    wish.refused(watching.problem)
                elif (view := watching.view) is not None:
                    wish.take(view)
                return

    def _watch(self, wish: _Wish) -> None:
        if self._link is not None and not self._link.closed:
            wish.watching = self._link.watch(wish.key)

    def _drop(self, wish: _Wish | None) -> None:
        if wish is not None and wish.watching is not None and self._link is not None and not self._link.closed:
            self._link.unwatch(wish.watching)

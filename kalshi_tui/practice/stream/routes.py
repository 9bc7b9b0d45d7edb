"""From what happened to who asked for it: one dictionary look-up, never a walk over the sessions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kalshi_tui.practice.stream.subscription import Subscription

_NOBODY: tuple[Subscription, ...] = ()


class Routes:
    """The listeners of one channel, by name and for everything.

    Each list is a tuple that is replaced when it changes, so a subscription may die while a message is handed round.
    """

    def __init__(self) -> None:
        self.named: dict[str, tuple[Subscription, ...]] = {}
        self.every: tuple[Subscription, ...] = ()

    def of(self, name: str) -> tuple[Subscription, ...]:
        """Return those who hear of `name`."""
        return self.named.get(name, _NOBODY) + self.every

    def add(self, subscription: Subscription, names: Iterable[str]) -> None:
        """Let a subscription hear of each of `names`."""
        for name in names:
            self.named[name] = (*self.named.get(name, _NOBODY), subscription)

    def add_every(self, subscription: Subscription) -> None:
        """Let a subscription hear of everything."""
        self.every = (*self.every, subscription)

    def remove(self, subscription: Subscription, names: Iterable[str]) -> None:
        """Stop a subscription from hearing of `names`."""
        for name in names:
            left = tuple(other for other in self.named.get(name, _NOBODY) if other is not subscription)
            if left:
                self.named[name] = left
            else:
                self.named.pop(name, None)

    def remove_every(self, subscription: Subscription) -> None:
        """Stop a subscription from hearing of everything."""
        self.every = tuple(other for other in self.every if other is not subscription)

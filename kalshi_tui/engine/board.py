"""What is published: under each key the latest view, and over everything that ever was a digest."""

from __future__ import annotations

import hashlib

from kalshi_tui.link.keys import Key
from kalshi_tui.link.messages import encode
from kalshi_tui.link.views import View


class Board:
    """The latest view under each key, with a version that only grows."""

    def __init__(self) -> None:
        self.published = 0
        self._shown: dict[Key, tuple[int, bytes]] = {}
        self._digest = hashlib.sha256()

    def publish(self, key: Key, view: View) -> None:
        """Show a view, unless it says the same as the one that is shown."""
        body = encode(view)
        shown = self._shown.get(key)
        if shown is not None and shown[1] == body:
            return
        self.published += 1
        self._shown[key] = (self.published, body)
        self._digest.update(encode((key, self.published, body)))

    def note(self, said: bytes) -> None:
        """Count what went another way, such as a command to the venue, to what was published."""
        self._digest.update(said)

    def shown(self, key: Key) -> tuple[int, bytes] | None:
        """Return the version and the bytes of what is shown."""
        return self._shown.get(key)

    def forget(self, key: Key) -> None:
        """Show nothing under a key any more."""
        self._shown.pop(key, None)

    def digest(self) -> str:
        """Return the SHA-256 of everything published so far, in its order."""
        return self._digest.copy().hexdigest()

"""A recorder for engines whose settings say that nothing is to be recorded."""

from __future__ import annotations

from kalshi_tui.engine.inputs import Opening, Record
from kalshi_tui.link.views import TapeState


class NoRecorder:
    """Keeps nothing."""

    wants_opening = False

    def begin(self, opening: Opening) -> None:
        """Begin nothing."""

    def put(self, record: Record) -> None:
        """Keep nothing."""

    def state(self) -> TapeState:
        """Return that nothing is recorded."""
        return TapeState("off", "switched off by settings")

    def close(self) -> None:
        """End nothing."""

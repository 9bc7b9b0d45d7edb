"""Our commands to the exchange: numbered, awaited for a bounded time, and never too many in a second."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from kalshi_tui.protocol.patience import Patience

Kind = Literal["subscribe", "unsubscribe", "add", "delete", "snapshot", "list"]

_SECOND_MS = 1_000
_WIRE_NAME: dict[Kind, str] = {
    "subscribe": "subscribe",
    "unsubscribe": "unsubscribe",
    "add": "update_subscription",
    "delete": "update_subscription",
    "snapshot": "update_subscription",
    "list": "list_subscriptions",
}


@dataclass(frozen=True, slots=True)
class Command:
    """A command that was sent, and what it was about."""

    id: int
    kind: Kind
    channel: str
    keys: tuple[str, ...]
    sent_ms: int


class Commands:
    """Numbers commands, remembers those without an answer, and spaces them."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._last_id = 0
        self._unanswered: dict[int, Command] = {}
        self._recent: deque[int] = deque(maxlen=patience.commands_per_s)
        self._ready: list[bytes] = []

    def has_room(self, now_ms: int) -> bool:
        """Return whether another command may be sent now."""
        recent = self._recent
        return len(recent) < self._patience.commands_per_s or now_ms - recent[0] >= _SECOND_MS

    def send(self, kind: Kind, channel: str, keys: tuple[str, ...], params: dict[str, Any], now_ms: int) -> Command:
        """Make a command ready to be taken."""
        self._last_id += 1
        command = Command(self._last_id, kind, channel, keys, now_ms)
        self._unanswered[command.id] = command
        self._recent.append(now_ms)
        content: dict[str, Any] = {"id": command.id, "cmd": _WIRE_NAME[kind]}
        self._ready.append(msgspec.json.encode(content | ({"params": params} if params else {})))
        return command

    def take(self) -> list[bytes]:
        """Return what is ready, and forget it."""
        ready, self._ready = self._ready, []
        return ready

    def answered(self, command_id: int | None) -> Command | None:
        """Return the command that an answer belongs to, which is then no longer awaited."""
        return None if command_id is None else self._unanswered.pop(command_id, None)

    def awaits(self, kind: Kind, channel: str = "") -> bool:
        """Return whether such a command is still without an answer."""
        return any(command.kind == kind and command.channel == channel for command in self._unanswered.values())

    def overdue(self, now_ms: int) -> list[Command]:
        """Return the commands whose time is over; they are no longer awaited."""
        late = [c for c in self._unanswered.values() if now_ms - c.sent_ms >= self._patience.answer_ms]
        for command in late:
            del self._unanswered[command.id]
        return late

    def forget(self) -> None:
        """Drop everything with the connection; numbers go on, so that no late answer can be mistaken."""
        self._unanswered.clear()
        self._ready.clear()

"""What a session asks its door to put on the wire."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ping:
    """A WebSocket ping frame."""

    payload: bytes = b"heartbeat"


@dataclass(frozen=True, slots=True)
class Binary:
    """A binary frame; the exchange never sends one unless a fault rule asks for it."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Close:
    """The end of the connection; `abrupt` cuts it without a closing handshake, as a reset does."""

    code: int = 1000
    reason: str = ""
    abrupt: bool = False


Outgoing = bytes | Ping | Binary | Close
"""Bytes are the payload of one text frame; a fault rule may make them bad UTF-8 or bad JSON, send them as they are."""

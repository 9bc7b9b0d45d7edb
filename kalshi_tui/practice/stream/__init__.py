"""The practice exchange's WebSocket side: sessions that speak the protocol without a socket or a clock of their own."""

from kalshi_tui.practice.stream.hub import Hub
from kalshi_tui.practice.stream.limits import Limits
from kalshi_tui.practice.stream.outgoing import Binary, Close, Outgoing, Ping
from kalshi_tui.practice.stream.session import Session

__all__ = ["Binary", "Close", "Hub", "Limits", "Outgoing", "Ping", "Session"]

"""The REST door of the practice exchange: Kalshi's trade-api v2, from bytes to bytes, without a socket."""

from kalshi_tui.practice.rest.door import RestDoor
from kalshi_tui.practice.rest.wire import HttpReply, HttpRequest

__all__ = ["HttpReply", "HttpRequest", "RestDoor"]

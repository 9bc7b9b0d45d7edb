"""HTTP requests and replies as values, and the four shapes of Kalshi's error bodies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import msgspec

from kalshi_tui.practice.records import Refusal

PREFIX: Final = "/trade-api/v2"
STREAM_PATH: Final = "/trade-api/ws/v2"

_JSON: Final = {"content-type": "application/json"}
_FLAT_CODES: Final = frozenset({"bad_request", "invalid_content_type"})
_encode: Final = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as it came off the wire: the whole path, still percent-encoded; headers under lower-case names."""

    method: str
    path: str
    query: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A status, a body and headers under lower-case names."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class QueryRefused(Refusal):
    """A query parameter cannot be used; its reply has a shape of its own."""

    def __init__(self, operation: str, sentence: str) -> None:
        super().__init__(400, "invalid_parameters", f"Parameter validation failed for {operation}: {sentence}")


class TooMany(Refusal):
    """A token bucket is empty; the reply names no time to wait."""

    def __init__(self) -> None:
        super().__init__(429, "too_many_requests", "too many requests")


def reply(status: int, value: object) -> HttpReply:
    """Answer with a JSON value, or with nothing where the status says so."""
    if status == HTTPStatus.NO_CONTENT:
        return HttpReply(status, b"", {})
    return HttpReply(status, _encode(value), _JSON)


def refuse(refusal: Refusal) -> HttpReply:
    """Answer with the error body that belongs to this refusal."""
    if isinstance(refusal, QueryRefused):
        return reply(refusal.status, {"msg": refusal.message})
    if isinstance(refusal, TooMany):
        return reply(refusal.status, {"error": refusal.message})
    error = flat_error(refusal)
    return reply(refusal.status, error if refusal.code in _FLAT_CODES else {"error": error})


def flat_error(refusal: Refusal) -> dict[str, str]:
    """Return code, message and, where there are any, details."""
    error = {"code": refusal.code, "message": refusal.message}
    if refusal.details:
        error["details"] = refusal.details
    return error

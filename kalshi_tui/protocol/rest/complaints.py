"""Reads what the venue complains of, in any of its four shapes, and makes the right error of it."""

from __future__ import annotations

from typing import Final

import msgspec

from kalshi_tui.core.text import clean
from kalshi_tui.errors import AlreadyExists, AuthenticationRefused, NotFound, VenueRefused
from kalshi_tui.protocol.rest.words import sentence_for

# What msgspec raises for bytes that it cannot read; the last one for brackets nested too deep.
UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_SHOWN: Final = 200


class Complaint(msgspec.Struct, frozen=True):
    """What the venue said, from whichever of its shapes it chose."""

    code: str = ""
    message: str = ""
    details: str = ""


class _Shape(msgspec.Struct, frozen=True):
    code: str | None = None
    message: str | None = None
    details: msgspec.Raw = msgspec.Raw(b"null")
    msg: str | None = None
    error: msgspec.Raw = msgspec.Raw(b"null")


_SHAPES: Final = msgspec.json.Decoder(_Shape)


def refusal(status: int, complaint: Complaint) -> VenueRefused:
    """Return the error for a plain no."""
    sentence, hint = sentence_for(status, complaint.code, complaint.details)
    said = ": ".join(part for part in dict.fromkeys((complaint.message, complaint.details)) if part)
    message = sentence or f"the venue refused: {said or complaint.code or f'HTTP {status}'}"
    return _class_for(status, complaint.code)(
        message, status=status, code=complaint.code, details=complaint.details or complaint.message, hint=hint
    )


def _class_for(status: int, code: str) -> type[VenueRefused]:
    if status in {401, 403}:
        return AuthenticationRefused
    if status == 404 or code.startswith("not_found"):
        return NotFound
    if code.startswith("order_already_exists"):
        return AlreadyExists
    return VenueRefused


def read_complaint(body: bytes) -> Complaint | None:
    """Return what an error body says in any of the venue's four shapes, or nothing when it is none of them."""
    try:
        shape = _SHAPES.decode(body)
        nested = msgspec.json.decode(shape.error)
        details = msgspec.json.decode(shape.details)
    except UNREADABLE:
        return None
    if isinstance(nested, str):
        return Complaint(code=_short(nested), message=_short(nested))
    if isinstance(nested, dict):
        return Complaint(*(_short(nested.get(key)) for key in ("code", "message", "details")))
    if shape.msg is not None:
        return Complaint(code="invalid_parameters", message=_short(shape.msg))
    if shape.code is None and shape.message is None:
        return None
    return Complaint(_short(shape.code), _short(shape.message), _short(details))


def _short(value: object) -> str:
    if value is None:
        return ""
    return clean(value if isinstance(value, str) else msgspec.json.encode(value).decode(), _SHOWN)


def excerpt(body: bytes) -> str:
    """Return the start of a body, fit to be shown."""
    return clean(body[:_SHOWN].decode("utf-8", "replace"), _SHOWN) or "no body"

"""JSON bodies: unknown fields are ignored, wrong types refused in the words of the venue's JSON reader."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final, TypeVar

import msgspec

from kalshi_tui.core.units import parse_decimal
from kalshi_tui.practice.records import Refusal

T = TypeVar("T")

_ITEMS_LIMIT: Final = 10_000
_CLIENT_ID_LIMIT: Final = 64


class Body:
    """The fields of one JSON object, read with the types that the operation wants."""

    def __init__(self, struct: str, fields: Mapping[str, object]) -> None:
        self._struct = struct
        self._fields = fields

    @classmethod
    def read(cls, struct: str, raw: bytes, content_type: str) -> Body:
        """Read a body; nothing at all counts as an object without fields."""
        if raw and not content_type.startswith("application/json"):
            raise Refusal(400, "invalid_content_type", details="Content-Type must be application/json")
        try:
            value = msgspec.json.decode(raw) if raw else {}
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _bad_request(f"json: {str(error)[:120]}") from error
        if not isinstance(value, dict):
            raise _bad_request(f"json: cannot unmarshal {_kind(value)} into Go value of type {struct}")
        return cls(struct, value)

    def text(self, name: str) -> str | None:
        """Return a text, None when it is absent or null."""
        return self._typed(name, str, "string")

    def integer(self, name: str) -> int | None:
        """Return a whole number, None when it is absent or null."""
        return self._typed(name, int, "int64")

    def flag(self, name: str) -> bool | None:
        """Return a yes or no, None when it is absent or null."""
        return self._typed(name, bool, "bool")

    def natural(self, name: str, *, default: int = 0, maximum: int = 2**53) -> int:
        """Return a whole number that cannot be negative."""
        value = self.integer(name)
        if value is not None and not 0 <= value <= maximum:
            raise self.invalid(name)
        return default if value is None else value

    def client_id(self, name: str) -> str | None:
        """Return a client's own id for an order, of a length that the venue takes."""
        value = self.text(name)
        if value and len(value) > _CLIENT_ID_LIMIT:
            raise self.invalid(name)
        return value or None

    def needed(self, name: str) -> str:
        """Return a text that must be there."""
        value = self.text(name)
        if not value:
            raise self.missing(name)
        return value

    def needed_integer(self, name: str) -> int:
        """Return a whole number that must be there."""
        value = self.integer(name)
        if value is None:
            raise self.missing(name)
        return value

    def choice(self, name: str, options: Collection[str]) -> str:
        """Return one of the options; it must be there."""
        value = self.needed(name)
        if value not in options:
            raise self.invalid(name)
        return value

    def decimal(self, name: str, places: int) -> int | None:
        """Return a decimal text as an integer of so many places, None when it is absent or empty."""
        text = self.text(name)
        if not text:
            return None
        try:
            return parse_decimal(text, places)
        except ValueError as error:
            raise self.invalid(name) from error

    def needed_decimal(self, name: str, places: int) -> int:
        """Return a decimal text that must be there."""
        value = self.decimal(name, places)
        if value is None:
            raise self.missing(name)
        return value

    def objects(self, name: str, struct: str) -> list[Body]:
        """Return a list of objects that must hold at least one."""
        items = self._typed(name, list, f"[]{struct}")
        if not items or len(items) > _ITEMS_LIMIT:
            raise self.missing(name) if not items else self.invalid(name)
        for item in items:
            if not isinstance(item, dict):
                raise _bad_request(f"json: cannot unmarshal {_kind(item)} into Go struct field {self._struct}.{name}")
        return [Body(struct, item) for item in items]

    def count_of(self, name: str) -> int:
        """Return how many items a list has, 0 when it is none."""
        items = self._fields.get(name)
        return len(items) if isinstance(items, list) else 0

    def missing(self, name: str) -> Refusal:
        """Return the refusal for a field that must be there."""
        return Refusal(400, "missing_parameters", details=f"{name} is required")

    def invalid(self, name: str) -> Refusal:
        """Return the refusal for a value that cannot be used."""
        return Refusal(400, "invalid_parameters", details=f"{name} is invalid")

    def _typed(self, name: str, wanted: type[T], go_type: str) -> T | None:
        value: Any = self._fields.get(name)
        if value is None:
            return None
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            place = f"{self._struct}.{name} of type {go_type}"
            raise _bad_request(f"json: cannot unmarshal {_kind(value)} into Go struct field {place}")
        return value


def _bad_request(details: str) -> Refusal:
    return Refusal(400, "bad_request", "bad request", details)


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "bool"
    kinds: dict[type, str] = {str: "string", int: "number", float: "number", list: "array", dict: "object"}
    return kinds.get(type(value), "null")

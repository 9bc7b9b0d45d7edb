"""A journal's rows: numbered from 1, each with a digest over its own bytes and the digest before it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

GENESIS: Final = b"kalshi-tui journal, 1".ljust(32, b"\0")


class JournalRow(Struct, frozen=True, gc=False, array_like=True):
    """One entry as it lies on the disk."""

    number: int
    at_ms: int
    kind: str  # the entry's type, so that rows can be found without reading them
    body: bytes  # the entry in JSON
    digest: bytes


def sealed(before: bytes, number: int, at_ms: int, kind: str, body: bytes) -> JournalRow:
    """Return a row whose digest is bound to everything before it."""
    return JournalRow(number, at_ms, kind, body, digest_of(before, number, at_ms, kind, body))


def digest_of(before: bytes, number: int, at_ms: int, kind: str, body: bytes) -> bytes:
    """Return the SHA-256 over the digest before and every part of a row, each with its length."""
    head = f"{number}|{at_ms}|{kind}|{len(body)}|".encode()
    return hashlib.sha256(before + head + body).digest()


def first_broken(rows: Iterable[JournalRow]) -> int | None:
    """Return the number of the first row that does not follow from the one before it, or None where all do."""
    before = GENESIS
    for number, row in enumerate(rows, 1):
        if row.number != number or row.digest != digest_of(before, row.number, row.at_ms, row.kind, row.body):
            return number
        before = row.digest
    return None

"""Pages and opaque cursors; a cursor that says nothing starts from the beginning, as Kalshi's do."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def page_by_place(rows: Iterable[T], keep: Callable[[T], bool], limit: int, cursor: str) -> tuple[list[T], str]:
    """Page through rows that only grow at their end; the cursor counts the rows that were passed."""
    start = _place(cursor)
    found: list[T] = []
    for place, row in enumerate(islice(rows, start, None), start):
        if not keep(row):
            continue
        if len(found) == limit:
            return found, encode_cursor(place)
        found.append(row)
    return found, ""


def page_by_key(
    newest_first: Iterable[T],
    keep: Callable[[T], bool],
    key: Callable[[T], tuple[int, str]],
    limit: int,
    cursor: str,
) -> tuple[list[T], str]:
    """Page through rows of which the oldest are dropped; the cursor names the last row that was sent."""
    rows = _after(newest_first, key, _key(cursor))
    found: list[T] = []
    for row in rows:
        if not keep(row):
            continue
        if len(found) == limit:
            last_ms, last_id = key(found[-1])
            return found, encode_cursor(f"{last_ms}:{last_id}")
        found.append(row)
    return found, ""


def encode_cursor(place: int | str) -> str:
    """Write a cursor that nobody is tempted to read."""
    return base64.urlsafe_b64encode(f"k{place}".encode()).decode()


def _decode(cursor: str) -> str:
    try:
        text = base64.urlsafe_b64decode(cursor.encode()).decode()
    except (binascii.Error, ValueError):
        return ""
    return text[1:] if text.startswith("k") else ""


def _place(cursor: str) -> int:
    text = _decode(cursor)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 15 else 0


def _key(cursor: str) -> tuple[int, str] | None:
    ms, _, name = _decode(cursor).partition(":")
    return (int(ms), name) if name and ms.isascii() and ms.isdigit() and len(ms) < 18 else None


def _after(rows: Iterable[T], key: Callable[[T], tuple[int, str]], last: tuple[int, str] | None) -> Iterable[T]:
    """Skip what was sent; a row that was dropped meanwhile is stepped over by its time."""
    if last is None:
        return rows
    kept = list(rows)
    for place, row in enumerate(kept):
        if key(row) == last:
            return kept[place + 1 :]
    return [row for row in kept if key(row)[0] < last[0]]

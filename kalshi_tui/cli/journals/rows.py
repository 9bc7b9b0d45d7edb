"""A journal's lines for programs: as JSON objects, and as rows of a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from kalshi_tui.cli.journals.reading import OF_ORDERS, Line
from kalshi_tui.cli.journals.words import words_of
from kalshi_tui.core.text import clean

COLUMNS: Final = ("number", "at_ms", "kind", "ticker", "order", "words", "problem", "entry", "digest")

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def json_of(line: Line) -> dict[str, object]:
    """Return a line with its entry exactly as it was written; one that cannot be read is told as text."""
    row, text = line.row, line.row.body.decode(errors="replace")
    is_one_line = line.entry is not None and "\n" not in text  # ours have none; somebody's would end a line of JSON
    body = {"entry": msgspec.Raw(row.body)} if is_one_line else {"body": text}
    problem = {"problem": line.problem} if line.problem else {}
    head = {"number": row.number, "at_ms": row.at_ms, "kind": row.kind, "digest": row.digest.hex()}
    return {**head, **problem, **body}


def json_lines(found: Iterable[Line]) -> Iterator[bytes]:
    """Yield an object a line."""
    encode = msgspec.json.Encoder().encode
    return (encode(json_of(line)) + b"\n" for line in found)


def csv_lines(found: Iterable[Line]) -> Iterator[bytes]:
    """Yield a heading and a row for each line, in the form of RFC 4180."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for line in found:
        yield _taken(text)
        writer.writerow([harmless(cell) for cell in _cells(line)])
    yield _taken(text)


def harmless(cell: int | str) -> int | str:
    """Return a cell that no spreadsheet takes for a formula; numbers are numbers, also below zero."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def words_in(line: Line) -> str:
    """Say what a line tells, and that it is not right where it is not."""
    words = words_of(line.entry) if line.entry is not None else ""
    return clean(f"NOT RIGHT: {line.problem}; {words}" if line.problem else words, 600)


def _cells(line: Line) -> list[int | str]:
    row, entry = line.row, line.entry
    order = entry.number if isinstance(entry, OF_ORDERS) else ""
    words = words_of(entry) if entry is not None else ""
    body = row.body.decode(errors="replace")
    ticker = getattr(entry, "ticker", "")
    return [row.number, row.at_ms, row.kind, ticker, order, words, line.problem, body, row.digest.hex()]


def _taken(text: io.StringIO) -> bytes:
    content = text.getvalue().encode(errors="replace")
    text.seek(0)
    text.truncate()
    return content

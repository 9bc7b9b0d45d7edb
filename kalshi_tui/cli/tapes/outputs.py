"""Files of rows for other programs: JSON lines, CSV and Parquet."""

from __future__ import annotations

import csv
import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from shlex import quote
from typing import IO, Any, Final, Protocol

import msgspec

from kalshi_tui.adapters.tape_files.files import new_file
from kalshi_tui.engine.tape.schema import COLUMNS, Row
from kalshi_tui.errors import ConfigError

NAMES: Final = tuple(column.name for column in COLUMNS)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_TO_STDOUT: Final = "-"


class Output(Protocol):
    """Where rows go."""

    def write(self, rows: Sequence[Row]) -> None:
        """Write some rows."""

    def close(self) -> None:
        """Write what is left; the file itself stays open."""


class JsonLines:
    """An object a line, with the columns that have a value."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._encode = msgspec.json.Encoder().encode_lines

    def write(self, rows: Sequence[Row]) -> None:
        """Write some rows."""
        self._file.write(self._encode(rows))

    def close(self) -> None:
        """Do nothing: no row is kept back."""


class Csv:
    """A heading, and a line for each row."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._lines([NAMES])

    def write(self, rows: Sequence[Row]) -> None:
        """Write some rows."""
        self._lines([harmless(row.get(name, "")) for name in NAMES] for row in rows)

    def close(self) -> None:
        """Do nothing: no row is kept back."""

    def _lines(self, lines: Iterable[Sequence[int | str]]) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(lines)
        self._file.write(text.getvalue().encode(errors="replace"))


def harmless(cell: int | str) -> int | str:
    """Return a cell that no spreadsheet takes for a formula; numbers are numbers, also below zero."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


class Parquet:
    """Columns, compressed; times and numbers as differences, which takes a tenth."""

    def __init__(self, file: IO[bytes]) -> None:
        try:
            import pyarrow as pa  # noqa: PLC0415 - an extra that may be missing
            from pyarrow import parquet  # noqa: PLC0415 - as above
        except ImportError:
            raise ConfigError(
                "Parquet needs pyarrow, which is not installed",
                hint="pip install 'kalshi-tui[parquet]', or choose --format csv or jsonl",
            ) from None
        types = {"integer": pa.int64(), "text": pa.string()}
        self._schema = pa.schema([(column.name, types[column.type]) for column in COLUMNS])
        self._batch: Callable[..., Any] = pa.record_batch
        texts = [column.name for column in COLUMNS if column.type == "text"]
        self._writer = parquet.ParquetWriter(
            file,
            self._schema,
            compression="zstd",
            use_dictionary=texts,
            column_encoding={name: "DELTA_BINARY_PACKED" for name in NAMES if name not in texts},
        )

    def write(self, rows: Sequence[Row]) -> None:
        """Write some rows as a group."""
        if rows:
            self._writer.write_batch(
                self._batch({name: [row.get(name) for row in rows] for name in NAMES}, schema=self._schema)
            )

    def close(self) -> None:
        """Write the footer, without which no reader takes the file."""
        self._writer.close()


FORMATS: Final[dict[str, Callable[[IO[bytes]], Output]]] = {"jsonl": JsonLines, "csv": Csv, "parquet": Parquet}


@contextmanager
def new_output(target: str, form: str) -> Iterator[Output]:
    """Open a new file that only we can read, whole or not at all; `-` is standard output."""
    if target == _TO_STDOUT:
        output = FORMATS[form](sys.stdout.buffer)
        yield output
        output.close()
        return
    path = Path(target)
    if path.exists():
        raise ConfigError(f"{path} is there already", hint="choose another name, or delete it first")
    draft = path.with_name(f".{path.name}.{token_hex(8)}")
    try:
        with os.fdopen(new_file(draft), "wb") as file:
            output = FORMATS[form](file)
            yield output
            output.close()
        os.link(draft, path)
    except OSError as problem:
        is_homeless = isinstance(problem, FileNotFoundError)
        hint = f"mkdir -p {quote(str(path.parent))}" if is_homeless else "check free space and modes"
        raise ConfigError(f"{path} cannot be written: {problem.strerror}", hint=hint) from None
    finally:
        draft.unlink(missing_ok=True)


def in_batches(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    """Yield rows in lists of at most `size`."""
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch

"""A segment as its reader sees it: where its chunks are, by the index or without, and the records in them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Final, Protocol

from kalshi_tui.engine.inputs import CODEC, Record
from kalshi_tui.engine.tape import form
from kalshi_tui.engine.tape.form import HEAD_SIZE, HEADER_SIZE, TRAILER_SIZE, Header, Place, Tally
from kalshi_tui.errors import ConfigError, ValueRefused

_CHUNKS_LIMIT: Final = 10_000_000  # a file of nothing but headers would fill the memory


class Source(Protocol):
    """A file to read from."""

    @property
    def name(self) -> str:
        """Return how a person would call it."""

    @property
    def size(self) -> int:
        """Return its length in bytes."""

    def read(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes, fewer only at the end."""


class Segment:
    """One file of a tape; opening it reads its index, or else the headers of its chunks."""

    def __init__(self, source: Source, *, is_open: bool = False) -> None:
        """Look at a file; `is_open` says that somebody is still writing it, so that it need not have an end."""
        self.name = source.name
        self.size = source.size
        self.is_open = is_open
        self.tear = ""  # why it ends before its end, where it does
        self.tally: Tally | None = None  # only a closed one tells without being read
        self.places: list[Place] = []
        self._source = source
        try:
            self.codec = form.read_head(source.read(0, HEAD_SIZE))
        except ConfigError as problem:
            raise ConfigError(f"{source.name}: {problem.message}", hint=problem.hint) from None
        if self.codec is None:
            self.tear = "" if is_open else "it was cut off in its first bytes"
        elif not self._take_index():
            self._scan()

    @property
    def end(self) -> int:
        """Return the length of what can be read."""
        return self.places[-1].end if self.places else min(HEAD_SIZE, self.size)

    def records(self, place: Place) -> list[Record]:
        """Return the records of a chunk, or refuse it with what is wrong."""
        if self.codec != CODEC:
            raise ConfigError(
                f"{self.name}: its records have codec {self.codec}, and this program reads {CODEC}",
                hint="use the version of kalshi-tui that recorded it: kalshi-tui tape info names it",
            )
        return form.read_records(*self._chunk(place))

    def chunk(self, place: Place) -> bytes:
        """Return a chunk's bytes, header and payload, for a copy."""
        self._chunk(place)
        return self._source.read(place.offset, HEADER_SIZE + place.length)

    def from_ms(self, at_ms: int) -> Iterator[Place]:
        """Yield the chunks that hold something of this time or later."""
        yield from self.places[bisect_left(self.places, at_ms, key=lambda place: place.last_ms) :]

    def _chunk(self, place: Place) -> tuple[Header, bytes]:
        header = self._header(place.offset)
        if header.kind != form.CHUNK or header.at(place.offset) != place:
            raise ValueRefused("the index and the chunks disagree")
        return header, self._source.read(place.offset + HEADER_SIZE, header.length)

    def _header(self, offset: int) -> Header:
        return form.read_header(self._source.read(offset, HEADER_SIZE))

    def _take_index(self) -> bool:
        """Read the index, and return whether there is one to trust."""
        offset = form.read_trailer(self._source.read(max(0, self.size - TRAILER_SIZE), TRAILER_SIZE))
        if offset is None:
            return False
        try:
            header = self._header(offset)
            if header.kind != form.INDEX or header.records > _CHUNKS_LIMIT:
                return False
            index = form.read_index(header, self._source.read(offset + HEADER_SIZE, header.length))
        except ValueRefused:
            return False
        self.places, self.tally = index.places, index.tally
        return True

    def _scan(self) -> None:
        """Find the chunks one after another; each header tells where the next one is."""
        offset = HEAD_SIZE
        while offset < self.size and len(self.places) < _CHUNKS_LIMIT:
            try:
                header = self._header(offset)
            except ValueRefused as problem:
                self._tear(problem.message, offset)
                return
            place = header.at(offset)
            if header.kind != form.CHUNK or place.end > self.size:
                self._tear("a chunk is cut off" if header.kind == form.CHUNK else "its index is damaged", offset)
                return
            self.places.append(place)
            offset = place.end
        self._tear("it was not closed" if offset == self.size else "it has more chunks than are read", offset)

    def _tear(self, reason: str, offset: int) -> None:
        if not self.is_open:
            left = self.size - offset
            self.tear = f"{reason}; {left} bytes after the last whole chunk are dropped" if left else reason

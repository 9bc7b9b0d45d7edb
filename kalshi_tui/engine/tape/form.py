"""The bytes of a segment: a head, chunks of records with checksums, and at the end of a closed one its index.

    head     magic, form, codec of the records
    chunk    header (magic, lengths, checksums, times, counts) and one zstd frame of the MessagePack list of records
    ...
    index    the same header, and one zstd frame of the places of all chunks and a tally of what is in them
    trailer  where the index begins

A chunk can be read alone. What follows the last whole one (a program that was killed, a disk that was full) is dropped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from struct import Struct as Layout
from typing import Final
from zlib import crc32

import msgspec
import zstandard

from kalshi_tui.engine.inputs import CODEC, Frames, Record, decode_records, encode_records
from kalshi_tui.errors import ConfigError, ValueRefused

FORM: Final = 1
MAGIC: Final = b"KTTAPE"
CHUNK: Final = b"KTck"
INDEX: Final = b"KTix"
END: Final = b"KTnd"
RAW_LIMIT: Final = 128 << 20  # bytes; a catalogue of 30,000 markets takes 60 MB, and no reader may be asked for more
PAYLOAD_LIMIT: Final = RAW_LIMIT + (RAW_LIMIT >> 7)  # what cannot be compressed grows by less

_HEAD: Final = Layout(">6sBB")
_HEADER: Final = Layout(">4sIIIqqIQ")
_CHECKSUM: Final = Layout(">I")
_TRAILER: Final = Layout(">Q4s")
HEAD_SIZE: Final = _HEAD.size
HEADER_SIZE: Final = _HEADER.size + _CHECKSUM.size
TRAILER_SIZE: Final = _TRAILER.size

Compress = Callable[[bytes], bytes]
_CORRUPT: Final = (msgspec.DecodeError, UnicodeError, RecursionError)


class Place(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Where a chunk lies in its file, and what is in it."""

    offset: int
    length: int  # of the payload
    raw: int  # of the payload, before it was compressed
    first_ms: int
    last_ms: int
    records: int
    number: int  # of the first record; numbers count a tape's records, also those that were lost

    @property
    def end(self) -> int:
        """Return where the next chunk begins."""
        return self.offset + HEADER_SIZE + self.length


class Tally(msgspec.Struct, frozen=True, gc=False):
    """How many records of each kind there are, and how many frames they hold."""

    kinds: dict[str, int]
    frames: int = 0


class Index(msgspec.Struct, frozen=True, gc=False):
    """What the end of a closed segment tells."""

    places: list[Place]
    tally: Tally


_encode_index: Final = msgspec.msgpack.Encoder().encode
_decode_index: Final = msgspec.msgpack.Decoder(Index).decode


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before a payload; `read_header` has found its checksum right."""

    kind: bytes
    length: int
    raw: int
    checksum: int
    first_ms: int
    last_ms: int
    records: int
    number: int

    def packed(self) -> bytes:
        """Return its bytes, with a checksum of their own."""
        times = self.first_ms, self.last_ms, self.records, self.number
        fields = _HEADER.pack(self.kind, self.length, self.raw, self.checksum, *times)
        return fields + _CHECKSUM.pack(crc32(fields))

    def at(self, offset: int) -> Place:
        """Return the place of a chunk with this header."""
        return Place(offset, self.length, self.raw, self.first_ms, self.last_ms, self.records, self.number)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Records as bytes, ready to be written."""

    header: Header
    data: bytes  # with its header
    tally: Tally


def compressor(level: int) -> Compress:
    """Return a function that makes one whole zstd frame; it must not be called by two threads at once."""
    return zstandard.ZstdCompressor(level=level).compress


def head(codec: int = CODEC) -> bytes:
    """Return the first bytes of a segment."""
    return _HEAD.pack(MAGIC, FORM, codec)


def read_head(data: bytes) -> int | None:
    """Return the records' codec, None where the file was cut before it; refuse what is no tape of a form we know."""
    if not MAGIC.startswith(data[: len(MAGIC)]):
        raise ConfigError("it is no tape", hint="name a file or folder that kalshi-tui recorded: kalshi-tui tape list")
    if len(data) < HEAD_SIZE:
        return None
    _, form, codec = _HEAD.unpack(data[:HEAD_SIZE])
    if form != FORM:
        raise ConfigError(f"it is a tape of form {form}, and this program reads form {FORM}", hint="update kalshi-tui")
    return int(codec)


def pack_records(records: Sequence[Record], number: int, compress: Compress) -> Chunk:
    """Make a chunk of records, the first of which is the tape's record `number`."""
    try:
        raw = encode_records(records)
    except (TypeError, ValueError, OverflowError, RecursionError) as problem:  # a lone surrogate, a number of 65 bits
        raise ValueRefused(f"a record cannot be written: {problem}") from None
    tally = tally_of(records)
    return _pack(CHUNK, raw, (records[0].at_ms, records[-1].at_ms, len(records), number), compress, tally)


def pack_index(places: list[Place], tally: Tally, compress: Compress, offset: int) -> bytes:
    """Return the index and the trailer that end a segment whose index begins at `offset`."""
    first_ms, last_ms = (places[0].first_ms, places[-1].last_ms) if places else (0, 0)
    raw = _encode_index(Index(places, tally))
    chunk = _pack(INDEX, raw, (first_ms, last_ms, len(places), 0), compress, tally)
    return chunk.data + _TRAILER.pack(offset, END)


def _pack(kind: bytes, raw: bytes, told: tuple[int, int, int, int], compress: Compress, tally: Tally) -> Chunk:
    if len(raw) > RAW_LIMIT:
        raise ValueRefused(f"{len(raw)} bytes are too many for one piece of a tape")
    payload = compress(raw)
    header = Header(kind, len(payload), len(raw), crc32(payload), *told)
    return Chunk(header, header.packed() + payload, tally)


def read_header(data: bytes) -> Header:
    """Return what stands before a payload, or refuse what is no whole header."""
    if len(data) < HEADER_SIZE:
        raise ValueRefused("a header is cut off")
    fields = data[: _HEADER.size]
    if _CHECKSUM.unpack_from(data, _HEADER.size)[0] != crc32(fields):
        raise ValueRefused("a header is damaged: its checksum is wrong")
    header = Header(*_HEADER.unpack(fields))
    if header.kind not in {CHUNK, INDEX} or header.length > PAYLOAD_LIMIT or header.raw > RAW_LIMIT:
        raise ValueRefused("a header tells what no tape holds")
    return header


def read_records(header: Header, payload: bytes) -> list[Record]:
    """Return a chunk's records, or refuse it: a damaged one gives none rather than wrong ones."""
    try:
        records = decode_records(_unpack(header, payload))
    except _CORRUPT as problem:
        raise ValueRefused(f"records cannot be read: {problem}") from None
    if not records or len(records) != header.records:
        raise ValueRefused(f"a chunk holds {len(records)} records where its header tells of {header.records}")
    return records


def read_index(header: Header, payload: bytes) -> Index:
    """Return the index of a closed segment, or refuse it."""
    try:
        return _decode_index(_unpack(header, payload))
    except _CORRUPT as problem:
        raise ValueRefused(f"the index cannot be read: {problem}") from None


def read_trailer(data: bytes) -> int | None:
    """Return where the index begins, or None where a file does not end as closed segments do."""
    if len(data) != TRAILER_SIZE:  # the file is shorter than that
        return None
    offset, mark = _TRAILER.unpack(data)
    return offset if mark == END else None  # a wrong one finds no index, which has a checksum of its own


def _unpack(header: Header, payload: bytes) -> bytes:
    if len(payload) != header.length or crc32(payload) != header.checksum:
        raise ValueRefused("a chunk is damaged: its checksum is wrong")
    try:
        # The frame says how long it will be; one that does not, or says it wrongly, could fill the memory.
        if zstandard.get_frame_parameters(payload).content_size != header.raw:
            raise ValueRefused("a chunk is longer than its header tells")
        return zstandard.ZstdDecompressor().decompress(payload, allow_extra_data=False)
    except zstandard.ZstdError as problem:
        raise ValueRefused(f"a chunk cannot be decompressed: {problem}") from None


def tally_of(records: Sequence[Record]) -> Tally:
    """Count records by kind, and frames."""
    kinds = {kind.__name__: count for kind, count in Counter(map(type, records)).items()}
    return Tally(kinds, sum(len(record.frames) for record in records if type(record) is Frames))


def added(one: Tally, other: Tally) -> Tally:
    """Return what two tallies count together."""
    names = [*one.kinds, *(name for name in other.kinds if name not in one.kinds)]
    kinds = {name: one.kinds.get(name, 0) + other.kinds.get(name, 0) for name in names}
    return Tally(kinds, one.frames + other.frames)

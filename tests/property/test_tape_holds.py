"""A tape gives back what was put on it; what is damaged or cut off gives less, and never something else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import UnionType
from typing import Any, Literal, NewType, Union, get_args, get_origin

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_tui.engine.inputs import Opening, Record
from kalshi_tui.engine.tape.form import HEAD_SIZE
from kalshi_tui.errors import KalshiTuiError
from tests.unit.tape_kit import NOW, frames, opening, same, segment_bytes, tape_of

PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(-(2**63), 2**63 - 1),
    str: st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    bytes: st.binary(max_size=60),
    bool: st.booleans(),
    float: st.floats(),
    type(None): st.none(),
}


def anything(kind: Any) -> st.SearchStrategy[Any]:
    """Return values of a type as records have them, so that a record that is new is tried without being named here."""
    if kind in PLAIN:
        return PLAIN[kind]
    if isinstance(kind, NewType):
        return anything(kind.__supertype__)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return st.builds(kind, **{field.name: anything(field.type) for field in msgspec.structs.fields(kind)})
    return several(get_origin(kind), get_args(kind))


def several(origin: Any, inner: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    """Return values of a type that is made of others."""
    if origin is Literal:
        return st.sampled_from(inner)
    if origin is list or (origin is tuple and inner[-1] is ...):
        return st.lists(anything(inner[0]), max_size=3).map(origin)
    makers: dict[Any, Callable[..., st.SearchStrategy[Any]]] = {
        tuple: st.tuples,
        dict: partial(st.dictionaries, max_size=3),
        Union: st.one_of,
        UnionType: st.one_of,
    }
    return makers[origin](*map(anything, inner))


RECORDS: st.SearchStrategy[Record] = anything(Record)
CHUNKS = st.lists(st.lists(RECORDS, min_size=1, max_size=8), min_size=1, max_size=5)
WHOLE: list[Record] = [opening(), *frames(40, size=9)]
CHUNKED = [WHOLE[start : start + 7] for start in range(0, len(WHOLE), 7)]
SMALL = segment_bytes(*CHUNKED)
LARGE = segment_bytes(*([opening(), *frames(30, NOW + 30 * i, size=200)] for i in range(60)))


def read(data: bytes) -> list[Record]:
    return list(tape_of(data).records())


@given(first=anything(Opening), chunks=CHUNKS, closed=st.booleans())
def test_what_is_written_is_read_again(first: Opening, chunks: list[list[Record]], closed: bool) -> None:
    written = [first, *(record for chunk in chunks for record in chunk)]
    tape = tape_of(segment_bytes([first], *chunks, closed=closed))
    assert same(list(tape.records()), written)
    assert sum(tape.tally().kinds.values()) == len(written)


def test_a_segment_cut_at_any_byte_reads_to_the_cut() -> None:
    ends = [place.end for place in tape_of(SMALL).segments[0].places]
    for cut in range(len(SMALL)):
        whole = sum(end <= cut for end in ends)
        assert read(SMALL[:cut]) == [record for chunk in CHUNKED[:whole] for record in chunk], cut


def test_every_cut_is_told() -> None:
    for cut in range(len(SMALL)):
        tape = tape_of(SMALL[:cut])
        list(tape.records())
        assert tape.breaks, cut
    whole = tape_of(SMALL)
    list(whole.records())
    assert whole.breaks == []


@given(cut=st.integers(0, len(LARGE)))
@settings(max_examples=60)
def test_a_long_segment_cut_anywhere_reads_a_prefix(cut: int) -> None:
    found, whole = read(LARGE[:cut]), read(LARGE)
    assert found == whole[: len(found)]
    places = tape_of(LARGE).segments[0].places
    assert len(found) == sum(place.records for place in places if place.end <= cut)


def test_a_flipped_bit_gives_fewer_records_and_never_wrong_ones() -> None:
    chunks_end = tape_of(SMALL).segments[0].places[-1].end
    for position in range(len(SMALL)):
        for bit in (0x01, 0x80):
            flipped = bytearray(SMALL)
            flipped[position] ^= bit
            if position < HEAD_SIZE:
                with pytest.raises(KalshiTuiError):  # it no longer says that it is a tape which we read
                    read(bytes(flipped))
            else:
                found = read(bytes(flipped))
                assert found == WHOLE[: len(found)], position
                assert (len(found) == len(WHOLE)) == (position >= chunks_end), position


@given(data=st.data(), flips=st.integers(1, 20))
@settings(max_examples=60)
def test_damage_anywhere_never_crashes_and_never_lies(data: st.DataObject, flips: int) -> None:
    damaged = bytearray(LARGE)
    for position in data.draw(st.lists(st.integers(8, len(LARGE) - 1), min_size=flips, max_size=flips)):
        damaged[position] ^= data.draw(st.integers(1, 255))
    found, whole = read(bytes(damaged)), read(LARGE)
    assert found == whole[: len(found)]


@given(junk=st.binary(max_size=300))
def test_what_is_no_tape_is_refused_or_empty(junk: bytes) -> None:
    with suppress(KalshiTuiError):
        assert read(junk) == []


@given(junk=st.binary(max_size=300))
def test_junk_after_a_good_head_gives_nothing(junk: bytes) -> None:
    assert read(SMALL[:8] + junk) == []

"""Every row that was ever written can be read: one recorded row of each type, of each codec there was."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from kalshi_tui.cli.journals.reading import lines
from kalshi_tui.cli.journals.words import words_of
from kalshi_tui.engine.journal_rows import JournalRow, first_broken
from kalshi_tui.engine.trading.entries import Entry, decode_entry, encode_entry
from tests.unit.journal_kit import DATA, ENTRIES

RECORDED = [
    JournalRow(row["number"], row["at_ms"], row["kind"], row["body"].encode(), bytes.fromhex(row["digest"]))
    for row in json.loads(DATA.read_text())
]


def test_a_row_of_each_type_is_recorded() -> None:
    assert {row.kind for row in RECORDED} == {kind.__name__ for kind in get_args(Entry)}
    assert first_broken(RECORDED) is None
    assert [line.problem for line in lines(RECORDED)] == [""] * len(RECORDED)


@pytest.mark.parametrize(("row", "entry"), zip(RECORDED, ENTRIES, strict=True), ids=lambda value: type(value).__name__)
def test_each_recorded_row_decodes_to_the_entry_that_it_was_made_of(row: JournalRow, entry: Entry) -> None:
    assert decode_entry(row.body) == entry
    assert decode_entry(encode_entry(entry)) == entry


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: type(entry).__name__)
def test_each_entry_is_said_in_one_line_of_words(entry: Entry) -> None:
    words = words_of(entry)
    assert words
    assert "\n" not in words

"""Invariants of the cleaner: nothing that drives a terminal, never too wide, nothing changed twice."""

from __future__ import annotations

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from kalshi_tui.core.text import clean

hostile = st.sampled_from(
    "\x00\x07\x08\x1b\x7f\x85\x9b\xad\u0301\u034f\u200b\u200d\u202e\u2066\u2028\ufe0f\ufeff\ud800日🇺🧑[/]\t\n"
)
raw_texts = st.text(st.characters() | hostile, max_size=60)


@settings(derandomize=True, max_examples=400, database=None)
@given(raw=raw_texts, limit=st.integers(0, 70))
def test_cleaned_text_has_no_control_is_no_wider_than_asked_and_stays_as_it_is(raw: str, limit: int) -> None:
    cleaned = clean(raw, limit)
    categories = [unicodedata.category(char) for char in cleaned]
    assert not {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} & set(categories)
    assert not any(char.isspace() and char != " " for char in cleaned)
    assert not {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"} & set(
        map(unicodedata.bidirectional, cleaned)
    )
    assert cell_len(cleaned) <= limit
    assert clean(cleaned, limit) == cleaned


@settings(derandomize=True, max_examples=200, database=None)
@given(raw=st.text(st.sampled_from("ab日\u0301\u20dd\u0e49\ufe0f"), max_size=40))
def test_no_letter_carries_more_than_two_marks_and_no_mark_stands_alone(raw: str) -> None:
    marks = 2
    for char in clean(raw, 100):
        marks = marks + 1 if unicodedata.category(char) in {"Mn", "Me"} else 0
        assert marks <= 2

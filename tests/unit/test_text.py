"""Words from outside are cleaned once, so that no title can drive a terminal."""

from __future__ import annotations

import copy
import pickle

import pytest
from rich.cells import cell_len

from kalshi_tui.core import text as module
from kalshi_tui.core.text import SafeText, clean

CLEANED = {
    "Will it rain in NYC?": "Will it rain in NYC?",
    "84° to 85° “high” … €": "84° to 85° “high” … €",
    "[bold red]x[/] [link=http://a]y[/link]": "[bold red]x[/] [link=http://a]y[/link]",
    "\x1b[31mred\x1b[0m": "\ufffd[31mred\ufffd[0m",
    "\x1b]52;c;aGk=\x07": "\ufffd]52;c;aGk=\ufffd",
    "\x9b31m\x90q\x9c": "\ufffd31m\ufffdq\ufffd",
    "a\x00b\x7fc\x08": "a\ufffdb\ufffdc\ufffd",
    "one\ntwo\r\nthree\tfour": "one two  three four",
    "a\u2028b\u2029c\u00a0d\u3000e": "a b c d e",
    "abc\u202egnp.exe\u2066x\u2069": "abc\ufffdgnp.exe\ufffdx\ufffd",
    "soft\u00adhyphen zero\u200bwidth\u200djoined\ufeff": "soft\ufffdhyphen zero\ufffdwidth\ufffdjoined\ufffd",
    "lone\ud800surrogate": "lone\ufffdsurrogate",
    "private\ue000use \uffff none": "private\ufffduse \ufffd none",
    "tag\U000e0041": "tag\ufffd",
    "blank\u3164letter\u115f": "blank\ufffdletter\ufffd",
    "sun\u2600\ufe0f": "sun\u2600",
    "e\u0301" + "\u0301" * 50: "e\u0301\u0301",
    "\u0301\u0302front": "front",
    "日本": "日本",
    "": "",
}


@pytest.mark.parametrize(("raw", "shown"), CLEANED.items(), ids=map(ascii, CLEANED))
def test_controls_formats_and_hidden_characters_are_replaced_and_markup_is_left_as_text(raw: str, shown: str) -> None:
    cleaned = clean(raw)
    assert cleaned == shown
    assert type(cleaned) is SafeText


def test_no_safe_text_is_made_without_cleaning() -> None:
    with pytest.raises(TypeError, match="clean"):
        SafeText("raw")


def test_copies_and_pickles_of_safe_text_stay_whole_and_safe() -> None:
    wide = clean("日" * 300, 600)
    for again in (copy.copy(wide), copy.deepcopy(wide), pickle.loads(pickle.dumps(wide))):  # noqa: S301 - our own bytes
        assert again == wide
        assert type(again) is SafeText


@pytest.mark.parametrize(
    ("raw", "limit", "shown"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdef", 5, "abcd…"),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("日本語", 2, "…"),
        ("日本語", 1, "…"),
        ("日本語", 0, ""),
        ("abc", -1, ""),
        ("e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301"),
        ("e\u0301e\u0301e\u0301", 2, "e\u0301…"),
        ("e" + "\u0301" * 1_000 + "tail", 100, "e\u0301\u0301…"),
    ],
)
def test_text_is_cut_at_its_width_in_cells_and_says_so(raw: str, limit: int, shown: str) -> None:
    assert clean(raw, limit) == shown


def test_no_single_character_is_wider_on_screen_than_it_is_counted() -> None:
    for code in range(0x110000):
        glyph, width = module._glyph(chr(code))
        assert cell_len(glyph) <= width, hex(code)


def test_every_character_that_takes_the_fast_way_would_come_through_the_slow_one_unchanged() -> None:
    for code in range(0x110000):
        if module._PLAIN.fullmatch(chr(code)):
            assert module._glyph(chr(code)) == (chr(code), 1), hex(code)


def test_only_so_much_of_an_endless_text_is_looked_at() -> None:
    assert clean("\ufe0f" * 10_000_000 + "x", 10) == "…"

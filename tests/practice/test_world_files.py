"""World files: what is wrong with one is said with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from kalshi_tui.practice.worldfile import WORLDS, WorldRefused, load_world, parse_world, world_names

FIRST = (WORLDS / "first.toml").read_text(encoding="utf-8")


def refusal(text: str) -> WorldRefused:
    with pytest.raises(WorldRefused) as caught:
        parse_world(text, "mine.toml")
    assert "mine.toml" in caught.value.message
    assert caught.value.hint
    return caught.value


def test_every_world_that_comes_with_the_program_can_be_read() -> None:
    assert "first" in world_names()
    for name in world_names():
        assert load_world(name).family


def test_a_misspelt_world_is_told_the_nearest_and_all() -> None:
    with pytest.raises(WorldRefused) as caught:
        load_world("frist")
    assert "'first'" in caught.value.message
    assert "first" in caught.value.hint


def test_a_copy_of_a_world_is_a_world(tmp_path: Path) -> None:
    copy = tmp_path / "mine.toml"
    copy.write_text(FIRST.replace('name = "first"', 'name = "mine"'), encoding="utf-8")
    assert load_world(str(copy)).name == "mine"


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "mine.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WorldRefused, match=r"mine\.toml cannot be read"):
        load_world(str(path))


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('title = "First world', 'titel = "First world', "titel"),
        ("fast = true", "fast = 1", "walk[0].fast"),
        ("yearly = 0.55", "yearly = -0.55", "yearly"),
        ('start = "68000.00"', "start = 68000.00", "start"),
        ('every = "hour"', 'every = "week"', "recurs.every"),
        ('walk = "policy"', 'walk = "polity"', "no [[walk]] is named 'polity'"),
        (
            'grid = "tapered_deci_cent"\n\n[family.recurs]',
            'grid = "tapered"\n\n[family.recurs]',
            "price grid 'tapered'",
        ),
        ('series = "KXFED"', 'series = "KXFEED"', "no [[series]] has the ticker 'KXFEED'"),
        ("be above {strike} after", "be above {strik} after", "words.market: 'strik'"),
        ('shape = "window"', 'shape = "ladder"', "at_open"),
        ('name = "ether"', 'name = "bitcoin"', "walk 'bitcoin' is listed twice"),
        ('ticker = "KXINXU"', 'ticker = "KXFED"', "series 'KXFED' is listed twice"),
        ("sizes = [2, 2]", "sizes = [2, 200]", "crowd.kind 2 (KXGAME)"),
        ("sizes = [6, 6]", "sizes = [6, 5]", "crowd.kind 1 (KXHIGH)"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(old: str, new: str, place: str) -> None:
    assert old in FIRST
    assert place in refusal(FIRST.replace(old, new, 1)).message


def test_broken_toml_is_named_with_its_line() -> None:
    assert "line 3" in refusal('name = "x"\ntitle = "y"\nwalk = nothing\n').message

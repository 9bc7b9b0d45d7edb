"""Themes are files: each of ours is readable, and a bad one is skipped with its name."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from textual.color import Color
from textual.theme import Theme

from kalshi_tui.tui.safety import Guarded
from kalshi_tui.tui.theming import MEANINGS, STYLES, Palette, bundled_folder, choose, read_theme, read_themes
from tests.tui.desk import FakeEngine, press, settle, terminal

FILES = sorted(bundled_folder().glob("*.toml"))
READABLE = 4.5
ON_SURFACE = (
    "bid",
    "ask",
    "spread",
    "last",
    "quiet",
    "stale",
    "danger",
    "edge-positive",
    "edge-negative",
    "foreground",
)
ON_BRIGHT = ("practice", "paper", "observe", "live", "danger", "stale")
GOOD = 'dark = true\n[colors]\nprimary = "#336699"\n'


def colours(file: Path) -> dict[str, Color]:
    app: Guarded[None] = Guarded()
    theme = read_theme(file)
    app.register_theme(theme)
    app.theme = theme.name
    variables = app.get_css_variables()
    names = {*MEANINGS, "foreground", "surface", "panel", "background"}
    return {name: Color.parse(variables[name]) for name in names}


def luminance(colour: Color) -> float:
    """Return the relative luminance of WCAG 2."""

    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(colour.r) + 0.7152 * linear(colour.g) + 0.0722 * linear(colour.b)


def contrast(one: Color, other: Color) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_arithmetic_of_contrast_is_that_of_the_standard() -> None:
    assert contrast(Color(0, 0, 0), Color(255, 255, 255)) == pytest.approx(21)
    assert contrast(Color(119, 119, 119), Color(255, 255, 255)) == pytest.approx(4.48, abs=0.01)


def test_dark_light_and_monochrome_are_there() -> None:
    assert [file.stem for file in FILES] == ["dark", "light", "monochrome"]
    assert read_themes(bundled_folder()).told == ()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_words_can_be_read_on_their_ground(file: Path) -> None:
    found = colours(file)
    poor = {name: contrast(found[name], found["surface"]) for name in ON_SURFACE}
    assert {name: ratio for name, ratio in poor.items() if ratio < READABLE} == {}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@pytest.mark.parametrize("ground", ["bid-bar", "ask-bar", "cursor", "heading", "focus", "panel"])
def test_words_can_be_read_on_bars_cursor_and_headings(file: Path, ground: str) -> None:
    found = colours(file)
    words = {"bid-bar": "bid", "ask-bar": "ask"}.get(ground, "foreground")
    assert contrast(found[words], found[ground]) >= READABLE


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_words_can_be_read_on_loud_grounds(file: Path) -> None:
    found = colours(file)
    poor = {name: contrast(found["on-bright"], found[name]) for name in ON_BRIGHT}
    assert {name: ratio for name, ratio in poor.items() if ratio < READABLE} == {}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_bids_and_asks_differ_in_brightness_alone(file: Path) -> None:
    found = colours(file)
    assert contrast(found["bid"], found["ask"]) >= 1.25


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_our_themes_say_every_meaning_themselves(file: Path) -> None:
    assert set(read_theme(file).variables) == set(MEANINGS)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[colors]\nprimary = "#336699"\nbit = "#ffffff"\n', "unknown name 'bit'"),
        ('[colors]\nprimary = "#33669"\n', "primary is no colour"),
        ("[colors]\nprimary = 7\n", "primary is no colour"),
        ("dark = true\n", "lacks primary"),
        ('dark = "yes"\n[colors]\nprimary = "#336699"\n', "dark is not true or false"),
        (GOOD + '[meanings]\nbid = "greenish"\n', "bid is no colour"),
        ("colors = 3\n", "colors is not a table"),
        (GOOD + "[other]\n", "unknown name 'other'"),
        ("this is no toml", "line 1"),
    ],
)
def test_a_bad_file_is_skipped_with_its_name_and_what_is_wrong(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "bad.toml").write_text(text)
    (tmp_path / "good.toml").write_text(GOOD)
    themes = read_themes(tmp_path)
    assert list(themes.by_name) == ["good"]
    [told] = themes.told
    assert told.startswith("theme bad.toml is skipped: ")
    assert complaint in told


def test_a_file_that_is_not_text_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe\x00")
    assert "bad.toml is skipped" in read_themes(tmp_path).told[0]


def test_an_own_theme_replaces_ours_and_that_is_told(tmp_path: Path) -> None:
    (tmp_path / "dark.toml").write_text(GOOD)
    themes = read_themes(bundled_folder(), tmp_path)
    assert themes.by_name["dark"].primary == "#336699"
    assert themes.told == (f"theme dark is your own {tmp_path / 'dark.toml'}",)


def test_a_folder_that_is_not_there_holds_no_themes(tmp_path: Path) -> None:
    assert read_themes(tmp_path / "none").by_name == {}


def test_a_theme_that_says_little_is_filled_up(tmp_path: Path) -> None:
    (tmp_path / "plain.toml").write_text(GOOD)
    found = colours(tmp_path / "plain.toml")
    assert set(MEANINGS) <= set(found)


def test_an_unknown_theme_is_told_with_the_nearest() -> None:
    themes = read_themes(bundled_folder())
    name, [told] = choose(themes, "monochrom")
    assert name == "monochrome"
    assert "there is no theme monochrom" in told


def test_styles_lie_over_each_other() -> None:
    app: Guarded[None] = Guarded()
    palette = Palette(app.get_css_variables())
    style = palette["bid cursor best"]
    assert style.color == palette["bid"].color
    assert style.bgcolor == palette["cursor"].bgcolor
    assert style.bold


def test_every_style_names_colours_that_every_theme_has() -> None:
    known = {*MEANINGS, "foreground", "surface", "panel", "background", ""}
    assert {part for front, behind, _ in STYLES.values() for part in (front, behind)} <= known


def test_no_colour_is_written_in_code_or_layout() -> None:
    room = Path("kalshi_tui/tui")
    files = [*room.rglob("*.py"), *room.rglob("*.tcss")]
    found = [file for file in files if re.search(r"#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b", file.read_text())]
    assert found == []


async def test_the_next_theme_is_one_key_away_and_all_come_round() -> None:
    app = terminal(FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        seen = [app.theme]
        for _ in range(3):
            await press(pilot, "t")
            seen.append(app.theme)
        assert seen == ["dark", "light", "monochrome", "dark"]


async def test_a_terminal_without_any_theme_starts_and_says_so(tmp_path: Path) -> None:
    app = terminal(FakeEngine(), themes=read_themes(tmp_path))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "no theme was found" in app.desk.status.render_line(2).text


def test_a_theme_is_a_theme_of_textuals() -> None:
    assert isinstance(read_theme(FILES[0]), Theme)


def test_the_page_about_themes_names_every_meaning() -> None:
    page = (bundled_folder() / "README.md").read_text()
    assert [name for name in MEANINGS if f"`{name}`" not in page] == []


def test_themes_are_shipped_with_the_program() -> None:
    settings = tomllib.loads(Path("pyproject.toml").read_text())
    shipped = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert shipped["themes"] == "kalshi_tui/tui/themes"

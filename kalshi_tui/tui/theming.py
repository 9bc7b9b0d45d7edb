"""Themes as files: one TOML file each, read with care, and made into the styles that every line is drawn in."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from rich.style import Style
from textual.color import Color, ColorParseError
from textual.theme import Theme

from kalshi_tui.core.text import clean

BASES: Final = (
    "primary", "secondary", "warning", "error", "success", "accent", "foreground", "background", "surface", "panel",
    "boost",
)  # fmt: skip

# What each of our own colours falls back to where a theme leaves it out.
MEANINGS: Final[Mapping[str, str]] = {
    "bid": "success",
    "ask": "error",
    "bid-bar": "panel",
    "ask-bar": "panel",
    "spread": "foreground",
    "last": "accent",
    "quiet": "foreground",
    "stale": "warning",
    "edge-positive": "success",
    "edge-negative": "error",
    "practice": "success",
    "paper": "accent",
    "observe": "primary",
    "live": "error",
    "danger": "error",
    "cursor": "panel",
    "heading": "panel",
    "focus": "boost",
    "on-bright": "background",
}

# A style's word: its colour, the colour behind it, and how the letters are.
STYLES: Final[Mapping[str, tuple[str, str, str]]] = {
    "": ("foreground", "surface", ""),
    "quiet": ("quiet", "", ""),
    "strong": ("", "", "bold"),
    "strike": ("", "", "strike"),
    "bid": ("bid", "", ""),
    "ask": ("ask", "", ""),
    "bid-bar": ("", "bid-bar", ""),
    "ask-bar": ("", "ask-bar", ""),
    "best": ("", "", "bold"),
    "spread": ("spread", "", ""),
    "last": ("last", "", ""),
    "stale": ("stale", "", ""),
    "danger": ("danger", "", "bold"),
    "alarm": ("on-bright", "danger", "bold"),
    "warn": ("on-bright", "stale", "bold"),
    "cursor": ("", "cursor", ""),
    "heading": ("foreground", "heading", "bold"),
    "focus": ("foreground", "focus", "bold"),
    "bar": ("foreground", "panel", ""),
    "key": ("last", "panel", "bold"),
    "edge-positive": ("edge-positive", "", ""),
    "edge-negative": ("edge-negative", "", ""),
    "group": ("quiet", "", "bold"),
    "practice": ("on-bright", "practice", "bold"),
    "paper": ("on-bright", "paper", "bold"),
    "observe": ("on-bright", "observe", "bold"),
    "live": ("on-bright", "live", "bold"),
}


class Palette(dict[str, Style]):
    """Styles by their words; several words together are made once."""

    def __missing__(self, words: str) -> Style:
        """Lay the words' styles over each other, and all over the plain one."""
        style = self[""]
        for word in words.split():
            style += self.single[word]
        self[words] = style
        return style

    def __init__(self, variables: Mapping[str, str]) -> None:
        """Take the colours of a theme."""
        super().__init__()
        self.single = {word: _style(variables, *spec) for word, spec in STYLES.items()}
        self[""] = self.single[""]


@dataclass(frozen=True, slots=True)
class Themes:
    """The themes that were found, by name, and what their readers should hear."""

    by_name: Mapping[str, Theme] = field(default_factory=dict)
    told: tuple[str, ...] = ()


def choose(themes: Themes, wished: str) -> tuple[str, tuple[str, ...]]:
    """Return the name of the theme to wear, and what is to be said where it is not the one wished for."""
    names = list(themes.by_name)
    if wished in themes.by_name or not names:
        return wished, () if names else ("no theme was found: the terminal looks plain",)
    near = (get_close_matches(wished, names, n=1, cutoff=0.4) or names)[0]
    return near, (str(clean(f"there is no theme {wished}; this is {near}. There are: {', '.join(names)}", 300)),)


def bundled_folder() -> Path:
    """Return where our own themes are: inside an installed package, or at the root of a checkout."""
    shipped = Path(__file__).with_name("themes")
    return shipped if shipped.exists() else Path(__file__).parents[2] / "themes"


def read_themes(*folders: Path) -> Themes:
    """Read all themes; a later folder's theme replaces an earlier one of the same name, and that is told."""
    by_name: dict[str, Theme] = {}
    told: list[str] = []
    for number, folder in enumerate(folders):
        for file in sorted(folder.glob("*.toml")):
            try:
                theme = read_theme(file)
            except (OSError, ValueError) as problem:
                told.append(clean(f"theme {file.name} is skipped: {problem}", 300))
                continue
            if theme.name in by_name:
                is_own = number > 0
                told.append(clean(f"theme {theme.name} is {'your own' if is_own else 'the later'} {file}", 300))
            by_name[theme.name] = theme
    return Themes(by_name, tuple(told))


def read_theme(file: Path) -> Theme:
    """Read one theme, or say in a ValueError what is wrong with it."""
    document = tomllib.loads(file.read_text(encoding="utf-8"))
    dark = document.pop("dark", True)
    colours = document.pop("colors", {})
    meanings = document.pop("meanings", {})
    for name in document:
        raise ValueError(f"it has an unknown name {name!r}; known are dark, [colors] and [meanings]")
    if not isinstance(dark, bool):
        raise ValueError("dark is not true or false")  # noqa: TRY004 - one kind of error for a bad file
    _check(colours, BASES, "colors")
    _check(meanings, MEANINGS, "meanings")
    if "primary" not in colours:
        raise ValueError("[colors] lacks primary")
    return Theme(name=str(clean(file.stem, 40)), dark=dark, variables=dict(meanings), **colours)


def with_fallbacks(variables: Mapping[str, str]) -> dict[str, str]:
    """Add what a theme leaves out of our own colours."""
    return {**{name: variables[base] for name, base in MEANINGS.items()}, **variables}


def _check(table: object, known: Iterable[str], title: str) -> None:
    if not isinstance(table, dict):
        raise ValueError(f"{title} is not a table")  # noqa: TRY004 - one kind of error for a bad file
    for name, value in table.items():
        if name not in known:
            raise ValueError(f"[{title}] has an unknown name {name!r}; known are {', '.join(known)}")
        try:
            Color.parse(value)
        except (ColorParseError, TypeError, AttributeError):
            raise ValueError(f"[{title}] {name} is no colour: {value!r:.40}") from None


def _style(variables: Mapping[str, str], front: str, behind: str, letters: str) -> Style:
    return Style(
        color=Color.parse(variables[front]).rich_color if front else None,
        bgcolor=Color.parse(variables[behind]).rich_color if behind else None,
        bold="bold" in letters or None,
        strike="strike" in letters or None,
    )

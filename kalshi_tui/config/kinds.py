"""The kinds of value that a setting may have: each reads what a file or a flag says, or says what is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import SplitResult, urlsplit

from kalshi_tui.config.nearest import nearest
from kalshi_tui.config.redact import scrub
from kalshi_tui.core.units import Money, parse_money
from kalshi_tui.errors import ConfigError, ValueRefused

_TEXT_LIMIT: Final = 4096
_SHORT_LIMIT: Final = 128  # a ticker, a category, a key


class Kind(Protocol):
    """Reads one setting; `base` is the folder that relative paths of this source start from."""

    def read(self, value: object, base: Path) -> object:
        """Check a value as TOML gives it; environment and flags give text."""
        ...


def shown(value: object) -> str:
    """Quote a value in an error: short, and never a private key that was pasted into the wrong place."""
    return scrub(repr(value))[:80]


@dataclass(frozen=True, slots=True)
class Text:
    """A word or name on one line; it may be empty."""

    def read(self, value: object, base: Path) -> str:
        """Refuse what is no text, too long, of several lines, or a pasted private key."""
        del base
        if not isinstance(value, str):
            raise ConfigError(f"must be text, not {shown(value)}", hint="write it between quotation marks")
        if "PRIVATE KEY" in value:
            raise ConfigError(
                "holds a private key itself",
                hint="save the key in a file that only you can read (chmod 600) and name the file; "
                "this copy was in a readable place, so make a new key at the venue",
            )
        if len(value) > _TEXT_LIMIT or not value.isprintable():
            raise ConfigError(
                f"must be one line of at most {_TEXT_LIMIT} printable characters",
                hint="remove line breaks and control characters",
            )
        return value.strip()


@dataclass(frozen=True, slots=True)
class FilePath:
    """A path; `~` is the home folder, and a relative one starts at the folder of the file that names it."""

    def read(self, value: object, base: Path) -> Path | None:
        """Make the path absolute without following links; empty means none."""
        text = Text().read(value, base)
        if not text:
            return None
        try:
            return base.absolute() / Path(text).expanduser()
        except RuntimeError:
            raise ConfigError(f"names an unknown home folder: {shown(text)}", hint="write the whole path") from None


@dataclass(frozen=True, slots=True)
class Choice:
    """One word of a few."""

    words: type[StrEnum]
    synonyms: Mapping[str, str] = field(default_factory=dict)

    def read(self, value: object, base: Path) -> StrEnum:
        """Find the word, in any case, or name the words that there are."""
        given = Text().read(value, base)
        word = self.synonyms.get(given.lower(), given.lower())
        if word in list(self.words):
            return self.words(word)
        known = [*self.words, *self.synonyms]
        near = nearest(given, map(str, known))
        raise ConfigError(
            f"must be one of {', '.join(known)}, not {shown(given)}",
            hint=f"did you mean {near}?" if near else "write one of these words, or leave it out for the default",
        )


@dataclass(frozen=True, slots=True)
class Flag:
    """Yes or no."""

    def read(self, value: object, base: Path) -> bool:
        """Take TOML's own true and false alone."""
        del base
        if not isinstance(value, bool):
            raise ConfigError(f"must be true or false, not {shown(value)}", hint="write true or false, without quotes")
        return value


@dataclass(frozen=True, slots=True)
class Number:
    """A number with a unit and a range; never an amount of money."""

    low: float
    high: float
    unit: str

    def read(self, value: object, base: Path) -> float:
        """Refuse text, truth values, NaN and what lies outside."""
        del base
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ConfigError(f"must be a number of {self.unit}, not {shown(value)}", hint=self._range())
        if not math.isfinite(value) or not self.low <= value <= self.high:
            raise ConfigError(f"is {shown(value)}, which is out of range", hint=self._range())
        return float(value)

    @property
    def span(self) -> str:
        """Return range and unit as config.toml and the documents print them."""
        return f"{self.low:.15g} to {self.high:.15g} {self.unit}"

    def _range(self) -> str:
        return f"write a number from {self.span}"


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number with a range; without a unit it is a plain number."""

    low: int
    high: int
    unit: str = ""

    def read(self, value: object, base: Path) -> int:
        """Refuse text, truth values, fractions and what lies outside."""
        del base
        if isinstance(value, bool) or not isinstance(value, int):
            counted = f" of {self.unit}" if self.unit else ""
            raise ConfigError(f"must be a whole number{counted}, not {shown(value)}", hint=self._range())
        if not self.low <= value <= self.high:
            raise ConfigError(f"is {shown(value)}, which is out of range", hint=self._range())
        return value

    @property
    def span(self) -> str:
        """Return range and unit as config.toml and the documents print them."""
        return f"{self.low} to {self.high} {self.unit}".rstrip()

    def _range(self) -> str:
        return f"write a whole number from {self.span}"


@dataclass(frozen=True, slots=True)
class Words:
    """A list of short texts, each once, in the order in which they stand."""

    limit: int
    unit: str

    def read(self, value: object, base: Path) -> tuple[str, ...]:
        """Refuse what is no list, too many, or empty; a word that stands twice counts once."""
        hint = f'write a list of at most {self.limit} {self.unit}, such as ["A", "B"]; [] is none'
        if not isinstance(value, list):
            raise ConfigError(f"must be a list of {self.unit}, not {shown(value)}", hint=hint)
        words = tuple(dict.fromkeys(_short(word, base) for word in value))
        if len(words) > self.limit or "" in words:
            found = "an empty one" if "" in words else f"{len(words)} {self.unit}"
            raise ConfigError(f"holds {found}", hint=hint)
        return words


@dataclass(frozen=True, slots=True)
class Pairs:
    """A table of the user's own names, each with a short text; whoever uses it knows which names there are."""

    limit: int

    def read(self, value: object, base: Path) -> Mapping[str, str]:
        """Refuse what is no table of texts."""
        if not isinstance(value, dict):
            raise ConfigError(f"must be a table, not {shown(value)}", hint='write lines such as name = "text" under it')
        if len(value) > self.limit:
            raise ConfigError(f"holds {len(value)} lines", hint=f"write at most {self.limit}")
        return {_short(name, base): _short(text, base) for name, text in value.items()}


@dataclass(frozen=True, slots=True)
class Dollars:
    """One of a few amounts, as a decimal string: a binary fraction never becomes money."""

    amounts: tuple[str, ...]

    def read(self, value: object, base: Path) -> Money:
        """Read the amount exactly."""
        del base
        hint = f"write one of {', '.join(self.amounts)} between quotation marks"
        if not isinstance(value, str):
            raise ConfigError(f"must be dollars as text, not {shown(value)}", hint=hint)
        try:
            amount = parse_money(value.strip())
        except ValueRefused as problem:
            raise ConfigError(problem.message, hint=hint) from None
        if amount not in map(parse_money, self.amounts):
            raise ConfigError(f"is {shown(value)}, which no fee rule knows", hint=hint)
        return amount


@dataclass(frozen=True, slots=True)
class Address:
    """A URL whose path the signature covers, so the path is fixed and may be left out; empty means none."""

    path: str

    def read(self, value: object, base: Path) -> str:
        """Refuse user names, queries, other paths; which hosts may be named is decided per venue."""
        url = Text().read(value, base).rstrip("/")
        if not url:
            return ""
        parts = _split(url)
        if parts is None or parts.username is not None or parts.query or parts.fragment:
            raise ConfigError(f"is no usable address: {shown(url)}", hint=f"write scheme://host{self.path}")
        if parts.path not in ("", self.path):
            raise ConfigError(f"has the path {shown(parts.path)}", hint=f"write scheme://host{self.path}")
        return f"{parts.scheme}://{parts.netloc}{self.path}"


def _short(value: object, base: Path) -> str:
    text = Text().read(value, base)
    if len(text) > _SHORT_LIMIT:
        raise ConfigError(f"holds {shown(text)}", hint=f"write texts of at most {_SHORT_LIMIT} characters")
    return text


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.hostname else None

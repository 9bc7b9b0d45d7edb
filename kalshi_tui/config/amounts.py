"""The kinds of setting that limits are written in: dollars, percents and lists of whole numbers, all read exactly."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kalshi_tui.config.kinds import shown
from kalshi_tui.core.units import MONEY_ONE, Money, format_money, parse_decimal, parse_money
from kalshi_tui.errors import ConfigError, ValueRefused


@dataclass(frozen=True, slots=True)
class Amount:
    """A free amount of dollars within bounds, as a decimal string or a whole number."""

    low: Money
    high: Money

    def read(self, value: object, base: Path) -> Money:
        """Read the amount to the millionth of a dollar; TOML's own fractions are binary, so they are refused."""
        del base
        text = str(value) if type(value) is int else value
        if not isinstance(text, str):
            raise ConfigError(f"must be dollars as text, not {shown(value)}", hint=self._hint())
        try:
            amount = parse_money(text.strip())
        except ValueRefused as problem:
            raise ConfigError(problem.message, hint=self._hint()) from None
        if not self.low <= amount <= self.high:
            raise ConfigError(f"is {shown(value)}, which is out of range", hint=self._hint())
        return amount

    @property
    def span(self) -> str:
        """Return range and unit as config.toml and the documents print them."""
        return f"{written(self.low)} to {written(self.high)} dollars"

    def _hint(self) -> str:
        return f'write an amount from {self.span} between quotation marks, such as "{written(self.low)}"'


@dataclass(frozen=True, slots=True)
class Percent:
    """A percentage with at most two decimals, kept in hundredths of a percent."""

    low: int
    high: int

    def read(self, value: object, base: Path) -> int:
        """Read the digits that a person wrote, so that no rounding comes between them and the limit."""
        del base
        hint = f"write a number from {self.span}, with at most two decimals"
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ConfigError(f"must be a number of percent, not {shown(value)}", hint=hint)
        try:
            hundredths = parse_decimal(repr(value), 2)
        except ValueRefused as problem:
            raise ConfigError(problem.message, hint=hint) from None
        if not self.low <= hundredths <= self.high:
            raise ConfigError(f"is {shown(value)}, which is out of range", hint=hint)
        return hundredths

    @property
    def span(self) -> str:
        """Return range and unit as config.toml and the documents print them."""
        return f"{self.low / 100:.15g} to {self.high / 100:.15g} percent"


@dataclass(frozen=True, slots=True)
class Wholes:
    """A list of whole numbers with a range, each once, in the order in which they stand; at least one."""

    limit: int
    low: int
    high: int
    unit: str

    def read(self, value: object, base: Path) -> tuple[int, ...]:
        """Refuse what is no list, empty, too many, or holds anything but whole numbers within the range."""
        del base
        hint = f"write a list of 1 to {self.limit} {self.unit}, each {self.low} to {self.high}, such as [{self.low}]"
        if not isinstance(value, list):
            raise ConfigError(f"must be a list of {self.unit}, not {shown(value)}", hint=hint)
        wrong = [one for one in value if type(one) is not int or not self.low <= one <= self.high]
        if wrong:
            raise ConfigError(f"holds {shown(wrong[0])}", hint=hint)
        numbers = tuple(dict.fromkeys(value))
        if not 1 <= len(numbers) <= self.limit:
            raise ConfigError(f"holds {len(numbers)} {self.unit}", hint=hint)
        return numbers

    @property
    def span(self) -> str:
        """Return what may stand in it as config.toml and the documents print it."""
        return f"1 to {self.limit} {self.unit}, each {self.low} to {self.high}"


def written(amount: Money) -> str:
    """Write an amount as a person would: no more decimals than it needs, and two where it has cents."""
    if amount % MONEY_ONE == 0:
        return str(amount // MONEY_ONE)
    whole, _, decimals = format_money(amount).partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"

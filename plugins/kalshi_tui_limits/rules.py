"""How every limit compares and speaks: on whole numbers, and what is not known is beyond it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from kalshi_tui.core.units import SIZE_ONE, format_decimal
from kalshi_tui.sdk import Denial, RiskPicture

Figures = Callable[[int, int], tuple[str, str]]
"""Writes what is used and what is allowed."""

_CENT: Final = 10_000


@dataclass(frozen=True, slots=True)
class Rule:
    """What a limit is called where it denies, and what it says: `{used}`, `{limit}` and `{place}` are filled in."""

    code: str
    sentence: str
    figures: Figures

    def judge(self, picture: RiskPicture, used: int, limit: int, place: str = "") -> Denial | None:
        """Deny what adds risk and does not keep to the limit."""
        if picture.adds_risk is False:
            return None
        if known(used) is None:
            return self.unknown(picture, "a figure that this limit needs")
        if not used <= limit:
            return self.denial(used, limit, place)
        return None

    def denial(self, used: int, limit: int, place: str = "") -> Denial:
        """Say what is beyond what."""
        shown_used, shown_limit = self.figures(used, limit)
        return Denial(self.code, self.sentence.format(used=shown_used, limit=shown_limit, place=place), used, limit)

    def unknown(self, picture: RiskPicture, what: str) -> Denial | None:
        """Deny what adds risk while a figure is missing: what is not known may be anything."""
        if picture.adds_risk is False:
            return None
        return Denial(self.code, f"{what} is not known, so nothing may add risk")


def known(figure: int | None) -> int | None:
    """Return a figure that can be compared: None and NaN know no order, so they would pass as easily as they fail."""
    return figure if type(figure) is int else None


def dollars(used: int, limit: int) -> tuple[str, str]:
    """Write both in cents, what is used rounded up and the limit down: a breach by a millionth shows."""
    return f"${format_decimal(-(-used // _CENT), 2)}", f"${format_decimal(limit // _CENT, 2)}"


def contracts(used: int, limit: int) -> tuple[str, str]:
    """Write both in contracts, with hundredths where there are any."""
    return _contracts(used), _contracts(limit)


def counts(used: int, limit: int) -> tuple[str, str]:
    """Write both as they are."""
    return str(used), str(limit)


def _contracts(size: int) -> str:
    return str(size // SIZE_ONE) if size % SIZE_ONE == 0 else format_decimal(size, 2)

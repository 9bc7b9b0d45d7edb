"""Notices what changed in series, events and markets from one reading to the next, field by field, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Final

from kalshi_tui.core.grid import PriceGrid
from kalshi_tui.core.markets import Event, Market, Series, Strike, StrikeKind
from kalshi_tui.core.units import Price, format_decimal, format_price
from kalshi_tui.link.views import Loudness

_EXCERPT: Final = 60
_LEAD: Final = 20
_LONG: Final = 60


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a market, an event or a series that is not as it was; `words` say it to a person."""

    ticker: str
    field: str
    old: str
    new: str
    words: str
    loudness: Loudness


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    label: str
    loudness: Loudness
    say: Callable[[Any], str]
    alike: Callable[[Any, Any], bool] | None = None  # where other values also mean the same


def moment(ms: int | None) -> str:
    """Say when, in the one time zone that needs no table."""
    if ms is None:
        return "none"
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def grid_words(grid: PriceGrid) -> str:
    """Say which prices a market takes."""
    return ", ".join(map(str, grid.bands))


def strike_words(strike: Strike) -> str:
    """Say which numbers make YES win, or of what kind the strike is where no number decides."""
    floor, cap = ("a number yet to come" if bound is None else str(bound) for bound in (strike.floor, strike.cap))
    match strike.kind:
        case StrikeKind.GREATER:
            return f"above {floor}"
        case StrikeKind.GREATER_OR_EQUAL:
            return f"{floor} or above"
        case StrikeKind.LESS:
            return f"below {cap}"
        case StrikeKind.LESS_OR_EQUAL:
            return f"{cap} or below"
        case StrikeKind.BETWEEN:
            return f"{floor} to {cap}"
    bounds = " to ".join(str(bound) for bound in (strike.floor, strike.cap) if bound is not None)
    return f"{strike.kind} {bounds}".strip()


def _seconds(ms: int) -> str:
    return f"{ms} s"


def _price(price: Price | None) -> str:
    return "none" if price is None else format_price(price)


def _multiplier(millionths: int | None) -> str:
    return "none" if millionths is None else plain(millionths, 6)


def plain(value: int, places: int) -> str:
    """Write an integer of `places` decimals without zeros that say nothing."""
    return format_decimal(value, places).rstrip("0").rstrip(".")


def _text(value: object) -> str:
    return "none" if value in (None, "") else str(value)


def _yes_or_no(value: object) -> str:
    return "yes" if value else "no"


# The stream tells times in whole seconds and REST with fractions: inside one second nothing has moved.
def _same_second(old: int | None, new: int | None) -> bool:
    return old is not None and new is not None and old // 1000 == new // 1000


_MARKET: Final = (
    _Field("event_ticker", "event", "warning", _text),
    _Field("title", "title", "info", _text),
    _Field("yes_title", "answer", "info", _text),
    _Field("no_title", "opposite answer", "info", _text),
    _Field("rules_primary", "rules", "warning", _text),
    _Field("rules_secondary", "further rules", "warning", _text),
    _Field("strike", "strike", "warning", lambda strike: _text(strike_words(strike))),
    _Field("grid", "price grid", "warning", grid_words),
    _Field("open_ms", "opening time", "info", moment, _same_second),
    _Field("close_ms", "closing time", "warning", moment, _same_second),
    _Field("expected_expiration_ms", "expected expiration", "info", moment, _same_second),
    _Field("settlement_timer_s", "settlement timer", "info", _seconds),
    _Field("result", "result", "info", _text),
    _Field("settlement_value", "settlement value", "info", _price),
    _Field("exchange_index", "shard of the exchange", "info", str),
    _Field("fee_waiver_until_ms", "fee waiver", "warning", moment, _same_second),
)
_STATUS: Final = _Field("status", "status", "info", _text)
_EVENT: Final = (
    _Field("series_ticker", "series", "warning", _text),
    _Field("title", "title", "info", _text),
    _Field("sub_title", "subtitle", "info", _text),
    _Field("mutually_exclusive", "only one answer can win", "warning", _yes_or_no),
    _Field("collateral_return", "return of collateral", "warning", _text),
    _Field("strike_ms", "strike date", "info", moment, _same_second),
    _Field("fee_type_override", "fee type of its own", "warning", _text),
    _Field("fee_multiplier_override", "fee multiplier of its own", "warning", _multiplier),
    _Field("exchange_index", "shard of the exchange", "info", str),
)
_SERIES: Final = (
    _Field("title", "title", "info", _text),
    _Field("category", "category", "info", _text),
    _Field("fee_type", "fee type", "warning", _text),
    _Field("fee_multiplier", "fee multiplier", "warning", _multiplier),
)
_market_values: Final = attrgetter(*(field.name for field in _MARKET))
_event_values: Final = attrgetter(*(field.name for field in _EVENT))
_series_values: Final = attrgetter(*(field.name for field in _SERIES))


def market_changes(old: Market, new: Market, at_ms: int) -> list[Change]:
    """Return what differs between two readings of a market; what the clock has done by itself is no change."""
    found = _differences(old.ticker, _MARKET, _market_values(old), _market_values(new))
    before, after = old.status_at(at_ms), new.status_at(at_ms)
    if before is not after:
        found.append(_change(old.ticker, _STATUS, before, after))
    return found


def event_changes(old: Event, new: Event) -> list[Change]:
    """Return what differs between two readings of an event, its markets aside."""
    return _differences(old.ticker, _EVENT, _event_values(old), _event_values(new))


def series_changes(old: Series, new: Series) -> list[Change]:
    """Return what differs between two readings of a series."""
    return _differences(old.ticker, _SERIES, _series_values(old), _series_values(new))


def _differences(ticker: str, fields: Iterable[_Field], old: tuple[Any, ...], new: tuple[Any, ...]) -> list[Change]:
    if old == new:  # nearly always
        return []
    return [
        _change(ticker, field, before, after)
        for field, before, after in zip(fields, old, new, strict=True)
        if before != after and not (field.alike is not None and field.alike(before, after))
    ]


def _change(ticker: str, field: _Field, old: Any, new: Any) -> Change:
    before, after = field.say(old), field.say(new)
    was, now = _excerpts(before, after)
    return Change(ticker, field.name, before, after, f"{ticker}: {field.label} was {was}, is {now}", field.loudness)


def _excerpts(old: str, new: str) -> tuple[str, str]:
    """Return both whole, or what stands where they first differ: nobody finds one word in a page of rules."""
    if len(old) <= _LONG and len(new) <= _LONG:
        return old, new
    pairs = zip(old, new, strict=False)
    first = next((place for place, (before, after) in enumerate(pairs) if before != after), min(len(old), len(new)))
    start = max(first - _LEAD, 0)
    return _part(old, start), _part(new, start)


def _part(text: str, start: int) -> str:
    end = start + _EXCERPT
    return f"“{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}”"

"""How a family's next event is written down: its times, tickers, strikes, titles and rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, NamedTuple

from kalshi_tui.practice.grids import GRIDS
from kalshi_tui.practice.live import LiveEvent, Outcome
from kalshi_tui.practice.newyork import DAY_MS, HOUR_MS, new_york, new_york_ms, nth_weekday
from kalshi_tui.practice.records import Event, Market
from kalshi_tui.practice.worldfile import WORD_NAMES, FamilySpec, RecursSpec, StrikesSpec, WordsSpec

if TYPE_CHECKING:
    from kalshi_tui.practice.exchange import Exchange

QUARTER_MS = 900_000
_AFTER_CLOSE_MS = 5 * 60_000
_LATEST_MS = 7 * DAY_MS
_COLLATERAL = {"partition": "MECNET", "names": "MECNET", "ladder": "DIRECNET", "window": ""}


class Strike(NamedTuple):
    """A market's condition: its ticker's ending, its kind and bounds as the wire shows them, and its labels."""

    code: str
    kind: str
    floor: Decimal | None
    cap: Decimal | None
    lower: int | None
    upper: int | None
    label: str = ""
    low: str = ""
    high: str = ""


def close_times(recurs: RecursSpec, after_ms: int) -> Iterator[int]:
    """Yield the times at which a family's events close, the first of them later than `after_ms`."""
    if recurs.every in ("quarter_hour", "hour"):
        step = QUARTER_MS if recurs.every == "quarter_hour" else HOUR_MS
        at = (after_ms // step + 1) * step
        while True:
            yield at
            at += step
    hour, minute = (int(part) for part in recurs.at.split(":"))
    calendar = _days(after_ms, hour, minute) if recurs.every == "day" else _months(recurs, after_ms, hour, minute)
    yield from (at for at in calendar if at > after_ms)


def _days(after_ms: int, hour: int, minute: int) -> Iterator[int]:
    day = new_york(after_ms).date()
    while True:
        yield new_york_ms(day, hour, minute)
        day += timedelta(days=1)


def _months(recurs: RecursSpec, after_ms: int, hour: int, minute: int) -> Iterator[int]:
    year = new_york(after_ms).year
    while True:
        for month in sorted(recurs.months):
            yield new_york_ms(nth_weekday(year, month, recurs.weekday, recurs.nth), hour, minute)
        year += 1


def label(spec: StrikesSpec, value: Decimal) -> str:
    """Write a number for people: thousands parted, with the unit."""
    sign = "-" if value < 0 else ""
    return f"{sign}{spec.prefix}{abs(value):,}{spec.suffix}"


def strikes(spec: StrikesSpec, centre: float) -> list[Strike]:
    """Lay out a family's strikes around the walk's value."""
    step, lattice = Decimal(spec.step), Decimal(spec.lattice)
    middle = (Decimal(repr(centre)) / step).to_integral_value(ROUND_HALF_EVEN)
    if spec.kind == "between":
        edges = [(middle + number - (spec.count - 2) // 2) * step for number in range(spec.count - 1)]
        return _tails_and_buckets(spec, edges, lattice)
    rounds = [(middle + number - spec.count // 2) * step for number in range(spec.count)]
    return [_threshold(spec, one, lattice) for one in rounds]


def _threshold(spec: StrikesSpec, at: Decimal, lattice: Decimal) -> Strike:
    floor = at + Decimal(spec.shift)
    lower = _first_in(floor, lattice, strict=spec.kind == "greater")
    return Strike(f"T{floor}", spec.kind, floor, None, lower, None, label(spec, at))


def _tails_and_buckets(spec: StrikesSpec, edges: list[Decimal], lattice: Decimal) -> list[Strike]:
    shift, step = Decimal(spec.shift), Decimal(spec.step)
    places = [int((edge / lattice).to_integral_value(ROUND_FLOOR)) for edge in edges]
    bottom, top = edges[0], edges[-1]
    found = [
        Strike(f"T{bottom}", "less", None, bottom, None, places[0], high=label(spec, bottom - lattice)),
    ]
    for number, edge in enumerate(edges[:-1]):
        middle = (edge + edges[number + 1] + shift) / 2
        middle = middle.to_integral_value(ROUND_FLOOR) if step > 2 else middle
        bounds = places[number], places[number + 1]
        texts = label(spec, edge), label(spec, edges[number + 1] - lattice)
        found.append(Strike(f"B{middle}", "between", edge, edges[number + 1] + shift, *bounds, "", *texts))
    found.append(Strike(f"T{top + shift}", "greater", top + shift, None, places[-1], None, low=label(spec, top)))
    return found


def _first_in(floor: Decimal, lattice: Decimal, *, strict: bool) -> int:
    """Return the first lattice step that a lower bound lets in."""
    whole = (floor / lattice).to_integral_value(ROUND_FLOOR)
    return int(whole) if whole * lattice == floor and not strict else int(whole) + 1


def named(names: Sequence[str], edges: Sequence[int]) -> list[Strike]:
    """Share a walk's range among named outcomes: from below the first edge to above the last."""
    bounds = [None, *edges, None]
    return [
        Strike(_code(name), "custom", None, None, bounds[at], bounds[at + 1], label=name)
        for at, name in enumerate(names)
    ]


def _code(name: str) -> str:
    return "".join(part for part in name.upper() if part.isalnum())[:6]


def opening_strike(minute: int) -> list[Strike]:
    """Return a window's one market, whose strike is not known yet."""
    return [Strike(f"{minute:02d}", "greater_or_equal", None, None, None, None, "the opening average")]


def list_event(
    exchange: Exchange, family: FamilySpec, layout: Sequence[Strike], times: tuple[int, int], subject: str = ""
) -> LiveEvent:
    """List an event with all its markets; `times` are those of its opening and its close."""
    open_ms, close_ms = times
    closes = new_york(close_ms)
    ticker = f"{family.series}-{closes.strftime(family.stamp).upper()}"
    series = exchange.series[family.series]
    texts = dict.fromkeys(WORD_NAMES, "") | {
        "date": f"{closes:%b} {closes.day}, {closes.year}",
        "close": f"{closes:%b} {closes.day}, {closes.year} at {closes:%H:%M} ET",
        "series": series.title,
        "subject": subject,
    }
    exchange.add_event(
        Event(
            ticker=ticker,
            series_ticker=family.series,
            title=family.words.event.format_map(texts),
            sub_title=family.words.event_sub.format_map(texts),
            category=series.category,
            mutually_exclusive=family.shape in ("partition", "names"),
            collateral_return_type=_COLLATERAL[family.shape],
            strike_ms=close_ms,
            exchange_index=series.exchange_index,
            last_updated_ms=exchange.now_ms,
        )
    )
    live = LiveEvent(ticker, open_ms, close_ms, float(family.strikes.lattice), [])
    for strike in layout:
        market = _market(exchange, family, live, strike, texts)
        live.outcomes.append(Outcome(market.ticker, strike.lower, strike.upper))
        exchange.add_market(market)
    return live


def yes_words(words: WordsSpec, strike: Strike) -> str:
    """Choose the sentence for what YES means: a partition's tails have their own."""
    if strike.high and not strike.low:
        return words.yes_low
    return words.yes_high if strike.low and not strike.high else words.yes


def _market(exchange: Exchange, family: FamilySpec, live: LiveEvent, strike: Strike, texts: dict[str, str]) -> Market:
    words = family.words
    texts = texts | {"strike": strike.label, "low": strike.low, "high": strike.high}
    texts["range"] = yes = yes_words(words, strike).format_map(texts)
    return Market(
        ticker=f"{live.ticker}-{strike.code}",
        event_ticker=live.ticker,
        market_id=exchange.new_id(),
        title=words.market.format_map(texts),
        yes_sub_title=yes,
        no_sub_title=words.no.format_map(texts),
        rules_primary=words.rules.format_map(texts),
        rules_secondary=words.rules_more.format_map(texts),
        strike_type=strike.kind,
        floor_strike=None if strike.floor is None else str(strike.floor),
        cap_strike=None if strike.cap is None else str(strike.cap),
        custom_strike={"Outcome": strike.label} if strike.kind == "custom" else None,
        created_ms=exchange.now_ms,
        updated_ms=exchange.now_ms,
        open_ms=live.open_ms,
        close_ms=live.close_ms,
        expected_expiration_ms=live.close_ms + _AFTER_CLOSE_MS,
        latest_expiration_ms=live.close_ms + _LATEST_MS,
        settlement_timer_s=family.settlement_timer_s,
        price_level_structure=family.grid,
        bands=GRIDS[family.grid],
        exchange_index=exchange.series[family.series].exchange_index,
    )

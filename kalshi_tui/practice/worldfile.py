"""World files: TOML data read into checked values, with errors that name the place."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from kalshi_tui.practice.grids import GRIDS

WORLDS = Path(__file__).with_name("worlds")

Positive = Annotated[float, msgspec.Meta(gt=0)]
Rate = Annotated[float, msgspec.Meta(ge=0, le=10_000)]
Count = Annotated[int, msgspec.Meta(ge=1, le=1_000)]
Number = Annotated[str, msgspec.Meta(pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,8})?$")]
Ticker = Annotated[str, msgspec.Meta(pattern=r"^[A-Z0-9]{2,24}$")]
FeeType = Literal["quadratic", "quadratic_with_maker_fees", "quadratic_with_combo_maker_fees"]
SOME = msgspec.Meta(min_length=1)
Clock = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class WorldRefused(Exception):  # noqa: N818 - it is an answer to the person who named the world
    """A world, a kept state or a wish that cannot be used; `hint` says what to do next."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class _Spec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class SeriesSpec(_Spec, frozen=True, kw_only=True):
    """A series as the exchange lists it."""

    ticker: Ticker
    title: str
    category: str
    frequency: str
    tags: tuple[str, ...] = ()
    fee_type: FeeType = "quadratic"
    fee_multiplier: Annotated[float, msgspec.Meta(ge=0, le=10)] = 1.0
    sources: tuple[tuple[str, str], ...] = ()
    exchange_index: Annotated[int, msgspec.Meta(ge=0, le=3)] = 0


class WalkSpec(_Spec, frozen=True, kw_only=True):
    """A random walk that the world's markets are about."""

    name: str
    start: Number
    decimals: Annotated[int, msgspec.Meta(ge=0, le=8)] = 2
    yearly: Positive  # volatility of a year of 365 days: a share of the value, or units where `additive`
    additive: bool = False
    lowest: Number | None = None
    highest: Number | None = None
    index: str | None = None  # published under this id, once a second
    fast: bool = False  # and five times a second
    about: str = ""


class RecursSpec(_Spec, frozen=True, kw_only=True):
    """When a family's events close, and how many of them are listed at a time."""

    every: Literal["quarter_hour", "hour", "day", "month"]
    at: Clock = "16:00"  # New York time, for day and month
    months: tuple[Annotated[int, msgspec.Meta(ge=1, le=12)], ...] = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
    weekday: Annotated[int, msgspec.Meta(ge=0, le=6)] = 2  # 0 is Monday
    nth: Annotated[int, msgspec.Meta(ge=1, le=4)] = 3
    ahead: Annotated[int, msgspec.Meta(ge=1, le=12)] = 2
    opens: Literal["when_listed", "when_previous_closes"] = "when_listed"


class StrikesSpec(_Spec, frozen=True, kw_only=True):
    """Where a family's strikes lie: `count` of them, `step` apart, around the walk's value when listed."""

    kind: Literal["greater", "greater_or_equal", "between", "at_open"]
    step: Number = "1"
    count: Count = 1
    shift: Number = "0"  # added to each round strike: 51,999.99 is 52,000 less a cent
    lattice: Number = "0.01"  # what the settled value is a multiple of
    prefix: str = ""  # of numbers in titles
    suffix: str = ""


class QuotesSpec(_Spec, frozen=True, kw_only=True):
    """How the house makes markets."""

    levels: Annotated[int, msgspec.Meta(ge=1, le=12)] = 5
    half_spread: Positive = 0.012  # dollars, where a contract is worth 50 cents; less towards the edges
    size: Positive = 120.0  # contracts of a typical order
    fractional: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.12  # share of sizes such as 74.77
    look_s: Positive = 1.0  # how often quotes are compared with the walk
    refresh_per_s: Rate = 1.0  # orders replaced without a reason that anybody can see
    slip_every_s: Positive = 240.0  # one market misquoted for a few seconds


class TakesSpec(_Spec, frozen=True, kw_only=True):
    """How often somebody hits a quote of an event, and for how much."""

    per_s: Rate = 0.3
    size: Positive = 18.0


class WordsSpec(_Spec, frozen=True, kw_only=True):
    """Titles and rules; names in braces are filled in per market."""

    event: str
    event_sub: str = "{date}"
    market: str
    yes: str
    no: str
    yes_low: str = "{high} or below"
    yes_high: str = "{low} or above"
    rules: str
    rules_more: str = ""


class FamilySpec(_Spec, frozen=True, kw_only=True):
    """Events of one series that follow each other for ever."""

    series: Ticker
    walk: str
    shape: Literal["ladder", "partition", "window", "names"]
    stamp: str  # strftime of the close in New York, for the event's ticker
    settles: Literal["last", "average_60s"] = "last"
    settlement_timer_s: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 60
    grid: str = "linear_cent"
    recurs: RecursSpec
    strikes: StrikesSpec
    quotes: QuotesSpec = QuotesSpec()
    takes: TakesSpec = TakesSpec()
    words: WordsSpec


class KindSpec(_Spec, frozen=True, kw_only=True):
    """A kind of event that the crowd is made of: a series for each subject, an event for each day."""

    prefix: Ticker  # of the series' tickers; the subject's code follows
    title: str
    category: str
    frequency: str = "daily"
    fee_type: FeeType = "quadratic"
    subjects: Annotated[tuple[tuple[Annotated[str, msgspec.Meta(pattern="^[A-Z0-9]{1,8}$")], str], ...], SOME]
    shape: Literal["ladder", "partition", "names"]
    sizes: tuple[Count, Count]
    share: Positive = 1.0
    grid: str = "linear_cent"
    names: tuple[str, ...] = ()
    strikes: StrikesSpec = StrikesSpec(kind="greater")
    centres: tuple[Number, Number] = ("0", "0")  # where the strikes lie: drawn between these for each event
    words: WordsSpec


class CrowdSpec(_Spec, frozen=True, kw_only=True):
    """What `--markets N` adds, and how lively that is, all together."""

    looks_per_s: Rate = 30.0
    takes_per_s: Rate = 4.0
    zipf: Annotated[float, msgspec.Meta(ge=0, le=3)] = 1.05
    quotes: QuotesSpec = QuotesSpec(levels=3)
    takes: TakesSpec = TakesSpec()
    kind: tuple[KindSpec, ...] = ()


class WorldSpec(_Spec, frozen=True, kw_only=True):
    """A whole world."""

    name: str
    title: str
    cash: Number = "10000"
    series: tuple[SeriesSpec, ...]
    walk: tuple[WalkSpec, ...]
    family: tuple[FamilySpec, ...]
    crowd: CrowdSpec = CrowdSpec()
    steady: bool = False  # chance hangs on the moment alone: prices walk the same way whatever a member sends


WORD_NAMES = ("strike", "low", "high", "range", "close", "date", "series", "subject")


def world_names() -> list[str]:
    """List the worlds that come with the program."""
    return sorted(path.stem for path in WORLDS.glob("*.toml"))


def load_world(name: str) -> WorldSpec:
    """Read a world by its name, or from a file when the name is a path."""
    path = Path(name)
    if path.suffix == ".toml" or len(path.parts) > 1:
        return _read(path)
    if name not in world_names():
        if path.is_file():
            return _read(path)
        near = get_close_matches(name, world_names(), 1, cutoff=0.0)
        raise WorldRefused(
            f"there is no world named {name!r:.60}; the nearest is {near[0]!r}",
            hint=f"choose from: {', '.join(world_names())}; or give the path of a .toml file",
        )
    return _read(WORLDS / f"{name}.toml")


def _read(path: Path) -> WorldSpec:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8 text"
        raise WorldRefused(
            f"the world file {path} cannot be read: {reason}", hint="check the path, and that it is a text file"
        ) from None
    return parse_world(text, str(path))


def parse_world(text: str, place: str) -> WorldSpec:
    """Check a world's TOML; `place` names it in errors."""
    try:
        spec = msgspec.convert(tomllib.loads(text), WorldSpec)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as problem:
        raise WorldRefused(
            f"{place}: {problem}", hint="worlds/first.toml in the package is a documented example"
        ) from None
    for complaint in _complaints(spec):
        raise WorldRefused(f"{place}: {complaint}", hint="worlds/first.toml in the package is a documented example")
    return spec


def _complaints(spec: WorldSpec) -> Iterator[str]:
    yield from (f"series {name!r} is listed twice" for name in _twice([one.ticker for one in spec.series]))
    yield from (f"walk {name!r} is listed twice" for name in _twice([one.name for one in spec.walk]))
    for number, family in enumerate(spec.family, 1):
        for problem in _family_complaints(spec, family):
            yield f"family {number} ({family.series}): {problem}"
    for number, kind in enumerate(spec.crowd.kind, 1):
        for problem in _kind_complaints(kind):
            yield f"crowd.kind {number} ({kind.prefix}): {problem}"


def _family_complaints(spec: WorldSpec, family: FamilySpec) -> Iterator[str]:
    walks = sorted(one.name for one in spec.walk)
    if family.series not in {one.ticker for one in spec.series}:
        yield f"no [[series]] has the ticker {family.series!r}"
    if family.walk not in walks:
        yield f"no [[walk]] is named {family.walk!r}; there are {', '.join(walks)}"
    if family.shape == "names":
        yield "named outcomes are for the kinds of the crowd"
    if (family.shape == "window") != (family.strikes.kind == "at_open"):
        yield "a window has a strike of kind 'at_open', and nothing else has"
    yield from _shared_complaints(family)


def _kind_complaints(kind: KindSpec) -> Iterator[str]:
    if kind.sizes[0] > kind.sizes[1]:
        yield "sizes are the smallest and the largest number of markets"
    if kind.shape == "names" and len(set(kind.names)) < kind.sizes[1]:
        yield "there must be as many different names as the largest event has markets"
    if kind.shape == "partition" and kind.sizes[0] < 3:
        yield "a partition has at least three markets: two open tails and what lies between"
    yield from _shared_complaints(kind)


def _shared_complaints(spec: FamilySpec | KindSpec) -> Iterator[str]:
    if spec.grid not in GRIDS:
        yield f"there is no price grid {spec.grid!r}; there are {', '.join(GRIDS)}"
    if (spec.shape == "partition") != (spec.strikes.kind == "between"):
        yield "a partition has strikes of kind 'between', and nothing else has"
    if Decimal(spec.strikes.step) <= 0 or Decimal(spec.strikes.lattice) <= 0:
        yield "step and lattice are above zero"
    yield from _word_complaints(spec.words)


def _twice(names: list[str]) -> list[str]:
    return [name for number, name in enumerate(names) if name in names[:number]]


def _word_complaints(words: WordsSpec) -> Iterator[str]:
    sample: dict[str, Any] = dict.fromkeys(WORD_NAMES, "x")
    for name in words.__struct_fields__:
        try:
            str(getattr(words, name)).format_map(sample)
        except (KeyError, ValueError, IndexError, AttributeError) as problem:
            yield f"words.{name}: {problem!s} cannot be filled in; there are {', '.join(WORD_NAMES)}"

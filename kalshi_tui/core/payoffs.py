"""The states in which an event may end, and what positions come to in each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from itertools import groupby, pairwise, product
from operator import itemgetter
from typing import Final

from kalshi_tui.core.markets import Market, Strike
from kalshi_tui.core.positions import Position
from kalshi_tui.core.units import PRICE_ONE, Money, Price
from kalshi_tui.errors import ValueRefused

STATES_LIMIT: Final = 200
_WORTHLESS: Final = Price(0)
_EXACT: Final = Context(prec=100, traps=[])  # a number beyond it leaves the states unknown

_Winners = frozenset[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way in which an event may end: what a YES of each of its markets is worth then."""

    words: str
    values: Mapping[str, Price]

    @property
    def winners(self) -> frozenset[str]:
        """Return the markets that end in YES."""
        return frozenset(ticker for ticker, value in self.values.items() if value == PRICE_ONE)

    def value(self, ticker: str) -> Price:
        """Return what a YES is worth, or refuse to guess."""
        if ticker not in self.values:
            raise ValueRefused(
                f"{ticker!r:.60} has no part in the outcome {self.words!r:.60}",
                hint="work out the outcomes of all of the event's markets, and pass its positions alone",
            )
        return self.values[ticker]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The states of an event; where they are not whole, anything may happen, each market for itself."""

    rows: tuple[Outcome, ...]
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Payoff:
    """What positions come to if an event ends so: everything since the beginning, fees paid."""

    words: str
    result: Money


def if_yes(position: Position) -> Money:
    """Return what a position comes to if its market ends in YES, everything since the beginning, fees paid."""
    return _at(position, PRICE_ONE)


def if_no(position: Position) -> Money:
    """Return what a position comes to if its market ends in NO."""
    return _at(position, _WORTHLESS)


def result(positions: Iterable[Position], outcome: Outcome) -> Money:
    """Return what positions of one event come to in an outcome; what is flat counts with what it has realised."""
    return Money(
        sum(_at(position, outcome.value(position.ticker) if position.size else _WORTHLESS) for position in positions)
    )


def payoffs(positions: Iterable[Position], states: Outcomes) -> tuple[Payoff, ...]:
    """Return what positions come to in each state, the worst first; only both extremes where states are not whole."""
    held = tuple(positions)
    if states.is_whole:
        rows = [Payoff(outcome.words, result(held, outcome)) for outcome in states.rows]
        return tuple(sorted(rows, key=lambda row: row.result))
    ends = [sorted((if_yes(position), if_no(position))) for position in held]
    return (
        Payoff("every market against the position", Money(sum(low for low, _ in ends))),
        Payoff("every market for the position", Money(sum(high for _, high in ends))),
    )


def worst(positions: Iterable[Position], states: Outcomes) -> Payoff:
    """Return the state in which positions come to least."""
    return payoffs(positions, states)[0]


def outcomes(markets: Sequence[Market], *, mutually_exclusive: bool, nested: bool = True) -> Outcomes:
    """Return the states in which an event's markets may end together.

    Where at most one may win: each of them, and none, unless their strikes prove that one must. Where all strikes are
    numbers and the event turns on one number (`nested`): every stretch of it, and every strike itself. Otherwise every
    combination. More than STATES_LIMIT states are not told one by one.
    """
    if not markets:
        raise ValueRefused("an event without markets has no outcomes", hint="read the event again with its markets")
    stretches = _stretches(markets) if nested else None
    if mutually_exclusive:
        states = _one_or_none(markets, stretches)
    elif stretches is not None and len(markets) > 1:
        states = stretches
    else:
        states = _combinations(markets)
    if not 0 < len(states) <= STATES_LIMIT:
        return Outcomes((), is_whole=False)
    return Outcomes(tuple(_outcome(markets, words, winners) for words, winners in states), is_whole=True)


def _at(position: Position, value: Price) -> Money:
    settled = position.settled("scalar", value)
    return Money(settled.realised - settled.fees)


def _outcome(markets: Iterable[Market], words: str, winners: _Winners) -> Outcome:
    return Outcome(words, {market.ticker: PRICE_ONE if market.ticker in winners else _WORTHLESS for market in markets})


def _one_or_none(markets: Sequence[Market], stretches: list[tuple[str, _Winners]] | None) -> list[tuple[str, _Winners]]:
    states = [(_name(market), frozenset({market.ticker})) for market in markets]
    one_must_win = stretches is not None and all(len(winners) == 1 for _, winners in stretches)
    return states if one_must_win else [*states, ("none of them", frozenset())]


def _combinations(markets: Sequence[Market]) -> list[tuple[str, _Winners]]:
    """Return every combination of YES and NO, or nothing where they are too many."""
    if 2 ** len(markets) > STATES_LIMIT:
        return []
    states = []
    for ends in product((True, False), repeat=len(markets)):
        winners = [market for market, has_won in zip(markets, ends, strict=True) if has_won]
        words = " and ".join(map(_name, winners)) or (
            "none of them" if len(markets) > 1 else f"not {_name(markets[0])}"
        )
        states.append((words, frozenset(market.ticker for market in winners)))
    return states


def _name(market: Market) -> str:
    return str(market.yes_title) or market.ticker


# A stretch of the line is (from, until) with None for no end; a strike itself is a stretch from and until itself.
_Stretch = tuple[Decimal | None, Decimal | None]


def _stretches(markets: Sequence[Market]) -> list[tuple[str, _Winners]] | None:
    """Return the stretches of the number on which the markets turn, and who wins there; None where it is unknown."""
    probes = _probes([market.strike for market in markets])
    if probes is None:
        return None
    told: list[tuple[_Stretch, _Winners]] = []
    for stretch, probe in probes:
        verdicts = {market.ticker: market.strike.holds(probe) for market in markets}
        if None in verdicts.values():
            return None
        told.append((stretch, frozenset(ticker for ticker, holds in verdicts.items() if holds)))
    return [
        (_words([stretch for stretch, _ in group]), winners)
        for winners, group in ((winners, list(rows)) for winners, rows in groupby(told, key=itemgetter(1)))
    ]


def _probes(strikes: Iterable[Strike]) -> list[tuple[_Stretch, Decimal]] | None:
    """Return one number in each stretch between the strikes, and each strike; None where there is none between two."""
    bounds = sorted({bound for strike in strikes for bound in (strike.floor, strike.cap) if bound is not None})
    if not bounds:
        return None
    first, last = _EXACT.subtract(bounds[0], Decimal(1)), _EXACT.add(bounds[-1], Decimal(1))
    probes: list[tuple[_Stretch, Decimal]] = [((None, bounds[0]), first)]
    for bound, following in zip(bounds, [*bounds[1:], None], strict=True):
        probes.append(((bound, bound), bound))
        if following is not None:
            probes.append(((bound, following), _EXACT.divide(_EXACT.add(bound, following), Decimal(2))))
    probes.append(((bounds[-1], None), last))
    numbers = [probe for _, probe in probes]
    is_told = all(map(Decimal.is_finite, numbers)) and all(low < high for low, high in pairwise(numbers))
    return probes if is_told else None


def _words(group: Sequence[_Stretch]) -> str:
    """Say which numbers the neighbouring stretches cover together."""
    (low, after), (before, high) = group[0], group[-1]
    has_low, has_high = low == after, before == high
    if low is None and high is None:
        return "any number"
    if low == high and has_low:
        return f"{low}"
    if low is None:
        return f"{high} or below" if has_high else f"below {high}"
    if high is None:
        return f"{low} or above" if has_low else f"above {low}"
    return f"{low if has_low else f'above {low}'} to {high if has_high else f'below {high}'}"

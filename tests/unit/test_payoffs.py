"""An event's states and what positions come to in them, and what selling now would bring, worked out by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kalshi_tui.core.book import Book
from kalshi_tui.core.fees import NO_FEE, fee_terms
from kalshi_tui.core.grid import PriceGrid
from kalshi_tui.core.markets import Market, MarketStatus, Strike, StrikeKind
from kalshi_tui.core.marks import exit_value, unrealised
from kalshi_tui.core.payoffs import Outcome, Outcomes, Payoff, if_no, if_yes, outcomes, payoffs, result, worst
from kalshi_tui.core.positions import Position
from kalshi_tui.core.text import clean
from kalshi_tui.core.units import Money, Price, Size, parse_money, parse_price, parse_size
from kalshi_tui.errors import ValueRefused

CENTS = PriceGrid.from_bands([(Price(0), Price(10_000), Price(100))])
NOTHING = clean("", 1)


def market(ticker: str, kind: str = "", floor: str | None = None, cap: str | None = None, title: str = "") -> Market:
    """Build a market with a strike."""
    bounds = [None if bound is None else Decimal(bound) for bound in (floor, cap)]
    return Market(
        ticker=ticker, event_ticker="E", title=NOTHING, yes_title=clean(title, 60), no_title=NOTHING,
        rules_primary=NOTHING, rules_secondary=NOTHING, strike=Strike(StrikeKind(kind), *bounds), grid=CENTS,
        status=MarketStatus.ACTIVE, open_ms=0, close_ms=1,
    )  # fmt: skip


def held(ticker: str, size: str, cost: str, *, realised: str = "0", fees: str = "0") -> Position:
    count = parse_size(size.removeprefix("-"))
    return Position(
        ticker, Size(-count if size.startswith("-") else count), parse_money(cost), parse_money(realised),
        parse_money(fees),
    )  # fmt: skip


def told(states: Outcomes) -> list[tuple[str, set[str]]]:
    return [(row.words, set(row.winners)) for row in states.rows]


def book(bids: list[tuple[str, str]], asks: list[tuple[str, str]]) -> Book:
    made = Book("T")
    made.replace(*([(parse_price(price), parse_size(size)) for price, size in side] for side in (bids, asks)))
    return made


def test_a_position_comes_to_a_dollar_or_nothing_with_all_that_was_realised_and_paid() -> None:
    position = held("T", "10", "4", realised="1.20", fees="0.17")
    assert if_yes(position) == parse_money("7.03")  # 10 - 4 + 1.20 - 0.17
    assert if_no(position) == parse_money("-2.97")
    opposite = held("T", "-10", "6", fees="0.17")
    assert if_yes(opposite) == parse_money("-6.17")
    assert if_no(opposite) == parse_money("3.83")


def test_an_event_with_one_winner_ends_in_each_market_or_in_none() -> None:
    states = outcomes([market("A", title="Ann"), market("B", title="Bob"), market("C")], mutually_exclusive=True)
    assert told(states) == [("Ann", {"A"}), ("Bob", {"B"}), ("C", {"C"}), ("none of them", set())]
    assert states.is_whole


def test_one_market_must_win_where_the_strikes_prove_that_they_tile_the_line() -> None:
    tiled = [market("L", "less", cap="50"), market("M", "between", "50", "60"), market("H", "greater", "60")]
    assert told(outcomes(tiled, mutually_exclusive=True)) == [("L", {"L"}), ("M", {"M"}), ("H", {"H"})]
    # Whole degrees leave no room between 84 and 85, but nothing proves that the number is a whole one.
    gap = [market("L", "less", cap="84"), market("M", "between", "84", "85"), market("H", "greater", "86")]
    assert told(outcomes(gap, mutually_exclusive=True))[-1] == ("none of them", set())


def test_a_ladder_ends_in_each_stretch_between_its_strikes_and_at_each_strike() -> None:
    ladder = [market("A", "greater", "2"), market("B", "greater_or_equal", "3"), market("C", "less", cap="2")]
    assert told(outcomes(ladder, mutually_exclusive=False)) == [
        ("below 2", {"C"}),
        ("2", set()),
        ("above 2 to below 3", {"A"}),
        ("3 or above", {"A", "B"}),
    ]


def test_a_bracket_says_what_it_covers() -> None:
    states = outcomes([market("A", "between", "84", "85"), market("B", "greater", "90")], mutually_exclusive=False)
    assert told(states) == [
        ("below 84", set()),
        ("84 to 85", {"A"}),
        ("above 85 to 90", set()),
        ("above 90", {"B"}),
    ]


def test_markets_that_nothing_ties_together_end_in_every_combination() -> None:
    states = outcomes([market("A"), market("B", "custom")], mutually_exclusive=False)
    assert told(states) == [("A and B", {"A", "B"}), ("A", {"A"}), ("B", {"B"}), ("none of them", set())]
    assert states.is_whole
    # Two players' points are numbers, but not the same number.
    players = [market("A", "greater", "20"), market("B", "greater", "30")]
    assert len(outcomes(players, mutually_exclusive=False).rows) == 3
    assert len(outcomes(players, mutually_exclusive=False, nested=False).rows) == 4


def test_a_market_alone_ends_in_yes_or_no() -> None:
    assert told(outcomes([market("A", "greater", "20", title="Above 20")], mutually_exclusive=False)) == [
        ("Above 20", {"A"}),
        ("not Above 20", set()),
    ]


def test_too_many_states_leave_both_extremes_market_by_market() -> None:
    markets = [market(f"M{n}") for n in range(8)]
    states = outcomes(markets, mutually_exclusive=False)
    assert (states.rows, states.is_whole) == ((), False)
    positions = [held("M0", "10", "4"), held("M1", "-5", "1", fees="0.10")]
    assert payoffs(positions, states) == (
        Payoff("every market against the position", parse_money("-5.10")),
        Payoff("every market for the position", parse_money("9.90")),
    )
    assert not outcomes([market(f"M{n}") for n in range(200)], mutually_exclusive=True).is_whole
    assert outcomes([market(f"M{n}") for n in range(199)], mutually_exclusive=True).is_whole


def test_a_strike_without_its_number_leaves_no_ladder() -> None:
    states = outcomes([market("A", "greater", "3"), market("B", "less", floor="4")], mutually_exclusive=False)
    assert len(states.rows) == 4


def test_strikes_that_no_number_can_tell_apart_are_one_state() -> None:
    never = [market("A", "between", "4", "3"), market("B", "between", "6", "5")]
    assert told(outcomes(never, mutually_exclusive=False)) == [("any number", set())]


def test_strikes_too_near_or_too_far_to_tell_apart_leave_no_ladder() -> None:
    huge = [market("A", "greater", "1e200"), market("B", "greater", "2e200"), market("C", "less", cap="1e999999")]
    assert told(outcomes(huge, mutually_exclusive=False))[-1] == ("none of them", set())
    assert len(outcomes(huge, mutually_exclusive=False).rows) == 8


def test_an_event_without_markets_is_refused() -> None:
    with pytest.raises(ValueRefused) as refused:
        outcomes([], mutually_exclusive=True)
    assert refused.value.hint


def test_no_on_every_candidate_wins_in_all_states_but_that_each_loses_once() -> None:
    states = outcomes([market("A"), market("B"), market("C")], mutually_exclusive=True)
    positions = [held(ticker, "-10", cost, fees="0.10") for ticker, cost in (("A", "6"), ("B", "6.50"), ("C", "7"))]
    # Two of three NO pay: 20 - 19.50 - 0.30; with none all three do.
    assert [row.result for row in payoffs(positions, states)] == [parse_money("0.20")] * 3 + [parse_money("10.20")]
    assert worst(positions, states).result == parse_money("0.20")
    assert payoffs(positions, states)[-1].words == "none of them"


def test_a_spread_of_two_strikes_loses_least_below_both_and_pays_between_them() -> None:
    states = outcomes([market("A", "greater", "3"), market("B", "greater", "4")], mutually_exclusive=False)
    positions = [held("A", "10", "7"), held("B", "-10", "6")]
    assert [(row.words, row.result) for row in payoffs(positions, states)] == [
        ("3 or below", parse_money("-3")),
        ("above 4", parse_money("-3")),
        ("above 3 to 4", parse_money("7")),
    ]


def test_a_scalar_outcome_pays_its_value_and_a_flat_position_what_it_has_realised() -> None:
    outcome = Outcome("settles at 0.25", {"A": Price(2_500)})
    positions = [held("A", "10", "4"), held("B", "0", "0", realised="1", fees="0.20")]
    assert result(positions, outcome) == parse_money("-0.70")  # 2.50 - 4 + 1 - 0.20
    assert outcome.winners == frozenset()


def test_a_position_in_another_event_is_refused() -> None:
    with pytest.raises(ValueRefused) as refused:
        worst([held("X", "1", "0.50")], outcomes([market("A")], mutually_exclusive=False))
    assert refused.value.hint


def test_selling_yes_walks_down_the_bids_and_pays_a_fee() -> None:
    bids = [("0.60", "10"), ("0.50", "10")]
    # 10 at 0.60 and 5 at 0.50; fees 0.07 * 10 * 0.24 = 0.168 and 0.07 * 5 * 0.25 = 0.0875.
    value = exit_value(held("T", "15", "6"), book(bids, []), fee_terms("quadratic", 1_000_000))
    assert value == parse_money("8.2445")
    assert unrealised(held("T", "15", "6"), value) == parse_money("2.2445")


def test_selling_no_walks_up_the_asks_for_the_rest_of_the_dollar() -> None:
    asks = [("0.70", "10"), ("0.80", "10")]
    # 10 NO at 0.30 and 5 at 0.20; fees 0.07 * 10 * 0.21 = 0.147 and 0.07 * 5 * 0.16 = 0.056.
    value = exit_value(held("T", "-15", "6"), book([], asks), fee_terms("quadratic", 1_000_000))
    assert value == parse_money("3.797")
    assert unrealised(held("T", "-15", "6"), value) == parse_money("-2.203")


def test_what_the_book_cannot_take_has_no_value() -> None:
    thin = book([("0.60", "10")], [("0.70", "10")])
    assert exit_value(held("T", "10.01", "6"), thin, NO_FEE) is None
    assert exit_value(held("T", "-10.01", "6"), thin, NO_FEE) is None
    assert unrealised(held("T", "10.01", "6"), None) is None
    assert exit_value(held("T", "10", "6"), thin, NO_FEE) == parse_money("6")
    assert exit_value(Position("T"), book([], []), NO_FEE) == Money(0)

"""Payoffs against brute force: every number that the event may turn on, and every winner."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_tui.core.grid import PriceGrid
from kalshi_tui.core.markets import Market, MarketStatus, Strike, StrikeKind
from kalshi_tui.core.payoffs import outcomes, payoffs, worst
from kalshi_tui.core.positions import Position
from kalshi_tui.core.text import clean
from kalshi_tui.core.units import Money, Price, Size

steady = settings(derandomize=True, max_examples=200, database=None)
CENTS = PriceGrid.from_bands([(Price(0), Price(10_000), Price(100))])
NOTHING = clean("", 1)
KINDS = ["greater", "greater_or_equal", "less", "less_or_equal", "between"]
# Strikes are whole tenths from 0 to 2; every hundredth from -0.50 to 2.50 is a number that may come.
LINE = [Decimal(n) / 100 for n in range(-50, 251)]


def as_market(number: int, strike: Strike) -> Market:
    return Market(
        ticker=f"M{number}", event_ticker="E", title=NOTHING, yes_title=NOTHING, no_title=NOTHING,
        rules_primary=NOTHING, rules_secondary=NOTHING, strike=strike, grid=CENTS, status=MarketStatus.ACTIVE,
        open_ms=0, close_ms=1,
    )  # fmt: skip


tenths = st.integers(0, 20).map(lambda n: Decimal(n) / 10)
strikes = st.builds(
    lambda kind, bounds: Strike(StrikeKind(kind), min(bounds), max(bounds)),
    st.sampled_from(KINDS), st.tuples(tenths, tenths),
)  # fmt: skip


def market_lists(least: int) -> st.SearchStrategy[list[Market]]:
    return st.lists(strikes, min_size=least, max_size=6).map(
        lambda drawn: [as_market(number, strike) for number, strike in enumerate(drawn)]
    )


position_lists = st.lists(
    st.builds(
        Position,
        ticker=st.integers(0, 5).map("M{}".format),
        size=st.integers(-500, 500).map(Size),
        cost=st.integers(0, 10**6).map(Money),
        realised=st.integers(-(10**6), 10**6).map(Money),
        fees=st.integers(0, 10**5).map(Money),
    ),
    max_size=6,
    unique_by=lambda position: position.ticker,
)


def by_hand(positions: list[Position], yes: Mapping[str, bool]) -> int:
    """Return cash that came in less cash that went out."""
    total = 0
    for position in positions:
        wins = position.size > 0 if yes[position.ticker] else position.size < 0
        total += (10_000 * abs(position.size) if wins else 0) - position.cost + position.realised - position.fees
    return total


def of(markets: list[Market], positions: list[Position]) -> list[Position]:
    tickers = {market.ticker for market in markets}
    return [position for position in positions if position.ticker in tickers]


@steady
@given(markets=market_lists(2), positions=position_lists)
def test_a_ladders_states_are_exactly_those_that_some_number_brings_about(
    markets: list[Market], positions: list[Position]
) -> None:
    mine = of(markets, positions)
    states = outcomes(markets, mutually_exclusive=False)
    by_number = [{market.ticker: bool(market.strike.holds(number)) for market in markets} for number in LINE]
    assert states.is_whole
    assert {row.winners for row in states.rows} == {
        frozenset(ticker for ticker, wins in ends.items() if wins) for ends in by_number
    }
    assert worst(mine, states).result == min(by_hand(mine, ends) for ends in by_number)
    assert len({row.words for row in states.rows}) == len(states.rows)


@steady
@given(markets=market_lists(1), positions=position_lists)
def test_the_worst_of_one_winner_or_none_is_that_of_every_winner_tried(
    markets: list[Market], positions: list[Position]
) -> None:
    mine = of(markets, positions)
    states = outcomes(markets, mutually_exclusive=True)
    holding = [[market for market in markets if market.strike.holds(number)] for number in LINE]
    none_may_win = any(len(winners) != 1 for winners in holding)
    winners = [*(market.ticker for market in markets), *([""] if none_may_win else [])]
    by_winner = [by_hand(mine, {market.ticker: market.ticker == winner for market in markets}) for winner in winners]
    assert [row.result for row in payoffs(mine, states)] == sorted(by_winner)


@steady
@given(count=st.integers(1, 6), positions=position_lists)
def test_the_worst_of_unrelated_markets_is_the_sum_of_their_worsts(count: int, positions: list[Position]) -> None:
    markets = [as_market(number, Strike()) for number in range(count)]
    mine = of(markets, positions)
    states = outcomes(markets, mutually_exclusive=False)
    tickers = [market.ticker for market in markets]
    tried = [by_hand(mine, dict(zip(tickers, ends, strict=True))) for ends in product([True, False], repeat=count)]
    assert [row.result for row in payoffs(mine, states)] == sorted(tried)
    assert worst(mine, states).result == sum(
        min(by_hand([each], {each.ticker: True}), by_hand([each], {each.ticker: False})) for each in mine
    )


@steady
@given(positions=position_lists)
def test_where_states_are_too_many_both_extremes_still_hold(positions: list[Position]) -> None:
    states = outcomes([as_market(number, Strike()) for number in range(9)], mutually_exclusive=False)
    tickers = [f"M{number}" for number in range(6)]
    tried = [by_hand(positions, dict(zip(tickers, ends, strict=True))) for ends in product([True, False], repeat=6)]
    assert not states.is_whole
    assert [row.result for row in payoffs(positions, states)] == [min(tried), max(tried)]

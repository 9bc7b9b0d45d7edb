"""--markets N: as many as wished, in believable events, and lively within one bound."""

from __future__ import annotations

from collections import Counter

import pytest
from msgspec.structs import replace

from kalshi_tui.practice.desk import Desk, open_desk
from kalshi_tui.practice.happenings import BookChanged, Happening
from kalshi_tui.practice.keys import make_key
from kalshi_tui.practice.worldfile import WorldRefused, load_world

START_MS = 1_794_998_837_123
OWN = {"KXFED", "KXINX", "KXINXU", "KXBTCD", "KXBTC15M"}


@pytest.fixture(scope="module")
def desk() -> Desk:
    return open_desk(start_ms=START_MS, seed=1, markets=2_000, key_pem=make_key("ed25519"))


def test_as_many_markets_stand_as_were_wished_for(desk: Desk) -> None:
    assert len(desk.exchange.markets) == 2_000
    assert len({market.market_id for market in desk.exchange.markets.values()}) == 2_000


def test_events_have_believable_sizes_and_series_many_events(desk: Desk) -> None:
    sizes = Counter(len(event.market_tickers) for event in desk.exchange.events.values())
    assert sizes[2] > 50
    assert max(sizes) <= 40
    assert sum(size >= 20 for size in sizes) >= 3
    events = Counter(event.series_ticker for event in desk.exchange.events.values())
    assert 20 <= len(events) <= 200
    assert max(events.values()) > 3


def test_partitions_and_named_outcomes_exclude_each_other_and_ladders_nest(desk: Desk) -> None:
    for event in desk.exchange.events.values():
        kinds = {desk.exchange.markets[ticker].strike_type for ticker in event.market_tickers}
        assert event.mutually_exclusive == (event.collateral_return_type == "MECNET")
        if event.collateral_return_type == "DIRECNET":
            assert kinds <= {"greater", "greater_or_equal"}


def test_books_have_several_levels_each_side_where_the_outcome_is_open(desk: Desk) -> None:
    lively = [m for m in desk.exchange.markets.values() if 1_500 <= m.best_bid < m.best_ask <= 8_500]
    assert len(lively) > 300
    assert all(len(m.bids) >= 3 and len(m.asks) >= 3 for m in lively)


def test_all_added_markets_together_keep_one_bound_and_some_are_livelier_than_others() -> None:
    desk = open_desk(start_ms=START_MS, seed=2, markets=5_000, key_pem=make_key("ed25519"))
    changes: Counter[str] = Counter()

    def hear(happening: Happening) -> None:
        if isinstance(happening, BookChanged):
            series, _, _ = happening.market.event_ticker.partition("-")
            if series not in OWN:
                changes[happening.market.event_ticker] += 1

    desk.exchange.listen(hear)
    desk.exchange.advance(START_MS + 120_000)
    assert 10 <= changes.total() / 120 <= 200
    ranked = [count for _, count in changes.most_common()]
    assert sum(ranked[:10]) > 0.25 * changes.total()
    assert len(ranked) > 200


def test_events_of_the_crowd_are_decided_by_their_own_walks_until_none_is_left() -> None:
    first = load_world("first")
    calm = replace(first.crowd, looks_per_s=0.0005, takes_per_s=0.0)
    desk = open_desk(
        start_ms=START_MS,
        world=replace(first, family=(), walk=(), crowd=calm),
        seed=3,
        markets=60,
        key_pem=make_key("ed25519"),
    )
    desk.exchange.advance(max(live.close_ms for live in desk.living.events.values()) + 400_000)
    assert desk.living.events == {}
    for event in desk.exchange.events.values():
        results = [desk.exchange.markets[ticker].result for ticker in event.market_tickers]
        assert set(results) <= {"yes", "no"}
        if event.mutually_exclusive:
            assert results.count("yes") == 1
        else:
            assert results == sorted(results, reverse=True)  # a ladder pays up to some strike


@pytest.mark.parametrize("markets", [0, -1, 30_001])
def test_a_number_of_markets_that_cannot_be_made_is_refused(markets: int) -> None:
    with pytest.raises(WorldRefused, match=f"{markets} markets cannot be made"):
        open_desk(start_ms=START_MS, markets=markets, key_pem=make_key("ed25519"))


def test_fewer_markets_than_the_world_has_are_refused() -> None:
    with pytest.raises(WorldRefused, match="markets of its own"):
        open_desk(start_ms=START_MS, markets=3, key_pem=make_key("ed25519"))


def test_a_world_without_kinds_has_no_crowd() -> None:
    spec = load_world("first")
    lonely = replace(spec, crowd=replace(spec.crowd, kind=()))
    with pytest.raises(WorldRefused, match=r"crowd\.kind"):
        open_desk(start_ms=START_MS, world=lonely, markets=500, key_pem=make_key("ed25519"))

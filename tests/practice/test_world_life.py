"""An hour and more of the first world on the virtual clock."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from kalshi_tui.core.units import Price, Size
from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.happenings import BookChanged, EventCreated, Happening, IndexTicked, MarketChanged, Traded
from kalshi_tui.practice.makers import HOUSE, House, Mark
from kalshi_tui.practice.records import Market, NewOrder
from kalshi_tui.practice.world import World
from kalshi_tui.practice.worldfile import load_world

ROOT = Path(__file__).parents[2]
START_MS = 1_794_998_837_123  # 14:47:17.123 UTC, in the middle of everything
RUN_S = 75 * 60


def open_world(seed: int = 7, start_ms: int = START_MS) -> tuple[Exchange, World]:
    exchange = Exchange(seed=seed, start_ms=start_ms)
    world = World(exchange, load_world("first"))
    world.open()
    return exchange, world


@dataclass
class Watched:
    """What was seen of a run."""

    exchange: Exchange
    prints: dict[int, Decimal] = field(default_factory=dict)
    changes: Counter[str] = field(default_factory=Counter)
    trades: Counter[str] = field(default_factory=Counter)
    busiest_second: Counter[int] = field(default_factory=Counter)
    crossed: list[str] = field(default_factory=list)
    kinds: dict[str, list[tuple[str, int]]] = field(default_factory=lambda: defaultdict(list))
    listed: list[str] = field(default_factory=list)
    free_money_seconds: int = 0
    quoted_seconds: int = 0

    def hear(self, happening: Happening) -> None:
        if isinstance(happening, BookChanged):
            series = happening.market.event_ticker.partition("-")[0]
            self.changes[series] += 1
            self.busiest_second[happening.ts_ms // 1000] += 1
        elif isinstance(happening, Traded):
            self.trades[happening.market.event_ticker.partition("-")[0]] += 1
        elif isinstance(happening, IndexTicked) and happening.index_id == "BRTI" and not happening.fast:
            self.prints[happening.source_ms] = Decimal(happening.value)
        elif isinstance(happening, MarketChanged):
            self.kinds[happening.market.ticker].append((happening.kind, happening.ts_ms))
        elif isinstance(happening, EventCreated):
            self.listed.append(happening.event.ticker)

    def look(self) -> None:
        """Look at all books between two seconds."""
        for market in self.exchange.markets.values():
            if market.best_bid >= market.best_ask:
                self.crossed.append(market.ticker)
        self.quoted_seconds += 1
        self.free_money_seconds += any(free_money(self.exchange, ticker) for ticker in self.exchange.events)


def free_money(exchange: Exchange, event_ticker: str) -> bool:
    """Tell whether the quotes of one event can be bought or sold against each other at a profit before fees."""
    event = exchange.events[event_ticker]
    markets = [exchange.markets[ticker] for ticker in event.market_tickers]
    if any(market.status != "active" for market in markets):
        return False
    if event.mutually_exclusive:
        return sum(m.best_ask for m in markets) < 10_000 or sum(m.best_bid for m in markets) > 10_000
    return any(higher.best_bid > lower.best_ask for lower, higher in pairwise(markets))


@pytest.fixture(scope="module")
def run() -> Watched:
    exchange, _ = open_world()
    watched = Watched(exchange)
    exchange.listen(watched.hear)
    for _ in range(RUN_S):
        exchange.advance(exchange.now_ms + 1000)
        watched.look()
    return watched


def windows(watched: Watched) -> list[Market]:
    """Return the fifteen-minute markets that opened and were settled while we watched."""
    markets = [m for m in watched.exchange.markets.values() if m.ticker.startswith("KXBTC15M")]
    return [m for m in markets if m.status == "finalized" and m.open_ms - 60_000 > START_MS]


def mean_of_minute(prints: dict[int, Decimal], close_ms: int) -> Decimal:
    sixty = [prints[close_ms - 1000 * before] for before in range(60)]
    return (sum(sixty, Decimal(0)) / 60).quantize(Decimal("0.01"), ROUND_HALF_UP)


def test_no_book_is_ever_crossed(run: Watched) -> None:
    assert run.crossed == []


def test_the_index_is_published_every_second_on_the_second(run: Watched) -> None:
    stamps = sorted(run.prints)
    assert stamps == list(range(stamps[0], stamps[0] + 1000 * len(stamps), 1000))
    assert len(stamps) >= RUN_S - 1


def test_fifteen_minute_markets_open_get_their_strike_and_settle_on_the_right_side(run: Watched) -> None:
    settled = windows(run)
    assert len(settled) >= 3
    for market in settled:
        strike, value = mean_of_minute(run.prints, market.open_ms), mean_of_minute(run.prints, market.close_ms)
        assert Decimal(market.floor_strike or "0") == strike
        assert Decimal(market.expiration_value) == value
        assert market.strike_type == "greater_or_equal"
        assert market.result == ("yes" if value >= strike else "no")
        assert market.yes_sub_title == f"At or above ${strike:,}"


def test_a_windows_strike_is_announced_at_its_opening_and_it_pays_a_second_after_its_result(run: Watched) -> None:
    for market in windows(run):
        kinds = dict(run.kinds[market.ticker])
        assert kinds.pop("created", market.open_ms - 900_000) == market.open_ms - 900_000
        assert list(kinds) == ["metadata_updated", "determined", "settled"]
        assert 0 <= kinds["metadata_updated"] - market.open_ms <= 1000
        assert market.close_ms < kinds["determined"] <= market.close_ms + 5000
        assert kinds["settled"] - kinds["determined"] == 1000


def test_windows_follow_each_other_without_a_hole(run: Watched) -> None:
    chain = sorted((m.open_ms, m.close_ms) for m in run.exchange.markets.values() if m.ticker.startswith("KXBTC15M"))
    assert all(close == opening for (_, close), (opening, _) in pairwise(chain))
    assert chain[-1][1] > run.exchange.now_ms + 900_000


def test_the_hourly_ladder_settles_consistently_and_the_next_one_is_listed(run: Watched) -> None:
    closed = [
        t
        for t, e in run.exchange.events.items()
        if t.startswith("KXINXU") and (e.strike_ms or 0) < START_MS + 3_600_000
    ]
    assert closed
    for ticker in closed:
        markets = [run.exchange.markets[one] for one in run.exchange.events[ticker].market_tickers]
        assert {m.status for m in markets} == {"finalized"}
        value = Decimal(markets[0].expiration_value)
        assert [m.result for m in markets] == [
            "yes" if value >= Decimal(m.floor_strike or "") else "no" for m in markets
        ]
    ahead = [
        e
        for e in run.exchange.events.values()
        if e.series_ticker == "KXINXU" and (e.strike_ms or 0) > run.exchange.now_ms
    ]
    assert len(ahead) == 2


def test_there_are_twenty_to_sixty_book_changes_a_second(run: Watched) -> None:
    assert 20 <= sum(run.changes.values()) / RUN_S <= 60
    assert max(run.busiest_second.values()) <= 600  # a close clears whole books at once


def test_each_ladder_trades_every_few_seconds(run: Watched) -> None:
    for series in ("KXFED", "KXINXU", "KXINX", "KXBTCD", "KXBTC15M"):
        assert 1 / 12 <= run.trades[series] / RUN_S <= 2, series


def test_free_money_is_rare_and_heals(run: Watched) -> None:
    assert 0 < run.free_money_seconds < 0.1 * run.quoted_seconds


def test_some_sizes_are_fractional_and_most_are_whole(run: Watched) -> None:
    sizes = [order.remaining for order in run.exchange.orders.values() if order.user_id in HOUSE]
    fractional = sum(size % 100 != 0 for size in sizes) / len(sizes)
    assert 0.02 < fractional < 0.6


def test_most_books_have_several_levels_on_each_side(run: Watched) -> None:
    lively = [
        m for m in run.exchange.markets.values() if m.status == "active" and 1_000 <= m.best_bid <= m.best_ask <= 9_000
    ]
    assert lively
    assert sum(len(m.bids) >= 3 and len(m.asks) >= 3 for m in lively) >= 0.9 * len(lively)


def test_our_order_at_the_best_price_is_taken_by_somebody() -> None:
    exchange, _ = open_world(seed=3)
    exchange.open_account(cash=10**9, user_id="we")
    market = next(m for m in exchange.markets.values() if m.ticker.startswith("KXBTC15M") and m.status == "active")
    ours = NewOrder(market.ticker, "bid", Price(market.best_bid), Size(100), "good_till_canceled", "maker")
    order = exchange.create("we", ours).order
    exchange.advance(exchange.now_ms + 120_000)
    assert order.filled == 100


def test_a_trading_pause_leaves_the_world_alive() -> None:
    exchange, _ = open_world(seed=4)
    exchange.pause_trading()
    before = sum(m.volume for m in exchange.markets.values())
    exchange.advance(exchange.now_ms + 60_000)
    assert sum(m.volume for m in exchange.markets.values()) == before
    exchange.resume_trading()
    exchange.advance(exchange.now_ms + 60_000)
    assert sum(m.volume for m in exchange.markets.values()) > before


def test_a_market_that_somebody_else_decided_does_not_stop_the_world() -> None:
    exchange, world = open_world(seed=5)
    window = next(live for live in world.events.values() if live.ticker.startswith("KXBTC15M") and live.ready)
    exchange.determine(window.outcomes[0].ticker, "no")
    ladder = next(live for live in world.events.values() if live.ticker.startswith("KXINXU"))
    exchange.move_close(ladder.outcomes[0].ticker, ladder.close_ms + 30_000)
    exchange.advance(ladder.close_ms + 120_000)
    assert exchange.markets[window.outcomes[0].ticker].result == "no"
    assert {exchange.markets[one.ticker].status for one in ladder.outcomes} == {"finalized"}
    assert ladder.ticker not in world.events


def test_old_settled_markets_are_forgotten_unless_somebody_holds_their_records() -> None:
    exchange, world = open_world(seed=6, start_ms=START_MS - 18 * 60_000)
    exchange.open_account(cash=10**9, user_id="we")
    window = next(m for m in exchange.markets.values() if m.ticker.startswith("KXBTC15M") and m.status == "active")
    exchange.create("we", NewOrder(window.ticker, "bid", Price(100), Size(100), "good_till_canceled", "maker"))
    first = set(exchange.markets)
    world.forget_after_ms = 0
    exchange.advance(START_MS + 13 * 60_000)
    gone = first - set(exchange.markets)
    assert gone
    assert window.ticker not in gone
    assert all(ticker not in event.market_tickers for event in exchange.events.values() for ticker in gone)


def test_a_settled_position_alone_holds_no_market_back() -> None:
    exchange, world = open_world(seed=6, start_ms=START_MS - 18 * 60_000)
    exchange.open_account(cash=10**9, user_id="we")
    window = next(m for m in exchange.markets.values() if m.ticker.startswith("KXBTC15M") and m.status == "active")
    wish = NewOrder(window.ticker, "ask", Price(window.best_bid), Size(100), "immediate_or_cancel", "maker")
    assert exchange.create("we", wish).fills
    exchange.histories["we"].orders.clear()  # as its bound does in time
    world.forget_after_ms = 0
    exchange.advance(window.close_ms - 1)
    world._forget_old()
    assert window.ticker in exchange.markets
    exchange.advance(START_MS + 13 * 60_000)
    assert window.ticker not in exchange.markets
    assert not [key for key in exchange.positions if key[0] == "we"]
    assert len(exchange.settlements_of("we")) == 1


def test_the_houses_queues_stay_short_however_long_a_market_lives() -> None:
    exchange, world = open_world(seed=1)
    fed = next(live for live in world.events.values() if live.ticker.startswith("KXFED"))
    quotes = world.spec.family[fed.family].quotes
    market = exchange.markets[fed.outcomes[0].ticker]
    house = House(exchange)
    mark = Mark(market, 0.4, quotes)
    for _ in range(700):
        house.correct(mark)
        for _ in range(3):
            house.refresh(mark)
    for side in (market.bids, market.asks):
        assert sum(len(level.orders) for level in side.values()) <= 5 * quotes.levels


SCRIPT = """
from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.world import World
from kalshi_tui.practice.worldfile import load_world
exchange = Exchange(seed={seed}, start_ms={start})
World(exchange, load_world("first")).open({markets})
exchange.advance({start} + 240_000)
print(exchange.log_digest(), exchange.clock)
"""


def digest(*, hash_seed: str, seed: int, markets: int) -> str:
    script = SCRIPT.format(seed=seed, start=START_MS, markets=markets)
    environ = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-c", script], env=environ, check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout


def test_the_same_seed_gives_the_same_events_under_any_hash_seed() -> None:
    first = digest(hash_seed="0", seed=11, markets=150)
    assert first == digest(hash_seed="4242", seed=11, markets=150)
    assert first != digest(hash_seed="0", seed=12, markets=150)

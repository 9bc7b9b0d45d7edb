"""What trading leaves behind: the trades, the market's figures, the day's figures, the candles."""

from __future__ import annotations

import pytest

from kalshi_tui.practice.candles import Candle
from kalshi_tui.practice.exchange import Rules
from tests.practice.pit import DOLLAR, MINUTE, START_MS, Pit

HOUR = 60 * MINUTE
DAY = 24 * HOUR
# The pit opens 20 s into a minute, so that the running minute ends 40 s later.
NEXT_MINUTE_MS = -(-START_MS // MINUTE) * MINUTE


def busy_pit(rules: Rules | None = None) -> Pit:
    pit = Pit(rules=rules)
    pit.move_close("M", START_MS + 30 * DAY)
    for name in ("ann", "ben"):
        pit.member(name, 100_000)
    return pit


def trade(pit: Pit, cents: float, contracts: float, ticker: str = "M") -> None:
    pit.ask("ann", cents, contracts, ticker=ticker)
    pit.bid("ben", cents, contracts, ticker=ticker)


def test_a_market_keeps_count_of_its_trading() -> None:
    pit = busy_pit()
    trade(pit, 40, 10)
    trade(pit, 44, 2.5)
    market = pit.market
    assert (market.volume, market.volume_24h, market.last_price, market.last_trade_size) == (1_250, 1_250, 4_400, 250)
    assert market.dollar_volume == 4 * DOLLAR + 1_100_000
    assert market.open_interest == 1_250


def test_trades_are_kept_oldest_first_up_to_the_limit_of_their_market() -> None:
    pit = busy_pit(Rules(keep_trades_per_market=3))
    for cents in (40, 41, 42, 43):
        trade(pit, cents, 1)
    assert [one.price for one in pit.trades_of("M")] == [4_100, 4_200, 4_300]
    assert [one.price for one in pit.recent_trades()] == [4_000, 4_100, 4_200, 4_300]
    assert list(pit.trades_of("NOPE")) == []


def test_trades_are_kept_up_to_the_limit_of_all_markets() -> None:
    pit = busy_pit(Rules(keep_trades=3, keep_trades_per_market=2))
    pit.list_market("N")
    for ticker, cents in (("M", 40), ("N", 41), ("N", 42), ("N", 43), ("M", 44)):
        trade(pit, cents, 1, ticker)
    assert [(one.ticker, one.price) for one in pit.recent_trades()] == [("N", 4_200), ("N", 4_300), ("M", 4_400)]
    assert [one.price for one in pit.trades_of("M")] == [4_400]
    assert [one.price for one in pit.trades_of("N")] == [4_200, 4_300]


def test_the_days_volume_forgets_what_is_older_than_a_day() -> None:
    pit = busy_pit()
    trade(pit, 40, 10)
    pit.advance(START_MS + 2 * HOUR)
    trade(pit, 40, 5)
    pit.advance(START_MS + DAY - MINUTE)
    assert pit.market.volume_24h == 1_500
    pit.advance(START_MS + DAY)
    assert pit.market.volume_24h == 1_500
    pit.advance(START_MS + DAY + MINUTE)
    assert pit.market.volume_24h == 500
    pit.advance(START_MS + 3 * DAY)
    assert (pit.market.volume_24h, pit.market.volume) == (0, 1_500)


def test_yesterdays_quotes_and_price_are_those_of_a_day_ago() -> None:
    pit = busy_pit()
    trade(pit, 40, 10)
    bid, ask = pit.bid("ben", 39, 1).order, pit.ask("ann", 42, 1).order
    pit.advance(START_MS + 2 * HOUR)
    pit.change("ben", bid, cents=30, contracts=1)
    pit.change("ann", ask, cents=33, contracts=1)
    pit.advance(START_MS + DAY)
    market = pit.market
    assert (market.previous_bid, market.previous_ask, market.previous_price) == (0, 0, 0)
    pit.advance(START_MS + DAY + HOUR)
    assert (market.previous_bid, market.previous_ask, market.previous_price) == (3_900, 4_200, 4_000)
    pit.advance(START_MS + DAY + 4 * HOUR)
    assert (market.previous_bid, market.previous_ask, market.previous_price) == (3_000, 3_300, 4_000)


def prices(candle: Candle) -> tuple[int | None, ...]:
    return (candle.open, candle.high, candle.low, candle.close)


def test_a_minutes_candle_holds_prices_and_quotes() -> None:
    pit = busy_pit()
    pit.bid("ben", 30, 1)
    for cents, contracts in ((44, 1), (46, 2), (41, 1)):
        trade(pit, cents, contracts)
    [candle] = pit.candles("M", 1, 0, 2**40)
    assert candle.end_s * 1000 == NEXT_MINUTE_MS
    assert prices(candle) == (4_400, 4_600, 4_100, 4_100)
    assert (candle.mean, candle.previous, candle.volume, candle.open_interest) == (4_425, None, 400, 400)
    assert (candle.bid_low, candle.bid_high, candle.bid_close) == (3_000, 3_000, 3_000)
    assert (candle.ask_open, candle.ask_high, candle.ask_low, candle.ask_close) == (10_000, 10_000, 4_100, 10_000)


def test_a_candle_ends_with_its_last_moment_and_carries_quotes_over() -> None:
    pit = busy_pit()
    bid = pit.bid("ben", 30, 1).order
    trade(pit, 40, 1)
    pit.advance(NEXT_MINUTE_MS)
    trade(pit, 41, 1)
    pit.advance(NEXT_MINUTE_MS + 5 * MINUTE + 1)
    pit.change("ben", bid, cents=20, contracts=1)
    pit.advance(NEXT_MINUTE_MS + 7 * MINUTE)
    trade(pit, 42, 1)
    first, second, third = pit.candles("M", 1, 0, 2**40)
    assert (third.previous, third.open) == (4_100, 4_200)
    assert (first.close, first.volume) == (4_100, 200)
    assert second.end_s - first.end_s == 6 * 60
    assert prices(second) == (None, None, None, None)
    assert (second.previous, second.mean, second.volume) == (4_100, None, 0)
    assert (second.bid_open, second.bid_high, second.bid_low, second.bid_close) == (3_000, 3_000, 2_000, 2_000)


@pytest.mark.parametrize(("minutes", "ends"), [(60, 2), (1440, 1)])
def test_hours_and_days_are_made_of_minutes(minutes: int, ends: int) -> None:
    pit = busy_pit()
    hour_ms = -(-START_MS // HOUR) * HOUR
    assert hour_ms // DAY == (hour_ms + 20 * MINUTE) // DAY
    for at_ms, cents in ((START_MS, 40), (START_MS + MINUTE, 48), (hour_ms, 35), (hour_ms + 20 * MINUTE, 45)):
        pit.advance(at_ms)
        trade(pit, cents, 1)
    candles = pit.candles("M", minutes, 0, 2**40)
    assert len(candles) == ends
    assert all(candle.end_s % (60 * minutes) == 0 for candle in candles)
    assert prices(candles[0])[:3] == (4_000, 4_800, 3_500)
    assert (candles[-1].close, sum(candle.volume for candle in candles)) == (4_500, 400)
    again = pit.candles("M", minutes, 0, 2**40)
    assert sum(candle.volume for candle in again) == 400  # looking does not fold the running minute in twice


def test_candles_are_found_by_when_they_end() -> None:
    pit = busy_pit()
    for minute in range(5):
        pit.advance(NEXT_MINUTE_MS + minute * MINUTE)
        trade(pit, 40 + minute, 1)
    first_s = NEXT_MINUTE_MS // 1000
    found = pit.candles("M", 1, first_s + 60, first_s + 180)
    assert [candle.close for candle in found] == [4_100, 4_200, 4_300]
    assert pit.candles("NOPE", 1, 0, 2**40) == []


def test_the_oldest_candles_of_all_markets_go_first() -> None:
    pit = busy_pit(Rules(keep_candles=3))
    pit.list_market("N")
    for minute in range(4):
        pit.advance(NEXT_MINUTE_MS + minute * MINUTE)
        trade(pit, 40 + minute, 1)
        trade(pit, 50 + minute, 1, "N")
    assert [candle.close for candle in pit.candles("M", 1, 0, 2**40)] == [4_200, 4_300]
    assert [candle.close for candle in pit.candles("N", 1, 0, 2**40)] == [5_100, 5_200, 5_300]

"""Every endpoint of ours against the practice exchange, which was written apart from this client."""

from __future__ import annotations

from collections.abc import Coroutine
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

import pytest

from kalshi_tui.core.markets import MarketStatus
from kalshi_tui.core.orders import OrderStatus
from kalshi_tui.core.units import Money, Price, Size, cost
from kalshi_tui.engine.venue import Venue
from kalshi_tui.errors import (
    AlreadyExists,
    AuthenticationRefused,
    NotFound,
    OutcomeUnknown,
    TransportError,
    VenueRefused,
)
from kalshi_tui.practice.desk import Desk, open_desk
from kalshi_tui.practice.keys import make_key
from kalshi_tui.practice.memory import MemoryHttp, Network, VirtualClock
from kalshi_tui.protocol import rest
from kalshi_tui.protocol.signing import Scope, load_signer

T = TypeVar("T")
START_MS = 1_781_159_370_000


@cache
def key_pem() -> bytes:
    return make_key()


class Floor:
    """A desk with its clock and our client."""

    def __init__(self) -> None:
        self.desk: Desk = open_desk(start_ms=START_MS, seed=5, key_pem=key_pem())
        self.clock = VirtualClock(self.desk.exchange)
        network = Network(self.clock, seed=1, failure=TransportError)
        self.http = MemoryHttp(self.desk, network)
        signer = load_signer(self.desk.key_id, self.desk.key_pem, Scope.TRADE)
        self.venue = Venue(self.http, self.clock, lambda: 0.5, signer=signer)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.clock.run(work)

    def ask(self, request: rest.Request[T]) -> T:
        return self.run(self.venue.ask(request))

    def quoted(self) -> Any:
        """Return an open market with both quotes and room below the bid."""
        page = self.ask(rest.markets(status="open"))
        return next(row for row in page.rows if row.yes_bid and row.yes_ask and 2000 < row.yes_bid < row.yes_ask)

    def order(self, client_order_id: str, price: int, size: int = 100, **fields: Any) -> rest.NewOrder:
        ticker = fields.pop("ticker", None) or self.quoted().ticker
        return rest.NewOrder(
            client_order_id=client_order_id, ticker=ticker, side="bid", price=Price(price), size=Size(size), **fields
        )


@pytest.fixture
def floor() -> Floor:
    return Floor()


def test_the_catalogue_hangs_together(floor: Floor) -> None:
    markets = floor.run(floor.venue.whole(rest.markets(limit=7), at_most=10_000))
    assert len(markets) > 7
    assert not floor.venue.unread
    assert all(market.status is not MarketStatus.UNKNOWN for market in markets)
    events = floor.run(floor.venue.whole(rest.events(nested=True, limit=2), at_most=10_000))
    nested = {market.ticker for event in events for market in event.markets}
    assert {market.ticker for market in markets} == nested
    one = floor.ask(rest.event(events[0].ticker))
    assert {market.ticker for market in one.markets} == {market.ticker for market in events[0].markets}
    series = {row.ticker: row for row in floor.ask(rest.series_list())}
    assert {event.series_ticker for event in events} <= set(series)
    assert floor.ask(rest.series(events[0].series_ticker)) == series[events[0].series_ticker]
    assert floor.ask(rest.market(markets[0].ticker)).grid == markets[0].grid


def test_books_agree_with_quotes_and_with_each_other(floor: Floor) -> None:
    market = floor.quoted()
    image = floor.ask(rest.book(market.ticker))
    fresh = floor.ask(rest.market(market.ticker))
    several = floor.ask(rest.books([market.ticker]))[0]
    assert several.ticker == image.ticker
    assert image.bids[0][0] < image.asks[0][0]
    assert fresh.yes_bid is not None
    assert all(market.grid.allows(price) for price, _ in image.bids + image.asks)
    assert len(floor.ask(rest.book(market.ticker, depth=1)).bids) == 1


def test_trades_and_candles_are_there_after_a_while(floor: Floor) -> None:
    floor.clock.advance(600)
    trades = floor.run(floor.venue.whole(rest.trades(limit=10), at_most=100_000))
    assert trades
    market = floor.ask(rest.market(trades[0].ticker))
    series = floor.ask(rest.event(market.event_ticker)).series_ticker
    start_s = START_MS // 60_000 * 60
    end_s = start_s + 540  # whole minutes that are over: trading goes on while we ask
    candles = floor.ask(rest.candles(series, market.ticker, start_s=start_s, end_s=end_s))
    of_one = [row for row in trades if row.ticker == market.ticker and row.created_ms <= end_s * 1000]
    assert sum(candle.volume for candle in candles) == sum(trade.size for trade in of_one)
    many = floor.ask(rest.candles_of_many([market.ticker], start_s=start_s, end_s=end_s))
    assert many == {market.ticker: candles}


def test_the_exchange_tells_how_it_is(floor: Floor) -> None:
    assert floor.ask(rest.exchange_status()).trading_active
    floor.desk.exchange.pause_trading()
    assert not floor.ask(rest.exchange_status()).trading_active
    assert floor.ask(rest.schedule()).hours
    assert isinstance(floor.ask(rest.announcements()), tuple)
    assert abs(floor.ask(rest.user_data_timestamp()) - floor.clock.now_ms()) < 60_000
    assert floor.ask(rest.historical_cutoff()).orders_updated_ms < floor.clock.now_ms()
    assert isinstance(floor.ask(rest.series_fee_changes()), tuple)
    assert isinstance(floor.ask(rest.event_fee_changes()).rows, tuple)


def test_an_order_rests_shrinks_moves_and_goes(floor: Floor) -> None:
    order = floor.order("mine-1", 1000, 500)
    created = floor.ask(rest.create_order(order))
    assert (created.filled, created.remaining, created.client_order_id) == (0, 500, "mine-1")
    seen = floor.ask(rest.order(created.order_id))
    assert (seen.side, seen.price, seen.initial, seen.status) == ("bid", 1000, 500, OrderStatus.RESTING)
    assert floor.ask(rest.queue_position(created.order_id)) >= 0
    assert [place.order_id for place in floor.ask(rest.queue_positions(tickers=[order.ticker]))] == [created.order_id]
    assert floor.ask(rest.total_resting_value()) == cost(Price(1000), Size(500))
    assert floor.ask(rest.decrease_order(created.order_id, by=Size(100))).remaining == 400
    assert floor.ask(rest.decrease_order(created.order_id, to=Size(300))).remaining == 300
    moved = rest.amend_order(
        created.order_id, ticker=order.ticker, side="bid", price=Price(1100), size=Size(200), client_order_id="mine-1"
    )
    assert floor.ask(moved).order_id == created.order_id
    assert floor.ask(rest.order(created.order_id)).price == 1100
    canceled = floor.ask(rest.cancel_order(rest.CancelTarget(created.order_id)))
    assert canceled.reduced_by == 200
    assert floor.ask(rest.order(created.order_id)).status is OrderStatus.CANCELED
    with pytest.raises(NotFound):
        floor.ask(rest.cancel_order(rest.CancelTarget(created.order_id)))
    with pytest.raises(AlreadyExists):
        floor.ask(rest.create_order(order))
    listed = floor.run(floor.venue.whole(rest.orders(), at_most=10))
    assert [row.client_order_id for row in listed] == ["mine-1"]
    assert floor.venue.offset_ms == pytest.approx(0, abs=20)


def test_a_fill_shows_in_fills_positions_and_balance(floor: Floor) -> None:
    before = floor.ask(rest.balance()).cash
    market = floor.quoted()
    taking = floor.order(
        "taker", floor.ask(rest.book(market.ticker)).asks[0][0], 200, ticker=market.ticker,
        time_in_force="immediate_or_cancel",
    )  # fmt: skip
    created = floor.ask(rest.create_order(taking))
    assert created.filled
    fills = floor.run(floor.venue.whole(rest.fills(order_id=created.order_id), at_most=100))
    assert sum(fill.size for fill in fills) == created.filled
    assert all(fill.is_taker and fill.side == "bid" for fill in fills)
    position = floor.ask(rest.positions()).rows[0]
    assert (position.ticker, position.size) == (market.ticker, created.filled)
    assert position.cost == sum(cost(fill.price, fill.size) for fill in fills)
    assert position.fees == sum(fill.fee for fill in fills)
    assert before - floor.ask(rest.balance()).cash == position.cost + position.fees
    assert floor.ask(rest.settlements()).rows == ()


def test_refusals_come_as_what_they_are(floor: Floor) -> None:
    with pytest.raises(VenueRefused, match="rest only"):
        floor.ask(rest.create_order(floor.order("po", 9900, post_only=True)))
    with pytest.raises(VenueRefused, match="grid"):
        floor.ask(rest.create_order(floor.order("og", 1005)))
    with pytest.raises(VenueRefused, match="cash"):
        floor.ask(rest.create_order(floor.order("ib", 1000, 10**10)))
    with pytest.raises(VenueRefused, match="filled whole"):
        floor.ask(rest.create_order(floor.order("fok", 1000, time_in_force="fill_or_kill")))
    with pytest.raises(NotFound):
        floor.ask(rest.order("11111111-1111-1111-1111-111111111111"))
    with pytest.raises(NotFound):
        floor.ask(rest.market("NO-SUCH-MARKET"))


def test_a_strangers_key_is_refused_with_the_reason(floor: Floor) -> None:
    stranger = load_signer("00000000-0000-0000-0000-000000000000", key_pem(), Scope.TRADE)
    venue = Venue(floor.http, floor.clock, lambda: 0.5, signer=stranger)
    with pytest.raises(AuthenticationRefused, match="no such key"):
        floor.run(venue.ask(rest.balance()))
    forger = load_signer(floor.desk.key_id, make_key(), Scope.TRADE)
    venue = Venue(floor.http, floor.clock, lambda: 0.5, signer=forger)
    with pytest.raises(AuthenticationRefused, match="signature"):
        floor.run(venue.ask(rest.balance()))


def test_batches_have_an_answer_for_each_order(floor: Floor) -> None:
    floor.ask(rest.create_order(floor.order("b-1", 1000)))
    results = floor.ask(rest.create_orders([floor.order("b-1", 1000), floor.order("b-2", 1000)]))
    assert isinstance(results[0], AlreadyExists)
    assert isinstance(results[1], rest.Created)
    unknown = "11111111-1111-1111-1111-111111111111"
    canceled = floor.ask(rest.cancel_orders([rest.CancelTarget(results[1].order_id), rest.CancelTarget(unknown)]))
    assert isinstance(canceled[0], rest.Canceled)
    assert isinstance(canceled[1], NotFound)


def test_groups_live_and_die_with_their_orders(floor: Floor) -> None:
    group_id = floor.ask(rest.create_group(Size(1000)))
    created = floor.ask(rest.create_order(floor.order("g-1", 1000, order_group_id=group_id)))
    group = floor.ask(rest.group(group_id))
    assert (group.limit, group.orders) == (1000, (created.order_id,))
    floor.ask(rest.set_group_limit(group_id, Size(2000)))
    assert [row.limit for row in floor.ask(rest.groups())] == [2000]
    floor.ask(rest.trigger_group(group_id))
    assert floor.ask(rest.order(created.order_id)).status is OrderStatus.CANCELED
    floor.ask(rest.reset_group(group_id))
    floor.ask(rest.delete_group(group_id))
    with pytest.raises(NotFound):
        floor.ask(rest.group(group_id))


def test_cash_moves_between_subaccounts(floor: Floor) -> None:
    number = floor.ask(rest.create_subaccount())
    floor.ask(rest.transfer(str(UUID(int=7)), source=0, destination=number, amount=Money(5_000_000)))
    balances = {(row.subaccount, row.exchange_index): row.cash for row in floor.ask(rest.subaccount_balances())}
    assert balances[number, 0] == Money(5_000_000)
    assert floor.ask(rest.balance(subaccount=number)).cash == Money(5_000_000)


def test_the_accounts_limits_are_kept_so_that_nothing_is_ever_refused(floor: Floor) -> None:
    limits = floor.run(floor.venue.learn_limits())
    assert limits.write.refill_rate > 0
    ticker = floor.quoted().ticker
    for index in range(60):
        floor.ask(rest.create_order(floor.order(f"n-{index}", 1000, ticker=ticker)))
    assert floor.clock.monotonic() > 4.0


def test_a_lost_answer_is_unknown_and_the_order_is_found_by_its_own_id(floor: Floor) -> None:
    order = floor.order("lost-1", 1000)

    async def cut_off() -> None:
        with pytest.raises(OutcomeUnknown):
            await floor.venue.ask(rest.create_order(order), deadline_s=0.004)
        await floor.clock.sleep(1)

    floor.run(cut_off())
    listed = floor.run(floor.venue.whole(rest.orders(status="resting"), at_most=100))
    assert [row.client_order_id for row in listed] == ["lost-1"]

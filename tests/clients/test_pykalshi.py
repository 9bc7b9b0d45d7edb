"""pykalshi, written by others, works against the practice exchange unchanged but for the addresses."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.clients.conftest import RunningExchange

pykalshi = pytest.importorskip("pykalshi", reason="pykalshi is not installed: its run against the exchange is skipped")
pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def client(exchange: RunningExchange) -> Iterator[Any]:
    with pykalshi.KalshiClient(exchange.key_id, exchange.key_file, api_base=exchange.rest_url, max_retries=0) as client:
        yield client


def quoted_market(client: Any) -> Any:
    markets = client.get_markets(status=pykalshi.MarketStatus.OPEN, limit=200)
    return next(m for m in markets if Decimal("0.05") < Decimal(m.yes_bid_dollars) < Decimal(m.yes_ask_dollars) < 1)


def test_it_lists_markets_and_reads_books(client: Any) -> None:
    market = quoted_market(client)
    book = market.get_orderbook()
    assert book.orderbook.yes_dollars
    assert client.get_market(market.ticker).ticker == market.ticker
    assert client.get_events(limit=5)
    assert client.exchange.get_status().trading_active


def test_it_places_amends_decreases_and_cancels(client: Any) -> None:
    market = quoted_market(client)
    order = client.portfolio.place_order(
        market.ticker, book_side="bid", count_fp="10.00", price_dollars="0.02", post_only=True
    )
    assert order.status == pykalshi.OrderStatus.RESTING
    amended = client.portfolio.amend_order(order.order_id, count_fp="8.00", price_dollars="0.03")
    assert amended.remaining_count_fp == "8.00"
    client.portfolio.decrease_order(order.order_id, reduce_by_fp="3.00")
    read = client.portfolio.get_order(order.order_id)
    assert (read.remaining_count_fp, read.yes_price_dollars) == ("5.00", "0.0300")
    client.portfolio.cancel_order(order.order_id)
    assert client.portfolio.get_order(order.order_id).status == pykalshi.OrderStatus.CANCELED


def test_it_reads_orders_fills_positions_and_balance(client: Any) -> None:
    market = quoted_market(client)
    before = client.portfolio.get_balance()
    order = client.portfolio.place_order(market.ticker, book_side="bid", count_fp="2.00", price_dollars="0.99")
    assert order.status == pykalshi.OrderStatus.EXECUTED
    assert order.order_id in {read.order_id for read in client.portfolio.get_orders(ticker=market.ticker)}
    fills = client.portfolio.get_fills(order_id=order.order_id)
    assert sum(Decimal(fill.count_fp) for fill in fills) == 2
    positions = {position.ticker: position for position in client.portfolio.get_positions()}
    assert Decimal(positions[market.ticker].position_fp) == 2
    assert client.portfolio.get_balance().balance < before.balance


async def test_it_follows_a_book_over_the_websocket(exchange: RunningExchange, client: Any) -> None:
    market = quoted_market(client)
    asynchronous = pykalshi.AsyncKalshiClient(exchange.key_id, exchange.key_file, api_base=exchange.rest_url)
    feed = asynchronous.feed()
    feed._ws_url = exchange.ws_url  # the only place where pykalshi keeps the address
    feed.subscribe("orderbook_delta", market_ticker=market.ticker)
    manager = pykalshi.OrderbookManager(market.ticker)
    seen: list[str] = []
    async with asyncio.timeout(30), feed:
        async for message in feed:
            seen.append(type(message).__name__)
            apply(manager, message)
            if seen.count("OrderbookDeltaMessage") >= 3:
                break
    await asynchronous.aclose()
    assert seen[0] == "OrderbookSnapshotMessage"
    assert manager.best_bid is not None


def apply(manager: Any, message: Any) -> None:
    if type(message).__name__ == "OrderbookSnapshotMessage":
        manager.apply_snapshot(message.yes_dollars, message.no_dollars)
    else:
        manager.apply_delta(message.side, message.price_dollars, message.delta_fp)

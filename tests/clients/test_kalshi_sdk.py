"""kalshi-sdk, written by others, works against the practice exchange unchanged but for the addresses."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.clients.conftest import RunningExchange

kalshi = pytest.importorskip(
    "kalshi", reason="kalshi-sdk is not installed (it needs Python 3.12): its run against the exchange is skipped"
)
pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def config(exchange: RunningExchange) -> Any:
    return kalshi.KalshiConfig(base_url=exchange.rest_url, ws_base_url=exchange.ws_url, max_retries=0)


@pytest.fixture(scope="module")
def client(exchange: RunningExchange, config: Any) -> Iterator[Any]:
    with kalshi.KalshiClient(key_id=exchange.key_id, private_key_path=exchange.key_file, config=config) as client:
        yield client


def quoted_market(client: Any) -> Any:
    markets = client.markets.list(status="open", limit=200).items
    return next(m for m in markets if Decimal("0.05") < m.yes_bid < m.yes_ask < 1)


def order(ticker: str, price: str, count: str, **more: Any) -> Any:
    from kalshi.models.orders import CreateOrderV2Request  # noqa: PLC0415 - only where the client is installed

    return CreateOrderV2Request(
        ticker=ticker,
        client_order_id=str(uuid.uuid4()),
        side="bid",
        count=count,
        price=price,
        time_in_force=more.pop("time_in_force", "good_till_canceled"),
        self_trade_prevention_type="taker_at_cross",
        **more,
    )


def test_it_lists_markets_and_reads_books(client: Any) -> None:
    market = quoted_market(client)
    book = client.markets.orderbook(market.ticker)
    assert book.yes
    assert client.markets.get(market.ticker).ticker == market.ticker
    assert client.events.list(limit=5).items
    assert client.series.list()
    assert client.exchange.status().trading_active


def test_it_places_amends_decreases_and_cancels(client: Any) -> None:
    from kalshi.models.orders import AmendOrderV2Request, DecreaseOrderV2Request  # noqa: PLC0415 - as above

    ticker = quoted_market(client).ticker
    placed = client.orders.create_v2(request=order(ticker, "0.02", "10", post_only=True))
    assert placed.remaining_count == 10
    amended = client.orders.amend_v2(
        placed.order_id, request=AmendOrderV2Request(ticker=ticker, side="bid", price="0.03", count="8")
    )
    assert amended.remaining_count == 8
    decreased = client.orders.decrease_v2(placed.order_id, request=DecreaseOrderV2Request(reduce_by="3"))
    assert decreased.remaining_count == 5
    assert client.orders.get(placed.order_id).status == "resting"
    client.orders.cancel_v2(placed.order_id)
    assert client.orders.get(placed.order_id).status == "canceled"


def test_it_gives_an_order_another_end_and_cancels_all(client: Any) -> None:
    from kalshi.models.orders import AmendOrderV2Request  # noqa: PLC0415 - as above

    ticker = quoted_market(client).ticker
    placed = client.orders.create_v2(request=order(ticker, "0.02", "10", post_only=True))
    for end_s in (2_000_000_000, 0):
        wish = AmendOrderV2Request(ticker=ticker, side="bid", price="0.02", count="10", expiration_time=end_s)
        client.orders.amend_v2(placed.order_id, request=wish)
        shown = client.orders.get(placed.order_id).expiration_time
        assert (None if shown is None else shown.timestamp()) == (end_s or None)
    client.orders.cancel_all_v2()
    assert client.orders.list(status="resting").items == []


def test_it_reads_orders_fills_positions_and_balance(client: Any) -> None:
    ticker = quoted_market(client).ticker
    before = client.portfolio.balance().balance
    placed = client.orders.create_v2(request=order(ticker, "0.99", "2", time_in_force="immediate_or_cancel"))
    assert placed.fill_count == 2
    assert placed.order_id in {read.order_id for read in client.orders.list(ticker=ticker).items}
    fills = client.portfolio.fills(order_id=placed.order_id).items
    assert sum(fill.count for fill in fills) == 2
    positions = {position.ticker: position for position in client.portfolio.positions().market_positions}
    assert positions[ticker].position == 2
    assert client.portfolio.balance().balance < before


async def test_it_follows_a_book_over_the_websocket(exchange: RunningExchange, client: Any, config: Any) -> None:
    from kalshi.auth import KalshiAuth  # noqa: PLC0415 - as above
    from kalshi.ws.client import KalshiWebSocket  # noqa: PLC0415 - as above

    ticker = quoted_market(client).ticker
    socket = KalshiWebSocket(KalshiAuth.from_key_path(exchange.key_id, exchange.key_file), config)
    updates = 0
    async with asyncio.timeout(30), socket.connect() as session:
        async for book in await session.orderbook(ticker):
            assert book.yes or book.no
            updates += 1
            if updates >= 4:
                break
    assert updates >= 4

"""A small exchange for tests of the stream, and a reader of its frames written from the protocol's description."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from kalshi_tui.core.units import Price, Size
from kalshi_tui.practice.exchange import Exchange, Outcome
from kalshi_tui.practice.faults import Faults
from kalshi_tui.practice.records import Event, Market, NewOrder, Series, Side, TimeInForce
from kalshi_tui.practice.stream import Hub, Limits, Outgoing, Session

START_MS = 1_800_000_000_000
DAY_MS = 86_400_000
MEMBER = "member-1"
OTHER = "member-2"
HOUSE = "house-1"


def market_id(number: int) -> str:
    """Return a made-up market id."""
    return f"00000000-0000-4000-a000-{number:012d}"


def make_market(ticker: str, number: int, **fields: Any) -> Market:
    """Return an open market of the test event."""
    times = {"open_ms": START_MS - 1, "close_ms": START_MS + DAY_MS, "latest_expiration_ms": START_MS + 2 * DAY_MS}
    return Market(ticker, "KXT-1", market_id(number), title=f"Will {ticker} happen?", **{**times, **fields})


def small_exchange(tickers: tuple[str, ...] = ("KXT-1-A", "KXT-1-B", "KXT-1-C")) -> Exchange:
    """Return an exchange with one event, two members and a house account."""
    exchange = Exchange(seed=7, start_ms=START_MS)
    exchange.add_series(Series("KXT", "Tests", "Testing"))
    exchange.add_event(Event("KXT-1", "KXT", "First test"))
    for number, ticker in enumerate(tickers):
        exchange.add_market(make_market(ticker, number))
    exchange.open_account(cash=10**12, user_id=MEMBER)
    exchange.open_account(cash=10**12, user_id=OTHER)
    exchange.open_account(cash=0, user_id=HOUSE, house=True)
    return exchange


def place(
    exchange: Exchange,
    side: Side,
    price: int,
    count: int,
    *,
    user: str = HOUSE,
    ticker: str = "KXT-1-A",
    tif: TimeInForce = "good_till_canceled",
    **more: Any,
) -> Outcome:
    """Place an order: price in 1/10,000 dollar, count in 1/100 contract."""
    new = NewOrder(ticker, side, Price(price), Size(count), tif, "taker_at_cross", **more)
    return exchange.create(user, new)


@dataclass
class Wire:
    """A connection as its client sees it: commands go out as JSON, text frames come in parsed."""

    session: Session
    seen: list[dict[str, Any]] = field(default_factory=list)
    other: list[Outgoing] = field(default_factory=list)
    asked: int = 0

    def send(self, cmd: str, params: Any = None, **top: Any) -> int:
        """Send a command with the next id."""
        self.asked += 1
        message = {"id": self.asked, "cmd": cmd, **top}
        if params is not None:
            message["params"] = params
        self.session.receive(json.dumps(message))
        return self.asked

    def ask(self, cmd: str, params: Any = None, **top: Any) -> list[dict[str, Any]]:
        """Send a command and return everything that came since the last reading."""
        self.send(cmd, params, **top)
        return self.read()

    def subscribe(self, *channels: str, **params: Any) -> list[dict[str, Any]]:
        """Subscribe and return everything that came."""
        return self.ask("subscribe", {"channels": list(channels), **params})

    def update(self, action: str, **params: Any) -> list[dict[str, Any]]:
        """Update a subscription and return everything that came."""
        return self.ask("update_subscription", {"action": action, **params})

    def read(self) -> list[dict[str, Any]]:
        """Return the messages since the last reading; pings and closes go to `other`."""
        items = self.session.take()
        self.other += [item for item in items if not isinstance(item, bytes)]
        came = [json.loads(item) for item in items if isinstance(item, bytes)]
        self.seen += came
        return came


def connect(exchange: Exchange, *, faults: Faults | None = None, limits: Limits | None = None) -> tuple[Hub, Wire]:
    """Open a hub on an exchange and one connection of the first member."""
    hub = Hub(exchange, faults, limits)
    return hub, Wire(hub.open(MEMBER))


def codes(messages: list[dict[str, Any]]) -> list[int]:
    """Return the error codes among some messages."""
    return [message["msg"]["code"] for message in messages if message["type"] == "error"]


def of(messages: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Return the messages of one type."""
    return [message for message in messages if message["type"] == kind]


def ticks(text: str) -> int:
    """Read a price string as 1/10,000 dollar."""
    scaled = Decimal(text) * 10_000
    assert scaled == int(scaled)
    return int(scaled)


def hundredths(text: str) -> int:
    """Read a size string as 1/100 contract."""
    scaled = Decimal(text) * 100
    assert scaled == int(scaled)
    return int(scaled)


class Reader:
    """Rebuilds books from the frames of one orderbook_delta subscription and holds them to the protocol's promises."""

    def __init__(self, *, yes_price: bool) -> None:
        self.yes_price = yes_price
        self.books: dict[str, dict[str, dict[int, int]]] = {}
        self.clocks: dict[str, int] = {}
        self.seq = 0

    def read(self, message: dict[str, Any]) -> None:
        """Take one message of the subscription."""
        if message["type"] == "subscribed":
            return
        assert message["seq"] == self.seq + 1, (self.seq, message)
        self.seq += 1
        if message["type"] == "orderbook_snapshot":
            self._snapshot(message["msg"])
        elif message["type"] == "orderbook_delta":
            self._delta(message["msg"])

    def _snapshot(self, msg: dict[str, Any]) -> None:
        book: dict[str, dict[int, int]] = {}
        for side in ("yes", "no"):
            key = f"{side}_dollars_fp"
            assert msg.get(key) != []  # the key of an empty side is left out
            book[side] = {self._price(side, price): hundredths(count) for price, count in msg.get(key, [])}
        self.books[msg["market_ticker"]] = book
        self.clocks[msg["market_ticker"]] = msg["clock"] + 1  # deltas that follow have greater clocks

    def _delta(self, msg: dict[str, Any]) -> None:
        ticker = msg["market_ticker"]
        assert msg["clock"] >= self.clocks[ticker]
        self.clocks[ticker] = msg["clock"]
        levels = self.books[ticker][msg["side"]]
        price = self._price(msg["side"], msg["price_dollars"])
        size = levels.get(price, 0) + hundredths(msg["delta_fp"])
        assert size >= 0
        if size:
            levels[price] = size
        else:
            del levels[price]

    def _price(self, side: str, text: str) -> int:
        """Return a price on the yes scale."""
        price = ticks(text)
        return 10_000 - price if side == "no" and not self.yes_price else price


def true_book(exchange: Exchange, ticker: str) -> dict[str, dict[int, int]]:
    """Return the exchange's own book in the reader's shape."""
    market = exchange.markets[ticker]
    return {
        "yes": {price: level.size for price, level in market.bids.items()},
        "no": {price: level.size for price, level in market.asks.items()},
    }

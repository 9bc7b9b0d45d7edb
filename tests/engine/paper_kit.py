"""A small paper desk for the tests: one open market, books in cents and contracts, and what came back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from typing import Any, Final

from kalshi_tui.core.book import Book
from kalshi_tui.core.events import TradeSeen
from kalshi_tui.core.fees import FeeTerms, fee_terms
from kalshi_tui.core.grid import PriceGrid
from kalshi_tui.core.markets import Market, MarketStatus, Strike
from kalshi_tui.core.orders import Order, Side
from kalshi_tui.core.positions import Position
from kalshi_tui.core.text import clean
from kalshi_tui.core.units import MONEY_ONE, Money, Price, Size
from kalshi_tui.engine.paper.floor import News
from kalshi_tui.engine.paper.models import FixedLatency, PaperModels
from kalshi_tui.engine.paper.venue import Answer, PaperVenue
from kalshi_tui.protocol.rest.exchange import ExchangeStatus
from kalshi_tui.protocol.rest.trading import NewOrder

START_MS: Final = 1_790_000_000_000
CLOSE_MS: Final = START_MS + 3_600_000
AT_ONCE: Final = PaperModels(latency=FixedLatency(0, 0))
TAKER: Final = fee_terms("quadratic", 1_000_000)
MARKET: Final = Market(
    ticker="M",
    event_ticker="E",
    title=clean(""),
    yes_title=clean(""),
    no_title=clean(""),
    rules_primary=clean(""),
    rules_secondary=clean(""),
    strike=Strike(),
    grid=PriceGrid.from_bands([(Price(0), Price(10_000), Price(100))]),
    status=MarketStatus.ACTIVE,
    open_ms=START_MS - 3_600_000,
    close_ms=CLOSE_MS,
)
Levels = Mapping[int, float]


def price(cents: float) -> Price:
    return Price(round(cents * 100))


def size(contracts: float) -> Size:
    return Size(round(contracts * 100))


def dollars(amount: float) -> Money:
    return Money(round(amount * MONEY_ONE))


def book(bids: Levels, asks: Levels, ticker: str = "M") -> Book:
    """Make a book from contracts by cents."""
    made = Book(ticker)
    made.replace([(price(p), size(s)) for p, s in bids.items()], [(price(p), size(s)) for p, s in asks.items()])
    return made


class Desk(PaperVenue):
    """A paper venue with market M, a clock of its own, and everything that came back."""

    def __init__(
        self,
        *,
        models: PaperModels = AT_ONCE,
        cash: float = 1_000,
        terms: FeeTerms | None = TAKER,
        bids: Levels | None = None,
        asks: Levels | None = None,
    ) -> None:
        self.fee_terms = terms
        super().__init__(models, dollars(cash), lambda _: self.fee_terms)
        self.at_ms = START_MS
        self.came: list[Answer | News] = []
        self._ids = count(1)
        self.market_changed(MARKET, self.at_ms)
        self.show(bids or {}, asks or {})

    def wait(self, ms: int) -> None:
        """Let time go on, and take what comes."""
        self.at_ms += ms
        self.advance(self.at_ms)
        self.came += self.take()

    def show(self, bids: Levels, asks: Levels, *, is_live: bool = True) -> None:
        """Show the book of M."""
        self.book_changed("M", book(bids, asks), is_live, self.at_ms)
        self.came += self.take()

    def print_trade(self, taker: Side, cents: float, contracts: float, **fields: Any) -> None:
        """Tell of a public trade, a millisecond later."""
        self.at_ms += 1
        seen = TradeSeen(f"t{next(self._ids)}", "M", price(cents), size(contracts), taker, False, self.at_ms)
        known = {name: getattr(seen, name) for name in seen.__struct_fields__}
        self.traded(TradeSeen(**{**known, **fields}), self.at_ms)
        self.came += self.take()

    def send(self, side: Side, cents: float, contracts: float, **terms: Any) -> str:
        """Send an order and return its own id."""
        fields: dict[str, Any] = {"ticker": "M", "client_order_id": f"c{next(self._ids)}", **terms}
        self.place(NewOrder(side=side, price=price(cents), size=size(contracts), **fields), self.at_ms)
        self.came += self.take()
        return str(fields["client_order_id"])

    def bid(self, cents: float, contracts: float, **terms: Any) -> str:
        return self.send("bid", cents, contracts, **terms)

    def ask(self, cents: float, contracts: float, **terms: Any) -> str:
        return self.send("ask", cents, contracts, **terms)

    def take_bid(self, cents: float, contracts: float, **terms: Any) -> str:
        return self.bid(cents, contracts, time_in_force="immediate_or_cancel", **terms)

    def take_ask(self, cents: float, contracts: float, **terms: Any) -> str:
        return self.ask(cents, contracts, time_in_force="immediate_or_cancel", **terms)

    def answer(self, asked: str) -> Any:
        """Return what was last answered to an id."""
        return [came.what for came in self.came if isinstance(came, Answer) and came.asked == asked][-1]

    def order(self, client_order_id: str) -> Order:
        return next(order for order in self.orders() if order.client_order_id == client_order_id)

    def order_id(self, client_order_id: str) -> str:
        return self.order(client_order_id).order_id

    def deals(self, client_order_id: str) -> list[tuple[float, float]]:
        """Return an order's fills as (cents, contracts)."""
        order_id = self.order_id(client_order_id)
        return [(fill.price / 100, fill.size / 100) for fill in self.fills() if fill.order_id == order_id]

    def position(self) -> Position:
        return next((position for position in self.positions() if position.ticker == "M"), Position("M"))

    def in_queue(self, client_order_id: str) -> float | None:
        ahead = self.ahead(self.order_id(client_order_id))
        return None if ahead is None else ahead / 100

    def change_market(self, **fields: Any) -> None:
        self.market_changed(replace(self._floor.markets["M"], **fields), self.at_ms)
        self.came += self.take()

    def pause(self, *, exchange: bool = True, trading: bool = True) -> None:
        """Tell whether the exchange and trading are on."""
        status = ExchangeStatus(exchange_active=exchange, trading_active=trading, resume_ms=None, shards=())
        self.exchange_changed(status, self.at_ms)
        self.came += self.take()

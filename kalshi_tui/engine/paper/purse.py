"""The paper account's money: cash, holdings, what working orders hold of the cash, and what settlement pays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, cast

from kalshi_tui.core.events import PositionSeen
from kalshi_tui.core.fees import CENT
from kalshi_tui.core.markets import Market
from kalshi_tui.core.orders import Fill, Side
from kalshi_tui.core.positions import Position, Result
from kalshi_tui.core.text import clean
from kalshi_tui.core.units import PRICE_ONE, Money, Price, Size, cost
from kalshi_tui.engine.paper.orders import PaperOrder, leg_price
from kalshi_tui.protocol.rest.portfolio import Settlement

_NOTHING: Final = Size(0)
_FREE: Final = Money(0)
_VALUE_OF: Final = {"yes": PRICE_ONE, "no": Price(0)}


@dataclass(frozen=True, slots=True)
class Holding:
    """A position, and all that was ever bought in its market."""

    position: Position
    yes_size: Size = _NOTHING
    yes_cost: Money = _FREE
    no_size: Size = _NOTHING
    no_cost: Money = _FREE

    def with_fill(self, fill: Fill) -> Holding:
        """Return the holding after a fill."""
        position, paid = self.position.with_fill(fill), cost(leg_price(fill.side, fill.price), fill.size)
        if fill.side == "bid":
            return replace(
                self, position=position, yes_size=Size(self.yes_size + fill.size), yes_cost=Money(self.yes_cost + paid)
            )
        return replace(
            self, position=position, no_size=Size(self.no_size + fill.size), no_cost=Money(self.no_cost + paid)
        )

    def seen(self) -> PositionSeen:
        """Return the holding as the venue's stream tells it."""
        position = self.position
        return PositionSeen(
            ticker=position.ticker,
            position=position.size,
            cost=position.cost,
            realised=position.realised,
            fees=position.fees,
            position_fees=position.fees,
            volume=Size(self.yes_size + self.no_size),
            subaccount=0,
        )


class Purse:
    """Cash and holdings; each fill and each settlement moves both at once."""

    def __init__(self, cash: Money) -> None:
        self.cash = cash
        self.settlements: dict[str, Settlement] = {}
        self._holdings: dict[str, Holding] = {}

    def holding(self, ticker: str) -> Holding:
        """Return what is held in a market."""
        return self._holdings.get(ticker) or Holding(Position(ticker))

    def unsettled(self) -> tuple[Position, ...]:
        """Return the positions in markets that have not settled, flat ones too."""
        return tuple(holding.position for ticker, holding in self._holdings.items() if ticker not in self.settlements)

    def fill(self, fill: Fill) -> Holding:
        """Count a fill: an opened leg is paid, a closed one returns its price, and the fee leaves."""
        before = self.holding(fill.ticker)
        after = self._holdings[fill.ticker] = before.with_fill(fill)
        # Profit and cost change by what the contracts brought and cost, so the rest of the change is cash.
        gained = after.position.realised - before.position.realised
        bound = after.position.cost - before.position.cost
        self.cash = Money(self.cash + gained - bound - fill.fee)
        return after

    def settle(self, market: Market, settled_ms: int) -> Settlement | None:
        """Pay a finished market once, and tell what it paid; nothing where it was never traded or has no result yet."""
        holding, value = self._holdings.get(market.ticker), yes_value(market)
        if holding is None or value is None or market.ticker in self.settlements:
            return None
        paid = holding.position.payout(cast("Result", market.result), value)
        settlement = Settlement(
            ticker=market.ticker,
            event_ticker=market.event_ticker,
            result=clean(market.result, 40),
            yes_size=holding.yes_size,
            yes_cost=holding.yes_cost,
            no_size=holding.no_size,
            no_cost=holding.no_cost,
            revenue=Money(paid - paid % CENT),  # the venue pays whole cents and keeps what a scalar value adds to them
            value=Money(100 * value),
            fees=holding.position.fees,
            settled_ms=settled_ms,
            exchange_index=market.exchange_index,
        )
        self.book_settlement(settlement)
        return settlement

    def book_settlement(self, settlement: Settlement) -> None:
        """Put what a market has paid into the cash."""
        holding = self.holding(settlement.ticker)
        position = holding.position
        realised = Money(position.realised + settlement.revenue - position.cost)
        flat = replace(position, size=_NOTHING, cost=_FREE, realised=realised)
        self._holdings[settlement.ticker] = replace(holding, position=flat)
        self.settlements[settlement.ticker] = settlement
        self.cash = Money(self.cash + settlement.revenue)

    def held(self, orders: Iterable[PaperOrder]) -> Money:
        """Return what working orders hold of the cash."""
        legs: dict[tuple[str, Side], list[tuple[Price, Size]]] = {}
        for order in orders:
            leg = (leg_price(order.side, order.price), order.remaining)
            legs.setdefault((order.ticker, order.side), []).append(leg)
        return Money(sum(opening_cost(rows, self.cover(*key)) for key, rows in legs.items()))

    def cover(self, ticker: str, side: Side) -> Size:
        """Return the size of the position that an order of this side would close."""
        size = self.holding(ticker).position.size
        return Size(max(-size if side == "bid" else size, 0))


def opening_cost(legs: Iterable[tuple[Price, Size]], cover: Size) -> Money:
    """Return what the legs cost that a position of `cover` does not close; the best-priced fill, and close, first."""
    total = 0
    for price, size in sorted(legs, reverse=True):
        closes = min(size, cover)
        cover = Size(cover - closes)
        total += price * (size - closes)
    return Money(total)


def yes_value(market: Market) -> Price | None:
    """Return what one YES contract pays, or nothing while the venue has not said what we understand."""
    if market.result == "scalar":
        value = market.settlement_value
        return value if value is not None and 0 <= value <= PRICE_ONE else None
    return _VALUE_OF.get(market.result)

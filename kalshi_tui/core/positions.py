"""Signed positions: their exact cost, realised profit, fees and settlement, each fill counted once."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, replace
from functools import reduce
from typing import Final, Literal

from kalshi_tui.core.orders import Fill
from kalshi_tui.core.units import PRICE_ONE, Money, Price, Size, complement, cost
from kalshi_tui.errors import ValueRefused

Result = Literal["yes", "no", "scalar", "void"]

FILLS_LIMIT: Final = 1_000_000
_FLAT: Final = Size(0)
_ZERO: Final = Money(0)


@dataclass(frozen=True, slots=True)
class Position:
    """A holding of one market: + size is YES, - size is NO.

    `cost` is what the open contracts were bought for, exactly; an average would have to be rounded, so none is kept.
    `realised` is profit before fees; fees are counted apart.
    """

    ticker: str
    size: Size = _FLAT
    cost: Money = _ZERO
    realised: Money = _ZERO
    fees: Money = _ZERO

    @property
    def average_price(self) -> Money | None:
        """Return the cost of one open contract in millionths of a dollar, rounded up for display; None when flat."""
        return Money(-(-100 * self.cost // abs(self.size))) if self.size else None

    def with_fill(self, fill: Fill) -> Position:
        """Return the position after a fill: it closes what is open on the other side, and opens with what is left."""
        if fill.ticker != self.ticker:
            raise ValueRefused(
                f"a fill of {fill.ticker!r:.60} cannot change a position in {self.ticker!r:.60}",
                hint="fills go to the position of their own market",
            )
        direction = 1 if fill.side == "bid" else -1
        closes = min(fill.size, max(-direction * self.size, 0))
        opens = Size(fill.size - closes)
        # An ask at p sells YES for p, or buys NO for 1 - p; a bid buys YES for p, or sells NO for 1 - p.
        closing_price, opening_price = fill.price, complement(fill.price)
        if fill.side == "bid":
            closing_price, opening_price = opening_price, closing_price
        released = self._released(closes)
        return replace(
            self,
            size=Size(self.size + direction * fill.size),
            cost=Money(self.cost - released + cost(opening_price, opens)),
            realised=Money(self.realised + cost(closing_price, Size(closes)) - released),
            fees=Money(self.fees + fill.fee),
        )

    def settled(self, result: Result, value: Price | None = None) -> Position:
        """Return the flat position after settlement; `value` is what a YES contract is worth in a scalar result."""
        return replace(
            self, size=_FLAT, cost=_ZERO, realised=Money(self.realised + self.payout(result, value) - self.cost)
        )

    def payout(self, result: Result, value: Price | None = None) -> Money:
        """Return what the open contracts pay; a void market gives back what they cost, and fees stay paid."""
        if result == "void":
            return self.cost
        yes_value = _yes_value(result, value)
        return cost(yes_value if self.size > 0 else complement(yes_value), Size(abs(self.size)))

    def _released(self, closes: int) -> int:
        """Return the share of the cost that leaves with `closes` contracts, rounded up to a millionth of a dollar.

        The last contract takes all that is left, so the parts always sum to the whole. Rounding up means that a
        profit is never shown before it is certain.
        """
        return -(-self.cost * closes // abs(self.size)) if closes else 0


def _yes_value(result: str, value: Price | None) -> Price:
    if result == "yes":
        return PRICE_ONE
    if result == "no":
        return Price(0)
    if result == "scalar" and value is not None and 0 <= value <= PRICE_ONE:
        return value
    raise ValueRefused(
        f"result {result!r:.40} with value {value} settles nothing",
        hint="a result is yes, no, void, or scalar with a value of 0 to 1 dollar; wait for the venue's settlement",
    )


class Portfolio:
    """The positions of one account: the same fills, in any order and any number of times, give the same positions.

    An average cost depends on the order of the fills, so they are kept by time and trade id. A fill in order costs one
    step; a late one counts its own market again, which costs one pass over that market's fills.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Fill] = {}
        self._fills: dict[tuple[str, int], list[Fill]] = {}
        self._open: dict[tuple[str, int], Position] = {}
        self._results: dict[str, tuple[Result, Price | None]] = {}

    def add(self, fill: Fill) -> bool:
        """Count a fill unless it is counted already, and return whether it was new.

        A trade is known by its id and our order, since one trade may match two orders of one account.
        """
        known = self._known.get((fill.trade_id, fill.order_id))
        if known is not None:
            _check_same(known, fill)
            return False
        if len(self._known) >= FILLS_LIMIT:
            raise ValueRefused(f"a portfolio counts {FILLS_LIMIT} fills", hint="start a new one from the positions")
        self._known[fill.trade_id, fill.order_id] = fill
        self._count(fill)
        return True

    def settle(self, ticker: str, result: Result, value: Price | None = None) -> None:
        """Settle a market; a later, amended result replaces this one."""
        Position(ticker).payout(result, value)
        self._results[ticker] = (result, value)

    def position(self, ticker: str, subaccount: int = 0) -> Position:
        """Return the position in a market, flat when it was never traded or has settled."""
        position = self._open.get((ticker, subaccount), Position(ticker))
        settlement = self._results.get(ticker)
        return position.settled(*settlement) if settlement else position

    def positions(self) -> dict[tuple[str, int], Position]:
        """Return every position by (ticker, subaccount), flat and settled ones too."""
        return {key: self.position(*key) for key in self._open}

    def _count(self, fill: Fill) -> None:
        key = (fill.ticker, fill.subaccount)
        fills = self._fills.setdefault(key, [])
        insort(fills, fill, key=_order_of_fills)
        is_late = fills[-1] is not fill
        start = Position(fill.ticker) if is_late else self._open.get(key, Position(fill.ticker))
        self._open[key] = reduce(Position.with_fill, fills if is_late else (fill,), start)


def _order_of_fills(fill: Fill) -> tuple[int, str, str]:
    return fill.ts_ms, fill.trade_id, fill.order_id


def _check_same(known: Fill, again: Fill) -> None:
    """Refuse a second account of one trade that differs in what was traded; its time may be told more coarsely."""
    if replace(again, ts_ms=known.ts_ms, exchange_index=known.exchange_index) != known:
        raise ValueRefused(
            f"two accounts of trade {known.trade_id!r:.60} differ",
            hint="read this market's fills and position again from the venue before trading it",
        )

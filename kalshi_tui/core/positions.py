"""Signed positions: their exact cost, realised profit, fees and settlement, each fill counted once."""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from kalshi_tui.core.orders import Fill
from kalshi_tui.core.units import PRICE_ONE, Money, Price, Size, complement, cost
from kalshi_tui.errors import ValueRefused

Result = Literal["yes", "no", "scalar", "void"]
_Trade = tuple[str, str]
_Key = tuple[str, int]

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
        released = self.released(closes)
        return replace(
            self,
            size=Size(self.size + direction * fill.size),
            cost=Money(self.cost - released + cost(opening_price, opens)),
            realised=Money(self.realised + cost(closing_price, Size(closes)) - released),
            fees=Money(self.fees + fill.fee),
        )

    @property
    def cash(self) -> Money:
        """Return what cash its trades and its settlement have brought, less what they took; below zero is paid."""
        return Money(self.realised - self.cost - self.fees)

    def settled(self, result: Result, value: Price | None = None, revenue: Money | None = None) -> Position:
        """Return the flat position after settlement; `value` is what a YES contract is worth in a scalar result.

        `revenue` is what the venue says that it paid, in whole cents; it wins over what the contracts should pay.
        """
        paid = self.payout(result, value)
        if revenue is not None:
            paid = revenue
        return replace(self, size=_FLAT, cost=_ZERO, realised=Money(self.realised + paid - self.cost))

    def payout(self, result: Result, value: Price | None = None) -> Money:
        """Return what the open contracts pay; a void market gives back what they cost, and fees stay paid."""
        if result == "void":
            return self.cost
        yes_value = _yes_value(result, value)
        return cost(yes_value if self.size > 0 else complement(yes_value), Size(abs(self.size)))

    def released(self, closes: int) -> int:
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


@dataclass(frozen=True, slots=True)
class _Ending:
    """How a market ended, and what the venue says that it paid one subaccount for it."""

    result: Result
    value: Price | None
    exchange_index: int
    revenue: Money | None = None

    def agrees_with(self, other: _Ending) -> bool:
        """Return whether both tell the same result; a value says nothing more than yes, no or void do."""
        return self.result == other.result and (self.result != "scalar" or self.value == other.value)


class Portfolio:
    """The positions of one account: the same fills, in any order and any number of times, give the same positions.

    An average cost depends on the order of the fills, so they are kept by time and trade id. A fill in order costs one
    step; a late, corrected or withdrawn one counts its own market again, which costs one pass over that market's fills.
    """

    def __init__(self) -> None:
        self._known: dict[_Trade, Fill] = {}
        self._corrected: set[_Trade] = set()
        self._tallies: dict[_Key, _Tally] = {}
        self._results: dict[str, _Ending] = {}
        self._paid: dict[_Key, _Ending] = {}
        # What it all comes to is asked many times a second and changes with a fill: it is added up once a change.
        self._positions: dict[_Key, Position] | None = None
        self._flows: dict[int, Money] | None = None

    def add(self, fill: Fill) -> bool:
        """Count a fill unless it is counted already, and return whether it was new.

        A trade is known by its id and our order, since one trade may match two orders of one account. A corrected trade
        stays as it was corrected, whoever tells its first account again.
        """
        trade = _trade_of(fill)
        known = self._known.get(trade)
        if known is not None:
            if trade not in self._corrected:
                _check_same(known, fill)
            return False
        self._keep(trade, fill)
        return True

    def correct(self, fill: Fill) -> bool:
        """Let another account of a trade take the place of the first, known or not, and return whether it differs."""
        trade = _trade_of(fill)
        known = self._known.get(trade)
        if known != fill:
            self._keep(trade, fill)
            self._take_out(known)
        self._corrected.add(trade)
        return known != fill

    def withdraw(self, trade_id: str, order_id: str) -> bool:
        """Count a trade no more, since it never was, and return whether it was counted.

        Told again afterwards it counts again: the venue may have been slow to list it, and a fill that is left out is
        worse than one that has to be withdrawn twice.
        """
        known = self._known.pop((trade_id, order_id), None)
        self._corrected.discard((trade_id, order_id))
        self._take_out(known)
        return known is not None

    def begin_with(self, ticker: str, size: Size, cost: Money, subaccount: int = 0) -> None:
        """Hold something from before all fills; told more than once it adds up, and it moves no cash.

        What is told of both sides cancels out, each with its share of the cost, and realises nothing.
        """
        if type(size) is not int or type(cost) is not int or cost < 0 or (cost and not size):
            raise ValueRefused(
                f"a holding of {size!r:.40}/100 contracts in {ticker!r:.60} cannot have cost {cost!r:.40} millionths",
                hint="read the position again from the venue",
            )
        if size:
            self._changed()
            self._tally((ticker, subaccount)).begin_with(Position(ticker, size, cost))

    def settle(
        self,
        ticker: str,
        result: Result,
        value: Price | None = None,
        *,
        revenue: Money | None = None,
        subaccount: int = 0,
        exchange_index: int = 0,
    ) -> None:
        """Settle a market; a later, amended result replaces this one.

        The result is the market's, a told revenue its subaccount's; where none is told for this result, what the
        contracts should pay is counted. Fills that come later count, too.
        """
        Position(ticker).payout(result, value)
        if revenue is not None and (type(revenue) is not int or revenue < 0):
            raise ValueRefused(
                f"{ticker!r:.60} cannot have paid {revenue!r:.40} millionths", hint="read its settlement again"
            )
        self._changed()
        self._results[ticker] = _Ending(result, value, exchange_index)
        if revenue is not None:
            self._paid[ticker, subaccount] = _Ending(result, value, exchange_index, revenue)

    def position(self, ticker: str, subaccount: int = 0) -> Position:
        """Return the position in a market, flat when it was never traded or has settled."""
        position = self._before_settlement((ticker, subaccount))
        ending = self._ending((ticker, subaccount))
        return position.settled(ending.result, ending.value, ending.revenue) if ending else position

    def positions(self) -> Mapping[tuple[str, int], Position]:
        """Return every position by (ticker, subaccount), flat and settled ones too."""
        if self._positions is None:
            self._positions = {key: self.position(*key) for key in self._keys()}
        return self._positions

    def fills_of(self, ticker: str, subaccount: int = 0) -> tuple[Fill, ...]:
        """Return the fills that count in a market, in the order in which they count."""
        tally = self._tallies.get((ticker, subaccount))
        return tuple(tally.fills) if tally else ()

    def flow(self) -> Money:
        """Return by how much all fills and settlements have changed the cash, fees included."""
        return Money(sum(self.flow_by_shard().values()))

    def flow_by_shard(self) -> Mapping[int, Money]:
        """Return the same for each of the exchange's shards; after a change it costs one step a market."""
        if self._flows is None:
            flows: dict[int, int] = {}
            for key in self._keys():
                for shard, moved in self._flows_of(key):
                    flows[shard] = flows.get(shard, 0) + moved
            self._flows = {shard: Money(moved) for shard, moved in sorted(flows.items())}
        return self._flows

    def _flows_of(self, key: _Key) -> list[tuple[int, int]]:
        tally, ending = self._tallies.get(key), self._ending(key)
        flows = list(tally.flows.items()) if tally else []
        if ending:
            flows.append((ending.exchange_index, self.position(*key).cash - self._before_settlement(key).cash))
        return flows

    def _changed(self) -> None:
        self._positions = self._flows = None

    def _keys(self) -> list[_Key]:
        return [*self._tallies, *(key for key in self._paid if key not in self._tallies)]

    def _before_settlement(self, key: _Key) -> Position:
        tally = self._tallies.get(key)
        return tally.position if tally else Position(key[0])

    def _ending(self, key: _Key) -> _Ending | None:
        ending, paid = self._results.get(key[0]), self._paid.get(key)
        return paid if ending and paid and paid.agrees_with(ending) else ending

    def _keep(self, trade: _Trade, fill: Fill) -> None:
        if trade not in self._known and len(self._known) >= FILLS_LIMIT:
            raise ValueRefused(f"a portfolio counts {FILLS_LIMIT} fills", hint="start a new one from the positions")
        self._changed()
        self._known[trade] = fill
        self._tally(_key_of(fill)).add(fill)

    def _tally(self, key: _Key) -> _Tally:
        tally = self._tallies.get(key)
        if tally is None:
            tally = self._tallies[key] = _Tally(key[0])
        return tally

    def _take_out(self, fill: Fill | None) -> None:
        if fill is None:
            return
        self._changed()
        key = _key_of(fill)
        self._tallies[key].take_out(fill)
        if self._tallies[key].is_empty:
            del self._tallies[key]


class _Tally:
    """One market's fills in order, what they come to, and the cash that they moved on each shard."""

    __slots__ = ("_begun", "_start", "fills", "flows", "position")

    def __init__(self, ticker: str) -> None:
        self._begun: list[Position] = []
        self._start = Position(ticker)
        self.fills: list[Fill] = []
        self.position = self._start
        self.flows: dict[int, int] = {}

    @property
    def is_empty(self) -> bool:
        """Return whether nothing was told of this market."""
        return not (self.fills or self._begun)

    def add(self, fill: Fill) -> None:
        """Count a fill at its place in time."""
        insort(self.fills, fill, key=_order_of_fills)
        if self.fills[-1] is fill:
            self._count(fill)
        else:
            self._count_anew()

    def take_out(self, fill: Fill) -> None:
        """Count without a fill."""
        self.fills.remove(fill)
        self._count_anew()

    def begin_with(self, held: Position) -> None:
        """Count from one more holding."""
        self._begun.append(held)
        self._start = _net(self._begun)
        self._count_anew()

    def _count_anew(self) -> None:
        self.position, self.flows = self._start, {}
        for fill in self.fills:
            self._count(fill)

    def _count(self, fill: Fill) -> None:
        before, self.position = self.position, self.position.with_fill(fill)
        shard = fill.exchange_index
        self.flows[shard] = self.flows.get(shard, 0) + self.position.cash - before.cash


def _net(begun: list[Position]) -> Position:
    """Return what holdings of both sides leave; the sums do not depend on the order in which they were told."""
    size = sum(held.size for held in begun)
    side = [held for held in begun if held.size * size > 0]
    whole = Position(begun[0].ticker, Size(sum(held.size for held in side)), Money(sum(held.cost for held in side)))
    closes = abs(whole.size) - abs(size)
    return replace(whole, size=Size(size), cost=Money(whole.cost - whole.released(closes)))


def _trade_of(fill: Fill) -> _Trade:
    return fill.trade_id, fill.order_id


def _key_of(fill: Fill) -> _Key:
    return fill.ticker, fill.subaccount


def _order_of_fills(fill: Fill) -> tuple[int, str, str]:
    return fill.ts_ms, fill.trade_id, fill.order_id


def _check_same(known: Fill, again: Fill) -> None:
    """Refuse a second account of one trade that differs in what was traded; its time may be told more coarsely."""
    if replace(again, ts_ms=known.ts_ms, exchange_index=known.exchange_index) != known:
        raise ValueRefused(
            f"two accounts of trade {known.trade_id!r:.60} differ",
            hint="read this market's fills and position again from the venue before trading it",
        )

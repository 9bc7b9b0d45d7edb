"""Keeping an exchange: what has changed is written once a second, so that a restart goes on where it stopped.

Kept are series, events, markets with their books, accounts, positions, orders, fills, settlements, order groups, used
ids, the world's walks and events, and the random numbers. The public tape of trades and the candles begin anew.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from typing import Any

import msgspec

from kalshi_tui.practice.desk import Desk
from kalshi_tui.practice.happenings import (
    BookChanged,
    EventCreated,
    EventFeeChanged,
    Filled,
    GroupChanged,
    Happening,
    MarketChanged,
    OrderChanged,
    PositionChanged,
    Traded,
)
from kalshi_tui.practice.history import fill_name, settlement_name
from kalshi_tui.practice.keepfile import KeepFile
from kalshi_tui.practice.records import Fill, Market, Order, Position
from kalshi_tui.practice.worldfile import WorldSpec

ChanceState = tuple[int, tuple[int, ...], float | None]
_encode = msgspec.msgpack.Encoder().encode


@dataclass(slots=True)
class Origin:
    """How a kept exchange came to be."""

    spec: WorldSpec
    seed: int
    user_id: str
    markets: int | None
    cash: int | None


@dataclass(slots=True)
class Moment:
    """The exchange's own figures at a moment."""

    now_ms: int
    clock: int
    trading_active: bool
    exchange_active: bool
    resume_ms: int | None
    fee_pot: int
    chance: ChanceState


@dataclass(slots=True)
class KeptMarket:
    """A market with its book, and the house's positions in it."""

    market: Market
    house: list[Position]


class Keeper:
    """Listens to an exchange and writes down what has changed since the last save."""

    def __init__(self, file: KeepFile, desk: Desk, origin: Origin) -> None:
        self._file = file
        self._desk = desk
        self._exchange = desk.exchange
        self._written: dict[tuple[str, str], bytes] = {}  # small rows, looked at in every save
        self._markets = dict(desk.exchange.markets)
        self._events = dict(desk.exchange.events)
        self._saved: dict[str, set[str]] = {"market": set(), "event": set()}
        self._saved_live: set[str] = set()
        self._orders: dict[str, Order] = {}
        self._fills: list[Fill] = []
        self._positions: dict[tuple[str, int, str], Position] = {}
        self._last_id = {user: next(reversed(past.ids), "") for user, past in desk.exchange.histories.items()}
        self._handlers: dict[type, Callable[[Any], None]] = {
            BookChanged: self._market_moved,
            Traded: self._market_moved,
            MarketChanged: self._market_changed,
            OrderChanged: self._order_changed,
            Filled: self._filled,
            PositionChanged: self._position_changed,
            EventCreated: self._event_changed,
            EventFeeChanged: self._event_changed,
            GroupChanged: self._group_changed,
        }
        file.put("origin", "", _encode(origin))
        for user_id, history in desk.exchange.histories.items():
            history.on_forgotten = partial(self._forgotten, user_id)
        self._stop = desk.exchange.listen(self._hear)

    def save(self) -> None:
        """Write what has changed, as one transaction."""
        for _ in self.saving():
            pass

    def saving(self) -> Generator[None, None, None]:
        """Write what has changed by now, as one transaction, pausing often so that others get their turn."""
        self._put_exchange()
        self._put_markets()
        self._put_members()
        self._put_world()
        yield from self._file.saving()

    def close(self) -> None:
        """Save for the last time and let go of the file."""
        self._stop()
        self.save()
        self._file.close()

    # -- what has changed

    def _hear(self, happening: Happening) -> None:
        handler = self._handlers.get(type(happening))
        if handler is not None:
            handler(happening)

    def _market_moved(self, happening: BookChanged | Traded) -> None:
        self._markets[happening.market.ticker] = happening.market

    def _market_changed(self, happening: MarketChanged) -> None:
        ticker = happening.market.ticker
        self._markets[ticker] = happening.market
        if happening.kind == "settled":
            for history in self._exchange.histories.values():
                rows = takewhile(lambda row: row.ticker == ticker, reversed(history.settlements))
                for row in rows:
                    self._file.put("settlement", settlement_name(row), _encode(row))

    def _order_changed(self, happening: OrderChanged) -> None:
        self._orders[happening.order.order_id] = happening.order

    def _filled(self, happening: Filled) -> None:
        self._fills.append(happening.fill)
        self._orders[happening.order.order_id] = happening.order

    def _position_changed(self, happening: PositionChanged) -> None:
        one = happening.position
        self._positions[one.user_id, one.subaccount, one.ticker] = one

    def _event_changed(self, happening: EventCreated | EventFeeChanged) -> None:
        self._events[happening.event.ticker] = happening.event

    def _group_changed(self, happening: GroupChanged) -> None:
        if happening.kind == "deleted":
            self._written.pop(("group", happening.group.group_id), None)
            self._file.drop("group", happening.group.group_id)

    def _forgotten(self, user_id: str, kind: str, name: str) -> None:
        """Let go of what a member's history has let go of."""
        if kind == "order":
            self._orders.pop(name, None)
        elif kind == "id":
            if self._last_id.get(user_id) == name:  # what comes after it is no longer found by it
                self._last_id[user_id] = ""
            name = f"{user_id}|{name}"
        self._file.drop(kind, name)

    # -- what is written

    def _put_if_new(self, kind: str, name: str, value: object) -> None:
        body = _encode(value)
        if self._written.get((kind, name)) != body:
            self._written[kind, name] = body
            self._file.put(kind, name, body)

    def _put_exchange(self) -> None:
        exchange = self._exchange
        moment = Moment(
            exchange.now_ms,
            exchange.clock,
            exchange.trading_active,
            exchange.exchange_active,
            exchange.resume_ms,
            exchange.fee_pot,
            exchange.random.getstate(),
        )
        self._put_if_new("moment", "", moment)
        for series in exchange.series.values():
            self._put_if_new("series", series.ticker, series)
        for change in exchange.fee_changes:
            self._put_if_new("fee_change", change.change_id, change)

    def _put_markets(self) -> None:
        for ticker, event in self._events.items():
            self._file.put("event", ticker, _encode(event))
        for ticker, market in self._markets.items():
            house = [one for one in self._exchange.holders.get(ticker, ()) if self._is_house(one.user_id)]
            self._file.put("market", ticker, _encode(KeptMarket(market, house)))
        self._drop_forgotten("event", self._events, self._exchange.events)
        self._drop_forgotten("market", self._markets, self._exchange.markets)
        self._events.clear()

    def _drop_forgotten(self, kind: str, put: Iterable[str], standing: Mapping[str, object]) -> None:
        saved = self._saved[kind]
        saved.update(put)
        for gone in sorted(saved - standing.keys()):
            saved.remove(gone)
            self._file.drop(kind, gone)

    def _is_house(self, user_id: str) -> bool:
        return self._exchange.accounts[user_id].is_house

    def _put_members(self) -> None:
        exchange = self._exchange
        for account in exchange.accounts.values():
            self._put_if_new("account", account.user_id, account)
        for group in exchange.groups.values():
            self._put_if_new("group", group.group_id, group)
        for order_id, order in self._orders.items():
            self._file.put("order", order_id, _encode(order))
        for fill in self._fills:
            self._file.put("fill", fill_name(fill), _encode(fill))
        for key, position in self._positions.items():
            self._file.put("position", "|".join(map(str, key)), _encode(position))
        for user_id, account in exchange.accounts.items():
            if not account.is_house:
                self._put_used_ids(user_id)
        self._orders.clear()
        self._fills.clear()
        self._positions.clear()

    def _put_used_ids(self, user_id: str) -> None:
        history = self._exchange.histories[user_id]
        last = self._last_id.get(user_id)
        for used in reversed(list(takewhile(lambda one: one != last, reversed(history.ids)))):
            self._file.put("id", f"{user_id}|{used}", _encode([user_id, used]))
        self._last_id[user_id] = next(reversed(history.ids), "")

    def _put_world(self) -> None:
        living = self._desk.living
        for name, walk in living.walks.items():
            self._put_if_new("walk", name, walk.state())
        touched = {market.event_ticker for market in self._markets.values()}
        for ticker, live in living.events.items():
            if live.family >= 0:
                self._put_if_new("live", ticker, live)
            elif ticker in touched or ticker not in self._saved_live:
                self._file.put("live", ticker, _encode(live))
        for gone in sorted(self._saved_live - living.events.keys()):
            self._written.pop(("live", gone), None)
            self._file.drop("live", gone)
        self._saved_live = set(living.events)
        self._markets.clear()

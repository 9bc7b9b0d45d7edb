"""What the venue tells of our orders and fills, by stream or list, becomes entries; the same thing twice is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kalshi_tui.core.events import FillSeen, OrderGroupSeen, OrderSeen
from kalshi_tui.core.fees import OrderFees
from kalshi_tui.core.orders import Fill, Order
from kalshi_tui.core.units import Money
from kalshi_tui.core.words import money
from kalshi_tui.engine.trading import entries

if TYPE_CHECKING:
    from kalshi_tui.engine.trading.desk import Desk

_GROUP_WORDS: Final = {"triggered": "has tripped", "reset": "takes orders again", "deleted": "is gone"}


class Told:
    """The one door for the venue's word about the account."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._last: dict[str, tuple[object, ...]] = {}  # what was last noted of each working order
        self._fees: dict[str, OrderFees] = {}

    def event(self, event: FillSeen | OrderSeen | OrderGroupSeen) -> None:
        """Take a message of the private channels."""
        if isinstance(event, FillSeen):
            self._fill_seen(event)
        elif isinstance(event, OrderSeen):
            self._order_seen(event)
        else:
            self._group_seen(event)

    def order(self, order: Order, source: str) -> None:
        """Take an order as a list or a look at it shows it."""
        self._note_order(
            entries.OrderTold(
                self._desk.now_ms,
                source,
                order.order_id,
                order.client_order_id,
                order.ticker,
                order.side,
                str(order.status),
                order.price,
                order.initial,
                order.filled,
                order.remaining,
                order.order_group_id,
                order.exchange_index,
                order.subaccount,
                "",
                order.created_ms,
                order.updated_ms,
                order.expiration_ms,
            )
        )

    def fill(self, fill: Fill) -> None:
        """Take a fill as the list shows it."""
        known = self._desk.ledger.fills.get((fill.trade_id, fill.order_id))
        if known is not None and known.source == "list":
            return
        self._note_fill(fill, "", "list")

    def _fill_seen(self, seen: FillSeen) -> None:
        fill = Fill(
            trade_id=seen.trade_id,
            order_id=seen.order_id,
            ticker=seen.ticker,
            side=seen.side,
            price=seen.price,
            size=seen.size,
            is_taker=seen.is_taker,
            fee=seen.fee,
            ts_ms=seen.ts_ms,
            subaccount=seen.subaccount,
            exchange_index=seen.exchange_index,
        )
        self._note_fill(fill, seen.client_order_id, "stream")

    def _note_fill(self, fill: Fill, client_order_id: str, source: str) -> None:
        desk = self._desk
        known = desk.ledger.fills.get((fill.trade_id, fill.order_id))
        predicted = known.predicted if known is not None else self._predict(fill)
        desk.note(
            entries.FillTold(
                desk.now_ms,
                source,
                fill.trade_id,
                fill.order_id,
                client_order_id,
                fill.ticker,
                fill.side,
                fill.price,
                fill.size,
                fill.fee,
                predicted,
                fill.is_taker,
                fill.subaccount,
                fill.exchange_index,
                fill.ts_ms,
            )
        )
        if known is None:
            desk.fill_ms = desk.now_ms
            self._compare_fee(fill, predicted)
        self.look_at_troubles()

    def _predict(self, fill: Fill) -> Money | None:
        """Return the fee that we expect of a fill, carrying what its order's earlier fills rounded away."""
        terms = self._desk.terms_of(fill.ticker)[0]
        if terms is None:
            return None
        fees = self._fees.get(fill.order_id)
        if fees is None:
            fees = self._fees[fill.order_id] = self._carried(fill, OrderFees(terms, self._desk.risk.policy))
        fees.terms = terms
        return fees.charge(side=fill.side, price=fill.price, size=fill.size, is_taker=fill.is_taker).net

    def _carried(self, fill: Fill, fees: OrderFees) -> OrderFees:
        """Charge what an earlier run has seen of this order, for what it rounded away is carried."""
        order = self._desk.ledger.by_order_id.get(fill.order_id)
        known = self._desk.ledger.fills_of(order.number) if order is not None and order.filled else []
        for one in sorted((known.fill for known in known), key=lambda one: (one.ts_ms, one.trade_id)):
            fees.charge(side=one.side, price=one.price, size=one.size, is_taker=one.is_taker)
        return fees

    def _compare_fee(self, fill: Fill, predicted: Money | None) -> None:
        if predicted is not None and predicted != fill.fee:
            words = f"trade {fill.trade_id} was charged {money(fill.fee)}, and {money(predicted)} was expected"
            self._desk.tell(words, "alarm", fill.ticker)

    def look_at_troubles(self) -> None:
        """Hold the markets in which the venue has told what cannot be, and say so."""
        desk = self._desk
        troubles, desk.ledger.troubles[:] = list(desk.ledger.troubles), []
        for ticker, words in troubles:
            desk.tell(words, "alarm", ticker)
            desk.comparing.trouble(ticker, words)

    def _order_seen(self, seen: OrderSeen) -> None:
        self._note_order(
            entries.OrderTold(
                self._desk.now_ms,
                "stream",
                seen.order_id,
                seen.client_order_id,
                seen.ticker,
                seen.side,
                seen.status,
                seen.price,
                seen.initial,
                seen.filled,
                seen.remaining,
                seen.order_group_id,
                seen.exchange_index,
                seen.subaccount,
                seen.reason,
                seen.created_ms,
                seen.updated_ms,
                seen.expiration_ms,
            )
        )

    def _note_order(self, told: entries.OrderTold) -> None:
        desk = self._desk
        said = (told.status, told.price, told.filled, told.remaining, told.group_id, told.expiration_ms)
        known = desk.ledger.by_order_id.get(told.order_id)
        is_settled = known is not None and known.is_working and not known.is_in_flight
        if self._last.get(told.order_id) == said and is_settled:
            return  # nothing new; the journal need not hear of it every quarter of a minute
        self._last[told.order_id] = said
        was = known or desk.ledger.by_client_id.get(told.client_order_id)
        desk.note(told)
        now = desk.ledger.by_order_id[told.order_id]
        if was is None:
            kind = "an order of ours that the journal does not know" if now.origin == "orphan" else "placed elsewhere"
            desk.tell(f"order {now.number} in {now.ticker}: {kind}", "warning", now.ticker)
        if not now.is_working:
            self._last.pop(told.order_id, None)
        desk.orders.heard(now)
        self.look_at_troubles()

    def _group_seen(self, seen: OrderGroupSeen) -> None:
        desk = self._desk
        for group in list(desk.ledger.groups.values()):
            if group.group_id == seen.group_id and seen.kind in _GROUP_WORDS:
                desk.groups.told(group.exchange_index, seen.group_id, seen.kind, seen.limit)

"""The account's orders and fills, folded from entries: what each came to, by whatever way it was told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from kalshi_tui.core.newyork import day_of
from kalshi_tui.core.orders import Fill
from kalshi_tui.core.units import Size
from kalshi_tui.engine.trading import entries
from kalshi_tui.engine.trading.held_orders import FillKey, HeldOrders, KnownFill
from kalshi_tui.engine.trading.names import is_ours
from kalshi_tui.engine.trading.order import DENIED, ENDED, Change, HeldOrder

_NOTHING: Final = Size(0)


@dataclass(slots=True)
class OrderLedger(HeldOrders):
    """What each entry does to the orders, fills and positions of one account in one mode."""

    def takers(self) -> dict[type, Callable[[Any], None]]:
        """Return who takes which entry."""
        return {
            entries.Intended: self._intended,
            entries.NotSent: self._not_sent,
            entries.Sending: self._sending,
            entries.Placed: self._placed,
            entries.Rejected: self._rejected,
            entries.Unanswered: self._unanswered,
            entries.Absent: self._absent,
            entries.CancelAsked: self._cancel_asked,
            entries.CancelAnswered: self._cancel_answered,
            entries.ChangeAsked: self._change_asked,
            entries.ChangeAnswered: self._change_answered,
            entries.OrderTold: self._order_told,
            entries.FillTold: self._fill_told,
            entries.FillWithdrawn: self._fill_withdrawn,
        }

    # Orders of ours

    def _intended(self, entry: entries.Intended) -> None:
        order = HeldOrder(
            number=self._number(entry.number),
            origin="ours",
            client_order_id=entry.client_order_id,
            ticker=entry.ticker,
            event_ticker=entry.event_ticker,
            exchange_index=entry.exchange_index,
            side=entry.side,
            price=entry.price,
            size=entry.size,
            state="deciding",
            time_in_force=entry.time_in_force,
            post_only=entry.post_only,
            reduce_only=entry.reduce_only,
            expiration_ms=None if entry.expiration_s is None else entry.expiration_s * 1000,
            group_id=entry.group_id,
            placed_ms=entry.at_ms,
            changed_ms=entry.at_ms,
            strategy=entry.strategy,
            opportunity=entry.opportunity,
            fee=entry.fee,
        )
        self._keep(order)
        day = day_of(entry.at_ms)
        self.intents_by_day[day] = self.intents_by_day.get(day, 0) + 1
        if self.first_intent_ms is None:
            self.first_intent_ms = entry.at_ms

    def _not_sent(self, entry: entries.NotSent) -> None:
        self._become(self.orders[entry.number], "not sent", entry.at_ms, entry.reason)

    def _sending(self, entry: entries.Sending) -> None:
        order = self.orders[entry.number]
        order.sent_ms = entry.at_ms
        self._become(order, "sent", entry.at_ms)

    def _placed(self, entry: entries.Placed) -> None:
        order = self.orders[entry.number]
        self._name(order, entry.order_id)
        order.told_filled = Size(max(order.told_filled, entry.filled))
        order.told_ms = max(order.told_ms, entry.ts_ms)
        if order.state not in {"sent", "unknown", "absent"}:
            return  # the stream was faster, and what it told is newer
        if entry.remaining:
            self._become(order, "canceling" if order.cancel else "resting", entry.at_ms)
        elif entry.filled >= order.size:
            self._become(order, "filled", entry.at_ms)
        else:
            self._become(order, "canceled", entry.at_ms, _rest_words(order))

    def _rejected(self, entry: entries.Rejected) -> None:
        self._become(self.orders[entry.number], "rejected", entry.at_ms, entry.words)

    def _unanswered(self, entry: entries.Unanswered) -> None:
        self._become(self.orders[entry.number], "unknown", entry.at_ms, entry.words)

    def _absent(self, entry: entries.Absent) -> None:
        self._become(self.orders[entry.number], "absent", entry.at_ms, entry.evidence)

    def _cancel_asked(self, entry: entries.CancelAsked) -> None:
        order = self.orders[entry.number]
        order.cancel = "asked"
        if order.state == "resting":
            self._become(order, "canceling", entry.at_ms, entry.why)

    def _cancel_answered(self, entry: entries.CancelAnswered) -> None:
        order = self.orders[entry.number]
        if entry.outcome == "canceled":
            is_described = order.state in ENDED and order.told_ms >= entry.ts_ms  # then its count is known already
            if entry.reduced_by is not None and not is_described:
                whole, change = order.size, order.change
                if change is not None and entry.reduced_by <= change.size:  # more would not fit into what was changed
                    whole = min(whole, change.size)
                order.told_filled = Size(max(order.told_filled, whole - entry.reduced_by))
            order.told_ms = max(order.told_ms, entry.ts_ms or entry.at_ms)
            self._become(order, "canceled", entry.at_ms, entry.words)
        elif entry.outcome == "refused":
            order.cancel = ""
            if order.state == "canceling":
                self._become(order, "resting", entry.at_ms, entry.words)
        else:
            order.cancel = "unanswered"

    def _change_asked(self, entry: entries.ChangeAsked) -> None:
        order = self.orders[entry.number]
        order.change = Change(entry.kind, entry.price, entry.size, entry.at_ms)
        order.changed_ms = entry.at_ms
        if entry.kind == "decrease":
            order.change.opens = Size(max(entry.size - max(order.filled, order.told_filled), 0))
        else:
            day = day_of(max(entry.at_ms, order.placed_ms))
            self.intents_by_day[day] = self.intents_by_day.get(day, 0) + 1

    def _change_answered(self, entry: entries.ChangeAnswered) -> None:
        order = self.orders[entry.number]
        change = order.change
        if change is None:
            return
        if entry.outcome == "no answer":
            change.is_unanswered = True
            return
        may_fill = order.open_size
        order.change, order.changed_ms, order.reason = None, entry.at_ms, entry.words
        if entry.outcome == "done" and not _is_described(order, change, entry):
            order.price, order.size = change.price, change.size
            if entry.remaining is not None:
                order.size = Size(max(order.size, order.told_filled + entry.remaining))
            order.told_ms = max(order.told_ms, entry.ts_ms)  # a list that is older must not undo it
            if change.kind == "decrease" and order.is_working:
                # What was filled before it, and is not told yet, was not asked to stay open.
                order.open_floor = change.opens if entry.remaining is None else may_fill
        order.settle_state(entry.at_ms)
        self._forget_if_ended(order)

    # What the venue tells

    def _order_told(self, entry: entries.OrderTold) -> None:
        order = self.by_order_id.get(entry.order_id)
        if order is None or order.is_stub:
            order = self._ours(entry) or order or self._adopted(entry)
        self._name(order, entry.order_id)
        if order.is_stub:
            self._fill_in(order, entry)
        order.told_filled = Size(max(order.told_filled, entry.filled))
        updated_ms = entry.updated_ms or entry.created_ms or 0
        if entry.status != "resting":
            order.shown_ms = None
        elif self._is_at_rest_still(order, entry):
            self._revive(order)
            order.told_ms = updated_ms  # what was said of a later time was not so
        if updated_ms < order.told_ms:
            return  # an older word that came later
        is_newer = updated_ms > order.told_ms
        order.told_ms, order.open_floor = updated_ms, _NOTHING
        order.absences, order.absent_ms = 0, None
        if entry.status == "resting":
            if order.state in DENIED and entry.remaining and is_newer:
                self._revive(order)
            self._told_resting(order, entry)
        elif entry.status in {"executed", "canceled"}:
            order.told_filled = Size(max(entry.filled, order.filled))
            change = order.change
            if change is not None and entry.status == "executed" and order.told_filled >= change.size:
                order.price, order.size = change.price, change.size  # it was changed, although nobody has said so yet
            is_whole = entry.filled >= order.size
            words = "" if is_whole else (entry.reason if entry.status == "canceled" else "") or _rest_words(order)
            self._become(order, "filled" if is_whole else "canceled", entry.at_ms, words)

    def _is_at_rest_still(self, order: HeldOrder, entry: entries.OrderTold) -> bool:
        """Tell whether the venue's lists go on showing an order at rest that has ended here."""
        is_shown = order.state in ENDED and entry.remaining > 0 and entry.source != "stream"
        return is_shown and order.is_shown_still(entry.at_ms)

    def _revive(self, order: HeldOrder) -> None:
        """Count an order again that an answer had ended, and that the venue shows at rest all the same."""
        self.troubles.append((order.ticker, f"order {order.number} was {order.state}, and rests at the venue"))
        order.state, order.shown_ms = "unknown", None
        self._keep(order)

    def _told_resting(self, order: HeldOrder, entry: entries.OrderTold) -> None:
        size, change = Size(entry.filled + entry.remaining), order.change
        if change is not None and (entry.price, size) == (change.price, change.size):
            order.change = None
        if order.state == "filled" and entry.remaining and order.filled >= order.size:
            order.state = "unknown"  # by a trade that the venue does not count: it knows better what rests
        if order.is_working or order.state == "absent":
            order.price, order.size = entry.price, size
            order.expiration_ms, order.group_id = entry.expiration_ms, entry.group_id
            if order.state in {"sent", "unknown", "absent"}:
                self._keep(order)
                self._become(order, "canceling" if order.cancel == "asked" else "resting", entry.at_ms)

    def _fill_told(self, entry: entries.FillTold) -> None:
        key = (entry.trade_id, entry.order_id)
        fill = Fill(
            trade_id=entry.trade_id,
            order_id=entry.order_id,
            ticker=entry.ticker,
            side=entry.side,
            price=entry.price,
            size=entry.size,
            is_taker=entry.is_taker,
            fee=entry.fee,
            ts_ms=entry.ts_ms,
            subaccount=entry.subaccount,
            exchange_index=entry.exchange_index,
        )
        known = self.fills.get(key)
        if known is not None:
            self._told_again(key, known, fill, entry)
            return
        order = self.by_order_id.get(entry.order_id) or self._ours(entry) or self._stub(entry)
        self._name(order, entry.order_id)
        self.fills[key] = KnownFill(fill, entry.source, order.number, entry.predicted)
        self.subaccounts[fill.subaccount] = None
        self.portfolio.add(fill)
        order.count(fill.price, fill.size, fill.fee, entry.at_ms)
        if order.is_stub:
            order.size = order.filled
        self._check_order(order, fill)
        order.settle_state(entry.at_ms)
        self._forget_if_ended(order)

    def _told_again(self, key: FillKey, known: KnownFill, fill: Fill, entry: entries.FillTold) -> None:
        """Hear of a trade once more: the venue's list counts over its stream where they differ."""
        if entry.source == "list" and known.source != "list":
            self.fills[key] = replace(known, source="list")
        same = replace(fill, ts_ms=known.fill.ts_ms, exchange_index=known.fill.exchange_index)
        if same == known.fill:
            return
        words = f"trade {fill.trade_id} was told in two ways"
        self.troubles.append((fill.ticker, words))
        if entry.source != "list":
            return
        order = self.orders[known.number]
        order.count(known.fill.price, -known.fill.size, -known.fill.fee, entry.at_ms)
        order.count(fill.price, fill.size, fill.fee, entry.at_ms)
        self.portfolio.correct(fill)
        self.fills[key] = replace(known, fill=fill, source="list", predicted=entry.predicted)

    def _fill_withdrawn(self, entry: entries.FillWithdrawn) -> None:
        known = self.fills.pop((entry.trade_id, entry.order_id), None)
        if known is None:
            return
        self.portfolio.withdraw(entry.trade_id, entry.order_id)
        fill, order = known.fill, self.orders[known.number]
        order.count(fill.price, -fill.size, -fill.fee, entry.at_ms)
        if order.state == "filled" and order.filled < order.size:
            order.state = "unknown"  # the trade that ended it was none; the venue will say what it is
            self._keep(order)

    # Orders that are not known yet

    def _ours(self, entry: entries.OrderTold | entries.FillTold) -> HeldOrder | None:
        """Return the order that we know by a name; one of another market or side has taken the name of ours."""
        order = self.by_client_id.get(entry.client_order_id) if entry.client_order_id else None
        if order is None or (order.ticker, order.side) == (entry.ticker, entry.side):
            return order
        words = f"order {entry.order_id} bears the name of our order {order.number}, and is another"
        self.troubles.append((entry.ticker, words))
        return None

    def _adopted(self, entry: entries.OrderTold) -> HeldOrder:
        order = HeldOrder(
            number=self._number(self._next_order),
            origin="orphan" if is_ours(entry.client_order_id) else "external",
            client_order_id=entry.client_order_id,
            order_id=entry.order_id,
            ticker=entry.ticker,
            exchange_index=entry.exchange_index,
            subaccount=entry.subaccount,
            side=entry.side,
            price=entry.price,
            size=Size(entry.filled + entry.remaining) if entry.status == "resting" else entry.initial,
            state="unknown",
            told_filled=entry.filled,
            expiration_ms=entry.expiration_ms,
            group_id=entry.group_id,
            placed_ms=entry.created_ms or entry.at_ms,
            changed_ms=entry.at_ms,
        )
        self._keep(order)
        return order

    def _stub(self, entry: entries.FillTold) -> HeldOrder:
        """Hold an order of which so far only a fill is known."""
        order = HeldOrder(
            number=self._number(self._next_order),
            origin="orphan" if is_ours(entry.client_order_id) else "external",
            client_order_id=entry.client_order_id,
            order_id=entry.order_id,
            ticker=entry.ticker,
            exchange_index=entry.exchange_index,
            subaccount=entry.subaccount,
            side=entry.side,
            price=entry.price,
            size=_NOTHING,
            state="unknown",
            placed_ms=entry.ts_ms,
            changed_ms=entry.at_ms,
            is_stub=True,
        )
        self._keep(order)
        return order

    def _fill_in(self, order: HeldOrder, entry: entries.OrderTold) -> None:
        order.is_stub = False
        order.price, order.client_order_id = entry.price, order.client_order_id or entry.client_order_id
        order.size = Size(max(entry.filled + entry.remaining, entry.initial))
        if order.filled > order.size:
            self.troubles.append((order.ticker, f"order {order.number} is filled beyond its size"))
        order.expiration_ms, order.group_id = entry.expiration_ms, entry.group_id
        order.placed_ms = entry.created_ms or order.placed_ms
        order.state = "unknown"  # its fills had ended it, before its size was known
        self._keep(order)


def _is_described(order: HeldOrder, change: Change, entry: entries.ChangeAnswered) -> bool:
    """Tell whether the venue has described an order since it was changed: then the answer has nothing to add."""
    if not 0 < entry.ts_ms <= order.told_ms:
        return False
    is_so = (order.price, order.size - order.told_filled) == (change.price, entry.remaining)
    return is_so or entry.ts_ms < order.told_ms


def _rest_words(order: HeldOrder) -> str:
    return "the rest was cancelled" if order.told_filled else "nothing was filled"

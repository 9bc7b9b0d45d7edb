"""What works at the venue: cancels, decreases, what came of each, and orders whose fate must be found out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from kalshi_tui.core.units import Size
from kalshi_tui.engine import inputs
from kalshi_tui.engine.trading import entries
from kalshi_tui.engine.trading.comparing import KEY_REFUSED
from kalshi_tui.engine.trading.effects import SendCancels, SendDecrease
from kalshi_tui.engine.trading.order import HeldOrder
from kalshi_tui.errors import ValueRefused
from kalshi_tui.link import trading as link
from kalshi_tui.protocol.rest.trading import CancelTarget

if TYPE_CHECKING:
    from kalshi_tui.engine.trading.desk import Desk

AT_ONCE: Final = 20
TOO_MANY: Final = 429
_AGAIN_MS: Final = 1_000
_TRIPPED: Final = "exceeded_order_group_risk_limit"
_LOOK_MS: Final = 1_000
_LOOK_LIMIT_MS: Final = 4_000


class Orders:
    """Asks for cancels and decreases, and sees to it that each order's fate becomes known."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._wanted: dict[int, int] = {}  # cancels that are to be asked for again, and not before when
        self._looks: dict[int, tuple[int, int]] = {}  # orders to be looked at: when, and the pause after

    # What people ask

    def cancel(self, intent: link.CancelOrders) -> link.Canceling:
        """Cancel orders; arming, limits and halts have no say in it."""
        numbers = self._meant(intent)
        if not numbers and not intent.everything and not intent.ticker:
            raise ValueRefused("no order was named", hint="`kalshi-tui orders` lists them with their numbers")
        self.cancel_now(numbers, "a person asked for it")
        return link.Canceling(tuple(numbers))

    def reduce(self, intent: link.Reduce) -> link.Canceling:
        """Make an order smaller where it stands."""
        order = self._desk.ledger.orders.get(intent.number)
        if order is None or order.state != "resting" or order.change is not None:
            raise ValueRefused(f"order {intent.number} does not rest", hint="`kalshi-tui orders` says how it is")
        filled = max(order.filled, order.told_filled)
        if not filled < intent.size < order.size:
            raise ValueRefused(
                "a decrease makes an order smaller, and not smaller than what is filled",
                hint="to end it, cancel it; to make it larger, amend it",
            )
        to = Size(intent.size - filled)
        desk = self._desk
        desk.note(
            entries.ChangeAsked(
                desk.now_ms, order.number, "decrease", 0, order.price, intent.size, order.client_order_id, "", ""
            )
        )
        desk.do(SendDecrease(order.number, _target(order), to))
        return link.Canceling((order.number,))

    def cancel_now(self, numbers: Sequence[int], why: str) -> None:
        """Ask for cancels; one whose order has no id yet is asked for as soon as it has."""
        ready = []
        for number in numbers:
            order = self._desk.ledger.orders[number]
            self._desk.note(entries.CancelAsked(self._desk.now_ms, number, why))
            if order.order_id:
                ready.append(order)
            else:
                self._wanted[number] = self._desk.now_ms
        self._send(ready)

    # What the venue says

    def outcome(self, taken: inputs.Outcome) -> None:
        """Take what came of something that was sent."""
        order = self._desk.ledger.orders[taken.number]
        if taken.status == KEY_REFUSED:
            self._desk.key_refused(taken.words)
        if taken.kind == "place":
            self._placed(order, taken)
        elif taken.kind == "cancel":
            self._canceled(order, taken)
        else:
            self._changed(order, taken)
        self._desk.told.look_at_troubles()

    def heard(self, order: HeldOrder) -> None:
        """Go on with an order of which the venue has told something."""
        if not order.is_in_flight and not order.is_stub:
            self._looks.pop(order.number, None)
        if not order.is_working:
            self._wanted.pop(order.number, None)
            if order.shown_ms is not None:
                self._looks.setdefault(order.number, (self._desk.now_ms + _LOOK_MS, _LOOK_MS))

    def beat(self) -> None:
        """Ask again for cancels that came to nothing, and look after orders whose fate is open."""
        ledger, now_ms = self._desk.ledger, self._desk.now_ms
        due = [number for number, at_ms in self._wanted.items() if now_ms >= at_ms]
        for number in due:
            order = ledger.orders[number]
            if not order.is_working:
                del self._wanted[number]
            elif order.order_id:
                del self._wanted[number]
                if order.cancel != "asked" or order.state != "canceling":
                    self._desk.note(entries.CancelAsked(now_ms, number, "asked for again"))
                self._send([order])
        for number, (at_ms, wait_ms) in list(self._looks.items()):
            if now_ms >= at_ms:
                self._look(ledger.orders[number], wait_ms)
        for order in ledger.working():
            if _is_unclear(order) and order.order_id:
                self._looks.setdefault(order.number, (now_ms + _LOOK_MS, _LOOK_MS))

    def looked(self, order_id: str, *, is_known: bool) -> None:
        """Take note that the venue was asked about one order."""
        order = self._desk.ledger.by_order_id.get(order_id)
        if order is None:
            return
        desk, change = self._desk, order.change
        if is_known and order.cancel == "unanswered" and order.is_working:
            self._wanted.setdefault(order.number, desk.now_ms)
        is_open = is_known and change is not None and change.is_unanswered
        if is_open and change is not None and desk.now_ms - change.asked_ms >= desk.rules.quarantine_ms:
            words = "the venue shows the order as it was, long after"
            desk.note(entries.ChangeAnswered(desk.now_ms, order.number, "refused", words))

    def _meant(self, intent: link.CancelOrders) -> list[int]:
        working = self._desk.ledger.working
        if intent.everything:
            return [order.number for order in working()]
        found = [order.number for order in working(intent.ticker)] if intent.ticker else []
        for number in intent.numbers:
            order = self._desk.ledger.orders.get(number)
            if order is None or not order.is_working:
                raise ValueRefused(f"order {number} does not work", hint="`kalshi-tui orders` lists what does")
            found.append(number)
        return list(dict.fromkeys(found))

    def _send(self, orders: Sequence[HeldOrder]) -> None:
        for start in range(0, len(orders), AT_ONCE):
            part = orders[start : start + AT_ONCE]
            self._desk.do(SendCancels(tuple(o.number for o in part), tuple(_target(o) for o in part)))

    def _placed(self, order: HeldOrder, taken: inputs.Outcome) -> None:
        desk, now_ms = self._desk, self._desk.now_ms
        if taken.outcome == "done":
            desk.note(
                entries.Placed(
                    now_ms,
                    order.number,
                    taken.order_id,
                    taken.filled or Size(0),
                    taken.remaining or Size(0),
                    taken.average,
                    taken.average_fee,
                    taken.ts_ms,
                )
            )
            if order.open_size and not order.is_working:
                desk.comparing.compare_soon()  # fills that were counted and not told yet
        elif taken.outcome == "refused":
            desk.note(entries.Rejected(now_ms, order.number, taken.status, taken.code, taken.words))
            if taken.code == _TRIPPED:
                desk.groups.has_tripped(order.exchange_index)
            desk.tell(f"order {order.number} was rejected: {taken.words}", "warning", order.ticker)
        elif taken.outcome == "not sent":
            desk.note(entries.NotSent(now_ms, order.number, taken.words))
            desk.tell(f"order {order.number} was not sent: {taken.words}", "warning", order.ticker)
        else:
            desk.note(entries.Unanswered(now_ms, order.number, taken.words))
            desk.tell(f"no answer about order {order.number} yet, checking: {taken.words}", "alarm", order.ticker)
            desk.comparing.compare_soon()
        self._cancel_if_wanted(order)

    def _cancel_if_wanted(self, order: HeldOrder) -> None:
        if order.number in self._wanted and order.is_working:
            self._wanted[order.number] = self._desk.now_ms

    def _canceled(self, order: HeldOrder, taken: inputs.Outcome) -> None:
        desk, now_ms = self._desk, self._desk.now_ms
        is_put_off = taken.outcome == "not sent" or taken.status == TOO_MANY
        outcome = {"done": "canceled", "refused": "refused", "gone": "gone"}.get(taken.outcome, "no answer")
        outcome = "no answer" if is_put_off else outcome
        if outcome == "canceled" and order.is_changing:  # how much of it was filled hangs on what came of that
            desk.comparing.look_at(order.order_id)
        desk.note(
            entries.CancelAnswered(now_ms, order.number, outcome, taken.reduced_by, taken.words, ts_ms=taken.ts_ms)
        )
        if outcome == "refused":
            desk.tell(f"order {order.number} was not cancelled: {taken.words}", "warning", order.ticker)
        elif outcome != "canceled" and order.is_working:
            if is_put_off:
                self._wanted[order.number] = now_ms + _AGAIN_MS
            self._looks[order.number] = (now_ms, _LOOK_MS)
        if order.open_size and not order.is_working:
            desk.comparing.compare_soon()

    def _changed(self, order: HeldOrder, taken: inputs.Outcome) -> None:
        desk = self._desk
        outcome = {"done": "done", "refused": "refused", "gone": "refused", "not sent": "not sent"}.get(
            taken.outcome, "no answer"
        )
        desk.note(entries.ChangeAnswered(desk.now_ms, order.number, outcome, taken.words, taken.ts_ms, taken.remaining))
        if outcome == "done" and taken.order_id and order.is_working:
            self._looks[order.number] = (desk.now_ms, _LOOK_MS)
        elif outcome != "done":
            desk.tell(f"order {order.number} was not changed: {taken.words}", "warning", order.ticker)
            self._looks[order.number] = (desk.now_ms, _LOOK_MS)

    def _look(self, order: HeldOrder, wait_ms: int) -> None:
        """Ask the venue about one order; the pause grows while it stays unclear."""
        is_open = order.is_in_flight or order.is_stub or order.is_working or order.shown_ms is not None
        if not order.order_id or not is_open:
            self._looks.pop(order.number, None)
            return
        self._desk.comparing.look_at(order.order_id)
        if order.is_in_flight or order.is_stub:
            again = min(wait_ms * 2, _LOOK_LIMIT_MS)
            self._looks[order.number] = (self._desk.now_ms + wait_ms, again)
        else:
            self._looks.pop(order.number, None)


def _is_unclear(order: HeldOrder) -> bool:
    is_unsaid = order.open_floor > 0 or (order.change is not None and order.change.is_unanswered)
    return order.is_stub or order.state == "unknown" or order.cancel == "unanswered" or is_unsaid


def _target(order: HeldOrder) -> CancelTarget:
    return CancelTarget(
        order.order_id, order.ticker, subaccount=order.subaccount or None, exchange_index=order.exchange_index
    )

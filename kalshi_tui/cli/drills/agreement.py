"""Whether journal and exchange agree in every row: orders, fills, positions, cash and payments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from kalshi_tui.cli.drills.journal_fold import Folded, fold
from kalshi_tui.cli.drills.ledger_truth import OURS
from kalshi_tui.engine.journal_rows import JournalRow, first_broken
from kalshi_tui.engine.trading.entries import decode_entry
from kalshi_tui.engine.trading.ledger import Ledger
from kalshi_tui.engine.trading.order import HeldOrder
from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.records import Order

_ENDS: Final = {"executed": "filled", "canceled": "canceled"}
_WORKS: Final = frozenset({"resting", "canceling"})
_CAME_TO_NOTHING: Final = frozenset({"rejected", "absent", "not sent"})


@dataclass(slots=True)
class Agreement:
    """What was compared, and what differs."""

    rows: int = 0
    unknown_positions: int = 0
    differences: list[str] = field(default_factory=list)
    folded: Folded = field(default_factory=Folded)

    def differs(self, words: str) -> None:
        """Note a row that differs."""
        self.differences.append(words)


def compared(exchange: Exchange, user_id: str, ledger: Ledger, rows: Sequence[JournalRow]) -> Agreement:
    """Compare the engine's ledger, and the journal by itself, with the exchange's records."""
    found = Agreement(folded=fold(rows))
    _orders(found, exchange.orders_of(user_id), ledger)
    _fills(found, exchange, user_id, ledger)
    _positions(found, exchange, user_id, ledger)
    _cash(found, exchange, user_id, ledger)
    _replayed(found, ledger, rows)
    return found


def _orders(found: Agreement, there: Sequence[Order], ledger: Ledger) -> None:
    for order in there:
        found.rows += 1
        ours = ledger.by_order_id.get(order.order_id)
        words = "is not known" if ours is None else _order_differs(ours, order)
        if words:
            found.differs(f"order {order.client_order_id or order.order_id}: {words}")
    known = {order.order_id for order in there}
    for held in ledger.orders.values():
        stood_in = not held.order_id and not held.size  # for an order whose fills were told first
        if held.order_id not in known and held.state not in _CAME_TO_NOTHING and not stood_in:
            found.differs(f"order {held.number} is {held.state}, and the exchange has none such")
    names = [order.client_order_id for order in there if order.client_order_id.startswith(OURS)]
    found.differences += [f"{name} was never intended" for name in names if name not in found.folded.names]


def _order_differs(ours: HeldOrder, order: Order) -> str:
    state = _ENDS.get(order.status, "")
    pairs = {
        "name": (ours.client_order_id, order.client_order_id),
        "market": (ours.ticker, order.ticker),
        "side": (ours.side, order.side),
        "filled": (ours.filled, order.filled),
        "fees": (ours.fees, order.taker_fees + order.maker_fees),
    }
    if state:
        is_cut = state == "filled" and order.filled < order.initial and order.time_in_force != "good_till_canceled"
        pairs["state"] = (ours.state, "canceled" if is_cut else state)  # executed is said of orders cut off, too
    else:
        pairs |= {
            "works": (ours.state in _WORKS, True),
            "price": (ours.price, order.price),
            "size": (ours.size, order.filled + order.remaining),
            "expiration": (ours.expiration_ms, order.expiration_ms),
        }
    return "; ".join(f"{name} is {mine} here, {its} there" for name, (mine, its) in pairs.items() if mine != its)


def _fills(found: Agreement, exchange: Exchange, user_id: str, ledger: Ledger) -> None:
    there = {(f.trade_id, f.order_id): (f.ticker, f.side, f.price, f.count, f.fee) for f in exchange.fills_of(user_id)}
    engine = {
        key: (k.fill.ticker, k.fill.side, k.fill.price, k.fill.size, k.fill.fee) for key, k in ledger.fills.items()
    }
    for name, ours in (("journal", found.folded.fills), ("ledger", engine)):
        found.rows += len(there)
        for key in there.keys() | ours.keys():
            if ours.get(key) != there.get(key):
                found.differs(f"trade {key[0]} is {ours.get(key)} in the {name}, {there.get(key)} at the exchange")


def _positions(found: Agreement, exchange: Exchange, user_id: str, ledger: Ledger) -> None:
    there = {t: held.size for (user, _, t), held in exchange.positions.items() if user == user_id and held.size}
    engine = {t: held.size for (t, _), held in ledger.portfolio.positions().items() if held.size}
    for name, ours in (("journal", found.folded.held()), ("ledger", engine)):
        found.rows += len(there)
        for ticker in there.keys() | ours.keys():
            if ours.get(ticker) != there.get(ticker):
                found.unknown_positions += 1
                found.differs(
                    f"{ticker}: {ours.get(ticker, 0)} held by the {name}, {there.get(ticker, 0)} at the exchange"
                )


def _cash(found: Agreement, exchange: Exchange, user_id: str, ledger: Ledger) -> None:
    there = sum(exchange.accounts[user_id].cash.values())
    for name, ours in (("journal", found.folded.cash()), ("ledger", ledger.cash())):
        found.rows += 1
        if ours != there:
            found.differs(f"cash is {ours} in the {name}, {there} at the exchange")
    paid = {row.ticker: row.revenue for row in exchange.settlements_of(user_id)}
    found.rows += len(paid)
    if found.folded.paid != paid:
        found.differs(f"settlements are {found.folded.paid} in the journal, {paid} at the exchange")


def _replayed(found: Agreement, ledger: Ledger, rows: Sequence[JournalRow]) -> None:
    """Hold that the rows on the disk make the engine's ledger anew."""
    if (broken := first_broken(rows)) is not None:
        found.differs(f"the journal is broken at row {broken}")
        return
    again = Ledger()
    for row in rows:
        again.apply(decode_entry(row.body))
    pairs = {
        "orders": (_lasting(again.orders), _lasting(ledger.orders)),
        "fills": (again.fills, ledger.fills),
        "positions": (again.portfolio.positions(), ledger.portfolio.positions()),
        "cash": (again.cash(), ledger.cash()),
        "groups": (again.groups, ledger.groups),
        "differences": (again.differences, ledger.differences),
        "halts": (again.halted, ledger.halted),
        "kill": ((again.killed, again.kill_ended), (ledger.killed, ledger.kill_ended)),
    }
    for name, (replayed, ours) in pairs.items():
        found.rows += 1
        if replayed != ours:
            found.differs(f"the journal's rows come to other {name} than the engine has")


def _lasting(orders: Mapping[int, HeldOrder]) -> dict[int, HeldOrder]:
    """Return orders without what is only remembered while an engine runs: how often lists have lacked them."""
    return {number: replace(order, absences=0, absent_ms=None) for number, order in orders.items()}

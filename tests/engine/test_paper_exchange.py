"""In a book that stands still, paper fills and the practice exchange's are the same, to the micro-dollar."""

from __future__ import annotations

from typing import Any, Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_tui.core.events import FillSeen
from kalshi_tui.core.fees import fee_terms
from kalshi_tui.core.units import Money, Price, Size
from kalshi_tui.engine.paper.report import compare
from kalshi_tui.practice.records import Refusal
from tests.engine.paper_kit import Desk
from tests.practice.pit import START_MS, Pit

Shot = tuple[Literal["bid", "ask"], int, int, Literal["immediate_or_cancel", "fill_or_kill"], bool]

sizes = st.integers(1, 2_000)  # hundredths of a contract
bids = st.dictionaries(st.integers(40, 49), sizes, max_size=5)
asks = st.dictionaries(st.integers(50, 60), sizes, max_size=5)
shots: st.SearchStrategy[Shot] = st.tuples(
    st.sampled_from(("bid", "ask")),
    st.integers(40, 60),
    sizes,
    st.sampled_from(("immediate_or_cancel", "fill_or_kill")),
    st.booleans(),
)


class Twins:
    """One account on the exchange and one on paper, before the same book."""

    def __init__(self, bids: dict[int, int], asks: dict[int, int], multiplier: int, cash: int) -> None:
        self.pit = Pit(multiplier=multiplier)
        house = self.pit.open_account(cash=0, user_id="house", house=True).user_id
        self.pit.member("ben", cash)
        for cents, size in bids.items():
            self.pit.bid(house, cents, size / 100)
        for cents, size in asks.items():
            self.pit.ask(house, cents, size / 100)
        self.desk = Desk(cash=cash, terms=fee_terms("quadratic", multiplier))
        self.desk.show({p: s / 100 for p, s in bids.items()}, {p: s / 100 for p, s in asks.items()})

    def shoot(self, number: int, shot: Shot) -> None:
        side, cents, size, time_in_force, reduces = shot
        name = f"shot{number}"
        terms: dict[str, Any] = {"client_order_id": name, "time_in_force": time_in_force, "reduce_only": reduces}
        try:
            (self.pit.bid if side == "bid" else self.pit.ask)("ben", cents, size / 100, **terms)
            said = ""
        except Refusal as refusal:
            said = refusal.code
        self.desk.send(side, cents, size / 100, **terms)
        assert getattr(self.desk.answer(name), "code", "") == said


@settings(max_examples=150, deadline=None)
@given(bids, asks, st.sampled_from((1_000_000, 500_000, 0)), st.sampled_from((2, 10_000)), st.lists(shots, max_size=8))
def test_shots_at_a_static_book_fill_and_cost_what_they_do_on_the_exchange(
    bids: dict[int, int], asks: dict[int, int], multiplier: int, cash: int, fired: list[Shot]
) -> None:
    twins = Twins(bids, asks, multiplier, cash)
    for number, shot in enumerate(fired):
        twins.shoot(number, shot)
    pit, desk = twins.pit, twins.desk
    theirs = [(fill.side, fill.price, fill.count, fill.fee, fill.is_taker) for fill in pit.fills_of("ben")]
    assert [(fill.side, fill.price, fill.size, fill.fee, fill.is_taker) for fill in desk.fills()] == theirs
    assert desk.balance().cash == pit.cash("ben")
    assert [(order.client_order_id, str(order.status), order.filled, order.taker_fees) for order in desk.orders()] == [
        (order.client_order_id, order.status, order.filled, order.taker_fees) for order in pit.orders_of("ben")
    ]


def test_the_report_calls_such_orders_alike() -> None:
    twins = Twins({}, {50: 1_000, 51: 1_000}, 1_000_000, 100)
    twins.shoot(1, ("bid", 51, 1_500, "immediate_or_cancel", False))
    seen = [came for came in twins.desk.came if isinstance(came, FillSeen)]
    theirs = [
        FillSeen(
            fill.trade_id,
            fill.order_id,
            fill.client_order_id,
            fill.ticker,
            fill.side,
            Price(fill.price),
            Size(fill.count),
            Money(fill.fee),
            fill.is_taker,
            Size(fill.position_after),
            fill.exchange_index,
            fill.subaccount,
            fill.ts_ms,
        )
        for fill in twins.pit.fills_of("ben")
    ]
    report = compare(seen, theirs, {"shot1": START_MS}, twins.desk.words())
    assert (len(report.rows), report.alike, report.flattered) == (1, 1, 0)
    assert report.rows[0].paper == report.rows[0].exchange

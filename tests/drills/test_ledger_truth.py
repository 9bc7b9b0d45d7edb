"""The oracle of orders itself: what may be lost, counted by hand; names, limits and sends that it must find."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalshi_tui.cli.drills.conduct import Conduct
from kalshi_tui.cli.drills.journal_fold import fold
from kalshi_tui.cli.drills.ledger_truth import Lots, Register, worst
from kalshi_tui.cli.drills.mixing import mixed, shifted
from kalshi_tui.cli.drills.table import DRILLS
from kalshi_tui.cli.drills.wire import Write
from kalshi_tui.core.exposure import Working, worst_loss
from kalshi_tui.core.positions import Position
from kalshi_tui.core.units import Money, Price, Size
from kalshi_tui.engine.journal_rows import JournalRow
from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.faults.rules import Rule, When
from kalshi_tui.practice.records import Event, Market, NewOrder, Series

TICKER = "KXTEST-A"
LIMITS = {
    "market_risk_dollars": 3_000_000,
    "event_risk_dollars": 3_000_000,
    "group_risk_dollars": 3_000_000,
    "total_risk_dollars": 3_000_000,
    "market_contracts": 1_000,
}
lots = st.lists(st.tuples(st.sampled_from(["bid", "ask"]), st.integers(1, 9_999), st.integers(1, 500)), max_size=4)


@pytest.mark.parametrize(
    ("size", "cost", "working", "lost"),
    [
        (0, 0, [], 0),
        (100, 400_000, [], 400_000),  # one YES at 0.40
        (-100, 700_000, [], 700_000),  # one NO at 0.70
        (0, 0, [("bid", 4_000, 200)], 800_000),
        (0, 0, [("ask", 4_000, 200)], 1_200_000),
        (100, 400_000, [("bid", 5_000, 100)], 900_000),
        (100, 400_000, [("ask", 6_000, 100)], 400_000),  # sold first, it has gained; not sold, it is lost
    ],
)
def test_what_a_market_can_lose_is_what_it_is_by_hand(size: int, cost: int, working: Lots, lost: int) -> None:
    assert worst(size, cost, working) == lost


@given(size=st.integers(-500, 500), price=st.integers(1, 9_999), working=lots)
def test_the_engines_own_count_is_never_below_the_oracles(size: int, price: int, working: Lots) -> None:
    held = Position(TICKER, Size(size), Money(abs(size) * price))
    orders = [Working(side, Price(at), Size(many)) for side, at, many in working]  # type: ignore[arg-type]  # of both
    assert worst_loss(held, orders) >= worst(size, abs(size) * price, working)


def exchange() -> Exchange:
    made = Exchange(seed=1, start_ms=1_781_159_370_000)
    made.open_account(cash=10_000_000_000, user_id="us")
    made.add_series(Series("KXTEST", "A test", "Tests"))
    made.add_event(Event("KXTEST-E", "KXTEST", "A test"))
    made.add_market(
        Market(
            TICKER,
            "KXTEST-E",
            "m",
            open_ms=made.now_ms,
            close_ms=made.now_ms + 10**7,
            latest_expiration_ms=made.now_ms + 10**7,
        )
    )
    made.advance(made.now_ms + 1)
    return made


def register(made: Exchange, conduct: Conduct | None = None, *, is_live: bool = True) -> Register:
    return Register(made, "us", limits=LIMITS, conduct=conduct or Conduct(), is_live=lambda _: is_live, durable=list)


def order(name: str, price: int, size: int) -> NewOrder:
    return NewOrder(TICKER, "bid", Price(price), Size(size), "good_till_canceled", "maker", client_order_id=name)


def test_an_order_above_a_limit_is_a_breach_and_one_below_it_is_none() -> None:
    made = exchange()
    found = register(made)
    made.create("us", order("kt1-a", 5_000, 500))
    assert (found.accepted, found.breaches) == (1, 0)
    made.create("us", order("kt1-b", 5_000, 200))
    assert found.breaches == 4  # of the market, the event, the series and all
    assert "took market_risk_dollars to 3500000" in found.problems[0]


def test_an_order_that_somebody_else_placed_is_no_breach_of_ours() -> None:
    made = exchange()
    found = register(made)
    made.create("us", order("elsewhere", 5_000, 900))
    assert (found.accepted, found.external, found.breaches) == (0, 1, 0)


def test_a_name_that_becomes_two_orders_is_a_duplicate() -> None:
    made = exchange()
    found = register(made)
    first = made.create("us", order("kt1-a", 5_000, 100)).order
    made.cancel("us", first.order_id)
    made.histories["us"].ids.clear()  # ids are free again when their orders have ended
    made.create("us", order("kt1-a", 5_000, 100))
    assert found.duplicates == 1


def body(**said: Any) -> Write:
    sent = {"ticker": TICKER, "client_order_id": "kt1-a", "side": "bid", "count": "1.00", "price": "0.5000", **said}
    path = "/trade-api/v2/portfolio/events/orders"
    return Write(1_781_159_371_000, "POST", path, msgspec.json.encode(sent))


def test_an_order_that_nobody_fired_is_illegal_and_a_name_that_leaves_twice_a_duplicate() -> None:
    found = register(exchange())
    found.leaves(body())
    found.leaves(body())
    assert (found.illegal, found.duplicates) == (2, 1)
    assert "no ticket stands for" in found.problems[0]


def test_what_is_no_order_is_not_judged() -> None:
    found = register(exchange())
    found.leaves(body()._replace(method="DELETE"))
    found.leaves(body()._replace(path="/trade-api/v2/portfolio/order_groups/create"))
    assert found.judged == 0


def row(number: int, kind: str, /, **said: Any) -> JournalRow:
    return JournalRow(number, 0, kind, msgspec.json.encode(said), b"")


def told(trade_id: str, side: str, price: int, size: int, *, source: str = "stream", fee: int = 0) -> dict[str, Any]:
    return {
        "trade_id": trade_id,
        "order_id": "o",
        "ticker": TICKER,
        "side": side,
        "price": price,
        "size": size,
        "fee": fee,
        "source": source,
    }


def test_a_journal_comes_to_cash_and_holdings_by_hand() -> None:
    folded = fold(
        [
            row(1, "CashTold", kind="opening", amount=10_000_000),
            row(2, "FillTold", **told("1", "bid", 4_000, 200)),  # 0.80
            row(3, "FillTold", **told("1", "bid", 4_000, 200, source="list", fee=30_000)),  # the list counts
            row(4, "FillTold", **told("2", "ask", 6_000, 300)),  # two sold for 1.20, one NO for 0.40
            row(5, "FillTold", **told("3", "bid", 5_000, 100)),
            row(6, "FillWithdrawn", trade_id="3", order_id="o"),
        ]
    )
    assert folded.cash() == 10_000_000 - 800_000 - 30_000 + 1_200_000 - 400_000
    assert folded.held() == {TICKER: -100}
    folded.take("Settled", {"ticker": TICKER, "revenue": 1_000_000})
    assert folded.cash() == 10_970_000
    assert folded.held() == {}


def test_a_mix_is_the_same_for_the_same_seed_and_mixes_up_to_three_faults() -> None:
    mixes = [mixed(seed, DRILLS.values()) for seed in range(1, 40)]
    assert mixes == [mixed(seed, DRILLS.values()) for seed in range(1, 40)]
    assert {len(drill.words.split(", ")) for drill in mixes} == {1, 2, 3}
    assert all(fault not in drill.words for drill in mixes for fault in ("F14", "F45", "F46"))


def test_rules_are_shifted_where_they_have_a_time_of_their_own() -> None:
    timed = Rule("a", "F58", "exchange", "external_trade", params={"at_s": 5.0, "on": ""})
    heard = Rule("b", "F19", "exchange", "cancel_rest", params={"at_s": 0.0, "on": "fill"})
    early = Rule("c", "F02", "request", "refuse", When(between_s=(10.0, 40.0)))
    opened = Rule("d", "F34", "connection", "cut")
    assert shifted(timed, 3).params["at_s"] == 8.0
    assert shifted(heard, 3).when.between_s == (3.0, 1e9 + 3)
    assert shifted(early, 3).when.between_s == (13.0, 43.0)
    assert shifted(opened, 3) is opened

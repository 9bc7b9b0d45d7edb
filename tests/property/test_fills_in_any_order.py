"""The same trades come to the same books, however often, by whatever way and in whatever order they are told.

The stream tells, the lists tell again, an engine ends in the middle and the next one reads the journal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import Money, Price, Size
from kalshi_tui.engine.trading import entries
from kalshi_tui.engine.trading.ledger import Ledger

AT: Final = 1_781_159_370_000
TICKERS = ("KXTEST-A", "KXTEST-B")
BEGAN = entries.Began(AT, 1, 2, "abcdef", "test", "", "practice", "live", "practice", 1)


@dataclass(frozen=True)
class Wish:
    """An order, ours or placed elsewhere, and what of it was traded."""

    number: int  # of ours, or 0
    ticker: str
    side: Side
    trades: tuple[tuple[int, int, int, int], ...]  # price, size, fee, time
    rest: int
    has_ended: bool

    @property
    def order_id(self) -> str:
        return f"order-{self.number}-{self.ticker}-{self.side}"

    @property
    def client_order_id(self) -> str:
        return f"kt1-abcdef-1-{self.number}-0000" if self.number else ""

    @property
    def limit(self) -> Price:
        prices = [price for price, *_ in self.trades] or [5_000]
        return Price(max(prices) if self.side == "bid" else min(prices))

    @property
    def filled(self) -> int:
        return sum(size for _, size, *_ in self.trades)

    def beginning(self) -> list[entries.Entry]:
        """Return what comes before anything that the venue tells, for an order of ours."""
        if not self.number:
            return []
        intended = entries.Intended(
            at_ms=AT, number=self.number, client_order_id=self.client_order_id, ticket=1, token="t", confirmed_by="",
            ticker=self.ticker, event_ticker="KXTEST", exchange_index=0, side=self.side, price=self.limit,
            size=Size(self.filled + self.rest), time_in_force="good_till_canceled", post_only=False, reduce_only=False,
            expiration_s=None, group_id="", body="", body_hash="", fee=Money(0), strategy="", opportunity="",
            book_clock=0, book_age_ms=0, revision=0,
        )  # fmt: skip
        return [intended, entries.Sending(AT, self.number)]

    def fills(self, source: str) -> list[entries.Entry]:
        """Return its trades as the stream or the list tells them: the list knows no client_order_id."""
        return [
            entries.FillTold(
                at_ms=AT, source=source, trade_id=f"{self.order_id}-{number}", order_id=self.order_id,
                client_order_id=self.client_order_id if source == "stream" else "", ticker=self.ticker, side=self.side,
                price=Price(price), size=Size(size), fee=Money(fee), predicted=None, is_taker=True, subaccount=0,
                exchange_index=0, ts_ms=ts_ms,
            )
            for number, (price, size, fee, ts_ms) in enumerate(self.trades)
        ]  # fmt: skip

    def words(self) -> list[entries.Entry]:
        """Return the order itself as the venue tells it: first resting whole, in the end as it is."""
        is_whole = not self.rest
        first = entries.OrderTold(
            at_ms=AT, source="stream", order_id=self.order_id, client_order_id=self.client_order_id, ticker=self.ticker,
            side=self.side, status="resting", price=self.limit, initial=Size(self.filled + self.rest), filled=Size(0),
            remaining=Size(self.filled + self.rest), group_id="", exchange_index=0, subaccount=0, reason="",
            created_ms=5, updated_ms=5, expiration_ms=None,
        )  # fmt: skip
        status = "executed" if is_whole else "canceled" if self.has_ended else "resting"
        rest = Size(0 if self.has_ended or is_whole else self.rest)
        return [first, replace(first, status=status, filled=Size(self.filled), remaining=rest, updated_ms=90)]


trades = st.lists(
    st.tuples(st.integers(1, 99).map(lambda cents: cents * 100), st.integers(1, 900), st.integers(0, 500),
              st.integers(10, 80)),
    max_size=4,
).map(tuple)  # fmt: skip


@st.composite
def wishes(draw: st.DrawFn) -> list[Wish]:
    """Draw up to two orders of ours and one placed elsewhere."""
    found = []
    for number in (*range(1, 1 + draw(st.integers(0, 2))), 0):
        traded = draw(trades)
        rest = draw(st.integers(0 if traded else 1, 300))
        side: Side = draw(st.sampled_from(["bid", "ask"]))
        found.append(Wish(number, draw(st.sampled_from(TICKERS)), side, traded, rest, draw(st.booleans())))
    return found


def books_of(told: Sequence[entries.Entry]) -> dict[str, Any]:
    """Return what entries come to, by what the venue calls things, after a way through the journal's bytes."""
    ledger = Ledger()
    for entry in told:
        ledger.apply(entries.decode_entry(entries.encode_entry(entry)))
    return {
        "troubles": ledger.troubles,
        "positions": ledger.portfolio.positions(),
        "cash": ledger.portfolio.flow(),
        "fills": {key: known.fill for key, known in ledger.fills.items()},
        "owed": ledger.owed(),
        "orders": {
            order.order_id: (order.state, order.size, order.filled, order.told_filled, order.value, order.fees)
            for order in ledger.orders.values()
            if order.order_id
        },
        "working": sorted(order.order_id for order in ledger.working()),
    }


@settings(derandomize=True, max_examples=300, database=None, deadline=None)
@given(orders=wishes(), data=st.data())
def test_the_same_trades_come_to_the_same_books_in_whatever_order_and_however_often_they_are_told(
    orders: list[Wish], data: st.DataObject
) -> None:
    begin = [entry for order in orders for entry in order.beginning()]
    words = [entry for order in orders for entry in order.words()]
    by_list = [entry for order in orders for entry in order.fills("list")]
    by_stream = [entry for order in orders for entry in order.fills("stream")]
    # Each trade is told by one of the two ways at least; whatever was told may be told again.
    ways = data.draw(
        st.lists(st.sampled_from(["list", "stream", "both"]), min_size=len(by_list), max_size=len(by_list))
    )
    lists = [entry for entry, way in zip(by_list, ways, strict=True) if way != "stream"]
    streams = [entry for entry, way in zip(by_stream, ways, strict=True) if way != "list"]
    again = data.draw(st.lists(st.sampled_from([*words, *by_list, *by_stream]), max_size=10))
    told = data.draw(st.permutations([*words, *lists, *streams, *again]))
    for at in sorted(data.draw(st.lists(st.integers(0, len(told)), max_size=2)), reverse=True):
        told.insert(at, BEGAN)  # an engine ended, and the next one has read the journal

    found, expected = books_of([*begin, *told]), books_of([*begin, *words, *by_list])
    assert found == expected
    assert found["troubles"] == []
    for order in orders:
        _, _, filled, told_filled, value, fees = found["orders"][order.order_id]
        assert filled == told_filled == order.filled
        assert value == sum(price * size for price, size, *_ in order.trades)
        assert fees == sum(fee for _, _, fee, _ in order.trades)
    for ticker in TICKERS:
        net = sum((1 if order.side == "bid" else -1) * order.filled for order in orders if order.ticker == ticker)
        assert found["positions"][ticker, 0].size == net if (ticker, 0) in found["positions"] else net == 0

"""What the desk remembers of its risk is what it would work out anew, after every entry and change of fees."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_tui.core.exposure import worst_loss
from kalshi_tui.core.fees import FeeTerms, fee_terms
from kalshi_tui.core.units import Money, Price, Size
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.engine.trading import entries as e
from kalshi_tui.engine.trading.ledger import Ledger
from kalshi_tui.engine.trading.risk import Risk

AT = 1_781_159_370_000
MARKETS = ("A", "B")
Act = tuple[str, int, Any]

acts = st.one_of(
    st.tuples(
        st.just("send"),
        st.sampled_from((0, 1)),
        st.tuples(st.sampled_from(("bid", "ask")), st.integers(1, 99), st.integers(1, 500)),
    ),
    st.tuples(st.just("rest"), st.integers(1, 6), st.none()),
    st.tuples(st.just("fill"), st.integers(1, 6), st.integers(1, 300)),
    st.tuples(st.just("count"), st.integers(1, 6), st.integers(0, 500)),
    st.tuples(st.just("cancel"), st.integers(1, 6), st.none()),
    st.tuples(st.just("amend"), st.integers(1, 6), st.tuples(st.integers(1, 99), st.integers(1, 500))),
    st.tuples(st.just("fees"), st.sampled_from((0, 500_000, 1_000_000)), st.none()),
)


class Books:
    """A ledger that acts are done to."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.terms: FeeTerms | None = fee_terms("quadratic", 1_000_000)
        self.sent: dict[int, tuple[str, Literal["bid", "ask"], int, int]] = {}
        self.desk: Any = SimpleNamespace(
            ledger=self.ledger, rules=OrderRules(), terms_of=lambda _: (self.terms, ""), now_ms=AT
        )

    def do(self, act: Act, number: int) -> None:
        for entry in self._entries(act, number):
            self.ledger.apply(entry)

    def _entries(self, act: Act, number: int) -> Iterator[e.Entry]:
        kind, which, more = act
        if kind == "fees":
            self.terms = fee_terms("quadratic", which) if which else None
        elif kind == "send":
            yield from self._sent(MARKETS[which], *more)
        elif which in self.sent:
            yield from self._about(kind, which, more, number)

    def _sent(self, ticker: str, side: Literal["bid", "ask"], cents: int, size: int) -> Iterator[e.Entry]:
        number = self.ledger.next_order
        self.sent[number] = (ticker, side, cents, size)
        yield e.Intended(
            AT, number, f"c{number}", number, "", "", ticker, ticker, 0, side, Price(cents * 100), Size(size),
            "good_till_canceled", False, False, None, "", "{}", "", Money(0), "", "", 1, 1, 1,
        )  # fmt: skip
        yield e.Sending(AT, number)

    def _about(self, kind: str, which: int, more: Any, number: int) -> Iterator[e.Entry]:
        ticker, side, cents, size = self.sent[which]
        if kind == "rest":
            yield e.Placed(AT, which, f"o{which}", Size(0), Size(size), None, None, AT)
        elif kind == "cancel":
            yield e.CancelAnswered(AT, which, "canceled", None, "", AT)
        elif kind == "amend":
            yield e.ChangeAsked(AT, which, "amend", 1, Price(more[0] * 100), Size(more[1]), f"c{which}", "", "")
        elif kind == "fill":
            yield e.FillTold(
                AT, "stream", f"t{number}", f"o{which}", f"c{which}", ticker, side, Price(cents * 100), Size(more),
                Money(1_000), None, True, 0, 0, AT + number,
            )  # fmt: skip
        else:
            yield e.OrderTold(
                AT, "stream", f"o{which}", f"c{which}", ticker, side, "canceled", Price(cents * 100), Size(size),
                Size(more), Size(0), "", 0, 0, "", AT, AT + number, None,
            )  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(acts, max_size=30))
def test_what_is_remembered_is_what_would_be_worked_out_anew(told: list[Act]) -> None:
    books = Books()
    remembers = Risk(books.desk)
    for number, act in enumerate(told, 1):
        books.do(act, number)
        anew = Risk(books.desk)
        for ticker in MARKETS:
            assert remembers.working(ticker) == anew.working(ticker)
            assert remembers.worst(ticker) == worst_loss(anew.position(ticker), anew.working(ticker))
        assert remembers.reserved() == anew.reserved()

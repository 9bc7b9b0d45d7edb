"""An order's life, whatever is noted of it: only listed steps, what has ended stays ended, unknown needs evidence."""

from __future__ import annotations

from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_tui.core.units import Money, Price, Size
from kalshi_tui.engine.trading import entries
from kalshi_tui.engine.trading.ledger import Ledger

AT: Final = 1_781_159_370_000
SIZE: Final = 300
NAME, ID = "kt1-abcdef-1-1-0000", "order-1"
# Written out by hand from docs/trading.md, apart from the table in the code.
STEPS: Final = {
    "deciding": {"sent", "not sent", "unknown"},
    "sent": {"resting", "canceling", "filled", "canceled", "rejected", "not sent", "unknown"},
    "resting": {"canceling", "filled", "canceled"},
    "canceling": {"resting", "filled", "canceled"},
    "unknown": {"resting", "canceling", "filled", "canceled", "absent"},
    "absent": {"resting", "canceling", "filled", "canceled"},
}
ENDED: Final = {"filled", "canceled", "rejected", "not sent"}
EVIDENCE: Final = (entries.Placed, entries.OrderTold, entries.FillTold, entries.CancelAnswered, entries.Absent)
PROVES_NOTHING: Final = (
    entries.Unanswered,
    entries.CancelAsked,
    entries.CancelAnswered,
    entries.ChangeAnswered,
    entries.Began,
)
INTENDED: Final = entries.Intended(
    at_ms=AT, number=1, client_order_id=NAME, ticket=1, token="t", confirmed_by="", ticker="KXTEST-A",
    event_ticker="KXTEST", exchange_index=0, side="bid", price=Price(6_000), size=Size(SIZE),
    time_in_force="good_till_canceled", post_only=False, reduce_only=False, expiration_s=None, group_id="", body="",
    body_hash="", fee=Money(0), strategy="", opportunity="", book_clock=0, book_age_ms=0, revision=0,
)  # fmt: skip
sizes = st.integers(0, SIZE).map(Size)


def told(status: str, filled: int, updated_ms: int) -> entries.OrderTold:
    remaining = Size(SIZE - filled if status == "resting" else 0)
    return entries.OrderTold(
        AT, "list", ID, NAME, "KXTEST-A", "bid", status, Price(6_000), Size(SIZE), Size(filled), remaining, "", 0, 0,
        "", AT, updated_ms, None,
    )  # fmt: skip


def fill(trade: int, size: int, source: str) -> entries.FillTold:
    return entries.FillTold(
        AT, source, f"trade-{trade}", ID, NAME, "KXTEST-A", "bid", Price(6_000), Size(size), Money(0), None, True, 0, 0,
        AT,
    )  # fmt: skip


NOTED: Final[tuple[entries.Entry, ...]] = (
    entries.Sending(AT, 1),
    entries.NotSent(AT, 1, "the disk is full"),
    entries.Rejected(AT, 1, 400, "invalid_order", "no"),
    entries.Unanswered(AT, 1, "no answer came"),
    entries.Absent(AT, 1, "two complete lists lack it"),
    entries.CancelAsked(AT, 1, "a person asked"),
    entries.CancelAnswered(AT, 1, "refused", None, "no"),
    entries.CancelAnswered(AT, 1, "gone", None, "not found"),
    entries.CancelAnswered(AT, 1, "no answer", None, "no answer came"),
    entries.CancelAnswered(AT, 1, "canceled", Size(100), ""),
    entries.ChangeAsked(AT, 1, "decrease", 0, Price(6_000), Size(200), NAME, "", ""),
    entries.ChangeAnswered(AT, 1, "done", ""),
    entries.ChangeAnswered(AT, 1, "no answer", ""),
    entries.Began(AT, 1, 2, "abcdef", "test", "", "practice", "live", "practice", 1),
)
noted = st.one_of(
    *map(st.just, NOTED),
    st.builds(lambda size: entries.Placed(AT, 1, ID, size, Size(SIZE - size), None, None, AT), sizes),
    *(
        st.builds(told, st.just(status), sizes, st.integers(AT, AT + 9))
        for status in ("resting", "executed", "canceled")
    ),
    st.builds(fill, st.integers(1, 4), st.integers(1, SIZE), st.sampled_from(["stream", "list"])),
    st.builds(lambda trade: entries.FillWithdrawn(AT, f"trade-{trade}", ID, "no list has it"), st.integers(1, 4)),
)
# Most orders leave, and many get no answer.
beginnings = st.sampled_from([(), NOTED[:1], NOTED[:1], (NOTED[0], NOTED[3])])
lives = st.builds(lambda first, then: [*first, *then], beginnings, st.lists(noted, max_size=10))


def may_follow(before: str, after: str, entry: entries.Entry) -> bool:
    """Tell whether a state may follow another by what was noted."""
    if after == before:
        return True
    if before == "filled" and after == "unknown":
        # Only the venue ends an order by trades, and only the venue takes a trade back.
        return isinstance(entry, entries.FillWithdrawn)
    if before in {"filled", "canceled", "rejected", "not sent"} and after in {"resting", "canceling"}:
        return isinstance(entry, entries.OrderTold) and entry.status == "resting" and entry.remaining > 0
    return after in STEPS.get(before, set())


@settings(derandomize=True, max_examples=1_500, database=None, deadline=None)
@given(life=lives)
def test_an_order_goes_only_where_it_may_and_unknown_needs_the_venues_word(life: list[entries.Entry]) -> None:
    ledger = Ledger()
    ledger.apply(INTENDED)
    order = ledger.orders[1]
    for entry in life:
        state, filled = order.state, order.filled
        ledger.apply(entry)
        assert ledger.orders[1] is order
        assert may_follow(state, order.state, entry), f"{state} became {order.state} by {entry}"
        if state == "unknown" != order.state:
            by_its_fills = order.state == "filled" and order.filled >= order.size  # which the venue has told
            assert by_its_fills or isinstance(entry, EVIDENCE), f"unknown became {order.state} by {entry}"
            assert by_its_fills or getattr(entry, "outcome", "canceled") == "canceled", entry
        takes_back = isinstance(entry, entries.FillWithdrawn) or (
            isinstance(entry, entries.FillTold) and entry.source == "list"
        )
        assert order.filled >= filled or takes_back
        assert order.is_working == (order in ledger.working())
        if order.filled > max(SIZE, order.size):
            assert ledger.troubles, "more was filled than was ordered, and nobody heard of it"


@settings(derandomize=True, max_examples=500, database=None, deadline=None)
@given(life=lives)
def test_what_may_still_fill_counts_in_full_until_the_venue_has_ended_it(life: list[entries.Entry]) -> None:
    ledger = Ledger()
    ledger.apply(INTENDED)
    order = ledger.orders[1]
    for entry in life:
        was_working = order.is_working
        ledger.apply(entry)
        if isinstance(entry, PROVES_NOTHING) and getattr(entry, "outcome", "") not in {"canceled", "done"}:
            assert order.is_working == was_working, f"{entry} has ended it"
        if order.is_working:
            assert order.filled + order.open_size >= order.size
        else:
            assert order.filled + order.open_size == max(order.told_filled, order.filled), "the venue's count is owed"

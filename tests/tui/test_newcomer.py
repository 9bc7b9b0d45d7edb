"""What somebody sees who has just begun: where to begin, a market in the middle, and no text cut off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalshi_tui.core.units import Money
from kalshi_tui.link.trading import OrdersView
from kalshi_tui.link.views import Notice
from kalshi_tui.tui.actions import ACTIONS
from kalshi_tui.tui.app import window_title
from kalshi_tui.tui.panes.notices import notice_rows
from kalshi_tui.tui.panes.positions import total_row
from kalshi_tui.tui.panes.standing import first_words
from kalshi_tui.tui.panes.ticket_rows import fact_rows
from tests.tui.desk import NOW_MS, ladder, levels, notices
from tests.tui.played import at_desk, order, orders, positions, ticket, trading

KEYS = {action.id: action.keys for action in ACTIONS}
BEGIN = "To begin: Enter opens a market, Ctrl-a arms, x buys at the ask, F9 fires what the ticket says"


@pytest.mark.parametrize(("state", "is_said"), [("disarmed", True), ("active", True), ("observing", False)])
def test_where_to_begin_is_said_where_orders_may_be_sent(state: str, is_said: bool) -> None:
    assert first_words(trading(state=state), KEYS) == (BEGIN if is_said else "")


def test_where_money_is_real_nobody_is_told_to_begin() -> None:
    assert first_words(trading(state="active", is_live=True), KEYS) == ""
    assert first_words(None, KEYS) == ""


async def test_where_to_begin_is_said_until_an_order_was_sent() -> None:
    nothing = OrdersView((), working=0, unknown=0, total=0)
    async with at_desk(nothing) as desk:
        desk.app.tick.say()
        assert BEGIN in [loud.words for loud in desk.app.desk.status.loud]
    async with at_desk(orders(order())) as desk:
        desk.app.tick.say()
        assert BEGIN not in [loud.words for loud in desk.app.desk.status.loud]


@given(st.text(max_size=60))
def test_a_windows_title_holds_nothing_that_drives_a_terminal(mode: str) -> None:
    title = window_title(mode)
    assert title.endswith("kalshi-tui")
    assert title.isascii()
    assert title.isprintable()
    assert len(title) < 50


def test_a_windows_title_begins_with_the_mode() -> None:
    assert window_title("LIVE - REAL MONEY") == "LIVE - REAL MONEY - kalshi-tui"
    assert window_title("") == "kalshi-tui"


@pytest.mark.parametrize("width", [40, 57])
def test_the_ticket_writes_its_market_and_its_fee_in_whole(width: int) -> None:
    title = "Federal funds rate after the meeting of Dec 16, 2026?: Above 3.75%"
    fee = "taker 7 %, maker 1.75 % of price x (1 - price)"
    rows = fact_rows(ticket(title=title, fee_words=fee), "", width)
    said = " ".join("".join(text for text, _ in row).strip() for row in rows)
    assert title in said
    assert fee in said


def test_the_account_finds_room_whatever_is_in_it() -> None:
    view = positions(
        cash=Money(9_967_420_000),
        free=Money(9_961_720_000),
        unrealised=Money(-203_720_000),
        worst=Money(1_031_670_000),
    )
    for width in (54, 57, 80):
        ((text, _),) = total_row(view, width)
        assert "…" not in text
        assert text.split()[::2] == ["cash", "free", "open", "worst"]


def test_a_notice_names_its_market_once() -> None:
    view = notices()
    same = Notice(1, NOW_MS, "info", "KXA-1: status was closed", ticker="KXA-1")
    other = Notice(2, NOW_MS, "info", "status was closed", ticker="KXA-1")
    for notice in (same, other):
        rows = notice_rows(type(view)(1, (notice,)), 80, 5)
        assert "".join(text for row in rows for text, _ in row).count("KXA-1") == 1


async def test_a_market_whose_book_comes_after_an_empty_one_is_brought_to_the_middle() -> None:
    empty = ladder(bids=(), asks=(), bid_levels=0, ask_levels=0, last_price=None)
    async with at_desk(empty) as desk:
        pane = desk.app.desk.ladder
        pane.take(ladder(bids=levels((3_200, 100)), asks=levels((3_500, 100)), bid_levels=1, ask_levels=1))
        middle = pane.axis.prices[pane._first() + pane._body() // 2]
        assert 3_200 <= middle <= 3_500

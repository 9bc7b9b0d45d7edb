"""Orders, positions, tickets and states as words: each can be told without its colour, at any width."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kalshi_tui.core.units import Money, Price, Size
from kalshi_tui.link.trading import EventRow, KillRow, OutcomeRow
from kalshi_tui.tui.actions import ACTIONS, lay_over
from kalshi_tui.tui.fates import fate_of
from kalshi_tui.tui.panes.axis import axis_of
from kalshi_tui.tui.panes.blotter import order_row, state_words
from kalshi_tui.tui.panes.ladder_rows import average_row, own_marks
from kalshi_tui.tui.panes.positions import chosen_row, columns_for, head_row, held_words, outcome_rows, position_row
from kalshi_tui.tui.panes.standing import banner_rows, count_cells, loud_words, state_cells
from kalshi_tui.tui.panes.ticket_rows import body_rows, failing_rows
from kalshi_tui.tui.staging import Picture
from kalshi_tui.tui.widgets.lines import Row
from kalshi_tui.tui.words import cash, countdown, short_cash, unit_price
from tests.tui.desk import CENTS, NOW_MS
from tests.tui.played import check, order, position, ticket, trading

KEYS = {action.id: action.keys for action in ACTIONS}
STATES = ["deciding", "sent", "resting", "canceling", "filled", "canceled", "rejected", "unknown", "absent", "not sent"]


def text(row: Row) -> str:
    return "".join(cell for cell, _ in row)


def styles(row: Row) -> str:
    return " ".join(style for _, style in row)


def said(rows: list[Row]) -> str:
    return "\n".join(map(text, rows))


@pytest.mark.parametrize(
    ("money", "words"),
    [(4_300_000, "$4.30"), (17_200, "$0.0172"), (-4_317_200, "-$4.3172"), (0, "$0.00"),
     (1_234_567_890_000, "$1,234,567.89"), (1, "$0.000001")],
)  # fmt: skip
def test_an_amount_is_written_exactly(money: int, words: str) -> None:
    assert cash(Money(money)) == words


@pytest.mark.parametrize(
    ("money", "width", "words"),
    [(4_319_999, 9, "+$4.31"), (-4_310_001, 9, "-$4.32"), (12_345_670_000, 9, "+$12,345"), (-10**15, 9, "-$1,000M"),
     (0, 9, "$0.00"), (4_300_000, 2, "…")],
)  # fmt: skip
def test_an_amount_without_room_is_rounded_towards_the_worse(money: int, width: int, words: str) -> None:
    assert short_cash(Money(money), width) == words


@given(st.integers(-(10**18), 10**18), st.integers(1, 14))
def test_a_short_amount_never_says_more_than_there_is(money: int, width: int) -> None:
    words = short_cash(Money(money), width)
    assert len(words) <= width
    if words[-1].isdigit():
        said_cents = round(float(words.replace("$", "").replace(",", "").replace("+", "")) * 100)
        assert said_cents * 10_000 <= money + 10_000 * (abs(money) > 10**15)


def test_an_average_is_a_price_with_up_to_four_decimals_rounded_up() -> None:
    assert [unit_price(Money(price)) for price in (430_000, 543_200, 543_210, 543_201)] == [
        "0.43",
        "0.5432",
        "0.5433",
        "0.5433",
    ]
    assert unit_price(None) == "-"


def test_what_is_left_is_minutes_and_seconds() -> None:
    assert [countdown(ms) for ms in (872_000, 59_999, 0, -5)] == ["14:32", "0:59", "0:00", "0:00"]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("width", [40, 54, 80, 160])
def test_each_state_of_an_order_is_a_word_and_the_row_fills_its_width(state: Any, width: int) -> None:
    row = order_row(order(state=state, reason="why"), width)
    assert len(text(row)) == width
    words = {"absent": "NOT THERE", "not sent": "NOT SENT", "unknown": "UNKNOWN?"}.get(state, state.upper())
    assert words in text(row)


def test_what_waits_for_the_venue_is_grey_with_a_mark_and_what_is_unknown_stands_out() -> None:
    flight = order_row(order(state="sent", is_in_flight=True), 80)
    assert "SENT…" in text(flight)
    assert {"bid", "strong"}.isdisjoint(styles(flight).split())
    unknown = order_row(order(state="unknown", is_in_flight=True), 80)
    assert "stale strong" in styles(unknown)
    assert "checking" in text(unknown)


def test_a_cancel_that_waits_is_told_from_one_that_is_done() -> None:
    assert "CANCELING…" in text(order_row(order(state="canceling", is_in_flight=True), 80))
    done = order_row(order(state="canceled", filled=Size(200)), 80)
    assert "strike" in styles(done)
    assert "2/10" in text(done)


@pytest.mark.parametrize("state", STATES)
def test_rejected_is_said_only_where_the_venue_has_said_so(state: Any) -> None:
    view = order(state=state)
    words = f"{text(order_row(view, 120))} {state_words(view)} {fate_of(view).words}".lower()
    assert ("reject" in words) == (state == "rejected")


def test_an_order_from_elsewhere_says_so() -> None:
    assert "external" in text(order_row(order(origin="external"), 80))


@pytest.mark.parametrize("width", [30, 54, 80, 110, 160])
def test_positions_and_their_headings_fill_the_width_in_the_same_columns(width: int) -> None:
    head, row = text(head_row(width)), text(position_row(position(), width))
    assert len(head) == len(row) == width
    for column in columns_for(width):
        assert column.heading in head


def test_what_has_no_column_is_said_of_the_chosen_position() -> None:
    words = text(chosen_row(position(), 58)).strip()
    assert words == "exit $5.48  open +$0.04  realised $0.00  fees -$0.02"
    assert "exit -" in text(chosen_row(position(exit_value=None), 58))


def test_what_is_held_is_a_word_and_not_only_a_sign() -> None:
    assert [held_words(Size(size)) for size in (1000, -550, 0)] == ["YES 10", "NO 5.50", "flat"]


def test_an_events_outcomes_say_whether_they_are_all() -> None:
    event = EventRow("KXFED-0", "After the meeting?", (OutcomeRow("3.00%", Money(-5_449_200)),), False)
    rows = outcome_rows(event, 54)
    assert "more outcomes may be" in text(rows[0])
    assert text(rows[1]).split() == ["3.00%", "-$5.45"]
    assert "more outcomes" not in text(outcome_rows(replace(event, is_whole=True), 54)[0])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, " ARMED 14:32 left "),
        ({"state": "disarmed"}, " DISARMED "),
        ({"state": "observing"}, " OBSERVING "),
        ({"state": "reconciling"}, " RECONCILING "),
        ({"state": "reducing"}, " REDUCING "),
        ({"state": "halted"}, " HALTED "),
        ({"state": "killed"}, " KILLED "),
        ({"armed_until_ms": None}, " ARMED "),
    ],
)
def test_whether_orders_may_be_sent_is_a_word(changes: dict[str, Any], words: str) -> None:
    [(shown, _)] = state_cells(trading(**changes), NOW_MS, "")
    assert shown == words
    [(doubted, _)] = state_cells(trading(**changes), NOW_MS, "the engine is silent")
    assert doubted == " trading UNKNOWN "


def test_counts_of_what_is_unknown_and_on_its_way_stand_only_where_there_are_some() -> None:
    assert [cell for cell, _ in count_cells(trading())] == [" day +$12.34"]
    cells = [cell for cell, _ in count_cells(trading(unknown=1, in_flight=2, day=Money(-1_005_000)))]
    assert cells == [" unknown 1 ", " in flight 2", " day -$1.01"]


@pytest.mark.parametrize("state", ["reconciling", "reducing", "halted"])
def test_what_holds_trading_up_is_loud_with_its_reason(state: Any) -> None:
    [(words, _)] = loud_words(trading(state=state, reason="the day's loss limit"), KEYS)
    assert words.startswith(f"{state.upper()}: the day's loss limit (")
    assert loud_words(trading(), KEYS) == []


def test_a_journal_that_fails_and_paused_markets_are_loud() -> None:
    loud = [words for words, _ in loud_words(trading(journal="the disk is full", paused=("KXA: it jumped",)), KEYS)]
    assert loud == ["JOURNAL: the disk is full", "PAUSED: KXA: it jumped"]


def test_only_a_kill_has_a_banner() -> None:
    assert banner_rows(trading(), KEYS, NOW_MS, 80) == []
    rows = banner_rows(trading(state="killed"), KEYS, NOW_MS, 80)
    assert {len(text(row)) for row in rows} == {80}
    assert {styles(row) for row in rows} == {"alarm"}


@pytest.mark.parametrize(
    ("resting", "words", "said"),
    [
        (None, "asking", "The venue has not told yet what rests. asking"),
        (1, "", "1 order STILL RESTS at the venue."),
        (2, "canceling", "2 orders STILL REST at the venue. canceling"),
        (0, "verified: nothing rests (2 canceled, 0 gone)", "Verified: nothing rests (2 canceled, 0 gone)"),
        (0, "", "Nothing rests at the venue."),
    ],
)
def test_the_banner_of_a_kill_says_once_what_rests(resting: int | None, words: str, said: str) -> None:
    row = KillRow(NOW_MS - 5_000, "by hand", words, resting, is_over=True)
    assert text(banner_rows(trading(state="killed", kill=row), KEYS, NOW_MS, 80)[1]).strip() == said


def picture(**changes: Any) -> Picture:
    view = ticket()
    made = {"phase": "open", "ticket": view, "is_renewed": False, "left": 0.5, "left_s": 2.5, "typed": "",
            "words": "", "why_not": "", "fates": ()}  # fmt: skip
    return Picture(**{**made, **changes})


def test_a_ticket_says_all_that_a_person_has_to_know() -> None:
    words = said(body_rows(picture(), KEYS, 54, 22))
    for part in (
        "Buy 10 YES of Above 3.00% at 0.56 or better", "BUY", "10", "0.56", "until canceled", "$5.60", "$0.0172",
        "$5.6172", "$4.3828", "+$4.3828", "-$5.6172", "LIVE, 0.3 s old", "0.02", "340.50", "1,200",
        "5 of 5 checks say yes", "F9 or ! fires, Esc drops", "2.5 s",
    ):  # fmt: skip
        assert part in words


def test_the_fire_key_is_named_only_where_it_fires_and_by_the_persons_own_key() -> None:
    own = lay_over({"ticket.fire": "f8"}).keys
    assert "F8 fires" in said(body_rows(picture(), own, 54, 22))
    denied = said(body_rows(picture(why_not="trading is disarmed"), KEYS, 54, 22))
    assert "Cannot be fired: trading is disarmed" in denied
    assert " fires" not in denied
    elsewhere = said(body_rows(picture(), KEYS, 54, 22, has_keys=False))
    assert "o comes here; then F9 or ! fires" in elsewhere


def test_however_much_fails_what_it_costs_stays_in_sight() -> None:
    many = tuple(
        check(f"code.{number}", "a long sentence that says why not " * 3, passed=False) for number in range(20)
    )
    view = replace(ticket(), checks=many, may_fire=False, changes=("one", "two", "three"))
    for height in (14, 17, 20, 30):
        rows = body_rows(picture(ticket=view, why_not="no"), KEYS, 50, height)
        assert len(rows) == height
        assert "max loss" in said(rows)
        assert "more checks say no" in said(rows)


def test_all_that_fails_is_told_where_there_is_room() -> None:
    checks = (check("a", "first", passed=False), check(), check("b", "second", passed=False))
    assert [text(row).strip() for row in failing_rows(checks, 50, 4)] == ["NO first [a]", "NO second [b]"]


def test_marks_on_the_ladder_add_up_what_remains_at_a_price() -> None:
    rows = [order(1, remaining=Size(700)), order(2, remaining=Size(50)), order(3, side="ask", remaining=Size(100))]
    assert own_marks(rows) == {5500: ("B7.50 S1", "ask strong")}


@pytest.mark.parametrize(("size", "row"), [(1000, 5400), (-1000, 4600), (0, None)])
def test_the_average_stands_on_the_yes_axis(size: int, row: int | None) -> None:
    held = position(size=Size(size), average=Money(543_200))
    assert average_row(held, axis_of(CENTS)) == row
    assert average_row(None, axis_of(CENTS)) is None
    assert average_row(held, axis_of(((Price(0), Price(0), Price(0)),))) is None

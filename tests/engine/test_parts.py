"""The small parts of the engine: who needs what, what is published, what is asked when."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from kalshi_tui.engine.board import Board
from kalshi_tui.engine.lag import LagMeter
from kalshi_tui.engine.needs import Needs
from kalshi_tui.engine.notices import Notices
from kalshi_tui.engine.questions import Question, Questions, next_page, request_of
from kalshi_tui.engine.rules import Rules
from kalshi_tui.link.keys import LadderKey, NoticesKey
from kalshi_tui.link.views import NoticesView

TICKERS = ("A", "B", "C", "D")


# Needs


def test_a_market_that_one_needs_is_followed_and_another_owner_changes_nothing() -> None:
    needs = Needs(30_000)
    needs.set("one", ["A"], 0)
    needs.set("two", ["A", "B"], 0)
    assert needs.changes(0) == (["A", "B"], [])
    needs.set("one", [], 1)
    assert needs.changes(100_000) == ([], [])


def test_a_market_is_followed_a_while_longer_than_it_is_needed() -> None:
    needs = Needs(30_000)
    needs.set("one", ["A"], 0)
    needs.changes(0)
    needs.set("one", [], 1_000)
    assert needs.changes(30_999) == ([], [])
    assert needs.is_followed("A")
    assert needs.changes(31_000) == ([], ["A"])
    assert not needs.is_followed("A")


def test_a_market_that_is_needed_again_in_time_is_not_left() -> None:
    needs = Needs(30_000)
    needs.set("one", ["A"], 0)
    needs.changes(0)
    needs.set("one", [], 1_000)
    needs.set("two", ["A"], 20_000)
    assert needs.changes(90_000) == ([], [])


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.lists(st.sampled_from(TICKERS))), max_size=40))
def test_what_was_told_to_follow_and_to_leave_adds_up_to_what_is_needed(
    steps: list[tuple[str, list[str]]],
) -> None:
    needs, owned, followed = Needs(0), {}, set[str]()
    for at_ms, (owner, tickers) in enumerate(steps):
        needs.set(owner, tickers, at_ms)
        owned[owner] = set(tickers)
        new, gone = needs.changes(at_ms)
        assert not followed & set(new)
        followed |= set(new)
        assert set(gone) <= followed
        followed -= set(gone)
        assert followed == set().union(*owned.values())


# Board


def test_a_view_that_says_the_same_is_not_published_again() -> None:
    board = Board()
    board.publish(NoticesKey(), NoticesView(1, ()))
    first = board.shown(NoticesKey())
    board.publish(NoticesKey(), NoticesView(1, ()))
    assert board.shown(NoticesKey()) == first
    assert board.published == 1


def test_the_digest_tells_what_was_published_under_which_key_and_in_which_order() -> None:
    digests = set()
    for keys in ((1, 2), (2, 1), (1,)):
        board = Board()
        for count in keys:
            board.publish(NoticesKey(count), NoticesView(count, ()))
        digests.add(board.digest())
    assert len(digests) == 3


def test_a_version_grows_also_over_a_forgotten_view() -> None:
    board = Board()
    board.publish(NoticesKey(), NoticesView(1, ()))
    board.forget(NoticesKey())
    assert board.shown(NoticesKey()) is None
    board.publish(NoticesKey(), NoticesView(1, ()))
    shown = board.shown(NoticesKey())
    assert shown is not None
    assert shown[0] == 2


# Notices


def test_notices_are_numbered_bounded_and_newest_first() -> None:
    notices = Notices()
    for number in range(1_000):
        notices.tell(number * 5_000, f"words {number}")
    view = notices.view(3)
    assert view.total == 1_000
    assert [notice.words for notice in view.rows] == ["words 999", "words 998", "words 997"]
    assert len(notices.view(10_000).rows) == 500


def test_the_same_words_again_within_a_second_are_one_notice() -> None:
    notices = Notices()
    for at_ms in (0, 999, 1_999):
        notices.tell(at_ms, "the stream is away")
    assert notices.total == 2


def test_a_notice_cannot_drive_a_terminal() -> None:
    notices = Notices()
    notices.tell(0, "a\x1b]52;c;x\x07b")
    assert "\x1b" not in notices.view(1).rows[0].words


# Questions

RULES = Rules()


def names(questions: list[Question]) -> list[str]:
    return [question.endpoint for question in questions]


def test_everything_is_read_once_at_first_and_then_at_its_own_pace() -> None:
    asking = Questions(RULES)
    first = asking.due(0)
    assert names(first) == ["series", "events", "events", "fee_changes", "status"]
    for question in first:
        asking.answered(question, b"{}", 0)
    assert asking.has_read
    (then,) = asking.due(0)
    asking.answered(then, b"{}", 0)
    assert names(asking.due(9_999)) == []
    (status,) = asking.due(10_000)
    assert status == Question("status")
    asking.answered(status, b"{}", 10_000)
    assert names(asking.due(60_000)) == ["status", "updated"]
    assert names(asking.due(600_000)) == ["series", "events", "events", "fee_changes"]


def test_nothing_is_asked_twice_before_it_is_answered() -> None:
    asking = Questions(RULES)
    assert asking.due(0)
    assert asking.due(1) == []


def test_coming_fees_of_events_are_asked_for_after_those_of_series() -> None:
    asking = Questions(RULES)
    fees = next(question for question in asking.due(0) if question.endpoint == "fee_changes")
    asking.answered(fees, b"{}", 0)
    assert asking.due(0) == [Question("event_fee_changes")]
    asking.answered(Question("event_fee_changes"), b'{"cursor":"x"}', 0)
    assert asking.due(0) == [Question("event_fee_changes", "|x")]
    asking.answered(Question("event_fee_changes", "|x"), b"{}", 0)
    assert asking.due(0) == []


def test_a_list_goes_on_until_its_last_page() -> None:
    asking = Questions(RULES)
    first = [question for question in asking.due(0) if question.endpoint == "events"]
    assert not asking.answered(first[0], b'{"cursor":"x"}', 0)
    assert asking.is_reading()
    (page,) = asking.due(0)
    assert page == Question("events", f"{first[0].argument}|x")
    asking.answered(first[1], b"{}", 0)
    assert not asking.has_read
    assert asking.answered(page, b'{"cursor":""}', 0)
    assert asking.has_read


def test_a_question_that_failed_is_asked_again_after_longer_and_longer() -> None:
    asking, now_ms, pauses = Questions(Rules(recheck_ms=60_000)), 0, []
    for _ in range(4):
        status = next(question for question in asking.due(now_ms) if question.endpoint == "status")
        asking.failed(status, now_ms)
        begun = now_ms
        while "status" not in names(asking.due(now_ms)):
            now_ms += 100
        pauses.append(now_ms - begun)
        asking.failed(Question("status"), now_ms)
        now_ms += 60_000
    assert pauses == sorted(pauses)
    assert pauses[0] < pauses[-1] <= 60_000


def test_a_market_that_must_be_read_anew_is_asked_for_until_it_was() -> None:
    asking = Questions(RULES)
    for question in asking.due(0):
        asking.answered(question, b"{}", 0)
    asking.read_anew(["A", "B"], 0)
    asked = [question for question in asking.due(1) if question.endpoint == "markets"]
    assert asked == [Question("markets", "A,B")]
    asking.failed(asked[0], 1)
    assert "markets" not in names(asking.due(2))
    again = [question for question in asking.due(10_000) if question.endpoint == "markets"]
    assert again == asked
    asking.answered(again[0], b"{}", 10_000)
    assert "markets" not in names(asking.due(60_000))


def test_what_was_updated_before_a_reading_that_failed_is_asked_for_by_the_next_one() -> None:
    asking = Questions(RULES)
    for question in asking.due(0):
        asking.answered(question, b"{}", 0)
    failing = next(question for question in asking.due(60_000) if question.endpoint == "updated")
    asking.answered(failing, b'{"cursor":"x"}', 60_100)
    (page,) = (question for question in asking.due(60_100) if question.endpoint == "updated")
    asking.failed(page, 60_200)
    again = next(question for question in asking.due(70_000) if question.endpoint == "updated")
    assert again == failing
    asking.answered(again, b"{}", 70_100)
    later = next(question for question in asking.due(200_000) if question.endpoint == "updated")
    assert later == Question("updated", "69")


def test_a_market_whose_name_would_be_asked_for_as_two_others_is_not_asked_for_on_and_on() -> None:
    asking = Questions(RULES)
    asking.read_anew(["A,B", "", "C"], 0)
    assert [question.argument for question in asking.due(0) if question.endpoint == "markets"] == ["C"]


def test_a_series_that_is_named_twice_is_read_once_and_the_list_becomes_whole() -> None:
    asking = Questions(Rules(series=("KXFED", "KXFED")))
    for question in asking.due(0):
        asking.answered(question, b"{}", 0)
    assert asking.has_read


def test_a_stream_that_comes_and_goes_does_not_make_us_read_everything_each_time() -> None:
    asking = Questions(RULES)
    for question in asking.due(0):
        asking.answered(question, b"{}", 0)
    asking.read_all(1_000)
    assert "events" not in names(asking.due(29_999))
    assert "events" in names(asking.due(30_000))


def test_books_are_polled_in_parts_and_no_faster_than_allowed() -> None:
    asking = Questions(RULES)
    tickers = [f"T{number}" for number in range(150)]
    first = asking.poll(tickers, 10_000)
    assert [len(question.argument.split(",")) for question in first] == [100, 50]
    assert asking.poll(tickers, 60_000) == []  # they are still being asked
    for question in first:
        asking.answered(question, b"{}", 10_100)
    assert asking.poll(tickers, 11_999) == []
    assert len(asking.poll(tickers, 12_000)) == 2


def test_each_question_is_a_request_whose_body_comes_back_as_it_is() -> None:
    asking = Questions(Rules(series=("KXFED",)))
    asking.read_anew(["A"], 0)
    asking.read_events_anew(["E"], 0)
    questions = [*asking.due(0), *asking.poll(["A"], 10_000), Question("updated", "17|c")]
    paths = {request_of(question).target for question in questions}
    assert {request_of(question).read(b"raw") for question in questions} == {b"raw"}
    assert "/trade-api/v2/exchange/status" in paths
    assert any("series_ticker=KXFED" in path and "status=open" in path for path in paths)
    assert any("min_updated_ts=17" in path and "cursor=c" in path for path in paths)


def test_a_body_without_a_cursor_ends_its_list_whatever_it_is() -> None:
    assert [next_page(body) for body in (b"{}", b"nonsense", b"[]", b'{"cursor":null}', b'{"cursor":"n"}')] == [
        *[""] * 4,
        "n",
    ]


# Lag


class StutteringClock:
    """A clock on which each sleep takes longer than it should."""

    def __init__(self, late_s: list[float]) -> None:
        self.now = 0.0
        self._late_s = late_s

    def now_ms(self) -> int:
        return int(self.now * 1000)

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        if not self._late_s:
            raise asyncio.CancelledError
        self.now += seconds + self._late_s.pop(0)


def test_lag_is_how_late_the_loop_woke() -> None:
    meter = LagMeter(StutteringClock([0.001] * 98 + [0.05, 0.2]))
    with suppress(asyncio.CancelledError):
        asyncio.run(meter.run())
    lag = meter.lag()
    assert (lag.p50_ms, lag.p99_ms, lag.worst_ms) == (1.0, 200.0, 200.0)


def test_keys_of_the_same_view_are_one() -> None:
    assert {LadderKey("A"), LadderKey("A"), LadderKey("B")} == {LadderKey("A"), LadderKey("B")}

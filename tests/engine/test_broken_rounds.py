"""A list that is read in parts is read when every part came: one that failed makes no whole of the others."""

from __future__ import annotations

from kalshi_tui.engine.questions import Question, Questions
from kalshi_tui.engine.rules import Rules

SECOND = 1_000


def first_round() -> tuple[Questions, Question, Question]:
    """Return questions of which everything is answered but the two parts of the list."""
    asking = Questions(Rules())
    parts = []
    for question in asking.due(0):
        if question.endpoint == "events":
            parts.append(question)
        else:
            asking.answered(question, b"{}", 0)
    opened, unopened = parts
    return asking, opened, unopened


def lists(asking: Questions, now_ms: int) -> list[Question]:
    return [question for question in asking.due(now_ms) if question.endpoint == "events"]


def test_a_list_of_which_a_part_failed_is_not_read_and_is_asked_for_again_soon() -> None:
    asking, opened, unopened = first_round()
    asking.failed(opened, 0)
    assert not asking.is_reading()
    asking.answered(unopened, b"{}", 100)
    assert not asking.has_read
    assert lists(asking, SECOND) == [opened, unopened]
    assert asking.is_reading()


def test_a_list_is_not_asked_for_again_while_a_part_of_it_is_still_under_way() -> None:
    asking, opened, unopened = first_round()
    asking.failed(opened, 0)
    assert lists(asking, 5 * SECOND) == []
    asking.failed(unopened, 5 * SECOND)
    assert lists(asking, 5 * SECOND) == []
    assert lists(asking, 7 * SECOND) == [opened, unopened]


def test_a_part_that_fails_last_leaves_the_list_unread_all_the_same() -> None:
    asking, opened, unopened = first_round()
    asking.answered(opened, b"{}", 0)
    asking.failed(unopened, 0)
    assert not asking.has_read
    assert lists(asking, SECOND) == [opened, unopened]


def test_a_round_that_succeeds_after_a_broken_one_is_whole() -> None:
    asking, opened, unopened = first_round()
    asking.failed(opened, 0)
    asking.answered(unopened, b"{}", 0)
    for part in lists(asking, SECOND):
        asking.answered(part, b"{}", SECOND)
    assert asking.has_read
    assert lists(asking, 60 * SECOND) == []

"""What fires and what does not: slips, held keys, pasted texts and old glances send nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalshi_tui.tui.trigger import BURST, BURST_KEYS, BURST_S, DEAD_S, HELD_S, NEVER, REPEAT_S, Shot, Trigger

SHOT = Shot(7, "token-7")
FIRE = "f9"


def ready(at: float = 10.0) -> Trigger:
    trigger = Trigger(0.0)
    trigger.show("these numbers", at)
    return trigger


def press(trigger: Trigger, at: float, shot: Shot = SHOT, key: str = FIRE) -> str:
    trigger.hear(key, at)
    return trigger.pull(key, shot, at)


def test_one_press_fires_once_a_moment_later() -> None:
    trigger = ready()
    assert press(trigger, 10.3) == ""
    assert trigger.due(10.3 + BURST_S / 2) is None
    assert trigger.due(10.32) == SHOT
    assert trigger.due(10.33) is None


@pytest.mark.parametrize("after", [0.0, 0.1, 0.249])
def test_nothing_fires_in_the_first_quarter_of_a_second(after: float) -> None:
    trigger = ready()
    assert "too early" in press(trigger, 10.0 + after)
    assert trigger.due(11.0) is None


def test_other_numbers_have_to_be_read_first_and_the_same_ones_do_not() -> None:
    trigger = ready()
    trigger.show("these numbers", 20.0)
    assert press(trigger, 20.1) == ""
    trigger = ready()
    trigger.show("other numbers", 20.0)
    assert "too early" in press(trigger, 20.1)


def test_a_panel_that_was_out_of_sight_has_to_be_looked_at_anew() -> None:
    trigger = ready()
    trigger.reset(20.0)
    assert "too early" in press(trigger, 20.2)
    trigger.hide()
    trigger.show("these numbers", 30.0)
    assert "too early" in press(trigger, 30.2)


def test_what_goes_out_of_sight_while_the_key_is_held_back_is_not_fired() -> None:
    trigger = ready()
    assert press(trigger, 10.5) == ""
    trigger.reset(10.505)
    assert trigger.due(10.6) is None


def test_a_ticket_is_fired_once_for_ever() -> None:
    trigger = ready()
    press(trigger, 10.5)
    assert press(trigger, 10.6) == "it was fired already"
    trigger.due(10.7)
    for at in (12.0, 100.0, 10_000.0):
        assert press(trigger, at) == "it was fired already"
    assert trigger.has_fired(7)
    assert press(trigger, 20_000.0, Shot(8, "token-8")) == ""


def test_a_key_that_repeats_itself_does_not_fire() -> None:
    trigger = ready()
    trigger.hear(FIRE, 10.40)
    assert "held down" in press(trigger, 10.40 + REPEAT_S - 0.001)
    assert press(trigger, 12.0) == ""


def test_a_key_that_is_held_from_before_the_panel_came_never_fires() -> None:
    for delay in (0.25, 0.3, 0.5, 0.7):
        trigger = Trigger(0.0)
        trigger.hear(FIRE, 9.95)
        trigger.show("these numbers", 10.0)
        at = 9.95 + delay
        while at < 15.0:
            assert press(trigger, at) != ""
            assert trigger.due(at + 0.02) is None
            at += 0.033
        assert press(trigger, at + HELD_S) == ""


def test_a_key_that_came_too_early_fires_once_it_was_let_go_for_a_second() -> None:
    trigger = ready()
    press(trigger, 10.1)
    assert "may still be held" in press(trigger, 10.6)
    assert press(trigger, 10.6 + HELD_S) == ""


@pytest.mark.parametrize("place", [0, 1, 2])
def test_nothing_of_a_burst_fires_wherever_the_key_stands_in_it(place: int) -> None:
    trigger, text = ready(), ["a", "b", "c"]
    text[place] = FIRE
    said = []
    for number, key in enumerate(text):
        at = 10.5 + 0.004 * number
        trigger.hear(key, at)
        if key == FIRE:
            said.append(trigger.pull(key, SHOT, at))
    said.append(str(trigger.due(10.6) or ""))
    assert BURST in said
    assert not trigger.has_fired(7)


@pytest.mark.parametrize("late", [0.02, 0.09, 0.24])
@pytest.mark.parametrize("behind", [0, 1, 200])
def test_a_text_is_a_burst_though_its_keys_are_worked_upon_long_after_they_came(behind: int, late: float) -> None:
    """A slow machine hears all of a pasted text before the first key's action is done."""
    trigger, at = ready(), 10.5
    for key in ["y"] * 200 + [FIRE] + ["y"] * behind:
        at += 0.0001
        trigger.hear(key, at)
    assert trigger.pull(FIRE, SHOT, at + late) == BURST
    assert trigger.due(at + late + 1.0) is None
    assert not trigger.has_fired(7)


def test_a_text_that_begins_with_the_key_is_a_burst_though_it_is_worked_upon_late() -> None:
    trigger = ready()
    for number, key in enumerate([FIRE, *"y" * 400, *"z" * 400]):
        trigger.hear(key, 10.5 + 0.0001 * number)
    trigger.hear("a", 10.7)  # and what comes behind it does not push it out of memory
    assert trigger.pull(FIRE, SHOT, 10.75) == BURST


def test_two_keys_at_once_are_no_burst() -> None:
    trigger = ready()
    trigger.hear("a", 10.5)
    assert press(trigger, 10.501) == ""
    assert trigger.due(10.6) == SHOT


@pytest.mark.parametrize("key", sorted(NEVER))
def test_keys_that_are_leant_on_never_fire(key: str) -> None:
    assert press(ready(), 10.5, key=key) == "only the keys that fire do"


def test_what_does_not_come_from_a_key_does_not_fire() -> None:
    assert ready().pull("", SHOT, 10.5) == "only the keys that fire do"
    assert ready().pull(FIRE, SHOT, 10.5) == "only the keys that fire do"


KEYS = st.sampled_from([FIRE, "a", "1", "enter", "space"])
GAPS = st.floats(0.0, 1.5)


@given(st.lists(st.tuples(KEYS, GAPS), max_size=60))
def test_whatever_is_pressed_a_shot_was_meant(events: list[tuple[str, float]]) -> None:
    """An oracle of its own: for each shot there is one press that was late enough, alone, and no repetition."""
    trigger, at, heard, shots = ready(0.0), 0.0, [], 0
    for key, gap in events:
        due = trigger.due(at + gap)  # a tick before the next key is handled
        shots += isinstance(due, Shot)
        at += gap
        trigger.hear(key, at)
        heard.append((key, at))
        if key != "a":  # which is bound to nothing
            trigger.pull(key, SHOT, at)
    shots += isinstance(trigger.due(at + 1.0), Shot)
    presses = [when for key, when in heard if key == FIRE]
    meant = [
        when
        for number, when in enumerate(presses)
        if when >= DEAD_S
        and not (number and when - presses[number - 1] < REPEAT_S)
        and not any(
            last - first <= BURST_S and first <= when <= last
            for (_, first), (_, last) in zip(heard, heard[BURST_KEYS - 1 :], strict=False)
        )
    ]
    assert shots <= min(len(meant), 1)


@given(st.lists(st.floats(0.0, REPEAT_S * 0.99), min_size=5, max_size=200))
def test_a_key_that_is_held_from_before_fires_nothing_at_any_rate(gaps: list[float]) -> None:
    trigger, at = ready(0.0), 0.01
    for gap in gaps:
        press(trigger, at)
        at += gap
        assert not isinstance(trigger.due(at), Shot)

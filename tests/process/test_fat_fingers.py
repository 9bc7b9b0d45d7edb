"""Slips at a real terminal: whatever a hand does that was not meant, the exchange's own list has no order for it.

Each test ends with an order that is meant. It goes the same way as the slips did, so that nothing of theirs can come
after it, and no test passes because nothing works.
"""

from __future__ import annotations

import os
import random
import re
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kalshi_tui.core.units import Price, Size
from kalshi_tui.tui.actions import ACTIONS
from tests.process.fingers import (
    ENTER,
    ESCAPE,
    F6,
    F9,
    LET_GO_S,
    READ,
    READ_S,
    Exchange,
    Hand,
    an_exchange,
)
from tests.process.home import Home, Window

MEANT = [("bid", 100)]
"""One order of one contract: what a test means to send, and all that may be sent."""
KEYS = sorted({key for action in ACTIONS for key in action.keys.split(",")})
NAMED = {
    "enter": ENTER, "space": " ", "f9": F9, "f6": F6, "exclamation_mark": "!", "full_stop": ".", "slash": "/",
    "plus": "+", "minus": "-", "equals_sign": "=", "question_mark": "?", "left_square_bracket": "[",
    "right_square_bracket": "]", "up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D", "tab": "\t",
    "f5": "\x1b[15~",
}  # fmt: skip
HOT = [NAMED.get(key, key) for key in KEYS if key in NAMED or len(key) == 1]
"""Every key that a text may hold; those that quit and kill are no slips into an order."""
LEAST, MOST = 40, 200
LISTED = re.compile(r"Above 3\.75% +0\.\d\d +0\.\d\d .* live")


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    with tempfile.TemporaryDirectory(prefix="kt-") as folder:
        yield Home(Path(folder))


@pytest.fixture(scope="module")
def exchange(home: Home) -> Iterator[Exchange]:
    with an_exchange(home) as exchange:
        yield exchange


@pytest.fixture(scope="module")
def window(home: Home, exchange: Exchange) -> Iterator[Window]:
    with Window(home, "--ready-file", str(exchange.ready)) as window:
        window.until(lambda text: LISTED.search(text) and "DISARMED" in text)
        window.type("g" + ENTER)
        window.until(lambda text: "Enter stage" in text)
        yield window
    for mode in ("live", "observe"):
        home.run("--ready-file", str(exchange.ready), "--mode", mode, "engine", "stop", "--force")


@pytest.fixture
def hand(window: Window, exchange: Exchange) -> Hand:
    hand = Hand(window, exchange)
    hand.begin()
    return hand


def pasted(seed: int) -> str:
    """Return 200 characters and more with every hot key in them, in an order of chance."""
    dice = random.Random(seed)
    keys = HOT + dice.choices(HOT, k=MOST - len(HOT))
    dice.shuffle(keys)
    return "".join(keys)


def test_a_pasted_text_has_every_hot_key() -> None:
    assert len(HOT) >= LEAST
    assert all(key in pasted(1) for key in ("x", "!", F9, ENTER, "q", "z", "1", "5"))
    assert len(pasted(1)) >= MOST


@pytest.mark.parametrize("key", [F9, "!"], ids=["F9", "mark"])
def test_the_key_that_fires_a_ticket_fires_it_once_however_long_it_is_held_and_no_other(hand: Hand, key: str) -> None:
    hand.opens()
    hand.holds(key, 3.0)
    hand.sees("RESTING: 1 at")
    assert hand.sent() == MEANT
    hand.window.type(ESCAPE)
    hand.watches(0.15)
    hand.window.type("q")  # another ticket, while the key is held on
    hand.holds_on(key, 0.7)
    hand.sees("not fired:")
    assert hand.sent() == MEANT
    hand.does_what_is_meant()
    assert hand.sent() == MEANT * 2


def test_x_that_is_held_stages_and_sends_nothing(hand: Hand) -> None:
    hand.holds("x", 3.0)
    hand.sees("ticket ")
    hand.does_what_is_meant()
    assert hand.sent() == MEANT


def test_enter_leaned_on_stages_and_sends_nothing(hand: Hand) -> None:
    hand.window.type("jjj")
    hand.holds(ENTER, 3.0)
    hand.sees("ticket ")
    hand.does_what_is_meant()
    assert hand.sent() == MEANT


def test_digits_that_are_held_edit_and_the_fire_key_amid_them_sends_nothing(hand: Hand) -> None:
    hand.opens()
    for digit in "12345":
        hand.holds_on(digit, 0.6)
        hand.window.type(F9)
    hand.does_what_is_meant()
    assert hand.sent() == MEANT


def test_a_paste_that_the_window_does_not_mark_sends_nothing(hand: Hand) -> None:
    hand.window.type(pasted(1))  # on the ladder
    hand.come_back()
    hand.opens()
    hand.window.type("y" * MOST + "!" + "y" * MOST)  # on a ticket that was read; y does nothing there
    hand.sees("not fired:")
    hand.window.type(pasted(2))
    hand.does_what_is_meant()
    assert hand.sent() == MEANT


def test_a_paste_that_the_window_marks_does_nothing(hand: Hand) -> None:
    hand.opens()
    printable = "".join(key for key in pasted(7) if key.isprintable())
    hand.window.type(f"\x1b[200~{printable}{ENTER}\x1b[201~")
    hand.sees("pasted text does nothing here")
    hand.window.type(F9)  # it has to be looked at anew
    hand.sees("not fired:")
    hand.window.type(f"\x1b[200~{pasted(8)}\x1b[201~")  # with keys in it that break the mark
    hand.does_what_is_meant()
    assert hand.sent() == MEANT


def test_what_is_typed_in_a_field_sends_nothing_though_a_ticket_is_open(hand: Hand) -> None:
    hand.opens()
    hand.window.type("/")
    hand.sees("Enter keep")
    hand.presses(["x", "!", "q", F9, "1", "z", F6, "!", "e", ENTER], 0.05)
    hand.does_what_is_meant()
    assert hand.sent() == MEANT


def test_a_double_press_fires_once(hand: Hand) -> None:
    hand.opens()
    hand.presses([F9, F9, "!", F9], 0.15)
    hand.sees("RESTING: 1 at")
    assert hand.sent() == MEANT
    hand.does_what_is_meant()
    assert hand.sent() == MEANT * 2


def test_a_key_that_bounces_fires_at_most_once(hand: Hand) -> None:
    hand.opens()
    hand.window.type(F9 + F9)
    hand.sees_any("RESTING: 1 at", "not fired:")
    hand.does_what_is_meant()
    assert hand.sent() in (MEANT, MEANT * 2)


def test_a_ticket_whose_time_is_over_sends_nothing(hand: Hand) -> None:
    hand.opens()
    hand.sees("EXPIRED")
    hand.presses([F9, "!", F9], 0.1)
    assert hand.sent() == []
    hand.does_what_is_meant()
    assert hand.sent() == MEANT


def test_a_ticket_that_the_market_has_moved_away_from_sends_nothing(hand: Hand) -> None:
    hand.opens("x")
    ticker = market_of(hand.window.text)
    ask = hand.exchange.market(ticker).yes_ask
    assert ask is not None
    hand.exchange.buy(ticker, Price(ask + 100), Size(8_000), "mover")
    hand.window.type(F9)  # at once, whatever the screen knows by now
    hand.sees_any("Cannot be fired", "NOT FIRED")
    hand.presses([F9, "!"], 0.1)
    assert hand.sent() == []
    hand.come_back()
    hand.opens("x", LET_GO_S)
    hand.fires()
    assert hand.sent() == MEANT


def market_of(text: str) -> str:
    found = re.search(r"KX\w+-\w+-[\w.]+", text)
    assert found
    return found[0]


def test_disarmed_sends_nothing(hand: Hand) -> None:
    hand.opens()
    hand.window.type("\x04")
    hand.sees("DISARMED", "Cannot be fired")
    hand.presses([F9, "!"], 0.1)
    hand.does_what_is_meant()
    assert hand.sent() == MEANT


def test_on_a_stale_book_nothing_is_sent(hand: Hand) -> None:
    hand.opens()
    os.kill(hand.exchange.process.pid, signal.SIGSTOP)
    try:
        hand.sees("Cannot be fired")
        hand.presses([F9, "!", F9], 0.1)
    finally:
        os.kill(hand.exchange.process.pid, signal.SIGCONT)
    hand.does_what_is_meant()
    assert hand.sent() == MEANT


def test_a_window_of_one_cell_and_back_has_to_be_read_anew(hand: Hand) -> None:
    hand.opens()
    hand.window.resize(1, 1)
    hand.sees_the_size(1)
    hand.window.type(F9)
    hand.watches(0.1)
    hand.window.resize(160, 50)
    hand.window.type(F9)  # before anything of it is drawn again
    hand.sees(READ)
    hand.window.type(F9)  # and as soon as it is
    hand.sees("not fired:")
    assert hand.sent() == []
    hand.window.type("r")  # its time begins anew; the key is let go of meanwhile
    hand.looks(1.2)
    hand.fires()
    assert hand.sent() == MEANT


def test_where_the_engine_only_observes_nothing_is_sent(home: Home, hand: Hand) -> None:
    with Window(home, "--ready-file", str(hand.exchange.ready), "--mode", "observe") as other:
        other.until(lambda text: LISTED.search(text) and "OBSERVING" in text)
        watcher = Hand(other, hand.exchange)
        other.type("g" + ENTER)
        watcher.sees("Enter stage")
        other.type("\x01")
        for key in ("x", "q"):
            other.type(key)
            watcher.watches(READ_S)
            watcher.presses([F9, "!", ENTER], 0.1)
            other.type(ESCAPE)
            watcher.watches(0.15)
        assert "OBSERVING" in other.text
    hand.does_what_is_meant()
    assert hand.sent() == MEANT


def test_killed_nothing_is_sent_until_the_kill_is_lifted(home: Home, hand: Hand) -> None:
    hand.opens()
    hand.fires()
    hand.come_back()
    hand.opens("w")
    assert home.run("--ready-file", str(hand.exchange.ready), "kill").returncode == 0
    hand.sees("KILLED")
    hand.presses([F9, "!"], 0.1)
    hand.come_back()
    hand.window.type("\x01")
    for key in ("x", "q"):
        hand.window.type(key)
        hand.watches(READ_S)
        hand.presses([F9, "!", ENTER], 0.1)
        hand.window.type(ESCAPE)
        hand.watches(0.15)
    assert hand.sent() == MEANT
    hand.come_back()
    hand.window.type("\x12")
    hand.sees("LIFT THE KILL")
    hand.window.type("lift the kill" + ENTER)
    hand.sees("DISARMED")
    hand.does_what_is_meant()
    assert hand.sent() == MEANT * 2

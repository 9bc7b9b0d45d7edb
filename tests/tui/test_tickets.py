"""From a key on the ladder to a ticket, and from the ticket to one order: over the real link, with a played engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace
from textual import events

from kalshi_tui.core.units import Money, Price, Size
from kalshi_tui.errors import LocalProtocolError
from kalshi_tui.link.trading import Draft, Drop, Fire, Fired, Stage, TicketView
from kalshi_tui.tui.app import Terminal
from tests.tui.desk import NOW_MS, TICKER, HandClock, ladder, market, press, settle, terminal
from tests.tui.played import (
    PASSED,
    Desk,
    at_desk,
    check,
    order,
    orders,
    played,
    position,
    positions,
    ticket,
    trading,
)


def denied(*words: str) -> Callable[[TicketView], TicketView]:
    failing = tuple(check(f"code.{number}", word, passed=False) for number, word in enumerate(words))
    return lambda view: replace(view, may_fire=False, checks=(*failing, *PASSED))


@pytest.mark.parametrize(
    ("key", "draft"),
    [
        ("q", Draft(TICKER, "bid", Price(5600), Size(100), post_only=True)),
        ("w", Draft(TICKER, "ask", Price(5800), Size(100), post_only=True)),
        ("x", Draft(TICKER, "bid", Price(5800), Size(100), time_in_force="immediate_or_cancel")),
        ("z", Draft(TICKER, "ask", Price(5600), Size(100), time_in_force="immediate_or_cancel")),
    ],
)
async def test_a_key_on_the_ladder_stages_what_it_says_and_sends_nothing(key: str, draft: Draft) -> None:
    async with at_desk() as desk:
        await desk.keys(key)
        assert (desk.staged, desk.fired) == ([draft], [])
        assert desk.app.focused is desk.app.desk.ticket
        assert "ticket 1" in desk.panel


async def test_enter_stages_at_the_cursor_what_would_rest_there_or_what_left_and_right_say() -> None:
    async with at_desk() as desk:
        await desk.keys("down", "down", "enter", "escape")
        await desk.keys("up", "up", "up", "enter", "escape")
        await desk.keys("left", "enter")
        assert [(draft.side, draft.price) for draft in desk.staged] == [("bid", 5500), ("ask", 5800), ("bid", 5800)]


async def test_sizes_come_from_five_keys_and_from_plus_and_minus() -> None:
    async with at_desk() as desk:
        for keys, size in ((["3"], 1000), (["2", "plus"], 600), (["1", "minus"], 100), (["5", "minus"], 9900)):
            await desk.keys(*keys)
            assert desk.app.desk.ladder.order_size == size
        await desk.keys("q")
        assert desk.staged[-1].size == 9900


async def test_without_a_cursor_or_a_side_it_is_said_and_nothing_is_staged() -> None:
    async with at_desk(ladder(asks=(), ask_levels=0)) as desk:
        await desk.keys("enter")
        assert "no price is under the cursor" in desk.bar
        await desk.keys("x")
        assert f"nobody asks in {TICKER}" in desk.bar
        assert desk.staged == []


async def test_f9_or_the_exclamation_mark_fires_the_ticket_once() -> None:
    for key in ("f9", "!"):
        async with at_desk() as desk:
            await desk.keys("q", key)
            assert desk.fired == [Fire(1, "token-1")]
            await desk.keys(key, key, key, after=2.0)
            assert len(desk.fired) == 1


async def test_enter_space_digits_arrows_and_letters_never_fire() -> None:
    async with at_desk() as desk:
        await desk.keys("q")
        await desk.keys("enter", "space", "enter", "5", "up", "right", "y", "enter", "a", after=1.5)
        assert desk.fired == []


async def test_nothing_fires_in_the_first_quarter_of_a_second() -> None:
    async with at_desk() as desk:
        await desk.keys("q")
        await desk.keys("f9", after=0.1)
        assert desk.fired == []
        assert "too early" in desk.panel
        await desk.keys("f9", after=1.1)
        assert len(desk.fired) == 1


async def test_an_edit_makes_another_ticket_and_has_to_be_read_before_it_fires() -> None:
    async with at_desk() as desk:
        await desk.keys("q", "right")
        await desk.keys("f9", after=0.1)
        assert desk.fired == []
        await desk.keys("f9", after=1.1)
        assert desk.fired == [Fire(2, "token-2")]
        assert desk.engine.asked_of(Drop) == [Drop(1)]


async def test_keys_that_come_at_once_fire_nothing_as_pasted_text_does() -> None:
    async with at_desk() as desk:
        await desk.keys("q")
        desk.clock.seconds += 1.0
        await press(desk.pilot, "!", "b", "y", "!", at_once=True)
        await desk.wait(0.1)
        assert desk.fired == []


async def test_a_pasted_text_does_nothing_and_is_said() -> None:
    async with at_desk() as desk:
        await desk.keys("q")
        desk.clock.seconds += 1.0
        desk.app.post_message(events.Paste("b y ! y\n!"))
        await settle(desk.pilot)
        await desk.keys("f9", after=0.1)
        assert desk.fired == []
        assert "pasted text does nothing here" in desk.bar


async def test_holding_the_key_for_five_seconds_from_before_the_ticket_came_sends_nothing() -> None:
    async with at_desk() as desk:
        await desk.keys("q", "escape", "f9")
        await press(desk.pilot, "q")
        for _ in range(150):
            desk.clock.seconds += 0.033
            await press(desk.pilot, "f9")
        await desk.wait(0.1)
        assert desk.fired == []


async def test_a_click_or_an_action_that_no_key_asked_for_fires_nothing() -> None:
    async with at_desk() as desk:
        await desk.keys("q")
        await desk.wait(1.0)
        await desk.app.run_action("fire", desk.app.desk)
        await desk.pilot.click("#ticket", offset=(5, 30))
        await desk.wait(0.1)
        assert desk.fired == []


async def test_after_the_keys_were_elsewhere_the_ticket_has_to_be_looked_at_anew() -> None:
    async with at_desk() as desk:
        await desk.keys("q", "tab", "shift+tab")
        await desk.keys("f9", after=0.1)
        assert desk.fired == []
        await desk.keys("question_mark", "escape")
        await desk.keys("f9", after=1.1)
        assert len(desk.fired) == 1


async def test_digits_and_arrows_edit_it_by_the_grid_of_the_market() -> None:
    grid = ((Price(0), Price(1_000), Price(10)), (Price(1_000), Price(10_000), Price(100)))
    levels = ((Price(1_000), Size(5_000)),)
    async with at_desk(market(grid=grid), ladder(bids=levels)) as desk:
        await desk.keys("q", "2", "5", "backspace", "full_stop", "5")
        assert [draft.size for draft in desk.staged] == [100, 200, 2500, 200, 200, 250]
        await desk.keys("plus", "minus", "left", "right")
        assert [draft.size for draft in desk.staged[-4:]] == [350, 250, 150, 250]
        await desk.keys("up", "down", "down")
        assert [draft.price for draft in desk.staged[-3:]] == [1_100, 1_000, 990]
        await desk.keys("p", "t", "t")
        assert [(draft.post_only, draft.time_in_force) for draft in desk.staged[-3:]] == [
            (False, "good_till_canceled"),
            (False, "immediate_or_cancel"),
            (False, "fill_or_kill"),
        ]
        assert desk.fired == []


async def test_a_size_of_nothing_is_not_staged() -> None:
    async with at_desk() as desk:
        await desk.keys("q", "0")
        assert len(desk.staged) == 1
        assert "a size is above zero" in desk.panel
        await desk.keys("full_stop", "2", "5")
        assert desk.staged[-1].size == 25


async def test_edits_that_come_faster_than_the_engine_are_asked_for_as_one() -> None:
    async with at_desk() as desk:
        await desk.keys("q")
        desk.clock.seconds += 0.5
        await press(desk.pilot, "plus", "plus", "plus", "plus", at_once=True)
        await settle(desk.pilot)
        assert desk.staged[-1].size == 500
        assert len(desk.staged) <= 5
        assert desk.app.trading.staging.ticket is not None
        assert desk.app.trading.staging.ticket.size == 500


async def test_what_fails_stands_first_with_its_code_and_the_ticket_cannot_be_fired() -> None:
    async with at_desk() as desk:
        desk.engine.change = denied("trading is disarmed", "the limit is 12 ticks too far")
        await desk.keys("x", "f9")
        assert desk.panel.index("trading is disarmed [code.0]") < desk.panel.index("cost")
        assert "the limit is 12 ticks too far [code.1]" in desk.panel
        assert "Cannot be fired: trading is disarmed" in desk.panel
        assert "fires" not in desk.panel
        assert desk.fired == []


async def test_a_ticket_is_judged_anew_while_it_is_open_and_says_what_has_changed() -> None:
    async with at_desk() as desk:
        await desk.keys("q")
        view = desk.engine.tickets[1]
        desk.engine.judge(replace(view, changes=("best bid 0.55, was 0.56",), fee=Money(20_000)))
        await settle(desk.pilot)
        assert "~ best bid 0.55, was 0.56" in desk.panel
        assert "$0.02" in desk.panel
        await desk.keys("f9")
        assert len(desk.fired) == 1


async def test_after_its_time_it_says_expired_and_r_makes_it_anew() -> None:
    async with at_desk() as desk:
        await desk.keys("q")
        await desk.wait(5.0)
        assert "EXPIRED: r or any edit makes it anew" in desk.panel
        await desk.keys("f9")
        assert desk.fired == []
        await desk.keys("r", after=1.5)
        assert "EXPIRED" not in desk.panel
        await desk.keys("f9", after=1.5)
        assert desk.fired == [Fire(2, "token-2")]


async def test_a_world_that_runs_faster_lets_a_ticket_live_shorter() -> None:
    clock = HandClock()
    engine = played(clock)
    engine.speed = 10.0
    async with terminal(engine, clock).run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        await settle(pilot)
        assert isinstance(pilot.app, Terminal)
        desk = Desk(pilot.app, engine, clock, pilot)
        await desk.keys("enter", "q")
        await desk.wait(0.5)
        assert "EXPIRED" in desk.panel


@pytest.mark.parametrize(
    ("changes", "words", "goes"),
    [
        ({"state": "sent"}, "SENT, waiting for the venue", False),
        ({"state": "resting", "is_in_flight": False}, "RESTING: 10 at 0.55", True),
        ({"state": "filled", "filled": Size(1000), "average": Money(430_000)}, "FILLED 10 at 0.43", True),
        ({"state": "rejected", "reason": "insufficient balance"}, "REJECTED by the venue: insufficient balance", True),
        ({"state": "unknown"}, "no answer yet, checking", False),
        ({"state": "canceled", "filled": Size(200), "reason": "no more to take"}, "2 of 10 filled", True),
    ],
)
async def test_after_it_fired_it_says_what_became_of_the_order_and_goes_once_that_is_settled(
    changes: dict[str, Any], words: str, goes: bool
) -> None:
    async with at_desk() as desk:
        await desk.keys("q", "f9")
        assert "on its way" in desk.panel
        desk.engine.publish(orders(order(101, **changes)))
        await settle(desk.pilot)
        assert words in desk.panel
        assert ("rejected" in desk.panel.lower()) == (changes["state"] == "rejected")
        await desk.wait(4.1)
        assert desk.app.desk.has_ticket != goes
        assert (desk.app.focused is desk.app.desk.ladder) == goes


async def test_an_order_that_is_told_before_the_answer_is_seen_all_the_same() -> None:
    async with at_desk() as desk:

        def fire(_: object) -> Fired:
            desk.engine.publish(orders(order(101, state="filled", filled=Size(1000))))
            return Fired((101,))

        desk.engine.own[Fire] = fire
        await desk.keys("q", "f9")
        assert "FILLED 10 at 0.55" in desk.panel


async def test_an_engine_that_does_not_answer_a_fire_is_no_rejection() -> None:
    async with at_desk() as desk:
        desk.engine.own[Fire] = lambda _: None
        await desk.keys("q", "f9")
        assert "on its way to the engine" in desk.panel
        desk.engine.hang_up("it crashed")
        await settle(desk.pilot)
        assert "no answer yet, checking" in desk.panel
        assert "reject" not in desk.panel.lower()
        await desk.keys("f9", "f9", after=1.5)
        assert len(desk.fired) == 1


async def test_a_gate_that_does_not_agree_any_more_is_said_and_nothing_is_fired_by_another_press() -> None:
    async with at_desk() as desk:
        refused = LocalProtocolError("the book moved by 3 ticks", hint="look again")
        desk.engine.own[Fire] = lambda _: refused
        await desk.keys("q", "f9")
        assert "NOT FIRED: the book moved by 3 ticks; look again" in " ".join(desk.panel.split())
        assert "reject" not in desk.panel.lower()
        await desk.keys("f9", after=1.5)
        assert len(desk.fired) == 1
        desk.engine.own[Fire] = lambda intent: Fired((101,)) if isinstance(intent, Fire) else None
        await desk.keys("r", "f9", after=1.5)
        assert desk.fired == [Fire(1, "token-1"), Fire(2, "token-2")]


async def test_escape_drops_it_and_the_keys_go_back() -> None:
    async with at_desk() as desk:
        await desk.keys("q", "escape")
        assert desk.engine.asked_of(Drop) == [Drop(1)]
        assert not desk.app.desk.has_ticket
        assert desk.app.focused is desk.app.desk.ladder


async def test_a_ticket_that_comes_after_it_was_dropped_is_let_go() -> None:
    async with at_desk() as desk:
        desk.engine.held = asyncio.Event()
        await desk.keys("q")
        assert "making the ticket" in desk.panel
        await desk.keys("escape")
        desk.engine.held.set()
        await settle(desk.pilot)
        assert not desk.app.desk.has_ticket
        assert desk.engine.asked_of(Drop) == [Drop(1)]


async def test_what_cannot_be_staged_says_why() -> None:
    async with at_desk() as desk:
        desk.engine.own[Stage] = lambda _: LocalProtocolError("this mode only observes", hint="start with --paper")
        await desk.keys("q")
        assert "no ticket was made: this mode only observes; start with --paper" in " ".join(desk.panel.split())
        await desk.keys("f9", "escape")
        assert (desk.fired, desk.app.desk.has_ticket) == ([], False)


async def test_no_ticket_outlives_its_engine() -> None:
    async with at_desk() as desk:
        await desk.keys("q")
        desk.engine.hang_up()
        await settle(desk.pilot)
        await desk.keys("f9", after=1.0)
        assert "nothing of it was sent" in " ".join(desk.panel.split())
        assert desk.fired == []


async def test_while_the_engine_is_silent_nothing_is_fired() -> None:
    async with at_desk() as desk:
        await desk.keys("q")
        await desk.wait(2.5)
        await desk.keys("f9")
        assert "the engine is silent" in desk.panel
        assert desk.fired == []


async def test_a_ticket_that_finds_no_room_to_be_read_is_not_fired() -> None:
    async with at_desk() as desk:
        await desk.keys("q")
        await desk.pilot.resize_terminal(30, 10)
        await settle(desk.pilot)
        await desk.keys("f9", after=1.0)
        assert desk.fired == []
        await desk.pilot.resize_terminal(160, 50)
        await settle(desk.pilot)
        await desk.keys("f9", after=0.1)
        assert desk.fired == []
        await desk.keys("f9", after=1.5)
        assert len(desk.fired) == 1


@pytest.mark.parametrize("keys", ["enter", "space", "1", "up", "f", "escape", "t"])
async def test_a_key_map_that_would_fire_by_a_wrong_key_is_told_and_not_followed(keys: str) -> None:
    async with at_desk(keys={"ticket.fire": keys}) as desk:
        assert "cannot be ticket.fire" in " ".join(desk.bar.split())
        await desk.keys("q")
        await desk.keys(keys, after=1.0)
        assert desk.fired == []


async def test_flatten_closes_what_is_held_at_what_the_book_gives_and_never_opens_more() -> None:
    for size, draft in (
        (1000, Draft(TICKER, "ask", Price(5600), Size(1000), "flatten", "immediate_or_cancel", reduce_only=True)),
        (-500, Draft(TICKER, "bid", Price(5800), Size(500), "flatten", "immediate_or_cancel", reduce_only=True)),
    ):
        async with at_desk(positions(position(size=Size(size)))) as desk:
            await desk.keys("f6")
            assert desk.staged == [draft]
    async with at_desk() as desk:
        await desk.keys("f6")
        assert f"nothing is held of {TICKER}" in desk.bar
        assert desk.staged == []


async def test_an_amendment_is_staged_with_the_order_that_it_replaces() -> None:
    async with at_desk(orders(order(7, price=Price(5400)), order(6, state="filled"))) as desk:
        await desk.keys("b", "a")
        assert desk.staged == [Draft(TICKER, "bid", Price(5400), Size(1000), "amend", replaces=7)]
        await desk.keys("escape", "down", "a")
        assert len(desk.staged) == 1
        assert "order 6 does not rest" in desk.bar


async def test_the_exact_bodies_and_every_check_are_shown_on_a_key() -> None:
    async with at_desk() as desk:
        await desk.keys("q", "b")
        text = "\n".join(desk.app.screen.query_one("#pages").render_line(y).text for y in range(20))
        assert '"action":"buy","count":1' in text
        assert "token-1" in text
        assert "yes armed" in text
        await desk.keys("f9", after=1.0)
        assert desk.fired == []


@pytest.mark.parametrize("size", [(160, 50), (80, 24), (130, 30)])
async def test_the_best_prices_and_the_mode_stay_in_sight_beside_a_ticket(size: tuple[int, int]) -> None:
    async with at_desk(size=size) as desk:
        await desk.keys("q")
        shown = [strip.text for strip in desk.app.screen._compositor.render_strips()]
        assert any(">0.56" in line for line in shown)
        assert any("0.58<" in line for line in shown)
        assert "PRACTICE" in desk.panel.splitlines()[0]
        assert "F9 or ! fires" in desk.panel
        assert "max loss" in desk.panel


def test_a_ticket_of_the_played_engine_is_right_by_hand() -> None:
    view = ticket(1, Draft(TICKER, "bid", Price(4300), Size(1000)))
    assert (view.cost, view.max_loss, view.max_gain) == (4_300_000, 4_317_200, 5_682_800)
    assert trading().armed_until_ms == NOW_MS + 872_000

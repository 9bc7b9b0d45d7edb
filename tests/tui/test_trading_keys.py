"""Kill, arm, cancel, positions and differences by keys: what lowers risk always works, and words typed never trade."""

from __future__ import annotations

import pytest
from textual import events

from kalshi_tui.core.units import Money, Price, Size
from kalshi_tui.errors import LocalProtocolError
from kalshi_tui.link.keys import FillsKey, LadderKey
from kalshi_tui.link.trading import (
    Acknowledge,
    Arm,
    CancelOrders,
    DifferenceRow,
    Disarm,
    Fire,
    Kill,
    KillRow,
    Reconcile,
    ResetKill,
    Stage,
)
from kalshi_tui.tui.screens.phrase import PhraseScreen
from tests.tui.desk import NOW_MS, TICKER, FakeEngine, everything, press, row, settle, status, terminal
from tests.tui.played import at_desk, order, orders, position, positions, trading

PHRASE = "trade 4242 up to $50 a day"
KILLED = trading(
    state="killed",
    armed_until_ms=None,
    kill=KillRow(NOW_MS - 182_000, "a person pressed kill", "12 cancels were confirmed, 2 are waited for.", 2, False),
)
DIFFERENCES = (
    DifferenceRow(1, NOW_MS - 5_000, TICKER, "the venue lists an order of 3 at 0.41 that we do not know"),
    DifferenceRow(2, NOW_MS - 4_000, "", "the venue's cash is $1.00 less than ours"),
)
PLACES = {
    "list": ("m",),
    "ladder": (),
    "ticket": ("q",),
    "blotter": ("b",),
    "search": ("slash", "k"),
    "help": ("question_mark",),
    "palette": ("ctrl+p",),
    "quit": ("ctrl+q",),
    "phrase": ("ctrl+a", "x"),
}


@pytest.mark.parametrize("keys", [("f12",), ("ctrl+k", "ctrl+k")], ids=["f12", "twice"])
@pytest.mark.parametrize("place", PLACES)
async def test_kill_works_from_anywhere(place: str, keys: tuple[str, ...]) -> None:
    view = trading(arm_phrase=PHRASE)
    async with at_desk(view, status(working=("an order rests",))) as desk:
        await desk.keys(*PLACES[place])
        await desk.keys(*keys)
        assert len(desk.engine.asked_of(Kill)) == 1


async def test_one_ctrl_k_kills_nothing_and_says_so_and_two_slow_ones_neither() -> None:
    async with at_desk() as desk:
        await desk.keys("ctrl+k")
        assert "once more kills" in desk.bar
        await desk.keys("ctrl+k", after=2.0)
        assert desk.engine.asked_of(Kill) == []


async def test_a_kill_that_does_not_get_through_is_said_with_another_way() -> None:
    async with at_desk() as desk:
        desk.engine.hang_up()
        await settle(desk.pilot)
        await desk.keys("f12")
        assert "THE KILL IS NOT CONFIRMED (`kalshi-tui kill` works without an engine)" in desk.bar


@pytest.mark.parametrize("size", [(160, 50), (80, 24)], ids=["wide", "narrow"])
async def test_a_kill_is_a_banner_with_what_is_left_and_how_to_lift_it(size: tuple[int, int]) -> None:
    async with at_desk(KILLED, size=size) as desk:
        for part in (
            "KILLED 3m 02s ago: a person pressed kill",
            "2 orders STILL REST at the venue",
            "Ctrl-r lifts it",
        ):
            assert part in desk.bar
        assert desk.bar.splitlines()[2].startswith(" KILLED")
        desk.engine.publish(trading())
        await settle(desk.pilot)
        assert "KILLED" not in desk.bar


async def test_a_kill_is_lifted_by_a_phrase_that_is_typed() -> None:
    async with at_desk(KILLED) as desk:
        await desk.keys("ctrl+r", *"lift it", "enter")
        [screen] = [screen for screen in desk.app.screen_stack if isinstance(screen, PhraseScreen)]
        assert "that is not the phrase" in screen.explained.rows(62)[-1][0][0]
        await desk.keys(*["backspace"] * 2, *"the kill", "enter")
        assert desk.engine.asked_of(ResetKill) == [ResetKill("lift the kill")]
        assert desk.app.screen is desk.app.desk
    async with at_desk() as desk:
        await desk.keys("ctrl+r")
        assert "there is no kill to lift" in desk.bar


async def test_ctrl_a_arms_at_once_where_no_phrase_is_asked_for_and_ctrl_d_disarms() -> None:
    async with at_desk(trading(state="disarmed", armed_until_ms=None)) as desk:
        assert "DISARMED" in desk.bar
        await desk.keys("ctrl+a", "ctrl+d")
        assert desk.engine.asked_of(Arm) == [Arm()]
        assert desk.engine.asked_of(Disarm) == [Disarm()]


async def test_where_a_phrase_arms_it_is_typed_and_not_pasted() -> None:
    async with at_desk(trading(state="disarmed", arm_phrase=PHRASE)) as desk:
        await desk.keys("ctrl+a")
        desk.app.post_message(events.Paste(PHRASE))
        await settle(desk.pilot)
        await desk.keys("enter")
        assert desk.engine.asked_of(Arm) == []
        await desk.keys(*PHRASE, "enter")
        assert desk.engine.asked_of(Arm) == [Arm(PHRASE)]


async def test_escape_leaves_the_phrase_and_nothing_is_armed() -> None:
    async with at_desk(trading(state="disarmed", arm_phrase=PHRASE)) as desk:
        await desk.keys("ctrl+a", *PHRASE, "escape")
        assert desk.engine.asked_of(Arm) == []


async def test_how_long_it_is_armed_runs_down_with_the_venues_time() -> None:
    async with at_desk() as desk:
        assert "ARMED 14:32 left" in desk.bar
        desk.engine.publish(status(now_ms=NOW_MS + 60_000))
        await settle(desk.pilot)
        assert "ARMED 13:32 left" in desk.bar


async def test_words_that_are_typed_in_a_field_never_trade() -> None:
    async with at_desk(orders(order(1)), positions(position())) as desk:
        await desk.keys("q")
        await desk.keys("slash", *"qwxze12345+-!", "f9", "f7", "f6", "ctrl+a", "ctrl+d", "f5", "enter")
        trades = (Fire, CancelOrders, Arm, Disarm, Reconcile)
        assert [intent for kind in trades for intent in desk.engine.asked_of(kind)] == []
        assert len(desk.engine.asked_of(Stage)) == 1


async def test_e_cancels_the_order_under_the_cursor_or_the_chosen_one_and_f7_all_of_the_market() -> None:
    rows = [order(3, price=Price(5500)), order(2, price=Price(5300)), order(1, ticker="KXFED-26DEC-T1")]
    async with at_desk(orders(*rows)) as desk:
        await desk.keys("down", "down", "e")
        assert desk.engine.asked_of(CancelOrders) == [CancelOrders(numbers=(3,))]
        await desk.keys("down", "e")
        assert len(desk.engine.asked_of(CancelOrders)) == 1
        assert "no order of ours is under the cursor" in desk.bar
        await desk.keys("escape", "b", "down", "l", "e")
        assert desk.engine.asked_of(CancelOrders)[1:] == [CancelOrders(numbers=(2,))]
        await desk.keys("f7")
        assert desk.engine.asked_of(CancelOrders)[2:] == [CancelOrders(ticker=TICKER)]


@pytest.mark.parametrize("state", ["disarmed", "killed", "halted", "reducing", "reconciling"])
async def test_cancels_need_no_arming(state: str) -> None:
    async with at_desk(trading(state=state), orders(order(1))) as desk:
        await desk.keys("b", "e", "f7")
        assert len(desk.engine.asked_of(CancelOrders)) == 2


async def test_an_order_that_works_no_more_is_not_canceled_again() -> None:
    async with at_desk(orders(order(1, state="filled"))) as desk:
        await desk.keys("b", "e")
        assert desk.engine.asked_of(CancelOrders) == []
        assert "order 1 does not work any more" in desk.bar


async def test_the_chosen_order_stays_chosen_when_others_come_before_it() -> None:
    async with at_desk(orders(order(2), order(1))) as desk:
        await desk.keys("b", "down")
        desk.engine.publish(orders(order(4), order(3), order(2), order(1)))
        await settle(desk.pilot)
        await desk.keys("e")
        assert desk.engine.asked_of(CancelOrders) == [CancelOrders(numbers=(1,))]


async def test_a_cancel_that_is_not_answered_is_not_called_failed() -> None:
    async with at_desk(orders(order(1))) as desk:
        desk.engine.own[CancelOrders] = lambda _: None
        await desk.keys("b", "e")
        desk.engine.hang_up()
        await settle(desk.pilot)
        assert "no answer yet, checking" in " ".join(desk.bar.split())


async def test_a_refusal_is_said_with_what_to_do() -> None:
    async with at_desk() as desk:
        desk.engine.own[Arm] = lambda _: LocalProtocolError("nothing was reviewed", hint="kalshi-tui review")
        await desk.keys("ctrl+a")
        assert "not armed: nothing was reviewed; kalshi-tui review" in desk.bar


async def test_each_difference_is_taken_note_of_by_itself() -> None:
    async with at_desk(trading(state="reducing", reason="a difference", differences=DIFFERENCES)) as desk:
        assert "2 DIFFERENCES (d shows, y notes)" in desk.bar
        await desk.keys("d", "down", "y")
        assert desk.engine.asked_of(Acknowledge) == [Acknowledge(2)]
        await desk.keys("up", "y")
        assert desk.engine.asked_of(Acknowledge) == [Acknowledge(2), Acknowledge(1)]
    async with at_desk() as desk:
        await desk.keys("d", "y")
        assert desk.engine.asked_of(Acknowledge) == []
        assert "there is no difference with the venue now" in desk.bar


async def test_y_notes_a_difference_only_where_they_are_listed() -> None:
    async with at_desk(trading(differences=DIFFERENCES)) as desk:
        await desk.keys("y", "b", "y", "p", "y", "m", "y")
        assert desk.engine.asked_of(Acknowledge) == []


async def test_enter_on_a_position_opens_its_market() -> None:
    async with at_desk(positions(position(), position("KXFED-26DEC-T1", size=Size(-500)))) as desk:
        await desk.keys("p", "down", "enter")
        assert desk.app.desk.ladder.ticker == "KXFED-26DEC-T1"
        assert desk.app.focused is desk.app.desk.ladder
        assert LadderKey("KXFED-26DEC-T1") in desk.engine._watched


async def test_fills_are_watched_only_while_somebody_looks() -> None:
    async with at_desk() as desk:
        assert FillsKey() not in desk.engine._watched
        await desk.keys("f")
        await settle(desk.pilot)
        text = "\n".join(desk.app.screen.query_one("#pages").render_line(y).text for y in range(6))
        assert "sold        2.50   0.58" in text
        assert "(fee expected: $0.009)" in text
        await desk.keys("escape")
        assert FillsKey() not in desk.engine._watched


async def test_details_of_an_order_follow_it() -> None:
    async with at_desk(orders(order(1, state="sent", is_in_flight=True))) as desk:
        await desk.keys("b", "enter")
        desk.engine.publish(orders(order(1, state="rejected", reason="the market is closed")))
        await settle(desk.pilot)
        text = "\n".join(desk.app.screen.query_one("#pages").render_line(y).text for y in range(6))
        assert "REJECTED: the market is closed" in text


async def test_own_orders_and_the_average_price_are_marked_on_the_ladder() -> None:
    rows = [
        order(4, price=Price(5500), remaining=Size(700)),
        order(3, price=Price(5500), remaining=Size(50)),
        order(2, side="ask", price=Price(5900), state="sent", is_in_flight=True),
        order(1, price=Price(5300), state="unknown"),
        order(9, price=Price(5200), ticker="KXFED-26DEC-T1"),
        order(8, price=Price(5100), state="filled"),
    ]
    held = position(average=Money(543_200))
    async with at_desk(orders(*rows), positions(held)) as desk:
        pane = desk.app.desk.ladder
        lines = [pane.render_line(y).text for y in range(pane.size.height)]
        marks = {line.split()[-1 - (" avg" in line)]: line for line in lines if "B" in line or "S1" in line}
        assert {"B7.50", "S10…", "B10?"} <= set(marks)
        assert any("0.54" in line and line.rstrip().endswith("avg") for line in lines)
        assert not any("0.52" in line and "B10" in line for line in lines)
        assert not any("0.51" in line and "B10" in line for line in lines)


async def test_q_says_how_to_quit_where_it_joins_nothing() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    app = terminal(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "q")
        await settle(pilot)
        assert "Ctrl-q quits" in app.desk.status.render_line(2).text
        assert app.return_value is None


@pytest.mark.parametrize(
    "keys",
    [(), ("m",), ("b",), ("question_mark",), ("i",), ("n",), ("f",), ("ctrl+q",), ("ctrl+a",), ("q",), ("q", "b")],
)
async def test_the_mode_and_the_state_are_words_on_every_screen_at_eighty_columns(keys: tuple[str, ...]) -> None:
    live = status(mode="LIVE", environment="prod", execution="live", working=("an order rests",))
    view = trading(mode="LIVE", is_live=True, state="disarmed", arm_phrase=PHRASE)
    async with at_desk(live, view, orders(order(1)), size=(80, 24)) as desk:
        await desk.keys(*keys)
        shown = [strip.text for strip in desk.app.screen._compositor.render_strips()]
        assert any(" LIVE " in line and "DISARMED" in line for line in shown)


async def test_real_money_is_said_in_words_with_a_border_and_practice_is_not() -> None:
    live = status(mode="LIVE", environment="prod", execution="live")
    async with at_desk(live, trading(mode="LIVE", is_live=True), size=(80, 24)) as desk:
        await settle(desk.pilot)
        shown = [strip.text for strip in desk.app.screen._compositor.render_strips()]
        assert any("LIVE - REAL MONEY" in line for line in shown)
        assert shown[0].startswith("┏━━━")
    async with at_desk(size=(80, 24)) as desk:
        shown = [strip.text for strip in desk.app.screen._compositor.render_strips()]
        assert not any("REAL MONEY" in line for line in shown)


async def test_nothing_is_called_armed_once_the_engine_may_not_be_believed() -> None:
    async with at_desk() as desk:
        await desk.wait(3.0)
        assert "trading UNKNOWN" in desk.bar
        assert "ARMED" not in desk.bar
        desk.engine.hang_up()
        await settle(desk.pilot)
        assert "ARMED" not in desk.bar


async def test_panes_that_have_no_picture_yet_say_why() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    engine.list_markets(map(row, range(4)))
    app = terminal(engine)
    async with app.run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        assert "waiting for the first picture" in app.desk.blotter.render_line(1).text

"""Foreign text is only text, whatever it holds, and a crash tells nothing of what the terminal knew."""

from __future__ import annotations

import ast
import logging
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.strip import Strip
from textual.widget import Widget

from kalshi_tui.core.book import BookState
from kalshi_tui.core.units import Money
from kalshi_tui.link.trading import (
    CheckRow,
    DifferenceRow,
    EventRow,
    FillsView,
    KillRow,
    OrderState,
    OutcomeRow,
    TicketView,
)
from kalshi_tui.link.views import Notice, NoticesView, TapeState, View
from kalshi_tui.tui.app import Terminal
from kalshi_tui.tui.safety import Guarded, fault_words
from tests.tui.desk import NOW_MS, FakeEngine, ladder, market, markets, press, row, settle, status, terminal, trades
from tests.tui.hostile import CORPUS
from tests.tui.played import at_desk, fills, order, orders, position, positions, trading

ROOM = Path("kalshi_tui/tui")
BATCH = 24
BATCHES = [CORPUS[start : start + BATCH] for start in range(0, len(CORPUS), BATCH)]
TICKER = "KXFED-26DEC-T0"
STATES = ("live", "stale")
OTHER = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def hostile_views(texts: list[str]) -> list[View]:
    """Put each text wherever a text of the venue, the engine or the system can stand."""
    rows = [
        row(
            0,
            event_title=text,
            answer=text,
            reason=text,
            state="stale" if place % 2 else "live",
            event_ticker=str(place),
        )
        for place, text in enumerate(texts)
    ]
    rows[0] = row(0, answer=texts[0], event_title=texts[-1])
    strange = [row(9, ticker=f"T{place}{text}"[:500], answer="") for place, text in enumerate(texts)]
    every = "  ".join(text[:80] for text in texts)
    one, two, three = texts[0], texts[len(texts) // 2], texts[-1]
    return [
        status(feed="waiting", feed_reason=every, words=one, mode=two[:30] or "x", bounds={f"b{three}": 3},
               exchange=one, catalogue=two, tape=TapeState("failed", three, one, 0, 1), working=(one, two, three)),
        markets([*rows, *strange]),
        market(TICKER, title=one, event_title=two, yes_title=three, no_title=one, rules_primary=every,
               strike=two, fee=three, category=one, series_ticker=two, status=three, result=one, doubt=two),
        ladder(TICKER, state=BookState.STALE, reason=every),
        trades(TICKER),
        NoticesView(len(texts), tuple(Notice(n, NOW_MS, "alarm", text, text[:99]) for n, text in enumerate(texts))),
    ]  # fmt: skip


def hostile_trading(texts: list[str]) -> list[View]:
    """Put each text wherever a text can stand in what is told of trading."""
    one, two, three = texts[0], texts[len(texts) // 2], texts[-1]
    states: list[OrderState] = ["rejected", "unknown", "canceled", "resting", "not sent"]
    rows = [
        order(
            place,
            reason=text,
            ticker=text[:200] or "x",
            strategy=text,
            order_id=text,
            client_order_id=text,
            state=states[place % len(states)],
            time_in_force=text[:99],
            is_in_flight=place % 2 == 0,
        )
        for place, text in enumerate(texts, 1)
    ]
    held = [position(text[:200], title=text, settled=text if place % 2 else "") for place, text in enumerate(texts)]
    event = EventRow("KXFED-0", one, tuple(OutcomeRow(text, Money(-1)) for text in texts), False)
    matches = tuple(replace(fill, ticker=text[:200], trade_id=text) for fill in fills().rows for text in texts)
    return [
        orders(*rows),
        replace(positions(*held), events=(event,)),
        FillsView(matches, len(matches)),
        trading(state="killed", reason=one, mode=two[:30] or "x", journal=three, paused=(one, two, three),
                differences=tuple(DifferenceRow(n, NOW_MS, text[:99], text) for n, text in enumerate(texts)),
                kill=KillRow(NOW_MS, one, two, None, False), arm_phrase=three, reset_phrase=one),
    ]  # fmt: skip


def hostile_ticket(texts: list[str]) -> Callable[[TicketView], TicketView]:
    """Return what turns a ticket into one of which every text is hostile."""
    one, two, three = texts[0], texts[len(texts) // 2], texts[-1]
    checks = tuple(CheckRow(text[:40], place % 2 == 0, text, text) for place, text in enumerate(texts))
    return lambda view: replace(view, words=one, title=two, mode=three, outcome=one, fee_words=two, checks=checks,
                                bodies=tuple(texts), changes=tuple(texts), may_fire=False)  # fmt: skip


def check(app: Terminal, size: tuple[int, int]) -> None:
    """Look at every cell that is drawn: only letters, no link, no action; each line as wide as the screen."""
    strips = app.screen._compositor.render_strips()
    for text, style, control in (segment for strip in strips for segment in strip):
        assert control is None
        assert [char for char in text if unicodedata.category(char) in OTHER] == []
        assert style is None or (style.link is None and not any(name.startswith("@") for name in style.meta))
    assert {strip.cell_length for strip in strips} == {size[0]}


def test_there_are_enough_hostile_texts_and_no_two_alike() -> None:
    assert len(set(CORPUS)) == len(CORPUS) >= 200


@pytest.mark.parametrize("size", [(160, 50), (80, 24)], ids=["wide", "narrow"])
async def test_hostile_texts_are_only_text_on_every_screen(size: tuple[int, int]) -> None:
    engine = FakeEngine()
    engine.publish(*hostile_views(["harmless"]))
    app = terminal(engine)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for texts in BATCHES:
            engine.publish(*hostile_views(texts))
            await settle(pilot)
            check(app, size)
            for show in (app.desk.action_details, app.action_notices, app.action_leave):
                show()
                await pilot.pause(0)
                await pilot.pause(0)
                check(app, size)
                app.screen.dismiss()
            await press(pilot, "tab")
        assert app.guard.dropped == 0


@pytest.mark.parametrize("size", [(160, 50), (80, 24)], ids=["wide", "narrow"])
async def test_hostile_texts_are_only_text_in_tickets_orders_positions_and_phrases(size: tuple[int, int]) -> None:
    async with at_desk(size=size) as desk:
        for texts in BATCHES:
            desk.engine.publish(*hostile_trading(texts))
            desk.engine.change = hostile_ticket(texts)
            await desk.keys("q")
            check(desk.app, size)
            await desk.keys("b")
            check(desk.app, size)
            await desk.keys("escape", "escape", "b")
            check(desk.app, size)
            for open_it in ("f", "enter", "ctrl+a", "ctrl+r"):
                await desk.keys(open_it)
                check(desk.app, size)
                await desk.keys("escape")
            await desk.keys("down", "e", "p", "d", "l")
            check(desk.app, size)
        assert desk.app.guard.dropped == 0


async def test_hostile_keys_themes_and_searches_are_only_text() -> None:
    engine = FakeEngine()
    app = terminal(engine, keys=dict.fromkeys(CORPUS, "x"), theme=CORPUS[14])
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "slash")
        for text in CORPUS:
            app.desk.search.value = text[:200]
            await settle(pilot)
            check(app, (80, 24))
        await press(pilot, "escape", "question_mark")
        check(app, (80, 24))


async def test_a_notification_is_no_markup_even_when_it_is_asked_for() -> None:
    app = terminal(FakeEngine())
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        for text in ("[@click=app.quit]x[/]", "[/", "\x1b[2J"):
            app.notify(text, title=text, markup=True)
        await pilot.pause()
        await pilot.pause()
        check(app, (80, 24))
        shown = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
        assert "[@click=app.quit]x[/]" in shown
        assert app.guard.dropped == 0


class Naughty(Widget):
    """A widget that forgets to clean what it shows."""

    def render_line(self, y: int) -> Strip:
        text = ["\x1b]52;c;x\x07", "\x9b2J", "\u202eLIVE", "a\nb", "plain"][y % 5]
        style = (
            Style(link="http://evil.example") if y == 4 else Style(meta={"@click": "app.quit"}) if y == 3 else Style()
        )
        return Strip([Segment(text, style)])


class Careless(Guarded[None]):
    def compose(self) -> ComposeResult:
        yield Naughty()


async def test_the_guard_drops_what_a_widget_lets_through() -> None:
    app = Careless()
    async with app.run_test(size=(20, 5)) as pilot:
        await pilot.pause()
        segments = [segment for strip in app.screen._compositor.render_strips() for segment in strip]
        assert not any(char in text for text, _, _ in segments for char in "\x1b\x9b\x07\n\u202e")
        assert not any(style.link or style.meta for _, style, _ in segments if style is not None)
        assert app.guard.dropped >= 5


class Breaking(Guarded[None]):
    """An app that knows a secret and breaks."""

    def on_mount(self) -> None:
        canary = "-----BEGIN PRIVATE KEY----- canary"
        raise ValueError(f"[bold]\x1b[31m{canary}")


async def test_a_crash_tells_neither_values_nor_locals_nor_foreign_text(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    app = Breaking()
    with caplog.at_level(logging.ERROR), pytest.raises(ValueError, match="canary"):
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
    app._print_error_renderables()
    printed = "".join(capsys.readouterr())
    assert "canary" not in printed
    assert "\x1b[31m" not in printed
    assert "ValueError" in printed
    assert "on_mount" in printed
    assert "kalshi-tui attach" in printed
    assert "\x1b" not in caplog.text


def test_a_fault_is_told_by_its_kind_and_place_alone() -> None:
    try:
        ROOM.joinpath("canary").stat()
    except FileNotFoundError as fault:
        words = fault_words(fault)
    assert "canary" not in words
    assert "FileNotFoundError" in words
    assert "test_safety.py line " in words


async def test_a_picture_of_the_screen_asks_no_host_for_fonts() -> None:
    app = terminal(FakeEngine())
    async with app.run_test(size=(80, 24)):
        picture = app.export_screenshot()
    assert "@font-face" not in picture
    assert "http" not in picture.replace("http://www.w3.org/2000/svg", "").replace("https://www.textualize.io", "")


def calls(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            names.add(getattr(node.func, "attr", getattr(node.func, "id", "")))
    return names


@pytest.mark.parametrize("file", sorted(ROOM.rglob("*.py")), ids=lambda file: str(file.relative_to(ROOM)))
def test_no_file_of_the_terminal_can_make_markup_or_read_a_clock(file: Path) -> None:
    tree = ast.parse(file.read_text())
    made = {"Static", "Label", "RichLog", "DataTable", "Markdown", "from_markup", "render_markup", "Traceback"}
    assert made.isdisjoint(calls(tree))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {"time", "random", "socket", "subprocess"}.isdisjoint(imported)


def test_only_one_timer_runs_in_the_terminal() -> None:
    timers = [
        (file.name, name)
        for file in ROOM.rglob("*.py")
        for name in ("set_interval", "set_timer", "auto_refresh", "call_at")
        if name in file.read_text()
    ]
    assert timers == [("app.py", "set_interval")]


def test_a_style_of_any_kind_passes_the_guard_unchanged() -> None:
    app: Guarded[None] = Guarded()
    segments = [Segment("0.56", app.palette["bid best"]), Segment("│ ▲", Style())]
    background: Any = None
    assert app.guard.apply(segments, background) == segments

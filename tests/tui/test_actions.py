"""One list of actions makes bindings, help and palette; a person's own keys are checked against it."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from textual.binding import Binding
from textual.dom import DOMNode

from kalshi_tui.tui.actions import ACTIONS, BY_ID, GROUPS, bindings, lay_over
from kalshi_tui.tui.app import Terminal
from kalshi_tui.tui.key_words import key_words
from kalshi_tui.tui.panes.blotter import Blotter
from kalshi_tui.tui.panes.differences import Differences
from kalshi_tui.tui.panes.ladder import Ladder
from kalshi_tui.tui.panes.markets import Markets
from kalshi_tui.tui.panes.positions import Positions
from kalshi_tui.tui.panes.ticket import Ticket
from kalshi_tui.tui.panes.trades import Trades
from kalshi_tui.tui.screens.desk import Desk, Search
from kalshi_tui.tui.screens.phrase import Phrase
from kalshi_tui.tui.screens.text import help_rows
from kalshi_tui.tui.widgets.pages import Pages
from tests.tui.desk import FakeEngine, everything, press, settle, terminal

OWNERS: dict[str, DOMNode | type] = {
    "list": Markets,
    "ladder": Ladder,
    "trades": Trades,
    "text": Pages,
    "search": Search,
    "ticket": Ticket,
    "blotter": Blotter,
    "positions": Positions,
    "differences": Differences,
    "phrase": Phrase,
}


def test_ids_are_unique_and_name_where_they_belong() -> None:
    assert max(Counter(action.id for action in ACTIONS).values()) == 1
    assert all(action.id.count(".") == 1 for action in ACTIONS)


def test_our_own_keys_do_not_clash() -> None:
    assert lay_over({}).told == ()


def test_every_action_has_words_and_a_group_with_a_title() -> None:
    assert all(action.words and action.group in GROUPS for action in ACTIONS)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_every_action_can_be_done_where_its_key_is_bound(action: Any) -> None:
    name = action.does.partition("(")[0]
    target, _, method = name.rpartition(".")
    owner: Any = {"app": Terminal, "screen": Desk, "": OWNERS.get(action.group)}[target]
    assert callable(getattr(owner, f"action_{method}"))


def test_every_binding_in_the_terminal_comes_from_the_list() -> None:
    bound = [binding for group in GROUPS if group != "app" for binding in bindings(group)]
    bound += [*Terminal.BINDINGS, *Desk.BINDINGS]
    ids = [binding.id for binding in bound if isinstance(binding, Binding)]
    assert sorted(filter(None, ids)) == sorted(BY_ID)


def test_no_key_is_bound_past_the_list_but_in_the_question_at_the_end() -> None:
    room = Path("kalshi_tui/tui")
    makers = {
        str(file.relative_to(room))
        for file in room.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Binding"
    }
    assert makers == {"actions.py", "screens/quitting.py"}


def test_an_unknown_action_is_told_with_the_nearest_name() -> None:
    [told] = lay_over({"ladder.recenter": "c"}).told
    assert told == "there is no action ladder.recenter; did you mean ladder.recentre?"


def test_a_key_for_two_things_in_one_place_is_told() -> None:
    [told] = lay_over({"ladder.recentre": "k"}).told
    assert told == "the key k is both ladder.recentre and ladder.up"


def test_a_key_that_works_everywhere_clashes_in_every_pane() -> None:
    told = lay_over({"app.notices": "s"}).told
    assert told == ("the key s is both app.notices and list.sort",)


def test_the_same_key_may_do_two_things_in_two_panes() -> None:
    assert lay_over({"ladder.recentre": "c", "list.sort": "c"}).told == ()


def test_hostile_names_in_a_key_map_are_cleaned() -> None:
    [told] = lay_over({"\x1b]52;c;evil\x07": "x"}).told
    assert "\x1b" not in told


async def test_own_keys_replace_ours() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    app = terminal(engine, keys={"ladder.recentre": "c", "list.open": "o,enter"})
    async with app.run_test(size=(160, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "o", "home")
        assert app.desk.ladder.cursor == 9900
        await press(pilot, "space")
        assert app.desk.ladder.cursor == 9900
        await press(pilot, "c")
        assert app.desk.ladder.cursor is None


async def test_what_is_wrong_with_own_keys_is_loud_at_first_and_stays_in_the_help() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    app = terminal(engine, keys={"ladder.recenter": "c"})
    async with app.run_test(size=(160, 30)) as pilot:
        await settle(pilot)
        assert "did you mean ladder.recentre?" in app.desk.status.render_line(2).text
        await press(pilot, "question_mark")
        assert "did you mean ladder.recentre?" in app.screen.query_one(Pages).render_line(1).text


def test_help_names_every_action_its_id_and_its_keys() -> None:
    keys = {**{action.id: action.keys for action in ACTIONS}, "ladder.recentre": "c"}
    text = "\n".join("".join(cell for cell, _ in row) for row in help_rows(keys, (), 110))
    for action in ACTIONS:
        assert action.id in text
        assert action.words in text
        assert key_words(keys[action.id]) in text


@pytest.mark.parametrize(
    ("keys", "words"), [("question_mark,f1", "?, F1"), ("ctrl+q", "Ctrl-q"), ("shift+tab", "Shift-Tab"), ("G", "G")]
)
def test_keys_are_written_as_they_stand_on_a_keyboard(keys: str, words: str) -> None:
    assert key_words(keys) == words


async def test_the_palette_offers_what_keys_can_do_everywhere() -> None:
    app = terminal(FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        offered = {command.help for command in app.get_system_commands(app.screen)}
        assert offered == {action.id for action in ACTIONS if action.group == "app"} - {"app.palette"}
        await press(pilot, "ctrl+p")
        await pilot.pause()
        assert type(app.screen).__name__ == "CommandPalette"
        assert not app.screen.query_one("SearchIcon").display  # a picture that is two cells wide, or one, or none
        await press(pilot, *"next theme")
        await pilot.pause()
        await pilot.pause(0.2)
        await press(pilot, "enter", "enter")
        await pilot.pause()
        assert app.theme == "light"


async def test_an_action_of_the_desk_works_from_the_palette() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    app = terminal(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        [details] = [command for command in app.get_system_commands(app.screen) if command.help == "market.details"]
        details.callback()
        await settle(pilot)
        assert app.screen.query_one(Pages) is not None


async def test_the_foot_line_shows_what_keys_do_where_they_go() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    app = terminal(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "Enter open" in app.desk.hints.render_line(0).text
        await press(pilot, "enter")
        assert "Space recentre" in app.desk.hints.render_line(0).text
        await press(pilot, "slash")
        assert "Esc show all" in app.desk.hints.render_line(0).text
        assert "quit" not in app.desk.hints.render_line(0).text
        await press(pilot, "escape", "tab", "tab")
        assert "Home newest" in app.desk.hints.render_line(0).text
        await press(pilot, "question_mark")
        assert "Esc close" in app.desk.hints.render_line(0).text
        assert "quit" not in app.desk.hints.render_line(0).text
        await press(pilot, "escape")
        assert "Home newest" in app.desk.hints.render_line(0).text


async def test_at_eighty_columns_the_help_shows_every_id() -> None:
    rows = ["".join(words for words, _ in row) for row in help_rows({a.id: a.keys for a in ACTIONS}, (), 72)]
    assert [a.id for a in ACTIONS if not any(row.rstrip().endswith(a.id) for row in rows)] == []


def test_the_page_about_the_terminal_names_every_action_with_its_keys() -> None:
    page = Path("docs/terminal.md").read_text()
    rows = [f"| {key_words(action.keys)} | {action.words} | `{action.id}` |" for action in ACTIONS]
    assert [row for row in rows if row not in page] == []
    assert page.count("\n| ") == len(rows) + len(GROUPS) * 2

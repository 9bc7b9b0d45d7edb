"""Everything that a key can do, in one list: bindings, help, palette and the check of a key map are made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from textual.binding import Binding, BindingType

from kalshi_tui.core.text import clean


@dataclass(frozen=True, slots=True)
class Action:
    """What a key does: where (its group), by which id, and in which words."""

    id: str
    keys: str  # comma-separated, in Textual's names
    does: str  # the name of the method, after action_
    words: str
    group: str
    hint: str = ""  # a word for the foot line; none where it would only fill it

    def binding(self) -> Binding:
        """Return the binding of Textual's that stands for it."""
        return Binding(self.keys, self.does, self.words, show=False, id=self.id, priority=self.id in PRIORITY)


# These come before any text field. A slow line brings several keys at once, and the app takes each key before the one
# before it has been worked upon: words behind a slash would else do what their letters do in the list.
PRIORITY: Final = frozenset({"app.quit", "market.search"})
ACTIONS: Final = (
    Action("app.quit", "ctrl+q,ctrl+c", "app.leave", "Quit; asks when something is working", "app"),
    Action("app.quit-plain", "q", "app.leave", "Quit, outside of text fields", "app", "quit"),
    Action("app.help", "question_mark,f1", "app.help", "Show the keys", "app", "help"),
    Action("app.theme", "t", "app.next_theme", "Take the next theme", "app", "theme"),
    Action("app.redraw", "ctrl+l", "app.redraw", "Draw everything anew", "app"),
    Action("app.suspend", "ctrl+z", "app.suspend_process", "Go to the shell; `fg` comes back", "app"),
    Action("app.palette", "ctrl+p", "app.command_palette", "Find an action by its name", "app"),
    Action("app.reconnect", "r", "app.reconnect", "Attach again, when the engine is lost", "app"),
    Action("app.notices", "n", "app.notices", "Show what the engine announced", "app", "notices"),
    Action("pane.next", "tab", "screen.next_pane", "Go to the next pane", "app", "pane"),
    Action("pane.previous", "shift+tab", "screen.previous_pane", "Go to the pane before", "app"),
    Action("market.search", "slash", "screen.search", "Search markets", "app", "search"),
    Action("market.details", "i", "screen.details", "Show a market's rules, times and fee", "app", "details"),
    Action("market.next", "right_square_bracket", "screen.step_market(1)", "Open the next market of the list", "app"),
    Action("market.previous", "left_square_bracket", "screen.step_market(-1)", "Open the market before", "app"),
    Action("list.open", "enter", "open", "Open the market under the cursor", "list", "open"),
    Action("list.down", "down,j", "move(1)", "Go down", "list"),
    Action("list.up", "up,k", "move(-1)", "Go up", "list"),
    Action("list.page-down", "pagedown", "page(1)", "Go down a page", "list"),
    Action("list.page-up", "pageup", "page(-1)", "Go up a page", "list"),
    Action("list.top", "home,g", "edge(-1)", "Go to the first market", "list"),
    Action("list.bottom", "end,G", "edge(1)", "Go to the last market", "list"),
    Action("list.clear-search", "escape", "clear_search", "Clear the search", "list"),
    Action("list.sort", "s", "sort", "Sort by event, volume, close or even odds", "list", "sort"),
    Action("search.keep", "enter,down", "screen.end_search(True)", "Keep what was found", "search", "keep"),
    Action("search.clear", "escape", "screen.end_search(False)", "Show all markets again", "search", "show all"),
    Action("ladder.recentre", "space", "recentre", "Bring the market to the middle", "ladder", "recentre"),
    Action("ladder.up", "up,k", "move(1)", "Go to the price above", "ladder"),
    Action("ladder.down", "down,j", "move(-1)", "Go to the price below", "ladder"),
    Action("ladder.page-up", "pageup", "page(1)", "Go a page of prices up", "ladder"),
    Action("ladder.page-down", "pagedown", "page(-1)", "Go a page of prices down", "ladder"),
    Action("ladder.top", "home,g", "edge(1)", "Go to the highest price", "ladder"),
    Action("ladder.bottom", "end,G", "edge(-1)", "Go to the lowest price", "ladder"),
    Action("ladder.leave", "escape", "leave_cursor", "Let the cursor go", "ladder"),
    Action("trades.older", "down,j", "move(1)", "Go to older trades", "trades"),
    Action("trades.newer", "up,k", "move(-1)", "Go to newer trades", "trades"),
    Action("trades.page-older", "pagedown", "page(1)", "Go a page of trades back", "trades"),
    Action("trades.page-newer", "pageup", "page(-1)", "Go a page of trades forward", "trades"),
    Action("trades.newest", "home,g,escape", "edge(-1)", "Go to the newest trade, and follow", "trades", "newest"),
    Action("trades.oldest", "end,G", "edge(1)", "Go to the oldest trade", "trades"),
    Action("text.down", "down,j", "move(1)", "Go down", "text"),
    Action("text.up", "up,k", "move(-1)", "Go up", "text"),
    Action("text.page-down", "pagedown,space", "page(1)", "Go down a page", "text"),
    Action("text.page-up", "pageup", "page(-1)", "Go up a page", "text"),
    Action("text.top", "home,g", "edge(-1)", "Go to the beginning", "text"),
    Action("text.bottom", "end,G", "edge(1)", "Go to the end", "text"),
    Action("text.close", "escape,q", "app.close_text", "Close", "text", "close"),
)
BY_ID: Final[Mapping[str, Action]] = {action.id: action for action in ACTIONS}
GROUPS: Final[Mapping[str, str]] = {
    "app": "Everywhere",
    "list": "In the list of markets",
    "search": "While words are typed",
    "ladder": "In the ladder",
    "trades": "In trades",
    "text": "In help, details and notices",
}


@dataclass(frozen=True, slots=True)
class Keymap:
    """The keys of each action after a person's own were laid over ours, and what is wrong with those."""

    keys: Mapping[str, str]
    told: tuple[str, ...] = ()

    def changed(self) -> dict[str, str]:
        """Return only what differs from our own keys."""
        return {name: keys for name, keys in self.keys.items() if keys != BY_ID[name].keys}


def bindings(group: str, *ids: str) -> list[BindingType]:
    """Return the bindings of a group, or of some of its actions."""
    return [action.binding() for action in ACTIONS if action.group == group and (not ids or action.id in ids)]


def lay_over(own: Mapping[str, str]) -> Keymap:
    """Lay a person's keys over ours; an id that is unknown and a key that would do two things are told."""
    keys = {action.id: action.keys for action in ACTIONS}
    told: list[str] = []
    for name, wished in own.items():
        if name in keys:
            keys[name] = wished
        else:
            told.append(_unknown(name))
    told += _clashes(keys)
    return Keymap(keys, tuple(told))


def _unknown(name: str) -> str:
    near = get_close_matches(name[:60], BY_ID, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else "help (?) lists them"
    return f"there is no action {clean(name, 60)}; {hint}"


def _clashes(keys: Mapping[str, str]) -> list[str]:
    """Name each key that two actions of one place would share; those of `app` are in every place but text's."""
    told = []
    taken: dict[tuple[str, str], str] = {}
    for name, listed in keys.items():
        group = BY_ID[name].group
        places = ("app", "list", "ladder", "trades") if group == "app" else (group,)
        for key in filter(None, map(str.strip, listed.split(","))):
            others = {taken[place, key] for place in places if (place, key) in taken}
            told += [f"the key {clean(key, 20)} is both {other} and {name}" for other in sorted(others)]
            taken.update({(place, key): name for place in places if (place, key) not in taken})
    return told

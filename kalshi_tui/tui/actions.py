"""Everything that a key can do, in one list: bindings, help, palette and the check of a key map are made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from textual.binding import Binding, BindingType

from kalshi_tui.core.text import clean
from kalshi_tui.tui.trigger import NEVER

FIRE: Final = "ticket.fire"
_LEANT_ON: Final = frozenset({" ", "return", "newline", "tab", "backspace", "delete", "escape"})
_ENTER_TOO: Final = frozenset({"ctrl+m", "ctrl+j", "ctrl+at", "ctrl+@"})  # a terminal sends the same for these
_PANES: Final = ("list", "ladder", "trades", "blotter", "positions", "differences")


@dataclass(frozen=True, slots=True)
class Action:
    """What a key does: where (its group), by which id, and in which words."""

    id: str
    keys: str  # comma-separated, in Textual's names
    does: str  # the name of the method, after action_
    words: str
    group: str
    hint: str = ""  # a word for the foot line; none where it would only fill it
    yields: bool = False  # whether a pane may use its key for something else without a word

    def binding(self) -> Binding:
        """Return the binding of Textual's that stands for it."""
        return Binding(self.keys, self.does, self.words, show=False, id=self.id, priority=self.id in PRIORITY)


# These come before any text field. A slow line brings several keys at once, and the app takes each key before the one
# before it has been worked upon: words behind a slash would else do what their letters do in the list.
PRIORITY: Final = frozenset({"app.quit", "market.search", "trading.kill", "trading.kill-twice"})
ACTIONS: Final = (
    Action("app.quit", "ctrl+q,ctrl+c", "app.leave", "Quit; asks when something is working", "app", "quit"),
    Action("app.quit-hint", "q", "app.say_quit", "Say how to quit", "app", yields=True),
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
    Action("pane.markets", "m", "screen.show_pane('markets')", "Go to the list of markets", "app"),
    Action("pane.ladder", "l", "screen.show_pane('ladder')", "Go to the ladder", "app"),
    Action("pane.ticket", "o", "screen.show_pane('ticket')", "Go to the open ticket", "app"),
    Action("pane.blotter", "b", "screen.show_pane('blotter')", "Go to the blotter", "app", "blotter"),
    Action("pane.positions", "p", "screen.show_pane('positions')", "Go to the positions", "app", "positions"),
    Action("pane.differences", "d", "screen.show_pane('differences')", "Go to the differences", "app"),
    Action("trading.fills", "f", "screen.fills", "Show the fills", "app", "fills"),
    Action("trading.arm", "ctrl+a", "screen.arm", "Arm: tickets may be fired a while", "app", "arm"),
    Action("trading.disarm", "ctrl+d", "screen.disarm", "Disarm: none may be fired", "app"),
    Action("trading.cancel-market", "f7", "screen.cancel_market", "Cancel all of this market", "app"),
    Action("trading.flatten", "f6", "screen.flatten", "Stage what closes the position", "app"),
    Action("trading.reconcile", "f5", "screen.reconcile", "Compare with the venue now", "app"),
    Action("trading.kill", "f12", "app.kill", "Kill: cancel all, add no risk", "app"),
    Action("trading.kill-twice", "ctrl+k", "app.kill_step", "Kill, when it is pressed twice", "app"),
    Action("trading.lift", "ctrl+r", "screen.lift_kill", "Lift a kill, by a phrase", "app"),
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
    Action("ladder.stage", "enter", "screen.stage_here", "Stage an order at the cursor", "ladder", "stage"),
    Action("ladder.join-bid", "q", "screen.join('bid')", "Stage a bid that joins the best", "ladder", "bid"),
    Action("ladder.join-ask", "w", "screen.join('ask')", "Stage an ask that joins the best", "ladder", "ask"),
    Action("ladder.lift", "x", "screen.cross('bid')", "Stage a bid that lifts the best ask", "ladder", "buy"),
    Action("ladder.hit", "z", "screen.cross('ask')", "Stage an ask that hits the best bid", "ladder", "sell"),
    Action("ladder.cancel", "e", "screen.cancel_here", "Cancel the order under the cursor", "ladder", "cancel"),
    Action("ladder.size-1", "1", "preset(0)", "Take the first size", "ladder"),
    Action("ladder.size-2", "2", "preset(1)", "Take the second size", "ladder"),
    Action("ladder.size-3", "3", "preset(2)", "Take the third size", "ladder"),
    Action("ladder.size-4", "4", "preset(3)", "Take the fourth size", "ladder"),
    Action("ladder.size-5", "5", "preset(4)", "Take the fifth size", "ladder"),
    Action("ladder.larger", "plus,equals_sign", "size(1)", "Make the size larger by a contract", "ladder"),
    Action("ladder.smaller", "minus", "size(-1)", "Make the size smaller by a contract", "ladder"),
    Action("ladder.buy", "left", "side('bid')", "Let the cursor buy", "ladder"),
    Action("ladder.sell", "right", "side('ask')", "Let the cursor sell", "ladder"),
    Action("ladder.recentre", "space", "recentre", "Bring the market to the middle", "ladder", "recentre"),
    Action("ladder.up", "up,k", "move(1)", "Go to the price above", "ladder"),
    Action("ladder.down", "down,j", "move(-1)", "Go to the price below", "ladder"),
    Action("ladder.page-up", "pageup", "page(1)", "Go a page of prices up", "ladder"),
    Action("ladder.page-down", "pagedown", "page(-1)", "Go a page of prices down", "ladder"),
    Action("ladder.top", "home,g", "edge(1)", "Go to the highest price", "ladder"),
    Action("ladder.bottom", "end,G", "edge(-1)", "Go to the lowest price", "ladder"),
    Action("ladder.leave", "escape", "leave_cursor", "Let the cursor go", "ladder"),
    Action("ticket.fire", "f9,exclamation_mark", "screen.fire", "Fire, once", "ticket", "fire"),
    Action("ticket.drop", "escape", "screen.drop", "Drop it", "ticket", "drop"),
    Action(
        "ticket.type", f"{','.join('0123456789')},full_stop,backspace", "screen.type_size", "Type its size", "ticket"
    ),
    Action(
        "ticket.larger", "right,plus,equals_sign", "screen.ticket_size(1)", "Make it larger by a contract", "ticket"
    ),
    Action("ticket.smaller", "left,minus", "screen.ticket_size(-1)", "Make it smaller by a contract", "ticket"),
    Action("ticket.price-up", "up", "screen.ticket_price(1)", "Go to the price above", "ticket"),
    Action("ticket.price-down", "down", "screen.ticket_price(-1)", "Go to the price below", "ticket"),
    Action("ticket.time", "t", "screen.ticket_time", "Change how long the order stays", "ticket", "time"),
    Action("ticket.post-only", "p", "screen.ticket_post_only", "Let it only rest, or take too", "ticket", "post-only"),
    Action("ticket.renew", "r", "screen.renew", "Make it again, all figures new", "ticket", "renew"),
    Action("ticket.bodies", "b", "screen.bodies", "Show exactly what would be sent", "ticket", "bodies"),
    Action("blotter.cancel", "e", "cancel", "Cancel the order", "blotter", "cancel"),
    Action("blotter.amend", "a", "amend", "Stage a change of the order", "blotter", "amend"),
    Action("blotter.details", "enter", "details", "Show all that is known of the order", "blotter", "details"),
    Action("blotter.down", "down,j", "move(1)", "Go down", "blotter"),
    Action("blotter.up", "up,k", "move(-1)", "Go up", "blotter"),
    Action("blotter.page-down", "pagedown", "page(1)", "Go down a page", "blotter"),
    Action("blotter.page-up", "pageup", "page(-1)", "Go up a page", "blotter"),
    Action("blotter.top", "home,g", "edge(-1)", "Go to the first order", "blotter"),
    Action("blotter.bottom", "end,G", "edge(1)", "Go to the last order", "blotter"),
    Action("positions.open", "enter", "open", "Open its market", "positions", "open"),
    Action("positions.down", "down,j", "move(1)", "Go down", "positions"),
    Action("positions.up", "up,k", "move(-1)", "Go up", "positions"),
    Action("differences.acknowledge", "y", "acknowledge", "Take note of it, and go on", "differences", "noted"),
    Action("differences.down", "down,j", "move(1)", "Go down", "differences"),
    Action("differences.up", "up,k", "move(-1)", "Go up", "differences"),
    Action("phrase.say", "enter", "say", "Do it, if the phrase is right", "phrase", "do it"),
    Action("phrase.leave", "escape", "leave", "Let it be", "phrase", "let it be"),
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
    "ticket": "In the ticket",
    "blotter": "In the blotter",
    "positions": "In positions",
    "differences": "In differences",
    "phrase": "Where a phrase is typed",
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


def ids_on_desk() -> tuple[str, ...]:
    """Return the actions of every place that the desk does, and not the app."""
    return tuple(action.id for action in ACTIONS if action.group == "app" and action.does.startswith("screen."))


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
    told += _safe_fire(keys)
    told += _clashes(keys)
    return Keymap(keys, tuple(told))


def _unknown(name: str) -> str:
    near = get_close_matches(name[:60], BY_ID, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else "help (?) lists them"
    return f"there is no action {clean(name, 60)}; {hint}"


def _safe_fire(keys: dict[str, str]) -> list[str]:
    """Take away every key that must not fire, and say so; where none is left, our own fire."""
    others = {
        key.strip()
        for name, listed in keys.items()
        for key in listed.split(",")
        if name != FIRE and BY_ID[name].group in {"app", "ticket"}
    }
    told, kept = [], []
    for key in filter(None, map(str.strip, keys[FIRE].split(","))):
        reason = _unfit(key) or ("it does something else in a ticket" if key in others else "")
        if reason:
            told.append(f"the key {clean(key, 20)} cannot be {FIRE}: {reason}")
        else:
            kept.append(key)
    own = [key for key in BY_ID[FIRE].keys.split(",") if key not in others]
    keys[FIRE] = ",".join(kept or own)
    return told


def _unfit(key: str) -> str:
    """Say why a key may never fire."""
    *held, last = key.lower().split("+") if len(key) > 1 else [key.lower()]
    if last in NEVER | _LEANT_ON or key in _ENTER_TOO:
        return "it is leant on, or edits"
    if len(last) == 1 and last.isalnum() and not {"ctrl", "alt"} & set(held):
        return "it is typed in words"
    return ""


def _clashes(keys: Mapping[str, str]) -> list[str]:
    """Name each key that two actions of one place would share; those of `app` are in every pane but the ticket."""
    told = []
    taken: dict[tuple[str, str], str] = {}
    for name, listed in keys.items():
        group = BY_ID[name].group
        places: tuple[str, ...] = (group,)
        if group == "app":
            places = ("app",) if BY_ID[name].yields else ("app", *_PANES)
        for key in filter(None, map(str.strip, listed.split(","))):
            others = {taken[place, key] for place in places if (place, key) in taken}
            told += [f"the key {clean(key, 20)} is both {other} and {name}" for other in sorted(others)]
            taken.update({(place, key): name for place in places if (place, key) not in taken})
    return told

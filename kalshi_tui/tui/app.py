"""The terminal: where its parts meet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from textual.app import SystemCommand
from textual.events import AppBlur, AppFocus, Event, Key, Paste
from textual.screen import Screen

from kalshi_tui.link.client import Link
from kalshi_tui.tui.actions import ACTIONS, lay_over
from kalshi_tui.tui.attaching import Attaching
from kalshi_tui.tui.key_words import key_words
from kalshi_tui.tui.look import STIR_S, Look
from kalshi_tui.tui.panes.notices import notice_rows
from kalshi_tui.tui.pulse import Pulse
from kalshi_tui.tui.resuming import Resuming
from kalshi_tui.tui.safety import Guarded
from kalshi_tui.tui.screens.desk import ON_DESK, Desk
from kalshi_tui.tui.screens.prompt import Prompt
from kalshi_tui.tui.screens.quitting import Farewell, QuitScreen
from kalshi_tui.tui.screens.text import TextScreen, help_rows
from kalshi_tui.tui.theming import choose
from kalshi_tui.tui.tick import Tick
from kalshi_tui.tui.trading import Trading
from kalshi_tui.tui.widgets.lines import Row
from kalshi_tui.tui.widgets.pages import MOST
from kalshi_tui.tui.wires import Wires

DRAWN_ANEW_S = 1.0
KEEP_TITLE, GIVE_TITLE_BACK = "\x1b[22;2t", "\x1b[23;2t"  # a window that does not know them lets them be


class Terminal(Guarded[Farewell]):
    """Draws itself first and attaches second; `run()` returns what shall become of the engine."""

    CSS_PATH = Path(__file__).with_name("app.tcss")
    TITLE = "kalshi-tui"
    BINDINGS = [  # noqa: RUF012 - Textual reads it from the class
        action.binding() for action in ACTIONS if action.group == "app" and action.id not in ON_DESK
    ]

    def __init__(
        self,
        connect: Callable[[], Awaitable[Link]],
        look: Look,
        monotonic: Callable[[], float],
        again: Callable[[], Awaitable[Link]] | None = None,
    ) -> None:
        """`connect` attaches to an engine, and is called again when its user asks for it.

        `again` attaches to one that still runs, and is called without being asked when a link was lost.
        """
        super().__init__()
        self.look = look
        keymap = lay_over(look.keys)
        self.keys = keymap.keys
        theme, theme_told = choose(look.themes, look.theme)
        self.told = (*look.themes.told, *theme_told, *keymap.told)
        self.set_keymap(keymap.changed())
        self.wires = Wires()
        self._monotonic = monotonic
        self._pulse = Pulse(monotonic, look.stir_s)
        self.trading = Trading(self.wires, monotonic, self._trading_changed)
        self.desk = Desk(self.wires, self.trading, self.keys, look.sizes)
        self.resuming = Resuming(self.wires, self.desk.markets, self._wear)
        self.attaching = Attaching(connect, self.wires, monotonic, self._attached, again)
        self.chosen_theme = ""
        self._window_title = ""
        self.tick = Tick(self.desk, self.attaching, monotonic, self.told, self._keep)
        self.dress(look.themes, theme)

    def get_default_screen(self) -> Screen[None]:
        """Return the desk."""
        return self.desk

    def on_mount(self) -> None:
        """Begin to attach, now that something can be seen."""
        self._write(KEEP_TITLE)
        self.tick()
        self.call_after_refresh(self.attaching.begin)
        if self.look.beat_s is not None:
            self.set_interval(STIR_S, self._stir)
            self.set_interval(self.look.beat_s, self.tick)

    async def on_unmount(self) -> None:
        """Let the engine go, and give the window its title back."""
        self._write(GIVE_TITLE_BACK)
        await self.trading.asking.end()
        await self.attaching.end()

    async def on_event(self, event: Event) -> None:
        """Let whatever has the keys be drawn at once when it is given one, and the trigger hear each as it comes."""
        if isinstance(event, Key):
            self._stir()
            if isinstance(self.screen, Prompt):
                self.screen.hurry(self.focused)
            if not event.is_forwarded:
                self.trading.trigger.hear(event.key, self._monotonic())
            else:
                self.trading.key = event.key  # it has come back unused: now its action is done
        elif isinstance(event, Paste | AppBlur | AppFocus):
            self.trading.staging.reset()
        try:
            await super().on_event(event)
        finally:
            self.trading.key = ""

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer what keys can do everywhere, by name."""
        for action in ACTIONS:
            if action.group == "app" and action.id != "app.palette":
                yield SystemCommand(action.words, action.id, lambda does=action.does: self.run_soon(does, screen))

    def run_soon(self, does: str, screen: Screen[object]) -> None:
        """Do what an action names, once the palette has closed."""
        self.call_later(self.run_action, does, screen)

    def action_leave(self) -> None:
        """Quit, after a question when something is working."""
        view = self.desk.status.view
        if view is None or not view.working or self.attaching.state != "attached":
            self.exit("quit")
        elif not isinstance(self.screen, QuitScreen):
            self.push_screen(QuitScreen(view.working), self._take_farewell)

    def action_say_quit(self) -> None:
        """Say how to quit: the key that quits elsewhere joins a bid on the ladder."""
        self.trading.say(f"{key_words(self.keys['app.quit'].split(',')[0])} quits", "focus")

    def action_kill(self) -> None:
        """Kill, from anywhere."""
        self.trading.kill()

    def action_kill_step(self) -> None:
        """Kill at the second press, from anywhere."""
        self.trading.kill_step()

    def action_help(self) -> None:
        """Show the keys."""
        self.push_screen(TextScreen("keys", lambda width: help_rows(self.keys, self.told, width)))

    def action_notices(self) -> None:
        """Show what the engine announced."""
        self.push_screen(TextScreen("notices, newest first", self._notices))

    def action_close_text(self) -> None:
        """Go back to the desk."""
        if isinstance(self.screen, TextScreen):
            self.screen.dismiss(None)

    def action_reconnect(self) -> None:
        """Attach again."""
        if self.attaching.state == "lost":
            self.attaching.begin()
            self.tick.say()

    def action_redraw(self) -> None:
        """Draw everything anew, where another program has written over it."""
        self.screen.refresh()

    def action_next_theme(self) -> None:
        """Take the theme after this one."""
        names = list(self.look.themes.by_name)
        if names:
            self._wear(names[(names.index(self.theme) + 1) % len(names) if self.theme in names else 0])

    def _wear(self, theme: str) -> None:
        """Wear a theme by choice, so that the next terminal wears it too; one that is there no more is let be."""
        if theme in self.look.themes.by_name:
            self.theme = self.chosen_theme = theme

    async def _attached(self, link: Link) -> None:
        self.trading.plug(link)
        await self.resuming.attached(link)

    def _stir(self) -> None:
        """Notice when everything stood still: what was being drawn then may never have come to the window."""
        still_s = self._pulse.stood_still_s()
        if still_s:
            self.trading.stood_still(still_s)
        if still_s >= DRAWN_ANEW_S:
            self.screen.refresh()

    def _trading_changed(self) -> None:
        if self._running:
            self.desk.trading_changed()

    def _keep(self) -> None:
        self.resuming.beat(self.chosen_theme)
        view = self.desk.status.view
        title = window_title(view.mode if view is not None else "")
        if title != self._window_title:
            self._window_title = title
            self._write(f"\x1b]2;{title}\x07")

    def _write(self, control: str) -> None:
        """Send what is no part of the picture."""
        if self._driver is not None:
            self._driver.write(control)

    def _notices(self, width: int) -> list[Row]:
        view = self.desk.notices.view
        return notice_rows(view, width, MOST) if view is not None else []

    def _take_farewell(self, farewell: Farewell | None) -> None:
        if farewell is not None:
            self.exit(farewell)


def window_title(mode: str) -> str:
    """Return what the window is called: the mode comes first, and nothing in it can drive a terminal."""
    plain = "".join(char for char in mode.upper() if (char.isascii() and char.isalnum()) or char in " -")[:30].strip()
    return f"{plain} - {Terminal.TITLE}" if plain else Terminal.TITLE

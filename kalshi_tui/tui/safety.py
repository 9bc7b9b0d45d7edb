"""The ground that the terminal stands on: foreign text stays text, and a crash tells no secrets."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from pathlib import Path
from typing import Final

from rich.console import RenderableType
from rich.segment import Segment, Segments
from rich.style import Style
from textual.app import App, ReturnType
from textual.color import Color
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.filter import LineFilter
from textual.notifications import SeverityLevel
from textual.screen import Screen

from kalshi_tui.core.text import clean
from kalshi_tui.tui.driver import Steady
from kalshi_tui.tui.theming import Palette, Themes, with_fallbacks
from kalshi_tui.tui.widgets.lines import Lines, narrowed

logger = logging.getLogger(__name__)

_FONTS: Final = re.compile(r"@font-face\s*\{[^}]*\}\s*")
_PLACES: Final = 8  # of a crash: the end of the way to it


class Guard(LineFilter):
    """The last look at every line before it is drawn: no control characters, no links, no actions."""

    def __init__(self) -> None:
        super().__init__()
        self.dropped = 0

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the line without what could drive a terminal."""
        del background
        return [self._checked(segment) for segment in segments]

    def _checked(self, segment: Segment) -> Segment:
        text, style, control = segment
        if control:
            self.dropped += 1
            return Segment("")
        if not text.isprintable():  # letters, marks and the plain space are; costs 50 ns
            self.dropped += 1
            text = "".join(char if char.isprintable() else "\ufffd" for char in text)
        if style is not None and (style.link or any(name.startswith("@") for name in style.meta)):
            self.dropped += 1
            style = Style(color=style.color, bgcolor=style.bgcolor, bold=style.bold)
        return Segment(text, style)


class Guarded(App[ReturnType]):
    """An app that draws foreign text only as content and keeps what it knows out of crash screens."""

    ENABLE_COMMAND_PALETTE = True

    def __init__(self) -> None:
        super().__init__()
        self.guard = Guard()
        self._filters.insert(0, self.guard)
        self.palette = Palette(self.get_css_variables())

    def get_driver_class(self) -> type[Driver]:
        """Return what draws: Textual's choice, or ours in place of its own for a real terminal."""
        chosen = super().get_driver_class()
        return Steady if chosen is LinuxDriver else chosen

    def get_css_variables(self) -> dict[str, str]:
        """Return the theme's colours, with ours where it has none."""
        self.theme_variables = with_fallbacks(super().get_css_variables())
        return self.theme_variables

    def dress(self, themes: Themes, name: str) -> None:
        """Take the themes that were found, and wear one of them; Textual's own where it is not there."""
        for theme in themes.by_name.values():
            self.register_theme(theme)
        if name in themes.by_name:
            self.theme = name

    def _watch_theme(self, theme_name: str) -> None:
        super()._watch_theme(theme_name)
        self.palette = Palette(self.get_css_variables())
        if self._running:
            for lines in self._all_lines():
                lines.repaint()

    def _all_lines(self) -> list[Lines]:
        return [lines for screen in self.screen_stack for lines in screen.query(Lines)]

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        """Return a picture that asks no host for its fonts."""
        return _FONTS.sub("", super().export_screenshot(title=title, simplify=simplify))

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Send to the terminal only what has changed."""
        super()._display(screen, narrowed(renderable))

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Show a notification; whoever asks for markup in it asks in vain."""
        del markup
        words = str(clean(message, 500))
        super().notify(words, title=str(clean(title, 80)), severity=severity, timeout=timeout, markup=False)

    def _fatal_error(self) -> None:
        """End with a few plain words: no locals, no values, no foreign text."""
        self.bell()
        fault = self._exception or sys.exc_info()[1]
        words = fault_words(fault)
        logger.error("%s; it said: %s", words, clean(str(fault), 500))
        self._exit_renderables.append(Segments([Segment(words), Segment.line()]))
        self._close_messages_no_wait()


def fault_words(fault: BaseException | None) -> str:
    """Say what broke and where, and nothing of what it held."""
    name = type(fault).__name__ if fault is not None else "an unknown fault"
    frames = traceback.extract_tb(fault.__traceback__)[-_PLACES:] if fault is not None else []
    places = [f"  {Path(frame.filename).name} line {frame.lineno}, {frame.name}" for frame in frames]
    lines = [f"The terminal broke: {name}.", "The engine goes on; attach again: kalshi-tui attach", *places]
    return "\n".join(str(clean(line, 200)) for line in lines)

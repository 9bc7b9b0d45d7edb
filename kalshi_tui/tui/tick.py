"""The one beat of the terminal: views are handed over, ages grow, and what is wrong is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from kalshi_tui.tui.attaching import Attaching
from kalshi_tui.tui.panes.standing import first_words, loud_words
from kalshi_tui.tui.panes.status import Loud, bounds_words, stream_words
from kalshi_tui.tui.screens.desk import Desk
from kalshi_tui.tui.screens.text import TextScreen

SILENT_S: Final = 2.0
TELL_S: Final = 20.0  # what is wrong with themes and keys; help goes on telling it
LOUD_S: Final = 60.0  # a limit that was reached; afterwards the count stands among the numbers
STATUS_EVERY_S: Final = 0.2


class Tick:
    """Called some twenty times a second; the status bar is drawn at most five times of them."""

    def __init__(
        self,
        desk: Desk,
        attaching: Attaching,
        monotonic: Callable[[], float],
        told: Sequence[str],
        also: Callable[[], None],
    ) -> None:
        """`also` is called as often as the status bar is drawn."""
        self._also = also
        self._desk = desk
        self._trading = desk.trading
        self._attaching = attaching
        self._monotonic = monotonic
        self._told = tuple(told)
        self._keys = desk.keys
        self._drawn: float | None = None
        self._began = monotonic()
        self._was_lost = False
        self._bounds: dict[str, int] = {}
        self._bounds_at = 0.0

    def __call__(self) -> None:
        """Do all that is due now."""
        self._attaching.beat()
        self._trading.beat()
        now = self._monotonic()
        if self._drawn is None or now - self._drawn >= STATUS_EVERY_S or self._trading.has_news:
            self._drawn, self._trading.has_news = now, False
            self.say()
            self._also()

    def say(self) -> None:
        """Draw the status bar, and words where there is no picture yet."""
        status = self._desk.status
        status.loud, status.doubt = self._loud(), self._doubt()
        is_lost = self._attaching.state == "lost"
        for pane in self._desk.panes():
            pane.distrust(self._doubt())
            if is_lost and not self._was_lost:
                pane.outlive("seen before the engine was lost")
        if is_lost and not self._was_lost:
            self._trading.lose()
        self._was_lost = is_lost
        status.trading = self._trading.view
        status.waiting = waiting = self._waiting()
        status.drawn_anew()
        self._desk.ticket.drawn_anew()  # its time runs
        if isinstance(self._desk.app.screen, TextScreen):
            self._desk.app.screen.pages.drawn_anew()
        for pane in (self._desk.markets, self._desk.notices, self._desk.blotter, self._desk.positions):
            if pane.view is None and pane.waiting != waiting:
                pane.wait(waiting)

    def _has_just_grown(self, bounds: Mapping[str, int]) -> bool:
        """Tell whether a limit was reached a moment ago: a line that never goes away is not read."""
        if bounds != self._bounds:
            self._bounds, self._bounds_at = dict(bounds), self._monotonic()
        return self._monotonic() - self._bounds_at < LOUD_S

    def _waiting(self) -> str:
        age = int(self._monotonic() - self._attaching.since)
        match self._attaching.state:
            case "lost":
                return "no engine"
            case "connecting":
                return f"connecting to the engine, {age} s"
            case _:
                return "attached, waiting for the first picture"

    def _doubt(self) -> str:
        """Say why no picture may be believed at present."""
        if self._attaching.state != "attached":
            return "the engine is gone"
        return "the engine is silent" if self._attaching.silent_s() >= SILENT_S else ""

    def _loud(self) -> tuple[Loud, ...]:
        loud = [Loud(note.words, note.style) for note in self._trading.notes()]
        attaching, view = self._attaching, self._desk.status.view
        if attaching.state == "lost":
            loud.append(Loud(f"ENGINE GONE (r attaches again, Ctrl-q quits), what is shown is old: {attaching.reason}"))
        elif attaching.state == "connecting" and view is not None:
            loud.append(Loud("ATTACHING AGAIN: what is shown is old", "warn"))
        elif (silent := attaching.silent_s()) >= SILENT_S and attaching.state == "attached":
            loud.append(Loud(f"ENGINE SILENT {int(silent)} s: what is shown may be old"))
        if not self._doubt():
            loud += [Loud(words, style) for words, style in loud_words(self._trading.view, self._keys)]
        orders = self._trading.orders
        if not self._doubt() and orders is not None and not orders.total:
            loud += [Loud(words, "bar") for words in [first_words(self._trading.view, self._keys)] if words]
        if view is not None and (words := stream_words(view)):
            loud.append(Loud(words, "warn"))
        if view is not None and (words := bounds_words(view)) and self._has_just_grown(view.bounds):
            loud.append(Loud(f"LIMIT REACHED: {words}", "warn"))
        if self._monotonic() - self._began < TELL_S:
            loud += [Loud(words, "warn") for words in self._told]
        return tuple(loud)

"""The status bar: which mode, whether the stream and the engine are well, and loudly what is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kalshi_tui.link.trading import TradingView
from kalshi_tui.link.views import StatusView
from kalshi_tui.tui.panes.standing import LIVE_WORDS, banner_rows, count_cells, state_cells
from kalshi_tui.tui.widgets.lines import Cell, Lines, Row
from kalshi_tui.tui.words import age, amount, clock, fit, span, until, wrap

LOUD_LINES: Final = 4
ROOMY: Final = 120  # columns from which there is room for what is merely good to know
_GAP: Final[Cell] = ("  ", "bar")


@dataclass(frozen=True, slots=True)
class Loud:
    """Something that must not be overlooked."""

    words: str
    style: str = "alarm"


class Status(Lines):
    """Two lines of state, banners, and one more line for each thing that must not be overlooked."""

    def __init__(self, keys: Mapping[str, str] | None = None, *, id: str) -> None:  # noqa: A002 - as Textual names it
        super().__init__(id=id)
        self._keys = keys or {}
        self.view: StatusView | None = None
        self.trading: TradingView | None = None
        self.waiting = "connecting"
        self.doubt = ""  # why nothing that was said last may be believed
        self.loud: tuple[Loud, ...] = ()

    def drawn_anew(self) -> None:
        """Draw with what is known now; the height changes only when something loud comes or goes."""
        width = self.size.width
        if width <= 0:
            return
        rows = [
            *quiet_rows(self.view, width, self.waiting, self.doubt, self.trading),
            *self._banners(width),
            *loud_rows(self.loud, width),
        ]
        if self.styles.height is None or self.styles.height.value != len(rows):
            self.styles.height = len(rows)
        self.show(rows)

    def _banners(self, width: int) -> list[Row]:
        """Return what must be seen on every screen: real money, and a kill."""
        now_ms = self.view.now_ms if self.view is not None else 0
        rows = banner_rows(self.trading, self._keys, now_ms, width)
        if is_real_money(self.view, self.trading):
            rows.insert(0, ((LIVE_WORDS.center(width), "live"),))
        return rows


def is_real_money(view: StatusView | None, trading: TradingView | None) -> bool:
    """Tell whether orders move real money."""
    is_live = view is not None and (view.environment, view.execution) == ("prod", "live")
    return is_live or (trading is not None and trading.is_live)


def bounds_words(view: StatusView) -> str:
    """Name each limit that was reached, and how often."""
    return ", ".join(f"{name} {count:,}" for name, count in sorted(view.bounds.items()) if count)


def stream_words(view: StatusView) -> str:
    """Say why the stream is not open, and when it is tried again; nothing where it is."""
    if view.feed in {"open", "connecting"}:
        return ""
    again = f"; again in {until(view.feed_until_ms, view.now_ms)}" if view.feed_until_ms else ""
    return f"STREAM {view.feed.upper()}: {view.feed_reason}{again}. Books may be old"


def loud_rows(loud: Sequence[Loud], width: int) -> list[Row]:
    """Return a line for each, at most two where it is long, and a count of the lines that found no room."""
    rows: list[Row] = []
    for thing in loud:
        lines = wrap(thing.words, width - 2)
        shown = lines if len(lines) <= 2 else [lines[0], " ".join(lines[1:])]
        rows += [((fit(f" {line}", width), thing.style),) for line in shown]
    if len(rows) > LOUD_LINES:
        more = len(rows) - LOUD_LINES + 1
        rows[LOUD_LINES - 1 :] = [((fit(f" and {more} more lines", width), "alarm"),)]
    return rows


def quiet_rows(
    view: StatusView | None, width: int, waiting: str, doubt: str = "", trading: TradingView | None = None
) -> list[Row]:
    """Return the two lines that are always there."""
    if view is None:
        return [_line([(f" {waiting}", "bar")], "", width), _line([], "", width)]
    at_right = f"{clock(view.now_ms)} UTC "
    if doubt:
        state = state_cells(trading, view.now_ms, doubt)
        first = [_badge(view), *state, _GAP, (" stream UNKNOWN ", "warn"), (f" {doubt}", "bar stale")]
        return [
            _line(first, at_right, width),
            _line([(" books unknown since the time above", "bar stale")], "", width),
        ]
    first = [_badge(view), *state_cells(trading, view.now_ms, ""), *_exchange(view), _GAP, *_stream(view)]
    if view.feed == "open" and width >= ROOMY:
        first += [_GAP, (view.words, "bar quiet")]
    return [_line(first, at_right, width), _line(_numbers(view, width, trading), _tape(view), width)]


def _badge(view: StatusView) -> Cell:
    """Return the mode's word; only where money is real it is in the colour of danger."""
    style = "practice" if view.environment == "practice" else "observe"
    if view.execution == "paper":
        style = "paper"
    elif (view.environment, view.execution) == ("prod", "live"):
        style = "live"
    return f" {fit(view.mode.upper(), min(len(view.mode), 20))} ", style


def _stream(view: StatusView) -> list[Cell]:
    """Say how the stream is; the reason only where it is not simply open."""
    since = span(max(view.now_ms - view.feed_since_ms, 0))
    if view.feed == "open":
        return [("stream open", "bar bid"), (f" {since}", "bar quiet")]
    return [(f" stream {fit(view.feed.upper(), 10).strip()} ", "warn"), (f" {since}", "bar quiet")]


def _exchange(view: StatusView) -> list[Cell]:
    """Say whether the exchange trades; nothing where it does."""
    if view.exchange in {"open", "unknown"}:
        return []
    ends = f" for {until(view.exchange_until_ms, view.now_ms)}" if view.exchange_until_ms else ""
    return [_GAP, (f" {fit(view.exchange.upper(), min(len(view.exchange), 16))}{ends} ", "warn")]


def _numbers(view: StatusView, width: int, trading: TradingView | None) -> list[Cell]:
    heard = age(view.now_ms - view.heard_ms) if view.heard_ms else "never"
    all_live = view.books_live == view.books
    catalogue = "" if view.catalogue == "ready" else view.catalogue
    cells: list[Cell] = [
        *count_cells(trading),
        (f" books {view.books_live}/{view.books} live", "bar" if all_live else "bar stale"),
        (f"heard {heard}", "bar"),
        (f"gaps {view.gaps}", "bar" if not view.gaps else "bar stale"),
        (f"lag {view.lag.p99_ms:.0f} ms", "bar"),
        (_limits(view), "bar stale"),
        (catalogue, "bar stale"),
        (f"{view.frames_per_s:,.0f} messages/s" if width >= ROOMY else "", "bar quiet"),
        (f"{view.markets:,} markets" if width >= ROOMY else "", "bar quiet"),
    ]
    return [part for cell in cells if cell[0] for part in (cell, _GAP)][:-1]


def _limits(view: StatusView) -> str:
    """Say how often any limit was reached since the engine began; which ones is said loudly while it happens."""
    reached = sum(view.bounds.values())
    return f"limits reached {reached:,}" if reached else ""


def _tape(view: StatusView) -> str:
    tape = view.tape
    if tape.state == "recording":
        lost = f", {tape.frames_lost:,} lost" if tape.frames_lost else ""
        return f"tape {amount(tape.bytes_written)}{lost} "
    return f"tape {tape.state}{': ' if tape.reason else ''}{fit(tape.reason, min(len(tape.reason), 20))} "


def _line(cells: Sequence[Cell], at_right: str, width: int) -> Row:
    """Lay cells from the left and one text at the right; what has no room is cut at the end of the left part."""
    room = max(width - len(at_right) - 1, 0)
    laid: list[Cell] = []
    for text, style in cells:
        shown = fit(text, min(len(text), room))
        laid.append((shown, style))
        room -= len(shown)
    return (*laid, (" " * (room + 1), "bar"), (at_right, "bar"), ("", "bar"))

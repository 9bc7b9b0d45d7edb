"""What is held: averages, what selling would bring, and what each outcome comes to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from textual.message import Message

from kalshi_tui.core.units import Money, Size
from kalshi_tui.core.words import contracts
from kalshi_tui.link.trading import EventRow, PositionRow, PositionsView
from kalshi_tui.link.views import View
from kalshi_tui.tui.actions import bindings
from kalshi_tui.tui.panes.choosing import Chooser
from kalshi_tui.tui.widgets.lines import Cell, Row
from kalshi_tui.tui.words import fit, right, short_cash, unit_price

LEAST_NAME: Final = 12
OUTCOMES: Final = 5  # lines about the chosen one below the list


@dataclass(frozen=True, slots=True)
class Column:
    """A column, and how much it is needed where there is little room."""

    heading: str
    width: int
    need: int
    cell: Callable[[PositionRow], Cell]


def _cash(money: int | None, width: int) -> Cell:
    style = "quiet" if not money else ("edge-positive" if money > 0 else "edge-negative")
    return right(short_cash(money, width), width), style  # type: ignore[arg-type]


COLUMNS: Final = (
    Column("average", 7, 8, lambda row: (right(unit_price(row.average), 7), "")),
    Column("exit", 9, 5, lambda row: (right(short_cash(row.exit_value, 9, signed=False), 9), "")),
    Column("open p/l", 9, 6, lambda row: _cash(row.unrealised, 9)),
    Column("realised", 9, 2, lambda row: _cash(row.realised, 9)),
    Column("if yes", 9, 7, lambda row: _cash(row.if_yes, 9)),
    Column("if no", 9, 7, lambda row: _cash(row.if_no, 9)),
)
HELD: Final = 10


def columns_for(width: int) -> tuple[Column, ...]:
    """Return the columns that find room beside a name and what is held."""
    shown = list(COLUMNS)
    while shown and sum(column.width + 1 for column in shown) + HELD + LEAST_NAME + 2 > width:
        shown.remove(min(shown, key=lambda column: (column.need, -COLUMNS.index(column))))
    return tuple(shown)


class Positions(Chooser[PositionRow]):
    """One line a market; below stands what the chosen one's event comes to, outcome by outcome."""

    NAME = "positions"
    BINDINGS = bindings("positions")

    @dataclass
    class Opened(Message):
        """A position's market is to be shown."""

        ticker: str

    def __init__(self, *, id: str) -> None:  # noqa: A002 - as Textual names it
        super().__init__(id=id)
        self.view: PositionsView | None = None

    def take(self, view: View) -> None:
        """Take a newer portfolio."""
        if isinstance(view, PositionsView):
            self.view = view
            self.drawn_anew()

    def items(self) -> Sequence[PositionRow]:
        """Return the positions as they came."""
        return self.view.rows if self.view is not None else ()

    def name_of(self, item: PositionRow) -> object:
        """Return a position's market."""
        return item.ticker

    def action_open(self) -> None:
        """Open its market."""
        if (row := self.current()) is not None:
            self.post_message(self.Opened(row.ticker))

    def rows(self, width: int, height: int) -> Sequence[Row]:
        """Return heading, columns, positions, the event's outcomes, and the whole account."""
        view = self.view
        if view is None:
            return self.placeholder(width)
        heading = self.heading(f"positions  {len(view.rows)}", width, f"day {short_cash(view.day, 12)} ")
        if not view.rows:
            return [heading, ((fit(" nothing is held", width), "quiet"),), total_row(view, width, self.doubt)]
        outcomes = self._outcomes(view, width, max(height - 6, 0))
        room = height - self.HEAD_LINES - self.FOOT_LINES - len(outcomes)
        body = [self._row(row, width, here=here) for row, here in self.in_sight(room)]
        return [heading, head_row(width), *self.filled(body, room), *outcomes, total_row(view, width, self.doubt)]

    def _row(self, row: PositionRow, width: int, *, here: bool) -> Row:
        mark, under = self.mark(here=here)
        return position_row(row, width, mark, under, is_old=bool(self.doubt))

    def _outcomes(self, view: PositionsView, width: int, most: int) -> list[Row]:
        row = self.current()
        if row is None:
            return []
        event = next((event for event in view.events if event.event_ticker == row.event_ticker), None)
        rows = [chosen_row(row, width), *(outcome_rows(event, width) if event is not None else [])]
        return rows[: min(most, OUTCOMES)]


def held_words(size: Size) -> str:
    """Say what is held on which side."""
    return f"{'YES' if size > 0 else 'NO'} {contracts(Size(abs(size)))}" if size else "flat"


def head_row(width: int) -> Row:
    """Return the headings of the columns."""
    columns = columns_for(width)
    room = _name_width(width, columns)
    headings = "".join(f" {right(column.heading, column.width)}" for column in columns)
    return ((fit(f" {fit('market', room)} {fit('held', HELD)}{headings}", width), "quiet"),)


def position_row(row: PositionRow, width: int, mark: str = " ", under: str = "", *, is_old: bool = False) -> Row:
    """Return one position; a settled one says how."""
    columns = columns_for(width)
    held = row.settled or held_words(row.size)
    style = "quiet" if row.settled or not row.size else ("bid" if row.size > 0 else "ask")
    cells: list[Cell] = [(mark, "last"), (fit(row.ticker, _name_width(width, columns)), "")]
    cells.append((f" {fit(held, HELD)}", style))
    for column in columns:
        text, style = column.cell(row)
        cells.append((f" {text}", style))
    return (*((text, f"{'quiet' if is_old else style} {under}".strip()) for text, style in cells), ("", under))


def _name_width(width: int, columns: Sequence[Column]) -> int:
    return max(width - sum(column.width + 1 for column in columns) - HELD - 2, 0)


def chosen_row(row: PositionRow, width: int) -> Row:
    """Return what the chosen position's columns may have had no room for."""
    words = f"exit {short_cash(row.exit_value, 9, signed=False)}  open {short_cash(row.unrealised, 9)}"
    more = f"  realised {short_cash(row.realised, 9)}  fees {short_cash(Money(-row.fees), 9)}"
    return ((fit(f" {words}{more}", width), "quiet"),)


def outcome_rows(event: EventRow, width: int) -> list[Row]:
    """Return what an event's positions come to, the worst first; and whether those are all its outcomes."""
    rest = "" if event.is_whole else " (more outcomes may be)"
    rows: list[Row] = [((fit(f" {event.title or event.event_ticker}{rest}", width), "group"),)]
    for outcome in event.outcomes:
        text, style = _cash(outcome.result, 12)
        rows.append(((fit(f"   {outcome.words}", max(width - 14, 0)), ""), (f" {text} ", style)))
    return rows


def _account_words(view: PositionsView) -> Iterator[str]:
    """Write the account in fewer and fewer cells: cents go before whole dollars are cut off."""
    for room, gap in ((10, "  "), (10, " "), (7, " "), (6, " "), (5, " ")):
        yield gap.join(
            (
                f"cash {short_cash(view.cash, room, signed=False)}",
                f"free {short_cash(view.free, room, signed=False)}",
                f"open {short_cash(view.unrealised, room)}",
                f"worst {short_cash(Money(-view.worst), room)}",
            )
        )


def total_row(view: PositionsView, width: int, doubt: str = "") -> Row:
    """Return the account in one line: what is left in cash, open profit, and the worst that may come."""
    words = doubt or next(
        (words for words in _account_words(view) if len(words) + 1 <= width), [*_account_words(view)][-1]
    )
    return ((fit(f" {words}", width), "stale" if doubt else "quiet"),)

"""The list of markets as rows: columns of fixed width, and a line for each event above its markets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from kalshi_tui.core.units import Price, Size
from kalshi_tui.core.words import dollars
from kalshi_tui.link.keys import Sort
from kalshi_tui.link.views import MarketRow
from kalshi_tui.tui.widgets.lines import Cell, Row
from kalshi_tui.tui.words import fit, right, until, whole_size

ARROWS: Final = {-1: "▼", 0: " ", 1: "▲"}
# What a venue calls a market that does not trade, in words that find room.
STATUSES: Final = {
    "initialized": "not yet",
    "inactive": "paused",
    "determined": "decided",
    "disputed": "dispute",
    "finalized": "settled",
}
SORTED_BY: Final[Mapping[Sort, str]] = {"volume": "volume", "close": "closes"}  # the headings
MOST_NEED: Final = 9
LEAST_NAME: Final = 20
LEAST_TICKER: Final = 28  # where no line above says which event it is


@dataclass(frozen=True, slots=True)
class Column:
    """A column: how a market's cell is made, and how much it is needed where there is little room."""

    heading: str
    width: int
    need: int
    cell: Callable[[MarketRow, int], Cell]


def _price(price: Price | None, side: str, state: str) -> Cell:
    return right(dollars(price), 6), side if state == "live" else "quiet"


def _size(size: Size, price: Price | None) -> Cell:
    return right(whole_size(size, 6) if price is not None else "", 6), "quiet"


def _last(row: MarketRow) -> Cell:
    moved = row.moved if row.last is not None else 0
    text = f"{right(dollars(row.last), 6)}{ARROWS.get(moved, ' ')}"
    if row.state != "live" or not moved:
        return text, "quiet"
    return text, "bid" if row.moved > 0 else "ask"


def _state(row: MarketRow) -> Cell:
    if row.status not in {"", "active", "open"}:
        return fit(STATUSES.get(row.status, row.status), 7), "stale"
    if _is_doubtful(row):
        return fit(row.state.upper(), 7), "danger" if row.state == "dead" else "stale strong"
    return fit(row.state, 7), "bid" if row.state == "live" else "quiet"


COLUMNS: Final = (
    Column("size", 6, 2, lambda row, _: _size(row.bid_size, row.bid)),
    Column("bid", 6, 9, lambda row, _: _price(row.bid, "bid", row.state)),
    Column("ask", 6, 9, lambda row, _: _price(row.ask, "ask", row.state)),
    Column("size", 6, 2, lambda row, _: _size(row.ask_size, row.ask)),
    Column("last ", 7, 5, lambda row, _: _last(row)),
    Column("volume", 7, 1, lambda row, _: (right(whole_size(row.volume, 7), 7), "quiet")),
    Column("closes", 7, 3, lambda row, now_ms: (right(until(row.close_ms, now_ms), 7), "quiet")),
    Column("book", 7, 8, lambda row, _: _state(row)),
)


@lru_cache(maxsize=64)
def columns_for(width: int, sort: Sort = "event") -> tuple[Column, ...]:
    """Return the columns that find room beside a name; the one that is sorted by is no less needed than a price."""
    shown = list(COLUMNS)
    least = LEAST_NAME if sort == "event" else LEAST_TICKER

    def need(column: Column) -> tuple[int, int]:
        return MOST_NEED if column.heading == SORTED_BY.get(sort) else column.need, -COLUMNS.index(column)

    while shown and sum(column.width + 1 for column in shown) + least > width:
        shown.remove(min(shown, key=need))
    return tuple(shown)


def name_width(width: int, columns: Sequence[Column]) -> int:
    """Return what is left for the name."""
    return max(width - sum(column.width + 1 for column in columns) - 1, 0)


def head_row(width: int, columns: Sequence[Column]) -> Row:
    """Return the headings."""
    cells: list[Cell] = [(" ", "quiet"), (fit("market", name_width(width, columns)), "quiet")]
    for column in columns:
        text = right(column.heading, column.width) if column.heading != "book" else fit("book", column.width)
        cells.append((f" {text}", "quiet"))
    return tuple(cells)


def event_row(row: MarketRow, width: int) -> Row:
    """Return the line above an event's markets."""
    return ((fit(f" {row.event_title or row.event_ticker}", width), "group"),)


def market_row(row: MarketRow, width: int, now_ms: int, *, mark: str, under: str, sort: Sort = "event") -> Row:
    """Return one market; `mark` says whether it is open or under the cursor, `under` is the style below it.

    A market that stands without its event's line above is named by its ticker too.
    """
    columns = columns_for(width, sort)
    room = name_width(width, columns)
    name = f"{row.ticker}  {row.answer}" if sort != "event" else row.answer or row.ticker
    cells: list[Cell] = [(mark, f"last {under}"), (fit(f" {name}", room), _name_style(row, under))]
    for column in columns:
        text, style = column.cell(row, now_ms)
        cells.append((f" {text}", f"{style} {under}".strip()))
    return (*cells, ("", under))


def _name_style(row: MarketRow, under: str) -> str:
    return f"{'quiet ' if _is_doubtful(row) else ''}{under}".strip()


def _is_doubtful(row: MarketRow) -> bool:
    return row.state not in ("live", "listed")

"""The latest trades of a market, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kalshi_tui.core.words import dollars
from kalshi_tui.link.views import TradeRow, TradesView, View
from kalshi_tui.tui.actions import bindings
from kalshi_tui.tui.panes.pane import Pane
from kalshi_tui.tui.widgets.lines import Row
from kalshi_tui.tui.words import clock, fit, right, short_size

SIDES: Final = {"bid": ("bought", "bid"), "ask": ("sold", "ask")}
BLOCKS: Final = {"bid": "blk buy", "ask": "blk sell"}
ARROWS: Final = {-1: "▼", 0: " ", 1: "▲"}
HEAD_LINES: Final = 2


class Trades(Pane):
    """When, at which price, how much, and what the taker did."""

    NAME = "trades"
    BINDINGS = bindings("trades")

    def __init__(self, *, id: str) -> None:  # noqa: A002 - as Textual names it
        super().__init__(id=id)
        self.waiting = ""
        self.ticker = ""
        self.view: TradesView | None = None
        self.first: int | None = None  # the number of the first trade shown, where somebody has scrolled

    def open(self, ticker: str) -> None:
        """Show another market from now on."""
        if ticker != self.ticker:
            self.ticker, self.view, self.first = ticker, None, None
            self.waiting = "waiting for its trades"
            self.drawn_anew()

    def take(self, view: View) -> None:
        """Take a newer list."""
        if isinstance(view, TradesView) and view.ticker == self.ticker:
            self.view = view
            self.drawn_anew()

    def action_move(self, by: int) -> None:
        """Go to older trades, or newer ones; at the newest the list follows again."""
        if self.view is not None and self.view.rows:
            rows = self.view.rows
            last = max(len(rows) - max(self.size.height - HEAD_LINES, 1), 0)
            place = max(min(self._place(rows) + by, last), 0)
            self.first = rows[place].number if place else None
            self.drawn_anew()

    def action_page(self, by: int) -> None:
        """Go by what is seen at once."""
        self.action_move(by * max(self.size.height - HEAD_LINES - 1, 1))

    def action_edge(self, by: int) -> None:
        """Go to the newest or the oldest."""
        self.action_move(by * len(self.view.rows) if self.view is not None else 0)

    def rows(self, width: int, height: int) -> Sequence[Row]:
        """Return heading, columns, and as many trades as find room."""
        view = self.view
        if view is None:
            return self.placeholder(width)
        place = self._place(view.rows)
        count = max(view.total, len(view.rows))  # those from before the market was followed are not in the total
        heading = self.heading(f"trades {count:,}", width, f"{place} newer above " if place else "")
        if not view.rows:
            return [heading, ((fit(" none yet", width), "quiet"),)]
        head = ((fit(f" {'time':8} {right('price', 6)}  {right('size', 7)} taker", width), "quiet"),)
        shown = view.rows[place : place + max(height - HEAD_LINES, 0)]
        older = [*view.rows[place + 1 :], None]
        return [heading, head, *(trade_row(row, before, width) for row, before in zip(shown, older, strict=False))]

    def _place(self, rows: Sequence[TradeRow]) -> int:
        """Return where the first trade shown is now; one that is not there any more has become the oldest."""
        if self.first is None:
            return 0
        places = [place for place, row in enumerate(rows) if row.number <= self.first]
        return places[0] if places else max(len(rows) - 1, 0)


def trade_row(row: TradeRow, before: TradeRow | None, width: int) -> Row:
    """Return one trade; its arrow says how its price stands to the trade before."""
    word, style = SIDES[row.taker_side]
    moved = 0 if before is None else (row.price > before.price) - (row.price < before.price)
    text = f"{right(dollars(row.price), 6)}{ARROWS[moved]} {right(short_size(row.size, 7), 7)} "
    said = BLOCKS[row.taker_side] if row.is_block else word
    return (
        (f" {clock(row.ts_ms)} ", "quiet"),
        (text, style),
        (fit(said, max(width - 10 - len(text), 0)), style),
    )

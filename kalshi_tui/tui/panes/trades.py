"""The latest trades of a market, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kalshi_tui.link.views import TradeRow, TradesView, View
from kalshi_tui.tui.panes.pane import Pane
from kalshi_tui.tui.widgets.lines import Row
from kalshi_tui.tui.words import clock, dollars, fit, right, short_size

SIDES: Final = {"bid": ("bought", "bid"), "ask": ("sold", "ask")}
HEAD_LINES: Final = 2


class Trades(Pane):
    """When, at which price, how much, and what the taker did."""

    NAME = "trades"

    def __init__(self, *, id: str) -> None:  # noqa: A002 - as Textual names it
        super().__init__(id=id)
        self.waiting = ""
        self.ticker = ""
        self.view: TradesView | None = None

    def open(self, ticker: str) -> None:
        """Show another market from now on."""
        if ticker != self.ticker:
            self.ticker, self.view, self.waiting = ticker, None, "waiting for its trades"
            self.drawn_anew()

    def take(self, view: View) -> None:
        """Take a newer list."""
        if isinstance(view, TradesView) and view.ticker == self.ticker:
            self.view = view
            self.drawn_anew()

    def rows(self, width: int, height: int) -> Sequence[Row]:
        """Return heading, columns, and as many trades as find room."""
        view = self.view
        if view is None:
            return self.placeholder(width)
        heading = self.heading(f"trades {view.total:,}", width)
        if not view.rows:
            return [heading, ((fit(" none yet", width), "quiet"),)]
        head = ((fit(f" {'time':8} {right('price', 6)}   {right('size', 8)} taker", width), "quiet"),)
        shown = view.rows[: max(height - HEAD_LINES, 0)]
        older = [*view.rows[1:], None]
        return [heading, head, *(trade_row(row, before, width) for row, before in zip(shown, older, strict=False))]


def trade_row(row: TradeRow, before: TradeRow | None, width: int) -> Row:
    """Return one trade; its arrow says how its price stands to the trade before."""
    word, style = SIDES[row.taker_side]
    moved = 0 if before is None else (row.price > before.price) - (row.price < before.price)
    arrow = {-1: "▼", 0: " ", 1: "▲"}[moved]
    block = " block" if row.is_block else ""
    text = f"{right(dollars(row.price), 6)} {arrow} {right(short_size(row.size, 8), 8)}"
    return (
        (f" {clock(row.ts_ms)} ", "quiet"),
        (f"{text} ", style),
        (fit(f"{word}{block}", max(width - 10 - len(text) - 1, 0)), style),
    )

"""Fills as a text to read."""

from __future__ import annotations

from typing import Final

from kalshi_tui.core.words import dollars
from kalshi_tui.link.trading import FillsView
from kalshi_tui.tui.widgets.lines import Row
from kalshi_tui.tui.words import cash, clock, fit, right, short_size

SIDES: Final = {"bid": ("bought", "bid"), "ask": ("sold  ", "ask")}


def fill_rows(view: FillsView | None, width: int) -> list[Row]:
    """Return one line a fill; a fee that is not what we expected says so."""
    if view is None:
        return [((fit(" waiting for the fills", width), "quiet"),)]
    if not view.rows:
        return [((fit(" none yet", width), "quiet"),)]
    heading = f" {'time':8} {'':6} {right('size', 9)} {right('price', 6)} {right('fee', 9)}       order market"
    rows: list[Row] = [((fit(heading, width), "quiet"),)]
    for fill in view.rows:
        side, style = SIDES[fill.side]
        is_other = fill.predicted is not None and fill.predicted != fill.fee
        numbers = f"{right(short_size(fill.size, 9), 9)} {right(dollars(fill.price), 6)} {right(cash(fill.fee), 9)} "
        doubt = f"  (fee expected: {cash(fill.predicted)})" if is_other else ""
        tail = f"{'taker' if fill.is_taker else 'maker'} {fill.order:>5} {fill.ticker}{doubt}"
        head = f" {clock(fill.ts_ms)} "
        room = max(width - len(head) - len(side) - len(numbers) - 1, 0)
        rows.append(
            ((head, "quiet"), (f"{side} ", style), (numbers, ""), (fit(tail, room), "stale" if is_other else ""))
        )
    return rows

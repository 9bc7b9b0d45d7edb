"""The drills, one for each fault of market data: what goes wrong, for how long, and what must follow."""

from __future__ import annotations

from typing import Final

from kalshi_tui.cli.drills.checks import connects_are_few, it_came_back_thrice, one_message_was_too_large
from kalshi_tui.cli.drills.plan import SILENT_MS, Drill
from kalshi_tui.cli.drills.slow import SLOW_LINK, two_do_not_read

MARKET_DRILLS: Final = (
    Drill(
        "F34",
        "connections end cleanly, abruptly and silently",
        "books are stale at once, or 15 s after the last ping; the half-open connection is replaced",
        lasts_s=50,
        says="no ping from the exchange",
        limit_ms=SILENT_MS,
        checks=(it_came_back_thrice,),
    ),
    Drill(
        "F35",
        "connections are taken and dropped",
        "at most ten connects a minute; books are right when the storm is over",
        lasts_s=65,
        says="the stream is away: the exchange closed the stream",
        checks=(connects_are_few,),
    ),
    Drill(
        "F36",
        "frames of the book are lost",
        "the gap is seen at the next frame, and every book is asked for anew",
        lasts_s=12,
        counts=("gaps",),
    ),
    Drill(
        "F37",
        "frames of the book come twice",
        "the second is ignored, and no book falls out of step",
        lasts_s=10,
        counts=("duplicates",),
        is_calm=True,
    ),
    Drill(
        "F38",
        "frames of the book change places",
        "as a gap, and nothing is believed that may be old",
        lasts_s=12,
        counts=("gaps",),
    ),
    Drill(
        "F39",
        "the numbering starts again and jumps ahead",
        "only an answer to a new question begins a new count; a new connection counts from 1",
        lasts_s=16,
        says="the stream is away",
        counts=("gaps",),
    ),
    Drill(
        "F40",
        "snapshots come late",
        "no snapshot is believed that lacks changes told before it; what does not come is asked for again",
        lasts_s=26,
        counts=("old_clocks", "gaps"),
    ),
    Drill(
        "F41",
        "a level goes away by hundredths of a contract",
        "nothing of it is left, and no book falls out of step",
        lasts_s=8,
        is_calm=True,
    ),
    Drill(
        "F42",
        "a change takes away more than there is",
        "that book is asked for anew",
        lasts_s=10,
        counts=("malformed",),
    ),
    Drill(
        "F43",
        "a book crosses itself",
        "it is not live while it is crossed, and asked for anew when that outlasts its action",
        lasts_s=10,
        counts=("doubts",),
    ),
    Drill(
        "F44",
        "messages get older and older",
        "books are stale once messages come more than 2 s late",
        lasts_s=27,
        says="messages come .* s late",
    ),
    Drill(
        "F45",
        "a flood, and terminals that do not read",
        "those get less or are let go, within their bound; others see every picture",
        lasts_s=18,
        says="did not read for so long",
        bounds=("slow readers held back", "stuck readers dropped"),
        link_rules=SLOW_LINK,
        beside=(two_do_not_read,),
    ),
    Drill(
        "F46",
        "messages are huge",
        "one of 16 MiB ends its connection, nested ones are counted, a deep book is followed",
        lasts_s=14,
        says="a message was too large",
        counts=("malformed",),
        checks=(one_message_was_too_large,),
    ),
    Drill(
        "F47",
        "frames cannot be read",
        "they are counted, and what they may have concerned is asked for anew",
        lasts_s=10,
        counts=("malformed",),
    ),
    Drill(
        "F48",
        "messages have other shapes",
        "new fields and types are ignored, missing ones distrusted; descriptions are read anew",
        lasts_s=22,
        says="market_lifecycle_v2: Object missing required field",
        counts=("malformed", "unknown_types"),
        is_described=True,
    ),
    Drill(
        "F49",
        "prices are none",
        "that book is asked for anew; a level off the grid is not believed",
        lasts_s=10,
        counts=("malformed",),
        is_described=True,
    ),
    Drill(
        "F50",
        "numbers are none",
        "they are refused where they are read, and that book is asked for anew",
        lasts_s=10,
        counts=("malformed",),
    ),
    Drill(
        "F51",
        "messages are addressed wrongly",
        "they are ignored, and no book falls out of step",
        lasts_s=10,
        counts=("ignored",),
        is_calm=True,
    ),
)

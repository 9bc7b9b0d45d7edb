"""Goes on where the last terminal of this account left off: its market, sort and theme, which the engine kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import msgspec

from kalshi_tui.errors import KalshiTuiError
from kalshi_tui.link.client import Link
from kalshi_tui.link.intents import Recall, Recalled, Remember
from kalshi_tui.link.keys import MarketsKey, Sort
from kalshi_tui.link.views import MarketsView, View
from kalshi_tui.tui.panes.markets import Markets
from kalshi_tui.tui.wires import Wires

NAME: Final = "terminal"
LOOK: Final = "resume"
FOUND: Final = 5  # markets whose names hold the one that is looked for
RECALL_S: Final = 2.0


class Left(msgspec.Struct, frozen=True):
    """What a terminal left; what is empty was left to its usual way."""

    market: str = ""
    sort: Sort = "event"
    theme: str = ""


class Resuming:
    """Recalls once, and remembers from then on."""

    def __init__(self, wires: Wires, markets: Markets, wear: Callable[[str], None]) -> None:
        self._wires = wires
        self._markets = markets
        self._wear = wear
        self._link: Link | None = None
        self._kept: Left | None = None  # None until it was recalled
        self._work: asyncio.Task[None] | None = None
        markets.holds = True

    async def attached(self, link: Link) -> None:
        """Recall what was left, the first time, and let the list open a market of its own where nothing was."""
        self._link = link
        if self._kept is not None:
            return
        left = await _recalled(link)
        self._kept = left
        if left.theme:
            self._wear(left.theme)
        self._markets.sort_by(left.sort)
        if left.market and not self._markets.opened:
            key = MarketsKey(search=left.market, count=FOUND)
            self._wires.wish(LOOK, key, self._found, lambda _: self._markets.open_first())
        else:
            self._markets.open_first()

    def beat(self, theme: str) -> None:
        """Let the engine keep what is left, where that has changed; `theme` is what is worn by choice."""
        left = Left(self._markets.opened, self._markets.sort, theme)
        is_busy = self._work is not None and not self._work.done()
        if self._kept is None or left == self._kept or not left.market or self._link is None or is_busy:
            return
        self._kept = left
        if not self._link.closed:
            self._work = asyncio.ensure_future(_keep(self._link, left))

    def _found(self, view: View) -> None:
        """Open the market that was left, if it is still listed."""
        if not isinstance(view, MarketsView) or (view.loading and not view.rows):
            return
        self._wires.unwish(LOOK)
        wanted = self._kept.market if self._kept is not None else ""
        if any(row.ticker == wanted for row in view.rows) and not self._markets.opened:
            self._markets.open_at(wanted)
        else:
            self._markets.open_first()


async def _keep(link: Link, left: Left) -> None:
    with suppress(KalshiTuiError):  # the next change is another chance, and nothing hangs on it
        await link.ask(Remember(NAME, msgspec.json.encode(left).decode()))


async def _recalled(link: Link) -> Left:
    try:
        recalled = await link.ask(Recall(NAME), limit_s=RECALL_S)
        text = recalled.text if isinstance(recalled, Recalled) else None
        return msgspec.json.decode(text or "{}", type=Left)
    except (KalshiTuiError, msgspec.DecodeError):
        return Left()

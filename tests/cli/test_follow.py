"""A followed book while the stream is away: polled, said to be so, and never shown as fresher than it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from kalshi_tui.cli.follow import Follower, Shown
from kalshi_tui.cli.wiring import Session
from kalshi_tui.config.load import load_settings
from kalshi_tui.core.book import BookState
from kalshi_tui.core.events import Event
from kalshi_tui.engine.backoff import ReconnectRules
from kalshi_tui.engine.feed import Feed, FeedRules, FeedStatus, Machine
from kalshi_tui.engine.venue import Venue
from kalshi_tui.errors import TransportError
from tests.unit.test_feed import Lines, Seal
from tests.unit.test_polling import Shelf
from tests.unit.virtual_time import VirtualClock

TICKER = "A-1"


class Bench:
    """A follower whose stream never opens, over a venue that answers or not."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.shelf = VirtualClock(), Shelf()
        self.shown: list[tuple[float, Shown]] = []
        session = SimpleNamespace(
            settings=load_settings(environ={}, folder=folder),
            clock=self.clock,
            venue=Venue(self.shelf, self.clock, lambda: 0.0),
            feed=self._feed,
        )
        self.follower = Follower(cast("Session", session), [TICKER])

    def _feed(self, stream: Machine, deliver: Callable[[Event], None], on_status: Callable[[FeedStatus], None]) -> Feed:
        lines, rules = Lines(self.clock, [TransportError("no way")]), FeedRules(reconnects=ReconnectRules(cap_s=0.5))
        return Feed(stream, lines, self.clock, lambda: 0.5, deliver, signer=Seal(), on_status=on_status, rules=rules)

    async def run(self, until_s: float) -> None:
        def show() -> bool:
            self.shown.append((self.clock.seconds, self.follower.shown(TICKER)))
            return self.clock.seconds < until_s

        await self.clock.play(self.follower.run(show, every_s=0), until_s + 1)


async def test_while_the_stream_is_away_a_book_is_polled_and_says_so(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    await bench.run(until_s=8)
    last = bench.shown[-1][1]
    assert (last.book.best_bid, last.book.best_ask) == (4000, 5000)
    assert "polled over REST" in last.reason
    assert {shown.state for _, shown in bench.shown} == {BookState.STALE}


async def test_one_reason_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await Bench(tmp_path).run(until_s=8)
    assert capsys.readouterr().err.count("the stream is away: no way") == 1


@pytest.mark.parametrize("is_missing", [True, False], ids=["no book", "no answer"])
async def test_a_book_that_is_polled_no_more_is_not_said_to_be(tmp_path: Path, *, is_missing: bool) -> None:
    bench = Bench(tmp_path)
    await bench.run(until_s=8)
    if is_missing:
        bench.shelf.missing = {TICKER}
    else:
        bench.shelf.problem = TransportError("network is down")
    await bench.run(until_s=40)
    last = bench.shown[-1][1]
    assert last.state is BookState.STALE
    assert "polled over REST" not in last.reason

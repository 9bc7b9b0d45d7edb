"""The live view keeps its rows while their markets are open, and chooses anew when one has closed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import click
import pytest

from kalshi_tui.cli import live
from kalshi_tui.cli.follow import Follower
from kalshi_tui.cli.wiring import open_session
from kalshi_tui.core.events import TradeSeen
from kalshi_tui.core.markets import Event
from kalshi_tui.core.units import Price, Size


@pytest.fixture
async def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[live.Board]:
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.delenv("KALSHI_ENV", raising=False)
    monkeypatch.chdir(tmp_path)
    async with open_session(click.Context(click.Command("live"), obj={"environment": "practice"})) as session:
        listed = live.choose(await live.read_events(session, ""), 12)
        follower = Follower(session, [row.market.ticker for row in listed])
        yield live.Board(session, follower, "", 12, listed)


def closed(event: Event, ticker: str) -> Event:
    markets = tuple(replace(m, close_ms=1, yes_bid=None) if m.ticker == ticker else m for m in event.markets)
    return replace(event, markets=markets)


async def test_open_markets_keep_their_rows_whatever_their_odds(board: live.Board) -> None:
    before = list(board.listed)
    events = await live.read_events(board.session, "")
    board.replace_closed(list(reversed(events)))
    assert board.listed == before


async def test_a_closed_market_leaves_the_screen_and_the_stream(board: live.Board) -> None:
    gone = board.listed[0].market.ticker
    board.replace_closed([closed(event, gone) for event in await live.read_events(board.session, "")])
    shown = [row.market.ticker for row in board.listed]
    assert gone not in shown
    assert len(shown) >= 3
    assert board.follower.tickers == shown
    assert set(board.follower.stream.books) == set(shown)


async def test_nothing_open_leaves_the_last_rows(board: live.Board) -> None:
    before = list(board.listed)
    board.replace_closed([])
    assert board.listed == before


def test_what_traded_in_a_market_that_is_followed_no_longer_is_forgotten(board: live.Board) -> None:
    follower, (first, second, *_) = board.follower, [row.market.ticker for row in board.listed]
    for ticker in (first, second):
        follower._take(TradeSeen("t", ticker, Price(4_500), Size(100), "bid", is_block=False, ts_ms=1))
    follower.follow([second])
    follower._take(TradeSeen("t", first, Price(4_500), Size(100), "bid", is_block=False, ts_ms=1))  # still on its way
    assert set(follower.trades) == {second}

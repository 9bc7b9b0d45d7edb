"""The measured engine is a whole one that keeps in step, and a load is what it is said to be."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from kalshi_tui.adapters.tape_files import TapeReader, TapeWriter, newest_tape
from kalshi_tui.cli import bench
from kalshi_tui.cli.benches import engine, engine_live, hot_path
from kalshi_tui.cli.benches.busy_exchange import Storm
from kalshi_tui.cli.benches.engine_hot import copied
from kalshi_tui.cli.benches.engine_path import PER_BEAT, open_path
from kalshi_tui.cli.benches.frames import FrameMaker
from kalshi_tui.cli.benches.report import report
from kalshi_tui.engine.inputs import Frames
from kalshi_tui.engine.no_recorder import NoRecorder
from kalshi_tui.link.keys import LadderKey, MarketsKey, StatusKey
from kalshi_tui.link.messages import decode_view
from kalshi_tui.link.views import LadderView, MarketsView, StatusView
from kalshi_tui.practice.desk import Desk, open_desk
from kalshi_tui.practice.happenings import BookChanged, Happening
from kalshi_tui.practice.stream import bodies

MARKETS = 80


@pytest.fixture(scope="module")
def desk() -> Desk:
    return open_desk(start_ms=FrameMaker(1).now_ms, seed=1, markets=MARKETS)


def makers(desk: Desk) -> tuple[FrameMaker, FrameMaker]:
    """Return two makers of the same frames."""
    tickers = list(desk.exchange.markets)
    return FrameMaker(MARKETS, tickers=tickers), FrameMaker(MARKETS, tickers=tickers)


async def test_the_measured_engine_ends_with_the_books_of_the_bare_path(desk: Desk) -> None:
    maker, other = makers(desk)
    bare = hot_path.open_stream(other, other.snapshots())
    async with open_path(maker, desk, NoRecorder()) as path:
        frames = maker.deltas(4 * PER_BEAT)
        path.carry(frames, 50)
        hot_path.follow_all(bare, frames)
        ours = {ticker: tracked.book.digest() for ticker, tracked in path.kernel.stream.books.items()}
        assert ours == {ticker: tracked.book.digest() for ticker, tracked in bare.books.items()}


@pytest.mark.parametrize("at_once", [3, 50])
async def test_a_second_of_the_measured_engine_publishes_what_its_client_watches(desk: Desk, at_once: int) -> None:
    maker, _ = makers(desk)
    async with open_path(maker, desk, NoRecorder()) as path:
        before = path.kernel.board.published
        for _ in range(20):
            maker.now_ms += 50
            path.carry(maker.deltas(PER_BEAT), at_once)
        keys = LadderKey(maker.tickers[0]), MarketsKey(), StatusKey()
        ladder, page, status = (decode_view(shown[1]) for key in keys if (shown := path.shown(key)) is not None)
        assert isinstance(ladder, LadderView)
        assert isinstance(page, MarketsView)
        assert isinstance(status, StatusView)
        assert status.frames - MARKETS >= 20 * PER_BEAT
        assert len(page.rows) == 50
        assert ladder.bids
        # The busiest market's ladder changes at each beat, page and status at every fourth.
        assert path.kernel.board.published - before == 20 + 5 + 5


async def lose_a_frame(desk: Desk) -> None:
    maker, _ = makers(desk)
    async with open_path(maker, desk, NoRecorder()) as path:
        path.carry(maker.deltas(PER_BEAT)[1:], 50)


async def test_an_engine_that_fell_out_of_step_was_not_measured(desk: Desk) -> None:
    with pytest.raises(AssertionError, match="out of step"):
        await lose_a_frame(desk)


async def test_what_the_measured_engine_took_is_on_its_tape(desk: Desk, tmp_path: Path) -> None:
    maker, _ = makers(desk)
    async with open_path(maker, desk, TapeWriter(tmp_path)) as path:
        path.carry(copied(maker.deltas(2 * PER_BEAT)), 50)
        frames = path.kernel.status.frames
    records = TapeReader(newest_tape(tmp_path.parent)).records()
    assert sum(len(record.frames) for record in records if isinstance(record, Frames)) == frames


def happenings(desk: Desk, where: str) -> tuple[list[Happening], int]:
    """Return what a tenth of a second of the storm makes happen, and how many top lines it changes."""
    exchange, seen = desk.exchange, list[Happening]()
    before = {ticker: bodies.ticker_fields(market) for ticker, market in exchange.markets.items()}
    exchange.listen(seen.append)
    Storm(exchange, 5_000, where)
    exchange.advance(exchange.now_ms + 99)
    moved = sum(bodies.ticker_fields(market) != before[ticker] for ticker, market in exchange.markets.items())
    return seen, moved


def test_a_storm_behind_the_best_prices_changes_books_as_often_as_it_is_told_and_no_top_line() -> None:
    seen, moved = happenings(open_desk(start_ms=FrameMaker(1).now_ms, seed=1, markets=MARKETS), "behind")
    assert sum(isinstance(happening, BookChanged) for happening in seen) >= 500
    assert moved < MARKETS // 4  # by the makers who live there


def test_a_storm_at_the_best_prices_changes_top_lines() -> None:
    seen, moved = happenings(open_desk(start_ms=FrameMaker(1).now_ms, seed=1, markets=MARKETS), "at")
    assert sum(isinstance(happening, BookChanged) for happening in seen) >= 500
    assert moved > MARKETS * 3 // 4


def test_a_real_engine_is_measured_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_live, "BOOKS", MARKETS)
    found = engine_live.busy(1.0)
    assert found["books_live"] == MARKETS
    assert found["messages_per_s"] > 1_000
    assert found["memory_mib"] > 10
    assert found["bounds_hit"] == 0


def test_seconds_are_only_for_what_is_timed() -> None:
    ended = CliRunner().invoke(bench.command, ["hot-path", "--seconds", "5"])
    assert ended.exit_code == 2
    assert "takes no --seconds" in ended.stderr


def test_the_length_of_a_load_is_passed_on_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "measure", lambda _, *, seconds: report("engine", {"seconds": seconds}, {}))
    ended = CliRunner().invoke(bench.command, ["engine", "--seconds", "5", "--json"])
    assert ended.exit_code == 0
    assert '"seconds": 5.0' in ended.stdout or '"seconds":5.0' in ended.stdout

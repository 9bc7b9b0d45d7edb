"""The whole engine against the practice exchange in memory, seen through its link."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from kalshi_tui.adapters.sqlite_now import SqliteNow
from kalshi_tui.config.load import load_settings
from kalshi_tui.core.book import BookState
from kalshi_tui.core.events import TickerSeen
from kalshi_tui.core.units import Size
from kalshi_tui.engine.inputs import Mark, decode_records, encode_records
from kalshi_tui.engine.questions import Question, request_of
from kalshi_tui.engine.replaying import Replay
from kalshi_tui.engine.rules import Rules
from kalshi_tui.engine.running import ASKED_FOR, Engine
from kalshi_tui.engine.status import Status
from kalshi_tui.errors import LocalProtocolError, TransportError
from kalshi_tui.link.client import Link, attach
from kalshi_tui.link.intents import (
    Distrust,
    Follow,
    History,
    LetGo,
    ReadAnew,
    ReadHistory,
    Recall,
    Recalled,
    Remember,
    StopEngine,
)
from kalshi_tui.link.keys import LadderKey, MarketKey, MarketsKey, NoticesKey, StatusKey, TradesKey, ValuesKey
from kalshi_tui.link.messages import LEAVING
from kalshi_tui.link.views import (
    LadderView,
    MarketsView,
    MarketView,
    NoticesView,
    StatusView,
    TradesView,
    ValuesView,
    View,
)
from kalshi_tui.protocol import rest
from tests.engine.world import World, opening_of

V = TypeVar("V")


def make_world(*, scenario: str = "", rules: Rules | None = None, file: Path | None = None) -> World:
    settings = load_settings(environ={}, folder=Path("/nonexistent"))
    storage = SqliteNow(("practice", "practice", "observe"), settings.storage, file=file)
    asyncio.run(storage.open())
    return World(storage, scenario=scenario, rules=rules)


def as_a(kind: type[V], view: View | None) -> V:
    assert isinstance(view, kind)
    return view


async def some_ticker(world: World, link: Link) -> str:
    """Return a market whose book has two sides."""
    await world.clock.sleep(2)
    page = as_a(MarketsView, await link.first(MarketsKey()))
    return next(row.ticker for row in page.rows if row.bid is not None and row.ask is not None)


def books_of(world: World, ticker: str) -> tuple[dict[int, int], dict[int, int]]:
    market = world.desk.exchange.markets[ticker]
    bids, asks = (
        {price: level.size for price, level in side.items() if level.size} for side in (market.bids, market.asks)
    )
    return bids, asks


def test_a_watched_ladder_is_live_and_is_the_exchanges_book() -> None:
    world = make_world()

    async def part(_: Engine, link: Link) -> None:
        ticker = await some_ticker(world, link)
        ladder = link.watch(LadderKey(ticker))
        await world.clock.sleep(60)
        world.desk.exchange.pause_trading()
        await world.clock.sleep(2)
        view = as_a(LadderView, ladder.view)
        assert view.state is BookState.LIVE
        assert (dict(view.bids), dict(view.asks)) == books_of(world, ticker)
        assert list(view.bids) == sorted(view.bids, reverse=True)
        assert list(view.asks) == sorted(view.asks)

    world.play(part)


def test_views_come_no_faster_than_their_pace_and_only_when_something_changed() -> None:
    world = make_world()

    async def part(_: Engine, link: Link) -> None:
        ticker = await some_ticker(world, link)
        ladder, status, notices = link.watch(LadderKey(ticker)), link.watch(StatusKey()), link.watch(NoticesKey())
        arrivals: dict[int, int] = {}

        def count() -> None:
            for watching in link.take_changed():
                arrivals[watching.id] = arrivals.get(watching.id, 0) + 1

        link.on_change = count
        await world.clock.sleep(20)
        assert 1 <= arrivals[ladder.id] <= 20 * 20 + 1
        assert 95 <= arrivals[status.id] <= 20 * 5 + 1
        assert arrivals[notices.id] == 1

    world.play(part)


def test_books_are_followed_while_they_are_shown_and_a_while_longer() -> None:
    world = make_world(rules=Rules(linger_ms=5_000))

    async def part(engine: Engine, link: Link) -> None:
        ticker = await some_ticker(world, link)
        await world.clock.sleep(10)
        assert list(engine.kernel.stream.books) == []
        ladder = link.watch(LadderKey(ticker))
        await world.clock.sleep(2)
        assert list(engine.kernel.stream.books) == [ticker]
        link.unwatch(ladder)
        await world.clock.sleep(4)
        assert list(engine.kernel.stream.books) == [ticker]
        await world.clock.sleep(2)
        assert list(engine.kernel.stream.books) == []

    world.play(part)


def test_what_was_asked_for_is_followed_until_it_is_let_go_and_keeps_the_engine_at_work() -> None:
    world = make_world(rules=Rules(linger_ms=0))

    async def part(engine: Engine, link: Link) -> None:
        ticker = await some_ticker(world, link)
        await link.ask(Follow((ticker,)))
        await world.clock.sleep(2)
        assert list(engine.kernel.stream.books) == [ticker]
        with pytest.raises(LocalProtocolError, match="still at work: 1 markets"):
            await link.ask(StopEngine())
        assert not engine.stopping.is_set()
        await link.ask(LetGo((ticker,)))
        await world.clock.sleep(2)
        assert list(engine.kernel.stream.books) == []
        await link.ask(StopEngine())
        await world.clock.sleep(1)
        assert engine.stopping.is_set()

    world.play(part)


def test_only_names_of_markets_are_followed_and_only_so_many() -> None:
    world = make_world()

    async def part(engine: Engine, link: Link) -> None:
        with pytest.raises(LocalProtocolError, match="no market is called 'A,B'"):
            await link.ask(Follow(("A", "A,B")))
        await link.ask(Follow(tuple(f"KX-{number}" for number in range(ASKED_FOR))))
        await link.ask(Follow(("KX-1",)))
        with pytest.raises(LocalProtocolError, match=f"at most {ASKED_FOR} markets"):
            await link.ask(Follow(("KX-ONE-MORE",)))
        assert len(engine.kernel.following.asked_for()) == ASKED_FOR

    world.play(part)


def test_two_terminals_that_leave_together_do_not_keep_the_engine_for_each_other() -> None:
    world = make_world()

    async def part(engine: Engine, link: Link) -> None:
        leaving = [await attach(world.pipe_to(engine)[0], name=LEAVING) for _ in range(2)]
        with pytest.raises(LocalProtocolError, match="1 others are attached"):
            await leaving[0].ask(StopEngine(unless_others=True))
        await link.close()
        await world.clock.sleep(1)
        await leaving[0].ask(StopEngine(unless_others=True))
        await leaving[1].ended()
        assert engine.stopping.is_set()

    world.play(part)


def test_a_market_that_is_listed_only_after_somebody_asked_for_it_is_followed_then() -> None:
    world = make_world()

    async def part(engine: Engine, link: Link) -> None:
        ticker = await some_ticker(world, link)
        engine.kernel.reading._absent[ticker] = None  # as if it had not been there when we asked
        ladder = link.watch(LadderKey(ticker))
        await world.clock.sleep(1)
        engine.kernel.following.leave(ticker)
        await link.ask(ReadAnew())
        await world.clock.sleep(60)
        assert as_a(LadderView, ladder.view).state is BookState.LIVE

    world.play(part)


def test_nothing_stays_of_markets_that_are_followed_no_longer_even_if_it_comes_late() -> None:
    world = make_world(rules=Rules(linger_ms=0))

    async def part(engine: Engine, link: Link) -> None:
        ticker = await some_ticker(world, link)
        store = engine.kernel.store
        ladder = link.watch(LadderKey(ticker))
        await world.clock.sleep(30)
        assert ticker in store.quotes
        link.unwatch(ladder)
        await world.clock.sleep(1)
        assert ticker not in store.quotes
        store.log_of(ticker)
        store.heard[ticker] = 1
        none = Size(0)
        store.quotes["KX-GONE"] = TickerSeen("KX-GONE", None, None, None, none, none, none, none, none, 0)
        await world.clock.sleep(70)
        assert not {ticker, "KX-GONE"} & {*store.trades, *store.heard, *store.quotes}

    world.play(part)


class SetBack:
    """A clock that somebody sets back."""

    def __init__(self, world: World) -> None:
        self.back_ms = 0
        self.monotonic, self.sleep, self._now_ms = world.clock.monotonic, world.clock.sleep, world.clock.now_ms

    def now_ms(self) -> int:
        return self._now_ms() - self.back_ms


def test_where_the_clock_is_set_back_views_go_on_also_without_a_stream_that_drives_the_time() -> None:
    world = make_world()
    clock = SetBack(world)
    world.around = replace(world.around, clock=clock, signer=None)

    async def part(_: Engine, link: Link) -> None:
        status = link.watch(StatusKey())
        await world.clock.sleep(2)
        before = as_a(StatusView, status.view).now_ms
        clock.back_ms = 3_600_000
        await world.clock.sleep(5)
        assert as_a(StatusView, status.view).now_ms - before > 4_000

    world.play(part)


def test_a_fault_of_ours_that_a_client_sets_off_ends_the_engine_aloud(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world = make_world()

    async def part(engine: Engine, link: Link) -> None:
        def fail(*_: object) -> None:
            raise ZeroDivisionError("a fault")

        monkeypatch.setitem(engine.kernel.publishing._makers, NoticesKey, fail)
        link.watch(NoticesKey())
        await link.ended()

    with pytest.raises(ZeroDivisionError):
        world.play(part)
    assert "by a fault of its own" in caplog.text


def test_a_market_that_does_not_exist_says_so_instead_of_looking_empty() -> None:
    world = make_world()

    async def part(_: Engine, link: Link) -> None:
        ladder = link.watch(LadderKey("KXNOSUCH-1"))
        await world.clock.sleep(5)
        view = as_a(LadderView, ladder.view)
        assert view.state is BookState.DEAD
        assert view.reason == "the venue has no market of this name"

    world.play(part)


def test_all_markets_of_the_world_are_listed_found_and_described() -> None:
    world = make_world()

    async def part(_: Engine, link: Link) -> None:
        await world.clock.sleep(5)
        everything = as_a(MarketsView, await link.first(MarketsKey(count=500)))
        now_ms = world.desk.exchange.now_ms
        open_ones = {t for t, market in world.desk.exchange.markets.items() if market.close_ms > now_ms}
        assert open_ones <= {row.ticker for row in everything.rows}
        assert everything.loading == ""
        found = as_a(MarketsView, await link.first(MarketsKey(search="fed 3.75")))
        assert 0 < found.matched < everything.matched == everything.total
        assert all("3.75" in row.ticker + row.answer for row in found.rows)
        ticker = found.rows[0].ticker
        described = as_a(MarketView, await link.first(MarketKey(ticker)))
        assert described.rules_primary == world.desk.exchange.markets[ticker].rules_primary
        assert described.doubt == ""
        assert "taker" in described.fee

    world.play(part)


def test_what_was_read_too_long_ago_is_in_doubt_until_it_is_read_anew() -> None:
    world = make_world(rules=Rules(metadata_ms=60_000, metadata_limit_ms=30_000))

    async def part(_: Engine, link: Link) -> None:
        ticker = await some_ticker(world, link)
        described = link.watch(MarketKey(ticker))
        await world.clock.sleep(1)
        assert as_a(MarketView, described.view).doubt == ""
        await world.clock.sleep(40)
        assert "s are allowed" in as_a(MarketView, described.view).doubt
        await world.clock.sleep(25)
        assert as_a(MarketView, described.view).doubt == ""

    world.play(part)


def test_trades_are_all_there_newest_first_also_those_from_before_we_looked() -> None:
    world = make_world()

    async def part(_: Engine, link: Link) -> None:
        await world.clock.sleep(3)
        page = as_a(MarketsView, await link.first(MarketsKey()))
        watched = {row.ticker: link.watch(TradesKey(row.ticker)) for row in page.rows if row.bid}
        await world.clock.sleep(60)
        world.desk.exchange.pause_trading()
        await world.clock.sleep(2)
        seen = 0
        for ticker, watching in watched.items():
            view, told = as_a(TradesView, watching.view), world.desk.exchange.trades_of(ticker)
            newest_first = [(trade.price, trade.count) for trade in reversed(told)][:100]
            assert [(row.price, row.size) for row in view.rows] == newest_first
            assert [row.number for row in view.rows] == list(range(view.total, view.total - len(view.rows), -1))
            seen += view.total
        assert seen > 20

    world.play(part)


def test_index_values_come_as_they_are_published() -> None:
    world = make_world()

    async def part(_: Engine, link: Link) -> None:
        values = link.watch(ValuesKey())
        await world.clock.sleep(10)
        rows = as_a(ValuesView, values.view).rows
        assert "BRTI" in {row.name for row in rows}
        assert all(world.desk.exchange.now_ms - row.source_ms < 3_000 for row in rows)

    world.play(part)


def test_a_book_that_a_person_distrusts_is_asked_for_anew() -> None:
    world = make_world()

    async def part(engine: Engine, link: Link) -> None:
        ticker = await some_ticker(world, link)
        ladder = link.watch(LadderKey(ticker))
        await world.clock.sleep(2)
        await link.ask(Distrust(ticker))
        assert engine.kernel.stream.books[ticker].state is BookState.RESYNC
        await world.clock.sleep(2)
        assert as_a(LadderView, ladder.view).state is BookState.LIVE

    world.play(part)


def test_texts_and_price_history_outlive_the_engine(tmp_path: Path) -> None:
    file = tmp_path / "engine.sqlite"
    world = make_world(rules=Rules(history_ms=1_000), file=file)

    async def part(_: Engine, link: Link) -> str:
        ticker = await some_ticker(world, link)
        await link.ask(Follow((ticker,)))
        await link.ask(Remember("terminal", '{"market":"A"}'))
        await world.clock.sleep(60)
        return ticker

    ticker = world.play(part)
    again = make_world(file=file)

    async def look(_: Engine, link: Link) -> None:
        assert await link.ask(Recall("terminal")) == Recalled('{"market":"A"}')
        assert await link.ask(Recall("other")) == Recalled(None)
        history = await link.ask(ReadHistory(ticker))
        assert isinstance(history, History)
        assert len(history.points) > 1
        assert [point.at_ms for point in history.points] == sorted(point.at_ms for point in history.points)

    again.play(look)


def test_status_tells_of_books_stream_and_catalogue() -> None:
    world = make_world()

    async def part(_: Engine, link: Link) -> None:
        ticker = await some_ticker(world, link)
        link.watch(LadderKey(ticker))
        await world.clock.sleep(5)
        status = as_a(StatusView, await link.first(StatusKey()))
        assert (status.books, status.books_live, status.feed, status.exchange) == (1, 1, "open", "open")
        assert status.catalogue == "ready"
        assert status.clients == 1
        assert status.bounds == {}
        assert 0 <= status.now_ms - status.heard_ms < 10_000

    world.play(part)


def test_while_the_stream_is_away_books_are_polled_and_never_live(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()

    async def part(engine: Engine, link: Link) -> None:
        ticker = await some_ticker(world, link)
        ladder = link.watch(LadderKey(ticker))
        await world.clock.sleep(2)

        async def no_stream(_: object) -> object:
            raise TransportError("no stream today")

        monkeypatch.setattr(world.around.stream, "connect", no_stream)
        world.cut_streams()
        await world.clock.sleep(8)
        view = as_a(LadderView, ladder.view)
        assert view.state is BookState.STALE
        assert "polled over REST" in view.reason
        assert (dict(view.bids), dict(view.asks)) == books_of(world, ticker)
        notices = as_a(NoticesView, await link.first(NoticesKey()))
        assert any("the stream is away" in notice.words for notice in notices.rows)
        assert engine.kernel.status.polled_reason(world.clock.now_ms())

    world.play(part)


def test_trades_that_passed_while_the_stream_was_away_leave_no_hole(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()

    async def part(engine: Engine, link: Link) -> None:
        await world.clock.sleep(5)
        page = as_a(MarketsView, await link.first(MarketsKey(sort="volume", count=10)))
        watched = {row.ticker: link.watch(TradesKey(row.ticker, 50)) for row in page.rows}
        await world.clock.sleep(60)

        async def no_stream(_: object) -> object:
            raise TransportError("no stream today")

        with monkeypatch.context() as patched:
            patched.setattr(world.around.stream, "connect", no_stream)
            world.cut_streams()
            await world.clock.sleep(120)
        await world.clock.sleep(60)
        for ticker, watching in watched.items():
            request = request_of(Question("trades", ticker))
            told = rest.trades().read(await world.around.venue.ask(request)).rows
            shown = as_a(TradesView, watching.view).rows
            latest = [(row.created_ms, row.price) for row in told if row.created_ms <= (shown[0].ts_ms if shown else 0)]
            assert [(row.ts_ms, row.price) for row in shown] == latest[:50], ticker
        assert engine.kernel.stream.counters.gaps == 0

    world.play(part)


def test_top_lines_that_nobody_keeps_right_are_not_shown_as_if_they_were_just_listed() -> None:
    world = make_world()

    async def part(engine: Engine, link: Link) -> None:
        ticker = await some_ticker(world, link)
        link.watch(LadderKey(ticker))
        await world.clock.sleep(30)
        assert ticker in engine.kernel.store.quotes
        engine.intake.disconnected(world.clock.now_ms())
        assert engine.kernel.store.quotes == {}

    world.play(part)


def test_a_catalogue_that_is_not_kept_current_is_not_called_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(rules=Rules(metadata_ms=10_000))

    async def part(engine: Engine, link: Link) -> None:
        status = link.watch(StatusKey())
        await world.clock.sleep(5)
        assert as_a(StatusView, status.view).catalogue == "ready"
        answers = engine._body_of

        async def no_events(question: Question) -> bytes:
            if question.endpoint == "events":
                raise TransportError("no list today")
            return await answers(question)

        monkeypatch.setattr(engine, "_body_of", no_events)
        await world.clock.sleep(20)
        assert as_a(StatusView, status.view).catalogue == "not read anew: no list today"
        monkeypatch.setattr(engine, "_body_of", answers)
        await world.clock.sleep(30)
        assert as_a(StatusView, status.view).catalogue == "ready"

    world.play(part)


def test_messages_a_second_are_told_also_where_a_fast_worlds_beats_are_far_apart() -> None:
    status = Status(opening_of(0, Rules()))
    for beat in range(3):
        status.beat(beat * 3_000)
        status.frames += 300
    assert status.frames_per_s() == 100


def test_a_fault_of_ours_while_an_answer_is_taken_ends_the_engine_aloud(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world = make_world()

    async def part(engine: Engine, link: Link) -> None:
        def fail(*_: object) -> None:
            raise ZeroDivisionError("a fault")

        monkeypatch.setitem(engine.kernel.reading._takes, "status", fail)
        await link.ended()
        assert link.closed == "it ended by a fault of its own"

    with pytest.raises(ZeroDivisionError):
        world.play(part)
    assert "by a fault of its own" in caplog.text


def record() -> World:
    """Let an engine work for a minute, with somebody who looks around."""
    world = make_world()

    async def part(_: Engine, link: Link) -> None:
        ticker = await some_ticker(world, link)
        link.watch(StatusKey())
        page = link.watch(MarketsKey())
        link.watch(LadderKey(ticker))
        await world.clock.sleep(30)
        link.unwatch(page)
        await link.ask(Distrust(ticker))
        await world.clock.sleep(30)

    world.play(part)
    return world


def test_a_tape_replayed_as_it_was_publishes_the_same_again() -> None:
    world = record()
    tape = decode_records(encode_records(world.recorder.records))
    first, second = Replay().run(tape), Replay().run(tape)
    assert first == second
    assert first.marks > 5
    assert first.agrees
    assert first.digest == world.last.kernel.board.digest()


def test_a_replay_notices_that_something_else_was_published() -> None:
    records = record().recorder.records
    frame = next(index for index, record in enumerate(records) if type(record).__name__ == "Frames" and index > 500)
    outcome = Replay().run([*records[:frame], *records[frame + 1 :]])
    assert outcome.agrees is False
    first = next(record for record in records[frame:] if isinstance(record, Mark))
    assert outcome.differs_at_ms == first.at_ms


def test_a_tape_that_begins_in_the_middle_goes_on_as_the_engine_did() -> None:
    records = record().recorder.records
    middle = [index for index, record in enumerate(records) if type(record).__name__ == "Beat"][400]
    whole = Replay()
    for record_ in records[: middle + 1]:
        whole.take(record_)
    part = Replay()
    part.take(whole.kernel.opening(whole.kernel.now_ms))
    end = next(index for index, record in enumerate(records) if type(record).__name__ == "Disconnected")
    for record_ in records[middle + 1 : end]:
        whole.take(record_)
        part.take(record_)
    books, same = whole.kernel.stream.books, part.kernel.stream.books
    live = [ticker for ticker, tracked in books.items() if tracked.state is BookState.LIVE]
    assert live
    assert {ticker: same[ticker].book.digest() for ticker in live} == {t: books[t].book.digest() for t in live}
    assert all(same[ticker].state is BookState.LIVE for ticker in live)
    assert part.kernel.stream.counters.gaps == 0

"""The catalogue follows the practice exchange: what the stream tells and what is read come to the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from kalshi_tui.core.events import EventFeeChanged, EventLifecycle, MarketLifecycle
from kalshi_tui.core.markets import MarketStatus
from kalshi_tui.core.units import Price
from kalshi_tui.engine.catalogue import Catalogue
from kalshi_tui.engine.feed import Feed
from kalshi_tui.errors import TransportError, ValueRefused
from kalshi_tui.practice.desk import Desk, open_desk
from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.keys import make_key
from kalshi_tui.practice.memory import MemoryHttp, MemoryStreams, Network, VirtualClock
from kalshi_tui.practice.records import Band, FeeChange
from kalshi_tui.protocol import rest
from kalshi_tui.protocol.signing import Scope, load_signer
from kalshi_tui.protocol.stream import Stream

START_MS = 1_781_159_370_000
LIFE = (MarketLifecycle, EventLifecycle, EventFeeChanged)


@cache
def key_pem() -> bytes:
    return make_key()


class Desktop:
    """An exchange on its virtual clock, the stream of its lifecycle, and a catalogue that is fed from both."""

    def __init__(self) -> None:
        self.desk: Desk = open_desk(start_ms=START_MS, seed=5, key_pem=key_pem())
        self.exchange: Exchange = self.desk.exchange
        self.clock = VirtualClock(self.exchange)
        network = Network(self.clock, seed=1, failure=TransportError)
        self.http = MemoryHttp(self.desk, network)
        self.stream = Stream()
        self.stream.want("market_lifecycle_v2")
        self.catalogue = Catalogue()
        self.feed = Feed(
            self.stream,
            MemoryStreams(self.desk, network),
            self.clock,
            lambda: 0.5,
            self.hear,
            signer=load_signer(self.desk.key_id, self.desk.key_pem, Scope.READ),
        )
        self.told: list[tuple[str, str]] = []

    def hear(self, event: object) -> None:
        if isinstance(event, LIFE):
            self.catalogue.take(event, self.clock.now_ms())

    async def ask(self, request: rest.Request[Any]) -> bytes:
        reply = await self.http.send(request.method, request.target, {}, None)
        assert reply.status == 200, reply.body
        return reply.body

    async def read_all(self, catalogue: Catalogue) -> None:
        asked_ms = self.clock.now_ms()
        catalogue.take_series(await self.ask(rest.series_list()), self.clock.now_ms(), asked_ms)
        catalogue.begin_read()
        request = rest.events(nested=True, limit=2)
        while True:
            asked_ms = self.clock.now_ms()
            body = await self.ask(request)
            catalogue.take_events(body, self.clock.now_ms(), asked_ms)
            cursor = request.read(body).cursor
            if not cursor:
                break
            request = request.at_cursor(cursor)
        catalogue.end_read(self.clock.now_ms())
        fees = await self.ask(rest.series_fee_changes())
        catalogue.take_fee_changes(fees, self.clock.now_ms())

    async def read_doubtful(self) -> None:
        if tickers := self.catalogue.must_read():
            asked_ms = self.clock.now_ms()
            body = await self.ask(rest.markets(tickers=tickers))
            self.catalogue.take_markets(body, self.clock.now_ms(), asked_ms, tickers)
        for ticker in self.catalogue.must_read_events():
            asked_ms = self.clock.now_ms()
            body = await self.ask(rest.event(ticker))
            self.catalogue.take_event(body, self.clock.now_ms(), asked_ms)

    def follow(self, then: Callable[[], Any]) -> None:
        """Read everything, follow the stream, let `then` happen, and read what is in doubt."""

        async def work() -> None:
            task = asyncio.ensure_future(self.feed.run())
            await self.clock.sleep(1)
            await self.read_all(self.catalogue)
            assert self.catalogue.take_changes() == ()
            then()
            await self.clock.sleep(1)
            self.told = [(change.ticker, change.field) for change in self.catalogue.take_changes()]
            await self.read_doubtful()
            assert self.catalogue.must_read() == ()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        self.clock.run(work())

    def agree(self) -> list[tuple[str, str]]:
        """Read everything again, compare with a catalogue that knows nothing else, and return what was told by it."""
        fresh = Catalogue()

        async def work() -> None:
            await self.read_all(self.catalogue)
            await self.read_all(fresh)

        self.clock.run(work())
        now_ms = self.clock.now_ms()
        for ticker in fresh.tickers():
            ours, theirs = self.catalogue.current(ticker, now_ms, 60_000), fresh.current(ticker, now_ms, 60_000)
            for name in ("title", "rules_primary", "strike", "grid", "open_ms", "close_ms", "result", "event_ticker"):
                assert getattr(ours.market, name) == getattr(theirs.market, name), (ticker, name)
            assert ours.market.status_at(now_ms) is theirs.market.status_at(now_ms)
            assert self.catalogue.event_of(ticker) == fresh.event_of(ticker)
            assert self.catalogue.series_of(ticker) == fresh.series_of(ticker)
            assert self.catalogue.fee_of(ticker, now_ms) == fresh.fee_of(ticker, now_ms)
        assert set(fresh.tickers()) <= set(self.catalogue.tickers())
        return [(change.ticker, change.field) for change in self.catalogue.take_changes()]


@pytest.fixture
def desktop() -> Desktop:
    return Desktop()


def quiet(desktop: Desktop) -> str:
    """Return a market that neither opens nor closes while the tests look."""
    rows = desktop.exchange.markets.values()
    return next(row.ticker for row in rows if row.status == "active" and row.close_ms > START_MS + 86_400_000)


def test_everything_that_the_exchange_lists_is_known_and_readable(desktop: Desktop) -> None:
    desktop.follow(lambda: None)
    exchange = desktop.exchange
    assert desktop.catalogue.counts == (len(exchange.series), len(exchange.events), len(exchange.markets))
    assert desktop.catalogue.unread == 0
    assert desktop.catalogue.is_ready
    assert not [fee for ticker in exchange.markets if "unknown" in (fee := desktop.catalogue.fee_of(ticker, START_MS))]
    page = desktop.catalogue.page(search="bitcoin", sort="volume", now_ms=desktop.clock.now_ms())
    assert 0 < page.matched < page.total == len(exchange.markets)
    assert desktop.agree() == []


@pytest.mark.parametrize(
    ("happens", "fields"),
    [
        (lambda exchange, ticker: exchange.pause_market(ticker), ["status"]),
        (lambda exchange, ticker: exchange.move_close(ticker, START_MS + 7_200_500), ["close_ms"]),
        (
            lambda exchange, ticker: exchange.change_grid(
                ticker, "deci_cent", [Band(Price(0), Price(10_000), Price(10))]
            ),
            ["grid"],
        ),
    ],
)
def test_what_the_stream_tells_whole_is_known_at_once(
    desktop: Desktop, happens: Callable[[Exchange, str], None], fields: list[str]
) -> None:
    ticker = quiet(desktop)
    desktop.follow(lambda: happens(desktop.exchange, ticker))
    assert desktop.told == [(ticker, name) for name in fields]
    assert desktop.agree() == []


def test_a_pause_that_is_over_leaves_the_market_as_it_was(desktop: Desktop) -> None:
    ticker = quiet(desktop)

    def pause() -> None:
        desktop.exchange.pause_market(ticker)
        desktop.exchange.resume_market(ticker)

    desktop.follow(pause)
    assert desktop.told == [(ticker, "status")] * 2
    assert desktop.catalogue.current(ticker, desktop.clock.now_ms(), 60_000).market.status is MarketStatus.ACTIVE
    assert desktop.agree() == []


def test_changed_rules_are_doubted_at_once_and_told_when_they_were_read(desktop: Desktop) -> None:
    ticker = quiet(desktop)
    revisions: list[int] = []

    def rewrite() -> None:
        revisions.append(desktop.catalogue.current(ticker, desktop.clock.now_ms(), 60_000).revision)
        desktop.exchange.update_metadata(ticker, rules_primary="It pays on another day.", settlement_timer_s=7)

    desktop.follow(rewrite)
    assert desktop.told == []
    assert [(change.ticker, change.field) for change in desktop.catalogue.take_changes()] == [
        (ticker, "rules_primary"),
        (ticker, "settlement_timer_s"),
    ]
    with pytest.raises(ValueRefused, match="has changed since"):
        desktop.catalogue.at_revision(ticker, revisions[0])
    assert desktop.agree() == []


def test_a_market_is_determined_and_settled_by_word_alone(desktop: Desktop) -> None:
    ticker = quiet(desktop)

    def end() -> None:
        desktop.exchange.close_market(ticker)
        desktop.exchange.determine(ticker, "yes")
        desktop.exchange.settle(ticker)

    desktop.follow(end)
    assert [name for seen, name in desktop.told if seen == ticker and name != "close_ms"] == [
        "status",  # closed, because the close was moved to now
        "result",
        "settlement_value",
        "status",
        "status",
    ]
    assert desktop.agree() == []


def test_an_events_fee_and_a_scheduled_one_are_told_and_hold(desktop: Desktop) -> None:
    ticker = quiet(desktop)
    event = desktop.exchange.markets[ticker].event_ticker
    series = desktop.exchange.events[event].series_ticker

    def dearer() -> None:
        desktop.exchange.set_event_fee(event, "quadratic", 500_000)
        desktop.exchange.schedule_fee_change(
            FeeChange("1", series, "", "quadratic", 3_000_000, desktop.exchange.now_ms + 60_000)
        )

    desktop.follow(dearer)
    assert desktop.told == [(event, "fee_type_override"), (event, "fee_multiplier_override")]
    assert desktop.catalogue.fee_of(ticker, desktop.clock.now_ms()) == "taker 3.5 % of price x (1 - price), maker none"
    assert desktop.agree() == [(series, "coming_fee")]
    desktop.clock.advance(70)
    desktop.catalogue.tick(desktop.clock.now_ms())
    changes = [(change.ticker, change.field) for change in desktop.catalogue.take_changes()]
    assert (series, "fee_multiplier") in changes
    assert not [change for change in desktop.agree() if change[0] == series]


def test_markets_that_the_world_lists_and_ends_in_a_quarter_of_an_hour_are_followed(desktop: Desktop) -> None:
    before = set(desktop.exchange.markets)

    async def live_on() -> None:
        task = asyncio.ensure_future(desktop.feed.run())
        await desktop.clock.sleep(1)
        await desktop.read_all(desktop.catalogue)
        for _ in range(18):
            await desktop.clock.sleep(60)
            await desktop.read_doubtful()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    desktop.clock.run(live_on())
    new = set(desktop.exchange.markets) - before
    assert new
    assert new <= set(desktop.catalogue.tickers())
    told = [(change.ticker, change.field) for change in desktop.catalogue.take_changes()]
    settled = [row.ticker for row in desktop.exchange.markets.values() if row.status == "finalized"]
    assert settled
    for ticker in settled:
        assert told.count((ticker, "result")) == 1
    assert desktop.agree() == []

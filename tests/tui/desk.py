"""A fake engine's end of the link, and a small made-up market for it to publish."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Literal, Protocol

import msgspec
from textual import events
from textual.keys import _character_to_key
from textual.widget import Widget

from kalshi_tui.core.book import BookState, Level
from kalshi_tui.core.units import Price, Size
from kalshi_tui.link.client import Link, attach
from kalshi_tui.link.intents import Done, Recall, Recalled, Remember
from kalshi_tui.link.keys import (
    FillsKey,
    Key,
    LadderKey,
    MarketKey,
    MarketsKey,
    NoticesKey,
    OrdersKey,
    PositionsKey,
    StatusKey,
    TicketKey,
    TradesKey,
    TradingKey,
)
from kalshi_tui.link.messages import (
    LINK_VERSION,
    Answer,
    Ask,
    Failure,
    FromEngine,
    Goodbye,
    Hello,
    Published,
    Unwatch,
    Watch,
    Welcome,
    decode_from_client,
    encode,
)
from kalshi_tui.link.pipes import Pipe, memory_pipes
from kalshi_tui.link.trading import FillsView, OrdersView, PositionsView, TicketView, TradingView
from kalshi_tui.link.views import (
    LadderView,
    Lag,
    MarketRow,
    MarketsView,
    MarketView,
    Notice,
    NoticesView,
    StatusView,
    TapeState,
    TradeRow,
    TradesView,
    View,
)
from kalshi_tui.tui.app import Terminal
from kalshi_tui.tui.look import Look
from kalshi_tui.tui.theming import bundled_folder, read_themes

NOW_MS = 1_781_159_370_000
TICKER = "KXFED-26DEC-T0"
CENTS = ((Price(0), Price(10_000), Price(100)),)
TAILS = (
    (Price(0), Price(1_000), Price(10)),
    (Price(1_000), Price(9_000), Price(100)),
    (Price(9_000), Price(10_000), Price(10)),
)


class FakeEngine:
    """Speaks the real messages; a test says what it publishes under which key."""

    def __init__(self) -> None:
        self.listing: list[MarketRow] | None = None
        self.default: dict[type, View] = {}
        self.watched: dict[int, Key] = {}
        self.asked: list[Ask] = []
        self.left: str | None = "{}"  # by the terminal before; None leaves whoever asks without an answer
        self.greetings = 0
        self.problem: Exception | None = None
        self._pipe: Pipe | None = None
        self._pump: asyncio.Task[None] | None = None
        self._version = 0

    async def connect(self) -> Link:
        """Be attached to."""
        if self.problem is not None:
            raise self.problem
        ours, theirs = memory_pipes()
        self.serve(ours)
        return await attach(theirs, name="terminal")

    def serve(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self.watched = {}
        self._pump = asyncio.ensure_future(self._run(pipe))

    def publish(self, *views: View) -> None:
        """Send views to whoever watches their keys, and to later watchers."""
        for view in views:
            self.default[type(view)] = view
            for number, key in self.watched.items():
                if belongs(key, view):
                    self._send_view(number, view)

    def list_markets(self, rows: Iterable[MarketRow]) -> None:
        """Answer each wish for a page of the list from these, as an engine would."""
        self.listing = list(rows)
        self.default.pop(MarketsView, None)
        for number, key in self.watched.items():
            if isinstance(key, MarketsKey):
                self._send_view(number, page(self.listing, key))

    def refuse(self, kind: type, reason: str) -> None:
        for number, key in self.watched.items():
            if isinstance(key, kind):
                self._send(Failure(number, reason, ""))

    def hang_up(self, reason: str = "") -> None:
        if reason:
            self._send(Goodbye(reason))
        assert self._pipe is not None
        self._pipe.close()

    def keys(self, kind: type) -> list[Any]:
        return [key for key in self.watched.values() if isinstance(key, kind)]

    async def _run(self, pipe: Pipe) -> None:
        while True:
            try:
                messages = await pipe.receive()
            except Exception:  # noqa: BLE001 - the other end is gone, and so is this one
                return
            for data in messages:
                self._take(decode_from_client(data))

    def _take(self, message: object) -> None:
        match message:
            case Hello():
                self.greetings += 1
                self._send(welcome())
            case Watch(id=number, key=key):
                self.watched[number] = key
                if isinstance(key, MarketsKey) and self.listing is not None:
                    self._send_view(number, page(self.listing, key))
                for view in self.default.values():
                    if belongs(key, view):
                        self._send_view(number, view)
            case Unwatch(id=number):
                self.watched.pop(number, None)
            case Ask():
                self.asked.append(message)
                if isinstance(message.intent, Recall) and self.left is not None:
                    self._send(Answer(message.id, Recalled(self.left)))
                elif isinstance(message.intent, Remember):
                    self.left = message.intent.text
                    self._send(Answer(message.id, Done()))

    def _send_view(self, number: int, view: View) -> None:
        self._version += 1
        self._send(Published(number, self._version, msgspec.Raw(encode(view))))

    def _send(self, message: FromEngine) -> None:
        assert self._pipe is not None
        self._pipe.send(encode(message))


def belongs(key: Key, view: View) -> bool:
    kinds: dict[type, type] = {
        StatusKey: StatusView,
        MarketsKey: MarketsView,
        MarketKey: MarketView,
        LadderKey: LadderView,
        TradesKey: TradesView,
        NoticesKey: NoticesView,
        TradingKey: TradingView,
        OrdersKey: OrdersView,
        PositionsKey: PositionsView,
        FillsKey: FillsView,
        TicketKey: TicketView,
    }
    if kinds.get(type(key)) is not type(view):
        return False
    if isinstance(key, TicketKey):
        return key.number == getattr(view, "number", 0)
    return getattr(key, "ticker", "") == getattr(view, "ticker", "")


def page(rows: list[MarketRow], key: MarketsKey) -> MarketsView:
    words = key.search.lower().split()
    found = [row for row in rows if all(word in f"{row.ticker} {row.answer}".lower() for word in words)]
    if key.sort == "volume":
        found.sort(key=lambda row: -row.volume)
    return MarketsView(len(rows), len(found), key.offset, tuple(found[key.offset : key.offset + key.count]), "")


def welcome() -> Welcome:
    return Welcome(
        link=LINK_VERSION,
        program="0.1.0",
        session=7,
        engine_pid=4242,
        mode="PRACTICE",
        environment="practice",
        execution="observe",
        account="practice",
        settings_hash="",
        started_ms=NOW_MS - 200_000,
        now_ms=NOW_MS,
        speed=1.0,
        stays=True,
    )


def status(**changes: Any) -> StatusView:
    view = StatusView(
        mode="PRACTICE",
        environment="practice",
        execution="observe",
        account="practice",
        words="the exchange on your desk",
        engine_pid=4242,
        program="0.1.0",
        started_ms=NOW_MS - 200_000,
        now_ms=NOW_MS,
        feed="open",
        feed_reason="connected",
        feed_since_ms=NOW_MS - 190_000,
        feed_until_ms=None,
        exchange="open",
        exchange_until_ms=None,
        heard_ms=NOW_MS - 300,
        frames=12_345,
        frames_per_s=61.0,
        books=12,
        books_live=12,
        gaps=0,
        resyncs=0,
        malformed=0,
        catalogue="ready",
        series=3,
        events=5,
        markets=24,
        universe="needed",
        clients=1,
        working=(),
        bounds={},
        lag=Lag(0.4, 2.6, 9.0),
        tape=TapeState("recording", "", "tape", 1_234_567, 0),
    )
    return msgspec.structs.replace(view, **changes)


def row(number: int, **changes: Any) -> MarketRow:
    event = number // 4
    made = MarketRow(
        ticker=f"KXFED-26DEC-T{number}",
        event_ticker=f"KXFED-{event}",
        event_title=f"Fed funds rate after meeting {event + 1}?",
        answer=f"Above {3 + number / 4:.2f}%",
        status="active",
        close_ms=NOW_MS + 3_600_000 * (number + 1),
        bid=Price(5600 - 100 * number),
        ask=Price(5800 - 100 * number),
        bid_size=Size(120_000 + 700 * number),
        ask_size=Size(34_050),
        last=Price(5700 - 100 * number),
        moved=(number % 3) - 1,
        volume=Size(12_345_600 + number),
        state="live",
        reason="",
        heard_ms=NOW_MS - 300,
    )
    return msgspec.structs.replace(made, **changes)


def markets(rows: Iterable[MarketRow] | None = None, *, total: int | None = None, **changes: Any) -> MarketsView:
    listed = tuple(rows) if rows is not None else tuple(map(row, range(24)))
    count = len(listed) if total is None else total
    return msgspec.structs.replace(MarketsView(count, count, 0, listed, ""), **changes)


def market(ticker: str = "KXFED-26DEC-T0", **changes: Any) -> MarketView:
    view = MarketView(
        ticker=ticker,
        event_ticker="KXFED-0",
        series_ticker="KXFED",
        event_title="Fed funds rate after meeting 1?",
        title="Will the rate be above 3.00% after the meeting?",
        yes_title="Above 3.00%",
        no_title="3.00% or lower",
        category="Economics",
        rules_primary="If the upper bound of the target range is above 3.00% after the meeting, "
        "the market resolves to Yes.",
        rules_secondary="An emergency move before the meeting counts. "
        "The source is the statement of the Federal Reserve.",
        strike="above 3.00",
        status="active",
        open_ms=NOW_MS - 86_400_000,
        close_ms=NOW_MS + 3_600_000,
        expected_expiration_ms=NOW_MS + 7_200_000,
        settlement_timer_s=1800,
        mutually_exclusive=False,
        grid=CENTS,
        fee="0.07 x price x (1 - price), rounded up to $0.0001",
        volume=Size(12_345_600),
        open_interest=Size(4_567_800),
        result="",
        revision=3,
        read_ms=NOW_MS - 60_000,
        doubt="",
    )
    return msgspec.structs.replace(view, **changes)


def levels(*pairs: tuple[int, int]) -> tuple[Level, ...]:
    return tuple((Price(price), Size(size)) for price, size in pairs)


def ladder(ticker: str = "KXFED-26DEC-T0", **changes: Any) -> LadderView:
    view = LadderView(
        ticker=ticker,
        state=BookState.LIVE,
        reason="",
        clock=9,
        revision=3,
        heard_ms=NOW_MS - 300,
        bids=levels(*((5600 - 100 * i, 120_000 - 4_000 * i) for i in range(14))),
        asks=levels(*((5800 + 100 * i, 34_050 + 6_000 * i) for i in range(12))),
        bid_levels=14,
        ask_levels=12,
        last_price=Price(5700),
        last_size=Size(2_500),
        last_side="bid",
        last_ms=NOW_MS - 900,
    )
    return msgspec.structs.replace(view, **changes)


def trades(ticker: str = "KXFED-26DEC-T0", count: int = 40) -> TradesView:
    rows = tuple(
        TradeRow(
            number,
            Price(5700 + 100 * (number * 7 % 3 - 1)),
            Size(100 * (1 + number * 13 % 40)),
            "bid" if number % 3 else "ask",
            number == 35,
            NOW_MS - 900 - 1_700 * (40 - number),
        )
        for number in range(count, 0, -1)
    )
    return TradesView(ticker, count, rows)


def notices() -> NoticesView:
    return NoticesView(
        3,
        (
            Notice(3, NOW_MS - 4_000, "alarm", "the tape failed: no space is left on the disk"),
            Notice(2, NOW_MS - 90_000, "warning", "its closing time was moved", "KXFED-26DEC-T3"),
            Notice(1, NOW_MS - 190_000, "info", "24 markets of 3 series were read"),
        ),
    )


def everything() -> list[View]:
    return [status(), markets(), market(), ladder(), trades(), notices()]


class HandClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


class Attachable(Protocol):
    async def connect(self) -> Link: ...


def terminal(
    engine: Attachable, clock: HandClock | None = None, again: Callable[[], Awaitable[Link]] | None = None, **look: Any
) -> Terminal:
    chosen = {"themes": read_themes(bundled_folder()), "tick_s": None, **look}
    return Terminal(engine.connect, Look(**chosen), clock or HandClock(), again)


async def settle(pilot: Any) -> None:
    """Let everything arrive, be taken at a tick, and be drawn; twice, since a picture may wake a new wish."""
    for _ in range(4):
        for _ in range(12):
            await asyncio.sleep(0)
        pilot.app.tick()
        await pilot.pause(0)
    pilot.app.tick.say()
    await pilot.pause(0)


async def press(pilot: Any, *keys: str, at_once: bool = False) -> None:
    """Press keys without the fiftieth of a second that Pilot waits at each; or as a slow line brings them, at once."""
    for key in keys:
        name = _character_to_key(key) if len(key) == 1 and not key.isalnum() else key
        pilot.app.post_message(events.Key(name, key if len(key) == 1 else None))
        for _ in range(0 if at_once else 2):
            await pilot.pause(0)
    for _ in range(3):
        await pilot.pause(0)


async def wheel(pilot: Any, widget: Widget, way: Literal["up", "down"]) -> None:
    """Turn the mouse's wheel over a widget."""
    kind = events.MouseScrollUp if way == "up" else events.MouseScrollDown
    x, y = widget.region.offset
    for _ in range(2):
        await pilot.pause(0)
    widget.post_message(kind(widget, 1, 1, 0, 0, 0, False, False, False, screen_x=x + 1, screen_y=y + 1))
    for _ in range(2):
        await pilot.pause(0)

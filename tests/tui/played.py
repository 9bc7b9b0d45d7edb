"""An engine that is played behind the real link: it tickets, fires, cancels and kills by a script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
from textual.pilot import Pilot

from kalshi_tui.core.book import BookState
from kalshi_tui.core.units import Money, Price, Size
from kalshi_tui.errors import KalshiTuiError
from kalshi_tui.link.client import Link, attach
from kalshi_tui.link.intents import Done, Intent, Recall, Recalled, Remember, Result
from kalshi_tui.link.keys import Key, TicketKey
from kalshi_tui.link.messages import Welcome, encode
from kalshi_tui.link.pipes import Pipe, memory_pipes
from kalshi_tui.link.server import LinkRules, Server
from kalshi_tui.link.trading import (
    Canceling,
    CancelOrders,
    CheckRow,
    Draft,
    Drop,
    EventRow,
    FillRow,
    FillsView,
    Fire,
    Fired,
    OrderRow,
    OrdersView,
    OutcomeRow,
    PositionRow,
    PositionsView,
    Stage,
    Staged,
    TicketView,
    TradingView,
)
from kalshi_tui.link.views import View
from kalshi_tui.tui.app import Terminal
from tests.tui.desk import NOW_MS, TICKER, HandClock, belongs, everything, press, settle, terminal, welcome

ALIVE_MS = 5_000


def check(code: str = "book.fresh", words: str = "the book is live and fresh", *, passed: bool = True) -> CheckRow:
    return CheckRow(code, passed, words, f"#{code.replace('.', '-')}")


PASSED = tuple(check(code) for code in ("armed", "book.fresh", "price.collar", "size.limit", "loss.day"))


def trading(**changes: Any) -> TradingView:
    view = TradingView(
        state="active",
        reason="",
        mode="PRACTICE",
        is_live=False,
        armed_until_ms=NOW_MS + 872_000,
        arm_phrase="",
        reset_phrase="lift the kill",
        kill=None,
        differences=(),
        limits=(),
        paused=(),
        working=0,
        unknown=0,
        in_flight=0,
        orders_today=4,
        day=Money(12_340_000),
        day_limit=Money(50_000_000),
        reviewed_h=30.0,
        write_tokens=90,
        journal="",
        reconciled_ms=NOW_MS - 3_000,
        now_ms=NOW_MS,
    )
    return msgspec.structs.replace(view, **changes)


def ticket(number: int = 1, draft: Draft | None = None, **changes: Any) -> TicketView:
    draft = draft or Draft(TICKER, "bid", Price(5600), Size(1000))
    verb = "Buy" if draft.side == "bid" else "Sell"
    view = TicketView(
        number=number,
        token=f"token-{number}",
        kind=draft.kind,
        state="open",
        words=f"{verb} {draft.size / 100:g} YES of Above 3.00% at {draft.price / 10_000:.2f} or better",
        outcome="",
        ticker=draft.ticker,
        title="Will the rate be above 3.00% after the meeting?",
        mode="PRACTICE",
        bodies=(f'{{"ticker":"{draft.ticker}","side":"yes","action":"buy","count":{draft.size // 100}}}',),
        side=draft.side,
        price=draft.price,
        size=draft.size,
        time_in_force=draft.time_in_force,
        post_only=draft.post_only,
        reduce_only=draft.reduce_only,
        expiration_s=None,
        replaces=draft.replaces,
        cost=Money(draft.price * draft.size),
        fee=Money(17_200),
        fee_words="0.07 x price x (1 - price)",
        max_loss=Money(draft.price * draft.size + 17_200),
        max_gain=Money((10_000 - draft.price) * draft.size - 17_200),
        if_yes=Money((10_000 - draft.price) * draft.size - 17_200),
        if_no=Money(-draft.price * draft.size - 17_200),
        book_state=BookState.LIVE,
        book_age_ms=300,
        spread=Price(200),
        takes=Size(0),
        takes_at=None,
        depth=Size(34_050),
        impact=Price(0),
        ahead=Size(120_000),
        checks=PASSED,
        may_fire=True,
        changes=(),
        made_ms=NOW_MS,
        expires_ms=NOW_MS + ALIVE_MS,
    )
    return msgspec.structs.replace(view, **changes)


def order(number: int = 1, **changes: Any) -> OrderRow:
    row = OrderRow(
        number=number,
        order_id=f"venue-{number}",
        client_order_id=f"ours-{number}",
        ticker=TICKER,
        side="bid",
        price=Price(5500),
        size=Size(1000),
        filled=Size(0),
        remaining=Size(1000),
        state="resting",
        origin="ours",
        is_in_flight=False,
        time_in_force="good_till_canceled",
        post_only=False,
        reduce_only=False,
        expiration_ms=None,
        average=None,
        fees=Money(0),
        reason="",
        placed_ms=NOW_MS - 60_000,
        changed_ms=NOW_MS - 30_000,
    )
    return msgspec.structs.replace(row, **changes)


def orders(*rows: OrderRow) -> OrdersView:
    working = sum(row.state in {"resting", "sent", "canceling", "deciding", "unknown"} for row in rows)
    return OrdersView(rows, working, sum(row.state == "unknown" for row in rows), len(rows))


def position(ticker: str = TICKER, **changes: Any) -> PositionRow:
    row = PositionRow(
        ticker=ticker,
        event_ticker="KXFED-0",
        title="Above 3.00%",
        size=Size(1000),
        average=Money(543_200),
        cost=Money(5_432_000),
        realised=Money(0),
        fees=Money(17_200),
        exit_value=Money(5_480_000),
        unrealised=Money(48_000),
        if_yes=Money(4_550_800),
        if_no=Money(-5_449_200),
        bids_working=Size(0),
        asks_working=Size(0),
        worst=Money(5_449_200),
    )
    return msgspec.structs.replace(row, **changes)


def positions(*rows: PositionRow, **changes: Any) -> PositionsView:
    outcomes = (OutcomeRow("3.00% or lower", Money(-5_449_200)), OutcomeRow("Above 3.00%", Money(4_550_800)))
    view = PositionsView(
        rows=rows,
        events=(EventRow("KXFED-0", "Fed funds rate after meeting 1?", outcomes, True),) if rows else (),
        profits=(),
        cash=Money(1_000_000_000),
        free=Money(981_500_000),
        by_shard=(),
        realised=Money(0),
        unrealised=Money(48_000),
        fees=Money(17_200),
        day=Money(12_340_000),
        worst=Money(5_449_200),
    )
    return msgspec.structs.replace(view, **changes)


def fills() -> FillsView:
    rows = (
        FillRow("t2", 2, TICKER, "ask", Price(5800), Size(250), Money(10_000), Money(9_000), True, NOW_MS - 5_000),
        FillRow("t1", 1, TICKER, "bid", Price(5500), Size(1000), Money(0), Money(0), False, NOW_MS - 9_000),
    )
    return FillsView(rows, 2)


def trading_views() -> list[View]:
    return [trading(), orders(), positions(), fills()]


Answering = Callable[[Intent], Result | KalshiTuiError | None]


class PlayedEngine:
    """Stands behind the real server; a test says what it publishes, and how it answers what."""

    def __init__(self, clock: HandClock | None = None) -> None:
        self.clock = clock or HandClock()
        self.server = Server(self, LinkRules(), self.clock)
        self.asked: list[Intent] = []
        self.own: dict[type, Answering] = {}  # a test's own answers; None leaves whoever asks waiting
        self.change: Callable[[TicketView], TicketView] = lambda view: view
        self.tickets: dict[int, TicketView] = {}
        self.speed = 1.0
        self.held: asyncio.Event | None = None  # until it is set, nothing is answered
        self._shown: dict[Key, tuple[int, bytes]] = {}
        self._default: list[View] = []
        self._watched: set[Key] = set()
        self._version = 0
        self._serving: list[asyncio.Task[None]] = []

    @property
    def default(self) -> dict[type, View]:
        return {type(view): view for view in self._default}

    def serve(self, pipe: Pipe) -> None:
        self._serving.append(asyncio.ensure_future(self.server.serve(pipe)))

    async def connect(self) -> Link:
        ours, theirs = memory_pipes()
        self.serve(ours)
        return await attach(theirs, name="terminal")

    def publish(self, *views: View) -> None:
        """Show views under every watched key that they belong to, now and to later watchers."""
        for view in views:
            self._default = [old for old in self._default if not _same_place(old, view)] + [view]
            for key in tuple(self._watched):
                self._show(key, view)
        self.server.deliver()

    def judge(self, view: TicketView) -> None:
        """Publish a ticket as it is judged now."""
        self.tickets[view.number] = view
        self._show(TicketKey(view.number), view)
        self.server.deliver()

    def hang_up(self, reason: str = "it was stopped") -> None:
        self.server.close(reason)

    def asked_of(self, kind: type) -> list[Any]:
        return [intent for intent in self.asked if isinstance(intent, kind)]

    def welcome(self, session: int) -> Welcome:
        return msgspec.structs.replace(welcome(), session=session, speed=self.speed)

    def watched(self, key: Key) -> None:
        self._watched.add(key)
        for view in self._default:
            self._show(key, view)
        if isinstance(key, TicketKey) and key.number in self.tickets:
            self._show(key, self.tickets[key.number])

    def unwatched(self, key: Key) -> None:
        self._watched.discard(key)
        self._shown.pop(key, None)

    def shown(self, key: Key) -> tuple[int, bytes] | None:
        return self._shown.get(key)

    def warn(self, words: str) -> None:
        del words

    async def answer(self, intent: Intent) -> Result:
        if isinstance(intent, Recall):
            return Recalled("{}")
        if isinstance(intent, Remember):
            return Done()
        self.asked.append(intent)
        if self.held is not None:
            await self.held.wait()
        said = self.own[type(intent)](intent) if type(intent) in self.own else self._usual(intent)
        if said is None:
            await asyncio.Event().wait()
        if isinstance(said, KalshiTuiError):
            raise said
        assert said is not None
        return said

    def _usual(self, intent: Intent) -> Result:
        match intent:
            case Stage(draft=draft):
                view = self.change(ticket(len(self.tickets) + 1, draft))
                self.tickets[view.number] = view
                return Staged(view)
            case Fire(number=number):
                return Fired((100 + number,))
            case CancelOrders(numbers=numbers):
                return Canceling(numbers)
            case Drop():
                return Done()
        return Done()

    def _show(self, key: Key, view: View) -> None:
        if belongs(key, view):
            self._version += 1
            self._shown[key] = (self._version, encode(view))


def _same_place(one: View, other: View) -> bool:
    return type(one) is type(other) and getattr(one, "ticker", "") == getattr(other, "ticker", "")


def played(clock: HandClock | None = None, *views: View) -> PlayedEngine:
    engine = PlayedEngine(clock)
    engine.publish(*everything(), *trading_views(), *views)
    return engine


@dataclass
class Desk:
    """A terminal before a played engine, with a clock that a test moves."""

    app: Terminal
    engine: PlayedEngine
    clock: HandClock
    pilot: Pilot[Any]

    async def keys(self, *keys: str, after: float = 0.4) -> None:
        """Press keys like a hand does, each so long after the one before."""
        for key in keys:
            self.clock.seconds += after
            await press(self.pilot, key)
            self.clock.seconds += 0.03
            await settle(self.pilot)

    async def wait(self, seconds: float) -> None:
        self.clock.seconds += seconds
        await settle(self.pilot)

    @property
    def staged(self) -> list[Draft]:
        return [intent.draft for intent in self.engine.asked_of(Stage)]

    @property
    def fired(self) -> list[Fire]:
        return self.engine.asked_of(Fire)

    @property
    def panel(self) -> str:
        return "\n".join(self.app.desk.ticket.render_line(y).text for y in range(self.app.desk.ticket.size.height))

    @property
    def bar(self) -> str:
        return "\n".join(self.app.desk.status.render_line(y).text for y in range(self.app.desk.status.size.height))


@asynccontextmanager
async def at_desk(*views: View, size: tuple[int, int] = (160, 50), **look: Any) -> AsyncIterator[Desk]:
    clock = HandClock()
    engine = played(clock, *views)
    app = terminal(engine, clock, **look)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await settle(pilot)
        desk = Desk(app, engine, clock, pilot)
        await desk.keys("enter")  # to the ladder
        yield desk

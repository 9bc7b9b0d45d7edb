"""An engine as a process of its own that kills itself at a point, or else recovers and says what its ledger comes to.

    python mortal_engine.py READY_FILE JOURNAL

`KT_DIES_AT` names the point; where it is not set, the engine recovers, cancels everything and prints its ledger.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import Awaitable, Mapping
from pathlib import Path
from typing import Any

from kalshi_tui.adapters.clock import system_chance
from kalshi_tui.adapters.http import HttpxTransport
from kalshi_tui.adapters.journal_file import JournalFile
from kalshi_tui.adapters.sqlite_now import SqliteNow
from kalshi_tui.adapters.websocket import WebsocketsTransport
from kalshi_tui.cli.drills.dealing import LIMITS
from kalshi_tui.cli.drills.host.points import BY_NAME, Point, arm_way, journal_at
from kalshi_tui.cli.drills.host.way import Way, places
from kalshi_tui.cli.drills.world import ListRecorder, opening_of, risk_checks
from kalshi_tui.cli.wiring import exchange_clock
from kalshi_tui.config.load import load_settings
from kalshi_tui.core.book import BookState
from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import Money, Price, Size
from kalshi_tui.engine.executing import Outside
from kalshi_tui.engine.feed import FeedRules
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.engine.ports import Reply
from kalshi_tui.engine.rules import Rules
from kalshi_tui.engine.running import Engine
from kalshi_tui.engine.surroundings import Surroundings
from kalshi_tui.engine.venue import Venue
from kalshi_tui.errors import KalshiTuiError
from kalshi_tui.link import trading as link
from kalshi_tui.link.client import Link, attach
from kalshi_tui.link.intents import Follow, Intent
from kalshi_tui.link.keys import MarketsKey, TradingKey
from kalshi_tui.link.pipes import memory_pipes
from kalshi_tui.link.server import LinkRules
from kalshi_tui.link.views import MarketRow
from kalshi_tui.protocol.signing import Scope, Signer, load_signer

NAMES = ("practice", "practice", "live")
LOOK_S = 0.02
READY_S, LIFE_S = 6.0, 6.0
ABSENT_S = 120.0  # until two lists, half a minute apart, prove that an order never came to be
MID_FLIGHT_S = 0.002
DAILY_LOSS = Money(10**13)
RULES = OrderRules(
    execution="live", daily_loss=DAILY_LOSS, quarantine_ms=3_000, orders_per_10s=100, orders_per_minute=500
)
AMPLE = tuple((name, 10**12 if name.endswith("dollars") else 10**8) for name, _ in LIMITS)
MIDDLE = range(1_500, 8_500)


async def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class MidFlight(Way):
    """A way on which the engine dies while an order's bytes are on it, whoever has them by then."""

    async def send(self, method: str, path_and_query: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        sending = asyncio.ensure_future(super().send(method, path_and_query, headers, body))
        if places(method, path_and_query.partition("?")[0]):
            await asyncio.sleep(random.random() * 2 * MID_FLIGHT_S)
            await die()
        return await sending


class Person:
    """Somebody who deals as fast as it goes."""

    def __init__(self, engine: Engine, terminal: Link) -> None:
        self.engine, self.terminal = engine, terminal
        self.trading, self.markets = terminal.watch(TradingKey()), terminal.watch(MarketsKey(count=200))

    async def ask(self, intent: Intent) -> Any:
        try:
            return await self.terminal.ask(intent)
        except KalshiTuiError as problem:
            return problem

    async def ready(self) -> None:
        """Wait until orders may be fired on live books."""
        await self._until(lambda: self.state == "disarmed", READY_S, "it was not compared")
        await self.ask(link.Arm(""))
        await self._until(lambda: self.state == "active" and self.rows(), READY_S, "it was not ready")
        await self.ask(Follow(tuple(row.ticker for row in self.rows()[:10])))
        await self._until(self.live, READY_S, "no book was live")

    @property
    def state(self) -> str:
        view: Any = self.trading.view
        return "" if view is None else str(view.state)

    def rows(self) -> list[MarketRow]:
        view: Any = self.markets.view
        rows = [] if view is None else view.rows
        return [row for row in rows if row.bid in MIDDLE and row.ask in MIDDLE and row.ask - row.bid < 1_500]

    def live(self) -> list[MarketRow]:
        books = self.engine.kernel.stream.books
        return [row for row in self.rows() if row.ticker in books and books[row.ticker].state is BookState.LIVE]

    async def live_on(self) -> None:
        """Deal until the end comes; what earlier lives have left is cancelled first."""
        await self.ask(link.CancelOrders(everything=True))
        ends = asyncio.get_running_loop().time() + LIFE_S
        while asyncio.get_running_loop().time() < ends:
            row = random.choice(self.live() or self.rows())
            assert row.bid is not None
            assert row.ask is not None
            held = self.engine.kernel.desk.risk.position(row.ticker).size
            side: Side = "ask" if held > 0 else "bid"
            await self.deal(row.ticker, "bid", row.bid - 400, "good_till_canceled")
            await self.deal(row.ticker, side, row.ask if side == "bid" else row.bid, "immediate_or_cancel")
            await asyncio.sleep(0.2)

    async def deal(self, ticker: str, side: Side, price: int, kind: link.TimeInForce) -> None:
        staged = await self.ask(link.Stage(link.Draft(ticker, side, Price(price), Size(100), time_in_force=kind)))
        if isinstance(staged, link.Staged):
            await self.ask(link.Fire(staged.ticket.number, staged.ticket.token))

    async def recover(self) -> None:
        """Have everything cancelled and compared, until nothing is open any more."""
        desk = self.engine.kernel.desk
        await self._until(lambda: self.state in {"disarmed", "active"}, READY_S, "it was not compared")
        await self.ask(link.CancelOrders(everything=True))
        await self._until(lambda: not any(True for _ in desk.ledger.working()), ABSENT_S, "orders still work")
        await asyncio.sleep(0.5)
        since_ms = desk.now_ms
        await self.ask(link.Reconcile())
        await self._until(lambda: (desk.reconciled_ms or 0) > since_ms and not desk.ledger.owed(), 12, "fills are owed")

    async def _until(self, condition: Any, limit_s: float, words: str) -> None:
        ends = asyncio.get_running_loop().time() + limit_s
        while not condition():
            if asyncio.get_running_loop().time() > ends:
                view: Any = self.trading.view
                working = Counter(
                    (o.state, o.cancel, bool(o.order_id), o.absences) for o in self.engine.kernel.desk.ledger.working()
                )
                reason = "" if view is None else view.reason
                raise TimeoutError(
                    f"{words}: {self.state} {reason} {working} {self.engine.kernel.desk.comparing.words}"
                )
            await asyncio.sleep(LOOK_S)


def told(engine: Engine) -> dict[str, Any]:
    """Return what the ledger comes to."""
    ledger = engine.kernel.desk.ledger
    return {
        "orders": [
            [o.client_order_id, o.order_id, o.state, o.filled, o.fees] for o in ledger.orders.values() if o.order_id
        ],
        "fills": [
            [*key, known.fill.ticker, known.fill.side, known.fill.price, known.fill.size, known.fill.fee]
            for key, known in ledger.fills.items()
        ],
        "positions": {ticker: held.size for (ticker, _), held in ledger.portfolio.positions().items() if held.size},
        "cash": ledger.cash(),
        "differences": [difference.words for difference in ledger.differences.values()],
        "sessions": ledger.sessions,
    }


def address(ready: Path) -> tuple[dict[str, str], Signer]:
    """Return where the exchange is, and who signs there."""
    found: dict[str, str] = json.loads(ready.read_text())
    return found, load_signer(found["key_id"], Path(found["key_file"]).read_bytes(), Scope.TRADE)


async def main(ready: Path, file: Path, point: Point | None) -> None:
    found, signer = address(ready)
    clock = await exchange_clock(found["rest_url"])
    mid_flight = point is not None and point.name == "unanswered"
    way = (MidFlight if mid_flight else Way)(HttpxTransport(found["rest_url"]))
    journal: Any = JournalFile(file, NAMES, reserve_bytes=0)
    if point is not None and not mid_flight:
        journal = journal_at(point, journal, die)
        arm_way(point, way, die)
    storage = SqliteNow(NAMES, load_settings(environ={}, folder=Path("/nonexistent")).storage)
    await storage.open()
    around = Surroundings(
        venue=Venue(way, clock, system_chance, signer=signer),
        stream=WebsocketsTransport(found["ws_url"]),
        signer=signer,
        clock=clock,
        chance=system_chance,
        storage=storage,
        recorder=ListRecorder(),
        outside=Outside(journal, None, "rigrig", may_send=True),
        risk_checks=risk_checks(AMPLE),
    )
    opening = opening_of(clock.now_ms(), Rules(), orders=RULES, trades=True, execution="live", mode="PRACTICE")
    engine = Engine(opening, around, feed_rules=FeedRules(), link_rules=LinkRules())
    await attended(engine, point)
    await way.close()


async def attended(engine: Engine, point: Point | None) -> None:
    running = asyncio.ensure_future(engine.run())
    ours, its = memory_pipes()
    serving: Awaitable[None] = asyncio.ensure_future(engine.serve(its))
    terminal = await attach(ours, name="person")
    person = Person(engine, terminal)
    try:
        if point is None:
            await person.recover()
            sys.stdout.write(json.dumps(told(engine)))
        else:
            await person.ready()
            await person.live_on()
    finally:
        await terminal.close()
        engine.stopping.set()
        await asyncio.gather(running, serving)


if __name__ == "__main__":
    named = os.environ.get("KT_DIES_AT", "")
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), BY_NAME[named] if named else None))
    raise SystemExit(3 if named else 0)  # it should have died

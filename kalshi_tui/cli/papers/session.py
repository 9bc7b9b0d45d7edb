"""Plays one session twice in memory, on paper first and then at the exchange, and sets the fills side by side."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kalshi_tui.adapters.sqlite_now import SqliteNow
from kalshi_tui.cli.drills.place import small_world
from kalshi_tui.cli.drills.world import World
from kalshi_tui.cli.papers.script import MARKETS, Planned, Script
from kalshi_tui.config.load import load_settings
from kalshi_tui.core.book import Book
from kalshi_tui.core.grid import PriceGrid
from kalshi_tui.core.orders import Fill, Side
from kalshi_tui.core.units import SIZE_ONE, Money, Price, Size
from kalshi_tui.engine.order_rules import Execution, OrderRules
from kalshi_tui.engine.paper.report import Comparison, compare
from kalshi_tui.engine.running import Engine
from kalshi_tui.engine.trading.paper import models_of
from kalshi_tui.errors import LocalProtocolError
from kalshi_tui.link.client import Link
from kalshi_tui.link.intents import Follow
from kalshi_tui.link.trading import Arm, CancelOrders, Draft, Drop, Fire, Fired, Stage, Staged

_SETTLE_S: Final = 3.0  # until books, groups and the first comparison are there
_WAIT_S: Final = 60.0  # that the last orders get to be filled
_END_S: Final = 5.0
_SPARE_MS: Final = 60_000
_FAR_MS: Final = 10**9
_WIDE: Final = 10**6


class Sent(Struct, frozen=True, gc=False):
    """An order of the session: when it was due, what it was meant to do, and how either side refused it."""

    number: int
    client_order_id: str
    at_ms: int
    wish: str
    draft: Draft
    paper_words: str
    exchange_words: str


class Session(Struct, frozen=True, gc=False):
    """What was sent, and the comparison of what it came to."""

    seed: int
    orders: tuple[Sent, ...]
    comparison: Comparison


class NamedFill(Struct, frozen=True, gc=False):
    """A fill under the name of its order, which both venues were told."""

    trade_id: str
    order_id: str
    client_order_id: str
    ticker: str
    side: Side
    price: Price
    size: Size
    fee: Money
    ts_ms: int


class _Came(Struct, frozen=True):
    """What one playing came to: by its place the order's name and what was said against it, and all fills."""

    names: dict[int, str]
    words: dict[int, str]
    fills: tuple[NamedFill, ...]


def play(seed: int, count: int, rules: OrderRules) -> Session:
    """Play `count` orders; `rules` say what paper assumes."""
    planned: list[Planned] = []
    with _quiet():
        paper = _World(seed, wide(rules, "paper")).draw(count, planned)
        exchange = _World(seed, wide(rules, "live")).repeat(planned)
    names = paper.names | exchange.names
    orders = tuple(
        Sent(
            number,
            names.get(number, ""),
            one.at_ms,
            one.wish,
            one.draft,
            paper.words.get(number, ""),
            exchange.words.get(number, ""),
        )
        for number, one in enumerate(planned, 1)
    )
    sent_ms = {name: planned[number - 1].at_ms for number, name in sorted(names.items())}
    return Session(seed, orders, compare(paper.fills, exchange.fills, sent_ms, models_of(rules).words()))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the engines log to themselves: it is about a world that nobody will see again."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def wide(rules: OrderRules, execution: Execution) -> OrderRules:
    """Return rules under which the gate has little to say: the models are on trial, not the person."""
    return replace(
        rules,
        execution=execution,
        is_real_money=False,
        may_go_live=True,
        kill=False,
        arm_ms=_FAR_MS,
        arm_phrase="",
        expiration_ms=0,
        group_limit=Size(_WIDE * SIZE_ONE),
        depth_percent=100,
        tail=Price(0),
        duplicate_ms=0,
        orders_per_10s=_WIDE,
        orders_per_minute=_WIDE,
        daily_loss=Money(_WIDE * 10**6),
    )


class _World:
    """One playing: an exchange of the seed, and an engine before it."""

    def __init__(self, seed: int, rules: OrderRules) -> None:
        settings = load_settings(environ={}, folder=Path("/nonexistent"))
        storage = SqliteNow(("practice", "practice", rules.execution), settings.storage)
        asyncio.run(storage.open())
        limits = tuple((name, _limit(name)) for name in settings.limits.options())
        self._seed = seed
        self._world = World(storage, seed=seed, spec=replace(small_world(), steady=True), orders=rules, limits=limits)
        self._names: dict[int, str] = {}
        self._words: dict[int, str] = {}

    def draw(self, count: int, planned: list[Planned]) -> _Came:
        """Send orders that are drawn as the books stand, and note them."""

        async def part(engine: Engine, link: Link) -> _Came:
            tickers = await self._open(link, count)
            script = Script(self._seed, self._world.clock.now_ms(), tickers)
            while len(planned) < count:
                await self._until(script.next_ms())
                one = script.order(lambda ticker: _seen(engine, ticker))
                if one is not None:
                    planned.append(one)
                    await self._send(engine, link, len(planned), one.draft)
            return await self._close(engine, link)

        return self._world.play(part)

    def repeat(self, planned: Sequence[Planned]) -> _Came:
        """Send the same orders at the same times."""

        async def part(engine: Engine, link: Link) -> _Came:
            await self._open(link, len(planned))
            for number, one in enumerate(planned, 1):
                await self._until(one.at_ms)
                await self._send(engine, link, number, one.draft)
            return await self._close(engine, link)

        return self._world.play(part)

    async def _open(self, link: Link, count: int) -> list[str]:
        """Follow some markets that stay open, have their groups made, and arm."""
        await self._world.clock.sleep(_SETTLE_S)
        end_ms = self._world.clock.now_ms() + count * 5_000 + _SPARE_MS * 3
        markets = self._world.desk.exchange.markets.values()
        lively = [m for m in markets if m.status == "active" and m.close_ms > end_ms and m.bids and m.asks]
        lively.sort(key=lambda m: (abs(m.best_bid + m.best_ask - 10_000), m.ticker))
        tickers = [market.ticker for market in lively[:MARKETS]]
        if not tickers:
            raise LocalProtocolError("no market of this world stays open for so long", hint="ask for fewer orders")
        await link.ask(Follow(tuple(tickers)))
        for ticker in tickers:
            await self._drop(link, Draft(ticker, "bid", Price(100), Size(100)))
        await self._world.clock.sleep(_SETTLE_S)
        await link.ask(Arm())
        return tickers

    async def _drop(self, link: Link, draft: Draft) -> None:
        staged = await link.ask(Stage(draft))
        assert isinstance(staged, Staged)  # noqa: S101 - what this is answered by
        await link.ask(Drop(staged.ticket.number))

    async def _send(self, engine: Engine, link: Link, number: int, draft: Draft) -> None:
        staged = await link.ask(Stage(draft))
        assert isinstance(staged, Staged)  # noqa: S101 - what this is answered by
        try:
            fired = await link.ask(Fire(staged.ticket.number, staged.ticket.token))
        except LocalProtocolError as problem:
            self._words[number] = problem.message
            return
        assert isinstance(fired, Fired)  # noqa: S101 - what this is answered by
        self._names[number] = engine.kernel.desk.ledger.orders[fired.orders[0]].client_order_id

    async def _until(self, at_ms: int) -> None:
        await self._world.clock.sleep(max(at_ms - self._world.clock.now_ms(), 0) / 1000)

    async def _close(self, engine: Engine, link: Link) -> _Came:
        """Let what rests be filled for a while, cancel the rest, and count."""
        await self._world.clock.sleep(_WAIT_S)
        await link.ask(CancelOrders(everything=True))
        await self._world.clock.sleep(_END_S)
        ledger = engine.kernel.desk.ledger
        for number, name in self._names.items():
            order = ledger.by_client_id[name]
            if order.state in {"rejected", "not sent"}:
                self._words[number] = f"{order.state}: {order.reason}"
        fills = [(known.fill, ledger.orders[known.number].client_order_id) for known in ledger.fills.values()]
        return _Came(self._names, self._words, tuple(_named(fill, name) for fill, name in fills))


def _seen(engine: Engine, ticker: str) -> tuple[Book, PriceGrid] | None:
    book, known = engine.kernel.desk.believed_book(ticker), engine.kernel.catalogue.get(ticker)
    return None if book is None or known is None else (book, known.market.grid)


def _named(fill: Fill, name: str) -> NamedFill:
    return NamedFill(
        fill.trade_id, fill.order_id, name, fill.ticker, fill.side, fill.price, fill.size, fill.fee, fill.ts_ms
    )


def _limit(name: str) -> int:
    """Return a limit that stands in nobody's way."""
    if name.endswith("_contracts"):
        return _WIDE * SIZE_ONE
    return 10_000 if name.endswith("_percent") else _WIDE * 10**6

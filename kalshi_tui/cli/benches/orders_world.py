"""An exchange and an engine beside each other, a terminal that is attached and armed, and the account's own key."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any, Final, TypeVar

from kalshi_tui.adapters.clock import SystemClock, system_chance
from kalshi_tui.adapters.http import HttpxTransport
from kalshi_tui.adapters.practice_key import practice_key_file
from kalshi_tui.cli.benches.children import child
from kalshi_tui.cli.benches.orders_engine import STAMPS
from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.venue import Venue
from kalshi_tui.link.client import Link, Watching, attach_to
from kalshi_tui.link.keys import MarketsKey, StatusKey, TradingKey
from kalshi_tui.link.trading import Arm, Draft, Drop, Stage, Staged, TicketView, TradingView
from kalshi_tui.link.views import MarketRow, MarketsView, StatusView
from kalshi_tui.protocol.signing import Scope, load_signer

READY_S: Final = 60.0
LOOK_S: Final = 0.01
LOW: Final = Price(500)  # far below any ask that is chosen
_TRIES: Final = 100
_DISK: Final = Path("/var/tmp")  # noqa: S108 - a real disk, where /tmp may be memory
_WIDE: Final = """\
[orders]
duplicate_s = 0
orders_per_10s = 1000
orders_per_minute = 10000
depth_percent = 100
arm_minutes = 480
time_to_live_s = 60.0
group_contracts_15s = 1000000
[limits]
order_contracts = 100
market_contracts = 1000000
order_risk_dollars = "1000000"
market_risk_dollars = "1000000"
event_risk_dollars = "1000000"
group_risk_dollars = "1000000"
total_risk_dollars = "1000000"
daily_loss_dollars = "1000000"
trade_balance_percent = 100
open_sets = 10000
orders_per_day = 1000000
"""
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything is."""

    folder: Path
    venue: dict[str, Any]
    socket: str
    pid: int

    def stamps(self) -> list[tuple[str, int]]:
        """Return what the engine has noted, once it has ended."""
        return [(name, at) for name, at in json.loads((self.folder / STAMPS).read_text())]

    def noted(self, what: str) -> list[int]:
        """Return when something has happened at the exchange."""
        lines = (line.split() for line in (self.folder / "noted").read_text().splitlines())
        return [int(at) for name, at in lines if name == what]


@contextmanager
def opened(changes_per_s: int, markets: int) -> Iterator[tuple[Place, Callable[[], None]]]:
    """Run an exchange and an engine; what is yielded beside their place ends the engine before the exchange."""
    with tempfile.TemporaryDirectory(dir=_DISK if _DISK.is_dir() else None) as name:
        folder = Path(name)
        key_file = practice_key_file(folder)
        arguments = (str(changes_per_s), str(key_file), str(markets), str(folder / "noted"))
        with child("orders_exchange", *arguments) as line:
            venue = json.loads(line)
            settings = folder / "settings.toml"
            settings.write_text(_settings(venue))
            settings.chmod(0o600)
            running = child("orders_engine", name, str(settings))
            told = json.loads(running.__enter__())
            is_over = False

            def end() -> None:
                nonlocal is_over
                if not is_over:
                    is_over = True
                    running.__exit__(None, None, None)

            try:
                yield Place(folder, venue, told["socket"], told["pid"]), end
            finally:
                end()


def _settings(venue: dict[str, Any]) -> str:
    return f"""\
environment = "practice"
[venues.practice]
rest_url = "{venue["rest_url"]}"
stream_url = "{venue["ws_url"]}"
key_id = "{venue["key_id"]}"
key_path = "{venue["key_file"]}"
[engine]
watch = {json.dumps(venue["tickers"])}
{_WIDE}"""


@dataclass(frozen=True, slots=True)
class Seat:
    """A terminal at the engine."""

    link: Link
    trading: Watching
    status: Watching
    rows: tuple[MarketRow, ...]  # some markets, as they were

    def view(self) -> TradingView:
        """Return whether orders may be sent, as it was told last."""
        view = self.trading.view
        assert isinstance(view, TradingView)  # noqa: S101 - it was there when the seat was taken
        return view

    def frames(self) -> int:
        """Return how many messages of the stream the engine has taken."""
        view = self.status.view
        assert isinstance(view, StatusView)  # noqa: S101 - as above
        return view.frames


@asynccontextmanager
async def seated(place: Place, books: int) -> AsyncIterator[Seat]:
    """Attach as a terminal does, wait until books are there and compared with the venue, and arm."""
    link = await attach_to(place.socket, name="bench")
    try:
        trading, status = link.watch(TradingKey()), link.watch(StatusKey())
        await until(lambda: _is_ready(trading, status, books), "the engine was not ready")
        await link.ask(Arm())
        page = await link.first(MarketsKey(count=500))
        assert isinstance(page, MarketsView)  # noqa: S101 - what the key stands for
        yield Seat(link, trading, status, page.rows)
    finally:
        await link.close()


def _is_ready(trading: Watching, status: Watching, books: int) -> bool:
    now, desk = status.view, trading.view
    has_all = isinstance(now, StatusView) and now.catalogue == "ready" and now.books_live >= books
    return has_all and isinstance(desk, TradingView) and desk.state == "disarmed"


async def until(holds: Callable[[], bool], words: str, limit_s: float = READY_S) -> None:
    """Look a hundred times a second until something holds."""
    try:
        async with asyncio.timeout(limit_s):
            while not holds():  # noqa: ASYNC110 - views come in their time
                await asyncio.sleep(LOOK_S)
    except TimeoutError:
        raise AssertionError(f"{words} within {limit_s:g} s") from None


async def staged(seat: Seat, tickers: Sequence[str]) -> TicketView:
    """Return a ticket that may be fired in the first of some markets that allows it; it takes nothing, and never rests.

    A market may be held for a while because nobody asks in it.
    """
    for _, ticker in zip(range(_TRIES), cycle(tickers), strict=False):
        made = await seat.link.ask(Stage(Draft(ticker, "bid", LOW, Size(100), time_in_force="immediate_or_cancel")))
        assert isinstance(made, Staged)  # noqa: S101 - what this is answered by
        if made.ticket.may_fire:
            return made.ticket
        against = [check.words for check in made.ticket.checks if not check.passed]
        await seat.link.ask(Drop(made.ticket.number))
        await asyncio.sleep(0.1)  # the order group is being made
    raise AssertionError(f"no ticket may be fired: {'; '.join(against)}")


@asynccontextmanager
async def own_client(place: Place) -> AsyncIterator[Venue]:
    """Yield a client with the account's key, as another program of the same person has it."""
    signer = load_signer(place.venue["key_id"], Path(place.venue["key_file"]).read_bytes(), Scope.TRADE)  # noqa: ASYNC240 - before anything is measured
    http = HttpxTransport(place.venue["rest_url"])
    venue = Venue(http, SystemClock(), system_chance, signer=signer)
    try:
        await venue.learn_limits()
        yield venue
    finally:
        await http.close()

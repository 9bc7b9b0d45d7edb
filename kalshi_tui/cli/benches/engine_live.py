"""A real engine in a process of its own, fed over loopback and watched over its socket, as a trader has it."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from kalshi_tui.adapters.clock import SystemClock
from kalshi_tui.adapters.practice_key import practice_key_file
from kalshi_tui.cli.benches.children import child
from kalshi_tui.cli.benches.processes import cpu_s, memory_mib, peak_mib
from kalshi_tui.engine.lag import LagMeter
from kalshi_tui.link.client import Link, Watching, attach_to
from kalshi_tui.link.keys import LadderKey, MarketsKey, StatusKey
from kalshi_tui.link.views import StatusView

CHANGES_PER_S = 5_000
BOOKS = 500
UNIVERSE = 30_000
UNIVERSE_BOOKS = 200
WINDOW_S = 60.0
SETTLED = 1 / 3  # of the window: after 20 of 60 seconds memory should not grow any more
READY_S = 120.0


def busy(seconds: float = WINDOW_S) -> dict[str, float]:
    """Follow 500 books that change 5,000 times a second, and return what that did to the engine."""
    with engine(BOOKS, where="behind") as (told, tickers):
        return asyncio.run(_busy(told, tickers, seconds))


def universe(seconds: float = WINDOW_S) -> dict[str, float]:
    """Follow the top lines of 30,000 markets, and return what that did to the engine."""
    with engine(UNIVERSE, where="at", universe="full") as (told, tickers):
        return asyncio.run(_universe(told, tickers, seconds))


@contextmanager
def engine(
    markets: int, *, where: str, universe: str = "needed", changes_per_s: int = CHANGES_PER_S
) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """Run an exchange and an engine beside each other, and yield where the engine is and some of its markets."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        key_file = practice_key_file(folder)
        with child("busy_exchange", str(changes_per_s), str(key_file), str(markets), where) as line:
            place = json.loads(line)
            settings = folder / "settings.toml"
            settings.write_text(_settings(place, universe))
            settings.chmod(0o600)
            with child("engine_process", name, str(settings)) as told:
                yield {**json.loads(told), "venue": place}, place["tickers"]


def _settings(place: dict[str, Any], universe: str) -> str:
    watched = place["tickers"] if universe == "needed" else []
    return f"""\
environment = "practice"
[venues.practice]
rest_url = "{place["rest_url"]}"
stream_url = "{place["ws_url"]}"
key_id = "{place["key_id"]}"
key_path = "{place["key_file"]}"
[engine]
universe = "{universe}"
full_universe_books = {UNIVERSE_BOOKS}
watch = {json.dumps(watched)}
"""


async def _busy(told: dict[str, Any], tickers: list[str], seconds: float) -> dict[str, float]:
    async with attached(told["socket"], tickers[0]) as status:
        await ready(status, BOOKS)
        seen = await watch(told["pid"], status, seconds)
        if seen["books_live"] < BOOKS:
            raise AssertionError(f"only {seen['books_live']:.0f} of {BOOKS} books were live at the end")
        return seen


async def _universe(told: dict[str, Any], tickers: list[str], seconds: float) -> dict[str, float]:
    async with attached(told["socket"], tickers[0]) as status:
        await ready(status, UNIVERSE_BOOKS)
        return await watch(told["pid"], status, seconds)


@asynccontextmanager
async def attached(socket: str, ticker: str) -> AsyncIterator[Watching]:
    """Attach as a terminal does, and yield what is watched of the engine's status."""
    link = await attach_to(socket, name="bench")
    reading = asyncio.ensure_future(_read(link))
    try:
        status, *_ = [link.watch(key) for key in (StatusKey(), LadderKey(ticker), MarketsKey())]
        yield status
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await link.close()


async def _read(link: Link) -> None:
    """Look at what has come twenty times a second, as a terminal does."""
    while True:
        await asyncio.sleep(0.05)
        for watching in link.take_changed():
            _ = watching.view


async def ready(status: Watching, books: int) -> None:
    """Wait until the engine has read everything and has all its books."""
    try:
        async with asyncio.timeout(READY_S):
            while (now := status.view) is None or not _is_ready(now, books):  # noqa: ASYNC110 - views come in their time
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"the measured engine was not ready within {READY_S:.0f} s: {status.view}") from None


def _is_ready(now: object, books: int) -> bool:
    return isinstance(now, StatusView) and now.catalogue == "ready" and now.books_live >= books


async def watch(pid: int, status: Watching, seconds: float) -> dict[str, float]:
    """Let it run, and return what was seen of it and, to judge that by, of the machine."""
    meter = LagMeter(SystemClock())
    metering = asyncio.ensure_future(meter.run())
    before, cpu, began = _view(status), cpu_s(pid), time.monotonic()
    await asyncio.sleep(seconds * SETTLED)
    settled_mib = memory_mib(pid)
    await asyncio.sleep(seconds * (1 - SETTLED))
    after, took_s = _view(status), time.monotonic() - began
    metering.cancel()
    return {
        "messages_per_s": (after.frames - before.frames) / took_s,
        "lag_p50_ms": after.lag.p50_ms,
        "lag_p99_ms": after.lag.p99_ms,
        "lag_worst_ms": after.lag.worst_ms,
        "own_lag_p99_ms": meter.lag().p99_ms,
        "bounds_hit": float(sum(after.bounds.values())),
        "gaps": float(after.gaps),
        "books_live": float(after.books_live),
        "growth_mib": memory_mib(pid) - settled_mib,
        "memory_mib": memory_mib(pid),
        "peak_mib": peak_mib(pid),
        "core_share": (cpu_s(pid) - cpu) / took_s,
    }


def _view(status: Watching) -> StatusView:
    view = status.view
    assert isinstance(view, StatusView)  # noqa: S101 - it was there when the engine was ready
    return view

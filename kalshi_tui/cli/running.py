"""Runs an engine for a while and sums up what it saw."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from kalshi_tui.adapters.engine_place import Taken
from kalshi_tui.cli.desk_child import DeskChild
from kalshi_tui.cli.hosting import host
from kalshi_tui.config.schema import Settings
from kalshi_tui.engine.running import Engine
from kalshi_tui.link.intents import Follow
from kalshi_tui.link.keys import MarketsKey

FOLLOWED = 200


async def run_for(
    settings: Settings, taken: Taken, desk: DeskChild | None, seconds: float | None, tickers: Sequence[str]
) -> dict[str, object]:
    """Run until the time is over, following what was named or the first markets of the list; return what was seen."""
    seen: dict[str, object] = {}

    async def follow(engine: Engine) -> None:
        if tickers:
            await engine.answer(Follow(tuple(tickers)))
        else:
            engine.watched(MarketsKey(count=FOLLOWED))
        with suppress(TimeoutError):
            await asyncio.wait_for(engine.stopping.wait(), seconds)
        seen.update(summary(engine))  # now: when the engine has ended, no book is live any more

    engine = await host(settings, taken, desk, stays=True, beside=follow)
    tape = engine.tape()
    return {**seen, "tape": tape.path, "tape_bytes": tape.bytes_written, "digest": engine.kernel.board.digest()}


def summary(engine: Engine) -> dict[str, object]:
    """Return what was seen: messages, books, gaps, bounds that were hit."""
    status = engine.kernel.status.view(engine.kernel)
    lag = engine.lag.lag()
    return {
        "mode": status.mode,
        "seconds": (status.now_ms - status.started_ms) / 1000,
        "messages": status.frames,
        "books": status.books,
        "books_live": status.books_live,
        "markets": status.markets,
        "gaps": status.gaps,
        "resyncs": status.resyncs,
        "malformed": status.malformed,
        "published": engine.kernel.board.published,
        "lag_p99_ms": lag.p99_ms,
        "lag_worst_ms": lag.worst_ms,
        "bounds": engine.bounds(),
    }

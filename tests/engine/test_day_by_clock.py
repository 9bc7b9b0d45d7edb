"""The day of a loss ends at midnight by the venue's clock, and not because this machine's clock is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from kalshi_tui.cli.drills.world import risk_checks
from kalshi_tui.core.units import Money, Size
from kalshi_tui.errors import KalshiTuiError
from kalshi_tui.link import trading as link
from tests.plugins.pictures import LOOSEST
from tests.property.trading_world import RULES, LongWorld

_DAY_LIMIT = Money(50_000)


class Fast:
    """A clock that is hours fast."""

    def __init__(self, right: Any, by_ms: int) -> None:
        self._right, self._by_ms = right, by_ms

    def now_ms(self) -> int:
        return int(self._right.now_ms()) + self._by_ms

    def __getattr__(self, name: str) -> Any:
        return getattr(self._right, name)


def test_a_start_with_a_fast_clock_begins_no_new_day_and_lifts_no_halt() -> None:
    rules = replace(RULES, depth_percent=100, daily_loss=_DAY_LIMIT)
    world = LongWorld(3, orders=rules, checks=risk_checks(tuple(LOOSEST.items())))
    try:
        world.start()
        world.wait(3)
        world.ask(link.Arm())
        best = world.engine.kernel.stream.books[world.tickers[0]].book.best_ask
        assert best is not None
        draft = link.Draft(world.tickers[0], "bid", best, Size(100), time_in_force="immediate_or_cancel")
        staged = world.ask(link.Stage(draft))
        assert isinstance(staged, link.Staged)
        world.ask(link.Fire(staged.ticket.number, staged.ticket.token))
        world.wait(2)
        day = world.engine.kernel.desk.ledger.day
        assert day is not None
        assert world.engine.kernel.desk.kills.state()[0] == "reducing"
        world.crash()
        right, world.clock = world.clock, Fast(world.clock, 22 * 3_600_000)  # type: ignore[assignment]  # as a clock is
        world.start()
        world.wait(4)
        later = world.engine.kernel.desk.ledger.day
        assert later is not None
        assert (later.day, later.worth) == (day.day, day.worth)
        assert "" in world.engine.kernel.desk.ledger.halted
        world.crash()
        world.clock = right
        world.start()
        world.wait(4)
        assert world.engine.kernel.desk.kills.arm_phrase() == "go on beyond $0.05"
        with pytest.raises(KalshiTuiError, match="phrase"):
            world.ask(link.Arm())
    finally:
        world.end()

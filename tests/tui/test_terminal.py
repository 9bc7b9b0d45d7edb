"""The terminal as a whole, on a fake engine."""

from __future__ import annotations

from kalshi_tui.link.keys import LadderKey
from tests.tui.desk import FakeEngine, everything, settle, terminal


async def test_the_first_market_is_opened_by_itself() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    app = terminal(engine)
    async with app.run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        await settle(pilot)
        assert [key.ticker for key in engine.keys(LadderKey)] == ["KXFED-26DEC-T0"]
        assert app.desk.ladder.book is not None

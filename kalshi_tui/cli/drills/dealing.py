"""The trading half of a scene: a person who deals, the oracle that listens to the exchange, the final comparison."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kalshi_tui.cli.drills.agreement import Agreement, compared
from kalshi_tui.cli.drills.ledger_truth import Register
from kalshi_tui.cli.drills.plan import LIVELY_S
from kalshi_tui.cli.drills.trader import RESET_PHRASE, Habits, Trader
from kalshi_tui.core.book import BookState
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.link.client import Link, attach

if TYPE_CHECKING:
    from kalshi_tui.cli.drills.scene import Scene

RULES: Final = OrderRules(execution="live", reset_phrase=RESET_PHRASE, quarantine_ms=30_000)
LIMITS: Final = (
    ("order_contracts", 500),
    ("market_contracts", 900),
    ("order_risk_dollars", 4_000_000),
    ("market_risk_dollars", 6_000_000),
    ("event_risk_dollars", 9_000_000),
    ("group_risk_dollars", 12_000_000),
    ("total_risk_dollars", 15_000_000),
)
"""So tight that a person at a lively pace meets them again and again."""
_AGREE_S: Final = 60.0  # an order that never arrived is given up after the quarantine, and not earlier
_LOOK_S: Final = 0.5
_COMMITS_S: Final = (0.0002, 0.0002, 0.0003, 0.0005, 0.001, 0.012, 0.038)  # as measured, up to the longest


@dataclass(slots=True)
class Dealing:
    """One person who trades in a scene, and what came of it."""

    scene: Scene
    habits: Habits
    agreement: Agreement = field(default_factory=Agreement)
    agreed_ms: int | None = None
    ceased_asks: int = 0
    trader: Trader = field(init=False)
    register: Register = field(init=False)
    _link: Link = field(init=False)
    _disk: random.Random = field(init=False)
    _serving: asyncio.Task[None] = field(init=False)
    _trading: asyncio.Task[None] = field(init=False)

    async def begin(self) -> None:
        """Attach another terminal, and begin to trade."""
        scene, world = self.scene, self.scene.world
        ours, self._serving = world.pipe_to(scene.engine)
        self._link = await attach(ours, name="trader")
        chance = random.Random(scene.seed * 7919 + 1)
        world.journal.stall = self._commit  # type: ignore[attr-defined]  # the one in memory
        self._disk = random.Random(scene.seed * 31 + 7)
        self.trader = Trader(self._link, world.clock, chance, self.habits)
        self.register = Register(
            world.desk.exchange,
            world.desk.user_id,
            limits=dict(LIMITS),
            conduct=self.trader.conduct,
            is_live=self._is_live,
            durable=world.journal.durable_rows,  # type: ignore[attr-defined]  # the one in memory
        )
        world.wire.on_write = self.register.leaves
        self._trading = asyncio.ensure_future(self.trader.trade())

    async def recover(self) -> None:
        """Let the person put things right, once the faults have ceased."""
        self.trader.is_over = True
        self.ceased_asks = self.scene.world.wire.asked.total()
        await self._trading
        if not self.scene.drill.is_final:
            await self.trader.recover(self.scene.ceased_ms + int(LIVELY_S * 1000))

    async def agree(self) -> None:
        """Cancel what works, have the venue compared, and look until journal and exchange are the same."""
        clock = self.scene.world.clock
        if not self.scene.drill.is_final:
            await self.trader.cancel_everything()
            await clock.sleep(_LOOK_S)
            await self.trader.ask_to_compare()
        until_ms = clock.now_ms() + int(_AGREE_S * 1000)
        while True:
            self.agreement = self._compare()
            if not self.agreement.differences:
                self.agreed_ms = clock.now_ms()
                await clock.sleep(_LOOK_S)  # what was said of it is still on its way to the terminals
                return
            if clock.now_ms() >= until_ms:
                return
            await clock.sleep(_LOOK_S)

    async def end(self) -> None:
        """Hang up."""
        await self._link.close()
        await asyncio.gather(self._serving, return_exceptions=True)

    def _compare(self) -> Agreement:
        world = self.scene.world
        ledger = self.scene.engine.kernel.desk.ledger
        return compared(world.desk.exchange, world.desk.user_id, ledger, world.journal.durable_rows())  # type: ignore[attr-defined]  # as above

    def _is_live(self, ticker: str) -> bool:
        """Tell whether a book is live, or was so a moment ago, when the order was fired and went to the disk first."""
        tracked = self.scene.engine.kernel.stream.books.get(ticker)
        is_live = tracked is not None and tracked.state is BookState.LIVE
        return is_live or self.scene.witness.shows_live(ticker)

    async def _commit(self) -> None:
        """Let the disk take as long as disks do."""
        await self.scene.world.clock.sleep(self._disk.choice(_COMMITS_S))

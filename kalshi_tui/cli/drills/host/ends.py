"""F65 to F69: engines that vanish, lose power, are two, are told to end, and terminals that are in trouble."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

from kalshi_tui.adapters.engine_place import engine_place
from kalshi_tui.adapters.journal_now import JournalNow
from kalshi_tui.cli.drills.host.disks import NAMES
from kalshi_tui.cli.drills.host.points import Point, arm_way, journal_at
from kalshi_tui.cli.drills.host.stage import Stage
from kalshi_tui.cli.drills.host.way import ORDERS
from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.journal_rows import JournalRow, first_broken, sealed
from kalshi_tui.engine.trading.entries import Ended, encode_entry
from kalshi_tui.errors import StorageFailed, TransportError
from kalshi_tui.link import trading as link
from kalshi_tui.link.keys import LadderKey
from kalshi_tui.link.messages import LINK_VERSION, Hello, Watch, encode
from kalshi_tui.link.pipes import memory_pipes

Act = Callable[[Stage], Awaitable[None]]
STOP_S: Final = 3.0
_LONG_S: Final = 30.0
_STUCK, _STUCK_S, _DEPTH, _AT_ONCE_S = 3, 5.0, 1_000, 3.0


async def a_life(stage: Stage) -> None:
    """Trade in every way once: join, take, be filled, reduce, amend, cancel."""
    await stage.ready()
    first = await stage.join(300)
    await stage.join(100, takes=True)
    second = await stage.join(200, below=400)
    await stage.clock.sleep(0.3)
    await _filled(stage, second)
    await _changed(stage, first)
    await stage.clock.sleep(0.3)
    await stage.ask(link.CancelOrders(everything=True))
    await stage.join(200, below=500)
    await stage.clock.sleep(1)


async def _filled(stage: Stage, number: int | str) -> None:
    order = stage.engine.kernel.desk.ledger.orders.get(number) if isinstance(number, int) else None
    if order is not None and order.order_id:
        stage.fill(order.order_id)
        await stage.clock.sleep(0.3)


async def _changed(stage: Stage, number: int | str) -> None:
    order = stage.engine.kernel.desk.ledger.orders.get(number) if isinstance(number, int) else None
    if order is None or order.state != "resting":
        return
    await stage.ask(link.Reduce(order.number, Size(200)))
    await stage.clock.sleep(0.3)
    price = Price(order.price - 100)
    draft = link.Draft(order.ticker, order.side, price, Size(200), kind="amend", replaces=order.number)
    staged = await stage.ask(link.Stage(draft))
    if isinstance(staged, link.Staged):
        await stage.ask(link.Fire(staged.ticket.number, staged.ticket.token))


# --- vanishing at a point


def killed_at(point: Point) -> Act:
    """Let an engine vanish at a point, and the next recover."""

    async def act(stage: Stage) -> None:
        if point.name == "comparing":
            await stage.start()
            await a_life(stage)
            await stage.crash()
        death = Death()
        stage.wrap = lambda journal: journal_at(point, journal, death.come)
        arm_way(point, stage.way, death.come)
        await stage.start()
        await _lives_until(stage, death)
        stage.wrap = lambda journal: journal
        stage.way.before = stage.way.after = None
        stage.must(death.came.is_set(), f"no engine vanished {point.words}")
        stage.strikes += death.came.is_set()
        await _recovers(stage)

    return act


class Death:
    """Comes to an engine: what was under way then goes no further."""

    def __init__(self) -> None:
        """It has not come yet."""
        self.came = asyncio.Event()
        self._is_over = asyncio.Event()

    async def come(self) -> None:
        """Let nothing of what waits for this go on, until nobody is there any more to whom it matters."""
        self.came.set()
        await self._is_over.wait()
        raise StorageFailed("the engine is gone", hint="start another")

    def end(self) -> None:
        """Let what waits fall."""
        self._is_over.set()


async def _lives_until(stage: Stage, death: Death, unkept: int = 0) -> None:
    living, dying = asyncio.ensure_future(a_life(stage)), asyncio.ensure_future(death.came.wait())
    await asyncio.wait([living, dying], return_when=asyncio.FIRST_COMPLETED)
    stage.problems.clear()  # a life that ends amid its acts misses some
    living.cancel()
    dying.cancel()
    death.end()
    await stage.crash(unkept)
    await asyncio.gather(living, dying, return_exceptions=True)


async def _recovers(stage: Stage) -> None:
    await stage.start()
    await stage.tradable(15)
    await stage.agree()
    await stage.stop()


# --- the loss of power


class PowerLoss(JournalNow):
    """A journal whose machine loses its power when so many rows are kept."""

    def __init__(self, rows: int, death: Death) -> None:
        """Say when."""
        super().__init__()
        self._death = death
        self._limit = rows

    async def append(self, rows: Sequence[JournalRow]) -> None:
        """Keep rows, one by one as far as it goes."""
        for row in rows:
            await super().append((row,))
            if row.number == self._limit:
                await self._death.come()


def power_fails_after(number: int, *, unkept: int = 0) -> Act:
    """Cut the power after a row; where the disk lied, some rows before it are lost, too. The next engine recovers."""

    async def act(stage: Stage) -> None:
        death = Death()
        stage.journal = PowerLoss(number, death)
        await stage.start()
        await _lives_until(stage, death, unkept)
        stage.strikes += death.came.is_set()
        rows = stage.journal.durable_rows()
        stage.must(first_broken(rows) is None, "the journal is broken")
        stage.journal = JournalNow()
        await stage.journal.open()
        await stage.journal.append(rows)
        await _recovers(stage)
        if unkept:
            stage.problems = [words for words in stage.problems if "was never intended" not in words]

    return act


def rows_of_a_life(seed: int) -> int:
    """Return how many rows a life keeps."""
    stage = Stage(seed)

    async def act() -> int:
        await stage.start()
        await a_life(stage)
        await stage.stop()
        return len(stage.journal.durable_rows())

    return stage.clock.run(act())


# --- two engines


async def the_second_gets_no_lock(stage: Stage) -> None:
    """Start a second engine where one runs: it is refused, and whoever started it attaches to the first."""
    with tempfile.TemporaryDirectory(prefix="kt-") as folder:
        place = engine_place(Path(folder), "practice", "live")
        first = place.take()
        stage.must(first is not None, "the first engine was refused")
        stage.must(place.take() is None, "a second engine was let in")
        stage.strikes += 1
        if first is not None:
            first.leave()
        third = place.take()
        stage.must(third is not None, "an engine was refused although none runs")
        if third is not None:
            third.leave()


async def two_on_one_journal(stage: Stage) -> None:
    """Let two engines share a journal, as where a lock cannot hold: what one cannot write, it does not send."""
    with tempfile.TemporaryDirectory(prefix="kt-") as folder:
        file = Path(folder) / "db" / "journal.sqlite"
        stage.journal = JournalNow(file, NAMES)
        await stage.start()
        await stage.ready()
        await stage.tradable()
        await stage.clock.sleep(1)
        await _another_writes(file)
        sent = stage.sends()
        stage.strikes += 1
        await stage.join()
        await stage.clock.sleep(2)
        stage.must(stage.sends() == sent, "an order left that the journal does not hold")
        stage.must(stage.state == "halted", f"trading is {stage.state} although another engine writes the journal")
        await stage.ask(link.Kill("two engines"))
        await stage.until(lambda: not stage.resting(), 5, "a kill left orders resting")
        await stage.stop()


async def _another_writes(file: Path) -> None:
    other = JournalNow(file, NAMES)
    rows = await other.open()
    last = rows[-1]
    await other.append([sealed(last.digest, last.number + 1, last.at_ms, "Ended", encode_entry(Ended(last.at_ms)))])
    await other.close()


# --- being told to end


def told_to_end(*, answers: bool) -> Act:
    """End an engine while orders work: they are cancelled within the bound, and the journal says so."""

    async def act(stage: Stage) -> None:
        await stage.start()
        await stage.ready()
        await stage.tradable()
        await stage.join(300)
        await stage.clock.sleep(1)
        resting = stage.resting()
        stage.must(resting == 2, f"{resting} orders rest, and not 2")
        if not answers:
            stage.way.before = _no_cancels(stage)
        stage.strikes += 1
        began = stage.clock.monotonic()
        await stage.stop()
        took_s = stage.clock.monotonic() - began
        stage.must(took_s < STOP_S + 1, f"it took {took_s:.1f} s to end")
        if answers:
            stage.must(not stage.resting(), f"{stage.resting()} orders rest after the end")
            ended = [row for _, row in stage.kept("CancelAnswered") if row["outcome"] == "canceled"]
            stage.must(len(ended) == resting, f"{len(ended)} cancels of {resting} are in the journal")
        stage.must(list(stage.kept("Ended")), "the journal does not say that the engine has ended")
        stage.way.before = None
        await _recovers(stage)

    return act


def _no_cancels(stage: Stage) -> Callable[[str, str], Awaitable[None]]:
    async def before(method: str, path: str) -> None:
        if method == "DELETE" and path.startswith(ORDERS):
            await stage.clock.sleep(_LONG_S)
            raise TransportError("no answer came", hint="a drill wants it so")

    return before


# --- terminals in trouble


async def terminals_do_not_read(stage: Stage) -> None:
    """Attach terminals that ask for everything and read nothing: those who read trade as if they were not there."""
    await stage.start()
    await stage.ready()
    serving = []
    for _ in range(_STUCK):
        ours, its = memory_pipes()
        serving.append(asyncio.ensure_future(stage.engine.serve(its)))
        ours.send(encode(Hello(LINK_VERSION, "drill", "stuck", 0)))
        for number, ticker in enumerate(stage.exchange.markets, 1):
            ours.send(encode(Watch(number, LadderKey(ticker, _DEPTH))))
        stage.strikes += 1
    await stage.clock.sleep(_STUCK_S)
    asked = stage.clock.monotonic()
    await stage.tradable(_AT_ONCE_S)
    stage.must(stage.clock.monotonic() - asked < _AT_ONCE_S, "terminals that do not read held up orders")
    await stage.agree()
    await stage.stop()
    await asyncio.gather(*serving, return_exceptions=True)

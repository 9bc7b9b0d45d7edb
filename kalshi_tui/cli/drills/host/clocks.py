"""F60 and F61: a clock that is wrong, is set or has slept, and the days on which New York moves its clocks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import cache
from typing import Final

from msgspec.structs import replace

from kalshi_tui.cli.drills.host.stage import Stage
from kalshi_tui.cli.drills.host.way import lost_answer
from kalshi_tui.cli.drills.place import small_world
from kalshi_tui.link import trading as link
from kalshi_tui.practice.worldfile import WorldSpec

_SECOND: Final = 1_000
_HOUR: Final = 3_600_000
_NIGHT_S: Final = 8 * 3_600
_STEP_S: Final = 60.0
_AWAY_S: Final = 1_200.0  # longer than what comparisons read twice
_CALM_S: Final = 300.0
Act = Callable[[Stage], Awaitable[None]]


def wrong_from_the_start(off_ms: int) -> Act:
    """Start an engine on a machine whose clock is wrong; put it right in the end."""

    async def act(stage: Stage) -> None:
        await stage.start(clock_off_ms=off_ms)
        stage.strikes += 1
        await stage.ready()
        stage.must(await stage.join() == "CLOCK_OFF", f"an order was not refused for a clock that is {off_ms} ms off")
        await _a_cancel_works(stage)
        await _a_fill_is_seen(stage)
        stage.must(stage.sends() == 0, "an order left")
        stage.machine.off_ms = 0
        await stage.tradable()
        await stage.agree()
        await stage.stop()

    return act


def set_meanwhile(off_ms: int) -> Act:
    """Set the clock while an engine runs and orders work, and put it right again after a while."""

    async def act(stage: Stage) -> None:
        await stage.start()
        await stage.ready()
        first = await stage.tradable()
        stage.machine.off_ms = off_ms
        stage.strikes += 1
        await stage.clock.sleep(2)
        sent = stage.sends()
        stage.must(isinstance(await stage.join(), str), f"an order was let through on a clock that is {off_ms} ms off")
        stage.must(stage.sends() == sent, "an order left")
        if first is not None:
            await _is_cancelled(stage, first)
        await _a_fill_is_seen(stage)
        stage.machine.off_ms = 0
        await stage.tradable()
        await stage.agree()
        await stage.stop()

    return act


async def set_by_little(stage: Stage) -> None:
    """Let a time service pull the clock by a second a minute: nobody has to wait for that."""
    await stage.start()
    await stage.ready()
    for _ in range(30):
        stage.machine.off_ms += 50
        stage.strikes += 1
        await stage.clock.sleep(1)
    await stage.tradable(3)
    await stage.agree()
    await stage.stop()


async def an_answer_is_lost_on_a_clock_that_is_fast(stage: Stage) -> None:
    """Lose the answer to an order just before the clock is set by an hour: the order is found all the same."""
    await stage.start()
    await stage.ready()
    stage.way.after = lost_answer
    number = await stage.join()
    await stage.clock.sleep(0.2)
    stage.way.after = None
    stage.machine.off_ms = _HOUR
    stage.strikes += 1
    order = stage.engine.kernel.desk.ledger.orders[int(number)]
    await stage.until(lambda: order.order_id, 10, "an order that went unanswered was not found")
    stage.machine.off_ms = 0
    await stage.tradable()
    await stage.agree()
    await stage.stop()


async def the_clock_was_fast_in_an_earlier_life(stage: Stage) -> None:
    """Keep a journal on a clock that is fast: the next engine finds what was filled while none ran."""
    await stage.start(clock_off_ms=_HOUR)
    await stage.ready()
    order_id = await stage.elsewhere()
    await stage.until(lambda: any(row.order_id == order_id for row in stage.working()), 20, "an order was not seen")
    await stage.stop()
    stage.strikes += 1
    stage.fill(order_id)
    stage.sleep(_AWAY_S)
    await stage.start(clock_off_ms=0)
    await stage.tradable()
    await stage.agree()
    await stage.stop()


@cache
def calm_world() -> WorldSpec:
    """Return the small world with so little going on that a night in it passes quickly."""
    small = small_world()
    calm = [
        replace(
            family,
            quotes=replace(family.quotes, look_s=_CALM_S, refresh_per_s=1 / _CALM_S),
            takes=replace(family.takes, per_s=1 / _CALM_S),
        )
        for family in small.family
    ]
    return replace(small, name="calm", family=tuple(calm))


async def it_slept(stage: Stage) -> None:
    """Let the machine sleep for eight hours with orders in the market, some of which are filled meanwhile."""
    await stage.start()
    await stage.ready()
    resting = [number for number in [await stage.join(), await stage.join(100)] if isinstance(number, int)]
    await stage.clock.sleep(1)
    ledger = stage.engine.kernel.desk.ledger
    ids = [ledger.orders[number].order_id for number in resting]
    stage.strikes += 1
    stage.sleep(_STEP_S)
    for order_id in ids[:1]:
        stage.fill(order_id)
    stage.sleep(_NIGHT_S - _STEP_S)
    woke_ms = stage.clock.now_ms()
    await stage.clock.sleep(0.1)
    code = await stage.join()
    stage.must(isinstance(code, str), "an order was let through just after waking up")
    desk = stage.engine.kernel.desk
    await stage.until(lambda: (desk.reconciled_ms or 0) > woke_ms, 10, "it was not compared after waking up")
    stage.must(stage.said("the clock has gone on by 288"), "nobody was told that the clock went on at once")
    await stage.tradable()
    await stage.agree()
    await stage.stop()


async def _a_cancel_works(stage: Stage) -> None:
    order_id = await stage.elsewhere()
    await stage.until(lambda: any(row.order_id == order_id for row in stage.working()), 20, "an order was not seen")
    row = next((row for row in stage.working() if row.order_id == order_id), None)
    if row is not None:
        await _is_cancelled(stage, row.number)


async def _is_cancelled(stage: Stage, number: int) -> None:
    order = stage.engine.kernel.desk.ledger.orders[number]
    await stage.ask(link.CancelOrders((number,)))
    there = stage.exchange.orders[order.order_id]
    await stage.until(lambda: there.status != "resting", 3, f"order {number} was not cancelled at the exchange")
    await stage.until(lambda: not order.is_working, 3, f"order {number} was not cancelled here")


async def _a_fill_is_seen(stage: Stage) -> None:
    """Let an order from elsewhere be filled: what is held must be known in time."""
    order_id = await stage.elsewhere()
    stage.fill(order_id)
    ledger = stage.engine.kernel.desk.ledger
    await stage.until(
        lambda: any(key[1] == order_id for key in ledger.fills), 20, "a fill of an order from elsewhere was not seen"
    )


# --- the days on which the clocks are moved


def around(moment: str, begins: int) -> Act:
    """Run over a moment, at which so many days must begin for the day's loss."""
    at_ms = int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp() * 1000)

    async def act(stage: Stage) -> None:
        await stage.start()
        await stage.ready()
        await stage.clock.sleep((at_ms - stage.clock.now_ms()) / 1000 - 1)
        before = list(stage.kept("DayBegan"))
        stage.must(len(before) == 1, f"{len(before)} days had begun before {moment}")
        stage.strikes += 1
        await stage.clock.sleep(6)
        after = list(stage.kept("DayBegan"))[len(before) :]
        stage.must(len(after) == begins, f"{len(after)} days began at {moment}, and not {begins}")
        stage.must(all(0 <= row["at_ms"] - at_ms < _SECOND for _, row in after), f"the day did not begin at {moment}")
        await stage.stop()

    return act


MOMENTS: Final = (
    ("2026-03-08T05:00:00", 1),  # midnight of the day that has 23 hours
    ("2026-03-08T07:00:00", 0),  # 02:00 becomes 03:00
    ("2026-03-09T04:00:00", 1),  # midnight after it
    ("2026-03-09T05:00:00", 0),  # where it would be in winter
    ("2026-11-01T04:00:00", 1),  # midnight of the day that has 25 hours
    ("2026-11-01T06:00:00", 0),  # 02:00 becomes 01:00
    ("2026-11-02T04:00:00", 0),  # where it would be in summer
    ("2026-11-02T05:00:00", 1),  # midnight after it
)

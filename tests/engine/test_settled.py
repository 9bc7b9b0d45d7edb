"""What costs the loop much at once is done in parts: sampling price histories, and telling what will stay."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

from kalshi_tui.core.events import TickerSeen
from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine import inputs
from kalshi_tui.engine.history import AT_ONCE, Sampler
from kalshi_tui.engine.kernel import Kernel
from kalshi_tui.engine.rules import Rules
from kalshi_tui.engine.running import Engine
from kalshi_tui.link.client import Link
from tests.engine.test_engine import make_world
from tests.engine.world import START_MS, opening_of

EVERY_MS = 60_000


def quote(number: int, bid: int = 4_000) -> TickerSeen:
    nothing = Size(0)
    return TickerSeen(
        ticker=f"KXA-1-T{number}",
        last_price=None,
        yes_bid=Price(bid),
        yes_ask=Price(6_000),
        yes_bid_size=Size(100),
        yes_ask_size=Size(100),
        last_size=nothing,
        volume=nothing,
        open_interest=nothing,
        ts_ms=START_MS,
    )


def kernel_of(markets: int) -> Kernel:
    kernel = Kernel(opening_of(START_MS, Rules()))
    kernel.store.quotes.update((seen.ticker, seen) for seen in map(quote, range(markets)))
    return kernel


def rounds(sampler: Sampler, kernel: Kernel, calls: int, step_ms: int = 50) -> list[list[str]]:
    """Return the tickers that each of some calls has brought."""
    found = []
    for _ in range(calls):
        kernel.take(inputs.Told(kernel.now_ms + step_ms, "info", "time goes on"))
        found.append([ticker for ticker, _ in sampler.sample(kernel)])
    return found


def test_a_call_samples_a_bounded_part_and_a_round_each_market_once() -> None:
    kernel = kernel_of(2 * AT_ONCE + 7)
    found = rounds(Sampler(EVERY_MS), kernel, 5)
    assert [len(part) for part in found] == [AT_ONCE, AT_ONCE, 7, 0, 0]
    assert sorted(chain.from_iterable(found)) == sorted(kernel.store.quotes)


def test_the_next_round_begins_when_its_time_has_come_and_brings_what_moved_alone() -> None:
    kernel, sampler = kernel_of(20), Sampler(EVERY_MS)
    rounds(sampler, kernel, 2)
    moved = quote(7, bid=4_100)
    kernel.store.quotes[moved.ticker] = moved
    assert rounds(sampler, kernel, 10) == [[]] * 10
    assert rounds(sampler, kernel, 2, step_ms=EVERY_MS)[0] == [moved.ticker]


def test_a_market_that_is_followed_no_longer_is_forgotten_and_sampled_when_it_comes_back() -> None:
    kernel, sampler = kernel_of(3), Sampler(EVERY_MS)
    rounds(sampler, kernel, 1)
    gone = kernel.store.quotes.pop("KXA-1-T1")
    rounds(sampler, kernel, 2, step_ms=EVERY_MS)
    kernel.store.quotes[gone.ticker] = gone
    assert rounds(sampler, kernel, 2, step_ms=EVERY_MS)[0] == [gone.ticker]


def test_what_the_catalogue_was_first_read_from_is_told_to_have_settled_and_nothing_later() -> None:
    world, settled = make_world(rules=Rules(metadata_ms=10_000)), list[int]()
    world.around = replace(world.around, has_settled=lambda: settled.append(world.clock.now_ms()))

    async def part(engine: Engine, _: Link) -> int:
        await world.clock.sleep(40)
        return engine.kernel.catalogue.counts[2]

    assert world.play(part) > 0
    replies = [record for record in world.recorder.records if isinstance(record, inputs.Replied)]
    staying = [reply for reply in replies if reply.endpoint in {"series", "events", "event", "updated", "markets"}]
    assert {"series", "events"} <= {reply.endpoint for reply in staying}
    whole = max(
        reply.at_ms for reply in staying if reply.at_ms < staying[0].at_ms + 5_000 and reply.endpoint == "events"
    )
    assert max(settled) <= whole + 1
    assert 0 < len(settled) < len(staying)

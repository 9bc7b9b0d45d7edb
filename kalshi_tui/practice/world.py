"""The living world: walks move, indices are published, events are listed, quoted, closed, decided and followed."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from kalshi_tui.core.units import format_decimal
from kalshi_tui.practice.crew import Crew
from kalshi_tui.practice.crowd import Crowd
from kalshi_tui.practice.fair import View, last_value, sixty_prints
from kalshi_tui.practice.happenings import IndexTicked
from kalshi_tui.practice.index import UNIT
from kalshi_tui.practice.listing import QUARTER_MS, close_times, label, list_event, opening_strike, strikes
from kalshi_tui.practice.live import LiveEvent, Walk, WalkState
from kalshi_tui.practice.makers import House
from kalshi_tui.practice.moments import Moments
from kalshi_tui.practice.newyork import HOUR_MS, new_york
from kalshi_tui.practice.records import Market, Series
from kalshi_tui.practice.worldfile import FamilySpec, SeriesSpec, WorldSpec

if TYPE_CHECKING:
    from kalshi_tui.practice.exchange import Exchange

SECOND_MS = 1000
FIFTH_MS = 200
_BACKFILL_S = 1020  # a window that is open at the start needs the minute before it opened
_ANNOUNCE_MS = 50  # after a window's opening: its strike is known then
_DECIDE_MS = 1500  # after a close: the last second's index has surely been published
_FORGET_MS = 3 * 86_400_000  # more than a day, because the tape still counts a market's last day
_OVER = frozenset(("determined", "disputed", "amended", "finalized"))


@dataclass(slots=True)
class WorldState:
    """What must be kept of a world to wake it again."""

    walks: dict[str, WalkState]
    events: list[LiveEvent] = field(default_factory=list)


class World:
    """One world on one exchange; all that it does it does by the exchange's clock and random numbers."""

    def __init__(self, exchange: Exchange, spec: WorldSpec) -> None:
        self.spec = spec
        self.walks = {one.name: Walk(one, exchange.now_ms) for one in spec.walk}
        self.events: dict[str, LiveEvent] = {}
        self.forget_after_ms = _FORGET_MS
        self._exchange = exchange
        if spec.steady:
            exchange.random = Moments(exchange)
        self._random = exchange.random
        self._house = House(exchange)
        self._crew = Crew(exchange, self._house)
        self._crowd = Crowd(exchange, self._crew, spec.crowd)

    @property
    def index_ids(self) -> list[str]:
        """Return the ids under which indices are published."""
        return [one.index for one in self.spec.walk if one.index]

    def open(self, markets: int = 0) -> None:
        """Begin: series, house, the indices' past, first events, a crowd up to so many markets, and then life."""
        for one in self.spec.series:
            self._exchange.add_series(make_series(one, self._exchange.now_ms))
        self._house.join()
        self._backfill()
        self._roll_all()
        for live in self._crowd.gather(markets - len(self._exchange.markets)):
            self.events[live.ticker] = live
            self._schedule_end(live)
        self._crowd.go()
        self._schedule_tick()

    def wake(self, state: WorldState) -> None:
        """Go on from a kept state: the walks stand where they stood, and what closed meanwhile is decided by that."""
        for name, kept in state.walks.items():
            if name in self.walks:
                self.walks[name].restore(kept)
        self.events = {live.ticker: live for live in state.events}
        for live in state.events:
            self._schedule_end(live)
            if live.family >= 0:
                self._schedule_start(live)
        self._roll_all()
        self._crowd.adopt([live for live in state.events if live.family < 0])
        self._crowd.go()
        self._schedule_tick()

    def state(self) -> WorldState:
        """Return what must be kept."""
        return WorldState({name: walk.state() for name, walk in self.walks.items()}, list(self.events.values()))

    # -- walks and indices

    def _backfill(self) -> None:
        now_s = self._exchange.now_ms // SECOND_MS
        for walk in self.walks.values():
            walk.at_ms = (now_s - _BACKFILL_S) * SECOND_MS
            for second in range(now_s - _BACKFILL_S, now_s + 1):
                walk.step(second * SECOND_MS, self._random)
                walk.samples.add(second * SECOND_MS, walk.fixed)

    def _schedule_tick(self) -> None:
        step = FIFTH_MS if any(one.fast for one in self.spec.walk) else SECOND_MS
        self._exchange.schedule((self._exchange.now_ms // step + 1) * step, partial(self._tick, step))

    def _tick(self, step: int) -> None:
        now = self._exchange.now_ms
        whole = now % SECOND_MS == 0
        for walk in self.walks.values():
            if whole or walk.spec.fast:
                walk.step(now, self._random)
            if whole:
                walk.samples.add(now, walk.fixed)
                self._publish(walk, now)
            if walk.spec.fast:
                self._publish_fast(walk, now)
        if now % HOUR_MS == 0:
            self._forget_old()
        self._exchange.schedule(now + step, partial(self._tick, step))

    def _publish(self, walk: Walk, now: int) -> None:
        if walk.spec.index is None:
            return
        closing = walk.samples.closing(now)
        self._exchange.tell(
            IndexTicked(
                index_id=walk.spec.index,
                value=format_decimal(walk.units, walk.spec.decimals),
                source_ms=now,
                received_ms=now,
                avg_60s=walk.samples.trailing(now).wire(),
                last_60s_15min=closing.wire() if closing else None,
            )
        )

    def _publish_fast(self, walk: Walk, now: int) -> None:
        if walk.spec.index is None:
            return
        value = format_decimal(walk.fixed, 8)
        self._exchange.tell(IndexTicked(walk.spec.index, value, source_ms=now, received_ms=now, fast=True))

    # -- events

    def _roll_all(self) -> None:
        for number in range(len(self.spec.family)):
            self._roll(number)

    def _roll(self, number: int) -> None:
        """List events of a family until as many are ahead as it says; called at each close."""
        family, now = self.spec.family[number], self._exchange.now_ms
        standing = [one for one in self.events.values() if one.family == number and one.close_ms > now]
        after = max((one.close_ms for one in standing), default=now)
        times = close_times(family.recurs, after)
        for _ in range(family.recurs.ahead - len(standing)):
            close_ms = next(times)
            self._list(number, self._opening(family, after, close_ms), close_ms)
            after = close_ms

    def _forget_old(self) -> None:
        """Let go of what was settled long ago and no member has orders of, because the world never ends."""
        exchange = self._exchange
        before_ms = exchange.now_ms - self.forget_after_ms
        held = {order.ticker for past in exchange.histories.values() for order in past.orders}
        held.update(ticker for (_, _, ticker), position in exchange.positions.items() if not position.settled)
        for event in list(exchange.events.values()):
            markets = [exchange.markets[ticker] for ticker in event.market_tickers]
            if markets and all(_is_old(market, before_ms) and market.ticker not in held for market in markets):
                exchange.forget_event(event.ticker)

    def _opening(self, family: FamilySpec, previous_ms: int, close_ms: int) -> int:
        if family.recurs.opens == "when_listed":
            return self._exchange.now_ms
        return close_ms - QUARTER_MS if family.recurs.every == "quarter_hour" else previous_ms

    def _list(self, number: int, open_ms: int, close_ms: int) -> None:
        family = self.spec.family[number]
        if family.shape == "window":
            layout = opening_strike(new_york(close_ms).minute)
        else:
            layout = strikes(family.strikes, self.walks[family.walk].value)
        live = list_event(self._exchange, family, layout, (open_ms, close_ms))
        live.family, live.ready = number, family.shape != "window"
        self.events[live.ticker] = live
        self._schedule_start(live)
        self._schedule_end(live)

    def _schedule_start(self, live: LiveEvent) -> None:
        at_ms = live.open_ms + (0 if live.ready else _ANNOUNCE_MS)
        if at_ms > self._exchange.now_ms:
            self._exchange.schedule(at_ms, partial(self._start, live))
        else:
            self._start(live)

    def _schedule_end(self, live: LiveEvent) -> None:
        if live.family >= 0:
            self._exchange.schedule(live.close_ms, partial(self._roll, live.family))
        self._exchange.schedule(live.close_ms + _DECIDE_MS, partial(self._decide, live))

    def _start(self, live: LiveEvent) -> None:
        """Announce a window's strike, stock the books, and let makers and takers come."""
        if not live.ready:
            self._announce(live)
        self._crew.stock(live, self._view(live), self.spec.family[live.family].quotes)
        self._next_act(live)

    def _announce(self, live: LiveEvent) -> None:
        family = self.spec.family[live.family]
        decimals = _decimals(family)
        outcome = live.outcomes[0]
        outcome.lower = self.walks[family.walk].samples.settlement(live.open_ms, decimals)
        live.ready = True
        strike = Decimal(outcome.lower).scaleb(-decimals)
        self._exchange.update_metadata(
            outcome.ticker,
            floor_strike=str(strike),
            yes_sub_title=family.words.yes.format_map({"strike": label(family.strikes, strike)}),
        )

    def _decide(self, live: LiveEvent) -> None:
        """Determine each market of a closed event by the settled value; wait where a close was moved."""
        markets = [(one, self._exchange.markets[one.ticker]) for one in live.outcomes]
        undecided = [(outcome, market) for outcome, market in markets if market.status not in _OVER]
        late = max((market.close_ms for _, market in undecided), default=0) + _DECIDE_MS
        if late > self._exchange.now_ms:
            self._exchange.schedule(late, partial(self._decide, live))
            return
        for outcome, market in undecided:
            steps, text = self._settled(live, market.close_ms)
            self._exchange.determine(market.ticker, "yes" if outcome.pays(steps) else "no", expiration_value=text)
        del self.events[live.ticker]

    def _settled(self, live: LiveEvent, close_ms: int) -> tuple[int, str]:
        """Return the settled value in steps of the event's lattice, and as text."""
        if live.family < 0:
            return self._crowd.settled(live)
        family = self.spec.family[live.family]
        samples, lattice = self.walks[family.walk].samples, Decimal(family.strikes.lattice)
        if family.settles == "average_60s":
            steps = samples.settlement(close_ms, _decimals(family))
        else:
            steps = int((Decimal(samples.last(close_ms)).scaleb(-8) / lattice).to_integral_value())
        return steps, str(steps * lattice)

    # -- life

    def _view(self, live: LiveEvent) -> View:
        family = self.spec.family[live.family]
        walk, left_ms = self.walks[family.walk], live.close_ms - self._exchange.now_ms
        if family.settles == "last":
            return last_value(walk.value, walk.per_root_s, left_ms)
        total, seen = walk.samples.seen(live.close_ms, self._exchange.now_ms)
        return sixty_prints(walk.value, walk.per_root_s, left_ms, total / UNIT, seen)

    def _rates(self, family: FamilySpec) -> tuple[float, float, float, float]:
        quotes = family.quotes
        return 1 / quotes.look_s, quotes.refresh_per_s, family.takes.per_s, 1 / quotes.slip_every_s

    def _next_act(self, live: LiveEvent) -> None:
        rate = sum(self._rates(self.spec.family[live.family]))
        delay_ms = max(int(self._random.expovariate(rate) * 1000), 1)
        self._exchange.schedule(self._exchange.now_ms + delay_ms, partial(self._act, live))

    def _act(self, live: LiveEvent) -> None:
        if live.ticker not in self.events:
            return
        family = self.spec.family[live.family]
        look, refresh, take, slip = self._rates(family)
        drawn = self._random.uniform(0, look + refresh + take + slip)
        if drawn < look:
            self._crew.requote(live, self._view(live), family.quotes)
        elif drawn < look + refresh:
            self._crew.refresh(live, family.quotes)
        elif drawn < look + refresh + take:
            self._crew.take(live, family.takes, family.quotes.fractional)
        else:
            self._crew.slip(live, self._view(live), family.quotes)
        self._next_act(live)


def _is_old(market: Market, before_ms: int) -> bool:
    return market.settled_ms is not None and market.settled_ms < before_ms


def _decimals(family: FamilySpec) -> int:
    return max(-int(Decimal(family.strikes.lattice).as_tuple().exponent), 0)


def make_series(spec: SeriesSpec, now_ms: int) -> Series:
    """Turn a series of the file into one of the exchange."""
    return Series(
        ticker=spec.ticker,
        title=spec.title,
        category=spec.category,
        frequency=spec.frequency,
        tags=spec.tags,
        fee_type=spec.fee_type,
        fee_multiplier=round(spec.fee_multiplier * 1_000_000),
        settlement_sources=spec.sources,
        exchange_index=spec.exchange_index,
        last_updated_ms=now_ms,
    )

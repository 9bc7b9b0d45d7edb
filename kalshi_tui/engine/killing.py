"""Kills: triggers every order group, cancels whatever rests, and believes only the venue's list that nothing does."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from kalshi_tui.core.positions import Position
from kalshi_tui.engine.kill_sending import Sending
from kalshi_tui.engine.ports import Clock
from kalshi_tui.engine.venue import Venue
from kalshi_tui.protocol import rest
from kalshi_tui.protocol.rest.resting import RestingOrder, resting_orders

KillStage = Literal["triggering", "canceling", "waiting", "verified", "ended"]

_FIRST_PAUSE_S: Final = 0.25
_NEXT_LOOK_S: Final = 0.1
_EMPTY_GROUPS: Final = 50  # that are triggered once nothing rests: 500 write tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class KillPatience:
    """How long a kill goes on, and how it waits meanwhile."""

    limit_s: float = 900.0
    answer_s: float = 3.0  # for one answer, the wait for tokens included
    quiet_s: float = 0.25  # between the two listings that both are empty: an order may be listed late
    settle_s: float = 0.5  # that a triggered group gets for taking its orders out
    paused_s: float = 1.0  # the first wait while the exchange is paused
    pause_limit_s: float = 5.0


@dataclass(frozen=True, slots=True)
class KillStep:
    """How far a kill has come; `resting` is what the venue listed last, None while it has not told."""

    at_ms: int
    stage: KillStage
    words: str
    resting: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KillReport:
    """What a kill came to; only `is_verified` says that nothing rests."""

    is_verified: bool
    triggered: tuple[str, ...]
    not_triggered: tuple[str, ...]
    canceled: int  # that the venue confirmed
    gone: int  # that were listed and are no longer, unconfirmed: their group took them out, or they were filled
    resting: tuple[RestingOrder, ...] | None  # None where the venue has not told, or not twice that nothing does
    positions: tuple[Position, ...] | None  # what is still held; None where the venue did not tell
    refused: str  # why there was no point in going on
    trouble: str  # what went wrong last
    took_ms: int
    was_empty: bool = False  # whether the last list was empty, and no second one has borne it out

    @property
    def words(self) -> str:
        """Return the outcome in one sentence."""
        if self.is_verified:
            return f"verified: nothing rests ({self.canceled} canceled, {self.gone} gone, {self._groups()})"
        if self.resting is None:
            return f"NOT verified: {self._unknown()}; {self.refused or self.trouble or 'the time was over'}"
        tickers = Counter(order.ticker for order in self.resting)
        listed = ", ".join(f"{ticker} ({count})" for ticker, count in tickers.most_common())
        rests = f"at least {len(self.resting)} still rest: {listed}"
        return f"NOT verified: {rests}; {self.refused or self.trouble or 'the time was over'}"

    def _unknown(self) -> str:
        return "the venue said only once that nothing rests" if self.was_empty else "the venue never said what rests"

    def _groups(self) -> str:
        missed = f", {len(self.not_triggered)} not" if self.not_triggered else ""
        return f"{_count(len(self.triggered), 'group')} triggered{missed}"


async def kill_everything(
    venue: Venue,
    clock: Clock,
    *,
    tell: Callable[[KillStep], None],
    patience: KillPatience,
    groups: Sequence[str] = (),
) -> KillReport:
    """Take out every resting order of the account, ours or not, and report; what the venue says never raises.

    The groups that the caller knows are triggered at once, before anything is listed. Positions are left alone.
    """
    return await _Kill(venue, clock, tell, patience).run(groups)


class _Kill:
    def __init__(self, venue: Venue, clock: Clock, tell: Callable[[KillStep], None], patience: KillPatience) -> None:
        self._clock = clock
        self._tell = tell
        self._patience = patience
        self._sending = Sending(venue, clock, answer_s=patience.answer_s)
        self._began = clock.monotonic()
        self._resting: tuple[RestingOrder, ...] | None = None
        self._seen: set[str] = set()
        self._subaccounts = {0}
        self._empty_at: float | None = None  # when a listing was empty, with nothing seen since
        self._is_verified = False
        self._idle_rounds = 0

    async def run(self, groups: Sequence[str]) -> KillReport:
        """Go round until nothing rests, there is no point in it, or the time is over."""
        sending = self._sending
        sending.trigger_first(groups)
        sending.learn_groups()
        if groups:
            self._say("triggering", f"{_count(len(groups), 'known order group')} triggered before anything is asked")
            await asyncio.sleep(0)  # the triggers are signed and on their way before the first list is asked for
        try:
            while not sending.refused:
                wait_s = await self._round()
                if self._is_over(wait_s):
                    break
                await self._clock.sleep(wait_s)
            took_ms = int((self._clock.monotonic() - self._began) * 1000)
            return await self._report(took_ms)
        finally:
            await sending.close()

    def _is_over(self, wait_s: float) -> bool:
        is_settled = self._is_verified or bool(self._sending.refused)
        return is_settled or self._clock.monotonic() - self._began + wait_s >= self._patience.limit_s

    async def _round(self) -> float:
        """Look, send what is to be sent, and return how long to wait before the next look."""
        self._sending.begin_round()
        asked_at = self._clock.monotonic()
        rows = await self._sending.rows(resting_orders(), "list")
        if rows is None:
            self._empty_at = None
            return self._wait("the venue does not say what rests")
        self._resting = rows
        self._seen.update(row.order_id for row in rows)
        self._subaccounts.update(row.subaccount or 0 for row in rows)
        if not rows:
            return self._found_nothing(asked_at)
        self._empty_at = None
        return await self._take_out(rows)

    def _found_nothing(self, asked_at: float) -> float:
        quiet_s = self._patience.quiet_s
        if self._empty_at is not None and asked_at - self._empty_at >= quiet_s:
            self._is_verified = True
            self._say("verified", "nothing rests: the venue has listed nothing twice")
        elif self._empty_at is None:
            self._empty_at = self._clock.monotonic()
            self._say("waiting", "the venue lists nothing; it is asked once more")
        return quiet_s + 0.01  # a timer may come a little early

    async def _take_out(self, rows: Sequence[RestingOrder]) -> float:
        sending = self._sending
        sending.trigger_groups_of(rows)
        due = [row for row in rows if not sending.is_settling(row.group_id, self._patience.settle_s)]
        by_group = ", the others go with their groups" if len(due) < len(rows) else ""
        self._say("canceling", f"{_count(len(rows), 'resting order')}, cancels go out for {len(due)}{by_group}")
        before = len(sending.canceled)
        await sending.cancel(due)
        if len(sending.canceled) > before or len(due) < len(rows):
            self._idle_rounds = 0
            return _NEXT_LOOK_S
        return self._wait("no cancel was confirmed")

    def _wait(self, why: str) -> float:
        """Wait longer each time that nothing came of a round, and calmly while the exchange is paused."""
        sending, patience = self._sending, self._patience
        if sending.refused:
            return 0.0
        first_s = patience.paused_s if sending.is_paused else _FIRST_PAUSE_S
        wait_s = min(first_s * float(2 ** min(self._idle_rounds, 10)), patience.pause_limit_s)
        self._idle_rounds += 1
        self._say("waiting", f"pending, next attempt in {wait_s:g} s: {sending.trouble or why}")
        return wait_s

    async def _report(self, took_ms: int) -> KillReport:
        sending, positions = self._sending, None
        if not sending.refused:
            if self._is_verified:
                await sending.trigger_rest(_EMPTY_GROUPS)
            positions = await self._positions()
        resting = None if self._resting is None else {row.order_id for row in self._resting}
        was_empty = self._resting == () and not self._is_verified
        report = KillReport(
            is_verified=self._is_verified,
            triggered=tuple(sending.triggered),
            not_triggered=sending.not_triggered(),
            canceled=len(sending.canceled),
            gone=len(self._seen - sending.canceled - (resting or set())),
            resting=None if was_empty else self._resting,
            positions=positions,
            refused=sending.refused,
            trouble=sending.trouble,
            took_ms=took_ms,
            was_empty=was_empty,
        )
        self._say("ended", report.words)
        return report

    async def _positions(self) -> tuple[Position, ...] | None:
        """Return what is held in the first subaccount and in those where orders rested, or None if not all is told."""
        held: list[Position] = []
        for subaccount in sorted(self._subaccounts):
            rows = await self._sending.rows(rest.positions(subaccount=subaccount or None), "side")
            if rows is None:
                return None
            held += [row for row in rows if row.size]
        return tuple(held)

    def _say(self, stage: KillStage, words: str) -> None:
        resting = None if self._resting is None else len(self._resting)
        self._tell(KillStep(self._clock.now_ms(), stage, words, resting))


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"

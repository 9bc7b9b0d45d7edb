"""Does outside what the trading desk wants done: writes the journal, sends, cancels, kills, and brings back what came.

It decides nothing. Whatever happens to a send, exactly one outcome goes back to the desk; silence is an outcome too.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from kalshi_tui.engine import inputs
from kalshi_tui.engine.intake import Intake
from kalshi_tui.engine.journal_rows import JournalRow
from kalshi_tui.engine.killing import KillPatience, KillStep, kill_everything
from kalshi_tui.engine.ports import Clock, Journal, KillFlag
from kalshi_tui.engine.scribe import Hears, Scribe
from kalshi_tui.engine.trading.effects import (
    ClearFlag,
    Effect,
    MakeGroup,
    ResetGroup,
    RunKill,
    SendCancels,
    SendDecrease,
    SendOrder,
    SignOrder,
    Write,
)
from kalshi_tui.engine.venue import Prepared, Venue
from kalshi_tui.errors import (
    AlreadyExists,
    BudgetSpent,
    ConfigError,
    KalshiTuiError,
    LocalProtocolError,
    NotFound,
    SecretError,
    StorageFailed,
    VenueRefused,
)
from kalshi_tui.protocol import rest
from kalshi_tui.protocol.rest.trading import Canceled, CancelTarget

_LOG: Final = logging.getLogger(__name__)
_TRADES: Final = logging.getLogger("kalshi_tui.trades")
_CANCEL_S: Final = 5.0
_MARK_S: Final = 0.1
_SIGNED_KEPT: Final = 8
_NOT_SENT: Final = (BudgetSpent, LocalProtocolError, SecretError)


@dataclass(frozen=True, slots=True)
class Outside:
    """What trading stands on; None where this engine has no such thing."""

    journal: Journal
    flag: KillFlag | None = None
    install: str = ""
    may_send: bool = False  # whether the venue's signer may sign orders
    stop_wait_s: float = 0.0  # how long orders get to be cancelled when the engine ends; 0 leaves them working
    kill_patience: KillPatience = KillPatience()  # noqa: RUF009 - frozen


class Executor:
    """One engine's hands."""

    def __init__(
        self, intake: Intake, venue: Venue, clock: Clock, outside: Outside | None, now_ms: Callable[[], int]
    ) -> None:
        self._intake = intake
        self._desk = intake.kernel.desk
        self._venue = venue
        self._clock = clock
        self._outside = outside
        self._now_ms = now_ms
        self._tasks: dict[asyncio.Task[None], None] = {}  # in the order of their beginning: a set has none
        hears = Hears(self._kept, self._not_kept, self._fault)
        self._scribe = Scribe(outside.journal, clock, hears) if outside is not None else None
        self._signed: dict[str, Prepared] = {}  # by path
        self._killing: asyncio.Task[None] | None = None
        self._flag = ""
        self.on_fault: Callable[[BaseException], None] = lambda _: None
        self._hands: dict[type, Callable[[Any], object]] = {
            Write: self._write,
            SignOrder: self._sign,
            SendOrder: lambda effect: self._start(self._send(effect)),
            SendCancels: lambda effect: self._start(self._cancel(effect)),
            SendDecrease: lambda effect: self._start(self._decrease(effect)),
            MakeGroup: lambda effect: self._start(self._make_group(effect)),
            ResetGroup: lambda effect: self._start(self._reset_group(effect)),
            RunKill: self._kill,
            ClearFlag: self._clear_flag,
        }

    async def open(self) -> None:
        """Read the journal, and let the desk begin from it."""
        if self._outside is None or self._scribe is None:
            return
        rows: list[JournalRow] = []
        problem = ""
        try:
            rows = await self._outside.journal.open()
        except (ConfigError, StorageFailed) as failure:
            problem = f"{failure.message}; {failure.hint}"
        self._intake.take(inputs.JournalRead(self._now_ms(), rows, problem, self._outside.install))
        self._flag = ""  # a mark that was seen before this could not be noted
        self.look_at_flag()
        self._start(self._scribe.run())
        self.pump()

    def pump(self) -> None:
        """Begin what the desk wants done."""
        for effect in self._desk.effects():
            self._begin(effect)

    def look_at_flag(self) -> None:
        """See whether somebody has set or taken away the mark of a kill."""
        flag = self._outside.flag if self._outside is not None else None
        if flag is None:
            return
        reason = flag.reason()
        if reason != self._flag:
            self._flag = reason
            self._intake.take(inputs.FlagSeen(self._now_ms(), reason))
            self.pump()

    async def wind_down(self) -> None:
        """Cancel what works before the engine ends, within a bound, where the settings want it so."""
        outside, ledger = self._outside, self._desk.ledger
        if outside is None or not outside.may_send or not outside.stop_wait_s or not self._desk.is_open:
            return
        until = self._clock.monotonic() + outside.stop_wait_s
        numbers = [order.number for order in ledger.working()]
        if numbers:
            self._intake.take(inputs.Leaving(self._now_ms()))
            self.pump()
        while any(True for _ in ledger.working()) and self._clock.monotonic() < until:
            await self._clock.sleep(0.05)

    async def close(self) -> None:
        """Say farewell in the journal, and let go of it."""
        if self._outside is None or self._scribe is None:
            return
        self._scribe.let_nobody_hear()
        if self._desk.is_open:
            self._desk.end()
            self._take_rows(self._scribe)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if problem := await self._scribe.finish():
            _LOG.error("the journal's last rows were not kept: %s", problem)
        await self._outside.journal.close()

    def _begin(self, effect: Effect) -> None:
        self._hands[type(effect)](effect)

    def _write(self, effect: Write) -> None:
        assert self._scribe is not None  # noqa: S101 - there is a desk that was opened
        self._scribe.write(effect.rows, may_wait=effect.may_wait)

    # The journal

    def _kept(self, upto: int) -> None:
        self.look_at_flag()  # the disk may have been busy, or we stood still: a kill's mark counts before what waited
        self._take(inputs.Journalled(self._now_ms(), upto))

    def _not_kept(self, reason: str) -> None:
        """Hear that nothing may leave: the rows are tried again."""
        self._take(inputs.NotJournalled(self._now_ms(), reason))

    def _sign(self, effect: SignOrder) -> None:
        """Sign ahead; each signature goes out once."""
        request = effect.request
        if len(self._signed) >= _SIGNED_KEPT:
            self._signed.clear()
        with suppress(KalshiTuiError):  # it is told when the order is sent
            self._signed[request.full_path] = self._venue.prepare(request)

    def _take_rows(self, scribe: Scribe) -> None:
        for effect in self._desk.effects():
            if isinstance(effect, Write):
                scribe.write(effect.rows)

    # Orders

    async def _send(self, effect: SendOrder) -> None:
        permit = effect.permit
        self._desk.gate.spend(permit)
        number, kind = permit.number, permit.kind
        if effect.adds_risk and self._is_killed():
            self._take(inputs.Outcome(self._now_ms(), kind, number, "not sent", "killed before it left"))
            return
        prepared = self._signed.pop(permit.request.full_path, None)
        _TRADES.info("%s order %d: %s", kind, number, (permit.request.body or b"").decode())

        async def ask() -> inputs.Outcome:
            created = await self._venue.ask(permit.request, at_once=True, prepared=prepared)
            return inputs.Outcome(
                self._now_ms(),
                kind,
                number,
                "done",
                order_id=created.order_id,
                filled=created.filled,
                remaining=created.remaining,
                average=created.average_price,
                average_fee=created.average_fee,
                ts_ms=created.ts_ms,
            )

        await self._answered(kind, number, ask)

    def _is_killed(self) -> bool:
        """Look for the last time: the mark of a kill may have come since the desk let an order go."""
        self.look_at_flag()
        return bool(self._desk.kills.reason())

    async def _cancel(self, effect: SendCancels) -> None:
        if len(effect.numbers) == 1:
            await self._cancel_one(effect.numbers[0], effect.targets[0])
            return
        try:
            answers = await self._venue.ask(rest.cancel_orders(effect.targets), deadline_s=_CANCEL_S)
        except KalshiTuiError as problem:
            for number in effect.numbers:
                self._take(self._failed("cancel", number, problem))
            return
        for number, answer in zip(effect.numbers, answers, strict=True):
            self._take(
                self._canceled(number, answer)
                if isinstance(answer, Canceled)
                else self._failed("cancel", number, answer)
            )

    async def _cancel_one(self, number: int, target: CancelTarget) -> None:
        async def ask() -> inputs.Outcome:
            return self._canceled(number, await self._venue.ask(rest.cancel_order(target), deadline_s=_CANCEL_S))

        await self._answered("cancel", number, ask)

    async def _decrease(self, effect: SendDecrease) -> None:
        target = effect.target

        async def ask() -> inputs.Outcome:
            done = await self._venue.ask(
                rest.decrease_order(
                    target.order_id, to=effect.to, ticker=target.ticker, exchange_index=target.exchange_index
                )
            )
            return inputs.Outcome(
                self._now_ms(),
                "decrease",
                effect.number,
                "done",
                order_id=done.order_id,
                remaining=done.remaining,
                ts_ms=done.ts_ms,
            )

        await self._answered("decrease", effect.number, ask)

    # Groups and kill

    async def _make_group(self, effect: MakeGroup) -> None:
        async def ask() -> inputs.Outcome:
            request = rest.create_group(effect.limit, exchange_index=effect.exchange_index)
            group_id = await self._venue.ask(request)
            return inputs.Outcome(self._now_ms(), "group", effect.exchange_index, "done", order_id=group_id)

        await self._answered("group", effect.exchange_index, ask)

    async def _reset_group(self, effect: ResetGroup) -> None:
        async def ask() -> inputs.Outcome:
            await self._venue.ask(rest.reset_group(effect.group_id))
            return inputs.Outcome(self._now_ms(), "reset", effect.exchange_index, "done", order_id=effect.group_id)

        await self._answered("reset", effect.exchange_index, ask)

    def _kill(self, effect: RunKill) -> None:
        if self._killing is None or self._killing.done():
            self._killing = self._start(self._run_kill(effect))

    async def _run_kill(self, effect: RunKill) -> None:
        outside = self._outside
        assert outside is not None  # noqa: S101 - there is a desk
        marking = self._start(self._set_flag(effect.reason))
        await asyncio.wait([marking], timeout=_MARK_S)  # a disk that hangs must not hold up the triggers
        if not outside.may_send:
            on_paper = self._desk.paper is not None
            words = "every simulated order is cancelled" if on_paper else "this engine sends nothing"
            words += "; what rests at the venue is ended by `kalshi-tui kill`"
            self._take(inputs.KillStepped(self._now_ms(), words, 0 if on_paper else None, is_over=True))
            return
        report = await kill_everything(
            self._venue, self._clock, tell=self._stepped, patience=outside.kill_patience, groups=effect.groups
        )
        resting = None if report.resting is None else len(report.resting)
        self._take(inputs.KillStepped(self._now_ms(), report.words, 0 if report.is_verified else resting, is_over=True))

    def _stepped(self, step: KillStep) -> None:
        self._take(inputs.KillStepped(self._now_ms(), step.words, step.resting, is_over=False))

    async def _set_flag(self, reason: str) -> None:
        flag = self._outside.flag if self._outside is not None else None
        if flag is None or flag.reason():
            return
        try:
            await asyncio.to_thread(flag.set, reason)
        except KalshiTuiError as problem:
            words = f"the kill could not be marked on the disk: {problem.message}"
            self._take(inputs.Told(self._now_ms(), "alarm", words))
        self._flag = flag.reason()

    def _clear_flag(self, _: ClearFlag) -> None:
        flag = self._outside.flag if self._outside is not None else None
        if flag is None:
            return
        try:
            flag.clear()
            self._flag = ""
        except KalshiTuiError as problem:
            words = f"the mark of the kill could not be taken away: {problem.message}"
            self._take(inputs.Told(self._now_ms(), "alarm", words))

    # How things come back

    async def _answered(self, kind: str, number: int, ask: Callable[[], Awaitable[inputs.Outcome]]) -> None:
        try:
            outcome = await ask()
        except KalshiTuiError as problem:
            outcome = self._failed(kind, number, problem)
        self._take(outcome)

    def _canceled(self, number: int, canceled: Canceled) -> inputs.Outcome:
        return inputs.Outcome(
            self._now_ms(),
            "cancel",
            number,
            "done",
            order_id=canceled.order_id,
            reduced_by=canceled.reduced_by,
            ts_ms=canceled.ts_ms,
        )

    def _failed(self, kind: str, number: int, problem: KalshiTuiError) -> inputs.Outcome:
        """Say what a failure proves: a refusal proves that nothing happened, silence proves nothing."""
        status, code = getattr(problem, "status", 0), getattr(problem, "code", "")
        if isinstance(problem, _NOT_SENT):
            outcome = "not sent"
        elif isinstance(problem, AlreadyExists):
            outcome = "no answer"  # it is there already: the lists will show it
        elif isinstance(problem, NotFound) and kind == "cancel":
            outcome = "gone"
        elif isinstance(problem, VenueRefused):
            outcome = "refused"
        else:
            outcome = "no answer"
        _TRADES.warning("%s %d: %s: %s", kind, number, outcome, problem.message)
        return inputs.Outcome(self._now_ms(), kind, number, outcome, problem.message, status=status, code=code)

    def _take(self, taken: inputs.Input) -> None:
        self._intake.take(taken)
        self.pump()

    def _start(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.ensure_future(work)
        self._tasks[task] = None
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
        if not task.cancelled() and (fault := task.exception()) is not None:
            self._fault(fault)

    def _fault(self, fault: BaseException) -> None:
        self.on_fault(fault)

"""The engine with its shell: runs feed, beats and questions around the kernel, and stands behind the link."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Final, NoReturn

from kalshi_tui.core.events import Event
from kalshi_tui.engine import inputs
from kalshi_tui.engine.executing import Executor
from kalshi_tui.engine.feed import Feed, FeedRules, FeedStatus
from kalshi_tui.engine.history import Sampler
from kalshi_tui.engine.intake import Intake
from kalshi_tui.engine.kernel import Kernel
from kalshi_tui.engine.lag import LagMeter
from kalshi_tui.engine.onward import Onward
from kalshi_tui.engine.questions import Question, request_of
from kalshi_tui.engine.surroundings import Surroundings
from kalshi_tui.errors import AuthenticationRefused, KalshiTuiError, LocalProtocolError, TransportError, ValueRefused
from kalshi_tui.link.intents import (
    Distrust,
    Done,
    Follow,
    History,
    Intent,
    LetGo,
    ReadAnew,
    ReadHistory,
    Recall,
    Recalled,
    Remember,
    Result,
    StopEngine,
)
from kalshi_tui.link.keys import Key, may_be_ticker
from kalshi_tui.link.messages import LEAVING, LINK_VERSION, Welcome
from kalshi_tui.link.pipes import Pipe
from kalshi_tui.link.server import LinkRules, Server
from kalshi_tui.link.trading import Kill, TradingIntent
from kalshi_tui.link.views import TapeState

VITALS_S: Final = 1.0
_SOON_S: Final = 0.05  # until the venue has told the time: nothing that adds risk is sent before
_STIR_S: Final = 0.1
_SOON_FOR_MS: Final = 10_000
ASKED_FOR: Final = 500
_ASKED_AT_ONCE: Final = 4
_STAYING: Final = frozenset({"series", "events", "event", "updated", "markets"})  # questions about the catalogue
_LOG: Final = logging.getLogger(__name__)
_LEVELS: Final = {"info": logging.INFO, "warning": logging.WARNING, "alarm": logging.ERROR}
_NO_STREAM: Final = "live books need a key, also for public data; books are polled until one is set"


class Engine:
    """One engine, from `run` to its end; the host behind its link."""

    def __init__(
        self,
        opening: inputs.Opening,
        around: Surroundings,
        *,
        feed_rules: FeedRules,
        link_rules: LinkRules,
    ) -> None:
        """Put everything together; nothing runs yet."""
        self.kernel = Kernel(opening, around.risk_checks)
        self.intake = Intake(self.kernel, around.recorder)
        self.server = Server(self, link_rules, around.clock.monotonic)
        self.stopping = asyncio.Event()
        self.lag = LagMeter(around.clock)
        self._around = around
        self._opening = opening
        self._sampler = Sampler(opening.rules.history_ms)
        self._at_once = asyncio.Semaphore(_ASKED_AT_ONCE)
        self._asking: dict[asyncio.Task[None], None] = {}
        self._fault: asyncio.Future[None]
        self._told: dict[str, str] = {}
        self._logged = 0
        self._time = Onward(around.clock, around.speed)
        self._feed = self._make_feed(feed_rules)
        self.executor = Executor(self.intake, around.venue, around.clock, around.outside, self._now_ms)
        self.executor.on_fault = self._fail

    async def run(self) -> None:
        """Run until `stopping` is set or a part of it fails; then put everything away."""
        self._fault = asyncio.get_running_loop().create_future()
        stirring = asyncio.ensure_future(self._stirs())
        try:
            await self._run()
        finally:
            stirring.cancel()
            await asyncio.gather(stirring, return_exceptions=True)

    async def _run(self) -> None:
        await self._remember_catalogue()
        await self.executor.open()
        parts = [self._beats(), self._vitals(), self.lag.run(), self._follow_stream()]
        tasks: list[asyncio.Future[None]] = [asyncio.ensure_future(part) for part in parts]
        if self._around.signer is not None:
            self._keep(self._learn_limits())
        tasks.append(asyncio.ensure_future(self._until_stopped()))
        try:
            ends = [self._fault, *tasks]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for ended in ends:
                if ended.done():
                    ended.result()
            await self.executor.wind_down()
        except Exception:
            _LOG.exception("the engine ends by a fault of its own")
            raise
        finally:
            for task in (*tasks, *self._asking):
                task.cancel()
            self._fault.cancel()
            await asyncio.gather(*tasks, *self._asking, return_exceptions=True)
            await self._put_away()

    # What the link asks of its host

    def welcome(self, session: int) -> Welcome:
        """Return the greeting."""
        opening = self._opening
        return Welcome(
            link=LINK_VERSION,
            program=opening.program,
            session=session,
            engine_pid=opening.engine_pid,
            mode=opening.mode,
            environment=opening.environment,
            execution=opening.execution,
            account=opening.account,
            settings_hash=opening.settings_hash,
            started_ms=opening.started_ms,
            now_ms=self._now_ms(),
            speed=self._around.speed,
            stays=self._around.stays,
        )

    def watched(self, key: Key) -> None:
        """Publish a view from now on."""
        self.intake.take(inputs.Watched(self._now_ms(), key))
        self._nudge()

    def unwatched(self, key: Key) -> None:
        """Publish it no longer."""
        self.intake.take(inputs.Unwatched(self._now_ms(), key))

    def shown(self, key: Key) -> tuple[int, bytes] | None:
        """Return the latest of a view."""
        return self.kernel.board.shown(key)

    def tell(self, words: str) -> None:
        """Tell people something that is no trouble."""
        self.intake.take(inputs.Told(self._now_ms(), "info", words))

    def kill(self, reason: str) -> None:
        """Have everything killed."""
        self.intake.take(inputs.Traded(self._now_ms(), Kill(reason), "signal"))
        self.executor.pump()

    def warn(self, words: str) -> None:
        """Tell people of trouble."""
        self.intake.take(inputs.Told(self._now_ms(), "warning", words))

    async def serve(self, pipe: Pipe) -> None:
        """Serve a client of the link; a fault of ours that it sets off in the kernel ends the engine, as any other."""
        try:
            await self.server.serve(pipe)
        except Exception as fault:  # noqa: BLE001 - whatever it is, it must not die with this client's task
            self._fail(fault)

    async def answer(self, intent: Intent) -> Result:
        """Do what is asked, or raise why not."""
        storage = self._around.storage
        match intent:
            case Follow() | LetGo() | Distrust() | ReadAnew():
                self._check(intent)
                self.intake.take(inputs.Asked(self._now_ms(), intent))
                self._nudge()
            case ReadHistory():
                points = await storage.history(intent.ticker, intent.since_ms, intent.count)
                return History(intent.ticker, tuple(points))
            case Remember():
                storage.remember(intent.name, intent.text)
            case Recall():
                return Recalled(await storage.recall(intent.name))
            case StopEngine():
                self._stop(intent)
            case _:
                return self._trade(intent, self.server.asker)
        return Done()

    def _trade(self, intent: TradingIntent, client: str) -> Result:
        """Have the desk do what is asked, and begin at once what it wants done."""
        self.executor.look_at_flag()  # it may have come since the last beat, and what is asked now came after it
        self.intake.take(inputs.Traded(self._now_ms(), intent, client))
        self.executor.pump()
        self._nudge()
        return self.kernel.desk.answer()

    def _check(self, intent: Follow | LetGo | Distrust | ReadAnew) -> None:
        """Refuse to follow what no market is called, or ever more: what is asked for stays until it is let go."""
        if not isinstance(intent, Follow):
            return
        if wrong := [ticker for ticker in intent.tickers if not may_be_ticker(ticker)]:
            raise ValueRefused(f"no market is called {wrong[0]!r:.80}", hint="`kalshi-tui markets` lists their tickers")
        if len({*self.kernel.following.asked_for(), *intent.tickers}) > ASKED_FOR:
            raise ValueRefused(
                f"at most {ASKED_FOR} markets can be followed by request", hint="let some of them go first"
            )

    def working(self) -> tuple[str, ...]:
        """Return what would be cut short if the engine ended now, in words."""
        asked_for = len(self.kernel.following.asked_for())
        if orders := sum(1 for _ in self.kernel.desk.ledger.working()):
            return (f"{orders} orders work", *self._asked_for(asked_for))
        return self._asked_for(asked_for)

    def _asked_for(self, asked_for: int) -> tuple[str, ...]:
        return (f"{asked_for} markets are followed because somebody asked for them",) if asked_for else ()

    def bounds(self) -> dict[str, int]:
        """Return how often each bound was reached, by its name."""
        storage, tape = self._around.storage, self._around.recorder.state()
        counted = {
            **self.server.bounds,
            "frames lost to the tape": tape.frames_lost,
            "rows lost to the storage": storage.lost,
            "lines lost to the log": self._around.lines_lost(),
            "rows of the venue that could not be read": self.kernel.catalogue.unread,
            **self.kernel.catalogue.bounds,
        }
        return {name: count for name, count in counted.items() if count}

    def tape(self) -> TapeState:
        """Return what is recorded."""
        return self._around.recorder.state()

    # What runs

    async def _beats(self) -> NoReturn:
        clock, every_s = self._around.clock, self._opening.rules.ladder_ms / 1000
        due = clock.monotonic()
        while True:
            due = max(due + every_s, clock.monotonic())
            await clock.sleep(due - clock.monotonic())
            self._look_around()
            self.intake.beat(self._now_ms())
            self.executor.pump()
            self._nudge()
            self.server.deliver()
            for question in self.kernel.questions():
                self._keep(self._answer_question(question))
            self._save()

    async def _stirs(self) -> None:
        """Show whoever watches that the loop goes round, also while it opens or closes what is slow."""
        while self._around.watch is not None:
            self._around.watch.beat()
            await self._around.clock.sleep(_STIR_S)

    def _look_around(self) -> None:
        """Hear of a kill from the disk, and of a loop that stood still: it is forgiven after a clean comparison."""
        self.executor.look_at_flag()
        watch, desk = self._around.watch, self.kernel.desk
        if watch is None:
            return
        if watch.is_stalled() and not desk.is_stalled:
            self.intake.take(inputs.Stalled(self._now_ms(), is_stalled=True))
        elif desk.is_stalled and desk.reconciled_ms is not None:
            watch.recover()
            self.intake.take(inputs.Stalled(self._now_ms(), is_stalled=False))

    async def _vitals(self) -> NoReturn:
        soon_until_ms = self._now_ms() + _SOON_FOR_MS
        while True:
            taken = inputs.Vitals(
                self._now_ms(),
                len(self.server.clients()),
                self.working(),
                self.bounds(),
                self.lag.lag(),
                self.tape(),
                self._around.venue.known_offset_ms,
                self._around.venue.write_tokens(),
                self._time.lead_ms,
            )
            self.intake.take(taken)
            self._tell_troubles()
            self._log_notices()
            is_soon = taken.offset_ms is None and self._around.signer is not None and taken.at_ms < soon_until_ms
            await self._around.clock.sleep(_SOON_S if is_soon else VITALS_S)

    def _tell_troubles(self) -> None:
        """Tell once what befalls disk and tape: the engine goes on, and its people should know without what."""
        tape = self.tape()
        troubles = {
            "storage": self._around.storage.problem,
            "tape": tape.reason if tape.state == "failed" else "",
        }
        for what, trouble in troubles.items():
            if trouble and self._told.get(what) != trouble:
                self.intake.take(inputs.Told(self._now_ms(), "alarm", f"{what}: {trouble}"))
        self._told = troubles

    def _log_notices(self) -> None:
        """Write what people are told into the log, too: nobody may be looking."""
        told = self.kernel.notices.since(self._logged)
        for notice in told:
            _LOG.log(_LEVELS[notice.loudness], "%s", notice.words)
            self._logged = notice.number

    async def _learn_limits(self) -> None:
        """Learn the account's rate limits, and by the way how far the venue's clock is from ours."""
        try:
            await self._around.venue.learn_limits()
        except KalshiTuiError as problem:
            self.warn(f"the account's rate limits are not known: {problem.message}")

    async def _follow_stream(self) -> None:
        if self._feed is None:
            self.intake.take(inputs.FeedSaid(self._now_ms(), "refused", _NO_STREAM))
            await asyncio.Event().wait()
            return
        try:
            await self._feed.run()
        except AuthenticationRefused:
            await asyncio.Event().wait()  # the feed has said so, and everything that needs no key goes on

    def _make_feed(self, rules: FeedRules) -> Feed | None:
        around = self._around
        if around.signer is None:
            return None
        return Feed(
            self.intake,
            around.stream,
            around.clock,
            around.chance,
            _ignore,
            signer=around.signer,
            offset_ms=lambda: around.venue.offset_ms,
            on_status=self._hear,
            rules=rules,
            speed=around.speed,
        )

    def _hear(self, status: FeedStatus) -> None:
        self.intake.take(inputs.FeedSaid(self._now_ms(), status.state, status.reason, status.until_ms))

    def _nudge(self) -> None:
        if self._feed is not None:
            self._feed.nudge()

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._asking[task] = None
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Let a fault of ours end the engine, as in any other part: half an engine would look like a whole one."""
        self._asking.pop(task, None)
        if not task.cancelled() and (fault := task.exception()) is not None:
            self._fail(fault)

    def _fail(self, fault: BaseException) -> None:
        if not self._fault.done():
            self._fault.set_exception(fault)

    async def _answer_question(self, question: Question) -> None:
        endpoint, argument = question.endpoint, question.argument
        try:
            async with self._at_once:
                body = await self._body_of(question)
        except KalshiTuiError as problem:
            status = getattr(problem, "status", 0)
            self.intake.take(inputs.NotReplied(self._now_ms(), endpoint, argument, problem.message, status))
        else:
            is_first = not self.kernel.asking.has_read  # later readings bring little that is new
            self.intake.take(inputs.Replied(self._now_ms(), endpoint, argument, body))
            if endpoint in _STAYING and is_first:
                self._around.has_settled()

    async def _body_of(self, question: Question) -> bytes:
        if question.endpoint != "reference":
            return await self._around.venue.ask(request_of(question))
        if self._around.ask_reference is None:
            raise TransportError("this venue tells no reference values", hint="only practice exchanges do")
        return await self._around.ask_reference()

    async def _remember_catalogue(self) -> None:
        if not self._around.is_lasting:
            return
        for kind, rows in await self._around.storage.catalogue():
            self.intake.take(inputs.Kept(self._now_ms(), kind, rows))
            self._around.has_settled()
            await asyncio.sleep(0)

    def _save(self) -> None:
        storage = self._around.storage
        for kind, rows in self.kernel.catalogue.take_saves().items():
            storage.keep(kind, rows)
        for kind, tickers in self.kernel.catalogue.take_forgets().items():
            storage.forget(kind, tickers)
        if points := self._sampler.sample(self.kernel):
            storage.add_history(points)

    def _stop(self, intent: StopEngine) -> None:
        others = sum(name != LEAVING for name, _ in self.server.clients())
        if intent.unless_others and others:
            raise LocalProtocolError(f"{others} others are attached", hint="it ends when the last of them has gone")
        if (working := self.working()) and not intent.force:
            raise LocalProtocolError(
                f"the engine is still at work: {'; '.join(working)}",
                hint="end it anyway: kalshi-tui engine stop --force",
            )
        asyncio.get_running_loop().call_soon(self.stopping.set)

    async def _until_stopped(self) -> None:
        await self.stopping.wait()

    async def _put_away(self) -> None:
        self.server.close("it was stopped" if self.stopping.is_set() else "it ended by a fault of its own")
        await self.executor.close()
        self.intake.mark(self._now_ms())
        await asyncio.to_thread(self._around.recorder.close)
        await self._around.storage.close()

    def _now_ms(self) -> int:
        """Return the time for the kernel: where the clock is set back it goes on, or nothing would be published."""
        return self._time.now_ms(self.kernel.now_ms)


def _ignore(_: Event) -> None:
    """The kernel has taken it already."""

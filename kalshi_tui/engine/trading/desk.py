"""The trading desk: ledger, gate, tickets, orders, comparison and kill of one account, inside the kernel.

It is given inputs and events by the kernel, keeps its state as journal entries, and says what is to be done outside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from kalshi_tui.core.book import Book, BookState
from kalshi_tui.core.events import FillSeen, OrderGroupSeen, OrderSeen
from kalshi_tui.core.fees import FeeTerms
from kalshi_tui.core.units import PRICE_ONE, Price
from kalshi_tui.engine import inputs
from kalshi_tui.engine.journal_rows import GENESIS, JournalRow, first_broken, sealed
from kalshi_tui.engine.trading import entries
from kalshi_tui.engine.trading.breakers import Breakers
from kalshi_tui.engine.trading.comparing import Comparing
from kalshi_tui.engine.trading.effects import Effect, SendOrder, Write
from kalshi_tui.engine.trading.gate import Gate
from kalshi_tui.engine.trading.groups import Groups
from kalshi_tui.engine.trading.killswitch import KillSwitch
from kalshi_tui.engine.trading.ledger import Ledger
from kalshi_tui.engine.trading.money_day import Cash, Day
from kalshi_tui.engine.trading.orders import Orders
from kalshi_tui.engine.trading.paper import Paper
from kalshi_tui.engine.trading.reviewing import Reviewing
from kalshi_tui.engine.trading.risk import Risk
from kalshi_tui.engine.trading.showing import Showing
from kalshi_tui.engine.trading.tickets import Tickets
from kalshi_tui.engine.trading.told import Told
from kalshi_tui.errors import KalshiTuiError, ValueRefused
from kalshi_tui.link import trading as link
from kalshi_tui.link.intents import Done
from kalshi_tui.sdk.risk import RiskCheck

if TYPE_CHECKING:
    from kalshi_tui.engine.kernel import Kernel

_OWNER: Final = "held or working"
CLOCK_SET_MS: Final = 1_000  # by so much is no mere correction


class Desk:
    """Everything about orders; its parts see each other through it."""

    def __init__(self, kernel: Kernel, opening: inputs.Opening, risk_checks: Sequence[RiskCheck]) -> None:
        self.kernel = kernel
        self.rules = opening.orders
        self.is_open = False
        self.ledger = Ledger()
        self.gate = Gate(self.rules, risk_checks)
        self.risk = Risk(self)
        self.cash = Cash(self)
        self.day = Day(self)
        self.told = Told(self)
        self.tickets = Tickets(self)
        self.orders = Orders(self)
        self.groups = Groups(self)
        self.comparing = Comparing(self)
        self.kills = KillSwitch(self)
        self.breakers = Breakers(self)
        self.showing = Showing(self)
        self.paper = Paper(self) if self.rules.execution == "paper" else None
        self.journal_problem = ""
        self.journalled = 0
        self.is_stalled = False
        self.key_problem = ""  # why the venue takes nothing that we sign
        self.fill_ms = 0  # when the last fill was told
        self.offset_ms: int | None = None
        self.write_tokens: int | None = None
        self._lead_ms = 0
        self._is_dirty = False
        self._opening = opening
        self._effects: list[Effect] = []
        self._unwritten: list[JournalRow] = []
        self._digest, self._rows = GENESIS, 0
        self._answer: link.TradingResult | Done | KalshiTuiError = Done()
        self._needed: tuple[str, ...] = ()
        self._takes: dict[type, Callable[[Any], None]] = {
            inputs.JournalRead: self._journal_read,
            inputs.Journalled: self._journalled,
            inputs.NotJournalled: self._not_journalled,
            inputs.Traded: self._traded,
            inputs.Outcome: self._outcome,
            inputs.KillStepped: self.kills.stepped,
            inputs.FlagSeen: self.kills.flag_seen,
            inputs.Stalled: self._stalled,
            inputs.Leaving: self._leaving,
        }
        self._asks: dict[type, Callable[[Any], link.TradingResult | Done]] = {
            link.Stage: self.tickets.stage,
            link.Fire: self.tickets.fire,
            link.Drop: self.tickets.drop,
            link.CancelOrders: self.orders.cancel,
            link.Reduce: self.orders.reduce,
            link.Arm: self.kills.arm,
            link.Disarm: self.kills.disarm,
            link.Kill: self.kills.kill,
            link.ResetKill: self.kills.reset,
            link.Acknowledge: self.comparing.acknowledge,
            link.Reconcile: self.comparing.compare_now,
            link.Review: Reviewing(self).review,
        }

    # What the kernel gives

    def take(self, taken: Any) -> None:
        """Consume an input that is about trading; before the journal was read there is nothing to be done with it."""
        if not self.is_open and not isinstance(taken, inputs.JournalRead):
            self._take_without_journal(taken)
            return
        self._is_dirty = True
        self._takes[type(taken)](taken)
        self._flush()

    def vitals(self, taken: inputs.Vitals) -> None:
        """Hear how far the clocks are apart, and what may be written to the venue."""
        self.offset_ms, self.write_tokens = taken.offset_ms, taken.write_tokens
        set_by_ms, self._lead_ms = taken.lead_ms - self._lead_ms, taken.lead_ms
        if self.is_open and abs(set_by_ms) >= CLOCK_SET_MS:
            self.breakers.clock_was_set(-set_by_ms)

    def event(self, event: FillSeen | OrderSeen | OrderGroupSeen) -> None:
        """Take what the private channels tell."""
        if not self.is_open:
            return
        self.told.event(event)
        self._flush()

    def beat(self) -> None:
        """Let time pass; a kill goes on without a journal, too."""
        if not self.is_open:
            self.kills.beat()
            return
        if self.paper is not None:
            self.paper.beat()
        self.tickets.beat()
        self.kills.beat()
        self.orders.beat()
        self.groups.beat()
        self.comparing.beat()
        self.breakers.beat()
        self.day.beat()
        self._follow()
        self._flush()

    def effects(self) -> list[Effect]:
        """Return what is to be done outside, once."""
        effects, self._effects = self._effects, []
        return effects

    def take_dirty(self) -> bool:
        """Tell whether anything was noted since the last call."""
        was_dirty, self._is_dirty = self._is_dirty, False
        return was_dirty

    def answer(self) -> link.TradingResult | Done:
        """Return what came of the last intent, or raise why nothing did."""
        answer = self._answer
        if isinstance(answer, KalshiTuiError):
            raise answer
        return answer

    def end(self) -> None:
        """Lay the journal down."""
        self.note(entries.Ended(self.now_ms))
        self._flush()

    # What its parts ask of it

    @property
    def now_ms(self) -> int:
        """Return the engine's time, which never runs backwards."""
        return self.kernel.now_ms

    @property
    def venue_ms(self) -> int:
        """Return the venue's time as its replies have proved it, for whatever the venue is told or asked by time."""
        return self.now_ms - self._lead_ms + (self.offset_ms or 0)

    @property
    def reconciled_ms(self) -> int | None:
        """Return when the books were last found equal to the venue's."""
        return self.comparing.clean_ms

    @property
    def mode(self) -> str:
        """Return the word for the mode."""
        return self._opening.mode

    def note(self, entry: entries.Entry) -> int:
        """Put an entry into ledger and journal; return the number of its row."""
        self.ledger.apply(entry)
        self._is_dirty = True
        self._rows += 1
        row = sealed(self._digest, self._rows, entry.at_ms, type(entry).__name__, entries.encode_entry(entry))
        self._digest = row.digest
        self._unwritten.append(row)
        return row.number

    def do(self, effect: Effect) -> None:
        """Have something done outside, after everything that was noted before it is on its way to the journal."""
        self._flush(may_wait=isinstance(effect, SendOrder))
        if self.paper is None or not self.paper.takes(effect):
            self._effects.append(effect)

    def tell(self, words: str, loudness: Any = "info", ticker: str = "") -> None:
        """Tell people."""
        self.kernel.notices.tell(self.now_ms, words, loudness, ticker)

    def key_refused(self, words: str) -> None:
        """Send nothing that adds risk while the venue refuses our key, and say so."""
        if self.key_problem:
            return
        self.key_problem = f"the venue refuses our key: {words}"
        self.tell(self.key_problem, "alarm")
        self.kills.auto_disarm(self.key_problem)

    def key_taken(self) -> None:
        """Hear that the venue has answered something that we signed."""
        if self.key_problem:
            self.key_problem = ""
            self.tell("the venue takes our key again", "warning")
            self.kills.again()

    def terms_of(self, ticker: str) -> tuple[FeeTerms | None, str]:
        """Return a market's fee terms, or why they are not known."""
        try:
            return self.kernel.catalogue.terms_of(ticker, self.now_ms), ""
        except ValueRefused as problem:
            return None, problem.message

    def event_of(self, ticker: str) -> str:
        """Return the event of a market; a market that is not known stands for itself."""
        known = self.kernel.catalogue.get(ticker)
        if known is not None:
            return known.market.event_ticker
        return next((o.event_ticker for o in self.ledger.working(ticker) if o.event_ticker), ticker)

    def series_of(self, ticker: str) -> str:
        """Return the series of a market, or nothing."""
        series = self.kernel.catalogue.series_of(ticker) if ticker in self.kernel.catalogue else None
        return series.ticker if series is not None else ""

    def result_of(self, ticker: str) -> Price | None:
        """Return what a YES contract of a market is known to pay, or None before it is determined."""
        known = self.kernel.catalogue.get(ticker)
        if known is None:
            return None
        market = known.market
        if market.settlement_value is not None and market.result:
            return market.settlement_value
        return {"yes": PRICE_ONE, "no": Price(0)}.get(market.result)

    def believed_book(self, ticker: str) -> Book | None:
        """Return a market's book, if it may be believed now and is whole."""
        tracked = self.kernel.stream.books.get(ticker)
        if tracked is None or tracked.state is not BookState.LIVE or tracked.book.crossed:
            return None
        return tracked.book

    # Inside

    def _take_without_journal(self, taken: Any) -> None:
        """Kill, and hear how that goes; whatever else is asked needs the journal."""
        self._is_dirty = True
        if isinstance(taken, inputs.KillStepped):
            self.kills.stepped(taken)
        elif isinstance(taken, inputs.FlagSeen):
            self.kills.flag_seen_without_journal(taken)
        elif isinstance(taken, inputs.Traded) and isinstance(taken.intent, link.Kill):
            self._answer = self.kills.kill_without_journal(taken.intent.reason)
        elif self.journal_problem:
            self._answer = ValueRefused(self.journal_problem, hint="a kill cancels everything, also without a journal")
        else:
            self._answer = ValueRefused("the journal is not read yet", hint="wait a moment")

    def _journal_read(self, taken: inputs.JournalRead) -> None:
        broken = first_broken(taken.rows)
        self.journal_problem = taken.problem or ("" if broken is None else f"the journal is broken at row {broken}")
        for row in taken.rows if broken is None else ():
            self.ledger.apply(entries.decode_entry(row.body))
        if taken.rows and broken is None:
            self._digest, self._rows = taken.rows[-1].digest, len(taken.rows)
        self.journalled = self._rows
        self.is_open = not self.journal_problem
        if not self.is_open:
            self.tell(f"nothing can be sent: {self.journal_problem}", "alarm")
            return
        opening = self._opening
        self.note(
            entries.Began(
                self.now_ms,
                entries.CODEC,
                self.ledger.sessions + 1,
                self.ledger.install or taken.install,
                opening.program,
                opening.settings_hash,
                opening.environment,
                opening.execution,
                opening.account,
                opening.engine_pid,
            )
        )
        if self.paper is not None:
            self.paper.begin()
        self.kills.began()
        self.comparing.begin()

    def _journalled(self, taken: inputs.Journalled) -> None:
        self.journalled = taken.upto
        if self.journal_problem and self._rows == taken.upto:
            self.journal_problem = ""
            self.tell("the journal is written again", "warning")
        self.tickets.journalled(taken.upto)

    def _not_journalled(self, taken: inputs.NotJournalled) -> None:
        if not self.journal_problem:
            self.tell(f"the journal cannot be written: {taken.reason}", "alarm")
        self.journal_problem = taken.reason
        self.tickets.not_journalled(taken.reason)

    def _traded(self, taken: inputs.Traded) -> None:
        self.tickets.client = taken.client
        try:
            self._answer = self._asks[type(taken.intent)](taken.intent)
        except KalshiTuiError as problem:
            self._answer = problem

    def _outcome(self, taken: inputs.Outcome) -> None:
        if taken.kind in {"group", "reset"}:
            self.groups.outcome(taken)
        else:
            self.orders.outcome(taken)

    def _leaving(self, _: inputs.Leaving) -> None:
        self.kills.auto_disarm("the engine ends")
        self.orders.cancel_now([order.number for order in self.ledger.working()], "the engine ends")

    def _stalled(self, taken: inputs.Stalled) -> None:
        self.is_stalled = taken.is_stalled
        if taken.is_stalled:
            self.kills.auto_disarm("the engine's loop stood still")
            self.comparing.begin()

    def _follow(self) -> None:
        """Have the books followed of whatever is held, works or is about to be fired."""
        needed = tuple(dict.fromkeys((*self.ledger.tickers(), *self.tickets.tickers())))
        if needed != self._needed:
            self._needed = needed
            self.kernel.following.needs.set(_OWNER, needed, self.now_ms)
            self.kernel.reading.learn(needed)

    def _flush(self, *, may_wait: bool = False) -> None:
        if self._unwritten:
            self._effects.append(Write(tuple(self._unwritten), may_wait))
            self._unwritten.clear()

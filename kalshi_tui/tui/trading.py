"""What the terminal knows of trading, and what it asks of the engine for whoever sits before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from kalshi_tui.errors import KalshiTuiError, OutcomeUnknown, ValueRefused
from kalshi_tui.link.client import Link
from kalshi_tui.link.intents import Done, Intent, Result
from kalshi_tui.link.trading import (
    Acknowledge,
    Arm,
    Canceling,
    CancelOrders,
    Disarm,
    Draft,
    Kill,
    OrderRow,
    OrdersView,
    PositionRow,
    PositionsView,
    Reconcile,
    ResetKill,
    TradingView,
)
from kalshi_tui.link.views import View
from kalshi_tui.tui.asking import Asking, told
from kalshi_tui.tui.fates import CHECKING
from kalshi_tui.tui.staging import Staging
from kalshi_tui.tui.trigger import Trigger
from kalshi_tui.tui.wires import Wires

NOTE_S: Final = 6.0  # how long a word about what was just asked is seen
TWICE_S: Final = 1.5  # within which the second of two presses counts
WORKING: Final = frozenset({"deciding", "sent", "resting", "canceling", "unknown"})


@dataclass(frozen=True, slots=True)
class Note:
    """A word about what was just asked."""

    words: str
    style: str
    at: float


class Trading:
    """Holds the latest views, the one ticket, and the words about what was asked last."""

    def __init__(self, wires: Wires, monotonic: Callable[[], float], changed: Callable[[], None]) -> None:
        self._monotonic = monotonic
        self.has_news = False  # since the status bar was drawn
        self._changed = changed
        self._killed_once: float | None = None
        self._notes: list[Note] = []
        self.asking = Asking()
        self.trigger = Trigger(monotonic())
        self.staging = Staging(self.asking, wires, self.trigger, monotonic, changed)
        self.view: TradingView | None = None
        self.orders: OrdersView | None = None
        self.positions: PositionsView | None = None
        self.key = ""  # whose action is being done; nothing while an action comes from elsewhere

    def plug(self, link: Link) -> None:
        """Ask over a new link from now on; no ticket of the one before is to be fired over it."""
        self.staging.lose()
        self.asking.plug(link)

    def lose(self) -> None:
        """Hear that the link is gone."""
        self.staging.lose()

    def stood_still(self, seconds: float) -> None:
        """Leave out the time in which everything stood still: nobody read a ticket in it, nor waited with a press."""
        now = self._monotonic()
        self.trigger.stood_still(seconds, now)
        if self._killed_once is not None:
            self._killed_once = min(self._killed_once + seconds, now)

    def beat(self) -> None:
        """Do what is due: fire what was held for a moment, let go of words that were read."""
        self.asking.beat()
        self.staging.beat()
        now = self._monotonic()
        if self._notes and now - self._notes[0].at >= NOTE_S:
            self._notes = [note for note in self._notes if now - note.at < NOTE_S]
            self.has_news = True

    def notes(self) -> list[Note]:
        """Return the latest words, newest first, at most two."""
        return self._notes[:-3:-1]

    def say(self, words: str, style: str = "warn") -> None:
        """Say something for a moment; the same words are said once."""
        self._notes = [note for note in self._notes if note.words != words]
        self._notes.append(Note(words, style, self._monotonic()))
        self.has_news = True

    def take(self, view: View) -> None:
        """Take a newer picture."""
        if isinstance(view, TradingView):
            self.view = view
        elif isinstance(view, OrdersView):
            self.orders = view
            self.staging.follow(view.rows)
        elif isinstance(view, PositionsView):
            self.positions = view
        self._changed()

    def stage(self, make: Callable[[], Draft]) -> bool:
        """Stage what `make` makes, or say why there is nothing to stage."""
        try:
            draft = make()
        except ValueRefused as problem:
            self.say(told(problem))
            return False
        self.staging.stage(draft)
        return True

    def fire(self) -> None:
        """Fire the ticket, if the key that was pressed may."""
        self.staging.pull(self.key)

    def cancel(self, order: OrderRow) -> None:
        """Cancel one order."""
        if order.state not in WORKING:
            self.say(f"order {order.number} does not work any more: it is {order.state}")
            return
        self._cancel(CancelOrders(numbers=(order.number,)), f"order {order.number}")

    def cancel_market(self, ticker: str) -> None:
        """Cancel all orders of a market."""
        if ticker:
            self._cancel(CancelOrders(ticker=ticker), f"all orders of {ticker}")
        else:
            self.say("no market is open: nothing was canceled")

    def working(self, ticker: str) -> list[OrderRow]:
        """Return a market's orders that work, the newest first."""
        rows = self.orders.rows if self.orders is not None else ()
        return [row for row in rows if row.ticker == ticker and row.state in WORKING]

    def position(self, ticker: str) -> PositionRow:
        """Return what is held of a market, or refuse where nothing is, or where it is not known."""
        if self.positions is None:
            raise ValueRefused("what is held is not known yet", hint="wait for the portfolio")
        row = next((row for row in self.positions.rows if row.ticker == ticker), None)
        if row is None:
            raise ValueRefused(f"nothing is held of {ticker or 'any open market'}", hint="there is nothing to flatten")
        return row

    def arm(self, phrase: str = "") -> None:
        """Let tickets be fired for a while."""
        self._ask(Arm(phrase), "armed", "not armed")

    def disarm(self) -> None:
        """Let none be fired."""
        self._ask(Disarm(), "disarmed", "it could not be disarmed")

    def kill(self) -> None:
        """Send nothing more that adds risk, and cancel everything."""
        self._killed_once = None
        failed = "THE KILL IS NOT CONFIRMED (`kalshi-tui kill` works without an engine)"
        self._ask(Kill(), "KILL: the engine has it", failed, "alarm")

    def kill_step(self) -> None:
        """Kill at the second of two presses."""
        now, once = self._monotonic(), self._killed_once
        if once is not None and now - once <= TWICE_S:
            self.kill()
        else:
            self._killed_once = now
            self.say("once more kills: everything is canceled, and nothing that adds risk is sent", "alarm")

    def lift_kill(self, phrase: str) -> None:
        """Lift a kill."""
        self._ask(ResetKill(phrase), "the kill is lifted", "the kill stays")

    def acknowledge(self, number: int) -> None:
        """Take note of a difference."""
        self._ask(Acknowledge(number), f"difference {number} is taken note of", f"difference {number} stays")

    def reconcile(self) -> None:
        """Compare with the venue."""
        self._ask(Reconcile(), "compared with the venue", "not compared with the venue")

    def _cancel(self, intent: CancelOrders, what: str) -> None:
        self.say(f"canceling {what}")
        self._ask(intent, f"canceled {what}", f"cancel of {what} failed")

    def _ask(self, intent: Intent, done: str, failed: str, style: str = "warn") -> None:
        def took(result: Result) -> None:
            self.say(_done_words(result, done), "focus")

        def refused(problem: KalshiTuiError) -> None:
            words = f"{failed}: {CHECKING if isinstance(problem, OutcomeUnknown) else told(problem)}"
            self.say(words, style)

        self.asking.ask(intent, took, refused)


def _done_words(result: Result, done: str) -> str:
    """Say what came of it; a cancel that is on its way is not one that has happened."""
    if isinstance(result, Canceling):
        numbers = ", ".join(map(str, result.orders[:8])) + (" and more" if len(result.orders) > 8 else "")
        return f"cancels are on their way: {numbers}" if result.orders else "nothing works there: nothing to cancel"
    return result.words if isinstance(result, Done) and result.words else done

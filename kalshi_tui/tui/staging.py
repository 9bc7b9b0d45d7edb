"""One ticket, from the wish for it until it is gone: staged, edited, fired once, and followed to its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from msgspec.structs import replace

from kalshi_tui.errors import KalshiTuiError, OutcomeUnknown, ValueRefused
from kalshi_tui.link.intents import Result
from kalshi_tui.link.keys import MarketKey, TicketKey
from kalshi_tui.link.trading import Draft, Drop, Fire, Fired, OrderRow, Stage, Staged, TicketView
from kalshi_tui.link.views import MarketView, View
from kalshi_tui.tui.asking import Asking, told
from kalshi_tui.tui.drafts import next_time, stepped_price, stepped_size, typed_size
from kalshi_tui.tui.fates import CHECKING, Fate, fate_of
from kalshi_tui.tui.trigger import ALREADY, Shot, Trigger
from kalshi_tui.tui.wires import Wires

Phase = Literal["none", "staging", "open", "firing", "fired", "ended"]
GONE_S: Final = 4.0  # how long it is seen what became of a ticket
WISH, MARKET_WISH = "ticket", "ticket's market"
LONGEST: Final = 9  # digits of a size


@dataclass(frozen=True, slots=True)
class Picture:
    """What there is to see of a ticket now."""

    phase: Phase
    ticket: TicketView | None
    is_renewed: bool  # another one is being made of it
    left: float  # the share of its time that is left, 0 to 1
    left_s: float
    typed: str
    words: str  # what was said about it last: why it did not fire, what became of it
    why_not: str
    fates: tuple[Fate, ...]


class Staging:
    """At most one ticket at a time; `changed` is called whenever there is something else to see."""

    def __init__(
        self,
        asking: Asking,
        wires: Wires,
        trigger: Trigger,
        monotonic: Callable[[], float],
        changed: Callable[[], None],
    ) -> None:
        self._asking = asking
        self._wires = wires
        self._trigger = trigger
        self._monotonic = monotonic
        self._changed = changed
        self.draft: Draft | None = None
        self.ticket: TicketView | None = None
        self.phase: Phase = "none"
        self.words = ""
        self.doubt = ""  # why nothing may be fired whatever the ticket says
        self.unread = ""  # why nobody can have read it
        self._typed = ""
        self._asked = 0  # counts the wishes, so that the answer to an older one is let go
        self._is_pending = self._is_wished_again = False
        self._came = self._ended = 0.0
        self._rows: Sequence[OrderRow] = ()
        self._orders: tuple[int, ...] = ()
        self._fates: tuple[Fate, ...] = ()
        self._market: MarketView | None = None

    @property
    def is_shown(self) -> bool:
        """Tell whether there is anything to see."""
        return self.phase != "none"

    def stage(self, draft: Draft) -> None:
        """Wish for a ticket; one that is open gives way to it."""
        if self.phase in {"firing", "fired", "ended"}:
            self._forget()
        self.draft, self._typed, self.words = draft, "", ""
        if self.phase == "none":
            self.phase = "staging"
        self._wires.wish(MARKET_WISH, MarketKey(draft.ticker), self._take_market, lambda _: None)
        self._wish()

    def drop(self) -> None:
        """Let the ticket go; one that was fired is only not looked at any more."""
        if self.ticket is not None and self.phase == "open":
            self._let_go(self.ticket.number)
        self._forget()
        self._changed()

    def renew(self) -> None:
        """Make the same ticket again, with its time and its figures new."""
        if self.phase in {"open", "ended"}:
            self._edit()

    def step_size(self, by: int) -> None:
        """Make it larger or smaller by so many contracts."""
        if self.draft is not None:
            self._edit(size=stepped_size(self.draft.size, by))

    def step_price(self, by: int) -> None:
        """Go to the next price of the market's grid."""
        if self.draft is not None:
            try:
                price = stepped_price(self._market_of(self.draft.ticker), self.draft.price, by)
            except ValueRefused as problem:
                self._say(told(problem))
                return
            self._edit(price=price)

    def type_size(self, char: str) -> None:
        """Take a digit or a point of a new size; a backspace takes the last one away."""
        typed = self._typed[:-1] if char == "backspace" else self._typed + char
        if self.phase not in {"staging", "open", "ended"} or len(typed) > LONGEST:
            return
        try:
            size = typed_size(typed)
        except ValueRefused as problem:
            self._typed = typed if set(typed) <= {"0", "."} else self._typed
            self._say(told(problem))
            return
        self._edit(typed, size=size)

    def next_time(self) -> None:
        """Take the next way how long the order stays; what must rest cannot be done at once or not at all."""
        if self.draft is not None:
            wished = next_time(self.draft.time_in_force)
            post_only = self.draft.post_only and wished == "good_till_canceled"
            self._edit(time_in_force=wished, post_only=post_only)

    def toggle_post_only(self) -> None:
        """Let it only rest, or let it take too."""
        if self.draft is not None:
            wished = not self.draft.post_only
            stays = "good_till_canceled" if wished else self.draft.time_in_force
            self._edit(post_only=wished, time_in_force=stays)

    def pull(self, key: str) -> None:
        """Fire by a key, if it may be; what is sent is what was seen when the key came."""
        if self.phase != "open" or self.ticket is None or self.why_not():
            return  # what is said about it stays
        shot = Shot(self.ticket.number, self.ticket.token)
        why_not = self._trigger.pull(key, shot, self._monotonic())
        if why_not != ALREADY:  # "not fired" would be wrong: it is on its way
            self._say(f"not fired: {why_not}" if why_not else "")

    def reset(self) -> None:
        """Hear that the ticket was out of sight, or that text was pasted: it has to be looked at anew."""
        self._trigger.reset(self._monotonic())

    def lose(self) -> None:
        """Hear that the engine is gone: a ticket does not outlive it, and what was fired is not known any more."""
        self._is_pending = self._is_wished_again = False
        self._asked += 1
        if self.phase in {"staging", "open"}:
            self._end("the engine is gone, and with it this ticket: nothing of it was sent")

    def beat(self) -> None:
        """Fire what is due, and let go of what is over."""
        now = self._monotonic()
        due = self._trigger.due(now)
        if isinstance(due, Shot):
            self._fire(due)
        elif due:
            self._say(f"not fired: {due}")
        is_over = self._fates and all(fate.is_settled for fate in self._fates)
        if self.phase == "fired" and is_over and now - self._ended >= GONE_S:
            self._forget()
            self._changed()

    def follow(self, orders: Sequence[OrderRow]) -> None:
        """See what has become of the orders that were fired; they may be told before the answer is here."""
        self._rows = orders
        if self.phase != "fired" or not self._orders:
            return
        by_number = {row.number: row for row in orders}
        fates = tuple(fate_of(by_number.get(number)) for number in self._orders)
        if fates != self._fates:
            self._fates, self._ended, self.words = fates, self._monotonic(), ""
            self._changed()

    def why_not(self) -> str:
        """Say why the ticket may not be fired now, whatever the key."""
        if self.ticket is None or self.phase != "open":
            return "there is no open ticket"
        return self.doubt or self.unread or self._closed(self.ticket) or self._denied(self.ticket)

    def _closed(self, ticket: TicketView) -> str:
        if self._is_pending:
            return "it is being made anew"
        if ticket.state == "expired" or (ticket.state == "open" and self._left_s() <= 0):
            return "its time is over; r or any edit makes it anew"
        return f"it is {ticket.state}" if ticket.state != "open" else ""

    def _denied(self, ticket: TicketView) -> str:
        if ticket.may_fire:
            return ""
        return next((check.words for check in ticket.checks if not check.passed), "") or "the gate says no"

    def picture(self) -> Picture:
        """Return what there is to see now."""
        ticket, left_s = self.ticket, self._left_s()
        whole_s = self._whole_s()
        left = max(min(left_s / whole_s, 1.0), 0.0) if whole_s > 0 else 0.0
        return Picture(
            self.phase, ticket, self._is_pending, left, left_s, self._typed, self.words, self.why_not(), self._fates
        )

    def _edit(self, typed: str = "", **changes: Any) -> None:
        if self.draft is None or self.phase not in {"staging", "open", "ended"}:
            return
        self.draft, self._typed, self.words = replace(self.draft, **changes), typed, ""
        if self.phase == "ended":
            self.phase = "open" if self.ticket is not None else "staging"
        self._wish()

    def _wish(self) -> None:
        """Ask for a ticket of the draft as it is; while one is being made, ask again when it has come."""
        if self._is_pending:
            self._is_wished_again = True
        elif self.draft is not None:
            self._is_pending, self._is_wished_again = True, False
            self._asked += 1
            asked = self._asked
            self._asking.ask(
                Stage(self.draft),
                lambda result: self._staged(asked, result),
                lambda problem: self._not_staged(asked, problem),
            )
        self._changed()

    def _staged(self, asked: int, result: Result) -> None:
        if not isinstance(result, Staged):
            return
        if asked != self._asked or self.phase not in {"staging", "open"}:
            self._let_go(result.ticket.number)  # nobody waits for it any more
            return
        before, self._is_pending = self.ticket, False
        self.phase, self._came = "open", self._monotonic()
        self._wires.wish(WISH, TicketKey(result.ticket.number), self._take_ticket, self._refused)
        self._see(result.ticket)
        if before is not None and before.number != result.ticket.number:
            self._let_go(before.number)
        if self._is_wished_again:
            self._wish()
        self._changed()

    def _not_staged(self, asked: int, problem: KalshiTuiError) -> None:
        if asked != self._asked:
            return
        self._is_pending = False
        if self._is_wished_again:
            self._wish()
        elif self.ticket is None:
            self._end(f"no ticket was made: {told(problem)}")
        else:
            self._say(f"it was not made anew: {told(problem)}")

    def _take_ticket(self, view: View) -> None:
        """Take the ticket as it is judged now."""
        if isinstance(view, TicketView) and self.ticket is not None and view.number == self.ticket.number:
            self._see(view)
            if self.phase in {"firing", "fired"} and not self._orders:
                self._hear_outcome(view)
            self._changed()

    def _hear_outcome(self, ticket: TicketView) -> None:
        """Learn from the ticket itself what has become of it, where the answer was lost or is not there yet."""
        if ticket.state == "refused":
            self._end(f"NOT FIRED: {ticket.outcome}")
        elif ticket.state == "fired" and self.phase == "fired":
            self.words = ticket.outcome or "it was fired; the blotter tells what became of it"

    def _see(self, ticket: TicketView) -> None:
        self.ticket = ticket
        facts = (ticket.ticker, ticket.kind, ticket.side, ticket.price, ticket.size, ticket.time_in_force)
        more = (ticket.post_only, ticket.reduce_only, ticket.replaces)
        self._trigger.show((*facts, *more), self._monotonic())

    def _fire(self, shot: Shot) -> None:
        """Send a ticket that is still the one that was seen."""
        ticket = self.ticket
        if ticket is None or (ticket.number, ticket.token) != (shot.number, shot.token) or self.why_not():
            self._say(f"not fired: {self.why_not() or 'it has changed since the key came'}")
            return
        self.phase, self.words = "firing", ""
        self._asking.ask(
            Fire(shot.number, shot.token),
            lambda result: self._fired(shot.number, result),
            lambda problem: self._not_fired(shot.number, problem),
        )
        self._changed()

    def _fired(self, number: int, result: Result) -> None:
        if self._is_about(number) and isinstance(result, Fired):
            self.phase, self._orders, self.words = "fired", result.orders, ""
            self._fates, self._ended = (), self._monotonic()
            self.follow(self._rows)

    def _not_fired(self, number: int, problem: KalshiTuiError) -> None:
        if not self._is_about(number):
            return
        if isinstance(problem, OutcomeUnknown):
            self.phase = "fired"
            self._say(CHECKING)
        else:
            self._end(f"NOT FIRED: {told(problem)}; r makes it anew")

    def _is_about(self, number: int) -> bool:
        return self.phase == "firing" and self.ticket is not None and self.ticket.number == number

    def _take_market(self, view: View) -> None:
        if isinstance(view, MarketView):
            self._market = view

    def _market_of(self, ticker: str) -> MarketView | None:
        return self._market if self._market is not None and self._market.ticker == ticker else None

    def _refused(self, reason: str) -> None:
        if self.phase == "open":
            self._end(f"the engine knows this ticket no more: {reason}")

    def _let_go(self, number: int) -> None:
        self._asking.ask(Drop(number), lambda _: None, lambda _: None)  # it ends by itself, too

    def _end(self, words: str) -> None:
        self.phase = "ended"
        self._say(words)

    def _say(self, words: str) -> None:
        self.words = words
        self._changed()

    def _forget(self) -> None:
        self.phase, self.ticket, self.draft, self.words, self._typed = "none", None, None, "", ""
        self._orders, self._fates = (), ()
        self._is_pending = self._is_wished_again = False
        self._asked += 1
        self._trigger.hide()
        self._wires.unwish(WISH)
        self._wires.unwish(MARKET_WISH)

    def _whole_s(self) -> float:
        """Return how long it may be fired, in our seconds."""
        ticket = self.ticket
        return (ticket.expires_ms - ticket.made_ms) / 1000 / self._asking.speed if ticket is not None else 0.0

    def _left_s(self) -> float:
        return max(self._whole_s() - (self._monotonic() - self._came), 0.0) if self.ticket is not None else 0.0

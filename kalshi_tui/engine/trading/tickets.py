"""Tickets: a draft becomes exactly what would be sent, is judged, shown, and fired at most once."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from kalshi_tui.core.text import clean
from kalshi_tui.engine.trading import entries
from kalshi_tui.engine.trading.bodies import Bodies, bodies_of
from kalshi_tui.engine.trading.codes import MEANINGS, Code
from kalshi_tui.engine.trading.effects import SendOrder, SignOrder
from kalshi_tui.engine.trading.facts import Facts, Fired, Liquidity, Proposal, Sent
from kalshi_tui.engine.trading.gate import Permit, denials
from kalshi_tui.engine.trading.gathering import gather, liquidity_of, market_problem, propose, receipt
from kalshi_tui.engine.trading.picture import ticket_view
from kalshi_tui.errors import ValueRefused
from kalshi_tui.link import trading as link
from kalshi_tui.link.intents import Done
from kalshi_tui.link.trading import CheckRow, Draft, TicketState, TicketView

if TYPE_CHECKING:
    from kalshi_tui.engine.trading.desk import Desk

KEPT: Final = 200
OPEN_LIMIT: Final = 32
_REMEMBERED_MS: Final = 60_000
_SIGNED_MS: Final = 700  # a signature is used while it is younger than a second
_AUTO_DISARM: Final = frozenset({Code.RATE_MARKET, Code.RATE_ALL})


@dataclass(slots=True)
class Ticket:
    """What was shown to a person, and what became of it."""

    number: int
    draft: Draft
    bodies: Bodies
    token: str
    revision: int
    shown: Liquidity
    made_ms: int
    expires_ms: int
    checks: tuple[CheckRow, ...]
    state: TicketState = "open"
    outcome: str = ""
    order: int | None = None
    is_used: bool = False
    signed_ms: int = 0
    fired: TicketView | None = None  # as it was when it left: what comes after is another story

    def is_open(self, now_ms: int) -> bool:
        """Tell whether it may still be fired."""
        return self.state == "open" and now_ms < self.expires_ms


@dataclass(slots=True)
class Waiting:
    """An order whose intent is on its way to the disk."""

    row: int
    permit: Permit
    ticket: Ticket
    adds_risk: bool


class Tickets:
    """Makes, keeps, judges and fires tickets."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.client = ""
        self.sent: deque[Sent] = deque(maxlen=1_000)
        self._tickets: dict[int, Ticket] = {}
        self._waiting: list[Waiting] = []
        self._counter = 0

    # What people ask

    def stage(self, intent: link.Stage) -> link.Staged:
        """Make a ticket."""
        draft, desk = intent.draft, self._desk
        if sum(ticket.is_open(desk.now_ms) for ticket in self._tickets.values()) >= OPEN_LIMIT:
            raise ValueRefused(f"{OPEN_LIMIT} tickets are open", hint="drop some, or wait until they expire")
        self._check_draft(draft)
        self._counter += 1
        bodies = bodies_of(desk, draft, self._counter)
        ticket = Ticket(
            number=self._counter,
            draft=draft,
            bodies=bodies,
            token="",
            revision=self._revision(draft.ticker),
            shown=liquidity_of(desk, draft.ticker, draft.side, draft.price, bodies.opens),
            made_ms=desk.now_ms,
            expires_ms=desk.now_ms + desk.rules.ticket_ms,
            checks=(),
        )
        ticket.token = self._token(ticket)
        self._keep(ticket)
        desk.comparing.confirm(draft.ticker)
        if market_problem(desk, draft.ticker):
            desk.kernel.asking.read_anew((draft.ticker,), desk.now_ms)  # somebody wants it now
        desk.groups.need(bodies.exchange_index)
        proposal, facts = self._look(ticket, is_firing=False)
        ticket.checks = desk.gate.verdict(proposal, facts)
        self._judged(ticket, proposal, facts, "staged")
        self._sign(ticket)
        return link.Staged(self.view(ticket))

    def fire(self, intent: link.Fire) -> link.Fired:
        """Judge a ticket once more as things are now, and have it sent if nothing stands against it."""
        ticket = self._tickets.get(intent.number)
        if ticket is None:
            raise ValueRefused(f"there is no ticket {intent.number}", hint="make it anew")
        desk = self._desk
        proposal, facts = self._look(ticket, is_firing=True, token=intent.token)
        ticket.checks = desk.gate.verdict(proposal, facts)
        against = denials(ticket.checks)
        self._judged(ticket, proposal, facts, "fired")
        if against:
            self._refuse(ticket, against)
        return link.Fired((self._send(ticket, proposal),))

    def drop(self, intent: link.Drop) -> Done:
        """Let a ticket go."""
        ticket = self._tickets.get(intent.number)
        if ticket is not None and ticket.state == "open":
            ticket.state, ticket.outcome = "dropped", "it was let go"
        return Done()

    # What time and the journal bring

    def beat(self) -> None:
        """Let tickets expire and forget what went out long ago."""
        now_ms = self._desk.now_ms
        for ticket in self._tickets.values():
            if ticket.state == "open" and now_ms >= ticket.expires_ms:
                ticket.state, ticket.outcome = "expired", "its time is over"
            elif ticket.state == "open" and now_ms - ticket.signed_ms >= _SIGNED_MS:
                self._sign(ticket)
        while self.sent and now_ms - self.sent[0].at_ms > _REMEMBERED_MS:
            self.sent.popleft()

    def journalled(self, upto: int) -> None:
        """Send what is on the disk now, unless the gate has shut meanwhile."""
        ready = [waiting for waiting in self._waiting if waiting.row <= upto]
        self._waiting = [waiting for waiting in self._waiting if waiting.row > upto]
        for waiting in ready:
            reason = self._shut(waiting)
            if reason:
                self._not_sent(waiting, reason)
            else:
                self._desk.note(entries.Sending(self._desk.now_ms, waiting.permit.number))
                self._desk.do(SendOrder(waiting.permit, waiting.adds_risk))

    def not_journalled(self, reason: str) -> None:
        """Send nothing of what is not on the disk."""
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            self._not_sent(one, f"the journal could not be written: {reason}")

    def tickers(self) -> Iterable[str]:
        """Return the markets of open tickets."""
        return [ticket.draft.ticker for ticket in self._tickets.values() if ticket.state == "open"]

    def watched(self, number: int) -> TicketView | None:
        """Return a ticket, judged anew while it is open."""
        ticket = self._tickets.get(number)
        if ticket is None:
            return None
        if ticket.fired is not None:
            return replace(ticket.fired, state=ticket.state, outcome=ticket.outcome, may_fire=False)
        if ticket.is_open(self._desk.now_ms):
            proposal, facts = self._look(ticket, is_firing=True, token=ticket.token)
            ticket.checks = self._desk.gate.verdict(proposal, facts)
        return self.view(ticket)

    def view(self, ticket: Ticket) -> TicketView:
        """Return a ticket as people see it."""
        return ticket_view(self._desk, ticket)

    # Inside

    def _sign(self, ticket: Ticket) -> None:
        """Have it signed ahead, where it may be fired: the signature names neither the order nor its price."""
        ticket.signed_ms = self._desk.now_ms
        if self._desk.rules.execution == "live" and not denials(ticket.checks):
            self._desk.do(SignOrder(ticket.bodies.request))

    def _check_draft(self, draft: Draft) -> None:
        """Refuse what no ticket can be made of; everything else is shown with what stands against it."""
        if draft.side not in {"bid", "ask"} or not 0 < draft.price < 10_000 or draft.size <= 0:
            raise ValueRefused(
                "a ticket needs a side, a price between 0 and 1 dollar, and a size above 0",
                hint="prices are dollars for one YES contract, such as 0.43",
            )
        if draft.kind == "amend":
            self._check_amendment(draft)

    def _check_amendment(self, draft: Draft) -> None:
        """Refuse to judge one thing and send another: of an order nothing but price and size can be changed."""
        order = self._desk.ledger.orders.get(draft.replaces or 0)
        if order is None:
            raise ValueRefused(f"there is no order {draft.replaces}", hint="`kalshi-tui orders` lists them")
        is_same = (draft.ticker, draft.side) == (order.ticker, order.side)
        if not is_same or draft.reduce_only or draft.expiration_s or draft.time_in_force != "good_till_canceled":
            raise ValueRefused(
                f"only price and size of order {order.number} can be changed",
                hint="cancel it, and place another one",
            )

    def _look(self, ticket: Ticket, *, is_firing: bool, token: str = "") -> tuple[Proposal, Facts]:
        desk, now_ms = self._desk, self._desk.now_ms
        fired = None
        if is_firing:
            fired = Fired(
                is_open=ticket.is_open(now_ms),
                is_used=ticket.is_used,
                is_token_right=bool(token) and token == ticket.token == self._token(ticket),
                expires_ms=ticket.expires_ms,
                revision=ticket.revision,
                shown=ticket.shown,
            )
        proposal = propose(desk, ticket.draft, ticket.bodies)
        return proposal, gather(desk, proposal, ticket.bodies, fired)

    def _judged(self, ticket: Ticket, proposal: Proposal, facts: Facts, stage: str) -> None:
        against = denials(ticket.checks)
        words = "; ".join(f"{row.code}: {row.words}" for row in against)
        self._desk.note(
            entries.Judged(
                self._desk.now_ms,
                ticket.number,
                stage,
                not against,
                str.__str__(clean(words, 1_000)),
                ticket.bodies.digest,
                ticket.checks,
                receipt(proposal, facts),
            )
        )

    def _refuse(self, ticket: Ticket, against: list[CheckRow]) -> None:
        first = against[0]
        if any(row.code in _AUTO_DISARM for row in against):
            self._desk.kills.auto_disarm(first.words)
        if first.code in Code.__members__:
            hint = MEANINGS[Code(first.code)][1]
        else:
            hint = "the table [limits] of the settings says how much is allowed"
        ticket.outcome = f"{first.code}: {first.words}"
        raise ValueRefused(f"not fired: {first.words} ({first.code})", hint=hint)

    def _send(self, ticket: Ticket, proposal: Proposal) -> int:
        """Note the intent, and have it sent once it is on the disk."""
        desk, bodies, draft = self._desk, ticket.bodies, ticket.draft
        ticket.fired = self.view(ticket)
        ticket.state, ticket.is_used, ticket.outcome = "fired", True, "fired"
        self.sent.append(Sent(desk.now_ms, draft.ticker, draft.side, draft.price, draft.size, ticket.number))
        desk.kills.acted()
        if proposal.replaces is not None:
            number = proposal.replaces.number
            row = desk.note(
                entries.ChangeAsked(
                    desk.now_ms,
                    number,
                    "amend",
                    ticket.number,
                    draft.price,
                    draft.size,
                    proposal.replaces.client_order_id,
                    bodies.body,
                    bodies.digest,
                )
            )
            kind = "amend"
        else:
            number, kind = desk.ledger.next_order, "place"
            row = desk.note(self._intended(ticket, number, proposal))
        ticket.order = number
        permit = desk.gate.permit(number, kind, bodies, ticket.expires_ms)
        self._waiting.append(Waiting(row, permit, ticket, proposal.adds_risk))
        return number

    def _intended(self, ticket: Ticket, number: int, proposal: Proposal) -> entries.Intended:
        desk, bodies, draft = self._desk, ticket.bodies, ticket.draft
        tracked = desk.kernel.stream.books.get(draft.ticker)
        return entries.Intended(
            at_ms=desk.now_ms,
            number=number,
            client_order_id=bodies.client_order_id,
            ticket=ticket.number,
            token=ticket.token,
            confirmed_by=self.client,
            ticker=draft.ticker,
            event_ticker=desk.event_of(draft.ticker),
            exchange_index=bodies.exchange_index,
            side=draft.side,
            price=draft.price,
            size=draft.size,
            time_in_force=draft.time_in_force,
            post_only=draft.post_only,
            reduce_only=draft.reduce_only,
            expiration_s=bodies.expiration_s,
            group_id=bodies.group_id,
            body=bodies.body,
            body_hash=bodies.digest,
            fee=desk.risk.fee_of(proposal),
            strategy=str.__str__(clean(draft.strategy, 60)),
            opportunity="",
            book_clock=tracked.clock if tracked is not None else 0,
            book_age_ms=desk.now_ms - desk.kernel.store.heard.get(draft.ticker, desk.now_ms),
            revision=ticket.revision,
        )

    def _shut(self, waiting: Waiting) -> str:
        """Say why an order that has passed must not leave after all: a kill may have come while the disk was busy."""
        desk, ticker, ledger = self._desk, waiting.ticket.draft.ticker, self._desk.ledger
        if desk.now_ms >= waiting.permit.expires_ms:
            return "the ticket expired before it left"
        if not waiting.adds_risk:
            return ""
        held = ledger.halted.get("") or ledger.halted.get(ticker)
        reasons = (
            (desk.kills.reason(), "killed"),
            (ledger.armed_until_ms is None, "disarmed"),
            (desk.believed_book(ticker) is None, "its book could not be believed any more"),
            (ledger.differences, "a difference with the venue was found"),
            (held is not None or desk.breakers.holds(ticker), "the market was held"),
            (desk.is_stalled, "the engine's loop stood still"),
        )
        return next((f"{words} before it left" for is_so, words in reasons if is_so), "")

    def _not_sent(self, waiting: Waiting, reason: str) -> None:
        desk, number = self._desk, waiting.permit.number
        desk.gate.revoke(number)
        if waiting.permit.kind == "amend":
            desk.note(entries.ChangeAnswered(desk.now_ms, number, "not sent", reason))
        else:
            desk.note(entries.NotSent(desk.now_ms, number, reason))
        waiting.ticket.outcome = f"not sent: {reason}"
        desk.tell(f"order {number} was not sent: {reason}", "warning", waiting.ticket.draft.ticker)

    def _token(self, ticket: Ticket) -> str:
        desk = self._desk
        bound = (desk.ledger.install, desk.ledger.sessions, desk.mode, ticket.number, ticket.made_ms)
        return hashlib.sha256(f"{bound}|{ticket.bodies.digest}".encode()).hexdigest()[:20]

    def _revision(self, ticker: str) -> int:
        known = self._desk.kernel.catalogue.get(ticker)
        return 0 if known is None else known.revision

    def _keep(self, ticket: Ticket) -> None:
        self._tickets[ticket.number] = ticket
        if len(self._tickets) > KEPT:
            oldest = next(iter(self._tickets))
            del self._tickets[oldest]

"""What terminals and commands see of trading, and what they may ask: tickets, orders, fills, positions, limits, kill.

Prices stand on the YES axis: a bid buys YES, an ask sells YES or buys NO. Money counts millionths of a dollar.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from kalshi_tui.core.book import BookState
from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import Money, Price, Size

TradingState = Literal["observing", "reconciling", "disarmed", "active", "reducing", "halted", "killed"]
"""What may be sent: nothing while observing; what adds risk only while active; what lowers it always."""
OrderState = Literal[
    "deciding",  # on its way into the journal; no byte has left
    "sent",
    "resting",
    "canceling",
    "filled",
    "canceled",
    "rejected",
    "unknown",  # no answer came: it counts in full until the venue tells
    "absent",  # the venue proved that it never took it
    "not sent",
]
Origin = Literal["ours", "external", "orphan"]
"""Placed here, placed elsewhere on this account, or bearing our mark without being in the journal."""
TimeInForce = Literal["good_till_canceled", "immediate_or_cancel", "fill_or_kill"]
DraftKind = Literal["place", "amend", "flatten"]
TicketState = Literal["open", "expired", "fired", "dropped", "refused"]


class _View(Struct, frozen=True, gc=False, tag=True):
    pass


class _Intent(Struct, frozen=True, gc=False, tag=True):
    pass


class CheckRow(Struct, frozen=True, gc=False):
    """What one check of the gate says; `anchor` is where docs/gate.md explains its code."""

    code: str
    passed: bool
    words: str
    anchor: str


class TicketView(_View, frozen=True):
    """Exactly what would be sent, what it may cost, and whether it may be sent; `token` is bound to the bodies."""

    number: int
    token: str
    kind: DraftKind
    state: TicketState
    words: str  # the order in one sentence, as a person would say it
    outcome: str  # why it is not open any more
    ticker: str
    title: str
    mode: str
    bodies: tuple[str, ...]
    side: Side
    price: Price
    size: Size
    time_in_force: TimeInForce
    post_only: bool
    reduce_only: bool
    expiration_s: int | None
    replaces: int | None  # the number of the order that is amended
    cost: Money  # what is paid if all of it fills at the limit; negative where money comes in
    fee: Money  # what is charged if all of it takes now what the book has, and the rest takes at the limit
    fee_words: str
    max_loss: Money  # over both outcomes, of this order alone, fees counted
    max_gain: Money
    if_yes: Money  # of the position with this order, fees counted
    if_no: Money
    book_state: BookState
    book_age_ms: int
    spread: Price | None
    takes: Size  # what the book offers now within the limit, at most the size
    takes_at: Money | None  # the average price of that, in millionths of a dollar
    depth: Size  # all that the book offers within the limit
    impact: Price  # how far the last contract taken is from the best price
    ahead: Size  # what rests before it where it joins
    checks: tuple[CheckRow, ...]
    may_fire: bool
    changes: tuple[str, ...]  # what has moved since it was made, old beside new
    made_ms: int
    expires_ms: int


class OrderRow(Struct, frozen=True, gc=False):
    """One order, ours or another's on this account."""

    number: int
    order_id: str
    client_order_id: str
    ticker: str
    side: Side
    price: Price
    size: Size
    filled: Size
    remaining: Size
    state: OrderState
    origin: Origin
    is_in_flight: bool  # waits for the venue's word about something
    time_in_force: str
    post_only: bool
    reduce_only: bool
    expiration_ms: int | None
    average: Money | None  # price of one contract filled, in millionths
    fees: Money
    reason: str
    placed_ms: int
    changed_ms: int
    strategy: str = ""


class OrdersView(_View, frozen=True):
    """Orders, the newest first; `total` counts all."""

    rows: tuple[OrderRow, ...]
    working: int
    unknown: int
    total: int


class FillRow(Struct, frozen=True, gc=False):
    """A match of one of the account's orders; `predicted` is the fee that we expected."""

    trade_id: str
    order: int  # the number of the order
    ticker: str
    side: Side
    price: Price
    size: Size
    fee: Money
    predicted: Money | None
    is_taker: bool
    ts_ms: int
    strategy: str = ""


class FillsView(_View, frozen=True):
    """Fills, the newest first."""

    rows: tuple[FillRow, ...]
    total: int


class PositionRow(Struct, frozen=True, gc=False):
    """A holding of one market, above zero in YES and below in NO; outcomes count from the beginning, fees included."""

    ticker: str
    event_ticker: str
    title: str
    size: Size
    average: Money | None
    cost: Money
    realised: Money
    fees: Money
    exit_value: Money | None  # what selling all of it now would bring, fees paid; None where the book is not believed
    unrealised: Money | None
    if_yes: Money
    if_no: Money
    bids_working: Size
    asks_working: Size
    worst: Money  # with whatever works filled in the worst way; a loss is above zero
    settled: str = ""


class OutcomeRow(Struct, frozen=True, gc=False):
    """What an event's positions come to if it ends so."""

    words: str
    result: Money


class EventRow(Struct, frozen=True, gc=False):
    """An event in which something is held, state by state, the worst first."""

    event_ticker: str
    title: str
    outcomes: tuple[OutcomeRow, ...]
    is_whole: bool  # whether the states are all that there are


class ProfitRow(Struct, frozen=True, gc=False):
    """What one strategy, or one opportunity, has brought."""

    name: str
    realised: Money
    fees: Money
    fills: int


class PositionsView(_View, frozen=True):
    """The portfolio, from fills alone."""

    rows: tuple[PositionRow, ...]
    events: tuple[EventRow, ...]
    profits: tuple[ProfitRow, ...]
    cash: Money | None
    free: Money | None  # cash that nothing working may need
    by_shard: tuple[tuple[int, Money], ...]
    realised: Money
    unrealised: Money | None
    fees: Money
    day: Money | None  # since midnight in New York
    worst: Money
    told: Money | None = None  # the cash as the venue said it last
    told_ms: int | None = None


class LimitRow(Struct, frozen=True, gc=False):
    """How much of a limit is used; `unit` is contracts, dollars, orders or sets."""

    name: str
    used: int
    limit: int
    unit: str


class DifferenceRow(Struct, frozen=True, gc=False):
    """Something that we and the venue tell differently; nothing that adds risk is sent until it is resolved."""

    number: int
    at_ms: int
    ticker: str
    words: str


class KillRow(Struct, frozen=True, gc=False):
    """How far a kill has come."""

    since_ms: int
    reason: str
    words: str
    resting: int | None  # orders that the venue still lists; None while it has not told
    is_over: bool


class TradingView(_View, frozen=True):
    """Whether orders may be sent, and why not."""

    state: TradingState
    reason: str
    mode: str
    is_live: bool
    armed_until_ms: int | None
    arm_phrase: str  # what must be typed to arm; nothing where a key is enough
    reset_phrase: str  # what must be typed to lift a kill
    kill: KillRow | None
    differences: tuple[DifferenceRow, ...]
    limits: tuple[LimitRow, ...]
    paused: tuple[str, ...]  # markets that a breaker holds, with the reason
    working: int
    unknown: int
    in_flight: int
    orders_today: int
    day: Money | None
    day_limit: Money
    reviewed_h: float  # hours of observed or paper decisions that were reviewed
    write_tokens: int | None
    journal: str  # nothing while all is well
    reconciled_ms: int | None
    now_ms: int


TradingViews = TicketView | OrdersView | FillsView | PositionsView | TradingView


class Draft(Struct, frozen=True, gc=False):
    """What a person wants to do, before anything is checked."""

    ticker: str
    side: Side
    price: Price
    size: Size
    kind: DraftKind = "place"
    time_in_force: TimeInForce = "good_till_canceled"
    post_only: bool = False
    reduce_only: bool = False
    expiration_s: int | None = None  # Unix seconds; None is the default of the settings
    replaces: int | None = None
    strategy: str = ""
    typed: str = ""  # the price as a person typed it once more, where a check asks for that


class Stage(_Intent, frozen=True):
    """Make a ticket of a draft: everything is checked and shown, nothing is sent."""

    draft: Draft


class Fire(_Intent, frozen=True):
    """Send a ticket, once: exactly the bodies that its token is bound to, if the gate still agrees."""

    number: int
    token: str


class Drop(_Intent, frozen=True):
    """Let a ticket go."""

    number: int


class CancelOrders(_Intent, frozen=True):
    """Cancel orders by number, those of a market, or everything that works; never refused for being disarmed."""

    numbers: tuple[int, ...] = ()
    ticker: str = ""
    everything: bool = False


class Reduce(_Intent, frozen=True):
    """Make a working order smaller, to a size; it keeps its place, and is never refused for being disarmed."""

    number: int
    size: Size


class Arm(_Intent, frozen=True):
    """Let tickets be fired for a while; `phrase` is what TradingView asks for."""

    phrase: str = ""


class Disarm(_Intent, frozen=True):
    """Let none be fired."""

    reason: str = "a person disarmed"


class Kill(_Intent, frozen=True):
    """Send nothing more that adds risk, cancel everything, verify, and stay so over restarts."""

    reason: str = "a person pressed kill"


class ResetKill(_Intent, frozen=True):
    """Lift a kill, after a clean reconciliation, by the phrase that TradingView asks for."""

    phrase: str


class Acknowledge(_Intent, frozen=True):
    """Take note of a difference as the venue tells it, and go on from there."""

    number: int


class Reconcile(_Intent, frozen=True):
    """Compare with the venue now."""


class Review(_Intent, frozen=True):
    """Take note that a person has looked at the decisions of a stretch of observed or paper time."""

    from_ms: int
    until_ms: int


TradingIntent = (
    Stage | Fire | Drop | CancelOrders | Reduce | Arm | Disarm | Kill | ResetKill | Acknowledge | Reconcile | Review
)


class Staged(Struct, frozen=True, gc=False, tag=True):
    """The ticket that was made."""

    ticket: TicketView


class Fired(Struct, frozen=True, gc=False, tag=True):
    """The gate agreed; the orders with these numbers are on their way."""

    orders: tuple[int, ...]


class Canceling(Struct, frozen=True, gc=False, tag=True):
    """The orders whose cancels are on their way."""

    orders: tuple[int, ...]


TradingResult = Staged | Fired | Canceling

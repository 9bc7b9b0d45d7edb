"""What the journal holds: every decision, send, answer, fill and difference, in order, never changed afterwards.

The same entries make the same ledger, whatever order the venue's two ways of telling things had.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import Money, Price, Size
from kalshi_tui.link.trading import CheckRow, TimeInForce

CODEC: Final = 1
"""Counts up when an entry's bytes or meaning change; an older journal is read by the decoder of its time."""


class _Entry(Struct, frozen=True, gc=False, tag=True):
    pass


class Began(_Entry, frozen=True):
    """An engine took the journal up."""

    at_ms: int
    codec: int
    session: int  # counts the journal's engines
    install: str
    program: str
    settings_hash: str
    environment: str
    execution: str
    account: str
    pid: int


class Ended(_Entry, frozen=True):
    """An engine laid it down in order."""

    at_ms: int


class Judged(_Entry, frozen=True):
    """The gate's verdict on a ticket, with everything that it looked at; `stage` is staged or fired."""

    at_ms: int
    ticket: int
    stage: str
    passed: bool
    words: str
    body_hash: str
    checks: tuple[CheckRow, ...]
    facts: dict[str, str | int | bool | None]


class Intended(_Entry, frozen=True):
    """An order that is about to be sent; it is on the disk before a byte of it leaves."""

    at_ms: int
    number: int
    client_order_id: str
    ticket: int
    token: str
    confirmed_by: str
    ticker: str
    event_ticker: str
    exchange_index: int
    side: Side
    price: Price
    size: Size
    time_in_force: TimeInForce
    post_only: bool
    reduce_only: bool
    expiration_s: int | None
    group_id: str
    body: str
    body_hash: str
    fee: Money
    strategy: str
    opportunity: str
    book_clock: int
    book_age_ms: int
    revision: int


class NotSent(_Entry, frozen=True):
    """An intent that came to nothing here: no byte of it has left, and none will."""

    at_ms: int
    number: int
    reason: str


class Sending(_Entry, frozen=True):
    """The bytes of an intent are handed to the network: from here on it may have happened."""

    at_ms: int
    number: int


class Placed(_Entry, frozen=True):
    """The venue's answer: it has the order."""

    at_ms: int
    number: int
    order_id: str
    filled: Size
    remaining: Size
    average: Money | None
    average_fee: Money | None
    ts_ms: int


class Rejected(_Entry, frozen=True):
    """The venue's answer: it does not take the order."""

    at_ms: int
    number: int
    status: int
    code: str
    words: str


class Unanswered(_Entry, frozen=True):
    """No answer that can be used came: the order may be there."""

    at_ms: int
    number: int
    words: str


class Absent(_Entry, frozen=True):
    """The venue's lists prove that an order never came to be; should it appear all the same, it is taken up again."""

    at_ms: int
    number: int
    evidence: str


class CancelAsked(_Entry, frozen=True):
    """A cancel is on its way."""

    at_ms: int
    number: int
    why: str


class CancelAnswered(_Entry, frozen=True):
    """What the venue said to a cancel: canceled, refused, gone (it knows no such working order), or no answer."""

    at_ms: int
    number: int
    outcome: str
    reduced_by: Size | None
    words: str
    ts_ms: int = 0


class ChangeAsked(_Entry, frozen=True):
    """An amendment or a decrease that is about to be sent; until it is answered, the worse of both counts."""

    at_ms: int
    number: int
    kind: str  # amend, decrease
    ticket: int
    price: Price
    size: Size
    client_order_id: str  # the one that the order has afterwards
    body: str
    body_hash: str


class ChangeAnswered(_Entry, frozen=True, omit_defaults=True):
    """What the venue said to it: done, refused, not sent, or no answer."""

    at_ms: int
    number: int
    outcome: str
    words: str
    ts_ms: int = 0
    remaining: Size | None = None  # that is open, as the answer says


class OrderTold(_Entry, frozen=True):
    """An order as the venue describes it; `source` is stream, read or list."""

    at_ms: int
    source: str
    order_id: str
    client_order_id: str
    ticker: str
    side: Side
    status: str
    price: Price
    initial: Size
    filled: Size
    remaining: Size
    group_id: str
    exchange_index: int
    subaccount: int
    reason: str
    created_ms: int | None
    updated_ms: int | None
    expiration_ms: int | None


class FillTold(_Entry, frozen=True):
    """A fill as the venue tells it; of two accounts of one trade the list's counts."""

    at_ms: int
    source: str  # stream, list
    trade_id: str
    order_id: str
    client_order_id: str
    ticker: str
    side: Side
    price: Price
    size: Size
    fee: Money
    predicted: Money | None
    is_taker: bool
    subaccount: int
    exchange_index: int
    ts_ms: int


class FillWithdrawn(_Entry, frozen=True):
    """A fill that only the stream told, and that the venue's own list does not hold."""

    at_ms: int
    trade_id: str
    order_id: str
    evidence: str


class Settled(_Entry, frozen=True):
    """A market has paid; a later settlement of the same market takes its place."""

    at_ms: int
    ticker: str
    result: str
    value: Price | None
    revenue: Money
    settled_ms: int
    subaccount: int
    exchange_index: int


class CashTold(_Entry, frozen=True):
    """The first balance that the venue told, from which cash is counted, or what changes it without any fill.

    What `moved` came from outside or went there, and is no result of the day. What was `netted` undoes the dollars of
    contracts that were taken over against ours: no cash has come of that, and what is gone counts as lost.
    """

    at_ms: int
    kind: str  # opening, moved, netted
    exchange_index: int
    amount: Money
    words: str


class HoldingTold(_Entry, frozen=True):
    """A holding from before the journal, or one that a person took over from the venue."""

    at_ms: int
    ticker: str
    size: Size  # to be added to what fills come to
    cost: Money
    words: str
    subaccount: int


class GroupTold(_Entry, frozen=True):
    """An order group of ours: made, triggered, reset, deleted or lost."""

    at_ms: int
    exchange_index: int
    group_id: str
    kind: str
    limit: Size | None


class DifferenceFound(_Entry, frozen=True):
    """We and the venue tell something differently."""

    at_ms: int
    number: int
    kind: str
    ticker: str
    words: str


class DifferenceEnded(_Entry, frozen=True):
    """It was resolved by itself, or a person has acknowledged it."""

    at_ms: int
    number: int
    how: str  # resolved, acknowledged


class Armed(_Entry, frozen=True):
    """Tickets may be fired until then, or as long as they are."""

    at_ms: int
    until_ms: int


class Disarmed(_Entry, frozen=True):
    """None may be fired."""

    at_ms: int
    reason: str


class Killed(_Entry, frozen=True):
    """Nothing that adds risk is sent any more."""

    at_ms: int
    reason: str


class KillEnded(_Entry, frozen=True):
    """What the kill came to."""

    at_ms: int
    words: str
    resting: int | None


class KillReset(_Entry, frozen=True):
    """A person has lifted it."""

    at_ms: int
    phrase: str


class DayBegan(_Entry, frozen=True):
    """Midnight in New York: losses count from this worth."""

    at_ms: int
    day: str
    worth: Money


class Halted(_Entry, frozen=True):
    """A breaker or a fault has stopped one market, or everything where the ticker is empty."""

    at_ms: int
    ticker: str
    reason: str
    state: str  # reducing, halted


class Resumed(_Entry, frozen=True):
    """It may go on."""

    at_ms: int
    ticker: str
    why: str


class Reviewed(_Entry, frozen=True):
    """A person has looked at what would have been done in a stretch of observed or paper time."""

    at_ms: int
    from_ms: int
    until_ms: int


Entry = (
    Began
    | Ended
    | Judged
    | Intended
    | NotSent
    | Sending
    | Placed
    | Rejected
    | Unanswered
    | Absent
    | CancelAsked
    | CancelAnswered
    | ChangeAsked
    | ChangeAnswered
    | OrderTold
    | FillTold
    | FillWithdrawn
    | Settled
    | CashTold
    | HoldingTold
    | GroupTold
    | DifferenceFound
    | DifferenceEnded
    | Armed
    | Disarmed
    | Killed
    | KillEnded
    | KillReset
    | DayBegan
    | Halted
    | Resumed
    | Reviewed
)


def _plain(value: object) -> str:
    """Write cleaned text as text."""
    return str.__str__(value)  # SafeText is the only foreign type in here


encode_entry: Final = msgspec.json.Encoder(enc_hook=_plain).encode
decode_entry: Final = msgspec.json.Decoder(Entry).decode

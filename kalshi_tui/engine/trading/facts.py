"""What the gate looks at: one proposal, and what is known at this moment, gathered before anything is judged."""

from __future__ import annotations

from dataclasses import dataclass

from kalshi_tui.core.book import BookState
from kalshi_tui.core.fees import FeeTerms
from kalshi_tui.core.markets import Market, MarketStatus
from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import Money, Price, Size
from kalshi_tui.engine.trading.order import HeldOrder
from kalshi_tui.link.trading import DraftKind, TimeInForce
from kalshi_tui.sdk.risk import RiskPicture


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An order that somebody wants to send, or a change of one."""

    kind: DraftKind
    ticker: str
    side: Side
    price: Price
    size: Size  # the whole of it; of an amendment with what is filled already
    opens: Size  # what may fill because of it
    time_in_force: TimeInForce
    post_only: bool
    reduce_only: bool
    expiration_s: int | None
    typed: str
    replaces: HeldOrder | None
    adds_risk: bool
    picture: RiskPicture | None


@dataclass(frozen=True, slots=True)
class Liquidity:
    """What the book offers to an order now."""

    best: Price | None  # of the other side
    own_best: Price | None
    spread: Price | None
    takes: Size
    value: Money
    worst: Price | None  # of what it takes
    depth: Size  # within its limit
    shown: Size  # within the collar of the best price
    ahead: Size

    @property
    def average(self) -> Money | None:
        """Return the price of one contract of what it takes, in millionths of a dollar."""
        return Money(100 * self.value // self.takes) if self.takes else None

    @property
    def impact(self) -> Price:
        """Return how far the last contract is from the best price."""
        return Price(abs(self.worst - self.best)) if self.worst is not None and self.best is not None else Price(0)


@dataclass(frozen=True, slots=True)
class BookLook:
    """A book as the gate sees it."""

    state: BookState
    reason: str
    is_crossed: bool
    clock: int
    heard_ms: int  # when it last changed, by our clock; 0 where it has not since it was subscribed
    liquidity: Liquidity


@dataclass(frozen=True, slots=True)
class Sent:
    """An order that left a while ago."""

    at_ms: int
    ticker: str
    side: Side
    price: Price
    size: Size
    plan: int  # machine-made legs of one confirmed plan count once


@dataclass(frozen=True, slots=True)
class Fired:
    """What was shown when the ticket was made, to be compared when it is fired."""

    is_open: bool
    is_used: bool
    is_token_right: bool
    expires_ms: int
    revision: int
    shown: Liquidity


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything else that a verdict depends on; None means unknown, and unknown means no."""

    now_ms: int
    fired: Fired | None
    armed_until_ms: int | None
    disarmed: str
    killed: str
    stalled: bool
    journal: str
    reconciled_ms: int | None
    reconcile_words: str
    differences: int
    halted: str
    reducing: str
    market_halted: str
    exchange_active: bool | None
    trading_active: bool | None
    exchange_read_ms: int
    market: Market | None
    market_problem: str
    revision: int
    status: MarketStatus
    private_problem: str
    heard_ms: int
    confirmed_ms: int
    book: BookLook | None
    offset_ms: int | None
    terms: FeeTerms | None
    fee_problem: str
    own: tuple[HeldOrder, ...]
    sent: tuple[Sent, ...]
    write_tokens: int | None
    write_cost: int
    has_group: bool
    group_triggered: bool
    free: Money | None
    needs: Money  # that the order would take of it
    has_limits: bool
    day_result: Money | None

"""What a fill costs, exactly, under each of Kalshi's fee rules.

A fee is a model fee rounded up, plus what aligning the cash movement to the balance grid costs, less what this
order's earlier roundings give back. The rules differ in the steps; the rule in force is `2026-09`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import PRICE_ONE, Money, Price, Size, cost
from kalshi_tui.errors import ValueRefused

CENT: Final = Money(10_000)
DIRECT_GRID: Final = Money(100)

_TAKER: Final = 700  # ten-thousandths of count x price x (1 - price)
_MAKER: Final = {"quadratic": 0, "quadratic_with_maker_fees": 175, "quadratic_with_combo_maker_fees": 350}
# rate (1e-10) x size (1e-2) x price (1e-4) x (1 - price) (1e-4): a model fee counts 1e-20 dollar until it is rounded.
_MODEL_PER_MONEY: Final = 10**14


class FeeRule(StrEnum):
    """Which of Kalshi's published rounding rules applies, named by when it was published."""

    WHOLE_CENT = "whole-cent"
    JUNE_2026 = "2026-06"
    SEPTEMBER_2026 = "2026-09"


class RebateAt(StrEnum):
    """When the 2026-06 rule gives a cent back; its text says "exceeds" and its examples do not tell."""

    ABOVE_A_CENT = "above"
    A_CENT = "at"


@dataclass(frozen=True, slots=True)
class FeePolicy:
    """The rule in force, and the grid on which the venue keeps this account's balance."""

    rule: FeeRule = FeeRule.SEPTEMBER_2026
    grid: Money = DIRECT_GRID  # CENT for an account that clears through a futures broker
    rebate_at: RebateAt = RebateAt.ABOVE_A_CENT

    def __post_init__(self) -> None:
        if self.grid <= 0 or CENT % self.grid:
            raise ValueRefused(
                f"a balance grid of {self.grid} millionths does not divide a cent",
                hint="use 100 ($0.0001, direct members) or 10000 ($0.01, members of a broker)",
            )


CURRENT_POLICY: Final = FeePolicy()


@dataclass(frozen=True, slots=True)
class FeeTerms:
    """The two rates on count x price x (1 - price), in ten-billionths: 7 % of a millionth has ten decimals."""

    taker_rate: int
    maker_rate: int


NO_FEE: Final = FeeTerms(0, 0)


def fee_terms(fee_type: str, multiplier: int) -> FeeTerms:
    """Return the rates of a fee type and its multiplier in millionths; refuse what has no known formula."""
    if fee_type not in _MAKER:
        raise ValueRefused(
            f"fee type {fee_type!r:.60} has no published formula",
            hint="this market can be watched, but nothing on it can be priced",
        )
    if multiplier < 0:
        raise ValueRefused(f"fee multiplier {multiplier} millionths is negative", hint="read the series again")
    return FeeTerms(taker_rate=_TAKER * multiplier, maker_rate=_MAKER[fee_type] * multiplier)


@dataclass(frozen=True, slots=True)
class FeeCharge:
    """What one fill was charged and why; `net` is what leaves the account."""

    trade_fee: Money
    rounding_fee: Money
    rebate: Money

    @property
    def net(self) -> Money:
        """Return the fee that the venue reports."""
        return Money(self.trade_fee + self.rounding_fee - self.rebate)


class OrderFees:
    """One order's fees: what earlier fills rounded away, as taker or maker, is carried to later ones.

    `terms` may be replaced when a scheduled change comes into force while the order rests.
    """

    __slots__ = ("_model_so_far", "carried", "policy", "terms")

    def __init__(self, terms: FeeTerms, policy: FeePolicy = CURRENT_POLICY) -> None:
        self.terms = terms
        self.policy = policy
        self.carried = Money(0)
        self._model_so_far = 0

    def charge(self, *, side: Side, price: Price, size: Size, is_taker: bool) -> FeeCharge:
        """Charge one fill.

        Money paid for a NO contract and money received for a YES contract differ by a whole cent per 0.01 contract,
        which no grid's remainder can see; so the side is enough, and the position held need not be known.
        """
        if not 0 <= price <= PRICE_ONE or size <= 0:
            raise ValueRefused(f"no fill has price {price} and size {size}", hint="read the fills again from the venue")
        rate = self.terms.taker_rate if is_taker else self.terms.maker_rate
        model = rate * size * price * (PRICE_ONE - price)
        if self.policy.rule is FeeRule.WHOLE_CENT:
            return self._charge_whole_cents(model)
        unit = 1 if self.policy.rule is FeeRule.SEPTEMBER_2026 else 100
        value = cost(price, size)
        return self.align(
            Money(-value if side == "bid" else value), Money(_ceil(model, _MODEL_PER_MONEY * unit) * unit)
        )

    def align(self, revenue: Money, trade_fee: Money) -> FeeCharge:
        """Charge a trade fee that is already known, with the rounding of its fill's cash movement."""
        rounding = Money((revenue - trade_fee) % self.policy.grid)
        self.carried = Money(self.carried + rounding)
        rebate = self._rebate(trade_fee + rounding)
        self.carried = Money(self.carried - rebate)
        return FeeCharge(trade_fee, rounding, rebate)

    def _rebate(self, charged: int) -> Money:
        if self.policy.rule is FeeRule.SEPTEMBER_2026:
            grid = self.policy.grid
            return Money(min(self.carried, charged) // grid * grid)
        due = self.carried > CENT or (self.carried == CENT and self.policy.rebate_at is RebateAt.A_CENT)
        return CENT if due and charged >= CENT else Money(0)

    def _charge_whole_cents(self, model: int) -> FeeCharge:
        """Charge what this fill adds to the whole order's fee, rounded up to a cent."""
        before = _ceil(self._model_so_far, _MODEL_PER_MONEY * CENT)
        self._model_so_far += model
        after = _ceil(self._model_so_far, _MODEL_PER_MONEY * CENT)
        return FeeCharge(Money((after - before) * CENT), Money(0), Money(0))


@dataclass(frozen=True, slots=True)
class Walk:
    """What a planned order would take from a book: its size, its value at the YES prices and its fee."""

    size: Size
    value: Money
    fee: Money


def predict(
    terms: FeeTerms,
    levels: Iterable[tuple[Price, Size]],
    *,
    side: Side,
    size: Size,
    limit: Price,
    policy: FeePolicy = CURRENT_POLICY,
) -> Walk:
    """Walk the other side's levels, best first, up to a limit price, and return what taking them would cost.

    Each level counts as one fill. Several makers at one level make several: then, for whole contracts at whole cents,
    the fee is never lower, and higher by at most one grid step and a millionth of a dollar a fill.
    """
    fees = OrderFees(terms, policy)
    left, value, fee = size, 0, 0
    for price, offered in levels:
        taken = Size(min(left, offered))
        if taken <= 0 or (price > limit if side == "bid" else price < limit):
            break
        fee += fees.charge(side=side, price=price, size=taken, is_taker=True).net
        value += cost(price, taken)
        left = Size(left - taken)
    return Walk(Size(size - left), Money(value), Money(fee))


def _ceil(amount: int, unit: int) -> int:
    return -(-amount // unit)

"""What a fill costs, to the micro-dollar, by the rule that holds since September 2026.

The model is rate x count x price x (1 - price); its ceiling to a micro-dollar is the trade fee. The balance then moves
on a grid: what rounding down took beyond the trade fee is carried by the order and handed back in whole grid steps.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from kalshi_tui.practice.records import Event, Market, Series, Side

# Taker 0.07, maker as a share of it; in millionths of count x price x (1 - price).
_TAKER_RATE: Final = 70_000
_MAKER_RATES: Final = {
    "quadratic": 0,
    "quadratic_with_maker_fees": 17_500,
    "quadratic_with_combo_maker_fees": 35_000,
}
FEE_TYPES: Final = (*_MAKER_RATES, "flat")

# rate (1e-6) x multiplier (1e-6) x size (1e-2) x price (1e-4) x its complement (1e-4), in money (1e-6).
_MODEL_ONE: Final = 10**16


class Charge(NamedTuple):
    """One fill's fee: `net` is paid, `carried` stays with the order."""

    trade_fee: int
    rounding_fee: int
    rebate: int
    net: int
    carried: int


def rates(series: Series, event: Event, market: Market, now_ms: int) -> tuple[int, int]:
    """Return the taker's and the maker's rate in force, each times the multiplier: units of 1e-12."""
    waived = market.fee_waiver_until_ms
    if waived is not None and now_ms < waived:
        return 0, 0
    fee_type = series.fee_type if event.fee_type_override is None else event.fee_type_override
    multiplier = series.fee_multiplier if event.fee_multiplier_override is None else event.fee_multiplier_override
    maker = _MAKER_RATES.get(fee_type)
    if maker is None:  # "flat": its table is not published
        return 0, 0
    return _TAKER_RATE * multiplier, maker * multiplier


def charge(  # noqa: PLR0917 - six numbers of one formula
    rate: int, side: Side, price: int, size: int, carried: int, grid: int
) -> Charge:
    """Return what one fill of an order costs, given what that order carries from its earlier fills."""
    trade_fee = -(-(rate * size * price * (10_000 - price)) // _MODEL_ONE)
    revenue = -price * size if side == "bid" else price * size
    rounding_fee = (revenue - trade_fee) % grid
    carried += rounding_fee
    gross = trade_fee + rounding_fee
    rebate = min(carried, gross) // grid * grid
    return Charge(trade_fee, rounding_fee, rebate, gross - rebate, carried - rebate)

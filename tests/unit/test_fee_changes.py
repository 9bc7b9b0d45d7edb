"""A market's fee is its series', unless its event, a scheduled change or a waiver says otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from kalshi_tui.core.fee_changes import FeeChange, market_terms
from kalshi_tui.core.fees import NO_FEE, fee_terms
from kalshi_tui.core.grid import PriceGrid
from kalshi_tui.core.markets import Event, Market, MarketStatus, Series, Strike
from kalshi_tui.core.text import clean
from kalshi_tui.core.units import Price
from kalshi_tui.errors import ValueRefused

NOTHING: Final = clean("")
SERIES: Final = Series(ticker="KXINX", title=NOTHING, category=NOTHING, fee_type="quadratic", fee_multiplier=500_000)
EVENT: Final = Event(
    ticker="KXINX-26AUG07H1600", series_ticker="KXINX", title=NOTHING, sub_title=NOTHING, mutually_exclusive=True
)
MARKET: Final = Market(
    ticker="KXINX-26AUG07H1600-B8062",
    event_ticker=EVENT.ticker,
    title=NOTHING,
    yes_title=NOTHING,
    no_title=NOTHING,
    rules_primary=NOTHING,
    rules_secondary=NOTHING,
    strike=Strike(),
    grid=PriceGrid.from_bands([(Price(0), Price(10_000), Price(100))]),
    status=MarketStatus.ACTIVE,
    open_ms=0,
    close_ms=10_000,
)
TO_MAKER_FEES: Final = FeeChange(
    series_ticker="KXINX", fee_type="quadratic_with_maker_fees", multiplier=1_000_000, scheduled_ms=2_000
)
EVENT_TO_FREE: Final = FeeChange(
    series_ticker="KXINX", event_ticker=EVENT.ticker, fee_type="quadratic", multiplier=0, scheduled_ms=3_000
)
EVENT_CLEARED: Final = FeeChange(
    series_ticker="KXINX", event_ticker=EVENT.ticker, fee_type=None, multiplier=None, scheduled_ms=4_000
)


def test_without_anything_else_a_market_has_its_series_fee() -> None:
    assert market_terms(SERIES, EVENT, MARKET, [], read_ms=0, now_ms=0) == fee_terms("quadratic", 500_000)


def test_an_events_override_wins_over_its_series_for_what_it_sets() -> None:
    both = replace(EVENT, fee_type_override="quadratic_with_maker_fees", fee_multiplier_override=0)
    assert market_terms(SERIES, both, MARKET, [], read_ms=0, now_ms=0) == NO_FEE
    only_type = replace(EVENT, fee_type_override="quadratic_with_maker_fees")
    expected = fee_terms("quadratic_with_maker_fees", 500_000)
    assert market_terms(SERIES, only_type, MARKET, [], read_ms=0, now_ms=0) == expected


@pytest.mark.parametrize(
    ("now_ms", "fee_type", "multiplier"),
    [
        (1_999, "quadratic", 500_000),
        (2_000, "quadratic_with_maker_fees", 1_000_000),
        (3_000, "quadratic", 0),
        (4_000, "quadratic_with_maker_fees", 1_000_000),
    ],
)
def test_scheduled_changes_come_into_force_at_their_times_in_whatever_order_they_are_listed(
    now_ms: int, fee_type: str, multiplier: int
) -> None:
    changes = [EVENT_CLEARED, TO_MAKER_FEES, EVENT_TO_FREE]
    terms = market_terms(SERIES, EVENT, MARKET, changes, read_ms=1_000, now_ms=now_ms)
    assert terms == fee_terms(fee_type, multiplier)


def test_a_change_that_was_in_force_when_the_series_was_read_is_not_counted_again() -> None:
    terms = market_terms(SERIES, EVENT, MARKET, [TO_MAKER_FEES], read_ms=2_000, now_ms=9_000)
    assert terms == fee_terms("quadratic", 500_000)


def test_changes_of_other_series_and_events_do_not_matter() -> None:
    others = [replace(TO_MAKER_FEES, series_ticker="KXFED"), replace(EVENT_TO_FREE, event_ticker="KXINX-27JAN")]
    terms = market_terms(SERIES, EVENT, MARKET, others, read_ms=0, now_ms=9_000)
    assert terms == fee_terms("quadratic", 500_000)


def test_a_waiver_frees_a_market_until_it_ends_for_whoever_trusts_it() -> None:
    waived = replace(MARKET, fee_waiver_until_ms=5_000)
    charged = fee_terms("quadratic", 500_000)
    assert market_terms(SERIES, EVENT, waived, [], read_ms=0, now_ms=4_999) == NO_FEE
    assert market_terms(SERIES, EVENT, waived, [], read_ms=0, now_ms=5_000) == charged
    assert market_terms(SERIES, EVENT, waived, [], read_ms=0, now_ms=0, honour_waiver=False) == charged


def test_a_change_to_a_fee_without_a_formula_makes_the_market_unpriceable_from_then_on() -> None:
    to_flat = replace(TO_MAKER_FEES, fee_type="flat")
    market_terms(SERIES, EVENT, MARKET, [to_flat], read_ms=0, now_ms=1_999)
    with pytest.raises(ValueRefused, match="flat"):
        market_terms(SERIES, EVENT, MARKET, [to_flat], read_ms=0, now_ms=2_000)

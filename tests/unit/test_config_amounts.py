"""Amounts and percentages of limits: read exactly, within bounds, and never from a binary fraction of a dollar."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalshi_tui.config import tree
from kalshi_tui.config.amounts import Amount, Percent, Wholes, written
from kalshi_tui.config.kinds import Kind
from kalshi_tui.config.load import check_file, load_settings
from kalshi_tui.core.units import Money
from kalshi_tui.errors import ConfigError

HERE = Path("/nowhere")
DOLLARS = Amount(Money(10_000), Money(10**12))
PERCENT = Percent(1, 10_000)
SIZES = Wholes(9, 1, 100, "contracts")


@pytest.mark.parametrize(
    ("text", "millionths"),
    [("50", 50_000_000), (50, 50_000_000), ("0.01", 10_000), (" 42.1 ", 42_100_000), ("1.000001", 1_000_001)],
)
def test_dollars_are_read_to_the_millionth(text: object, millionths: int) -> None:
    assert DOLLARS.read(text, HERE) == millionths


@pytest.mark.parametrize("value", [50.0, True, "0", "0.009999", "-5", "1000000.01", "NaN", "1e3", "$5", "", None, [5]])
def test_what_is_no_exact_amount_within_bounds_is_refused(value: object) -> None:
    with pytest.raises(ConfigError) as refused:
        DOLLARS.read(value, HERE)
    assert "0.01 to 1000000 dollars" in refused.value.hint


@pytest.mark.parametrize(
    ("value", "hundredths"), [(2, 200), (2.0, 200), (0.01, 1), (2.57, 257), (0.29, 29), (100, 10_000)]
)
def test_a_percentage_is_what_its_digits_say(value: float, hundredths: int) -> None:
    assert PERCENT.read(value, HERE) == hundredths


@pytest.mark.parametrize("value", [0, 0.001, 2.005, 100.01, -1, float("nan"), float("inf"), 1e300, True, "2", None])
def test_what_is_no_percentage_within_bounds_is_refused(value: object) -> None:
    with pytest.raises(ConfigError) as refused:
        PERCENT.read(value, HERE)
    assert "0.01 to 100 percent" in refused.value.hint


@pytest.mark.parametrize("value", [[], [0], [101], [1.0], [True], ["1"], list(range(1, 11)), 5, "5"])
def test_what_is_no_list_of_whole_numbers_within_bounds_is_refused(value: object) -> None:
    with pytest.raises(ConfigError) as refused:
        SIZES.read(value, HERE)
    assert "1 to 9 contracts, each 1 to 100" in refused.value.hint


def test_a_number_that_stands_twice_counts_once() -> None:
    assert SIZES.read([25, 1, 25], HERE) == (25, 1)


@given(st.integers(10_000, 10**12).map(Money))
def test_a_written_amount_is_read_back_the_same(amount: Money) -> None:
    assert DOLLARS.read(written(amount), HERE) == amount


@given(st.integers(1, 10_000))
def test_every_percentage_with_two_decimals_is_read_back_the_same(hundredths: int) -> None:
    assert PERCENT.read(hundredths / 100, HERE) == hundredths


@pytest.mark.parametrize(
    ("amount", "text"), [(50_000_000, "50"), (42_100_000, "42.10"), (1, "0.000001"), (10_000, "0.01")]
)
def test_an_amount_is_written_as_a_person_would(amount: int, text: str) -> None:
    assert written(Money(amount)) == text


def test_the_defaults_reach_the_risk_checks_in_the_units_of_size_and_money() -> None:
    limits = load_settings(environ={}, folder=HERE).limits
    assert limits.options() == {
        "order_contracts": 5_000,
        "market_contracts": 20_000,
        "order_risk_dollars": 50_000_000,
        "market_risk_dollars": 100_000_000,
        "event_risk_dollars": 150_000_000,
        "group_risk_dollars": 250_000_000,
        "total_risk_dollars": 500_000_000,
        "trade_balance_percent": 200,
        "open_sets": 10,
        "orders_per_day": 500,
        "daily_loss_dollars": 50_000_000,
        "first_week_contracts": 500,
    }


def test_every_setting_of_a_limit_reaches_the_risk_checks() -> None:
    named = {key.removeprefix("limits.") for key in tree.kinds() if key.startswith("limits.")}
    assert set(load_settings(environ={}, folder=HERE).limits.options()) == named


def test_no_setting_lifts_the_hard_cap_of_an_order(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[limits]\norder_contracts = 101\n")
    with pytest.raises(ConfigError, match="order_contracts is 101, which is out of range"):
        check_file(file)


@pytest.mark.parametrize("kind", [DOLLARS, PERCENT, SIZES])
def test_the_bounds_themselves_are_taken(kind: Kind) -> None:
    low: dict[type, tuple[object, object]] = {
        Amount: ("0.01", "1000000"),
        Percent: (0.01, 100),
        Wholes: ([1], [100]),
    }
    for bound in low[type(kind)]:
        kind.read(bound, HERE)


def test_real_money_is_off_until_somebody_turns_it_on() -> None:
    settings = load_settings(environ={}, folder=HERE)
    assert settings.live.enabled is False
    assert settings.origin("live.enabled") == "default"

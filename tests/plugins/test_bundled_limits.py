"""The limits one by one: at its limit an order passes, one step beyond it is denied with the figures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kalshi_tui.core.units import Money, Size
from kalshi_tui.sdk import Denial, RiskPicture, Usage, ValueRefused
from kalshi_tui_limits import register_risk_checks
from tests.plugins.pictures import LIMITS, LOOSEST, TIGHTEST, exposure, money, picture

NEW = {"is_live": True, "live_days": 6}


def denials(options: Mapping[str, int], shown: RiskPicture) -> dict[str, Denial]:
    found = [check.judge(shown) for check in register_risk_checks(options)]
    return {denial.code: denial for denial in found if denial is not None}


def usages(options: Mapping[str, int], shown: RiskPicture) -> dict[str, Usage]:
    found = [check.usage(shown) for check in register_risk_checks(options)]
    return {usage.name: usage for usage in found if usage is not None}


def test_an_order_within_every_limit_passes() -> None:
    assert denials(LIMITS, picture()) == {}


AT_AND_BEYOND: list[tuple[str, dict[str, object], dict[str, object], str]] = [
    (
        "LIMIT_ORDER_CONTRACTS",
        {"size": Size(5_000)},
        {"size": Size(5_001)},
        "would send 50.01 contracts; the limit is 50",
    ),
    (
        "LIMIT_FIRST_WEEK",
        {"size": Size(500), **NEW},
        {"size": Size(600), **NEW},
        "would send 6 contracts; in the first week with real money the limit is 5",
    ),
    (
        "LIMIT_MARKET_CONTRACTS",
        {"worst_size": Size(20_000)},
        {"worst_size": Size(20_100)},
        "could come to 201 contracts in this market; the limit is 200",
    ),
    (
        "LIMIT_ORDER_RISK",
        {"at_risk": money("50"), "balance": money("9000")},
        {"at_risk": money("50.01"), "balance": money("9000")},
        "would risk $50.01 in one order; the limit is $50.00",
    ),
    (
        "LIMIT_TRADE_BALANCE",
        {"at_risk": money("20")},
        {"at_risk": money("20.000001")},
        "would risk $20.01 in one order; 2 % of the balance is $20.00",
    ),
    (
        "LIMIT_MARKET_RISK",
        {"market": exposure("M", "0", "100")},
        {"market": exposure("M", "0", "100.50")},
        "would risk $100.50 in this market; the limit is $100.00",
    ),
    (
        "LIMIT_EVENT_RISK",
        {"event": exposure("E", "0", "150")},
        {"event": exposure("E", "0", "152.10")},
        "would risk $152.10 in this event; the limit is $150.00",
    ),
    (
        "LIMIT_GROUP_RISK",
        {"groups": (exposure("KXFED", "0", "250"), exposure("rates", "0", "250"))},
        {"groups": (exposure("KXFED", "0", "250"), exposure("{rates}", "0", "251"))},
        "would risk $251.00 in {rates}, which moves together; the limit is $250.00",
    ),
    (
        "LIMIT_TOTAL_RISK",
        {"total": exposure("", "0", "500")},
        {"total": exposure("", "0", "500.01")},
        "would risk $500.01 in all; the limit is $500.00",
    ),
    ("LIMIT_OPEN_SETS", {"sets_after": 10}, {"sets_after": 11}, "would be in 11 events at once; the limit is 10"),
    (
        "LIMIT_ORDERS_PER_DAY",
        {"orders_today": 499},
        {"orders_today": 500},
        "would be order 501 of the day; the limit is 500",
    ),
    (
        "LIMIT_DAILY_LOSS",
        {"day_result": Money(-49_999_999)},
        {"day_result": Money(-50_000_000)},
        "$50.00 is lost today; the limit is $50.00",
    ),
]


@pytest.mark.parametrize(("code", "at", "beyond", "words"), AT_AND_BEYOND, ids=[row[0] for row in AT_AND_BEYOND])
def test_a_limit_is_kept_at_its_edge_and_broken_one_step_beyond(
    code: str, at: Mapping[str, object], beyond: Mapping[str, object], words: str
) -> None:
    assert denials(LIMITS, picture(**at)) == {}
    found = denials(LIMITS, picture(**beyond))
    assert set(found) == {code}
    assert found[code].words == words


def test_a_denial_tells_what_was_measured_against_what() -> None:
    (denial,) = denials(LIMITS, picture(event=exposure("E", "0", "152.10"))).values()
    assert (denial.used, denial.limit) == (152_100_000, 150_000_000)


def test_no_setting_lifts_a_hundred_contracts_an_order() -> None:
    beyond = {**LOOSEST, "order_contracts": 1_000_000}
    assert denials(beyond, picture(size=Size(10_000))) == {}
    assert denials(beyond, picture(size=Size(10_001)))["LIMIT_ORDER_CONTRACTS"].limit == 10_000


@pytest.mark.parametrize(
    ("is_live", "days", "is_new"),
    [(True, None, True), (True, 0, True), (True, 6, True), (True, 7, False), (False, 0, False)],
)
def test_the_first_week_is_the_seven_days_from_the_first_order_with_real_money(
    *, is_live: bool, days: int | None, is_new: bool
) -> None:
    found = denials(LIMITS, picture(is_live=is_live, live_days=days, size=Size(600)))
    assert ("LIMIT_FIRST_WEEK" in found) is is_new


@pytest.mark.parametrize(("missing", "code"), [("balance", "LIMIT_TRADE_BALANCE"), ("day_result", "LIMIT_DAILY_LOSS")])
@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), "1000"])
def test_a_figure_that_is_not_known_denies(missing: str, code: str, value: object) -> None:
    found = denials(LOOSEST, picture(**{missing: value}))
    assert set(found) == {code}
    assert "is not known, so nothing may add risk" in found[code].words


@pytest.mark.parametrize("value", [None, float("nan"), float("-inf"), "1"])
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("size", "LIMIT_ORDER_CONTRACTS"),
        ("worst_size", "LIMIT_MARKET_CONTRACTS"),
        ("at_risk", "LIMIT_ORDER_RISK"),
        ("sets_after", "LIMIT_OPEN_SETS"),
    ],
)
def test_nothing_but_a_whole_number_keeps_to_a_limit(name: str, code: str, value: object) -> None:
    assert code in denials(LOOSEST, picture(**{name: value}))


@pytest.mark.parametrize("options", [LIMITS, TIGHTEST])
def test_what_adds_no_risk_is_never_denied(options: Mapping[str, int]) -> None:
    worst = {name: value for _, _, beyond, _ in AT_AND_BEYOND for name, value in beyond.items()}
    unknown = {"balance": None, "day_result": None, "is_live": True, "live_days": None}
    worst |= {"size": Size(5_001), "at_risk": money("50.01")}
    assert denials(options, picture(**{**worst, **unknown, "adds_risk": False})) == {}
    assert len(denials(options, picture(**{**worst, **unknown}))) == len(LIMITS)


def test_what_is_used_is_told_from_before_the_order() -> None:
    found = usages(LIMITS, picture())
    assert {name: (usage.used, usage.limit, usage.unit) for name, usage in found.items()} == {
        "contracts in KXFED-26SEP-T4.25": (2_000, 20_000, "contracts"),
        "risk in market KXFED-26SEP-T4.25": (8_200_000, 100_000_000, "dollars"),
        "risk in event KXFED-26SEP": (20_000_000, 150_000_000, "dollars"),
        "risk in group rates": (40_000_000, 250_000_000, "dollars"),
        "risk in all": (100_000_000, 500_000_000, "dollars"),
        "open events": (3, 10, "sets"),
        "orders today": (7, 500, "orders"),
        "lost today": (3_000_000, 50_000_000, "dollars"),
    }


def test_a_short_holding_uses_as_much_as_a_long_one() -> None:
    assert usages(LIMITS, picture(held=Size(-2_000)))["contracts in KXFED-26SEP-T4.25"].used == 2_000


def test_a_day_that_gains_has_lost_nothing_and_an_unknown_one_says_nothing() -> None:
    assert usages(LIMITS, picture(day_result=Money(5)))["lost today"].used == 0
    assert "lost today" not in usages(LIMITS, picture(day_result=None))


def test_without_a_market_only_the_limits_of_the_whole_account_have_a_usage() -> None:
    nowhere = exposure("", "0", "0")
    shown = picture(ticker="", market=nowhere, event=nowhere, groups=())
    assert set(usages(LIMITS, shown)) == {"risk in all", "open events", "orders today", "lost today"}


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("value", [0, -1, 1.5, True, "50", None])
def test_a_limit_that_is_no_number_above_zero_makes_no_checks_at_all(name: str, value: Any) -> None:
    with pytest.raises(ValueRefused, match=name):
        register_risk_checks({**LIMITS, name: value})


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_that_is_missing_makes_no_checks_at_all(name: str) -> None:
    with pytest.raises(ValueRefused, match=name):
        register_risk_checks({key: limit for key, limit in LIMITS.items() if key != name})


def test_every_check_has_a_name_and_a_code_of_its_own_and_the_document_explains_the_code() -> None:
    checks = register_risk_checks(LIMITS)
    assert len({check.name for check in checks}) == len(checks) == len(LIMITS)
    codes = {row[0] for row in AT_AND_BEYOND}
    assert len(codes) == len(checks)
    document = (Path(__file__).parents[2] / "plugins" / "README.md").read_text()
    assert set(re.findall(r"^\| `(LIMIT_\w+)` \|", document, re.MULTILINE)) == codes

"""Rules over all pictures and limits: tightening never allows, more exposure never allows, and no limit is dead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalshi_tui.config import tree
from kalshi_tui.config.load import default_file
from kalshi_tui.config.toml_file import read_toml
from kalshi_tui.core.units import Money, Size
from kalshi_tui.sdk import Exposure, RiskPicture
from kalshi_tui_limits import register_risk_checks
from tests.plugins.pictures import LIMITS, LOOSEST, TIGHTEST, picture

AMOUNTS = st.integers(0, 2_000_000_000)
COUNTS = st.integers(0, 1_000)
SIZES = st.integers(1, 30_000).map(Size)
OPTIONS = st.fixed_dictionaries({name: st.integers(TIGHTEST[name], LOOSEST[name]) for name in LIMITS})


@st.composite
def exposures(draw: st.DrawFn) -> Exposure:
    return Exposure("place", Money(draw(AMOUNTS)), Money(draw(AMOUNTS)))


PICTURES = st.builds(
    picture,
    size=SIZES,
    at_risk=AMOUNTS.map(Money),
    worst_size=SIZES,
    market=exposures(),
    event=exposures(),
    groups=st.lists(exposures(), max_size=3).map(tuple),
    total=exposures(),
    sets_after=COUNTS,
    orders_today=COUNTS,
    balance=st.none() | st.integers(-(10**6), 10**12).map(Money),
    day_result=st.none() | st.integers(-(10**9), 10**9).map(Money),
    is_live=st.booleans(),
    live_days=st.none() | st.integers(0, 30),
)


def codes(options: Mapping[str, int], shown: RiskPicture) -> set[str]:
    found = (check.judge(shown) for check in register_risk_checks(options))
    return {denial.code for denial in found if denial is not None}


@given(OPTIONS, PICTURES, st.data())
def test_tightening_a_limit_never_turns_a_denial_into_an_allowance(
    options: Mapping[str, int], shown: RiskPicture, data: st.DataObject
) -> None:
    tighter = {name: data.draw(st.integers(TIGHTEST[name], limit)) for name, limit in options.items()}
    assert codes(options, shown) <= codes(tighter, shown)


def grown(shown: RiskPicture, more: st.DataObject) -> RiskPicture:
    """Return a picture with at least as much of everything that can be lost, held or counted."""

    def larger(value: int) -> int:
        return value + more.draw(AMOUNTS)

    def wider(one: Exposure) -> Exposure:
        return Exposure(one.name, Money(larger(one.before)), Money(larger(one.after)))

    return picture(
        size=Size(larger(shown.size)),
        at_risk=Money(larger(shown.at_risk)),
        worst_size=Size(larger(shown.worst_size)),
        market=wider(shown.market),
        event=wider(shown.event),
        groups=tuple(wider(group) for group in shown.groups),
        total=wider(shown.total),
        sets_after=larger(shown.sets_after),
        orders_today=larger(shown.orders_today),
        balance=more.draw(st.sampled_from([None, shown.balance and Money(shown.balance - more.draw(AMOUNTS))])),
        day_result=None if shown.day_result is None else Money(shown.day_result - more.draw(AMOUNTS)),
        is_live=shown.is_live,
        live_days=shown.live_days,
    )


@given(OPTIONS, PICTURES, st.data())
def test_more_exposure_never_turns_a_denial_into_an_allowance(
    options: Mapping[str, int], shown: RiskPicture, data: st.DataObject
) -> None:
    assert codes(options, shown) <= codes(options, grown(shown, data))


@given(OPTIONS, PICTURES)
def test_what_passes_keeps_to_every_limit(options: Mapping[str, int], shown: RiskPicture) -> None:
    """Compare with the limits written out once more, in one place and without the plugin's helpers."""
    is_new = shown.is_live and (shown.live_days is None or shown.live_days < 7)
    kept = [
        shown.size <= options["order_contracts"],
        shown.size <= 10_000,
        not is_new or shown.size <= options["first_week_contracts"],
        shown.worst_size <= options["market_contracts"],
        shown.at_risk <= options["order_risk_dollars"],
        shown.balance is not None and shown.at_risk * 10_000 <= shown.balance * options["trade_balance_percent"],
        shown.market.after <= options["market_risk_dollars"],
        shown.event.after <= options["event_risk_dollars"],
        all(group.after <= options["group_risk_dollars"] for group in shown.groups),
        shown.total.after <= options["total_risk_dollars"],
        shown.sets_after <= options["open_sets"],
        shown.orders_today < options["orders_per_day"],
        shown.day_result is not None and shown.day_result > -options["daily_loss_dollars"],
    ]
    assert (codes(options, shown) == set()) is all(kept)


@given(OPTIONS, PICTURES, st.sampled_from(["balance", "day_result"]))
def test_what_is_unknown_denies_under_any_limits(options: Mapping[str, int], shown: RiskPicture, name: str) -> None:
    facts = {field: getattr(shown, field) for field in shown.__struct_fields__}
    assert codes(options, picture(**{**facts, name: None}))


@given(OPTIONS, PICTURES)
def test_the_same_picture_is_judged_the_same(options: Mapping[str, int], shown: RiskPicture) -> None:
    first, again = register_risk_checks(options), register_risk_checks(options)
    assert [check.judge(shown) for check in first] == [check.judge(shown) for check in again]
    assert [check.usage(shown) for check in first] == [check.usage(shown) for check in again]


ORDINARY = picture(is_live=True, live_days=2, size=Size(200))
"""Two contracts, in trade since two days: nothing about it is unusual."""


def test_under_the_loosest_limits_an_ordinary_order_passes() -> None:
    assert codes(LOOSEST, ORDINARY) == set()


@pytest.mark.parametrize("name", LIMITS)
def test_every_limit_alone_denies_an_ordinary_order_when_it_is_tightest(name: str) -> None:
    assert len(codes({**LOOSEST, name: TIGHTEST[name]}, ORDINARY)) == 1


class Watched(dict[str, int]):
    """Remembers what was read of it."""

    def __init__(self, options: Mapping[str, int]) -> None:
        super().__init__(options)
        self.read: set[str] = set()

    def get(self, name: str, default: object = None) -> int:
        del default
        self.read.add(name)
        return self[name]

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("options are asked for by name")


def test_no_setting_of_a_limit_is_dead() -> None:
    options = Watched(LIMITS)
    register_risk_checks(options)
    assert options.read == {key.removeprefix("limits.") for key in tree.kinds() if key.startswith("limits.")}


def test_the_tightest_and_loosest_are_what_a_person_can_set() -> None:
    def read(values: Mapping[str, str]) -> dict[str, object]:
        text = "[limits]\n" + "".join(f"{name} = {value}\n" for name, value in values.items())
        found = read_toml(text, default_file(), "test")
        return {key.removeprefix("limits."): value.value for key, value in found.items()}

    tightest = read({name: '"0.01"' if name.endswith("_dollars") else "1" for name in LIMITS if "percent" not in name})
    assert tightest == {
        name: limit // 100 if name.endswith("_contracts") else limit
        for name, limit in TIGHTEST.items()
        if "percent" not in name
    }
    assert read({"trade_balance_percent": "0.01"}) == {"trade_balance_percent": TIGHTEST["trade_balance_percent"]}
    assert read({"order_contracts": "100"}) == {"order_contracts": LOOSEST["order_contracts"] // 100}

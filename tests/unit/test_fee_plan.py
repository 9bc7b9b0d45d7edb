"""Fees that are to come are announced once, come into force by the clock, and may be called off."""

from __future__ import annotations

from typing import Any

import pytest

from kalshi_tui.engine import fee_plan
from kalshi_tui.engine.catalogue import Catalogue
from kalshi_tui.errors import ValueRefused
from tests.unit.catalogue_kit import (
    NOW,
    encode,
    event_json,
    events_body,
    fee_word,
    market_json,
    series_body,
    series_json,
)

WHEN = NOW + 29 * 60_000 + 30_000 + 60_000  # 2026-06-11 07:00:00 UTC
USUAL = "taker 7 % of price x (1 - price), maker none"
DOUBLE = "taker 14 % of price x (1 - price), maker none"


@pytest.fixture
def catalogue() -> Catalogue:
    made = Catalogue()
    made.take_series(series_body(series_json()), NOW)
    made.take_events(events_body(event_json("E", [market_json("E-1")]), event_json("F", [market_json("F-1")])), NOW)
    return made


def series_fees(*rows: dict[str, Any]) -> bytes:
    return encode({"series_fee_change_arr": rows})


def event_fees(*rows: dict[str, Any]) -> bytes:
    return encode({"event_fee_changes": rows, "cursor": ""})


def to_double(**fields: Any) -> dict[str, Any]:
    return {
        "scheduled_ts": "2026-06-11T07:00:00Z",
        "series_ticker": "S",
        "fee_type": "quadratic",
        "fee_multiplier": 2,
        **fields,
    }


def own(multiplier: float | None = 0, **fields: Any) -> dict[str, Any]:
    return {
        "scheduled_ts": "2026-06-11T07:00:00Z",
        "series_ticker": "S",
        "event_ticker": "E",
        "fee_type_override": "quadratic",
        "fee_multiplier_override": multiplier,
        **fields,
    }


def told(catalogue: Catalogue) -> list[tuple[str, str]]:
    return [(change.ticker, change.field) for change in catalogue.take_changes()]


def test_a_fee_to_come_is_told_once_and_holds_from_its_time_on(catalogue: Catalogue) -> None:
    catalogue.take_fee_changes(series_fees(to_double()), NOW)
    catalogue.take_fee_changes(series_fees(to_double()), NOW + 1)
    (change,) = catalogue.take_changes()
    assert change.words == "S: from 2026-06-11 07:00:00 UTC its fee is quadratic multiplier 2"
    assert change.loudness == "warning"
    assert catalogue.fee_of("E-1", WHEN - 1) == USUAL
    assert catalogue.fee_of("E-1", WHEN) == DOUBLE
    assert catalogue.at_revision("E-1", 1).revision == 1


def test_a_fee_that_comes_into_force_is_told_and_the_old_one_refused(catalogue: Catalogue) -> None:
    catalogue.take_fee_changes(series_fees(to_double()), NOW)
    catalogue.take_changes()
    catalogue.tick(WHEN - 1)
    assert told(catalogue) == []
    catalogue.tick(WHEN)
    assert told(catalogue) == [("S", "fee_multiplier")]
    with pytest.raises(ValueRefused, match="has changed since"):
        catalogue.at_revision("F-1", 1)
    assert catalogue.fee_of("E-1", WHEN) == DOUBLE
    catalogue.take_series(series_body(series_json(fee_multiplier=2)), WHEN + 1)
    assert told(catalogue) == []
    catalogue.take_fee_changes(series_fees(), WHEN + 2)
    assert told(catalogue) == []  # it came true, and was not called off


def test_an_answer_from_before_the_change_does_not_undo_it(catalogue: Catalogue) -> None:
    catalogue.take_fee_changes(series_fees(to_double()), NOW)
    catalogue.take_series(series_body(series_json()), WHEN + 5, WHEN - 5)
    assert catalogue.fee_of("E-1", WHEN + 5) == DOUBLE


def test_a_reading_from_after_the_change_is_not_changed_again(catalogue: Catalogue) -> None:
    catalogue.take_fee_changes(event_fees(own(0.5)), NOW)
    catalogue.take(fee_word("E", "quadratic", 3_000_000), WHEN - 1)
    catalogue.tick(WHEN)
    assert catalogue.fee_of("E-1", WHEN) == "taker 3.5 % of price x (1 - price), maker none"
    catalogue.take(fee_word("E", "quadratic", 3_000_000), WHEN + 1)
    assert catalogue.fee_of("E-1", WHEN + 1) == "taker 21 % of price x (1 - price), maker none"


def test_an_events_fee_to_come_is_its_own_and_can_be_lifted(catalogue: Catalogue) -> None:
    lifted = own(None, fee_type_override=None, scheduled_ts="2026-06-11T08:00:00Z")
    catalogue.take_fee_changes(event_fees(own(), lifted), NOW)
    words = [change.words for change in catalogue.take_changes()]
    assert words[1] == "E: from 2026-06-11 08:00:00 UTC its fee is that of its series"
    assert (catalogue.fee_of("E-1", WHEN), catalogue.fee_of("F-1", WHEN)) == ("none", USUAL)
    catalogue.tick(WHEN + 3_600_000)
    assert catalogue.fee_of("E-1", WHEN + 3_600_000) == USUAL


def test_a_fee_that_was_called_off_is_told_and_never_comes(catalogue: Catalogue) -> None:
    catalogue.take_fee_changes(series_fees(to_double()), NOW)
    catalogue.take_fee_changes(event_fees(own()), NOW)  # the other list; it calls nothing off
    assert told(catalogue) == [("S", "coming_fee"), ("E", "coming_fee")]
    catalogue.take_fee_changes(series_fees(), NOW + 1)
    (change,) = catalogue.take_changes()
    assert change.words == "S: its fee of quadratic multiplier 2 from 2026-06-11 07:00:00 UTC was called off"
    catalogue.tick(WHEN)
    assert catalogue.fee_of("F-1", WHEN) == USUAL
    assert catalogue.fee_of("E-1", WHEN) == "none"


def test_only_after_the_last_page_is_what_was_in_none_called_off(catalogue: Catalogue) -> None:
    catalogue.take_fee_changes(event_fees(own(), own(event_ticker="F")), NOW)
    catalogue.take_changes()
    catalogue.take_fee_changes(event_fees(own()), NOW, is_last=False)
    catalogue.take_fee_changes(event_fees(own(event_ticker="F")), NOW)
    assert told(catalogue) == []
    catalogue.take_fee_changes(event_fees(own()), NOW, is_last=False)
    catalogue.take_fee_changes(event_fees(), NOW)
    assert told(catalogue) == [("F", "coming_fee")]


def test_changes_of_the_past_are_not_announced_again(catalogue: Catalogue) -> None:
    catalogue.take_fee_changes(series_fees(to_double()), WHEN)
    assert told(catalogue) == []
    assert catalogue.fee_of("E-1", WHEN) == USUAL  # the series was read, and has what it has


def test_what_is_not_known_is_said(catalogue: Catalogue) -> None:
    bare = Catalogue()
    bare.take_kept("market", [encode(market_json("E-1"))])
    assert bare.fee_of("E-1", NOW) == "unknown: event E was not read yet"
    bare.take_events(events_body(event_json("E")), NOW)
    assert bare.fee_of("E-1", NOW) == "unknown: series S was not read yet"
    bare.take_series(series_body(series_json(fee_type="cubic")), NOW)
    assert bare.fee_of("E-1", NOW) == "unknown: fee type 'cubic' has no published formula"
    assert catalogue.fee_of("E-1", NOW) == USUAL


def test_a_waived_fee_says_until_when(catalogue: Catalogue) -> None:
    waived = market_json("E-1", fee_waiver_expiration_time="2026-06-11T07:00:00Z")
    catalogue.take_events(events_body(event_json("E", [waived])), NOW)
    assert catalogue.fee_of("E-1", WHEN - 1) == "none, waived until 2026-06-11 07:00:00 UTC"
    assert catalogue.fee_of("E-1", WHEN) == USUAL


def test_the_plan_is_bounded_and_says_so(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fee_plan, "LIMIT", 1)
    catalogue.take_fee_changes(series_fees(to_double(), to_double(series_ticker="T")), NOW)
    assert told(catalogue) == [("S", "coming_fee")]
    assert catalogue.bounds == {"scheduled fees": 1}
    catalogue.tick(WHEN)
    later = to_double(series_ticker="T", scheduled_ts="2026-06-11T09:00:00Z")
    catalogue.take_fee_changes(series_fees(later), WHEN)
    assert told(catalogue) == [("S", "fee_multiplier"), ("T", "coming_fee")]

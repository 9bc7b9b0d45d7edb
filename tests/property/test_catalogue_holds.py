"""The catalogue is what was read, in whatever order, and each change is told exactly once."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalshi_tui.core.units import Price
from kalshi_tui.engine.catalogue import Catalogue
from kalshi_tui.engine.changes import Change
from kalshi_tui.link.keys import Sort
from tests.unit.catalogue_kit import (
    CENTS,
    NOW,
    TENTHS,
    event_json,
    events_body,
    market_json,
    markets_body,
    series_body,
    series_json,
    word,
)

SORTS: tuple[Sort, ...] = ("event", "volume", "close", "open")
SERIES = series_body(series_json("S"), series_json("T", category="Sport", fee_multiplier=2))
EVENTS = [
    event_json(
        f"{series}{number}",
        [market_json(f"{series}{number}-{part}", volume_fp=f"{7 * part % 5}.00") for part in range(number + 1)],
        series_ticker=series,
    )
    for series in "ST"
    for number in range(3)
]


def contents(catalogue: Catalogue) -> tuple[Any, ...]:
    """Return everything that anybody can see of a catalogue, the order in which things came aside."""
    known = {ticker: catalogue.get(ticker) for ticker in sorted(catalogue.tickers())}
    return (
        known,
        {ticker: (catalogue.event_of(ticker), catalogue.series_of(ticker)) for ticker in known},
        {ticker: catalogue.fee_of(ticker, NOW) for ticker in known},
        [catalogue.page(sort=sort, search=search, now_ms=NOW) for sort in SORTS for search in ("", "s2", "happen t")],
        sorted(catalogue.must_read()),
        sorted(catalogue.must_read_events()),
    )


def saved(catalogue: Catalogue) -> dict[str, list[tuple[str, bytes]]]:
    return {kind: sorted(rows) for kind, rows in catalogue.take_saves().items()}


@given(st.data())
def test_pages_in_any_order_and_repeated_make_the_same_catalogue(data: st.DataObject) -> None:
    usual = Catalogue()
    usual.take_series(SERIES, NOW)
    usual.take_events(events_body(*EVENTS), NOW)

    shuffled = data.draw(st.permutations([*EVENTS, *data.draw(st.lists(st.sampled_from(EVENTS), max_size=4))]))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(shuffled)), max_size=4)))
    pages = [events_body(*shuffled[start:end]) for start, end in pairwise([0, *cuts, len(shuffled)])]
    alone = data.draw(
        st.lists(st.sampled_from([market for event in EVENTS for market in event["markets"]]), max_size=3)
    )
    other = Catalogue()
    takes = [(other.take_events, page) for page in pages]
    takes += [(other.take_markets, markets_body(market)) for market in alone]
    takes += [(other.take_series, SERIES)] * data.draw(st.integers(1, 2))
    for take, body in data.draw(st.permutations(takes)):
        take(body, NOW)
        if data.draw(st.booleans()):
            other.page(sort=data.draw(st.sampled_from(SORTS)), now_ms=NOW)  # orders are made in between as well
    assert contents(other) == contents(usual)
    assert saved(other) == saved(usual)
    assert other.take_changes() == usual.take_changes() == ()


# A venue that goes on while answers are on their way


@dataclass
class Venue:
    """One market as it truly is, and what is under way."""

    random: Random
    now_ms: int = NOW
    truth: dict[str, Any] = field(default_factory=dict)
    underway: list[tuple[int, int, bytes]] = field(default_factory=list)  # arrives, was asked, body
    happened: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("close_ms", "grid", "status"), 0))

    def body(self) -> bytes:
        hour = self.truth.get("hour", 14)
        fields = {
            "close_time": f"2026-06-12T{hour}:00:00.3Z",
            "price_ranges": TENTHS if self.truth.get("tenths") else CENTS,
            "status": "inactive" if self.truth.get("paused") else "active",
            "rules_primary": f"Rules {self.truth.get('rules', 0)}",
            "volume_fp": f"{self.random.randrange(2)}.00",
        }
        return events_body(event_json("E", [market_json("E-1", **fields)]))

    def change(self, catalogue: Catalogue) -> None:
        """Let something change; what the stream tells is heard at once, rules are told to nobody."""
        match self.random.randrange(4):
            case 0:
                hour = self.random.choice([hour for hour in range(11, 18) if hour != self.truth.get("hour", 14)])
                self.truth["hour"] = hour
                self.happened["close_ms"] += 1
                close_ms = 1_781_222_400_000 + hour * 3_600_000  # midnight of 2026-06-12, and the hour
                catalogue.take(word("close_date_updated", close_ms=close_ms), self.now_ms)
            case 1:
                self.truth["tenths"] = not self.truth.get("tenths")
                self.happened["grid"] += 1
                step = Price(10 if self.truth["tenths"] else 100)
                told = word("price_level_structure_updated", price_ranges=((Price(0), Price(10_000), step),))
                catalogue.take(told, self.now_ms)
            case 2:
                self.truth["paused"] = not self.truth.get("paused")
                self.happened["status"] += 1
                kind = "deactivated" if self.truth["paused"] else "activated"
                catalogue.take(word(kind, is_deactivated=self.truth["paused"]), self.now_ms)
            case _:
                self.truth["rules"] = self.random.randrange(3)

    def ask(self) -> None:
        """Ask now; the answer tells how things stand at some moment from now until it arrives."""
        self.underway.append((self.now_ms + self.random.randrange(1, 200), self.now_ms, self.body()))

    def deliver(self, catalogue: Catalogue) -> None:
        due = [answer for answer in self.underway if answer[0] <= self.now_ms]
        self.underway = [answer for answer in self.underway if answer[0] > self.now_ms]
        self.random.shuffle(due)
        for _, asked_ms, body in due:
            catalogue.take_events(body, self.now_ms, asked_ms)


@pytest.mark.parametrize("seed", range(60))
def test_each_change_is_told_once_and_in_the_end_the_catalogue_is_right(seed: int) -> None:
    venue = Venue(Random(seed))
    catalogue = Catalogue()
    catalogue.take_events(venue.body(), NOW)
    first = catalogue.current("E-1", NOW, 0).market
    told: list[Change] = []
    for _ in range(80):
        venue.now_ms += venue.random.randrange(1, 60)
        venue.deliver(catalogue)
        if venue.random.random() < 0.5:
            venue.change(catalogue)
        if venue.random.random() < 0.5:
            venue.ask()
        told += catalogue.take_changes()
    venue.now_ms += 1_000
    catalogue.take_events(venue.body(), venue.now_ms)
    told += catalogue.take_changes()

    fresh = Catalogue()
    fresh.take_events(venue.body(), venue.now_ms)
    last, truth = catalogue.current("E-1", venue.now_ms, 0), fresh.current("E-1", venue.now_ms, 0)
    for name in ("close_ms", "grid", "status", "rules_primary"):
        assert getattr(last.market, name) == getattr(truth.market, name)
        steps = [change for change in told if change.field == name]
        assert all(before.new == after.old for before, after in pairwise(steps))
        assert all(step.old != step.new for step in steps)
        if name in venue.happened:
            assert len(steps) == venue.happened[name]
    rules = [change for change in told if change.field == "rules_primary"]
    assert [change.old for change in rules[:1]] in ([], [first.rules_primary])
    assert [change.new for change in rules[-1:]] in ([], [truth.market.rules_primary])
    assert catalogue.must_read() == ()

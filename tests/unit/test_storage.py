"""What was given to a storage is there afterwards, in bounds, and the same for a simulation as for a live engine."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from kalshi_tui.adapters.sqlite_now import SqliteNow
from kalshi_tui.adapters.sqlite_work import Waiting
from kalshi_tui.engine.ports import Storage
from kalshi_tui.errors import ValueRefused
from tests.unit.storage_kit import NAMES, point, settings, storage_at


@pytest.fixture(params=["live", "now", "now in a file"])
async def storage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Storage]:
    file = tmp_path / "db" / "one.sqlite"
    made: Storage
    if request.param == "live":
        made = storage_at(file, history_per_market=10)
    else:
        made = SqliteNow(NAMES, settings(10), file=file if request.param == "now in a file" else None)
    await made.open()
    yield made
    await made.close()


async def test_rows_come_back_by_kind_as_they_were_and_the_latest_counts(storage: Storage) -> None:
    storage.keep("market", [("B-2", b'{"a":1}'), ("B-1", b"{}")])
    storage.keep("event", [("B", b"\x00\xff")])
    storage.keep("market", [("B-2", b'{"a":2}')])
    await storage.flush()
    assert await storage.catalogue() == [("event", [b"\x00\xff"]), ("market", [b"{}", b'{"a":2}'])]
    assert (storage.lost, storage.problem) == (0, "")


async def test_a_row_that_was_kept_again_after_it_was_forgotten_stays(storage: Storage) -> None:
    storage.keep("series", [("S", b"1"), ("T", b"1")])
    storage.forget("series", ["S", "T"])
    storage.keep("series", [("T", b"2")])
    await storage.flush()
    assert await storage.catalogue() == [("series", [b"2"])]


async def test_rows_come_in_batches_that_can_be_taken_between_two_frames(storage: Storage) -> None:
    rows = [(f"M-{number:04}", b"%d" % number) for number in range(1001)]
    for start in range(0, 1001, 500):
        storage.keep("market", rows[start : start + 500])
        await storage.flush()
    batches = await storage.catalogue()
    assert [(kind, len(raws)) for kind, raws in batches] == [("market", 500), ("market", 500), ("market", 1)]
    assert [raw for _, raws in batches for raw in raws] == [raw for _, raw in rows]


async def test_history_comes_oldest_first_from_a_time_on_and_the_latest_of_it(storage: Storage) -> None:
    storage.add_history([("M", point(at_ms)) for at_ms in (300, 100, 200)] + [("N", point(150, bid=None))])
    await storage.flush()
    assert await storage.history("M", 0, 10) == [point(100), point(200), point(300)]
    assert await storage.history("M", 150, 10) == [point(200), point(300)]
    assert await storage.history("M", 0, 2) == [point(200), point(300)]
    assert await storage.history("N", 0, 10) == [point(150, bid=None)]
    assert await storage.history("M", 0, -1) == []


async def test_of_a_markets_history_the_oldest_goes(storage: Storage) -> None:
    storage.add_history([("N", point(1))])
    for at_ms in range(40):
        storage.add_history([("M", point(at_ms))])
        await storage.flush()
    assert await storage.history("M", 0, 1000) == [point(at_ms) for at_ms in range(30, 40)]
    assert await storage.history("N", 0, 1000) == [point(1)]


@pytest.mark.parametrize("runs", [1, 30])
async def test_no_history_grows_beyond_its_length_by_more_than_a_tenth(tmp_path: Path, runs: int) -> None:
    file = tmp_path / "db" / "one.sqlite"
    for run in range(runs):
        storage = storage_at(file, history_per_market=20)
        await storage.open()
        for number in range(90 // runs):
            storage.add_history([("M", point(1000 * run + number))])
            await storage.flush()
        await storage.close()
        with closing(sqlite3.connect(file)) as connection:
            assert connection.execute("SELECT count(*) FROM history").fetchone()[0] <= 22


def test_of_many_rows_at_once_those_beyond_the_bound_are_lost_and_counted() -> None:
    waiting = Waiting(limit=3, history_per_market=10)
    waiting.keep("market", [(f"M-{number}", b"x") for number in range(5)])
    waiting.keep("market", [("M-0", b"newer")])
    assert (len(waiting), waiting.lost) == (3, 2)
    assert waiting.take().rows["market", "M-0"] == b"newer"


def test_what_comes_while_an_attempt_fails_is_newer_than_what_is_put_back() -> None:
    waiting = Waiting(limit=100, history_per_market=10)
    waiting.keep("market", [("M", b"old"), ("N", b"old")])
    waiting.remember("layout", "old")
    waiting.add_history([("M", point(1))])
    batch = waiting.take()
    waiting.keep("market", [("M", b"new")])
    waiting.forget("market", ["N"])
    waiting.remember("layout", "new")
    waiting.add_history([("M", point(2))])
    waiting.put_back(batch)
    again = waiting.take()
    assert again.rows == {("market", "M"): b"new", ("market", "N"): None}
    assert again.texts == {"layout": "new"}
    assert again.points == [("M", point(1)), ("M", point(2))]
    assert len(waiting) == 0


async def test_a_forgotten_markets_history_goes_with_it_and_an_events_does_not(storage: Storage) -> None:
    storage.add_history([("M", point(1)), ("N", point(1))])
    await storage.flush()
    storage.forget("market", ["M"])
    storage.forget("event", ["N"])
    await storage.flush()
    assert await storage.history("M", 0, 10) == []
    assert await storage.history("N", 0, 10) == [point(1)]


async def test_a_text_can_be_recalled_at_once_and_after_it_was_written(storage: Storage) -> None:
    assert await storage.recall("layout") is None
    storage.remember("layout", "wide")
    storage.remember("layout", "närrow")
    assert await storage.recall("layout") == "närrow"
    await storage.flush()
    assert await storage.recall("layout") == "närrow"


@pytest.mark.parametrize(("name", "text"), [("", "x"), ("n" * 129, "x"), ("n", "ä" * 32_769), ("n", "\ud800")])
async def test_a_text_beyond_its_bound_is_refused_with_the_bound(storage: Storage, name: str, text: str) -> None:
    with pytest.raises(ValueRefused) as caught:
        storage.remember(name, text)
    assert "65,536" in caught.value.hint
    storage.remember("n" * 128, "x" * 65_536)


async def test_of_a_thousand_texts_the_one_remembered_longest_ago_goes(storage: Storage) -> None:
    for number in range(990):
        storage.remember(f"t{number}", "x")
    await storage.flush()
    storage.remember("t0", "again")
    await storage.flush()
    for number in range(990, 1001):
        storage.remember(f"t{number}", "x")
    await storage.flush()
    assert await storage.recall("t1") is None
    assert (await storage.recall("t0"), await storage.recall("t2")) == ("again", "x")


async def test_what_no_database_can_hold_is_lost_alone_and_counted(storage: Storage) -> None:
    storage.add_history([("M", point(2**70))])
    await storage.flush()
    assert storage.lost == 1
    storage.add_history([("M", point(5))])
    await storage.flush()
    assert await storage.history("M", 0, 10) == [point(5)]
    assert storage.problem

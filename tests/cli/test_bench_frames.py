"""What is measured is what would happen: the made frames are understood, and a missed target fails the command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from kalshi_tui.cli import bench
from kalshi_tui.cli.benches import engine, hot_path, painting, starting
from kalshi_tui.cli.benches.frames import FrameMaker
from kalshi_tui.cli.benches.report import Target, report
from kalshi_tui.core.book import BookState


def test_the_made_frames_keep_every_book_live_and_change_some() -> None:
    maker = FrameMaker(5)
    stream = hot_path.open_stream(maker, maker.snapshots())
    before = {ticker: tracked.book.digest() for ticker, tracked in stream.books.items()}
    hot_path.take_turns(stream, maker.deltas(2_000))
    assert {tracked.state for tracked in stream.books.values()} == {BookState.LIVE}
    assert stream.counters.duplicates == 0
    assert before != {ticker: tracked.book.digest() for ticker, tracked in stream.books.items()}


def test_frames_that_are_not_understood_stop_the_measurement() -> None:
    maker = FrameMaker(5)
    stream = hot_path.open_stream(maker, maker.snapshots())
    lost = maker.deltas(600)[1:]
    with pytest.raises((AssertionError, KeyError, AttributeError)):
        hot_path.take_turns(stream, lost)


@pytest.mark.parametrize(("figure", "code"), [(2.9, 0), (3.1, 1)])
def test_a_missed_target_is_exit_code_1(monkeypatch: pytest.MonkeyPatch, figure: float, code: int) -> None:
    found = report("hot-path", {"ratio": figure}, {"ratio": Target(at_most=3.0)})
    monkeypatch.setattr(hot_path, "measure", lambda _: found)
    ended = CliRunner().invoke(bench.command, ["hot-path", "--json"])
    assert ended.exit_code == code
    printed = json.loads(ended.stdout)
    assert set(printed) == {"name", "figures", "targets", "ok"}
    assert printed["ok"] is (code == 0)


def test_every_measurement_is_documented_with_its_figures() -> None:
    text = (Path(__file__).parents[2] / "docs" / "performance.md").read_text()
    for name in bench.BENCHES:
        assert f"## `bench {name}`" in text
    figures = "ratio", "picows_to_websockets", "signed_orders_per_s", "big_world_mib"
    measured = hot_path, engine, painting, starting
    for figure in (*figures, *(figure for module in measured for figure in module.TARGETS)):
        assert f"`{figure}`" in text

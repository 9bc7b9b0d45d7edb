"""`tape list|info|verify|cut|export`: what they print, what they write, and what they refuse."""

from __future__ import annotations

import csv
import json
import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import pytest
from pyarrow import parquet

from kalshi_tui.adapters.tape_files import TapeReader
from kalshi_tui.adapters.tape_files.shelf import Shelf
from kalshi_tui.cli import main as entry
from kalshi_tui.cli.tapes.outputs import harmless, in_batches
from kalshi_tui.cli.tapes.places import moment, utc
from kalshi_tui.cli.tapes.progress import Progress
from kalshi_tui.engine.inputs import CODEC, Connected, Frames, Mark, Record
from kalshi_tui.engine.rules import Rules
from kalshi_tui.engine.tape.form import compressor, pack_records
from kalshi_tui.engine.tape.schema import COLUMNS, Row
from tests.protocol.stream_frames import delta, snapshot
from tests.protocol.test_stream_translation import FILL, TRADE
from tests.unit.tape_kit import NOW, opening, write_tape

SECOND = NOW + 60_000  # 14:14:20
PARTS: tuple[list[Record], ...] = (
    [opening(), Connected(NOW), Frames(NOW + 5, [snapshot(1), delta(2), TRADE, FILL]), Mark(NOW + 50, 1, "a")],
    [opening(SECOND, is_first=False), Frames(SECOND + 5, [delta(3)]), Mark(SECOND + 50, 2, "b")],
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def run_command(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["kalshi-tui", "tape", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            entry.main()
        out, words = capsys.readouterr()
        assert "Traceback" not in words
        return int(ended.value.code or 0), out, words

    return run_command


def record(home: Path, *parts: Sequence[Record], account: str = "me-observe", closed: bool = True) -> Path:
    return write_tape(home / "data" / "kalshi-tui" / "tapes" / account, *(parts or PARTS), closed=closed)


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_without_tapes_the_list_says_where_they_would_be(run: Any, home: Path) -> None:
    code, out, words = run("list", "--json")
    assert (code, json.loads(out)) == (0, [])
    assert f"no tape yet in {home / 'data' / 'kalshi-tui' / 'tapes'}" in run("list")[2]
    code, _, words = run("info")
    assert code == 3
    assert "there is no tape" in words


def test_tapes_are_listed_with_whose_they_are_and_how_they_ended(run: Any, home: Path) -> None:
    whole, torn = record(home), record(home, PARTS[0], account="other-paper", closed=False)
    for second, path in enumerate((whole, torn), 1):
        for file in path.iterdir():
            os.utime(file, (second, second))
    found = json.loads(run("list", "--json")[1])
    assert [(tape["path"], tape["of"], tape["segments"], tape["state"]) for tape in found] == [
        (str(whole), "me-observe", 2, "closed"),
        (str(torn), "other-paper", 1, "torn"),
    ]
    assert (found[0]["first_ms"], found[0]["last_ms"]) == (NOW, SECOND + 50)
    code, out, _ = run("list")
    assert code == 0
    assert "2026-09-21 14:13:20.000  2026-09-21 14:14:20.050" in out


def test_a_tape_that_is_recorded_now_is_shown_as_such(run: Any, home: Path) -> None:
    shelf = Shelf(home / "data" / "kalshi-tui" / "tapes" / "me-observe", limit_bytes=1 << 30, level=3)
    shelf.begin(opening())
    shelf.write(pack_records(PARTS[0], 0, compressor(3)))
    assert json.loads(run("list", "--json")[1])[0]["state"] == "recording"
    code, out, words = run("verify")
    assert (code, out) == (0, "")
    assert "all is right" in words
    shelf.close()
    assert run("verify")[0] == 1


def test_info_tells_programs_what_is_on_a_tape(run: Any, home: Path) -> None:
    path = record(home)
    code, out, _ = run("info", path, "--json")
    info = json.loads(out)
    assert code == 0
    assert info["kinds"] == {"Opening": 2, "Connected": 1, "Frames": 2, "Mark": 2}
    assert (info["records"], info["frames"], info["marks"], info["lost"]) == (7, 5, 2, 0)
    assert (info["first_ms"], info["last_ms"], info["state"]) == (NOW, SECOND + 50, "closed")
    assert info["bytes"] == sum(file.stat().st_size for file in path.iterdir())
    assert info["ratio"] == round(info["raw_bytes"] / info["bytes"], 2)
    assert (info["opening"]["mode"], info["opening"]["settings_hash"], info["opening"]["codec"]) == (
        "PRACTICE OBSERVE",
        "5e7",
        CODEC,
    )
    assert [segment["name"] for segment in info["segments"]] == ["0001.tape", "0002.tape"]


def test_info_tells_people_about_the_newest_tape_which_it_names(run: Any, home: Path) -> None:
    path = record(home)
    code, out, words = run("info")
    assert code == 0
    assert f"the newest tape: {path}" in words
    for said in ("PRACTICE OBSERVE", "5e7", "2026-09-21 14:13:20.000", "Frames", "0002.tape"):
        assert said in out


def test_info_of_a_torn_tape_says_what_is_dropped(run: Any, home: Path) -> None:
    path = record(home, PARTS[0], closed=False)
    with (path / "0001.tape").open("ab") as file:
        file.write(b"half")
    code, out, _ = run("info", path)
    assert code == 0
    assert "4 bytes after the last whole chunk are dropped" in out


def test_verify_of_a_sound_tape_ends_with_0(run: Any, home: Path) -> None:
    code, out, words = run("verify", record(home))
    assert (code, out) == (0, "")
    assert "all is right" in words


def test_verify_says_what_is_wrong_and_ends_with_1(run: Any, home: Path) -> None:
    path = record(home)
    (path / "0001.tape").unlink()
    data = (path / "0002.tape").read_bytes()
    (path / "0002.tape").write_bytes(data[:-1])
    code, out, _ = run("verify", path)
    assert code == 1
    assert "0002.tape: its index is damaged" in out
    code, out, _ = run("verify", path, "--json")
    assert (code, json.loads(out)["ok"]) == (1, False)
    assert json.loads(out)["findings"][0].startswith("0002.tape: its index")


def test_a_cut_inside_begins_at_the_nearest_opening_and_says_so(run: Any, home: Path) -> None:
    path = record(home)
    code, _, words = run("cut", path, "part", "--from", "14:14:30", "--to", "14:14:20.05")
    assert code == 3
    assert "it goes from 2026-09-21 14:13:20.000 to 2026-09-21 14:14:20.050 UTC" in words
    code, _, words = run("cut", path, "part", "--from", "+60.005")
    assert code == 0
    assert "it begins 0.005 s before --from, where the nearest segment opens" in words
    assert list(TapeReader(home / "part").records()) == PARTS[1]
    assert stat.S_IMODE((home / "part").stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "part" / "0001.tape").stat().st_mode) == 0o600


def test_a_cut_at_an_opening_has_nothing_to_explain(run: Any, home: Path) -> None:
    record(home)
    code, _, words = run("cut", "part", "--from", "14:14:20", "--to", "2026-09-21T14:14:20.005Z")
    assert code == 0
    assert "where the nearest segment opens" not in words
    assert list(TapeReader(home / "part").records()) == PARTS[1][:2]


def test_what_is_there_already_is_not_written_over(run: Any, home: Path) -> None:
    record(home)
    (home / "out").write_text("mine")
    for command in ("cut", "export"):
        code, _, words = run(command, "out")
        assert code == 3
        assert "is there already" in words
    assert (home / "out").read_text() == "mine"


@pytest.mark.parametrize("arguments", [("cut",), ("export", "a", "b", "c"), ("cut", "out", "--from", "noon")])
def test_wrong_use_ends_with_2(run: Any, home: Path, arguments: tuple[str, ...]) -> None:
    record(home)
    assert run(*arguments)[0] == 2


def test_rows_go_out_as_json_lines(run: Any, home: Path) -> None:
    code, _, words = run("export", record(home), "out.jsonl")
    found = rows(home / "out.jsonl")
    assert code == 0
    assert [row["kind"] for row in found] == ["connected", *["snapshot"] * 4, "change", "trade", "fill", "change"]
    assert [row["number"] for row in found] == [1, *[2] * 7, 5]
    assert "9 rows" in words
    assert stat.S_IMODE((home / "out.jsonl").stat().st_mode) == 0o600
    assert sorted(file.name for file in home.iterdir()) == ["data", "out.jsonl"]


def test_rows_go_to_standard_output_too(run: Any, home: Path) -> None:
    code, out, _ = run("export", record(home), "-", "--kind", "trade")
    assert code == 0
    assert json.loads(out)["price_e4"] == 3600


def test_csv_and_parquet_hold_the_same_rows_as_json_lines(run: Any, home: Path) -> None:
    path = record(home)
    for form in ("jsonl", "csv", "parquet"):
        assert run("export", path, f"out.{form}", "--format", form)[0] == 0
    expected = [{column.name: row.get(column.name) for column in COLUMNS} for row in rows(home / "out.jsonl")]
    table = parquet.read_table(home / "out.parquet")
    assert table.to_pylist() == expected
    types = {"integer": "int64", "text": "string"}
    assert [(field.name, str(field.type)) for field in table.schema] == [(c.name, types[c.type]) for c in COLUMNS]
    with (home / "out.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert found == [{name: "" if value is None else str(value) for name, value in row.items()} for row in expected]


def test_a_file_is_written_in_the_format_that_its_name_promises(run: Any, home: Path) -> None:
    path = record(home)
    assert run("export", path, "out.CSV")[0] == 0
    assert (home / "out.CSV").read_text().startswith("number,at_ms,kind,")
    assert run("export", path, "out.csv", "--format", "jsonl")[0] == 0
    assert rows(home / "out.csv")


def test_redaction_leaves_out_the_account_and_says_how_much(run: Any, home: Path) -> None:
    code, _, words = run("export", record(home), "out.jsonl", "--redact")
    assert code == 0
    assert "fill" not in (home / "out.jsonl").read_text()
    assert "8 rows; 1 left out by --redact" in words
    code, _, words = run("export", "none.jsonl", "--redact", "--kind", "fill")
    assert code == 2
    assert not (home / "none.jsonl").exists()


def test_a_span_is_exported_without_what_is_before_and_after(run: Any, home: Path) -> None:
    path = record(home)
    run("export", path, "late.jsonl", "--from", "14:14:20")
    assert [row["number"] for row in rows(home / "late.jsonl")] == [5]
    run("export", path, "none.jsonl", "--from", "14:14:20.006")
    assert rows(home / "none.jsonl") == []
    run("export", path, "early.jsonl", "--to", "+0.004")
    assert [row["kind"] for row in rows(home / "early.jsonl")] == ["connected"]


def test_a_span_inside_a_tape_is_read_as_its_opening_says(run: Any, home: Path) -> None:
    first = opening(rules=Rules(use_yes_price=False))
    part: list[Record] = [first, Connected(NOW), Connected(NOW), Frames(NOW + 5, [delta(2, price="0.4400", side="no")])]
    run("export", record(home, part), "out.jsonl", "--from", "+0.001")
    assert [row["price_e4"] for row in rows(home / "out.jsonl")] == [5600]


def test_a_tape_with_a_hole_is_exported_with_a_warning(run: Any, home: Path) -> None:
    path = record(home, PARTS[0], PARTS[1], PARTS[1])
    (path / "0002.tape").unlink()
    code, _, words = run("export", path, "out.jsonl")
    assert code == 0
    assert "warning: 0003.tape: 3 records are missing before it" in words
    assert rows(home / "out.jsonl")[-1]["number"] == 8


def test_without_pyarrow_parquet_is_refused_with_what_to_do(
    run: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    code, _, words = run("export", record(home), "out.parquet", "--format", "parquet")
    assert code == 3
    assert "kalshi-tui[parquet]" in words
    assert sorted(file.name for file in home.iterdir()) == ["data"]


def test_a_target_that_cannot_be_written_is_an_error_of_one_sentence(run: Any, home: Path) -> None:
    code, _, words = run("export", record(home), "nowhere/out.jsonl")
    assert code == 3
    assert "nowhere/out.jsonl cannot be written: No such file" in words
    assert "hint: mkdir -p nowhere" in words


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_text_that_a_spreadsheet_would_compute_is_made_harmless(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("cell", [-150, 0, "KXA", '{"a":1}', ""])
def test_other_cells_stay_as_they_are(cell: int | str) -> None:
    assert harmless(cell) == cell


def test_a_formula_in_a_ticker_is_harmless_in_csv(run: Any, home: Path) -> None:
    part: list[Record] = [opening(), Frames(NOW, [delta(2, "=cmd|calc!A1")])]
    run("export", record(home, part), "out.csv", "--format", "csv")
    with (home / "out.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["ticker"], row["size_e2"]) == ("'=cmd|calc!A1", "100")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+0", NOW),
        ("+90", NOW + 90_000),
        ("+1.25s", NOW + 1_250),
        ("14:13:20", NOW),
        ("14:13", NOW + 86_400_000 - 20_000),  # 20 s before the start: the next day's
        ("14:13:20.5", NOW + 500),
        ("2026-09-21T14:13:21Z", NOW + 1000),
        ("2026-09-21 14:13:21", NOW + 1000),
        ("2026-09-21T16:13:21+02:00", NOW + 1000),
    ],
)
def test_a_moment_is_a_clock_time_a_date_or_seconds_from_the_start(text: str, expected: int) -> None:
    assert moment(text, NOW) == expected


@pytest.mark.parametrize("text", ["", "noon", "25:00", "-5", "+", "14:61", "2026-13-01", "9" * 40])
def test_what_is_no_moment_is_refused_with_examples(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no time; UTC: 14:03:20"):
        moment(text, NOW)


def test_a_moment_that_no_calendar_has_is_shown_as_a_number() -> None:
    assert utc(NOW + 7) == "2026-09-21 14:13:20.007"
    assert utc(10**17) == "100000000000000000 ms"


def test_long_work_says_how_far_it_is_and_short_work_says_nothing() -> None:
    now, said = [0.0], list[str]()
    progress = Progress("exporting", 200, monotonic=lambda: now[0], say=said.append)
    progress.heard(50)
    now[0] = 2.0
    progress.heard(50)
    now[0] = 3.0
    progress.heard(50)
    now[0] = 4.0
    progress.heard(150)
    assert said == ["exporting: 50 %", "exporting: 100 %"]


def test_rows_are_written_in_batches_and_none_is_left() -> None:
    made: list[Row] = [{"number": number} for number in range(5)]
    assert list(in_batches(iter(made), 2)) == [made[0:2], made[2:4], made[4:5]]
    assert list(in_batches(iter([]), 2)) == []

"""`journal verify|show|export`: what they find, what they print, and what they never let pass."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sqlite3
import stat
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_tui.adapters.journal_file import JournalFile
from kalshi_tui.adapters.journal_read import JournalReader
from kalshi_tui.adapters.journal_schema import journal_file
from kalshi_tui.adapters.journal_write import JournalWriter
from kalshi_tui.cli import main as entry
from kalshi_tui.cli.journal import command as group
from kalshi_tui.cli.journals.places import since
from kalshi_tui.cli.journals.rows import COLUMNS, harmless
from kalshi_tui.cli.journals.verify import check
from kalshi_tui.core.units import Money, Price, Size
from kalshi_tui.engine.journal_rows import GENESIS, JournalRow, first_broken, sealed
from kalshi_tui.engine.trading import entries as e
from tests.unit.journal_kit import AT, ENTRIES, NAMES, TICKER, journal_at, rows_of, some_rows

ROWS = rows_of(ENTRIES)
DOCUMENT = (Path(__file__).parents[2] / "docs" / "journal.md").read_text()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def run_command(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["kalshi-tui", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            entry.main()
        out, words = capsys.readouterr()
        assert "Traceback" not in words
        return int(ended.value.code or 0), out, words

    return run_command


@pytest.fixture
def file(home: Path) -> Path:
    """Return the journal of the practice account, with a row of each type."""
    return kept(journal_file(home / "data" / "kalshi-tui", *NAMES), ROWS)


def kept(file: Path, rows: list[JournalRow]) -> Path:
    writer = JournalWriter(file, NAMES)
    writer.open()
    writer.write(rows)
    writer.close()
    return file


def tampered(file: Path, statement: str, *values: object) -> None:
    """Change a journal as somebody would who knows where it lies."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        for trigger in ("rows_stay", "rows_keep", "rows_follow"):
            other.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        other.execute(statement, values)


def found(file: Path) -> Any:
    reader = JournalReader(file)
    try:
        return check(reader)
    finally:
        reader.close()


def test_a_whole_journal_is_said_to_be_whole(run: Any, file: Path) -> None:
    code, out, words = run("--mode", "live", "journal", "verify")
    assert (code, out.splitlines()) == (
        0,
        [
            f"all {len(ROWS)} rows are right, from 2026-06-11 06:29:30 to 2026-06-11 06:29:30 UTC",
            f"last digest: {ROWS[-1].digest.hex()}",
        ],
    )
    assert f"the journal of practice/practice/live: {file}" in words
    code, out, _ = run("journal", "verify", file, "--json")
    told = json.loads(out)
    assert (code, told["ok"], told["rows"], told["broken"]) == (0, True, len(ROWS), None)
    assert (told["of"], told["digest"]) == ("practice/practice/live", ROWS[-1].digest.hex())


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_byte_of_any_row_that_is_turned_over_is_found_in_that_row(data: st.DataObject) -> None:
    number = data.draw(st.integers(1, len(ROWS)))
    row = ROWS[number - 1]
    column = data.draw(st.sampled_from(["body", "digest", "kind"]))
    content = bytearray({"body": row.body, "digest": row.digest, "kind": row.kind.encode()}[column])
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    with tempfile.TemporaryDirectory() as folder:
        file = kept(journal_at(Path(folder)), ROWS)
        value = f"CAST(? AS {'TEXT' if column == 'kind' else 'BLOB'})"
        tampered(file, f"UPDATE rows SET {column} = {value} WHERE number = ?", bytes(content), number)  # noqa: S608 - ours
        assert found(file).broken == number
        writer = JournalWriter(file, NAMES)
        assert first_broken(writer.open()) == number
        writer.close()


@pytest.mark.parametrize(
    ("statement", "broken", "words"),
    [
        ("DELETE FROM rows WHERE number = 5", 5, "row 5 is missing"),
        ("DELETE FROM rows WHERE number = 1", 1, "row 1 is missing"),
        ("UPDATE rows SET at_ms = at_ms + 1 WHERE number = 9", 9, "does not agree"),
        ("UPDATE rows SET at_ms = 'soon' WHERE number = 9", 9, "does not agree"),
        ("UPDATE rows SET body = 'text' WHERE number = 3", 3, "does not agree"),
        ("UPDATE rows SET number = -7 WHERE number = 4", 1, "row 1 is missing"),
    ],
)
def test_what_was_changed_by_hand_is_found_and_named(
    run: Any, file: Path, statement: str, broken: int, words: str
) -> None:
    tampered(file, statement)
    code, out, hint = run("journal", "verify", file)
    assert code == 1
    assert f"row {broken} is broken" in out
    assert words in out
    assert "keep the file as it is" in hint
    told = json.loads(run("journal", "verify", file, "--json")[1])
    assert (told["ok"], told["broken"], told["rows"]) == (False, broken, broken - 1)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (rows_of([e.Began(AT, e.CODEC + 1, 1, "", "9.0", "", "", "", "", 1)]), "newer program"),
        ([JournalRow(1, AT, "Ended", b'{"type":"Ended","at_ms":"x"}', b"")], "digest does not agree"),
    ],
)
def test_a_row_of_a_newer_program_or_of_none_is_not_right(home: Path, row: list[JournalRow], words: str) -> None:
    told = found(kept(journal_at(home), row))
    assert (told.ok, told.broken) == (False, 1)
    assert words in told.words


def test_a_sealed_row_that_cannot_be_read_is_found_and_still_shown(run: Any, home: Path) -> None:
    rows = [sealed(GENESIS, 1, AT, "Ended", b'{"type":"Nothing"}')]
    rows.append(sealed(rows[0].digest, 2, AT, "Armed", e.encode_entry(e.Ended(AT))))
    file = kept(journal_at(home), rows)
    assert "row 1 is broken: it cannot be read" in found(file).words
    code, out, _ = run("journal", "show", file, "--json")
    told = json.loads(out)
    assert code == 0
    assert told[0]["body"] == '{"type":"Nothing"}'
    assert "cannot be read" in told[0]["problem"]
    assert "filed as Armed" in told[1]["problem"]
    assert "NOT RIGHT" in run("journal", "show", file)[1]


def test_a_damaged_file_is_told_by_row_and_what_can_be_read_is_shown(run: Any, home: Path) -> None:
    rows = some_rows(3000, size=300)
    file = kept(journal_at(home), rows)
    content = bytearray(file.read_bytes())
    half = len(content) // 2 // 4096 * 4096
    content[half : half + 8192] = bytes(8192)
    file.write_bytes(content)
    code, out, _ = run("journal", "verify", file, "--json")
    told = json.loads(out)
    assert (code, told["ok"]) == (1, False)
    assert 0 < told["rows"] < 3000
    assert told["broken"] == told["rows"] + 1
    code, out, words = run("journal", "export", file)
    assert code == 3
    assert [json.loads(line)["number"] for line in out.splitlines()] == list(range(1, told["rows"] + 1))
    assert "damaged" in words


def test_a_file_that_is_no_journal_is_refused(run: Any, home: Path) -> None:
    with closing(sqlite3.connect(home / "other.sqlite")) as other:
        other.execute("CREATE TABLE t (x)")
    (home / "text").write_text("no database at all, and longer than a page's head" * 100)
    assert run("journal", "verify", home / "other.sqlite")[0] == 3
    assert "another program" in run("journal", "show", home / "other.sqlite")[2]
    code, out, _ = run("journal", "verify", home / "text")
    assert (code, "damaged" in out) == (1, True)
    assert run("journal", "show", home / "text")[0] == 3
    assert run("journal", "show", home / "nothing")[0] == 3


def test_without_a_journal_it_says_which_there_are(run: Any, file: Path) -> None:
    code, _, words = run("--mode", "observe", "journal", "show")
    assert code == 3
    assert "there is no journal of practice/practice/observe yet" in words
    assert str(file) in words
    file.unlink()
    assert "when it may send orders" in run("--mode", "observe", "journal", "show")[2]


def test_entries_are_shown_in_words_the_last_of_them(run: Any, file: Path) -> None:
    code, out, words = run("journal", "show", file, "--last", 2)
    assert code == 0
    first, second = out.splitlines()[1:]
    assert first.split(maxsplit=4)[2:4] == [str(len(ROWS) - 1), "Reviewed"]
    assert second.startswith("2026-06-11 06:29:30.031")
    assert second.rstrip().endswith("the engine ended in order")
    assert f"the last 2 of {len(ROWS)}" in words
    everything = run("journal", "show", file)[1]
    assert "order 1: buy yes 25 KXFED-26SEP-T4.00 at 0.56" in everything
    assert "order 3: the venue refused it (400 insufficient_balance): not enough" in everything


def test_entries_are_chosen_by_kind_market_order_and_age(run: Any, home: Path) -> None:
    other = e.Intended(
        AT + 40, 9, "k9", 99, "", "", "OTHER", "", 0, "ask", Price(1), Size(1), "good_till_canceled", False, False,
        None, "", "", "", Money(0), "", "", 0, 0, 0,
    )  # fmt: skip
    more: list[e.Entry] = [other, e.Sending(AT + 41, 9), e.Placed(AT + 42, 9, "o-9", Size(0), Size(1), None, None, 0)]
    more.append(e.FillWithdrawn(AT + 43, "t-9", "o-9", ""))
    file = kept(journal_at(home), rows_of([*ENTRIES, *more]))

    def chosen(*options: object) -> list[tuple[int, str]]:
        code, out, _ = run("journal", "show", file, "--json", *options)
        assert code == 0
        return [(row["number"], row["kind"]) for row in json.loads(out)]

    assert chosen("--kind", "intended", "--kind", "Killed") == [(8, "Intended"), (28, "Killed"), (33, "Intended")]
    assert chosen("--order", 9) == [(33, "Intended"), (34, "Sending"), (35, "Placed"), (36, "FillWithdrawn")]
    assert chosen("--ticker", "OTHER") == chosen("--order", 9)
    of_order = ["Judged", "Intended", "Sending", "Placed", "FillTold", "OrderTold", "ChangeAsked", "ChangeAnswered"]
    of_order += ["CancelAsked", "CancelAnswered", "FillWithdrawn"]
    assert [kind for _, kind in chosen("--order", 1)] == of_order
    of_market = {"Intended", "Placed", "FillTold", "Settled", "HoldingTold", "Halted", "Resumed", "DifferenceFound"}
    assert of_market < {kind for _, kind in chosen("--ticker", TICKER)}
    assert "Armed" not in {kind for _, kind in chosen("--ticker", TICKER)}
    assert chosen("--since", "2026-06-11T06:29:30.042") == [(35, "Placed"), (36, "FillWithdrawn")]
    assert chosen("--order", 77) == []
    assert run("journal", "show", file, "--since", "soon")[0] == 2


def test_an_age_counts_from_now_or_from_a_practice_clock_that_is_ahead() -> None:
    ahead = 10**14
    assert since("24h", ahead) == ahead - 86_400_000
    assert since("90s", ahead) == ahead - 90_000
    assert since("7d", ahead) == ahead - 604_800_000
    assert since("1970-01-01T00:00:01", None) == 1000
    assert since("1970-01-01T01:00:01+01:00", None) == 1000
    assert since(None, ahead) is None
    with pytest.raises(click.BadParameter):
        since("99999999d", None)


def test_an_export_holds_each_entry_as_it_was_written(run: Any, file: Path) -> None:
    code, out, words = run("journal", "export", file)
    assert code == 0
    assert f"{len(ROWS)} rows" in words
    told = [json.loads(line) for line in out.splitlines()]
    assert [row["number"] for row in told] == [row.number for row in ROWS]
    assert [row["digest"] for row in told] == [row.digest.hex() for row in ROWS]
    assert [row["entry"] for row in told] == [json.loads(row.body) for row in ROWS]
    assert run("journal", "export", file, "--json")[1] == out


def test_a_csv_export_can_be_read_back_and_holds_no_formula(run: Any, file: Path, home: Path) -> None:
    code, _, words = run("journal", "export", file, "--csv", "--out", home / "all.csv")
    assert code == 0
    assert f"{len(ROWS)} rows" in words
    content = (home / "all.csv").read_bytes()
    assert stat.S_IMODE((home / "all.csv").stat().st_mode) == 0o600
    assert content.count(b"\r\n") == len(ROWS) + 1
    heading, *rows = csv.reader(io.StringIO(content.decode(), newline=""))
    assert tuple(heading) == COLUMNS
    assert [row[heading.index("entry")] for row in rows] == [row.body.decode() for row in ROWS]
    assert [row[heading.index("digest")] for row in rows] == [row.digest.hex() for row in ROWS]
    assert [row[heading.index("order")] for row in rows if row[2] == "Intended"] == ["1"]
    assert [row[heading.index("order")] for row in rows if row[2] == "DifferenceFound"] == [""]
    code, _, words = run("journal", "export", file, "--out", home / "all.csv")
    assert code == 3
    assert "is there already" in words
    code, _, words = run("journal", "export", file, "--out", home / "no" / "all.csv")
    assert code == 3
    assert "mkdir -p" in words
    assert [path.name for path in home.iterdir() if path.name.startswith(".all")] == []


@given(st.text(max_size=20))
def test_no_cell_begins_like_a_formula(text: str) -> None:
    cell = str(harmless(text))
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert cell in (text, f"'{text}")
    assert harmless(-5) == -5


@pytest.mark.parametrize("text", ["=cmd()", "+1", "-1", "@x", "\tx", "\rx"])
def test_a_ticker_that_looks_like_a_formula_gets_an_apostrophe(run: Any, home: Path, text: str) -> None:
    file = kept(journal_at(home), rows_of([e.Halted(AT, text, 'a "quoted", word', "halted")]))
    _, out, _ = run("journal", "export", file, "--csv")
    rows = list(csv.DictReader(io.StringIO(out, newline="")))
    assert rows[0]["ticker"] == f"'{text}"
    assert json.loads(rows[0]["entry"])["reason"] == 'a "quoted", word'


def test_it_reads_while_an_engine_writes(home: Path) -> None:
    rows = some_rows(60)

    async def write() -> None:
        journal = JournalFile(journal_at(home), NAMES, reserve_bytes=0)
        await journal.open()
        for count in range(0, 60, 20):
            await journal.append(rows[count : count + 20])
            told = found(journal_at(home))
            assert (told.ok, told.rows) == (True, count + 20)
        await journal.close()

    asyncio.run(write())


def test_a_journal_that_an_engine_left_by_a_crash_is_read_with_its_last_rows(home: Path) -> None:
    rows = some_rows(20)
    writer = JournalWriter(journal_at(home), NAMES)
    writer.open()
    writer.write(rows)
    crashed = journal_at(home / "copy")
    crashed.parent.mkdir(parents=True)
    for end in ("", "-wal"):
        source = journal_at(home).with_name(journal_at(home).name + end)
        crashed.with_name(crashed.name + end).write_bytes(source.read_bytes())
    writer.close()
    assert found(crashed).rows == 20
    again = JournalWriter(crashed, NAMES)
    assert again.open() == rows
    again.close()


def test_what_somebody_wrote_into_a_file_cannot_drive_a_terminal(run: Any, home: Path) -> None:
    word = "\x1b]0;x\x07\u202e"
    rows = [sealed(GENESIS, 1, AT, word, e.encode_entry(e.Killed(AT, word)))]
    file = kept(journal_at(home), rows)
    tampered(file, "UPDATE about SET value = ? WHERE name = 'account'", word)
    printed = "".join("".join(run("journal", name, file)[1:]) for name in ("show", "verify"))
    assert "filed as" in printed
    assert not {"\x1b", "\x07", "\u202e"} & set(printed)


def test_a_row_whose_text_was_broken_into_lines_stays_one_line_of_an_export(run: Any, home: Path) -> None:
    text = f'{{"type":"Ended",\n"at_ms":{AT}}}'
    file = kept(journal_at(home), [sealed(GENESIS, 1, AT, "Ended", text.encode())])
    told = [json.loads(line) for line in run("journal", "export", file)[1].splitlines()]
    assert [row["body"] for row in told] == [text]


def test_each_command_and_column_is_documented() -> None:
    assert [name for name in group.commands if f"kalshi-tui journal {name}" not in DOCUMENT] == []
    assert [name for name in COLUMNS if f"`{name}`" not in DOCUMENT] == []

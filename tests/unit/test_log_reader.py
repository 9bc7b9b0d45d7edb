"""Reading logs back: the last records, whatever has been renamed, and everything from then on exactly once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import pytest

from kalshi_tui.adapters import log_reader
from kalshi_tui.adapters.log_files import LogFile
from kalshi_tui.adapters.log_reader import Entry, LogReader, entries


def everything(_: Entry) -> bool:
    return True


class Log:
    """A log in small files."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.handler = LogFile(path, size_limit=600, files=5)

    def write(self, *texts: object, level: int = logging.INFO) -> None:
        for text in texts:
            self.handler.handle(logging.LogRecord("x", level, "", 1, str(text), None, None))


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    made = Log(tmp_path / "a.log")
    yield made
    made.handler.close()


def texts(found: list[Entry]) -> list[str]:
    return ["\n".join(entry.lines) for entry in found]


def last(path: Path, limit: int) -> list[str]:
    with closing(LogReader(path)) as reader:
        return texts(reader.last(limit, everything))


def test_a_record_is_read_as_it_was_written(log: Log) -> None:
    log.write("one\n  two\n\nthree", level=logging.ERROR)
    with closing(LogReader(log.path)) as reader:
        (entry,) = reader.last(5, everything)
    assert (entry.level, entry.logger, entry.lines) == ("ERROR", "x", ("one", "  two", "", "three"))


@pytest.mark.parametrize("limit", [0, 1, 2, 7, 20, 1000])
def test_the_last_records_are_found_over_all_files(log: Log, limit: int) -> None:
    log.write(*range(20))
    assert log.path.with_name("a.log.1").exists()
    assert last(log.path, limit) == [str(number) for number in range(20)][20 - min(limit, 20) :]


def test_only_wanted_records_count(log: Log) -> None:
    for number in range(20):
        log.write(number, level=logging.ERROR if number % 5 == 0 else logging.INFO)
    with closing(LogReader(log.path)) as reader:
        assert texts(reader.last(3, lambda entry: entry.level == "ERROR")) == ["5", "10", "15"]


def test_a_long_file_is_read_from_its_end_in_whole_records(tmp_path: Path) -> None:
    handler = LogFile(tmp_path / "a.log", size_limit=1 << 30, files=2)
    for number in range(4000):
        handler.handle(logging.LogRecord("x", logging.INFO, "", 1, f"{number}\n{'y' * 200}", None, None))
    handler.close()
    assert (tmp_path / "a.log").stat().st_size > 2 * (1 << 18)
    found = last(tmp_path / "a.log", 3500)
    assert found == [f"{number}\n{'y' * 200}" for number in range(500, 4000)]


def test_a_log_that_does_not_exist_yet_is_empty_and_then_followed(log: Log) -> None:
    with closing(LogReader(log.path)) as reader:
        assert reader.last(5, everything) == []
        assert reader.more() == []
        log.write("first")
        assert texts(reader.more()) == ["first"]


def test_following_begins_where_the_last_records_ended(log: Log) -> None:
    log.write("old")
    with closing(LogReader(log.path)) as reader:
        log.write("new")
        assert texts(reader.last(5, everything)) == ["old"]
        assert texts(reader.more()) == ["new"]
        assert reader.more() == []


@pytest.mark.parametrize("at_once", [1, 3, 8, 25])
def test_every_record_is_followed_exactly_once_over_renamings(log: Log, at_once: int) -> None:
    with closing(LogReader(log.path)) as reader:
        seen: list[str] = []
        for start in range(0, 100, at_once):
            log.write(*range(start, start + at_once))
            seen += texts(reader.more())
        assert seen == [str(number) for number in range(len(seen))]
        assert len(seen) >= 100
    assert log.path.with_name("a.log.4").exists()


def test_a_file_that_was_just_renamed_is_neither_lost_nor_read_twice(log: Log) -> None:
    log.write("old")
    log.path.rename(log.path.with_name("a.log.1"))
    with closing(LogReader(log.path)) as reader:
        assert texts(reader.last(5, everything)) == ["old"]
        log.write("new")
        assert texts(reader.more()) == ["new"]


def test_a_reader_that_was_away_too_long_goes_on_with_what_is_there(log: Log) -> None:
    log.write("old")
    with closing(LogReader(log.path)) as reader:
        log.write(*range(100))
        assert not any(path.read_text().count(" old") for path in log.path.parent.glob("a.log*"))
        found = texts(reader.more())
        assert found[-1] == "99"
        log.write("next")
        assert texts(reader.more()) == ["next"]


def test_a_renaming_between_two_looks_costs_no_record(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    log.write(0)
    with closing(LogReader(log.path)) as reader:
        log.write(*range(1, 20))
        real, late = log_reader._open, list(range(20, 40))

        def renamed_meanwhile(path: Path) -> BinaryIO | None:
            while late:
                log.write(late.pop(0))
            return real(path)

        monkeypatch.setattr(log_reader, "_open", renamed_meanwhile)
        seen = texts(reader.more()) + texts(reader.more())
    assert seen == [str(number) for number in range(1, 40)]


def test_a_deleted_log_is_followed_when_it_is_begun_anew(log: Log) -> None:
    log.write("one")
    with closing(LogReader(log.path)) as reader:
        log.path.unlink()
        assert reader.more() == []
        log.write("two")
        assert texts(reader.more()) == ["two"]


def test_half_a_line_waits_for_its_other_half(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("")
    whole = "2023-11-14T22:13:20.250Z INFO 1 x: hello\n"
    with closing(LogReader(path)) as reader:
        path.write_text(whole[:30])
        assert reader.more() == []
        path.write_text(whole)
        assert texts(reader.more()) == ["hello"]


def test_foreign_lines_are_shown_cleaned_and_without_a_level() -> None:
    (entry,) = entries(["\x1b[2J\x1b]0;title\x07 not ours"])
    assert (entry.time, entry.level) == ("", "")
    assert entry.lines[0].isprintable()


def test_bytes_that_are_no_text_are_shown_and_no_error(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"\xff\xfe\x00\x9b2J\n")
    (text,) = last(tmp_path / "a.log", 5)
    assert text.isprintable()

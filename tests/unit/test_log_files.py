"""Log files: private, bounded, whole lines from several processes, and never in the way of whoever logs."""

from __future__ import annotations

import fcntl
import logging
import os
import re
import resource
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kalshi_tui.adapters.log_files import MORE, LineFormatter, LogFile

HEAD = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [A-Z]+ \d+ \S+: ")


def record(text: str, level: int = logging.INFO, name: str = "kalshi_tui.engine") -> logging.LogRecord:
    return logging.LogRecord(name, level, __file__, 1, text, None, None)


def written(folder: Path) -> list[str]:
    """Return the messages of all files, oldest first."""
    files = sorted(folder.glob("a.log*"), key=lambda path: -int(path.suffix[1:]) if path.suffix != ".log" else 0)
    return [HEAD.sub("", line) for file in files for line in file.read_text().splitlines()]


@contextmanager
def opened(path: Path, size_limit: int = 1 << 20, files: int = 3) -> Iterator[LogFile]:
    handler = LogFile(path, size_limit=size_limit, files=files)
    try:
        yield handler
    finally:
        handler.close()


@contextmanager
def full_disk(at_size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (at_size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_files_and_folder_are_their_owners_alone(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with opened(tmp_path / "log" / "a.log", size_limit=100) as log:
            for number in range(5):
                log.handle(record(f"{number}"))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "log").iterdir()}
    assert {"a.log", "a.log.1"} < set(modes)
    assert set(modes.values()) == {0o600}


def test_a_file_that_was_readable_is_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("")
    path.chmod(0o644)
    with opened(path) as log:
        log.handle(record("x"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "a.log").symlink_to(tmp_path / "elsewhere")
    with opened(tmp_path / "a.log") as log:
        log.handle(record("x"))
        assert log.lost == 1
    assert not (tmp_path / "elsewhere").exists()


def test_a_record_is_a_line_with_time_level_process_and_logger() -> None:
    seen = record("hello")
    seen.created = 1_700_000_000.25
    assert LineFormatter().format(seen) == f"2023-11-14T22:13:20.250Z INFO {os.getpid()} kalshi_tui.engine: hello"


def test_no_message_can_pass_itself_off_as_another_record() -> None:
    forged = "x\n2023-11-14T22:13:20.250Z ERROR 1 kalshi_tui: all is lost"
    first, second = LineFormatter().format(record(forged)).split("\n")
    assert HEAD.match(first)
    assert second == f"{MORE}2023-11-14T22:13:20.250Z ERROR 1 kalshi_tui: all is lost"
    assert LineFormatter().format(record(f"x\r{forged}\v{forged}\u2028{forged}")).count("\n") == 3


def test_no_control_character_is_written(tmp_path: Path) -> None:
    with opened(tmp_path / "a.log") as log:
        log.handle(record("a\x1b[2J\x9b\x07\u202eb", name="lib\x1b[0m x"))
        log.handle(record("\ud800"))
        assert log.lost == 0
    text = (tmp_path / "a.log").read_bytes().decode()
    assert all(char == "\n" or char.isprintable() for char in text)


def test_a_traceback_follows_its_record() -> None:
    try:
        raise ValueError("two\nlines")  # noqa: TRY301 - the traceback is what is tested
    except ValueError:
        failed = record("failed")
        failed.exc_info = sys.exc_info()
    first, *rest = LineFormatter().format(failed).split("\n")
    assert first.endswith(": failed")
    assert rest[0] == f"{MORE}Traceback (most recent call last):"
    assert rest[-1] == f"{MORE}lines"
    assert all(line.startswith(MORE) for line in rest)


def test_a_full_file_is_renamed_and_only_so_many_are_kept(tmp_path: Path) -> None:
    line = len(LineFormatter().format(record("00"))) + 1
    with opened(tmp_path / "a.log", size_limit=2 * line, files=3) as log:
        for number in range(10, 20):
            log.handle(record(f"{number}"))
    assert {path.name for path in tmp_path.glob("a.log*")} == {"a.log", "a.log.1", "a.log.2"}
    assert written(tmp_path) == ["14", "15", "16", "17", "18", "19"]
    assert all(path.stat().st_size == 2 * line for path in tmp_path.glob("a.log*"))


def test_a_single_file_begins_anew(tmp_path: Path) -> None:
    with opened(tmp_path / "a.log", size_limit=1, files=1) as log:
        for number in range(3):
            log.handle(record(f"{number}"))
    assert written(tmp_path) == ["2"]
    assert not list(tmp_path.glob("a.log.*"))


def test_of_two_writers_each_goes_on_in_the_file_that_the_other_began(tmp_path: Path) -> None:
    with opened(tmp_path / "a.log", 400, 99) as one, opened(tmp_path / "a.log", 400, 99) as other:
        for number in range(0, 100, 2):
            one.handle(record(f"{number}"))
            other.handle(record(f"{number + 1}"))
        assert (one.lost, other.lost) == (0, 0)
    assert written(tmp_path) == [str(number) for number in range(100)]
    assert max(path.stat().st_size for path in tmp_path.glob("a.log*")) <= 400


def test_while_another_process_renames_a_record_goes_to_the_old_file(tmp_path: Path) -> None:
    with opened(tmp_path / "a.log", size_limit=1) as log, (tmp_path / ".a.log.lock").open("w") as lock:
        log.handle(record("one"))
        fcntl.flock(lock, fcntl.LOCK_EX)
        log.handle(record("two"))
        assert log.lost == 0
    assert written(tmp_path) == ["one", "two"]
    assert not (tmp_path / "a.log.1").exists()


def test_a_file_that_another_process_has_just_begun_is_not_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path / "a.log", size_limit=1) as one, opened(tmp_path / "a.log", size_limit=1) as other:
        one.handle(record("one"))
        real, turns = fcntl.flock, ["other"]

        def other_is_faster(lock: int, operation: int) -> None:
            if turns:
                turns.clear()
                other.handle(record("two"))
            real(lock, operation)

        monkeypatch.setattr(fcntl, "flock", other_is_faster)
        one.handle(record("three"))
    assert (tmp_path / "a.log.1").read_text().endswith(": one\n")
    assert [line.rpartition(": ")[2] for line in (tmp_path / "a.log").read_text().splitlines()] == ["two", "three"]


WRITER = """
import logging, sys
from pathlib import Path
from kalshi_tui.adapters.log_files import LogFile
log = LogFile(Path(sys.argv[1]), size_limit=5000, files=10_000)
for number in range(1000):
    log.handle(logging.LogRecord("w", logging.INFO, "", 1, f"{sys.argv[2]} {number}\\nmore", None, None))
print(log.lost)
"""


def test_three_processes_lose_and_tear_nothing_over_many_renamings(tmp_path: Path) -> None:
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    arguments = [[sys.executable, "-c", WRITER, str(tmp_path / "a.log"), name] for name in "abc"]
    writers = [
        subprocess.Popen(each, stdout=subprocess.PIPE, text=True, env=environ)  # noqa: S603 - our own code
        for each in arguments
    ]
    assert [writer.communicate()[0] for writer in writers] == ["0\n"] * 3
    lines = written(tmp_path)
    assert lines[1::2] == [f"{MORE}more"] * 3000
    assert sorted(lines[::2]) == sorted(f"{name} {number}" for name in "abc" for number in range(1000))


def test_a_full_disk_costs_records_that_are_counted_and_never_an_error(tmp_path: Path) -> None:
    with opened(tmp_path / "a.log") as log:
        log.handle(record("before"))
        with full_disk(at_size=(tmp_path / "a.log").stat().st_size + 20):
            for _ in range(3):
                log.handle(record("never"))
        assert log.lost == 3
        log.handle(record("after"))
        log.handle(record("later"))
        assert log.lost == 3
    before, torn, owned_up, *rest = written(tmp_path)
    assert before == "before"
    assert len(torn) == 20
    assert owned_up == f"3 records could not be written before this one: [Errno 27] {os.strerror(27)}"
    assert rest == ["after", "later"]


def test_a_folder_that_cannot_be_made_is_no_error_and_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("in the way")
    with opened(tmp_path / "log" / "a.log") as log:
        log.handle(record("lost"))
        assert log.lost == 1
        (tmp_path / "log").unlink()
        log.handle(record("kept"))
    assert written(tmp_path / "log")[-1] == "kept"


def test_a_file_that_was_deleted_is_begun_anew(tmp_path: Path) -> None:
    with opened(tmp_path / "a.log") as log:
        log.handle(record("one"))
        (tmp_path / "a.log").unlink()
        log.handle(record("two"))
        assert log.lost == 0
    assert written(tmp_path) == ["two"]


def test_a_wrong_format_string_costs_one_record_only(tmp_path: Path) -> None:
    with opened(tmp_path / "a.log") as log:
        log.handle(logging.LogRecord("x", logging.INFO, "", 1, "two %s %s", ("one",), None))
        log.handle(record("fine"))
        assert log.lost == 1
    assert written(tmp_path)[-1] == "fine"

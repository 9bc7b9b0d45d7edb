"""A kill outlives processes and power: it is set on the disk, and whatever cannot be told counts as set."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from kalshi_tui.adapters.kill_flag import FileKillFlag, kill_flag_file
from kalshi_tui.engine.ports import KillFlag
from kalshi_tui.errors import StorageFailed


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return kill_flag_file(tmp_path / "data", "demo", "demo-ab12")


def test_a_flag_that_nobody_set_is_not_set(path: Path) -> None:
    flag = FileKillFlag(path)
    assert (flag.reason(), flag.since_ms()) == ("", None)
    flag.clear()
    assert flag.reason() == ""


def test_a_set_flag_is_seen_by_every_process_until_it_is_cleared(path: Path) -> None:
    flag: KillFlag = FileKillFlag(path)
    flag.set("a person pressed kill")
    assert FileKillFlag(path).reason() == flag.reason() == "a person pressed kill"
    flag.clear()
    assert FileKillFlag(path).reason() == flag.reason() == ""


def test_another_reason_is_seen_by_whoever_has_read_the_one_before(path: Path) -> None:
    reader, writer = FileKillFlag(path), FileKillFlag(path)
    writer.set("first")
    assert reader.reason() == "first"
    writer.set("later")
    assert reader.reason() == "later"


def test_environment_and_account_have_a_flag_each(tmp_path: Path) -> None:
    names = [("demo", "demo-ab12"), ("prod", "prod-ab12"), ("prod", "prod-cd34")]
    paths = {kill_flag_file(tmp_path, *name) for name in names}
    assert len(paths) == 3
    FileKillFlag(kill_flag_file(tmp_path, *names[0])).set("why")
    assert [bool(FileKillFlag(kill_flag_file(tmp_path, *name)).reason()) for name in names] == [True, False, False]


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_file_and_folder_are_ours_alone(path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        FileKillFlag(path).set("why")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe\x00", bytes(range(256)) * 36, b"\x1b[2J" * 2_000])
def test_whatever_is_in_the_file_it_is_set_and_drives_no_terminal(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    reason = FileKillFlag(path).reason()
    assert reason
    assert reason.isprintable()
    assert len(reason) <= 200


def test_what_cannot_be_read_is_set(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.mkdir()
    assert "cannot be read" in FileKillFlag(path).reason()
    path.rmdir()
    path.symlink_to(tmp_path / "nowhere")
    assert "cannot be read" in FileKillFlag(path).reason()
    path.unlink()
    os.mkfifo(path)  # a read would wait for a writer for ever
    assert FileKillFlag(path).reason()
    path.unlink()
    path.parent.rmdir()
    path.parent.write_bytes(b"")  # no folder, so nobody can know
    assert "cannot be told" in FileKillFlag(path).reason()


def test_a_flag_that_cannot_be_set_or_lifted_says_so_with_a_hint(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.mkdir()
    with pytest.raises(StorageFailed, match="kill flag could not be set") as refused:
        FileKillFlag(path).set("why")
    assert refused.value.hint
    with pytest.raises(StorageFailed, match="kill flag could not be lifted") as refused:
        FileKillFlag(path).clear()
    assert refused.value.hint


def test_file_and_then_folder_are_on_the_disk_before_set_returns(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync

    def watched(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        synced.append(f"folder with {path.exists()}" if is_folder else "file")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    FileKillFlag(path).set("why")
    assert synced == ["file", "folder with True"]


def test_to_ask_costs_one_look_while_nothing_has_changed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flag, looks, opened = FileKillFlag(path), 0, 0
    real_look, real_open = Path.lstat, os.open

    def look(self: Path) -> os.stat_result:
        nonlocal looks
        looks += 1
        return real_look(self)

    def open_(*arguments: Any, **more: Any) -> int:
        nonlocal opened
        opened += 1
        return real_open(*arguments, **more)

    monkeypatch.setattr(Path, "lstat", look)
    flag.reason()
    assert looks == 1
    flag.set("why")
    monkeypatch.setattr(os, "open", open_)
    looks = 0
    for _ in range(5):
        assert flag.reason() == "why"
    assert (looks, opened) == (5, 1)


def test_since_when_is_told(path: Path) -> None:
    flag = FileKillFlag(path)
    flag.set("why")
    os.utime(path, (1_781_159_370, 1_781_159_370))
    assert flag.since_ms() == 1_781_159_370_000

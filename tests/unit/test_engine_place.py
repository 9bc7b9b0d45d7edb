"""Where an engine is found: one lock for each account and mode, in a folder that is ours alone."""

from __future__ import annotations

import fcntl
import os
import tempfile
from pathlib import Path

import pytest

from kalshi_tui.adapters.engine_place import Note, engine_place
from kalshi_tui.errors import ConfigError

NOTE = Note(pid=7, program="1", account="practice", mode="PRACTICE", settings_hash="h", started_ms=5)


def test_only_one_engine_has_a_place_and_its_note_is_read_while_it_has_it(tmp_path: Path) -> None:
    place = engine_place(tmp_path, "practice", "observe")
    assert not place.is_taken()
    taken = place.take()
    assert taken is not None
    assert place.take() is None
    assert place.is_taken()
    assert place.note() is None  # it has only just begun
    taken.write(NOTE)
    assert place.note() == NOTE
    taken.leave()
    assert not place.is_taken()
    assert place.note() is None
    again = place.take()
    assert again is not None
    assert again.crashed is None


def test_an_engine_that_ended_without_leaving_is_known_to_the_next(tmp_path: Path) -> None:
    place = engine_place(tmp_path, "practice", "observe")
    taken = place.take()
    assert taken is not None
    taken.write(NOTE)
    os.close(taken._descriptor)  # as the system does for a process that was killed
    again = place.take()
    assert again is not None
    assert again.crashed == NOTE
    assert place.note() is None  # the process of that number may be anybody's by now


def test_who_only_looks_at_the_lock_does_not_keep_an_engine_from_taking_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = engine_place(tmp_path, "practice", "observe")
    taken = place.take()
    assert taken is not None
    taken.leave()
    looking = os.open(place.folder / "engine.lock", os.O_RDONLY)
    fcntl.flock(looking, fcntl.LOCK_SH)
    monkeypatch.setattr("time.sleep", lambda _: os.close(looking))
    assert place.take() is not None


def test_each_account_and_mode_has_a_place_of_its_own(tmp_path: Path) -> None:
    names = [("practice", "observe"), ("practice", "paper"), ("demo-1234", "observe")]
    assert len({engine_place(tmp_path, *name).folder for name in names}) == 3


def test_folder_and_lock_are_for_our_eyes_alone(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        place = engine_place(tmp_path / "data", "practice", "observe")
        taken = place.take()
    finally:
        os.umask(mask)
    assert taken is not None
    assert place.folder.stat().st_mode & 0o777 == 0o700
    assert [path.stat().st_mode & 0o777 for path in place.folder.iterdir()] == [0o600]
    taken.leave()


def test_a_long_data_folder_gets_a_socket_with_a_short_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    long = tmp_path / ("x" * 120)
    place = engine_place(long, "practice", "observe")
    assert place.name == "practice-observe"
    assert place.folder.parent == tmp_path / f"kalshi-tui-{os.getuid()}"
    assert place == engine_place(long, "practice", "observe")
    assert place != engine_place(long, "practice", "paper")


def test_a_shared_folder_that_others_can_enter_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    shared = tmp_path / f"kalshi-tui-{os.getuid()}"
    shared.mkdir()
    shared.chmod(0o755)
    with pytest.raises(ConfigError, match="not a folder of yours alone"):
        engine_place(tmp_path / ("x" * 120), "practice", "observe")


def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    place = engine_place(tmp_path, "practice", "observe")
    place.folder.mkdir(parents=True)
    elsewhere = tmp_path / "precious"
    elsewhere.write_text("kept")
    (place.folder / "engine.lock").symlink_to(elsewhere)
    with pytest.raises(OSError, match="symbolic"):
        place.take()
    assert elsewhere.read_text() == "kept"

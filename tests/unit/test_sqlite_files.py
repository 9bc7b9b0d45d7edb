"""A database is for our eyes alone, of one account, of a known version, and is begun anew where it is damaged."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kalshi_tui.adapters.sqlite_files import set_aside, storage_file
from kalshi_tui.adapters.sqlite_schema import STEPS, prepare
from kalshi_tui.errors import ConfigError
from tests.unit.storage_kit import AT_MS, NAMES, point, storage_at


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return storage_file(tmp_path, *NAMES)


@pytest.fixture
def wide_open() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def widen(file: Path) -> None:
    file.chmod(0o644)
    file.parent.chmod(0o755)


def content(file: Path) -> bytes:
    return file.read_bytes()


def write_nonsense(file: Path) -> bytes:
    nonsense = b"this is not a database, but it is a long enough text to be looked at as one" * 20
    file.write_bytes(nonsense)
    return nonsense


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def schema_of(file: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").fetchall()


async def kept_once(file: Path) -> None:
    storage = storage_at(file)
    await storage.open()
    storage.keep("market", [(f"M-{number}", b"row" * 300) for number in range(100)])
    storage.remember("layout", "wide")
    await storage.close()
    assert not storage.lost


def test_the_files_name_tells_whose_it_is(tmp_path: Path) -> None:
    assert storage_file(tmp_path, "demo", "me", "live") == tmp_path / "db" / "demo-me-live.sqlite"


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".", "a\n", "x" * 81])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError):
        storage_file(tmp_path, "demo", name, "live")


@pytest.mark.usefixtures("wide_open")
async def test_folder_and_files_are_ours_alone_under_any_umask(file: Path) -> None:
    storage = storage_at(file)
    await storage.open()
    storage.keep("market", [("M", b"{}")])
    await storage.flush()
    beside = [file.with_name(file.name + end) for end in ("", "-wal", "-shm")]
    assert [mode(path) for path in beside] == [0o600] * 3
    assert mode(file.parent) == 0o700
    await storage.close()


async def test_what_was_too_wide_is_narrowed(file: Path) -> None:
    await kept_once(file)
    widen(file)
    storage = storage_at(file)
    await storage.open()
    assert (mode(file), mode(file.parent)) == (0o600, 0o700)
    await storage.close()


@pytest.mark.parametrize("end", ["", "-wal", "-shm"])
async def test_a_link_in_the_place_of_the_file_is_refused_and_not_followed(file: Path, end: str) -> None:
    target = file.parents[1] / "elsewhere"
    target.write_bytes(b"precious")
    file.parent.mkdir()
    file.with_name(file.name + end).symlink_to(target)
    with pytest.raises(ConfigError, match="is a link to"):
        await storage_at(file).open()
    assert target.read_bytes() == b"precious"


async def test_a_link_in_the_place_of_the_folder_is_refused(file: Path) -> None:
    (file.parents[1] / "elsewhere").mkdir()
    file.parent.symlink_to(file.parents[1] / "elsewhere")
    with pytest.raises(ConfigError, match="is a link to"):
        await storage_at(file).open()
    assert list((file.parents[1] / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("place", range(3))
async def test_the_file_of_another_environment_account_or_mode_is_refused(file: Path, place: int) -> None:
    await kept_once(file)
    names = tuple("other" if number == place else name for number, name in enumerate(NAMES))
    assert len(names) == 3
    with pytest.raises(ConfigError, match="belongs to practice/desk/observe") as caught:
        await storage_at(file, names).open()
    assert "move it away" in caught.value.hint


async def test_another_programs_database_is_refused(file: Path) -> None:
    file.parent.mkdir()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    with pytest.raises(ConfigError, match="another program"):
        await storage_at(file).open()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version = 1")
    with pytest.raises(ConfigError, match="another program"):
        await storage_at(file).open()
    assert schema_of(file) == [("recipes", "CREATE TABLE recipes (name TEXT)")]


# Versions


def make_version(file: Path, version: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        if version:
            prepare(connection, file, NAMES, STEPS[:version])
            connection.execute("INSERT INTO catalogue VALUES ('market', 'M', x'3131')")


@pytest.mark.parametrize("version", range(len(STEPS)))
async def test_a_file_of_any_older_version_is_brought_to_ours_with_all_that_it_holds(file: Path, version: int) -> None:
    fresh = file.with_name("fresh.sqlite")
    make_version(file, version)
    for each in (file, fresh):
        storage = storage_at(each)
        await storage.open()
        assert await storage.catalogue() == ([("market", [b"11"])] if version and each == file else [])
        storage.add_history([("M", point(1))])
        await storage.close()
        assert not storage.problem
    assert schema_of(file) == schema_of(fresh)


async def test_a_step_that_fails_leaves_the_version_before_it(file: Path) -> None:
    make_version(file, 1)
    steps = (STEPS[0], ("CREATE TABLE good (name TEXT)", "CREATE TABLE about (name TEXT)"))
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        with pytest.raises(sqlite3.OperationalError):
            prepare(connection, file, NAMES, steps)
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert "good" not in dict(schema_of(file))


async def test_a_newer_programs_file_is_refused_and_left_as_it_is(file: Path) -> None:
    await kept_once(file)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    before = content(file)
    with pytest.raises(ConfigError, match="newer version") as caught:
        await storage_at(file).open()
    assert "update the program" in caught.value.hint
    assert content(file) == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]


# Damage


def damage(file: Path, start: int) -> None:
    content = bytearray(file.read_bytes())
    content[start : start + 4096] = b"\xa5" * 4096
    file.write_bytes(content)


def broken(file: Path) -> list[Path]:
    return sorted(file.parent.glob(f"{file.name}.broken-*"))


async def test_a_file_that_is_no_database_is_put_aside_and_a_new_one_begun(file: Path) -> None:
    file.parent.mkdir()
    before = write_nonsense(file)
    storage = storage_at(file)
    await storage.open()
    assert "damaged" in storage.problem
    assert [path.read_bytes() for path in broken(file)] == [before]
    assert broken(file)[0].name in storage.problem
    storage.keep("market", [("M", b"{}")])
    await storage.flush()
    assert await storage.catalogue() == [("market", [b"{}"])]
    assert "damaged" in storage.problem
    await storage.close()


async def test_damage_inside_is_found_after_an_end_that_was_none(file: Path) -> None:
    await kept_once(file)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE about SET value = 'no' WHERE name = 'clean'")
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'catalogue'").fetchone()[0]
    damage(file, (root - 1) * 4096)
    storage = storage_at(file)
    await storage.open()
    assert "damaged" in storage.problem
    assert await storage.catalogue() == []
    await storage.close()


async def test_a_file_without_its_tables_is_damaged(file: Path) -> None:
    await kept_once(file)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DROP TABLE about")
    storage = storage_at(file)
    await storage.open()
    assert "tables are missing" in storage.problem
    await storage.close()


async def test_damage_that_shows_while_it_is_in_use_costs_what_was_kept_and_not_what_waits(file: Path) -> None:
    await kept_once(file)
    with closing(sqlite3.connect(file)) as connection:
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'catalogue'").fetchone()[0]
    damage(file, (root - 1) * 4096)
    storage = storage_at(file)
    await storage.open()
    assert not storage.problem  # it was closed well, so nobody looked through it
    storage.keep("market", [("N", b"new")])
    await storage.flush()
    assert len(broken(file)) == 1
    await storage.flush()
    assert await storage.catalogue() == [("market", [b"new"])]
    assert "damaged" in storage.problem
    assert storage.lost == 0
    await storage.close()


def test_of_damaged_files_only_the_latest_few_stay(file: Path) -> None:
    file.parent.mkdir()
    for number in range(5):
        file.write_bytes(b"%d" % number)
        file.with_name(f"{file.name}-wal").write_bytes(b"wal")
        set_aside(file, AT_MS + number)
    assert [path.read_bytes() for path in broken(file) if not path.name.endswith("-wal")] == [b"2", b"3", b"4"]
    assert len([path for path in broken(file) if path.name.endswith("-wal")]) == 3

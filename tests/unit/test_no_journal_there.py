"""What is no journal, or may not be read, is refused in words and with a hint."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from kalshi_tui.adapters.journal_read import JournalReader
from kalshi_tui.errors import ConfigError


def test_a_folder_is_no_journal(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no file, and so no journal") as refused:
        JournalReader(tmp_path)
    assert refused.value.hint


def test_a_file_that_cannot_be_opened_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "journal.sqlite"
    file.touch()
    if os.getuid():
        file.chmod(0)
    else:  # nothing is closed to root: let SQLite itself say so

        def refuse(*_: object, **__: object) -> None:
            raise sqlite3.OperationalError("unable to open database file")

        monkeypatch.setattr(sqlite3, "connect", refuse)
    with pytest.raises(ConfigError, match="cannot be read") as refused:
        JournalReader(file)
    assert refused.value.hint

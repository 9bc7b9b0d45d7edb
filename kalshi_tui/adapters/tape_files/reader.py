"""Opens tapes to be read, and finds the newest."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

from kalshi_tui.adapters.tape_files.files import FileSource, segment_files, tapes_in
from kalshi_tui.engine.tape.reading import Tape
from kalshi_tui.engine.tape.segment import Segment
from kalshi_tui.engine.tape.summary import TapeInfo, summarise
from kalshi_tui.errors import ConfigError

_LIST: Final = "kalshi-tui tape list shows the tapes that there are"


class TapeReader(Tape):
    """A tape in a file, or in a folder of segments."""

    def __init__(self, path: Path) -> None:
        """Open what lies there, or say why it is no tape."""
        self.path = path
        super().__init__([_segment(file) for file in _segment_paths(path)])

    def info(self) -> TapeInfo:
        """Count what is on it."""
        return summarise(self)


def find_tapes(tapes: Path) -> list[Path]:
    """Return all tapes below a folder that holds one folder for each account and mode, oldest first."""
    found = [tape for group in _folders(tapes) for tape in tapes_in(group)]
    return sorted((tape for tape in found if segment_files(tape)), key=_touched)


def newest_tape(tapes: Path) -> Path:
    """Return the tape that was written to last."""
    found = find_tapes(tapes)
    if not found:
        raise ConfigError(f"there is no tape in {tapes}", hint="the engine records one, unless tape.enabled is false")
    return found[-1]


def _segment(path: Path) -> Segment:
    source = FileSource(path)
    return Segment(source, is_open=source.is_being_written())


def _segment_paths(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    if found := segment_files(path):
        return found
    hint = f"name one of the tapes in it, such as {tapes[-1]}" if (tapes := tapes_in(path)) else _LIST
    raise ConfigError(f"{path} holds no segment of a tape", hint=hint)


def _folders(path: Path) -> list[Path]:
    return sorted(entry for entry in path.iterdir() if entry.is_dir()) if path.is_dir() else []


def _touched(tape: Path) -> tuple[int, str]:
    times = [0]
    for path in segment_files(tape):
        with suppress(FileNotFoundError):  # a writer may just be clearing it away
            times.append(path.stat().st_mtime_ns)
    return max(times), tape.name

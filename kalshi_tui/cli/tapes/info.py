"""`kalshi-tui tape list` and `tape info`: which tapes there are, and what is on one."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from kalshi_tui.adapters.tape_files import TapeReader, find_tapes
from kalshi_tui.cli.output import Column, print_json, print_table, print_words
from kalshi_tui.cli.tapes.places import open_tape, tapes_folder, utc
from kalshi_tui.cli.tapes.progress import Progress
from kalshi_tui.core.text import clean
from kalshi_tui.engine.tape.summary import TapeInfo, state_of
from kalshi_tui.errors import ConfigError

_LIST = (
    Column("tape", keep_whole=True),
    Column("of"),
    Column("begins (UTC)", keep_whole=True),
    Column("ends (UTC)", keep_whole=True),
    Column("segments", is_number=True),
    Column("bytes", is_number=True),
    Column("state"),
)
_SEGMENTS = (
    Column("segment", keep_whole=True),
    Column("begins (UTC)", keep_whole=True),
    Column("ends (UTC)", keep_whole=True),
    Column("records", is_number=True),
    Column("bytes", is_number=True),
    Column("state"),
)


class Listed(msgspec.Struct, frozen=True):
    """A tape in the list."""

    path: str
    of: str
    first_ms: int | None
    last_ms: int | None
    segments: int
    bytes: int
    state: str


@click.command(name="list", short_help="List the tapes that there are")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def list_command(*, as_json: bool) -> None:
    """List the tapes in the data folder, oldest first."""
    tapes = [_listed(path) for path in find_tapes(tapes_folder())]
    if as_json:
        print_json(tapes)
        return
    rows = [
        (Path(t.path).name, t.of, utc(t.first_ms), utc(t.last_ms), *_counts(t.segments, t.bytes), t.state)
        for t in tapes
    ]
    print_table(_LIST, rows)
    print_words(f"in {tapes_folder()}" if tapes else f"no tape yet in {tapes_folder()}")


@click.command(name="info", short_help="Show what is on a tape")
@click.argument("path", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def info_command(path: str | None, *, as_json: bool) -> None:
    """Show what is on the tape at PATH (a file or a folder of segments), or on the newest one."""
    tape = open_tape(path)
    tape.on_read = Progress("reading", tape.size).heard
    info = tape.info()
    if as_json:
        opening = None if info.opening is None else msgspec.structs.asdict(info.opening)
        more = {"ratio": round(info.ratio, 2), "opening": opening}
        print_json({"path": str(tape.path), **msgspec.structs.asdict(info), **more})
        return
    print_table([Column("what", keep_whole=True), Column("how")], _about(tape, info))
    print_table([Column("kind"), Column("records", is_number=True)], [(k, f"{n:,}") for k, n in info.kinds.items()])
    print_table(
        _SEGMENTS,
        [
            (s.name, utc(s.first_ms), utc(s.last_ms), *_counts(s.records, s.bytes), s.tear or s.state)
            for s in info.segments
        ],
    )


def _about(tape: TapeReader, info: TapeInfo) -> list[tuple[str, str]]:
    opening = info.opening
    whose = (
        []
        if opening is None
        else [
            ("venue", clean(f"{opening.words} ({opening.environment}, {opening.execution})")),
            ("account", clean(opening.account)),
            ("mode", clean(opening.mode)),
            ("settings", clean(opening.settings_hash)),
            ("program", clean(opening.program)),
            ("codec", str(opening.codec)),
            ("begins", "with the run" if opening.is_first else "inside the run, with the books as they were"),
        ]
    )
    return [
        ("tape", str(tape.path)),
        *whose,
        ("from (UTC)", utc(info.first_ms)),
        ("to (UTC)", utc(info.last_ms)),
        ("records", f"{info.records:,}"),
        ("frames", f"{info.frames:,}"),
        ("marks", f"{info.marks:,}"),
        ("lost records", f"{info.lost:,}"),
        ("bytes", f"{info.bytes:,} ({info.ratio:.1f} times smaller than the records)"),
        ("state", info.state),
    ]


def _listed(path: Path) -> Listed:
    try:
        tape = TapeReader(path)
    except ConfigError as problem:
        return Listed(str(path), path.parent.name, None, None, 0, 0, problem.message)
    state = state_of(tape.segments)
    return Listed(str(path), path.parent.name, tape.first_ms, tape.last_ms, len(tape.segments), tape.size, state)


def _counts(*numbers: int) -> tuple[str, ...]:
    return tuple(f"{number:,}" for number in numbers)

"""The real engine in a process of its own, whose ports note when an order passes them.

Run as `python -m kalshi_tui.cli.benches.orders_engine FOLDER SETTINGS`. It is put together as always; only the classes
behind its ports are replaced by children of theirs that note the time and do what their parents do. When it ends it
writes what it has noted into FOLDER/stamps.json.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from kalshi_tui.adapters.http import HttpxTransport
from kalshi_tui.adapters.journal_file import JournalFile
from kalshi_tui.cli import hosting, trading_host
from kalshi_tui.cli.benches import engine_process
from kalshi_tui.cli.benches.orders_stamps import Note, Stamps
from kalshi_tui.engine.journal_rows import JournalRow
from kalshi_tui.engine.ports import HttpReply
from kalshi_tui.engine.running import Engine
from kalshi_tui.link.intents import Intent, Result
from kalshi_tui.link.trading import Fire
from kalshi_tui.protocol.signing import KeySigner

STAMPS: Final = "stamps.json"


def stamped_http(note: Note) -> type[HttpxTransport]:
    """Return a transport that notes when it is asked to post."""

    class StampedHttp(HttpxTransport):
        async def send(
            self, method: str, path_and_query: str, headers: Mapping[str, str], body: bytes | None
        ) -> HttpReply:
            if method == "POST":
                note("send")
            return await super().send(method, path_and_query, headers, body)

    return StampedHttp


def stamped_journal(note: Note) -> type[JournalFile]:
    """Return a journal that notes when it is given an order's intent, and when that is on the disk."""

    class StampedJournal(JournalFile):
        def append(self, rows: Sequence[JournalRow]) -> asyncio.Future[None]:
            is_intent = any(row.kind == "Intended" for row in rows)
            if is_intent:
                note("append")
            kept = super().append(rows)
            if is_intent:
                kept.add_done_callback(lambda _: note("kept"))
            return kept

    return StampedJournal


def stamped_engine(note: Note) -> type[Engine]:
    """Return an engine that notes when a ticket's firing has come, and when it is judged."""

    class StampedEngine(Engine):
        async def answer(self, intent: Intent) -> Result:
            if not isinstance(intent, Fire):
                return await super().answer(intent)
            note("asked")
            try:
                return await super().answer(intent)
            finally:
                note("judged")

    return StampedEngine


def stamped_sign(note: Note) -> Callable[[KeySigner, int, str, str], dict[str, str]]:
    """Return a way to sign that notes when posts are signed."""
    sign = KeySigner.sign

    def signed(self: KeySigner, timestamp_ms: int, method: str, path: str) -> dict[str, str]:
        if method != "POST":
            return sign(self, timestamp_ms, method, path)
        note("sign")
        headers = sign(self, timestamp_ms, method, path)
        note("signed")
        return headers

    return signed


def run(folder: Path, settings_file: Path) -> None:
    """Run it until nobody wants it any more."""
    logging.disable(logging.ERROR)  # what is placed and killed is told a thousand times
    stamps = Stamps()
    for place, name, stand_in in (
        (hosting, "HttpxTransport", stamped_http(stamps.note)),
        (hosting, "Engine", stamped_engine(stamps.note)),
        (trading_host, "JournalFile", stamped_journal(stamps.note)),
        (KeySigner, "sign", stamped_sign(stamps.note)),
    ):
        setattr(place, name, stand_in)
    try:
        engine_process.run(folder, settings_file)
    finally:
        (folder / STAMPS).write_bytes(msgspec.json.encode(stamps.rows))


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]))

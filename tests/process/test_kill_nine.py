"""An engine that is killed with signal 9 at each of eight points, as a process: the next has what the exchange has.

KT_KILLS says how often each point is tried; 25 is what a release goes through.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from kalshi_tui.adapters.http import HttpxTransport
from kalshi_tui.adapters.journal_read import JournalReader
from kalshi_tui.cli.drills.host.points import POINTS
from kalshi_tui.cli.drills.journal_fold import Folded
from kalshi_tui.cli.wiring import exchange_clock
from kalshi_tui.engine.journal_rows import first_broken
from kalshi_tui.engine.venue import Venue
from kalshi_tui.protocol import rest
from tests.process.home import Home, command, until
from tests.process.mortal_engine import address

KILLS = int(os.environ.get("KT_KILLS", "1"))
LONGEST_S = 20.0  # of a life on a machine that others use, too; alone it is two or three
SCRIPT = Path(__file__).with_name("mortal_engine.py")
OURS = "kt1-"
MANY = 20_000


@contextmanager
def exchange(home: Home) -> Iterator[Path]:
    """Run an exchange that outlives every engine."""
    ready = home.folder / "ready.json"
    process = subprocess.Popen(  # noqa: S603 - this Python and our own words
        command("exchange", "--until-eof", "--ready-file", str(ready)),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=home.environ,
        cwd=home.folder,
    )
    try:
        until(ready.exists)
        yield ready
    finally:
        process.kill()
        process.communicate()


def life(home: Home, ready: Path, journal: Path, dies_at: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - as above
        [sys.executable, str(SCRIPT), str(ready), str(journal)],
        env={**home.environ, "KT_DIES_AT": dies_at, "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=home.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_S if dies_at else 150,
    )


async def there(ready: Path) -> dict[str, Any]:
    """Return what the exchange says of the account."""
    found, signer = address(ready)
    http = HttpxTransport(found["rest_url"])
    venue = Venue(http, await exchange_clock(found["rest_url"]), lambda: 0.5, signer=signer)
    orders = await venue.whole(rest.orders(), MANY)
    fills = await venue.whole(rest.fills(), MANY)
    positions = await venue.whole(rest.positions(), MANY)
    balance = await venue.ask(rest.balance())
    await http.close()
    return {"orders": orders, "fills": fills, "positions": positions, "cash": balance.cash}


def folded(file: Path) -> Folded:
    """Read the journal by itself."""
    with closing(JournalReader(file)) as reader:
        rows = list(reader.rows())
    assert first_broken(rows) is None
    found = Folded()
    for row in rows:
        found.take(row.kind, json.loads(row.body))
    return found


@pytest.mark.timeout(300 + 60 * KILLS)
def test_whenever_an_engine_is_killed_the_next_one_has_what_the_exchange_has(home: Home) -> None:
    journal = home.folder / "db" / "journal.sqlite"
    died: Counter[str] = Counter()
    took: list[float] = []
    with exchange(home) as ready:
        for point in (*POINTS,) * KILLS:
            began = time.monotonic()
            done = life(home, ready, journal, point.name)
            took.append(time.monotonic() - began)
            assert done.returncode == -signal.SIGKILL, (point.name, done.returncode, done.stderr[-2000:])
            died[point.name] += 1
        last = life(home, ready, journal, "")
        assert last.returncode == 0, last.stderr[-2000:]
        ours, theirs = json.loads(last.stdout), asyncio.run(there(ready))
    assert died == Counter({point.name: KILLS for point in POINTS})
    assert ours["differences"] == []
    assert ours["sessions"] == len(POINTS) * KILLS + 1

    names = Counter(order.client_order_id for order in theirs["orders"])
    assert [name for name, count in names.items() if count > 1] == []
    kept = folded(journal)
    assert set(names) <= set(kept.names)
    assert len(kept.names) == len(set(kept.names))

    held = {order_id: (name, filled) for name, order_id, _, filled, _ in ours["orders"]}
    assert held == {order.order_id: (order.client_order_id, order.filled) for order in theirs["orders"]}
    assert {state for _, _, state, _, _ in ours["orders"]} <= {"filled", "canceled"}
    fills = {(f.trade_id, f.order_id): (f.ticker, f.side, f.price, f.size, f.fee) for f in theirs["fills"]}
    assert {(row[0], row[1]): tuple(row[2:]) for row in ours["fills"]} == fills
    assert kept.fills == fills
    positions = {row.ticker: row.size for row in theirs["positions"] if row.size}
    assert ours["positions"] == kept.held() == positions
    assert ours["cash"] == kept.cash() == theirs["cash"]
    assert len(theirs["fills"]) >= KILLS
    assert max(took) < LONGEST_S


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["SIGTERM", "SIGHUP"])
def test_an_engine_that_is_told_to_end_cancels_what_works_first(home: Home, number: signal.Signals) -> None:
    with exchange(home) as ready:
        place = home.folder / ".config" / "kalshi-tui"
        place.mkdir(parents=True)
        found = json.loads(ready.read_text())
        (place / "config.toml").write_text(
            f'[venues.practice]\nrest_url = "{found["rest_url"]}"\nstream_url = "{found["ws_url"]}"\n'
            f'key_id = "{found["key_id"]}"\nkey_path = "{found["key_file"]}"\n'
        )
        pid = home.json("engine", "start")["pid"]
        rows = home.json("markets")
        ticker = next(row["ticker"] for row in rows if row["yes_bid"] and 0.25 < float(row["yes_bid"]) < 0.75)
        placed = home.json("order", "place", ticker, "buy", "yes", "3", "@0.15", "--post-only", "--yes")
        assert placed["order"]["state"] == "resting", placed
        began = time.monotonic()
        os.kill(pid, number)
        until(lambda: home.run("engine", "status").returncode == 5)
        assert time.monotonic() - began < 8
        (order,) = asyncio.run(there(ready))["orders"]
        assert order.status == "canceled"
        (file,) = (home.folder / ".local/share/kalshi-tui").glob("journal/*-live.sqlite")
        assert folded(file).kinds["CancelAnswered"] == 1

"""A kill as a process of its own: beside an engine that answers, that is frozen, or that is not there."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kalshi_tui.adapters.http import HttpxTransport
from kalshi_tui.cli.wiring import exchange_clock
from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.venue import Venue
from kalshi_tui.protocol import rest
from kalshi_tui.protocol.signing import Scope, Signer, load_signer
from tests.process.home import Home

ORDERS = 12


def flag_file(home: Home) -> Path:
    return home.folder / ".local" / "share" / "kalshi-tui" / "kills" / "practice.practice.killed"


def address(home: Home) -> tuple[str, Signer]:
    """Return where the engine's exchange is, and the account's key as another program of the same person has it."""
    found: dict[str, Any] = json.loads((home.run_folder / "exchange.json").read_text())
    return found["rest_url"], load_signer(found["key_id"], Path(found["key_file"]).read_bytes(), Scope.TRADE)


async def trader(home: Home) -> tuple[Venue, HttpxTransport]:
    rest_url, signer = address(home)
    http = HttpxTransport(rest_url)
    return Venue(http, await exchange_clock(rest_url), lambda: 0.5, signer=signer), http


async def place(home: Home) -> list[str]:
    """Let orders rest far below the market, half of them in an order group."""
    venue, http = await trader(home)
    group = await venue.ask(rest.create_group(Size(100_000)))
    markets = (await venue.ask(rest.markets(status="open"))).rows
    tickers = [row.ticker for row in markets if row.yes_ask is not None and row.yes_ask > 2_000]
    made = [
        await venue.ask(
            rest.create_order(
                rest.NewOrder(
                    client_order_id=f"kill-{number}",
                    ticker=tickers[number % 3],
                    side="bid",
                    price=Price(100),
                    size=Size(100),
                    order_group_id=group if number % 2 else "",
                )
            )
        )
        for number in range(ORDERS)
    ]
    await http.close()
    return [order.order_id for order in made]


async def resting(home: Home) -> list[str]:
    venue, http = await trader(home)
    rows = await venue.whole(rest.orders(status="resting"), 1_000)
    await http.close()
    return [row.order_id for row in rows]


@pytest.mark.parametrize("is_frozen", [False, True], ids=["engine that answers", "frozen engine"])
def test_a_kill_takes_everything_out_whatever_the_engine_does(home: Home, is_frozen: bool) -> None:
    pid = home.json("engine", "start")["pid"]
    placed = asyncio.run(place(home))
    assert sorted(asyncio.run(resting(home))) == sorted(placed)
    if is_frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        done = home.run("kill", "--reason", "a test", "--json")
    finally:
        os.kill(pid, signal.SIGCONT)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    (report,) = told["reports"]
    assert told["verified"] is report["verified"] is True
    assert (report["resting"], report["refused"]) == ([], "")
    assert asyncio.run(resting(home)) == []
    assert report["took_ms"] < 5_000
    (answer,) = told["engines"].values()
    assert ("no answer" in answer) is is_frozen
    assert "the kill flag is set" in done.stderr
    assert "verified: nothing rests" in done.stderr
    status = home.json("kill", "--status")
    assert (status["killed"], status["reason"]) == (True, "a test")
    assert stat.S_IMODE(flag_file(home).stat().st_mode) == 0o600


def test_without_an_engine_and_its_exchange_the_flag_alone_is_set(home: Home) -> None:
    assert home.run("kill", "--status").stdout == "not killed\n"
    assert home.json("kill", "--status") == {"killed": False, "since_ms": None, "reason": ""}
    done = home.run("kill")
    assert done.returncode == 0, done.stderr
    assert "no practice exchange runs" in done.stderr
    assert "killed since 20" in home.run("kill", "--status").stdout
    assert "a person pressed kill" in home.run("kill", "--status").stdout


def test_where_nobody_answers_it_is_not_verified_and_the_flag_is_set_all_the_same(home: Home) -> None:
    key = home.folder / "key.pem"
    home.run("doctor")  # makes a practice key
    key.write_bytes((home.folder / ".local/share/kalshi-tui/practice/key.pem").read_bytes())
    key.chmod(0o600)
    config = home.folder / ".config" / "kalshi-tui"
    config.mkdir(parents=True)
    address = 'rest_url = "http://127.0.0.1:9/trade-api/v2"\nstream_url = "ws://127.0.0.1:9/trade-api/ws/v2"\n'
    (config / "config.toml").write_text(f'[venues.practice]\n{address}key_id = "k"\nkey_path = "{key}"\n')
    done = home.run("kill")
    assert done.returncode == 5
    assert "hint: " in done.stderr
    assert home.json("kill", "--status")["killed"] is True


def test_without_a_key_nothing_can_be_canceled_and_it_says_so(home: Home) -> None:
    done = home.run("--env", "demo", "kill")
    assert done.returncode == 4
    assert "nothing could be canceled: no key is set for demo" in done.stderr
    assert "the kill flag is set" in done.stderr
    assert json.loads(home.run("--env", "demo", "kill", "--status", "--json").stdout)["killed"] is True
    assert home.json("kill", "--status")["killed"] is False  # another environment's account


def test_a_disk_that_takes_no_flag_does_not_keep_a_kill_from_canceling(home: Home) -> None:
    home.json("engine", "start")
    asyncio.run(place(home))
    flag_file(home).mkdir(parents=True)  # a folder where the file should be
    done = home.run("kill")
    assert done.returncode == 1
    assert "engines are NOT kept from sending" in done.stderr
    assert "verified: nothing rests" in done.stdout
    assert asyncio.run(resting(home)) == []


def test_the_command_imports_nothing_slow_before_the_flag_stands() -> None:
    script = (
        "import sys; import kalshi_tui.cli.kill; "
        "print([name for name in ('httpx', 'cryptography', 'textual') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout == "[]\n"

"""`kalshi-tui exchange` as a user runs it: it says where it is, stops when told, keeps and refuses clearly."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from kalshi_tui.cli import exchange
from kalshi_tui.practice.desk import open_desk
from kalshi_tui.practice.keys import make_key
from kalshi_tui.protocol.signing import Scope, load_signer

ROOT = Path(__file__).parents[2]
LINE = ["rest_url", "ws_url", "reference_url", "key_id", "key_file", "seed", "world"]


def start(home: Path, *arguments: str) -> subprocess.Popen[str]:
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "kalshi_tui", "exchange", *arguments],
        env=environ,
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def running(home: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    process = start(home, *arguments)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate(timeout=20)[1]
        yield process, json.loads(line)
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=20)


def refused(home: Path, *arguments: str) -> tuple[int, str]:
    """Run a command line that cannot work; return its exit code and words."""
    process = start(home, "--for", "5", *arguments)
    out, words = process.communicate(timeout=30)
    assert out == ""
    assert "Traceback" not in words
    return process.returncode, words


def ask(told: dict[str, Any], method: str, path: str, body: Any = None) -> httpx.Response:
    signer = load_signer(told["key_id"], Path(told["key_file"]).read_bytes(), Scope.TRADE)
    headers = signer.sign(time.time_ns() // 1_000_000, method, f"/trade-api/v2{path.partition('?')[0]}")
    return httpx.request(method, f"{told['rest_url']}{path}", headers=headers, json=body, timeout=10)


def test_it_says_where_it_is_in_one_line_and_in_the_ready_file(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    ready.write_text("old")
    with running(tmp_path, "--seed", "7", "--ready-file", str(ready)) as (process, told):
        assert list(told) == LINE
        assert json.loads(ready.read_text()) == told
        assert stat.S_IMODE(ready.stat().st_mode) == 0o600
        assert (told["seed"], told["world"]) == (7, "first")
        assert stat.S_IMODE(Path(told["key_file"]).stat().st_mode) == 0o600
        assert Path(told["key_file"]).is_relative_to(tmp_path)
        assert httpx.get(f"{told['rest_url']}/exchange/status").status_code == 200
        assert httpx.get(f"{told['reference_url']}/clock").json()["speed"] == 1.0
        assert ask(told, "GET", "/portfolio/balance").json()["balance"] == 1_000_000
        process.terminate()
        out, words = process.communicate(timeout=20)
        assert (process.returncode, out) == (0, "")
        assert told["rest_url"] in words
        assert "Ctrl-C" in words
        assert "Traceback" not in words


def test_ctrl_c_ends_it_cleanly_and_the_key_is_used_again(tmp_path: Path) -> None:
    key_ids = []
    for _ in range(2):
        with running(tmp_path) as (process, told):
            key_ids.append(told["key_id"])
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=20)
            assert process.returncode == 0
    assert key_ids[0] == key_ids[1]


def test_it_stops_by_itself_after_so_many_seconds(tmp_path: Path) -> None:
    began = time.monotonic()
    with running(tmp_path, "--for", "0.5", "--cash", "12.34", "--key-file", str(tmp_path / "mine.pem")) as (
        process,
        told,
    ):
        assert told["key_file"] == str(tmp_path / "mine.pem")
        process.communicate(timeout=20)
        assert process.returncode == 0
    assert time.monotonic() - began < 15


def test_what_was_done_a_second_before_a_kill_is_still_there_after_it(tmp_path: Path) -> None:
    with running(tmp_path, "--keep") as (process, told):
        markets = httpx.get(f"{told['rest_url']}/markets?series_ticker=KXFED&limit=1").json()["markets"]
        order = {
            "ticker": markets[0]["ticker"],
            "side": "bid",
            "count": "3",
            "price": "0.01",
            "time_in_force": "good_till_canceled",
            "self_trade_prevention_type": "maker",
            "client_order_id": "kept",
        }
        placed = ask(told, "POST", "/portfolio/events/orders", order)
        assert placed.status_code == 201, placed.text
        time.sleep(2.5)  # it saves once a second of the wall clock
        process.kill()
        process.communicate(timeout=20)
    with running(tmp_path, "--keep") as (_, again):
        orders = ask(again, "GET", "/portfolio/orders").json()["orders"]
        assert [(one["order_id"], one["client_order_id"]) for one in orders] == [(placed.json()["order_id"], "kept")]
        assert again["seed"] == told["seed"]


def test_a_damaged_state_is_refused_with_a_hint_and_the_next_run_is_fresh(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "kalshi-tui" / "practice"
    folder.mkdir(parents=True)
    (folder / "first.keep").write_bytes(b"not what it was")
    code, words = refused(tmp_path, "--keep")
    assert code == 3
    assert "is damaged" in words
    assert "first.keep.aside-1" in words
    assert (folder / "first.keep.aside-1").read_bytes() == b"not what it was"
    with running(tmp_path, "--keep", "--for", "0.1"):
        pass


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--world", "frist"], 3, "the nearest is 'first'"),
        (["--world", "./none.toml"], 3, "none.toml cannot be read: No such file or directory\n"),
        (["--world", "./bad.toml"], 3, "bad.toml"),
        (["--markets", "0"], 3, "0 markets cannot be made"),
        (["--markets", "30001"], 3, "30001 markets cannot be made"),
        (["--markets", "many"], 2, "--markets"),
        (["--speed", "nan"], 3, "--speed"),
        (["--speed", "0"], 3, "--speed"),
        (["--for", "-1"], 3, "--for"),
        (["--cash", "1e6"], 3, "--cash takes 0 to"),
        (["--cash", "abc"], 3, "begin with 'abc' dollars"),
        (["--scenario", "f7-replay-lost"], 3, "did you mean 'f07-reply-lost'?"),
        (["--scenario", "earthquake"], 3, "docs/faults.md"),
        (["--cash", "-5"], 3, "-5"),
        (["--scenario", "./none.toml"], 3, "none.toml"),
        (["--key-file", "./open.pem"], 4, "chmod 600"),
        (["--key-file", "./bad.pem"], 3, "practice key"),
        (["--ready-file", "./no/such/folder"], 3, "mkdir -p no/such"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_a_hint(tmp_path: Path, arguments: list[str], code: int, said: str) -> None:
    for name, mode in (("bad.toml", 0o644), ("open.pem", 0o644), ("bad.pem", 0o600)):
        (tmp_path / name).write_text('name = "bad"\ntitle = 7\n')
        (tmp_path / name).chmod(mode)
    found, words = refused(tmp_path, *arguments)
    assert (found, said in words) == (code, True), words
    if code != 2:
        error, hint = words.strip().splitlines()
        assert error.startswith("error: ")
        assert hint.startswith("hint: ")
        assert len(hint) > len("hint: ")


async def test_an_exchange_whose_clock_has_stopped_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "SAVE_EVERY_S", 0.01)
    desk = open_desk(start_ms=1_794_998_837_123, key_pem=make_key("ed25519"))
    await asyncio.wait_for(exchange._stay(asyncio.Event(), desk, None), 5)


async def test_a_moment_with_much_to_do_is_no_stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "SAVE_EVERY_S", 0.01)
    desk = open_desk(start_ms=1_794_998_837_123, key_pem=make_key("ed25519"))
    now_ms = desk.exchange.now_ms
    stop = asyncio.Event()
    staying = asyncio.create_task(exchange._stay(stop, desk, None))
    for _ in range(20):
        desk.exchange.schedule(now_ms, lambda: None)
        assert desk.exchange.act(now_ms)
        await asyncio.sleep(0.005)
    assert (desk.exchange.now_ms, staying.done()) == (now_ms, False)
    stop.set()
    await staying


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, words = refused(tmp_path, "--port", str(port))
    assert code == 3
    assert str(port) in words
    assert "hint: " in words

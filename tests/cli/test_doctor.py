"""The doctor: green where nothing is set, and a failed line with what to do where something is wrong."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from kalshi_tui.cli.checks import terminal, venue, versions
from kalshi_tui.cli.checks.findings import Finding, State
from kalshi_tui.cli.checks.local import Places, check_files, check_key, check_settings
from kalshi_tui.config.load import load_settings
from kalshi_tui.config.schema import Settings
from kalshi_tui.practice.desk import Desk, open_desk
from kalshi_tui.practice.keys import make_key
from kalshi_tui.practice.server import serve
from kalshi_tui.protocol import rest
from kalshi_tui.protocol.signing import Scope, Signer, load_signer

ROOT = Path(__file__).parents[2]
KEY_ID = "11111111-2222-4333-8444-555555555555"


def run(home: Path, *arguments: str, **names: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person with an empty home would."""
    environ = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", **names}
    command = [sys.executable, "-m", "kalshi_tui", *arguments]
    return subprocess.run(command, cwd=home, env=environ, capture_output=True, text=True, check=False)  # noqa: S603


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def test_without_account_key_or_network_everything_is_green(tmp_path: Path) -> None:
    done = run(tmp_path, "doctor", "--json", TERM="xterm-256color")
    report = json.loads(done.stdout)
    assert done.returncode == 0, report
    assert report["ok"] is True
    found = {(line["section"], line["name"]): line for line in report["findings"]}
    assert {line["state"] for line in report["findings"]} == {"ok"}, report
    sections = {"versions", "settings", "files", "engine", "keys", "venue", "terminal"}
    assert {section for section, _ in found} == sections
    assert "none runs" in found["engine", "practice-live"]["found"]
    assert "key accepted" in found["venue", "account"]["found"]
    assert "200 read and 100 write tokens" in found["venue", "account"]["found"]
    assert ("venue", "stream over websockets") in found
    assert "looking at" in done.stderr


def test_a_second_run_finds_the_same_practice_key(tmp_path: Path) -> None:
    assert run(tmp_path, "doctor", "--offline").returncode == 0
    (key,) = tmp_path.rglob("key.pem")
    before = key.read_bytes()
    done = run(tmp_path, "doctor", "--offline")
    assert done.returncode == 0
    assert "because of --offline" in done.stdout
    assert key.read_bytes() == before


def test_a_typo_fails_by_name_with_its_mending_and_the_rest_is_still_looked_at(tmp_path: Path) -> None:
    config = tmp_path / "mine.toml"
    config.write_text("[netwrok]\n")
    done = run(tmp_path, "--config", str(config), "doctor", "--offline")
    assert done.returncode == 1
    assert "mine.toml line 1" in done.stdout
    assert "→ did you mean network?" in done.stdout
    assert "TERM" in done.stdout
    assert "Traceback" not in done.stderr


def test_an_open_key_fails_with_its_chmod_and_sends_nothing(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_bytes(make_key("ed25519"))
    key.chmod(0o644)
    names = {"KALSHI_ENV": "demo", "KALSHI_DEMO_KEY_ID": KEY_ID, "KALSHI_DEMO_KEY_PATH": str(key)}
    done = run(tmp_path, "doctor", "--offline", **names)
    assert done.returncode == 1
    assert f"→ chmod 600 {key}" in done.stdout
    assert KEY_ID not in done.stdout + done.stderr


def test_retired_names_are_pointed_out(tmp_path: Path) -> None:
    done = run(tmp_path, "doctor", "--offline", KALSHI_EMAIL="canary@example.com")
    assert done.returncode == 0
    assert "KALSHI_EMAIL is not used" in done.stdout
    assert "canary@" not in done.stdout + done.stderr


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., Settings]:
    def made(toml: str = "", **environ: str) -> Settings:
        config = tmp_path / "config.toml"
        config.write_text(toml)
        return load_settings(environ=environ, folder=tmp_path, config_file=config)

    return made


def test_settings_are_shown_with_their_origin_and_key_ids_masked(settings: Callable[..., Settings]) -> None:
    found = by_name(
        check_settings(settings('[fees]\nbalance_grid = "0.01"\n', KALSHI_ENV="demo", KALSHI_DEMO_KEY_ID=KEY_ID))
    )
    assert found["environment"].found == "demo  (environment KALSHI_ENV)"
    assert found["venues.demo.key_id"].found == "…5555  (environment KALSHI_DEMO_KEY_ID)"
    assert found["fees.balance_grid"].found.startswith("0.01 dollars  (")
    assert found["stream.use_yes_price"].found == "true  (default)"
    assert not any(name.startswith(("venues.prod", "venues.practice", "practice.")) for name in found)


@pytest.mark.parametrize(
    ("mode", "state"), [(0o700, State.OK), (0o755, State.WARN), (0o777, State.WARN), (None, State.OK)]
)
def test_a_data_folder_open_to_others_is_noticed(tmp_path: Path, mode: int | None, state: State) -> None:
    data = tmp_path / "data"
    if mode is not None:
        data.mkdir()
        data.chmod(mode)
    finding = by_name(check_files(Places(tmp_path / "config.toml", data)))["data folder"]
    assert finding.state is state
    assert finding.to_do == (f"chmod 700 {data}" if state is State.WARN else "")


def test_a_real_venue_without_a_key_says_what_will_not_work(settings: Callable[..., Settings], tmp_path: Path) -> None:
    (finding,), loaded = check_key(settings(KALSHI_ENV="prod"), Places(tmp_path / "c", tmp_path / "d"))
    assert finding.state is State.WARN
    assert "KALSHI_PROD_KEY_ID" in finding.to_do
    assert loaded is None


def test_a_damaged_practice_key_can_be_replaced(settings: Callable[..., Settings], tmp_path: Path) -> None:
    places = Places(tmp_path / "c", tmp_path / "d")
    check_key(settings(), places)
    path = tmp_path / "d" / "practice" / "key.pem"
    path.write_text("not a key")
    (finding,), _ = check_key(settings(), places)
    assert finding.state is State.FAIL
    assert f"rm {path}" in finding.to_do
    path.unlink()
    (finding,), _ = check_key(settings(), places)
    assert finding.state is State.OK


def test_a_wished_for_library_that_is_missing_fails(
    settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [])
    wanted = settings('[stream]\ntransport = "picows"\n')
    found = by_name(versions.check_optional(wanted))
    assert found["picows"].state is State.FAIL
    assert found["picows"].to_do == "pip install 'kalshi-tui[fast]'"
    assert found["keyring"].state is State.OK
    assert by_name(versions.check_versions())["httpx"].state is State.FAIL


@pytest.mark.parametrize(
    ("offset_ms", "state", "words"),
    [
        (None, State.OK, "did not tell"),
        (0, State.OK, "agrees"),
        (-1_999, State.OK, "agrees"),
        (2_000, State.WARN, "2.0 s behind"),
        (-9_999, State.WARN, "10.0 s ahead"),
        (10_000, State.FAIL, "10.0 s behind"),
        (-3_600_000, State.FAIL, "3600.0 s ahead"),
    ],
)
def test_a_clock_is_judged_by_what_signatures_bear(offset_ms: int | None, state: State, words: str) -> None:
    finding = venue.clock_finding(offset_ms)
    assert finding.state is state
    assert words in finding.found
    assert bool(finding.to_do) == (state is not State.OK)


@pytest.mark.parametrize(
    ("is_active", "is_trading", "state"),
    [(True, True, State.OK), (True, False, State.WARN), (False, False, State.WARN)],
)
def test_a_pause_is_told(is_active: bool, is_trading: bool, state: State) -> None:
    finding = venue.status_finding(rest.ExchangeStatus(is_active, is_trading, None, ()), 1.0)
    assert finding.state is state


@asynccontextmanager
async def practice(settings: Callable[..., Settings]) -> AsyncIterator[tuple[Settings, Desk]]:
    """Run a practice exchange apart from the one that the doctor would start."""
    desk = open_desk(seed=1, start_ms=time.time_ns() // 1_000_000, key_pem=make_key("ed25519"))
    running = await serve(desk)
    try:
        yield settings(venue_toml(running.rest_url, running.ws_url)), desk
    finally:
        await running.close()


def venue_toml(rest_url: str, stream_url: str) -> str:
    return f'[venues.practice]\nrest_url = "{rest_url}"\nstream_url = "{stream_url}"\n'


async def test_a_running_exchange_is_asked_with_each_transport(settings: Callable[..., Settings]) -> None:
    async with practice(settings) as (chosen, desk):
        found = by_name(await venue.check_venue(chosen, load_signer(desk.key_id, desk.key_pem, Scope.READ)))
    assert {finding.state for finding in found.values()} == {State.OK}, found
    assert {"REST", "account", "clock", "stream over websockets"} <= set(found)


async def test_an_unknown_key_fails_where_it_is_needed_and_nowhere_else(settings: Callable[..., Settings]) -> None:
    async with practice(settings) as (chosen, _):
        found = by_name(await venue.check_venue(chosen, load_signer(KEY_ID, make_key("ed25519"), Scope.READ)))
    failed = {name for name, finding in found.items() if finding.state is State.FAIL}
    assert {"account", "stream over websockets"} <= failed
    assert found["REST"].state is State.OK
    assert all(found[name].to_do for name in failed)


async def test_without_a_key_what_needs_one_is_not_asked(settings: Callable[..., Settings]) -> None:
    async with practice(settings) as (chosen, _):
        found = by_name(await venue.check_venue(chosen, None))
    assert {finding.state for finding in found.values()} == {State.OK}
    assert "needs a key" in found["account"].found
    assert "needs a key" in found["stream over websockets"].found


Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def strange_venue(answer: Answer) -> AsyncIterator[str]:
    """Serve a venue that answers everything but the clock in a way of its own."""

    async def answered(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/reference/clock":
            return web.json_response({"now_ms": time.time_ns() // 1_000_000, "speed": 1.0})
        return await answer(request)

    runner = web.ServerRunner(web.Server(answered, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield venue_toml(*(f"{scheme}://127.0.0.1:{runner.addresses[0][1]}" for scheme in ("http", "ws")))
    finally:
        await runner.cleanup()


def signer() -> Signer:
    return load_signer(KEY_ID, make_key("ed25519"), Scope.READ)


async def html(_: web.BaseRequest) -> web.StreamResponse:
    return web.Response(text="<html>sorry</html>", content_type="text/html")


async def an_hour_ahead(_: web.BaseRequest) -> web.StreamResponse:
    body = {"exchange_active": True, "trading_active": True}
    return web.json_response(body, headers={"Date": formatdate(time.time() + 3600, usegmt=True)})


async def test_html_instead_of_json_is_one_sentence_and_a_hint(settings: Callable[..., Settings]) -> None:
    async with strange_venue(html) as toml:
        found = by_name(await venue.check_venue(settings(toml), signer()))
    for name in ("REST", "account", "stream over websockets"):
        assert found[name].state is State.FAIL
        assert found[name].to_do
        assert "fault of kalshi-tui" not in found[name].found


async def test_a_wrong_clock_is_seen_in_the_venues_dates(settings: Callable[..., Settings]) -> None:
    async with strange_venue(an_hour_ahead) as toml:
        found = by_name(await venue.check_venue(settings(toml), None))
    assert found["REST"].state is State.OK
    assert found["clock"].state is State.FAIL
    assert "behind" in found["clock"].found


async def test_a_venue_that_is_not_there_fails_with_a_hint(settings: Callable[..., Settings]) -> None:
    toml = venue_toml("http://127.0.0.1:1", "ws://127.0.0.1:1")
    (finding,) = await venue.check_venue(settings(toml), None)
    assert finding.state is State.FAIL
    assert finding.to_do


def test_terminals_are_judged_by_what_they_say() -> None:
    good = by_name(terminal.check_terminal({"TERM": "xterm-256color", "COLORTERM": "truecolor", "TMUX": "x"}))
    assert (good["TERM"].state, good["colours"].found) == (State.OK, "16 million")
    assert good["runs inside"].found == "tmux"
    assert by_name(terminal.check_terminal({"TERM": "screen-256color"}))["colours"].found == "256"
    poor = by_name(terminal.check_terminal({"TERM": "dumb"}))
    assert (poor["TERM"].state, poor["colours"].state) == (State.WARN, State.WARN)
    assert "NO_COLOR" in by_name(terminal.check_terminal({"NO_COLOR": "1"}))["colours"].found
    assert terminal.size_finding(80, 24).state is State.OK
    assert terminal.size_finding(79, 24).state is State.WARN
    assert terminal.size_finding(80, 23).state is State.WARN
    assert terminal.width_finding(3).state is State.OK
    assert terminal.width_finding(6).state is State.WARN
    assert terminal.width_finding(None).state is State.OK


@pytest.fixture
def screen() -> Iterator[tuple[int, int]]:
    """Open a real pseudo-terminal: what the emulator sees, and what the program sees."""
    emulator, program = pty.openpty()
    yield emulator, program
    os.close(emulator)
    os.close(program)


@pytest.mark.parametrize(("reply", "width"), [(b"\x1b[1;4R", 3), (b"j\x1b[12;7R", 6), (b"", None), (b"\x1b[x", None)])
def test_sign_widths_are_measured_by_the_cursor(screen: tuple[int, int], reply: bytes, width: int | None) -> None:
    emulator, program = screen
    shown: list[bytes] = []

    def emulate() -> None:
        shown.append(os.read(emulator, 64))
        os.write(emulator, reply)

    emulating = threading.Thread(target=emulate)
    emulating.start()
    measured: Any = terminal.sign_width(program, program)
    emulating.join()
    assert measured == width
    assert shown[0].endswith(b"\x1b[6n")

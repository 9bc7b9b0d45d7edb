"""`markets`, `book`, `trades` and `live` against an exchange that they start themselves, and against bad venues."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from kalshi_tui.adapters.private_files import write_private
from kalshi_tui.cli import main as entry
from kalshi_tui.practice.keys import make_key


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("KALSHI_ENV", "LOG_LEVEL", "KALSHI_TUI_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def run_command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["kalshi-tui", *arguments])
        with pytest.raises(SystemExit) as ended:
            entry.main()
        out, words = capsys.readouterr()
        assert "Traceback" not in words
        return int(ended.value.code or 0), out, words

    return run_command


def test_markets_of_a_series_are_listed_for_programs(run: Any) -> None:
    code, out, _ = run("markets", "--series", "KXFED", "--json")
    assert code == 0
    markets = json.loads(out)
    assert {market["event_ticker"].split("-")[0] for market in markets} == {"KXFED"}
    assert all(market["yes_bid"] is None or len(market["yes_bid"]) == 6 for market in markets)


def test_search_and_limit_narrow_the_list(run: Any) -> None:
    code, out, words = run("markets", "--search", "federal ABOVE 3.50", "--limit", "2")
    assert code == 0
    rows = out.splitlines()[1:]
    assert len(rows) == 2
    assert all("T3.50" in row for row in rows)
    assert "--limit shows more" in words


def test_no_match_says_what_to_try(run: Any) -> None:
    code, out, words = run("markets", "--search", "no such thing", "--json")
    assert (code, json.loads(out)) == (0, [])
    assert "--status any" in words


def test_a_book_has_asks_above_and_bids_below(run: Any) -> None:
    ticker = json.loads(run("markets", "--search", "federal ABOVE 3.50", "--limit", "1", "--json")[1])[0]["ticker"]
    code, out, _ = run("book", ticker, "--depth", "3")
    assert code == 0
    prices = [float(cell) for line in out.splitlines()[1:] for cell in line.split() if cell.startswith("0.")]
    assert len(prices) == 6
    assert prices == sorted(prices, reverse=True)
    shown = json.loads(run("book", ticker, "--json")[1])
    assert shown["bids"][0][0] < shown["asks"][0][0]


def test_a_followed_book_becomes_live_and_says_so_on_each_line(run: Any) -> None:
    ticker = json.loads(run("markets", "--search", "federal ABOVE 3.50", "--limit", "1", "--json")[1])[0]["ticker"]
    code, out, _ = run("book", ticker, "--follow", "--for", "1.5", "--json")
    assert code == 0
    lines = [json.loads(line) for line in out.splitlines()]
    assert lines[0]["state"] != "live"
    assert lines[-1]["state"] == "live"
    assert lines[-1]["bids"]


def test_trades_are_listed_newest_first(run: Any) -> None:
    code, out, _ = run("trades", "--limit", "20", "--json")
    times = [trade["created_ms"] for trade in json.loads(out)]
    assert code == 0
    assert len(times) == 20
    assert times == sorted(times, reverse=True)


def test_the_bare_command_prints_one_picture_into_a_pipe_and_ends(run: Any) -> None:
    code, out, words = run()
    assert code == 0
    assert out.splitlines()[0].split()[:2] == ["market", "answer"]
    assert "stale" not in out
    assert "books live" in words


@pytest.mark.parametrize("command", ["book", "trades"])
def test_an_unknown_market_is_refused_in_one_sentence(run: Any, command: str) -> None:
    code, out, words = run(command, "KXNONE-26DEC-T1")
    assert (code, out) == (6, "")
    error, hint = words.strip().splitlines()[-2:]
    assert error == "error: the venue has no market KXNONE-26DEC-T1"
    assert hint.startswith("hint: `kalshi-tui markets` lists them")


def test_a_ticker_in_small_letters_is_answered_with_the_same_in_capitals(run: Any) -> None:
    code, _, words = run("book", "kxfed-26dec-t3.50")
    assert code == 6
    assert "in capitals: KXFED-26DEC-T3.50" in words
    assert "in capitals" in run("markets", "--series", "kxfed")[2]
    assert "in capitals" not in run("markets", "--series", "KXNONE")[2]


def test_a_practice_exchange_that_has_ended_is_asked_about(run: Any, home: Path) -> None:
    ready = {"rest_url": "http://127.0.0.1:1/trade-api/v2", "ws_url": "ws://127.0.0.1:1/trade-api/ws/v2"}
    rest = {"key_id": "x", "key_file": str(home / "key.pem"), "seed": 1, "world": "first"}
    (home / "ready.json").write_text(json.dumps(ready | rest))
    write_private(home / "key.pem", make_key("ed25519"), replace=False)
    code, _, words = run("--ready-file", "ready.json", "markets")
    assert code == 5
    assert "still running?" in words
    assert "kalshi-tui exchange --ready-file" in words


def test_what_cannot_be_a_ticker_is_not_sent(run: Any) -> None:
    code, _, words = run("book", "../portfolio/balance")
    assert code == 2
    assert "cannot be a market ticker" in words


def test_a_typo_in_the_settings_names_the_nearest_right_name(run: Any, home: Path) -> None:
    (home / "my.toml").write_text("[stream]\nping_limit = 5\n")
    code, _, words = run("--config", "my.toml", "markets")
    assert code == 3
    assert "my.toml line 2" in words
    assert "ping_limit_s" in words


@pytest.mark.parametrize(
    ("flags", "said"), [(["--env", "prodd"], "prod"), (["--ready-file", "none.json"], "none.json")]
)
def test_a_wrong_flag_is_a_setting_that_cannot_be_used(run: Any, flags: list[str], said: str) -> None:
    code, _, words = run(*flags, "markets")
    assert code == 3
    assert said in words


def test_an_unknown_world_names_the_nearest(run: Any, home: Path) -> None:
    (home / "my.toml").write_text('[practice]\nworld = "frist"\n')
    code, _, words = run("--config", "my.toml", "markets")
    assert code == 3
    assert "first" in words


class _Html(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b'{"now_ms": 1790000000000, "speed": 1}' if self.path.endswith("/clock") else b"<html>Bad gateway</html>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        del format, args


@pytest.fixture
def html_venue() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Html)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def settings_for(home: Path, port: int) -> str:
    path = home / "venue.toml"
    urls = f'rest_url = "http://127.0.0.1:{port}/trade-api/v2"\nstream_url = "ws://127.0.0.1:{port}/trade-api/ws/v2"\n'
    path.write_text(f"[venues.practice]\n{urls}[network]\nread_retries = 0\n")
    return str(path)


def test_html_instead_of_json_is_not_understood_and_says_so(run: Any, home: Path, html_venue: int) -> None:
    code, out, words = run("--config", settings_for(home, html_venue), "markets")
    assert (code, out) == (7, "")
    assert "HTML" in words


def test_a_venue_that_is_not_there_is_no_answer(run: Any, home: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    code, out, words = run("--config", settings_for(home, port), "markets")
    assert (code, out) == (5, "")
    assert "hint: " in words


@pytest.fixture
def quiet_afterwards() -> Iterator[None]:
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


@pytest.mark.usefixtures("quiet_afterwards")
def test_the_most_talkative_log_shows_no_signature(run: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "plain.toml").write_text('[stream]\ntransport = "websockets"\n')
    monkeypatch.setenv("LOG_LEVEL", "debug")
    code, _, words = run("--config", "plain.toml", "live")
    assert code == 0
    for name in ("KEY", "TIMESTAMP", "SIGNATURE"):
        told = [line.partition(f"KALSHI-ACCESS-{name}: ")[2] for line in words.splitlines() if f"ACCESS-{name}" in line]
        assert set(told) == {"[hidden]"}

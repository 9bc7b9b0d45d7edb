"""Engines as processes: one for each account and mode, found by whoever attaches, and outlived by nothing of theirs."""

from __future__ import annotations

import json
import os
import signal
import subprocess

from tests.process.home import PATIENCE_S, Home, children_of, command, is_there, until


def test_an_engine_is_started_once_found_by_everybody_and_leaves_nothing_behind(home: Home) -> None:
    first = home.json("engine", "start")
    assert first["started"]
    again = home.json("engine", "start")
    assert again == {**first, "started": False}
    status = home.json("status")["status"]
    assert (status["engine_pid"], status["mode"]) == (first["pid"], "PRACTICE")
    second = home.run("run", "--headless", "--for", "1")
    assert second.returncode == 3
    assert f"runs already (process {first['pid']})" in second.stderr
    exchange = children_of(first["pid"])
    assert len(exchange) == 1
    stopped = home.run("engine", "stop")
    assert (stopped.returncode, stopped.stderr) == (0, "engine stopped\n")
    until(lambda: not any(map(is_there, [first["pid"], *exchange])))
    assert not (home.run_folder / "engine.socket").exists()
    modes = {path.name: path.stat().st_mode & 0o777 for path in home.folder.rglob("*") if path.is_file()}
    assert {name for name, mode in modes.items() if mode & 0o077 and not name.endswith(".errors")} == set()


def test_without_an_engine_commands_say_so_and_what_to_do(home: Home) -> None:
    for words in (["status"], ["engine", "status"], ["attach"]):
        done = home.run(*words)
        assert done.returncode == 5
        assert "no engine runs for practice-live" in done.stderr
        assert "kalshi-tui engine start" in done.stderr
    assert "no engine runs" in home.run("engine", "stop").stderr


def test_an_engine_that_was_killed_is_no_obstacle_and_takes_its_exchange_along(home: Home) -> None:
    pid = home.json("engine", "start")["pid"]
    (exchange,) = children_of(pid)
    os.kill(pid, signal.SIGKILL)
    until(lambda: not is_there(exchange))
    assert home.run("status").returncode == 5
    again = home.json("engine", "start")
    assert again["started"]
    assert again["pid"] != pid


def test_an_engine_that_cannot_start_says_why_to_whoever_started_it(home: Home) -> None:
    (home.folder / ".config" / "kalshi-tui").mkdir(parents=True)
    (home.folder / ".config" / "kalshi-tui" / "config.toml").write_text('[practice]\nworld = "nowhere"\n')
    done = home.run("engine", "start")
    assert done.returncode == 3
    assert "the engine did not start" in done.stderr
    assert "nowhere" in done.stderr
    assert "hint: " in done.stderr


def test_an_engine_in_this_window_sums_up_what_it_saw(home: Home) -> None:
    seen = home.json("run", "--headless", "--for", "2")
    assert seen["messages"] > 0
    assert seen["books_live"] == seen["books"] > 30
    assert (seen["gaps"], seen["malformed"], seen["bounds"]) == (0, 0, {})
    assert seen["tape_bytes"] > 0
    replayed = home.json("replay", seen["tape"])
    assert replayed["agrees"] is True
    assert replayed["digest"] == seen["digest"]
    assert home.json("replay", seen["tape"])["digest"] == seen["digest"]


def test_ctrl_c_ends_an_engine_in_this_window_in_order(home: Home) -> None:
    process = subprocess.Popen(  # noqa: S603 - this Python and our own arguments
        command("run", "--headless", "--json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=home.environ,
        cwd=home.folder,
    )
    until((home.run_folder / "engine.socket").exists)
    until(lambda: home.json("status")["status"]["books_live"])
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, err
    assert json.loads(out)["mode"] == "PRACTICE"
    assert json.loads(out)["books_live"] > 0
    assert b"Traceback" not in err


def test_what_only_an_engine_without_a_terminal_can_do_is_not_passed_over_in_silence(home: Home) -> None:
    done = home.run("run", "--for", "2")
    assert done.returncode == 2
    assert "need --headless" in done.stderr


def test_an_engine_that_is_stopped_and_started_again_at_once_runs(home: Home) -> None:
    home.json("engine", "start")
    for _ in range(3):
        assert home.run("engine", "stop").returncode == 0
        assert home.json("engine", "start")["started"] is True
        assert home.run("status").returncode == 0


def test_while_an_engine_runs_commands_look_at_its_world_and_not_at_one_of_their_own(home: Home) -> None:
    other = home.folder / "other.toml"
    other.write_text("[engine]\nlinger_s = 7.0\n")
    home.json("engine", "start")
    (address,) = json.loads((home.run_folder / "exchange.json").read_text())["rest_url"].splitlines()
    first, second = home.json("markets", "--limit", "5"), home.json("markets", "--limit", "5")
    assert [row["ticker"] for row in first] == [row["ticker"] for row in second]
    pid = home.json("status")["status"]["engine_pid"]
    doctor = home.run("doctor").stdout
    assert address in doctor
    assert f"process {pid}, PRACTICE," in doctor
    assert "started with other settings" in home.run("--mode", "live", "--config", str(other), "doctor").stdout
    home.run("engine", "stop")
    assert not (home.run_folder / "exchange.json").exists()

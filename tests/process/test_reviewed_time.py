"""What a person has reviewed is counted by the engine that runs, from another process."""

from __future__ import annotations

import json

from tests.process.home import Home


def test_reviewed_time_is_told_to_the_engine_that_runs(home: Home) -> None:
    assert home.run("--mode", "paper", "engine", "start").returncode == 0
    try:
        done = home.run("--mode", "paper", "journal", "would-have", "--json", "--reviewed")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["decisions"] == []
        assert "hours more are reviewed" in done.stderr
        shown = home.run("--mode", "paper", "journal", "show", "--kind", "Reviewed", "--json")
        assert len(json.loads(shown.stdout)) == 1
    finally:
        home.run("--mode", "paper", "engine", "stop", "--force")

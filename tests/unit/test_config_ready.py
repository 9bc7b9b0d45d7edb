"""A ready file leads to the practice exchange that wrote it, and to nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kalshi_tui.config.load import load_settings
from kalshi_tui.config.ready import read_ready_file
from kalshi_tui.config.schema import Environment, Settings
from kalshi_tui.errors import ConfigError

READY = {
    "rest_url": "http://127.0.0.1:4321/trade-api/v2",
    "ws_url": "ws://127.0.0.1:4321/trade-api/ws/v2",
    "reference_url": "http://127.0.0.1:4321/reference",
    "key_id": "practice-key",
    "key_file": "/data/practice/key.pem",
    "seed": 7,
    "world": "first",
}


def load(tmp_path: Path, content: str, **flags: str) -> Settings:
    path = tmp_path / "ready.json"
    path.write_text(content)
    return load_settings(environ={"KALSHI_ENV": "prod"}, folder=tmp_path, flags=flags, ready_file=path)


def test_a_ready_file_wins_over_the_environment(tmp_path: Path) -> None:
    settings = load(tmp_path, json.dumps(READY) + "\n")
    assert settings.environment is Environment.PRACTICE
    assert settings.venue.rest_url == READY["rest_url"]
    assert settings.venue.stream_url == READY["ws_url"]
    assert (settings.venue.key_id, settings.venue.key_path) == ("practice-key", Path("/data/practice/key.pem"))
    assert settings.practice.seed == 7
    assert settings.origin("venues.practice.rest_url") == f"ready file {tmp_path / 'ready.json'}"


def test_a_ready_file_cannot_lead_away_from_this_machine(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="address of this machine"):
        load(tmp_path, json.dumps(READY | {"rest_url": "https://evil.example/trade-api/v2"}))


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"rest_url": 1}',
        json.dumps({"rest_url": "x"}),
        pytest.param(f'{{"more": {"[" * 20_000}', id="nested without end"),
    ],
)
def test_another_file_is_no_ready_file(tmp_path: Path, content: str) -> None:
    with pytest.raises(ConfigError, match="not written by a practice exchange"):
        load(tmp_path, content)


def test_a_ready_file_that_is_not_there_says_what_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    with pytest.raises(ConfigError, match="no ready file") as refused:
        read_ready_file(path)
    assert f"kalshi-tui exchange --ready-file {path}" in refused.value.hint


def test_a_ready_file_and_another_venue_contradict_each_other(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="another venue"):
        load(tmp_path, json.dumps(READY), **{"--env": "demo"})
    assert load(tmp_path, json.dumps(READY), **{"--env": "Practice"}).environment is Environment.PRACTICE

"""Signatures travel to the hosts of their own environment alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from kalshi_tui.config.load import load_settings
from kalshi_tui.config.schema import Environment, Settings
from kalshi_tui.errors import ConfigError

REST, STREAM = "/trade-api/v2", "/trade-api/ws/v2"


def with_address(tmp_path: Path, environment: str, leaf: str, url: str) -> Settings:
    path = tmp_path / "config.toml"
    path.write_text(f'[venues.{environment}]\n{leaf} = "{url}"\n')
    return load_settings(environ={}, folder=tmp_path, config_file=path)


@pytest.mark.parametrize(
    ("environment", "leaf", "url"),
    [
        ("prod", "rest_url", f"https://external-api.kalshi.com{REST}"),
        ("prod", "rest_url", f"https://api.elections.kalshi.com{REST}/"),
        ("prod", "rest_url", f"https://external-api.kalshi.com:443{REST}"),
        ("prod", "stream_url", f"wss://external-api-ws.kalshi.com{STREAM}"),
        ("demo", "rest_url", f"https://demo-api.kalshi.co{REST}"),
        ("demo", "stream_url", f"wss://external-api-ws.demo.kalshi.co{STREAM}"),
        ("practice", "rest_url", f"http://127.0.0.1:8080{REST}"),
        ("practice", "rest_url", f"http://[::1]:8080{REST}"),
        ("practice", "stream_url", f"ws://localhost:8080{STREAM}"),
        ("practice", "stream_url", ""),
    ],
)
def test_each_environment_reaches_its_own_hosts(tmp_path: Path, environment: str, leaf: str, url: str) -> None:
    settings = with_address(tmp_path, environment, leaf, url)
    assert getattr(getattr(settings.venues, environment), leaf) == url.rstrip("/")


@pytest.mark.parametrize(
    ("environment", "leaf", "url"),
    [
        ("prod", "rest_url", f"http://external-api.kalshi.com{REST}"),
        ("prod", "rest_url", f"https://external-api.demo.kalshi.co{REST}"),
        ("prod", "rest_url", f"https://external-api.kalshi.com.evil.example{REST}"),
        ("prod", "rest_url", f"https://evil.kalshi.com{REST}"),
        ("prod", "rest_url", f"https://abandoned.external-api.kalshi.com{REST}"),
        ("prod", "rest_url", f"https://evil-external-api.kalshi.com{REST}"),
        ("prod", "rest_url", f"https://external-api.kalshi.com@evil.example{REST}"),
        ("prod", "rest_url", f"https://external-api.kalshi.com:8443{REST}"),
        ("prod", "rest_url", f"https://127.0.0.1{REST}"),
        ("prod", "rest_url", f"https://external-api.kalshi.com{REST}?to=evil"),
        ("prod", "rest_url", "https://external-api.kalshi.com/other"),
        ("prod", "rest_url", ""),
        ("prod", "stream_url", f"ws://external-api-ws.kalshi.com{STREAM}"),
        ("prod", "stream_url", f"https://external-api-ws.kalshi.com{STREAM}"),
        ("demo", "rest_url", f"https://external-api.kalshi.com{REST}"),
        ("demo", "stream_url", f"wss://external-api-ws.kalshi.com{STREAM}"),
        ("practice", "rest_url", f"https://external-api.kalshi.com{REST}"),
        ("practice", "rest_url", f"http://192.168.1.5{REST}"),
        ("practice", "rest_url", f"http://127.0.0.1.evil.example{REST}"),
        ("practice", "rest_url", f"ws://127.0.0.1{REST}"),
        ("practice", "rest_url", f"http://[::1{REST}"),
        ("practice", "rest_url", f"http://127.0.0.1:99999{REST}"),
    ],
)
def test_no_key_travels_to_another_host(tmp_path: Path, environment: str, leaf: str, url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        with_address(tmp_path, environment, leaf, url)
    assert f"venues.{environment}.{leaf}" in refused.value.message
    assert refused.value.hint


def test_the_path_of_an_address_may_be_left_out(tmp_path: Path) -> None:
    settings = with_address(tmp_path, "prod", "rest_url", "https://external-api.kalshi.com/")
    assert settings.venues.prod.rest_url == f"https://external-api.kalshi.com{REST}"


def test_the_host_of_another_environment_is_recognised(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        with_address(tmp_path, Environment.PROD, "rest_url", f"https://external-api.demo.kalshi.co{REST}")
    assert "a host of demo" in refused.value.hint


def test_a_retired_host_is_recognised(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        with_address(tmp_path, Environment.PROD, "rest_url", f"https://trading-api.kalshi.com{REST}")
    assert "retired" in refused.value.hint

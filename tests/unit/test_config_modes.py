"""Modes: each pair of venue and execution has one word, and only one of them is real money."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from kalshi_tui.config import tree
from kalshi_tui.config.load import load_settings
from kalshi_tui.config.modes import MODES, account_name, mode_for, mode_of, settings_hash
from kalshi_tui.config.schema import Environment, ExecutionMode, Settings

Load = Callable[..., Settings]
WORDS = {
    ("practice", "observe"): "PRACTICE OBSERVE",
    ("practice", "paper"): "PRACTICE PAPER",
    ("practice", "live"): "PRACTICE",
    ("demo", "observe"): "DEMO OBSERVE",
    ("demo", "paper"): "DEMO PAPER",
    ("demo", "live"): "DEMO",
    ("prod", "observe"): "OBSERVE",
    ("prod", "paper"): "PAPER",
    ("prod", "live"): "LIVE",
}
DEMO_KEY, PROD_KEY = {"KALSHI_DEMO_KEY_ID": "d-1234"}, {"KALSHI_PROD_KEY_ID": "p-5678"}


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def loaded(environ: Mapping[str, str] | None = None, *, toml: str = "", **flags: str) -> Settings:
        file = tmp_path / "mine.toml"
        file.write_text(toml)
        given = {f"--{name}": text for name, text in flags.items()}
        return load_settings(environ=environ or {}, folder=tmp_path, own_file=file, flags=given)

    return loaded


@pytest.mark.parametrize(("environment", "execution"), WORDS)
def test_each_pair_of_settings_has_its_word(load: Load, environment: str, execution: str) -> None:
    mode = mode_of(load(env=environment, mode=execution))
    assert mode.word == WORDS[environment, execution]
    assert (mode.environment, mode.execution) == (environment, execution)


def test_every_pair_has_a_word_of_its_own() -> None:
    assert set(MODES) == {(environment, execution) for environment in Environment for execution in ExecutionMode}
    assert len({mode.word for mode in MODES.values()}) == len(MODES)


def test_real_trading_on_prod_alone_is_live() -> None:
    assert [pair for pair, mode in MODES.items() if mode.is_live] == [("prod", "live")]
    assert [pair for pair, mode in MODES.items() if mode.word == "LIVE"] == [("prod", "live")]


@pytest.mark.parametrize("environment", ["practice", "demo", "prod"])
@pytest.mark.parametrize("execution", ["", "LIVE", "real", "liv"])
def test_an_unknown_execution_observes(environment: str, execution: str) -> None:
    assert mode_for(environment, execution) is MODES[environment, "observe"]


def test_an_unknown_venue_observes() -> None:
    assert mode_for("production-2", "live").execution is ExecutionMode.OBSERVE


@pytest.mark.parametrize(
    ("environ", "toml", "flags", "word"),
    [
        ({}, "", {}, "PRACTICE"),
        (DEMO_KEY, "", {}, "DEMO OBSERVE"),
        (PROD_KEY, "", {}, "OBSERVE"),
        ({**DEMO_KEY, **PROD_KEY}, "", {}, "OBSERVE"),
        ({}, '[venues.prod]\nkey_id = "p-5678"\n', {}, "OBSERVE"),
        ({}, '[venues.practice]\nkey_id = "x-5678"\n', {}, "PRACTICE"),
        (PROD_KEY, 'environment = "practice"\n', {}, "PRACTICE"),
        (PROD_KEY, "", {"env": "demo"}, "DEMO OBSERVE"),
        ({**PROD_KEY, "KALSHI_ENV": "practice"}, "", {"mode": "live"}, "PRACTICE"),
        ({"KALSHI_API_KEY_ID": "g-1"}, "", {}, "PRACTICE"),
        (PROD_KEY, "", {"env": "prod", "mode": "live"}, "LIVE"),
    ],
)
def test_a_key_chooses_the_venue_only_where_nobody_named_one(
    load: Load, environ: Mapping[str, str], toml: str, flags: Mapping[str, str], word: str
) -> None:
    settings = load(environ, toml=toml, **flags)
    assert mode_of(settings).word == word
    assert settings.notices == ()


@pytest.mark.parametrize(
    ("environ", "toml", "flags"),
    [
        (PROD_KEY, 'execution_mode = "live"\n', {}),
        ({**PROD_KEY, "KALSHI_EXECUTION_MODE": "live"}, "", {}),
        (PROD_KEY, "", {"mode": "live"}),
        (DEMO_KEY, "", {"mode": "paper"}),
    ],
)
def test_a_venue_that_a_key_chose_is_only_looked_at_and_says_why(
    load: Load, environ: Mapping[str, str], toml: str, flags: Mapping[str, str]
) -> None:
    settings = load(environ, toml=toml, **flags)
    assert settings.execution_mode is ExecutionMode.OBSERVE
    assert settings.origin("environment").startswith(f"key of {settings.environment}, ")
    (notice,) = settings.notices
    assert "does not count" in notice.message
    assert f"--env {settings.environment}" in notice.hint


@pytest.mark.parametrize(("environment", "execution"), [("practice", "live"), ("demo", "observe"), ("prod", "observe")])
@pytest.mark.parametrize("flags", [{}, {"mode": "auto"}])
def test_auto_trades_on_the_own_desk_alone(
    load: Load, environment: str, execution: str, flags: Mapping[str, str]
) -> None:
    settings = load(env=environment, **flags)
    assert type(settings.execution_mode) is ExecutionMode
    assert settings.execution_mode == execution
    assert settings.origin("execution_mode") == ("flag --mode: auto" if flags else "default")


@pytest.mark.parametrize("layer", ["file", "environment", "flag"])
def test_an_explicit_mode_wins_over_auto_wherever_it_stands(load: Load, layer: str) -> None:
    toml = 'execution_mode = "observe"\n' if layer == "file" else ""
    environ = {"KALSHI_EXECUTION_MODE": "observe"} if layer == "environment" else {}
    settings = load(environ, toml=toml, **({"mode": "observe"} if layer == "flag" else {}))
    assert mode_of(settings).word == "PRACTICE OBSERVE"
    assert "auto" not in settings.origin("execution_mode")


def test_auto_that_is_said_looks_at_a_venue_that_a_key_chose_and_nothing_needs_owning_up(load: Load) -> None:
    settings = load(PROD_KEY, mode="auto")
    assert mode_of(settings).word == "OBSERVE"
    assert settings.notices == ()


def test_the_document_gives_every_mode_its_word_and_sentence() -> None:
    document = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
    section = document.split("## Modes\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (practice|demo|prod) \| (\w+) \| ([A-Z ]+) \| (.+) \|$", section, re.MULTILINE)
    assert rows == [(mode.environment, mode.execution, mode.word, mode.sentence) for mode in MODES.values()]


def differing(load: Load) -> dict[str, Settings]:
    """Return settings that differ in one key each."""
    texts = {
        "log_level": 'log_level = "info"',
        "logs.files": "[logs]\nfiles = 9",
        "terminal.theme": '[terminal]\ntheme = "light"',
        "terminal.keys": '[terminal.keys]\nquit = "x"',
        "venues.demo.key_id": 'environment = "practice"\n[venues.demo]\nkey_id = "d-1234"',
        "venues.demo.key_path": '[venues.demo]\nkey_path = "/k.pem"',
        "environment": 'environment = "demo"',
        "execution_mode": 'execution_mode = "paper"',
        "stream.ping_limit_s": "[stream]\nping_limit_s = 15.5",
        "filters.series": '[filters]\nseries = ["KXFED"]',
        "practice.seed": "[practice]\nseed = 2",
        "venues.practice.rest_url": '[venues.practice]\nrest_url = "http://127.0.0.1:1"',
    }
    return {key: load(toml=f"{text}\n") for key, text in texts.items()}


def test_the_mark_of_settings_changes_with_what_decides_and_not_with_secrets_or_looks(load: Load) -> None:
    plain = settings_hash(load())
    assert re.fullmatch("[0-9a-f]{16}", plain)
    marks = {key: settings_hash(settings) for key, settings in differing(load).items()}
    same = {"log_level", "logs.files", "terminal.theme", "terminal.keys", "venues.demo.key_id", "venues.demo.key_path"}
    assert {key for key, mark in marks.items() if mark == plain} == same
    others = [mark for key, mark in marks.items() if key not in same]
    assert len(set(others)) == len(others)


def test_the_mark_of_settings_does_not_tell_whence_a_value_came(load: Load) -> None:
    assert settings_hash(load(toml='environment = "practice"\n')) == settings_hash(load())


@pytest.mark.parametrize(
    ("toml", "name"),
    [
        ("", r"practice"),
        ('[venues.practice]\nrest_url = "http://127.0.0.1:8080"\n', r"practice-[0-9a-f]{6}"),
        ('environment = "demo"\n', r"demo-public"),
        ('environment = "prod"\n', r"prod-public"),
        ('environment = "demo"\n[venues.demo]\nkey_id = "12345678-abcd-4321-8888-0123456789AB"\n', r"demo-89ab"),
        ('environment = "prod"\n[venues.prod]\nkey_id = "12345678-abcd-4321-8888-0123456789cd"\n', r"prod-89cd"),
        ('environment = "demo"\n[venues.demo]\nkey_id = "../../x"\n', r"demo-[0-9a-f]{6}"),
        ('environment = "demo"\n[venues.demo]\nkey_id = "ab"\n', r"demo-[0-9a-f]{6}"),
    ],
)
def test_an_account_has_a_name_for_its_files(load: Load, toml: str, name: str) -> None:
    assert re.fullmatch(name, account_name(load(toml=toml)))


@pytest.mark.parametrize("key_id", ["a/b c", "....", "x\0yz", "\ud800abc", "日本語だ", "../..", "a" * 5000, "\n\n\n\n"])
def test_an_accounts_name_is_safe_whatever_the_key_id_holds(load: Load, key_id: str) -> None:
    settings = load(env="demo")
    venues = replace(settings.venues, demo=replace(settings.venues.demo, key_id=key_id))
    assert re.fullmatch(r"demo-[a-z0-9]{4,6}", account_name(replace(settings, venues=venues)))


def test_two_practice_exchanges_are_two_accounts(load: Load) -> None:
    at = '[venues.practice]\nrest_url = "http://127.0.0.1:{}"\n'
    assert account_name(load(toml=at.format(1))) != account_name(load(toml=at.format(2)))


def test_every_secret_key_is_left_out_of_the_mark() -> None:
    assert {key.rpartition(".")[2] for key in tree.kinds() if "key" in key} == {
        "key_source",
        "key_id",
        "key_path",
        "keys",
    }

"""Settings: what wins over what, whence each value came, and how a wrong one is named."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from kalshi_tui.config.load import FLAGS, default_file, load_settings
from kalshi_tui.config.schema import Environment, ExecutionMode, LogLevel, Settings
from kalshi_tui.config.tree import kinds
from kalshi_tui.errors import ConfigError

Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load with real files: `toml` is --config, `own` the user's file, `dotenv` a .env file in the folder."""

    def loaded(
        environ: Mapping[str, str] | None = None,
        *,
        toml: str | None = None,
        own: str | None = None,
        dotenv: str | None = None,
        flags: Mapping[str, str] | None = None,
    ) -> Settings:
        named, mine, folder = tmp_path / "named.toml", tmp_path / "own.toml", tmp_path / "here"
        folder.mkdir(exist_ok=True)
        for path, text in ((named, toml), (mine, own), (folder / ".env", dotenv)):
            if text is not None:
                path.write_text(text)
                path.chmod(0o600)
        return load_settings(
            environ=environ or {},
            folder=folder,
            flags=flags,
            config_file=None if toml is None else named,
            own_file=mine,
        )

    return loaded


def test_nothing_configured_means_practice_where_orders_cost_nothing(load: Load) -> None:
    settings = load()
    assert settings.environment is Environment.PRACTICE
    assert settings.execution_mode is ExecutionMode.LIVE
    assert settings.venue is settings.venues.practice
    assert settings.notices == ()


def test_the_default_file_sets_every_key_of_the_schema(load: Load) -> None:
    assert set(load().origins) == set(kinds())
    assert set(load().origins.values()) == {"default"}


def test_each_layer_wins_over_the_one_before_and_is_named(load: Load) -> None:
    own, toml, dotenv = 'log_level = "info"\n', '\nlog_level = "error"\n', "LOG_LEVEL=debug\n"
    layers: list[tuple[Settings, LogLevel, str]] = [
        (load(own=own), LogLevel.INFO, "own.toml line 1"),
        (load(own=own, toml=toml), LogLevel.ERROR, "named.toml line 2"),
        (load(own=own, toml=toml, dotenv=dotenv), LogLevel.DEBUG, ".env line 1 (LOG_LEVEL)"),
        (load({"LOG_LEVEL": "info"}, toml=toml, dotenv=dotenv), LogLevel.INFO, "environment LOG_LEVEL"),
        (load({"LOG_LEVEL": "info"}, dotenv=dotenv, flags={"--log-level": "warn"}), LogLevel.WARNING, "--log-level"),
    ]
    for settings, level, origin in layers:
        assert settings.log_level is level
        assert settings.origin("log_level").endswith(origin)


@pytest.mark.parametrize(
    ("word", "environment"),
    [
        ("practice", Environment.PRACTICE),
        ("demo", Environment.DEMO),
        ("prod", Environment.PROD),
        ("production", Environment.PROD),
        ("PROD", Environment.PROD),
        ("", Environment.PRACTICE),
    ],
)
def test_kalshi_env_takes_the_words_that_users_know(load: Load, word: str, environment: Environment) -> None:
    assert load({"KALSHI_ENV": word}).environment is environment


def test_an_unknown_environment_lists_the_words(load: Load) -> None:
    with pytest.raises(ConfigError) as refused:
        load({"KALSHI_ENV": "live"})
    for word in ("practice", "demo", "prod", "production", "environment KALSHI_ENV"):
        assert word in refused.value.message


def test_a_misspelt_environment_is_given_the_right_word(load: Load) -> None:
    with pytest.raises(ConfigError) as refused:
        load({"KALSHI_ENV": "practise"})
    assert refused.value.hint == "did you mean practice?"


def test_the_documented_key_names_reach_their_venue(load: Load) -> None:
    settings = load(
        {
            "KALSHI_ENV": "demo",
            "KALSHI_DEMO_KEY_ID": "d-id",
            "KALSHI_DEMO_KEY_PATH": "/keys/d.pem",
            "KALSHI_PROD_KEY_ID": "p-id",
            "KALSHI_PROD_KEY_PATH": "/keys/p.pem",
            "KALSHI_EXECUTION_MODE": "paper",
        }
    )
    assert (settings.venues.demo.key_id, settings.venues.demo.key_path) == ("d-id", Path("/keys/d.pem"))
    assert (settings.venues.prod.key_id, settings.venues.prod.key_path) == ("p-id", Path("/keys/p.pem"))
    assert settings.venue.key_id == "d-id"
    assert settings.execution_mode is ExecutionMode.PAPER


GENERIC = {"KALSHI_API_KEY_ID": "g-id", "KALSHI_PRIVATE_KEY_PATH": "/keys/g.pem"}


@pytest.mark.parametrize("environment", ["demo", "prod"])
def test_names_of_other_clients_count_for_the_environment_in_force(load: Load, environment: str) -> None:
    settings = load({"KALSHI_ENV": environment, **GENERIC})
    assert (settings.venue.key_id, settings.venue.key_path) == ("g-id", Path("/keys/g.pem"))
    assert settings.origin(f"venues.{environment}.key_id") == "environment KALSHI_API_KEY_ID"
    other = {"demo": settings.venues.prod, "prod": settings.venues.demo}[environment]
    assert (other.key_id, other.key_path) == ("", None)


def test_a_flag_decides_for_which_environment_the_names_of_other_clients_count(load: Load) -> None:
    settings = load({"KALSHI_ENV": "prod", **GENERIC}, flags={"--env": "demo"})
    assert (settings.venues.demo.key_id, settings.venues.prod.key_id) == ("g-id", "")


def test_names_of_other_clients_never_complete_a_pair_of_our_own(load: Load) -> None:
    settings = load({"KALSHI_ENV": "demo", "KALSHI_DEMO_KEY_ID": "d-id", **GENERIC})
    assert (settings.venue.key_id, settings.venue.key_path) == ("d-id", None)


def test_names_of_other_clients_are_nothing_to_practice(load: Load) -> None:
    assert load(GENERIC).venue.key_id == ""


@pytest.mark.parametrize("name", ["KALSHI_EMAIL", "KALSHI_PASSWORD", "KALSHI_API_EMAIL", "KALSHI_API_SECRET"])
def test_a_retired_login_is_pointed_to_keys_without_its_value(load: Load, name: str) -> None:
    (notice,) = load({name: "canary-value"}).notices
    assert name in notice.message
    assert "KALSHI_DEMO_KEY_ID" in notice.hint
    assert "canary-value" not in notice.message + notice.hint


def test_a_key_in_the_environment_is_not_read_but_named(load: Load) -> None:
    (notice,) = load({"KALSHI_PRIVATE_KEY": "-----BEGIN canary"}).notices
    assert "inherited" in notice.message
    assert "canary" not in notice.message + notice.hint


def test_a_misspelt_name_is_noticed_and_strangers_are_not(load: Load) -> None:
    settings = load({"KALSHI_DEMO_KEYPATH": "x", "KALSHI_TUI_DEBUG": "1", "KALSHI_WEATHER_DB": "y", "PATH": "/bin"})
    (notice,) = settings.notices
    assert notice.hint == "did you mean KALSHI_DEMO_KEY_PATH?"


def test_a_dotenv_file_is_read_and_not_exported(load: Load) -> None:
    settings = load(dotenv="export KALSHI_ENV='demo'  # mine\nKALSHI_DEMO_KEY_ID=$HOME\n")
    assert settings.environment is Environment.DEMO
    assert settings.venues.demo.key_id == "$HOME"
    assert "KALSHI_ENV" not in os.environ


def test_a_broken_line_of_a_dotenv_file_is_named(load: Load) -> None:
    with pytest.raises(ConfigError, match=r"\.env line 2 cannot be read"):
        load(dotenv="KALSHI_ENV=demo\nKALSHI_DEMO_KEY_ID='unfinished\n")


@pytest.mark.parametrize(
    ("text", "warned"), [("KALSHI_DEMO_KEY_PATH=/k.pem\n", True), ("KALSHI_ENV=demo\nOTHER_API_KEY=1\n", False)]
)
def test_a_readable_dotenv_file_is_warned_of_when_it_names_a_key(tmp_path: Path, text: str, warned: bool) -> None:
    path = tmp_path / ".env"
    path.write_text(text)
    path.chmod(0o644)
    notices = load_settings(environ={}, folder=tmp_path).notices
    assert [notice.hint for notice in notices] == ([f"chmod 600 {path}"] if warned else [])


@pytest.mark.parametrize("name", [".env", "own.toml"])
def test_a_file_that_others_may_change_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("")
    path.chmod(0o666)
    with pytest.raises(ConfigError) as refused:
        load_settings(environ={}, folder=tmp_path, own_file=tmp_path / "own.toml")
    assert refused.value.hint == f"chmod o-w {path}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("KALSHI_ENV=prod\n")
    os.chown(path, 12_345, 12_345)
    with pytest.raises(ConfigError, match="belongs to another user"):
        load_settings(environ={}, folder=tmp_path)


@pytest.mark.parametrize(
    ("toml", "line", "hint"),
    [
        ('enviroment = "demo"\n', 1, "did you mean environment?"),
        ("[netwrok]\nread_retries = 1\n", 1, "did you mean network?"),
        ("[network]\n\nread_retires = 1\n", 3, "did you mean network.read_retries?"),
        ('[venues.demo]\nkeypath = "x"\n', 2, "did you mean venues.demo.key_path?"),
        ('[venues.prd]\nkey_id = "x"\n', 1, "did you mean venues.prod?"),
        ('transport = "auto"\n', 1, "did you mean stream.transport?"),
    ],
)
def test_a_typo_is_named_with_line_and_nearest_name(load: Load, toml: str, line: int, hint: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(toml=toml)
    assert f"named.toml line {line}" in refused.value.message
    assert refused.value.hint == hint


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("[network]\nread_retries = 1.5\n", ("network.read_retries", "whole number of attempts", "from 0 to 10")),
        ("[network]\nread_retries = true\n", ("network.read_retries", "whole number")),
        ("[network]\nread_retries = 11\n", ("out of range", "from 0 to 10")),
        ('[network]\nanswer_timeout_s = "5"\n', ("number of seconds", "from 0.1 to 120 seconds")),
        ("[network]\nanswer_timeout_s = 121\n", ("out of range", "0.1 to 120 seconds")),
        ("[network]\nanswer_timeout_s = nan\n", ("out of range", "0.1 to 120 seconds")),
        ("[network]\nanswer_timeout_s = inf\n", ("out of range",)),
        ("[network]\nanswer_timeout_s = false\n", ("number of seconds",)),
        ('[stream]\nuse_yes_price = "yes"\n', ("true or false",)),
        ("log_level = 3\n", ("must be text",)),
        ("[fees]\nbalance_grid = 0.0001\n", ("dollars as text", "between quotation marks")),
        ('[fees]\nbalance_grid = "0.001"\n', ("no fee rule", "0.0001, 0.01")),
        ('[fees]\nbalance_grid = "1e-4"\n', ("decimal number",)),
        ('[fees]\nrule = "2026-07"\n', ("whole-cent, 2026-06, 2026-09", "did you mean 2026-0")),
        ("fees = 3\n", ("fees must be a table", "[fees]")),
        ("[network]\nbackoff_first_s = 9.0\nbackoff_limit_s = 1.0\n", ("backoff_limit_s", "line 3", "at least 9")),
        ('environment = "demo\n', ("not valid TOML", "line 1")),
        ("[network]\n[network]\n", ("not valid TOML", "line 2")),
        pytest.param(f"x = {'[' * 20_000}", ("not valid TOML", "recursion"), id="nested without end"),
    ],
)
def test_a_wrong_value_is_refused_with_name_unit_and_range(load: Load, toml: str, words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as refused:
        load(toml=toml)
    said = f"{refused.value.message} | {refused.value.hint}"
    assert "named.toml" in said
    for word in words:
        assert word in said


def test_flags_are_checked_like_files(load: Load) -> None:
    for flag in FLAGS:
        with pytest.raises(ConfigError, match=f"flag {flag}"):
            load(flags={flag: "nonsense"})
    assert set(FLAGS.values()) <= set(kinds())


def test_a_missing_config_file_is_an_error_and_a_missing_own_file_is_not(tmp_path: Path) -> None:
    load_settings(environ={}, folder=tmp_path, own_file=tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(environ={}, folder=tmp_path, config_file=tmp_path / "none.toml")


def test_a_path_that_cannot_be_looked_at_is_an_error_and_no_silence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(environ={}, folder=tmp_path, own_file=tmp_path / ("x" * 300))


def test_a_dangling_link_in_place_of_a_dotenv_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".env").symlink_to(tmp_path / "gone")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(environ={}, folder=tmp_path)


@pytest.mark.parametrize("kind", ["folder", "pipe", "binary", "huge"])
def test_what_is_no_text_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "odd.toml"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.write_bytes(b"# \n\xff\n" if kind == "binary" else b"#" * (1 << 20) + b"##")
    with pytest.raises(ConfigError, match=r"odd\.toml"):
        load_settings(environ={}, folder=tmp_path, config_file=path)


def test_relative_paths_start_at_the_file_that_names_them(load: Load, tmp_path: Path) -> None:
    assert load(toml='[venues.demo]\nkey_path = "d.pem"\n').venues.demo.key_path == tmp_path / "d.pem"
    assert load({"KALSHI_DEMO_KEY_PATH": "d.pem"}).venues.demo.key_path == tmp_path / "here" / "d.pem"
    assert load(dotenv="KALSHI_DEMO_KEY_PATH=~/d.pem\n").venues.demo.key_path == Path.home() / "d.pem"


@pytest.mark.parametrize("leaf", ["key_id", "key_path"])
def test_a_pasted_key_is_refused_and_never_repeated(load: Load, leaf: str) -> None:
    pem = "-----BEGIN PRIVATE KEY-----\\nCANARYCANARY\\n-----END PRIVATE KEY-----"
    for environ, toml in (({f"KALSHI_DEMO_{leaf.upper()}": pem}, None), ({}, f'[venues.demo]\n{leaf} = "{pem}"\n')):
        with pytest.raises(ConfigError) as refused:
            load(environ, toml=toml)
        assert "CANARY" not in refused.value.message + refused.value.hint


def test_the_default_file_of_a_checkout_is_the_one_at_the_root() -> None:
    assert default_file().read_text().startswith("# The settings of kalshi-tui")

"""Settings in layers: later wins, every number has bounds, and what is written is read back the same."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from kalshi_tui.config import tree
from kalshi_tui.config.amounts import Amount, Percent, Wholes, written
from kalshi_tui.config.dump import dump, plain, toml
from kalshi_tui.config.kinds import Choice, Dollars, FilePath, Flag, Number, Pairs, Text, Whole, Words
from kalshi_tui.config.load import check_file, default_file, load_settings
from kalshi_tui.config.own_file import own_text
from kalshi_tui.config.schema import Settings
from kalshi_tui.core.units import Money
from kalshi_tui.errors import ConfigError

HERE = Path("/nowhere")
LEVELS = {"own": "info", "config": "error", "dotenv": "debug", "environment": "info", "flag": "error"}
ORIGINS = {
    "own": "own.toml line 1",
    "config": "named.toml line 1",
    "dotenv": ".env line 1 (LOG_LEVEL)",
    "environment": "environment LOG_LEVEL",
    "flag": "flag --log-level",
}
NUMBERS = [(key, kind) for key, kind in tree.kinds().items() if isinstance(kind, Number | Whole)]


def load_layers(folder: Path, levels: Mapping[str, str]) -> Settings:
    """Set the log level in the named layers alone."""
    own, named, dotenv = folder / "own.toml", folder / "named.toml", folder / ".env"
    for path, layer, line in ((own, "own", 'log_level = "{}"'), (named, "config", 'log_level = "{}"')):
        if layer in levels:
            path.write_text(line.format(levels[layer]))
    if "dotenv" in levels:
        dotenv.write_text(f"LOG_LEVEL={levels['dotenv']}\n")
    return load_settings(
        environ={"LOG_LEVEL": levels["environment"]} if "environment" in levels else {},
        folder=folder,
        flags={"--log-level": levels["flag"]} if "flag" in levels else {},
        config_file=named if "config" in levels else None,
        own_file=own,
    )


@pytest.mark.parametrize(("earlier", "later"), combinations(["default", *LEVELS], 2))
def test_of_two_layers_the_later_one_wins(tmp_path: Path, earlier: str, later: str) -> None:
    levels = {earlier: "error" if LEVELS[later] == "info" else "info"} if earlier != "default" else {}
    found = load_layers(tmp_path, {**levels, later: LEVELS[later]})
    assert found.log_level == LEVELS[later]
    assert found.origin("log_level").endswith(ORIGINS[later])


@pytest.mark.parametrize("earlier", ["own", "config", "dotenv", "environment"])
def test_a_ready_file_wins_over_every_layer_but_flags(tmp_path: Path, earlier: str) -> None:
    own, named, ready = tmp_path / "own.toml", tmp_path / "named.toml", tmp_path / "ready.json"
    own.write_text('environment = "demo"\n' if earlier == "own" else "")
    named.write_text('environment = "demo"\n' if earlier == "config" else "")
    (tmp_path / ".env").write_text("KALSHI_ENV=demo\n" if earlier == "dotenv" else "")
    told = {"rest_url": "http://127.0.0.1:1", "ws_url": "ws://127.0.0.1:1", "key_id": "k", "key_file": "k.pem"}
    ready.write_text(json.dumps({**told, "seed": 1, "world": "first"}))
    found = load_settings(
        environ={"KALSHI_ENV": "demo"} if earlier == "environment" else {},
        folder=tmp_path,
        own_file=own,
        config_file=named,
        ready_file=ready,
    )
    assert found.environment == "practice"
    assert found.origin("environment") == f"ready file {ready}"


@pytest.mark.parametrize(("key", "kind"), NUMBERS)
def test_every_number_is_taken_at_its_bounds_and_refused_beside_them(key: str, kind: Number | Whole) -> None:
    assert kind.low < kind.high
    assert kind.read(kind.low, HERE) == kind.low
    assert kind.read(kind.high, HERE) == kind.high
    for beside in just_outside(kind):
        with pytest.raises(ConfigError) as refused:
            kind.read(beside, HERE)
        assert "out of range" in refused.value.message
        assert kind.span in refused.value.hint
    assert tree.value_of(defaults(), key) == kind.read(tree.value_of(defaults(), key), HERE)


def just_outside(kind: Number | Whole) -> tuple[float, float]:
    if isinstance(kind, Whole):
        return kind.low - 1, kind.high + 1
    return math.nextafter(kind.low, -math.inf), math.nextafter(kind.high, math.inf)


@given(st.data())
def test_every_number_is_taken_within_its_bounds_and_refused_without(data: st.DataObject) -> None:
    _, kind = data.draw(st.sampled_from(NUMBERS))
    value = data.draw(st.integers() if isinstance(kind, Whole) else st.floats())
    if kind.low <= value <= kind.high:
        assert kind.read(value, HERE) == value
    else:
        with pytest.raises(ConfigError):
            kind.read(value, HERE)


def defaults() -> Settings:
    return load_settings(environ={}, folder=HERE)


# What a person may write, by kind; addresses have tests of their own.
WORD = st.text(st.characters(blacklist_categories=("C", "Z")), min_size=1, max_size=20)
WRITTEN: dict[type, Callable[..., st.SearchStrategy[object]]] = {
    Text: lambda _: st.just("") | WORD.filter(lambda word: "PRIVATE KEY" not in word),
    FilePath: lambda _: st.just("") | WORD.map(lambda word: f"/keys/{word}"),
    Choice: lambda kind: st.sampled_from([str(word) for word in kind.words]),
    Flag: lambda _: st.booleans(),
    Number: lambda kind: st.floats(kind.low, kind.high),
    Whole: lambda kind: st.integers(kind.low, kind.high),
    Dollars: lambda kind: st.sampled_from(kind.amounts),
    Amount: lambda kind: st.integers(kind.low, kind.high).map(Money).map(written) | st.integers(1, kind.high // 10**6),
    Percent: lambda kind: st.integers(kind.low, kind.high).map(lambda hundredths: hundredths / 100),
    Wholes: lambda kind: st.lists(st.integers(kind.low, kind.high), min_size=1, max_size=kind.limit),
    Words: lambda _: st.lists(WORD, max_size=5),
    Pairs: lambda _: st.dictionaries(WORD, WORD, max_size=5),
}


@given(st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_settings_that_are_written_are_read_back_the_same(tmp_path: Path, data: st.DataObject) -> None:
    varied = [key for key, kind in tree.kinds().items() if type(kind) in WRITTEN]
    chosen = data.draw(st.lists(st.sampled_from(varied), unique=True, max_size=12))
    file, again = tmp_path / "drawn.toml", tmp_path / "again.toml"
    texts = {key: data.draw(WRITTEN[type(tree.kinds()[key])](tree.kinds()[key])) for key in chosen}
    file.write_text("".join(f"{key} = {toml(value)}\n" for key, value in texts.items()))
    try:
        found = check_file(file)
    except ConfigError as problem:  # a limit that was drawn below its first step
        assume("lies below" not in problem.message)
        raise
    again.write_text(dump(found))
    assert tree.values(check_file(again)) == tree.values(found)
    assert set(check_file(again).origins.values()) != {"default"}


def test_the_written_text_of_the_defaults_sets_every_key(tmp_path: Path) -> None:
    file = tmp_path / "again.toml"
    file.write_text(dump(defaults()))
    found = check_file(file)
    assert tree.values(found) == tree.values(defaults())
    assert all(str(file) in found.origin(key) for key in tree.kinds())


def test_a_plain_value_is_what_the_file_says() -> None:
    assert plain("fees.balance_grid", defaults().fees.balance_grid) == "0.0001"
    assert plain("venues.demo.key_path", None) == ""
    assert plain("venues.demo.key_path", Path("/k.pem")) == "/k.pem"
    assert plain("engine.watch", ("A", "B")) == ["A", "B"]
    assert type(plain("log_level", defaults().log_level)) is str


def test_an_own_file_sets_nothing_until_a_line_is_uncommented(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(own_text(default_file().read_text()))
    assert set(check_file(file).origins.values()) == {"default"}
    text = file.read_text()
    for key in tree.kinds():
        assert f"#{key.rpartition('.')[2]} =" in text or f"#[{key}]" in text


def test_an_own_file_with_all_lines_uncommented_is_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    lines = own_text(default_file().read_text()).splitlines()
    file.write_text("\n".join(line[1:] if line[:1] == "#" and line[1:2] != " " else line for line in lines))
    found = check_file(file)
    assert tree.values(found) == tree.values(defaults())
    assert "default" not in found.origins.values()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('engine.watch = "A"', ("engine.watch must be a list of tickers", "write a list of at most 500 tickers")),
        ("engine.watch = [1]", ("must be text",)),
        ('engine.watch = [""]', ("holds an empty one",)),
        (f"engine.watch = {json.dumps([f'T-{n}' for n in range(501)])}", ("holds 501 tickers",)),
        (f'filters.series = ["{"x" * 129}"]', ("at most 128 characters",)),
        ("terminal.keys = 3", ("terminal.keys must be a table",)),
        ("terminal.keys.quit = 3", ("must be text",)),
        ('engine.universe = "al"', ("must be one of needed, full",)),
        ("engine.full_scan = 3", ("did you mean engine.full_scan_s?",)),
        ("[engnie]\nlinger_s = 1", ("did you mean engine?",)),
        ("linger_s = 1", ("did you mean engine.linger_s?",)),
        ("engine.metadata_s = 1000", ("engine.metadata_limit_s lies below engine.metadata_s", "at least 1000")),
        ("tape.limit_mib = 63", ("tape.limit_mib lies below tape.segment_mib", "at least 64")),
    ],
)
def test_a_wrong_value_is_named_with_what_to_write(tmp_path: Path, line: str, words: tuple[str, ...]) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(f"{line}\n")
    with pytest.raises(ConfigError) as refused:
        check_file(file)
    said = f"{refused.value.message} | {refused.value.hint}"
    assert all(word in said for word in words), said


def test_a_word_that_stands_twice_counts_once(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('engine.watch = ["B", "A", " B "]\nterminal.keys.quit = " ctrl+q "\n')
    found = check_file(file)
    assert found.engine.watch == ("B", "A")
    assert found.terminal.keys == {"quit": "ctrl+q"}

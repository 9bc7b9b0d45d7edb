"""Where the log goes, how much of it, and that no handler is without the filter that takes secrets out."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from kalshi_tui.adapters import logs
from kalshi_tui.adapters.logs import TRADES_LOGGER, log_to_files, log_to_stderr
from kalshi_tui.config.load import load_settings
from kalshi_tui.config.schema import Settings

CANARY = "c4n4ryc4n4ryc4n4ry"
KEYS = {"KALSHI_DEMO_KEY_ID": f"demo-{CANARY}", "KALSHI_PROD_KEY_ID": f"prod-{CANARY}"}
PACKAGE = Path(__file__).parents[2] / "kalshi_tui"
Load = Callable[..., Settings]


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    level = logging.getLogger().level
    yield
    for name in (logs._STDERR, logs._FILES):
        logs._remove(name)
    logging.getLogger().setLevel(level)


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def loaded(environ: Mapping[str, str] | None = None, toml: str = "", **flags: str) -> Settings:
        file = tmp_path / "mine.toml"
        file.write_text(toml)
        given = {f"--{name.replace('_', '-')}": text for name, text in flags.items()}
        return load_settings(environ=environ or {}, folder=tmp_path, own_file=file, flags=given)

    return loaded


def ours() -> list[str | None]:
    handlers = logging.getLogger().handlers + logging.getLogger(TRADES_LOGGER).handlers
    return [handler.get_name() for handler in handlers if (handler.get_name() or "").startswith(logs.__name__)]


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def test_trades_are_apart_and_written_at_any_level(tmp_path: Path, load: Load) -> None:
    files = log_to_files(load(log_level="error"), tmp_path, also_stderr=False)
    logging.getLogger("kalshi_tui.engine").warning("too mild")
    logging.getLogger("kalshi_tui.engine").error("bad")
    logging.getLogger(TRADES_LOGGER).info("bought")
    logging.getLogger(f"{TRADES_LOGGER}.fills").info("filled")
    files.close()
    application, trades = read(tmp_path / "kalshi-tui.log"), read(tmp_path / "trades.log")
    assert [line.rpartition(": ")[2] for line in application.splitlines()] == ["bad"]
    assert [line.rpartition(": ")[2] for line in trades.splitlines()] == ["bought", "filled"]


@pytest.mark.parametrize(
    ("environ", "toml", "flags", "level"),
    [
        ({}, "", {}, logging.WARNING),
        ({}, 'log_level = "error"\n', {}, logging.ERROR),
        ({"LOG_LEVEL": "info"}, 'log_level = "error"\n', {}, logging.INFO),
        ({"LOG_LEVEL": "info"}, "", {"log_level": "error"}, logging.ERROR),
        ({"LOG_LEVEL": "info"}, "", {"debug": "debug"}, logging.DEBUG),
        ({}, "", {"log_level": "error", "debug": "debug"}, logging.DEBUG),
    ],
)
def test_the_level_is_that_of_flag_environment_or_config(
    load: Load, environ: Mapping[str, str], toml: str, flags: Mapping[str, str], level: int
) -> None:
    log_to_stderr(load(environ, toml, **flags))
    assert logging.getLogger().level == level


def test_files_are_written_at_the_same_level(tmp_path: Path, load: Load) -> None:
    log_to_files(load(log_level="error"), tmp_path, also_stderr=False)
    assert logging.getLogger().level == logging.ERROR


def test_a_second_call_adds_no_second_handler(tmp_path: Path, load: Load) -> None:
    for _ in range(2):
        log_to_files(load(), tmp_path, also_stderr=True)
        log_to_stderr(load())
    assert sorted(map(str, ours())) == sorted([logs._FILES, logs._FILES, logs._STDERR])


def test_a_terminal_logs_to_files_alone(tmp_path: Path, load: Load) -> None:
    log_to_stderr(load())
    log_to_files(load(), tmp_path, also_stderr=False)
    assert logs._STDERR not in ours()


def test_closing_the_files_lets_trades_flow_on(tmp_path: Path, load: Load) -> None:
    log_to_files(load(), tmp_path, also_stderr=False).close()
    assert ours() == []
    assert logging.getLogger(TRADES_LOGGER).propagate


def test_key_ids_of_every_venue_are_blanked(tmp_path: Path, load: Load) -> None:
    files = log_to_files(load(KEYS, '[venues.practice]\nkey_id = "practice-c4n4ry"\n'), tmp_path, also_stderr=False)
    for logger in ("httpx", TRADES_LOGGER):
        logging.getLogger(logger).warning("%s %s practice-c4n4ry", *KEYS.values())
    files.close()
    for name in ("kalshi-tui.log", "trades.log"):
        assert read(tmp_path / name).endswith("[hidden] [hidden] [hidden]\n")


def test_what_a_full_disk_costs_is_counted_over_both_files(tmp_path: Path, load: Load) -> None:
    (tmp_path / "log").write_text("in the way")
    files = log_to_files(load(), tmp_path / "log", also_stderr=False)
    logging.getLogger("x").warning("lost")
    logging.getLogger(TRADES_LOGGER).info("lost")
    assert files.lost == 2


# Only a fresh interpreter has exactly the handlers that we and our libraries hang up.
EVERY_HANDLER = """
import logging, sys
from pathlib import Path
import httpx, aiohttp, websockets, asyncio
from kalshi_tui.adapters.logs import log_to_files, log_to_stderr
from kalshi_tui.config.load import load_settings
from kalshi_tui.config.redact import Redaction
settings = load_settings(environ={"KALSHI_DEMO_KEY_ID": "demo-c4n4ryc4n4ry"}, folder=Path(sys.argv[1]))
log_to_stderr(settings) if sys.argv[2] == "stderr" else log_to_files(settings, Path(sys.argv[1]), also_stderr=True)
loggers = [logging.getLogger(), *map(logging.getLogger, list(logging.root.manager.loggerDict))]
handlers = [handler for logger in loggers for handler in logger.handlers] + [logging.lastResort]
for handler in handlers:
    if not isinstance(handler, logging.NullHandler):
        redacts = any(isinstance(each, Redaction) for each in handler.filters)
        print(type(handler).__name__, redacts)
        secrets = "id demo-c4n4ryc4n4ry KALSHI-ACCESS-SIGNATURE: c4n4ry"
        handler.handle(logging.LogRecord("x", 50, "", 1, secrets, None, None))
"""


@pytest.mark.parametrize(
    ("way", "handlers"),
    [
        ("stderr", ["StreamHandler", "_StderrHandler"]),
        ("files", ["StreamHandler", "LogFile", "LogFile", "_StderrHandler"]),
    ],
)
def test_every_handler_takes_secrets_out(tmp_path: Path, way: str, handlers: list[str]) -> None:
    done = subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-c", EVERY_HANDLER, str(tmp_path), way],
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert sorted(done.stdout.splitlines()) == sorted(f"{name} True" for name in handlers)
    texts = [done.stderr, *map(Path.read_text, tmp_path.glob("*.log"))]
    assert len(texts) == (3 if way == "files" else 1)
    for text in texts:
        assert "[hidden]" in text
        assert "c4n4ry" not in text


def test_no_other_module_hangs_up_a_handler() -> None:
    makers = ("addHandler(", "basicConfig(", "StreamHandler(", "FileHandler(", "dictConfig(", "fileConfig(")
    found = {
        str(file.relative_to(PACKAGE))
        for file in PACKAGE.rglob("*.py")
        if any(maker in file.read_text() for maker in makers)
    }
    assert found <= {"adapters/logs.py", "cli/drills/host/disks.py"}  # a drill fills the disk under a log of its own

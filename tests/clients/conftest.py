"""A practice exchange in a process of its own, as a user would start it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class RunningExchange:
    rest_url: str
    ws_url: str
    key_id: str
    key_file: str


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExchange]:
    home = tmp_path_factory.mktemp("home")
    ready = home / "ready.json"
    environ = {**os.environ, "HOME": str(home), "XDG_DATA_HOME": str(home / "data"), "PYTHONPATH": str(ROOT)}
    command = [
        sys.executable,
        "-m",
        "kalshi_tui",
        "exchange",
        "--seed",
        "7",
        "--ready-file",
        str(ready),
        "--for",
        "100",
    ]
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)  # noqa: S603
    try:
        deadline = time.monotonic() + 20
        while not ready.exists():
            assert process.poll() is None, process.stderr and process.stderr.read().decode()
            assert time.monotonic() < deadline, "the exchange did not say that it is ready"
            time.sleep(0.05)
        told = json.loads(ready.read_text())
        yield RunningExchange(told["rest_url"], told["ws_url"], told["key_id"], told["key_file"])
    finally:
        process.terminate()
        _, words = process.communicate(timeout=10)
        assert b"Traceback" not in words, words.decode()

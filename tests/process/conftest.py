"""A home folder for each test, and no engine left behind by any."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.home import Home


@pytest.fixture
def home() -> Iterator[Home]:
    with tempfile.TemporaryDirectory(prefix="kt-") as folder:  # a short name: sockets have no room for pytest's
        home = Home(Path(folder))
        yield home
        home.end_all()

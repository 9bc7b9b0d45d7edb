"""The garbage collector is kept off what stays, and not off what was dropped."""

from __future__ import annotations

import gc
import weakref
from types import SimpleNamespace
from typing import cast
from unittest.mock import AsyncMock

from kalshi_tui.adapters.collector import spare
from kalshi_tui.cli.launching import Launch
from kalshi_tui.cli.terminal import Attaching


class Ring:
    def __init__(self) -> None:
        self.itself = self


def test_what_is_there_is_spared() -> None:
    kept = [Ring() for _ in range(100)]
    before = gc.get_freeze_count()
    spare()
    try:
        assert gc.get_freeze_count() >= before + len(kept)
    finally:
        gc.unfreeze()


def test_a_ring_that_was_dropped_just_now_is_not_kept_for_ever() -> None:
    dropped = weakref.ref(Ring())
    spare()
    gc.unfreeze()
    assert dropped() is None


async def test_a_terminal_spares_what_it_has_loaded_once_it_is_attached() -> None:
    link = SimpleNamespace(welcome=SimpleNamespace(stays=True))
    attaching = Attaching(cast("Launch", SimpleNamespace(attach=AsyncMock(return_value=link))), None, may_start=False)
    gc.unfreeze()
    try:
        await attaching.connect()
        assert gc.get_freeze_count() > 1_000
    finally:
        gc.unfreeze()

"""The garbage collector is kept off what stays, and not off what was dropped."""

from __future__ import annotations

import gc
import weakref

from kalshi_tui.adapters.collector import spare


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

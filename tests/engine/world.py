"""A whole engine against the practice exchange in memory, on a virtual clock: the drills' world, for tests."""

from __future__ import annotations

from kalshi_tui.cli.drills.world import START_MS, ListRecorder, World, key_pem, opening_of

__all__ = ["START_MS", "ListRecorder", "World", "key_pem", "opening_of"]

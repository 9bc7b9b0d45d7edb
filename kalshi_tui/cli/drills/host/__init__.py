"""Drills of the machine that the engine runs on, and of hostile words."""

from __future__ import annotations

from typing import Final

from kalshi_tui.cli.drills.plan import Drill

HOST_DRILLS: Final[tuple[Drill, ...]] = ()

"""Drills of the machine that the engine runs on, and of hostile words."""

from __future__ import annotations

from kalshi_tui.cli.drills.host.table import HOST_DRILLS

__all__ = ["HOST_DRILLS"]

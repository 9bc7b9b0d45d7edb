"""The hooks that a plugin may implement; a hook registers objects, the objects then work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pluggy

from kalshi_tui.sdk.risk import Options, RiskCheck

API_VERSION: Final = 1
PROJECT: Final = "kalshi_tui"
ENTRY_POINTS: Final = "kalshi_tui.plugins"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Hooks:
    """What a plugin's module may define."""

    @hookspec
    def register_risk_checks(self, options: Options) -> Sequence[RiskCheck]:  # type: ignore[empty-body]
        """Return the risk checks of this plugin, made for these options."""

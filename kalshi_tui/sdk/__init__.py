"""What a plugin's author imports; promises nothing about the engine's inside."""

from kalshi_tui.errors import ValueRefused
from kalshi_tui.sdk.hooks import API_VERSION, hookimpl
from kalshi_tui.sdk.risk import Denial, Exposure, Options, RiskCheck, RiskPicture, Scope, Usage

__all__ = [
    "API_VERSION",
    "Denial",
    "Exposure",
    "Options",
    "RiskCheck",
    "RiskPicture",
    "Scope",
    "Usage",
    "ValueRefused",
    "hookimpl",
]

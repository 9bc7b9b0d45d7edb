"""Exit codes, in one place: what a script may rely on."""

from __future__ import annotations

from typing import Final

from kalshi_tui import errors

CHECK_FAILED: Final = 1
FATE_UNKNOWN: Final = 9  # what became of an order is not known yet
OUR_FAULT: Final = 70
_CODES: Final[tuple[tuple[type[errors.KalshiTuiError], int], ...]] = (
    (errors.ConfigError, 3),
    (errors.ValueRefused, 3),
    (errors.SecretError, 4),
    (errors.TransportError, 5),
    (errors.VenueRefused, 6),
    (errors.RemoteProtocolError, 7),
    (errors.LocalProtocolError, 2),
    (errors.StorageFailed, 8),
)


def exit_code(problem: errors.KalshiTuiError) -> int:
    """Return the exit code of an expected error."""
    return next((code for kind, code in _CODES if isinstance(problem, kind)), OUR_FAULT)

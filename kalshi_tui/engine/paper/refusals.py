"""How the paper venue says no: the real venue's status and code, and two of its own."""

from __future__ import annotations

from typing import Final

from kalshi_tui.errors import VenueRefused
from kalshi_tui.protocol.rest.complaints import Complaint, refusal

_OURS: Final = {
    "book_not_live": (
        "paper trading has no live book of this market, so it cannot tell what would be filled",
        "wait until the book is live again",
    ),
    "fees_unknown": (
        "the fees of this market are not known, so nothing on it can be priced",
        "read the series again; a fee type without a published formula cannot be traded on paper",
    ),
}


def refused(status: int, code: str, details: str = "") -> VenueRefused:
    """Return a refusal as the venue would word it."""
    if code in _OURS:
        message, hint = _OURS[code]
        return VenueRefused(message, status=status, code=code, hint=hint)
    return refusal(status, Complaint(code, code.replace("_", " "), details))

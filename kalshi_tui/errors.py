"""The exception tree: each error says whose fault it is and what to do next.

KalshiTuiError
├── ValueRefused            a price, size, text or number that must not enter
├── ConfigError             a setting, file or flag of the user's
├── SecretError             a key that is missing, unreadable, exposed or of another environment
├── LocalProtocolError      we asked for what the protocol does not allow
├── RemoteProtocolError     the venue sent what we do not understand
├── StorageFailed           the disk did not take what must be kept before anything is done
├── TransportError          no answer: refused, timed out, cut off; nothing is known to have been changed
│   └── OutcomeUnknown      a write was sent and its answer was lost; it may have happened
└── VenueRefused            the venue understood and said no
├── AuthenticationRefused
├── RateLimited
│   └── BudgetSpent         our own count of the venue's rate says so; nothing was sent
├── NotFound
└── AlreadyExists
"""

from __future__ import annotations


class KalshiTuiError(Exception):
    """The root of everything that we raise on purpose; `hint` says what to do next."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ValueRefused(KalshiTuiError, ValueError):  # noqa: N818 - reads as what happened to the value
    """A price, size, text or number that must not enter."""


class ConfigError(KalshiTuiError):
    """A setting, file or flag of the user's that cannot be used."""


class SecretError(KalshiTuiError):
    """A key that is missing, unreadable, exposed or of another environment."""


class LocalProtocolError(KalshiTuiError):
    """We asked for what the protocol does not allow: our fault."""


class RemoteProtocolError(KalshiTuiError):
    """The venue sent what we do not understand: its fault, or a change of its protocol."""


class StorageFailed(KalshiTuiError):  # noqa: N818 - reads as what happened
    """The disk did not take what must be kept before anything is done: full, locked, read-only or damaged."""


class TransportError(KalshiTuiError):
    """No answer came: refused, timed out or cut off."""


class OutcomeUnknown(TransportError):  # noqa: N818 - it is a state before it is an error
    """A write was sent and its answer was lost: it may or may not have happened."""


class VenueRefused(KalshiTuiError):  # noqa: N818 - reads as what the venue did
    """The venue understood the request and said no."""

    def __init__(self, message: str, *, status: int, code: str = "", details: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code
        self.details = details


class AuthenticationRefused(VenueRefused):
    """The venue did not accept our key, signature or clock."""


class RateLimited(VenueRefused):
    """The venue's token bucket is empty; `retry_after_s` is set where a service says when."""

    def __init__(self, message: str, *, status: int = 429, retry_after_s: float | None = None, hint: str = "") -> None:
        super().__init__(message, status=status, code="too_many_requests", hint=hint)
        self.retry_after_s = retry_after_s


class BudgetSpent(RateLimited):
    """Our own count of the venue's tokens is spent for longer than this may wait: nothing was sent."""


class NotFound(VenueRefused):
    """The venue knows no such thing; of an order this does not prove that it is dead."""


class AlreadyExists(VenueRefused):
    """The venue has already taken this client_order_id."""

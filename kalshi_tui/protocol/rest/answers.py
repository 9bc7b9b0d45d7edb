"""Judges a reply: a value, or an error that says whose fault it is and whether a write may have happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NoReturn, TypeVar

from kalshi_tui.errors import (
    KalshiTuiError,
    OutcomeUnknown,
    RateLimited,
    RemoteProtocolError,
    TransportError,
)
from kalshi_tui.protocol.rest.asking import Request
from kalshi_tui.protocol.rest.complaints import Complaint, excerpt, read_complaint, refusal

T = TypeVar("T")

_LONGEST_RETRY_S: Final = 3600.0
_RECONCILE: Final = "it may have happened: look it up by its client_order_id before doing anything else"


def read_reply(request: Request[T], status: int, headers: Mapping[str, str], body: bytes) -> T:
    """Return what the request asked for, or raise the error that the reply amounts to."""
    if 200 <= status < 300:
        return _read_accepted(request, body)
    if status == 429:  # the bucket is judged before anything is done, whatever a proxy writes into the body
        raise RateLimited(
            "the venue's rate limit is reached",
            retry_after_s=retry_after(headers),
            hint="nothing was done; it is free again as soon as the bucket has refilled",
        )
    complaint = read_complaint(body)
    if status == 401:
        raise refusal(status, complaint or Complaint())
    if complaint is None or not 400 <= status < 500 or status == 408:
        _raise_unclear(request, status, body)
    raise refusal(status, complaint)


def _read_accepted(request: Request[T], body: bytes) -> T:
    try:
        return request.read(body)
    except RemoteProtocolError as problem:
        if not request.is_write:
            raise
        what = f"{problem.message}: {excerpt(body)}"
        raise OutcomeUnknown(f"the venue's answer to a write cannot be read: {what}", hint=_RECONCILE) from problem


def _raise_unclear(request: Request[T], status: int, body: bytes) -> NoReturn:
    problem: KalshiTuiError
    what = f"HTTP {status}: {excerpt(body)}"
    if request.is_write:
        problem = OutcomeUnknown(f"the answer to a write was lost ({what})", hint=_RECONCILE)
    elif status >= 500 or status == 408:
        problem = TransportError(f"the venue failed ({what})", hint="try again; its status page says if it is down")
    elif 300 <= status < 400:
        problem = RemoteProtocolError(
            f"the venue sends us elsewhere ({what})",
            hint="redirects are never followed with a signature; check the address in the settings",
        )
    else:
        problem = RemoteProtocolError(
            f"the answer is not the venue's JSON ({what})",
            hint="something between here and the venue answered, such as a proxy or a block page",
        )
    raise problem


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a service asks us to wait, where it says so."""
    # Kalshi sends none; other services and proxies do, in seconds. A date here would need a clock: it is passed over.
    text = headers.get("retry-after", "").strip()
    if not text.isascii() or not text.isdigit():
        return None
    return min(float(text[:6]), _LONGEST_RETRY_S)

"""The names of our orders: unique for ever, recognisable as ours at the venue, and checked against misreading."""

from __future__ import annotations

import hashlib
import re
from typing import Final

PREFIX: Final = "kt1"
_OURS: Final = re.compile(r"kt1-([a-z0-9]{6})-([0-9]{1,9}(?::[0-9a-f]{1,11})?)-([0-9]{1,9})-([0-9a-f]{4})")


def order_name(install: str, session: int, counter: int, began_ms: int) -> str:
    """Return the client_order_id of the counter-th ticket of a session of an installation.

    When the session began is in it, to the millisecond: where rows of the journal were lost, its number comes again.
    """
    core = f"{PREFIX}-{install}-{session}:{began_ms:x}-{counter}"
    return f"{core}-{_check(core)}"


def is_ours(name: str, install: str = "") -> bool:
    """Tell whether a name was made here: by this installation where one is given."""
    match = _OURS.fullmatch(name)
    return match is not None and (not install or match[1] == install) and _check(name.rpartition("-")[0]) == match[4]


def _check(core: str) -> str:
    return hashlib.sha256(core.encode()).hexdigest()[:4]

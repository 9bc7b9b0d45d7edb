"""Keeps Python's garbage collector off what stays for as long as the process."""

from __future__ import annotations

import gc

_YOUNG = 1


def spare() -> None:
    """Let everything that is there now be looked at never again.

    Going over 30,000 markets costs the collector a fifth of a second each time, and the loop waits. What was dropped
    a moment ago is collected first; a ring of older objects that is dropped later is never, which is the price.
    """
    gc.collect(_YOUNG)
    gc.freeze()

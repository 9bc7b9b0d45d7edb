"""Loads the modules that a command needs only when it needs them, and lets Ctrl-C work meanwhile."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType


def load(name: str) -> ModuleType:
    """Import a module of this program."""
    with interrupt_ends_at_once(), no_collections():
        return import_module(name)


@contextmanager
def interrupt_ends_at_once() -> Iterator[None]:
    """Let Ctrl-C end the process itself: there is nothing to clean up yet, and Python's way of it may get lost.

    While modules load, msgspec makes its decoders; what is raised inside that, a KeyboardInterrupt too, it drops.
    """
    usual = signal.getsignal(signal.SIGINT)
    is_usual = usual is signal.default_int_handler
    if is_usual:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        if is_usual:
            signal.signal(signal.SIGINT, usual)


@contextmanager
def no_collections() -> Iterator[None]:
    """Spare the collector while modules load: they all stay, and looking through them takes an eighth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()

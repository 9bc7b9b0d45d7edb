"""What a check found and what to do about it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from kalshi_tui.config.schema import Notice
from kalshi_tui.errors import KalshiTuiError


class State(StrEnum):
    """How bad it is: nothing to do, should be put right, or does not work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Finding(msgspec.Struct, frozen=True):
    """One line of the doctor's report; a failed one always says what to do."""

    section: str
    name: str
    state: State
    found: str
    to_do: str = ""


def ok(section: str, name: str, found: str) -> Finding:
    """Report what is as it should be."""
    return Finding(section, name, State.OK, found)


def noticed(section: str, name: str, notice: Notice) -> Finding:
    """Report what works but should be put right."""
    return Finding(section, name, State.WARN, notice.message, notice.hint)


def failed(section: str, name: str, problem: KalshiTuiError) -> Finding:
    """Report an error as what does not work."""
    return Finding(section, name, State.FAIL, problem.message, problem.hint or "run again with --log-level debug")

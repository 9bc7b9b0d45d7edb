"""What a run is: the word for its mode, the name of its account, and a short mark of its settings."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kalshi_tui.config import tree
from kalshi_tui.config.dump import plain
from kalshi_tui.config.schema import Environment, ExecutionMode, Settings

_UNMARKED: Final = ("log_level", "logs.", "terminal.")  # how it looks and what it tells change no decision
_SECRET: Final = (".key_id", ".key_path", ".key_source")


@dataclass(frozen=True, slots=True)
class Mode:
    """A pair of venue and execution, the word that a person reads for it, and what it means."""

    environment: Environment
    execution: ExecutionMode
    word: str
    sentence: str

    @property
    def is_live(self) -> bool:
        """Tell whether an order costs real money."""
        return (self.environment, self.execution) == (Environment.PROD, ExecutionMode.LIVE)


def _modes() -> tuple[Mode, ...]:
    practice, demo, prod = Environment.PRACTICE, Environment.DEMO, Environment.PROD
    observe, paper, live = ExecutionMode.OBSERVE, ExecutionMode.PAPER, ExecutionMode.LIVE
    return (
        Mode(practice, observe, "PRACTICE OBSERVE", "the exchange on your desk, and no orders"),
        Mode(practice, paper, "PRACTICE PAPER", "the exchange on your desk, and orders that only we simulate"),
        Mode(practice, live, "PRACTICE", "the exchange on your desk takes the orders; no money is real"),
        Mode(demo, observe, "DEMO OBSERVE", "Kalshi's demo, and no orders"),
        Mode(demo, paper, "DEMO PAPER", "Kalshi's demo, and orders that only we simulate"),
        Mode(demo, live, "DEMO", "Kalshi's demo takes the orders; no money is real"),
        Mode(prod, observe, "OBSERVE", "Kalshi, and no orders"),
        Mode(prod, paper, "PAPER", "Kalshi's prices, and orders that only we simulate"),
        Mode(prod, live, "LIVE", "Kalshi takes the orders; the money is real"),
    )


MODES: Final[Mapping[tuple[str, str], Mode]] = {(mode.environment, mode.execution): mode for mode in _modes()}


def mode_for(environment: str, execution: str) -> Mode:
    """Return the mode of a pair of words; an unknown execution observes, and so does an unknown venue."""
    return (
        MODES.get((environment, execution))
        or MODES.get((environment, ExecutionMode.OBSERVE))
        or MODES[Environment.PROD, ExecutionMode.OBSERVE]
    )


def mode_of(settings: Settings) -> Mode:
    """Return the mode that the settings ask for."""
    return mode_for(settings.environment, settings.execution_mode)


def settings_hash(settings: Settings) -> str:
    """Mark the settings by 16 hex digits: equal where everything but keys, logs and the terminal's look is equal."""
    values = {
        key: plain(key, tree.value_of(settings, key))
        for key in tree.kinds()
        if not key.startswith(_UNMARKED) and not key.endswith(_SECRET)
    }
    return _hex(json.dumps(values, sort_keys=True), 16)


def account_name(settings: Settings) -> str:
    """Name the account for files: safe on every file system, whatever the key id or the address holds."""
    venue, name = settings.venue, str(settings.environment)
    if settings.environment is Environment.PRACTICE:
        return f"{name}-{_hex(venue.rest_url, 6)}" if venue.rest_url else name
    if not venue.key_id:
        return f"{name}-public"
    end = venue.key_id[-4:].lower()
    return f"{name}-{end if re.fullmatch('[a-z0-9]{4}', end) else _hex(venue.key_id, 6)}"


def account_tail(settings: Settings) -> str:
    """Return the end of the key's id, by which a person knows the account."""
    return settings.venue.key_id[-4:] or str(settings.environment)


def _hex(text: str, digits: int) -> str:
    return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()[:digits]

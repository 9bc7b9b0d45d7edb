"""Every action that a rule may name, with its settings: what the loader checks and what docs/faults.md lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from kalshi_tui.practice.faults.rules import Place
from kalshi_tui.practice.grids import GRIDS


@dataclass(frozen=True, slots=True)
class Need:
    """A setting that has no default."""

    kind: type


Settings = dict[str, Any]  # name -> its default, whose type it must have, or a Need

SELECTORS: Final[dict[Place, tuple[str, ...]]] = {
    "request": ("method", "path"),
    "frame": ("channel", "type", "ticker"),
    "connection": (),
    "command": ("cmd",),
    "exchange": ("ticker",),
}

WHEN: Final[Settings] = {
    "nth": 0,
    "every": 0,
    "probability": 1.0,
    "times": 0,
    "between_s": (),
    "state": (),
}

_ANSWER: Final[Settings] = {"status": Need(int), "code": "", "details": "", "body": "", "html": False}

_REQUEST: Final[dict[str, Settings]] = {
    "refuse": _ANSWER,
    "fail_after": _ANSWER,
    "lose_request": {"delay_ms": 0},
    "lose_reply": {"delay_ms": 0},
    "delay": {"delay_ms": Need(int), "accepted": False},
    "late_accept": {"delay_ms": Need(int)},
    "truncate": {"keep_bytes": 20},
    "stale_read": {"age_ms": 3_000},
    "short_page": {"rows": 1},
    "fill_first": {"count": ""},
}

_ENDINGS: Final[dict[str, Settings]] = {
    "close": {"code": 1001, "reason": "going away"},
    "cut": {},
    "silence": {"for_s": 0.0},
    "kill": {"code": 10},
}

_FRAME: Final[dict[str, Settings]] = {
    "drop": {},
    "duplicate": {"copies": 1},
    "reorder": {},
    "delay": {"delay_ms": Need(int), "renumber": False},
    "lag": {"per_s_ms": 100.0, "max_ms": 10_000},
    "reset_seq": {"to": 1},
    "edit": {"field": Need(str), "value": None, "where": "msg", "how": "set"},
    "garble": {"as": Need(str)},
    "inject": {"text": Need(str)},
    "huge": {"shape": "padding", "size": 16 << 20},
    "misroute": {"sid": 0, "to_ticker": ""},
    "cross": {},
    "fill_again": {},
    "worse_price": {"by": "0.0500"},
    **_ENDINGS,
}

_CONNECTION: Final[dict[str, Settings]] = {name: {"after_s": 0.0, **more} for name, more in _ENDINGS.items()}

_COMMAND: Final[dict[str, Settings]] = {
    "error": {"code": Need(int)},
    "ignore": {},
}

_TIMED: Final[Settings] = {"at_s": 0.0, "on": ""}
_FLOOR: Final[dict[str, Settings]] = {
    "pause_trading": {"for_s": 60.0},
    "pause_exchange": {"for_s": 60.0},
    "pause_market": {"for_s": 60.0},
    "close_market": {},
    "move_close": {"to_s": 60.0},
    "settle": {"result": "yes", "value": ""},
    "change_grid": {"label": Need(str)},
    "change_fee": {"fee_type": "quadratic", "multiplier": "2"},
    "external_trade": {"side": "bid", "count": "1.00"},
    "withdraw": {"dollars": Need(str)},
    "trigger_groups": {},
    "revoke_keys": {"for_s": 0.0},
    "cancel_rest": {},
    "cross_own_order": {"prevention": "taker_at_cross"},
    "forget_ids": {},
    "pull_book": {},
    "dust": {"steps": 100},
    "flood": {"changes": 25_000, "per_s": 5_000},
    "deep_book": {"levels": 10_000},
    "hostile_text": {"style": Need(str)},
    "hostile_tickers": {},
}
_EXCHANGE: Final[dict[str, Settings]] = {name: {**_TIMED, **more} for name, more in _FLOOR.items()}

ACTIONS: Final[dict[Place, dict[str, Settings]]] = {
    "request": _REQUEST,
    "frame": _FRAME,
    "connection": _CONNECTION,
    "command": _COMMAND,
    "exchange": _EXCHANGE,
}

CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "label": tuple(GRIDS),
    "as": ("json", "utf8", "binary"),
    "shape": ("padding", "nesting"),
    "where": ("msg", "top"),
    "how": ("set", "raw", "null", "remove"),
    "side": ("bid", "ask"),
    "on": ("", "fill", "order", "trade"),
    "prevention": ("taker_at_cross", "maker"),
    "result": ("yes", "no", "scalar"),
    "style": ("markup", "control", "bidi", "combining", "long"),
}

DECIMALS: Final[dict[str, int]] = {"dollars": 6, "multiplier": 6, "count": 2, "by": 4, "value": 4}

"""Keys as they stand on a keyboard."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

KEY_NAMES: Final[Mapping[str, str]] = {
    "question_mark": "?",
    "exclamation_mark": "!",
    "slash": "/",
    "full_stop": ".",
    "plus": "+",
    "minus": "-",
    "equals_sign": "=",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "escape": "Esc",
    "backspace": "Bksp",
    "enter": "Enter",
    "space": "Space",
    "down": "Down",
    "up": "Up",
    "left": "Left",
    "right": "Right",
    "home": "Home",
    "end": "End",
    "tab": "Tab",
}
_DIGITS: Final = ",".join("0123456789")
_FUNCTION_KEY: Final = re.compile("f[0-9]{1,2}")


def key_words(keys: str, between: str = ", ") -> str:
    """Write keys as they stand on a keyboard."""
    named = keys.replace(_DIGITS, "0-9")
    return between.join(_key_word(key.strip()) for key in named.split(",") if key.strip())


def _key_word(key: str) -> str:
    *held, last = key.split("+")
    names = [name.capitalize() for name in held]
    return "-".join([*names, last.upper() if _FUNCTION_KEY.fullmatch(last) else KEY_NAMES.get(last, last)])

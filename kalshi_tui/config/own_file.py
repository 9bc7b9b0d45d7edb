"""Makes a file for the user's own settings out of the defaults: everything explained, nothing set."""

from __future__ import annotations

import re
from typing import Final

from kalshi_tui.config import tree

_HEAD: Final = """\
# Your own settings of kalshi-tui. Each line below is a default, commented out; take its # away and change the value.
# What stays commented out follows the defaults of later versions. `kalshi-tui config check` says whether all is well,
# `kalshi-tui config show --changed` what is in force and where it came from.
"""
_LINE: Final = re.compile(r"^(?:[a-z_0-9]+ =|\[([a-z_.]+)\]).*$", re.MULTILINE)


def own_text(defaults: str) -> str:
    """Return the annotated defaults with every key commented out and a head of their own."""
    _, _, body = defaults.partition("\n\n")
    return f"{_HEAD}\n{_LINE.sub(_commented_out, body)}"


def _commented_out(line: re.Match[str]) -> str:
    """Leave the headings of tables, unless the table itself is the setting."""
    is_heading = line[1] is not None and line[1] not in tree.kinds()
    return line[0] if is_heading else f"#{line[0]}"

"""What the terminal in front of the person can show."""

from __future__ import annotations

import os
import re
import select
import sys
import termios
import tty
from collections.abc import Mapping
from typing import Final

from kalshi_tui.cli.checks.findings import Finding, State, ok

_SECTION: Final = "terminal"
_LEAST: Final = (80, 24)
_REPLY_WITHIN_S: Final = 0.3
_POSITION: Final = re.compile(rb"\x1b\[\d+;(\d+)R")
# A block, a line and an ellipsis must take one cell each, or no ladder lines up.
_NARROW: Final = "█─…"


def check_terminal(environ: Mapping[str, str]) -> list[Finding]:
    """Look at TERM and friends, the encoding, and, on a real terminal, its size and the width of its signs."""
    findings = [_term(environ), _colours(environ), _encoding(), _around(environ)]
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return [ok(_SECTION, "tty", "no: input or output is redirected, so size and widths are not checked"), *findings]
    size = os.get_terminal_size(sys.stdout.fileno())
    width = sign_width(sys.stdin.fileno(), sys.stdout.fileno())
    return [ok(_SECTION, "tty", "yes"), size_finding(size.columns, size.lines), width_finding(width), *findings]


def size_finding(columns: int, lines: int) -> Finding:
    """Judge a size in cells."""
    found = f"{columns} columns, {lines} lines"
    if columns < _LEAST[0] or lines < _LEAST[1]:
        return Finding(_SECTION, "size", State.WARN, found, "make the window at least 80 columns by 24 lines")
    return ok(_SECTION, "size", found)


def width_finding(width: int | None) -> Finding:
    """Judge how many cells the narrow signs took."""
    if width is None:
        return ok(_SECTION, "sign width", "the terminal does not tell")
    if width != len(_NARROW):
        return Finding(
            _SECTION,
            "sign width",
            State.WARN,
            f"{len(_NARROW)} narrow signs take {width} cells, so columns will not line up",
            "set the terminal's East Asian ambiguous width to narrow, and its encoding to UTF-8",
        )
    return ok(_SECTION, "sign width", "narrow signs take one cell each")


def sign_width(keyboard: int, screen: int) -> int | None:
    """Print some signs, ask the terminal where its cursor stands, and wipe them; None when it does not answer."""
    before = termios.tcgetattr(keyboard)
    try:
        tty.setcbreak(keyboard, termios.TCSANOW)
        os.write(screen, f"\r{_NARROW}\x1b[6n".encode())
        reply = _reply(keyboard)
        os.write(screen, b"\r\x1b[K")
    finally:
        termios.tcsetattr(keyboard, termios.TCSANOW, before)
    return int(reply[1]) - 1 if reply else None


def _reply(keyboard: int) -> re.Match[bytes] | None:
    heard = b""
    while len(heard) < 64 and select.select([keyboard], [], [], _REPLY_WITHIN_S)[0]:
        heard += os.read(keyboard, 32)
        if found := _POSITION.search(heard):
            return found
    return None


def _term(environ: Mapping[str, str]) -> Finding:
    term = environ.get("TERM", "")
    if term in ("", "dumb"):
        return Finding(
            _SECTION,
            "TERM",
            State.WARN,
            term or "not set",
            "start from a terminal emulator, or set TERM=xterm-256color",
        )
    return ok(_SECTION, "TERM", term)


def _colours(environ: Mapping[str, str]) -> Finding:
    if environ.get("NO_COLOR"):
        return ok(_SECTION, "colours", "none, because NO_COLOR is set")
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return ok(_SECTION, "colours", "16 million")
    if "256color" in environ.get("TERM", ""):
        return ok(_SECTION, "colours", "256")
    return Finding(_SECTION, "colours", State.WARN, "16 or fewer", "set COLORTERM=truecolor if the terminal can")


def _encoding() -> Finding:
    encoding = (sys.stdout.encoding or "none").lower()
    if encoding.replace("-", "") != "utf8":
        return Finding(_SECTION, "encoding", State.WARN, encoding, "set LANG to a UTF-8 locale, such as C.UTF-8")
    return ok(_SECTION, "encoding", encoding)


def _around(environ: Mapping[str, str]) -> Finding:
    signs = {"TMUX": "tmux", "STY": "screen", "SSH_CONNECTION": "ssh", "WSL_DISTRO_NAME": "wsl"}
    inside = [word for name, word in signs.items() if environ.get(name)]
    return ok(_SECTION, "runs inside", ", ".join(inside) or "the terminal itself")

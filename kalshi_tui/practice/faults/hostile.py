"""Words that an exchange should never send: markup, control characters, overlong and misleading names."""

from __future__ import annotations

from typing import Final

_ESC = "\x1b"

_STYLES: Final[dict[str, str]] = {
    "markup": (
        "[bold red]Sale[/] [/nothing] [@click=app.quit]press[/] [link=file:///etc/passwd]read[/link] \\[x] {0} %s"
    ),
    "control": (
        f"{_ESC}]52;c;ZWNobw=={_ESC}\\{_ESC}]8;;http://example.com{_ESC}\\link{_ESC}]8;;{_ESC}\\"
        f"{_ESC}[2J{_ESC}[31mred\x9b31m\x00\x07\x08\r\nsecond line\x85\u2028\t"
    ),
    "bidi": "pay \u202e00.1$ \u2066left\u2069 zero\u200bwidth\u200d\ufeff \u061c\u202d end",
    "combining": "Z" + "\u0301" * 10_000 + " end",
    "long": "W" * 100_000,
}

_TICKERS: Final = (
    "../../KXUP",
    "KX'; DROP TABLE orders; --",
    "KXNEW\nLINE",
    "\u041a\u0425\u0412\u0422\u0421-26",  # Cyrillic letters that look like KXBTC
    "KX/../..\\NUL",
    "KX\u202eCTB",
    f"KX{_ESC}[31mRED",
    "KX" + "A" * 5_000,
)


def hostile_texts(style: str) -> dict[str, str]:
    """Return words for every text of a market."""
    text = _STYLES[style]
    names = ("title", "subtitle", "yes_sub_title", "no_sub_title", "rules_primary", "rules_secondary")
    return dict.fromkeys(names, text)


def hostile_tickers() -> tuple[str, ...]:
    """Return names that are no names."""
    return _TICKERS

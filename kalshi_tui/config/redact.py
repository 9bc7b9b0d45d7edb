"""Keeps keys, signatures and tokens out of logs, whoever wrote the message."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import Final

HIDDEN: Final = "[hidden]"
_SHORTEST_SECRET: Final = 6  # a shorter one would blank ordinary words
_PRIVATE_KEY: Final = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|\Z)", re.DOTALL
)
# Covers header dumps (`NAME: value`), dictionaries, pairs and byte strings.
_SIGNED_HEADER: Final = re.compile(
    r"(KALSHI-ACCESS-[A-Z]+)(['\"]?\s*[:=,]\s*(?:b(?=['\"]))?['\"]?)[^\s'\",;)\]}]+", re.IGNORECASE
)
_AUTHORIZATION: Final = re.compile(
    r"(authorization)(['\"]?\s*[:=,]\s*(?:b(?=['\"]))?['\"]?)[^'\",;)\]}\r\n]+", re.IGNORECASE
)
_BEARER: Final = re.compile(r"\b(bearer\s+)[A-Za-z0-9._~+/=-]+", re.IGNORECASE)


def mask(key_id: str) -> str:
    """Shorten a key id to what tells two of them apart."""
    return f"…{key_id[-4:]}" if len(key_id) > 8 else "…"


def scrub(text: str, known: Iterable[str] = ()) -> str:
    """Blank private keys, signed headers, tokens and the `known` secrets in a text."""
    text = _PRIVATE_KEY.sub(f"{HIDDEN} private key", text)
    text = _SIGNED_HEADER.sub(rf"\1\2{HIDDEN}", text)
    text = _AUTHORIZATION.sub(rf"\1\2{HIDDEN}", text)
    text = _BEARER.sub(rf"\1{HIDDEN}", text)
    for secret in known:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, HIDDEN)
    return text


class Redaction(logging.Filter):
    """Scrubs every record of the handler that it is added to: a filter of a logger would miss its children."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        super().__init__()
        self._known = frozenset(known)

    def filter(self, record: logging.LogRecord) -> bool:
        """Scrub message, traceback, stack and extra fields; let the record pass."""
        record.msg, record.args = scrub(_message(record), self._known), None
        if record.exc_info:
            record.exc_text, record.exc_info = logging.Formatter().formatException(record.exc_info), None
        for name, value in record.__dict__.items():
            if name != "msg" and isinstance(value, str):
                record.__dict__[name] = scrub(value, self._known)
            elif isinstance(value, dict | list | tuple | bytes):
                record.__dict__[name] = scrub(repr(value), self._known)
        return True


def _message(record: logging.LogRecord) -> str:
    """Write the message out; a wrong format string must not cost the record."""
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError, IndexError):
        return f"{record.msg} {record.args!r}"

"""Canaries: what must never be read in a log."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from kalshi_tui.config.redact import Redaction, mask, scrub

CANARY = "c4n4ryc4n4ryc4n4ry=="
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n{CANARY}\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    "text",
    [
        PEM,
        repr(PEM),
        repr(PEM.encode()),
        PEM[:60],
        PEM.replace("RSA ", ""),
        PEM.replace("RSA", "EC"),
        f"> KALSHI-ACCESS-SIGNATURE: {CANARY}",
        f"kalshi-access-key={CANARY}",
        str({"KALSHI-ACCESS-KEY": CANARY}),
        str([("KALSHI-ACCESS-SIGNATURE", CANARY)]),
        str({b"KALSHI-ACCESS-SIGNATURE": CANARY.encode()}),
        f'{{"KALSHI-ACCESS-TIMESTAMP":"{CANARY}"}}',
        f"Authorization: Bearer {CANARY}",
        f"authorization: Basic {CANARY}",
        str({"Authorization": f"Token {CANARY}"}),
        f"sent bearer {CANARY} again",
    ],
)
def test_secrets_are_scrubbed_in_every_notation(text: str) -> None:
    scrubbed = scrub(f"before {text} after")
    assert CANARY not in scrubbed
    assert CANARY[:8] not in scrubbed
    assert scrubbed.startswith("before ")


def test_text_after_a_secret_stays_readable() -> None:
    assert scrub(f"a {PEM} b KALSHI-ACCESS-KEY: {CANARY} c").endswith("c")
    assert scrub(f"a {PEM} b") == "a [hidden] private key b"


def test_ordinary_text_stays_as_it_is() -> None:
    text = "GET /trade-api/v2/markets?status=open 200; -----BEGIN PUBLIC KEY----- the bearers of KALSHI-ACCESS"
    assert scrub(text) == text


def test_known_values_are_scrubbed_unless_they_are_ordinary_words() -> None:
    assert scrub(f"key {CANARY}!", {CANARY}) == "key [hidden]!"
    assert scrub("a demo market", {"demo", ""}) == "a demo market"


def test_a_key_id_is_shown_by_its_end() -> None:
    assert mask("12345678-abcd-4321-8888-0123456789ab") == "…89ab"
    assert mask("short") == "…"


@contextmanager
def handler_on(name: str, known: frozenset[str] = frozenset()) -> Iterator[io.StringIO]:
    """Give what a handler with the filter writes while it hangs on a logger."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(message)s %(extra)s", defaults={"extra": ""}))
    handler.addFilter(Redaction(known))
    logger = logging.getLogger(name)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(handler)
    try:
        yield stream
    finally:
        logger.removeHandler(handler)


def fail_with(text: str) -> None:
    raise ValueError(text)


def test_arguments_tracebacks_stacks_and_extras_of_a_record_are_scrubbed() -> None:
    logger = logging.getLogger("canary")
    with handler_on("canary", frozenset({CANARY})) as stream:
        logger.info("headers %s", {"KALSHI-ACCESS-KEY": CANARY})
        logger.info("%(KALSHI-ACCESS-KEY)s", {"KALSHI-ACCESS-KEY": PEM})
        logger.info("sent", extra={"extra": {"KALSHI-ACCESS-KEY": CANARY}})
        logger.info("sent", extra={"extra": PEM.encode()})
        logger.info("key %s", CANARY, stack_info=True)
        try:
            fail_with(PEM)
        except ValueError:
            logger.exception("failed with %r", PEM.encode())
    text = stream.getvalue()
    assert CANARY not in text
    for word in ("headers", "ValueError", "Traceback", "Stack"):
        assert word in text


def test_a_wrong_format_string_costs_neither_the_record_nor_the_secret() -> None:
    wrong = "two %s %s"
    with handler_on("canary") as stream:
        logging.getLogger("canary").info(wrong, f"KALSHI-ACCESS-KEY: {CANARY}")
    assert stream.getvalue().startswith("two")
    assert CANARY not in stream.getvalue()


def test_a_filter_on_a_handler_covers_the_loggers_of_libraries() -> None:
    with handler_on("canary") as stream:
        logging.getLogger("canary.http").warning("> KALSHI-ACCESS-SIGNATURE: %s", CANARY)
    assert "KALSHI-ACCESS-SIGNATURE" in stream.getvalue()
    assert CANARY not in stream.getvalue()

"""Turns bodies into wire structs and wire text into our integers; each failure names its field."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar

import msgspec

from kalshi_tui.core.text import clean
from kalshi_tui.core.units import Money, Price, complement, parse_decimal, parse_price
from kalshi_tui.errors import RemoteProtocolError, ValueRefused
from kalshi_tui.protocol.rest.complaints import UNREADABLE

T = TypeVar("T")
W = TypeVar("W")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_MILLION: Final = 1_000_000
_LONGEST_NAME: Final = 128


class Wire(msgspec.Struct, gc=False):
    """The shape of a part of a reply; fields that we do not name are skipped."""


def reader(shape: type[W], convert: Callable[[W], T]) -> Callable[[bytes], T]:
    """Return a function from a body to a value; the decoder is built once."""
    decoder: msgspec.json.Decoder[W] = msgspec.json.Decoder(shape)

    def read(body: bytes) -> T:
        try:
            wire = decoder.decode(body)
        except UNREADABLE as problem:
            if body.lstrip()[:1] == b"<":
                raise RemoteProtocolError(
                    "a web page (HTML) came instead of the venue's JSON",
                    hint="a proxy, a block page or a maintenance page answered; check the address in the settings",
                ) from None
            raise RemoteProtocolError(
                f"the reply is not what the venue documents: {problem}",
                hint="try again; if it stays, the venue's protocol has changed and this program needs an update",
            ) from None
        return _converted(convert, wire)

    return read


def _converted(convert: Callable[[W], T], wire: W) -> T:
    try:
        return convert(wire)
    except ValueRefused as problem:
        raise RemoteProtocolError(f"the reply makes no sense: {problem.message}", hint=problem.hint) from None


def field(label: str, parse: Callable[[str], T], text: str) -> T:
    """Parse one text of the wire, naming the field when it makes no sense."""
    try:
        return parse(text)
    except ValueRefused as problem:
        raise RemoteProtocolError(f"{label} in the reply: {problem.message}", hint=problem.hint) from None


def price(label: str, text: str | None) -> Price:
    """Read a price that must be there."""
    if text is None:
        raise RemoteProtocolError(
            f"{label} is missing in the reply", hint="no price is ever assumed; the row cannot be used"
        )
    return field(label, parse_price, text)


def yes_price(yes: str | None, no: str | None) -> Price:
    """Read a YES price, from the NO price where only that was sent."""
    if yes is None and no is not None:
        return complement(price("no_price_dollars", no))
    return price("yes_price_dollars", yes)


def optional_price(label: str, text: str | None) -> Price | None:
    """Read a price that may be absent."""
    return None if text is None else price(label, text)


def average(value: Any) -> Money | None:
    """Read an average, which informs only: one that cannot be read must not make an acknowledged order unknown."""
    try:
        return Money(parse_decimal(value, 6))
    except ValueRefused:
        return None


def cents(value: int) -> Money:
    """Read one of the few amounts that are still integer cents."""
    return Money(value * 10_000)


def millis(label: str, moment: datetime) -> int:
    """Return Unix milliseconds; a time without its zone could be any hour."""
    if moment.tzinfo is None:
        raise RemoteProtocolError(f"{label} in the reply has no time zone")
    return (moment - _EPOCH) // _MILLISECOND


def optional_millis(label: str, moment: datetime | None) -> int | None:
    """Return Unix milliseconds, or nothing where the venue has none or writes its zero time of the year 1."""
    if moment is None or moment.year < _EPOCH.year:
        return None
    return millis(label, moment)


def millionths(label: str, number: Decimal) -> int:
    """Return a multiplier in millionths, exactly."""
    scaled = number * _MILLION if number.is_finite() else Decimal("0.1")
    if scaled != scaled.to_integral_value() or not 0 <= scaled <= 1000 * _MILLION:
        raise RemoteProtocolError(f"{label} in the reply is {number!s:.40}, which is no multiplier")
    return int(scaled)


def yes_side(*, book: str | None, outcome: str | None, side: str | None, action: str | None) -> str:
    """Return bid or ask on the YES axis, from the newest words that were sent."""
    of_book = book if book in {"bid", "ask"} else None
    of_outcome = {"yes": "bid", "no": "ask"}.get(outcome or "")
    if of_book and of_outcome and of_book != of_outcome:
        raise RemoteProtocolError(f"book_side {book!r:.20} and outcome_side {outcome!r:.20} contradict each other")
    deprecated = {"buyyes": "bid", "sellyes": "ask", "buyno": "ask", "sellno": "bid"}.get(f"{action}{side}")
    known = of_book or of_outcome or deprecated
    if known is None:
        raise RemoteProtocolError("the reply does not say which side this is: book_side and outcome_side are missing")
    return known


class _Names(Wire):
    ticker: str = "?"
    event_ticker: str = "?"


_NAMES: Final = msgspec.json.Decoder(_Names)


def one_row_reader(shape: type[W], convert: Callable[[W], T], label: str) -> Callable[[bytes | msgspec.Raw], T]:
    """Return a function that reads one row of a list, or raises RemoteProtocolError with the row's name."""
    decoder: msgspec.json.Decoder[W] = msgspec.json.Decoder(shape)

    def read(row: bytes | msgspec.Raw) -> T:
        try:
            return _converted(convert, decoder.decode(row))
        except UNREADABLE as problem:
            raise RemoteProtocolError(f"{row_name(row, label)}: {problem}") from None
        except RemoteProtocolError as problem:
            raise RemoteProtocolError(f"{row_name(row, label)}: {problem.message}", hint=problem.hint) from None

    return read


def rows_reader(
    read_one: Callable[[bytes | msgspec.Raw], T],
) -> Callable[[tuple[msgspec.Raw, ...]], tuple[tuple[T, ...], tuple[str, ...]]]:
    """Return a function that reads each row by itself, so that one bad row of 30,000 does not hide the others."""

    def read(rows: tuple[msgspec.Raw, ...]) -> tuple[tuple[T, ...], tuple[str, ...]]:
        good: list[T] = []
        bad: list[str] = []
        for row in rows:
            try:
                good.append(read_one(row))
            except RemoteProtocolError as problem:
                bad.append(problem.message)
        return tuple(good), tuple(bad)

    return read


def row_name(row: bytes | msgspec.Raw, label: str) -> str:
    """Return what an unreadable row calls itself, or a question mark."""
    try:
        return str(getattr(_NAMES.decode(row), label))[:80]
    except UNREADABLE:
        return "?"


def ident(text: str) -> str:
    """Return a ticker or id as plain text that cannot drive a terminal; real ones pass unchanged."""
    return (
        text
        if text.isascii() and text.isprintable() and len(text) <= _LONGEST_NAME
        else str(clean(text, _LONGEST_NAME))
    )

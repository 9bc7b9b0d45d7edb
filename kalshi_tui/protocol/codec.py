"""From bytes to typed messages: one decoder for what is well formed, a slow second look for what is not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final, get_args

import msgspec

from kalshi_tui.core.units import format_price, parse_price
from kalshi_tui.errors import ValueRefused
from kalshi_tui.protocol.wire import Frame

decode_frame: Final = msgspec.json.Decoder(Frame).decode
UNREADABLE: Final = (msgspec.DecodeError, UnicodeError, RecursionError)

_KNOWN_TYPES: Final = frozenset(kind.__struct_config__.tag for kind in get_args(Frame))
_NUMBER_KEYS: Final = ("_dollars", "_fp", "fee_cost", "settlement_value", "value", "value_usd", "start", "end", "step")
_LONGEST_NUMBER: Final = 40


class Damaged(msgspec.Struct, frozen=True, gc=False):
    """A frame that cannot be used, with what could still be read of its envelope."""

    reason: str
    sid: int | None = None
    seq: int | None = None
    ticker: str | None = None
    sending_ts_ms: int = 0


class Foreign(msgspec.Struct, frozen=True, gc=False):
    """A well-formed message of a type that we do not know: newer than we are, and no reason to stop."""

    type: str
    sid: int | None
    seq: int | None
    sending_ts_ms: int = 0


def read_again(frame: bytes | str) -> Frame | Foreign | Damaged:
    """Look a second time at a frame that did not decode: bare numbers become exact strings, the rest is named."""
    try:
        content = _decode_anything(frame)
    except UNREADABLE as error:
        return Damaged(f"not JSON: {error}"[:120])
    if not isinstance(content, dict):
        return Damaged("a message that is no JSON object")
    kind, sid, seq = content.get("type"), _whole(content.get("sid")), _whole(content.get("seq"))
    if isinstance(kind, str) and kind not in _KNOWN_TYPES:
        return Foreign(kind[:64], sid, seq)
    try:
        message: Frame = msgspec.convert(_repaired(content), Frame)
    except (msgspec.ValidationError, RecursionError) as error:
        return Damaged(f"{kind!s:.40}: {error}"[:160], sid, seq, _ticker_of(content))
    return message


def _repaired(content: dict[str, Any]) -> Any:
    """Return the same content with numbers in their strings, and prices of levels with their four decimals."""
    repaired = _with_exact_numbers(content, "")
    body = repaired.get("msg")
    if isinstance(body, dict):
        if repaired.get("type") == "orderbook_delta":
            body["price_dollars"] = _with_four_decimals(body.get("price_dollars"))
        for key in ("yes_dollars_fp", "no_dollars_fp"):
            if isinstance(levels := body.get(key), list):
                body[key] = [_level(level) for level in levels]
    return repaired


def _level(level: Any) -> Any:
    return [_with_four_decimals(level[0]), *level[1:]] if isinstance(level, list) and level else level


def _with_four_decimals(text: Any) -> Any:
    try:
        return format_price(parse_price(text))
    except (ValueRefused, TypeError):
        return text  # the decoder names it


def _exact(text: str) -> str:
    """Write a JSON number as a plain decimal string; what no price or size can be is left to be refused later."""
    if len(text) > _LONGEST_NUMBER:
        return text
    try:
        number = Decimal(text)
    except ArithmeticError:
        return text
    if abs(number.adjusted()) >= _LONGEST_NUMBER:
        return text
    plain = format(number, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


_decode_anything: Final = msgspec.json.Decoder(Any, float_hook=_exact).decode


def _with_exact_numbers(value: Any, key: str) -> Any:
    """Return the same content with the integers of price and size fields as strings; floats already are."""
    if isinstance(value, dict):
        return {name: _with_exact_numbers(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_with_exact_numbers(inner, key) for inner in value]
    return str(value) if type(value) is int and key.endswith(_NUMBER_KEYS) else value


def _whole(value: object) -> int | None:
    return value if type(value) is int else None


def _ticker_of(content: dict[str, Any]) -> str | None:
    body = content.get("msg")
    ticker = body.get("market_ticker") if isinstance(body, dict) else None
    return ticker if isinstance(ticker, str) else None

"""What error replies amount to; bodies marked R were recorded from the venue."""

from __future__ import annotations

from typing import Any

import pytest

from kalshi_tui.core.units import Price, Size
from kalshi_tui.errors import (
    AlreadyExists,
    AuthenticationRefused,
    KalshiTuiError,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    RemoteProtocolError,
    TransportError,
    VenueRefused,
)
from kalshi_tui.protocol import rest

ORDER = rest.NewOrder(client_order_id="c-1", ticker="T-1", side="bid", price=Price(5600), size=Size(100))
WRITE = rest.create_order(ORDER)
READ = rest.balance()
SIGNATURE = (
    b'{"error":{"code":"authentication_error","message":"authentication_error",'
    b'"details":"INCORRECT_API_KEY_SIGNATURE"}}'
)  # R
UNKNOWN_KEY = b'{"error":{"code":"authentication_error","message":"authentication_error","details":"NOT_FOUND"}}'
POST_ONLY = b'{"error":{"code":"invalid_order","message":"invalid order","details":"post only cross"}}'  # R
DUPLICATE = b'{"error":{"code":"order_already_exists","message":"order already exists","service":"exchange"}}'  # R
FLAT = (
    b'{"code":"bad_request","message":"json: cannot unmarshal number into Go struct field '
    b'CreateOrderV2Request.count of type string","details":""}'
)
PARAMETER = b'{"msg":"Parameter validation failed for GetMarkets: limit must be at most 1000"}'
TOO_MANY = b'{"error":"too many requests"}'
HTML = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


def error_of(request: rest.Request[Any], status: int, body: bytes, **headers: str) -> KalshiTuiError:
    with pytest.raises(KalshiTuiError) as raised:
        rest.read_reply(request, status, headers, body)
    return raised.value


@pytest.mark.parametrize(
    ("status", "body", "kind", "code", "words"),
    [
        (401, SIGNATURE, AuthenticationRefused, "authentication_error", "did not accept the signature"),
        (401, UNKNOWN_KEY, AuthenticationRefused, "authentication_error", "no such key id"),
        (401, b'{"error":{"code":"header_timestamp_expired"}}', AuthenticationRefused, "header_timestamp", "time"),
        (403, b'{"error":{"code":"forbidden","message":"key is restricted"}}', AuthenticationRefused, "", "restricted"),
        (400, POST_ONLY, VenueRefused, "invalid_order", "rest only"),
        (400, FLAT, VenueRefused, "bad_request", "cannot unmarshal number"),
        (400, PARAMETER, VenueRefused, "invalid_parameters", "limit must be at most 1000"),
        (400, b'{"error":{"code":"insufficient_balance"}}', VenueRefused, "insufficient_balance", "not enough"),
        (400, b'{"error":{"code":"invalid_price:_T-1"}}', VenueRefused, "invalid_price", "grid"),
        (404, b'{"error":{"code":"not_found","message":"not found"}}', NotFound, "not_found", "not found"),
        (404, b'{"error":{"code":"user_not_found:_8f14e45f"}}', NotFound, "user_not_found", "no user"),
        (409, DUPLICATE, AlreadyExists, "order_already_exists", "already taken"),
        (
            409,
            b'{"error":{"code":"fill_or_kill_insufficient_resting_volume"}}',
            VenueRefused,
            "fill_or",
            "filled whole",
        ),
        (410, b'{"error":{"code":"deprecated_v1_order_endpoint"}}', VenueRefused, "deprecated", "retired"),
        (429, TOO_MANY, RateLimited, "too_many_requests", "rate limit"),
    ],
)
def test_each_shape_of_error_becomes_a_sentence_with_a_hint(
    status: int, body: bytes, kind: type[VenueRefused], code: str, words: str
) -> None:
    for request in (READ, WRITE):
        problem = error_of(request, status, body)
        assert type(problem) is kind
        assert isinstance(problem, VenueRefused)
        assert problem.status == status
        assert problem.code.startswith(code)
        assert words in problem.message
        assert problem.hint or status == 400
        assert "{" not in problem.message


def test_a_duplicate_is_told_apart_from_other_conflicts() -> None:
    killed = error_of(WRITE, 409, b'{"error":{"code":"fill_or_kill_insufficient_resting_volume"}}')
    assert not isinstance(killed, AlreadyExists)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b'{"error":{"code":"internal_error","message":"internal error"}}'),
        (503, b""),
        (502, HTML),
        (504, HTML),
        (408, b'{"error":{"code":"timeout"}}'),
        (400, HTML),
        (404, b"not found"),
        (301, b""),
        (200, HTML),
        (201, b'{"order_id":"o-1","fill_cou'),
        (201, b"{}"),
        (201, b'{"order":{"order_id":"o-1"}}'),
        (201, b'{"order_id":"","fill_count":"0.00","remaining_count":"1.00","ts_ms":1}'),
        (201, b'{"order_id":"o-1","fill_count":"NaN","remaining_count":"1.00","ts_ms":1}'),
        (201, b"\xff\xfe"),
    ],
)
def test_a_write_whose_answer_is_unclear_may_have_happened(status: int, body: bytes) -> None:
    problem = error_of(WRITE, status, body)
    assert isinstance(problem, OutcomeUnknown)
    assert "look it up" in problem.hint


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (500, b"", TransportError),
        (502, HTML, TransportError),
        (200, HTML, RemoteProtocolError),
        (200, b'{"balance_dollars":"1.0', RemoteProtocolError),
        (400, HTML, RemoteProtocolError),
        (403, HTML, RemoteProtocolError),
        (302, b"", RemoteProtocolError),
    ],
)
def test_a_read_whose_answer_is_unclear_is_no_answer(status: int, body: bytes, kind: type[KalshiTuiError]) -> None:
    problem = error_of(READ, status, body)
    assert type(problem) is kind
    assert problem.hint


def test_a_refused_write_is_refused_for_certain_whatever_the_body_of_a_429_is() -> None:
    assert isinstance(error_of(WRITE, 429, HTML), RateLimited)


@pytest.mark.parametrize("request_", [READ, WRITE], ids=["read", "write"])
def test_a_401_is_a_refused_key_whatever_its_body_is(request_: rest.Request[Any]) -> None:
    assert isinstance(error_of(request_, 401, HTML), AuthenticationRefused)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7.0), ("", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-1", None), ("1e9", None), ("999999", 3600.0)],
)
def test_retry_after_is_honoured_where_a_service_sends_it(text: str, seconds: float | None) -> None:
    problem = error_of(READ, 429, TOO_MANY, **({"retry-after": text} if text else {}))
    assert isinstance(problem, RateLimited)
    assert problem.retry_after_s == seconds


def test_the_venues_words_are_cleaned_and_bounded() -> None:
    body = b'{"error":{"code":"x","message":"red \\u001b[31m text","details":{"deep":["' + b"a" * 5000 + b'"]}}}'
    problem = error_of(READ, 400, body)
    assert "\x1b" not in problem.message
    assert len(problem.message) < 600


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"{}", b'{"error":null}', b'{"error":7}', b"[" * 100_000])
def test_json_that_is_no_complaint_is_unclear(body: bytes) -> None:
    assert isinstance(error_of(WRITE, 400, body), OutcomeUnknown)


DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize("status", [200, 201, 400, 404, 409, 500])
@pytest.mark.parametrize("start", [b'{"order_id":"o","z":', b'{"error":', b'{"code":"a","message":"b","details":'])
def test_an_answer_nested_without_end_leaves_a_write_unknown(start: bytes, status: int) -> None:
    assert isinstance(error_of(WRITE, status, start + DEEP + b"}"), OutcomeUnknown)


def test_a_reply_nested_without_end_is_not_understood() -> None:
    assert isinstance(error_of(READ, 200, b'{"balance":' + DEEP + b"}"), RemoteProtocolError)
    assert isinstance(error_of(rest.markets(), 200, b'{"cursor":"","markets":[' + DEEP + b"]}"), RemoteProtocolError)

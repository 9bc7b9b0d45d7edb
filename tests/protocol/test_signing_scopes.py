"""Who may sign what: every request that the protocol knows, under every scope."""

from __future__ import annotations

import dataclasses
import inspect
from base64 import b64decode
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from kalshi_tui.core.units import Money, Price, Size
from kalshi_tui.errors import LocalProtocolError
from kalshi_tui.protocol import rest
from kalshi_tui.protocol.signing import KeySigner, Scope, Signer, load_signer

STAMP = 1_781_159_370_164
ROOT = "/trade-api/v2/portfolio"
ORDER = rest.NewOrder(client_order_id="c-1", ticker="KX-1", side="bid", price=Price(100), size=Size(100))
TARGET = rest.CancelTarget("order-1", "KX-1", 3, 1)

WRITES: dict[str, rest.Request[Any]] = {
    "create_order": rest.create_order(ORDER),
    "create_orders": rest.create_orders([ORDER]),
    "amend_order": rest.amend_order("order-1", ticker="KX-1", side="bid", price=Price(100), size=Size(100)),
    "decrease_order": rest.decrease_order("order-1", to=Size(100), ticker="KX-1", subaccount=3),
    "cancel_order": rest.cancel_order(TARGET),
    "cancel_orders": rest.cancel_orders([TARGET]),
    "create_group": rest.create_group(Size(100)),
    "set_group_limit": rest.set_group_limit("group-1", Size(100)),
    "reset_group": rest.reset_group("group-1", subaccount=3),
    "trigger_group": rest.trigger_group("group-1", subaccount=3, exchange_index=1),
    "delete_group": rest.delete_group("group-1"),
    "create_subaccount": rest.create_subaccount(),
    "transfer": rest.transfer("t-1", source=0, destination=1, amount=Money(10_000)),
    "shard_transfer": rest.shard_transfer(source=0, destination=1, amount=Money(10_000)),
}
CANCELS = {"cancel_order", "cancel_orders", "trigger_group", "delete_group"}
READS: dict[str, rest.Request[Any]] = {
    "portfolio": rest.balance(),
    "one order": rest.order("order-1"),
    "a market": rest.market("KX-1"),
    "the limits": rest.account_limits(),
}


@cache
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def signer_of(scope: Scope) -> Signer:
    return load_signer("k", key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), scope)


def signs(signer: Signer, method: str, path: str) -> bool:
    """Tell whether a request is signed, and then that the signature is that of this request."""
    try:
        headers = signer.sign(STAMP, method, path)
    except LocalProtocolError:
        return False
    text = f"{STAMP}{method.upper()}{path.partition('?')[0]}".encode()
    key().public_key().verify(b64decode(headers["KALSHI-ACCESS-SIGNATURE"], validate=True), text)
    return True


def test_the_table_holds_every_request_that_changes_something() -> None:
    makers = {name for name in rest.__all__ if "Request[" in str(annotation_of(getattr(rest, name)))}
    writing = {name for name in makers if "is_write=True" in source_of(getattr(rest, name))}
    assert writing == set(WRITES)
    assert all(request.is_write for request in WRITES.values())
    assert {name for name, request in WRITES.items() if request.is_cancel} == CANCELS


def annotation_of(maker: Any) -> object:
    return inspect.signature(maker).return_annotation if inspect.isfunction(maker) else ""


def source_of(maker: Callable[..., Any]) -> str:
    """Return what a maker says, and what the helper says that it hands on to."""
    text = inspect.getsource(maker)
    module = inspect.getmodule(maker)
    return text + (inspect.getsource(module._change) if module is not None and " _change(" in text else "")


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("name", WRITES)
def test_a_scope_signs_what_it_is_for_and_nothing_else(name: str, scope: Scope) -> None:
    request = WRITES[name]
    allowed = scope is Scope.TRADE or (scope is Scope.CANCEL and name in CANCELS)
    signer = signer_of(scope)
    assert signs(signer, request.method, request.full_path) is allowed
    assert signs(signer, request.method, request.target) is allowed  # the query is cut off before
    assert signs(signer, request.method.lower(), request.full_path) is allowed


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("name", READS)
def test_every_scope_reads(name: str, scope: Scope) -> None:
    assert signs(signer_of(scope), READS[name].method, READS[name].full_path)
    assert signs(signer_of(scope), "GET", "/trade-api/ws/v2")  # the stream's upgrade


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", f"{ROOT}/events/orders"),
        ("DELETE", f"{ROOT}/events/orders/"),
        ("DELETE", f"{ROOT}/events/orders/a/b"),
        ("DELETE", f"{ROOT}/events/orders/.."),
        ("DELETE", f"{ROOT}/events/orders/%2e%2e"),
        ("DELETE", f"{ROOT}/events/orders/a\n"),
        ("DELETE", f"/x{ROOT}/events/orders/a"),
        ("DELETE", f"{ROOT}/orders/a"),
        ("DELETE", f"{ROOT}/order_groups/g/trigger"),
        ("DELETE", "/trade-api/v2/api_keys/k"),
        ("PUT", f"{ROOT}/order_groups/g"),
        ("PUT", f"{ROOT}/order_groups/g/reset"),
        ("PUT", f"{ROOT}/order_groups/g/limit"),
        ("PUT", f"{ROOT}/order_groups/g/../trigger"),
        ("POST", f"{ROOT}/events/orders/batched"),
        ("POST", f"{ROOT}/order_groups/g/trigger"),
        ("PATCH", f"{ROOT}/events/orders/a"),
        ("DELETEDELETE", f"{ROOT}/events/orders/a"),
    ],
)
def test_a_cancel_scope_is_not_talked_into_anything_near_a_cancel(method: str, path: str) -> None:
    assert not signs(signer_of(Scope.CANCEL), method, path)
    assert not signs(signer_of(Scope.READ), method, path)


@given(method=st.text(max_size=8), path=st.text(max_size=60))
def test_what_a_read_scope_signs_is_always_the_text_of_a_get(method: str, path: str) -> None:
    assert signs(signer_of(Scope.READ), method, path) is (method.upper() == "GET")


@pytest.mark.parametrize("stamp", ["1781159370164POST/trade-api/v2/portfolio/events/orders?", True, 1.5, None])
@pytest.mark.parametrize("scope", Scope)
def test_a_time_that_is_none_cannot_smuggle_in_another_request(scope: Scope, stamp: Any) -> None:
    with pytest.raises(LocalProtocolError):
        signer_of(scope).sign(stamp, "GET", "/x")


def test_a_scope_must_be_named() -> None:
    assert inspect.signature(load_signer).parameters["scope"].default is inspect.Parameter.empty


def reachable(start: object) -> Iterator[object]:
    """Return what attributes lead to, private ones and slots too; a frame's own variables are not attributes."""
    seen: dict[int, object] = {}
    waiting = [start]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, type):
            continue
        seen[id(thing)] = thing
        if type(thing).__module__.startswith("kalshi_tui") or inspect.ismethod(thing):
            waiting += [getattr(thing, name) for name in dir(thing) if not name.startswith("__")]
    return iter(seen.values())


@pytest.mark.parametrize("scope", [Scope.READ, Scope.CANCEL])
def test_nothing_within_reach_of_a_bounded_signer_signs_an_order(scope: Scope) -> None:
    signer = signer_of(scope)
    assert isinstance(signer, KeySigner)
    copies = [signer, dataclasses.replace(signer, key_id="other")]
    things = [thing for copy in copies for thing in reachable(copy)]
    assert signer._prove in things
    assert not any(hasattr(thing, "sign") for thing in things if not isinstance(thing, KeySigner))
    calls: list[Callable[..., Any]] = [thing for thing in things if callable(thing)]
    order = WRITES["create_order"]
    text = f"{STAMP}POST{order.full_path}".encode()
    for call in calls:
        for arguments in ((STAMP, "POST", order.full_path), (text,), (text.decode(),), ()):
            try:
                made = call(*arguments)
            except (LocalProtocolError, TypeError, AttributeError, ValueError):
                continue
            assert not is_signature(made, text), call


def is_signature(made: object, text: bytes) -> bool:
    proof = b64decode(made.get("KALSHI-ACCESS-SIGNATURE", "")) if isinstance(made, dict) else made
    try:
        key().public_key().verify(proof if isinstance(proof, bytes) else b"", text)
    except Exception:  # noqa: BLE001 - whatever is no signature
        return False
    return True

"""A client of the REST door for the tests, written from the protocol's description and sharing nothing with ours."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.faults import Faults
from kalshi_tui.practice.records import ApiKey, Bucket, NewOrder
from kalshi_tui.practice.rest import HttpReply, HttpRequest, RestDoor
from kalshi_tui.practice.stream import Hub, Limits
from tests.practice.pit import Pit

ROOT: Final = "/trade-api/v2"
ORDERS: Final = "/portfolio/events/orders"
RSA_KEY: Final = generate_private_key(public_exponent=65537, key_size=2048)
ED_KEY: Final = Ed25519PrivateKey.generate()

PrivateKey = RSAPrivateKey | Ed25519PrivateKey


class HasClock(Protocol):
    """What tells the time of the exchange."""

    now_ms: int


def public_pem(key: PrivateKey) -> bytes:
    """Return the public half in PEM."""
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def sign(key: PrivateKey, message: str, salt: int = 32) -> str:
    """Sign as Kalshi's documents say."""
    if isinstance(key, RSAPrivateKey):
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), salt)
        return base64.b64encode(key.sign(message.encode(), pss, hashes.SHA256())).decode()
    return base64.b64encode(key.sign(message.encode())).decode()


def signed_headers(
    key: PrivateKey, key_id: str, now_ms: int, method: str, path: str, *, salt: int = 32
) -> dict[str, str]:
    """Return the three headers."""
    return {
        "kalshi-access-key": key_id,
        "kalshi-access-timestamp": str(now_ms),
        "kalshi-access-signature": sign(key, f"{now_ms}{method}{path}", salt),
    }


@dataclass
class Counter:
    """An exchange with its doors and without a world."""

    exchange: Exchange
    faults: Faults | None = None
    limits: Limits | None = None
    rest: RestDoor = field(init=False)
    hub: Hub = field(init=False)

    def __post_init__(self) -> None:
        self.rest = RestDoor(self.exchange)
        self.hub = Hub(self.exchange, self.faults, self.limits)


class Caller:
    """One member's signed requests to a door."""

    def __init__(self, door: RestDoor, clock: HasClock, key_id: str | None = "key-1", key: PrivateKey = ED_KEY) -> None:
        self.door = door
        self.clock = clock
        self.key_id = key_id
        self.key = key

    def call(self, method: str, path: str, body: object = None, query: Sequence[tuple[str, str]] = ()) -> HttpReply:
        """Send a request below the root."""
        path = ROOT + path
        headers = {"content-type": "application/json"}
        if self.key_id is not None:
            headers |= signed_headers(self.key, self.key_id, self.clock.now_ms, method, path)
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.door.handle(HttpRequest(method, path, tuple(query), headers, raw))

    def get(self, path: str, **query: object) -> Any:
        """Read what must be there."""
        reply = self.call("GET", path, query=_pairs(query))
        assert reply.status == 200, reply.body
        return json.loads(reply.body)

    def refused(self, path: str, **query: object) -> tuple[int, Any]:
        """Read what must be refused."""
        reply = self.call("GET", path, query=_pairs(query))
        assert reply.status >= 400, reply.body
        return reply.status, json.loads(reply.body)

    def write(self, method: str, path: str, body: object = None, **query: object) -> tuple[int, Any]:
        """Ask for a change."""
        reply = self.call(method, path, body, _pairs(query))
        return reply.status, json.loads(reply.body)

    def place(self, **fields: object) -> tuple[int, Any]:
        """Place an order: one contract of M at 50 cents unless told otherwise."""
        return self.write("POST", ORDERS, wish(**fields))


def wish(**fields: object) -> dict[str, object]:
    """Return the body of an order."""
    return {
        "ticker": "M",
        "side": "bid",
        "count": "1.00",
        "price": "0.5000",
        "time_in_force": "good_till_canceled",
        "self_trade_prevention_type": "taker_at_cross",
    } | fields


def opened(pit: Pit | None = None, *, budget: int = 10**6, faults: Faults | None = None) -> tuple[Pit, Caller]:
    """Open a pit with a house, a member called ann, and her caller; its budget is no obstacle unless asked to be."""
    pit = pit or Pit()
    pit.open_account(cash=10**15, user_id="house", house=True)
    account = pit.account(pit.member("ann"))
    account.read, account.write = (Bucket(budget, budget, float(budget)) for _ in range(2))
    pit.add_key(ApiKey("key-1", "ann", public_pem(ED_KEY)))
    return pit, Caller(Counter(pit, faults).rest, pit)


def quote(pit: Pit, *, bid: int = 40, ask: int = 60, contracts: int = 100, ticker: str = "M") -> None:
    """Let the house quote both sides."""
    terms: Mapping[str, Any] = {"time_in_force": "good_till_canceled", "self_trade_prevention": "maker"}
    pit.create("house", NewOrder(ticker, "bid", bid * 100, contracts * 100, **terms))  # type: ignore[arg-type]
    pit.create("house", NewOrder(ticker, "ask", ask * 100, contracts * 100, **terms))  # type: ignore[arg-type]


def _pairs(query: Mapping[str, object]) -> list[tuple[str, str]]:
    pairs = []
    for name, value in query.items():
        values = value if isinstance(value, list) else [value]
        pairs += [(name, str(one).lower() if isinstance(one, bool) else str(one)) for one in values]
    return pairs

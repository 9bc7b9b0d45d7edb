"""The door: who asks, may they, is there budget left, what do they want; then the exchange, then the answer."""

from __future__ import annotations

from collections.abc import Mapping

from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.records import ApiKey, Bucket, Refusal
from kalshi_tui.practice.rest.auth import Keyring, is_signed, require_scope
from kalshi_tui.practice.rest.call import Call, Route
from kalshi_tui.practice.rest.limits import Meter
from kalshi_tui.practice.rest.routing import Router
from kalshi_tui.practice.rest.transfers import Transfers
from kalshi_tui.practice.rest.wire import HttpReply, HttpRequest, refuse, reply


class RestDoor:
    """Answers requests about one exchange; the same requests at the same times get the same bytes."""

    def __init__(self, exchange: Exchange, *, public: Bucket | None = None) -> None:
        self._exchange = exchange
        self._keyring = Keyring(exchange)
        self._meter = Meter(public or Bucket(10_000, 20_000, 20_000.0))
        self._router = Router()
        self._transfers = Transfers()

    def handle(self, request: HttpRequest) -> HttpReply:
        """Answer one request."""
        admitted = self.admit(request)
        return self.finish(admitted) if isinstance(admitted, Call) else admitted

    def admit(self, request: HttpRequest) -> Call | HttpReply:
        """Let a request in, or answer with why not; it may be carried out later, as a slow gateway does."""
        try:
            route, arguments = self._router.find(request.method, request.path)
            key = self._signer(route, request)
            call = Call(self._exchange, self._transfers, route, request, arguments, key)
            self._charge(call)
        except Refusal as refusal:
            return refuse(refusal)
        return call

    def finish(self, call: Call) -> HttpReply:
        """Carry out what was let in."""
        try:
            return reply(call.route.status, call.route.run(call))
        except Refusal as refusal:
            return refuse(refusal)

    def authenticate(self, method: str, path: str, headers: Mapping[str, str]) -> ApiKey:
        """Return the key that signed, or refuse with 401."""
        return self._keyring.authenticate(method, path, headers)

    def _signer(self, route: Route, request: HttpRequest) -> ApiKey | None:
        if not route.scope and not is_signed(request.headers):
            return None
        key = self.authenticate(request.method, request.path, request.headers)
        if route.scope:
            require_scope(key, route.scope)
        return key

    def _charge(self, call: Call) -> None:
        route, now_ms = call.route, self._exchange.now_ms
        if call.key is None:
            self._meter.charge_public(route.cost, now_ms)
            return
        is_write = route.method != "GET"
        items = max(1, call.body.count_of("orders")) if route.per_item else 1
        self._meter.charge(
            call.account, route.cost * items, now_ms, is_write=is_write, shard=_shard(call) if is_write else 0
        )


def _shard(call: Call) -> int:
    """Return the shard that a single write names; batches and group calls of many orders name none."""
    if call.route.per_item:
        return 0
    try:
        named = call.query.integer("exchange_index") or call.body.integer("exchange_index")
    except Refusal:
        return 0  # the handler will say what is wrong with it
    return named or 0

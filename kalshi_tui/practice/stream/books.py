"""Book messages: the hot path, so each change is encoded once per pricing flavour and shared by every session."""

from __future__ import annotations

import msgspec

from kalshi_tui.core.units import PRICE_ONE
from kalshi_tui.practice.happenings import BookChanged
from kalshi_tui.practice.records import Level, Market
from kalshi_tui.practice.stream.text import Prices, Sizes, Times


class BookEncoder:
    """Writes the `msg` of snapshots and deltas.

    The two names of a market never change, so they are encoded once. A NO bid is a YES ask: on the yes scale its price
    stays, in no-leg dollars it is what is missing to one dollar.
    """

    def __init__(self) -> None:
        self._prices = Prices()
        self._sizes = Sizes()
        self._times = Times()
        self.names: dict[str, bytes] = {}  # by ticker

    def _name(self, market: Market) -> bytes:
        """Return the opening of a message about this market."""
        name = self.names.get(market.ticker)
        if name is None:
            named = msgspec.json.encode({"market_ticker": market.ticker, "market_id": market.market_id})
            name = self.names[market.ticker] = named[:-1]
        return name

    def delta(self, change: BookChanged, *, yes_price: bool, own: bytes = b"") -> bytes:
        """Encode one change of one price; `own` is what only the account that caused it is told."""
        price = change.price
        side = b"yes"
        if change.side == "ask":
            side = b"no"
            if not yes_price:
                price = PRICE_ONE - price
        ts_ms = change.ts_ms
        return b'%b,"clock":%d,"price_dollars":"%b","delta_fp":"%b","side":"%b"%b,"ts":"%b","ts_ms":%d}' % (
            self.names.get(change.market.ticker) or self._name(change.market),
            change.clock,
            self._prices[price],
            self._sizes[change.delta],
            side,
            own,
            self._times[ts_ms],
            ts_ms,
        )

    def own(self, change: BookChanged, *, with_subaccount: bool) -> bytes:
        """Encode what only the account that caused a change is told about it."""
        text = b',"client_order_id":' + msgspec.json.encode(change.client_order_id)
        return text + b',"subaccount":%d' % change.subaccount if with_subaccount else text

    def snapshot(self, market: Market, *, yes_price: bool) -> bytes:
        """Encode a whole book; the key of an empty side is left out."""
        text = b'%b,"clock":%d' % (self._name(market), market.clock)
        if market.bids:
            text += b',"yes_dollars_fp":' + self._levels(market.bids, flip=False)
        if market.asks:
            text += b',"no_dollars_fp":' + self._levels(market.asks, flip=not yes_price)
        return text + b"}"

    def empty(self, market: Market) -> bytes:
        """Encode a book that never changed."""
        return self._name(market) + b',"clock":0}'

    def _levels(self, side: dict[int, Level], *, flip: bool) -> bytes:
        prices, sizes = self._prices, self._sizes
        levels = sorted((PRICE_ONE - price if flip else price, level.size) for price, level in side.items())
        return b"[%b]" % b",".join(b'["%b","%b"]' % (prices[price], sizes[size]) for price, size in levels)

"""Bodies as the venue writes them, for the tests of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from kalshi_tui.core.events import EventFeeChanged, EventLifecycle, MarketDetails, MarketLifecycle
from kalshi_tui.core.text import clean
from kalshi_tui.core.units import Price

NOW = 1_781_159_370_000  # 2026-06-11 06:29:30 UTC
CENTS = [{"start": "0.0000", "end": "1.0000", "step": "0.0100"}]
TENTHS = [{"start": "0.0000", "end": "1.0000", "step": "0.0010"}]

Json = dict[str, Any]


def market_json(ticker: str = "E-1", **fields: Any) -> Json:
    return {
        "ticker": ticker,
        "event_ticker": ticker.rpartition("-")[0],
        "open_time": "2026-06-01T00:00:00Z",
        "close_time": "2026-06-12T14:00:00Z",
        "status": "active",
        "yes_bid_dollars": "0.4000",
        "yes_bid_size_fp": "10.00",
        "yes_ask_dollars": "0.4200",
        "yes_ask_size_fp": "12.00",
        "last_price_dollars": "0.4100",
        "volume_fp": "100.00",
        "volume_24h_fp": "10.00",
        "open_interest_fp": "50.00",
        "price_ranges": CENTS,
        "title": f"Will {ticker} happen?",
        "yes_sub_title": "It happens",
        "no_sub_title": "It does not",
        "rules_primary": "It pays if it happens.",
        **fields,
    }


def event_json(ticker: str = "E", markets: Iterable[Json] = (), **fields: Any) -> Json:
    return {
        "event_ticker": ticker,
        "series_ticker": "S",
        "title": f"What becomes of {ticker}?",
        "sub_title": "In June",
        "mutually_exclusive": True,
        "markets": list(markets),
        **fields,
    }


def series_json(ticker: str = "S", **fields: Any) -> Json:
    plain = {"title": "Happenings", "category": "World", "fee_type": "quadratic", "fee_multiplier": 1}
    return {"ticker": ticker, **plain, **fields}


def encode(value: object) -> bytes:
    return msgspec.json.encode(value)


def events_body(*events: Json, cursor: str = "") -> bytes:
    return encode({"events": events, "cursor": cursor})


def markets_body(*markets: Json) -> bytes:
    return encode({"markets": markets, "cursor": ""})


def series_body(*series: Json) -> bytes:
    return encode({"series": series})


def one(**fields: Any) -> bytes:
    """Return a page with the one market that most tests are about."""
    return events_body(event_json("E", [market_json("E-1", **fields)]))


def details(**fields: Any) -> MarketDetails:
    nothing = clean("")
    plain: Json = {
        "event_ticker": "",
        "title": nothing,
        "yes_title": nothing,
        "no_title": nothing,
        "rules_primary": nothing,
        "rules_secondary": nothing,
        "can_close_early": None,
        "expected_expiration_ms": None,
        "strike_type": "",
        "floor_strike": None,
        "cap_strike": None,
    }
    return MarketDetails(**(plain | fields))


def word(kind: str, ticker: str = "E-1", **fields: Any) -> MarketLifecycle:
    plain: Json = {
        "exchange_index": None,
        "open_ms": None,
        "close_ms": None,
        "determined_ms": None,
        "settled_ms": None,
        "result": "",
        "settlement_value": None,
        "is_deactivated": None,
        "price_ranges": None,
        "details": details(),
    }
    return MarketLifecycle(ticker=ticker, kind=kind, **(plain | fields))


def event_word(ticker: str = "E", **fields: Any) -> EventLifecycle:
    plain: Json = {
        "series_ticker": "S",
        "title": clean(f"What becomes of {ticker}?"),
        "sub_title": clean("In June"),
        "collateral_return": "",
        "exchange_index": 0,
        "strike_ms": None,
    }
    return EventLifecycle(event_ticker=ticker, **(plain | fields))


def fee_word(ticker: str = "E", fee_type: str | None = None, multiplier: int | None = None) -> EventFeeChanged:
    return EventFeeChanged(ticker, fee_type, multiplier)


TENTHS_TOLD = ((Price(0), Price(10_000), Price(10)),)
STRIKE_TOLD = details(strike_type="greater", floor_strike=Decimal("4.25"))

"""From the wire's messages to our events: strings to integers, legs to the YES axis, seconds to milliseconds."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import msgspec

from kalshi_tui.core import events
from kalshi_tui.core.text import clean
from kalshi_tui.core.units import PRICE_ONE, Price, Size, parse_money, parse_price, parse_size, parse_size_change
from kalshi_tui.errors import ValueRefused
from kalshi_tui.protocol import wire

_LONGEST_NAME: Final = 128
_RULES_WIDTH: Final = 8_192
_MILLION: Final = 1_000_000
# Index values carry eight decimals and strikes up to nine digits; longer ones are nobody's price.
_NUMBER: Final = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,12})?")
_DIGITS_KEPT: Final = 27


def translate(message: wire.ChannelMessage) -> events.Event:
    """Return what a message says, or refuse it with ValueRefused."""
    return _READERS[type(message)](message)


def _name(text: str) -> str:
    """Return a ticker or id unchanged: they are keys, so one that cannot be shown is refused, not cleaned."""
    if not 0 < len(text) <= _LONGEST_NAME or not text.isascii() or not text.isprintable():
        raise ValueRefused(f"{text!a:.60} cannot be a name on the exchange")
    return text


def _line(text: str) -> Price | None:
    """Return a top-line price, or None for 0 and 1 dollar, where nothing can rest."""
    price = parse_price(text)
    return price if 0 < price < PRICE_ONE else None


def _own_id(text: str) -> str:
    return text if text.isascii() and text.isprintable() and len(text) <= _LONGEST_NAME else clean(text, _LONGEST_NAME)


def _ms(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * 1_000


def _number(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ValueRefused(f"{text!a:.60} is not an index's value")
    return Decimal(text)


def _strike(value: Decimal | None) -> Decimal | None:
    if value is None:
        return None
    digits, exponent = value.as_tuple().digits, value.as_tuple().exponent
    if not isinstance(exponent, int) or len(digits) + abs(exponent) > _DIGITS_KEPT:
        raise ValueRefused(f"{value!a:.60} is not a strike")
    return value


def _ticker(message: wire.Ticker) -> events.TickerSeen:
    body = message.msg
    return events.TickerSeen(
        ticker=_name(body.market_ticker),
        last_price=_line(body.price_dollars),
        yes_bid=_line(body.yes_bid_dollars),
        yes_ask=_line(body.yes_ask_dollars),
        yes_bid_size=parse_size(body.yes_bid_size_fp),
        yes_ask_size=parse_size(body.yes_ask_size_fp),
        last_size=parse_size(body.last_trade_size_fp),
        volume=parse_size(body.volume_fp),
        open_interest=parse_size(body.open_interest_fp),
        ts_ms=body.ts_ms,
    )


def _trade(message: wire.Trade) -> events.TradeSeen:
    body = message.msg
    return events.TradeSeen(
        trade_id=_name(body.trade_id),
        ticker=_name(body.market_ticker),
        price=parse_price(body.yes_price_dollars),
        size=parse_size(body.count_fp),
        taker_side=body.taker_book_side,
        is_block=body.is_block_trade,
        ts_ms=body.ts_ms,
    )


def _fill(message: wire.Fill) -> events.FillSeen:
    body = message.msg
    return events.FillSeen(
        trade_id=_name(body.trade_id),
        order_id=_name(body.order_id),
        client_order_id=_own_id(body.client_order_id),
        ticker=_name(body.market_ticker),
        side=body.book_side,
        price=parse_price(body.yes_price_dollars),
        size=parse_size(body.count_fp),
        fee=parse_money(body.fee_cost),
        is_taker=body.is_taker,
        position=parse_size_change(body.post_position_fp),
        exchange_index=body.exchange_index,
        subaccount=body.subaccount,
        ts_ms=body.ts_ms,
    )


def _order(message: wire.UserOrder) -> events.OrderSeen:
    body = message.msg
    return events.OrderSeen(
        order_id=_name(body.order_id),
        client_order_id=_own_id(body.client_order_id),
        ticker=_name(body.ticker),
        side=body.book_side,
        status=clean(body.status),
        price=parse_price(body.yes_price_dollars),
        initial=parse_size(body.initial_count_fp),
        filled=parse_size(body.fill_count_fp),
        remaining=parse_size(body.remaining_count_fp),
        taker_cost=parse_money(body.taker_fill_cost_dollars),
        maker_cost=parse_money(body.maker_fill_cost_dollars),
        taker_fees=parse_money(body.taker_fees_dollars),
        maker_fees=parse_money(body.maker_fees_dollars),
        order_group_id=clean(body.order_group_id or ""),
        self_trade_prevention=clean(body.self_trade_prevention_type or ""),
        reason=clean(body.last_update_reason or ""),
        exchange_index=body.exchange_index,
        subaccount=body.subaccount_number or 0,
        created_ms=body.created_ts_ms,
        updated_ms=body.last_updated_ts_ms,
        expiration_ms=body.expiration_ts_ms,
    )


def _position(message: wire.MarketPosition) -> events.PositionSeen:
    body = message.msg
    return events.PositionSeen(
        ticker=_name(body.market_ticker),
        position=parse_size_change(body.position_fp),
        cost=parse_money(body.position_cost_dollars),
        realised=parse_money(body.realized_pnl_dollars),
        fees=parse_money(body.fees_paid_dollars),
        position_fees=parse_money(body.position_fee_cost_dollars),
        volume=parse_size(body.volume_fp),
        subaccount=body.subaccount,
    )


def _details(body: wire.MarketLifecycleBody) -> events.MarketDetails:
    """Gather words and strike: `created` nests them, `metadata_updated` does not."""
    nested = body.additional_metadata or wire.MetadataBody()
    return events.MarketDetails(
        event_ticker=_name(nested.event_ticker) if nested.event_ticker else "",
        title=clean(nested.title),
        yes_title=clean(nested.yes_sub_title or body.yes_sub_title),
        no_title=clean(nested.no_sub_title),
        rules_primary=clean(nested.rules_primary, _RULES_WIDTH),
        rules_secondary=clean(nested.rules_secondary, _RULES_WIDTH),
        can_close_early=nested.can_close_early,
        expected_expiration_ms=_ms(nested.expected_expiration_ts),
        strike_type=clean(nested.strike_type or body.strike_type),
        floor_strike=_strike(body.floor_strike if nested.floor_strike is None else nested.floor_strike),
        cap_strike=_strike(body.cap_strike if nested.cap_strike is None else nested.cap_strike),
    )


def _market(message: wire.MarketLifecycle) -> events.MarketLifecycle:
    body = message.msg
    ranges = body.price_ranges
    return events.MarketLifecycle(
        ticker=_name(body.market_ticker),
        kind=clean(body.event_type),
        details=_details(body),
        exchange_index=body.exchange_index,
        open_ms=_ms(body.open_ts),
        close_ms=_ms(body.close_ts),
        determined_ms=_ms(body.determination_ts),
        settled_ms=_ms(body.settled_ts),
        result=clean(body.result),
        settlement_value=parse_price(body.settlement_value) if body.settlement_value else None,
        is_deactivated=body.is_deactivated,
        price_ranges=None
        if ranges is None
        else tuple((parse_price(band.start), parse_price(band.end), parse_price(band.step)) for band in ranges),
    )


def _event(message: wire.EventLifecycle) -> events.EventLifecycle:
    body = message.msg
    return events.EventLifecycle(
        event_ticker=_name(body.event_ticker),
        series_ticker=_name(body.series_ticker) if body.series_ticker else "",
        title=clean(body.title),
        sub_title=clean(body.subtitle),
        collateral_return=clean(body.collateral_return_type),
        exchange_index=body.exchange_index,
        strike_ms=_ms(body.strike_date),
    )


def _event_fee(message: wire.EventFeeUpdate) -> events.EventFeeChanged:
    body = message.msg
    multiplier = _strike(body.fee_multiplier_override)
    millionths = None if multiplier is None else multiplier * _MILLION
    if millionths is not None and (millionths != int(millionths) or millionths < 0):
        raise ValueRefused(f"a fee multiplier of {multiplier} is finer than a millionth, or negative")
    return events.EventFeeChanged(
        event_ticker=_name(body.event_ticker),
        fee_type=None if body.fee_type_override is None else clean(body.fee_type_override),
        fee_multiplier=None if millionths is None else int(millionths),
    )


def _order_group(message: wire.OrderGroupUpdate) -> events.OrderGroupSeen:
    body = message.msg
    limit: Size | None = None if body.contracts_limit_fp is None else parse_size(body.contracts_limit_fp)
    return events.OrderGroupSeen(
        kind=clean(body.event_type), group_id=_name(body.order_group_id), limit=limit, ts_ms=body.ts_ms
    )


class _IndexData(msgspec.Struct, gc=False):
    """The publisher's own message; its value is documented as a number and sent as a string."""

    time: int
    value: Any
    amendTime: int | None = None  # noqa: N815 - the publisher's spelling
    repeatOfPreviousValue: bool = False  # noqa: N815 - as above


_read_index_data: Final = msgspec.json.Decoder(_IndexData, float_hook=str).decode


def _average(body: wire.AverageBody | None) -> events.IndexAverage | None:
    if body is None:
        return None
    return events.IndexAverage(
        value=_number(body.value),
        count=body.window_size,
        start_ms=body.window_start_ts_ms,
        end_ms=body.window_end_ts_exclusive,
    )


def _index(message: wire.IndexValue) -> events.IndexSeen:
    body = message.msg
    try:
        data = _read_index_data(body.data)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ValueRefused(f"the index's own message cannot be read: {error}") from None
    return events.IndexSeen(
        index_id=_name(body.index_id),
        value=_number(str(data.value)),
        source_ms=data.time,
        received_ms=body.received_at,
        is_fast=False,
        is_amended=data.amendTime is not None,
        is_repeated=data.repeatOfPreviousValue,
        average_60s=_average(body.avg_60s_data),
        last_minute=_average(body.last_minute),
    )


def _fast_index(message: wire.FastIndexValue) -> events.IndexSeen:
    body = message.msg
    return events.IndexSeen(
        index_id=_name(body.index_id),
        value=_number(body.value_usd),
        source_ms=body.source_ts_ms,
        received_ms=body.received_at,
        is_fast=True,
        is_amended=False,
        is_repeated=False,
        average_60s=None,
        last_minute=None,
    )


def _index_list(message: wire.IndexList | wire.FastIndexList) -> events.IndexesListed:
    channel = "cfbenchmarks_value_5hz" if isinstance(message, wire.FastIndexList) else "cfbenchmarks_value"
    return events.IndexesListed(channel, tuple(map(_name, message.msg.index_ids)))


_READERS: Final[dict[type, Callable[[Any], events.Event]]] = {
    wire.Ticker: _ticker,
    wire.Trade: _trade,
    wire.Fill: _fill,
    wire.UserOrder: _order,
    wire.MarketPosition: _position,
    wire.MarketLifecycle: _market,
    wire.EventLifecycle: _event,
    wire.EventFeeUpdate: _event_fee,
    wire.OrderGroupUpdate: _order_group,
    wire.IndexValue: _index,
    wire.FastIndexValue: _fast_index,
    wire.IndexList: _index_list,
    wire.FastIndexList: _index_list,
}

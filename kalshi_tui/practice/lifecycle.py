"""A market's life from its listing to its settlement, and the pauses of markets, trading and the exchange."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from kalshi_tui.core.units import Price
from kalshi_tui.practice import book, fees
from kalshi_tui.practice.floor import Floor
from kalshi_tui.practice.happenings import EventCreated, EventFeeChanged, MarketChanged, PositionChanged
from kalshi_tui.practice.records import Band, Event, FeeChange, Market, Position, Result, Series, Settlement
from kalshi_tui.practice.resting import Resting

_METADATA: Final = frozenset(
    {
        "title",
        "subtitle",
        "yes_sub_title",
        "no_sub_title",
        "rules_primary",
        "rules_secondary",
        "strike_type",
        "floor_strike",
        "cap_strike",
        "functional_strike",
        "custom_strike",
        "expected_expiration_ms",
        "latest_expiration_ms",
        "settlement_timer_s",
        "can_close_early",
        "early_close_condition",
        "fee_waiver_until_ms",
    }
)
_SETTLED_AT: Final[dict[Result, Price]] = {"yes": Price(10_000), "no": Price(0)}


class WrongStepError(ValueError):
    """A step that the market's state does not allow; whoever directs the world has made a mistake."""


class Lifecycle:
    """Listing, opening, closing, determining and settling."""

    def __init__(self, floor: Floor, resting: Resting) -> None:
        self._floor = floor
        self._resting = resting

    # Listing

    def add_series(self, series: Series) -> None:
        """List a series."""
        _check_fee_type(series.fee_type)
        self._floor.series[series.ticker] = series

    def add_event(self, event: Event) -> None:
        """List an event of a listed series."""
        if event.series_ticker not in self._floor.series:
            raise WrongStepError(f"event {event.ticker} names the unknown series {event.series_ticker}")
        self._floor.events[event.ticker] = event
        self._floor.queue.append(EventCreated(event, self._floor.now_ms))

    def add_market(self, market: Market) -> None:
        """List a market of a listed event; it opens and closes by its times."""
        floor = self._floor
        event = floor.events.get(market.event_ticker)
        if event is None:
            raise WrongStepError(f"market {market.ticker} names the unknown event {market.event_ticker}")
        floor.markets[market.ticker] = market
        if market.ticker not in event.market_tickers:
            event.market_tickers.append(market.ticker)
        if market.status == "initialized" and market.open_ms <= floor.now_ms < market.close_ms:
            market.status = "active"
        elif market.status == "initialized":
            floor.schedule(market.open_ms, partial(self._open, market))
        if market.status in ("initialized", "active", "inactive"):
            floor.schedule(market.close_ms, partial(self._close_on_time, market))
        self._note("created", market)

    def forget_event(self, ticker: str) -> None:
        """Let go of an event whose markets are all settled, and of the positions that were."""
        floor = self._floor
        tickers = floor.events[ticker].market_tickers
        for one in tickers:
            self._in(one, "finalized")
        for one in tickers:
            for key in floor.paid.pop(one, ()):
                del floor.positions[key]
                floor.histories[key[0]].on_forgotten("position", "|".join(map(str, key)))
            del floor.markets[one]
        del floor.events[ticker]

    def _open(self, market: Market) -> None:
        if market.status == "initialized" and market.open_ms <= self._floor.now_ms < market.close_ms:
            market.status = "active"

    def _close_on_time(self, market: Market) -> None:
        # A close that was moved leaves its old alarm behind; it finds the market's time not yet come.
        if market.status in ("initialized", "active", "inactive") and market.close_ms <= self._floor.now_ms:
            self._close(market)

    def _close(self, market: Market) -> None:
        market.status = "closed"
        self._cancel_book(market, "CloseCancel")

    def _cancel_book(self, market: Market, reason: str) -> None:
        orders = [*book.in_priority(market, "bid"), *book.in_priority(market, "ask")]
        self._resting.cancel(orders, reason)

    # Pauses

    def pause_trading(self) -> None:
        """Stop placing and amending everywhere; cancels go on."""
        self._floor.trading_active = False
        self._resting.cancel_for_pause()

    def pause_exchange(self, resume_ms: int | None) -> None:
        """Stop everything."""
        self._floor.exchange_active = False
        self._floor.resume_ms = resume_ms
        self._resting.cancel_for_pause()

    def pause_market(self, ticker: str) -> None:
        """Stop one market; its orders stay."""
        market = self._in(ticker, "active")
        market.status = "inactive"
        self._note("deactivated", market)

    def resume_market(self, ticker: str) -> None:
        """Open a paused market again, with an empty book."""
        market = self._in(ticker, "inactive")
        self._cancel_book(market, "HaltCancel")
        market.status = "active"
        self._note("activated", market)

    # Close to settlement

    def move_close(self, ticker: str, close_ms: int) -> None:
        """Move the close, earlier or later; a closed market whose close lies ahead again is open again."""
        floor = self._floor
        market = self._in(ticker, "initialized", "active", "inactive", "closed")
        market.close_ms = close_ms
        if market.status == "closed" and close_ms > floor.now_ms:
            market.status = "active"
        self._note("close_date_updated", market)
        if close_ms > floor.now_ms:
            floor.schedule(close_ms, partial(self._close_on_time, market))
        else:
            self._close_on_time(market)

    def determine(self, ticker: str, result: Result, value: Price | None, expiration_value: str) -> None:
        """Set the result; an open market closes first, and the payment follows after the settlement timer."""
        market = self._in(ticker, "active", "inactive", "closed")
        settlement_value = _settlement_value(result, value)
        if market.status != "closed":
            self.move_close(ticker, self._floor.now_ms)
        self._set_result(market, result, settlement_value, expiration_value)
        market.status = "determined"
        self._note("determined", market)
        self._settle_later(market)

    def dispute(self, ticker: str) -> None:
        """Hold the payment back."""
        self._in(ticker, "determined", "amended").status = "disputed"

    def amend_result(self, ticker: str, result: Result, value: Price | None, expiration_value: str) -> None:
        """Replace the result; the settlement timer starts again."""
        market = self._in(ticker, "determined", "disputed")
        self._set_result(market, result, _settlement_value(result, value), expiration_value)
        market.status = "amended"
        self._note("determined", market)
        self._settle_later(market)

    def _set_result(self, market: Market, result: Result, value: Price, expiration_value: str) -> None:
        market.result = result
        market.settlement_value = value
        market.expiration_value = expiration_value
        market.determined_ms = market.updated_ms = self._floor.now_ms

    def _settle_later(self, market: Market) -> None:
        due_ms = self._floor.now_ms + market.settlement_timer_s * 1000
        self._floor.schedule(due_ms, partial(self._settle_on_time, market, self._floor.now_ms))

    def _settle_on_time(self, market: Market, determined_ms: int) -> None:
        if market.status in ("determined", "amended") and market.determined_ms == determined_ms:
            self.settle(market.ticker)

    def settle(self, ticker: str) -> None:
        """Pay every position and finish the market."""
        floor = self._floor
        market = self._in(ticker, "determined", "amended")
        for position in floor.holders.pop(ticker, []):
            self._pay(market, position)
        market.status = "finalized"
        market.settled_ms = market.updated_ms = floor.now_ms
        self._note("settled", market)

    def _pay(self, market: Market, position: Position) -> None:
        floor = self._floor
        account = floor.accounts[position.user_id]
        value = market.settlement_value or 0
        size = position.size
        revenue = size * value if size > 0 else -size * (10_000 - value)
        if not account.is_house:
            rounding_fee = revenue % floor.rules.settlement_grid
            revenue -= rounding_fee
            floor.fee_pot += rounding_fee
        purse = (position.subaccount, market.exchange_index)
        account.cash[purse] = account.cash.get(purse, 0) + revenue
        key = (position.user_id, position.subaccount, position.ticker)
        if account.is_house:
            del floor.positions[key]
            return
        floor.paid.setdefault(market.ticker, []).append(key)
        row = Settlement(
            user_id=position.user_id,
            subaccount=position.subaccount,
            ticker=market.ticker,
            event_ticker=market.event_ticker,
            exchange_index=market.exchange_index,
            result=market.result,
            yes_count=position.yes_bought,
            yes_cost=position.yes_cost,
            no_count=position.no_bought,
            no_cost=position.no_cost,
            revenue=revenue,
            value=value,
            fees=position.fees,
            settled_ms=floor.now_ms,
        )
        floor.histories[position.user_id].add_settlement(row)
        position.realized += revenue - position.cost
        position.cost = position.size = 0
        position.settled = True
        position.updated_ms = floor.now_ms
        floor.queue.append(PositionChanged(position, floor.now_ms))

    # Changes of terms

    def change_grid(self, ticker: str, label: str, bands: tuple[Band, ...]) -> None:
        """Give a market another price grid; resting orders stay where they are."""
        market = self._market(ticker)
        market.price_level_structure = label
        market.bands = bands
        market.updated_ms = self._floor.now_ms
        self._note("price_level_structure_updated", market)

    def update_metadata(self, ticker: str, fields: dict[str, Any]) -> None:
        """Change words, strikes or dates of a market."""
        market = self._market(ticker)
        if not fields.keys() <= _METADATA:
            raise WrongStepError(f"not metadata of a market: {', '.join(sorted(fields.keys() - _METADATA))}")
        for name, value in fields.items():
            setattr(market, name, value)
        market.updated_ms = self._floor.now_ms
        self._note("metadata_updated", market)

    def set_event_fee(self, ticker: str, fee_type: str | None, multiplier: int | None) -> None:
        """Set or lift an event's own fee."""
        if fee_type is not None:
            _check_fee_type(fee_type)
        event = self._floor.events[ticker]
        event.fee_type_override = fee_type
        event.fee_multiplier_override = multiplier
        event.last_updated_ms = self._floor.now_ms
        self._floor.queue.append(EventFeeChanged(event, self._floor.now_ms))

    def schedule_fee_change(self, change: FeeChange) -> None:
        """Announce a fee of a series or an event that will hold from its time on."""
        _check_fee_type(change.fee_type)
        self._floor.fee_changes.append(change)
        self._floor.schedule(change.scheduled_ms, partial(self._change_fee, change))

    def _change_fee(self, change: FeeChange) -> None:
        if change.event_ticker:
            self.set_event_fee(change.event_ticker, change.fee_type, change.fee_multiplier)
            return
        series = self._floor.series[change.series_ticker]
        series.fee_type = change.fee_type
        series.fee_multiplier = change.fee_multiplier
        series.last_updated_ms = self._floor.now_ms

    # Helpers

    def _market(self, ticker: str) -> Market:
        market = self._floor.markets.get(ticker)
        if market is None:
            raise WrongStepError(f"unknown market {ticker}")
        return market

    def _in(self, ticker: str, *statuses: str) -> Market:
        market = self._market(ticker)
        if market.status not in statuses:
            raise WrongStepError(f"market {ticker} is {market.status}, not {' or '.join(statuses)}")
        return market

    def _note(self, kind: Any, market: Market) -> None:
        self._floor.queue.append(MarketChanged(kind, market, self._floor.now_ms))


def _settlement_value(result: Result, value: Price | None) -> Price:
    if result in _SETTLED_AT:
        return _SETTLED_AT[result]
    if result != "scalar" or value is None or not 0 <= value <= 10_000:
        raise WrongStepError("a result is yes, no, or scalar with a value between 0 and 1 dollar")
    return value


def _check_fee_type(fee_type: str) -> None:
    if fee_type not in fees.FEE_TYPES:
        raise WrongStepError(f"unknown fee type {fee_type}; known: {', '.join(fees.FEE_TYPES)}")

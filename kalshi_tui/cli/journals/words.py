"""A journal's entries as sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from kalshi_tui.core.text import SafeText, clean
from kalshi_tui.core.units import Price, Size
from kalshi_tui.core.words import contracts, dollars, money
from kalshi_tui.engine.trading import entries as e

_LIMIT: Final = 400
_ACTS: Final = {"bid": "buy yes", "ask": "sell yes"}
_DONE: Final = {"bid": "bought yes", "ask": "sold yes"}
_TIMES: Final = {"immediate_or_cancel": "immediate or cancel", "fill_or_kill": "fill or kill"}


def words_of(entry: e.Entry) -> SafeText:
    """Say in one line what an entry tells; foreign text in it cannot drive a terminal."""
    return clean(_WORDS[type(entry)](entry), _LIMIT)


def moment(at_ms: int | None) -> str:
    """Write a moment to the second."""
    if at_ms is None:
        return "-"
    try:
        return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return f"{at_ms} ms"


def _trade(side: str, size: Size, ticker: str, price: Price, acts: Mapping[str, str] = _ACTS) -> str:
    return f"{acts.get(side, side)} {contracts(size)} {ticker} at {dollars(price)}"


def _with(text: str) -> str:
    return f": {text}" if text else ""


def _judged(entry: e.Judged) -> str:
    failed = ", ".join(check.code for check in entry.checks if not check.passed)
    verdict = "may be sent" if entry.passed else "refused"
    return f"ticket {entry.ticket}, {entry.stage}: {verdict}{_with(entry.words)}" + (f" ({failed})" if failed else "")


def _intended(entry: e.Intended) -> str:
    end = entry.expiration_s
    marks = [
        _TIMES.get(entry.time_in_force, ""),
        "post only" if entry.post_only else "",
        "reduce only" if entry.reduce_only else "",
        f"until {moment(end * 1000)}" if end is not None else "",
        f"fee up to {money(entry.fee)}",
        f"ticket {entry.ticket}",
        f"by {entry.confirmed_by}" if entry.confirmed_by else "",
        f"for {entry.strategy}" if entry.strategy else "",
        f"client id {entry.client_order_id}",
    ]
    trade = _trade(entry.side, entry.size, entry.ticker, entry.price)
    return f"order {entry.number}: {trade}; {', '.join(filter(None, marks))}"


def _placed(entry: e.Placed) -> str:
    at = f" at {money(entry.average)} each" if entry.average is not None else ""
    filled = f"{contracts(entry.filled)} filled{at}, {contracts(entry.remaining)} left"
    return f"order {entry.number}: the venue has it as {entry.order_id}; {filled}"


def _order_told(entry: e.OrderTold) -> str:
    trade = _trade(entry.side, entry.initial, entry.ticker, entry.price)
    counts = f"{contracts(entry.filled)} filled, {contracts(entry.remaining)} left"
    return f"{entry.order_id} is {entry.status}: {trade}; {counts}; told by {entry.source}{_with(entry.reason)}"


def _fill_told(entry: e.FillTold) -> str:
    expected = "" if entry.predicted in (None, entry.fee) else f", expected {money(entry.predicted)}"
    trade = _trade(entry.side, entry.size, entry.ticker, entry.price, _DONE)
    kind = "taker" if entry.is_taker else "maker"
    return f"{trade}; fee {money(entry.fee)}{expected}, {kind}; {entry.order_id}, told by {entry.source}"


def _settled(entry: e.Settled) -> str:
    value = f" at {dollars(entry.value)}" if entry.value is not None else ""
    return f"{entry.ticker} settled {entry.result}{value}; it paid {money(entry.revenue)}"


def _change_asked(entry: e.ChangeAsked) -> str:
    return (
        f"order {entry.number}: {entry.kind} to {contracts(entry.size)} at {dollars(entry.price)} is about to be sent"
    )


def _cancel_answered(entry: e.CancelAnswered) -> str:
    by = f", smaller by {contracts(entry.reduced_by)}" if entry.reduced_by is not None else ""
    return f"order {entry.number}, answer to the cancel: {entry.outcome}{by}{_with(entry.words)}"


def _began(entry: e.Began) -> str:
    whose = f"{entry.environment}/{entry.account}/{entry.execution}"
    run = f"program {entry.program}, settings {entry.settings_hash}, process {entry.pid}"
    return f"engine {entry.session} began: {whose}, {run}"


def _group(entry: e.GroupTold) -> str:
    return f"order group {entry.group_id} {entry.kind}" + (
        f", limit {contracts(entry.limit)}" if entry.limit is not None else ""
    )


_WORDS: Final[Mapping[type, Callable[[Any], str]]] = {
    e.Began: _began,
    e.Ended: lambda _: "the engine ended in order",
    e.Judged: _judged,
    e.Intended: _intended,
    e.NotSent: lambda x: f"order {x.number}: not sent{_with(x.reason)}",
    e.Sending: lambda x: f"order {x.number}: its bytes are handed to the network",
    e.Placed: _placed,
    e.Rejected: lambda x: f"order {x.number}: the venue refused it ({x.status} {x.code}){_with(x.words)}",
    e.Unanswered: lambda x: f"order {x.number}: no answer, it may be there{_with(x.words)}",
    e.Absent: lambda x: f"order {x.number}: the venue never took it{_with(x.evidence)}",
    e.CancelAsked: lambda x: f"order {x.number}: cancel is on its way{_with(x.why)}",
    e.CancelAnswered: _cancel_answered,
    e.ChangeAsked: _change_asked,
    e.ChangeAnswered: lambda x: f"order {x.number}, answer to the change: {x.outcome}{_with(x.words)}",
    e.OrderTold: _order_told,
    e.FillTold: _fill_told,
    e.FillWithdrawn: lambda x: f"fill {x.trade_id} of {x.order_id} never was{_with(x.evidence)}",
    e.Settled: _settled,
    e.CashTold: lambda x: f"cash, {x.kind}: {money(x.amount)} on shard {x.exchange_index}{_with(x.words)}",
    e.HoldingTold: lambda x: f"{contracts(x.size)} {x.ticker} held, cost {money(x.cost)}{_with(x.words)}",
    e.GroupTold: _group,
    e.DifferenceFound: lambda x: f"difference {x.number}, {x.kind} {x.ticker}{_with(x.words)}",
    e.DifferenceEnded: lambda x: f"difference {x.number}: {x.how}",
    e.Armed: lambda x: f"armed until {moment(x.until_ms)}",
    e.Disarmed: lambda x: f"disarmed{_with(x.reason)}",
    e.Killed: lambda x: f"KILL{_with(x.reason)}",
    e.KillEnded: lambda x: f"kill done{_with(x.words)}; resting: {'unknown' if x.resting is None else x.resting}",
    e.KillReset: lambda x: f"kill lifted by {x.phrase!r}",
    e.DayBegan: lambda x: f"{x.day} began, worth {money(x.worth)}",
    e.Halted: lambda x: f"{x.ticker or 'everything'} {x.state}{_with(x.reason)}",
    e.Resumed: lambda x: f"{x.ticker or 'everything'} goes on{_with(x.why)}",
    e.Reviewed: lambda x: f"decisions from {moment(x.from_ms)} to {moment(x.until_ms)} were reviewed",
}

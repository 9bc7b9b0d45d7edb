"""Tickets, orders, fills and positions as a person reads them in a command's output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import Money, Size
from kalshi_tui.core.words import contracts, dollars, money
from kalshi_tui.engine.trading.codes import MEANINGS, Code
from kalshi_tui.link.trading import CheckRow, FillRow, OrderRow, PositionRow, TicketView
from kalshi_tui.tui.fates import STATE_WORDS
from kalshi_tui.tui.words import age, span, unit_price

TIME_WORDS: Final = {"good_till_canceled": "until canceled", "immediate_or_cancel": "IOC", "fill_or_kill": "FOK"}
LABEL: Final = 9
_LIMITS_HINT: Final = "the table [limits] of the settings says how much is allowed"
_BAR: Final = 20


def side_words(side: Side) -> str:
    """Say what an order or a fill does, on the YES axis."""
    return "buy YES" if side == "bid" else "sell YES"


def held_words(size: Size) -> str:
    """Say what is held."""
    return "nothing" if not size else f"{contracts(Size(abs(size)))} {'YES' if size > 0 else 'NO'}"


def signed(amount: Money | None) -> str:
    """Write a profit or a loss with its sign."""
    return f"+{money(amount)}" if amount is not None and amount > 0 else money(amount)


def moment(at_ms: int) -> str:
    """Write a day and a time to the second."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}"


def bar(used: int, limit: int) -> str:
    """Draw how much of a limit is used; what is above it fills the bar, and says so in its percentage."""
    if limit <= 0:
        return ""
    full = min(used * _BAR // limit, _BAR) if used > 0 else 0
    return f"{'#' * full}{'.' * (_BAR - full)} {max(used, 0) * 100 // limit} %"


def hint_of(code: str) -> str:
    """Say what to do about a check that says no."""
    return MEANINGS[Code(code)][1] if code in Code.__members__ else _LIMITS_HINT


def failing(ticket: TicketView) -> list[CheckRow]:
    """Return the checks that say no."""
    return [check for check in ticket.checks if not check.passed]


# Tickets


def ticket_lines(ticket: TicketView, *, bodies: bool) -> list[str]:
    """Return a ticket: what would be sent, what it may cost, what the book gives, and which checks say no."""
    lines = [f"ticket {ticket.number}, {ticket.mode}: {ticket.words}", f"  {ticket.ticker}  {ticket.title}".rstrip()]
    lines += [f"  {label:{LABEL}} {words}" for label, words in facts(ticket).items()]
    for check in failing(ticket):
        lines += [f"  NO {check.words} [{check.code}]", f"     {hint_of(check.code)}"]
    lines.append(f"  {len(ticket.checks) - len(failing(ticket))} of {len(ticket.checks)} checks say yes")
    return lines + ([f"  body      {body}" for body in ticket.bodies] if bodies else [])


def facts(ticket: TicketView) -> Mapping[str, str]:
    """Return a ticket's figures by their names, in the order in which they are read."""
    takes = contracts(ticket.takes)
    if ticket.takes:
        takes += f" at {unit_price(ticket.takes_at)} on average"
    return {
        "cost": money(ticket.cost),
        "fee": f"{money(ticket.fee)} ({ticket.fee_words})",
        "max loss": money(ticket.max_loss),
        "max gain": money(ticket.max_gain),
        "if yes": f"{signed(ticket.if_yes)} (the position with it)",
        "if no": f"{signed(ticket.if_no)} (the position with it)",
        "stays": _stays(ticket),
        "book": f"{ticket.book_state.upper()}, {age(ticket.book_age_ms)} old, spread {dollars(ticket.spread)}",
        "takes": f"{takes}; {contracts(ticket.depth)} are offered within the limit; impact {dollars(ticket.impact)}",
        "queue": f"{contracts(ticket.ahead)} rest before it" if _may_rest(ticket) else "it does not rest",
    }


def _may_rest(ticket: TicketView) -> bool:
    return ticket.time_in_force == "good_till_canceled" and ticket.takes < ticket.size


def _stays(ticket: TicketView) -> str:
    words = {
        "good_till_canceled": "until canceled",
        "immediate_or_cancel": "takes at once what it can, nothing rests (IOC)",
        "fill_or_kill": "all at once or nothing (FOK)",
    }[ticket.time_in_force]
    if ticket.expiration_s is not None:
        words = f"until {moment(ticket.expiration_s * 1000)} UTC"
    options = (("post-only", ticket.post_only), ("reduce-only", ticket.reduce_only))
    return ", ".join([words, *(name for name, is_set in options if is_set)])


def changed_lines(before: TicketView, now: TicketView) -> list[str]:
    """Return what is different in a ticket that was made anew; the age of its book does not count."""
    old, new = facts(before), facts(now)
    lines = [
        f"  {label:{LABEL}} was {old[label]}, is {new[label]}"
        for label in new
        if label not in {"book", "stays"} and old[label] != new[label]
    ]
    said = {(check.code, check.words) for check in failing(before)}
    lines += [f"  NO {c.words} [{c.code}]" for c in failing(now) if (c.code, c.words) not in said]
    return lines or ["  nothing has changed"]


# Rows


def order_row(row: OrderRow, now_ms: int) -> tuple[str, ...]:
    """Return an order as a table's row; `…` waits for the venue's word."""
    options = [
        TIME_WORDS.get(row.time_in_force, row.time_in_force),
        *(name for name, is_set in (("post-only", row.post_only), ("reduce-only", row.reduce_only)) if is_set),
    ]
    return (
        str(row.number),
        row.ticker,
        STATE_WORDS[row.state] + ("…" if row.is_in_flight else ""),
        side_words(row.side),
        contracts(row.size),
        contracts(row.filled),
        dollars(row.price),
        unit_price(row.average),
        ", ".join(options),
        span(max(now_ms - row.placed_ms, 0)),
        row.origin,
        row.reason,
    )


def fill_row(row: FillRow) -> tuple[str, ...]:
    """Return a fill as a table's row."""
    return (
        moment(row.ts_ms),
        row.ticker,
        side_words(row.side),
        contracts(row.size),
        dollars(row.price),
        money(row.fee),
        money(row.predicted),
        "taker" if row.is_taker else "maker",
        str(row.order),
    )


def position_row(row: PositionRow) -> tuple[str, ...]:
    """Return a holding as a table's row."""
    return (
        row.ticker,
        held_words(row.size),
        unit_price(row.average),
        money(row.cost),
        signed(row.if_yes),
        signed(row.if_no),
        money(row.exit_value),
        signed(row.unrealised),
        signed(row.realised),
        money(row.fees),
        money(row.worst),
        _works(row) if not row.settled else f"settled: {row.settled}",
    )


def _works(row: PositionRow) -> str:
    sides = (("buy", row.bids_working), ("sell", row.asks_working))
    return ", ".join(f"{word} {contracts(size)}" for word, size in sides if size)


def listed(numbers: Sequence[int]) -> str:
    """Name orders by their numbers."""
    return ("order " if len(numbers) == 1 else "orders ") + ", ".join(map(str, numbers))

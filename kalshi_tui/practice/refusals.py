"""How the exchange says no: one function for each refusal, with Kalshi's status and code.

Recorded or documented codes are used as they are. For pauses, markets that are not open, order groups and caps only the
words of the FIX gateway of the same engine are known; they are written here in lower case with a 4xx status, so that a
client never has to treat a plain no as an unknown outcome. [?]
"""

from __future__ import annotations

from kalshi_tui.practice.records import Refusal


def not_found() -> Refusal:
    """No such thing, or it has ended, or it is not yours: the bodies are identical."""
    return Refusal(404, "not_found")


def no_such_user() -> Refusal:
    """The account does not exist."""
    return Refusal(404, "user_not_found")


def no_such_market() -> Refusal:
    """The ticker is unknown or lives on another shard."""
    return Refusal(404, "market_not_found")


def invalid(details: str) -> Refusal:
    """A parameter makes no sense."""
    return Refusal(400, "invalid_parameters", details=details)


def invalid_order(details: str) -> Refusal:
    """The parts of an order contradict each other."""
    return Refusal(400, "invalid_order", details=details)


def invalid_price() -> Refusal:
    """The price is off the grid or not strictly between 0 and 1."""
    return Refusal(400, "invalid_price")


def invalid_size(details: str = "") -> Refusal:
    """The size is nothing, too much, or below what is filled."""
    return Refusal(400, "invalid_order_size", details=details)


def post_only_cross() -> Refusal:
    """The order would take although it is post-only."""
    return Refusal(400, "invalid_order", details="post only cross")


def insufficient_balance() -> Refusal:
    """The shard of the market does not hold the collateral."""
    return Refusal(400, "insufficient_balance")


def duplicate() -> Refusal:
    """The client_order_id was used before."""
    return Refusal(409, "order_already_exists")


def killed() -> Refusal:
    """A fill-or-kill found too little."""
    return Refusal(409, "fill_or_kill_insufficient_resting_volume")


def mismatch(what: str) -> Refusal:
    """An amendment or a cancel describes another order."""
    return Refusal(400, what)


def market_inactive() -> Refusal:
    """The market is not open yet, or paused."""
    return Refusal(409, "market_inactive")


def market_closed() -> Refusal:
    """The market's trading is over."""
    return Refusal(409, "market_already_closed")


def trading_paused() -> Refusal:
    """Only what lowers risk is taken now."""
    return Refusal(409, "trading_paused")


def exchange_paused() -> Refusal:
    """Nothing is taken now."""
    return Refusal(409, "exchange_paused")


def no_such_group() -> Refusal:
    """The order group does not exist or belongs to another."""
    return Refusal(404, "order_group_not_found")


def group_triggered() -> Refusal:
    """The order group has tripped and waits for its reset."""
    return Refusal(409, "exceeded_order_group_risk_limit")


def too_many(what: str) -> Refusal:
    """A cap on what one user may keep open is reached."""
    return Refusal(400, "limit_exceeded", details=f"too many {what}")

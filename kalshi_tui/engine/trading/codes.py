"""The codes of the gate's denials: stable, each with what it means and what to do; docs/gate.md is this list."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Code(StrEnum):
    """Why a ticket may not be fired."""

    MODE_OBSERVES = "MODE_OBSERVES"
    NOT_ARMED = "NOT_ARMED"
    TICKET_EXPIRED = "TICKET_EXPIRED"
    TICKET_USED = "TICKET_USED"
    TOKEN_WRONG = "TOKEN_WRONG"  # noqa: S105 - no password
    KILLED = "KILLED"
    KILL_CONFIGURED = "KILL_CONFIGURED"
    ENGINE_STALLED = "ENGINE_STALLED"
    JOURNAL_FAILS = "JOURNAL_FAILS"
    NOT_RECONCILED = "NOT_RECONCILED"
    DIFFERENCE_OPEN = "DIFFERENCE_OPEN"
    REDUCING = "REDUCING"
    HALTED = "HALTED"
    EXCHANGE_UNKNOWN = "EXCHANGE_UNKNOWN"
    EXCHANGE_PAUSED = "EXCHANGE_PAUSED"
    TRADING_PAUSED = "TRADING_PAUSED"
    MARKET_NOT_OPEN = "MARKET_NOT_OPEN"
    MARKET_PAUSED_HERE = "MARKET_PAUSED_HERE"
    STREAM_SILENT = "STREAM_SILENT"
    PRIVATE_STREAM_AWAY = "PRIVATE_STREAM_AWAY"
    BOOK_NOT_LIVE = "BOOK_NOT_LIVE"
    BOOK_CROSSED = "BOOK_CROSSED"
    CLOCK_OFF = "CLOCK_OFF"
    MARKET_UNKNOWN = "MARKET_UNKNOWN"
    MARKET_CHANGED = "MARKET_CHANGED"
    FEE_UNKNOWN = "FEE_UNKNOWN"
    PRICE_OFF_GRID = "PRICE_OFF_GRID"
    SIZE_WRONG = "SIZE_WRONG"
    ORDER_GONE = "ORDER_GONE"
    CHANGE_OPEN = "CHANGE_OPEN"
    OPTIONS_CLASH = "OPTIONS_CLASH"
    POST_ONLY_TAKES = "POST_ONLY_TAKES"
    COLLAR = "COLLAR"
    SIZE_AGAINST_DEPTH = "SIZE_AGAINST_DEPTH"
    TAIL_PRICE = "TAIL_PRICE"
    PRICE_MOVED = "PRICE_MOVED"
    SIZE_GONE = "SIZE_GONE"
    SELF_CROSS = "SELF_CROSS"
    RESTS_BESIDE = "RESTS_BESIDE"
    DUPLICATE = "DUPLICATE"
    RATE_MARKET = "RATE_MARKET"
    RATE_ALL = "RATE_ALL"
    RATE_VENUE = "RATE_VENUE"
    GROUP_MISSING = "GROUP_MISSING"
    GROUP_TRIGGERED = "GROUP_TRIGGERED"
    BALANCE_UNKNOWN = "BALANCE_UNKNOWN"
    BALANCE_SHORT = "BALANCE_SHORT"
    NO_LIMITS = "NO_LIMITS"
    LIMIT_FAILED = "LIMIT_FAILED"
    DAY_UNKNOWN = "DAY_UNKNOWN"
    DAILY_LOSS = "DAILY_LOSS"


MEANINGS: Final[dict[Code, tuple[str, str]]] = {
    Code.MODE_OBSERVES: (
        "This engine only looks: nothing that could sign an order exists in it.",
        "Start one with execution_mode paper or live.",
    ),
    Code.NOT_ARMED: ("Nobody has armed this engine, or the arming has expired.", "Arm it (Ctrl+A, kalshi-tui arm)."),
    Code.TICKET_EXPIRED: ("The ticket was made too long ago to be what it shows.", "Make it anew and read it again."),
    Code.TICKET_USED: ("A ticket is fired at most once.", "Make another one."),
    Code.TOKEN_WRONG: ("The token does not belong to this ticket's bodies and mode.", "Fire what is shown."),
    Code.KILLED: ("A kill is in force; it outlasts restarts.", "Look at the blotter, then lift it by its phrase."),
    Code.KILL_CONFIGURED: ("The settings say orders.kill = true.", "Take it out of config.toml and start anew."),
    Code.ENGINE_STALLED: (
        "The engine's loop stood still for more than 3 s.",
        "Look at the log; it recovers by itself.",
    ),
    Code.JOURNAL_FAILS: (
        "The journal cannot be written, and no order leaves without it.",
        "Make room on the disk, or end what locks the file; cancels still work.",
    ),
    Code.NOT_RECONCILED: ("Our books were not compared with the venue's lately.", "Wait; look at why it fails."),
    Code.DIFFERENCE_OPEN: (
        "We and the venue tell something differently.",
        "Look at the differences and acknowledge each, or let them resolve.",
    ),
    Code.REDUCING: ("Only what lowers risk is sent.", "The day's loss limit is reached; see TradingView's reason."),
    Code.HALTED: ("Nothing that adds risk is sent.", "Read the reason; a person must resume it."),
    Code.EXCHANGE_UNKNOWN: ("Whether the exchange is open was not heard lately.", "Wait for its status."),
    Code.EXCHANGE_PAUSED: ("The exchange is paused: it takes nothing, not even cancels.", "Wait until it resumes."),
    Code.TRADING_PAUSED: ("Trading is paused: only cancels are taken.", "Wait until it resumes."),
    Code.MARKET_NOT_OPEN: ("The market is not open for orders now.", "Look at its opening and closing times."),
    Code.MARKET_PAUSED_HERE: ("A breaker has paused this market here.", "Wait, or look at what happened in it."),
    Code.STREAM_SILENT: ("Nothing came over the stream lately.", "The venue is asked; wait a moment."),
    Code.PRIVATE_STREAM_AWAY: ("Our own orders and fills are not being told.", "Wait until the stream is back."),
    Code.BOOK_NOT_LIVE: ("The book is not to be believed now.", "Wait until it is LIVE."),
    Code.BOOK_CROSSED: ("Bids and asks overlap, which is never right.", "It is asked for anew; wait."),
    Code.CLOCK_OFF: ("Our clock is more than 4 s off the venue's.", "Set this machine's clock."),
    Code.MARKET_UNKNOWN: ("The market's description is missing, old or in doubt.", "It is read anew; wait."),
    Code.MARKET_CHANGED: ("The market's description has changed since the ticket was made.", "Make it anew."),
    Code.FEE_UNKNOWN: ("What a fill would cost is not known.", "This market can be watched, not traded."),
    Code.PRICE_OFF_GRID: ("The market takes no order at this price.", "Take a price of its grid."),
    Code.SIZE_WRONG: ("The size is none that an order can have.", "Sizes are above zero, in hundredths of a contract."),
    Code.ORDER_GONE: ("The order to be changed does not work any more.", "Look at the blotter."),
    Code.CHANGE_OPEN: ("An earlier change of this order is not answered yet.", "Wait until it is."),
    Code.OPTIONS_CLASH: ("These options do not go together.", "Read the sentence; the venue would refuse them."),
    Code.POST_ONLY_TAKES: ("A post-only order would take now.", "Lower the bid, raise the ask, or let it take."),
    Code.COLLAR: ("The price is too far through the best price.", "Take a price nearer to the market."),
    Code.SIZE_AGAINST_DEPTH: ("The order would take too large a share of what is shown.", "Make it smaller."),
    Code.TAIL_PRICE: (
        "Near 0 and 1 a slip costs most: the price must be typed once more.",
        "Type the price when asked.",
    ),
    Code.PRICE_MOVED: ("What could be had has become worse since the ticket was made.", "Read it anew and fire again."),
    Code.SIZE_GONE: ("Less is offered than when the ticket was made.", "Read it anew and fire again."),
    Code.SELF_CROSS: ("It would meet an order of our own.", "Cancel that one first."),
    Code.RESTS_BESIDE: (
        "Once this has closed the position, an order of our own on the same side would open a new one.",
        "Cancel that one first, or close less.",
    ),
    Code.DUPLICATE: ("The same order was sent a moment ago.", "Wait two seconds if it is meant."),
    Code.RATE_MARKET: ("Too many orders in this market in ten seconds; trading was disarmed.", "Look, then arm again."),
    Code.RATE_ALL: ("Too many orders in a minute; trading was disarmed.", "Look, then arm again."),
    Code.RATE_VENUE: ("The venue's write budget is used up.", "Wait a second; cancels have a share of their own."),
    Code.GROUP_MISSING: ("The exchange-side fuse (order group) is not there yet.", "It is being made; wait a moment."),
    Code.GROUP_TRIGGERED: ("The exchange-side fuse has tripped.", "Look why; arming again resets it."),
    Code.BALANCE_UNKNOWN: ("The venue has not told the balance lately.", "Wait for the next comparison."),
    Code.BALANCE_SHORT: ("The balance does not carry it.", "Make it smaller, or free some cash."),
    Code.NO_LIMITS: (
        "The bundled limits are not loaded, and without them nothing is sent.",
        "Repair the installation.",
    ),
    Code.LIMIT_FAILED: ("A risk check failed to answer, and unknown means no.", "Look at the log for its error."),
    Code.DAY_UNKNOWN: ("The day's result is not known, because a held market cannot be valued.", "Wait for its book."),
    Code.DAILY_LOSS: ("The day's loss limit is reached.", "Only what lowers risk is sent until midnight in New York."),
}
ANCHOR: Final = "docs/gate.md#"


def anchor_of(code: str) -> str:
    """Return where the documentation explains a code."""
    return f"{ANCHOR}{code.lower()}"

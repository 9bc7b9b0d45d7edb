"""Gathers what the gate looks at, from the kernel and the ledger, at this moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kalshi_tui.core.book import Book, BookState
from kalshi_tui.core.markets import MarketStatus
from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import Money, Price, Size
from kalshi_tui.engine.trading.bodies import Bodies
from kalshi_tui.engine.trading.checks import NO_LIQUIDITY
from kalshi_tui.engine.trading.facts import BookLook, Facts, Fired, Liquidity, Proposal
from kalshi_tui.errors import ValueRefused
from kalshi_tui.link.trading import Draft

if TYPE_CHECKING:
    from kalshi_tui.engine.trading.desk import Desk

_LEVELS = 1_000
_WRITE_COST = 10


def propose(desk: Desk, draft: Draft, bodies: Bodies) -> Proposal:
    """Return what is to be judged."""
    replaces = desk.ledger.orders.get(draft.replaces) if draft.replaces is not None and draft.kind == "amend" else None
    adds = desk.risk.adds_risk(
        draft.ticker,
        draft.side,
        draft.price,
        bodies.opens,
        reduce_only=draft.reduce_only,
        rests=draft.time_in_force == "good_till_canceled",
        replaces=replaces,
    )
    bare = Proposal(
        kind=draft.kind,
        ticker=draft.ticker,
        side=draft.side,
        price=draft.price,
        size=draft.size,
        opens=bodies.opens,
        time_in_force=draft.time_in_force,
        post_only=draft.post_only,
        reduce_only=draft.reduce_only,
        expiration_s=bodies.expiration_s,
        typed=draft.typed,
        replaces=replaces,
        adds_risk=adds,
        picture=None,
    )
    return desk.risk.with_picture(bare, desk.event_of(draft.ticker), desk.series_of(draft.ticker))


def gather(desk: Desk, proposal: Proposal, bodies: Bodies, fired: Fired | None) -> Facts:
    """Return everything else that the verdict depends on."""
    kernel, ledger, now_ms = desk.kernel, desk.ledger, desk.now_ms
    known = kernel.catalogue.get(proposal.ticker)
    terms, fee_problem = desk.terms_of(proposal.ticker)
    exchange = kernel.status.exchange
    group = ledger.groups.get(bodies.exchange_index)
    halted = ledger.halted.get("")
    market_halted = ledger.halted.get(proposal.ticker)
    return Facts(
        now_ms=now_ms,
        fired=fired,
        armed_until_ms=ledger.armed_until_ms,
        disarmed=ledger.disarmed,
        killed=desk.kills.reason(),
        stalled=desk.is_stalled,
        journal=desk.journal_problem,
        reconciled_ms=desk.reconciled_ms,
        reconcile_words=desk.comparing.words,
        differences=len(ledger.differences),
        halted=desk.key_problem or (halted.reason if halted is not None and halted.state == "halted" else ""),
        reducing=halted.reason if halted is not None and halted.state == "reducing" else "",
        market_halted=market_halted.reason if market_halted else desk.breakers.holds(proposal.ticker),
        exchange_active=exchange.exchange_active if exchange else None,
        trading_active=exchange.trading_active if exchange else None,
        exchange_read_ms=kernel.status.exchange_read_ms,
        market=known.market if known else None,
        market_problem=market_problem(desk, proposal.ticker),
        revision=known.revision if known else 0,
        status=known.market.status_at(desk.venue_ms) if known else MarketStatus.UNKNOWN,
        private_problem=desk.comparing.private_problem(),
        heard_ms=kernel.status.heard_ms,
        confirmed_ms=desk.comparing.confirmed_ms(proposal.ticker),
        book=look(desk, proposal),
        offset_ms=desk.offset_ms,
        terms=terms,
        fee_problem=fee_problem,
        own=tuple(ledger.working(proposal.ticker)),
        sent=tuple(desk.tickets.sent),
        write_tokens=desk.write_tokens,
        write_cost=_WRITE_COST,
        has_group=group is not None and _is_guarded(proposal, bodies, group.group_id),
        group_triggered=group is not None and group.is_triggered,
        free=desk.cash.free(),
        needs=desk.risk.needs(proposal),
        has_limits=bool(desk.gate.risk_checks),
        day_result=desk.day.result(),
    )


def look(desk: Desk, proposal: Proposal) -> BookLook | None:
    """Return a market's book as the gate sees it."""
    tracked = desk.kernel.stream.books.get(proposal.ticker)
    if tracked is None:
        return None
    return BookLook(
        tracked.state,
        tracked.reason,
        tracked.book.crossed,
        tracked.clock,
        desk.kernel.store.heard.get(proposal.ticker, 0),
        liquidity_in(tracked.book, proposal.side, proposal.price, proposal.opens, desk.rules.collar),
    )


def liquidity_of(desk: Desk, ticker: str, side: Side, price: Price, size: Size) -> Liquidity:
    """Return what a market's book offers to an order now, whether it is believed or not."""
    tracked = desk.kernel.stream.books.get(ticker)
    if tracked is None or tracked.state is not BookState.LIVE:
        return NO_LIQUIDITY
    return liquidity_in(tracked.book, side, price, size, desk.rules.collar)


def liquidity_in(book: Book, side: Side, price: Price, size: Size, collar: Price) -> Liquidity:
    """Return what a book offers to an order."""
    is_bid = side == "bid"
    other, own = (book.best_ask, book.best_bid) if is_bid else (book.best_bid, book.best_ask)
    takes = value = depth = shown = 0
    worst: Price | None = None
    for at, rests in book.depth("ask" if is_bid else "bid", _LEVELS):
        if other is not None and abs(at - other) <= collar:
            shown += rests
        if at > price if is_bid else at < price:
            if abs(at - (other or at)) > collar:
                break
            continue
        depth += rests
        taken = min(size - takes, rests)
        if taken > 0:
            takes, value, worst = takes + taken, value + taken * at, at
    spread = Price(book.best_ask - book.best_bid) if book.best_ask is not None and book.best_bid is not None else None
    return Liquidity(
        best=other,
        own_best=own,
        spread=spread,
        takes=Size(takes),
        value=Money(value),
        worst=worst,
        depth=Size(depth),
        shown=Size(shown),
        ahead=Size(0) if takes else book.size_at(side, price),
    )


def receipt(proposal: Proposal, facts: Facts) -> dict[str, str | int | bool | None]:
    """Return what a verdict was founded on, for the journal."""
    book = facts.book
    liquidity = book.liquidity if book is not None else NO_LIQUIDITY
    picture = proposal.picture
    return {
        "ticker": proposal.ticker,
        "side": proposal.side,
        "price": proposal.price,
        "size": proposal.size,
        "adds_risk": proposal.adds_risk,
        "armed_until_ms": facts.armed_until_ms,
        "reconciled_ms": facts.reconciled_ms,
        "heard_ms": facts.heard_ms,
        "offset_ms": facts.offset_ms,
        "revision": facts.revision,
        "status": str(facts.status),
        "book": str(book.state) if book is not None else None,
        "book_clock": book.clock if book is not None else None,
        "best": liquidity.best,
        "takes": liquidity.takes,
        "free": facts.free,
        "needs": facts.needs,
        "day_result": facts.day_result,
        "market_worst": picture.market.after if picture is not None else None,
        "event_worst": picture.event.after if picture is not None else None,
        "total_worst": picture.total.after if picture is not None else None,
    }


def _is_guarded(proposal: Proposal, bodies: Bodies, group_id: str) -> bool:
    """Tell whether an order has the fuse: one that was drawn up before its group came carries none."""
    needs_none = proposal.kind == "amend" or proposal.reduce_only
    return needs_none or bodies.group_id == group_id


def market_problem(desk: Desk, ticker: str) -> str:
    """Say why a market's description may not be relied on, or nothing."""
    try:
        desk.kernel.catalogue.current(ticker, desk.now_ms, desk.kernel.rules.metadata_limit_ms)
    except ValueRefused as problem:
        return problem.message
    return ""

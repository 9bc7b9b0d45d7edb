"""A ticket as people see it: one sentence, the money, the book, every check, and what has moved since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kalshi_tui.core.book import BookState
from kalshi_tui.core.fees import FeePolicy, FeeTerms, OrderFees, predict
from kalshi_tui.core.orders import Fill, Side
from kalshi_tui.core.positions import Position
from kalshi_tui.core.units import Money, Size, complement
from kalshi_tui.core.words import contracts, dollars, money
from kalshi_tui.engine.trading.facts import Liquidity
from kalshi_tui.engine.trading.gate import denials
from kalshi_tui.engine.trading.gathering import liquidity_in
from kalshi_tui.link.trading import Draft, TicketView

if TYPE_CHECKING:
    from kalshi_tui.core.book import Book
    from kalshi_tui.engine.trading.desk import Desk
    from kalshi_tui.engine.trading.tickets import Ticket

_TIMES = {
    "good_till_canceled": "",
    "immediate_or_cancel": ", at once or not at all",
    "fill_or_kill": ", all or nothing",
}


def ticket_view(desk: Desk, ticket: Ticket) -> TicketView:
    """Return a ticket as people see it now."""
    draft, now_ms = ticket.draft, desk.now_ms
    tracked = desk.kernel.stream.books.get(draft.ticker)
    book = tracked.book if tracked is not None else None
    opens = ticket.bodies.opens
    liquidity = _liquidity(desk, draft, opens, book)
    terms, fee_problem = desk.terms_of(draft.ticker)
    fee = _fee(terms, desk.risk.policy, draft, opens, book)
    held = desk.risk.position(draft.ticker)
    alone, after = _filled(Position(draft.ticker), draft, opens, fee), _filled(held, draft, opens, fee)
    results = (_result(alone, yes=True), _result(alone, yes=False))
    known = desk.kernel.catalogue.get(draft.ticker)
    return TicketView(
        number=ticket.number,
        token=ticket.token,
        kind=draft.kind,
        state=ticket.state,
        words=sentence(draft),
        outcome=ticket.outcome,
        ticker=draft.ticker,
        title=_title(desk, draft.ticker) if known is not None else "",
        mode=desk.mode,
        bodies=(ticket.bodies.body,),
        side=draft.side,
        price=draft.price,
        size=draft.size,
        time_in_force=draft.time_in_force,
        post_only=draft.post_only,
        reduce_only=draft.reduce_only,
        expiration_s=ticket.bodies.expiration_s,
        replaces=draft.replaces,
        cost=_cost(held, draft, opens),
        fee=fee,
        fee_words=fee_problem or desk.kernel.catalogue.fee_of(draft.ticker, now_ms),
        max_loss=Money(max(-min(results), 0)),
        max_gain=Money(max(*results, 0)),
        if_yes=_result(after, yes=True),
        if_no=_result(after, yes=False),
        book_state=tracked.state if tracked is not None else BookState.DEAD,
        book_age_ms=max(now_ms - desk.kernel.store.heard.get(draft.ticker, now_ms), 0),
        spread=liquidity.spread,
        takes=liquidity.takes,
        takes_at=liquidity.average,
        depth=liquidity.depth,
        impact=liquidity.impact,
        ahead=liquidity.ahead,
        checks=ticket.checks,
        may_fire=ticket.is_open(now_ms) and not denials(ticket.checks),
        changes=_changes(ticket.shown, liquidity),
        made_ms=ticket.made_ms,
        expires_ms=ticket.expires_ms,
    )


def sentence(draft: Draft) -> str:
    """Say what a draft would do, as a person would."""
    how_many, at = contracts(draft.size), dollars(draft.price)
    options = _TIMES[draft.time_in_force] + (", never taking" if draft.post_only else "")
    if draft.kind == "amend":
        return f"change order {draft.replaces} to {how_many} at {at}"
    if draft.side == "bid":
        verb = "buy YES" if not draft.reduce_only else "buy back NO"
        return f"{verb}: {how_many} at {at} or less{options}"
    if draft.reduce_only:
        return f"sell YES: {how_many} at {at} or more{options}"
    return f"sell YES (buy NO at {dollars(complement(draft.price))}): {how_many} at {at} or more{options}"


def _liquidity(desk: Desk, draft: Draft, opens: Size, book: Book | None) -> Liquidity:
    if book is None:
        return Liquidity(None, None, None, Size(0), Money(0), None, Size(0), Size(0), Size(0))
    return liquidity_in(book, draft.side, draft.price, opens, desk.rules.collar)


def _fee(terms: FeeTerms | None, policy: FeePolicy, draft: Draft, opens: Size, book: Book | None) -> Money:
    """Return the exact fee of what it takes now; what would rest is counted as filled at the limit, by its own rate."""
    if terms is None or not opens:
        return Money(0)
    other: Side = "ask" if draft.side == "bid" else "bid"
    levels = book.depth(other, 1_000) if book is not None else []
    walk = predict(terms, levels, side=draft.side, size=opens, limit=draft.price, policy=policy)
    rest = Size(opens - walk.size)
    if rest <= 0 or draft.time_in_force != "good_till_canceled":
        return walk.fee
    resting = OrderFees(terms, policy).charge(side=draft.side, price=draft.price, size=rest, is_taker=False).net
    return Money(walk.fee + resting)


def _filled(position: Position, draft: Draft, size: Size, fee: Money) -> Position:
    if not size:
        return position
    fill = Fill(
        trade_id="ticket",
        order_id="ticket",
        ticker=draft.ticker,
        side=draft.side,
        price=draft.price,
        size=size,
        is_taker=True,
        fee=fee,
        ts_ms=0,
    )
    return position.with_fill(fill)


def _result(position: Position, *, yes: bool) -> Money:
    settled = position.settled("yes" if yes else "no")
    return Money(settled.realised - settled.fees)


def _cost(held: Position, draft: Draft, size: Size) -> Money:
    """Return what is paid if all of it fills at the limit, before fees; below zero where money comes in."""
    before, after = held, _filled(held, draft, size, Money(0))
    return Money((after.cost - before.cost) - (after.realised - before.realised))


def _changes(before: Liquidity, now: Liquidity) -> tuple[str, ...]:
    found = []
    if before.best != now.best:
        found.append(f"the best price was {dollars(before.best)}, is {dollars(now.best)}")
    if before.takes != now.takes:
        found.append(f"it would have taken {contracts(before.takes)}, takes {contracts(now.takes)}")
    if before.value and now.value and before.takes == now.takes and before.value != now.value:
        found.append(f"that cost {money(before.value)}, costs {money(now.value)}")
    return tuple(found)


def _title(desk: Desk, ticker: str) -> str:
    event = desk.kernel.catalogue.event_of(ticker)
    known = desk.kernel.catalogue.get(ticker)
    answer = known.market.yes_title if known is not None else ""
    title = event.title if event is not None else (known.market.title if known is not None else "")
    return f"{title}: {answer}" if answer else str.__str__(title)

"""The gate's checks, in their order: each looks at a proposal and the facts, and says nothing or why not.

What lowers risk is asked only what would make it senseless: whether it can be sent at all, and at a sane price.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from kalshi_tui.core.book import BookState
from kalshi_tui.core.grid import PriceGrid
from kalshi_tui.core.markets import MarketStatus
from kalshi_tui.core.units import PRICE_ONE, SIZE_LIMIT, Money, Price, Size
from kalshi_tui.core.words import contracts, dollars, money
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.engine.trading.codes import Code
from kalshi_tui.engine.trading.facts import Facts, Liquidity, Proposal


class No(NamedTuple):
    """Why not."""

    code: Code
    words: str


Judge = Callable[[Proposal, Facts, OrderRules], No | None]


@dataclass(frozen=True, slots=True)
class Check:
    """A check by name; those that spare reductions are not asked about what adds no risk."""

    name: str
    judge: Judge
    spares: bool = True


def mode(_: Proposal, facts: Facts, rules: OrderRules) -> No | None:
    """Nothing is sent by an engine that observes."""
    del facts
    return No(Code.MODE_OBSERVES, "this engine only looks") if rules.execution == "observe" else None


def armed(proposal: Proposal, facts: Facts, _: OrderRules) -> No | None:
    """What adds risk needs a person who has armed not long ago."""
    del proposal
    until = facts.armed_until_ms
    if until is None:
        return No(Code.NOT_ARMED, f"not armed: {facts.disarmed}")
    return None if facts.now_ms < until else No(Code.NOT_ARMED, "the arming has expired")


def ticket(_: Proposal, facts: Facts, __: OrderRules) -> No | None:
    """A ticket is fired once, while it is open, under its own token."""
    fired = facts.fired
    if fired is None:
        return None
    if fired.is_used:
        return No(Code.TICKET_USED, "this ticket was fired already")
    if not fired.is_token_right:
        return No(Code.TOKEN_WRONG, "the token is not this ticket's")
    if not fired.is_open or not facts.now_ms < fired.expires_ms:
        return No(Code.TICKET_EXPIRED, "the ticket's time is over")
    return None


def kill(_: Proposal, facts: Facts, rules: OrderRules) -> No | None:
    """After a kill nothing adds risk."""
    if rules.kill:
        return No(Code.KILL_CONFIGURED, "the settings say kill = true")
    return No(Code.KILLED, f"killed: {facts.killed}") if facts.killed else None


def health(_: Proposal, facts: Facts, __: OrderRules) -> No | None:
    """The loop must run, and the books must have been compared with the venue's."""
    if facts.stalled:
        return No(Code.ENGINE_STALLED, "the engine's loop has stood still")
    return None


def compared(_: Proposal, facts: Facts, rules: OrderRules) -> No | None:
    """Unexplained differences, and comparisons that fail, block what adds risk."""
    if facts.differences:
        return No(Code.DIFFERENCE_OPEN, f"{facts.differences} differences with the venue are open")
    since = facts.reconciled_ms
    if since is None:
        return No(Code.NOT_RECONCILED, facts.reconcile_words or "not compared with the venue yet")
    if not facts.now_ms - since <= rules.reconciled_ms:
        ago = (facts.now_ms - since) // 1000
        return No(Code.NOT_RECONCILED, f"last compared with the venue {ago} s ago: {facts.reconcile_words}")
    return None


def journal(_: Proposal, facts: Facts, __: OrderRules) -> No | None:
    """No order leaves without a journal, not even one that lowers risk."""
    return No(Code.JOURNAL_FAILS, facts.journal) if facts.journal else None


def state(_: Proposal, facts: Facts, __: OrderRules) -> No | None:
    """A halt stops everything that adds risk."""
    if facts.halted:
        return No(Code.HALTED, facts.halted)
    return No(Code.REDUCING, facts.reducing) if facts.reducing else None


def exchange(_: Proposal, facts: Facts, rules: OrderRules) -> No | None:
    """The exchange must be known to take orders."""
    if facts.exchange_active is None or facts.trading_active is None:
        return No(Code.EXCHANGE_UNKNOWN, "whether the exchange is open is not known")
    if not facts.now_ms - facts.exchange_read_ms <= rules.status_ms:
        return No(Code.EXCHANGE_UNKNOWN, "the exchange's state was not heard lately")
    if not facts.exchange_active:
        return No(Code.EXCHANGE_PAUSED, "the exchange is paused")
    return None if facts.trading_active else No(Code.TRADING_PAUSED, "trading is paused")


def market_open(proposal: Proposal, facts: Facts, _: OrderRules) -> No | None:
    """The market must be open."""
    if facts.status is not MarketStatus.ACTIVE:
        return No(Code.MARKET_NOT_OPEN, f"{proposal.ticker} is {facts.status}")
    return None


def breaker(proposal: Proposal, facts: Facts, _: OrderRules) -> No | None:
    """A market that a breaker holds takes nothing that adds risk."""
    words = facts.market_halted
    return No(Code.MARKET_PAUSED_HERE, f"{proposal.ticker} is held here: {words}") if words else None


def fresh(_: Proposal, facts: Facts, rules: OrderRules) -> No | None:
    """Both streams must be alive, and the clocks agree."""
    if facts.private_problem:
        return No(Code.PRIVATE_STREAM_AWAY, facts.private_problem)
    is_heard = facts.now_ms - facts.heard_ms <= rules.heard_ms
    if not (is_heard or facts.now_ms - facts.confirmed_ms <= rules.confirmed_ms):
        return No(Code.STREAM_SILENT, f"nothing was heard for {(facts.now_ms - facts.heard_ms) / 1000:.1f} s")
    if facts.offset_ms is None:
        return No(Code.CLOCK_OFF, "the venue's time was not heard yet")
    if not abs(facts.offset_ms) <= rules.offset_ms:
        return No(Code.CLOCK_OFF, f"our clock is off by {facts.offset_ms / 1000:.1f} s")
    return None


def book(_: Proposal, facts: Facts, __: OrderRules) -> No | None:
    """The book must be believed, also by what lowers risk at a price of it."""
    look = facts.book
    if look is None:
        return No(Code.BOOK_NOT_LIVE, "the book is not followed yet")
    if look.state is not BookState.LIVE:
        return No(Code.BOOK_NOT_LIVE, f"the book is {look.state}: {look.reason}")
    return No(Code.BOOK_CROSSED, "the book is crossed") if look.is_crossed else None


def described(_: Proposal, facts: Facts, __: OrderRules) -> No | None:
    """The market's description must be known, fresh and undoubted, and its fee too."""
    if facts.market is None or facts.market_problem:
        return No(Code.MARKET_UNKNOWN, facts.market_problem or "the market is not known")
    if facts.fired is not None and facts.fired.revision != facts.revision:
        return No(Code.MARKET_CHANGED, "the market's description has changed since the ticket was made")
    return None


def fee(_: Proposal, facts: Facts, __: OrderRules) -> No | None:
    """What a fill costs must be known."""
    return None if facts.terms is not None else No(Code.FEE_UNKNOWN, facts.fee_problem or "the fee is not known")


def grid(proposal: Proposal, facts: Facts, _: OrderRules) -> No | None:
    """Price and size must be ones that the market takes."""
    if type(proposal.price) is not int or facts.market is None or not facts.market.grid.allows(proposal.price):
        return No(Code.PRICE_OFF_GRID, f"{dollars(proposal.price)} is not on the market's grid")
    if type(proposal.size) is not int or not 0 < proposal.size <= SIZE_LIMIT or not 0 < proposal.opens <= proposal.size:
        return No(Code.SIZE_WRONG, "the size is none")
    return None


def options(proposal: Proposal, facts: Facts, _: OrderRules) -> No | None:
    """Options must go together as the venue has it."""
    rests = proposal.time_in_force == "good_till_canceled"
    if proposal.kind == "amend" and (proposal.replaces is None or proposal.replaces.state != "resting"):
        return No(Code.ORDER_GONE, "the order does not rest any more")
    if proposal.replaces is not None and proposal.replaces.change is not None:
        return No(Code.CHANGE_OPEN, "an earlier change of the order is not answered yet")
    if proposal.reduce_only and rests:
        return No(Code.OPTIONS_CLASH, "reduce-only goes with immediate-or-cancel and fill-or-kill")
    if not rests and (proposal.post_only or proposal.expiration_s is not None):
        return No(Code.OPTIONS_CLASH, "post-only and expiration go with orders that rest")
    if proposal.expiration_s is not None and not proposal.expiration_s * 1000 > facts.now_ms:
        return No(Code.OPTIONS_CLASH, "the expiration is in the past")
    return None


def post_only(proposal: Proposal, facts: Facts, _: OrderRules) -> No | None:
    """A post-only order must not take."""
    if proposal.post_only and facts.book is not None and facts.book.liquidity.takes:
        return No(Code.POST_ONLY_TAKES, "it would take now")
    return None


def collar(proposal: Proposal, facts: Facts, rules: OrderRules) -> No | None:
    """A limit must not be far through the best price of the other side, nor of its own where that is empty."""
    liquidity = _liquidity(facts)
    base = liquidity.best if liquidity.best is not None else liquidity.own_best
    if base is None:
        return None
    allowed = max(rules.collar, base * rules.collar_percent // 100, (PRICE_ONE - base) * rules.collar_percent // 100)
    through = proposal.price - base if proposal.side == "bid" else base - proposal.price
    if through <= allowed:
        return None
    words = f"{dollars(proposal.price)} is {dollars(Price(through))} through {dollars(base)}"
    return No(Code.COLLAR, f"{words}; {dollars(Price(allowed))} is allowed")


def depth(proposal: Proposal, facts: Facts, rules: OrderRules) -> No | None:
    """What it takes at once must be a modest share of what is shown within the collar."""
    liquidity = _liquidity(facts)
    if (
        rules.depth_percent >= 100
        or not liquidity.takes
        or liquidity.takes * 100 <= liquidity.depth * rules.depth_percent
    ):
        return None
    if proposal.opens <= 100:  # one contract is no share worth speaking of
        return None
    share = liquidity.takes * 100 // max(liquidity.depth, 1)
    return No(
        Code.SIZE_AGAINST_DEPTH,
        f"it takes {share} % of the {contracts(liquidity.depth)} shown; {rules.depth_percent} % is allowed",
    )


def tail(proposal: Proposal, _: Facts, rules: OrderRules) -> No | None:
    """Near the ends of the scale the price must have been typed once more."""
    if rules.tail < proposal.price < PRICE_ONE - rules.tail or proposal.typed == dollars(proposal.price):
        return None
    return No(Code.TAIL_PRICE, f"{dollars(proposal.price)} must be typed once more")


def moved(proposal: Proposal, facts: Facts, rules: OrderRules) -> No | None:
    """What could be had when the ticket was made must still be there, but for the allowed slippage."""
    if facts.fired is None or facts.market is None:
        return None
    before, now = facts.fired.shown, _liquidity(facts)
    if not before.takes and now.takes:
        return No(Code.PRICE_MOVED, f"it was to rest, and would take {contracts(now.takes)} now")
    if not before.takes or before.best is None:
        return None
    return _worse(proposal, before, now, facts.market.grid, rules.slippage_ticks)


def _worse(proposal: Proposal, before: Liquidity, now: Liquidity, grid: PriceGrid, ticks: int) -> No | None:
    """Say in what an order would be worse served now than it was shown, if it is by more than so many ticks."""
    is_bid, first = proposal.side == "bid", before.best
    assert first is not None  # noqa: S101 - what takes has a best price
    allowed = first
    for _ in range(ticks):
        step = grid.step_up(allowed) if is_bid else grid.step_down(allowed)
        allowed = allowed if step is None else step
    if now.best is None or (now.best > allowed if is_bid else now.best < allowed):
        return No(Code.PRICE_MOVED, f"the best price was {dollars(first)}, and is {dollars(now.best)}")
    if now.takes < before.takes:
        return No(
            Code.SIZE_GONE, f"it would have taken {contracts(before.takes)}, and takes {contracts(now.takes)} now"
        )
    # What was to rest at the limit may be had at it or better now; the rest must cost what was shown.
    then, slip = before.value + (now.takes - before.takes) * proposal.price, before.takes * abs(allowed - first)
    if now.value > then + slip if is_bid else now.value < then - slip:
        return No(Code.PRICE_MOVED, f"all of it was {money(Money(then))}, and is {money(now.value)}")
    return None


def self_cross(proposal: Proposal, facts: Facts, _: OrderRules) -> No | None:
    """It must not meet an order of our own."""
    for order in facts.own:
        if order is proposal.replaces or order.side == proposal.side:
            continue
        meets = proposal.price >= order.worst_price if proposal.side == "bid" else proposal.price <= order.worst_price
        if meets:
            return No(Code.SELF_CROSS, f"it would meet our own order {order.number} at {dollars(order.price)}")
    return None


def beside(proposal: Proposal, facts: Facts, _: OrderRules) -> No | None:
    """What only reduces must leave enough of the position for our own orders that rest to reduce it."""
    if not proposal.reduce_only or proposal.picture is None:
        return None
    held = max(-proposal.picture.held if proposal.side == "bid" else proposal.picture.held, 0)
    rests = [order for order in facts.own if order.side == proposal.side and order is not proposal.replaces]
    size = sum(order.open_size for order in rests)
    if not rests or size + proposal.opens <= held:
        return None
    words = f"our own order {rests[0].number}" if len(rests) == 1 else f"our own orders {rests[0].number} and others"
    return No(
        Code.RESTS_BESIDE, f"{words} of {contracts(Size(size))} would open a new position when this has closed it"
    )


def duplicate(proposal: Proposal, facts: Facts, rules: OrderRules) -> No | None:
    """The same order twice within a moment is a slip."""
    same = (proposal.ticker, proposal.side, proposal.price, proposal.size)
    for sent in facts.sent:
        if (sent.ticker, sent.side, sent.price, sent.size) == same and facts.now_ms - sent.at_ms < rules.duplicate_ms:
            ago = (facts.now_ms - sent.at_ms) / 1000
            return No(Code.DUPLICATE, f"the same order was sent {ago:.1f} s ago")
    return None


def rate(proposal: Proposal, facts: Facts, rules: OrderRules) -> No | None:
    """Orders come at a person's pace; legs of one confirmed plan count once."""
    now_ms = facts.now_ms
    here = {sent.plan for sent in facts.sent if sent.ticker == proposal.ticker and now_ms - sent.at_ms < 10_000}
    if len(here) >= rules.orders_per_10s:
        return No(Code.RATE_MARKET, f"{len(here)} orders went to this market within 10 s")
    everywhere = {sent.plan for sent in facts.sent if now_ms - sent.at_ms < 60_000}
    if len(everywhere) >= rules.orders_per_minute:
        return No(Code.RATE_ALL, f"{len(everywhere)} orders went out within a minute")
    return None


def budget(_: Proposal, facts: Facts, __: OrderRules) -> No | None:
    """The venue's write budget must carry it at once: an order that waits is fired at another market."""
    if facts.write_tokens is not None and facts.write_tokens < facts.write_cost:
        return No(Code.RATE_VENUE, "the write budget is used up for this moment")
    return None


def group(proposal: Proposal, facts: Facts, rules: OrderRules) -> No | None:
    """Every order that may rest or add risk carries the exchange-side fuse."""
    if rules.execution != "live" or not proposal.adds_risk:
        return None
    if not facts.has_group:
        return No(Code.GROUP_MISSING, "the order group of this shard is not there yet")
    return No(Code.GROUP_TRIGGERED, "the order group has tripped") if facts.group_triggered else None


def balance(_: Proposal, facts: Facts, __: OrderRules) -> No | None:
    """The cash must carry it."""
    if facts.free is None:
        return No(Code.BALANCE_UNKNOWN, "the balance is not known")
    if not facts.needs <= facts.free:
        return No(Code.BALANCE_SHORT, f"it needs {money(facts.needs)}, and {money(facts.free)} are free")
    return None


def daily_loss(_: Proposal, facts: Facts, rules: OrderRules) -> No | None:
    """The day's loss must be known and below its limit."""
    if facts.day_result is None:
        return No(Code.DAY_UNKNOWN, "the day's result is not known")
    if not -facts.day_result < rules.daily_loss:
        return No(Code.DAILY_LOSS, f"the day's result is {money(facts.day_result)}")
    return None


def _liquidity(facts: Facts) -> Liquidity:
    return NO_LIQUIDITY if facts.book is None else facts.book.liquidity


NO_LIQUIDITY: Final = Liquidity(None, None, None, 0, 0, None, 0, 0, 0)  # type: ignore[arg-type]  # zeros of each unit
BEFORE_LIMITS: Final = (
    Check("mode", mode, spares=False),
    Check("ticket", ticket, spares=False),
    Check("armed", armed),
    Check("kill", kill),
    Check("health", health),
    Check("journal", journal, spares=False),
    Check("compared", compared),
    Check("state", state),
    Check("exchange", exchange),
    Check("market", market_open),
    Check("breaker", breaker),
    Check("freshness", fresh),
    Check("book", book),
    Check("description", described),
    Check("fee", fee),
    Check("grid", grid, spares=False),
    Check("options", options, spares=False),
    Check("post only", post_only, spares=False),
    Check("collar", collar, spares=False),
    Check("depth", depth),
    Check("tail", tail),
    Check("moved", moved, spares=False),
    Check("self cross", self_cross, spares=False),
    Check("beside", beside, spares=False),
    Check("duplicate", duplicate),
    Check("rate", rate),
    Check("budget", budget, spares=False),
    Check("group", group),
    Check("balance", balance),
)
AFTER_LIMITS: Final = (Check("daily loss", daily_loss),)

"""What is at risk: the worst that positions, whatever works and one more order can come to, per market and summed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from kalshi_tui.core.exposure import Working, adds_risk, cash_needed, worst_loss, worst_size
from kalshi_tui.core.fees import FeePolicy, FeeRule, FeeTerms, OrderFees, fee_terms
from kalshi_tui.core.newyork import day_of
from kalshi_tui.core.orders import Side
from kalshi_tui.core.positions import Position
from kalshi_tui.core.units import Money, Price, Size
from kalshi_tui.engine.trading.facts import Proposal
from kalshi_tui.engine.trading.order import HeldOrder
from kalshi_tui.sdk.risk import Exposure, RiskPicture

if TYPE_CHECKING:
    from kalshi_tui.engine.trading.desk import Desk

_DEAREST: Final = fee_terms("quadratic_with_combo_maker_fees", 2_000_000)
"""What an order is counted to cost where nobody knows: twice what any series has cost so far."""
_DAY_MS: Final = 86_400_000


def fee_for(terms: FeeTerms | None, policy: FeePolicy, side: Side, price: Price, size: Size) -> Money:
    """Return what taking all of an order at its limit costs; one that is not known counts as the dearest."""
    if size <= 0:
        return Money(0)
    fees = OrderFees(terms or _DEAREST, policy)
    return fees.charge(side=side, price=price, size=size, is_taker=True).net


@dataclass(slots=True)
class _Market:
    """What was worked out of one market, and of what: an order costs some 15 us each time."""

    applied: int  # entries of the ledger
    terms: FeeTerms | None
    held: Position
    rows: list[tuple[HeldOrder, Price, Size]]
    working: list[Working]
    worst: Money
    needed: Money


class Risk:
    """Worst cases from a ledger; what they are compared with is the limits' business."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.policy = FeePolicy(FeeRule(desk.rules.fee_rule), desk.rules.fee_grid)
        self._markets: dict[str, _Market] = {}
        self._owed: dict[str, list[HeldOrder]] = {}
        self._owed_at = -1

    def terms(self, ticker: str) -> FeeTerms | None:
        """Return a market's fee terms, or None where they are not known."""
        return self._desk.terms_of(ticker)[0]

    def position(self, ticker: str) -> Position:
        """Return what is held of a market, all subaccounts together."""
        portfolio = self._desk.ledger.portfolio
        found = [portfolio.position(ticker, subaccount) for subaccount in self._desk.ledger.subaccounts]
        if len(found) == 1:
            return found[0]
        return Position(
            ticker,
            Size(sum(p.size for p in found)),
            Money(sum(p.cost for p in found)),
            Money(sum(p.realised for p in found)),
            Money(sum(p.fees for p in found)),
        )

    def working(self, ticker: str, without: HeldOrder | None = None) -> list[Working]:
        """Return what may still fill of a market, at its worst price with its fee."""
        market = self._market(ticker)
        return [w for (order, _, _), w in zip(market.rows, market.working, strict=True) if order is not without]

    def worst(self, ticker: str) -> Money:
        """Return the most that can be lost in a market."""
        return self._market(ticker).worst

    def adds_risk(
        self,
        ticker: str,
        side: Side,
        price: Price,
        opens: Size,
        *,
        reduce_only: bool,
        rests: bool,
        replaces: HeldOrder | None,
    ) -> bool:
        """Tell whether an order may raise what can be lost, or make a position larger or turn it.

        One that rests may fill when what it would have reduced is long gone; the venue knows no reduce-only for it.
        """
        if rests:
            return True
        held = self.position(ticker)
        new = Working(side, price, opens, fee_for(self.terms(ticker), self.policy, side, price, opens))
        if reduce_only:
            return not (0 < opens <= max(-held.size if side == "bid" else held.size, 0))
        return adds_risk(held, self.working(ticker, replaces), new)

    def picture(self, proposal: Proposal, event_ticker: str, series_ticker: str) -> RiskPicture:
        """Return what a risk check is shown."""
        desk, ticker = self._desk, proposal.ticker
        new = self._new(proposal)
        before = {name: self.worst(name) for name in dict.fromkeys((*desk.ledger.tickers(), ticker))}
        held, others = self.position(ticker), self.working(ticker, proposal.replaces)
        after = before | {ticker: worst_loss(held, [*others, new])}
        events = {name: desk.event_of(name) for name in before}
        of_event = [name for name, event in events.items() if event == event_ticker]
        of_series = [name for name in before if desk.series_of(name) == series_ticker]
        sets = {events[name] for name in desk.ledger.tickers()}
        is_live = desk.rules.is_real_money
        first_ms = desk.ledger.first_intent_ms
        return RiskPicture(
            ticker=ticker,
            event_ticker=event_ticker,
            series_ticker=series_ticker,
            side=proposal.side,
            price=proposal.price,
            size=proposal.size,
            adds_risk=proposal.adds_risk,
            at_risk=worst_loss(Position(ticker), [new]),
            held=held.size,
            worst_size=worst_size(held, [*others, new]),
            market=Exposure(ticker, before[ticker], after[ticker]),
            event=_sum(event_ticker, before, after, of_event),
            groups=(_sum(series_ticker, before, after, of_series),) if series_ticker else (),
            total=_sum("total", before, after, list(before)),
            sets_before=len(sets),
            sets_after=len(sets | {event_ticker}),
            orders_today=desk.ledger.orders_on(day_of(desk.now_ms)),
            balance=desk.cash.balance(),
            day_result=desk.day.result(),
            is_live=is_live,
            live_days=None if not is_live or first_ms is None else (desk.now_ms - first_ms) // _DAY_MS,
        )

    def with_picture(self, bare: Proposal, event_ticker: str, series_ticker: str) -> Proposal:
        """Return a proposal with what would follow from it."""
        return replace(bare, picture=self.picture(bare, event_ticker, series_ticker))

    def fee_of(self, proposal: Proposal) -> Money:
        """Return what a proposal costs in fees if all of it takes at its limit."""
        return self._new(proposal).fee

    def needs(self, proposal: Proposal) -> Money:
        """Return the cash that an order may take beyond what works already."""
        held, others = self.position(proposal.ticker), self.working(proposal.ticker, proposal.replaces)
        return Money(cash_needed(held, [*others, self._new(proposal)]) - cash_needed(held, others))

    def reserved(self) -> Money:
        """Return the cash that whatever works may take."""
        tickers = dict.fromkeys((*(order.ticker for order in self._desk.ledger.working()), *self.owed()))
        return Money(sum(self._market(ticker).needed for ticker in tickers))

    def _market(self, ticker: str) -> _Market:
        """Return what is worked out of a market, anew where ledger or fee terms have changed what it is made of."""
        ledger, terms, known = self._desk.ledger, self.terms(ticker), self._markets.get(ticker)
        if known is not None and known.applied == ledger.applied and known.terms == terms:
            return known
        held = self.position(ticker)
        orders = [*ledger.working(ticker), *self.owed().get(ticker, ())]
        rows = [(order, order.worst_price, order.open_size) for order in orders if order.open_size]
        if known is not None and (known.terms, known.held, known.rows) == (terms, held, rows):
            known.applied = ledger.applied
            return known
        working = [self._working(order, terms) for order, _, _ in rows]
        worst, needed = worst_loss(held, working), cash_needed(held, working)
        self._markets[ticker] = market = _Market(ledger.applied, terms, held, rows, working, worst, needed)
        return market

    def owed(self) -> dict[str, list[HeldOrder]]:
        """Return the ended orders whose fills are not all told, by market; one look at all for each change."""
        ledger = self._desk.ledger
        if self._owed_at != ledger.applied:
            self._owed_at, self._owed = ledger.applied, {}
            for order in ledger.owed():
                self._owed.setdefault(order.ticker, []).append(order)
        return self._owed

    def _new(self, proposal: Proposal) -> Working:
        fee = fee_for(self.terms(proposal.ticker), self.policy, proposal.side, proposal.price, proposal.opens)
        return Working(proposal.side, proposal.price, proposal.opens, fee)

    def _working(self, order: HeldOrder, terms: FeeTerms | None) -> Working:
        price, size = order.worst_price, order.open_size
        return Working(order.side, price, size, fee_for(terms, self.policy, order.side, price, size))


def _sum(name: str, before: dict[str, Money], after: dict[str, Money], tickers: Sequence[str]) -> Exposure:
    return Exposure(name, _total(before, tickers), _total(after, tickers))


def _total(losses: dict[str, Money], tickers: Iterable[str]) -> Money:
    return Money(sum(losses[ticker] for ticker in tickers))

"""The oracle of orders: the exchange's own count of exposure and of names, and every order that leaves the engine.

Nothing in here looks at the engine's ledger. What may be lost is counted here in another way than the engine does: at
the exchange, from its own records, without fees, and with gains set against losses; so it is never more than what a
right engine counts, and what lies above a limit is a breach.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from kalshi_tui.cli.drills.conduct import Conduct
from kalshi_tui.cli.drills.wire import Write
from kalshi_tui.core.units import parse_decimal
from kalshi_tui.engine.journal_rows import JournalRow
from kalshi_tui.link.trading import TicketView
from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.happenings import Happening, MarketChanged, OrderChanged
from kalshi_tui.practice.records import Order

OURS: Final = "kt1-"
_DOLLAR: Final = 10_000
_TOLD_MS: Final = 200  # so long may it take until the engine has heard of what others did on the account
_SEEN_MS: Final = 600  # a state that was shown for so long is known to everybody
_HEARD_MS: Final = 40_000  # so long may it take until a pause is known: the status is read every half minute
_PROBLEMS: Final = 5
Terms = tuple[int, int]
Lots = list[tuple[str, int, int]]  # side, price, size


def worst(size: int, cost: int, working: Lots) -> int:
    """Return the most that a market can lose: each end with the side filled that loses there, and nothing else."""
    if_no = cost + min(size, 0) * _DOLLAR + sum(price * many for side, price, many in working if side == "bid")
    if_yes = cost - max(size, 0) * _DOLLAR + sum((_DOLLAR - p) * many for side, p, many in working if side == "ask")
    return max(if_no, if_yes, 0)


def _stands_in(body: bytes, row: JournalRow) -> bool:
    """Tell whether a row of the journal says that exactly these bytes are about to be sent."""
    if row.kind not in {"Intended", "ChangeAsked"}:
        return False
    return bool(msgspec.json.decode(row.body)["body"] == body.decode())


class Register:
    """Listens to the exchange, and to what is sent to it."""

    def __init__(
        self,
        exchange: Exchange,
        user_id: str,
        *,
        limits: Mapping[str, int],
        conduct: Conduct,
        is_live: Callable[[str], bool],
        durable: Callable[[], Iterable[JournalRow]],
    ) -> None:
        """Listen from now on."""
        self.problems: list[str] = []
        self.accepted = self.breaches = self.illegal = self.duplicates = self.sends_after_kill = self.external = 0
        self.judged = 0  # sends
        self.most = 0  # that all markets together could lose at any time
        self.took_ms: list[int] = []
        self._exchange = exchange
        self._user_id = user_id
        self._limits = limits
        self._conduct = conduct
        self._is_live = is_live
        self._durable = durable
        self._began_ms = exchange.now_ms
        self._names: dict[str, set[str]] = defaultdict(set)  # order ids by client_order_id
        self._sent: dict[str, int] = defaultdict(int)  # how often a name left
        self._terms: dict[str, Terms] = {}
        self._foreign_ms = 0
        self._before: dict[str, int] = {}
        exchange.listen(self._hear)

    # At the exchange

    def _hear(self, happening: Happening) -> None:
        if isinstance(happening, OrderChanged) and happening.order.user_id == self._user_id:
            self._order(happening.order)
        elif isinstance(happening, MarketChanged):
            self._before[happening.market.ticker] = self.worst_of(happening.market.ticker)

    def _order(self, order: Order) -> None:
        ticker, known = order.ticker, self._terms.get(order.order_id)
        terms = self._terms[order.order_id] = (order.price, order.filled + order.remaining)
        is_new = known is None
        if not order.client_order_id.startswith(OURS):
            self._foreign_ms = self._exchange.now_ms
            self.external += is_new
        elif is_new:
            self._accepted(order)
        is_raised = known is None or terms[0] != known[0] or terms[1] > known[1]
        if is_raised and order.client_order_id.startswith(OURS):
            self._measure(order)
        self._before[ticker] = self.worst_of(ticker)

    def _accepted(self, order: Order) -> None:
        self.accepted += 1
        names = self._names[order.client_order_id]
        names.add(order.order_id)
        if len(names) > 1:
            self.duplicates += 1
            self._add(f"{order.client_order_id} became {len(names)} orders")

    def _measure(self, order: Order) -> None:
        """Compare with the limits what can be lost now; others' orders of a moment ago are nobody's fault."""
        ticker, now_ms = order.ticker, self._exchange.now_ms
        after = self.worst_of(ticker)
        self.most = max(self.most, self.total())
        if after <= self._before.get(ticker, 0) or now_ms - self._foreign_ms < _TOLD_MS:
            return
        event = self._exchange.markets[ticker].event_ticker
        series = self._exchange.events[event].series_ticker
        counted = {
            "market_risk_dollars": after,
            "event_risk_dollars": self.total(lambda name: self._event(name) == event),
            "group_risk_dollars": self.total(lambda name: self._series(name) == series),
            "total_risk_dollars": self.total(),
            "market_contracts": self.most_contracts(ticker),
        }
        for name, amount in counted.items():
            if amount > self._limits[name]:
                self.breaches += 1
                self._add(f"{order.client_order_id} in {ticker} took {name} to {amount}, {self._limits[name]} allowed")

    def worst_of(self, ticker: str) -> int:
        """Return what a market can lose."""
        size, cost = self._held(ticker)
        return worst(size, cost, self._working(ticker))

    def total(self, counts: Callable[[str], bool] = lambda _: True) -> int:
        """Return what all markets, or some, can lose together."""
        held = [t for (user, _, t), p in self._exchange.positions.items() if user == self._user_id and p.size]
        resting = [order.ticker for order in self._exchange.resting_of(self._user_id)]
        return sum(self.worst_of(ticker) for ticker in dict.fromkeys((*held, *resting)) if counts(ticker))

    def most_contracts(self, ticker: str) -> int:
        """Return the most contracts that may come to be held."""
        size, working = self._held(ticker)[0], self._working(ticker)
        bids = sum(many for side, _, many in working if side == "bid")
        asks = sum(many for side, _, many in working if side == "ask")
        return max(size + bids, asks - size)

    def _held(self, ticker: str) -> Terms:
        held = self._exchange.positions.get((self._user_id, 0, ticker))
        return (held.size, held.cost) if held is not None else (0, 0)

    def _working(self, ticker: str) -> Lots:
        resting = self._exchange.resting_of(self._user_id)
        return [(o.side, o.price, o.remaining) for o in resting if o.ticker == ticker]

    def _event(self, ticker: str) -> str:
        return self._exchange.markets[ticker].event_ticker

    def _series(self, ticker: str) -> str:
        return self._exchange.events[self._event(ticker)].series_ticker

    # On the way

    def leaves(self, write: Write) -> None:
        """Judge a request as it leaves the engine."""
        if not (write.places or write.amends):
            return
        self.judged += 1
        said = write.said()
        if write.places:
            self._sent[said["client_order_id"]] += 1
            if self._sent[said["client_order_id"]] > 1:
                self.duplicates += 1
                self._add(f"{said['client_order_id']} was sent {self._sent[said['client_order_id']]} times")
        paper = self._conduct.take(write.body.decode())
        if paper is None:
            self._illegal("an order left that no ticket stands for")
            return
        if not any(_stands_in(write.body, row) for row in self._durable()):
            self._illegal("an order left before the disk had it")
        words = self._unlawful(write, paper.ticket)
        if words:
            self._illegal(f"{paper.ticket.words} left {words}")

    def _unlawful(self, write: Write, ticket: TicketView) -> str:
        if write.at_ms >= ticket.expires_ms:
            return f"{write.at_ms - ticket.expires_ms} ms after its ticket had expired"
        if ticket.reduce_only or not self._adds_risk(write):
            return ""
        conduct, market = self._conduct, self._exchange.markets[self._ticker(write)]
        self.sends_after_kill += conduct.is_killed
        is_told = write.at_ms - conduct.state_since_ms > _SEEN_MS
        is_closed = market.status != "active" and write.at_ms - market.updated_ms > _HEARD_MS
        wrongs = (
            (conduct.is_killed, "after a kill"),
            (not conduct.is_armed, "while nobody had armed"),
            (conduct.state != "active" and is_told, f"while the terminal said {conduct.state}"),
            (not self._is_live(market.ticker), "on a book that was not live"),
            (is_closed, "into a market that is closed"),
        )
        return next((words for holds, words in wrongs if holds), "")

    def _adds_risk(self, write: Write) -> bool:
        """Tell whether it can do more than reduce what is held, by the exchange's count."""
        said, ticker = write.said(), self._ticker(write)
        size = self._held(ticker)[0]
        resting = self._exchange.resting_of(self._user_id)
        others = [o for o in resting if o.ticker == ticker and o.order_id != write.order_id and o.side == said["side"]]
        changed = self._exchange.orders.get(write.order_id)
        wanted = parse_decimal(said["count"], 2) - (changed.filled if changed is not None else 0)
        return sum(o.remaining for o in others) + wanted > max(-size if said["side"] == "bid" else size, 0)

    @staticmethod
    def _ticker(write: Write) -> str:
        return str(write.said()["ticker"])

    def _illegal(self, words: str) -> None:
        self.illegal += 1
        self._add(words)

    def _add(self, words: str) -> None:
        if len(self.problems) < _PROBLEMS:
            self.problems.append(f"at {(self._exchange.now_ms - self._began_ms) / 1000:.3f} s: {words}")

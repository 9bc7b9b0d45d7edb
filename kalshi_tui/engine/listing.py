"""The list of markets: searched, filtered, sorted and cut into pages, from orders that are kept between questions."""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import takewhile
from operator import attrgetter
from typing import Any, Final, NamedTuple

from kalshi_tui.core.markets import Event, Market, Series
from kalshi_tui.core.units import PRICE_ONE
from kalshi_tui.engine.searching import Texts, holding_all, is_rare
from kalshi_tui.link.keys import Sort

Allows = Callable[[Series | None, Market, int], bool]
"""Whether a market may be listed at a time; asked when it changes, and then every half minute."""

_JUDGED_EVERY_MS: Final = 30_000
_JUDGED_AT_ONCE: Final = 1_000  # 0.3 ms of a question's time
_SORTED_EVERY_MS: Final = 5_000  # a list that is sorted by what moves should stand still while it is read
_MATCHES_KEPT: Final = 32
_WORTH_AN_INDEX: Final = 2_000
_FEW: Final = 100  # new rows that are put in one by one: to sort 30,000 again costs 4 ms, to search them anew 8
_SORTS: Final[tuple[Sort, ...]] = ("event", "volume", "close", "open")
_ALL_REPLACED: Final = dict.fromkeys(_SORTS, True)


class Wish(NamedTuple):
    """What is asked of the list; words and category are in small letters."""

    words: str
    series: str
    category: str
    sort: Sort


@dataclass(frozen=True, slots=True)
class Page:
    """Some tickers in order; `matched` counts what search, series and category leave of `total`."""

    total: int
    matched: int
    tickers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Described:
    """A market with what it belongs to, where that is known."""

    market: Market
    event: Event | None
    series: Series | None


class _Row:
    """A market as the list needs it; the keys of its four orders are kept, for to make them costs more than to sort."""

    __slots__ = (
        "category", "close", "event", "haystack", "is_allowed", "is_current", "judged_ms", "market", "number", "open",
        "series", "series_ticker", "ticker", "volume",
    )  # fmt: skip

    def __init__(self, described: Described, number: int) -> None:
        market, event, series = described.market, described.event, described.series
        self.number = number  # counts the rows as they were made
        self.ticker = market.ticker
        self.series = series
        self.series_ticker = event.series_ticker if event is not None else ""
        self.category = series.category.casefold() if series is not None else ""
        titles = (event.title, event.sub_title) if event is not None else ()
        self.haystack = _haystack((market.ticker, *titles, market.title, market.yes_title, market.no_title))
        self.event = (market.event_ticker, market.ticker)
        self.close = (market.close_ms, market.ticker)
        self.is_current = True
        self.is_allowed = True
        self.judged_ms = 0
        self.quote(market)

    def quote(self, market: Market) -> None:
        """Take a market whose numbers alone are new."""
        self.market = market
        self.volume = (-market.volume, market.ticker)
        self.open = (_decidedness(market), market.ticker)


def _key(sort: Sort) -> Callable[[_Row], Any]:
    return attrgetter(sort)


def _decidedness(market: Market) -> int:
    """Return how far twice the price is from an even chance; without any price it is farthest."""
    bid, ask = market.yes_bid, market.yes_ask
    if bid is not None and ask is not None:
        return abs(bid + ask - PRICE_ONE)
    return PRICE_ONE + 1 if market.last_price is None else abs(2 * market.last_price - PRICE_ONE)


def _haystack(parts: Iterable[str]) -> str:
    """Join texts, without those that another one holds: a fifth of all that would have to be searched."""
    text = ""
    for part in parts:
        if part not in text:
            text += f"\n{part}"
    return text.casefold()


class Listing:
    """Rows, four orders of them, and the latest answers."""

    def __init__(self, describe: Callable[[str], Described | None], allows: Allows | None = None) -> None:
        """Take a function that returns what is known of a ticker, or nothing once it is gone, and maybe a filter."""
        self._describe = describe
        self._allows = allows
        self._rows: dict[str, _Row] = {}
        self._orders: dict[Sort, list[_Row]] = {sort: [] for sort in _SORTS}
        self._sorted_up_to = dict.fromkeys(_SORTS, 0)  # the number of the latest row that an order has
        self._number = 0
        self._all_texts: Texts[_Row] | None = None
        self._in_texts = 0  # the number of the latest row that they have
        self._sorted_ms: dict[Sort, int] = {}
        self._replaced = dict.fromkeys(_SORTS, False)
        self._moved = dict.fromkeys(_SORTS, False)
        self._matches: dict[Wish, list[_Row]] = {}
        self._to_judge: deque[_Row] = deque()
        self._forbidden = 0

    def touch(self, tickers: Iterable[str], now_ms: int) -> None:
        """Hear that these came, went, or are described differently."""
        for ticker in tickers:
            self._replace(ticker, now_ms)

    def quote(self, market: Market) -> None:
        """Hear that a market's prices or volume moved."""
        row = self._rows.get(market.ticker)
        if row is not None:
            row.quote(market)
            self._moved["volume"] = self._moved["open"] = True

    def page(self, wish: Wish, offset: int, count: int, now_ms: int) -> Page:
        """Return the tickers from `offset` on, and how many there are."""
        self._judge_some(now_ms)
        self._sort(wish.sort, now_ms)
        rows = self._matches.get(wish)
        if rows is None:
            rows = self._remember(wish, self._find(wish))
        start, end = max(offset, 0), max(offset, 0) + max(count, 0)
        total = len(self._rows) - self._forbidden
        return Page(total, len(rows), tuple(row.ticker for row in rows[start:end]))

    def _find(self, wish: Wish) -> list[_Row]:
        words = sorted(wish.words.split(), key=len, reverse=True)  # the longest leaves least for the others to read
        rows = self._fitting(self._orders[wish.sort], wish)
        if not words or len(rows) < _WORTH_AN_INDEX or not is_rare(words[0], rows):
            return holding_all(words, rows)
        candidates = [row for row in self._texts().holding(words[0]) if row.is_current]
        candidates += self._newer_than(self._in_texts)
        found = holding_all(words, self._fitting(candidates, wish))
        found.sort(key=_key(wish.sort))
        return found

    def _fitting(self, rows: list[_Row], wish: Wish) -> list[_Row]:
        if self._forbidden:
            rows = [row for row in rows if row.is_allowed]
        if wish.series:
            rows = [row for row in rows if row.series_ticker == wish.series]
        if wish.category:
            rows = [row for row in rows if row.category == wish.category]
        return rows

    def _texts(self) -> Texts[_Row]:
        if self._all_texts is None or self._number > self._in_texts + _FEW:
            self._all_texts = Texts(list(self._rows.values()))
            self._in_texts = self._number
        return self._all_texts

    def _remember(self, wish: Wish, rows: list[_Row]) -> list[_Row]:
        if len(self._matches) >= _MATCHES_KEPT:
            del self._matches[next(iter(self._matches))]
        self._matches[wish] = rows
        return rows

    # What changed since the last question

    def _replace(self, ticker: str, now_ms: int) -> None:
        old = self._rows.pop(ticker, None)
        if old is not None:
            old.is_current = False
            self._forbidden -= not old.is_allowed
        self._replaced.update(_ALL_REPLACED)
        described = self._describe(ticker)
        if described is None:
            return
        self._number += 1
        row = self._rows[ticker] = _Row(described, self._number)
        if self._allows is not None:
            self._judge(row, self._allows, now_ms)
            self._to_judge.append(row)
            if len(self._to_judge) > 2 * len(self._rows) + _JUDGED_AT_ONCE:  # nobody looks, and rows come and go
                self._to_judge = deque(row for row in self._to_judge if row.is_current)

    def _sort(self, sort: Sort, now_ms: int) -> None:
        if self._replaced[sort]:
            self._renew(sort)
        elif not self._moved[sort] or now_ms < self._sorted_ms.get(sort, 0) + _SORTED_EVERY_MS:
            return
        else:
            self._orders[sort].sort(key=_key(sort))  # nearly sorted already, which costs one comparison each
        self._replaced[sort] = self._moved[sort] = False
        self._sorted_ms[sort] = now_ms
        self._forget_matches(sort)

    def _renew(self, sort: Sort) -> None:
        """Take the rows out of an order that are no more, and put in those that are new."""
        new = self._newer_than(self._sorted_up_to[sort])
        self._sorted_up_to[sort] = self._number
        order = self._orders[sort] = [row for row in self._orders[sort] if row.is_current]
        if len(new) > _FEW or self._moved[sort]:
            order += new
            order.sort(key=_key(sort))
            return
        for row in new:
            insort(order, row, key=_key(sort))

    def _newer_than(self, number: int) -> list[_Row]:
        """Return the rows that were made later: they stand at the end, because a row that changes is made anew."""
        return list(takewhile(lambda row: row.number > number, reversed(self._rows.values())))

    def _forget_matches(self, sort: Sort) -> None:
        self._matches = {wish: rows for wish, rows in self._matches.items() if wish.sort != sort}

    # Which may be listed

    def _judge(self, row: _Row, allows: Allows, now_ms: int) -> bool:
        """Ask about one row, and tell whether the answer is another one than before."""
        was = row.is_allowed
        row.is_allowed = allows(row.series, row.market, now_ms)
        row.judged_ms = now_ms
        self._forbidden += was - row.is_allowed
        return was != row.is_allowed

    def _judge_some(self, now_ms: int) -> None:
        """Ask again about those whose answer is old, a part at a time: all 30,000 at once would cost 10 ms."""
        allows, queue, is_other = self._allows, self._to_judge, False
        for _ in range(_JUDGED_AT_ONCE):
            if allows is None or not queue or now_ms < queue[0].judged_ms + _JUDGED_EVERY_MS:
                break
            row = queue.popleft()
            if row.is_current:
                is_other |= self._judge(row, allows, now_ms)
                queue.append(row)
        if is_other:
            self._matches.clear()

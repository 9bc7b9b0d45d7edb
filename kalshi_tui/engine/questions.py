"""Which questions go to the venue over REST and when: cadences, pages, patience after failures; it asks none itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import msgspec

from kalshi_tui.engine.rules import Rules
from kalshi_tui.engine.trading import asking
from kalshi_tui.errors import LocalProtocolError
from kalshi_tui.protocol import rest
from kalshi_tui.protocol.rest.asking import Request

FIRST_PAGE: Final = 200
LATER_PAGE: Final = 40  # a page is read between two frames; 200 events with their markets would hold them up for 60 ms
TICKERS_AT_ONCE: Final = 50
BOOKS_AT_ONCE: Final = 100
PAST_TRADES: Final = 100
_PATIENCE_MS: Final = 1_000
_LONGEST_PATIENCE_MS: Final = 60_000
_REFERENCE_MS: Final = 5_000
_WHOLE_EVERY_MS: Final = 30_000
_EVENTS_AT_ONCE: Final = 5
_OVERLAP_S: Final = 1
_PAGED: Final = {"events", "updated", "event_fee_changes"}


class Question(msgspec.Struct, frozen=True):
    """An endpoint and what is asked of it, as a tape names them."""

    endpoint: str
    argument: str = ""


class _Cursor(msgspec.Struct):
    cursor: str | None = None


_read_cursor: Final = msgspec.json.Decoder(_Cursor).decode


def next_page(body: bytes) -> str:
    """Return where a list goes on, or nothing."""
    try:
        return _read_cursor(body).cursor or ""
    except (msgspec.DecodeError, UnicodeError):
        return ""


def page_of(argument: str) -> tuple[str, str]:
    """Split the argument of a paged question into what is asked and the cursor."""
    asked, _, cursor = argument.partition("|")
    return asked, cursor


def _raw(body: bytes) -> bytes:
    return body


def request_of(question: Question) -> Request[bytes]:
    """Return the request whose reply's body answers a question."""
    make = _REQUESTS.get(question.endpoint) or asking.REQUESTS.get(question.endpoint)
    if make is None:
        raise LocalProtocolError(f"there is no question {question.endpoint!r}", hint="this is a fault of the program")
    return replace(make(question.argument), read=_raw)


def _events(argument: str) -> Request[Any]:
    asked, cursor = page_of(argument)
    status, series, size = asked.split("/")
    is_open: Literal["open", "unopened"] = "open" if status == "open" else "unopened"
    return rest.events(status=is_open, series_ticker=series, nested=True, limit=int(size), cursor=cursor)


def _event_fee_changes(argument: str) -> Request[Any]:
    return rest.event_fee_changes(cursor=page_of(argument)[1], limit=1000)


def _updated(argument: str) -> Request[Any]:
    since, cursor = page_of(argument)
    return rest.markets(combos="exclude", updated_since_s=int(since), limit=LATER_PAGE * 5, cursor=cursor)


_REQUESTS: Final[dict[str, Callable[[str], Request[Any]]]] = {
    "status": lambda _: rest.exchange_status(),
    "series": lambda _: rest.series_list(),
    "fee_changes": lambda _: rest.series_fee_changes(),
    "event_fee_changes": _event_fee_changes,
    "events": _events,
    "event": rest.event,
    "updated": _updated,
    "markets": lambda asked: rest.markets(tickers=asked.split(",")),
    "trades": lambda asked: rest.trades(ticker=asked, limit=PAST_TRADES),
    "books": lambda asked: rest.books(asked.split(",")),
}


@dataclass(slots=True)
class _Due:
    """When an endpoint is asked next, and how it went."""

    at_ms: int
    every_ms: int
    failures: int = 0
    under_way: int = 0
    is_broken: bool = False  # whether some question of this round has failed: then the others make no whole


class Questions:
    """Says what is due; whoever asks tells how it went."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._due = {
            "series": _Due(0, rules.metadata_ms),
            "events": _Due(0, rules.metadata_ms),
            "fee_changes": _Due(0, rules.metadata_ms),
            "status": _Due(0, rules.recheck_ms),
            "updated": _Due(0, rules.full_scan_ms),
        }
        if rules.has_references:
            self._due["reference"] = _Due(0, _REFERENCE_MS)
        self._wanted: dict[str, int] = {}  # tickers to be read anew, and not before when
        self._asked: dict[Question, int] = {}  # when
        self._events: dict[str, int] = {}  # to be read anew, and not before when
        self._past: dict[str, int] = {}  # whose past trades to ask for, and not before when
        self._pages: list[Question] = []  # that follow from pages that came
        self._books_ms = 0
        self._whole_ms = -_WHOLE_EVERY_MS
        self.read_since_ms = 0  # when the last reading began
        self.has_read = False

    def due(self, now_ms: int) -> list[Question]:
        """Return the questions to ask now; none is asked again before it is answered or failed."""
        found = [*self._regular(now_ms), *self._anew(now_ms), *self._take_pages()]
        fresh = [question for question in dict.fromkeys(found) if question not in self._asked]
        self._asked.update(dict.fromkeys(fresh, now_ms))
        return fresh

    def read_anew(self, tickers: Iterable[str], now_ms: int) -> None:
        """Ask for these markets soon."""
        for ticker in tickers:
            if ticker and "," not in ticker:  # it would be asked for as two others, and so for ever
                self._wanted.setdefault(ticker, now_ms)

    def read_trades(self, ticker: str, now_ms: int) -> None:
        """Ask once for what traded in a market before we listened; later, so that nothing falls in between."""
        self._past[ticker] = now_ms + _PATIENCE_MS

    def read_events_anew(self, tickers: Iterable[str], now_ms: int) -> None:
        """Ask for these events soon."""
        for ticker in tickers:
            self._events.setdefault(ticker, now_ms)

    def read_all(self, now_ms: int) -> None:
        """Read the whole catalogue soon; a stream that comes and goes must not make us do so all the time."""
        at_ms = max(now_ms, self._whole_ms + _WHOLE_EVERY_MS)
        for endpoint in ("series", "events", "fee_changes"):
            due = self._due[endpoint]
            due.at_ms = min(due.at_ms, at_ms)

    def asked_ms(self, question: Question, now_ms: int) -> int:
        """Return when a question was asked, or now where it was not."""
        return self._asked.get(question, now_ms)

    def poll(self, tickers: Iterable[str], now_ms: int) -> list[Question]:
        """Return the questions for these books, if their time has come."""
        if now_ms - self._books_ms < self._rules.poll_every_ms or self._is_asked("books"):
            return []
        self._books_ms = now_ms
        found = [Question("books", part) for part in _parts(tickers, BOOKS_AT_ONCE)]
        self._asked.update(dict.fromkeys(found, now_ms))
        return found

    def answered(self, question: Question, body: bytes, now_ms: int) -> bool:
        """Take note of an answer; return whether it ends a list, or is none."""
        self._asked.pop(question, None)
        if question.endpoint == "event":
            self._events.pop(question.argument, None)
        if question.endpoint == "fee_changes":  # in turn: what is missing in one whole list has been called off
            self._pages.append(Question("event_fee_changes"))
        cursor = next_page(body) if question.endpoint in _PAGED else ""
        if cursor:
            self._pages.append(Question(question.endpoint, f"{page_of(question.argument)[0]}|{cursor}"))
            return False
        for ticker in question.argument.split(",") if question.endpoint == "markets" else ():
            self._wanted.pop(ticker, None)
        due = self._due.get(question.endpoint)
        if due is not None:
            due.under_way = max(due.under_way - 1, 0)
            if not (due.under_way or due.is_broken):
                due.failures = 0
                due.at_ms = now_ms + due.every_ms
                if question.endpoint == "events":
                    self.has_read = True
                    self._due["updated"].at_ms = now_ms + self._rules.full_scan_ms
            due.is_broken &= due.under_way > 0
        return True

    def failed(self, question: Question, now_ms: int) -> None:
        """Take note of a failure; the whole list is asked for again after a while."""
        self._asked.pop(question, None)
        for ticker in question.argument.split(",") if question.endpoint == "markets" else ():
            self._wanted[ticker] = now_ms + 5 * _PATIENCE_MS
        if question.endpoint == "event":
            self._events[question.argument] = now_ms + 5 * _PATIENCE_MS
        if question.endpoint == "updated":  # what it did not tell must not be passed over by the next one
            self.read_since_ms = min(self.read_since_ms, _since_ms(question))
        due = self._due.get(question.endpoint)
        if due is not None:
            due.failures += 1
            due.under_way = max(due.under_way - 1, 0)
            due.is_broken = due.under_way > 0
            pause = min(_PATIENCE_MS << min(due.failures - 1, 10), _LONGEST_PATIENCE_MS, due.every_ms)
            due.at_ms = now_ms + pause

    def is_reading(self) -> bool:
        """Tell whether a reading is under way that may become a complete one."""
        return self._due["events"].under_way > 0 and not self._due["events"].is_broken

    def _regular(self, now_ms: int) -> list[Question]:
        found: list[Question] = []
        for endpoint, due in self._due.items():
            if due.under_way or now_ms < due.at_ms or (endpoint == "updated" and not self.has_read):
                continue
            questions = self._opening(endpoint, now_ms)
            due.under_way = len(questions)
            found += questions
        return found

    def _opening(self, endpoint: str, now_ms: int) -> list[Question]:
        if endpoint == "events":
            self.read_since_ms = self._whole_ms = now_ms
            size = LATER_PAGE if self.has_read else FIRST_PAGE
            wanted = tuple(dict.fromkeys(self._rules.series)) or ("",)
            return [
                Question("events", f"{status}/{series}/{size}") for status in ("open", "unopened") for series in wanted
            ]
        if endpoint == "updated":
            since_s, self.read_since_ms = self.read_since_ms // 1000 - _OVERLAP_S, now_ms
            return [Question("updated", str(since_s))]
        return [Question(endpoint)]

    def _anew(self, now_ms: int) -> list[Question]:
        found = [Question("trades", ticker) for ticker, at_ms in self._past.items() if now_ms >= at_ms]
        for question in found:
            del self._past[question.argument]
        if not self._is_asked("markets"):
            ready = [ticker for ticker, at_ms in self._wanted.items() if now_ms >= at_ms]
            found += [Question("markets", part) for part in _parts(ready[:TICKERS_AT_ONCE], TICKERS_AT_ONCE)]
        if not self._is_asked("event"):
            ready = [ticker for ticker, at_ms in self._events.items() if now_ms >= at_ms]
            found += [Question("event", ticker) for ticker in ready[:_EVENTS_AT_ONCE]]
        return found

    def _take_pages(self) -> list[Question]:
        pages, self._pages = self._pages, []
        return pages

    def _is_asked(self, endpoint: str) -> bool:
        return any(question.endpoint == endpoint for question in self._asked)


def _since_ms(question: Question) -> int:
    return (int(page_of(question.argument)[0]) + _OVERLAP_S) * 1000


def _parts(tickers: Iterable[str], size: int) -> list[str]:
    listed = list(tickers)
    return [",".join(listed[start : start + size]) for start in range(0, len(listed), size)]

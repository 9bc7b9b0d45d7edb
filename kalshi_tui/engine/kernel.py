"""The engine without its shell: takes inputs one by one and publishes views; time, chance and IO are not in here.

Whoever runs it gives it everything it consumes through `take`, sends what `outgoing` returns to the venue, asks what
`questions` returns, and delivers what stands on `board`. The same inputs make the same board, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from kalshi_tui.core.events import (
    BookReplaced,
    BookStateChanged,
    BookTouched,
    CommandRefused,
    ErrorSeen,
    Event,
    EventFeeChanged,
    EventLifecycle,
    FillSeen,
    IndexSeen,
    MarketLifecycle,
    MessagesLost,
    OrderGroupSeen,
    OrderSeen,
    SubscriptionLost,
    SubscriptionReady,
    TickerSeen,
    TradeSeen,
)
from kalshi_tui.engine import inputs
from kalshi_tui.engine.board import Board
from kalshi_tui.engine.catalogue import Catalogue
from kalshi_tui.engine.filtering import filter_of
from kalshi_tui.engine.following import Following
from kalshi_tui.engine.notices import Notices
from kalshi_tui.engine.pictures import Pictures
from kalshi_tui.engine.publishing import Publishing
from kalshi_tui.engine.questions import Question, Questions
from kalshi_tui.engine.reading import Reading
from kalshi_tui.engine.status import Status
from kalshi_tui.engine.store import Store
from kalshi_tui.engine.trading import asking
from kalshi_tui.engine.trading.desk import Desk
from kalshi_tui.protocol.patience import Patience
from kalshi_tui.protocol.stream import Stream
from kalshi_tui.sdk.risk import RiskCheck

TICKERS: Final = "ticker"
PRIVATE: Final = ("fill", "user_orders", "order_group_updates")


class Kernel:
    """One engine's knowledge of one venue."""

    def __init__(self, opening: inputs.Opening, risk_checks: Sequence[RiskCheck] = ()) -> None:
        """Begin with what a tape's opening says; one that is not the first carries books and subscriptions."""
        rules = opening.rules
        self.rules = rules
        self.now_ms = opening.at_ms
        self.board = Board()
        self.catalogue = Catalogue(filter_of(rules))
        self.stream = Stream(
            use_yes_price=rules.use_yes_price,
            tells_changes=False,
            patience=Patience(ping_ms=rules.ping_ms, delay_ms=rules.delay_ms),
            grid_of=self.catalogue.grid_of,
        )
        self.store = Store()
        self.notices = Notices()
        self.asking = Questions(rules)
        self.status = Status(opening)
        self.following = Following(self)
        self.reading = Reading(self)
        self.desk = Desk(self, opening, risk_checks)
        pictures = Pictures(self.catalogue, self.store, self.stream.books, rules.metadata_limit_ms)
        self.publishing = Publishing(self, pictures)
        self._touched = self.publishing.touched
        self._outgoing: list[bytes] = []
        self._questions: list[Question] = []
        self._takes: dict[type, Callable[[Any], None]] = {
            inputs.Frames: self._frames,
            inputs.Connected: self._connected,
            inputs.Disconnected: self._disconnected,
            inputs.Pinged: self._pinged,
            inputs.Ticked: self._ticked,
            inputs.FeedSaid: self._feed_said,
            inputs.Replied: self._replied,
            inputs.NotReplied: self._not_replied,
            inputs.Kept: self.reading.kept,
            inputs.Watched: self._watched,
            inputs.Unwatched: self._unwatched,
            inputs.Asked: self._asked,
            inputs.Beat: self._beat,
            inputs.Vitals: self._vitals,
            inputs.Told: self._told,
            inputs.JournalRead: self.desk.take,
            inputs.Journalled: self.desk.take,
            inputs.NotJournalled: self.desk.take,
            inputs.Traded: self.desk.take,
            inputs.Outcome: self.desk.take,
            inputs.KillStepped: self.desk.take,
            inputs.FlagSeen: self.desk.take,
            inputs.Stalled: self.desk.take,
            inputs.Leaving: self.desk.take,
        }
        self._handlers: dict[type, Callable[[Any], None]] = {
            BookStateChanged: self._touch,
            BookReplaced: self._touch,
            TickerSeen: self._ticker,
            TradeSeen: self._trade,
            IndexSeen: self._index,
            MarketLifecycle: self._lifecycle,
            EventLifecycle: self._lifecycle,
            EventFeeChanged: self._lifecycle,
            MessagesLost: self._lost,
            SubscriptionReady: self._ready,
            SubscriptionLost: self._not_ready,
            CommandRefused: self._refused,
            ErrorSeen: self._error,
            FillSeen: self.desk.event,
            OrderSeen: self.desk.event,
            OrderGroupSeen: self.desk.event,
        }
        self.following.begin(opening)
        for channel in PRIVATE if opening.trades and self.desk.paper is None else ():
            self.stream.want(channel)

    def take(self, taken: inputs.Input) -> None:
        """Consume one input."""
        self.now_ms = taken.at_ms
        self._takes[type(taken)](taken)
        if commands := self.stream.outgoing():
            self._outgoing += commands
            for command in commands:
                self.board.note(command)

    def outgoing(self) -> list[bytes]:
        """Return the commands for the venue's stream, once."""
        commands, self._outgoing = self._outgoing, []
        return commands

    def questions(self) -> list[Question]:
        """Return what to ask the venue over REST, once; each is answered by a `Replied` or a `NotReplied`."""
        questions, self._questions = self._questions, []
        return questions

    def ask(self, endpoint: str, argument: str = "") -> None:
        """Have the venue asked something for the desk's sake."""
        self._questions.append(Question(endpoint, argument))

    def opening(self, at_ms: int) -> inputs.Opening:
        """Return what a segment of a tape that begins now must tell."""
        return self.following.opening(self.status.opening, at_ms)

    # What the stream brings

    def _frames(self, taken: inputs.Frames) -> None:
        self.status.frames += len(taken.frames)
        self.status.heard_ms = taken.at_ms
        self.stream.receive_all(taken.frames, taken.at_ms, self._deliver)
        self._drain()
        if self.desk.paper is not None:
            self.desk.paper.touched(self._touched)

    def _connected(self, taken: inputs.Connected) -> None:
        self.stream.connected(taken.at_ms)
        self._drain()

    def _disconnected(self, taken: inputs.Disconnected) -> None:
        self.stream.disconnected(taken.at_ms)
        self._outgoing.clear()
        self.following.miss_trades()
        self.desk.comparing.away("", "the stream is away")
        self.store.quotes.clear()  # nobody keeps them right any more; what was listed says itself how old it is
        self._drain()

    def _pinged(self, taken: inputs.Pinged) -> None:
        self.status.heard_ms = taken.at_ms
        self.stream.ping(taken.at_ms)
        self._drain()

    def _ticked(self, taken: inputs.Ticked) -> None:
        self.stream.tick(taken.at_ms)
        self._drain()

    def _feed_said(self, taken: inputs.FeedSaid) -> None:
        if self.status.feed_said(taken):
            self.store.polled.clear()
        if taken.state in {"waiting", "refused"}:
            self.notices.tell(taken.at_ms, f"the stream is away: {taken.reason}", "warning")
        elif taken.state == "open":
            self.notices.tell(taken.at_ms, "the stream is open")

    def _drain(self) -> None:
        for event in self.stream.events():
            self._deliver(event)

    def _deliver(self, event: Event) -> None:
        if type(event) is BookTouched:
            self._touched[event.ticker] = self.now_ms
            return
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event)

    def _touch(self, event: BookStateChanged | BookReplaced) -> None:
        self._touched[event.ticker] = self.now_ms

    def _ticker(self, event: TickerSeen) -> None:
        self.store.quotes[event.ticker] = event

    def _trade(self, event: TradeSeen) -> None:
        self.store.trade(event)
        self._touched[event.ticker] = self.now_ms
        if self.desk.paper is not None:
            self.desk.paper.traded(event)

    def _index(self, event: IndexSeen) -> None:
        self.store.indexes[event.index_id] = (event, self.now_ms)

    def _lifecycle(self, event: MarketLifecycle | EventLifecycle | EventFeeChanged) -> None:
        self.catalogue.take(event, self.now_ms)
        self.reading.announce()
        if isinstance(event, MarketLifecycle) and event.kind in {"determined", "settled"}:
            self.desk.comparing.ended(event.ticker)

    def _lost(self, event: MessagesLost) -> None:
        self.notices.tell(self.now_ms, f"{event.channel}: {event.reason}", "warning")
        if event.channel == "trade":
            self.following.miss_trades()
            self.following.learn_trades()
        if event.channel in PRIVATE:
            self.desk.comparing.compare_soon()
        if event.channel == "market_lifecycle_v2":
            self.catalogue.may_have_missed(self.now_ms)
            self.asking.read_all(self.now_ms)

    def _ready(self, event: SubscriptionReady) -> None:
        self.desk.comparing.ready(event.channel)
        if event.channel == "trade":
            self.following.learn_trades()
        if event.channel == "market_lifecycle_v2" and self.asking.has_read:
            self.catalogue.may_have_missed(self.now_ms)  # what happens while the stream is away is told to nobody
            self.asking.read_all(self.now_ms)

    def _not_ready(self, event: SubscriptionLost) -> None:
        self.desk.comparing.away(event.channel, event.reason)
        if self.status.is_open():
            self.notices.tell(self.now_ms, f"{event.channel} is not sent any more: {event.reason}", "warning")

    def _refused(self, event: CommandRefused) -> None:
        why = event.message or "no answer came"
        self.notices.tell(self.now_ms, f"the venue refused to {event.command} {event.channel}: {why}", "warning")

    def _error(self, event: ErrorSeen) -> None:
        self.notices.tell(self.now_ms, f"the venue reports: {event.message}", "warning")

    # What the venue answers

    def _replied(self, taken: inputs.Replied) -> None:
        if asking.is_mine(taken.endpoint):
            self.desk.comparing.replied(taken)
        else:
            self.reading.replied(taken)

    def _not_replied(self, taken: inputs.NotReplied) -> None:
        if asking.is_mine(taken.endpoint):
            self.desk.comparing.not_replied(taken)
        else:
            self.reading.not_replied(taken)

    # What people and timers bring

    def _watched(self, taken: inputs.Watched) -> None:
        self.publishing.watch(taken.key)
        self._drain()

    def _unwatched(self, taken: inputs.Unwatched) -> None:
        self.publishing.unwatch(taken.key)
        self._drain()

    def _asked(self, taken: inputs.Asked) -> None:
        self.following.asked(taken.intent)
        self._drain()

    def _beat(self, taken: inputs.Beat) -> None:
        self.status.beat(taken.at_ms)
        self.following.beat()
        self._drain()
        self.desk.beat()
        self._questions += self.reading.questions()
        self.publishing.beat()

    def _vitals(self, taken: inputs.Vitals) -> None:
        self.status.take(taken)
        self.desk.vitals(taken)

    def _told(self, taken: inputs.Told) -> None:
        self.notices.tell(taken.at_ms, taken.words, taken.loudness, taken.ticker)

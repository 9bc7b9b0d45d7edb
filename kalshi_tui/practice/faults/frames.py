"""Faults of one connection: what happens to each frame, ping and command on its way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec

from kalshi_tui.core.units import PRICE_ONE, parse_decimal
from kalshi_tui.practice.faults.rules import Rule, Trigger
from kalshi_tui.practice.stream.complaints import COMPLAINTS, Complaint
from kalshi_tui.practice.stream.outgoing import Binary, Close, Outgoing, Ping
from kalshi_tui.practice.stream.text import price_text

if TYPE_CHECKING:
    from kalshi_tui.practice.faults.armoury import Faults
    from kalshi_tui.practice.stream.session import Session
    from kalshi_tui.practice.stream.subscription import Subscription

_NESTED: Final = 100_000


@dataclass(frozen=True, slots=True)
class Letter:
    """A message on its way out, not yet numbered."""

    subscription: Subscription
    kind: str
    tail: bytes
    name: str  # the market or the value that it is about; empty for a reply
    numbered: bool


class Spoiler:
    """Stands between the subscriptions of one session and its queue."""

    def __init__(self, faults: Faults, session: Session, triggers: dict[str, list[Trigger]]) -> None:
        self.faults = faults
        self.session = session
        self._triggers = triggers
        self._held: Outgoing | None = None
        self._lag: tuple[int, float, int] | None = None  # since when, growth per second, at most (ms)
        self._late = 0  # messages that were sent and are still on their way
        self._late_ms = 0  # when the last of them comes
        rule = self._first_due(triggers["connection"])
        if rule is not None:
            self._later(round(rule.params["after_s"] * 1000), partial(self._end, rule.action, rule.params))

    def _first_due(self, triggers: Sequence[Trigger], ticker: str = "") -> Rule | None:
        exchange = self.session.hub.exchange
        return self.faults.first_due(triggers, exchange, user_id=self.session.user_id, ticker=ticker)

    # --- the session's side

    def pass_on(self, subscription: Subscription, kind: str, tail: bytes, name: str, *, numbered: bool) -> None:
        """Send a message, or do to it what the first rule that strikes says."""
        letter = Letter(subscription, kind, tail, name, numbered)
        channel = subscription.channel.name
        watching = [one for one in self._triggers["frame"] if one.rule.watches(channel=channel, type=kind, ticker=name)]
        rule = self._first_due(watching, name)
        if rule is None:
            self.post(letter)
        else:
            self._spoil(rule.action, letter, rule.params)

    def pass_ping(self) -> None:
        """Send a ping the way of everything else."""
        self.put(Ping())

    def spoils_command(self, name: str, command_id: int) -> bool:
        """Answer a command with an error, or not at all, where a rule says so."""
        rule = self._first_due([one for one in self._triggers["command"] if one.rule.watches(cmd=name)])
        if rule is None:
            return False
        if rule.action == "error":
            code = rule.params["code"]
            body = Complaint(code).body() if code in COMPLAINTS else {"code": code, "msg": "Unnamed"}
            self.session.reply("error", command_id, body)
        return True

    # --- sending

    def stamp(self, letter: Letter) -> bytes:
        """Number a letter."""
        return letter.subscription.stamp(letter.kind, letter.tail, numbered=letter.numbered)

    def post(self, letter: Letter) -> None:
        """Send a letter as it is."""
        subscription = letter.subscription
        if subscription.full():
            subscription.overflow()
            return
        subscription.queued += 1
        self.put(self.stamp(letter))

    def put(self, item: Outgoing) -> None:
        """Put something on the wire; what was held back for being out of order follows it."""
        held, self._held = self._held, None
        self._put(item)
        if held is not None:
            self._put(held)

    def _put(self, item: Outgoing) -> None:
        now_ms = self.session.hub.exchange.now_ms
        behind_ms = self._behind_ms(now_ms)
        if not (behind_ms or self._late):
            self.session.queue(item)
            return
        # What was sent before comes before, also where the connection catches up again.
        self._late_ms = max(self._late_ms, now_ms + behind_ms)
        self._late += 1
        self._later(self._late_ms - now_ms, partial(self._come, item))

    def _come(self, item: Outgoing) -> None:
        self._late -= 1
        self.session.queue(item)

    def _behind_ms(self, now_ms: int) -> int:
        if self._lag is None or self.faults.ceased:
            return 0
        since_ms, per_s_ms, most_ms = self._lag
        return min(most_ms, int((now_ms - since_ms) * per_s_ms / 1000))

    def hold(self, item: Outgoing) -> None:
        """Keep something back until the next has gone."""
        if self._held is not None:
            self._put(self._held)
        self._held = item

    def _later(self, delay_ms: int, action: Callable[[], None]) -> None:
        exchange = self.session.hub.exchange
        exchange.schedule(exchange.now_ms + delay_ms, action)

    # --- what a rule does

    def _spoil(self, action: str, letter: Letter, params: Any) -> None:
        if action in _LETTER_ACTIONS:
            _LETTER_ACTIONS[action](self, letter, params)
        elif action == "kill":
            letter.subscription.die(params["code"])
        else:
            self.post(letter)
            self._end(action, params)

    def _end(self, action: str, params: Any) -> None:
        """End the connection, or all that it carries."""
        session = self.session
        if action == "close":
            session.hang_up(Close(params["code"], params["reason"]))
        elif action == "cut":
            session.hang_up(Close(1006, "", abrupt=True))
        elif action == "kill":
            for subscription in tuple(session.subscriptions.values()):
                subscription.die(params["code"])
        else:
            session.fall_silent()
            if params["for_s"]:
                self._later(round(params["for_s"] * 1000), session.speak_again)

    def delay(self, letter: Letter, params: Any) -> None:
        """Send a letter late; numbered before, or, as if made late, at its sending."""
        if params["renumber"]:
            self._later(params["delay_ms"], lambda: self._post_if_open(letter))
            return
        frame = self.stamp(letter)
        self._later(params["delay_ms"], lambda: self.put(frame))

    def _post_if_open(self, letter: Letter) -> None:
        if letter.subscription.sid in self.session.subscriptions:
            self.post(letter)

    def lag(self, letter: Letter, params: Any) -> None:
        """From now on the connection falls behind more and more."""
        if self._lag is None:
            self._lag = (self.session.hub.exchange.now_ms, params["per_s_ms"], params["max_ms"])
        self.post(letter)


# --- actions on one message


def _drop(spoiler: Spoiler, letter: Letter, _params: Any) -> None:
    spoiler.stamp(letter)  # the number is used up: that is the gap


def _duplicate(spoiler: Spoiler, letter: Letter, params: Any) -> None:
    frame = spoiler.stamp(letter)
    for _ in range(1 + params["copies"]):
        spoiler.put(frame)


def _reorder(spoiler: Spoiler, letter: Letter, _params: Any) -> None:
    spoiler.hold(spoiler.stamp(letter))


def _reset_seq(spoiler: Spoiler, letter: Letter, params: Any) -> None:
    letter.subscription.seq = params["to"] - 1
    spoiler.post(letter)


def _edit(spoiler: Spoiler, letter: Letter, params: Any) -> None:
    top = msgspec.json.decode(spoiler.stamp(letter))
    part = top[params["where"]] if params["where"] == "msg" else top
    if params["how"] == "remove":
        part.pop(params["field"], None)
    else:
        part[params["field"]] = _value(params)
    spoiler.put(msgspec.json.encode(top))


def _value(params: Any) -> object:
    if params["how"] == "null":
        return None
    return msgspec.Raw(str(params["value"]).encode()) if params["how"] == "raw" else params["value"]


def _garble(spoiler: Spoiler, letter: Letter, params: Any) -> None:
    frame = spoiler.stamp(letter)
    half = len(frame) // 2
    spoilt: dict[str, Outgoing] = {
        "json": frame[:half],
        "utf8": frame[:half] + b"\xff\xfe\xc0" + frame[half:],
        "binary": Binary(frame),
    }
    spoiler.put(spoilt[params["as"]])


def _inject(spoiler: Spoiler, letter: Letter, params: Any) -> None:
    spoiler.put(params["text"].encode())
    spoiler.post(letter)


def _huge(spoiler: Spoiler, letter: Letter, params: Any) -> None:
    if params["shape"] == "padding":
        spoiler.put(b'{"type":"novelty","sid":1,"msg":{"padding":"%b"}}' % (b"x" * params["size"]))
    else:
        spoiler.put(b'{"type":"novelty","sid":1,"msg":%b%b}' % (b"[" * _NESTED, b"]" * _NESTED))
    spoiler.post(letter)


def _misroute(spoiler: Spoiler, letter: Letter, params: Any) -> None:
    """Send a message to the wrong address first, then as it should be."""
    top = msgspec.json.decode(b'{"type":"","sid":0,"seq":1' + letter.tail)
    top["type"] = letter.kind
    top["sid"] = params["sid"] or letter.subscription.sid
    if not params["sid"]:
        letter.subscription.seq += 1
        top["seq"] = letter.subscription.seq
    if params["to_ticker"]:
        top["msg"]["market_ticker"] = params["to_ticker"]
    spoiler.put(msgspec.json.encode(top))
    spoiler.post(letter)


def _cross(spoiler: Spoiler, letter: Letter, _params: Any) -> None:
    """Send a delta that never was: a bid at the best ask."""
    spoiler.post(letter)
    subscription = letter.subscription
    market = subscription.session.hub.exchange.markets[letter.name]
    forged = {
        "market_ticker": market.ticker,
        "market_id": market.market_id,
        "clock": max(market.clock, 1),
        "price_dollars": price_text(min(market.best_ask, PRICE_ONE - 1)),
        "delta_fp": "1.00",
        "side": "yes",
        "ts_ms": subscription.session.hub.exchange.now_ms,
    }
    tail = subscription.session.tail(forged)
    spoiler.put(subscription.stamp("orderbook_delta", tail, numbered=True))


def _fill_again(spoiler: Spoiler, letter: Letter, _params: Any) -> None:
    """Send a fill, and the same fill under another trade id."""
    frame = spoiler.stamp(letter)
    top = msgspec.json.decode(frame)
    top["msg"]["trade_id"] = spoiler.faults.made_up_id()
    spoiler.put(frame)
    spoiler.put(msgspec.json.encode(top))


def _worse_price(spoiler: Spoiler, letter: Letter, params: Any) -> None:
    """Report a fill at a worse price than the order's limit allows."""
    top = msgspec.json.decode(spoiler.stamp(letter))
    msg = top["msg"]
    by = parse_decimal(params["by"], 4) * (1 if msg["book_side"] == "bid" else -1)
    worse = parse_decimal(msg["yes_price_dollars"], 4) + by
    msg["yes_price_dollars"] = price_text(min(max(worse, 1), PRICE_ONE - 1))
    spoiler.put(msgspec.json.encode(top))


_LETTER_ACTIONS: Final[dict[str, Callable[[Spoiler, Letter, Any], None]]] = {
    "drop": _drop,
    "duplicate": _duplicate,
    "reorder": _reorder,
    "delay": Spoiler.delay,
    "lag": Spoiler.lag,
    "reset_seq": _reset_seq,
    "edit": _edit,
    "garble": _garble,
    "inject": _inject,
    "huge": _huge,
    "misroute": _misroute,
    "cross": _cross,
    "fill_again": _fill_again,
    "worse_price": _worse_price,
}

"""The faults of one exchange: which rule strikes when, at the doors, on the stream and on the floor."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from kalshi_tui.practice.faults.floor import strike_floor, target_of
from kalshi_tui.practice.faults.frames import Spoiler
from kalshi_tui.practice.faults.requests import HTML, RequestFault, body_of, fill_first
from kalshi_tui.practice.faults.rules import Place, Rule, Trigger
from kalshi_tui.practice.faults.states import Occasion
from kalshi_tui.practice.happenings import Filled, Happening, OrderChanged, Traded

if TYPE_CHECKING:
    from kalshi_tui.practice.exchange import Exchange
    from kalshi_tui.practice.stream.session import Session

_API: Final = "/trade-api/v2"
_HOUSE: Final = "house-of-faults"  # its own, so that self-trade prevention never stands in the way
_LOOK_AGAIN_MS: Final = 250  # how often a rule that waits for a state looks again
_HEARS: Final[dict[type, str]] = {Filled: "fill", OrderChanged: "order", Traded: "trade"}


class Faults:
    """Rules at work; `struck` counts what each has done, `missed` what the exchange did not let it do."""

    def __init__(self, rules: Sequence[Rule], chance: random.Random) -> None:
        self.rules = tuple(rules)
        self.struck: Counter[str] = Counter()
        self.missed: Counter[str] = Counter()
        self.ceased = False
        self._chance = chance
        self._start_ms: int | None = None
        self._triggers: dict[Place, list[Trigger]] = {
            "request": [],
            "frame": [],
            "connection": [],
            "command": [],
            "exchange": [],
        }
        for rule in rules:
            self._triggers[rule.at].append(Trigger(rule, chance))

    def arm(self, exchange: Exchange) -> None:
        """Start the clock of the rules and schedule those that strike the exchange itself."""
        self._start_ms = exchange.now_ms
        heard = False
        for trigger in self._triggers["exchange"]:
            if trigger.rule.params["on"]:
                heard = True
            else:
                at_ms = exchange.now_ms + round(trigger.rule.params["at_s"] * 1000)
                exchange.schedule(at_ms, self._attempt(exchange, trigger))
        if heard:
            exchange.listen(lambda happening: self._hear(exchange, happening))

    def cease(self) -> None:
        """Strike no more; late messages still come, in their order, and a half-open connection stays half open."""
        self.ceased = True

    def for_request(
        self, method: str, path: str, now_ms: int, exchange: Exchange, user_id: str = ""
    ) -> RequestFault | None:
        """Return what a door shall do to this request; `path` as it came, or below /trade-api/v2."""
        if self._start_ms is None:
            self._start_ms = now_ms
        route = path.partition("?")[0].removeprefix(_API)
        watching = [one for one in self._triggers["request"] if one.rule.watches(method=method, path=route)]
        rule = self.first_due(watching, exchange, user_id=user_id)
        if rule is None:
            return None
        if rule.action == "fill_first":
            fill_first(exchange, self.house(exchange), route, rule.params["count"])
            return None
        return _request_fault(rule)

    def spoiler(self, session: Session) -> Spoiler | None:
        """Return what stands between a new session and its wire, or nothing when no rule concerns the stream."""
        places: tuple[Place, ...] = ("frame", "connection", "command")
        if not any(self._triggers[place] for place in places):
            return None
        return Spoiler(self, session, {place: self._triggers[place] for place in places})

    def first_due(
        self, triggers: Sequence[Trigger], exchange: Exchange, *, user_id: str = "", ticker: str = ""
    ) -> Rule | None:
        """Note an occasion with every rule that watches it, and return the first that strikes at it."""
        if self.ceased:
            return None
        if self._start_ms is None:
            self._start_ms = exchange.now_ms
        occasion = Occasion(exchange, (exchange.now_ms - self._start_ms) / 1000, user_id, ticker)
        due = [trigger for trigger in triggers if trigger.due(occasion)]
        if not due:
            return None
        due[0].struck += 1
        self.struck[due[0].rule.name] += 1
        return due[0].rule

    def made_up_id(self) -> str:
        """Return an id in the shape of a UUID that the exchange never gave."""
        text = f"{self._chance.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def house(self, exchange: Exchange) -> str:
        """Return the account with which faults trade: one of the house's, opened when first needed."""
        if _HOUSE not in exchange.accounts:
            exchange.open_account(cash=0, user_id=_HOUSE, house=True)
        return _HOUSE

    # --- on the floor

    def _attempt(self, exchange: Exchange, trigger: Trigger) -> Callable[[], None]:
        """Strike when a market and a member fit; until then look again."""

        def attempt() -> None:
            target = target_of(exchange, trigger.rule)
            if target is None:
                exchange.schedule(exchange.now_ms + _LOOK_AGAIN_MS, attempt)
                return
            self._strike(exchange, trigger, *target)

        return attempt

    def _strike(self, exchange: Exchange, trigger: Trigger, user_id: str, ticker: str) -> None:
        rule = self.first_due([trigger], exchange, user_id=user_id, ticker=ticker)
        if rule is not None and not strike_floor(self, exchange, rule, user_id, ticker):
            self.missed[rule.name] += 1

    def _hear(self, exchange: Exchange, happening: Happening) -> None:
        heard = _HEARS.get(type(happening))
        if heard is None:
            return
        user_id, ticker = _who(happening)  # the house's fills and orders are not told
        for trigger in self._triggers["exchange"]:
            rule = trigger.rule
            if rule.params["on"] == heard and rule.watches(ticker=ticker):
                # What is told is still being told: the rule strikes when that is over.
                exchange.schedule(exchange.now_ms, self._strike_later(exchange, trigger, user_id, ticker))

    def _strike_later(self, exchange: Exchange, trigger: Trigger, user_id: str, ticker: str) -> Callable[[], None]:
        return lambda: self._strike(exchange, trigger, user_id, ticker)


def _who(happening: Any) -> tuple[str, str]:
    if isinstance(happening, Filled):
        return happening.fill.user_id, happening.fill.ticker
    if isinstance(happening, OrderChanged):
        return happening.order.user_id, happening.order.ticker
    return "", happening.trade.ticker


def _request_fault(rule: Rule) -> RequestFault:
    params = rule.params
    body, content_type = b"", "application/json"
    if "status" in params:
        body = params["body"].encode() or body_of(params["status"], params["code"], params["details"])
        if params["html"]:
            body, content_type = HTML.format(status=params["status"]).encode(), "text/html"
    return RequestFault(
        kind=rule.action,  # type: ignore[arg-type]  # the catalogue of request actions is the list of kinds
        accepted=params.get("accepted", False),
        status=params.get("status", 0),
        content_type=content_type,
        body=body,
        delay_ms=params.get("delay_ms", 0),
        keep_bytes=params.get("keep_bytes", 0),
        age_ms=params.get("age_ms", 0),
        rows=params.get("rows", 0),
        rule=rule.name,
        fault=rule.fault,
    )

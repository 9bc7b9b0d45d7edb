"""Commands as they were read, and their parameters, each of the right type or refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kalshi_tui.practice.stream.complaints import Complaint
from kalshi_tui.practice.stream.subscription import Subscription

if TYPE_CHECKING:
    from kalshi_tui.practice.stream.session import Session


@dataclass(frozen=True, slots=True)
class Command:
    """A command that could be read; `params` is what came, or None."""

    session: Session
    id: int  # 0 is no id
    params: dict[str, Any] | None

    def need_params(self) -> dict[str, Any]:
        """Return the parameters, which this command cannot do without."""
        if self.params is None:
            raise Complaint(2)
        return self.params


def strings(params: dict[str, Any], key: str) -> list[str] | None:
    """Return a list of strings, or None when the key is absent."""
    value = params.get(key)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise Complaint(11)
    return value


def flag(params: dict[str, Any], key: str) -> bool:
    """Return a switch, off when the key is absent."""
    value = params.get(key, False)
    if not isinstance(value, bool):
        raise Complaint(11)
    return value


def _one_or_many(params: dict[str, Any], one: str, many: str) -> list[str] | None:
    """Return what `one` or `many` names; both at once are refused."""
    single, several = params.get(one), strings(params, many)
    if single is None:
        return several
    if several is not None or not isinstance(single, str) or not single:
        raise Complaint(11)
    return [single]


@dataclass(frozen=True, slots=True)
class Markets:
    """The markets that a command names, already as tickers; `names` is None when it names none."""

    names: list[str] | None
    by_id: bool


def markets_of(session: Session, params: dict[str, Any]) -> Markets:
    """Return the markets that a command names, by ticker or by id but not by both."""
    tickers = _one_or_many(params, "market_ticker", "market_tickers")
    ids = _one_or_many(params, "market_id", "market_ids")
    if ids is None:
        return Markets(tickers, by_id=False)
    if tickers is not None:
        raise Complaint(11)
    return Markets([session.hub.ticker_of(market_id) for market_id in ids], by_id=True)


def check_room(subscription: Subscription, new: Sequence[str]) -> None:
    """Refuse what would take a subscription over its limit."""
    limit = subscription.session.hub.limits.markets
    if len(subscription.names) + len(new) > limit:
        raise Complaint(26, subscription, new[:1])


def sid_of(value: object) -> int:
    """Return a subscription number, or refuse."""
    if type(value) is not int:
        raise Complaint(11)
    return value


def known(session: Session, sid: int) -> Subscription:
    """Return an open subscription, or refuse."""
    subscription = session.subscriptions.get(sid)
    if subscription is None:
        raise Complaint(7)
    return subscription

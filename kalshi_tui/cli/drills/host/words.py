"""F71 to F73: whether hostile words and names come through to a screen, a journal or a request."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

import msgspec

from kalshi_tui.core.units import Price, Size
from kalshi_tui.link import trading as link
from kalshi_tui.link.keys import MarketKey, MarketsKey, NoticesKey, OrdersKey, StatusKey, TicketKey, TradingKey

if TYPE_CHECKING:
    from kalshi_tui.cli.drills.host.stage import Stage

_LOOK_S: Final = 0.5
_LONGEST: Final = 20_000  # signs; whatever is longer was cut off nowhere
_FOREIGN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
_REQUEST: Final = re.compile(r"[A-Z]+ (/[A-Za-z0-9_%-][A-Za-z0-9_.%-]*)+")
_STRIKES_S: Final = 10.0  # after which every rule of these scenarios has struck
_SHOWN: Final = 4


def hostile(fault: str) -> Callable[[Stage], Awaitable[None]]:
    """Trade while the scenario of a fault gives markets hostile words or names, with a ticket open for each."""

    async def act(stage: Stage) -> None:
        await stage.start()
        await stage.ready()
        await stage.join()
        await stage.clock.sleep(_STRIKES_S)
        faults = stage.world.desk.faults
        stage.strikes += faults.struck.total() if faults is not None else 0
        await stage.tradable()
        stage.problems += await _pictures(stage)
        stage.problems += _journal(stage)
        stage.problems += _requests(stage)
        await stage.agree()
        await stage.stop()
        stage.must(fault != "F73" or _hostile_names(stage), "no market has a hostile name")

    return act


async def _pictures(stage: Stage) -> list[str]:
    """Say what no picture may hold, and which hostile names could be traded."""
    markets = list(stage.exchange.markets)
    keys: list[Any] = [StatusKey(), MarketsKey(count=200), NoticesKey(200), OrdersKey(count=500), TradingKey()]
    keys += [MarketKey(ticker) for ticker in markets if NAME.fullmatch(ticker)]
    found = []
    for ticker in markets:
        staged = await stage.ask(link.Stage(link.Draft(ticker, "bid", Price(5_000), Size(100))))
        if not isinstance(staged, link.Staged):
            continue
        keys.append(TicketKey(staged.ticket.number))
        if staged.ticket.may_fire and not NAME.fullmatch(ticker):
            found.append(f"{ticker!r:.80} could be traded")
    for key in keys:
        stage.view(key)
    await stage.clock.sleep(_LOOK_S)
    found += [f"{key} holds {sign!r}" for key in keys for sign in foreign(msgspec.to_builtins(stage.view(key)))]
    return found[:_SHOWN]


def _journal(stage: Stage) -> list[str]:
    """Say what no row may hold."""
    found = []
    for row in stage.journal.durable_rows():
        said = msgspec.json.decode(row.body)
        found += [f"row {row.number} of the journal holds {sign!r}" for sign in foreign(said)]
        if said.get("ticker") and not NAME.fullmatch(said["ticker"]):
            found.append(f"row {row.number} of the journal is about {said['ticker']!r:.80}")
    return found[:_SHOWN]


def _requests(stage: Stage) -> list[str]:
    """Say which requests were asked of another path than was meant."""
    return [f"{path!r:.80} was asked for" for path in stage.world.wire.asked if not _REQUEST.fullmatch(path)][:_SHOWN]


def _hostile_names(stage: Stage) -> list[str]:
    return [ticker for ticker in stage.exchange.markets if not NAME.fullmatch(ticker)]


def foreign(value: Any) -> Iterator[str]:
    """Return what a terminal might obey, from all texts within."""
    if isinstance(value, str):
        if len(value) > _LONGEST:
            yield value[:20]
        yield from (sign for sign in value if unicodedata.category(sign) in _FOREIGN and sign != "\n")
    elif isinstance(value, dict):
        for key, within in value.items():
            yield from foreign(key)
            yield from foreign(within)
    elif isinstance(value, (list, tuple)):
        for within in value:
            yield from foreign(within)

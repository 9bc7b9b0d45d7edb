"""What must follow from one fault of the order path, read from the journal and from what people were shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

import msgspec

from kalshi_tui.cli.drills.order_checks import dealing
from kalshi_tui.cli.drills.plan import Check
from kalshi_tui.core.units import Price, Size
from kalshi_tui.link import trading as link
from kalshi_tui.link.keys import TicketKey
from kalshi_tui.practice.faults.requests import fill_first

if TYPE_CHECKING:
    from kalshi_tui.cli.drills.scene import Scene

_KNOWN: Final = frozenset({"Placed", "OrderTold", "Absent"})
_LOOK_S: Final = 0.3
_PART_S: Final = 3.0
_ONE: Final = Size(100)
_MOST_ASKED: Final = 40  # in ten seconds


def entries(scene: Scene, *kinds: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the journal's rows of some kinds, or all, in order."""
    for row in scene.world.journal.durable_rows():  # type: ignore[attr-defined]  # the one in memory
        if not kinds or row.kind in kinds:
            yield row.kind, msgspec.json.decode(row.body)


def told(kind: str, count: int = 1, /, **said: Any) -> Check:
    """Hold that the journal has at least so many rows of a kind that say this."""

    async def check(scene: Scene) -> list[str]:
        found = [row for _, row in entries(scene, kind) if all(row[name] == value for name, value in said.items())]
        return [] if len(found) >= count else [f"the journal has {len(found)} {kind} {said or ''}, and not {count}"]

    return check


def cash_moved(amount: int) -> Check:
    """Hold that so much cash was booked as come or gone: in parts, where orders that worked left a part in doubt."""

    async def check(scene: Scene) -> list[str]:
        moved = sum(row["amount"] for _, row in entries(scene, "CashTold") if row["kind"] == "moved")
        return [] if moved == amount else [f"{moved} of cash were booked as moved, and not {amount}"]

    return check


def never(kind: str, /, **said: Any) -> Check:
    """Hold that the journal has no row of a kind that says this."""

    async def check(scene: Scene) -> list[str]:
        found = [row for _, row in entries(scene, kind) if all(row[name] == value for name, value in said.items())]
        return [f"the journal has {len(found)} {kind} {said or ''}: {found[0]}"] if found else []

    return check


def resolved_within(seconds: float) -> Check:
    """Hold that the fate of each order without an answer became known in time, from the venue's own word."""

    async def check(scene: Scene) -> list[str]:
        names, open_ms, slow, known = {}, {}, [], set()
        for kind, row in entries(scene):
            if kind == "Intended":
                names[row["client_order_id"]] = row["number"]
            elif kind == "Unanswered":
                if row["number"] not in known:  # the stream may have told before the answer was missed
                    open_ms[row["number"]] = row["at_ms"]
            elif kind in _KNOWN:
                number = row.get("number") or names.get(row.get("client_order_id"))
                known.add(number)
                took_ms = row["at_ms"] - open_ms.pop(number, row["at_ms"])
                slow += [f"order {number} was unknown for {took_ms / 1000:.1f} s"] if took_ms > seconds * 1000 else []
        return [*slow, *(f"order {number} is still unknown" for number in open_ms)]

    return check


def refused(*codes: str) -> Check:
    """Hold that somebody was refused an order for each of these reasons."""

    async def check(scene: Scene) -> list[str]:
        refusals = dealing(scene).trader.conduct.refusals
        return [f"nothing was refused as {code}: {dict(refusals)}" for code in codes if not refusals[code]]

    return check


def every(kind: str, holds: Callable[[dict[str, Any]], bool], words: str) -> Check:
    """Hold something of each row of a kind."""

    async def check(scene: Scene) -> list[str]:
        return [f"{words}: {row}" for _, row in entries(scene, kind) if not holds(row)][:1]

    return check


async def a_market_was_held(scene: Scene) -> list[str]:
    """Hold that the market was halted, or the withdrawn trade shown, and that a person has had to look at it."""
    found = [row for _, row in entries(scene, "DifferenceFound")]
    looked = [row for _, row in entries(scene, "DifferenceEnded") if row["how"] == "acknowledged"]
    return [] if found and looked else [f"{len(found)} differences were shown, {len(looked)} were acknowledged"]


async def nothing_was_intended_while_the_group_had_tripped(scene: Scene) -> list[str]:
    """Hold that the trip disarmed, and that nothing was placed before a person had armed again."""
    has_tripped = seen = False
    wrong = []
    for kind, row in entries(scene, "GroupTold", "Armed", "Intended"):
        if kind == "GroupTold" and row["kind"] == "triggered":
            has_tripped = seen = True
        elif kind == "Armed":
            has_tripped = False
        elif has_tripped and not row["reduce_only"]:
            wrong.append(f"order {row['number']} was intended after the group had tripped")
    return wrong if seen else ["no group was told to have tripped"]


async def an_order_of_others_was_adopted(scene: Scene) -> list[str]:
    """Hold that what was traded on another screen stands among our orders as such."""
    ledger = scene.engine.kernel.desk.ledger
    found = [order for order in ledger.orders.values() if order.origin == "external"]
    there = dealing(scene).register.external
    return [] if len(found) == there and there else [f"{len(found)} of {there} orders from elsewhere were adopted"]


async def it_asked_little_and_said_so(scene: Scene) -> list[str]:
    """Hold that a revoked key does not lead to a storm of requests, and that everybody can see it."""
    wire, view = scene.world.wire, dealing(scene).trader.trading
    last_ms = scene.world.clock.now_ms() - 10_000
    late = sum(at_ms >= last_ms for at_ms in wire.asked_ms)
    found = [] if late <= _MOST_ASKED else [f"{late} requests in the last ten seconds"]
    if view is None or view.state == "active":
        found.append("trading is shown as active")
    words = [text for text in scene.witness.seen.words if "key" in text or "refuse" in text or "401" in text]
    return found if words else [*found, "nothing says that the key is refused"]


async def the_kill_waited(scene: Scene) -> list[str]:
    """Hold that a kill was shown as pending while the exchange would not hear of it, and was verified afterwards."""
    ended = [row for _, row in entries(scene, "KillEnded")]
    if not ended or ended[-1]["resting"] != 0:
        return [f"the kill was not verified: {ended[-1:]}"]
    trader = dealing(scene).trader
    if not trader.killed_resting or any("pending" in text for text in trader.kill_words):
        return []  # where nothing rests, nothing has to wait
    return [f"the kill was not shown as pending: {list(trader.kill_words)}"]


async def somebody_takes_a_part(scene: Scene) -> None:
    """Fill a contract of each of the person's larger orders, now and then: crowds take them whole or not at all."""
    exchange, user_id = scene.world.desk.exchange, scene.world.desk.user_id
    while not scene.ceased_ms:
        await scene.world.clock.sleep(_PART_S)
        for order in exchange.resting_of(user_id):
            if order.remaining > 2 * _ONE:
                fill_first(exchange, scene.faults.house(exchange), f"/orders/{order.order_id}", "1.00")


async def an_old_ticket_is_fired_on_new_terms(scene: Scene) -> None:
    """Stage tickets on both sides just before a market's grid changes; just after, what adds risk must be refused."""
    clock, exchange = scene.world.clock, scene.world.desk.exchange
    await clock.sleep((scene.begun_ms + 4_700 - clock.now_ms()) / 1000)
    ticker = next(name for name, market in exchange.markets.items() if market.status == "active")
    market = exchange.markets[ticker]
    drafts = (
        link.Draft(ticker, "bid", Price(market.best_bid), _ONE),
        link.Draft(ticker, "ask", Price(market.best_ask), _ONE),
    )
    staged = [await scene.link.ask(link.Stage(draft)) for draft in drafts]
    tickets = [made.ticket.number for made in staged if isinstance(made, link.Staged)]
    await clock.sleep(1.0)
    watching = [scene.link.watch(TicketKey(number)) for number in tickets]
    await clock.sleep(_LOOK_S)
    views = [watched.view for watched in watching if isinstance(watched.view, link.TicketView)]
    rows = [{row.code: row.words for row in view.checks} for view in views]
    refused = [row for row in rows if "MARKET_CHANGED" in row]
    spared = [row for row in rows if row.get("description", "").startswith("not asked")]
    # One of both may only reduce what is held, and reductions are spared the question; never both of them.
    if len(rows) < 2 or not refused or len(refused) + len(spared) < 2:
        scene.problems.append(f"old tickets were not refused for the new terms: {rows}")

"""Waking a kept exchange: its records are put back as they were, and time goes on from there."""

from __future__ import annotations

import sqlite3
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from kalshi_tui.core.units import Money, format_money
from kalshi_tui.practice.desk import USUAL_RULES, Desk, furnish, no_collections, open_desk
from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.history import History
from kalshi_tui.practice.keep import Keeper, KeptMarket, Moment, Origin
from kalshi_tui.practice.keepfile import Damaged, KeepFile, open_keep_file, refuse_damaged
from kalshi_tui.practice.live import LiveEvent, WalkState
from kalshi_tui.practice.records import (
    Account,
    Event,
    FeeChange,
    Fill,
    Market,
    Order,
    OrderGroup,
    Position,
    Series,
    Settlement,
)
from kalshi_tui.practice.rules import Rules
from kalshi_tui.practice.world import World, WorldState
from kalshi_tui.practice.worldfile import WorldRefused, load_world

_T = TypeVar("_T")


def open_kept_desk(
    folder: Path,
    *,
    start_ms: int,
    past_ms: int = 0,
    world: str = "first",
    seed: int | None = None,
    usual_seed: int | None = None,
    markets: int | None = None,
    scenario: Path | None = None,
    cash: int | None = None,
    key_pem: bytes | None = None,
    rules: Rules = USUAL_RULES,
) -> tuple[Desk, Keeper]:
    """Open a world that is kept in a folder: wake the one that lies there, or begin one.

    A wish that contradicts what is kept is refused; `usual_seed` is no wish and counts only for a beginning.
    """
    spec = load_world(world)
    path = folder / f"{spec.name}.keep"
    file = open_keep_file(path)
    if file.is_new:
        try:
            desk = open_desk(
                start_ms=start_ms,
                past_ms=past_ms,
                world=spec,
                seed=usual_seed if seed is None else seed,
                markets=markets,
                scenario=scenario,
                cash=cash,
                key_pem=key_pem,
                rules=rules,
            )
        except Exception:
            file.close()
            path.unlink()  # nothing was kept yet
            raise
        origin = Origin(spec, desk.seed, desk.user_id, markets, cash)
    else:
        origin, living, exchange = _wake(file, start_ms, rules, {"seed": seed, "markets": markets, "cash": cash})
        desk = furnish(living, exchange, user_id=origin.user_id, key_pem=key_pem, scenario=scenario)
    keeper = Keeper(file, desk, origin)
    with no_collections():
        keeper.save()
    return desk, keeper


def _wake(file: KeepFile, start_ms: int, rules: Rules, wishes: dict[str, int | None]) -> tuple[Origin, World, Exchange]:
    try:
        origin = _one(file, "origin", Origin)
        _check_wishes(file.path, origin, wishes)
        with no_collections():
            return origin, *_read(file, origin, start_ms, rules)
    except WorldRefused:
        file.close()
        raise
    except (Damaged, msgspec.MsgspecError, sqlite3.DatabaseError, LookupError, ValueError) as problem:
        file.close()
        raise refuse_damaged(file.path, f"{type(problem).__name__}: {problem}") from None


def _check_wishes(path: Path, origin: Origin, wishes: dict[str, int | None]) -> None:
    for name, wished in wishes.items():
        kept = getattr(origin, name)
        if wished is not None and wished != kept:
            then, now = (_as_written(name, value) for value in (kept, wished))
            raise WorldRefused(
                f"the world kept in {path} was begun with another --{name} ({then} then, {now} now)",
                hint=f"leave --{name} out to go on with it, or move the file away to begin anew",
            )


def _as_written(name: str, value: int | None) -> str:
    """Write a wish as the command line has it: cash in dollars."""
    if value is None:
        return "none"
    return f"{format_money(Money(value)).rstrip('0').rstrip('.')} dollars" if name == "cash" else str(value)


def _read(file: KeepFile, origin: Origin, start_ms: int, rules: Rules) -> tuple[World, Exchange]:
    moment = _one(file, "moment", Moment)
    exchange = Exchange(seed=origin.seed, start_ms=moment.now_ms, rules=rules)
    exchange.series.update({one.ticker: one for one in _all(file, "series", Series)})
    exchange.events.update({one.ticker: one for one in _all(file, "event", Event)})
    _put_fees_back(exchange, _all(file, "fee_change", FeeChange))
    _put_members_back(exchange, file)
    _put_markets_back(exchange, _all(file, "market", KeptMarket))
    exchange.clock, exchange.fee_pot = moment.clock, moment.fee_pot
    exchange.trading_active, exchange.exchange_active = moment.trading_active, moment.exchange_active
    exchange.resume_ms = moment.resume_ms
    exchange.random.setstate(moment.chance)
    exchange.advance(max(start_ms, moment.now_ms))
    living = World(exchange, origin.spec)
    walks = {name: msgspec.msgpack.decode(body, type=WalkState) for name, body in file.rows("walk")}
    living.wake(WorldState(walks, _all(file, "live", LiveEvent)))
    return living, exchange


def _all(file: KeepFile, kind: str, record: type[_T]) -> list[_T]:
    decode = msgspec.msgpack.Decoder(record).decode
    return [decode(body) for _, body in file.rows(kind)]


def _one(file: KeepFile, kind: str, record: type[_T]) -> _T:
    rows = _all(file, kind, record)
    if len(rows) != 1:
        raise Damaged(f"there is no {kind}")
    return rows[0]


def _put_fees_back(exchange: Exchange, changes: list[FeeChange]) -> None:
    for change in changes:
        if change.scheduled_ms > exchange.now_ms:
            exchange.schedule_fee_change(change)
        else:
            exchange.fee_changes.append(change)


def _put_members_back(exchange: Exchange, file: KeepFile) -> None:
    for account in _all(file, "account", Account):
        account.reserved.clear()  # counted anew as the orders come to rest
        exchange.accounts[account.user_id] = account
        exchange.histories[account.user_id] = History(exchange.rules)
    for position in _all(file, "position", Position):
        _put_position_back(exchange, position)
    counts = exchange._groups._counts  # noqa: SLF001 - waking is the one time that groups come from elsewhere
    for group in _all(file, "group", OrderGroup):
        group.order_ids.clear()  # as the reserves
        exchange.groups[group.group_id] = group
        counts[group.user_id] = counts.get(group.user_id, 0) + 1
    for order in _all(file, "order", Order):
        exchange.orders[order.order_id] = order
        for old in exchange.histories[order.user_id].add_order(order):
            del exchange.orders[old.order_id]
    for fill in _all(file, "fill", Fill):
        exchange.histories[fill.user_id].add_fill(fill)
    for row in _all(file, "settlement", Settlement):
        exchange.histories[row.user_id].add_settlement(row)
    for user_id, used in _all(file, "id", tuple[str, str]):
        exchange.histories[user_id].burn(used)


def _put_position_back(exchange: Exchange, position: Position) -> None:
    key = (position.user_id, position.subaccount, position.ticker)
    exchange.positions[key] = position
    if position.settled:
        exchange.paid.setdefault(position.ticker, []).append(key)
    else:
        exchange.holders.setdefault(position.ticker, []).append(position)


def _put_markets_back(exchange: Exchange, kept: list[KeptMarket]) -> None:
    for one in kept:
        market = one.market
        orders = [
            order for side in (market.bids, market.asks) for level in side.values() for order in level.orders.values()
        ]
        market.bids, market.asks, market.best_bid, market.best_ask = {}, {}, 0, 10_000
        market.volume_24h = 0  # the tape, which would count it down, begins anew
        for position in one.house:
            _put_position_back(exchange, position)
        if market.status in ("initialized", "active", "inactive"):
            exchange.add_market(market)
        else:
            exchange.markets[market.ticker] = market
        if market.status in ("determined", "amended"):
            due_ms = (market.determined_ms or 0) + market.settlement_timer_s * 1000
            exchange.schedule(due_ms, partial(_settle, exchange, market))
        for order in orders:
            _rest(exchange, order)


def _rest(exchange: Exchange, order: Order) -> None:
    """Put a resting order back behind those of its price that stood before it."""
    resting = exchange._resting  # noqa: SLF001 - waking is the one time that orders come to rest without being placed
    own = exchange.orders.setdefault(order.order_id, order)  # a member's order is known already, the house's is not
    resting.rest(own)


def _settle(exchange: Exchange, market: Market) -> None:
    if market.status in ("determined", "amended"):
        exchange.settle(market.ticker)

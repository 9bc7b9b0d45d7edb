"""--keep: what is saved is what is found again, also after a kill; and a file that cannot be used is kept aside."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

import pytest

from kalshi_tui.core.units import Price, Size
from kalshi_tui.practice.desk import Desk
from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.keep import Keeper
from kalshi_tui.practice.keys import make_key
from kalshi_tui.practice.records import Market, NewOrder, Refusal, Side, TimeInForce
from kalshi_tui.practice.revive import open_kept_desk
from kalshi_tui.practice.rules import Rules
from kalshi_tui.practice.worldfile import WorldRefused

START_MS = 1_794_998_837_123
KEY = make_key("ed25519")


def open_kept(folder: Path, start_ms: int = START_MS, **wishes: Any) -> tuple[Desk, Keeper]:
    return open_kept_desk(folder, start_ms=start_ms, usual_seed=7, key_pem=KEY, **wishes)


def die(keeper: Keeper) -> None:
    """End as a killed process does: what was not saved is lost."""
    keeper._file.close()


def order(market: Market, side: Side, price: int, count: int, life: TimeInForce, **more: Any) -> NewOrder:
    return NewOrder(market.ticker, side, Price(price), Size(count), life, "maker", **more)


def find(exchange: Exchange, series: str) -> Market:
    """Return a market of a series with room between its quotes and the edges."""
    markets = [m for m in exchange.markets.values() if m.ticker.startswith(series) and m.status == "active"]
    return max(markets, key=lambda market: min(market.best_bid, 10_000 - market.best_ask))


def books(exchange: Exchange) -> dict[str, Any]:
    """Return every book, with its queues."""
    return {
        ticker: [
            {
                price: (level.size, [(o.order_id, o.remaining) for o in level.orders.values()])
                for price, level in side.items()
            }
            for side in (market.bids, market.asks)
        ]
        + [market.best_bid, market.best_ask, market.status, market.volume, market.open_interest]
        for ticker, market in exchange.markets.items()
    }


def member(exchange: Exchange, user_id: str) -> dict[str, Any]:
    """Return everything that a member could ask about."""
    return {
        "orders": [repr(one) for one in exchange.orders_of(user_id)],
        "resting": [one.order_id for one in exchange.resting_of(user_id)],
        "fills": list(exchange.fills_of(user_id)),
        "settlements": list(exchange.settlements_of(user_id)),
        "positions": {key: repr(one) for key, one in exchange.positions.items() if key[0] == user_id},
        "groups": {group_id: repr(group) for group_id, group in exchange.groups.items()},
        "cash": [exchange.available(user_id, number) for number in exchange.accounts[user_id].subaccounts],
        "account": repr(exchange.accounts[user_id]),
    }


def trade_a_while(desk: Desk) -> None:
    """Leave every kind of record behind."""
    exchange, user = desk.exchange, desk.user_id
    window, ladder = find(exchange, "KXBTC15M"), find(exchange, "KXINXU")
    exchange.create_subaccount(user)
    exchange.transfer(user, 0, 1, 5_000_000)
    group = exchange.create_group(user, 100_000)
    exchange.create(user, order(window, "bid", window.best_ask, 250, "immediate_or_cancel", client_order_id="took"))
    exchange.create(user, order(ladder, "ask", ladder.best_bid, 100, "immediate_or_cancel"))
    exchange.create(user, order(ladder, "bid", ladder.best_bid, 1_234, "good_till_canceled", client_order_id="rests"))
    exchange.create(user, order(ladder, "ask", 9_900, 700, "good_till_canceled", order_group_id=group.group_id))
    short = exchange.now_ms + 60_000
    exchange.create(user, order(window, "bid", 100, 300, "good_till_canceled", expiration_ms=short))
    gone = exchange.create(user, order(window, "bid", 200, 300, "good_till_canceled", client_order_id="gone")).order
    exchange.cancel(user, gone.order_id, ticker=gone.ticker)
    with pytest.raises(Refusal, match="fill_or_kill"):
        exchange.create(user, order(ladder, "bid", 100, 100, "fill_or_kill", client_order_id="killed"))
    exchange.advance(exchange.now_ms + 20_000)


def test_everything_is_found_again_after_a_kill(tmp_path: Path) -> None:
    desk, keeper = open_kept(tmp_path)
    trade_a_while(desk)
    keeper.save()
    old = desk.exchange
    expected = books(old), member(old, desk.user_id)
    walks = {name: (walk.value, list(walk.samples)) for name, walk in desk.living.walks.items()}
    die(keeper)

    again, keeper = open_kept(tmp_path, old.now_ms)
    assert (again.user_id, again.seed, again.key_id) == (desk.user_id, desk.seed, desk.key_id)
    assert (books(again.exchange), member(again.exchange, again.user_id)) == expected
    assert {name: (walk.value, list(walk.samples)) for name, walk in again.living.walks.items()} == walks
    assert list(again.living.events) == list(desk.living.events)
    assert again.exchange.clock >= old.clock
    assert again.exchange.fee_pot == old.fee_pot
    for used in ("took", "rests", "gone", "killed"):
        new = order(find(again.exchange, "KXINXU"), "bid", 100, 100, "good_till_canceled", client_order_id=used)
        with pytest.raises(Refusal, match="order_already_exists"):
            again.exchange.create(again.user_id, new)
    die(keeper)


def test_what_happened_after_the_last_save_is_all_that_a_kill_loses(tmp_path: Path) -> None:
    desk, keeper = open_kept(tmp_path)
    market = find(desk.exchange, "KXFED")
    desk.exchange.create(desk.user_id, order(market, "bid", 100, 100, "good_till_canceled", client_order_id="saved"))
    keeper.save()
    desk.exchange.create(desk.user_id, order(market, "bid", 100, 100, "good_till_canceled", client_order_id="lost"))
    die(keeper)
    again, keeper = open_kept(tmp_path, desk.exchange.now_ms)
    assert [one.client_order_id for one in again.exchange.orders_of(again.user_id)] == ["saved"]
    die(keeper)


def test_a_woken_world_lives_on_and_pays_what_is_owed(tmp_path: Path) -> None:
    desk, keeper = open_kept(tmp_path)
    trade_a_while(desk)
    window = find(desk.exchange, "KXBTC15M").ticker
    keeper.close()
    again, keeper = open_kept(tmp_path, desk.exchange.now_ms)
    exchange = again.exchange
    ids = {one.order_id for one in exchange.orders_of(again.user_id)}
    exchange.advance(exchange.now_ms + 16 * 60_000)
    assert exchange.markets[window].status == "finalized"
    assert [row.ticker for row in exchange.settlements_of(again.user_id)] == [window]
    reasons = {one.last_update_reason for one in exchange.orders_of(again.user_id)}
    assert "ExpiryCancel" in reasons
    assert ids == {one.order_id for one in exchange.orders_of(again.user_id)}
    assert all(m.best_bid < m.best_ask for m in exchange.markets.values())
    assert exchange.recent_trades()
    keeper.close()
    third, keeper = open_kept(tmp_path, exchange.now_ms)
    assert member(third.exchange, again.user_id) == member(exchange, again.user_id)
    die(keeper)


def test_while_it_sleeps_windows_close_on_the_standing_index_and_new_ones_follow(tmp_path: Path) -> None:
    desk, keeper = open_kept(tmp_path)
    listed = [m.ticker for m in desk.exchange.markets.values() if m.ticker.startswith("KXBTC15M")]
    value = desk.living.walks["bitcoin"].fixed
    keeper.close()
    later = START_MS + 3 * 86_400_000
    again, keeper = open_kept(tmp_path, later)
    exchange = again.exchange
    assert exchange.now_ms == later
    exchange.advance(later + 5_000)
    for ticker in listed:
        assert exchange.markets[ticker].status == "finalized"
    assert int(float(exchange.markets[listed[1]].expiration_value) * 100) == value // 10**6
    ahead = [m for m in exchange.markets.values() if m.ticker.startswith("KXBTC15M") and m.close_ms > later]
    assert sorted(m.status for m in ahead) == ["active", "initialized"]
    assert all(m.best_bid < m.best_ask for m in exchange.markets.values())
    die(keeper)


def test_a_kept_crowd_is_found_again(tmp_path: Path) -> None:
    desk, keeper = open_kept(tmp_path, markets=400)
    desk.exchange.advance(START_MS + 30_000)
    keeper.close()
    again, keeper = open_kept(tmp_path, desk.exchange.now_ms)
    assert books(again.exchange) == books(desk.exchange)
    before = again.exchange.clock
    again.exchange.advance(again.exchange.now_ms + 30_000)
    assert again.exchange.clock > before + 300
    die(keeper)


def test_what_the_world_has_forgotten_leaves_the_file_too(tmp_path: Path) -> None:
    desk, keeper = open_kept(tmp_path, START_MS - 18 * 60_000)
    desk.living.forget_after_ms = 0
    keeper.save()
    before = set(desk.exchange.events)
    desk.exchange.advance(START_MS + 13 * 60_000)
    keeper.close()
    assert before - set(desk.exchange.events)
    again, keeper = open_kept(tmp_path, desk.exchange.now_ms)
    assert set(again.exchange.events) == set(desk.exchange.events)
    assert set(again.exchange.markets) == set(desk.exchange.markets)
    again.living._forget_old()
    die(keeper)


@pytest.mark.parametrize("duplicates", ["for_ever", "open_only"])
def test_what_a_member_s_history_has_forgotten_leaves_the_file_too(
    tmp_path: Path, duplicates: Literal["for_ever", "open_only"]
) -> None:
    rules = Rules(keep_history=8, keep_client_ids=12, duplicate_ids=duplicates)
    desk, keeper = open_kept(tmp_path, rules=rules)
    exchange, user = desk.exchange, desk.user_id
    for number in range(60):
        market = find(exchange, "KXFED")
        side: Side = "bid" if number % 2 else "ask"
        price = market.best_ask if side == "bid" else market.best_bid
        exchange.create(user, order(market, side, price, 1, "immediate_or_cancel", client_order_id=f"o{number}"))
        if number % 7 == 0:
            keeper.save()
    exchange.create(user, order(market, "bid", 100, 100, "good_till_canceled", client_order_id="rests"))
    keeper.save()
    expected = member(exchange, user), list(exchange.histories[user].ids)
    counts = dict(keeper._file._db.execute("SELECT kind, count(*) FROM kept GROUP BY kind").fetchall())
    assert counts["order"] == len(exchange.orders_of(user)) <= 11
    assert counts["fill"] == len(exchange.fills_of(user)) <= 10
    assert counts["id"] == len(exchange.histories[user].ids) <= 12
    die(keeper)
    again, keeper = open_kept(tmp_path, exchange.now_ms, rules=rules)
    assert (member(again.exchange, user), list(again.exchange.histories[user].ids)) == expected
    die(keeper)


def test_a_save_that_is_given_up_changes_nothing_and_its_rows_come_with_the_next(tmp_path: Path) -> None:
    desk, keeper = open_kept(tmp_path, markets=600)
    exchange = desk.exchange
    exchange.advance(START_MS + 20_000)
    for _ in range(300):
        exchange.create(desk.user_id, order(find(exchange, "KXFED"), "bid", 100, 100, "good_till_canceled"))
    saving = keeper.saving()
    next(saving)
    exchange.create(
        desk.user_id, order(find(exchange, "KXFED"), "bid", 200, 100, "good_till_canceled", client_order_id="mid")
    )
    saving.close()
    die(keeper)
    again, keeper = open_kept(tmp_path, START_MS)
    assert again.exchange.orders_of(desk.user_id) == []
    for number in range(300):
        again.exchange.create(
            desk.user_id,
            order(find(again.exchange, "KXFED"), "bid", 100, 100, "good_till_canceled", client_order_id=f"c{number}"),
        )
    saving = keeper.saving()
    next(saving)
    saving.close()
    keeper.save()
    expected = member(again.exchange, desk.user_id)
    die(keeper)
    third, keeper = open_kept(tmp_path, again.exchange.now_ms)
    assert member(third.exchange, desk.user_id) == expected
    die(keeper)


def test_a_woken_world_forgets_settled_positions_with_their_markets(tmp_path: Path) -> None:
    desk, keeper = open_kept(tmp_path, START_MS - 18 * 60_000)
    window = find(desk.exchange, "KXBTC15M")
    taken = order(window, "ask", window.best_bid, 100, "immediate_or_cancel")
    assert desk.exchange.create(desk.user_id, taken).fills
    desk.exchange.advance(window.close_ms + 120_000)
    keeper.close()
    again, keeper = open_kept(tmp_path, desk.exchange.now_ms)
    exchange = again.exchange
    assert [key for key in exchange.positions if key[0] == desk.user_id] == [(desk.user_id, 0, window.ticker)]
    exchange.histories[desk.user_id].orders.clear()  # as its bound does in time
    again.living.forget_after_ms = 0
    again.living._forget_old()
    assert window.ticker not in exchange.markets
    keeper.close()
    third, keeper = open_kept(tmp_path, exchange.now_ms)
    assert not [key for key in third.exchange.positions if key[0] == desk.user_id]
    die(keeper)


def test_each_run_without_a_kept_state_is_another_account(tmp_path: Path) -> None:
    first, keeper = open_kept(tmp_path / "a")
    die(keeper)
    second, keeper = open_kept(tmp_path / "b", START_MS + 1)
    die(keeper)
    assert first.user_id != second.user_id


def test_file_and_folder_are_for_their_owner_only(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        _, keeper = open_kept(tmp_path / "new")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    files = list((tmp_path / "new").iterdir())
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    die(keeper)


def test_two_exchanges_cannot_keep_one_state(tmp_path: Path) -> None:
    _, keeper = open_kept(tmp_path)
    with pytest.raises(WorldRefused, match="cannot be opened") as caught:
        open_kept(tmp_path)
    assert "another exchange" in caught.value.hint
    die(keeper)


@pytest.mark.parametrize("wish", [{"seed": 8}, {"markets": 500}, {"cash": 1}])
def test_a_wish_that_contradicts_the_kept_state_is_refused_and_harms_nothing(tmp_path: Path, wish: Any) -> None:
    desk, keeper = open_kept(tmp_path)
    keeper.close()
    with pytest.raises(WorldRefused, match="was begun with another --") as caught:
        open_kept(tmp_path, **wish)
    assert "leave --" in caught.value.hint
    again, keeper = open_kept(tmp_path)
    assert again.user_id == desk.user_id
    die(keeper)


def test_a_contradiction_about_cash_is_told_in_dollars(tmp_path: Path) -> None:
    _, keeper = open_kept(tmp_path, cash=99_500_000)
    keeper.close()
    with pytest.raises(WorldRefused, match=r"another --cash \(99\.5 dollars then, 5 dollars now\)"):
        open_kept(tmp_path, cash=5_000_000)


def damage_header(path: Path) -> None:
    path.write_bytes(b"not a database at all" + path.read_bytes()[21:])


def damage_middle(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 4_000] = b"\xaa" * 4_000
    path.write_bytes(content)


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def flip_a_value(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("UPDATE kept SET body = zeroblob(length(body)) WHERE kind = 'account'")


def lose_a_row(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("DELETE FROM kept WHERE kind = 'moment'")


def orphan_an_event(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("DELETE FROM kept WHERE kind = 'event'")


def age(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA user_version = 0")


@pytest.mark.parametrize(
    "damage", [damage_header, damage_middle, cut_off, empty, flip_a_value, lose_a_row, orphan_an_event, age]
)
def test_a_damaged_or_older_file_is_refused_and_kept_aside(tmp_path: Path, damage: Any) -> None:
    desk, keeper = open_kept(tmp_path)
    keeper.close()
    path = tmp_path / "first.keep"
    damage(path)
    size = path.stat().st_size
    with pytest.raises(WorldRefused) as caught:
        open_kept(tmp_path)
    aside = tmp_path / "first.keep.aside-1"
    assert str(aside) in caught.value.hint
    assert aside.stat().st_size == size
    assert not path.exists()
    fresh, keeper = open_kept(tmp_path, START_MS + 1)
    assert fresh.user_id != desk.user_id
    assert aside.stat().st_size == size
    die(keeper)


def test_a_second_damaged_file_does_not_overwrite_the_first_one_aside(tmp_path: Path) -> None:
    path = tmp_path / "first.keep"
    for content in (b"one" * 2000, b"two" * 2000):
        path.write_bytes(content)
        with pytest.raises(WorldRefused):
            open_kept(tmp_path)
    assert (tmp_path / "first.keep.aside-1").read_bytes() == b"one" * 2000
    assert (tmp_path / "first.keep.aside-2").read_bytes() == b"two" * 2000


def test_a_refused_beginning_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(WorldRefused):
        open_kept(tmp_path, markets=3)
    assert not (tmp_path / "first.keep").exists()

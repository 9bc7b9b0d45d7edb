"""The trading commands against a whole engine and the practice exchange in memory: what they send, say and return."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kalshi_tui.adapters.sqlite_now import SqliteNow
from kalshi_tui.cli import arm, balance, exposure, fills, flatten, order, orders, positions, unkill
from kalshi_tui.cli.drills.place import small_world
from kalshi_tui.cli.drills.world import World
from kalshi_tui.cli.exits import CHECK_FAILED, FATE_UNKNOWN
from kalshi_tui.cli.fate import Ended, of_placed, tell
from kalshi_tui.cli.order import on_yes_axis, placed, span_s, wish_of
from kalshi_tui.cli.tickets import Manner
from kalshi_tui.cli.trading_json import plain
from kalshi_tui.cli.trading_link import Refused, compared, look, until
from kalshi_tui.cli.trading_words import bar
from kalshi_tui.config.load import load_settings
from kalshi_tui.core.units import Money, Price, Size, complement, format_price, parse_money, parse_price, parse_size
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.engine.running import Engine
from kalshi_tui.errors import LocalProtocolError, ValueRefused
from kalshi_tui.link.client import Link
from kalshi_tui.link.keys import FillsKey, OrdersKey, PositionsKey, TradingKey
from kalshi_tui.link.trading import Disarm, FillsView, Kill, LimitRow, OrdersView, PositionsView, TradingView
from kalshi_tui.practice.faults.rules import Rule

LIVE: Final = OrderRules(execution="live", reset_phrase="lift it")
PHRASE: Final = "trade ab12 up to $100.00"
SETTINGS: Final = load_settings(environ={}, folder=Path("/nonexistent"))


class Someone:
    """A person who answers as was agreed, and remembers what was asked."""

    is_there = True

    def __init__(self, *answers: str | Callable[[], Awaitable[str]]) -> None:
        self.asked: list[str] = []
        self._answers = list(answers)

    async def ask(self, question: str) -> str:
        self.asked.append(question)
        answer = self._answers.pop(0)
        return answer if isinstance(answer, str) else await answer()


class Nobody(Someone):
    is_there = False


class Play:
    """A world with an engine, a link to it, and a market that trades for ten minutes more."""

    def __init__(self, world: World, engine: Engine, link: Link) -> None:
        self.world, self.engine, self.link = world, engine, link
        now_ms = world.clock.now_ms()
        self.ticker = next(
            ticker
            for ticker, market in world.desk.exchange.markets.items()
            if market.status == "active"
            and market.close_ms > now_ms + 600_000
            and market.best_bid
            and market.best_ask
            and 3_000 < market.best_bid < market.best_ask < 9_000
        )

    @property
    def bid(self) -> Price:
        return Price(self.world.desk.exchange.markets[self.ticker].best_bid or 0)

    @property
    def ask(self) -> Price:
        return Price(self.world.desk.exchange.markets[self.ticker].best_ask or 0)

    def wish(self, verb: str, answer: str, size: str, price: Price, **more: Any) -> Any:
        options = {"ioc": False, "fok": False, "post_only": False, "strategy": ""}
        written = {"ticker": self.ticker, "verb": verb, "answer": answer, "size": size, "price": format_price(price)}
        return wish_of({**options, **written, **more})

    async def place(self, verb: str, answer: str, size: str, price: Price, manner: Manner, **more: Any) -> Ended:
        return await placed(self.link, self.wish(verb, answer, size, price, **more), manner)

    async def trading(self) -> TradingView:
        return await look(self.link, TradingKey(), TradingView)

    async def held(self) -> Size:
        view = await look(self.link, PositionsKey(), PositionsView)
        return Size(sum(row.size for row in view.rows if row.ticker == self.ticker))

    def resting(self) -> list[Any]:
        """Return what rests at the exchange, by its own word."""
        exchange = self.world.desk.exchange
        return [row for row in exchange.orders_of(self.world.desk.user_id) if row.status == "resting"]


def play(part: Callable[[Play], Awaitable[None]], *, orders: OrderRules = LIVE, rules: tuple[Rule, ...] = ()) -> None:
    storage = SqliteNow(("practice", "practice", "live"), SETTINGS.storage)
    asyncio.run(storage.open())
    world = World(storage, seed=3, spec=small_world(), orders=orders, scenario=rules or "")

    async def attended(engine: Engine, link: Link) -> None:
        await compared(link)
        await part(Play(world, engine, link))

    world.play(attended)


# The YES axis


@pytest.mark.parametrize(
    ("verb", "answer", "price", "side", "at"),
    [
        ("buy", "yes", "0.42", "bid", 4_200),
        ("sell", "yes", "0.42", "ask", 4_200),
        ("buy", "no", "0.30", "ask", 7_000),
        ("sell", "no", "0.305", "bid", 6_950),
    ],
)
def test_yes_and_no_are_turned_to_the_yes_axis_once(verb: Any, answer: Any, price: str, side: str, at: int) -> None:
    assert on_yes_axis(verb, answer, parse_price(price)) == (side, at)


@given(st.sampled_from(["buy", "sell"]), st.integers(1, 9_999))
def test_buying_no_is_selling_yes_at_what_is_left_of_a_dollar(verb: Any, price: int) -> None:
    other: Any = {"buy": "sell", "sell": "buy"}[verb]
    assert on_yes_axis(verb, "no", Price(price)) == on_yes_axis(other, "yes", complement(Price(price)))


@pytest.mark.parametrize(("text", "seconds"), [("", None), ("30s", 30), ("10m", 600), ("2h", 7_200), ("1d", 86_400)])
def test_a_stretch_of_time_is_read(text: str, seconds: int | None) -> None:
    assert span_s(text) == seconds


@pytest.mark.parametrize("text", ["10", "m", "-5m", "0m", "1.5h", "10m ", "1000000s", "\u0661m"])
def test_what_is_no_stretch_of_time_is_refused(text: str) -> None:
    with pytest.raises(ValueRefused):
        span_s(text)


# Placing


def test_an_order_is_shown_asked_about_armed_fired_and_followed_to_its_fill(capsys: pytest.CaptureFixture[str]) -> None:
    async def part(the: Play) -> None:
        person = Someone("y")
        ended = await the.place("buy", "yes", "2", the.ask, Manner(person=person, bodies=True))
        shown = capsys.readouterr().err
        assert ended.code == 0
        assert ended.order is not None
        assert (ended.order.state, ended.order.filled, ended.order.side) == ("filled", 200, "bid")
        assert ended.words == f"order 1: FILLED 2 at {ended.order.average and ended.order.average / 1_000_000:.2f}"
        assert person.asked == ["not armed: y arms first, and fires. fire? type y:"]
        for words in (
            "buy YES: 2 at",
            "cost",
            "max loss",
            "if yes",
            "queue",
            "NOT_ARMED",
            '"count":"2.00"',
            "armed for",
        ):
            assert words in shown, shown
        assert (await the.trading()).state == "active"
        assert await the.held() == 200

    play(part)


def test_without_a_y_nothing_is_sent_and_nothing_is_armed() -> None:
    async def part(the: Play) -> None:
        for answer in ("", "n", "yes", "Y es"):
            ended = await the.place("buy", "yes", "1", the.ask, Manner(person=Someone(answer)))
            assert (ended.code, ended.order, ended.words) == (CHECK_FAILED, None, "not fired: nobody said y")
        assert (await the.trading()).state == "disarmed"
        assert not the.world.desk.exchange.orders_of(the.world.desk.user_id)

    play(part)


def test_buying_no_rests_as_an_ask_and_yes_needs_no_question() -> None:
    async def part(the: Play) -> None:
        no_price = complement(Price(the.ask + 100))
        person = Someone()
        ended = await the.place("buy", "no", "3", no_price, Manner(person=person, yes=True), post_only=True)
        assert ended.order is not None
        assert (ended.code, person.asked) == (0, [])
        assert (ended.order.state, ended.order.side, ended.order.price) == ("resting", "ask", complement(no_price))
        assert [(row.side, row.price, row.remaining) for row in the.resting()] == [("ask", complement(no_price), 300)]

    play(part)


def test_an_expiration_counts_from_the_venues_clock() -> None:
    async def part(the: Play) -> None:
        wish = the.wish("buy", "yes", "1", Price(the.bid - 200))
        ended = await placed(the.link, wish, Manner(person=Someone(), yes=True), 120)
        assert ended.order is not None
        assert ended.order.expiration_ms is not None
        assert 118_000 <= ended.order.expiration_ms - the.world.clock.now_ms() <= 120_000

    play(part)


def test_what_the_gate_refuses_is_not_asked_about_and_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    async def part(the: Play) -> None:
        person = Someone()
        ended = await the.place("buy", "yes", "90", the.ask, Manner(person=person))
        assert (ended.code, ended.order, person.asked) == (CHECK_FAILED, None, [])
        assert ended.words.startswith("not fired: ")
        assert ended.hint
        assert tell([ended], as_json=False) == CHECK_FAILED
        assert "[LIMIT_ORDER_CONTRACTS]" in capsys.readouterr().err
        assert (await the.trading()).state == "disarmed"

    play(part)


def test_a_market_that_there_is_not_is_named() -> None:
    async def part(the: Play) -> None:
        wish = the.wish("buy", "yes", "1", the.ask, ticker="NOTHERE")
        with pytest.raises(Refused, match="the venue has no market NOTHERE"):
            await placed(the.link, wish, Manner(person=Someone()))

    play(part)


def test_who_reads_longer_than_a_ticket_lives_is_shown_another_and_asked_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def part(the: Play) -> None:
        async def reads() -> str:
            await the.world.clock.sleep(8)
            return "y"

        person = Someone(reads, "y")
        ended = await the.place("buy", "yes", "1", Price(the.bid - 200), Manner(person=person))
        assert ended.order is not None
        assert (ended.code, ended.order.state) == (0, "resting")
        assert person.asked[1] == "fire? type y:"
        assert "ticket 1 is over; ticket 2 takes its place" in capsys.readouterr().err
        assert len(the.resting()) == 1

    play(part)


def test_who_never_answers_in_time_has_sent_nothing() -> None:
    async def part(the: Play) -> None:
        async def reads() -> str:
            await the.world.clock.sleep(8)
            return "y"

        ended = await the.place("buy", "yes", "1", Price(the.bid - 200), Manner(person=Someone(*[reads] * 5)))
        assert (ended.code, ended.order) == (CHECK_FAILED, None)
        assert not the.world.desk.exchange.orders_of(the.world.desk.user_id)

    play(part)


def test_a_price_in_the_tails_is_typed_again_as_it_was_written() -> None:
    async def part(the: Play) -> None:
        price = Price(100)
        wrong = await the.place("buy", "yes", "1", price, Manner(person=Someone("0.10")))
        assert (wrong.code, wrong.order) == (CHECK_FAILED, None)
        assert "TAIL_PRICE" in wrong.words
        right = await the.place("buy", "yes", "1", price, Manner(person=Someone("0.01", "y")))
        assert right.order is not None
        assert right.order.state == "resting"
        unasked = await the.place("buy", "yes", "2", price, Manner(person=Someone(), yes=True))
        assert "TAIL_PRICE" in unasked.words
        given = await the.place("sell", "no", "2", complement(price), Manner(person=Someone(), yes=True, typed="0.99"))
        assert given.order is not None
        assert (given.order.state, given.order.side, given.order.price) == ("resting", "bid", price)

    play(part)


def test_an_order_that_the_venue_rejects_is_a_failure() -> None:
    async def part(the: Play) -> None:
        ended = await the.place("buy", "yes", "2", Price(the.bid - 100), Manner(person=Someone(), yes=True), fok=True)
        assert ended.order is not None
        assert (ended.order.state, ended.order.filled, ended.code) == ("rejected", 0, CHECK_FAILED)
        assert ended.words.startswith("order 1: REJECTED by the venue: ")

    play(part)


def test_an_order_without_an_answer_is_unknown_and_never_called_rejected(capsys: pytest.CaptureFixture[str]) -> None:
    async def part(the: Play) -> None:
        lose_answers(the.world)
        ended = await the.place("buy", "yes", "1", Price(the.bid - 200), Manner(person=Someone(), yes=True))
        assert ended.code == FATE_UNKNOWN
        assert "no answer yet, checking" in ended.words
        assert "REJECTED" not in ended.words + capsys.readouterr().err
        assert tell([ended], as_json=False) == FATE_UNKNOWN

    play(part)


def test_an_order_whose_engine_has_gone_is_not_known_either(capsys: pytest.CaptureFixture[str]) -> None:
    async def part(the: Play) -> None:
        await the.link.close()
        ended = await of_placed(the.link, None, 1)
        assert (ended.code, ended.order) == (FATE_UNKNOWN, None)
        assert capsys.readouterr().err.endswith("warning: hung up here\n")

    play(part)


def lose_answers(world: World) -> None:
    """Let every order vanish on its way, and every look at the account fail."""
    send = world.wire.send

    async def silent(method: str, path_and_query: str, headers: Mapping[str, str], body: bytes | None) -> Any:
        if "/portfolio/" in path_and_query:
            await world.clock.sleep(3_600)
        return await send(method, path_and_query, headers, body)

    world.wire.send = silent  # type: ignore[method-assign]  # a network, not the thing under test


# Who may be asked, and where money is real


def test_where_nobody_can_be_asked_it_is_refused_before_anything() -> None:
    async def part(the: Play) -> None:
        with pytest.raises(LocalProtocolError, match="nobody can be asked"):
            await the.place("buy", "yes", "1", the.ask, Manner(person=Nobody()))

    play(part)


REAL: Final = replace(LIVE, is_real_money=True, arm_phrase=PHRASE)


def test_yes_is_never_taken_where_money_is_real() -> None:
    async def part(the: Play) -> None:
        with pytest.raises(LocalProtocolError, match="--yes is never taken") as told:
            await the.place("buy", "yes", "1", the.ask, Manner(person=Someone(), yes=True))
        assert "--yes" not in told.value.hint

    play(part, orders=REAL)


def test_real_money_is_armed_by_its_phrase_alone() -> None:
    async def part(the: Play) -> None:
        with pytest.raises(Refused, match="phrase"):
            await the.place("buy", "yes", "1", the.ask, Manner(person=Someone("y")))
        none = await the.place("buy", "yes", "1", the.ask, Manner(person=Someone("")))
        assert none.code == CHECK_FAILED
        assert (await the.trading()).state == "disarmed"
        person = Someone(PHRASE, "y")
        await the.place("buy", "yes", "1", the.ask, Manner(person=person))
        assert PHRASE in person.asked[0]
        assert person.asked[1] == "fire? type y:"
        assert (await the.trading()).state == "active"

    play(part, orders=REAL)


# Amending and canceling


def test_an_order_is_made_smaller_without_a_ticket_and_changed_by_one() -> None:
    async def part(the: Play) -> None:
        price = Price(the.bid - 300)
        ended = await the.place("buy", "yes", "5", price, Manner(person=Someone(), yes=True))
        assert ended.order is not None
        nobody = Manner(person=Nobody())
        smaller = await order.amended(the.link, "1", "", "3", nobody)
        assert (smaller.words, smaller.code) == (f"order 1: CHANGED to 3 at {format_price(price)[:4]}", 0)
        assert smaller.ticket is None
        with pytest.raises(LocalProtocolError, match="nobody can be asked"):
            await order.amended(the.link, "1", "", "4", nobody)
        with pytest.raises(Refused, match="is so already"):
            await order.amended(the.link, "1", "", "3", nobody)
        higher = Price(price + 100)
        moved = await order.amended(
            the.link, ended.order.order_id, format_price(higher), "4", Manner(person=Someone("y"))
        )
        assert (moved.code, moved.order and (moved.order.price, moved.order.size)) == (0, (higher, 400))
        assert [(row.price, row.remaining) for row in the.resting()] == [(higher, 400)]

    play(part)


def test_orders_are_canceled_by_number_by_id_by_market_and_all() -> None:
    async def part(the: Play) -> None:
        yes = Manner(person=Someone(), yes=True)
        rows = []
        for step in range(4):
            ended = await the.place("buy", "yes", "1", Price(the.bid - 200 - 100 * step), yes)
            assert ended.order is not None
            rows.append(ended.order)
            await the.world.clock.sleep(5)
        first = await order.canceled(the.link, [str(rows[0].number)])
        assert [(one.code, one.order and one.order.state) for one in first] == [(0, "canceled")]
        again = await order.canceled(the.link, [rows[1].order_id, rows[1].client_order_id, str(rows[1].number)])
        assert len(again) == 1
        assert await order.canceled(the.link, [], market="ELSEWHERE") == []
        rest = await order.canceled(the.link, [], everything=True)
        assert [one.code for one in rest] == [0, 0]
        assert the.resting() == []
        assert await order.canceled(the.link, [], everything=True) == []
        with pytest.raises(Refused, match="does not work"):
            await order.canceled(the.link, [str(rows[0].number)])
        with pytest.raises(Refused, match="there is no order"):
            await order.canceled(the.link, ["12345"])

    play(part)


# Flattening


def test_positions_are_closed_while_trading_is_disarmed() -> None:
    async def part(the: Play) -> None:
        yes = Manner(person=Someone(), yes=True)
        await the.place("buy", "yes", "3", the.ask, yes)
        assert await the.held() == 300
        await the.link.ask(Disarm())
        person = Someone("y")
        (ended,) = await flatten.flattened(the.link, "", Price(300), Manner(person=person))
        assert person.asked == ["fire? type y:"]
        assert (ended.code, ended.order and ended.order.reduce_only) == (0, True)
        assert await the.held() == 0
        assert (await the.trading()).state == "disarmed"
        assert await flatten.flattened(the.link, "", Price(300), Manner(person=person)) == []
        with pytest.raises(Refused, match="nothing is held"):
            await flatten.flattened(the.link, the.ticker, Price(300), Manner(person=person))

    play(part)


def test_a_position_in_no_is_bought_back() -> None:
    async def part(the: Play) -> None:
        yes = Manner(person=Someone(), yes=True)
        await the.place("buy", "no", "2", complement(the.bid), yes)
        assert await the.held() == -200
        (ended,) = await flatten.flattened(the.link, the.ticker, Price(300), yes)
        assert (ended.code, ended.order and ended.order.side) == (0, "bid")
        assert await the.held() == 0

    play(part)


@pytest.mark.parametrize(
    ("levels", "size", "limit", "given"),
    [
        (((5_000, 100), (4_900, 100), (4_800, 100)), 100, 5_000, 100),
        (((5_000, 100), (4_900, 100), (4_800, 100)), 150, 4_900, 150),
        (((5_000, 100), (4_900, 100), (4_600, 100)), 300, 4_900, 200),  # the third is beyond the collar of 3 cents
        (((5_000, 100), (5_300, 100), (5_301, 100)), 300, 5_300, 200),
        ((), 100, None, 0),
    ],
)
def test_the_limit_is_the_price_that_closes_it_within_the_collar(
    levels: Any, size: int, limit: int | None, given: int
) -> None:
    assert flatten.limit_of(levels, Size(size), Price(300)) == (limit, given)


# Arming and lifting a kill


def test_arming_asks_for_the_phrase_where_money_is_real(capsys: pytest.CaptureFixture[str]) -> None:
    async def part(the: Play) -> None:
        with pytest.raises(LocalProtocolError, match="phrase"):
            await arm.armed(the.link, "", Nobody(), as_json=False)
        person = Someone(PHRASE)
        assert await arm.armed(the.link, "", person, as_json=True) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["state"], told["armed_until_ms"] - told["now_ms"]) == ("active", LIVE.arm_ms)

    play(part, orders=REAL)


def test_a_kill_is_lifted_by_its_phrase_after_it_is_over(capsys: pytest.CaptureFixture[str]) -> None:
    async def part(the: Play) -> None:
        with pytest.raises(Refused, match="nothing is killed"):
            await unkill.lifted(the.link, "", Someone(), as_json=False)
        await the.link.ask(Kill("a test"))
        with pytest.raises(Refused, match="phrase"):
            await unkill.lifted(the.link, "lift", Someone(), as_json=False)
        person = Someone("lift it")
        assert await unkill.lifted(the.link, "", person, as_json=False) == 0
        assert "lift it" in person.asked[0]
        assert capsys.readouterr().out == "the kill is lifted\n"
        assert (await the.trading()).state == "disarmed"

    play(part)


# What is printed


def test_views_as_json_are_exact_and_read_back_to_the_same_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    async def part(the: Play) -> None:
        yes = Manner(person=Someone(), yes=True)
        await the.place("buy", "yes", "2.5", the.ask, yes)
        await the.place("buy", "yes", "1", Price(the.bid - 200), yes)
        capsys.readouterr()
        for show, key, kind in (
            (orders.show(the.link, "", shows_all=True, as_json=True), OrdersKey(), OrdersView),
            (fills.show(the.link, the.ticker, 10, as_json=True), FillsKey(the.ticker, 10), FillsView),
            (positions.show(the.link, shows_events=False, as_json=True), PositionsKey(), PositionsView),
        ):
            assert await show == 0
            told = json.loads(capsys.readouterr().out)
            view: Any = await look(the.link, key, kind)
            assert len(told["rows"]) == len(view.rows) > 0
            for row, shown in zip(view.rows, told["rows"], strict=True):
                assert set(shown) == set(row.__struct_fields__)
                assert parse_size(shown["size"]) == row.size
                for name in {"price"} & set(shown):
                    assert parse_price(shown[name]) == getattr(row, name)
                for name in {"fee", "fees", "cost", "if_yes", "if_no", "average"} & set(shown):
                    amount = getattr(row, name)
                    assert (None if shown[name] is None else parse_money(shown[name])) == amount

    play(part)


def test_balance_and_exposure_add_up(capsys: pytest.CaptureFixture[str]) -> None:
    limits = {"market": Money(10_000_000), "total": Money(100_000_000)}

    async def part(the: Play) -> None:
        ended = await the.place("buy", "yes", "2", the.ask, Manner(person=Someone(), yes=True))
        assert ended.order is not None
        paid = 200 * the_price(ended) + ended.order.fees
        capsys.readouterr()
        assert await balance.show(the.link, as_json=True) == 0
        told = json.loads(capsys.readouterr().out)
        assert parse_money(told["cash"]) == 10_000_000_000 - paid
        assert told["told"] == "10000.000000"  # the venue was asked before the fill
        assert told["mode"] == "PRACTICE"
        assert await exposure.show(the.link, limits, as_json=True) == 0
        told = json.loads(capsys.readouterr().out)
        worst = {place["kind"]: parse_money(place["worst"]) for place in told["places"]}
        assert worst == dict.fromkeys(["market", "event", "series", "total"], 200 * the_price(ended))
        names = {place["kind"]: place["name"] for place in told["places"]}
        assert the.ticker.startswith(names["event"])
        assert names["event"].startswith(names["series"])
        assert {row["unit"] for row in told["limits"]} == {"dollars", "orders", "sets"}

    play(part)


def the_price(ended: Ended) -> int:
    assert ended.order is not None
    assert ended.order.average is not None
    return ended.order.average // 100


def test_tables_have_a_row_for_everything(capsys: pytest.CaptureFixture[str]) -> None:
    async def part(the: Play) -> None:
        yes = Manner(person=Someone(), yes=True)
        await the.place("buy", "yes", "2", the.ask, yes)
        await the.place("buy", "yes", "1", Price(the.bid - 200), yes)
        capsys.readouterr()
        await orders.show(the.link, "", shows_all=False, as_json=False)
        out, err = capsys.readouterr()
        assert "RESTING" in out
        assert "FILLED" not in out
        assert err.startswith("1 work")
        await orders.show(the.link, "", shows_all=True, as_json=False)
        lines = capsys.readouterr().out.splitlines()
        assert [line.split()[2] for line in lines[1:]] == ["RESTING", "FILLED"]
        await fills.show(the.link, "", 10, as_json=False)
        assert "taker" in capsys.readouterr().out
        await positions.show(the.link, shows_events=True, as_json=False)
        out = capsys.readouterr().out
        assert "2 YES" in out
        assert "total" in out
        assert "if it ends so" in out
        await exposure.show(the.link, {}, as_json=False)
        assert "of" in capsys.readouterr().out

    play(part)


def test_limits_as_json_are_written_by_their_unit() -> None:
    rows = [
        ("lost today", 1_234_567, 50_000_000, "dollars"),
        ("held", 150, 2_000, "contracts"),
        ("o", 3, 500, "orders"),
    ]
    told = [(shown["used"], shown["limit"]) for shown in (plain(LimitRow(*row)) for row in rows)]
    assert told == [("1.234567", "50.000000"), ("1.50", "20.00"), (3, 500)]


@pytest.mark.parametrize(
    ("used", "limit", "words"),
    [
        (0, 100, "." * 20 + " 0 %"),
        (50, 100, "#" * 10 + "." * 10 + " 50 %"),
        (100, 100, "#" * 20 + " 100 %"),
        (250, 100, "#" * 20 + " 250 %"),
        (-5, 100, "." * 20 + " 0 %"),
        (5, 0, ""),
    ],
)
def test_a_bar_says_how_much_of_a_limit_is_used(used: int, limit: int, words: str) -> None:
    assert bar(used, limit) == words


def test_waiting_for_what_does_not_come_ends_with_how_it_is() -> None:
    async def part(the: Play) -> None:
        view = await until(the.link, TradingKey(), TradingView, lambda view: view.state == "killed", 2.0)
        assert view.state == "disarmed"

    play(part)

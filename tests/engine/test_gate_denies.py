"""The gate's checks one by one: what is well passes, and each thing that is wrong or unknown is denied by its code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec.structs import replace as put

from kalshi_tui.cli.trading_host import order_rules
from kalshi_tui.config.load import load_settings
from kalshi_tui.core.book import BookState
from kalshi_tui.core.fees import fee_terms
from kalshi_tui.core.grid import PriceGrid
from kalshi_tui.core.markets import Market, MarketStatus, Strike, StrikeKind
from kalshi_tui.core.orders import Side
from kalshi_tui.core.text import clean
from kalshi_tui.core.units import Money, Price, Size
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.engine.trading.codes import Code
from kalshi_tui.engine.trading.facts import BookLook, Facts, Fired, Liquidity, Proposal, Sent
from kalshi_tui.engine.trading.gate import Gate, denials
from kalshi_tui.engine.trading.order import Change, HeldOrder
from kalshi_tui.sdk.risk import Denial, RiskPicture, Usage
from tests.plugins.pictures import picture

NOW: Final = 1_781_159_370_000
TICKER: Final = "KXTEST-A"
NAN: Final[Any] = float("nan")
RULES: Final = OrderRules(execution="live")
NOTHING: Final = clean("", 1)
CENTS: Final = PriceGrid.from_bands([(Price(0), Price(10_000), Price(100))])
MARKET: Final = Market(
    ticker=TICKER, event_ticker="KXTEST", title=NOTHING, yes_title=NOTHING, no_title=NOTHING, rules_primary=NOTHING,
    rules_secondary=NOTHING, strike=Strike(StrikeKind.GREATER, Decimal(1)), grid=CENTS, status=MarketStatus.ACTIVE,
    open_ms=0, close_ms=NOW + 3_600_000,
)  # fmt: skip
# 40 bid, 45 asked for 20 contracts; two contracts at 45 take at once.
LIQUIDITY: Final = Liquidity(
    best=Price(4_500), own_best=Price(4_000), spread=Price(500), takes=Size(200), value=Money(900_000),
    worst=Price(4_500), depth=Size(2_000), shown=Size(2_000), ahead=Size(0),
)  # fmt: skip
BOOK: Final = BookLook(BookState.LIVE, "", is_crossed=False, clock=7, heard_ms=NOW - 100, liquidity=LIQUIDITY)
FIRED: Final = Fired(
    is_open=True, is_used=False, is_token_right=True, expires_ms=NOW + 1_000, revision=3, shown=LIQUIDITY
)
PROPOSAL: Final = Proposal(
    kind="place", ticker=TICKER, side="bid", price=Price(4_500), size=Size(200), opens=Size(200),
    time_in_force="good_till_canceled", post_only=False, reduce_only=False, expiration_s=None, typed="",
    replaces=None, adds_risk=True, picture=picture(),
)  # fmt: skip
FACTS: Final = Facts(
    now_ms=NOW, fired=FIRED, armed_until_ms=NOW + 1_000, disarmed="", killed="", stalled=False, journal="",
    reconciled_ms=NOW - 1_000, reconcile_words="", differences=0, halted="", reducing="", market_halted="",
    exchange_active=True, trading_active=True, exchange_read_ms=NOW - 1_000, market=MARKET, market_problem="",
    revision=3, status=MarketStatus.ACTIVE, private_problem="", heard_ms=NOW - 100, confirmed_ms=0, book=BOOK,
    offset_ms=20, terms=fee_terms("quadratic", 1_000_000), fee_problem="", own=(), sent=(), write_tokens=80,
    write_cost=10, has_group=True, group_triggered=False, free=Money(10_000_000), needs=Money(940_000),
    has_limits=True, day_result=Money(0),
)  # fmt: skip


class Contents:
    """A risk check that has nothing against it."""

    name = "contents"

    def judge(self, shown: RiskPicture) -> Denial | None:
        del shown
        return None

    def usage(self, shown: RiskPicture) -> Usage | None:
        del shown
        return None


class Raises(Contents):
    """A risk check with a fault in it."""

    name = "raises"

    def judge(self, shown: RiskPicture) -> Denial | None:
        raise ZeroDivisionError(shown.ticker)


def said(
    proposal: Proposal = PROPOSAL, facts: Facts = FACTS, rules: OrderRules = RULES, check: Contents | None = None
) -> list[str]:
    """Return the codes of what stands against a proposal."""
    return [row.code for row in denials(Gate(rules, [check or Contents()]).verdict(proposal, facts))]


def look(**changed: Any) -> dict[str, Any]:
    return {"book": replace(BOOK, **changed)}


def liquidity(**changed: Any) -> dict[str, Any]:
    return {"book": replace(BOOK, liquidity=replace(LIQUIDITY, **changed))}


def fired(**changed: Any) -> dict[str, Any]:
    return {"fired": replace(FIRED, **changed)}


TAKES_NOTHING: Final = liquidity(takes=Size(0)) | fired(shown=replace(LIQUIDITY, takes=Size(0)))


def sent(count: int, ticker: str = TICKER, *, before_ms: int = 5_000) -> dict[str, Any]:
    """Return that so many other orders left a while ago."""
    return {"sent": tuple(Sent(NOW - before_ms, ticker, "bid", Price(100), Size(100), plan) for plan in range(count))}


def own(**changed: Any) -> HeldOrder:
    order = HeldOrder(
        number=1, origin="ours", client_order_id="c", ticker=TICKER, side="ask", price=Price(4_500), size=Size(100),
        state="resting",
    )  # fmt: skip
    for name, value in changed.items():
        setattr(order, name, value)
    return order


RESTS: Final = {"price": Price(4_000)}
AMENDS: Final = {"kind": "amend", "replaces": own(side="bid", state="canceled")}
CHANGES: Final = {
    "kind": "amend",
    "replaces": own(side="bid", change=Change("amend", Price(4_400), Size(100), NOW - 100)),
}
# Ten contracts are held short, and an order buys some of them back.
CLOSES: Final = {"reduce_only": True, "time_in_force": "immediate_or_cancel", "picture": picture(held=Size(-1_000))}
Changed = Mapping[str, Any]
# Of each code: what is changed of the proposal, of the facts, and of the rules.
WRONG: Final[dict[Code, tuple[Changed, Changed, Changed]]] = {
    Code.MODE_OBSERVES: ({}, {}, {"execution": "observe"}),
    Code.NOT_ARMED: ({}, {"armed_until_ms": NOW}, {}),
    Code.TICKET_EXPIRED: ({}, fired(expires_ms=NOW), {}),
    Code.TICKET_USED: ({}, fired(is_used=True), {}),
    Code.TOKEN_WRONG: ({}, fired(is_token_right=False), {}),
    Code.KILLED: ({}, {"killed": "a person pressed kill"}, {}),
    Code.KILL_CONFIGURED: ({}, {}, {"kill": True}),
    Code.ENGINE_STALLED: ({}, {"stalled": True}, {}),
    Code.JOURNAL_FAILS: ({}, {"journal": "the disk is full"}, {}),
    Code.NOT_RECONCILED: ({}, {"reconciled_ms": NOW - 60_001}, {}),
    Code.DIFFERENCE_OPEN: ({}, {"differences": 1}, {}),
    Code.REDUCING: ({}, {"reducing": "the day's limit"}, {}),
    Code.HALTED: ({}, {"halted": "a fault"}, {}),
    Code.EXCHANGE_UNKNOWN: ({}, {"exchange_read_ms": NOW - 30_001}, {}),
    Code.EXCHANGE_PAUSED: ({}, {"exchange_active": False}, {}),
    Code.TRADING_PAUSED: ({}, {"trading_active": False}, {}),
    Code.MARKET_NOT_OPEN: ({}, {"status": MarketStatus.CLOSED}, {}),
    Code.MARKET_PAUSED_HERE: ({}, {"market_halted": "the price jumped"}, {}),
    Code.STREAM_SILENT: ({}, {"heard_ms": NOW - 2_001}, {}),
    Code.PRIVATE_STREAM_AWAY: ({}, {"private_problem": "our own orders are not told"}, {}),
    Code.BOOK_NOT_LIVE: ({}, look(state=BookState.STALE), {}),
    Code.BOOK_CROSSED: ({}, look(is_crossed=True), {}),
    Code.CLOCK_OFF: ({}, {"offset_ms": -4_001}, {}),
    Code.MARKET_UNKNOWN: ({}, {"market_problem": "its description is old"}, {}),
    Code.MARKET_CHANGED: ({}, {"revision": 4}, {}),
    Code.FEE_UNKNOWN: ({}, {"terms": None}, {}),
    Code.PRICE_OFF_GRID: ({"price": Price(4_450)}, {}, {}),
    Code.SIZE_WRONG: ({"size": Size(0), "opens": Size(0)}, {}, {}),
    Code.ORDER_GONE: (AMENDS, {}, {}),
    Code.CHANGE_OPEN: (CHANGES, {}, {}),
    Code.OPTIONS_CLASH: ({"expiration_s": NOW // 1000}, {}, {}),
    Code.POST_ONLY_TAKES: ({"post_only": True}, {}, {}),
    # 45 asked: 3 cents, 15 % of 45 or 15 % of 55 through it, whichever is most: 8.25 cents.
    Code.COLLAR: ({"price": Price(5_400)}, {}, {}),
    Code.SIZE_AGAINST_DEPTH: ({}, liquidity(depth=Size(799)), {}),
    Code.TAIL_PRICE: ({"price": Price(300)}, TAKES_NOTHING, {}),
    Code.PRICE_MOVED: ({}, liquidity(best=Price(4_700)), {}),
    Code.SIZE_GONE: ({}, liquidity(takes=Size(199)), {}),
    Code.SELF_CROSS: ({}, {"own": (own(),)}, {}),
    Code.RESTS_BESIDE: (
        CLOSES | {"size": Size(700), "opens": Size(700)},
        {"own": (own(side="bid", size=Size(301)),)},
        {},
    ),
    Code.DUPLICATE: ({}, {"sent": (Sent(NOW - 1_999, TICKER, "bid", Price(4_500), Size(200), 1),)}, {}),
    Code.RATE_MARKET: ({}, sent(5), {}),
    Code.RATE_ALL: ({}, sent(20, "KXOTHER", before_ms=59_999), {}),
    Code.RATE_VENUE: ({}, {"write_tokens": 9}, {}),
    Code.GROUP_MISSING: ({}, {"has_group": False}, {}),
    Code.GROUP_TRIGGERED: ({}, {"group_triggered": True}, {}),
    Code.BALANCE_UNKNOWN: ({}, {"free": None}, {}),
    Code.BALANCE_SHORT: ({}, {"free": Money(939_999)}, {}),
    Code.NO_LIMITS: ({}, {"has_limits": False}, {}),
    Code.LIMIT_FAILED: ({"picture": None}, {}, {}),
    Code.DAY_UNKNOWN: ({}, {"day_result": None}, {}),
    Code.DAILY_LOSS: ({}, {"day_result": Money(-50_000_000)}, {}),
}
# The same a moment, a micro-dollar or a tick before: nothing stands against it.
JUST_WELL: Final[tuple[tuple[Changed, Changed], ...]] = (
    ({}, {}),
    (RESTS, TAKES_NOTHING),
    ({}, {"armed_until_ms": NOW + 1}),
    ({}, fired(expires_ms=NOW + 1)),
    ({}, {"reconciled_ms": NOW - 60_000}),
    ({}, {"exchange_read_ms": NOW - 30_000}),
    ({}, {"heard_ms": NOW - 2_000}),
    ({}, {"heard_ms": NOW - 60_000, "confirmed_ms": NOW - 5_000}),
    ({}, {"offset_ms": -4_000}),
    ({"price": Price(5_300)}, {}),
    ({}, liquidity(depth=Size(800))),
    ({}, liquidity(best=Price(4_600))),
    ({}, liquidity(value=Money(920_000))),
    ({"price": Price(300), "typed": "0.03"}, TAKES_NOTHING),
    (CLOSES | {"size": Size(700), "opens": Size(700)}, {"own": (own(side="bid", size=Size(300)),)}),
    (CLOSES, {"own": (own(side="ask", price=Price(9_000), size=Size(5_000)),)}),
    ({}, {"own": (own(price=Price(4_600)), own(side="bid"))}),
    ({}, {"sent": (Sent(NOW - 2_000, TICKER, "bid", Price(4_500), Size(200), 1),)}),
    ({}, sent(4)),
    ({}, sent(5, before_ms=10_000)),
    ({}, sent(19, "KXOTHER")),
    ({}, {"write_tokens": 10}),
    ({}, {"free": Money(940_000)}),
    ({}, {"day_result": Money(-49_999_999)}),
)


@pytest.mark.parametrize(("wish", "facts"), JUST_WELL)
def test_where_all_is_well_nothing_stands_against_it(wish: Changed, facts: Changed) -> None:
    assert said(replace(PROPOSAL, **wish), replace(FACTS, **facts)) == []


def test_every_code_of_the_gate_is_tried_here() -> None:
    assert set(WRONG) == set(Code)


@pytest.mark.parametrize("code", WRONG)
def test_each_thing_that_is_wrong_is_denied_by_its_code_and_by_no_other(code: Code) -> None:
    wish, facts, rules = WRONG[code]
    assert said(replace(PROPOSAL, **wish), replace(FACTS, **facts), put(RULES, **rules)) == [code]


DEEPER: Final = replace(LIQUIDITY, worst=Price(4_900), value=Money(100 * 4_500 + 100 * 4_900))
FEWER: Final = replace(LIQUIDITY, takes=Size(100), value=Money(450_000))


@pytest.mark.parametrize(
    ("side", "shown", "now", "is_worse"),
    [
        ("bid", LIQUIDITY, DEEPER, True),  # 90 cents became 94, and a cent for each is allowed: 92
        ("bid", LIQUIDITY, replace(LIQUIDITY, value=Money(920_001)), True),
        ("bid", DEEPER, LIQUIDITY, False),
        ("bid", FEWER, DEEPER, False),  # the second was to rest at 49, and is had for that
        ("bid", FEWER, replace(DEEPER, value=Money(450_000 + 490_000 + 10_001)), True),
        ("ask", replace(DEEPER, best=Price(4_500)), LIQUIDITY, True),  # less is paid for the same two
        ("ask", LIQUIDITY, DEEPER, False),
    ],
)
def test_what_all_of_it_costs_counts_and_not_the_best_price_alone(
    side: Side, shown: Liquidity, now: Liquidity, is_worse: bool
) -> None:
    wish: Changed = {"side": side, "price": Price(4_900 if side == "bid" else 4_100)}
    changed = fired(shown=shown) | {"book": replace(BOOK, liquidity=now)}
    codes = said(replace(PROPOSAL, **wish), replace(FACTS, **changed))
    assert (Code.PRICE_MOVED in codes) is is_worse


UNKNOWN: Final = {
    "armed_until_ms": Code.NOT_ARMED,
    "reconciled_ms": Code.NOT_RECONCILED,
    "exchange_active": Code.EXCHANGE_UNKNOWN,
    "trading_active": Code.EXCHANGE_UNKNOWN,
    "offset_ms": Code.CLOCK_OFF,
    "terms": Code.FEE_UNKNOWN,
    "free": Code.BALANCE_UNKNOWN,
    "day_result": Code.DAY_UNKNOWN,
    "book": Code.BOOK_NOT_LIVE,
    "market": Code.MARKET_UNKNOWN,
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_not_known_denies_what_adds_risk(name: str) -> None:
    unknown: dict[str, Any] = {name: None}
    assert UNKNOWN[name] in said(facts=replace(FACTS, **unknown))


def passes(wish: Changed, facts: Changed) -> bool:
    """Tell whether it may be sent; where no sentence can be made of what is no number, nothing may."""
    try:
        return said(replace(PROPOSAL, **wish), replace(FACTS, **facts)) == []
    except ValueError:
        return False


@pytest.mark.parametrize(
    "facts",
    [
        {"armed_until_ms": NAN},
        {"reconciled_ms": NAN},
        {"exchange_read_ms": NAN},
        {"heard_ms": NAN, "confirmed_ms": NAN},
        {"offset_ms": NAN},
        {"free": NAN},
        {"needs": NAN},
        {"day_result": NAN},
        fired(expires_ms=NAN),
    ],
    ids=str,
)
def test_what_is_no_number_passes_no_check(facts: Changed) -> None:
    assert passes({}, {})
    assert not passes({}, facts)


@pytest.mark.parametrize("name", ["price", "size"])
@pytest.mark.parametrize("value", [NAN, 4_500.0, float("inf")])
def test_a_price_or_a_size_that_is_no_whole_number_is_not_sent(name: str, value: Any) -> None:
    assert not passes({name: value}, {})


def test_a_risk_check_that_raises_denies_and_the_next_ones_are_asked_all_the_same() -> None:
    gate = Gate(RULES, [Raises(), Contents()])
    rows = gate.verdict(PROPOSAL, FACTS)
    (against,) = denials(rows)
    assert (against.code, against.words) == (Code.LIMIT_FAILED, "raises failed: ZeroDivisionError")
    assert [row.code for row in rows if row.code in {"contents", "daily loss"}] == ["contents", "daily loss"]


SPARED: Final = {
    Code.NOT_ARMED, Code.KILLED, Code.KILL_CONFIGURED, Code.ENGINE_STALLED, Code.NOT_RECONCILED, Code.DIFFERENCE_OPEN,
    Code.REDUCING, Code.HALTED, Code.EXCHANGE_UNKNOWN, Code.EXCHANGE_PAUSED, Code.TRADING_PAUSED, Code.MARKET_NOT_OPEN,
    Code.MARKET_PAUSED_HERE, Code.STREAM_SILENT, Code.PRIVATE_STREAM_AWAY, Code.BOOK_NOT_LIVE, Code.BOOK_CROSSED,
    Code.CLOCK_OFF, Code.MARKET_UNKNOWN, Code.MARKET_CHANGED, Code.FEE_UNKNOWN, Code.SIZE_AGAINST_DEPTH,
    Code.TAIL_PRICE, Code.DUPLICATE, Code.RATE_MARKET, Code.RATE_ALL, Code.GROUP_MISSING, Code.GROUP_TRIGGERED,
    Code.BALANCE_UNKNOWN, Code.BALANCE_SHORT, Code.NO_LIMITS, Code.LIMIT_FAILED, Code.DAY_UNKNOWN, Code.DAILY_LOSS,
}  # fmt: skip


@pytest.mark.parametrize("code", WRONG)
def test_what_lowers_risk_is_asked_only_what_would_make_it_senseless(code: Code) -> None:
    wish, facts, rules = WRONG[code]
    lowers = replace(PROPOSAL, **wish, adds_risk=False)
    found = said(lowers, replace(FACTS, **facts), put(RULES, **rules), check=Raises())
    assert found == ([] if code in SPARED else [code])


# The tightest that a person can set of each guard of an order, and what it then says of an ordinary order.
TIGHT: Final = {
    "orders.kill": ({"orders.kill": "true"}, {}, Code.KILL_CONFIGURED),
    "orders.slippage_ticks": ({"orders.slippage_ticks": "0"}, liquidity(best=Price(4_600)), Code.PRICE_MOVED),
    "orders.collar_cents": (
        {"orders.collar_cents": "1", "orders.collar_percent": "0"},
        liquidity(best=Price(4_300)) | fired(shown=replace(LIQUIDITY, best=Price(4_300))),
        Code.COLLAR,
    ),
    "orders.depth_percent": ({"orders.depth_percent": "1"}, {}, Code.SIZE_AGAINST_DEPTH),
    "orders.confirm_tail_cents": ({"orders.confirm_tail_cents": "50"}, {}, Code.TAIL_PRICE),
    "orders.duplicate_s": (
        {"orders.duplicate_s": "60"},
        {"sent": (Sent(NOW - 59_000, TICKER, "bid", Price(4_500), Size(200), 1),)},
        Code.DUPLICATE,
    ),
    "orders.orders_per_10s": ({"orders.orders_per_10s": "1"}, sent(1), Code.RATE_MARKET),
    "orders.orders_per_minute": ({"orders.orders_per_minute": "1"}, sent(1, "KXOTHER"), Code.RATE_ALL),
    "limits.daily_loss_dollars": (
        {"limits.daily_loss_dollars": '"0.01"'},
        {"day_result": Money(-10_000)},
        Code.DAILY_LOSS,
    ),
}


@pytest.mark.parametrize("key", TIGHT)
def test_each_guard_that_can_be_set_denies_an_ordinary_order_when_it_is_tightest(key: str, tmp_path: Path) -> None:
    tightest, facts, code = TIGHT[key]
    file = tmp_path / "config.toml"
    for values, codes in (({}, []), (tightest, [code])):
        file.write_text("".join(f"{name} = {value}\n" for name, value in values.items()))
        settings = load_settings(environ={}, folder=tmp_path, config_file=file)
        rules = put(order_rules(settings, is_flagged=False), execution="live")
        assert said(facts=replace(FACTS, **facts), rules=rules) == codes

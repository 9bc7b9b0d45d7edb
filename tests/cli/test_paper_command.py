"""`paper report` sets the same orders in the same world side by side, and `paper models` says what is assumed."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pytest
from msgspec.structs import replace

from kalshi_tui.cli import main as entry
from kalshi_tui.cli.drills.place import small_world
from kalshi_tui.cli.drills.world import START_MS
from kalshi_tui.cli.papers.script import Script, price_of
from kalshi_tui.cli.papers.session import Session, play
from kalshi_tui.core.book import Book
from kalshi_tui.core.grid import PriceGrid
from kalshi_tui.core.units import Price, Size, cost
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.engine.paper.models import CancelsProRata, FixedLatency
from kalshi_tui.engine.trading.paper import models_of
from kalshi_tui.practice.desk import open_desk
from kalshi_tui.practice.records import NewOrder

CENTS = PriceGrid.from_bands([(Price(0), Price(10_000), Price(100))])
ORDERS = 8


@cache
def session() -> Session:
    return play(1, ORDERS, OrderRules())


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def run_command(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["kalshi-tui", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            entry.main()
        out, words = capsys.readouterr()
        assert "Traceback" not in words
        return int(ended.value.code or 0), out, words

    return run_command


# The session


def test_the_same_seed_comes_to_the_same() -> None:
    assert play(1, ORDERS, OrderRules()) == session()


def test_each_order_is_sent_to_both_or_says_why_not() -> None:
    found = session()
    assert [order.number for order in found.orders] == list(range(1, ORDERS + 1))
    rows = {row.client_order_id: row for row in found.comparison.rows}
    for order in found.orders:
        if not order.paper_words and not order.exchange_words:
            row = rows[order.client_order_id]
            assert max(row.paper.size, row.exchange.size) <= order.draft.size


def test_the_sums_are_those_of_the_rows() -> None:
    found = session().comparison
    assert found.paper.size == sum(row.paper.size for row in found.rows) > 0
    assert found.exchange.size == sum(row.exchange.size for row in found.rows) > 0
    assert found.exchange.fee == sum(row.exchange.fee for row in found.rows)


def test_no_fill_is_worse_than_the_limit_on_either_side() -> None:
    found = session()
    drafts = {order.client_order_id: order.draft for order in found.orders}
    for row in found.comparison.rows:
        draft = drafts[row.client_order_id]
        for filled in (row.paper, row.exchange):
            at_limit = cost(draft.price, Size(filled.size))
            assert filled.value <= at_limit if draft.side == "bid" else filled.value >= at_limit


def test_the_report_names_the_models_of_the_settings() -> None:
    rules = OrderRules(paper_there_ms=3, paper_back_ms=4, paper_queue="pro-rata")
    models = models_of(rules)
    assert (models.latency, models.queue.cancels) == (FixedLatency(3, 4), CancelsProRata())
    assert session().comparison.models == models_of(OrderRules()).words()


# Its orders

Wish = Literal["take", "sweep", "join", "improve", "behind"]


def book(bid: int | None, ask: int | None) -> Book:
    made = Book("A")
    made.replace(
        [] if bid is None else [(Price(bid), Size(100))],
        [] if ask is None else [(Price(ask), Size(100))],
    )
    return made


@pytest.mark.parametrize(
    ("wish", "buys_at", "sells_at"),
    [
        ("take", 4_600, 4_300),
        ("sweep", 4_800, 4_100),
        ("join", 4_300, 4_600),
        ("improve", 4_400, 4_500),
        ("behind", 4_200, 4_700),
    ],
)
def test_an_order_is_priced_by_what_it_is_meant_to_do(wish: Wish, buys_at: int, sells_at: int) -> None:
    seen = book(4_300, 4_600)
    assert price_of(wish, "bid", seen, CENTS) == buys_at
    assert price_of(wish, "ask", seen, CENTS) == sells_at


def test_where_there_is_no_room_an_improvement_joins() -> None:
    assert price_of("improve", "bid", book(4_300, 4_400), CENTS) == 4_300


def test_half_a_book_prices_nothing() -> None:
    assert price_of("take", "bid", book(None, 4_400), CENTS) is None
    assert Script(1, 0, ["A"]).order(lambda _: None) is None


# Its world


def walked(*, steady: bool, sends: bool) -> list[float]:
    """Return where the world's walks stand after twenty seconds, with an order of a member's or without one."""
    desk = open_desk(start_ms=START_MS, world=replace(small_world(), steady=steady), seed=5)
    exchange = desk.exchange
    exchange.advance(START_MS + 2_003)
    if sends:
        ticker = next(t for t, m in exchange.markets.items() if m.status == "active" and m.asks and m.bids)
        order = NewOrder(
            ticker=ticker,
            side="bid",
            price=Price(exchange.markets[ticker].best_ask),
            count=Size(300),
            time_in_force="immediate_or_cancel",
            self_trade_prevention="taker_at_cross",
        )
        exchange.create(desk.user_id, order)
    exchange.advance(START_MS + 20_000)
    return [walk.value for walk in desk.living.walks.values()]


def test_in_a_steady_world_prices_walk_the_same_way_whatever_is_sent() -> None:
    assert walked(steady=True, sends=True) == walked(steady=True, sends=False)
    assert walked(steady=False, sends=True) != walked(steady=False, sends=False)


# The commands


def test_models_are_those_that_the_settings_choose(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[paper]\ncash_dollars = "250"\nthere_ms = 7\nback_ms = 9\nqueue = "pro-rata"\n')
    file.chmod(0o600)
    code, out, _ = run("--config", file, "paper", "models")
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "FixedLatency: 7 ms there, 9 ms back"
    assert lines[1].startswith("QueueBehindAll: CancelsProRata")
    assert lines[-1] == "cash to begin with: $250.00"


def test_a_report_is_a_row_an_order_the_models_and_the_sums(run: Any) -> None:
    code, out, words = run("paper", "report", "--orders", 3)
    assert code == 0
    lines = out.splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["1", "2", "3"]
    assert lines[4].split()[0] == "all"
    assert lines[5] == "FixedLatency: 100 ms there, 100 ms back"
    assert "came to the same" in words


def test_json_has_orders_and_comparison(run: Any) -> None:
    code, out, _ = run("paper", "report", "--orders", 2, "--json")
    told = json.loads(out)
    assert code == 0
    assert (told["seed"], len(told["orders"])) == (1, 2)
    assert set(told["comparison"]) >= {"models", "rows", "paper", "exchange", "flattered"}


def test_the_document_tells_of_both_commands_and_of_each_wish() -> None:
    text = (Path(__file__).parents[2] / "docs" / "paper.md").read_text()
    for word in ("kalshi-tui paper report", "kalshi-tui paper models", "take", "sweep", "join", "improve", "behind"):
        assert word in text

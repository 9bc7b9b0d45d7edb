"""The report sets paper fills beside an exchange's, order by order, and says by how much paper was too kind."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any, Final

import msgspec

from kalshi_tui.core.events import FillSeen
from kalshi_tui.core.units import Size
from kalshi_tui.engine.paper.models import PaperModels
from kalshi_tui.engine.paper.report import Comparison, compare
from tests.engine.paper_kit import dollars, price, size

ROOT: Final = Path(__file__).parents[2]
WORDS: Final = PaperModels().words()


def fill(*what: Any, trade: str = "") -> FillSeen:
    """Make a fill of an order: its name, side, cents, contracts, fee in dollars, and time."""
    name, side, cents, contracts, fee, at_ms = what
    trade = trade or f"{name}-{cents}-{at_ms}"
    sizes = (price(cents), size(contracts), dollars(fee))
    return FillSeen(trade, f"id-{name}", name, "M", side, *sizes, True, Size(0), 0, 0, at_ms)


def test_each_order_has_its_row_with_differences() -> None:
    paper = [fill("a", "bid", 60, 10, 0.168, 1_100), fill("a", "bid", 61, 5, 0.0833, 1_100)]
    exchange = [fill("a", "bid", 61, 10, 0.1666, 1_250)]
    report = compare(paper, exchange, {"a": 1_000}, WORDS)
    (row,) = report.rows
    assert (row.client_order_id, row.ticker, row.side) == ("a", "M", "bid")
    # 10 x 0.60 + 5 x 0.61 = 9.05, for one contract 0.603333...
    assert (row.paper.size, row.paper.value, row.paper.average) == (size(15), dollars(9.05), dollars(0.603333))
    assert (row.paper.fee, row.paper.first_ms, row.exchange.first_ms) == (dollars(0.2513), 100, 250)
    assert (row.size_difference, row.fee_difference) == (size(5), dollars(0.0847))
    assert row.first_difference_ms == -150
    # one contract: (6.1 + 0.1666) / 10 = 0.62666 against (9.05 + 0.2513) / 15 = 0.620087 (0.6200866...)
    assert row.flattered == dollars(0.006573)
    assert report.flattered == dollars(0.06573)  # over the ten that both filled


def test_who_sells_is_flattered_by_a_higher_price() -> None:
    paper, exchange = [fill("a", "ask", 61, 10, 0, 1)], [fill("a", "ask", 60, 10, 0.1, 1)]
    assert compare(paper, exchange, {}, WORDS).rows[0].flattered == dollars(0.02)


def test_orders_that_only_one_side_or_neither_filled_are_counted() -> None:
    paper, exchange = [fill("a", "bid", 60, 10, 0.1, 5)], [fill("b", "bid", 60, 4, 0.1, 5)]
    report = compare(paper, exchange, {"a": 1, "b": 1, "c": 1}, WORDS)
    assert [row.client_order_id for row in report.rows] == ["a", "b", "c"]
    assert (report.only_paper, report.only_exchange, report.alike) == (1, 1, 1)
    assert [row.flattered for row in report.rows] == [None, None, None]
    assert (report.rows[2].paper.average, report.rows[2].paper.first_ms) == (None, None)
    assert (report.paper.size, report.exchange.size, report.paper.value) == (size(10), size(4), dollars(6))
    assert report.models == WORDS


def test_a_fill_that_is_told_twice_counts_once() -> None:
    one = fill("a", "bid", 60, 10, 0.1, 5, trade="t")
    report = compare([one, one], [one], {}, WORDS)
    assert (report.alike, report.paper.size, report.paper.fee) == (1, size(10), dollars(0.1))


def test_a_report_can_be_written_and_read_again() -> None:
    report = compare([fill("a", "bid", 60, 10, 0.1, 5)], [], {"a": 1}, WORDS)
    assert msgspec.json.decode(msgspec.json.encode(report), type=Comparison) == report


def test_the_page_names_each_model_and_each_parameter() -> None:
    page = (ROOT / "docs" / "paper.md").read_text()
    tree = ast.parse((ROOT / "kalshi_tui" / "engine" / "paper" / "models.py").read_text())
    names = [node.name for node in tree.body if isinstance(node, ast.ClassDef) and node.name != "PaperModels"]
    assert [name for name in names if f"| `{name}` |" not in page] == []
    assert [name for name in ("there_ms", "back_ms", "pairing_ms") if f"`{name}`" not in page] == []


def test_nothing_in_paper_reaches_a_network_a_clock_or_chance() -> None:
    imported: set[str] = set()
    for file in (ROOT / "kalshi_tui" / "engine" / "paper").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom):
                imported.add(node.module or "")
            elif isinstance(node, ast.Import):
                imported.update(alias.name for alias in node.names)
    ours = ("kalshi_tui.core.", "kalshi_tui.engine.paper", "kalshi_tui.errors", "kalshi_tui.protocol.rest.")
    others = {name for name in imported if not name.startswith(ours)}
    plain = {"__future__", "collections.abc", "dataclasses", "functools", "heapq", "msgspec", "typing"}
    assert others <= plain

"""Where money, sizes and prices are counted nothing divides into fractions: only sentences and rates of messages do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PLACES: Final = (
    "kalshi_tui/core",
    "kalshi_tui/engine/trading",
    "kalshi_tui/engine/paper",
    "kalshi_tui/link/trading.py",
    "kalshi_tui/protocol/rest/trading.py",
    "kalshi_tui/protocol/rest/portfolio.py",
    "kalshi_tui/sdk/risk.py",
    "plugins/kalshi_tui_limits",
)
# Messages a second, hours that a person has reviewed, seconds for a sentence: none is money, none comes near an order.
KNOWN: Final = {
    "kalshi_tui/engine/trading/checks.py: (facts.now_ms - sent.at_ms) / 1000",
    "kalshi_tui/engine/trading/reviewing.py: (desk.ledger.reviewed_ms - before_ms) / _HOUR_MS",
    "kalshi_tui/engine/trading/reviewing.py: desk.ledger.reviewed_ms / _HOUR_MS",
    "kalshi_tui/engine/trading/breakers.py: 20.0",
    "kalshi_tui/engine/trading/breakers.py: 0.0",
    "kalshi_tui/engine/trading/breakers.py: sum((rate for _, rate in self._rates)) / len(self._rates)",
    "kalshi_tui/engine/trading/showing.py: (ledger.reviewed_ms + desk.rules.reviewed_ms) / 3600000",
}


def files() -> Iterator[Path]:
    for place in PLACES:
        path = ROOT / place
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def fractions(node: ast.AST) -> Iterator[ast.expr | ast.AugAssign]:
    """Yield what makes a binary fraction, but for what stands in a sentence."""
    if isinstance(node, ast.JoinedStr):
        return
    is_division = isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)
    is_literal = isinstance(node, ast.Constant) and type(node.value) is float
    if is_division or is_literal:
        yield node  # type: ignore[misc]  # one of the three
    for child in ast.iter_child_nodes(node):
        yield from fractions(child)


def test_nothing_that_counts_money_divides_into_fractions_or_names_one() -> None:
    found = {
        f"{file.relative_to(ROOT)}: {ast.unparse(node)}"
        for file in files()
        for node in fractions(ast.parse(file.read_text()))
    }
    assert found == KNOWN


def test_what_is_looked_for_would_be_found() -> None:
    code = "a = b / c\nb /= 2\nc = 0.5\nd = f'{a / 2:.1f} s'\ne = a // 2\n"
    assert [ast.unparse(node) for node in fractions(ast.parse(code))] == ["b / c", "b /= 2", "0.5"]

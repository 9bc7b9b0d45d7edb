"""There is one way to the venue: what builds, permits and sends orders is named here, and nothing else may."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "kalshi_tui").rglob("*.py"))
MONEY_MODULES = (
    "core/units.py",
    "core/orders.py",
    "core/positions.py",
    "core/fees.py",
    "core/exposure.py",
    "core/payoffs.py",
    "core/marks.py",
    "core/book.py",
    "core/grid.py",
    "engine/trading",
    "engine/paper",
    "protocol/rest/trading.py",
    "protocol/rest/portfolio.py",
)


def users_of(*names: str) -> set[str]:
    """Return the files in which one of these names is called or imported."""
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            is_call = isinstance(node, ast.Call) and _called(node) in names
            is_import = isinstance(node, ast.ImportFrom) and any(alias.name in names for alias in node.names)
            if is_call or is_import:
                found.add(str(path.relative_to(ROOT / "kalshi_tui")))
    return found


def _called(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def test_requests_that_create_or_enlarge_orders_are_built_in_one_place() -> None:
    users = users_of("create_order", "create_orders", "amend_order")
    strangers = {user for user in users if user.startswith(("cli/benches/", "cli/drills/"))}  # clients of their own
    assert users - strangers == {"protocol/rest/__init__.py", "engine/trading/bodies.py"}


def test_permits_are_made_by_the_gate_alone_and_spent_by_what_sends() -> None:
    assert users_of("Permit") == {
        "engine/trading/gate.py",
        "engine/trading/effects.py",
        "engine/trading/tickets.py",
    }
    made = [path for path in SOURCES if any(_called(node) == "Permit" for node in _calls(path))]
    assert [path.name for path in made] == ["gate.py"]
    users = {path for path in users_of("spend") if not path.startswith("practice/")}
    assert users == {"engine/executing.py", "engine/trading/paper.py"}


def test_no_order_gets_a_name_by_chance() -> None:
    offenders = users_of("uuid4", "uuid1")
    assert {path for path in offenders if not path.startswith("practice/")} == set()


@pytest.mark.parametrize("place", MONEY_MODULES)
def test_no_float_is_made_where_money_is_counted(place: str) -> None:
    path = ROOT / "kalshi_tui" / place
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    offenders = [f"{file.name}:{node.lineno}" for file in files for node in _calls(file) if _called(node) == "float"]
    assert offenders == []


def test_an_unpriced_order_does_not_exist() -> None:
    from kalshi_tui.link.trading import Draft  # noqa: PLC0415 - the one type that an order is drafted in
    from kalshi_tui.protocol.rest.trading import NewOrder  # noqa: PLC0415 - and the one that it is sent in

    with pytest.raises(TypeError):
        Draft(ticker="KXA-1", side="bid", size=100)  # type: ignore[call-arg, arg-type]
    with pytest.raises(TypeError):
        NewOrder(client_order_id="a", ticker="KXA-1", side="bid", size=100)  # type: ignore[call-arg, arg-type]


def _calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]

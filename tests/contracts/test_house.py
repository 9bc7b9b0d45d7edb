"""The house's rules that no linter knows."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "kalshi_tui"
HEADLESS = ["core", "protocol", "analytics", "config", "sdk", "link", "engine", "adapters", "practice", "backtest"]


def modules_of(*rooms: str) -> list[str]:
    files = sorted(file for room in rooms for file in (PACKAGE / room).rglob("*.py"))
    return [".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for file in files]


def run_python(code: str) -> str:
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environ
    ).stdout


def test_the_headless_half_never_loads_textual() -> None:
    names = [name for name in modules_of(*HEADLESS) if not name.endswith(("adapters.fast", "adapters.keyring"))]
    loaded = run_python(f"import sys, importlib\nfor n in {names!r}: importlib.import_module(n)\nprint(*sys.modules)")
    assert "kalshi_tui.core.units" in loaded.split()
    assert not {"textual", "kalshi_tui.tui"} & set(loaded.split())


def test_help_imports_no_command_and_no_heavy_library() -> None:
    code = "import sys; from kalshi_tui.cli.main import cli; cli.main(['--help'], standalone_mode=False)"
    code += "; print(*sys.modules)"
    loaded = set(run_python(code).split())
    assert not {"httpx", "aiohttp", "rich", "textual", "numpy", "msgspec", "asyncio"} & loaded


@pytest.mark.parametrize("room", sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py")))
def test_each_room_says_what_it_is_in_one_sentence(room: str) -> None:
    text = ast.get_docstring(ast.parse((PACKAGE / room / "__init__.py").read_text()))
    assert text
    assert text.splitlines()[0].endswith(".")


def public_things() -> list[tuple[str, ast.AST]]:
    found: list[tuple[str, ast.AST]] = []
    for file in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(file.read_text())
        found.append((str(file.relative_to(ROOT)), tree))
        found.extend(
            (f"{file.relative_to(ROOT)}:{node.name}", node)
            for node in tree.body
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_")
        )
    return found


def test_each_public_thing_says_what_it_does() -> None:
    silent = [
        name
        for name, node in public_things()
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and not ast.get_docstring(node)
        and not (isinstance(node, ast.Module) and not node.body)
    ]
    assert silent == []


def test_no_file_is_a_dumping_ground() -> None:
    long = {str(f.relative_to(ROOT)): n for f in PACKAGE.rglob("*.py") if (n := len(f.read_text().splitlines())) > 500}
    assert long == {}

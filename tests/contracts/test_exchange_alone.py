"""The exchange starts before everything else can: what it does not need, it does not load."""

from __future__ import annotations

from tests.contracts.test_house import run_python


def test_the_exchange_loads_no_client() -> None:
    loaded = set(run_python("import sys, kalshi_tui.cli.exchange; print(*sys.modules)").split())
    assert "kalshi_tui.practice.server" in loaded
    assert not {"httpx", "rich", "kalshi_tui.engine.feed", "kalshi_tui.protocol.stream"} & loaded

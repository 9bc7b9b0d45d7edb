"""Who is not on this machine, or has no key, gets nothing: the exchange listens on loopback and trusts no page."""

from __future__ import annotations

import ast
import socket
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

import kalshi_tui
from tests.practice.door_kit import ORDERS
from tests.practice.test_server import at_work, quiet_desk

PACKAGE = Path(kalshi_tui.__file__).parent
PAGE = {"Origin": "https://elsewhere.example", "Host": "elsewhere.example"}  # as after a name was bound anew


async def test_it_listens_on_loopback_and_on_no_other_address() -> None:
    async with at_work(quiet_desk()) as client:
        addresses = client.running._runner.addresses
        assert [address[0] for address in addresses] == ["127.0.0.1"]
        with socket.socket() as other, pytest.raises(ConnectionRefusedError):
            other.connect(("127.0.0.2", addresses[0][1]))


async def test_a_page_in_a_browser_places_nothing_and_opens_no_stream() -> None:
    async with at_work(quiet_desk()) as client:
        async with client.http.post(client.running.rest_url + ORDERS, json={"ticker": "M"}, headers=PAGE) as reply:
            assert reply.status == 401
        async with client.http.get(client.running.rest_url + "/portfolio/balance", headers=PAGE) as reply:
            assert reply.status == 401
        async with client.http.get(client.running.rest_url + "/markets?limit=1", headers=PAGE) as reply:
            assert not [name for name in reply.headers if name.lower().startswith("access-control-")]
        with pytest.raises(InvalidStatus) as caught:
            await connect(client.running.ws_url, origin="https://elsewhere.example", compression=None)  # type: ignore[arg-type]  # a plain string
        assert caught.value.response.status_code == 401


def test_nothing_in_the_program_listens_on_a_network() -> None:
    """The engine has a socket in the file system, the exchange a port on loopback; no call names another address."""
    listening = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        text = file.read_text()
        assert "0.0.0.0" not in text, file  # noqa: S104 - it is looked for
        calls = {
            getattr(node.func, "attr", getattr(node.func, "id", ""))
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Call)
        }
        found = calls & {"TCPSite", "create_server", "start_server", "create_unix_server", "run_app", "bind"}
        if found:
            listening[str(file.relative_to(PACKAGE))] = found
    benches = {name for name in listening if name.startswith("cli/benches/")}  # loopback, for as long as they measure
    assert {name: found for name, found in listening.items() if name not in benches} == {
        "adapters/engine_socket.py": {"create_unix_server"},
        "practice/server.py": {"TCPSite"},
    }

"""An order's way is measured item by item and a kill from both ends, on a real engine that trades."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest
from aiohttp.web_protocol import RequestHandler

from kalshi_tui.adapters.http import HttpxTransport
from kalshi_tui.cli.benches import orders_fire, orders_kill
from kalshi_tui.cli.benches.orders import TARGETS
from kalshi_tui.cli.benches.orders_engine import stamped_http
from kalshi_tui.cli.benches.orders_fire import Shot, figures, shots_of
from kalshi_tui.cli.benches.orders_kill import Killed
from kalshi_tui.cli.benches.orders_stamps import Stamps, first_after, noting_handler
from kalshi_tui.errors import TransportError
from kalshi_tui.practice.desk import open_desk
from kalshi_tui.practice.server import serve

MS = 1_000_000
NOTED = {"wire": "post"}  # by whom it receives
DOCUMENT = (Path(__file__).parents[2] / "docs" / "performance.md").read_text()


class BareHttp(HttpxTransport):
    """Writes head and body apart, as httpx does by itself."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self._transport = httpx.AsyncHTTPTransport()


def test_an_order_s_way_is_what_was_noted_between_it_and_the_next() -> None:
    times = {"asked": 1, "judged": 3, "append": 4, "kept": 9, "sign": 10, "signed": 12, "send": 13, "wire": 15}
    rows = [
        (NOTED.get(name, name), start + factor * at)
        for start, factor in ((100, 1), (200, 2))
        for name, at in times.items()
    ]
    rows.insert(0, ("sign", 99))  # of something else
    rows.insert(3, ("send", 103))  # of something else that was posted while the disk was busy
    first, second = shots_of(rows, [100, 200])
    way = {name: at for name, at in times.items() if name not in {"sign", "signed"}}
    assert first == Shot(**way, signing=2)
    assert second == Shot(**{name: 2 * at for name, at in way.items()}, signing=4)


def test_what_was_signed_before_somebody_fired_is_no_part_of_the_way() -> None:
    times = {"asked": 1, "judged": 3, "append": 4, "kept": 9, "send": 13, "wire": 15}
    rows = [("sign", 98), ("signed", 99), *((NOTED.get(name, name), 100 + at) for name, at in times.items())]
    (shot,) = shots_of(rows, [100])
    assert shot == Shot(**times, signing=0)


def test_what_was_not_noted_is_no_measurement() -> None:
    with pytest.raises(AssertionError, match="'post' was never noted"):
        first_after([("post", 1)], "post", 2)


def test_items_and_the_rest_are_the_whole_way() -> None:
    shot = Shot(asked=1 * MS, judged=3 * MS, append=4 * MS, kept=9 * MS, signing=2 * MS, send=13 * MS, wire=16 * MS)
    found = figures([shot] * 3, [2 * MS] * 3, [4 * MS] * 3)
    items = ("link_ms", "gate_ms", "journal_ms", "signing_ms", "writing_ms", "rest_ms")
    assert [found[item] for item in items] == [1, 2, 5, 2, 3, 3]
    assert sum(found[item] for item in items) == found["fire_to_wire_ms"] == 16
    assert (found["fire_above_httpx_ms"], found["fire_but_commit_above_httpx_ms"]) == (14, 9)


def test_a_gate_is_shut_when_the_answer_and_the_refusal_are_there_and_nothing_rests_when_both_sides_say_so() -> None:
    kills = [Killed(1, 3, 20, 400, 300), Killed(2, 4, 30, 100, 500), Killed(9, 5, 10, 100, 200)]
    found = orders_kill.figures(kills, 5_000)
    assert (found["kill_gate_ms"], found["kill_gate_worst_ms"]) == (4, 9)
    assert (found["kill_trigger_ms"], found["kill_verified_s"], found["kill_verified_worst_s"]) == (20, 0.4, 0.5)


@pytest.mark.parametrize("sender", [HttpxTransport, BareHttp], ids=["in one piece", "head and body apart"])
async def test_posts_are_noted_once_they_are_there_whole_and_nothing_else_is(
    sender: type[HttpxTransport], monkeypatch: pytest.MonkeyPatch
) -> None:
    stamps = Stamps()
    monkeypatch.setattr(RequestHandler, "data_received", noting_handler(stamps.note))
    running = await serve(open_desk(start_ms=time.time_ns() // MS, seed=1))
    http = sender(running.rest_url)
    try:
        await http.send("GET", "/trade-api/v2/exchange/status", {}, None)
        assert stamps.rows == []
        before = time.monotonic_ns()
        await http.send("POST", "/trade-api/v2/portfolio/order_groups/create", {}, b"{}")
        assert [name for name, _ in stamps.rows] == ["post"]
        assert before <= stamps.rows[0][1] <= time.monotonic_ns()
    finally:
        await http.close()
        await running.close()


async def test_a_transport_notes_when_it_is_asked_to_post() -> None:
    stamps = Stamps()
    running = await serve(open_desk(start_ms=time.time_ns() // MS, seed=1))
    http = stamped_http(stamps.note)(running.rest_url)
    try:
        await http.send("GET", "/trade-api/v2/exchange/status", {}, None)
        await http.send("POST", "/trade-api/v2/portfolio/order_groups/create", {}, b"{}")
        assert [name for name, _ in stamps.rows] == ["send"]
    finally:
        await http.close()
        await running.close()


async def test_a_stamped_transport_fails_as_its_parent_does() -> None:
    http = stamped_http(Stamps().note)("http://127.0.0.1:9")
    assert isinstance(http, HttpxTransport)
    with pytest.raises(TransportError):
        await http.send("POST", "/", {}, b"{}")
    await http.close()


def test_a_real_engine_fires_and_is_itemised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders_fire, "WARM_UP", 1)
    found = orders_fire.measure(3)
    assert 0 < found["link_ms"] + found["gate_ms"] + found["journal_ms"] < found["fire_to_wire_ms"] + 50
    assert min(found[name] for name in ("journal_ms", "writing_ms", "bare_httpx_ms", "bare_sync_ms")) > 0
    assert found["signing_ms"] == 0, "it was signed while the ticket lay open"


def test_a_real_engine_under_load_is_killed_and_lifted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders_kill, "CHANGES_PER_S", 500)
    monkeypatch.setattr(orders_kill, "BOOKS", 100)
    monkeypatch.setattr(orders_kill, "ORDERS", 20)
    monkeypatch.setattr(orders_kill, "MARKETS", 10)
    found = orders_kill.measure(2)
    assert found["kill_trigger_ms"] > 0
    assert 0 < found["kill_verified_s"] < orders_kill._LIMIT_S
    assert found["kill_empty_s"] <= found["kill_verified_worst_s"]


def test_each_figure_is_explained_in_the_document() -> None:
    shot = Shot(*range(1, 8))
    names = {*figures([shot], [1], [1]), *orders_kill.figures([Killed(1, 1, 1, 1, 1)], 1.0), *TARGETS}
    told = DOCUMENT.split("## `bench orders`")[1].split("\n## ")[0]
    assert [name for name in sorted(names) if f"`{name}`" not in told] == []

"""Every bundled scenario loads, strikes, and is named in the document; every fault has a scenario or a reason."""

from __future__ import annotations

import random
import re
from contextlib import suppress
from pathlib import Path

import pytest

from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.faults import Faults, load_scenario, scenario_path
from kalshi_tui.practice.faults.catalogue import ACTIONS, SELECTORS, WHEN
from kalshi_tui.practice.faults.scenario import SCENARIOS
from kalshi_tui.practice.faults.states import STATES
from kalshi_tui.practice.records import ApiKey, Refusal
from kalshi_tui.practice.stream import Hub
from tests.practice.stream_kit import HOUSE, MEMBER, START_MS, place, small_exchange

DOCUMENT = (Path(__file__).parents[2] / "docs" / "faults.md").read_text()
FILES = sorted(SCENARIOS.glob("*.toml"))
ORDERS = "/trade-api/v2/portfolio/events/orders"


class Day:
    """Forty-five seconds of ordinary life: makers, a member who trades, connections that come back, and requests."""

    def __init__(self, path: Path, seed: int = 1) -> None:
        self.exchange = small_exchange()
        self.faults = Faults(load_scenario(path), random.Random(seed))
        self.faults.arm(self.exchange)
        self.hub = Hub(self.exchange, self.faults)
        self.session = self.hub.open(MEMBER)
        self.exchange.add_key(ApiKey("key-1", MEMBER, b""))
        self.exchange.create_group(MEMBER, 10**6)
        self.chance = random.Random(seed)
        self.sent = bytearray()

    def live(self, steps: int = 450) -> Day:
        """Let time pass in tenths of a second."""
        for step in range(steps):
            if step % 10 == 0:
                self._keep_connected(step)
                self._ask_the_rest_door(step)
            self._trade()
            self.exchange.advance(START_MS + step * 100)
            self.sent += b"".join(repr(item).encode() for item in self.session.take())
        return self

    def _keep_connected(self, step: int) -> None:
        if self.session.closed or self.session.silent:
            self.session.close()
            self.session = self.hub.open(MEMBER)
        channels = b'"orderbook_delta","fill","user_orders","market_positions","market_lifecycle_v2"'
        tickers = b'"KXT-1-A","KXT-1-B","KXT-1-C"'
        self.session.receive(
            b'{"id":%d,"cmd":"subscribe","params":{"channels":[%b],"market_tickers":[%b]}}' % (step, channels, tickers)
        )
        self.session.receive(
            b'{"id":1,"cmd":"update_subscription","params":{"sid":1,"action":"get_snapshot","market_ticker":"KXT-1-A"}}'
        )

    def _ask_the_rest_door(self, step: int) -> None:
        resting = self.exchange.resting_of(MEMBER)
        order_id = resting[0].order_id if resting else "unknown"
        for method, path in (
            ("POST", ORDERS),
            ("POST", f"{ORDERS}/batched"),
            ("POST", f"{ORDERS}/{order_id}/amend"),
            ("POST", f"{ORDERS}/{order_id}/decrease"),
            ("DELETE", f"{ORDERS}/{order_id}"),
            ("GET", "/trade-api/v2/portfolio/positions?limit=100"),
            ("GET", "/trade-api/v2/events?limit=200"),
        ):
            now_ms = START_MS + step * 100
            self.sent += repr(self.faults.for_request(method, path, now_ms, self.exchange, MEMBER)).encode()

    def _trade(self) -> None:
        for user, width in ((HOUSE, 300), (HOUSE, 300), (MEMBER, 100)):
            ticker = self.chance.choice(list(self.exchange.markets)[:3])
            for side, price in (("bid", 5_000 - width), ("ask", 5_000 + width)):
                wanted = price + 100 * self.chance.randrange(-3, 4)
                with suppress(Refusal):
                    place(self.exchange, side, wanted, self.chance.randrange(1, 500), user=user, ticker=ticker)  # type: ignore[arg-type]
            self._tidy(user)

    def _tidy(self, user: str) -> None:
        for order in list(self.exchange.resting_of(user))[:-6]:
            with suppress(Refusal):
                self.exchange.cancel(user, order.order_id)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_rule_of_every_scenario_strikes_in_an_ordinary_day(path: Path) -> None:
    day = Day(path).live()
    assert {rule.name for rule in day.faults.rules} == set(day.faults.struck)
    assert not day.faults.missed


@pytest.mark.parametrize("name", ["f18-fill-under-two-ids", "f38-reordered", "f20-filled-before-cancel"])
def test_the_same_seed_gives_the_same_day(name: str) -> None:
    first, second = (Day(scenario_path(name), seed=5).live(200) for _ in range(2))
    assert first.sent == second.sent
    assert first.exchange.log_digest() == second.exchange.log_digest()


def test_a_scenario_is_found_by_its_name_and_by_its_fault() -> None:
    assert scenario_path("f07-reply-lost") == scenario_path("F07") == SCENARIOS / "f07-reply-lost.toml"


def _rows() -> dict[str, str]:
    """Return what the document says of each fault: its scenario, or its reason."""
    return dict(re.findall(r"^\| (F\d\d) \|.*\| ([^|]+) \|$", DOCUMENT, re.MULTILINE))


def test_all_seventy_five_faults_are_in_the_document() -> None:
    assert sorted(_rows()) == [f"F{number:02d}" for number in range(1, 76)]


def test_the_document_and_the_files_name_the_same_scenarios() -> None:
    named = {fault: said.strip("`") for fault, said in _rows().items() if said.startswith("`")}
    files = {rule.fault: path.stem for path in FILES for rule in load_scenario(path) if rule.fault}
    assert named == files
    assert all(stem.startswith(fault.lower()) for fault, stem in files.items())
    for path in FILES:
        assert f"`{path.stem}`" in DOCUMENT


def test_a_fault_without_a_scenario_has_a_reason() -> None:
    assert all(said.startswith("`") or len(said) > 20 for said in _rows().values())


def test_the_document_names_every_action_setting_and_state() -> None:
    for place_name, actions in ACTIONS.items():
        for action, settings in actions.items():
            row = re.search(rf"^\| {place_name} \| `{action}` \|.*$", DOCUMENT, re.MULTILINE)
            assert row, (place_name, action)
            shown = {"at_s", "on", "after_s"} if place_name in ("exchange", "connection") else set()
            assert all(f"`{name}`" in row[0] for name in settings if name not in shown), row[0]
    selectors = {name for names in SELECTORS.values() for name in names}
    assert all(f"`{name}`" in DOCUMENT for name in {*WHEN, *STATES, *selectors, "at_s", "on", "after_s"})


def test_faults_that_concern_no_stream_leave_sessions_alone() -> None:
    exchange = small_exchange()
    hub = Hub(exchange, Faults(load_scenario(scenario_path("F01")), random.Random(1)))
    assert hub.open(MEMBER).spoiler is None


def test_an_exchange_without_members_waits_for_one() -> None:
    exchange = Exchange(seed=1, start_ms=START_MS)
    faults = Faults(load_scenario(scenario_path("F59")), random.Random(1))
    faults.arm(exchange)
    exchange.advance(START_MS + 10_000)
    assert not faults.struck
    exchange.open_account(cash=10**9, user_id=MEMBER)
    exchange.advance(START_MS + 11_000)
    assert exchange.available(MEMBER) == 10**9 - 100 * 10**6

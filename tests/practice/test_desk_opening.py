"""A desk: member, key, doors and reference values around a living world."""

from __future__ import annotations

from pathlib import Path

import pytest

from kalshi_tui.core.units import parse_money
from kalshi_tui.practice.desk import open_desk
from kalshi_tui.practice.keys import KeyKind, key_id_of, make_key, public_half
from kalshi_tui.practice.reference import reference_clock, reference_values
from kalshi_tui.practice.rest import HttpRequest
from kalshi_tui.practice.worldfile import WorldRefused
from kalshi_tui.protocol.signing import Scope, load_signer

START_MS = 1_794_998_837_123
KEY = make_key("ed25519")


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_the_key_of_a_desk_opens_its_doors(kind: KeyKind) -> None:
    desk = open_desk(start_ms=START_MS, seed=1, key_pem=make_key(kind), cash=parse_money("123.45"))
    path = "/trade-api/v2/portfolio/balance"
    signed = load_signer(desk.key_id, desk.key_pem, Scope.READ).sign(desk.exchange.now_ms, "GET", path)
    headers = {name.lower(): value for name, value in signed.items()}
    reply = desk.rest.handle(HttpRequest("GET", path, (), headers, b""))
    assert reply.status == 200
    assert b'"balance":12345' in reply.body


def test_the_key_is_no_part_of_the_events_and_the_seed_is_all_of_them() -> None:
    one, other = (open_desk(start_ms=START_MS, seed=9, key_pem=make_key("ed25519")) for _ in range(2))
    assert one.key_id != other.key_id
    assert one.user_id == other.user_id
    for desk in (one, other):
        desk.exchange.advance(START_MS + 20_000)
    assert one.exchange.log_digest() == other.exchange.log_digest()


def test_each_start_and_each_seed_has_another_member() -> None:
    starts = [(START_MS, 1), (START_MS + 1, 1), (START_MS, 2)]
    ids = {open_desk(start_ms=start_ms, seed=seed, key_pem=KEY).user_id for start_ms, seed in starts}
    assert len(ids) == 3


def test_without_a_seed_one_is_taken_from_the_start_and_told() -> None:
    desk = open_desk(start_ms=START_MS, key_pem=KEY)
    again = open_desk(start_ms=START_MS, seed=desk.seed, key_pem=KEY)
    assert again.exchange.log_digest() == desk.exchange.log_digest()


def test_the_same_key_has_the_same_id_and_no_private_half_is_shown() -> None:
    assert key_id_of(public_half(KEY)) == key_id_of(public_half(KEY))
    assert b"PRIVATE" not in public_half(KEY)
    assert "PRIVATE" not in repr(open_desk(start_ms=START_MS, key_pem=KEY))


@pytest.mark.parametrize("pem", [b"", b"not a key", public_half(KEY)], ids=["empty", "words", "public half"])
def test_what_is_no_private_key_is_refused_without_showing_it(pem: bytes) -> None:
    with pytest.raises(WorldRefused) as caught:
        open_desk(start_ms=START_MS, key_pem=pem)
    assert "not a key" not in caught.value.message + caught.value.hint


def test_a_scenario_does_not_change_what_the_world_does_otherwise(tmp_path: Path) -> None:
    scenario = tmp_path / "slow.toml"
    scenario.write_text('[[rule]]\nat = "request"\naction = "delay"\ndelay_ms = 5\nprobability = 0.5\n')
    plain = open_desk(start_ms=START_MS, seed=9, key_pem=KEY)
    spoilt = open_desk(start_ms=START_MS, seed=9, key_pem=KEY, scenario=scenario)
    assert spoilt.faults is not None
    for desk in (plain, spoilt):
        desk.exchange.advance(START_MS + 20_000)
    assert plain.exchange.log_digest() == spoilt.exchange.log_digest()


def test_reference_values_are_the_walks_of_the_world() -> None:
    desk = open_desk(start_ms=START_MS, seed=9, key_pem=KEY)
    desk.exchange.advance(START_MS + 5_000)
    told = reference_values(desk)
    assert (told["world"], told["now_ms"]) == ("first", START_MS + 5_000)
    values = {one["name"]: one for one in told["values"]}
    assert set(values) == {"bitcoin", "ether", "shares", "policy"}
    assert values["bitcoin"]["index_id"] == "BRTI"
    assert values["shares"]["index_id"] is None
    assert START_MS + 4_000 <= values["shares"]["ts_ms"] <= START_MS + 5_000
    assert len(values["bitcoin"]["value"].partition(".")[2]) == 2
    clock = reference_clock(desk, 2.5)
    assert clock == {"now_ms": START_MS + 5_000, "speed": 2.5, "world": "first", "seed": 9}

"""The same seed makes the same run, whatever Python does with its hashes."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from kalshi_tui.practice.happenings import IndexTicked, MarketChanged
from kalshi_tui.practice.records import Refusal
from tests.practice.pit import MINUTE, START_MS, Pit

ROOT = Path(__file__).parents[2]


def run_a_session(seed: int = 7) -> str:
    """Let three members trade in two markets for a while; return the digest."""
    pit = Pit(fee_type="quadratic_with_maker_fees")
    pit.random.seed(seed)
    pit.list_market("N")
    names = [pit.member(name) for name in ("ann", "ben", "cat")]
    group = pit.create_group("ann", 50_000)
    for step in range(400):
        pit.advance(START_MS + step * 500)
        name = pit.random.choice(names)
        trade = pit.random.choice([pit.bid, pit.ask])
        with suppress(Refusal):  # for want of cash, or because the group has tripped
            trade(
                name,
                pit.random.randrange(40, 60),
                pit.random.randrange(1, 500) / 10,
                ticker=pit.random.choice(["M", "N"]),
                order_group_id=group.group_id if name == "ann" else None,
                expiration_ms=pit.now_ms + MINUTE,
                self_trade_prevention=pit.random.choice(["maker", "taker_at_cross"]),
            )
        for order in list(pit.resting_of(name))[:1]:
            if step % 3 == 0:
                pit.cancel(name, order.order_id)
    pit.tell(IndexTicked("BRTI", "64000.00", pit.now_ms, pit.now_ms))
    pit.determine("M", "yes")
    pit.determine("N", "no")
    pit.advance(pit.now_ms + 10 * MINUTE)
    return pit.log_digest()


def digest_in_a_process(hash_seed: str) -> str:
    code = "from tests.practice.test_determinism_digest import run_a_session; print(run_a_session())"
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": hash_seed}
    return subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environ
    ).stdout.strip()


def test_the_same_seed_gives_the_same_digest_under_any_hash_seed() -> None:
    digest = run_a_session()
    assert len(digest) == 64
    assert {digest_in_a_process("0"), digest_in_a_process("1")} == {digest}
    assert run_a_session(8) != digest


def test_the_digest_depends_on_what_happened_and_on_its_order() -> None:
    first, second, third = Pit(), Pit(), Pit()
    for pit in (first, second, third):
        pit.member("ann")
    before = first.log_digest()
    assert before == second.log_digest() == third.log_digest()
    first.bid("ann", 40, 1)
    first.bid("ann", 41, 1)
    second.bid("ann", 41, 1)
    second.bid("ann", 40, 1)
    third.bid("ann", 40, 1)
    assert len({before, first.log_digest(), second.log_digest(), third.log_digest()}) == 4
    assert first.log_digest() == first.log_digest()


def test_each_kind_of_happening_moves_the_digest() -> None:
    pit = Pit()
    market, event = pit.market, pit.events["E"]
    digests = [pit.log_digest()]
    pit.tell(MarketChanged("metadata_updated", market, pit.now_ms))
    digests.append(pit.log_digest())
    pit.set_event_fee("E", "quadratic", 1)
    digests.append(pit.log_digest())
    pit.create_group(pit.member("ann"), 100)
    digests.append(pit.log_digest())
    pit.tell(IndexTicked("BRTI", "1.00", 1, 2))
    digests.append(pit.log_digest())
    pit.tell(IndexTicked("BRTI", "1.01", 1, 2))
    digests.append(pit.log_digest())
    assert len(set(digests)) == len(digests)
    assert event.fee_type_override == "quadratic"

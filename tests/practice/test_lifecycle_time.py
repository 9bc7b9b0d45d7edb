"""Time moves in one place only, and what is due runs in order at its own time."""

from __future__ import annotations

import re

from tests.practice.pit import CLOSE_MS, START_MS, Pit, refuses


def test_due_actions_run_at_their_own_times_and_ties_in_order_of_scheduling() -> None:
    pit = Pit()
    ran: list[tuple[str, int]] = []

    def note(name: str) -> None:
        ran.append((name, pit.now_ms))

    pit.schedule(START_MS + 20, lambda: note("c"))
    pit.schedule(START_MS + 10, lambda: note("a"))
    pit.schedule(START_MS + 10, lambda: note("b"))
    pit.schedule(START_MS + 31, lambda: note("late"))
    assert pit.next_due_ms() == START_MS + 10
    pit.advance(START_MS + 30)
    assert ran == [("a", START_MS + 10), ("b", START_MS + 10), ("c", START_MS + 20)]
    assert (pit.now_ms, pit.next_due_ms()) == (START_MS + 30, START_MS + 31)


def test_an_action_may_schedule_another_that_is_due_in_the_same_advance() -> None:
    pit = Pit()
    ran: list[int] = []
    pit.schedule(START_MS + 10, lambda: pit.schedule(START_MS + 15, lambda: ran.append(pit.now_ms)))
    pit.advance(START_MS + 20)
    assert ran == [START_MS + 15]


def test_what_is_already_due_runs_at_the_next_advance_and_time_never_goes_back() -> None:
    pit = Pit()
    ran: list[int] = []
    pit.schedule(START_MS - 5, lambda: ran.append(pit.now_ms))
    pit.advance(START_MS - 10)
    assert (ran, pit.now_ms) == ([], START_MS)
    pit.advance(START_MS)
    assert (ran, pit.now_ms) == ([START_MS], START_MS)


def test_a_market_whose_turn_to_close_has_not_come_takes_nothing_more() -> None:
    pit = Pit()
    second = pit.list_market("N")
    pit.member("ann")
    assert pit.act(CLOSE_MS)
    assert (pit.market.status, second.status, pit.now_ms) == ("closed", "active", CLOSE_MS)
    with refuses(409, "market_already_closed"):
        pit.bid("ann", 40, 1, ticker="N")
    assert pit.act(CLOSE_MS)
    assert (second.status, pit.act(CLOSE_MS)) == ("closed", False)


def test_an_idle_exchange_waits_for_its_next_close() -> None:
    assert Pit().next_due_ms() == CLOSE_MS


def test_ids_look_like_uuids_and_come_from_the_seed() -> None:
    first, second = Pit(), Pit()
    ids = [first.new_id() for _ in range(100)]
    assert ids == [second.new_id() for _ in range(100)]
    assert len(set(ids)) == 100
    assert all(re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}", one) for one in ids)

"""Frames that are taken many at a time: what has been applied is known, whatever whoever is told does."""

from __future__ import annotations

import pytest

from kalshi_tui.core.events import Event
from kalshi_tui.core.units import Price
from tests.protocol.stream_frames import NOW, delta, live, states, subscribed

BOOKS = "orderbook_delta"


def test_frames_given_again_after_a_failed_delivery_are_not_applied_twice() -> None:
    stream = live("KXA")
    stream.receive_all([delta(2, clock=101)], NOW, lambda _: None)
    told: list[Event] = []

    def fail_late(event: Event) -> None:
        told.append(event)
        if len(told) == 2:
            raise OSError("the disk is full")

    batch = [delta(3, clock=102), delta(4, clock=102)]
    with pytest.raises(OSError, match="full"):
        stream.receive_all(batch, NOW, fail_late)
    book = stream.books["KXA"].book
    assert book.bids[Price(4500)] == 1300
    stream.receive_all(batch, NOW, lambda _: None)
    assert states(stream) == {"KXA": "resync"} or book.bids[Price(4500)] == 1300


def test_a_change_is_as_old_as_it_was_when_it_came_though_other_frames_came_after_it() -> None:
    stream = live("KXA")
    stream.tick(NOW)
    stream.receive_all([delta(2, clock=101), delta(3, clock=102, sent_ms=NOW + 10)], NOW + 10, lambda _: None)
    other = subscribed(7, channel="trade", command=99).replace(b'"id"', f'"sending_ts_ms":{NOW + 3_000},"id"'.encode())
    stream.receive_all([other], NOW + 3_000, lambda _: None)
    stream.tick(NOW + 3_000)
    assert states(stream) == {"KXA": "live"}

"""Fresh means: pings come and messages do not grow older; a quiet market is fresh."""

from __future__ import annotations

from kalshi_tui.core.events import BookStateChanged
from kalshi_tui.protocol.health import DelayGauge
from kalshi_tui.protocol.patience import Patience
from kalshi_tui.protocol.stream import Stream
from tests.protocol.stream_frames import NOW, changes, commands, delta, live, snapshot, states

SECOND = 1_000


def quiet(stream: Stream, start_ms: int, end_ms: int, *, with_pings: bool = True) -> None:
    for now in range(start_ms, end_ms, 250):
        if with_pings and (now - NOW) % 10_000 == 0:
            stream.ping(now)
        stream.tick(now)
        stream.outgoing()


def test_a_quiet_market_is_not_stale() -> None:
    stream = live("KXA")
    quiet(stream, NOW, NOW + 3_600 * SECOND)
    assert states(stream) == {"KXA": "live"}


def test_without_pings_books_are_stale_after_fifteen_seconds_and_live_again_with_the_next() -> None:
    stream = live("KXA")
    quiet(stream, NOW, NOW + 15_250, with_pings=False)
    assert states(stream) == {"KXA": "live"}
    stream.tick(NOW + 15_250)
    assert states(stream) == {"KXA": "stale"}
    assert "no ping" in stream.books["KXA"].reason
    late = NOW + 16_000
    assert stream.receive(delta(2, sent_ms=late, ts_ms=late), late) is not None, (
        "the sequence is unbroken, so changes are applied"
    )
    stream.ping(NOW + 17_000)
    assert states(stream) == {"KXA": "live"}
    assert changes(stream.events()) == [("KXA", "stale"), ("KXA", "live")]


def test_a_snapshot_over_a_silent_connection_is_stale_not_live() -> None:
    stream = live("KXA")
    stream.tick(NOW + 20_000)
    stream.receive(delta(3, sent_ms=0, ts_ms=0), NOW + 20_000)
    stream.receive(snapshot(4, clock=150, sent_ms=0), NOW + 20_000)
    assert states(stream) == {"KXA": "stale"}


def test_messages_that_grow_older_make_books_stale() -> None:
    stream = live("KXA")
    seq = 1
    stale_at: int | None = None
    for step in range(60):
        now, delay = NOW + step * 500, step * 100
        seq += 1
        stream.receive(delta(seq, clock=100 + seq, sent_ms=now - delay, ts_ms=now - delay), now)
        stream.ping(now)
        stream.tick(now)
        if stale_at is None and states(stream) == {"KXA": "stale"}:
            stale_at = delay
            assert "late" in stream.books["KXA"].reason
    assert stale_at is not None
    assert 2_000 <= stale_at <= 2_200
    for step in range(60, 64):
        now = NOW + step * 500
        seq += 1
        stream.receive(delta(seq, clock=100 + seq, sent_ms=now - 20, ts_ms=now - 20), now)
        stream.tick(now)
    assert states(stream) == {"KXA": "live"}


def test_changes_that_reach_the_wire_ever_later_make_books_stale_too() -> None:
    stream = live("KXA")
    stream.receive(delta(2, sent_ms=NOW, ts_ms=NOW), NOW)
    stream.tick(NOW)
    stream.receive(delta(3, sent_ms=NOW + 9_000, ts_ms=NOW + 4_000), NOW + 9_000)
    stream.ping(NOW + 9_000)
    stream.tick(NOW + 9_000)
    assert states(stream) == {"KXA": "stale"}


def test_a_change_that_comes_out_of_turn_is_not_taken_for_a_late_one() -> None:
    stream = live("KXA")
    stream.receive(delta(3), NOW)
    commands(stream, NOW + 100)
    stream.receive(snapshot(4, clock=110, command=2, sent_ms=NOW + 200), NOW + 200)
    stream.tick(NOW + 300)
    assert states(stream) == {"KXA": "live"}


def test_a_clock_that_is_wrong_by_hours_is_no_delay() -> None:
    stream = live("KXA")
    offset = 5 * 3_600 * SECOND
    for seq in range(2, 40):
        now = NOW + offset + seq * SECOND
        stream.ping(now)
        stream.receive(delta(seq, clock=100 + seq, sent_ms=NOW + seq * SECOND, ts_ms=NOW + seq * SECOND), now)
        stream.tick(now)
    stream.disconnected(NOW)
    stream.connected(NOW + offset)
    assert states(stream) == {"KXA": "stale"}


def test_clocks_that_drift_slowly_apart_are_no_delay() -> None:
    gauge = DelayGauge()
    for hour in range(48):
        now = NOW + hour * 3_600 * SECOND
        gauge.see(now - hour * 180, now)  # 50 millionths: the worst of ordinary quartz
    assert gauge.excess_ms == 0


def test_after_one_late_message_a_quiet_connection_is_asked_for_a_sign_of_life() -> None:
    stream = live("KXA")
    stream.receive(delta(2, sent_ms=NOW, ts_ms=0), NOW + 6 * SECOND)
    quiet(stream, NOW + 6 * SECOND, NOW + 10 * SECOND)
    assert states(stream) == {"KXA": "stale"}
    sent = commands(stream, NOW + 10 * SECOND)
    assert [command["cmd"] for command in sent] == ["list_subscriptions"]
    stream.receive(
        f'{{"id":{sent[0]["id"]},"type":"ok","msg":[{{"channel":"orderbook_delta","sid":1}}],'
        f'"sending_ts_ms":{NOW + 10 * SECOND}}}',
        NOW + 10 * SECOND + 10,
    )
    stream.tick(NOW + 10 * SECOND + 250)
    assert states(stream) == {"KXA": "live"}


def test_a_connection_that_stays_stale_is_to_be_replaced() -> None:
    stream = live("KXA")
    assert stream.reconnect_reason(NOW) == ""
    quiet(stream, NOW, NOW + 40 * SECOND, with_pings=False)
    assert stream.reconnect_reason(NOW + 40 * SECOND) == ""
    quiet(stream, NOW + 40 * SECOND, NOW + 46 * SECOND, with_pings=False)
    assert "no ping" in stream.reconnect_reason(NOW + 46 * SECOND)
    stream.disconnected(NOW + 46 * SECOND)
    stream.connected(NOW + 47 * SECOND)
    assert stream.reconnect_reason(NOW + 47 * SECOND) == ""


def test_limits_may_be_set() -> None:
    stream = live("KXA", patience=Patience(ping_ms=2_000))
    stream.tick(NOW + 2_001)
    assert states(stream) == {"KXA": "stale"}


def test_a_state_that_does_not_change_is_told_once() -> None:
    stream = live("KXA")
    for step in range(20):
        stream.tick(NOW + 16_000 + step * 1_000)
    assert [type(event) for event in stream.events()] == [BookStateChanged]

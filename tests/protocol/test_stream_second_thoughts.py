"""A market that is wished away and back: between deletion and addition it is not sent, so its book cannot be live."""

from __future__ import annotations

from kalshi_tui.protocol.stream import Stream
from tests.protocol.stream_frames import NOW, asked, commands, live, ok, snapshot, states, subscribed

BOOKS = "orderbook_delta"


def wished_away_and_back(stream: Stream) -> None:
    stream.unwant(BOOKS, tickers=["KXA"])
    assert [command["params"]["action"] for command in commands(stream)] == ["delete_markets"]
    stream.want(BOOKS, tickers=["KXA"])


def test_a_snapshot_from_before_the_deletion_does_not_make_a_deleted_market_live() -> None:
    stream = asked("KXA", "KXB")
    stream.receive(subscribed(), NOW)
    wished_away_and_back(stream)
    commands(stream)
    stream.receive(snapshot(1, "KXA"), NOW)  # was on its way already
    stream.receive(snapshot(2, "KXB"), NOW)
    stream.receive(ok(3, "KXB"), NOW)  # from here on nothing of KXA is sent until it has been added again
    assert states(stream) == {"KXA": "resync", "KXB": "live"}


def test_a_deletion_that_is_done_late_does_not_leave_its_market_live() -> None:
    stream = live("KXA", "KXB")
    stream.unwant(BOOKS, tickers=["KXA"])
    commands(stream)
    commands(stream, NOW + 5_000)  # nobody knows any more whether it will be done
    stream.want(BOOKS, tickers=["KXA"])
    for command in commands(stream, NOW + 5_100):
        if command["params"].get("action") == "get_snapshot":
            stream.receive(snapshot(3, "KXA", command=command["id"], sent_ms=NOW + 5_200), NOW + 5_200)
    stream.receive(ok(4, "KXB"), NOW + 5_300)
    assert states(stream)["KXA"] != "live"


def test_a_number_that_the_exchange_gives_again_is_taken_from_the_answer_to_us() -> None:
    stream = live("KXA")
    stream.unwant(BOOKS, tickers=["KXA"])
    (gone,) = commands(stream)
    assert gone["cmd"] == "unsubscribe"
    stream.receive(f'{{"id":{gone["id"]},"sid":1,"seq":2,"type":"unsubscribed"}}'.encode(), NOW)
    stream.want(BOOKS, tickers=["KXA"])
    again = [command for command in commands(stream, NOW + 2_000) if command["cmd"] == "subscribe"]
    stream.receive(subscribed(1, command=again[0]["id"]), NOW + 2_000)
    stream.receive(snapshot(1, "KXA", sent_ms=NOW + 2_000), NOW + 2_000)
    assert states(stream) == {"KXA": "live"}

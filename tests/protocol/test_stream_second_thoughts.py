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


def test_a_gap_before_a_snapshot_that_may_not_be_taken_takes_its_book_out_of_step_too() -> None:
    stream = live("KXA", "KXB", "KXC")
    stream.unwant(BOOKS, tickers=["KXC"])
    commands(stream)
    commands(stream, NOW + 5_000)  # no answer came: nobody knows what is sent
    stream.receive(snapshot(9, "KXA", clock=200, sent_ms=NOW + 5_100), NOW + 5_100)
    assert states(stream) == {"KXA": "resync", "KXB": "resync"}


def test_the_answer_to_an_earlier_deletion_does_not_settle_a_later_one() -> None:
    stream = live("KXA", "KXB")
    sent = []
    for wish in (stream.unwant, stream.want, stream.unwant, stream.want):
        wish(BOOKS, tickers=["KXA"])
        sent += [c["id"] for c in commands(stream) if c["params"]["action"] in {"delete_markets", "add_markets"}]
    stream.receive(ok(3, "KXB", command=sent[0]), NOW)
    stream.receive(ok(4, "KXA", "KXB", command=sent[1]), NOW)
    stream.receive(snapshot(5, "KXA"), NOW)
    stream.receive(ok(6, "KXB", command=sent[2]), NOW)  # from here on nothing of KXA is sent
    assert states(stream) == {"KXA": "resync", "KXB": "live"}
    stream.receive(ok(7, "KXA", "KXB", command=sent[3]), NOW)
    stream.receive(snapshot(8, "KXA"), NOW)
    assert states(stream) == {"KXA": "live", "KXB": "live"}

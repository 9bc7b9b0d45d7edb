"""Wishes outlive connections; the exchange is told what is missing and no more."""

from __future__ import annotations

import pytest

from kalshi_tui.core.events import BookStateChanged, SubscriptionReady
from kalshi_tui.errors import LocalProtocolError
from kalshi_tui.protocol.patience import Patience
from kalshi_tui.protocol.stream import Stream
from tests.protocol.stream_frames import NOW, asked, commands, delta, live, ok, snapshot, states, subscribed


def test_books_are_never_wished_for_all_at_once() -> None:
    with pytest.raises(LocalProtocolError, match="by market") as caught:
        Stream().want("orderbook_delta")
    assert caught.value.hint


def test_a_channel_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(LocalProtocolError) as caught:
        Stream().want("ticker_v2")
    assert "orderbook_delta" in caught.value.hint


def test_a_filter_that_a_channel_does_not_take_is_refused() -> None:
    with pytest.raises(LocalProtocolError, match="limited"):
        Stream().want("market_lifecycle_v2", tickers=["KXA"])
    with pytest.raises(LocalProtocolError, match="limited"):
        Stream().want("orderbook_delta", index_ids=["BRTI"])


def test_nothing_is_sent_before_a_connection_is_open() -> None:
    stream = Stream()
    stream.want("orderbook_delta", tickers=["KXA"])
    stream.tick(NOW)
    assert stream.outgoing() == []
    assert states(stream) == {"KXA": "stale"}
    assert [type(event) for event in stream.events()] == [BookStateChanged]


def test_indices_without_names_are_all_indices() -> None:
    stream = Stream()
    stream.want("cfbenchmarks_value")
    stream.want("cfbenchmarks_value_5hz", index_ids=["BRTI"])
    stream.connected(NOW)
    assert [command["params"] for command in commands(stream)] == [
        {"channels": ["cfbenchmarks_value"], "index_ids": ["all"]},
        {"channels": ["cfbenchmarks_value_5hz"], "index_ids": ["BRTI"]},
    ]


def test_indices_are_added_and_dropped_by_their_own_actions() -> None:
    stream = Stream()
    stream.want("cfbenchmarks_value", index_ids=["BRTI"])
    stream.connected(NOW)
    stream.outgoing()
    stream.receive(subscribed(3, "cfbenchmarks_value"), NOW)
    stream.want("cfbenchmarks_value", index_ids=["ETHUSD_RTI"])
    stream.unwant("cfbenchmarks_value", index_ids=["BRTI"])
    assert [command["params"] for command in commands(stream)] == [
        {"sids": [3], "action": "subscribe_indices", "index_ids": ["ETHUSD_RTI"]},
        {"sids": [3], "action": "unsubscribe_indices", "index_ids": ["BRTI"]},
    ]


def test_a_ticker_channel_with_names_asks_for_what_is_at_once() -> None:
    stream = Stream()
    stream.want("ticker", tickers=["KXA"])
    stream.connected(NOW)
    assert commands(stream)[0]["params"] == {
        "channels": ["ticker"],
        "market_tickers": ["KXA"],
        "send_initial_snapshot": True,
    }


def test_from_some_markets_to_all_the_channel_is_opened_anew() -> None:
    stream = Stream()
    stream.want("ticker", tickers=["KXA"])
    stream.connected(NOW)
    stream.outgoing()
    stream.receive(subscribed(1, "ticker"), NOW)
    stream.want("ticker")
    assert commands(stream) == [{"id": 2, "cmd": "unsubscribe", "params": {"sids": [1]}}]
    stream.receive(b'{"id":2,"sid":1,"type":"unsubscribed"}', NOW)
    assert commands(stream) == [{"id": 3, "cmd": "subscribe", "params": {"channels": ["ticker"]}}]


def test_a_market_that_is_no_longer_wished_is_deleted_and_its_messages_ignored() -> None:
    stream = live("KXA", "KXB")
    stream.unwant("orderbook_delta", tickers=["KXB"])
    assert commands(stream)[0]["params"] == {"sids": [1], "action": "delete_markets", "market_tickers": ["KXB"]}
    assert stream.receive(delta(3, "KXB"), NOW) is None
    stream.receive(ok(4, "KXA"), NOW)
    assert stream.receive(delta(5, "KXA"), NOW) is not None
    assert states(stream) == {"KXA": "live"}
    assert commands(stream, NOW + 1_000) == []


def test_a_channel_that_is_no_longer_wished_is_unsubscribed() -> None:
    stream = live("KXA")
    stream.unwant("orderbook_delta")
    assert commands(stream) == [{"id": 2, "cmd": "unsubscribe", "params": {"sids": [1]}}]
    assert dict(stream.books) == {}
    stream.receive(b'{"id":2,"sid":1,"seq":2,"type":"unsubscribed"}', NOW)
    assert commands(stream, NOW + 60_000) == []


def test_a_market_wished_again_before_it_was_deleted_asks_for_its_snapshot() -> None:
    stream = live("KXA", "KXB")
    stream.unwant("orderbook_delta", tickers=["KXB"])
    stream.want("orderbook_delta", tickers=["KXB"])
    assert [command["params"]["action"] for command in commands(stream)] == ["get_snapshot"]


def test_a_market_wished_again_after_it_was_deleted_is_added() -> None:
    stream = live("KXA", "KXB")
    stream.unwant("orderbook_delta", tickers=["KXB"])
    commands(stream)
    stream.want("orderbook_delta", tickers=["KXB"])
    assert [command["params"]["action"] for command in commands(stream)] == ["add_markets"]


def test_wishing_twice_asks_once() -> None:
    stream = live("KXA")
    stream.want("orderbook_delta", tickers=["KXA"])
    assert commands(stream, NOW + 1_000) == []
    assert states(stream) == {"KXA": "live"}


def test_an_added_market_that_stays_silent_is_asked_for() -> None:
    stream = live("KXA")
    stream.want("orderbook_delta", tickers=["KXB"])
    commands(stream)
    stream.receive(ok(2, "KXA", "KXB"), NOW)
    assert commands(stream, NOW + 3_900) == []
    assert commands(stream, NOW + 4_000)[0]["params"]["market_tickers"] == ["KXB"]


def test_markets_are_added_in_batches() -> None:
    stream = live("KXA", patience=Patience(batch=2))
    stream.want("orderbook_delta", tickers=["KX1", "KX2", "KX3"])
    assert [command["params"]["market_tickers"] for command in commands(stream)] == [["KX1", "KX2"], ["KX3"]]


def test_an_addition_that_was_refused_is_told_and_tried_again_later() -> None:
    stream = live("KXA")
    stream.want("orderbook_delta", tickers=["KXB"])
    commands(stream)
    stream.receive(
        b'{"type":"error","id":2,"sid":1,"seq":2,"msg":{"code":26,"msg":"Subscription market limit exceeded"}}', NOW
    )
    assert states(stream) == {"KXA": "live", "KXB": "dead"}
    assert "limit exceeded" in stream.books["KXB"].reason
    assert commands(stream, NOW + 59_000) == []
    assert commands(stream, NOW + 60_000)[0]["params"]["action"] == "add_markets"


def test_wishes_made_while_disconnected_are_met_on_the_next_connection() -> None:
    stream = live("KXA")
    stream.disconnected(NOW)
    stream.want("orderbook_delta", tickers=["KXB"])
    stream.unwant("orderbook_delta", tickers=["KXA"])
    stream.connected(NOW + 1)
    (command,) = commands(stream)
    assert command["params"]["market_tickers"] == ["KXB"]
    stream.receive(subscribed(1, command=command["id"]), NOW + 2)
    stream.receive(snapshot(1, "KXB"), NOW + 2)
    assert states(stream) == {"KXB": "live"}
    assert [event.sid for event in stream.events() if isinstance(event, SubscriptionReady)] == [1]


def test_first_snapshots_that_keep_coming_are_not_asked_for() -> None:
    tickers = [f"KX{number}" for number in range(20)]
    stream = asked(*tickers)
    stream.receive(subscribed(), NOW)
    for seq, ticker in enumerate(tickers[:-1], 1):
        now = NOW + seq * 1_000
        stream.receive(snapshot(seq, ticker, sent_ms=now), now)
        assert commands(stream, now) == []
    assert commands(stream, NOW + 22_900) == []
    assert commands(stream, NOW + 23_000)[0]["params"]["market_tickers"] == [tickers[-1]]

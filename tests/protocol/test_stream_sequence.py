"""One sequence for each subscription: what comes in turn is applied, everything else proves or disproves books."""

from __future__ import annotations

import pytest

from kalshi_tui.core.book import BookState
from kalshi_tui.core.events import BookChanged, BookReplaced, MessagesLost
from kalshi_tui.core.units import Price, Size
from kalshi_tui.protocol.stream import Stream
from tests.protocol.stream_frames import NOW, asked, changes, commands, delta, live, ok, snapshot, states, subscribed


def test_a_snapshot_and_changes_as_the_exchange_writes_them_make_a_book() -> None:
    stream = Stream()
    stream.want("orderbook_delta", tickers=["FED-23DEC-T3.00"])
    stream.connected(NOW)
    assert stream.outgoing() == [
        (
            b'{"id":1,"cmd":"subscribe","params":{"channels":["orderbook_delta"],'
            b'"market_tickers":["FED-23DEC-T3.00"],"use_yes_price":true}}'
        )
    ]
    stream.receive(
        b'{"id":1,"type":"subscribed","msg":{"channel":"orderbook_delta","sid":2},"sending_ts_ms":1669149841234}', NOW
    )
    replaced = stream.receive(
        b'{"type":"orderbook_snapshot","sid":2,"seq":1,"sending_ts_ms":1669149841234,"msg":{"market_ticker":'
        b'"FED-23DEC-T3.00","market_id":"9b0f6b43-5b68-4f9f-9f02-9a2d1b8ac1a1","clock":4182057,"yes_dollars_fp":'
        b'[["0.0800","300.00"],["0.2200","333.00"]],"no_dollars_fp":[["0.5400","20.00"],["0.5600","146.00"]]}}',
        NOW,
    )
    assert isinstance(replaced, BookReplaced)
    assert (replaced.ticker, replaced.clock, replaced.sent_ms) == ("FED-23DEC-T3.00", 4182057, 1669149841234)
    assert replaced.bids == ((800, 30_000), (2200, 33_300))
    assert replaced.asks == ((5400, 2_000), (5600, 14_600))
    changed = stream.receive(
        b'{"type":"orderbook_delta","sid":2,"seq":2,"sending_ts_ms":1669149841240,"msg":{"market_ticker":'
        b'"FED-23DEC-T3.00","market_id":"9b0f6b43-5b68-4f9f-9f02-9a2d1b8ac1a1","clock":4182061,"price_dollars":"0.2200",'
        b'"delta_fp":"-54.00","side":"yes","ts":"2022-11-22T20:44:01Z","ts_ms":1669149841000,"client_order_id":"mine"}}',
        NOW,
    )
    assert changed == BookChanged("FED-23DEC-T3.00", "bid", Price(2200), Size(-5_400), 4182061, 1669149841000)
    tracked = stream.books["FED-23DEC-T3.00"]
    assert (tracked.state, tracked.clock) == (BookState.LIVE, 4182061)
    assert (tracked.book.best_bid, tracked.book.best_ask) == (2200, 5400)
    assert tracked.book.size_at("bid", Price(2200)) == 27_900


def test_prices_of_the_no_leg_are_mirrored_where_they_are_not_in_yes_prices() -> None:
    stream = asked("KXA", use_yes_price=False)
    stream.receive(subscribed(), NOW)
    stream.receive(snapshot(1, yes=(("0.4500", "10.00"),), no=(("0.4000", "5.00"), ("0.3000", "1.00"))), NOW)
    event = stream.receive(delta(2, change="2.00", price="0.4000", side="no"), NOW)
    assert event == BookChanged("KXA", "ask", Price(6000), Size(200), 101, NOW)
    assert stream.books["KXA"].book.asks == {6000: 700, 7000: 100}
    assert stream.books["KXA"].book.best_ask == 6000


def test_the_subscribe_command_always_says_which_prices_it_means() -> None:
    stream = Stream(use_yes_price=False)
    stream.want("orderbook_delta", tickers=["KXA"])
    stream.connected(NOW)
    assert commands(stream)[0]["params"]["use_yes_price"] is False


def test_an_empty_side_and_an_empty_book_are_books() -> None:
    stream = asked("KXA", "KXB")
    stream.receive(subscribed(), NOW)
    stream.receive(snapshot(1, "KXA", no=()), NOW)
    stream.receive(snapshot(2, "KXB", yes=(), no=(), clock=0), NOW)
    assert states(stream) == {"KXA": "live", "KXB": "live"}
    assert stream.books["KXA"].book.best_ask is None
    assert stream.receive(delta(3, "KXB", clock=1), NOW) is not None


def test_a_gap_never_mutates_a_book() -> None:
    stream = live("KXA", "KXB")
    before = stream.books["KXA"].book.digest()
    assert stream.receive(delta(4), NOW) is None
    assert stream.books["KXA"].book.digest() == before
    assert states(stream) == {"KXA": "resync", "KXB": "resync"}, "a gap may concern any book of the sid"
    assert stream.counters.gaps == 1
    assert changes(stream.events()) == [("KXA", "resync"), ("KXB", "resync")]
    assert "3 was due" in stream.books["KXA"].reason


def test_changes_of_a_book_that_waits_for_its_snapshot_are_ignored() -> None:
    stream = live("KXA")
    stream.receive(delta(3), NOW)
    before = stream.books["KXA"].book.digest()
    assert stream.receive(delta(4, clock=102), NOW) is None
    assert stream.books["KXA"].book.digest() == before


def test_a_gap_is_healed_by_the_snapshot_that_was_asked_for() -> None:
    stream = live("KXA", "KXB")
    stream.receive(delta(5), NOW)
    command = commands(stream)[0]
    assert command["cmd"] == "update_subscription"
    assert command["params"] == {"sids": [1], "action": "get_snapshot", "market_tickers": ["KXA", "KXB"]}
    stream.receive(snapshot(6, "KXA", clock=110, command=command["id"], yes=(("0.4100", "1.00"),)), NOW)
    assert states(stream) == {"KXA": "live", "KXB": "resync"}
    stream.receive(snapshot(7, "KXB", clock=110, command=command["id"]), NOW)
    assert states(stream) == {"KXA": "live", "KXB": "live"}
    assert stream.books["KXA"].book.bids == {4100: 100}


def test_a_duplicate_is_dropped() -> None:
    stream = live("KXA")
    stream.receive(delta(2), NOW)
    before = stream.books["KXA"].book.digest()
    assert stream.receive(delta(2), NOW) is None
    assert stream.receive(delta(2, sent_ms=NOW + 5), NOW) is None, "sent again, with a new time of sending"
    assert (stream.books["KXA"].book.digest(), states(stream)) == (before, {"KXA": "live"})
    assert (stream.counters.duplicates, stream.counters.gaps) == (2, 0)


def test_another_message_with_the_same_number_is_no_duplicate() -> None:
    stream = live("KXA")
    stream.receive(delta(2), NOW)
    stream.receive(delta(2, change="3.00"), NOW)
    assert states(stream) == {"KXA": "resync"}


def test_a_sequence_that_went_back_is_a_gap() -> None:
    stream = live("KXA")
    for seq in range(2, 6):
        stream.receive(delta(seq), NOW)
    before = stream.books["KXA"].book.digest()
    stream.receive(delta(1, change="7.00"), NOW)
    assert (states(stream), stream.counters.gaps) == ({"KXA": "resync"}, 1)
    assert stream.books["KXA"].book.digest() == before


def test_after_a_sequence_went_back_no_old_snapshot_makes_a_book_live() -> None:
    stream = live("KXA")
    for seq in range(2, 9):
        stream.receive(delta(seq), NOW)
    stream.receive(delta(4), NOW)
    for seq in (5, 6):
        stream.receive(snapshot(seq, clock=100), NOW)
    assert states(stream) == {"KXA": "resync"}


def test_after_a_sequence_went_back_the_answer_to_a_new_question_sets_it() -> None:
    stream = live("KXA")
    for seq in range(2, 9):
        stream.receive(delta(seq), NOW)
    stream.receive(delta(1, change="7.00"), NOW)
    asked_again = commands(stream, NOW + 1_500)[0]
    stream.receive(snapshot(2, clock=300, command=asked_again["id"]), NOW)
    assert states(stream) == {"KXA": "live"}
    assert stream.receive(delta(3, clock=301), NOW) is not None


def test_a_question_from_before_the_sequence_went_back_proves_nothing() -> None:
    stream = live("KXA")
    stream.receive(delta(3), NOW)
    early = commands(stream)[0]
    stream.receive(delta(2), NOW)
    stream.receive(snapshot(4, clock=110, command=early["id"]), NOW)
    assert states(stream) == {"KXA": "resync"}


def test_a_snapshot_after_a_gap_is_a_gap_for_the_other_markets() -> None:
    stream = live("KXA", "KXB")
    stream.receive(snapshot(4, "KXA", clock=120, yes=(("0.4200", "9.00"),)), NOW)
    assert states(stream) == {"KXA": "live", "KXB": "resync"}
    assert stream.books["KXA"].book.bids == {4200: 900}
    assert stream.counters.gaps == 1


def test_a_snapshot_after_a_gap_that_is_older_than_its_book_is_not_believed() -> None:
    stream = live("KXA")
    stream.receive(delta(2, clock=200), NOW)
    stream.receive(snapshot(4, clock=150), NOW)
    assert states(stream) == {"KXA": "resync"}


def test_control_replies_consume_a_number() -> None:
    stream = live("KXA")
    stream.want("orderbook_delta", tickers=["KXB"])
    assert commands(stream)[0]["params"] == {"sids": [1], "action": "add_markets", "market_tickers": ["KXB"]}
    stream.receive(ok(2, "KXA", "KXB"), NOW)
    stream.receive(snapshot(3, "KXB"), NOW)
    stream.receive(delta(4), NOW)
    assert (states(stream), stream.counters.gaps) == ({"KXA": "live", "KXB": "live"}, 0)


@pytest.mark.parametrize(
    "reply",
    [
        b'{"id":2,"sid":1,"seq":2,"type":"ok","msg":{"market_tickers":["KXA"]},"sending_ts_ms":1}',
        b'{"id":2,"sid":1,"seq":2,"type":"ok"}',
        b'{"type":"error","id":2,"sid":1,"seq":2,"msg":{"code":13,"msg":"Unsupported action"}}',
        (
            b'{"type":"trade","sid":1,"seq":2,"msg":{"trade_id":"t","market_ticker":"KXA","yes_price_dollars":"0.4500",'
            b'"count_fp":"1.00","taker_book_side":"bid","ts_ms":1}}'
        ),
        b'{"type":"orderbook_heartbeat","sid":1,"seq":2,"msg":{}}',
    ],
)
def test_whatever_carries_a_number_of_the_sid_counts(reply: bytes) -> None:
    stream = live("KXA")
    stream.doubt("KXA", "so that command 2 is under way")
    stream.outgoing()
    stream.receive(reply, NOW)
    stream.receive(snapshot(3, clock=110, command=2), NOW)
    assert (states(stream), stream.counters.gaps) == ({"KXA": "live"}, 0)


def test_a_gap_in_front_of_a_control_reply_is_a_gap() -> None:
    stream = live("KXA")
    stream.receive(ok(3, "KXA"), NOW)
    assert (states(stream), stream.counters.gaps) == ({"KXA": "resync"}, 1)


def test_messages_of_markets_that_we_do_not_follow_count_and_are_ignored() -> None:
    stream = live("KXA")
    assert stream.receive(delta(2, "KXZ"), NOW) is None
    assert stream.receive(snapshot(3, "KXZ"), NOW) is None
    assert stream.receive(delta(4), NOW) is not None
    assert stream.counters.ignored == 2
    assert "KXZ" not in stream.books


def test_messages_of_an_unknown_sid_are_ignored() -> None:
    stream = live("KXA")
    before = stream.books["KXA"].book.digest()
    assert stream.receive(delta(2, sid=9), NOW) is None
    assert stream.receive(snapshot(1, sid=9), NOW) is None
    assert (stream.books["KXA"].book.digest(), states(stream)) == (before, {"KXA": "live"})
    assert stream.counters.ignored == 2


def test_a_change_that_the_snapshot_holds_already_is_dropped() -> None:
    stream = live("KXA")
    before = stream.books["KXA"].book.digest()
    for seq, clock in ((2, 99), (3, 100)):
        assert stream.receive(delta(seq, clock=clock, ts_ms=NOW - 20), NOW) is None
    assert (stream.books["KXA"].book.digest(), states(stream)) == (before, {"KXA": "live"})
    assert stream.receive(delta(4, clock=101), NOW) is not None
    assert stream.counters.old_clocks == 2


def test_several_changes_may_share_a_clock() -> None:
    stream = live("KXA")
    for seq in (2, 3, 4):
        assert stream.receive(delta(seq, clock=101), NOW) is not None


@pytest.mark.parametrize("ts_ms", [NOW + 60_000, 0])
def test_a_clock_that_went_back_takes_the_book_out_of_step(ts_ms: int) -> None:
    stream = live("KXA")
    before = stream.books["KXA"].book.digest()
    assert stream.receive(delta(2, clock=7, ts_ms=ts_ms), NOW + 60_000) is None
    assert (stream.books["KXA"].book.digest(), states(stream)) == (before, {"KXA": "resync"})


def test_a_clock_that_falls_between_two_changes_takes_the_book_out_of_step() -> None:
    stream = live("KXA")
    stream.receive(delta(2, clock=200), NOW)
    stream.receive(delta(3, clock=150), NOW)
    assert states(stream) == {"KXA": "resync"}


def test_a_change_below_zero_takes_only_its_book_out_of_step() -> None:
    stream = live("KXA", "KXB")
    before = stream.books["KXA"].book.digest()
    assert stream.receive(delta(3, change="-10.01"), NOW) is None
    assert (stream.books["KXA"].book.digest(), states(stream)) == (before, {"KXA": "resync", "KXB": "live"})
    assert "below zero" in stream.books["KXA"].reason


def test_a_gap_on_another_channel_is_told_and_leaves_books_alone() -> None:
    stream = live("KXA")
    stream.want("trade")
    stream.outgoing()
    stream.receive(subscribed(2, "trade", command=2), NOW)
    trade = (
        '{{"type":"trade","sid":2,"seq":{},"msg":{{"trade_id":"t{}","market_ticker":"KXA","yes_price_dollars":"0.4500",'
        '"no_price_dollars":"0.5500","count_fp":"1.00","taker_side":"yes","taker_outcome_side":"yes",'
        '"taker_book_side":"bid","is_block_trade":false,"ts":1,"ts_ms":1}}}}'
    )
    assert stream.receive(trade.format(1, 1), NOW) is not None
    assert stream.receive(trade.format(3, 3), NOW) is not None
    assert [event for event in stream.events() if isinstance(event, MessagesLost)] == [
        MessagesLost("trade", "sequence 3 came, 2 was due")
    ]
    assert stream.receive(trade.format(3, 3), NOW) is None, "a duplicate"
    assert states(stream) == {"KXA": "live"}

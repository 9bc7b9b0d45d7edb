"""What cannot be read is counted, seen, and makes doubtful what it belonged to; what is merely new is let pass."""

from __future__ import annotations

import pytest

from kalshi_tui.core.events import BookChanged, MessagesLost
from kalshi_tui.core.units import Price, Size
from kalshi_tui.protocol.stream import Stream
from tests.protocol.stream_frames import NOW, asked, commands, delta, live, snapshot, states, subscribed


def raw(
    price: str = '"0.4500"', size: str = '"1.00"', side: str = '"yes"', *, clock: str = "101", seq: int = 3
) -> bytes:
    return (
        f'{{"type":"orderbook_delta","sid":1,"seq":{seq},"msg":{{"market_ticker":"KXA","market_id":"9b0f",'
        f'"clock":{clock},"price_dollars":{price},"delta_fp":{size},"side":{side}}}}}'
    ).encode()


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"null",
        b"[1,2]",
        b"hello",
        b"{",
        b'{"type":"orderbook_delta","sid":1,"seq":3,"msg":{"market_ticker":"KXA"',
        b'{"type":"orderbook_delta\xff\xfe","sid":1,"seq":3}',
        (
            b'{"type":"orderbook_delta","sid":1,"seq":3,"msg":{"market_ticker":"K\xffXA","clock":101,'
            b'"price_dollars":"0.4500","delta_fp":"1.00","side":"yes"}}'
        ),
        b'{"type":"orderbook_delta","sid":1,"seq":3,"msg":NaN}',
        b'{"type":7,"sid":null}',
        b'{"sid":1,"seq":3,"msg":{}}',
        b'{"type":"orderbook_delta","msg":' + b'{"a":' * 50_000,
        b'{"type":"orderbook_delta","sid":"1","seq":3,"msg":{}}',
        b"\x00\x01\x02",
        '{"type":"orderbook_delta","x":"\ud800","sid":1,"seq":3}',
    ],
)
def test_a_frame_whose_envelope_cannot_be_read_takes_every_book_out_of_step(frame: bytes | str) -> None:
    stream = live("KXA", "KXB")
    digests = [tracked.book.digest() for tracked in stream.books.values()]
    assert stream.receive(frame, NOW) is None
    assert states(stream) == {"KXA": "resync", "KXB": "resync"}
    assert stream.counters.malformed == 1
    assert [tracked.book.digest() for tracked in stream.books.values()] == digests
    (command,) = commands(stream)
    for seq, ticker in ((4, "KXA"), (5, "KXB")):  # the frame may have used up number 3
        stream.receive(snapshot(seq, ticker, clock=110, command=command["id"]), NOW)
    assert states(stream)["KXB"] == "live"


@pytest.mark.parametrize(
    "frame",
    [
        raw(price='"0.0000"'),
        raw(price='"1.0000"'),
        raw(price='"-0.4500"'),
        raw(price='"1000000000"'),
        raw(price='"0.45001"'),
        raw(price='"NaN"'),
        raw(price='"4.5e-1"'),
        raw(price='"0x1F"'),
        raw(price='"\uff10.\uff14\uff15"'),
        raw(price='" 0.4500"'),
        raw(price="null"),
        raw(price="1e400"),
        raw(price="[]"),
        raw(size='"Infinity"'),
        raw(size='"1.001"'),
        raw(size='"1e3"'),
        raw(size='"\uff11\uff12"'),
        raw(size='""'),
        raw(size="null"),
        raw(size="1e-3"),
        raw(size="1e999999999"),
        raw(size="1e99999999999999999999"),
        raw(price="0.4500000000000000000000000000000000001"),
        raw(size='"999999999999999999999"'),
        raw(size='"-10.01"'),
        raw(side="null"),
        raw(side='"maybe"'),
        raw(clock='"101"'),
        raw(clock="null"),
        b'{"type":"orderbook_delta","sid":1,"seq":3,"msg":{"market_ticker":"KXA","market_id":"9b0f"}}',
        (
            b'{"type":"orderbook_snapshot","sid":1,"seq":3,"msg":{"market_ticker":"KXA","clock":101,'
            b'"yes_dollars_fp":[["0.4500","-1.00"]]}}'
        ),
        (
            b'{"type":"orderbook_snapshot","sid":1,"seq":3,"msg":{"market_ticker":"KXA","clock":101,'
            b'"yes_dollars_fp":[["0.4500","1.00"],["0.4500","2.00"]]}}'
        ),
        (
            b'{"type":"orderbook_snapshot","sid":1,"seq":3,"msg":{"market_ticker":"KXA","clock":101,'
            b'"yes_dollars_fp":[["1.2000","1.00"]]}}'
        ),
        (
            b'{"type":"orderbook_snapshot","sid":1,"seq":3,"msg":{"market_ticker":"KXA","clock":101,'
            b'"no_dollars_fp":{"0.4500":"1.00"}}}'
        ),
        b'{"type":"orderbook_snapshot","sid":1,"seq":3,"msg":{"market_ticker":"KXA"}}',
    ],
)
def test_a_message_that_is_sound_but_for_its_content_takes_its_own_book_out_of_step(frame: bytes) -> None:
    stream = live("KXA", "KXB")
    before = stream.books["KXA"].book.digest()
    assert stream.receive(frame, NOW) is None
    assert states(stream) == {"KXA": "resync", "KXB": "live"}
    assert (stream.counters.malformed, stream.counters.gaps) == (1, 0)
    assert stream.books["KXA"].book.digest() == before
    assert stream.receive(delta(4, "KXB"), NOW) is not None, "the sequence goes on behind it"
    assert commands(stream)[0]["params"]["market_tickers"] == ["KXA"]


def test_a_damaged_message_out_of_turn_is_a_gap() -> None:
    stream = live("KXA", "KXB")
    stream.receive(raw(side="null", seq=5), NOW)
    assert states(stream) == {"KXA": "resync", "KXB": "resync"}
    assert (stream.counters.malformed, stream.counters.gaps) == (1, 1)


def test_a_damaged_message_that_names_no_book_of_ours_may_have_meant_any() -> None:
    stream = live("KXA", "KXB")
    stream.receive(raw(side="null").replace(b"KXA", b"KXQ"), NOW)
    assert states(stream) == {"KXA": "resync", "KXB": "resync"}


@pytest.mark.parametrize(
    ("price", "size", "side", "expected"),
    [
        ("0.45", "1", '"yes"', ("bid", 4500, 100)),
        ("0.450", "1.5", '"yes"', ("bid", 4500, 150)),
        ("4.5e-1", "-2", '"yes"', ("bid", 4500, -200)),
        ('"0.450"', '"1"', '"yes"', ("bid", 4500, 100)),
        ('"0.45"', '"0.5"', '"yes"', ("bid", 4500, 50)),
        ("0.55000000", "0.07", '"no"', ("ask", 5500, 7)),
        ("0.1", "0.30", '"yes"', ("bid", 1000, 30)),
    ],
)
def test_bare_numbers_and_other_spellings_are_read_exactly(
    price: str, size: str, side: str, expected: tuple[str, int, int]
) -> None:
    stream = live("KXA", "KXB")
    event = stream.receive(raw(price, size, side), NOW)
    assert isinstance(event, BookChanged)
    assert (event.side, event.price, event.change) == expected
    assert states(stream) == {"KXA": "live", "KXB": "live"}
    assert stream.counters.malformed == 0


def test_levels_in_other_spellings_are_one_level_not_two() -> None:
    stream = asked("KXA")
    stream.receive(subscribed(), NOW)
    stream.receive(
        b'{"type":"orderbook_snapshot","sid":1,"seq":1,"msg":{"market_ticker":"KXA","clock":1,'
        b'"yes_dollars_fp":[["0.450",3],[0.44,"2.00"]],"no_dollars_fp":null}}',
        NOW,
    )
    stream.receive(delta(2, price="0.4500", change="1.00", clock=2), NOW)
    assert stream.books["KXA"].book.bids == {4500: 400, 4400: 200}
    assert (states(stream), stream.counters.repaired) == ({"KXA": "live"}, 1)


def test_an_empty_level_in_a_snapshot_is_no_level() -> None:
    stream = asked("KXA")
    stream.receive(subscribed(), NOW)
    stream.receive(snapshot(1, yes=(("0.4500", "0.00"), ("0.4400", "1.00"))), NOW)
    assert stream.books["KXA"].book.best_bid == 4400


def test_a_change_of_nothing_is_no_change() -> None:
    stream = live("KXA")
    stream.receive(delta(2, change="0.00"), NOW)
    assert stream.books["KXA"].book.size_at("bid", Price(4500)) == Size(1_000)


def test_unknown_types_fields_codes_and_channels_are_let_pass_and_counted() -> None:
    stream = live("KXA")
    for number in range(100):
        stream.receive(f'{{"type":"new_{number}","sid":7,"seq":1,"msg":{{"a":[1,2.5]}}}}', NOW)
    stream.receive(b'{"type":"subscribed","msg":{"channel":"weather","sid":8}}', NOW)
    stream.receive(
        b'{"type":"orderbook_delta","new_top":{"a":1},"sid":1,"seq":2,"msg":{"market_ticker":"KXA","market_id":"9b0f",'
        b'"clock":101,"price_dollars":"0.4500","delta_fp":"1.00","side":"yes","new_field":[{}]}}',
        NOW,
    )
    stream.receive(b'{"type":"error","msg":{"code":4711,"msg":"?","new":1}}', NOW)
    assert (states(stream), stream.counters.malformed) == ({"KXA": "live"}, 0)
    assert len(stream.counters.unknown_types) == 64, "bounded, whatever the exchange invents"
    assert stream.books["KXA"].book.size_at("bid", Price(4500)) == 1_100


def test_a_channel_whose_message_cannot_be_read_is_told_to_have_lost_it() -> None:
    stream = Stream()
    stream.want("fill")
    stream.connected(NOW)
    stream.outgoing()
    stream.receive(subscribed(1, "fill"), NOW)
    stream.events()
    assert stream.receive(b'{"type":"fill","sid":1,"msg":{"trade_id":"t"}}', NOW) is None
    assert (
        stream.receive(
            b'{"type":"fill","sid":1,"msg":{"trade_id":"t","order_id":"o","market_ticker":"KXA","is_taker":true,'
            b'"yes_price_dollars":"9.0000","count_fp":"1.00","fee_cost":"0.010000","book_side":"bid",'
            b'"post_position_fp":"1.00","ts_ms":1}}',
            NOW,
        )
        is None
    )
    lost = [event.channel for event in stream.events() if isinstance(event, MessagesLost)]
    assert lost == ["fill", "fill"]
    assert stream.counters.malformed == 2


def test_a_frame_that_cannot_be_read_at_all_may_have_been_of_any_channel() -> None:
    stream = live("KXA")
    stream.want("fill")
    stream.outgoing()
    stream.receive(subscribed(2, "fill", command=2), NOW)
    stream.receive(b"\xff", NOW)
    assert states(stream) == {"KXA": "resync"}
    assert [event.channel for event in stream.events() if isinstance(event, MessagesLost)] == ["fill"]

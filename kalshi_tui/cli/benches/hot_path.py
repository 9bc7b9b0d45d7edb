"""`bench hot-path`: bytes to best price through the shipped stream, against typed decoding of the same frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from kalshi_tui.cli.benches.frames import FrameMaker
from kalshi_tui.cli.benches.report import ROUNDS, Report, Target, cpu_seconds, middle, report
from kalshi_tui.core.events import Event
from kalshi_tui.protocol.stream import Stream

MARKETS = 200
DELTAS = 40_000
AT_ONCE = 50  # frames that a transport hands over in a busy moment, as `bench socket` sends them
TOGETHER = 500  # frames of one kind of work before the other has its turn: both then meet the same neighbours
NOW_MS = 1_790_000_000_050
TARGETS = {"ratio": Target(at_most=3.0)}


class _Body(msgspec.Struct, gc=False):
    market_ticker: str
    clock: int
    price_dollars: str
    delta_fp: str
    side: Literal["yes", "no"]
    ts_ms: int


class _Delta(msgspec.Struct, gc=False, tag_field="type", tag="orderbook_delta"):
    sid: int
    seq: int
    msg: _Body
    sending_ts_ms: int


class _Snapshot(msgspec.Struct, gc=False, tag_field="type", tag="orderbook_snapshot"):
    sid: int
    seq: int


# The floor is written here and not borrowed from the stream, whose decoder may do some of the path's work.
bare_decode: Final = msgspec.json.Decoder(_Delta | _Snapshot).decode


def open_stream(maker: FrameMaker, snapshots: list[bytes]) -> Stream:
    """Return a stream that is subscribed to all of the maker's markets and has their books."""
    stream = Stream(use_yes_price=True, tells_changes=False)
    stream.want("orderbook_delta", tickers=maker.tickers)
    stream.connected(NOW_MS)
    stream.outgoing()
    stream.receive(b'{"id":1,"type":"subscribed","msg":{"channel":"orderbook_delta","sid":1}}', NOW_MS)
    for frame in snapshots:
        stream.receive(frame, NOW_MS)
    stream.events()
    return stream


def measure(say: Callable[[str], None]) -> Report:
    """Take turns between decoding alone and the whole path, and return the medians of the rounds."""
    maker = FrameMaker(MARKETS)
    snapshots, deltas = maker.snapshots(), maker.deltas(DELTAS)
    turns: list[Turn] = []
    for number in range(ROUNDS):
        say(f"round {number + 1} of {ROUNDS}")
        turns.append(take_turns(open_stream(maker, snapshots), deltas))
    figures = {
        "ratio": middle([turn.ratio for turn in turns]),
        "path_ns_per_frame": middle([turn.path_s / TOGETHER * 1e9 for turn in turns]),
        "decode_ns_per_frame": middle([turn.floor_s / TOGETHER * 1e9 for turn in turns]),
        "frame_bytes": sum(map(len, deltas)) / DELTAS,
    }
    return report("hot-path", figures, TARGETS)


@dataclass(frozen=True, slots=True)
class Turn:
    """The medians of one round over its groups of frames: a neighbour disturbs some of them, not these."""

    ratio: float
    path_s: float
    floor_s: float


def take_turns(stream: Stream, deltas: list[bytes]) -> Turn:
    """Decode a group of frames and take it the whole way, in turn, until there are no more."""
    pairs: list[tuple[float, float]] = []
    for start in range(0, len(deltas), TOGETHER):
        part = deltas[start : start + TOGETHER]
        floor_s = cpu_seconds(lambda part=part: decode_all(part))  # type: ignore[misc]
        pairs.append((cpu_seconds(lambda part=part: follow_all(stream, part)), floor_s))  # type: ignore[misc]
    if stream.counters.gaps or stream.counters.malformed or stream.counters.ignored:
        raise AssertionError("the measurement's own frames were not understood")
    paths, floors = zip(*pairs, strict=True)
    return Turn(middle([path / floor for path, floor in pairs]), middle(list(paths)), middle(list(floors)))


def decode_all(frames: list[bytes]) -> None:
    """Decode each frame into the fields that the path needs, and nothing more: the floor."""
    decode = bare_decode
    for frame in frames:
        decode(frame)


def follow_all(stream: Stream, frames: list[bytes], at_once: int = AT_ONCE) -> None:
    """Take the frames through the stream as they arrive, and read both best prices for each change."""
    books = stream.books
    changed: list[Event] = []
    for start in range(0, len(frames), at_once):
        stream.receive_all(frames[start : start + at_once], NOW_MS, changed.append)
        for event in changed:
            book = books[event.ticker].book  # type: ignore[union-attr]  # each is a change of a book
            _ = book.best_bid, book.best_ask
        changed.clear()

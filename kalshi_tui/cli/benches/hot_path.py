"""`bench hot-path`: bytes to best price through the shipped stream, against typed decoding of the same frames."""

from __future__ import annotations

from collections.abc import Callable

from kalshi_tui.cli.benches.frames import FrameMaker
from kalshi_tui.cli.benches.report import ROUNDS, Report, Target, cpu_seconds, middle, report
from kalshi_tui.protocol.codec import decode_frame
from kalshi_tui.protocol.stream import Stream

MARKETS = 200
DELTAS = 40_000
NOW_MS = 1_790_000_000_050
TARGETS = {"ratio": Target(at_most=3.0)}


def open_stream(maker: FrameMaker, snapshots: list[bytes]) -> Stream:
    """Return a stream that is subscribed to all of the maker's markets and has their books."""
    stream = Stream(use_yes_price=True)
    stream.want("orderbook_delta", tickers=maker.tickers)
    stream.connected(NOW_MS)
    stream.outgoing()
    stream.receive(b'{"id":1,"type":"subscribed","msg":{"channel":"orderbook_delta","sid":1}}', NOW_MS)
    for frame in snapshots:
        stream.receive(frame, NOW_MS)
    stream.events()
    return stream


def measure(say: Callable[[str], None]) -> Report:
    """Interleave decoding alone with the whole path and return the median ratio of the rounds."""
    maker = FrameMaker(MARKETS)
    snapshots, deltas = maker.snapshots(), maker.deltas(DELTAS)
    rounds: list[tuple[float, float]] = []
    for number in range(ROUNDS):
        say(f"round {number + 1} of {ROUNDS}")
        stream = open_stream(maker, snapshots)
        rounds.append((cpu_seconds(lambda: decode_all(deltas)), cpu_seconds(lambda s=stream: follow_all(s, deltas))))  # type: ignore[misc]
        if stream.counters.gaps or stream.counters.malformed:
            raise AssertionError("the measurement's own frames were not understood")
    figures = {
        "ratio": middle([path / floor for floor, path in rounds]),
        "path_ns_per_frame": middle([path / DELTAS * 1e9 for _, path in rounds]),
        "decode_ns_per_frame": middle([floor / DELTAS * 1e9 for floor, _ in rounds]),
        "frame_bytes": sum(map(len, deltas)) / DELTAS,
    }
    return report("hot-path", figures, TARGETS)


def decode_all(frames: list[bytes]) -> None:
    """Decode each frame with the decoder that the stream uses, and nothing more: the floor."""
    decode = decode_frame
    for frame in frames:
        decode(frame)


def follow_all(stream: Stream, frames: list[bytes]) -> None:
    """Take each frame through the stream, and read both best prices of its book."""
    receive, books = stream.receive, stream.books
    for frame in frames:
        event = receive(frame, NOW_MS)
        book = books[event.ticker].book  # type: ignore[union-attr]
        _ = book.best_bid, book.best_ask

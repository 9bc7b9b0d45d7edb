"""What engine, link and tape add to the bare path of the same frames, and what recording alone adds to the engine."""

from __future__ import annotations

import asyncio
import tempfile
import time
from functools import partial
from pathlib import Path

from kalshi_tui.adapters.tape_files import TapeWriter
from kalshi_tui.cli.benches.engine_path import PER_BEAT, EnginePath, open_path
from kalshi_tui.cli.benches.frames import FrameMaker
from kalshi_tui.cli.benches.hot_path import AT_ONCE, follow_all, open_stream
from kalshi_tui.cli.benches.report import ROUNDS, cpu_seconds, middle
from kalshi_tui.engine.no_recorder import NoRecorder
from kalshi_tui.practice.desk import Desk, open_desk

MARKETS = 200
FEW_AT_ONCE = 3  # as they come while it is not busy
SECONDS = 8
PER_SECOND = PER_BEAT * 20


class Frames:
    """The frames of some seconds, the same for everybody who is measured."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        maker = self.maker()
        self.snapshots = maker.snapshots()
        self.seconds = [self._second(maker) for _ in range(SECONDS)]

    def maker(self) -> FrameMaker:
        """Return the maker as it was at first."""
        return FrameMaker(MARKETS, tickers=list(self.desk.exchange.markets))

    @staticmethod
    def _second(maker: FrameMaker) -> list[bytes]:
        frames: list[bytes] = []
        for _ in range(PER_SECOND // PER_BEAT):
            frames += maker.deltas(PER_BEAT)
            maker.now_ms += 1000 * PER_BEAT // PER_SECOND
        return frames


def prepare() -> Frames:
    """Make the frames of a practice exchange's markets."""
    maker = FrameMaker(1)
    return Frames(open_desk(start_ms=maker.now_ms, seed=1, markets=MARKETS))


def engine_to_bare(frames: Frames, at_once: int = AT_ONCE) -> dict[str, float]:
    """Return how many times the bare path's CPU time the engine's thread takes, with its tape and its client."""
    rounds = [asyncio.run(_compare(frames, at_once)) for _ in range(ROUNDS)]
    return {
        "engine_to_bare": middle([engine / bare for engine, bare in rounds]),
        "engine_ns_per_frame": middle([engine for engine, _ in rounds]) / PER_SECOND * 1e9,
        "bare_ns_per_frame": middle([bare for _, bare in rounds]) / PER_SECOND * 1e9,
    }


async def _compare(frames: Frames, at_once: int) -> tuple[float, float]:
    """Let both take each second's frames in turn, and return the median seconds of CPU of each."""
    engine_s, bare_s = [], []
    with tempfile.TemporaryDirectory() as folder:
        stream = open_stream(frames.maker(), frames.snapshots)
        async with open_path(frames.maker(), frames.desk, TapeWriter(Path(folder))) as path:
            for second in frames.seconds:
                fresh = copied(second)
                bare_s.append(cpu_seconds(partial(follow_all, stream, second, at_once)))
                engine_s.append(cpu_seconds(partial(path.carry, fresh, at_once)))
                await _let_client_read()
    return middle(engine_s), middle(bare_s)


def recording(frames: Frames) -> dict[str, float]:
    """Return what recording adds to the CPU time of the engine's thread, and what its own threads take beside it."""
    rounds = [asyncio.run(_record(frames)) for _ in range(ROUNDS)]
    return {
        "recording_share": middle([share for share, _ in rounds]),
        "tape_threads_ns_per_frame": middle([threads_s for _, threads_s in rounds]) / (PER_SECOND * SECONDS) * 1e9,
    }


async def _record(frames: Frames) -> tuple[float, float]:
    """Let an engine with a tape and one without take each second's frames in turn."""
    shares = []
    before_s = _others_s()
    with tempfile.TemporaryDirectory() as folder:
        async with (
            open_path(frames.maker(), frames.desk, TapeWriter(Path(folder))) as taped,
            open_path(frames.maker(), frames.desk, NoRecorder()) as plain,
        ):
            for number, second in enumerate(frames.seconds):
                # Who comes second finds the caches warm, so they change places.
                order = (taped, plain) if number % 2 else (plain, taped)
                took = {path: cpu_seconds(partial(_carry_fresh, path, second)) for path in order}
                shares.append(took[taped] / took[plain] - 1)
                await _let_client_read()
    return middle(shares), _others_s() - before_s


def _carry_fresh(path: EnginePath, frames: list[bytes]) -> None:
    # Made as they arrive: a tape keeps their memory from being used again at once, which is a part of its price.
    path.carry(copied(frames), AT_ONCE)


def copied(frames: list[bytes]) -> list[bytes]:
    """Return the same frames in memory of their own, as a socket's reader makes them."""
    return [memoryview(frame).tobytes() for frame in frames]


def _others_s() -> float:
    """Return the CPU time of this process's other threads so far."""
    return time.process_time() - time.thread_time()


async def _let_client_read() -> None:
    for _ in range(20):
        await asyncio.sleep(0)

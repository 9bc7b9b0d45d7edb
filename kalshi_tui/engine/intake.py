"""The one door to the kernel: every input is put on the tape first and then consumed, in one order of times."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kalshi_tui.core.events import Event
from kalshi_tui.engine import inputs
from kalshi_tui.engine.kernel import Kernel
from kalshi_tui.engine.ports import Recorder

MARK_EVERY_MS = 10_000
FIRST_MARK_MS = 1_000  # so that a tape of an engine that was killed early has one, too


class Intake:
    """Records and consumes; a feed takes it for its stream."""

    def __init__(self, kernel: Kernel, recorder: Recorder) -> None:
        self.kernel = kernel
        self._recorder = recorder
        self._marked_ms = kernel.now_ms + FIRST_MARK_MS - MARK_EVERY_MS
        recorder.begin(kernel.status.opening)

    def at(self, now_ms: int) -> int:
        """Return a time that is not before any other input's: clocks may be set back, the kernel's goes on."""
        return max(now_ms, self.kernel.now_ms)

    def take(self, taken: inputs.Input) -> None:
        """Record an input and let the kernel consume it."""
        self._recorder.put(taken)
        self.kernel.take(taken)

    def beat(self, now_ms: int) -> None:
        """Let the kernel publish; now and then begin a new segment of the tape, and prove what was published."""
        now_ms = self.at(now_ms)
        if self._recorder.wants_opening:
            self._recorder.begin(self.kernel.opening(now_ms))
        self.take(inputs.Beat(now_ms))
        if now_ms - self._marked_ms >= MARK_EVERY_MS:
            self.mark(now_ms)

    def mark(self, now_ms: int) -> None:
        """Put a proof of everything published so far on the tape."""
        self._marked_ms = now_ms
        board = self.kernel.board
        self._recorder.put(inputs.Mark(self.at(now_ms), board.published, board.digest()))

    # What a feed asks of a stream

    def connected(self, now_ms: int) -> None:
        """The stream was opened."""
        self.take(inputs.Connected(self.at(now_ms)))

    def disconnected(self, now_ms: int) -> None:
        """The stream is gone."""
        self.take(inputs.Disconnected(self.at(now_ms)))

    def receive_all(self, frames: Iterable[bytes | str], now_ms: int, deliver: Callable[[Event], None]) -> None:
        """Consume frames that arrived together; the kernel delivers what they mean to itself."""
        del deliver
        self.take(inputs.Frames(self.at(now_ms), frames))  # type: ignore[arg-type]  # transports hand over lists

    def ping(self, now_ms: int) -> None:
        """The venue is alive."""
        self.take(inputs.Pinged(self.at(now_ms)))

    def tick(self, now_ms: int) -> None:
        """Let the stream's timers run."""
        self.take(inputs.Ticked(self.at(now_ms)))

    def outgoing(self) -> list[bytes]:
        """Return the commands to send, once."""
        commands = self.kernel.outgoing()
        for command in commands:
            self._recorder.put(inputs.Sent(self.kernel.now_ms, command))
        return commands

    def events(self) -> list[Event]:
        """Return nothing: the kernel has taken what happened already."""
        return []

    def reconnect_reason(self, now_ms: int) -> str:
        """Return why the connection is of no use any more, or nothing."""
        return self.kernel.stream.reconnect_reason(now_ms)

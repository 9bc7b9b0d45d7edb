"""Runs the kernel on a tape: as it was, which must publish the same again, or as it would be under other rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from kalshi_tui.core.book import BookState
from kalshi_tui.engine.inputs import CODEC, Mark, Opening, Record, Sent
from kalshi_tui.engine.kernel import Kernel
from kalshi_tui.engine.rules import Rules
from kalshi_tui.errors import ConfigError
from kalshi_tui.sdk.risk import Options, RiskCheck


class Outcome(msgspec.Struct, frozen=True):
    """What a replay came to; `agrees` is None where the tape holds nothing to compare with."""

    inputs: int
    frames: int
    published: int
    digest: str
    marks: int
    agrees: bool | None
    differs_at_ms: int | None
    from_ms: int
    to_ms: int
    books: int
    books_live: int
    gaps: int
    resyncs: int
    malformed: int


class Replay:
    """Feeds a kernel from a tape's records."""

    def __init__(
        self,
        *,
        what_if: Rules | None = None,
        step: Callable[[int], None] | None = None,
        risk_checks: Callable[[Options], Sequence[RiskCheck]] = lambda _: (),
    ) -> None:
        """Take other rules, if the tape's own are not to count; `step` hears the time before each input.

        `risk_checks` makes the checks that the taped engine had, from the limits that it had.
        """
        self._risk_checks = risk_checks
        self._what_if = what_if
        self._step = step
        self._kernel: Kernel | None = None
        self._inputs = self._marks = 0
        self._is_whole = False
        self._differs_at_ms: int | None = None
        self._from_ms = 0
        self._live = 0

    @property
    def kernel(self) -> Kernel:
        """Return the kernel, once the first record was taken."""
        if self._kernel is None:
            raise ConfigError("the tape holds no opening", hint="`kalshi-tui tape verify` says what is wrong with it")
        return self._kernel

    def run(self, records: Iterable[Record]) -> Outcome:
        """Take all records and return what it came to."""
        for record in records:
            self.take(record)
        return self.outcome()

    def take(self, record: Record) -> None:
        """Take one record."""
        if isinstance(record, Opening):
            self._open(record)
        elif isinstance(record, Mark):
            self._compare(record)
        elif not isinstance(record, Sent):
            if self._step is not None:
                self._step(record.at_ms)
            self._inputs += 1
            kernel = self.kernel
            kernel.take(record)
            kernel.outgoing()
            kernel.questions()
            kernel.catalogue.take_saves()
            kernel.catalogue.take_forgets()

    def outcome(self) -> Outcome:
        """Return what it came to so far."""
        kernel, counters = self.kernel, self.kernel.stream.counters
        tracked = kernel.stream.books.values()
        return Outcome(
            inputs=self._inputs,
            frames=kernel.status.frames,
            published=kernel.board.published,
            digest=kernel.board.digest(),
            marks=self._marks,
            agrees=None if not self._marks else self._differs_at_ms is None,
            differs_at_ms=self._differs_at_ms,
            from_ms=self._from_ms,
            to_ms=kernel.now_ms,
            books=len(kernel.stream.books),
            books_live=sum(book.state is BookState.LIVE for book in tracked),
            gaps=counters.gaps,
            resyncs=counters.resyncs,
            malformed=counters.malformed,
        )

    def _open(self, opening: Opening) -> None:
        if self._kernel is not None:
            return  # of a later segment: it tells what we know already
        if opening.codec != CODEC:
            raise ConfigError(
                f"the tape was recorded with codec {opening.codec}, and this program reads {CODEC}",
                hint=f"replay it with the version that recorded it ({opening.program})",
            )
        self._from_ms, self._is_whole = opening.at_ms, opening.is_first and self._what_if is None
        if self._what_if is not None:
            opening = msgspec.structs.replace(opening, rules=self._what_if)
        self._kernel = Kernel(opening, self._risk_checks(opening.limits))

    def _compare(self, mark: Mark) -> None:
        """Compare with what was published when the tape was recorded, where the replay began where that did."""
        if not self._is_whole:
            return
        self._marks += 1
        board = self.kernel.board
        if self._differs_at_ms is None and (mark.published, mark.digest) != (board.published, board.digest()):
            self._differs_at_ms = mark.at_ms

"""The drills of the machine that the engine runs on, and of hostile words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from kalshi_tui.cli.drills.host import clocks, disks, ends
from kalshi_tui.cli.drills.host.plan import HostDrill, Part
from kalshi_tui.cli.drills.host.points import POINTS
from kalshi_tui.cli.drills.host.words import hostile
from kalshi_tui.cli.drills.plan import Drill

if TYPE_CHECKING:
    from kalshi_tui.cli.drills.host.stage import Stage

_HOUR_MS: Final = 3_600_000
_OFFS: Final = (5_000, -5_000, -_HOUR_MS, _HOUR_MS)
_BEFORE_MS: Final = 15_000  # a moment, so that an engine runs well before it comes
_STRIDE: Final = 6  # each seed cuts the power at every sixth row of a life: six seeds try them all
_STOPS: Final = {"stop_wait_s": ends.STOP_S}


def _always(*parts: Part) -> Callable[[int], Sequence[Part]]:
    return lambda _: parts


def _part(act: Callable[[Stage], Awaitable[None]], **options: Any) -> Part:
    return Part(act.__name__.replace("_", " "), act, options)


def _clock_parts(seed: int) -> list[Part]:
    """Return what one seed tries: four seeds try all, for a night costs seconds."""
    first, second = _OFFS[seed % 2 :: 2], _OFFS[1 - seed % 2 :: 2]
    wrong = [Part(f"{off} ms off from the start", clocks.wrong_from_the_start(off)) for off in first]
    stepped = [Part(f"set by {off} ms", clocks.set_meanwhile(off)) for off in second]
    others = (
        _part(clocks.set_by_little),
        _part(clocks.it_slept, spec=clocks.calm_world()),
        _part(clocks.an_answer_is_lost_on_a_clock_that_is_fast),
        _part(clocks.the_clock_was_fast_in_an_earlier_life, spec=clocks.calm_world()),
    )
    return [*wrong, *stepped, others[seed % 4]]


def _moment_parts(_: int) -> list[Part]:
    return [
        Part(moment, clocks.around(moment, begins), {"start_ms": _ms(moment) - _BEFORE_MS})
        for moment, begins in clocks.MOMENTS
    ]


def _power_parts(seed: int) -> list[Part]:
    rows = ends.rows_of_a_life(seed)
    cut = [
        Part(f"after row {number} of {rows}", ends.power_fails_after(number))
        for number in range(1 + seed % _STRIDE, rows + 1, _STRIDE)
    ]
    lied = rows // 2 + seed % _STRIDE
    return [*cut, Part(f"three rows before {lied} are lost, too", ends.power_fails_after(lied, unkept=3))]


def _words_parts(fault: str) -> Callable[[int], Sequence[Part]]:
    return _always(Part("with a ticket open for each", hostile(fault), {"scenario": fault}))


def _ms(moment: str) -> int:
    return int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp() * 1000)


HOST_DRILLS: Final[tuple[Drill, ...]] = (
    HostDrill(
        fault="F60",
        words="the machine's clock is wrong, is set, or has slept",
        must="nothing adds risk on a wrong clock, cancels work, and after a leap all is compared anew",
        parts=_clock_parts,
    ),
    HostDrill(
        fault="F61",
        words="New York moves its clocks on the day of a loss",
        must="each day of the loss limit begins once, at midnight in New York",
        parts=_moment_parts,
    ),
    HostDrill(
        fault="F62",
        words="the disk is full: at an intent, at a fill, at the log",
        must="what is not kept is not sent, cancels work, and fills are kept afterwards",
        parts=_always(
            _part(disks.full_at_an_intent),
            Part("at a fill", disks.full_at_a_fill(crashes=False)),
            Part("at a fill, and the engine crashes", disks.full_at_a_fill(crashes=True)),
            _part(disks.full_at_the_log),
        ),
    ),
    HostDrill(
        fault="F63",
        words="another program locks the journal for half a minute",
        must="nothing is sent, pictures and answers go on, cancels work",
        parts=_always(_part(disks.locked), _part(disks.a_commit_takes_longer_than_a_ticket_lives)),
    ),
    HostDrill(
        fault="F64",
        words="the journal is damaged, read-only or somebody else's",
        must="the engine says so and sends nothing; a kill works all the same",
        parts=_always(*(Part(harm, disks.damaged(harm)) for harm in disks.HARMS), _part(disks.read_only)),
    ),
    HostDrill(
        fault="F65",
        words="the engine is killed at one of eight points around an order",
        must="the next one comes to the same as the exchange, and nothing is sent twice",
        parts=_always(*(Part(point.words, ends.killed_at(point)) for point in POINTS)),
    ),
    HostDrill(
        fault="F66",
        words="the power fails after any row of the journal",
        must="what is left is whole, and the next engine comes to the same as the exchange",
        parts=_power_parts,
    ),
    HostDrill(
        fault="F67",
        words="two engines start on one account",
        must="the second is refused; where no lock holds, what it cannot write it does not send",
        parts=_always(_part(ends.the_second_gets_no_lock), _part(ends.two_on_one_journal)),
    ),
    HostDrill(
        fault="F68",
        words="the engine is told to end while orders work",
        must="they are cancelled within three seconds, and the journal says what came of it",
        parts=_always(
            Part("the exchange answers", ends.told_to_end(answers=True), _STOPS),
            Part("the exchange does not answer", ends.told_to_end(answers=False), _STOPS),
        ),
    ),
    HostDrill(
        fault="F69",
        words="terminals do not read what is sent to them",
        must="orders and other terminals notice nothing",
        parts=_always(_part(ends.terminals_do_not_read)),
    ),
    HostDrill(
        fault="F71",
        words="words of a market look like markup, and somebody trades",
        must="they are shown as they are",
        parts=_words_parts("F71"),
    ),
    HostDrill(
        fault="F72",
        words="words of a market control terminals, and somebody trades",
        must="what controls a terminal stands in no picture, no ticket and no row of the journal",
        parts=_words_parts("F72"),
    ),
    HostDrill(
        fault="F73",
        words="tickers are no names, and somebody trades",
        must="nothing of such a name can be traded, asked for or written into the journal",
        parts=_words_parts("F73"),
    ),
)

"""What the tests of the journal share: one hand-written entry of each type, and rows made of entries."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from kalshi_tui.core.units import Money, Price, Size
from kalshi_tui.engine.journal_rows import GENESIS, JournalRow, sealed
from kalshi_tui.engine.trading import entries as e
from kalshi_tui.link.trading import CheckRow

NAMES: Final = ("practice", "practice", "live")
AT: Final = 1_781_159_370_000
TICKER: Final = "KXFED-26SEP-T4.00"
DATA: Final = Path(__file__).parent / "data" / "journal_codec_1.json"

ENTRIES: Final[tuple[e.Entry, ...]] = (
    e.Began(AT, 1, 7, "a1b2c3", "0.1.0", "0123456789abcdef", "practice", "live", "practice", 4242),
    e.CashTold(AT + 1, "opening", 0, Money(1_000_000_000), "the first balance"),
    e.HoldingTold(AT + 2, TICKER, Size(1_000), Money(5_500_000), "held before", 0),
    e.DayBegan(AT + 3, "2026-06-11", Money(1_005_500_000)),
    e.Armed(AT + 4, AT + 900_000),
    e.GroupTold(AT + 5, 0, "g-1", "made", Size(50_000)),
    e.Judged(
        AT + 6,
        11,
        "staged",
        True,
        "all checks passed",
        "ab" * 32,
        (CheckRow("book.fresh", True, "the book is live", "book-fresh"),),
        {"age_ms": 12, "live": True, "group": None, "mode": "practice"},
    ),
    e.Intended(
        AT + 7, 1, "k7-1", 11, "token", "key", TICKER, "KXFED-26SEP", 0, "bid", Price(5_600), Size(2_500),
        "good_till_canceled", False, False, 1_781_200_000, "g-1", '{"ticker":"KXFED-26SEP-T4.00"}', "cd" * 32,
        Money(431_200), "fed", "opportunity-9", 77, 12, 3,
    ),
    e.Sending(AT + 8, 1),
    e.Placed(AT + 9, 1, "o-1", Size(500), Size(2_000), Money(560_000), Money(17_248), AT + 8),
    e.FillTold(
        AT + 10, "stream", "t-1", "o-1", "k7-1", TICKER, "bid", Price(5_600), Size(500), Money(86_240), Money(86_300),
        True, 0, 0, AT + 9,
    ),
    e.OrderTold(
        AT + 11, "list", "o-1", "k7-1", TICKER, "bid", "resting", Price(5_600), Size(2_500), Size(500), Size(2_000),
        "g-1", 0, 0, "", AT + 8, None, None,
    ),
    e.ChangeAsked(AT + 12, 1, "amend", 12, Price(5_700), Size(2_500), "k7-2", "{}", "ef" * 32),
    e.ChangeAnswered(AT + 13, 1, "done", ""),
    e.CancelAsked(AT + 14, 1, "a person asked"),
    e.CancelAnswered(AT + 15, 1, "canceled", Size(2_000), "", AT + 15),
    e.NotSent(AT + 16, 2, "the gate changed its mind"),
    e.Rejected(AT + 17, 3, 400, "insufficient_balance", "not enough"),
    e.Unanswered(AT + 18, 4, "no answer in 5 s"),
    e.Absent(AT + 19, 4, "three lists without it"),
    e.FillWithdrawn(AT + 20, "t-1", "o-1", "not in the list"),
    e.Settled(AT + 21, TICKER, "yes", Price(10_000), Money(10_000_000), AT + 20, 0, 0),
    e.DifferenceFound(AT + 22, 1, "position", TICKER, "we hold 10, the venue tells 5"),
    e.DifferenceEnded(AT + 23, 1, "acknowledged"),
    e.Halted(AT + 24, TICKER, "the book jumped", "reducing"),
    e.Resumed(AT + 25, TICKER, "quiet for a minute"),
    e.Disarmed(AT + 26, "a person disarmed"),
    e.Killed(AT + 27, "=cmd() pressed kill"),
    e.KillEnded(AT + 28, "all canceled", 0),
    e.KillReset(AT + 29, "lift the kill"),
    e.Reviewed(AT + 30, AT - 3_600_000, AT),
    e.Ended(AT + 31),
)  # fmt: skip


def rows_of(entries: Iterable[e.Entry], after: JournalRow | None = None) -> list[JournalRow]:
    """Return the rows of entries, numbered and sealed one on the other."""
    number, digest = (after.number, after.digest) if after else (0, GENESIS)
    rows = []
    for entry in entries:
        number += 1
        rows.append(sealed(digest, number, entry.at_ms, type(entry).__name__, e.encode_entry(entry)))
        digest = rows[-1].digest
    return rows


def some_rows(count: int, size: int = 100) -> list[JournalRow]:
    """Return rows whose bodies are of a size."""
    return rows_of(e.Disarmed(AT + number, "x" * size) for number in range(count))


def journal_at(folder: Path) -> Path:
    return folder / "journal" / "practice-practice-live.sqlite"

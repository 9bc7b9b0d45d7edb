"""`journal would-have`: which decisions it lists, what became of them, and whom it tells that they are reviewed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from kalshi_tui.adapters.journal_schema import journal_file
from kalshi_tui.adapters.journal_write import JournalWriter
from kalshi_tui.cli import main as entry
from kalshi_tui.cli.journals.decisions import Decision, decisions, sums
from kalshi_tui.core.units import Money, Price, Size
from kalshi_tui.engine.journal_rows import GENESIS, sealed
from kalshi_tui.engine.trading import entries as e
from kalshi_tui.link.trading import CheckRow
from tests.unit.journal_kit import AT, TICKER, rows_of

HOUR = 3_600_000
OBSERVES = CheckRow("MODE_OBSERVES", passed=False, words="this engine only looks", anchor="")
UNARMED = CheckRow("NOT_ARMED", passed=False, words="not armed: it has just started", anchor="")
DEAR = CheckRow("COLLAR", passed=False, words="0.60 is 0.10 through 0.50", anchor="")
FINE = CheckRow("kill", passed=True, words="ok", anchor="")


def began(session: int, at_ms: int = AT, execution: str = "paper") -> e.Began:
    return e.Began(at_ms, e.CODEC, session, "a1b2c3", "0.1", "hash", "practice", execution, "practice", 1)


def judged(
    ticket: int, stage: str, *against: CheckRow, price: int = 5_600, side: str = "bid", at_ms: int = AT
) -> e.Judged:
    facts: dict[str, str | int | bool | None] = {"ticker": TICKER, "side": side, "price": price, "size": 2_500}
    words = "; ".join(f"{check.code}: {check.words}" for check in against)
    return e.Judged(at_ms, ticket, stage, not against, words, "ab" * 32, (FINE, *against), facts)


def intended(number: int, ticket: int, side: Any = "bid") -> e.Intended:
    return e.Intended(
        AT, number, f"k-{number}", ticket, "token", "key", TICKER, "KXFED-26SEP", 0, side, Price(5_600), Size(2_500),
        "good_till_canceled", False, False, None, "", "{}", "cd" * 32, Money(431_200), "", "", 1, 1, 1,
    )  # fmt: skip


def fill(trade: str, price: int, size: int, fee: int, side: Any = "bid") -> e.FillTold:
    return e.FillTold(
        AT, "stream", trade, "o-1", "k-1", TICKER, side, Price(price), Size(size), Money(fee), None,
        True, 0, 0, AT,
    )  # fmt: skip


PLACED = e.Placed(AT, 1, "o-1", Size(0), Size(2_500), None, None, AT)
SENDING = e.Sending(AT, 1)


def settled(result: str, value: int | None = None) -> e.Settled:
    return e.Settled(AT, TICKER, result, None if value is None else Price(value), Money(0), AT, 0, 0)


def only(*told: e.Entry, from_ms: int = 0) -> Decision:
    (decision,) = decisions(told, from_ms)
    return decision


def test_what_only_the_mode_stood_against_would_have_been_sent() -> None:
    told = (began(1), judged(1, "staged", OBSERVES, UNARMED), judged(2, "staged", UNARMED), judged(3, "staged"))
    found = decisions(told, 0)
    assert [(d.ticket, d.passed, d.words) for d in found] == [
        (1, False, "MODE_OBSERVES: this engine only looks; NOT_ARMED: not armed: it has just started"),
        (2, False, "NOT_ARMED: not armed: it has just started"),
        (3, True, "not fired"),
    ]
    assert (found[0].ticker, found[0].side, found[0].price, found[0].size) == (TICKER, "bid", 5_600, 2_500)


def test_what_anything_else_stood_against_would_not() -> None:
    assert decisions((began(1), judged(1, "staged", OBSERVES, DEAR), judged(2, "fired", DEAR)), 0) == []


def test_a_ticket_counts_once_by_the_last_that_was_said_of_it() -> None:
    assert only(began(1), judged(1, "staged", UNARMED), judged(1, "fired")).stage == "fired"
    refused = only(began(1), judged(1, "staged"), judged(1, "fired", DEAR))
    assert (refused.stage, refused.words) == ("staged", "refused when it was fired: COLLAR: 0.60 is 0.10 through 0.50")


def test_each_engine_counts_its_tickets_anew() -> None:
    found = decisions((began(1), judged(1, "staged"), began(2), judged(1, "staged")), 0)
    assert [(d.session, d.ticket) for d in found] == [(1, 1), (2, 1)]


def test_a_buy_is_told_with_its_fills_and_what_they_brought() -> None:
    """10 at 0.55 and 5 at 0.56 of 25 at 0.56, fees 0.17 and 0.09; YES pays a dollar."""
    told = (
        began(1), judged(1, "staged"), judged(1, "fired"), intended(1, 1), SENDING, PLACED,
        fill("t1", 5_500, 1_000, 170_000), fill("t2", 5_600, 500, 90_000), settled("yes"),
    )  # fmt: skip
    found = only(*told)
    assert (found.order, found.filled, found.average, found.fee) == (1, 1_500, 553_333, 260_000)
    # 15 dollars less 5.50 and 2.80 and the fees; all 25 at the limit: 25 dollars less 14.
    assert (found.settled_at, found.result, found.at_limit) == (10_000, 6_440_000, 11_000_000)


def test_a_sale_of_yes_gains_what_yes_does_not_pay() -> None:
    told = (
        began(1), judged(1, "fired", side="ask"), intended(1, 1, "ask"), SENDING, PLACED,
        fill("t1", 5_600, 1_000, 170_000, "ask"),
        settled("scalar", 2_500),
    )  # fmt: skip
    # 10 x (0.56 - 0.25) less 0.17; all 25 at the limit: 25 x 0.31.
    assert (only(*told).result, only(*told).at_limit) == (2_930_000, 7_750_000)


def test_a_fill_that_never_was_does_not_count() -> None:
    told = (began(1), judged(1, "fired"), intended(1, 1), SENDING, PLACED, fill("t1", 5_600, 1_000, 170_000))
    assert only(*told).filled == 1_000
    assert only(*told, e.FillWithdrawn(AT, "t1", "o-1", "not listed")).filled == 0


def test_what_never_left_says_why() -> None:
    found = only(began(1), judged(1, "fired"), intended(1, 1), e.NotSent(AT, 1, "killed before it left"))
    assert found.words == "not sent: killed before it left"


def test_sums_are_the_sums_of_the_rows() -> None:
    told = (
        began(1), judged(1, "fired"), intended(1, 1), SENDING, PLACED, fill("t1", 5_600, 1_000, 170_000),
        judged(2, "staged", UNARMED), settled("no"),
    )  # fmt: skip
    total = sums(decisions(told, 0))
    assert (total.decisions, total.passed, total.filled_decisions, total.filled, total.fees) == (
        2,
        1,
        1,
        1_000,
        170_000,
    )
    # 10 at 0.56 are lost with the fee; both tickets would have lost 25 x 0.56.
    assert (total.settled, total.result, total.at_limit) == (2, -5_770_000, -28_000_000)
    assert sums([]).decisions == 0


def test_older_decisions_are_left_out_but_not_what_is_known_of_the_others() -> None:
    told = (began(1), judged(1, "staged"), judged(2, "staged", at_ms=AT + HOUR), settled("yes"))
    assert only(*told, from_ms=AT + 1).ticket == 2


# The command


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def run_command(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["kalshi-tui", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            entry.main()
        out, words = capsys.readouterr()
        assert "Traceback" not in words
        return int(ended.value.code or 0), out, words

    return run_command


def kept(home: Path, told: Sequence[e.Entry], execution: str = "paper") -> Path:
    names = ("practice", "practice", execution)
    file = journal_file(home / "data" / "kalshi-tui", *names)
    writer = JournalWriter(file, names)
    writer.open()
    writer.write(rows_of(told))
    writer.close()
    return file


TOLD = (
    began(1),
    judged(1, "fired"),
    intended(1, 1),
    SENDING,
    PLACED,
    fill("t1", 5_600, 1_000, 170_000),
    settled("yes"),
)


def test_the_table_names_market_wish_and_fate(run: Any, home: Path) -> None:
    kept(home, TOLD)
    code, out, words = run("--mode", "paper", "journal", "would-have")
    assert code == 0
    for text in (TICKER, "buy yes 25 at 0.56", "fired", "$0.56", "$0.17", "1.00", "$4.23", "$11.00", "resting"):
        assert text in out
    assert "1 decisions, 1 passed; 1 filled some: 10 contracts, fees $0.17" in words


def test_json_has_the_same_and_the_sums(run: Any, home: Path) -> None:
    file = kept(home, TOLD)
    code, out, _ = run("journal", "would-have", file, "--json")
    told = json.loads(out)
    assert code == 0
    assert told["sums"]["result"] == 10 * 1_000_000 - 5_600_000 - 170_000
    assert [row["ticket"] for row in told["decisions"]] == [1]
    assert (told["from_ms"], told["until_ms"]) == (None, AT)


def test_a_journal_of_real_orders_is_said_to_be_one(run: Any, home: Path) -> None:
    kept(home, TOLD, "live")
    assert "an engine that sends" in run("--mode", "live", "journal", "would-have")[2]


def test_nothing_is_counted_as_reviewed_without_an_engine(run: Any, home: Path) -> None:
    kept(home, TOLD)
    code, out, words = run("--mode", "paper", "journal", "would-have", "--reviewed")
    assert TICKER in out
    assert code == 2
    assert "no engine runs" in words


def test_reviewed_is_about_the_engine_of_the_account_in_force(run: Any, home: Path) -> None:
    file = kept(home, TOLD)
    assert run("journal", "would-have", file, "--reviewed")[0] == 2


def test_what_follows_a_broken_row_is_not_read(run: Any, home: Path) -> None:
    names = ("practice", "practice", "paper")
    file = journal_file(home / "data" / "kalshi-tui", *names)
    rows = rows_of(TOLD)
    writer = JournalWriter(file, names)
    writer.open()
    row = rows[2]
    writer.write([*rows[:2], sealed(GENESIS, row.number, row.at_ms, row.kind, row.body)])
    writer.close()
    code, out, words = run("--mode", "paper", "journal", "would-have")
    assert TICKER in out
    assert code == 3
    assert "row 3 of the journal is broken" in words

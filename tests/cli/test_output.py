"""What commands print: foreign text is only text, and a pipe loses nothing."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from kalshi_tui.cli.benches.report import Target, report
from kalshi_tui.cli.output import Column, make_table, print_table
from kalshi_tui.core.units import Price, Size
from kalshi_tui.core.words import contracts, dollars


def test_markup_in_foreign_text_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([Column("title")], [("[bold red]x[/] [@click=app.quit]y[/",)])
    assert "[bold red]x[/] [@click=app.quit]y[/" in capsys.readouterr().out


def test_a_cell_is_no_markup_on_any_console() -> None:
    seen = io.StringIO()
    Console(file=seen, markup=True, width=200).print(make_table([Column("title")], [("[red]x[/] [/nothing]",)]))
    assert "[red]x[/] [/nothing]" in seen.getvalue()


def test_a_pipe_gets_every_letter(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([Column("a"), Column("b")], [("x" * 300, "y" * 300)])
    assert "x" * 300 + "  " + "y" * 300 in capsys.readouterr().out


@pytest.mark.parametrize(
    ("price", "text"), [(None, "-"), (5600, "0.56"), (5000, "0.50"), (123, "0.0123"), (9990, "0.999"), (100, "0.01")]
)
def test_prices_show_cents_and_only_the_digits_that_they_need(price: int | None, text: str) -> None:
    assert dollars(None if price is None else Price(price)) == text


@pytest.mark.parametrize(("size", "text"), [(100, "1"), (7477, "74.77"), (123_456_700, "1,234,567"), (10, "0.10")])
def test_sizes_show_hundredths_only_where_there_are_some(size: int, text: str) -> None:
    assert contracts(Size(size)) == text


def test_a_report_is_ok_only_if_every_target_is_met() -> None:
    targets = {"ratio": Target(at_most=3.0), "rate": Target(at_least=100)}
    assert report("x", {"ratio": 3.0, "rate": 100}, targets).ok
    assert not report("x", {"ratio": 3.01, "rate": 100}, targets).ok
    assert not report("x", {"ratio": 2.0, "rate": 99}, targets).ok
    assert not report("x", {"ratio": 2.0}, targets).ok

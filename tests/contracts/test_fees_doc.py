"""The examples of docs/fees.md are what the code charges."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from kalshi_tui.core.fees import CENT, FeePolicy, FeeRule, OrderFees, fee_terms
from kalshi_tui.core.units import parse_decimal, parse_money, parse_price, parse_size

PAGE: Final = Path(__file__).parents[2] / "docs" / "fees.md"
POLICIES: Final = {
    "`whole-cent`": FeePolicy(FeeRule.WHOLE_CENT),
    "`2026-06`, cent grid": FeePolicy(FeeRule.JUNE_2026, grid=CENT),
    "`2026-09`, cent grid": FeePolicy(FeeRule.SEPTEMBER_2026, grid=CENT),
    "`2026-09`, direct": FeePolicy(),
}


def table(heading: str) -> list[dict[str, str]]:
    """Return the rows of the table under a heading, by column."""
    section = PAGE.read_text().split(f"## {heading}", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(head, row, strict=True)) for row in rows]


@pytest.mark.parametrize("row", table("One fill"), ids=lambda row: f"{row['contracts']}@{row['price']}-{row['as']}")
@pytest.mark.parametrize("rule", POLICIES)
def test_the_pages_single_fills_cost_what_they_say(row: dict[str, str], rule: str) -> None:
    terms = fee_terms("quadratic_with_maker_fees", parse_decimal(row["multiplier"], 6))
    charge = OrderFees(terms, POLICIES[rule]).charge(
        side="bid", price=parse_price(row["price"]), size=parse_size(row["contracts"]), is_taker=row["as"] == "taker"
    )
    assert charge.net == parse_money(row[rule])


@pytest.mark.parametrize("row", table("Ten fills"), ids=lambda row: row["rule"])
def test_the_pages_order_of_ten_fills_costs_what_it_says(row: dict[str, str]) -> None:
    fees = OrderFees(fee_terms("quadratic", 1_000_000), POLICIES[row["rule"]])
    charges = [
        fees.charge(side="bid", price=parse_price("0.50"), size=parse_size("1"), is_taker=True) for _ in range(10)
    ]
    assert [charge.net for charge in charges] == list(map(parse_money, row["each fill"].split()))
    assert sum(map(Decimal, row["each fill"].split())) == Decimal(row["together"])


def test_the_page_has_a_row_for_every_rule() -> None:
    assert {row["rule"] for row in table("Ten fills")} == set(POLICIES)
    assert all(f"| `{rule}`" in PAGE.read_text() for rule in FeeRule)

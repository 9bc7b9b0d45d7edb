"""The command `paper`: what the simulation of orders assumes, and how far it is from an exchange."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import click

from kalshi_tui.cli.loading import load
from kalshi_tui.cli.output import Column, print_json, print_table, print_words
from kalshi_tui.core.units import Money, Size
from kalshi_tui.core.words import contracts, dollars, money

if TYPE_CHECKING:
    from kalshi_tui.cli.papers.session import Sent, Session
    from kalshi_tui.engine.order_rules import OrderRules
    from kalshi_tui.engine.paper.report import ComparedOrder, Filled

_COLUMNS: Final = (
    Column("order", is_number=True),
    Column("market", keep_whole=True),
    Column("what", keep_whole=True),
    *(
        Column(f"{heading}{where}", is_number=True)
        for where in (", paper", ", exchange")
        for heading in ("filled", "average", "fee", "first fill")
    ),
    Column("flattered", is_number=True),
    Column("not sent"),
)
_ACTS: Final = {"bid": "buy yes", "ask": "sell yes"}


@click.group("paper", short_help="Show what paper trading assumes, and set it beside an exchange")
def command() -> None:
    """Judge paper trading: its models, and the fills that they give beside those of the practice exchange.

    docs/paper.md explains the models. The table [paper] of the settings chooses among them.
    """


@command.command("models", short_help="Name what the simulation assumes")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def models(ctx: click.Context, /, *, as_json: bool) -> None:
    """Name the models by which orders on paper are filled, with the parameters that the settings give them."""
    rules = rules_of(ctx.obj or {})
    words = load("kalshi_tui.engine.trading.paper").models_of(rules).words()
    if as_json:
        print_json({"models": words, "cash": rules.paper_cash})
        return
    for line in words:
        click.echo(line)
    click.echo(f"cash to begin with: {money(rules.paper_cash)}")


@command.command("report", short_help="Play a session on paper and at an exchange, and compare order by order")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True, help="Of world and orders.")
@click.option(
    "--orders", "count", type=click.IntRange(1, 200), default=40, show_default=True, help="How many are sent."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def report(ctx: click.Context, /, *, seed: int, count: int, as_json: bool) -> None:
    """Play one seeded session twice, in memory: on paper, and at a practice exchange that gets the same orders.

    Both times the world's prices walk the same way. No engine is asked, and nothing is sent anywhere.
    """
    rules = rules_of(ctx.obj or {})
    session: Session = load("kalshi_tui.cli.papers.session").play(seed, count, rules)
    print_json(session) if as_json else print_session(session)


def rules_of(flags: Mapping[str, str]) -> OrderRules:
    """Return what the settings say of orders."""
    settings = load("kalshi_tui.cli.settings").read_settings(flags)
    rules: OrderRules = load("kalshi_tui.cli.trading_host").order_rules(settings, is_flagged=False)
    return rules


def print_session(session: Session) -> None:
    """Print a row an order, the sums, and the models."""
    found = session.comparison
    rows = {row.client_order_id: row for row in found.rows}
    cells = [_cells(sent, rows.get(sent.client_order_id)) for sent in session.orders]
    sums = ("", "all", "", *_filled(found.paper), *_filled(found.exchange), money(found.flattered), "")
    print_table(_COLUMNS, [*cells, sums])
    for words in found.models:
        click.echo(words)
    print_words(
        f"of {len(found.rows)} orders {found.alike} came to the same; {found.only_paper} were filled on paper only, "
        f"{found.only_exchange} at the exchange only; paper flattered by {money(found.flattered)} what both filled"
    )


def _cells(sent: Sent, row: ComparedOrder | None) -> tuple[str, ...]:
    draft = sent.draft
    what = f"{sent.wish}: {_ACTS[draft.side]} {contracts(draft.size)} at {dollars(draft.price)}"
    no = [f"{where}: {words}" for where, words in _refusals(sent) if words]
    if row is None:
        return (str(sent.number), draft.ticker, what, *("",) * 9, "; ".join(no))
    flattered = "" if row.flattered is None else money(row.flattered)
    return (
        str(sent.number),
        draft.ticker,
        what,
        *_filled(row.paper),
        *_filled(row.exchange),
        flattered,
        "; ".join(no),
    )


def _refusals(sent: Sent) -> tuple[tuple[str, str], ...]:
    if sent.paper_words == sent.exchange_words:
        return (("both", sent.paper_words),)
    return (("paper", sent.paper_words), ("exchange", sent.exchange_words))


def _filled(filled: Filled) -> tuple[str, ...]:
    first = "" if filled.first_ms is None else f"{filled.first_ms / 1000:.3f} s"
    size, fee = contracts(Size(filled.size)), money(Money(filled.fee))
    return (size, "", "", "") if not filled.size else (size, money(filled.average), fee, first)

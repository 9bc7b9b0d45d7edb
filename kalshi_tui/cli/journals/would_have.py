"""`kalshi-tui journal would-have`: what was decided while nothing was sent, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile

import click

from kalshi_tui.cli.journals.decisions import Decision, Sums, decisions, sums
from kalshi_tui.cli.journals.places import SINCE_HELP, opened, since, tell_damage
from kalshi_tui.cli.journals.reading import lines
from kalshi_tui.cli.loading import load
from kalshi_tui.cli.loops import run_until_told
from kalshi_tui.cli.output import Column, print_json, print_table, print_words
from kalshi_tui.cli.tapes.places import utc
from kalshi_tui.core.text import clean
from kalshi_tui.core.words import contracts, dollars, money
from kalshi_tui.errors import ConfigError, LocalProtocolError
from kalshi_tui.link.intents import Done
from kalshi_tui.link.trading import Review

_COLUMNS = (
    Column("time (UTC)", keep_whole=True),
    Column("ticket", is_number=True),
    Column("market", keep_whole=True),
    Column("what"),
    Column("stage"),
    Column("filled", is_number=True),
    Column("average", is_number=True),
    Column("fee", is_number=True),
    Column("settled at", is_number=True),
    Column("result", is_number=True),
    Column("at its limit", is_number=True),
    Column("what became of it"),
)
_ACTS = {"bid": "buy yes", "ask": "sell yes"}


@click.command(name="would-have", short_help="Review what would have been sent while nothing was")
@click.argument("path", required=False)
@click.option("--since", "age", metavar="AGE", help=SINCE_HELP)
@click.option("--reviewed", is_flag=True, help="Tell the engine, which must run, that this time is reviewed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def command(ctx: click.Context, /, path: str | None, *, age: str | None, reviewed: bool, as_json: bool) -> None:
    """List the decisions of observed or paper time in the journal at PATH, or of the account in force, and their sums.

    A decision is a ticket that passed the gate, or against which stood only that the engine observes or is not armed.
    """
    if reviewed and path is not None:
        raise click.UsageError("--reviewed is told to the engine of the account in force: name no PATH beside it")
    with opened(ctx.obj or {}, path) as reader:
        if reader.names[-1:] == ("live",):
            print_words(
                "warning: this is the journal of an engine that sends; choose another by --mode observe or paper"
            )
        read = list(lines(reader.rows()))
        newest_ms = read[-1].row.at_ms if read else None
        from_ms = since(age, newest_ms)
        whole = list(takewhile(lambda line: not line.problem, read))
        found = decisions((line.entry for line in whole if line.entry is not None), from_ms or 0)
        total = sums(found)
        if as_json:
            print_json({"from_ms": from_ms, "until_ms": newest_ms, "decisions": found, "sums": total})
        else:
            _print(found, total)
        tell_damage(reader)
        if len(whole) < len(read):
            raise ConfigError(
                f"row {len(whole) + 1} of the journal is broken: {read[len(whole)].problem}",
                hint="what comes after it was not read; kalshi-tui journal verify tells more",
            )
    if reviewed and newest_ms is not None:
        first_ms = read[0].row.at_ms
        tell_engine(ctx.obj or {}, max(from_ms or 0, first_ms), newest_ms)


def tell_engine(flags: Mapping[str, str], from_ms: int, until_ms: int) -> None:
    """Have the engine that runs count a stretch of time as reviewed: it alone writes the journal."""
    launch = load("kalshi_tui.cli.launching").launch_of(flags)
    if not launch.place.is_taken():
        raise LocalProtocolError(
            "no engine runs, and only an engine writes into its journal",
            hint="start it (kalshi-tui engine start) and say --reviewed again",
        )
    asked = load("kalshi_tui.cli.trading_link").asked

    async def tell() -> None:
        link = await launch.attach("journal would-have")
        try:
            done = await asked(link, Review(from_ms, until_ms))
        finally:
            await link.close()
        print_words(done.words if isinstance(done, Done) else "reviewed")

    run_until_told(tell())


def _print(found: Sequence[Decision], total: Sums) -> None:
    print_table(_COLUMNS, [_cells(decision) for decision in found])
    words = (
        f"{total.decisions:,} decisions, {total.passed:,} passed; {total.filled_decisions:,} filled some: "
        f"{contracts(total.filled)} contracts, fees {money(total.fees)}"
    )
    if total.settled:
        words += f"; of {total.settled:,} that have settled: {money(total.result)} by fills, fees paid, and "
        words += f"{money(total.at_limit)} had all filled at their limits, before fees"
    print_words(words)


def _cells(decision: Decision) -> tuple[str, ...]:
    return (
        utc(decision.at_ms),
        str(decision.ticket),
        clean(decision.ticker, 80),
        f"{_ACTS.get(decision.side, decision.side)} {contracts(decision.size)} at {dollars(decision.price)}",
        decision.stage,
        contracts(decision.filled) if decision.filled else "",
        "" if decision.average is None else money(decision.average),
        money(decision.fee) if decision.filled else "",
        "" if decision.settled_at is None else dollars(decision.settled_at),
        "" if decision.result is None else money(decision.result),
        "" if decision.at_limit is None else money(decision.at_limit),
        clean(decision.words, 200),
    )

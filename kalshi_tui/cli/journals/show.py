"""`kalshi-tui journal show`: what was decided and done about orders, entry by entry."""

from __future__ import annotations

import click

from kalshi_tui.cli.journals.choosing import choosing, chosen, last_of
from kalshi_tui.cli.journals.places import opened, tell_damage
from kalshi_tui.cli.journals.rows import json_of, words_in
from kalshi_tui.cli.output import Column, print_json, print_table, print_words
from kalshi_tui.cli.tapes.places import utc
from kalshi_tui.core.text import clean

_COLUMNS = (
    Column("time (UTC)", keep_whole=True),
    Column("number", is_number=True),
    Column("kind", keep_whole=True),
    Column("what"),
)


@click.command(name="show", short_help="Show decisions, orders, answers, fills and differences")
@click.argument("path", required=False)
@choosing
@click.option(
    "--last",
    "limit",
    type=click.IntRange(1, 1_000_000),
    default=100,
    show_default=True,
    metavar="N",
    help="The last N of what is asked for.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    path: str | None,
    *,
    kinds: tuple[str, ...],
    ticker: str,
    order: int | None,
    age: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show entries of the journal at PATH, or of the account in force, oldest first.

    With --order also what the venue told about that order, and the verdicts on its ticket.
    """
    with opened(ctx.obj or {}, path) as reader:
        found, count = last_of(chosen(reader, kinds, ticker, order, age), limit)
        if as_json:
            print_json([json_of(line) for line in found])
        else:
            print_table(
                _COLUMNS,
                [(utc(x.row.at_ms), str(x.row.number), clean(x.row.kind, 40), words_in(x)) for x in found],
            )
        if count > len(found):
            print_words(f"the last {len(found):,} of {count:,}; --last N shows more")
        elif not found:
            print_words("nothing of that is in the journal" if kinds or ticker or order or age else "it is empty")
        tell_damage(reader)

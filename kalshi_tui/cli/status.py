"""The command `status`: how the engine is, as a table or as JSON."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import click

from kalshi_tui.cli.launching import Launch, launch_of
from kalshi_tui.cli.output import Column, print_json, print_table, print_words
from kalshi_tui.link.keys import NoticesKey, StatusKey, ValuesKey
from kalshi_tui.link.views import NoticesView, StatusView, ValuesView

NOTICES_SHOWN = 5


@click.command("status", short_help="Show how the engine is")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(ctx: click.Context, /, *, as_json: bool) -> None:
    """Show mode, stream, books, bounds, lag, tape and the latest notices of the engine that runs."""
    asyncio.run(show(launch_of(ctx.obj or {}), as_json=as_json))


async def show(launch: Launch, *, as_json: bool) -> None:
    """Attach, look once, and print."""
    link = await launch.attach("status")
    try:
        shown = await link.first(StatusKey())
        notices, values = await link.first(NoticesKey()), await link.first(ValuesKey())
    finally:
        await link.close()
    assert isinstance(shown, StatusView)  # noqa: S101 - what the key stands for
    assert isinstance(notices, NoticesView)  # noqa: S101 - as above
    assert isinstance(values, ValuesView)  # noqa: S101 - as above
    if as_json:
        print_json({"status": shown, "values": values.rows, "notices": notices.rows})
        return
    print_table((Column("what", keep_whole=True), Column("how")), rows_of(shown))
    for notice in notices.rows[:NOTICES_SHOWN]:
        print_words(f"{time_words(notice.at_ms)}  {notice.words}")


def rows_of(status: StatusView) -> list[tuple[str, str]]:
    """Return what a person asks first, first."""
    lag, tape = status.lag, status.tape
    bounds = ", ".join(f"{name} {count:,}" for name, count in status.bounds.items())
    return [
        ("mode", f"{status.mode} ({status.words})"),
        ("account", status.account),
        ("engine", f"process {status.engine_pid}, version {status.program}, since {time_words(status.started_ms)}"),
        ("stream", f"{status.feed}: {status.feed_reason}"),
        ("exchange", status.exchange),
        ("books", f"{status.books_live} of {status.books} live"),
        ("messages", f"{status.frames:,}, {status.frames_per_s:,.0f} a second"),
        ("gaps", f"{status.gaps}; {status.resyncs} resyncs, {status.malformed} unreadable"),
        ("markets", f"{status.markets:,} in {status.events:,} events ({status.catalogue})"),
        ("clients", str(status.clients)),
        ("at work", "; ".join(status.working) or "nothing that would be cut short"),
        ("bounds hit", bounds or "none"),
        ("loop lag", f"{lag.p50_ms:g} ms median, {lag.p99_ms:g} ms p99, {lag.worst_ms:g} ms worst"),
        ("tape", f"{tape.state} {tape.path} {tape.reason}".strip() + f", {tape.bytes_written:,} bytes"),
    ]


def time_words(at_ms: int) -> str:
    """Write a time of day."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%H:%M:%S} UTC"

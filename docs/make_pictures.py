"""Remakes the pictures of the README and docs from the running program: `.venv/bin/python docs/make_pictures.py`."""

from __future__ import annotations

import asyncio
import io
import os
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console, ConsoleRenderable

from kalshi_tui.cli import book, live
from kalshi_tui.cli.follow import Follower
from kalshi_tui.cli.launching import launch_of
from kalshi_tui.cli.wiring import Session, open_session
from kalshi_tui.link.intents import StopEngine
from kalshi_tui.tui.app import Terminal
from kalshi_tui.tui.look import Look
from kalshi_tui.tui.theming import bundled_folder, read_themes

PICTURES = Path(__file__).with_name("pictures")
WIDTH = 104
HEIGHT = 30
LADDER = "KXFED"
SETTLED_S = 4.0


TERMINAL = (140, 40)


async def make_terminal() -> None:
    """Keep the picture of the terminal on an engine of its own, once its books have lived for a while."""
    launch = launch_of({"environment": "practice"})
    look = Look(themes=read_themes(bundled_folder()))
    app = Terminal(lambda: launch.attach_or_start("pictures"), look, time.monotonic)
    async with app.run_test(size=TERMINAL) as pilot:
        await asyncio.sleep(2 * SETTLED_S)
        for keys in (["s"] * 3, ["enter"], ["shift+tab", "s"]):  # the one nearest to even odds, under the usual list
            await pilot.press(*keys)
            await asyncio.sleep(1.0)
        await asyncio.sleep(2 * SETTLED_S)
        write(app.export_screenshot(title="kalshi-tui"), "terminal.svg")
        app.exit("quit")
    link = await launch.attach("pictures")
    await link.ask(StopEngine(force=True))
    await link.ended()
    await link.close()


async def make_all() -> None:
    """Show the first practice world for some seconds and keep what is seen."""
    async with open_session(click.Context(click.Command("pictures"), obj={"environment": "practice"})) as session:
        await make_live(session)
        await make_book(session)


async def make_live(session: Session) -> None:
    """Keep the picture of moving markets."""
    listed = live.choose(await live.read_events(session, ""), HEIGHT - 3)
    follower = Follower(session, [row.market.ticker for row in listed])
    await keep(session, follower, lambda: live.picture(session, follower, listed), "live.svg")


async def make_book(session: Session) -> None:
    """Keep the picture of the ladder of the series' most open market."""
    listed = live.choose(await live.read_events(session, LADDER), HEIGHT)
    market = min((row.market for row in listed), key=live.how_settled)
    follower = Follower(session, [market.ticker])
    await keep(session, follower, lambda: book.picture(session, follower, market, 8), "book.svg")


async def keep(session: Session, follower: Follower, picture: Callable[[], ConsoleRenderable], name: str) -> None:
    """Follow until every book is live and some trades were seen, and save what is shown then."""
    ends = session.clock.monotonic() + SETTLED_S

    def save_when_settled() -> bool:
        if not follower.are_live() or session.clock.monotonic() < ends:
            return True
        save(picture(), name)
        return False

    await follower.run(save_when_settled, every_s=0.1)


def save(shown: ConsoleRenderable, name: str) -> None:
    """Keep what rich draws."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(shown)
    write(console.export_svg(title="kalshi-tui"), name)


def write(svg: str, name: str) -> None:
    """Keep a picture that asks no other host for its letters."""
    svg = re.sub(r"@font-face \{.*?\}\n", "", svg, flags=re.DOTALL).replace("Fira Code", "DejaVu Sans Mono")
    (PICTURES / name).write_text(svg)


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(HOME=home, XDG_DATA_HOME=home, XDG_CONFIG_HOME=home, COLUMNS=str(WIDTH), LINES=str(HEIGHT))
        asyncio.run(make_terminal())
        asyncio.run(make_all())

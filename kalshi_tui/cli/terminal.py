"""Opens the terminal on an engine, which is started while Textual loads, and sees to the engine afterwards."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kalshi_tui.adapters.collector import spare
from kalshi_tui.adapters.hangup import end_when_window_closes
from kalshi_tui.adapters.logs import log_to_files
from kalshi_tui.cli.exits import OUR_FAULT
from kalshi_tui.cli.launching import Launch, launch_of
from kalshi_tui.cli.loading import interrupt_ends_at_once, no_collections
from kalshi_tui.cli.output import print_words
from kalshi_tui.config.load import log_folder, user_file
from kalshi_tui.config.tables import TerminalSettings
from kalshi_tui.core.units import Size
from kalshi_tui.errors import KalshiTuiError, LocalProtocolError
from kalshi_tui.link.client import Link
from kalshi_tui.link.intents import StopEngine
from kalshi_tui.link.messages import LEAVING

if TYPE_CHECKING:
    from kalshi_tui.tui.app import Terminal


@dataclass(slots=True)
class Attaching:
    """How the terminal gets its link: at first from the engine that was started with it."""

    launch: Launch
    started: subprocess.Popen[bytes] | None  # an engine that was started here and not attached to yet
    may_start: bool
    stays: bool = True

    async def connect(self) -> Link:
        """Attach; a terminal that has lost its engine starts another one."""
        if self.started is not None:
            try:
                link = await self.launch.wait_for("terminal", self.started)
            finally:
                if self.started.poll() is not None:
                    self.started = None  # it has said why; the next attempt starts another one
            self.started = None
        elif self.may_start:
            link = await self.launch.attach_or_start("terminal")
        else:
            link = await self.launch.attach("terminal")
        self.stays = link.welcome.stays
        spare()  # all of Textual, and what it has drawn: going over that held up a key for 60 ms every few seconds
        return link

    async def connect_again(self) -> Link:
        """Attach to the engine that let us go, if it still runs; start none, for its end is to be seen."""
        return await self.launch.attach("terminal")


def open_terminal(flags: Mapping[str, str], *, may_start: bool = True) -> None:
    """Show the terminal until its user quits; by `may_start` an engine is started where none runs."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):  # it would draw into a file, and no key would ever end it
        raise LocalProtocolError(
            "input or output is redirected, and the terminal needs both",
            hint="`kalshi-tui live` and `kalshi-tui status` print plain text",
        )
    launch = launch_of(flags)
    needs_engine = may_start and not launch.place.is_taken()
    attaching = Attaching(launch, launch.start(stays=False) if needs_engine else None, may_start)
    log_to_files(launch.settings, log_folder(), also_stderr=False)  # a word on stderr would stand on the screen
    sizes = launch.settings.orders.sizes
    farewell = show_terminal(launch.settings.terminal, attaching.connect, again=attaching.connect_again, sizes=sizes)
    asyncio.run(see_to_engine(attaching, farewell))
    if farewell == "crash":
        raise SystemExit(OUR_FAULT)


def show_terminal(
    settings: TerminalSettings,
    connect: Callable[[], Awaitable[Link]],
    made: Callable[[Terminal], None] = lambda _: None,
    *,
    again: Callable[[], Awaitable[Link]] | None = None,
    sizes: Sequence[int] = (1, 5, 10, 25, 50),
) -> str:
    """Run the terminal and return what shall become of the engine; `made` is given it before, to be looked at."""
    os.environ["TEXTUAL_FPS"] = str(settings.fps)  # read when Textual is imported
    with interrupt_ends_at_once(), no_collections():
        from kalshi_tui.tui.app import Terminal  # noqa: PLC0415 - after the engine was started, and its pace set
        from kalshi_tui.tui.look import Look  # noqa: PLC0415 - as above
        from kalshi_tui.tui.theming import bundled_folder, read_themes  # noqa: PLC0415 - as above

    look = Look(
        sizes=tuple(Size(100 * contracts) for contracts in sizes),
        themes=read_themes(bundled_folder(), user_file().parent / "themes"),
        theme=settings.theme,
        tick_s=1 / settings.tick_hz,
        keys=settings.keys,
        calm=settings.calm,
    )
    terminal = Terminal(connect, look, time.monotonic, again)
    made(terminal)
    end_when_window_closes()
    farewell = terminal.run()
    return "crash" if terminal.return_code else farewell or "quit"


async def see_to_engine(attaching: Attaching, farewell: str) -> None:
    """End the engine that was started for terminals, unless somebody still needs it; say what goes on."""
    if attaching.started is not None and farewell == "quit":
        attaching.started.terminate()  # before it could be attached to: nobody has seen it
        return
    note = attaching.launch.place.note()
    if note is None:
        return
    goes_on = f"the engine goes on (process {note.pid}); `kalshi-tui engine stop` ends it"
    if farewell in {"leave", "crash"} or (farewell == "quit" and attaching.stays):
        print_words(goes_on)
        return
    try:
        link = await attaching.launch.attach(LEAVING)
        try:
            await link.ask(StopEngine(force=farewell == "stop", unless_others=True))
        finally:
            await link.close()
    except KalshiTuiError as problem:
        print_words(f"{goes_on}: {problem.message}")

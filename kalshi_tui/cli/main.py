"""The entry: a lazy table of commands, because importing all of them would cost more than most of them run."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import click

from kalshi_tui import __version__
from kalshi_tui.cli.exits import exit_code
from kalshi_tui.cli.loading import load
from kalshi_tui.errors import KalshiTuiError

COMMANDS = {
    "live": "Show moving markets as plain text, without an engine",
    "attach": "Open a terminal on the engine that runs",
    "run": "Run an engine in this window, for a while",
    "engine": "Start, stop or show the engine that terminals attach to",
    "status": "Show how the engine is",
    "orders": "List orders, those that work first",
    "fills": "List fills, the newest first",
    "positions": "Show what is held and what each outcome comes to",
    "balance": "Show cash, what of it is free, and the day's result",
    "exposure": "Show what can be lost, and how much of each limit is used",
    "order": "Place, cancel or amend an order, by a ticket that is shown first",
    "flatten": "Close positions at what the book gives now",
    "arm": "Let tickets be fired for a while",
    "disarm": "Let no ticket be fired",
    "kill": "Cancel everything now and let nothing more be sent",
    "unkill": "Lift a kill, by its phrase",
    "replay": "Run the engine on a tape, as it was or by other rules",
    "journal": "Check, show and export the record of orders and fills",
    "paper": "Show what paper trading assumes, and set it beside an exchange",
    "tape": "Look at, check, cut and export what the engine recorded",
    "markets": "List markets",
    "book": "Show one market's order book, once or live",
    "trades": "List the latest trades",
    "exchange": "Run an exchange on your desk: no account, no key, no network",
    "doctor": "Check settings, keys, clock, endpoints and terminal, and say what to do",
    "config": "Show settings and whence they came, check a file, begin your own",
    "logs": "Print or follow the logs of engine and trades",
    "drill": "Play each fault against the whole engine and count what it survives",
    "bench": "Measure speed and compare it with the targets",
}


class LazyGroup(click.Group):
    """Imports a command's module only when that command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names, in the order in which a newcomer meets them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of `cmd_name` and return its command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command = load(f"kalshi_tui.cli.{cmd_name}").command
        assert isinstance(command, click.Command)  # noqa: S101 - each command module keeps this promise; a test holds it
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; of one that there is not say the nearest, as click knows no names that are not loaded."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches  # noqa: PLC0415 - only a mistyped command needs it

            close = get_close_matches(args[0][:60], COMMANDS, n=1)
            raise click.UsageError(
                f"No such command {args[0]!r:.60}." + (f" Did you mean {close[0]!r}?" if close else ""), ctx
            )
        return super().resolve_command(ctx, args)

    def make_context(self, *arguments: Any, **extra: Any) -> click.Context:
        """Read the command line, and perhaps print help to a reader that has gone."""
        with no_reader_is_no_failure():
            return super().make_context(*arguments, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and end quietly when nobody reads on."""
        with no_reader_is_no_failure():
            return super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table above, without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@contextmanager
def no_reader_is_no_failure() -> Iterator[None]:
    """End with 0 when a pipe's reader has gone (`| head -1`); click would end with 1, as after a failed check."""
    try:
        yield
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)  # what is still buffered would fail once more when Python ends
        os.close(nowhere)
        raise click.exceptions.Exit(0) from None


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    epilog="Exit codes: 0 done, 1 a check failed, 2 wrong use, 3 settings, 4 keys, 5 no answer, 6 refused by the "
    "venue, 7 the venue's answer was not understood, 8 the disk did not take it, 9 what became of an order is not "
    "known yet, 70 our own fault.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("--config", "config_file", metavar="FILE", help="Settings to lay over the user's own.")
@click.option("--env", "environment", metavar="NAME", help="Venue: practice, demo or prod.")
@click.option("--mode", "execution_mode", metavar="NAME", help="Execution: auto, observe, paper or live.")
@click.option("--live", flag_value="live", default=None, help="Let orders cost real money, where the settings agree.")
@click.option("--ready-file", metavar="FILE", help="Use the running practice exchange that wrote this file.")
@click.option("--log-level", metavar="LEVEL", help="debug, info, warning or error.")
@click.option("--debug", flag_value="debug", default=None, help="Log everything, to stderr and to the log files.")
@click.version_option(__version__, prog_name="kalshi-tui")
@click.pass_context
def cli(ctx: click.Context, /, **flags: str | None) -> None:
    """A terminal for people who trade Kalshi's binary event contracts.

    Without a command it opens the terminal, and an engine where none runs. No order leaves without your confirmation.
    """
    ctx.obj = {name: value for name, value in flags.items() if value is not None}
    if ctx.invoked_subcommand is not None:
        return
    if sys.stdin.isatty() and sys.stdout.isatty():
        load("kalshi_tui.cli.terminal").open_terminal(ctx.obj)
        return
    live = cli.get_command(ctx, "live")
    assert live is not None  # noqa: S101 - it is in the table
    ctx.invoke(live)


def main() -> NoReturn:
    """Run the command line and turn each expected error into one sentence, a hint and an exit code."""
    signal.signal(signal.SIGTERM, end_on_signal)
    try:
        code = cli.main(standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        sys.exit(130)
    except click.ClickException as problem:
        problem.show()
        sys.exit(problem.exit_code)
    except KalshiTuiError as problem:
        print_error(problem)
        sys.exit(exit_code(problem))
    except Exception as defect:  # noqa: BLE001 - the last line of defence: a person gets a sentence, not a traceback
        print_defect(defect)
        sys.exit(70)
    sys.exit(code if isinstance(code, int) else 0)


def end_on_signal(number: int, _: object) -> NoReturn:
    """End in order, so that a live view gives the terminal back as it was."""
    sys.exit(128 + number)


def print_defect(defect: Exception) -> None:
    """Own up to a fault of ours; KALSHI_TUI_DEBUG=1 shows where, without the values of variables."""
    if os.environ.get("KALSHI_TUI_DEBUG"):
        traceback.print_exception(defect)
    click.echo(f"error: a fault of kalshi-tui itself: {type(defect).__name__}: {defect}", err=True)
    click.echo("hint: run again with KALSHI_TUI_DEBUG=1 and report what it prints; no key is in it", err=True)


def print_error(problem: KalshiTuiError) -> None:
    """Say on stderr what went wrong and what to do next."""
    click.echo(f"error: {problem.message}", err=True)
    if problem.hint:
        click.echo(f"hint: {problem.hint}", err=True)

"""`kalshi-tui config`: settings in force and whence they came, the files they are read from, and a file of your own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import click
import msgspec

from kalshi_tui.adapters.private_files import make_private_folder, write_private
from kalshi_tui.cli.output import Column, print_json, print_table, print_words
from kalshi_tui.cli.settings import file_flag, settings_of, warn
from kalshi_tui.config import tree
from kalshi_tui.config.dump import plain, toml
from kalshi_tui.config.load import DEFAULT, check_file, data_folder, default_file, log_folder, user_file
from kalshi_tui.config.modes import mode_of
from kalshi_tui.config.nearest import nearest
from kalshi_tui.config.own_file import own_text
from kalshi_tui.config.redact import mask
from kalshi_tui.config.schema import Settings
from kalshi_tui.config.trust import is_there
from kalshi_tui.errors import ConfigError, SecretError


class Place(msgspec.Struct, frozen=True):
    """A file or folder that may be read or written, and whether it is there."""

    what: str
    path: str
    exists: bool


@click.group(short_help="Show settings and whence they came, check a file, begin your own")
def command() -> None:
    """Show settings and where each came from, check a file, or begin a file of your own."""


@command.command(short_help="Show each value and where it came from")
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.option("--changed", is_flag=True, help="Only what differs from the defaults or was set to the same.")
@click.pass_obj
def show(flags: Mapping[str, str] | None, *, keys: tuple[str, ...], as_json: bool, changed: bool) -> None:
    """Show the values in force of all settings, or of each KEY; a table's name stands for all of its keys."""
    settings = settings_of(flags or {}, user_file())
    wanted = [key for key in chosen(keys) if not changed or settings.origin(key) != DEFAULT]
    mode = mode_of(settings)
    if as_json:
        print_json([{"key": key, "value": seen(key, settings), "origin": settings.origin(key)} for key in wanted])
    else:
        rows = ((key, toml(seen(key, settings)), settings.origin(key)) for key in wanted)
        print_table([Column("key", keep_whole=True), Column("value"), Column("from")], rows)
    warn(settings.notices)
    print_words(f"mode {mode.word}: {mode.sentence}")


@command.command(short_help="Name the files and folders, and whether they are there")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.pass_obj
def path(flags: Mapping[str, str] | None, *, as_json: bool) -> None:
    """Name every file that settings are looked for in, later wins, and the folders for data and logs."""
    found = list(places(flags or {}))
    if as_json:
        print_json(found)
    else:
        rows = ((place.what, place.path, "there" if place.exists else "not there") for place in found)
        print_table([Column("what", keep_whole=True), Column("path"), Column("", keep_whole=True)], rows)


@command.command(short_help="Say whether settings, or one file of them, can be used")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.pass_obj
def check(flags: Mapping[str, str] | None, *, file: Path | None) -> None:
    """Say ok, or what is wrong and where (exit code 3); FILE alone is looked at over the defaults."""
    settings = settings_of(flags or {}, user_file()) if file is None else check_file(file)
    warn(settings.notices)
    click.echo("ok")


@command.command(short_help="Write the explained defaults as your own file, to change")
@click.option("--force", is_flag=True, help="Replace the file that is there.")
def init(*, force: bool) -> None:
    """Write your own settings file: every key with its explanation, commented out until you set it."""
    target = user_file()
    if is_there(target) and not force:
        raise ConfigError(f"{target} is there already", hint="change that file, or replace it with --force")
    try:
        make_private_folder(target.parent)
        write_private(target, own_text(default_file().read_text(encoding="utf-8")).encode(), replace=force)
    except SecretError as problem:
        raise ConfigError(problem.message, hint="check free space and the folder's mode") from None
    click.echo(str(target))
    print_words("take the # away in front of what you want to change; `kalshi-tui config check` reads it")


def chosen(names: Sequence[str]) -> list[str]:
    """Return the keys that are meant, in the order of the schema."""
    for name in names:
        if name not in tree.kinds() and name not in tree.tables():
            raise ConfigError(f"there is no setting {name!r:.80}", hint=_hint(name))
    return [key for key in tree.kinds() if not names or any(f"{key}.".startswith(f"{name}.") for name in names)]


def _hint(name: str) -> str:
    """Look for the same name in a table first, then for a similar one."""
    known = [*tree.kinds(), *tree.tables()]
    near = next((key for key in known if key.endswith(f".{name}")), None) or nearest(name, known)
    return f"did you mean {near}?" if near else "`kalshi-tui config show` lists them all"


def seen(key: str, settings: Settings) -> object:
    """Return a value as a file has it, but a key id by its end alone."""
    value = plain(key, tree.value_of(settings, key))
    return mask(str(value)) if value and key.endswith(".key_id") else value


def places(flags: Mapping[str, str]) -> Iterable[Place]:
    """Yield every place in the order in which it is read."""
    named = [
        ("defaults", default_file()),
        ("own settings", user_file()),
        ("--config", file_flag(flags, "config_file")),
        (".env", Path.cwd() / ".env"),
        ("--ready-file", file_flag(flags, "ready_file")),
        ("data", data_folder()),
        ("logs", log_folder()),
    ]
    return (Place(what, str(found.absolute()), os.path.lexists(found)) for what, found in named if found is not None)

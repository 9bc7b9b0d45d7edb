"""`kalshi-tui doctor`: looks at everything that can stand between a person and a working terminal."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping

import click
import msgspec

from kalshi_tui.cli.checks.findings import Finding, State, failed, ok
from kalshi_tui.cli.checks.local import Places, check_engine, check_files, check_key, check_settings
from kalshi_tui.cli.checks.terminal import check_terminal
from kalshi_tui.cli.checks.versions import check_optional, check_versions
from kalshi_tui.cli.exits import CHECK_FAILED
from kalshi_tui.cli.loading import interrupt_ends_at_once
from kalshi_tui.cli.output import Column, print_json, print_table, print_words
from kalshi_tui.cli.settings import settings_of
from kalshi_tui.config.load import data_folder, user_file
from kalshi_tui.config.schema import Settings
from kalshi_tui.errors import ConfigError


class Report(msgspec.Struct, frozen=True):
    """The whole report; `ok` is true when nothing failed."""

    ok: bool
    findings: tuple[Finding, ...]


@click.command(short_help="Check settings, keys, clock, endpoints and terminal, and say what to do")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--offline", is_flag=True, help="Check nothing beyond this machine's files and terminal.")
@click.pass_obj
def command(flags: Mapping[str, str] | None, *, as_json: bool, offline: bool) -> None:
    """Check settings, keys, clock, endpoints, rate budget and terminal, and say of each failed line what to do.

    Without any settings it checks against a practice exchange that it starts itself on this machine. Exits with 1 when
    something failed.
    """
    findings = examine(flags or {}, Places(own_file=user_file(), data=data_folder()), offline=offline)
    report = Report(all(finding.state is not State.FAIL for finding in findings), tuple(findings))
    print_json(report) if as_json else print_report(report)
    if not report.ok:
        raise SystemExit(CHECK_FAILED)


def examine(flags: Mapping[str, str], places: Places, *, offline: bool) -> list[Finding]:
    """Make all checks that can be made: wrong settings end the ones that rest on them, not the others."""
    print_words("looking at versions, settings, files, keys and the terminal")
    findings = check_versions()
    try:
        settings = settings_of(flags, places.own_file)
    except ConfigError as problem:
        findings.append(failed("settings", "settings", problem))
    else:
        findings += check_optional(settings) + check_settings(settings) + check_files(places)
        findings += check_engine(settings)
        findings += _keys_and_venue(settings, places, offline=offline)
    return findings + check_terminal(os.environ)


def print_report(report: Report) -> None:
    """Print a row a finding, what to do below each that wants it, and a last word on stderr."""
    print_table([Column("section"), Column("check"), Column(""), Column("found")], _rows(report.findings))
    count = {state: sum(finding.state is state for finding in report.findings) for state in State}
    print_words(f"{count[State.OK]} ok, {count[State.WARN]} to look at, {count[State.FAIL]} failed")


def _rows(findings: Iterable[Finding]) -> Iterable[tuple[str, str, str, str]]:
    section = ""
    for finding in findings:
        heading = "" if finding.section == section else finding.section
        section = finding.section
        yield heading, finding.name, str(finding.state), finding.found
        if finding.to_do:
            yield "", "", "", f"→ {finding.to_do}"


def _keys_and_venue(settings: Settings, places: Places, *, offline: bool) -> list[Finding]:
    findings, loaded = check_key(settings, places)
    if offline:
        return [*findings, ok("venue", "network", "not looked at, because of --offline")]
    print_words(f"asking {settings.environment}")
    with interrupt_ends_at_once():
        from kalshi_tui.cli.checks.venue import check_venue  # noqa: PLC0415 - 200 ms that --offline need not pay

    return findings + asyncio.run(check_venue(settings, loaded.signer if loaded else None))

"""Whether orders may be sent, in words for the status bar: a state always, and loudly what holds trading up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kalshi_tui.link.trading import TradingState, TradingView
from kalshi_tui.tui.key_words import key_words
from kalshi_tui.tui.widgets.lines import Cell, Row
from kalshi_tui.tui.words import countdown, fit, short_cash, span, wrap

LIVE_WORDS: Final = "LIVE - REAL MONEY"
STYLES: Final[Mapping[TradingState, str]] = {
    "observing": "bar quiet",
    "reconciling": "warn",
    "disarmed": "bar strong",
    "active": "focus",
    "reducing": "warn",
    "halted": "alarm",
    "killed": "alarm",
}
MEANING: Final[Mapping[TradingState, str]] = {
    "reconciling": "nothing that adds risk is sent before we and the venue agree",
    "reducing": "only what lowers risk is sent",
    "halted": "nothing that adds risk is sent",
}
REASON_CELLS: Final = 40


def state_cells(view: TradingView | None, now_ms: int, doubt: str) -> list[Cell]:
    """Return the state as a word, with what is left of being armed."""
    if doubt:
        return [(" trading UNKNOWN ", "warn")]
    if view is None:
        return [(" trading ? ", "bar stale")]
    if view.state != "active":
        return [(f" {view.state.upper()} ", STYLES[view.state])]
    left = f" {countdown(view.armed_until_ms - now_ms)} left" if view.armed_until_ms is not None else ""
    return [(f" ARMED{left} ", "live" if view.is_live else STYLES["active"])]


def count_cells(view: TradingView | None) -> list[Cell]:
    """Return what is on its way, what nobody knows, and the day's result."""
    if view is None or view.state == "observing":
        return []
    cells: list[Cell] = []
    if view.unknown:
        cells.append((f" unknown {view.unknown} ", "warn"))
    if view.in_flight:
        cells.append((f" in flight {view.in_flight}", "bar"))
    style = "bar" if view.day is None or view.day == 0 else ("bar bid" if view.day > 0 else "bar ask")
    cells.append((f" day {short_cash(view.day, 12)}", style))
    return cells


def banner_rows(view: TradingView | None, keys: Mapping[str, str], now_ms: int, width: int) -> list[Row]:
    """Return the banner of a kill, over the full width: since when and why, what is left, how to lift it."""
    if view is None or view.state != "killed":
        return []
    lines = [" KILLED: nothing that adds risk is sent"]
    if (kill := view.kill) is not None:
        lines = [f" KILLED {span(max(now_ms - kill.since_ms, 0))} ago: {kill.reason}"]
        lines += wrap(_kill_words(kill.resting, kill.words), max(width - 2, 1))[:2]
    lift = key_words(keys.get("trading.lift", "").split(",")[0])
    lines.append(f"{lift} lifts it, by a phrase, once we and the venue agree" if lift else "")
    return [((fit(f" {line.strip()}", width), "alarm"),) for line in lines if line]


def _kill_words(resting: int | None, words: str) -> str:
    if resting is None:
        return f"The venue has not told yet what rests. {words}".strip()
    if resting:
        return f"{resting:,} order{'s' * (resting != 1)} STILL REST{'S' * (resting == 1)} at the venue. {words}".strip()
    # The kill says itself whether it is proved that nothing rests: saying it before that would be too soon.
    return words[:1].upper() + words[1:] or "Nothing rests at the venue."


def first_words(view: TradingView | None, keys: Mapping[str, str]) -> str:
    """Say how the first order is sent, for whoever has never sent one."""
    if view is None or view.is_live or view.state not in {"disarmed", "active"}:
        return ""
    names = ("list.open", "trading.arm", "ladder.lift", "ticket.fire")
    opens, arms, lifts, fires = (key_words(keys.get(name, "").split(",")[0]) for name in names)
    return f"To begin: {opens} opens a market, {arms} arms, {lifts} buys at the ask, {fires} fires what the ticket says"


def loud_words(view: TradingView | None, keys: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what must not be overlooked, each with its style."""
    if view is None:
        return []
    loud: list[tuple[str, str]] = []
    if view.state in MEANING:
        because = f": {view.reason}" if view.reason else ""
        loud.append((f"{view.state.upper()}{because} ({MEANING[view.state]})", STYLES[view.state]))
    if view.journal:
        loud.append((f"JOURNAL: {view.journal}", "alarm"))
    if view.unknown:
        loud.append((f"UNKNOWN {view.unknown}: no answer yet, checking; counted in full until the venue tells", "warn"))
    if view.differences:
        show, note = (key_words(keys.get(name, "").split(",")[0]) for name in ("pane.differences", DIFFERENCE))
        first = view.differences[0]
        loud.append((f"{len(view.differences)} DIFFERENCES ({show} shows, {note} notes): {first.words}", "warn"))
    loud += [(f"PAUSED: {words}", "warn") for words in view.paused]
    return loud


DIFFERENCE: Final = "differences.acknowledge"

"""A screen above the desk with a text to read, and the texts: keys, a market's details, notices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from textual.app import ComposeResult
from textual.screen import ModalScreen

from kalshi_tui.core.grid import Band
from kalshi_tui.core.words import contracts, dollars
from kalshi_tui.errors import ValueRefused
from kalshi_tui.link.views import MarketView
from kalshi_tui.tui.actions import ACTIONS, GROUPS
from kalshi_tui.tui.key_words import key_words
from kalshi_tui.tui.widgets.lines import Row
from kalshi_tui.tui.widgets.pages import Pages
from kalshi_tui.tui.words import fit, moment, span, wrap

LABEL: int = 16


class TextScreen(ModalScreen[None]):
    """Shows one text above the desk, which goes on moving below."""

    def __init__(self, heading: str, make: Callable[[int], Sequence[Row]]) -> None:
        super().__init__()
        self.pages = Pages(heading, make)

    def compose(self) -> ComposeResult:
        """Lay out the text."""
        yield self.pages


def help_rows(keys: Mapping[str, str], told: Sequence[str], width: int) -> list[Row]:
    """Return every action with its keys, and what is wrong with a person's own."""
    rows: list[Row] = [((fit(f" {line}", width), "stale"),) for problem in told for line in wrap(problem, width - 2)]
    for group, title in GROUPS.items():
        rows += [*([()] if rows else []), ((fit(f" {title}", width), "strong"),)]
        rows += [
            _pair(key_words(keys[action.id]), action.words, action.id, width)
            for action in ACTIONS
            if action.group == group
        ]
    return rows


def _pair(keys: str, words: str, name: str, width: int) -> Row:
    room = max(width - LABEL - 2, 0)
    aside = name if room >= len(words) + len(name) + 3 else ""
    return (
        (f" {keys:<{LABEL}} ", "last"),
        (fit(words, max(room - len(aside) - 1, 0)), ""),
        (f"{aside} ", "quiet"),
    )


def details_rows(market: MarketView | None, width: int) -> list[Row]:
    """Return all that is known of a market in words."""
    if market is None:
        return [((fit(" the engine has not described this market yet", width), "quiet"),)]
    return [line for label, text in _facts(market) if text for line in _labelled(label, text, width)]


def _facts(market: MarketView) -> list[tuple[str, str]]:
    expected = market.expected_expiration_ms
    return [
        ("DOUBT", market.doubt),
        ("event", f"{market.event_title} ({market.event_ticker})"),
        ("market", f"{market.title} ({market.ticker})"),
        ("yes means", market.yes_title),
        ("no means", market.no_title),
        ("strike", market.strike),
        ("rules", market.rules_primary),
        ("more rules", market.rules_secondary),
        ("state", market.status + (f", result {market.result}" if market.result else "")),
        ("opens", moment(market.open_ms)),
        ("closes", moment(market.close_ms)),
        ("expected end", moment(expected) if expected is not None else ""),
        ("settles", f"{span(market.settlement_timer_s * 1000)} after it is determined"),
        ("prices", grid_words(market.grid)),
        ("fee", market.fee),
        ("volume", f"{contracts(market.volume)} contracts, {contracts(market.open_interest)} open"),
        ("category", f"{market.category} (series {market.series_ticker})"),
        ("exclusive", "exactly one market of this event can be yes" if market.mutually_exclusive else ""),
        ("read", f"{moment(market.read_ms)}, revision {market.revision}"),
    ]


def grid_words(grid: Sequence[tuple[int, int, int]]) -> str:
    """Say at which prices orders may be."""
    try:
        bands = [Band(*band) for band in grid]  # type: ignore[arg-type]
    except ValueRefused as problem:
        return f"cannot be trusted: {problem.message}"
    return "; ".join(f"{dollars(b.start)} to {dollars(b.end)} by {dollars(b.step)}" for b in bands)


def _labelled(label: str, text: str, width: int) -> list[Row]:
    style = "stale" if label == "DOUBT" else ""
    lines = wrap(text, max(width - LABEL - 2, 8))
    first: Row = ((f" {label:<{LABEL - 2}} ", "quiet"), (lines[0], style))
    return [first, *(((" " * LABEL, ""), (line, style)) for line in lines[1:])]

"""A ticket as rows: what would be sent, what it may cost, why it may not be, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from kalshi_tui.core.words import contracts, dollars
from kalshi_tui.link.trading import CheckRow, TicketView
from kalshi_tui.tui.key_words import key_words
from kalshi_tui.tui.staging import Picture
from kalshi_tui.tui.widgets.lines import Row
from kalshi_tui.tui.words import age, cash, fit, unit_price, wrap

TIME_WORDS: Final = {
    "good_till_canceled": "until canceled",
    "immediate_or_cancel": "at once (IOC)",
    "fill_or_kill": "in whole (FOK)",
}
KIND_WORDS: Final = {"place": "order", "amend": "change", "flatten": "flatten"}
SENTENCE_LINES: Final = 3
NEEDED_FACTS: Final = 5  # what it is, costs, and may lose and win: never pushed out by what fails
LABEL: Final = 9

Fact = tuple[str, str, str]  # label, what it is, style


def body_rows(
    picture: Picture, keys: Mapping[str, str], width: int, height: int, *, has_keys: bool = True
) -> list[Row]:
    """Return what stands below the heading; what has no room is left out from the least needed."""
    ticket = picture.ticket
    if ticket is None:
        return [*_said(picture, width), *_foot(picture, keys, width, has_keys=has_keys)]
    head = [_bar(picture, width), *_lines(ticket.words, "strong", width, SENTENCE_LINES)]
    tail = [*_said(picture, width), *_foot(picture, keys, width, has_keys=has_keys)]
    room = max(height - len(head) - len(tail), 0)
    facts = fact_rows(ticket, picture.typed, width)
    failing = failing_rows(ticket.checks, width, max(room - NEEDED_FACTS, 2)) if picture.phase == "open" else []
    changed = [row for words in ticket.changes for row in _lines(f"~ {words}", "stale", width, 2)]
    changed = changed[: max(room - len(failing) - NEEDED_FACTS, 0)]
    middle = [*failing, *changed, *facts][:room]
    return [*head, *middle, *[()] * (room - len(middle)), *tail]


def _bar(picture: Picture, width: int) -> Row:
    """Return what is left of its time as a bar, and as a word."""
    ticket = picture.ticket
    is_over = picture.phase == "open" and picture.left <= 0
    if is_over or (ticket is not None and ticket.state == "expired" and picture.phase == "open"):
        return ((fit(" EXPIRED: r or any edit makes it anew", width), "warn"),)
    if picture.phase != "open":
        return ((fit("", width), ""),)
    if picture.is_renewed:
        return ((fit(" making it anew", width), "quiet"),)
    room = max(width - 9, 1)
    full = round(picture.left * room)
    return (("━" * full, "last"), ("─" * (room - full), "quiet"), (f" {picture.left_s:5.1f} s ", "quiet"))


def failing_rows(checks: Sequence[CheckRow], width: int, most: int) -> list[Row]:
    """Return the checks that say no, each with its sentence and code."""
    failing = [check for check in checks if not check.passed]
    blocks = [_lines(f"NO {check.words} [{check.code}]", "danger", width, 3) for check in failing]
    rows: list[Row] = []
    for number, block in enumerate(blocks):
        is_last = number == len(blocks) - 1
        if rows and len(rows) + len(block) > most - (not is_last):
            more = len(blocks) - number
            return [
                *rows,
                ((fit(f" and {more} more check{'s' * (more > 1)} say{'s' * (more == 1)} no", width), "danger"),),
            ]
        rows += block
    return rows


def fact_rows(ticket: TicketView, typed: str, width: int) -> list[Row]:
    """Return the figures, two in a line, the most needed first."""
    half = width // 2
    pairs = [*_order_facts(ticket, typed), *_money_facts(ticket), *_book_facts(ticket)]
    rows: list[Row] = [
        (*_fact(one, half), *_fact(other, width - half)) for one, other in zip(pairs[::2], pairs[1::2], strict=True)
    ]
    passed = sum(check.passed for check in ticket.checks)
    said = f"{passed} of {len(ticket.checks)} checks say yes"
    rows += _lines(ticket.title or ticket.ticker, "quiet", width, 3)
    return rows + _lines(f"{said}; fee {ticket.fee_words}", "quiet", width, 3)


def _order_facts(ticket: TicketView, typed: str) -> list[Fact]:
    side = ("BUY", "bid") if ticket.side == "bid" else ("SELL", "ask")
    size = f"{typed}_" if typed else contracts(ticket.size)
    kind = f" ({KIND_WORDS[ticket.kind]}{f' of {ticket.replaces}' if ticket.replaces is not None else ''})"
    return [
        ("side", side[0] + (kind if ticket.kind != "place" else ""), f"{side[1]} strong"),
        ("size", size + (" reduce-only" if ticket.reduce_only else ""), "strong"),
        ("limit", dollars(ticket.price) + (" post-only" if ticket.post_only else ""), "strong"),
        ("stays", TIME_WORDS[ticket.time_in_force], ""),
    ]


def _money_facts(ticket: TicketView) -> list[Fact]:
    return [
        ("cost", cash(ticket.cost), ""),
        ("fee", cash(ticket.fee), ""),
        ("max loss", cash(ticket.max_loss), "danger"),
        ("max gain", cash(ticket.max_gain), "edge-positive"),
        ("if yes", cash(ticket.if_yes, signed=True), _profit(ticket.if_yes)),
        ("if no", cash(ticket.if_no, signed=True), _profit(ticket.if_no)),
    ]


def _book_facts(ticket: TicketView) -> list[Fact]:
    is_live = ticket.book_state == "live"
    book = f"{ticket.book_state.upper()}, {age(ticket.book_age_ms)} old"
    takes = contracts(ticket.takes)
    if ticket.takes and ticket.takes_at is not None:
        takes += f" at {unit_price(ticket.takes_at)}"
    return [
        ("book", book, "" if is_live else "stale strong"),
        ("spread", dollars(ticket.spread), ""),
        ("takes", takes, ""),
        ("impact", dollars(ticket.impact), ""),
        ("depth", contracts(ticket.depth), ""),
        ("ahead", contracts(ticket.ahead), ""),
    ]


def _profit(money: int) -> str:
    return "edge-negative" if money < 0 else "edge-positive"


def _fact(fact: Fact, width: int) -> Row:
    label, words, style = fact
    return ((fit(f" {label}", min(LABEL + 1, width)), "quiet"), (fit(words, max(width - LABEL - 1, 0)), style))


def _said(picture: Picture, width: int) -> list[Row]:
    """Return what was said about it last, and what became of each order."""
    rows = [row for fate in picture.fates for row in _lines(fate.words, fate.style, width, 2)]
    if picture.phase == "staging":
        rows.append(((fit(" making the ticket", width), "quiet"),))
    if picture.phase == "firing":
        rows.append(((fit(" on its way to the engine", width), "focus"),))
    if picture.words:
        rows += _lines(picture.words, "warn", width, 4)
    return rows


def _foot(picture: Picture, keys: Mapping[str, str], width: int, *, has_keys: bool) -> list[Row]:
    """Say which key fires, only where it does; and why not otherwise."""
    drop = key_words(keys["ticket.drop"].split(",")[0])
    if picture.phase != "open":
        return [((fit(f" {drop} closes this", width), "quiet"),)]
    if picture.why_not:
        return _lines(f"Cannot be fired: {picture.why_not}. {drop} drops it", "stale", width, 3)
    fire = key_words(keys["ticket.fire"], " or ")
    if not has_keys:
        come = key_words(keys["pane.ticket"].split(",")[0])
        return [((fit(f" {come} comes here; then {fire} fires", width), "quiet"),)]
    is_live = picture.ticket is not None and picture.ticket.mode.upper() == "LIVE"
    return [((fit(f" {fire} fires, {drop} drops", width), "live" if is_live else "focus"),)]


def _lines(text: str, style: str, width: int, most: int) -> list[Row]:
    """Return a text in at most so many lines; the last one tells by its mark that there was more."""
    lines = wrap(text, max(width - 2, 1))
    shown = lines if len(lines) <= most else [*lines[: most - 1], " ".join(lines[most - 1 :])]
    return [((fit(f" {line}", width), style),) for line in shown]


def sent_rows(ticket: TicketView, width: int) -> list[Row]:
    """Return the exact bodies, every check, and the token that is bound to the bodies."""
    rows: list[Row] = []
    for number, body in enumerate(ticket.bodies, 1):
        rows += [
            ((fit(f" body {number} of {len(ticket.bodies)}", width), "strong"),),
            *_lines(body, "", width, 200),
            (),
        ]
    rows += [((fit(f" token {ticket.token}", width), "quiet"),), (), ((fit(" checks", width), "strong"),)]
    for check in ticket.checks:
        word, style = ("yes", "bid") if check.passed else ("NO ", "danger")
        rows += _lines(f"{word} {check.code}: {check.words} ({check.anchor})", style, width, 4)
    return rows

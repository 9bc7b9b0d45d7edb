"""What a person did and was answered: the only source that says when orders may leave, for the engine is on trial."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from kalshi_tui.link.trading import TicketView, TradingState, TradingView


@dataclass(slots=True)
class Paper:
    """A ticket as it was shown, and whether it was fired, and left."""

    ticket: TicketView
    is_fired: bool = False
    has_left: bool = False


@dataclass(slots=True)
class Conduct:
    """A person's log."""

    is_armed: bool = False  # from asking for it until a disarming or a kill was answered
    is_killed: bool = False  # from the answer to a kill until its lifting is asked for
    papers: dict[str, list[Paper]] = field(default_factory=dict)  # by body
    state: TradingState = "reconciling"
    state_since_ms: int = 0
    fired: int = 0
    refusals: Counter[str] = field(default_factory=Counter)  # by code

    def shown(self, ticket: TicketView) -> Paper:
        """Take note of a ticket."""
        paper = Paper(ticket)
        self.papers.setdefault(ticket.bodies[0], []).append(paper)
        return paper

    def sees(self, view: TradingView, now_ms: int) -> None:
        """Take note of what the terminal says of the state of trading."""
        if view.state != self.state:
            self.state, self.state_since_ms = view.state, now_ms

    def take(self, body: str) -> Paper | None:
        """Return the ticket that stands behind a body which leaves, once."""
        for paper in self.papers.get(body, ()):
            if paper.is_fired and not paper.has_left:
                paper.has_left = True
                return paper
        return None

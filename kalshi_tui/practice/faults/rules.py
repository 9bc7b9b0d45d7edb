"""A fault rule as a value: what it watches, when it strikes, what it then does."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

from kalshi_tui.practice.faults.states import Occasion, holds

Place = Literal["request", "frame", "connection", "command", "exchange"]


@dataclass(frozen=True, slots=True)
class When:
    """Which of the occasions that a rule watches it strikes; what is not set does not restrict.

    Only occasions within the time and the state count towards `nth` and `every`.
    """

    nth: int = 0
    every: int = 0
    probability: float = 1.0
    times: int = 0  # strikes at most so often; 0 is no bound
    between_s: tuple[float, float] | None = None  # seconds after the faults were armed
    state: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One named fault; `match` holds a pattern for each thing that the rule looks at."""

    name: str
    fault: str  # such as "F07"
    at: Place
    action: str
    when: When = When()
    match: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)

    def watches(self, **seen: str) -> bool:
        """Say whether everything that was seen fits the rule's patterns."""
        match = self.match
        return all(fnmatchcase(value, match[key]) for key, value in seen.items() if key in match)


class Trigger:
    """Counts the occasions of one rule and says at which of them it strikes."""

    def __init__(self, rule: Rule, chance: random.Random) -> None:
        self.rule = rule
        self.struck = 0
        self._seen = 0
        self._chance = chance

    def due(self, occasion: Occasion) -> bool:
        """Note an occasion and say whether the rule is to strike at it; whoever lets it strike counts that up."""
        when = self.rule.when
        if when.times and self.struck >= when.times:
            return False
        if when.between_s is not None and not when.between_s[0] <= occasion.elapsed_s < when.between_s[1]:
            return False
        if not all(holds(state, occasion) for state in when.state):
            return False
        self._seen += 1
        if when.nth and self._seen != when.nth:
            return False
        if when.every and self._seen % when.every:
            return False
        return when.probability >= 1 or self._chance.random() < when.probability

"""The gate: one object that judges, and the only maker of permits; what sends takes nothing but a permit, once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.engine.trading.bodies import Bodies
from kalshi_tui.engine.trading.checks import AFTER_LIMITS, BEFORE_LIMITS, Check
from kalshi_tui.engine.trading.codes import Code, anchor_of
from kalshi_tui.engine.trading.facts import Facts, Proposal
from kalshi_tui.errors import LocalProtocolError
from kalshi_tui.link.trading import CheckRow
from kalshi_tui.protocol.rest.asking import Request
from kalshi_tui.protocol.rest.trading import Created, NewOrder
from kalshi_tui.sdk.risk import RiskCheck, RiskPicture

_WELL: Final = "ok"
_SPARED: Final = "not asked: it adds no risk"


@dataclass(frozen=True, slots=True, eq=False)
class Permit:
    """The right to send exactly one request, once; only a gate can make one that it recognises."""

    number: int
    kind: str  # place, amend
    request: Request[Created]
    expires_ms: int
    new: NewOrder | None  # what the request says, where it is a new order
    seal: object = field(repr=False)


class Gate:
    """Judges proposals; all that it knows is handed to it."""

    def __init__(self, rules: OrderRules, risk_checks: Sequence[RiskCheck]) -> None:
        self.rules = rules
        self.risk_checks = tuple(risk_checks)
        self._seal = object()
        self._open: dict[int, Permit] = {}

    def verdict(self, proposal: Proposal, facts: Facts) -> tuple[CheckRow, ...]:
        """Return what every check says, in their fixed order."""
        return (
            *(_row(check, proposal, facts, self.rules) for check in BEFORE_LIMITS),
            *self._limits(proposal, facts),
            *(_row(check, proposal, facts, self.rules) for check in AFTER_LIMITS),
        )

    def permit(self, number: int, kind: str, bodies: Bodies, expires_ms: int) -> Permit:
        """Make the permit of an order that has passed; the desk asks for it after a verdict without a denial."""
        permit = Permit(number, kind, bodies.request, expires_ms, bodies.new, self._seal)
        self._open[number] = permit
        return permit

    def spend(self, permit: Permit) -> None:
        """Take a permit back for the one send that it is good for, or refuse it."""
        if permit.seal is not self._seal or self._open.pop(permit.number, None) is not permit:
            raise LocalProtocolError(
                f"nothing is sent for order {permit.number} without a permit of the gate",
                hint="this is a fault of the program",
            )

    def revoke(self, number: int) -> None:
        """Let a permit that was not used be of no use any more."""
        self._open.pop(number, None)

    def _limits(self, proposal: Proposal, facts: Facts) -> Iterator[CheckRow]:
        if not proposal.adds_risk:
            yield CheckRow("limits", passed=True, words=_SPARED, anchor="")
            return
        if self.rules.needs_limits and not facts.has_limits:
            yield _denied(Code.NO_LIMITS, "the bundled limits are not loaded")
        for check in self.risk_checks:
            yield _asked(check, proposal.picture)


def denials(rows: Sequence[CheckRow]) -> list[CheckRow]:
    """Return what stands against it."""
    return [row for row in rows if not row.passed]


def _row(check: Check, proposal: Proposal, facts: Facts, rules: OrderRules) -> CheckRow:
    if check.spares and not proposal.adds_risk:
        return CheckRow(check.name, passed=True, words=_SPARED, anchor="")
    no = check.judge(proposal, facts, rules)
    return CheckRow(check.name, passed=True, words=_WELL, anchor="") if no is None else _denied(no.code, no.words)


def _asked(check: RiskCheck, picture: RiskPicture | None) -> CheckRow:
    """Ask a risk check; one that raises, or has nothing to look at, denies."""
    if picture is None:
        return _denied(Code.LIMIT_FAILED, f"{check.name}: what would follow from it is not known")
    try:
        denial = check.judge(picture)
    except Exception as problem:  # noqa: BLE001 - whatever a check raises, unknown means no
        return _denied(Code.LIMIT_FAILED, f"{check.name} failed: {type(problem).__name__}")
    if denial is None:
        return CheckRow(check.name, passed=True, words=_WELL, anchor="")
    return CheckRow(denial.code, passed=False, words=denial.words, anchor=anchor_of(denial.code))


def _denied(code: Code, words: str) -> CheckRow:
    return CheckRow(code, passed=False, words=words, anchor=anchor_of(code))

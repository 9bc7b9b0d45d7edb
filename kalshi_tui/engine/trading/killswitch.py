"""Arming, disarming, the kill and its lifting: who may send, and for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kalshi_tui.core.words import money
from kalshi_tui.engine import inputs
from kalshi_tui.engine.trading import entries
from kalshi_tui.engine.trading.effects import ClearFlag, RunKill
from kalshi_tui.errors import ValueRefused
from kalshi_tui.link import trading as link
from kalshi_tui.link.intents import Done

if TYPE_CHECKING:
    from kalshi_tui.engine.trading.desk import Desk

_AGAIN_MS: Final = 30_000
_ALTHOUGH: Final = "although orders may rest"
_REPRIEVE: Final = "wait for a clean comparison with the venue, or acknowledge its differences"


class KillSwitch:
    """Decides the state of trading."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.flag = ""  # why the mark on the disk is set
        self.step: link.KillRow | None = None
        self._acted_ms = 0
        self._ended_ms = 0  # when the last kill gave up, or was done

    def reason(self) -> str:
        """Return why everything is killed, or nothing."""
        killed = self._desk.ledger.killed
        return killed.reason if killed is not None else self.flag

    def state(self) -> tuple[link.TradingState, str]:
        """Return the state of trading, and why it is so."""
        desk, ledger = self._desk, self._desk.ledger
        halted = ledger.halted.get("")
        is_compared = desk.reconciled_ms is not None and not ledger.differences
        is_timeless = desk.rules.execution == "live" and desk.offset_ms is None
        is_armed = ledger.armed_until_ms is not None and desk.now_ms < ledger.armed_until_ms
        states: tuple[tuple[bool, link.TradingState, str], ...] = (
            (bool(self.reason()) or desk.rules.kill, "killed", self.reason() or "the settings say kill = true"),
            (desk.rules.execution == "observe", "observing", "this engine only looks"),
            (bool(desk.journal_problem), "halted", desk.journal_problem),
            (bool(desk.key_problem), "halted", desk.key_problem),
            (halted is not None and halted.state == "reducing", "reducing", halted.reason if halted else ""),
            (halted is not None, "halted", halted.reason if halted else ""),
            (not is_compared, "reconciling", desk.comparing.words),
            (is_timeless, "reconciling", "the venue's time was not heard yet"),
            (not is_armed, "disarmed", ledger.disarmed),
        )
        return next(((state, reason) for holds, state, reason in states if holds), ("active", ""))

    def row(self) -> link.KillRow | None:
        """Return how far the kill has come, as people see it."""
        if not self.reason():
            return None
        return self.step or link.KillRow(self._since_ms(), self.reason(), "killed", None, is_over=False)

    def _since_ms(self) -> int:
        """Return when it was killed, as far as that is known."""
        killed = self._desk.ledger.killed
        if killed is not None:
            return killed.at_ms
        return self.step.since_ms if self.step is not None else self._desk.now_ms

    def began(self) -> None:
        """Take up where an earlier engine stood: a kill goes on."""
        if self._desk.ledger.killed is not None:
            self._run()

    def acted(self) -> None:
        """Keep the arming while a person fires."""
        desk, now_ms = self._desk, self._desk.now_ms
        self._acted_ms = now_ms
        if desk.ledger.armed_until_ms is not None:
            desk.note(entries.Armed(now_ms, now_ms + desk.rules.arm_ms))

    def beat(self) -> None:
        """Let an arming expire, look at what disarms by itself, and kill once more where it is not known to be done."""
        if self._desk.now_ms - self._ended_ms >= _AGAIN_MS:
            self.again()
        until = self._desk.ledger.armed_until_ms
        if until is None:
            return
        if self._desk.now_ms >= until:
            self.auto_disarm("nobody fired for so long")
        elif problem := self._desk.comparing.private_problem():
            self.auto_disarm(problem)

    def arm(self, intent: link.Arm) -> Done:
        """Let tickets be fired."""
        desk, rules = self._desk, self._desk.rules
        if rules.execution == "observe":
            raise ValueRefused("this engine only looks", hint="start one with execution_mode paper or live")
        if self.reason() or rules.kill:
            raise ValueRefused(f"killed: {self.reason() or 'by the settings'}", hint="lift the kill first")
        if not rules.may_go_live:
            raise ValueRefused(
                "orders with real money need [live] enabled = true and the flag --live", hint="docs/live.md says how"
            )
        if rules.needs_limits and not desk.gate.risk_checks:
            raise ValueRefused("the bundled limits are not loaded", hint="repair the installation")
        if desk.key_problem:
            raise ValueRefused(desk.key_problem, hint="`kalshi-tui doctor` looks at the key")
        if problem := desk.comparing.private_problem():
            raise ValueRefused(problem, hint="wait until the stream is back")
        if desk.reconciled_ms is None or desk.ledger.differences:
            raise ValueRefused(f"not compared with the venue: {desk.comparing.words}", hint=_REPRIEVE)
        phrase = self.arm_phrase()
        if phrase and intent.phrase.strip() != phrase:
            raise ValueRefused("the phrase is not the one that is asked for", hint=f"type: {phrase}")
        if "" in desk.ledger.halted:
            desk.day.begin_anew(f"a person typed: {phrase}")
        desk.note(entries.Armed(desk.now_ms, desk.now_ms + rules.arm_ms))
        desk.groups.reset_all()
        desk.tell("armed")
        return Done(f"armed for {rules.arm_ms // 60_000} minutes")

    def arm_phrase(self) -> str:
        """Return what must be typed to arm: nothing, the phrase of real money, or what a day's loss demands."""
        if "" in self._desk.ledger.halted:
            return f"go on beyond {money(self._desk.rules.daily_loss)} {self._desk.rules.arm_phrase}".strip()
        return self._desk.rules.arm_phrase

    def disarm(self, intent: link.Disarm) -> Done:
        """Let none be fired."""
        self.auto_disarm(intent.reason)
        return Done("disarmed")

    def auto_disarm(self, reason: str) -> None:
        """Disarm, and say why."""
        if self._desk.ledger.armed_until_ms is not None:
            self._desk.note(entries.Disarmed(self._desk.now_ms, reason))
            self._desk.tell(f"disarmed: {reason}", "warning")

    def kill(self, intent: link.Kill) -> Done:
        """Close the gate at once; cancel everything, and verify, outside."""
        self._kill(intent.reason)
        return Done("killed: nothing that adds risk is sent any more")

    def kill_without_journal(self, reason: str) -> Done:
        """Cancel everything although nothing can be noted: a kill needs no journal."""
        self.flag = self.flag or reason
        self._run()
        return Done("killed; the journal cannot be used, so only the mark on the disk keeps it")

    def flag_seen_without_journal(self, taken: inputs.FlagSeen) -> None:
        """Hear of the mark on the disk although nothing can be noted: who has set it wants nothing to rest."""
        self.flag = taken.reason
        if taken.reason:
            self._run()

    def flag_seen(self, taken: inputs.FlagSeen) -> None:
        """Hear that somebody has set the mark on the disk, or taken it away."""
        self.flag = taken.reason
        if taken.reason and self._desk.ledger.killed is None and self._desk.is_open:
            self._kill(taken.reason)

    def again(self) -> None:
        """Kill once more, where the last one ended and orders may still rest."""
        if self._desk.rules.execution == "live" and self._is_unverified():
            self._run()

    def _is_unverified(self) -> bool:
        """Tell whether a kill is over although it was not seen that nothing rests."""
        if not self.reason() or self.step is None or not self.step.is_over:
            return False
        if self._desk.rules.execution == "observe":  # it cancels nothing, but its comparison shows what works
            return any(True for _ in self._desk.ledger.working())
        return self.step.resting != 0

    def stepped(self, taken: inputs.KillStepped) -> None:
        """Hear how far the kill has come."""
        desk = self._desk
        self.step = link.KillRow(self._since_ms(), self.reason(), taken.words, taken.resting, taken.is_over)
        if taken.is_over:
            self._ended_ms = desk.now_ms
        if taken.is_over and desk.is_open:
            for shard in desk.ledger.groups:
                desk.groups.has_tripped(shard)
            desk.note(entries.KillEnded(desk.now_ms, taken.words, taken.resting))
        if taken.is_over:
            desk.tell(f"kill: {taken.words}", "alarm")
        desk.comparing.compare_soon()

    def reset(self, intent: link.ResetKill) -> Done:
        """Lift a kill."""
        desk, rules = self._desk, self._desk.rules
        if not self.reason():
            raise ValueRefused("nothing is killed", hint="")
        if desk.reconciled_ms is None or desk.ledger.differences:
            raise ValueRefused(f"not compared with the venue: {desk.comparing.words}", hint=_REPRIEVE)
        killed = desk.ledger.killed
        if killed is not None and not desk.reconciled_ms > killed.at_ms:
            raise ValueRefused("not compared with the venue since the kill", hint=_REPRIEVE)
        if self.step is not None and not self.step.is_over:
            raise ValueRefused(f"the kill is not over yet: {self.step.words}", hint="wait until nothing rests any more")
        phrase = f"{rules.reset_phrase} {_ALTHOUGH}".strip() if self._is_unverified() else rules.reset_phrase
        if self._is_unverified() and intent.phrase.strip() == rules.reset_phrase:
            raise ValueRefused(
                f"it was not seen that nothing rests: {self.step.words if self.step is not None else ''}",
                hint=f"press kill again, or `kalshi-tui kill`; or, if you know better, type: {phrase}",
            )
        if intent.phrase.strip() != phrase:
            raise ValueRefused("the phrase is not the one that is asked for", hint=f"type: {phrase}")
        self.flag, self.step = "", None
        desk.note(entries.KillReset(desk.now_ms, intent.phrase))
        desk.note(entries.Disarmed(desk.now_ms, "a kill was lifted"))
        desk.do(ClearFlag())
        desk.tell("the kill was lifted; arm to trade again", "warning")
        return Done("the kill is lifted")

    def _kill(self, reason: str) -> None:
        desk = self._desk
        if desk.ledger.killed is None:
            desk.note(entries.Killed(desk.now_ms, reason))
            desk.tell(f"KILLED: {reason}", "alarm")
        self._run()

    def _run(self) -> None:
        desk = self._desk
        reason = self.reason()
        self.step = link.KillRow(self._since_ms(), reason, "cancelling everything", None, is_over=False)
        desk.do(RunKill(tuple(group.group_id for group in desk.ledger.groups.values()), reason))

"""The exchange-side fuse: one order group for each shard, made before anything is sent there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kalshi_tui.core.units import Size
from kalshi_tui.engine import inputs
from kalshi_tui.engine.trading import entries
from kalshi_tui.engine.trading.effects import MakeGroup, ResetGroup
from kalshi_tui.protocol.rest.groups import OrderGroup

if TYPE_CHECKING:
    from kalshi_tui.engine.trading.desk import Desk

_AGAIN_MS: Final = 2_000


class Groups:
    """Makes groups, hears of them, and lets those that have tripped take orders again when a person says so."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._needed: dict[int, None] = {0: None}
        self._asked: dict[int, int] = {}  # shards whose group is being made or reset, and since when
        self._again_ms: dict[int, int] = {}
        self._to_reset: dict[int, None] = {}  # shards whose group is to take orders again, since somebody armed
        self._is_listed = False

    def need(self, exchange_index: int) -> None:
        """Have a group on a shard."""
        self._needed[exchange_index] = None
        self.beat()

    def beat(self) -> None:
        """Make what is missing."""
        desk = self._desk
        if desk.rules.execution != "live" or not self._is_listed or desk.kills.reason():
            return
        self._reset()
        for shard in self._needed:
            if shard in desk.ledger.groups or shard in self._asked:
                continue
            if desk.now_ms >= self._again_ms.get(shard, 0):
                self._asked[shard] = desk.now_ms
                desk.do(MakeGroup(shard, desk.rules.group_limit))

    def reset_all(self) -> None:
        """Let every group that has tripped take orders again; what fails is tried again for as long as it is armed."""
        for group in self._desk.ledger.groups.values():
            if group.is_triggered:
                self._to_reset[group.exchange_index] = None
                self._again_ms.pop(group.exchange_index, None)
        self._reset()

    def _reset(self) -> None:
        desk = self._desk
        for shard in list(self._to_reset):
            group = desk.ledger.groups.get(shard)
            if group is None or not group.is_triggered or desk.ledger.armed_until_ms is None:
                del self._to_reset[shard]  # whoever disarms, or trips it once more, has changed their mind
            elif shard not in self._asked and desk.now_ms >= self._again_ms.get(shard, 0):
                self._asked[shard] = desk.now_ms
                desk.do(ResetGroup(shard, group.group_id))

    def outcome(self, taken: inputs.Outcome) -> None:
        """Take what came of making or resetting one."""
        desk, shard = self._desk, taken.number
        self._asked.pop(shard, None)
        self._again_ms[shard] = desk.now_ms + _AGAIN_MS
        if taken.outcome == "done" and taken.kind == "group":
            desk.note(entries.GroupTold(desk.now_ms, shard, taken.order_id, "created", desk.rules.group_limit))
        elif taken.outcome == "done":
            desk.note(entries.GroupTold(desk.now_ms, shard, taken.order_id, "reset", None))
        else:
            verb = "made" if taken.kind == "group" else "reset"
            desk.tell(f"the order group of shard {shard} could not be {verb}: {taken.words}", "warning")

    def told(self, shard: int, group_id: str, kind: str, limit: Size | None) -> None:
        """Hear that something happened to a group of ours."""
        desk, group = self._desk, self._desk.ledger.groups[shard]
        if (kind == "triggered" and group.is_triggered) or (kind == "reset" and not group.is_triggered):
            return
        desk.note(entries.GroupTold(desk.now_ms, shard, group_id, kind, limit))
        if kind == "triggered" and not desk.kills.reason():
            desk.kills.auto_disarm("the exchange tripped our order group")
            desk.tell(f"the order group of shard {shard} has tripped: its orders are cancelled", "alarm")
        desk.comparing.compare_soon()

    def has_tripped(self, shard: int) -> None:
        """Take it from a refusal, or from our own kill, that a group has tripped: the stream may not have told."""
        group = self._desk.ledger.groups.get(shard)
        if group is not None:
            self.told(shard, group.group_id, "triggered", None)

    def listed(self, groups: tuple[OrderGroup, ...]) -> None:
        """Compare with the venue's list: a group of ours that is not there any more is lost."""
        self._is_listed = True
        found = {group.group_id for group in groups}
        for group in list(self._desk.ledger.groups.values()):
            if group.group_id not in found:
                self._desk.note(
                    entries.GroupTold(self._desk.now_ms, group.exchange_index, group.group_id, "lost", None)
                )

"""Where one resting order stands in its level's queue, as far as books and trades tell."""

from __future__ import annotations

from kalshi_tui.core.units import Size
from kalshi_tui.engine.paper.models import QueueBehindAll


class _Lately:
    """A size that counts for a while after it was last added to."""

    __slots__ = ("_at_ms", "_size")

    def __init__(self) -> None:
        self._size = 0
        self._at_ms = 0

    def add(self, size: int, at_ms: int, window_ms: int) -> None:
        if size:
            self._size = size + (self._size if at_ms - self._at_ms <= window_ms else 0)
            self._at_ms = at_ms

    def use(self, most: int, at_ms: int, window_ms: int) -> int:
        """Take up to `most` out of what still counts."""
        used = min(self._size, most) if at_ms - self._at_ms <= window_ms else 0
        self._size -= used
        return used


class Place:
    """What stands before an order: never more than its level displays and our own older orders have kept there.

    A trade and the shrinking of its level are one happening that is told twice, in either order, so each is kept for a
    while to be set off against the other.
    """

    __slots__ = ("_displaced", "_model", "_moved_up", "_traded", "ahead", "joined_ms")

    def __init__(self, model: QueueBehindAll, displayed: Size, displaced: Size, joined_ms: int) -> None:
        self._model = model
        self.ahead = model.ahead_at_join(Size(displayed + displaced))
        self.joined_ms = joined_ms
        self._displaced = displaced  # what traded in truth, and would still stand here had our orders been real
        self._traded = _Lately()  # trades whose shrinking of the level was not told yet
        self._moved_up = _Lately()  # how far shrinking has moved us up that no trade has explained yet

    def level_changed(self, before: Size, after: Size, now_ms: int, *, is_whole: bool) -> None:
        """Follow the displayed size; `is_whole` says that nothing was missed between the two."""
        gone = 0
        if is_whole and after < before:
            fallen = before - after
            traded = self._traded.use(fallen, now_ms, self._model.pairing_ms)
            stood = Size(before - traded + self._displaced)
            gone = self._model.cancels.gone_ahead(self.ahead, stood, Size(fallen - traded))
        ahead = min(max(self.ahead - gone, 0), after + self._displaced)
        self._moved_up.add(self.ahead - ahead, now_ms, self._model.pairing_ms)
        self.ahead = Size(ahead)

    def traded(self, size: Size, left: Size, now_ms: int) -> Size:
        """Follow a trade at our price, of which our older orders have `left` this much; return what reaches us."""
        window_ms = self._model.pairing_ms
        self._traded.add(size, now_ms, window_ms)
        left = Size(left - self._moved_up.use(left, now_ms, window_ms))
        passed = Size(min(self.ahead, left))
        self.ahead = Size(self.ahead - passed)
        return Size(left - passed)

    def older_filled(self, size: Size, now_ms: int) -> None:
        """Note that our older orders took this much of a trade: whom they kept from it still stand before this one."""
        self._displaced = Size(self._displaced + size)
        self.ahead = Size(self.ahead + self._moved_up.use(size, now_ms, self._model.pairing_ms))

    def passed_through(self) -> None:
        """Note that trading went on beyond our price: nothing stands before us any more."""
        self.ahead = Size(0)

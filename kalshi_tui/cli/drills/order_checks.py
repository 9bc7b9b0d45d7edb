"""What must hold at the end of every drill in which somebody trades."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kalshi_tui.cli.drills.plan import LIVELY_S, Check

if TYPE_CHECKING:
    from kalshi_tui.cli.drills.dealing import Dealing
    from kalshi_tui.cli.drills.scene import Scene

_SHOWN: Final = 4


def dealing(scene: Scene) -> Dealing:
    """Return the trading half of a scene that has one."""
    assert scene.dealing is not None  # noqa: S101 - the drill trades
    return scene.dealing


async def the_oracle_found_nothing(scene: Scene) -> list[str]:
    """Hold that no order came twice, above a limit, or left when it must not; and that there were orders at all."""
    register, fewest = dealing(scene).register, scene.drill.fewest
    few = [] if register.accepted >= fewest else [f"the exchange took only {register.accepted} orders"]
    return [*register.problems, *few]


async def it_can_trade_again(scene: Scene) -> list[str]:
    """Hold that an order was taken soon after the last fault, once a person had done what only a person may do."""
    trader = dealing(scene).trader
    if scene.drill.is_final or trader.tradable_ms is not None:
        return []
    view = trader.trading
    if view is not None and view.state in {"reducing", "halted"} and view.reason.startswith("the day's result"):
        trader.tradable_ms = scene.ceased_ms  # that is what the limit is for
        return []
    words = f"{view.state}: {view.reason}" if view is not None else "nothing is shown"
    return [f"nothing could be traded {LIVELY_S:g} s after the last fault: {words}; {dict(trader.conduct.refusals)}"]


async def the_journal_is_the_exchange(scene: Scene) -> list[str]:
    """Hold that journal and exchange say the same in every row."""
    return dealing(scene).agreement.differences[:_SHOWN]


async def nothing_is_explained_away(scene: Scene) -> list[str]:
    """Hold that no difference was found where there was none, and that no cash was made to fit."""
    folded, drill = dealing(scene).agreement.folded, scene.drill
    false = [f"a false difference, {kind}: {words}" for kind, _, words in folded.differences]
    false = [words for words in false if words.split(", ")[1].partition(":")[0] not in drill.may_differ]
    moved = folded.moved and not drill.moves_cash
    cash = [f"{folded.moved} of cash were said to have come or gone"] if moved else []
    held = {t: n for t, n in folded.begun_with.items() if n} if "position" not in drill.may_differ else {}
    return [*false[:_SHOWN], *cash, *(f"{size} of {ticker} were taken over" for ticker, size in held.items())]


async def fees_are_as_expected(scene: Scene) -> list[str]:
    """Hold that each fee was predicted to the millionth."""
    if scene.drill.tells_wrong_fees:
        return []
    return [words for words in scene.witness.seen.words if "was charged" in words][:_SHOWN]


EVERY_ORDER_DRILL: Final[tuple[Check, ...]] = (
    the_oracle_found_nothing,
    it_can_trade_again,
    the_journal_is_the_exchange,
    nothing_is_explained_away,
    fees_are_as_expected,
)

"""A risk check with a fault in it denies what adds risk; the engine, cancels and reductions go on."""

from __future__ import annotations

from typing import Any, Final

import pytest

from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.errors import KalshiTuiError
from kalshi_tui.link import trading as link
from kalshi_tui.sdk.risk import Denial, RiskPicture, Usage
from tests.property.trading_world import LongWorld

RULES: Final = OrderRules(execution="live", depth_percent=100)


class Faulty:
    """Says yes until something in it breaks."""

    name = "faulty"
    fault: Exception | None = None

    def judge(self, picture: RiskPicture) -> Denial | None:
        del picture
        if self.fault is not None:
            raise self.fault
        return None

    def usage(self, picture: RiskPicture) -> Usage | None:
        del picture
        if self.fault is not None:
            raise self.fault
        return None


@pytest.mark.parametrize("fault", [ZeroDivisionError(), KeyError("x"), RecursionError(), AssertionError()], ids=repr)
def test_a_check_that_raises_denies_what_adds_risk_and_nothing_else(fault: Exception) -> None:
    check = Faulty()
    world = LongWorld(3, orders=RULES, checks=(check,))

    def stage(side: Any, price: int, size: int, **more: Any) -> link.TicketView:
        staged = world.ask(link.Stage(link.Draft(world.tickers[0], side, Price(price), Size(size), **more)))
        assert isinstance(staged, link.Staged)
        return staged.ticket

    def fire(ticket: link.TicketView) -> None:
        world.ask(link.Fire(ticket.number, ticket.token))
        world.wait(0.5)

    try:
        world.start()
        world.wait(2)
        world.ask(link.Arm())
        market = world.exchange.markets[world.tickers[0]]
        fire(stage("bid", market.best_ask, 100))
        fire(stage("bid", market.best_bid - 1_000, 100))
        check.fault = fault
        assert world.engine.kernel.desk.showing.trading().limits == ()
        denied = stage("bid", market.best_bid - 300, 100)
        assert [row.code for row in denied.checks if not row.passed] == ["LIMIT_FAILED"]
        with pytest.raises(KalshiTuiError, match="LIMIT_FAILED"):
            fire(denied)
        world.ask(link.CancelOrders(everything=True))
        once = {"time_in_force": "immediate_or_cancel", "reduce_only": True}
        fire(stage("ask", market.best_bid, 100, **once))
        desk = world.engine.kernel.desk
        assert [order.state for order in desk.ledger.orders.values()] == ["filled", "canceled", "filled"]
        assert desk.risk.position(world.tickers[0]).size == 0
        check.fault = None
        assert stage("bid", market.best_bid - 300, 100).may_fire
    finally:
        world.end()

"""The trading half of the main screen: its panes, and what keys do there. It stages and asks; the engine decides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from textual.events import Paste
from textual.widgets import Input

from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import Size
from kalshi_tui.link.keys import FillsKey, OrdersKey, PositionsKey, TradingKey
from kalshi_tui.link.trading import Draft, FillsView, OrderRow, OrdersView, PositionsView, TradingView
from kalshi_tui.link.views import View
from kalshi_tui.tui.drafts import amend, cross, flatten, join
from kalshi_tui.tui.panes.blotter import Blotter, detail_rows
from kalshi_tui.tui.panes.differences import Differences
from kalshi_tui.tui.panes.fill_rows import fill_rows
from kalshi_tui.tui.panes.ladder import Ladder
from kalshi_tui.tui.panes.pane import Pane
from kalshi_tui.tui.panes.positions import Positions
from kalshi_tui.tui.panes.ticket import Ticket
from kalshi_tui.tui.panes.ticket_rows import sent_rows
from kalshi_tui.tui.screens.phrase import ARM_WORDS, LIFT_WORDS, PhraseScreen
from kalshi_tui.tui.screens.prompt import Prompt
from kalshi_tui.tui.screens.text import TextScreen
from kalshi_tui.tui.trading import Trading
from kalshi_tui.tui.trigger import BURST_S
from kalshi_tui.tui.wires import Wires

HOLD_S = BURST_S + 0.005  # after which a key that fires has proved to be no part of a text
TRADES = frozenset(
    {
        "stage_here", "join", "cross", "flatten", "fire", "drop", "renew", "type_size", "ticket_size", "ticket_price",
        "ticket_time", "ticket_post_only", "cancel_here", "cancel_market", "arm", "disarm", "lift_kill", "reconcile",
        "bodies", "fills", "show_pane",
    }
)  # fmt: skip
"""What is never done while words are typed: only the kill is."""


class Dealing(Prompt[None]):
    """Panes and keys of whoever trades."""

    def __init__(
        self,
        wires: Wires,
        trading: Trading,
        keys: Mapping[str, str],
        sizes: Sequence[Size],
        *,
        id: str,  # noqa: A002 - as Textual names it
    ) -> None:
        super().__init__(id=id)
        self._wires = wires
        self.keys = keys
        self.trading = trading
        self.ladder = Ladder(sizes[:5], id="ladder")
        self.ticket = Ticket(trading.staging, keys, id="ticket")
        self.blotter = Blotter(id="blotter")
        self.positions = Positions(id="positions")
        self.differences = Differences(id="differences")
        self.fills: FillsView | None = None
        self.has_ticket = False
        self._came_from: Pane = self.ladder  # who has the keys again once the ticket is gone

    def watch_trading(self) -> None:
        """Wish for what is always known of trading."""
        take = self._take_trading
        self._wires.wish("trading", TradingKey(), take, self.blotter.refused)
        self._wires.wish("orders", OrdersKey(), take, self.blotter.refused)
        self._wires.wish("positions", PositionsKey(), take, self.positions.refused)

    def trading_changed(self) -> None:
        """Draw what has changed, and bring a ticket into sight or out of it."""
        if self.trading.staging.is_shown != self.has_ticket:
            self._show_ticket(is_shown=not self.has_ticket)
        self.ticket.drawn_anew()

    def show_own(self) -> None:
        """Mark on the ladder what works and what is held in its market."""
        held = self.trading.positions
        rows = held.rows if held is not None else ()
        ticker = self.ladder.ticker
        self.ladder.take_own(self.trading.working(ticker), next((row for row in rows if row.ticker == ticker), None))

    def go(self, pane: Pane) -> None:
        """Bring a pane into sight and give it the keys."""
        raise NotImplementedError

    def lay_out(self) -> None:
        """Lay out the panes anew."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let a slash be typed where words are typed, and nothing that is typed there trade."""
        del parameters
        return not (isinstance(self.focused, Input) and (action == "search" or action in TRADES))

    def on_paste(self, event: Paste) -> None:
        """Do nothing with a pasted text; it is no keys."""
        event.stop()
        self.trading.staging.reset()
        self.trading.say("pasted text does nothing here")

    def stage(self, make: Callable[[], Draft]) -> None:
        """Stage what `make` makes and give the ticket the keys, also where it takes the place of one that was open."""
        if self.trading.stage(make) and self.has_ticket and self.focused is not self.ticket:
            self.go(self.ticket)

    def action_join(self, side: Side) -> None:
        """Stage an order that joins the best price of its side."""
        self.stage(lambda: join(self.ladder.open_book(), side, self.ladder.order_size))

    def action_cross(self, side: Side) -> None:
        """Stage an order that takes the best price of the other side."""
        self.stage(lambda: cross(self.ladder.open_book(), side, self.ladder.order_size))

    def action_stage_here(self) -> None:
        """Stage an order at the cursor."""
        self.stage(self.ladder.at_cursor)

    def action_flatten(self) -> None:
        """Stage what closes this market's position."""
        ticker = self.ladder.ticker
        self.stage(lambda: flatten(self.trading.position(ticker), self.ladder.open_book()))

    def action_cancel_here(self) -> None:
        """Cancel the newest order under the cursor, or the one that is chosen in the blotter."""
        working = self.trading.working(self.ladder.ticker)
        here = [order for order in working if order.price == self.ladder.cursor]
        chosen = [order for order in working if order.number == self.blotter.chosen]
        if here or (chosen and self.ladder.cursor is None):
            self.trading.cancel((here or chosen)[0])
        else:
            self.trading.say("no order of ours is under the cursor, and none of this market is chosen in the blotter")

    def action_cancel_market(self) -> None:
        """Cancel all orders of this market."""
        self.trading.cancel_market(self.ladder.ticker)

    def action_fire(self) -> None:
        """Fire the ticket, a moment later: what comes right behind the key tells whether it was meant.

        Its turn comes behind the keys that wait already, so that a slow moment does not hide them.
        """
        self.trading.fire()
        asyncio.get_running_loop().call_later(HOLD_S, self.app.call_later, self.trading.beat)

    def action_drop(self) -> None:
        """Drop the ticket."""
        self.trading.staging.drop()

    def action_renew(self) -> None:
        """Make it again."""
        self.trading.staging.renew()

    def action_type_size(self) -> None:
        """Take the digit that was pressed."""
        key = self.trading.key
        if char := "." if key == "full_stop" else key:
            self.trading.staging.type_size(char)

    def action_ticket_size(self, by: int) -> None:
        """Make the ticket larger or smaller."""
        self.trading.staging.step_size(by)

    def action_ticket_price(self, by: int) -> None:
        """Take the next price."""
        self.trading.staging.step_price(by)

    def action_ticket_time(self) -> None:
        """Change how long the order stays."""
        self.trading.staging.next_time()

    def action_ticket_post_only(self) -> None:
        """Let it only rest, or take too."""
        self.trading.staging.toggle_post_only()

    def action_bodies(self) -> None:
        """Show exactly what would be sent."""
        ticket = self.trading.staging.ticket
        if ticket is not None:
            words = f"ticket {ticket.number}, {ticket.mode}: exactly what would be sent"
            self.app.push_screen(TextScreen(words, lambda width: sent_rows(ticket, width)))

    def action_arm(self) -> None:
        """Arm, after a phrase where one is asked for."""
        view = self.trading.view
        if view is not None and view.arm_phrase:
            self._ask_phrase(f"ARM  {view.mode}", ARM_WORDS, view.arm_phrase, arm=True)
        else:
            self.trading.arm()

    def action_disarm(self) -> None:
        """Disarm."""
        self.trading.disarm()

    def action_lift_kill(self) -> None:
        """Lift a kill, after a phrase."""
        view = self.trading.view
        if view is None or view.state != "killed":
            self.trading.say("there is no kill to lift")
        else:
            self._ask_phrase(f"LIFT THE KILL  {view.mode}", LIFT_WORDS, view.reset_phrase, arm=False)

    def action_reconcile(self) -> None:
        """Compare with the venue."""
        self.trading.reconcile()

    def action_fills(self) -> None:
        """Show the fills for as long as somebody looks."""
        self._wires.wish("fills", FillsKey(), self._take_fills, lambda _: None)
        screen = TextScreen("fills, newest first", lambda width: fill_rows(self.fills, width))
        self.app.push_screen(screen, lambda _: self._wires.unwish("fills"))

    def on_blotter_asked(self, message: Blotter.Asked) -> None:
        """Do what is asked about an order."""
        order = message.order
        if message.what == "cancel":
            self.trading.cancel(order)
        elif message.what == "amend":
            self.stage(lambda: amend(order))
        else:
            self.app.push_screen(TextScreen(f"order {order.number}", lambda width: self._details(order, width)))

    def on_differences_acknowledged(self, message: Differences.Acknowledged) -> None:
        """Take note of a difference."""
        self.trading.acknowledge(message.number)

    def _details(self, order: OrderRow, width: int) -> Sequence[tuple[tuple[str, str], ...]]:
        rows = self.trading.orders.rows if self.trading.orders is not None else ()
        latest = next((row for row in rows if row.number == order.number), order)
        return detail_rows(latest, width)

    def _ask_phrase(self, title: str, words: str, phrase: str, *, arm: bool) -> None:
        do = self.trading.arm if arm else self.trading.lift_kill
        self.app.push_screen(PhraseScreen(title, words, phrase), lambda typed: do(typed) if typed is not None else None)

    def _take_trading(self, view: View) -> None:
        self.trading.take(view)
        if isinstance(view, TradingView):
            had_some = bool(self.differences.differences)
            self.differences.show_all(view.differences)
            if had_some != bool(view.differences):
                self.lay_out()
        elif isinstance(view, OrdersView):
            self.blotter.take(view)
            self.show_own()
        elif isinstance(view, PositionsView):
            self.positions.take(view)
            self.show_own()

    def _take_fills(self, view: View) -> None:
        if isinstance(view, FillsView):
            self.fills = view

    def _show_ticket(self, *, is_shown: bool) -> None:
        had_keys = self.focused is self.ticket
        self.has_ticket = is_shown
        if is_shown:
            if isinstance(self.focused, Pane) and not had_keys:
                self._came_from = self.focused
            self.go(self.ticket)
        elif had_keys:
            self.go(self._came_from)
        else:
            self.lay_out()

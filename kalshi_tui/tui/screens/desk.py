"""The main screen: status bar, markets, ladder, trades and notices, and a line of keys at the foot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from kalshi_tui.core.text import clean
from kalshi_tui.core.units import Size
from kalshi_tui.link.keys import LadderKey, MarketKey, NoticesKey, StatusKey, TradesKey
from kalshi_tui.link.views import MarketView, StatusView, View
from kalshi_tui.tui.actions import ACTIONS, bindings, ids_on_desk
from kalshi_tui.tui.key_words import key_words
from kalshi_tui.tui.look import SIZES
from kalshi_tui.tui.panes.markets import Markets
from kalshi_tui.tui.panes.notices import Notices
from kalshi_tui.tui.panes.pane import Pane
from kalshi_tui.tui.panes.positions import Positions
from kalshi_tui.tui.panes.status import Status, is_real_money
from kalshi_tui.tui.panes.trades import Trades
from kalshi_tui.tui.screens.dealing import Dealing
from kalshi_tui.tui.screens.phrase import PhraseScreen
from kalshi_tui.tui.screens.text import TextScreen, details_rows
from kalshi_tui.tui.trading import Trading
from kalshi_tui.tui.widgets.lines import Cell, Lines, Row
from kalshi_tui.tui.wires import Wires

WIDE: Final = 130  # columns from which list and ladder stand side by side
ROOMY: Final = 150  # columns from which there is room for a wider account
TALL: Final = 36  # lines from which notices find room
ALONE: Final = frozenset({"search", "text", "phrase"})  # where the keys of every place do not work
ON_DESK: Final = ids_on_desk()


class Search(Input):
    """Where words to search for are typed."""

    BINDINGS = bindings("search")


class Hints(Lines):
    """The keys that are most needed."""

    group = "list"

    def __init__(self, keys: Mapping[str, str], *, id: str) -> None:  # noqa: A002 - as Textual names it
        super().__init__(id=id)
        self._keys = keys

    def drawn_anew(self) -> None:
        """Draw for this width and the pane that has the keys."""
        self.show([hint_row(self._keys, self.group, self.size.width)])


def hint_row(keys: Mapping[str, str], group: str, width: int) -> Row:
    """Return as many hints as find room, whole: first what this pane does, then how to arm, then what all do."""
    cells: list[Cell] = []
    here = {key for action in ACTIONS if action.group == group for key in keys[action.id].split(",")}
    for action in sorted(ACTIONS, key=lambda action: (action.group != group, action.id != "trading.arm")):
        is_here = action.group == group or (action.group == "app" and group not in ALONE)
        first = keys[action.id].split(",")[0]
        if action.hint and is_here and first and (action.group == group or first not in here):
            key, word = f" {key_words(first)} ", f"{action.hint} "
            if len(key) + len(word) <= width:
                cells += [(key, "key"), (word, "bar quiet")]
                width -= len(key) + len(word)
    return (*cells, ("", "bar"))


class Desk(Dealing):
    """Where one looks at markets, and trades."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide"), (ROOMY, "-roomy")]  # noqa: RUF012 - Textual reads it from the class
    VERTICAL_BREAKPOINTS = [(0, "-short"), (TALL, "-tall")]  # noqa: RUF012 - as above
    BINDINGS = bindings("app", *ON_DESK)
    AUTO_FOCUS = "#markets"

    def __init__(self, wires: Wires, trading: Trading, keys: Mapping[str, str], sizes: Sequence[Size] = SIZES) -> None:
        super().__init__(wires, trading, keys, sizes, id="desk")
        self.hints = Hints(keys, id="hints")
        self.status = Status(keys, id="status")
        self.markets = Markets(wires, id="markets")
        self.trades = Trades(id="trades")
        self.notices = Notices(id="notices")
        self.search = Search(id="search", placeholder="words of a ticker or title; Enter keeps them, Esc shows all")
        self.search.cursor_blink = False  # a blink is a repaint and an unrest
        self.search.display = False
        self.listing = Vertical(id="listing")
        self.opened = Horizontal(id="market")
        self.side = Vertical(id="side")
        self.account = Vertical(id="account")
        self.market: MarketView | None = None
        self._place: Pane = self.markets  # the pane that is to be seen, whatever the size

    def compose(self) -> ComposeResult:
        """Lay out the panes."""
        yield self.status
        with Horizontal(id="panes"):
            with self.listing:
                yield self.search
                yield self.markets
            with self.opened:
                yield self.ladder
                with self.side:
                    yield self.ticket
                    yield self.trades
                    yield self.notices
                    with self.account:
                        yield self.differences
                        yield self.blotter
                        yield self.positions
        yield self.hints

    def on_mount(self) -> None:
        """Wish for what is always seen."""
        self._wires.wish("status", StatusKey(), self._take_status, lambda _: None)
        self._wires.wish("notices", NoticesKey(), self.notices.take, self.notices.refused)
        self.watch_trading()
        self.markets.look()
        self.lay_out()

    def on_resize(self) -> None:
        """Arrange the panes for the new size."""
        self.lay_out()

    def on_markets_opened(self, message: Markets.Opened) -> None:
        """Show the market that was chosen."""
        self._open(message.ticker)
        if message.by_hand:
            self.go(self.ladder)

    def on_positions_opened(self, message: Positions.Opened) -> None:
        """Show the market of a position."""
        self.markets.open_at(message.ticker)
        self.go(self.ladder)

    def _open(self, ticker: str) -> None:
        self.ladder.open(ticker)
        self.show_own()
        self.trades.open(ticker)
        if self.market is not None and self.market.ticker != ticker:  # of the same one nothing new would come
            self.market = None
        self._wires.wish("market", MarketKey(ticker), self._take_market, self.ladder.refused)
        self._wires.wish("ladder", LadderKey(ticker), self.ladder.take, self.ladder.refused)
        self._wires.wish("trades", TradesKey(ticker), self.trades.take, self.trades.refused)

    def on_markets_cleared(self) -> None:
        """Show all markets again."""
        self.action_end_search(keep=False)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search for what is typed, while it is typed."""
        self.markets.find(str(clean(event.value, 200)).strip())

    def on_descendant_focus(self) -> None:
        """Say what the keys do where they go now."""
        name = (self.focused.id if self.focused is not None else "") or ""
        self._tell_keys("list" if name == "markets" else name)

    def on_screen_suspend(self) -> None:
        """Say what the keys do in what stands above the desk now; the ticket is not looked at meanwhile."""
        self.trading.staging.reset()
        if isinstance(self.app.screen, TextScreen):
            self._tell_keys("text")
        elif isinstance(self.app.screen, PhraseScreen):
            self._tell_keys("phrase")

    def on_screen_resume(self) -> None:
        """Say again what the keys do here; at first, before anything has its place, they are drawn by themselves."""
        self.trading.staging.reset()
        if self.hints.group in {"text", "phrase"}:
            self.on_descendant_focus()

    def action_search(self) -> None:
        """Let words be typed."""
        self._place = self.markets
        self.lay_out()
        self.search.display = True
        self.set_focus(self.search)

    def action_end_search(self, keep: bool) -> None:  # noqa: FBT001 - Textual's actions have no names
        """Go back to the list, with what was found or with everything."""
        if not keep:
            self.search.value = ""
        self.go(self.markets)
        self.search.display = bool(self.search.value)

    def action_next_pane(self) -> None:
        """Go to the next pane."""
        self._step_pane(1)

    def action_previous_pane(self) -> None:
        """Go to the pane before."""
        self._step_pane(-1)

    def action_step_market(self, by: int) -> None:
        """Open the next market of the list, or the one before."""
        self.markets.step(by)

    def action_details(self) -> None:
        """Show all that is known of the market in words."""
        self.app.push_screen(TextScreen(self.ladder.ticker or "market", lambda width: details_rows(self.market, width)))

    def panes(self) -> list[Pane]:
        """Return all panes, for whoever has something to tell them."""
        account: list[Pane] = [self.ticket, self.blotter, self.positions, self.differences]
        return [self.markets, self.ladder, self.trades, self.notices, *account]

    def _tell_keys(self, group: str) -> None:
        self.hints.group = group
        self.hints.drawn_anew()

    def _take_status(self, view: View) -> None:
        if isinstance(view, StatusView):
            self.status.view = view
            self.set_class(is_real_money(view, self.trading.view), "-live")
            self.markets.tell_time(view.now_ms)

    def _take_market(self, view: View) -> None:
        if isinstance(view, MarketView):
            self.market = view
            self.ladder.take(view)

    def action_show_pane(self, name: str) -> None:
        """Go to a pane by its name."""
        pane = next(pane for pane in self.panes() if pane.id == name)
        if pane in self._ways():
            self.go(pane)
        else:
            self.trading.say(f"there is no {'difference with the venue' if pane is self.differences else name} now")

    def _ways(self) -> list[Pane]:
        """Return the panes that the keys can go to, in their order."""
        side: Pane = self.ticket if self.has_ticket else self.trades
        differences = [self.differences] if self.differences.differences else []
        return [self.markets, self.ladder, side, *differences, self.blotter, self.positions]

    def _step_pane(self, by: int) -> None:
        panes = self._ways()
        here = panes.index(self.focused) if isinstance(self.focused, Pane) and self.focused in panes else 0
        self.go(panes[(here + by) % len(panes)])

    def go(self, pane: Pane) -> None:
        """Bring a pane into sight and give it the keys at once: the next key may be waiting already."""
        self._place = pane
        self.lay_out()
        self.set_focus(pane)

    def lay_out(self) -> None:
        """Show what finds room: all side by side, or the list, the market or the account."""
        is_wide, is_tall = self.size.width >= WIDE, self._is_tall()
        on_list = self._place is self.markets
        on_account = self._place in (self.blotter, self.positions, self.differences)
        on_market = is_wide or not on_account
        self.listing.display = is_wide or on_list
        self.opened.display = is_wide or not on_list
        self.ladder.display = on_market
        self.ticket.display = on_market and self.has_ticket
        self.trades.display = on_market and not self.has_ticket
        self.notices.display = self.trades.display and is_tall
        self.account.display = on_account or (is_wide and (is_tall or not self.has_ticket))
        self.differences.display = bool(self.differences.differences)
        self.side.set_class(self.ticket.display, "-ticket")
        self.side.set_class(not on_market, "-whole")

    def _is_tall(self) -> bool:
        return self.size.height >= TALL

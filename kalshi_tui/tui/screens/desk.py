"""The main screen: status bar, markets, ladder, trades and notices, and a line of keys at the foot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from kalshi_tui.core.text import clean
from kalshi_tui.link.keys import LadderKey, MarketKey, NoticesKey, StatusKey, TradesKey
from kalshi_tui.link.views import MarketView, StatusView, View
from kalshi_tui.tui.actions import ACTIONS, bindings
from kalshi_tui.tui.panes.ladder import Ladder
from kalshi_tui.tui.panes.markets import Markets
from kalshi_tui.tui.panes.notices import Notices
from kalshi_tui.tui.panes.pane import Pane
from kalshi_tui.tui.panes.status import Status
from kalshi_tui.tui.panes.trades import Trades
from kalshi_tui.tui.screens.prompt import Prompt
from kalshi_tui.tui.screens.text import TextScreen, details_rows, key_words
from kalshi_tui.tui.widgets.lines import Cell, Lines, Row
from kalshi_tui.tui.wires import Wires

WIDE: Final = 130  # columns from which list and ladder stand side by side
TALL: Final = 36  # lines from which notices find room
ON_DESK: Final = ("pane.next", "pane.previous", "market.search", "market.details", "market.next", "market.previous")


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
    """Return as many hints as find room, whole: first what this pane does, then what all do."""
    cells: list[Cell] = []
    for action in sorted(ACTIONS, key=lambda action: action.group != group):
        is_here = action.group == group or (action.group == "app" and group not in {"search", "text"})
        if action.hint and is_here and keys[action.id]:
            key, word = f" {key_words(keys[action.id].split(',')[0])} ", f"{action.hint} "
            if len(key) + len(word) <= width:
                cells += [(key, "key"), (word, "bar quiet")]
                width -= len(key) + len(word)
    return (*cells, ("", "bar"))


class Desk(Prompt[None]):
    """Where one looks at markets."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012 - Textual reads it from the class
    VERTICAL_BREAKPOINTS = [(0, "-short"), (TALL, "-tall")]  # noqa: RUF012 - as above
    BINDINGS = bindings("app", *ON_DESK)
    AUTO_FOCUS = "#markets"

    def __init__(self, wires: Wires, keys: Mapping[str, str]) -> None:
        super().__init__(id="desk")
        self.hints = Hints(keys, id="hints")
        self._wires = wires
        self.status = Status(id="status")
        self.markets = Markets(wires, id="markets")
        self.ladder = Ladder(id="ladder")
        self.trades = Trades(id="trades")
        self.notices = Notices(id="notices")
        self.search = Search(id="search", placeholder="words of a ticker or title; Enter keeps them, Esc shows all")
        self.search.cursor_blink = False  # a blink is a repaint and an unrest
        self.search.display = False
        self.listing = Vertical(id="listing")
        self.opened = Horizontal(id="market")
        self.market: MarketView | None = None
        self._on_list = True

    def compose(self) -> ComposeResult:
        """Lay out the panes."""
        yield self.status
        with Horizontal(id="panes"):
            with self.listing:
                yield self.search
                yield self.markets
            with self.opened:
                yield self.ladder
                with Vertical(id="tape"):
                    yield self.trades
                    yield self.notices
        yield self.hints

    def on_mount(self) -> None:
        """Wish for what is always seen."""
        self._wires.wish("status", StatusKey(), self._take_status, lambda _: None)
        self._wires.wish("notices", NoticesKey(), self.notices.take, self.notices.refused)
        self.markets.look()

    def on_resize(self) -> None:
        """Arrange the panes for the new size."""
        self._arrange(on_list=self._on_list)

    def on_markets_opened(self, message: Markets.Opened) -> None:
        """Show the market that was chosen."""
        ticker = message.ticker
        self.ladder.open(ticker)
        self.trades.open(ticker)
        if self.market is not None and self.market.ticker != ticker:  # of the same one nothing new would come
            self.market = None
        self._wires.wish("market", MarketKey(ticker), self._take_market, self.ladder.refused)
        self._wires.wish("ladder", LadderKey(ticker), self.ladder.take, self.ladder.refused)
        self._wires.wish("trades", TradesKey(ticker), self.trades.take, self.trades.refused)
        if message.by_hand:
            self._go(self.ladder)

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
        """Say what the keys do in the text that stands above the desk now."""
        if isinstance(self.app.screen, TextScreen):
            self._tell_keys("text")

    def on_screen_resume(self) -> None:
        """Say again what the keys do here; at first, before anything has its place, they are drawn by themselves."""
        if self.hints.group == "text":
            self.on_descendant_focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let a slash be typed where words are typed."""
        del parameters
        return not (action == "search" and self.focused is self.search)

    def action_search(self) -> None:
        """Let words be typed."""
        self._arrange(on_list=True)
        self.search.display = True
        self.set_focus(self.search)

    def action_end_search(self, keep: bool) -> None:  # noqa: FBT001 - Textual's actions have no names
        """Go back to the list, with what was found or with everything."""
        if not keep:
            self.search.value = ""
        self._go(self.markets)
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
        return [self.markets, self.ladder, self.trades, self.notices]

    def _tell_keys(self, group: str) -> None:
        self.hints.group = group
        self.hints.drawn_anew()

    def _take_status(self, view: View) -> None:
        if isinstance(view, StatusView):
            self.status.view = view
            self.markets.tell_time(view.now_ms)

    def _take_market(self, view: View) -> None:
        if isinstance(view, MarketView):
            self.market = view
            self.ladder.take(view)

    def _step_pane(self, by: int) -> None:
        panes: list[Pane] = [self.markets, self.ladder, self.trades]
        here = panes.index(self.focused) if isinstance(self.focused, Pane) and self.focused in panes else 0
        self._go(panes[(here + by) % len(panes)])

    def _go(self, pane: Pane) -> None:
        """Bring a pane into sight and give it the keys at once: the next key may be waiting already."""
        self._arrange(on_list=pane is self.markets)
        self.set_focus(pane)

    def _arrange(self, *, on_list: bool) -> None:
        """Show the list, the market, or where there is room both."""
        self._on_list = on_list
        is_wide = self.size.width >= WIDE
        self.listing.display = is_wide or self._on_list
        self.opened.display = is_wide or not self._on_list

"""A hand at a real terminal, before a real engine and a real exchange, whose own list of orders says what was sent."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from kalshi_tui.adapters.http import HttpxTransport
from kalshi_tui.cli.wiring import exchange_clock
from kalshi_tui.core.markets import Market
from kalshi_tui.core.orders import Order
from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.venue import Venue
from kalshi_tui.protocol import rest
from kalshi_tui.protocol.signing import Scope, load_signer
from tests.process.home import PATIENCE_S, Home, Window, command, until

QUIET = Path(__file__).with_name("quiet_world.toml")
ELSEWHERE = "elsewhere-"
"""How the ids of orders begin that the test itself places, as another program of the same person."""
# The breakers that would hide a second order are wide open: what is tested stands before them.
OPEN = """
[orders]
duplicate_s = 0
orders_per_10s = 1000
orders_per_minute = 1000
"""
F9, F6, ESCAPE, ENTER = "\x1b[20~", "\x1b[17~", "\x1b", "\r"
READ = "F9 or ! fires, Esc drops"
TICKET = re.compile(r"ticket(?: \d+)? +(?:PRACTICE|$)", re.MULTILINE)
LEFT_S = re.compile(r"[━─] +([0-9.]+) s\b")
PLACE = re.compile(rb"\x1b\[(\d+);\d+H")
REPEAT_S = 1 / 30
READ_S = 0.35  # what a ticket has to be in sight for, and a little more
LET_GO_S = 0.75  # with what it takes to come back, the second for which a key has to be let go of
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A practice exchange of the test's own, and a second way to the account that the terminal trades on."""

    ready: Path
    process: subprocess.Popen[bytes]
    venue: Venue
    runner: asyncio.Runner

    def orders(self) -> list[Order]:
        """Return every order that the terminal's engine has ever had here, whatever became of it, the oldest first."""
        rows = self._ask(lambda venue: venue.whole(rest.orders(), 10_000))
        return sorted(
            (row for row in rows if not row.client_order_id.startswith(ELSEWHERE)), key=lambda row: row.created_ms or 0
        )

    def market(self, ticker: str) -> Market:
        """Return a market as it is now."""
        return self._ask(lambda venue: venue.ask(rest.market(ticker)))

    def buy(self, ticker: str, price: Price, size: Size, name: str) -> None:
        """Take what is offered, as another program."""
        order = rest.NewOrder(
            client_order_id=f"{ELSEWHERE}{name}",
            ticker=ticker,
            side="bid",
            price=price,
            size=size,
            time_in_force="immediate_or_cancel",
        )
        self._ask(lambda venue: venue.ask(rest.create_order(order)))

    def _ask(self, ask: Callable[[Venue], Coroutine[Any, Any, Answer]]) -> Answer:
        return self.runner.run(ask(self.venue))


async def _member(ready: Path) -> tuple[Venue, HttpxTransport]:
    """Come to the exchange with the account's key, as another program of the same person."""
    found: dict[str, Any] = json.loads(ready.read_bytes())  # noqa: ASYNC240 - nothing else waits
    signer = load_signer(found["key_id"], Path(found["key_file"]).read_bytes(), Scope.TRADE)  # noqa: ASYNC240 - as above
    http = HttpxTransport(found["rest_url"])
    return Venue(http, await exchange_clock(found["rest_url"]), lambda: 0.5, signer=signer), http


@contextmanager
def an_exchange(home: Home) -> Iterator[Exchange]:
    """Run an exchange on which nothing moves unless somebody moves it."""
    config = home.folder / ".config" / "kalshi-tui"
    config.mkdir(parents=True)
    (config / "config.toml").write_text(OPEN)
    ready = home.folder / "ready.json"
    process = subprocess.Popen(  # noqa: S603 - this Python and our own words
        command("exchange", "--until-eof", "--world", str(QUIET), "--ready-file", str(ready)),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=home.environ,
        cwd=home.folder,
    )
    try:
        until(ready.exists)
        with asyncio.Runner() as runner:
            venue, http = runner.run(_member(ready))
            yield Exchange(ready, process, venue, runner)
            runner.run(http.close())
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(10)


@dataclass(slots=True)
class Hand:
    """Somebody at the window: presses, holds, leans and pastes; the count of orders is the exchange's own."""

    window: Window
    exchange: Exchange
    _before: int = field(default=0)

    def begin(self) -> None:
        """Count from here: armed, on the ladder of a market, with nothing open."""
        self.come_back()
        self.arms()
        self._before = len(self.exchange.orders())

    def arms(self) -> None:
        """Arm, where the books are live and nothing holds it up."""
        self.window.type("\x01")
        self.window.until(lambda text: re.search(r" ARMED \d", text) and re.search(r"books (\d+)/\1 live", text))

    def come_back(self) -> None:
        """Close whatever is open, and stand on the quiet market's ladder, without a cursor and with a size of one."""
        deadline = time.monotonic() + PATIENCE_S
        while not self._comes_back():
            assert time.monotonic() < deadline, self.window.text

    def _comes_back(self) -> bool:
        """Try it once; sizes that are seen to change prove that everything typed before has had its effect."""
        if TICKET.search(self.window.text):
            self.window.type("o")
            self.watches(0.03)
        self.window.type(ESCAPE)  # another key right behind it would make a third one of the two
        self.watches(0.15)
        ways = (("mg", "Enter open"), (ENTER, "Enter stage"), ("2", "size 5 "), ("1", "size 1 "))
        return all(self._tries(keys, words) for keys, words in ways) and not TICKET.search(self.window.text)

    def _tries(self, keys: str, words: str) -> bool:
        """Type something, and tell whether it is seen soon that it had its effect."""
        self.window.type(keys)
        for _ in range(10):
            self.watches(0.05)
            if words in self.window.text:
                return True
        return False

    def sent(self) -> list[tuple[str, int]]:
        """Return side and size of each order that has come to the exchange since the beginning."""
        return [(row.side, row.initial) for row in self.exchange.orders()[self._before :]]

    def sees(self, *words: str) -> None:
        """Wait until all of these can be read."""
        self.window.until(lambda text: all(word in text for word in words))

    def sees_any(self, *words: str) -> None:
        """Wait until one of these can be read."""
        self.window.until(lambda text: any(word in text for word in words))

    def sees_the_size(self, lines: int) -> None:
        """Wait until the terminal has heard that its window has only so many lines: it draws below them no more."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            before = len(self.window.drawn)
            self.watches(0.5)
            if all(int(line) <= lines for line in PLACE.findall(self.window.drawn[before:])):
                return
            assert time.monotonic() < deadline

    def opens(self, key: str = "q", seconds: float = READ_S) -> None:
        """Stage a ticket and look at it for as long as it needs: here for a bid of one contract that only rests."""
        self.window.type(key)
        self.sees(READ)
        self.looks(seconds)

    def looks(self, seconds: float) -> None:
        """Look at a ticket that has just been made for so long, by its own clock."""
        self.window.until(lambda _: self._left() > 4)
        began = self._left()
        self.window.until(lambda _: began - self._left() >= seconds)

    def fires(self) -> None:
        """Fire once, and see what became of it."""
        self.window.type(F9)
        self.window.until(lambda text: re.search(r"RESTING: 1 at|FILLED 1 at", text))

    def does_what_is_meant(self) -> None:
        """Arm and fire one order as it is meant to be done: whatever was sent before stands before it in the list."""
        self.come_back()
        self.arms()
        self.opens(seconds=LET_GO_S)
        self.fires()

    def holds(self, key: str, seconds: float) -> None:
        """Hold a key down: it comes once, and after half a second thirty times a second."""
        self.window.type(key)
        self.watches(0.5)
        self.holds_on(key, seconds)

    def holds_on(self, key: str, seconds: float) -> None:
        """Go on holding a key that repeats itself."""
        for _ in range(round(seconds / REPEAT_S)):
            self.window.type(key)
            self.watches(REPEAT_S)

    def presses(self, keys: Sequence[str], apart_s: float) -> None:
        """Press keys one behind the other."""
        for key in keys:
            self.window.type(key)
            self.watches(apart_s)

    def watches(self, seconds: float) -> None:
        """Draw what comes within a time, as the eyes of somebody whose hand is busy."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.window.read(left)

    def _left(self) -> float:
        found = LEFT_S.search(self.window.text)
        return float(found[1]) if found else 0.0

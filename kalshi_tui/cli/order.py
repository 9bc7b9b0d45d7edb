"""The command `order`: places, cancels and amends, by a ticket that is shown and asked about before it is fired."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, Literal

import click
from msgspec.structs import replace

from kalshi_tui.cli.asking import AtTerminal
from kalshi_tui.cli.dealing import deal
from kalshi_tui.cli.fate import COUNT, Ended, of_canceled, of_changed, tell
from kalshi_tui.cli.output import print_words
from kalshi_tui.cli.tickets import Manner, Wish
from kalshi_tui.cli.trading_link import Refused, asked, look, trade
from kalshi_tui.cli.trading_words import listed
from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import Price, Size, complement, format_price, parse_price, parse_size
from kalshi_tui.errors import LocalProtocolError, ValueRefused
from kalshi_tui.link.client import Link
from kalshi_tui.link.keys import OrdersKey, TradingKey
from kalshi_tui.link.trading import (
    Canceling,
    CancelOrders,
    Draft,
    OrderRow,
    OrdersView,
    Reduce,
    TimeInForce,
    TradingView,
)

Verb = Literal["buy", "sell"]
Answer = Literal["yes", "no"]
_SPAN: Final = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_AT_TERMINAL: Final = AtTerminal()


@click.group("order", short_help="Place, cancel or amend an order, by a ticket that is shown first")
def command() -> None:
    """Place, cancel or amend orders. Nothing is sent before you have seen exactly what."""


# Placing


@command.command("place")
@click.argument("ticker")
@click.argument("verb", type=click.Choice(["buy", "sell"]))
@click.argument("answer", type=click.Choice(["yes", "no"]))
@click.argument("size")
@click.argument("price", metavar="@PRICE")
@click.option("--ioc", is_flag=True, help="Take at once what can be had, and let nothing rest.")
@click.option("--fok", is_flag=True, help="Take all of it at once, or nothing.")
@click.option("--post-only", is_flag=True, help="Only ever rest.")
@click.option("--expires", metavar="TIME", default="", help="Let it end by itself after 30s, 10m, 2h or 1d.")
@click.option("--strategy", metavar="NAME", default="", help="Under which name its profit is counted.")
@click.option("--typed", metavar="PRICE", default="", help="The price once more, where it is near 0 or 1.")
@click.option("--bodies", is_flag=True, help="Show exactly what is sent.")
@click.option("--yes", is_flag=True, help="Fire without asking, and arm first; never where money is real.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def place(ctx: click.Context, /, *, as_json: bool, **options: Any) -> None:
    """Place an order: kalshi-tui order place TICKER buy yes 5 @0.42.

    The price is that of the contract you name: buying NO at 0.30 is an ask at 0.70 on the YES axis, and so it is shown.
    The exit code is 1 where gate or venue say no, and 9 while the venue has not said what became of it.
    """
    manner = Manner(person=_AT_TERMINAL, yes=options["yes"], bodies=options["bodies"], typed=options["typed"])
    wish = wish_of(options)
    expires_s = span_s(options["expires"])

    async def work(link: Link) -> int:
        ended = await placed(link, wish, manner, expires_s)
        return tell([ended], as_json=as_json, is_one=True)

    ctx.exit(trade(ctx.obj or {}, "order place", work))


async def placed(link: Link, wish: Wish, manner: Manner, expires_s: int | None = None) -> Ended:
    """Place one order; its end is counted by the venue's clock."""
    if expires_s is not None:
        now_ms = (await look(link, TradingKey(), TradingView)).now_ms
        wish = Wish(replace(wish.draft, expiration_s=now_ms // 1000 + expires_s), wish.price)
    (ended,) = await deal(link, [wish], manner)
    return ended


def wish_of(options: dict[str, Any]) -> Wish:
    """Return what the command line asks for, on the YES axis."""
    if options["ioc"] and options["fok"]:
        raise LocalProtocolError("--ioc and --fok exclude each other", hint="choose one")
    times: TimeInForce = "good_till_canceled"
    if options["ioc"] or options["fok"]:
        times = "immediate_or_cancel" if options["ioc"] else "fill_or_kill"
    written = options["price"].removeprefix("@")
    side, price = on_yes_axis(options["verb"], options["answer"], parse_price(written))
    draft = Draft(
        options["ticker"],
        side,
        price,
        parse_size(options["size"]),
        time_in_force=times,
        post_only=options["post_only"],
        strategy=options["strategy"],
    )
    return Wish(draft, written)


def on_yes_axis(verb: Verb, answer: Answer, price: Price) -> tuple[Side, Price]:
    """Return side and YES price: who buys NO at q offers YES at 1 - q, and who sells NO bids for YES there."""
    if answer == "yes":
        return ("bid" if verb == "buy" else "ask"), price
    return ("ask" if verb == "buy" else "bid"), complement(price)


def span_s(text: str) -> int | None:
    """Return the seconds that a text such as 10m stands for."""
    if not text:
        return None
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueRefused(f"{text!r:.40} is no stretch of time", hint="write 30s, 10m, 2h or 1d")
    return int(match[1]) * _SECONDS[match[2]]


# Canceling


@command.command("cancel")
@click.argument("names", nargs=-1, metavar="[NUMBER|ID]...")
@click.option("--market", metavar="TICKER", default="", help="Everything that works in this market.")
@click.option("--all", "everything", is_flag=True, help="Everything that works.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def cancel(ctx: click.Context, /, *, names: tuple[str, ...], market: str, everything: bool, as_json: bool) -> None:
    """Cancel orders by their numbers or by the venue's ids; it needs no arming, and nothing is asked."""
    if sum(map(bool, (names, market, everything))) != 1:
        raise LocalProtocolError("what is to be canceled?", hint="name orders, or a market by --market, or --all")

    async def work(link: Link) -> int:
        ended = await canceled(link, names, market=market, everything=everything)
        return tell(ended, as_json=as_json)

    ctx.exit(trade(ctx.obj or {}, "order cancel", work, only_looks=True))


async def canceled(link: Link, names: Sequence[str], *, market: str = "", everything: bool = False) -> list[Ended]:
    """Cancel, and wait for what the venue says of each."""
    numbers = [(await order_of(link, name)).number for name in names]
    answer = await asked(link, CancelOrders(tuple(dict.fromkeys(numbers)), market, everything))
    assert isinstance(answer, Canceling)  # noqa: S101 - what this is answered by
    if not answer.orders:
        print_words("nothing works" + (f" in {market}" if market else ""))
    else:
        print_words(f"canceling {listed(answer.orders)}")
    return [await of_canceled(link, number) for number in answer.orders]


# Amending


@command.command("amend")
@click.argument("name", metavar="NUMBER|ID")
@click.option("--price", metavar="PRICE", default="", help="Its new price, on the YES axis as `orders` shows it.")
@click.option("--size", metavar="SIZE", default="", help="Its new size, what is filled included.")
@click.option("--typed", metavar="PRICE", default="", help="The price once more, where it is near 0 or 1.")
@click.option("--bodies", is_flag=True, help="Show exactly what is sent.")
@click.option("--yes", is_flag=True, help="Fire without asking, and arm first; never where money is real.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def amend(ctx: click.Context, /, *, name: str, price: str, size: str, as_json: bool, **options: Any) -> None:
    """Change an order that rests.

    To make it smaller and nothing else needs no ticket and no arming, and keeps its place in the queue; everything else
    goes by a ticket and may lose that place.
    """
    if not price and not size:
        raise LocalProtocolError("what is to be changed?", hint="give --price, --size or both")
    manner = Manner(person=_AT_TERMINAL, yes=options["yes"], bodies=options["bodies"], typed=options["typed"])

    async def work(link: Link) -> int:
        ended = await amended(link, name, price.removeprefix("@"), size, manner)
        return tell([ended], as_json=as_json, is_one=True)

    ctx.exit(trade(ctx.obj or {}, "order amend", work))


async def amended(link: Link, name: str, price: str, size: str, manner: Manner) -> Ended:
    """Change an order: by a decrease where it only becomes smaller, else by a ticket."""
    row = await order_of(link, name)
    wished_price = parse_price(price) if price else row.price
    wished_size = parse_size(size) if size else row.size
    if (wished_price, wished_size) == (row.price, row.size):
        raise Refused(ValueRefused(f"order {row.number} is so already", hint="give another price or size"))
    if wished_price == row.price and wished_size < row.size:
        await asked(link, Reduce(row.number, wished_size))
        return await of_changed(link, None, row.number, (wished_price, wished_size))
    draft = amendment(row, wished_price, wished_size)
    (ended,) = await deal(link, [Wish(draft, price or format_price(row.price))], manner)
    return ended


def amendment(row: OrderRow, price: Price, size: Size) -> Draft:
    """Return the draft of a change."""
    return Draft(row.ticker, row.side, price, size, kind="amend", post_only=row.post_only, replaces=row.number)


async def order_of(link: Link, name: str) -> OrderRow:
    """Return an order by our number, by the venue's id or by ours."""
    view = await look(link, OrdersKey(count=COUNT), OrdersView)
    for row in view.rows:
        if name in (str(row.number), row.order_id, row.client_order_id):
            return row
    raise Refused(ValueRefused(f"there is no order {name!r:.80}", hint="`kalshi-tui orders` lists them"))

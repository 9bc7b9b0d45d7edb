"""The trading commands as processes: beside an engine, without one, and in a terminal that answers."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kalshi_tui.adapters.http import HttpxTransport
from kalshi_tui.cli.wiring import exchange_clock
from kalshi_tui.core.units import Price, Size, parse_price
from kalshi_tui.engine.venue import Venue
from kalshi_tui.protocol import rest
from kalshi_tui.protocol.signing import Scope, Signer, load_signer
from tests.process.home import Home, Window, command, until


def a_market(home: Home, *flags: str) -> tuple[str, Price, Price]:
    """Return a market with both quotes that are far from the ends, and these."""
    for row in home.json(*flags, "markets"):
        if (
            row["yes_bid"] is None
            or row["yes_ask"] is None
            or parse_price(row["yes_ask"]) - parse_price(row["yes_bid"]) > 500
        ):
            continue
        bid, ask = parse_price(row["yes_bid"]), parse_price(row["yes_ask"])
        if 2_500 < bid < ask < 7_500:
            return row["ticker"], bid, ask
    raise AssertionError("no market has such quotes")


def at(price: int) -> str:
    return f"@0.{price // 100:02d}"


def placed(home: Home, *arguments: str, flags: tuple[str, ...] = ()) -> dict[str, Any]:
    told: dict[str, Any] = home.json(*flags, "order", "place", *arguments, "--yes")
    return told


def test_an_order_is_placed_filled_amended_canceled_and_flattened_beside_an_engine(home: Home) -> None:
    home.json("engine", "start")
    ticker, bid, ask = a_market(home)
    bought = placed(home, ticker, "buy", "yes", "2", at(ask + 100), "--ioc")
    assert (bought["code"], bought["order"]["state"], bought["order"]["filled"]) == (0, "filled", "2.00")
    assert bought["ticket"]["size"] == bought["order"]["size"]
    resting = placed(home, ticker, "buy", "yes", "3", at(bid - 800), "--post-only")
    assert (resting["code"], resting["order"]["state"]) == (0, "resting")
    number = str(resting["order"]["number"])
    smaller = home.json("order", "amend", number, "--size", "2")
    assert (smaller["code"], smaller["order"]["size"], smaller["ticket"]) == (0, "2.00", None)
    moved = home.json("order", "amend", number, "--price", at(bid - 900), "--yes")
    assert (moved["code"], parse_price(moved["order"]["price"])) == (0, bid // 100 * 100 - 900)
    (working,) = home.json("orders")["rows"]
    assert {**working, "changed_ms": 0} == {**moved["order"], "changed_ms": 0}
    (canceled,) = home.json("order", "cancel", working["order_id"])
    assert (canceled["code"], canceled["order"]["state"]) == (0, "canceled")
    assert home.json("orders")["rows"] == []
    assert [row["state"] for row in home.json("orders", "--all")["rows"]] == ["canceled", "filled"]
    (held,) = home.json("positions")["rows"]
    assert (held["ticker"], held["size"]) == (ticker, "2.00")
    assert home.json("disarm")["state"] == "disarmed"
    (flat,) = home.json("flatten", ticker, "--yes")
    assert (flat["code"], flat["order"]["reduce_only"]) == (0, True)
    assert [row["size"] for row in home.json("positions")["rows"]] == ["0.00"]
    assert len(home.json("fills")["rows"]) == home.json("fills")["total"] >= 2
    assert home.json("arm")["state"] == "active"
    assert {place["kind"] for place in home.json("exposure")["places"]} >= {"total"}


def test_exit_codes_tell_what_happened(home: Home) -> None:
    home.json("engine", "start")
    ticker, _, ask = a_market(home)
    for arguments, code, words in (
        (("order", "place", ticker, "buy", "yes", "90", at(ask), "--yes"), 1, "LIMIT_ORDER_CONTRACTS"),
        (("order", "place", "NOTHERE", "buy", "yes", "1", at(ask), "--yes"), 1, "no market NOTHERE"),
        (("order", "place", ticker, "buy", "yes", "1", at(ask)), 2, "nobody can be asked"),
        (("order", "place", ticker, "buy", "yes", "1", "@1.5", "--yes"), 3, "outside 0 to 1 dollar"),
        (("order", "place", ticker, "buy", "maybe", "1", at(ask), "--yes"), 2, "maybe"),
        (("order", "cancel", "77"), 1, "there is no order"),
        (("order", "cancel"), 2, "what is to be canceled"),
        (("order", "amend", "77", "--size", "1", "--yes"), 1, "there is no order"),
        (("flatten", ticker), 1, "nothing is held"),
        (("flatten",), 2, "what is to be closed"),
        (("unkill",), 1, "nothing is killed"),
    ):
        done = home.run(*arguments)
        assert (done.returncode, words in done.stderr) == (code, True), (arguments, done.stderr)
        assert "Traceback" not in done.stderr


def test_a_person_reads_and_types_y_in_a_terminal(home: Home) -> None:
    home.json("engine", "start")
    ticker, bid, _ = a_market(home)
    with Window(home, "order", "place", ticker, "buy", "yes", "1", at(bid - 800)) as window:
        window.until(lambda text: "fire? type y:" in text)
        assert "max loss" in window.text
        window.type("y\n")
        assert window.wait() == 0
        assert "RESTING: 1 at" in window.text
    with Window(home, "order", "place", ticker, "buy", "yes", "2", at(bid - 800)) as window:
        window.until(lambda text: "fire? type y:" in text)
        window.type("\n")
        assert window.wait() == 1
        assert "nobody said y" in window.text
    assert home.json("orders")["working"] == 1


def test_what_was_typed_before_the_question_is_no_answer(home: Home) -> None:
    home.json("engine", "start")
    ticker, bid, _ = a_market(home)
    with Window(home, "order", "place", ticker, "buy", "yes", "1", at(bid - 800)) as window:
        window.type("y\ny\ny\n")
        window.until(lambda text: "fire? type y:" in text)
        window.read(0.5)
        assert window.process.poll() is None
        window.type("n\n")
        assert window.wait() == 1
    assert home.json("orders", "--all")["total"] == 0


def test_without_an_engine_a_practice_world_is_opened_for_the_command_and_it_says_so(home: Home) -> None:
    done = home.run("balance", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["told"] == "10000.000000"
    assert "a practice world is opened for this command" in done.stderr
    assert "Traceback" not in done.stderr
    for words in ("arm", "disarm"):  # would end with the command
        refused = home.run(words)
        assert (refused.returncode, "no engine runs" in refused.stderr) == (5, True)
    assert not (home.run_folder / "engine.socket").exists()


@contextmanager
def exchange(home: Home) -> Iterator[Path]:
    """Run an exchange that outlives the engines of commands."""
    ready = home.folder / "ready.json"
    process = subprocess.Popen(  # noqa: S603 - this Python and our own words
        command("exchange", "--until-eof", "--ready-file", str(ready)),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=home.environ,
        cwd=home.folder,
    )
    try:
        until(ready.exists)
        yield ready
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(10)


def elsewhere(ready: Path, ticker: str, price: Price) -> str:
    """Place an order on the same account by another program."""
    found = json.loads(ready.read_text())
    signer = load_signer(found["key_id"], Path(found["key_file"]).read_bytes(), Scope.TRADE)
    return asyncio.run(place_at(found["rest_url"], signer, ticker, price))


async def place_at(rest_url: str, signer: Signer, ticker: str, price: Price) -> str:
    http = HttpxTransport(rest_url)
    venue = Venue(http, await exchange_clock(rest_url), lambda: 0.5, signer=signer)
    order = rest.NewOrder(client_order_id="elsewhere", ticker=ticker, side="bid", price=price, size=Size(100))
    made = await venue.ask(rest.create_order(order))
    await http.close()
    return made.order_id


def test_without_an_engine_looking_leaves_what_works_alone_and_canceling_takes_only_what_is_named(home: Home) -> None:
    with exchange(home) as ready:
        flags = ("--ready-file", str(ready))
        ticker, bid, _ = a_market(home, *flags)
        low = Price(bid // 100 * 100 - 900)
        first = elsewhere(ready, ticker, low)
        for look in ("orders", "exposure"):
            done = home.run(*flags, look)
            assert (done.returncode, "leaves what works as it is" in done.stderr) == (0, True), done.stderr
        (row,) = home.json(*flags, "orders")["rows"]
        assert (row["order_id"], row["state"], row["origin"]) == (first, "resting", "external")
        (gone,) = home.json(*flags, "order", "cancel", first)
        assert (gone["code"], gone["order"]["state"]) == (0, "canceled")
        done = home.run(*flags, "order", "place", ticker, "buy", "yes", "1", at(low), "--yes", "--json")
        assert (done.returncode, json.loads(done.stdout)["order"]["state"]) == (0, "resting"), done.stderr
        assert "cancels what works when it ends" in done.stderr
        assert home.json(*flags, "orders")["rows"] == []

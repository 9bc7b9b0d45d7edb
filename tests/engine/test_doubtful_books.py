"""What is not shown as live although its stream is in step, and what a level may be checked against."""

from __future__ import annotations

from kalshi_tui.core.book import BookState
from kalshi_tui.core.grid import PriceGrid
from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.catalogue import Catalogue
from kalshi_tui.engine.pictures import CROSSED, Pictures
from kalshi_tui.engine.running import Engine
from kalshi_tui.engine.store import Store
from kalshi_tui.link.client import Link
from kalshi_tui.practice.grids import GRIDS
from kalshi_tui.protocol.tracked import TrackedBook
from tests.engine.test_engine import make_world


def test_a_book_whose_sides_overlap_is_not_shown_as_live_even_for_a_moment() -> None:
    tracked = TrackedBook("KXA", BookState.LIVE, "", tells_changes=False)
    tracked.book.replace([(Price(4_500), Size(100))], [(Price(5_500), Size(100))])
    pictures = Pictures(Catalogue(), Store(), {"KXA": tracked}, metadata_limit_ms=900_000)
    sight = pictures.sight("KXA", "")
    assert sight is not None
    assert sight.state is BookState.LIVE
    tracked.book.change_bid(Price(5_500), Size(100))
    crossed = pictures.sight("KXA", "")
    assert crossed is not None
    assert (crossed.state, crossed.reason) == (BookState.STALE, CROSSED)


def test_a_grid_is_known_as_it_was_last_told_and_unknown_while_a_change_may_have_been_missed() -> None:
    world = make_world()
    exchange = world.desk.exchange
    ticker = next(t for t, market in exchange.markets.items() if market.price_level_structure == "linear_cent")

    def grid(label: str) -> PriceGrid:
        return PriceGrid.from_bands((band.start, band.end, band.step) for band in GRIDS[label])

    async def part(engine: Engine, link: Link) -> None:
        del link
        catalogue = engine.kernel.catalogue
        await world.clock.sleep(3)
        assert catalogue.grid_of(ticker) == grid("linear_cent")
        assert catalogue.grid_of("KXNOBODY") is None
        exchange.change_grid(ticker, "deci_cent", GRIDS["deci_cent"])
        await world.clock.sleep(0.02)
        assert catalogue.grid_of(ticker) == grid("deci_cent")
        catalogue.may_have_missed(world.clock.now_ms())
        assert catalogue.grid_of(ticker) is None

    world.play(part)


def test_how_a_market_ended_while_the_stream_was_away_is_asked_for() -> None:
    world = make_world()
    exchange = world.desk.exchange
    ticker = next(ticker for ticker in exchange.markets if ticker.startswith("KXBTC15M"))  # the only one of its event

    async def part(engine: Engine, link: Link) -> None:
        del link
        await world.clock.sleep(3)
        exchange.move_close(ticker, exchange.now_ms + 500)
        await world.clock.sleep(0.6)  # it has closed, as was known before
        world.cut_streams()
        exchange.determine(ticker, "yes")
        exchange.settle(ticker)
        await world.clock.sleep(40)  # the whole list is read at most every half minute
        known = engine.kernel.catalogue.get(ticker)
        assert known is not None
        assert (known.market.status, known.market.result, known.doubt) == ("finalized", "yes", "")

    world.play(part)

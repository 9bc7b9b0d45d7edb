"""F62 to F64: a disk that is full, and a journal that is locked, damaged, read-only or not ours."""

from __future__ import annotations

import logging
import os
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from kalshi_tui.adapters.journal_now import JournalNow
from kalshi_tui.adapters.log_files import LogFile
from kalshi_tui.adapters.sqlite_schema import Names
from kalshi_tui.cli.drills.host.stage import Stage
from kalshi_tui.engine.journal_rows import JournalRow
from kalshi_tui.errors import ConfigError, StorageFailed
from kalshi_tui.link import trading as link

Act = Callable[[Stage], Awaitable[None]]
NAMES: Final[Names] = ("practice", "practice", "live")
_FULL: Final = "the disk is full"
_LOCKED: Final = "another program has it locked"
_BUSY_S: Final = 2.0  # so long does one write wait for a lock
_LOCKED_S: Final = 30.0
_AGAIN: Final = 3
_FIRST_PAGE: Final = 4_096


async def full_at_an_intent(stage: Stage) -> None:
    """Let the disk be full when an order is about to leave: it must not; cancels do, and the journal catches up."""
    await stage.start()
    await stage.ready()
    resting = await stage.tradable()
    await stage.clock.sleep(1)
    sent = stage.sends()
    stage.strikes += 1
    number = await stage.join(amid=lambda: stage.journal.fail_next(_FULL, _AGAIN))
    await stage.until(lambda: stage.state == "halted", 2, "trading was not halted")
    await stage.until(
        lambda: stage.said("the journal cannot be written"), 1, "nobody was told that it cannot be written"
    )
    stage.must(stage.sends() == sent, "an order left that the journal does not hold")
    stage.must(await stage.join() == "JOURNAL_FAILS", "an order was not refused for the journal")
    if resting is not None:
        await cancelled(stage, resting)
    await stage.until(lambda: stage.state != "halted", 10, "the journal did not catch up")
    kept = [row["number"] for _, row in stage.kept("NotSent")]
    stage.must(number in kept, f"that order {number} was not sent is not in the journal: {kept}")
    await stage.tradable()
    await stage.agree()
    await stage.stop()


def full_at_a_fill(*, crashes: bool) -> Act:
    """Let the disk be full while orders are filled; the fills are in the journal afterwards, also after a crash."""

    async def act(stage: Stage) -> None:
        await stage.start()
        await stage.ready()
        number = await stage.join(300)
        await stage.clock.sleep(1)
        order = stage.engine.kernel.desk.ledger.orders.get(int(number)) if isinstance(number, int) else None
        stage.journal.stall = _full
        stage.strikes += 1
        if order is not None:
            stage.fill(order.order_id)
        await stage.clock.sleep(1.5)
        stage.must(not list(stage.kept("FillTold")), "the fill was kept by a disk that is full")
        if crashes:
            await stage.crash()
        stage.journal.stall = None
        if crashes:
            await stage.start()
        await stage.tradable(15)
        await stage.agree()
        stage.must(list(stage.kept("FillTold")), "the fill is not in the journal")
        await stage.stop()

    return act


async def _full() -> None:
    raise StorageFailed(f"the journal did not take it: {_FULL}", hint="a drill wants it so")


async def full_at_the_log(stage: Stage) -> None:
    """Let the log lie on a disk that is full: that costs records, and nothing else."""
    logger, level = logging.getLogger("kalshi_tui"), logging.root.manager.disable
    handler = LogFile(Path("/dev/full"), size_limit=1 << 20, files=2)
    logger.addHandler(handler)
    logging.disable(logging.NOTSET)
    try:
        await stage.start()
        await stage.ready()
        await stage.tradable()
        logger.warning("a record")
        stage.strikes += handler.lost
        stage.must(handler.lost, "the log was written to a disk that is full")
        await stage.agree()
        await stage.stop()
    finally:
        logging.disable(level)
        logger.removeHandler(handler)
        handler.close()


async def locked(stage: Stage) -> None:
    """Let another program lock the journal for half a minute: nothing leaves, and everything else goes on."""
    await stage.start()
    await stage.ready()
    resting = await stage.tradable()
    await stage.clock.sleep(1)
    sent, ends = stage.sends(), stage.clock.monotonic() + _LOCKED_S

    async def busy() -> None:
        if stage.clock.monotonic() < ends:
            stage.strikes += 1
            await stage.clock.sleep(_BUSY_S)
            stage.journal.fail_next(_LOCKED)

    stage.journal.stall = busy
    await stage.join()
    if resting is not None:
        await cancelled(stage, resting)
    while stage.clock.monotonic() < ends:
        before = stage.engine.kernel.board.published
        asked = stage.clock.monotonic()
        await stage.join()
        stage.must(stage.clock.monotonic() - asked < 0.1, "the engine did not answer while the journal was locked")
        await stage.clock.sleep(1)
        stage.must(stage.engine.kernel.board.published > before, "pictures stood still while the journal was locked")
    stage.must(stage.sends() == sent, "an order left that the journal does not hold")
    await stage.tradable(15)
    await stage.agree()
    await stage.stop()


async def a_commit_takes_longer_than_a_ticket_lives(stage: Stage) -> None:
    """Let the disk take half a minute for a row: an order whose ticket is over by then does not leave."""
    await stage.start()
    await stage.ready()
    sent = stage.sends()

    async def slow() -> None:
        stage.journal.stall = None
        stage.strikes += 1
        await stage.clock.sleep(_LOCKED_S)

    stage.journal.stall = slow
    await stage.join()
    await stage.clock.sleep(_LOCKED_S + 1)
    stage.must(stage.sends() == sent, "an order left although its ticket was over")
    await stage.tradable()
    await stage.agree()
    await stage.stop()


async def cancelled(stage: Stage, number: int) -> None:
    """Cancel an order, and hold that the exchange and we know it soon."""
    order = stage.engine.kernel.desk.ledger.orders[number]
    there = stage.exchange.orders[order.order_id]
    await stage.ask(link.CancelOrders((number,)))
    await stage.until(lambda: there.status != "resting", 3, f"order {number} was not cancelled at the exchange")
    await stage.until(lambda: not order.is_working, 3, f"order {number} was not cancelled here")


# --- a journal that cannot be read


def _cut_off(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def _scribbled(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(_FIRST_PAGE)
        opened.write(b"\xa5" * (file.stat().st_size - _FIRST_PAGE))


def _changed(file: Path) -> None:
    """Change one row as somebody with a database tool would."""
    with closing(sqlite3.connect(file)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE rows SET at_ms = at_ms + 1 WHERE number = 2")
        connection.commit()


def _no_file(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _linked(file: Path) -> None:
    file.rename(file.with_suffix(".real"))
    file.symlink_to(file.with_suffix(".real"))


def _anothers(file: Path) -> None:
    """Give it to another user; where only root may, make it another account's instead."""
    if os.getuid() == 0:
        os.chown(file, 12_345, 12_345)
        return
    file.unlink()
    JournalNow(file, ("demo", "another", "live"))


HARMS: Final[dict[str, Callable[[Path], None]]] = {
    "cut off": _cut_off,
    "scribbled over": _scribbled,
    "a row changed": _changed,
    "no file": _no_file,
    "a link": _linked,
    "another user's": _anothers,
}


def damaged(harm: str) -> Act:
    """Damage the journal between two engines: the next sends nothing, says so, and kills all the same."""

    async def act(stage: Stage) -> None:
        with tempfile.TemporaryDirectory(prefix="kt-") as folder:
            file = Path(folder) / "db" / "journal.sqlite"
            stage.journal = JournalNow(file, NAMES)
            await stage.start()
            await stage.ready()
            number = await stage.tradable()
            await stage.clock.sleep(1)
            await stage.stop()
            stage.must(stage.resting() == 1, f"order {number} does not rest")
            HARMS[harm](file)
            stage.strikes += 1
            await stage.start()
            await _nothing_but_kill(stage)
            stage.digests.pop()  # it names the file, and the folder's name is of chance

    return act


class _ReadOnly(JournalNow):
    """A journal on a disk that takes nothing, not even the mark that it is in use."""

    async def open(self) -> list[JournalRow]:
        raise ConfigError("the journal cannot be used: it cannot be written to", hint="a drill wants it so")


async def read_only(stage: Stage) -> None:
    """Let the disk be read-only when the next engine starts."""
    await stage.start()
    await stage.ready()
    await stage.tradable()
    await stage.clock.sleep(1)
    await stage.stop()
    stage.journal = _ReadOnly()
    stage.strikes += 1
    await stage.start()
    await _nothing_but_kill(stage)


async def _nothing_but_kill(stage: Stage) -> None:
    await stage.until(lambda: stage.said("nothing can be sent"), 5, "nobody was told that nothing can be sent")
    await stage.clock.sleep(2)
    stage.must(stage.state == "halted", f"trading is {stage.state}")
    sent = stage.sends()
    stage.must(isinstance(await stage.ask(link.Arm("")), Exception), "it was armed without a journal")
    stage.must(isinstance(await stage.join(), str), "an order was let through without a journal")
    stage.must("journal" in str(await stage.ask(link.CancelOrders(everything=True))), "no word of the journal")
    await stage.ask(link.Kill("the journal is damaged"))
    await stage.until(lambda: not stage.resting(), 5, "a kill without a journal left orders resting")
    stage.must(stage.sends() == sent, "an order left without a journal")
    await stage.until(lambda: stage.state == "killed", 2, "a kill without a journal is not shown")
    await stage.until(lambda: stage.said("kill: "), 5, "nobody was told what came of a kill without a journal")
    await stage.stop()

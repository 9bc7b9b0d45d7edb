"""What an engine's trading stands on, from the settings: rules, limits, journal, the mark of a kill, the watchdog."""

from __future__ import annotations

import logging
import secrets
import string
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from kalshi_tui.adapters.journal_file import JournalFile
from kalshi_tui.adapters.journal_read import JournalReader
from kalshi_tui.adapters.journal_schema import WORLD, journal_file
from kalshi_tui.adapters.kill_flag import FileKillFlag, kill_flag_file
from kalshi_tui.adapters.plugins import LoadedPlugins, load_bundled
from kalshi_tui.adapters.watchdog import StallFlag, Watchdog
from kalshi_tui.cli.kill_alone import kill_at
from kalshi_tui.cli.wiring import Address
from kalshi_tui.config.load import data_folder
from kalshi_tui.config.modes import account_name, account_tail
from kalshi_tui.config.schema import Environment, ExecutionMode, Settings
from kalshi_tui.core.units import Price, Size
from kalshi_tui.core.words import money
from kalshi_tui.engine.executing import Outside
from kalshi_tui.engine.killing import KillPatience, KillStep
from kalshi_tui.engine.order_rules import Execution, OrderRules
from kalshi_tui.engine.trading.entries import decode_entry
from kalshi_tui.engine.trading.ledger import Ledger
from kalshi_tui.errors import KalshiTuiError

RESET_PHRASE: Final = "lift the kill"
JOURNALS_KEPT: Final = 10  # of practice worlds that are gone
_A_DAY_S: Final = 86_400.0  # that a kill goes on through a pause of the exchange
_LOG: Final = logging.getLogger("kalshi_tui.engine")
_ALPHABET: Final = string.ascii_lowercase + string.digits


@dataclass(frozen=True, slots=True)
class Trading:
    """Everything about orders that an engine is given."""

    rules: OrderRules
    plugins: LoadedPlugins
    outside: Outside


def order_rules(settings: Settings, *, is_flagged: bool) -> OrderRules:
    """Return what trading goes by; `is_flagged` says that a person has asked for real money on the command line."""
    orders, is_prod = settings.orders, settings.environment is Environment.PROD
    execution: Execution = {"live": "live", "paper": "paper"}.get(settings.execution_mode, "observe")  # type: ignore[assignment]  # one of three words
    is_real = is_prod and settings.execution_mode is ExecutionMode.LIVE
    return OrderRules(
        execution=execution,
        is_real_money=is_real,
        may_go_live=not is_real or (settings.live.enabled and is_flagged),
        kill=orders.kill,
        ticket_ms=_ms(orders.time_to_live_s),
        slippage_ticks=orders.slippage_ticks,
        arm_ms=orders.arm_minutes * 60_000,
        expiration_ms=orders.expiration_minutes * 60_000,
        cancel_on_pause=orders.cancel_on_pause,
        group_limit=Size(orders.group_contracts_15s * 100),
        collar=Price(orders.collar_cents * 100),
        collar_percent=orders.collar_percent,
        depth_percent=orders.depth_percent,
        tail=Price(orders.confirm_tail_cents * 100),
        reconcile_ms=_ms(orders.reconcile_s),
        full_reconcile_ms=_ms(orders.full_reconcile_s),
        quarantine_ms=_ms(orders.unknown_quarantine_s),
        duplicate_ms=_ms(orders.duplicate_s),
        orders_per_10s=orders.orders_per_10s,
        orders_per_minute=orders.orders_per_minute,
        daily_loss=settings.limits.daily_loss_dollars,
        fee_rule=str(settings.fees.rule),
        fee_grid=settings.fees.balance_grid,
        balance_excludes_resting=str(orders.balance_excludes_resting),  # type: ignore[arg-type]  # one of three words
        paper_cash=settings.paper.cash_dollars,
        paper_there_ms=settings.paper.there_ms,
        paper_back_ms=settings.paper.back_ms,
        paper_queue=str(settings.paper.queue),  # type: ignore[arg-type]  # one of two words
        arm_phrase=arm_phrase(settings) if is_real else "",
        reset_phrase=RESET_PHRASE,
    )


def arm_phrase(settings: Settings) -> str:
    """Return what is typed before real money is risked: the account's tail and the most that may be at risk."""
    return f"trade {account_tail(settings)} up to {money(settings.limits.total_risk_dollars)}"


def trading_of(settings: Settings, *, run: str, is_flagged: bool) -> Trading:
    """Return what an engine's trading stands on; `run` names a practice world that nobody will see again."""
    account = account_name(settings)
    rules = order_rules(settings, is_flagged=is_flagged)
    if rules.execution == "live" and not run:
        rules = replace(rules, reviewed_ms=_reviewed_ms(str(settings.environment), account))
    named = f"{account}-{run}" if run else account
    names = (str(settings.environment), named, str(settings.execution_mode))
    file = journal_file(data_folder(), *names)
    if run:
        _forget_old_worlds(file)
    orders = settings.orders
    outside = Outside(
        journal=JournalFile(file, names, reserve_bytes=0) if run else JournalFile(file, names),
        flag=FileKillFlag(kill_flag_file(data_folder(), str(settings.environment), account)),
        install="".join(secrets.choice(_ALPHABET) for _ in range(6)),
        may_send=rules.execution == "live",
        stop_wait_s=orders.stop_wait_s if orders.cancel_on_exit else 0.0,
        kill_patience=KillPatience(limit_s=_A_DAY_S),
    )
    return Trading(rules, load_bundled(settings.limits.options()), outside)


def watchdog_of(settings: Settings, address: Address) -> tuple[Watchdog, StallFlag]:
    """Return what watches the engine's loop from beside it, and the mark that it sets."""
    stall = StallFlag()
    flag = FileKillFlag(kill_flag_file(data_folder(), str(settings.environment), account_name(settings)))

    async def kill() -> object:
        return await kill_at(address, tell=_no_word, patience=KillPatience())

    return Watchdog(stall.set, kill, flag), stall


def _reviewed_ms(environment: str, account: str) -> int:
    """Return how much of this account's observed and paper time was reviewed, by the journals of those modes."""
    total = 0
    for execution in ("observe", "paper"):
        file = journal_file(data_folder(), environment, account, execution)
        if file.exists():
            total += _reviewed_in(file)
    return total


def _reviewed_in(file: Path) -> int:
    ledger = Ledger()
    try:
        with closing(JournalReader(file)) as reader:
            for row in reader.rows():
                ledger.apply(decode_entry(row.body))
    except (KalshiTuiError, msgspec.MsgspecError) as problem:
        _LOG.warning("the journal %s cannot be read: %s", file.name, problem)
    return ledger.reviewed_ms


def _no_word(_: KillStep) -> None:
    """The engine that would tell it stands still."""


def _forget_old_worlds(file: Path) -> None:
    """Let go of the journals of practice worlds that ended long ago; the latest stay to be read."""
    stem, _, rest = file.name.partition(f"-{WORLD}-")
    ending = rest.partition("-")[2]
    old = sorted(file.parent.glob(f"{stem}-{WORLD}-*-{ending}"), key=lambda path: path.stat().st_mtime)
    for path in old[: -JOURNALS_KEPT or None]:
        for part in file.parent.glob(f"{path.name}*"):
            part.unlink(missing_ok=True)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)

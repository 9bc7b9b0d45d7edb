"""Turns settings into the rules of kernel and link."""

from __future__ import annotations

from typing import Literal

from kalshi_tui.config.filters import MarketFilter
from kalshi_tui.config.schema import Settings
from kalshi_tui.config.tables import LinkSettings, TapeSettings
from kalshi_tui.engine.rules import Rules
from kalshi_tui.engine.tape.packing import TapeRules
from kalshi_tui.link.server import LinkRules


def kernel_rules(settings: Settings, *, has_references: bool) -> Rules:
    """Return what the kernel goes by."""
    engine, stream, passes = settings.engine, settings.stream, MarketFilter.of(settings.filters)
    universe: Literal["needed", "full"] = "full" if engine.universe == "full" else "needed"
    return Rules(
        use_yes_price=stream.use_yes_price,
        ping_ms=_ms(stream.ping_limit_s),
        delay_ms=_ms(stream.delay_limit_s),
        ladder_ms=_ms(1 / settings.link.ladder_hz),
        list_ms=_ms(1 / settings.link.list_hz),
        full_scan_ms=_ms(engine.full_scan_s),
        recheck_ms=_ms(engine.recheck_s),
        metadata_ms=_ms(engine.metadata_s),
        metadata_limit_ms=_ms(engine.metadata_limit_s),
        linger_ms=_ms(engine.linger_s),
        history_ms=_ms(settings.storage.history_every_s),
        universe=universe,
        full_universe_books=engine.full_universe_books,
        watch=tuple(engine.watch),
        has_references=has_references,
        series=tuple(settings.filters.series),
        categories=tuple(settings.filters.categories),
        min_volume=passes.min_volume,
        closes_within_ms=passes.closes_within_ms,
        closes_after_ms=passes.closes_after_ms,
    )


def link_rules(settings: LinkSettings) -> LinkRules:
    """Return the bounds of the engine's end of the link."""
    return LinkRules(
        clients=settings.clients_limit,
        watches=settings.watches_limit,
        backlog=settings.backlog_kib * 1024,
        stuck_s=settings.stuck_limit_s,
    )


def tape_rules(settings: TapeSettings) -> TapeRules:
    """Return how a tape is written."""
    return TapeRules(
        level=settings.level,
        flush_s=settings.flush_s,
        segment_bytes=settings.segment_mib << 20,
        segment_ms=_ms(settings.segment_s),
        limit_bytes=settings.limit_mib << 20,
        buffer_bytes=settings.buffer_mib << 20,
    )


def _ms(seconds: float) -> int:
    return round(seconds * 1000)

"""Where the log goes: stderr, files, or both, at the level of the settings, with every secret taken out."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kalshi_tui.adapters.log_files import LineFormatter, LogFile
from kalshi_tui.config.redact import Redaction
from kalshi_tui.config.schema import Settings

APPLICATION: Final = "kalshi-tui.log"
TRADES: Final = "trades.log"
TRADES_LOGGER: Final = "kalshi_tui.trades"
_STDERR: Final = f"{__name__}.stderr"
_FILES: Final = f"{__name__}.files"
_MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class LogFiles:
    """The files that are being written."""

    application: LogFile
    trades: LogFile

    @property
    def lost(self) -> int:
        """Return how many records a full or missing disk has cost."""
        return self.application.lost + self.trades.lost

    def close(self) -> None:
        """Stop writing them."""
        _remove(_FILES)


def log_to_stderr(settings: Settings) -> None:
    """Send the log to stderr; a second call changes level and secrets and adds no second handler."""
    _remove(_STDERR)
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter())
    _add(logging.getLogger(), handler, _STDERR, settings)
    logging.getLogger().setLevel(settings.log_level.upper())


def log_to_files(settings: Settings, folder: Path, *, also_stderr: bool) -> LogFiles:
    """Send the log to files in `folder`, trades apart and at any level; several processes may write the same ones.

    A folder that cannot be made or a full disk is no error here: records are lost and counted.
    """
    _remove(_FILES)
    if also_stderr:
        log_to_stderr(settings)
    else:
        _remove(_STDERR)
    limits = {"size_limit": settings.logs.file_mib * _MIB, "files": settings.logs.files}
    files = LogFiles(LogFile(folder / APPLICATION, **limits), LogFile(folder / TRADES, **limits))
    _add(logging.getLogger(), files.application, _FILES, settings)
    _add(logging.getLogger(TRADES_LOGGER), files.trades, _FILES, settings)
    logging.getLogger().setLevel(settings.log_level.upper())
    logging.getLogger(TRADES_LOGGER).setLevel(logging.INFO)
    logging.getLogger(TRADES_LOGGER).propagate = False
    return files


def _add(logger: logging.Logger, handler: logging.Handler, name: str, settings: Settings) -> None:
    """Hang a handler on a logger, never without the filter that takes secrets out."""
    handler.set_name(name)
    _redact(handler, settings)
    logger.addHandler(handler)
    if logging.lastResort is not None:  # it writes what no other handler takes
        _redact(logging.lastResort, settings)


def _redact(handler: logging.Handler, settings: Settings) -> None:
    for old in [old for old in handler.filters if isinstance(old, Redaction)]:
        handler.removeFilter(old)
    handler.addFilter(Redaction(_known(settings)))


def _remove(name: str) -> None:
    for logger in (logging.getLogger(), logging.getLogger(TRADES_LOGGER)):
        for handler in [handler for handler in logger.handlers if handler.get_name() == name]:
            logger.removeHandler(handler)
            handler.close()
    if name == _FILES:
        logging.getLogger(TRADES_LOGGER).propagate = True


def _known(settings: Settings) -> set[str]:
    venues = settings.venues
    return {venue.key_id for venue in (venues.practice, venues.demo, venues.prod) if venue.key_id}

"""What libraries and ourselves log, on stderr, at the level of the settings, with every secret taken out."""

from __future__ import annotations

import logging

from kalshi_tui.config.redact import Redaction
from kalshi_tui.config.schema import Settings


def log_to_stderr(settings: Settings) -> None:
    """Send the log to stderr; a second call changes level and secrets and adds no second handler."""
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if handler.get_name() == __name__]:
        root.removeHandler(handler)
    handler = logging.StreamHandler()
    handler.set_name(__name__)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(Redaction({settings.venue.key_id} if settings.venue.key_id else ()))
    root.addHandler(handler)
    root.setLevel(settings.log_level.upper())

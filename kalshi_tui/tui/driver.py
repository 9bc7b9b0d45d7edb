"""Textual's driver of a real terminal, but for a program that somebody else has stopped and let go on."""

from __future__ import annotations

from textual.drivers.linux_driver import LinuxDriver


class Steady(LinuxDriver):
    """Starts anew only where it has put itself away: a second reader would take keys, and hold up the end."""

    def _sigcont_application(self, *_: object) -> None:
        if self._must_signal_resume:
            super()._sigcont_application()

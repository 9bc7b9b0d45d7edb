"""Notices that the window of a terminal has closed where no signal tells so, as with nohup or setsid.

Textual would go on: its input thread would read the end of the input for ever, and its writer would wait for ever.
"""

from __future__ import annotations

import os
import select
import signal
import threading


def end_when_window_closes(descriptor: int = 0) -> None:
    """Let the process end by SIGHUP, as with any other closed window, once the other end of a terminal is gone."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup has asked to outlive the window, which a terminal cannot
    threading.Thread(target=_wait, args=(descriptor,), name="hangup", daemon=True).start()


def _wait(descriptor: int) -> None:
    poll = select.poll()
    poll.register(descriptor, 0)  # nothing but a hang-up or an error wakes it, so it costs nothing
    for _, events in poll.poll():
        if events & select.POLLHUP:
            os.kill(os.getpid(), signal.SIGHUP)

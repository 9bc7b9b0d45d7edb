"""A terminal ends with its window, also where it was told to ignore that."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys

import pytest

WAITS = """
import signal, sys, time
signal.signal(signal.SIGHUP, signal.{how})
from kalshi_tui.adapters.hangup import end_when_window_closes
end_when_window_closes()
print("ready", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("how", ["SIG_DFL", "SIG_IGN"])
def test_a_process_ends_with_its_window_also_under_nohup(how: str) -> None:
    ours, its = pty.openpty()
    process = subprocess.Popen(  # noqa: S603 - this Python and our own words
        [sys.executable, "-c", WAITS.format(how=how)], stdin=its, stdout=subprocess.PIPE, start_new_session=True
    )
    os.close(its)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    os.close(ours)
    try:
        assert process.wait(20) == -signal.SIGHUP
    finally:
        process.kill()
        process.wait()
        process.stdout.close()

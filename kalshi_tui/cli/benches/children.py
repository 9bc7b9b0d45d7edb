"""Processes that a measurement talks to; they are ended with it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def child(module: str, *arguments: str) -> Iterator[str]:
    """Run a module of the benches and yield the first line that it prints; closing its input ends it."""
    command = [sys.executable, "-m", f"kalshi_tui.cli.benches.{module}", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdin is not None  # noqa: S101 - it is a pipe
        assert process.stdout is not None  # noqa: S101 - as above
        try:
            line = process.stdout.readline()
            if not line:
                raise AssertionError(f"the measured process {module} ended before it said anything")
            yield line
        finally:
            process.stdin.close()
            process.wait(timeout=10)

"""Processes that a measurement talks to; they are ended with it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def child(module: str, *arguments: str) -> Iterator[str]:
    """Run a module of the benches and yield the first line that it prints; closing its input ends it.

    It has a process group of its own: Ctrl-C ends us, and we end it, at once and without its traceback.
    """
    command = [sys.executable, "-m", f"kalshi_tui.cli.benches.{module}", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, process_group=0) as process:  # noqa: S603
        try:
            yield first_line(process, module)
            process.communicate(timeout=10)
        finally:
            process.kill()  # does nothing to one that has ended


def first_line(process: subprocess.Popen[str], module: str) -> str:
    """Read what the process tells first: where it is, or what it measured."""
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    line = process.stdout.readline()
    if not line:
        raise AssertionError(f"the measured process {module} ended before it said anything")
    return line

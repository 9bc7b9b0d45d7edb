"""Asks a person at a terminal, one line at a time, while the engine's loop goes on."""

from __future__ import annotations

import asyncio
import os
import sys
import termios
from typing import Protocol

import click

_LINE = 4_096


class Person(Protocol):
    """Whoever may be asked."""

    @property
    def is_there(self) -> bool:
        """Tell whether anybody can see a question and answer it."""
        ...

    async def ask(self, question: str) -> str:
        """Return the answer, without the spaces around it."""
        ...


class AtTerminal:
    """The person in front of this process's terminal."""

    @property
    def is_there(self) -> bool:
        """Tell whether questions are seen and answers typed: both on a real terminal."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    async def ask(self, question: str) -> str:
        """Ask on stderr; what was typed before the question stood there is no answer to it."""
        source = sys.stdin.fileno()
        termios.tcflush(source, termios.TCIFLUSH)
        click.echo(f"{question} ", nl=False, err=True)
        came = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(source, came.set)
        try:
            await came.wait()
        finally:
            loop.remove_reader(source)
        data = os.read(source, _LINE)
        if not data.endswith(b"\n"):
            click.echo(err=True)  # Ctrl-D left the cursor behind the question
        return data.decode(errors="replace").partition("\n")[0].strip()

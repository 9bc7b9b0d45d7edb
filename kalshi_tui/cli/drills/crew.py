"""Plays many drills at once, one process for each core; what comes of them does not depend on how many there are."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Final

from kalshi_tui.cli.drills.running import rehearse
from kalshi_tui.cli.drills.trials import Trial
from kalshi_tui.errors import TransportError

MOST_JOBS: Final = 16


def rehearse_all(
    faults: Sequence[str], seeds: Sequence[int], *, jobs: int, tell: Callable[[Trial], None] = lambda _: None
) -> list[Trial]:
    """Play each fault on each seed, the first seed twice; `tell` hears of each trial when it is over."""
    wanted = [(fault, seed, seed == seeds[0]) for fault in faults for seed in seeds]
    jobs = min(jobs, len(wanted), MOST_JOBS)
    if jobs <= 1:
        return [_told(rehearse(fault, seed, twice=twice), tell) for fault, seed, twice in wanted]
    context = multiprocessing.get_context("spawn")  # a fork would share what this process has opened
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin)
    waiting: list[Future[Trial]] = []
    try:
        waiting += [pool.submit(rehearse, fault, seed, twice=twice) for fault, seed, twice in wanted]
        return [_told(done.result(), tell) for done in as_completed(waiting)]
    except BrokenProcessPool:
        raise TransportError("a process that played drills was lost", hint="run it again with --jobs 1") from None
    finally:
        for future in waiting:  # the pool itself would forget to, once nobody holds it any more
            future.cancel()
        pool.shutdown(wait=False)


def _told(trial: Trial, tell: Callable[[Trial], None]) -> Trial:
    tell(trial)
    return trial


def _begin() -> None:
    """End at once on Ctrl-C, and with whoever began us: nobody would hear what comes of it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.join,), daemon=True).start()


def _end_with(wait: Callable[[], None]) -> None:
    wait()
    os._exit(1)

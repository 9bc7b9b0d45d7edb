"""What holds for every test: garbage is collected seldom, as in the program itself."""

from __future__ import annotations

import gc
from typing import Final

_ALLOCATIONS: Final = 100_000

gc.set_threshold(_ALLOCATIONS, 50, 100)


def pytest_collection_finish() -> None:
    """Leave out of every collection what stays: going through it again and again cost a quarter of the suite's time."""
    gc.collect()
    gc.freeze()

"""What the system tells of a process that is measured: its memory and its CPU time (Linux alone tells so)."""

from __future__ import annotations

import os
import re
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_UTIME, _STIME = 11, 12  # fields of /proc/PID/stat after the name, which may hold anything


def cpu_s(pid: int) -> float:
    """Return the CPU time that a process has taken so far, all its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS


def memory_mib(pid: int) -> float:
    """Return the memory that a process has now."""
    return _status_mib(pid, "VmRSS")


def peak_mib(pid: int) -> float:
    """Return the most memory that a process ever had."""
    return _status_mib(pid, "VmHWM")


def _status_mib(pid: int, name: str) -> float:
    found = re.search(rf"^{name}:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    if found is None:
        raise AssertionError(f"the system tells no {name} of process {pid}")
    return int(found[1]) / 1024

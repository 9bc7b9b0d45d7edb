"""Tapes as files: the writer that records one, and the reader that opens one."""

from kalshi_tui.adapters.tape_files.reader import TapeReader, find_tapes, newest_tape
from kalshi_tui.adapters.tape_files.writer import TapeWriter

__all__ = ["TapeReader", "TapeWriter", "find_tapes", "newest_tape"]

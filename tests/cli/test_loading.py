"""Modules load without the garbage collector, which is back at its work afterwards."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import pytest

from kalshi_tui.cli import loading


def module(folder: Path, name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> str:
    (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, name, raising=False)
    return name


def test_the_collector_rests_while_a_module_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = module(tmp_path, "loaded_in_peace", "import gc\nwas_on = gc.isenabled()\n", monkeypatch)
    assert gc.isenabled()
    assert loading.load(name).was_on is False
    assert gc.isenabled()


def test_it_works_again_after_a_module_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = module(tmp_path, "fails_to_load", "raise ImportError('no')\n", monkeypatch)
    with pytest.raises(ImportError):
        loading.load(name)
    assert gc.isenabled()


def test_one_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with loading.no_collections():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()

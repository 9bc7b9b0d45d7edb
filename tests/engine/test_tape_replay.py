"""A recorded engine replays from its files: whole as it was, and cut at any byte up to the cut."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from kalshi_tui.adapters.tape_files import TapeReader, TapeWriter
from kalshi_tui.engine.inputs import Opening
from kalshi_tui.engine.replaying import Outcome, Replay
from kalshi_tui.engine.tape.packing import TapeRules
from tests.engine.test_engine import record

CUTS = 40


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Record a minute of an engine into one file of many chunks."""
    folder = tmp_path_factory.mktemp("tape")
    writer = TapeWriter(folder, TapeRules(chunk_bytes=4_096))
    first, *others = record().recorder.records
    assert isinstance(first, Opening)
    writer.begin(first)
    for record_ in others:
        writer.put(record_)
    writer.close()
    (file,) = folder.rglob("*.tape")
    return file


def replayed(file: Path) -> Outcome:
    return Replay().run(TapeReader(file).records())


def test_a_tape_from_files_is_replayed_as_it_was(tape: Path) -> None:
    outcome = replayed(tape)
    assert outcome.agrees
    assert outcome == replayed(tape)


def test_a_tape_cut_at_any_byte_is_replayed_to_the_cut(tape: Path, tmp_path: Path) -> None:
    whole, data, chance = list(TapeReader(tape).records()), tape.read_bytes(), Random(5)
    lengths = set()
    for cut in sorted(chance.sample(range(2_000, len(data)), CUTS)):
        torn = tmp_path / "torn.tape"
        torn.write_bytes(data[:cut])
        records = list(TapeReader(torn).records())
        assert records == whole[: len(records)]
        if records:
            outcome = Replay().run(records)
            assert outcome.agrees is not False
            lengths.add(outcome.inputs)
    assert len(lengths) > CUTS / 4

"""A journal of a whole life, kept as bytes for each codec there was, comes to the same books as when it was written.

The life: two orders rest, one of them is cancelled, the other made smaller and then amended; two contracts are bought
at 77 cents; one is sold at 48 cents from another screen and settles as NO; an answer is lost; a kill ends the rest.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kalshi_tui.engine.journal_rows import JournalRow, first_broken
from kalshi_tui.engine.trading.entries import CODEC, decode_entry, encode_entry
from kalshi_tui.engine.trading.ledger import Ledger

DATA = Path(__file__).parent / "data"
CODECS = range(1, CODEC + 1)
BOUGHT, SOLD = "KXINXU-26JUN11H0300-T6839.9999", "KXINXU-26JUN11H0300-T6844.9999"


def rows_of(name: str) -> list[JournalRow]:
    return [
        JournalRow(row["number"], row["at_ms"], row["kind"], row["body"].encode(), bytes.fromhex(row["digest"]))
        for row in json.loads((DATA / name).read_text())
    ]


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("kind", ["journal_codec", "journal_life_codec"])
def test_rows_of_each_codec_are_kept_whole_and_every_one_of_them_decodes(kind: str, codec: int) -> None:
    rows = rows_of(f"{kind}_{codec}.json")
    assert first_broken(rows) is None
    assert [type(decode_entry(row.body)).__name__ for row in rows] == [row.kind for row in rows]


@pytest.mark.parametrize("kind", ["journal_codec", "journal_life_codec"])
def test_the_bytes_of_an_entry_change_only_under_a_new_codec(kind: str) -> None:
    for row in rows_of(f"{kind}_{CODEC}.json"):
        assert encode_entry(decode_entry(row.body)) == row.body


@pytest.mark.parametrize("codec", CODECS)
def test_a_journal_of_each_codec_comes_to_the_same_orders_positions_and_cash(codec: int) -> None:
    ledger = Ledger()
    for row in rows_of(f"journal_life_codec_{codec}.json"):
        ledger.apply(decode_entry(row.body))
    assert [(o.origin, o.state, o.side, o.price, o.size, o.filled) for o in ledger.orders.values()] == [
        ("ours", "canceled", "bid", 7_000, 450, 0),
        ("ours", "canceled", "bid", 7_000, 300, 0),
        ("ours", "filled", "bid", 8_000, 200, 200),
        ("external", "filled", "ask", 4_800, 100, 100),
        ("ours", "canceled", "ask", 8_000, 100, 0),
    ]
    assert list(ledger.working()) == ledger.owed() == []
    held = {ticker: position for (ticker, _), position in ledger.portfolio.positions().items()}
    assert (held[BOUGHT].size, held[BOUGHT].cost, held[BOUGHT].fees) == (200, 1_540_000, 24_800)
    assert (held[SOLD].size, held[SOLD].realised, held[SOLD].fees) == (0, 480_000, 17_500)
    # $100 less 2 x 0.77 and its fee, less one NO at 0.52 and its fee, and a dollar for the NO that won.
    assert ledger.cash() == 100_000_000 - 1_540_000 - 24_800 - 520_000 - 17_500 + 1_000_000
    assert (ledger.killed, ledger.armed_until_ms, ledger.differences) == (None, None, {})

"""An answer that proves nothing is told in its own words, so that somebody can look at it later."""

from __future__ import annotations

import pytest

from kalshi_tui.core.units import Price, Size
from kalshi_tui.errors import OutcomeUnknown
from kalshi_tui.protocol import rest

ORDER = rest.NewOrder(client_order_id="kt1-a", ticker="KXA-1", side="bid", price=Price(4_000), size=Size(100))


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b'{"error":"market is under review","order":null}', '{"error":"market is under review","order":null}'),
        (b"{}", "{}"),
        (b"", "no body"),
        (b"\x1b]52;c;x\x07<html>busy</html>", "<html>busy</html>"),
    ],
    ids=["an error", "nothing", "no body", "control signs"],
)
def test_what_an_answer_to_a_write_said_is_kept_where_it_cannot_be_read(body: bytes, kept: str) -> None:
    with pytest.raises(OutcomeUnknown) as found:
        rest.read_reply(rest.create_order(ORDER), 200, {}, body)
    assert found.value.message.endswith(kept)
    assert found.value.message.isprintable()

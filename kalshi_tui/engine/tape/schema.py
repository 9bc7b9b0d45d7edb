"""What a row of an exported tape may hold; docs/tape.md documents it, and a test holds the two together."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Row = dict[str, int | str]
"""What a row tells; a column that is not there is empty."""


class Column(NamedTuple):
    """A column: its name, its type, and what is in it."""

    name: str
    type: Literal["integer", "text"]
    words: str


class Kind(NamedTuple):
    """A kind of row: whether it is public (all else belongs to an account), and exported without being named."""

    is_public: bool
    is_usual: bool
    words: str


COLUMNS: Final = (
    Column("number", "integer", "of the record on the tape; the rows of one batch of frames share it"),
    Column("at_ms", "integer", "when the engine took it, Unix time of the venue"),
    Column("kind", "text", "what kind of row it is"),
    Column("ticker", "text", "of the market, event or index"),
    Column("sid", "integer", "of the subscription that sent it"),
    Column("seq", "integer", "of the message within its subscription"),
    Column("sent_ms", "integer", "when the exchange sent it"),
    Column("ts_ms", "integer", "when it happened at the exchange"),
    Column("clock", "integer", "the exchange's clock of the book"),
    Column("side", "text", "bid or ask, on the YES axis: of the level or the order, of a trade the taker's"),
    Column("price_e4", "integer", "YES price in 1/10,000 dollar; of a ticker the last trade's"),
    Column("size_e2", "integer", "in 1/100 contract; of a change what is added, of an order what remains"),
    Column("bid_e4", "integer", "a ticker's best bid, as price_e4"),
    Column("ask_e4", "integer", "a ticker's best ask, as price_e4"),
    Column("bid_size_e2", "integer", "what rests there, as size_e2"),
    Column("ask_size_e2", "integer", "what rests there, as size_e2"),
    Column("volume_e2", "integer", "traded so far, as size_e2"),
    Column("open_interest_e2", "integer", "held, as size_e2"),
    Column("id", "text", "of the trade, or of the order where a row is no trade and no fill"),
    Column("detail", "text", "whatever else the row has to tell, as a JSON object or a sentence"),
)

KINDS: Final[dict[str, Kind]] = {
    "snapshot": Kind(is_public=True, is_usual=True, words="a level of a whole book; an empty book is one row, no side"),
    "change": Kind(is_public=True, is_usual=True, words="the size at one price of a book changed"),
    "ticker": Kind(is_public=True, is_usual=True, words="a market's top line"),
    "trade": Kind(is_public=True, is_usual=True, words="two orders met in public"),
    "market": Kind(is_public=True, is_usual=True, words="a step in a market's life"),
    "event": Kind(is_public=True, is_usual=True, words="an event was listed or described anew"),
    "event_fee": Kind(is_public=True, is_usual=True, words="an event's fee was changed"),
    "index": Kind(is_public=True, is_usual=True, words="an index was published"),
    "connected": Kind(is_public=True, is_usual=True, words="the stream was opened"),
    "disconnected": Kind(is_public=True, is_usual=True, words="the stream is gone; what follows it is new"),
    "fill": Kind(is_public=False, is_usual=True, words="an order of ours was filled"),
    "order": Kind(is_public=False, is_usual=True, words="an order of ours changed"),
    "position": Kind(is_public=False, is_usual=True, words="a holding of ours changed"),
    "order_group": Kind(is_public=False, is_usual=True, words="an order group of ours changed"),
    "unknown": Kind(is_public=False, is_usual=True, words="a message of a type that this program does not know"),
    "damaged": Kind(is_public=False, is_usual=True, words="a message that could not be understood, and why"),
    "control": Kind(is_public=False, is_usual=False, words="an answer to a command over the stream"),
    "sent": Kind(is_public=False, is_usual=False, words="a command over the stream"),
    "reply": Kind(is_public=False, is_usual=False, words="an answer over REST"),
    "no_reply": Kind(is_public=False, is_usual=False, words="a question over REST without an answer"),
    "feed": Kind(is_public=False, is_usual=False, words="how the connection is"),
    "told": Kind(is_public=False, is_usual=False, words="a notice"),
    "asked": Kind(is_public=False, is_usual=False, words="an intent"),
    "opening": Kind(is_public=False, is_usual=False, words="a segment begins"),
    "mark": Kind(is_public=False, is_usual=False, words="the digest of everything published so far"),
}

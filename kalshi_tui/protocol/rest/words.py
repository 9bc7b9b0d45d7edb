"""Plain sentences for the venue's error codes, with what to do next."""

from __future__ import annotations

from typing import Final

_CLOCK: Final = "set this machine's clock by the network; `kalshi-tui doctor` shows how far it is off"
_FUNDS: Final = "free or add cash; money must also sit on the market's own shard and subaccount"

# Codes may carry ids behind them, so the start decides; the first match wins.
_BY_DETAILS: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "INCORRECT_API_KEY_SIGNATURE",
        "the venue did not accept the signature",
        "check that the private key file belongs to this key id",
    ),
    (
        "post only cross",
        "the order was to rest only, and would have traded at once",
        "move the price away from the other side",
    ),
)

_BY_CODE: Final[tuple[tuple[str, str, str], ...]] = (
    ("header_timestamp_expired", "the venue finds the time of the request too far off", _CLOCK),
    ("signature_is_missing", "the request arrived unsigned", "set a key id and a private key for this environment"),
    ("user_not_found", "the venue knows no user behind this key", "check the key and its environment"),
    (
        "insufficient_balance",
        "there is not enough free cash for this order",
        _FUNDS,
    ),
    ("available_balance_too_low", "there is not enough free cash for this order", _FUNDS),
    ("invalid_price", "the price does not lie on this market's grid", "choose a price between 0 and 1 on its step"),
    ("invalid_order_size", "the size is not one that this market takes", "choose more than 0, in steps of 0.01"),
    (
        "order_already_exists",
        "the venue has already taken this client_order_id",
        "the first attempt arrived: find that order in the list of orders",
    ),
    (
        "fill_or_kill_insufficient",
        "the order could not be filled whole, so none of it was",
        "its client_order_id is used up; a new attempt needs a new one",
    ),
    ("immediate_or_cancel_insufficient", "nothing was there to trade with at this price", "look at the book again"),
    (
        "market_not_found",
        "the venue has no such market",
        "check the ticker, and the exchange shard where one was named",
    ),
    (
        "deprecated_v1_order_endpoint",
        "the venue has retired this way of sending orders",
        "update this program: orders go through the V2 endpoints",
    ),
    ("order_id_and_client_order_id_mismatch", "order id and client order id are of two different orders", ""),
    ("order_side_mismatch", "the order is on the other side", "an amendment keeps the side"),
    ("order_ticker_mismatch", "the order is in another market", "an amendment keeps the market"),
    ("trading_paused", "trading is paused", "cancelling works in a trading pause; new orders wait until it ends"),
    ("exchange_paused", "the exchange is paused: nothing can be done, not even cancelling", "wait until it resumes"),
    ("market_inactive", "the market does not take orders now", "its status says whether it opens again"),
    ("missing_parameters", "the request lacked something that the venue needs", ""),
)

_BY_STATUS: Final[dict[int, tuple[str, str]]] = {
    401: ("", "check key id, private key and environment; keys of demo and production differ"),
    403: ("", "the key's scope or subaccount does not allow this; make a key that may"),
    404: ("", "of an order this does not prove that it is dead: look at its fills and at the list of orders"),
    410: ("", "the venue has retired this endpoint; update this program"),
}


def sentence_for(status: int, code: str, details: str) -> tuple[str, str]:
    """Return our sentence and hint for a refusal; an empty sentence means that the venue's own words must do."""
    if status == 401 and details == "NOT_FOUND":
        return "the venue knows no such key id", "keys are per environment: demo and production do not share them"
    sentence, hint = _match(_BY_DETAILS, details) or _match(_BY_CODE, code) or ("", "")
    return sentence, hint or _BY_STATUS.get(status, ("", ""))[1]


def _match(table: tuple[tuple[str, str, str], ...], text: str) -> tuple[str, str] | None:
    return next(((sentence, hint) for start, sentence, hint in table if text.lower().startswith(start.lower())), None)

"""Subaccounts, and moving cash between them and between the exchange's shards."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from kalshi_tui.core.units import Money, parse_money
from kalshi_tui.errors import LocalProtocolError
from kalshi_tui.protocol.rest.asking import Request
from kalshi_tui.protocol.rest.reading import Wire, field, ident, reader


@dataclass(frozen=True, slots=True)
class SubaccountBalance:
    """The cash of one subaccount on one shard."""

    subaccount: int
    exchange_index: int
    cash: Money


class _Made(Wire):
    subaccount_number: int


class _Balance(Wire):
    subaccount_number: int
    exchange_index: int
    balance: str


class _Balances(Wire):
    subaccount_balances: tuple[_Balance, ...] | None


class _Transfer(Wire):
    transfer_id: str


def create_subaccount() -> Request[int]:
    """Open a subaccount and return its number."""
    read = reader(_Made, lambda wire: wire.subaccount_number)
    return Request("POST", "/portfolio/subaccounts", read, body=b"{}", is_write=True, signed=True)


def subaccount_balances() -> Request[tuple[SubaccountBalance, ...]]:
    """Ask for the cash of every subaccount."""
    return Request("GET", "/portfolio/subaccounts/balances", _read_balances, signed=True)


def transfer(transfer_id: str, *, source: int, destination: int, amount: Money) -> Request[None]:
    """Move cash between subaccounts; the id, a UUID of ours, makes a repeat harmless."""
    body = {
        "client_transfer_id": transfer_id,
        "from_subaccount": source,
        "to_subaccount": destination,
        "amount_cents": _whole(amount, 10_000, "cents"),
    }
    read = reader(Wire, lambda _: None)
    encoded = msgspec.json.encode(body)
    return Request("POST", "/portfolio/subaccounts/transfer", read, body=encoded, is_write=True, signed=True)


def shard_transfer(*, source: int, destination: int, amount: Money) -> Request[str]:
    """Move cash between shards and return the transfer's id; it arrives some time later."""
    body = {
        "source": "event_contract",
        "destination": "event_contract",
        "amount": _whole(amount, 100, "hundredths of a cent"),
        "source_exchange_shard": source,
        "destination_exchange_shard": destination,
    }
    read = reader(_Transfer, lambda wire: ident(wire.transfer_id))
    encoded = msgspec.json.encode(body)
    return Request(
        "POST", "/portfolio/intra_exchange_instance_transfer", read, body=encoded, is_write=True, signed=True
    )


def _whole(amount: Money, unit: int, word: str) -> int:
    if amount <= 0 or amount % unit:
        raise LocalProtocolError(f"{amount} millionths of a dollar are no number of {word}", hint="round the amount")
    return amount // unit


_read_balances = reader(
    _Balances,
    lambda wire: tuple(
        SubaccountBalance(row.subaccount_number, row.exchange_index, field("balance", parse_money, row.balance))
        for row in wire.subaccount_balances or ()
    ),
)

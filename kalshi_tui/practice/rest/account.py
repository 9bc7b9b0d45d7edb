"""The account itself: limits, costs, keys, subaccounts and moves of cash between its parts."""

from __future__ import annotations

from typing import Any, Final

from kalshi_tui.practice import refusals
from kalshi_tui.practice.records import Bucket
from kalshi_tui.practice.rest.call import Call
from kalshi_tui.practice.rest.paging import page_by_key
from kalshi_tui.practice.rest.texts import balance_text, size_text
from kalshi_tui.practice.rest.transfers import ShardTransfer, SubaccountTransfer

Json = dict[str, Any]

_MONTH_MS: Final = 30 * 86_400_000
_CENT: Final = 10_000  # money
_CENTICENT: Final = 100  # money


def limits(call: Call) -> Json:
    """Show the tier and the two token buckets."""
    account = call.account
    return {
        "usage_tier": account.tier,
        "read": _bucket(account.read),
        "write": _bucket(account.write),
        "grants": [],
    }


def volume_progress(call: Call) -> Json:
    """Show the volume of the last thirty days; there are no goals on a practice exchange."""
    now_ms = call.exchange.now_ms
    volume = sum(fill.count for fill in call.exchange.fills_of(call.user_id) if fill.ts_ms > now_ms - _MONTH_MS)
    row = {"computed_ts": now_ms // 1000, "trailing_30d_volume_fp": size_text(volume), "goals": []}
    return {"volume_progress": [row]}


def api_keys(call: Call) -> Json:
    """List the keys of the account."""
    rows = [key for key in call.exchange.keys.values() if key.user_id == call.user_id]
    return {
        "api_keys": [
            {"api_key_id": key.key_id, "name": "practice", "scopes": list(key.scopes), "subaccount": key.subaccount}
            for key in rows
        ]
    }


def create_subaccount(call: Call) -> Json:
    """Open the next subaccount."""
    call.unbound()
    return {"subaccount_number": call.exchange.create_subaccount(call.user_id)}


def subaccount_balances(call: Call) -> Json:
    """Show what each subaccount may spend on each shard."""
    exchange, bound = call.exchange, call.signer.subaccount
    places = sorted({(number, 0) for number in call.account.subaccounts} | set(call.account.cash))
    return {
        "subaccount_balances": [
            {
                "subaccount_number": number,
                "exchange_index": shard,
                "balance": balance_text(exchange.available(call.user_id, number, shard)),
                "updated_ts": exchange.now_ms // 1000,
            }
            for number, shard in places
            if bound in {None, number}
        ]
    }


def transfer(call: Call) -> Json:
    """Move cash between subaccounts; the same client_transfer_id moves it once."""
    call.unbound()
    body, exchange = call.body, call.exchange
    client_id = body.needed("client_transfer_id")
    source, destination = body.needed_integer("from_subaccount"), body.needed_integer("to_subaccount")
    cents = body.needed_integer("amount_cents")
    done = call.transfers.between_subaccounts(call.user_id)
    if any(move.client_transfer_id == client_id for move in done):
        return {}
    shard = body.natural("exchange_index")
    exchange.transfer(call.user_id, source, destination, cents * _CENT, shard=shard)
    call.transfers.add_between_subaccounts(
        SubaccountTransfer(
            transfer_id=exchange.new_id(),
            client_transfer_id=client_id,
            user_id=call.user_id,
            source=source,
            destination=destination,
            amount=cents * _CENT,
            exchange_index=shard,
            created_ms=exchange.now_ms,
        )
    )
    return {}


def transfers(call: Call) -> Json:
    """List the moves between subaccounts, newest first."""
    rows = call.transfers.between_subaccounts(call.user_id)
    found, cursor = page_by_key(rows, _any, _move_key, call.query.limit(), call.query.text("cursor"))
    listed = [
        {
            "transfer_id": move.transfer_id,
            "from_subaccount": move.source,
            "to_subaccount": move.destination,
            "amount_cents": move.amount // _CENT,
            "created_ts": move.created_ms // 1000,
            "exchange_index": move.exchange_index,
        }
        for move in found
    ]
    return {"transfers": listed, "cursor": cursor}


def netting(call: Call) -> Json:
    """Show the netting switch of each subaccount."""
    account = call.account
    rows = [
        {"subaccount_number": number, "enabled": account.netting.get(number, True), "exchange_index": 0}
        for number in account.subaccounts
    ]
    return {"netting_configs": rows}


def set_netting(call: Call) -> Json:
    """Turn the netting switch of a subaccount."""
    call.unbound()
    number, enabled = call.body.needed_integer("subaccount_number"), call.body.flag("enabled")
    if enabled is None:
        raise call.body.missing("enabled")
    if number not in call.account.subaccounts:
        raise refusals.not_found()
    call.account.netting[number] = enabled
    return {}


def shard_transfer(call: Call) -> Json:
    """Move cash from one shard of the exchange to another, of one subaccount or between two."""
    call.unbound()
    body, exchange = call.body, call.exchange
    body.choice("source", ("event_contract",))
    body.choice("destination", ("event_contract",))
    amount = body.needed_integer("amount") * _CENTICENT
    source, destination = body.natural("source_exchange_shard"), body.natural("destination_exchange_shard")
    numbers = body.natural("source_subaccount"), body.natural("destination_subaccount")
    exchange.move_cash(call.user_id, (numbers[0], source), (numbers[1], destination), amount)
    move = ShardTransfer(exchange.new_id(), call.user_id, source, destination, amount, exchange.now_ms)
    call.transfers.add_between_shards(move)
    return {"transfer_id": move.transfer_id}


def shard_transfers(call: Call) -> Json:
    """List the moves between shards, newest first."""
    rows = call.transfers.between_shards(call.user_id)
    found, cursor = page_by_key(rows, _any, _move_key, call.query.limit(maximum=500), call.query.text("cursor"))
    return {"transfers": [_shard_move(move) for move in found], "cursor": cursor}


def one_shard_transfer(call: Call) -> Json:
    """Show one move between shards."""
    for move in call.transfers.between_shards(call.user_id):
        if move.transfer_id == call.arguments["transfer_id"]:
            return {"transfer": _shard_move(move)}
    raise refusals.not_found()


def _bucket(bucket: Bucket) -> Json:
    return {"refill_rate": bucket.refill, "bucket_capacity": bucket.capacity}


def _shard_move(move: ShardTransfer) -> Json:
    return {
        "transfer_id": move.transfer_id,
        "source": "event_contract",
        "destination": "event_contract",
        "source_exchange_shard": move.source,
        "destination_exchange_shard": move.destination,
        "amount": balance_text(move.amount),
        "status": "complete",
        "created_ts": move.created_ms // 1000,
    }


def _any(_move: object) -> bool:
    return True


def _move_key(move: SubaccountTransfer | ShardTransfer) -> tuple[int, str]:
    return move.created_ms, move.transfer_id

"""The commands of the stream: each is read, met with its rate, and handed to what carries it out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from kalshi_tui.practice.stream.complaints import Complaint
from kalshi_tui.practice.stream.parameters import Command, known, sid_of
from kalshi_tui.practice.stream.subscribing import subscribe
from kalshi_tui.practice.stream.updating import update

if TYPE_CHECKING:
    from kalshi_tui.practice.stream.session import Session


def obey(session: Session, text: str | bytes) -> None:
    """Carry out one command, or answer with what is wrong with it."""
    command_id = 0
    try:
        top = _read(text, session.hub.limits.command_bytes)
        command_id = _id(top)
        _carry_out(session, top, command_id)
    except Complaint as complaint:
        if complaint.subscription is None:
            session.reply("error", command_id, complaint.body())
        else:
            complaint.subscription.reply("error", command_id, complaint.body())


def _read(text: str | bytes, limit: int) -> dict[str, Any]:
    if len(text) > limit:
        raise Complaint(1)
    try:
        top = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as problem:
        raise Complaint(1) from problem
    if not isinstance(top, dict):
        raise Complaint(1)
    return top


def _id(top: dict[str, Any]) -> int:
    command_id = top.get("id", 0)
    if type(command_id) is not int or command_id < 0:
        raise Complaint(1)
    return command_id


def _carry_out(session: Session, top: dict[str, Any], command_id: int) -> None:
    if not session.spend_command():
        raise Complaint(27)
    name = top.get("cmd")
    if not isinstance(name, str):
        raise Complaint(1)
    if session.spoiler is not None and session.spoiler.spoils_command(name, command_id):
        return
    handler = _COMMANDS.get(name)
    if handler is None:
        raise Complaint(5)
    params = top.get("params")
    if params is not None and not isinstance(params, dict):
        raise Complaint(2)
    handler(Command(session, command_id, params))


def _unsubscribe(command: Command) -> None:
    sids = command.need_params().get("sids")
    if not isinstance(sids, list) or not sids:
        raise Complaint(4)
    subscriptions = [known(command.session, sid) for sid in dict.fromkeys(map(sid_of, sids))]
    for subscription in subscriptions:
        command.session.forget(subscription)
        subscription.reply("unsubscribed", command.id, None)


def _list(command: Command) -> None:
    listed = [{"channel": one.channel.name, "sid": one.sid} for one in command.session.subscriptions.values()]
    command.session.reply("ok", command.id, listed)


_COMMANDS: Final[dict[str, Callable[[Command], None]]] = {
    "subscribe": subscribe,
    "unsubscribe": _unsubscribe,
    "list_subscriptions": _list,
    "update_subscription": update,
}

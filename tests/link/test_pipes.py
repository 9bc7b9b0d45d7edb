"""Messages over the local link come out as they went in, whatever the socket makes of them."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalshi_tui.adapters.engine_socket import is_ours, listen
from kalshi_tui.errors import RemoteProtocolError, TransportError
from kalshi_tui.link.pipes import HEAD, SocketPipe, Splitter, memory_pipes


def framed(message: bytes) -> bytes:
    return len(message).to_bytes(HEAD, "big") + message


@given(st.lists(st.binary(max_size=300), max_size=20), st.lists(st.integers(1, 50), min_size=1, max_size=50))
def test_messages_are_the_same_however_their_bytes_arrive(messages: list[bytes], cuts: list[int]) -> None:
    data, splitter, found = b"".join(map(framed, messages)), Splitter(), []
    step = 0
    while data:
        size = cuts[step % len(cuts)]
        found += splitter.feed(data[:size])
        data, step = data[size:], step + 1
    assert found == messages


def test_a_message_that_is_too_long_is_refused_before_it_is_there() -> None:
    with pytest.raises(RemoteProtocolError, match="101 bytes"):
        Splitter(100).feed((101).to_bytes(HEAD, "big"))


async def test_a_pipe_in_memory_carries_both_ways_and_says_when_the_other_end_is_gone() -> None:
    one, two = memory_pipes()
    one.send(b"a")
    one.send(b"b")
    assert one.unsent() == 2
    assert await two.receive() == [b"a", b"b"]
    assert one.unsent() == 0
    two.send(b"c")
    two.close()
    assert await one.receive() == [b"c"]
    with pytest.raises(TransportError, match="gone"):
        await one.receive()
    one.send(b"to nobody")


async def test_a_socket_carries_messages_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "s"
    echoed = asyncio.Event()

    async def echo(pipe: SocketPipe) -> None:
        for message in await pipe.receive():
            pipe.send(message[::-1])
        echoed.set()

    stop = await listen(path, echo)
    assert path.stat().st_mode & 0o777 == 0o600
    _, ours = await asyncio.get_running_loop().create_unix_connection(SocketPipe, str(path))
    ours.send(b"abc")
    assert await ours.receive() == [b"cba"]
    await echoed.wait()
    ours.close()
    await asyncio.sleep(0)
    await stop()


async def test_an_end_that_speaks_another_language_is_hung_up_on(tmp_path: Path) -> None:
    path = tmp_path / "s"
    ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def serve(pipe: SocketPipe) -> None:
        try:
            await pipe.receive()
        except TransportError as problem:
            ended.set_result(problem.message)

    stop = await listen(path, serve)
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    assert "where 1,048,576 are allowed" in await ended
    assert await reader.read() == b""
    writer.close()
    await stop()


async def test_a_socket_left_by_a_killed_engine_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))

    async def serve(_: SocketPipe) -> None:
        return None

    stop = await listen(path, serve)
    _, pipe = await asyncio.get_running_loop().create_unix_connection(SocketPipe, str(path))
    pipe.close()
    await asyncio.sleep(0)
    await stop()


def test_our_own_user_is_known_at_the_other_end() -> None:
    one, two = socket.socketpair()
    with one, two:
        assert is_ours(one)


def test_another_user_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getuid", lambda: 4_294_967)
    one, two = socket.socketpair()
    with one, two:
        assert not is_ours(one)

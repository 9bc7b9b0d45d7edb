"""Stands on the way to an exchange, hears every signature, and can answer nonsense that repeats what it was sent."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from contextlib import suppress
from typing import Self

SIGNATURE = re.compile(rb"kalshi-access-signature: *([^\r\n]+)", re.IGNORECASE)
PART = 65_536


class Eavesdropper:
    """A forwarder on loopback; where it has nobody to forward to, it answers with the request itself."""

    def __init__(self, port: int | None) -> None:
        self.port = 0
        self._to = port
        self._heard = bytearray()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    @property
    def rest_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/trade-api/v2"

    @property
    def stream_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/trade-api/ws/v2"

    def signatures(self) -> set[bytes]:
        """Return every signature that went by."""
        return set(SIGNATURE.findall(bytes(self._heard)))

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                ours, _ = self._server.accept()
                threading.Thread(target=self._serve, args=(ours,), daemon=True).start()

    def _serve(self, ours: socket.socket) -> None:
        with ours, suppress(OSError):
            if self._to is None:
                self._answer(ours)
                return
            with socket.create_connection(("127.0.0.1", self._to)) as its:
                threading.Thread(target=self._carry, args=(its, ours), daemon=True).start()
                self._carry(ours, its, hears=True)

    def _carry(self, source: socket.socket, sink: socket.socket, *, hears: bool = False) -> None:
        with suppress(OSError):
            while data := source.recv(PART):
                if hears:
                    self._heard += data
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def _answer(self, ours: socket.socket) -> None:
        """Repeat the request in the body of an answer, by turns as a refusal, a failure and a success."""
        codes = ("200 OK", "401 Unauthorized", "500 Internal Server Error", "400 Bad Request")
        for turn in range(PART):
            data = ours.recv(PART)
            if not data:
                return
            self._heard += data
            if b"/reference/clock" in data:  # without the time nobody would sign anything
                body = json.dumps({"now_ms": time.time_ns() // 1_000_000, "speed": 1.0}).encode()
                ours.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
                continue
            said = data.decode("latin-1").replace("\\", " ").replace('"', "'").replace("\r\n", " ")
            body = f'{{"error":{{"code":"invalid","message":"you sent {said}"}}}}'.encode()
            body = body if turn % 2 else body[: len(body) - turn % 5]
            head = f"HTTP/1.1 {codes[turn % len(codes)]}\r\ncontent-type: application/json\r\n"
            ours.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)

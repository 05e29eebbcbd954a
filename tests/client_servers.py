"""Servers on a raw socket for the client's tests.

Each connection is handed to a function, in a thread of its own.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from runs_conformance.target.client import Client
from runs_conformance.target.reading import load

KEY = "sk-the-secret-of-this-test"
JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"


@dataclass
class Connection:
    """One accepted connection; `index` counts them."""

    socket: socket.socket
    index: int
    stopped: threading.Event
    log: list[bytes]

    def request(self) -> bytes:
        """The next request, head and body; empty when the client has gone."""
        data = b""
        while b"\r\n\r\n" not in data:
            data += (more := self.socket.recv(65536))
            if not more:
                return b""
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(
            (int(x.split(b":")[1]) for x in head.split(b"\r\n") if x.lower().startswith(b"content-length:")),
            0,
        )
        while len(body) < length:
            body += self.socket.recv(65536)
        self.log.append(head + b"\r\n\r\n" + body)
        return self.log[-1]

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self, body: bytes = b"{}") -> None:
        self.send(JSON % (len(body), body))

    def drip(self, data: bytes, seconds: float) -> None:
        """One byte each `seconds`, until all is out or the test is over."""
        for byte in data:
            self.send(bytes([byte]))
            if self.stopped.wait(seconds):
                return

    def endless(self, data: bytes) -> None:
        while not self.stopped.is_set():
            self.send(data)

    def reset(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@dataclass
class RawServer:
    """Gives each connection to `handler`; `requests` holds what the handlers read."""

    handler: Callable[[Connection], None]
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stopped.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                accepted, _ = self._listener.accept()
                accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection = Connection(accepted, self.connections, self._stopped, self.requests)
                self.connections += 1
                threading.Thread(target=self._handle, args=(connection,), daemon=True).start()

    def _handle(self, connection: Connection) -> None:
        with connection.socket, contextlib.suppress(OSError):
            self.handler(connection)


def answering(data: bytes) -> Callable[[Connection], None]:
    """Reads one request, sends these bytes, closes."""

    def handler(connection: Connection) -> None:
        connection.request()
        connection.send(data)

    return handler


def always(data: bytes) -> Callable[[Connection], None]:
    """The same bytes to each request of a kept connection."""

    def handler(connection: Connection) -> None:
        while connection.request():
            connection.send(data)

    return handler


def client_of(server: RawServer, **settings: object) -> Client:
    """A client with short patience and a secret key."""
    timeouts = {
        "exchange": 1.0, "stream": 1.5, "idle": 0.4, "connect": 1.0, "poll": 2.0,
    } | settings.pop("timeouts", {})
    profile = load(overrides={"timeouts": timeouts, **settings}, environ={"OPENAI_API_KEY": KEY})
    return Client(profile, server.url)

"""What hostile servers are made of: each is a function of a connection, all behind one port.

The first part of a request's path is the number of its server: `/17/v1/threads`. So one process plays them
all, and one proxy can stand before many.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from broken_streams import good
from client_servers import Connection

KEY = "Zq7hostile-battery-key-Wx51"
"""What no answer may bring into a file: nothing in it looks like a key, so it has to be known."""
SHORT = "accept.create-run.minimal,order.done-last,response.run.*,response.id-unique,event.run-status,response.retrieve.same"
HELD_SECONDS = 30.0
JSON = ("Content-Type", "application/json")
EVENTS = ("Content-Type", "text/event-stream")
Serve = Callable[[Connection], None]
Deed = Callable[[Connection, bytes], None]


@dataclass(frozen=True)
class Hostile:
    """One server. `name` is "family: what it does"; `codes` are the exit codes that `check` may end with.

    `raw` is the answer, where it is always the same bytes: hostile recordings are made of it. `whole`: the
    whole standard check is sent. `tls`: it speaks TLS, on a port of its own.
    """

    name: str
    serve: Serve
    codes: tuple[int, ...] = (1, 2)
    raw: bytes | None = None
    whole: bool = False
    tls: Callable[[], ssl.SSLContext] | None = None
    https: bool = False

    @property
    def family(self) -> str:
        return self.name.partition(":")[0]

    @property
    def slug(self) -> str:
        return re.sub(r"\W+", "-", self.name).strip("-").lower()


def http(
    body: bytes | str, *more: tuple[str, str], status: str = "200 OK", kind: str = JSON[1], length: bool = True
) -> bytes:
    """A whole answer; `more` are header lines."""
    data = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", *([f"Content-Type: {kind}"] if kind else [])]
    lines += [f"{name}: {value}" for name, value in more]
    lines += [f"Content-Length: {len(data)}"] if length else []
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogatepass") + data


def dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


ASSISTANT = {
    "id": good.ASSISTANT, "object": "assistant", "created_at": good.T0, "name": "runs-conformance",
    "description": None, "model": "gpt-4o", "instructions": "Answer briefly.", "tools": [], "metadata": {},
    "temperature": 1.0, "top_p": 1.0, "tool_resources": {}, "response_format": "auto",
}  # fmt: skip
THREAD = {
    "id": good.THREAD, "object": "thread", "created_at": good.T0, "metadata": {}, "tool_resources": {},
}  # fmt: skip
LIST = {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}
STREAM = b"".join(good.block(name, value) for name, value in good.two_texts())
FINE = (("X-Request-Id", "req_0123456789"), ("Connection", "close"))


def kind_of(request: bytes) -> str:
    """What was asked for: assistant, thread, run, stream, read (of a run), list, other."""
    line, _, rest = request.partition(b"\r\n")
    method, path, *_ = [*line.decode("latin-1").split(" "), "", ""]
    path = "/" + path.partition("?")[0].partition("/v1/")[2]
    body = rest.partition(b"\r\n\r\n")[2]
    if re.fullmatch(r"/threads/[^/]*/runs|/threads/runs", path) and method == "POST":
        return "stream" if re.search(rb'"stream":\s*true', body) else "run"
    if path.startswith("/assistants"):
        return "assistant"
    if re.fullmatch(r"/threads(/[^/]*)?", path):
        return "thread"
    if re.fullmatch(r"/threads/[^/]*/runs/[^/]*", path):
        return "read"
    return "list" if method == "GET" else "other"


def good_answer(kind: str) -> bytes:
    if kind == "stream":
        return http(STREAM, *FINE, kind="text/event-stream")
    made = {
        "assistant": ASSISTANT, "thread": THREAD, "run": good.run("queued"), "read": good.run("completed"),
        "list": LIST, "other": LIST,
    }  # fmt: skip
    return http(dumped(made[kind]), *FINE)


RUNS = ("run", "stream", "read", "list", "other")


def does(deed: Deed, *where: str) -> Serve:
    """Fine as far as `where` does not name it; there the deed, and the connection is closed."""

    def serve(connection: Connection) -> None:
        request = connection.request()
        if not request:
            return
        if not where or kind_of(request) in where:
            deed(connection, request)
            finish(connection)
        else:
            connection.send(good_answer(kind_of(request)))

    return serve


def finish(connection: Connection) -> None:
    """Close so that what was sent arrives: unread bytes of the other side would turn it into a reset."""
    with contextlib.suppress(OSError):
        connection.socket.shutdown(socket.SHUT_WR)
        connection.socket.settimeout(0.2)
        while connection.socket.recv(65536):
            pass


def hold(connection: Connection, seconds: float = HELD_SECONDS) -> None:
    """Say nothing until the other side leaves, or for so long."""
    connection.socket.settimeout(seconds)
    with contextlib.suppress(TimeoutError):
        while connection.socket.recv(65536):
            pass


def drip(connection: Connection, data: bytes, seconds: float = 0.1) -> None:
    for byte in data:
        connection.send(bytes([byte]))
        time.sleep(seconds)


def endless(connection: Connection, data: bytes, most: int = 3 << 30) -> None:
    """The same bytes until the other side leaves; after 3 GB it has proved what it had to."""
    block = data * max(1, (1 << 20) // len(data))
    for _ in range(most // len(block)):
        connection.send(block)


def chunked(*pieces: bytes, end: bool = True) -> bytes:
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return body + (b"0\r\n\r\n" if end else b"")


def says(name: str, raw: bytes, *where: str, codes: tuple[int, ...] = (1, 2), reset: bool = False) -> Hostile:
    """A server whose answer is always the same bytes."""

    def deed(connection: Connection, _: bytes) -> None:
        connection.send(raw)
        if reset:
            connection.reset()
            connection.socket.close()

    return Hostile(name, does(deed, *where), codes, raw if len(raw) < 2 << 20 else None)


def acts(name: str, deed: Deed, *where: str, codes: tuple[int, ...] = (1, 2), **more: Any) -> Hostile:
    return Hostile(name, does(deed, *where), codes, **more)


class House:
    """All servers behind one port, those with TLS behind ports of their own; threads of this process."""

    def __init__(self, servers: list[Hostile]) -> None:
        self.servers = servers
        self._stopped = threading.Event()
        self._plain = self._listen(None)
        self._own = {
            number: self._listen(one) for number, one in enumerate(servers) if one.tls is not None
        }

    def url(self, number: int) -> str:
        port = self._own.get(number, self._plain)
        return f"{'https' if self.servers[number].https else 'http'}://localhost:{port}/{number}/v1"

    def _listen(self, one: Hostile | None) -> int:
        listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        threading.Thread(target=self._accept, args=(listener, one), daemon=True).start()
        return int(listener.getsockname()[1])

    def _accept(self, listener: socket.socket, one: Hostile | None) -> None:
        while True:
            accepted, _ = listener.accept()
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(accepted, one), daemon=True).start()

    def _serve(self, accepted: socket.socket, one: Hostile | None) -> None:
        with contextlib.suppress(OSError, ssl.SSLError), contextlib.ExitStack() as stack:
            stack.enter_context(accepted)
            plain = accepted
            if one is not None and one.tls is not None:
                plain = stack.enter_context(one.tls().wrap_socket(accepted, server_side=True))
            chosen = one or self._chosen(accepted)
            if chosen is not None:
                chosen.serve(Connection(plain, 0, self._stopped, []))

    def _chosen(self, accepted: socket.socket) -> Hostile | None:
        """By the path of the request line, which is left for the server to read."""
        accepted.settimeout(HELD_SECONDS)
        while True:
            seen = accepted.recv(4096, socket.MSG_PEEK)
            found = re.match(rb"\S+ /(\d+)/", seen)
            if found is not None:
                accepted.settimeout(None)
                return self.servers[int(found[1])]
            if not seen or len(seen) > 100:
                # TLS where none is spoken
                accepted.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                return None
            time.sleep(0.001)

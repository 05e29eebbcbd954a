"""The proxy: an ASGI app that passes everything on, piece by piece, and hands each exchange to a judge.

What it changes is what HTTP has every intermediary change: hop-by-hop headers, and Host. Nothing here decodes
or judges: `seen` is called when an exchange is over, and must neither raise nor take long.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2

from runs_conformance.clients.capture import MOST_BODY, Capture, Lines
from runs_conformance.target.wire import Tracer, diagnosis

# A body up to this size is read before it is sent on, so that it can be sent again on a fresh connection.
WHOLE: Final = 1024 * 1024
CONNECT_SECONDS: Final = 10.0
_KEEP_ALIVE: Final = 60.0
# RFC 9110 section 7.6.1 and RFC 9112; what Connection names comes on top.
HOP_BY_HOP: Final = frozenset({
    "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    "proxy-authorization", "proxy-authenticate",
})  # fmt: skip
Message = dict[str, Any]
Receive = Callable[[], Any]
Send = Callable[[Message], Any]
Raw = Iterable[tuple[bytes, bytes]]


class _GoneError(Exception):
    """The client left before its request was complete."""


@dataclass(slots=True)
class Traffic:
    """What passed, for the report: exchanges, and requests that the upstream did not answer."""

    exchanges: int = 0
    unanswered: int = 0


@dataclass
class Proxy:
    """`upstream` is the origin of the other side (scheme, host, port); paths are passed on as they are."""

    upstream: str
    seen: Callable[[Capture], None]
    traffic: Traffic = field(default_factory=Traffic)

    def __post_init__(self) -> None:
        self._host = urlsplit(self.upstream).netloc.rpartition("@")[2].encode("latin-1")
        self._client: httpx2.AsyncClient | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._exchange(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        self._client = _client(self.upstream)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._client.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    async def _exchange(self, scope: Message, receive: Receive, send: Send) -> None:
        self.traffic.exchanges += 1
        target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        capture = Capture(
            self.traffic.exchanges, scope["method"], target, _text(scope["headers"]), time.time()
        )
        started = time.monotonic()
        try:
            await self._pass(scope, receive, send, capture, started)
        except _GoneError:
            capture.failure = ("closed", "the client left before its request was complete")
        except asyncio.CancelledError:
            capture.failure = capture.failure or ("closed", "the proxy was ended")
            raise
        finally:
            capture.seconds = time.monotonic() - started
            self.traffic.unanswered += capture.status is None
            self.seen(capture)

    async def _pass(
        self, scope: Message, receive: Receive, send: Send, capture: Capture, started: float
    ) -> None:
        """Both directions at once: as soon as the client leaves, the upstream is left too."""
        read = asyncio.Event()
        body, more = await _start_of_body(receive)
        capture.body = body
        if not more:
            read.set()
        content = _rest(body, receive, read, capture) if more else body
        work = asyncio.ensure_future(self._forward(scope, content, send, capture, started))
        gone = asyncio.ensure_future(_gone(receive, read))
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                capture.failure = ("closed", "the client closed the connection")
                work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await work
        finally:
            for task in (work, gone):
                task.cancel()
            await asyncio.gather(work, gone, return_exceptions=True)

    async def _forward(
        self, scope: Message, content: bytes | AsyncIterator[bytes], send: Send, capture: Capture,
        started: float,
    ) -> None:  # fmt: skip
        """Send on and back. A break in the middle of an answer breaks the client's connection too."""
        try:
            response = await self._send(scope, content, capture)
        except httpx2.HTTPError as error:
            capture.failure = diagnosis(error)
            await _bad_gateway(send, capture.failure[1])
            return
        try:
            capture.status, capture.answered = response.status_code, _text(response.headers.raw)
            start = {"status": response.status_code, "headers": list(_passed_on(response.headers.raw))}
            await send({"type": "http.response.start", **start})
            async for data in response.aiter_raw():
                capture.piece(data, time.monotonic() - started)
                await send({"type": "http.response.body", "body": data, "more_body": True})
            capture.ended = True
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except httpx2.HTTPError as error:
            capture.failure = diagnosis(error)
        finally:
            await response.aclose()

    async def _send(
        self, scope: Message, content: bytes | AsyncIterator[bytes], capture: Capture
    ) -> httpx2.Response:
        """The answer's head. A request that met a connection found dead goes again, as clients do."""
        assert self._client is not None
        while True:
            tracer = Tracer()
            request = self._request(scope, content, capture, tracer)
            try:
                return await self._client.send(request, stream=True, auth=None, follow_redirects=False)
            except (httpx2.NetworkError, httpx2.RemoteProtocolError):
                if not (isinstance(content, bytes) and tracer.reused and not tracer.answered):
                    raise

    def _request(
        self, scope: Message, content: bytes | AsyncIterator[bytes], capture: Capture, tracer: Tracer
    ) -> httpx2.Request:
        """The request with the client's own header lines and target, byte for byte."""
        headers = [(b"host", self._host), *(one for one in _passed_on(scope["headers"]) if one[0] != b"host")]
        request = httpx2.Request(
            scope["method"],
            self.upstream,
            headers=headers,
            content=content or None,
            extensions={
                "timeout": {"connect": CONNECT_SECONDS, "read": None, "write": None, "pool": None},
                "trace": tracer,
                "target": capture.target,
            },
        )
        if not content and not any(name == b"content-length" for name, _ in scope["headers"]):
            request.headers.pop("content-length", None)
        return request


def _client(upstream: str) -> httpx2.AsyncClient:
    loopback = urlsplit(upstream).hostname in ("127.0.0.1", "::1", "localhost")
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=_KEEP_ALIVE)
    return httpx2.AsyncClient(trust_env=not loopback, limits=limits, http2=False)


def _text(lines: Raw) -> Lines:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in lines]


def _passed_on(lines: Raw) -> Iterable[tuple[bytes, bytes]]:
    """Without what is meant for the next hop only."""
    kept = list(lines)
    named = b",".join(value for name, value in kept if name.lower() == b"connection").decode("latin-1")
    hop = HOP_BY_HOP | {one.strip().lower() for one in named.split(",")}
    return ((name, value) for name, value in kept if name.decode("latin-1").lower() not in hop)


async def _start_of_body(receive: Receive) -> tuple[bytes, bool]:
    """The body, or its first WHOLE bytes and that there is more."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _GoneError
        body += message.get("body", b"")
        more = bool(message.get("more_body"))
        if not more or len(body) > WHOLE:
            return bytes(body), more


async def _rest(
    start: bytes, receive: Receive, read: asyncio.Event, capture: Capture
) -> AsyncIterator[bytes]:
    """A large body as it comes in; it is kept up to MOST_BODY."""
    kept: bytearray | None = bytearray(start)
    yield start
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _GoneError
        data = message.get("body", b"")
        more = bool(message.get("more_body"))
        kept = kept + data if kept is not None and len(kept) + len(data) <= MOST_BODY else None
        yield data
    capture.body = None if kept is None else bytes(kept)
    read.set()


async def _gone(receive: Receive, read: asyncio.Event) -> None:
    """Returns when the client has closed its connection; its body has to be read first."""
    await read.wait()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _bad_gateway(send: Send, reason: str) -> None:
    message = f"runs-conformance watch: the upstream did not answer: {reason}"
    inner = {"message": message, "type": "server_error", "param": None, "code": "bad_gateway"}
    body = json.dumps({"error": inner}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 502, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})

"""HTTP done otherwise: encodings, connections, headers, delays. The first wrapper is the outermost."""

from __future__ import annotations

import asyncio
import random
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runs_conformance.reference.variations.variation import chooses, wraps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from runs_conformance.reference.options import ReferenceOptions

    Headers = Iterable[tuple[bytes, bytes]]

START = "http.response.start"


def headers_changed(app: ASGIApp, change: Callable[[Headers], Headers]) -> ASGIApp:
    """The app with the headers of its answers changed."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == START:
                message = {**message, "headers": list(change(message["headers"]))}
            await send(message)

        await app(scope, receive, sent)

    return wrapped


def about(headers: Headers, name: bytes) -> bytes:
    return next((value for key, value in headers if key.lower() == name), b"")


def _less(headers: Headers, *names: bytes) -> list[tuple[bytes, bytes]]:
    return [(key, value) for key, value in headers if key.lower() not in names]


@wraps("RFC 9112 section 9.3: keep-alive is optional", group="connection")
def connection_close(app: ASGIApp) -> ASGIApp:
    """Every answer closes its connection, and says so."""
    return headers_changed(app, lambda headers: [*headers, (b"connection", b"close")])


@wraps("RFC 9112 section 9.5: an idle connection may be closed at any time", group="connection")
def connection_dropped(app: ASGIApp) -> ASGIApp:
    """About every third connection is closed while it is idle, without a word."""
    rng = random.Random(3)  # noqa: S311 - repeatable, not secret

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)
        transport = getattr(getattr(receive, "__self__", None), "transport", None)
        if transport is not None and rng.random() < 0.3:
            asyncio.get_running_loop().call_later(rng.choice((0.0, 0.001, 0.01)), _close_idle, transport)

    return wrapped


def _close_idle(transport: asyncio.Transport) -> None:
    """Not in the middle of a request: the server would have done what nobody is told of."""
    if transport.is_closing():
        return
    protocol: Any = transport.get_protocol()
    if protocol.cycle.response_complete:
        transport.close()


@wraps("RFC 9110 section 5.1: names of headers have no case")
def header_case(app: ASGIApp) -> ASGIApp:
    """Header names are written in upper case, or in title case."""
    return headers_changed(
        app, lambda headers: [(k.upper() if len(k) % 2 else k.title(), v) for k, v in headers]
    )


@wraps("RFC 9110 section 5.1: recipients ignore fields that they don't know")
def more_headers(app: ASGIApp) -> ASGIApp:
    """Answers have further headers: cookies, caching, tracing, the same name twice."""
    more = [
        (b"set-cookie", b"__cf_bm=abc; path=/; HttpOnly"), (b"set-cookie", b"second=1"),
        (b"cf-ray", b"8-AMS"),
        (b"strict-transport-security", b"max-age=1"), (b"cache-control", b"no-cache"),
        (b"vary", b"Accept-Encoding"),
        (b"keep-alive", b"timeout=5"), (b"x-empty", b""), (b"server", b"other/1.0"),
        (b"alt-svc", b'h3=":443"'),
    ]  # fmt: skip
    return headers_changed(app, lambda headers: [*more, *headers])


@wraps("RFC 9110 section 8.3.2, RFC 8259 section 11: a charset does no harm", group="content-type")
def charset_named(app: ASGIApp) -> ASGIApp:
    """JSON answers say charset=utf-8."""
    return headers_changed(
        app,
        lambda headers: _typed(
            headers, b"application/json; charset=utf-8", b"text/event-stream; charset=utf-8"
        ),
    )


@wraps(
    "RFC 9110 section 8.3.1: type, parameter names and charset have no case, blanks are optional",
    group="content-type",
)
def charset_upper(app: ASGIApp) -> ASGIApp:
    """Content types are written otherwise: upper case, quotes, no blank."""
    return headers_changed(
        app,
        lambda headers: _typed(
            headers, b"Application/JSON;charset=UTF-8", b'Text/Event-Stream;Charset="UTF-8"'
        ),
    )


def _typed(headers: Headers, plain: bytes, stream: bytes) -> list[tuple[bytes, bytes]]:
    kept = _less(headers, b"content-type")
    return [(b"content-type", stream if b"event-stream" in about(headers, b"content-type") else plain), *kept]


def _encoding(app: ASGIApp, name: bytes, bits: int) -> ASGIApp:
    """The app with its answers compressed, pieces of streams flushed one by one."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        packer = zlib.compressobj(6, zlib.DEFLATED, bits)

        async def sent(message: Message) -> None:
            if message["type"] == START:
                headers = [*_less(message["headers"], b"content-length"), (b"content-encoding", name)]
                await send({**message, "headers": headers})
                return
            more = message.get("more_body", False)
            data = packer.compress(message.get("body", b"")) + packer.flush(
                zlib.Z_SYNC_FLUSH if more else zlib.Z_FINISH
            )
            await send({**message, "body": data})

        accepted = name in about(scope.get("headers", ()), b"accept-encoding")
        await app(scope, receive, sent if accepted else send)

    return wrapped


@wraps("RFC 9110 section 8.4: the client says that it takes it", group="encoding")
def gzip(app: ASGIApp) -> ASGIApp:
    """Answers are gzipped, streams too."""
    return _encoding(app, b"gzip", 31)


@wraps("RFC 9110 section 8.4: the client says that it takes it", group="encoding")
def deflate(app: ASGIApp) -> ASGIApp:
    """Answers are deflated (zlib), streams too."""
    return _encoding(app, b"deflate", 15)


@wraps("RFC 9112 section 7.1: chunked needs no Content-Length")
def no_content_length(app: ASGIApp) -> ASGIApp:
    """Answers are chunked, in several pieces."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == START:
                await send({**message, "headers": _less(message["headers"], b"content-length")})
                return
            for piece in _pieces(message.get("body", b"")):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            if not message.get("more_body"):
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        await app(scope, receive, sent)

    return wrapped


def _pieces(body: bytes, size: int = 100) -> Iterator[bytes]:
    return (body[at : at + size] for at in range(0, len(body), size))


@wraps("no document says how fast answers come", group="delay", slow=True)
def slow_answers(app: ASGIApp) -> ASGIApp:
    """Answers take 10 to 50 ms, every fortieth 0.2 s."""
    rng = random.Random(9)  # noqa: S311 - repeatable, not secret

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.2 if rng.random() < 0.025 else rng.uniform(0.01, 0.05))
        await app(scope, receive, send)

    return wrapped


@wraps("proxies buffer; no document says that events come one by one", group="buffering")
def stream_in_one_piece(app: ASGIApp) -> ASGIApp:
    """A stream is sent as a whole when it has ended, with its length."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        start: Message = {}
        held = bytearray()

        async def sent(message: Message) -> None:
            nonlocal start
            if message["type"] == START:
                start = message
                return
            held.extend(message.get("body", b""))
            if not message.get("more_body"):
                headers = [
                    *_less(start["headers"], b"content-length"),
                    (b"content-length", b"%d" % len(held)),
                ]
                await send({**start, "headers": headers})
                await send({"type": "http.response.body", "body": bytes(held), "more_body": False})

        await app(scope, receive, sent)

    return wrapped


@chooses("Azure: every path lies below a deployment or a project", group="base")
def base_path_deployment(options: ReferenceOptions) -> ReferenceOptions:
    """The base path is /openai/deployments/x."""
    return replace(options, base_path="/openai/deployments/x")


@chooses("gateways serve below prefixes of their own", group="base")
def base_path_prefix(options: ReferenceOptions) -> ReferenceOptions:
    """The base path is /threads/api/v1."""
    return replace(options, base_path="/threads/api/v1")


@chooses("Steady and Foundry have no /v1", group="base")
def base_path_none(options: ReferenceOptions) -> ReferenceOptions:
    """There is no base path."""
    return replace(options, base_path="")

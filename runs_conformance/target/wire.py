"""One exchange on the wire, as a coroutine that never raises for what the other side does."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any, Final

import httpx2

from runs_conformance.target.reception import Bounds, Reception

AFTER_DONE: Final = 0.2
_CLOSING: Final = 1.0
LEFTOVER: Final = (
    "the answer was there before the request was sent: bytes of an earlier answer on the same connection, "
    "which were more than its Content-Length (or its last chunk) announced"
)


@dataclass(frozen=True, slots=True)
class Plan:
    """One exchange to be had.

    `deadline` is its total in seconds, `idle` the longest silence within the body.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    drop: frozenset[str]
    body: bytes | None
    bounds: Bounds
    connect: float
    deadline: float
    idle: float | None


class Tracer:
    """What the connection did: was it a used one, and did the answer come off the network at all.

    The library parses what is left in its buffer as the answer to the next request. Such an answer needs no
    network and therefore no turn of the event loop between "waiting for the head" and "head complete": that
    is how it is told.
    """

    def __init__(self) -> None:
        self.reused = True
        self.answered = False
        self.leftover = False
        self._turned = False

    async def __call__(self, name: str, info: Any) -> None:
        del info
        if name == "connection.connect_tcp.started":
            self.reused = False
        elif name.endswith("receive_response_headers.started"):
            self._turned = False
            asyncio.get_running_loop().call_soon(self._turn)
        elif name.endswith("receive_response_headers.complete"):
            self.answered = True
            self.leftover = not self._turned

    def _turn(self) -> None:
        self._turned = True


async def exchange(client: httpx2.AsyncClient, plan: Plan) -> tuple[Reception, httpx2.Request | None]:
    """Send and receive: how it ended, and the request as it went out (None: it could not be formed).

    A connection that the server had closed while it was idle can look alive until it is used. If one is found
    dead before an answer began, the request is sent again, until on a fresh connection, as browsers and SDKs
    do: else each server with a short keep-alive would now and then look broken.
    """
    started = time.monotonic()
    deadline = asyncio.get_running_loop().time() + plan.deadline
    requests = 0
    while True:
        requests += 1
        reception, tracer = Reception(plan.bounds, requests), Tracer()
        try:
            request = request_of(plan, tracer)
        except (httpx2.InvalidURL, ValueError) as error:
            reception.fail("protocol", f"the request can't be formed: {error}")
            return reception, None
        attempt = _Attempt(client, request, reception, tracer, started)
        await attempt.guarded(plan, deadline)
        if not attempt.found_dead:
            return reception, request


def request_of(plan: Plan, tracer: Callable[[str, Any], Any]) -> httpx2.Request:
    """The request of a plan; `tracer` is told what the connection does. ValueError if it can't be formed."""
    timeout = {"connect": plan.connect, "read": plan.idle, "write": None, "pool": None}
    request = httpx2.Request(
        plan.method,
        plan.url,
        headers=[(name.encode("ascii"), value.encode("latin-1")) for name, value in plan.headers],
        content=plan.body,
        extensions={"timeout": timeout, "trace": tracer},
    )
    for name in plan.drop:
        request.headers.pop(name, None)
    return request


@dataclass(frozen=True, slots=True)
class _Attempt:
    client: httpx2.AsyncClient
    request: httpx2.Request
    reception: Reception
    tracer: Tracer
    started: float

    @property
    def found_dead(self) -> bool:
        failure = self.reception.failure
        broken = failure is not None and failure.kind == "disconnected"
        return broken and self.tracer.reused and not self.tracer.answered

    async def guarded(self, plan: Plan, deadline: float) -> None:
        """Whatever happens becomes a failure of the reception."""
        try:
            async with asyncio.timeout_at(deadline):
                await self._receive()
        except TimeoutError:
            so_far = "nothing came" if self.reception.status is None else "the answer was not complete"
            self.reception.fail("deadline", f"{so_far} within {plan.deadline:g} seconds")
        except httpx2.ConnectTimeout:
            self.reception.fail("unreachable", f"no connection within {plan.connect:g} seconds")
        except httpx2.ReadTimeout:
            self.reception.fail("idle", f"silence for {plan.idle or 0:g} seconds")
        except httpx2.HTTPError as error:
            self.reception.fail(*diagnosis(error))

    async def _receive(self) -> None:
        response = await self.client.send(self.request, stream=True, auth=None, follow_redirects=False)
        try:
            if self.tracer.leftover:
                self.reception.fail("protocol", LEFTOVER)
                return
            lines = [
                (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw
            ]
            self.reception.head(response.status_code, lines)
            async with contextlib.aclosing(response.aiter_raw()) as chunks:
                await _body(chunks, self.reception, self.started)
        finally:
            await _close(response)


async def _close(response: httpx2.Response) -> None:
    """Closing says nothing about the answer, and a peer must not be able to hold us there either."""
    with contextlib.suppress(TimeoutError, httpx2.HTTPError):
        async with asyncio.timeout(_CLOSING):
            await response.aclose()


async def _body(chunks: AsyncGenerator[bytes], reception: Reception, started: float) -> None:
    loop = asyncio.get_running_loop()
    grace_until: float | None = None
    while not reception.stop:
        if reception.done and grace_until is None:
            grace_until = loop.time() + AFTER_DONE
        try:
            async with asyncio.timeout_at(grace_until):
                data = await anext(chunks)
        except StopAsyncIteration:
            reception.end()
            return
        except TimeoutError:
            if grace_until is None:
                raise
            return
        reception.data(data, time.monotonic() - started)


def diagnosis(error: httpx2.HTTPError) -> tuple[str, str]:
    text = str(error) or type(error).__name__
    if _caused_by_tls(error):
        return "tls", f"TLS failed: {text}"
    if isinstance(error, httpx2.ConnectError | httpx2.ProxyError | httpx2.PoolTimeout):
        return "unreachable", f"no connection: {text}"
    if isinstance(error, httpx2.NetworkError):
        return "disconnected", f"the connection broke: {text}"
    if isinstance(error, httpx2.RemoteProtocolError) and (
        "disconnected" in text or "closed connection" in text
    ):
        return "disconnected", f"the server closed the connection: {text}"
    return "protocol", f"not HTTP as it should be: {text}"


def _caused_by_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False

"""Answers that are errors: for good, or only the first time that something is asked."""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from runs_conformance.reference.scenarios.scenario import Error, Scenario, add

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from runs_conformance.reference.options import ReferenceOptions

# Requests that were answered with an error and have not come again: the oldest make room.
MOST_WAITING: Final = 1000
_CREATE: Final = re.compile(r".*/runs")
_READ: Final = re.compile(r".*/runs/[^/]+")
_HTML: Final = (
    b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
)


def _error(message: str, kind: str, code: str | None = None, param: str | None = None) -> bytes:
    inner = {"message": message, "type": kind, "param": param, "code": code}
    return json.dumps({"error": inner}, indent=2).encode()


def _answering(
    status: int,
    body: bytes,
    *,
    again: bool,
    method: str = "POST",
    path: re.Pattern[str] = _CREATE,
    **headers: str,
) -> Callable[[ASGIApp], ASGIApp]:
    """Answers such requests with this error: each time, or not when the same request comes `again`."""
    given = {"content_type": "application/json", **headers, "content_length": str(len(body))}
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()]

    def wrap(app: ASGIApp) -> ASGIApp:
        waiting: OrderedDict[object, None] = OrderedDict()
        count = 0

        async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
            nonlocal count
            if scope["method"] != method or not path.fullmatch(scope["path"]):
                await app(scope, receive, send)
                return
            message = await _whole(receive)
            asked = _asked(scope, message["body"])
            if again and asked in waiting:
                del waiting[asked]
                await app(scope, _first(message, receive), send)
                return
            waiting[asked] = None
            if len(waiting) > MOST_WAITING:
                waiting.popitem(last=False)
            count += 1
            start = [*raw, (b"x-request-id", b"req_scenario%d" % count)]
            await send({"type": "http.response.start", "status": status, "headers": start})
            await send({"type": "http.response.body", "body": body})

        return wrapped

    return wrap


def _asked(scope: Scope, body: bytes) -> object:
    """What makes two requests the same: who asks, what, with which body."""
    who = next((value for name, value in scope["headers"] if name in (b"authorization", b"api-key")), b"")
    return who, scope["path"], body


async def _whole(receive: Receive) -> Message:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return {"type": "http.request", "body": body, "more_body": False}


def _first(message: Message, receive: Receive) -> Receive:
    """A `receive` that gives `message` before all else."""
    messages = [message]

    async def received() -> Message:
        return messages.pop() if messages else await receive()

    return received


def _add(
    name: str,
    sentence: str,
    must: str,
    status: int,
    body: bytes,
    *,
    error: Error = "refused",
    ends: str = "",
    conforms: bool = True,
    seconds: float = 1.0,
    **more: Any,
) -> None:
    wrap = _answering(status, body, again=error == "retried", **more)

    def choose(options: ReferenceOptions) -> ReferenceOptions:
        return replace(options, wrappers=(*options.wrappers, wrap))

    add(Scenario(
        name, "error", sentence, must, choose, ends=ends, error=error, conforms=conforms, seconds=seconds
    ))  # fmt: skip


_retried = partial(_add, error="retried", ends="completed")
_RETRY: Final = "the same as without it, after a retry; or the error, if it does not retry"
_LIMIT: Final = _error("Rate limit reached.", "rate_limit_error", "rate_limit_exceeded")
_BROKEN: Final = _error("The server had an error while processing your request.", "server_error")
_add(
    "refused",
    "Creating the run is refused with 400 before any stream begins.",
    "the error with status, message, param and code",
    400,
    _error(
        "Invalid 'temperature': decimal above maximum value.",
        "invalid_request_error",
        "decimal_above_max_value",
        "temperature",
    ),
)
_add(
    "unauthorized",
    "Creating the run is refused with 401: the key is wrong.",
    "the error with status 401; no retry",
    401,
    _error("Incorrect API key provided.", "invalid_request_error", "invalid_api_key"),
)
_add(
    "not-found",
    "Creating the run is refused with 404: the assistant is unknown.",
    "the error with status 404; no retry",
    404,
    _error("No assistant found with id 'asst_gone'.", "invalid_request_error"),
)
_add(
    "always-429",
    "Creating the run is always answered with 429.",
    "the error with status 429, after any retries",
    429,
    _LIMIT,
)
_add(
    "always-500",
    "Creating the run is always answered with 500.",
    "the error with status 500, after any retries",
    500,
    _BROKEN,
)
_retried(
    "busy-429",
    "The first try is answered with 429 and Retry-After: 1, the next succeeds.",
    f"{_RETRY}; no retry within that second",
    429,
    _LIMIT,
    retry_after="1",
    seconds=3.0,
)
_retried(
    "busy-429-bare",
    "The first try is answered with 429 without Retry-After, the next succeeds.",
    _RETRY,
    429,
    _LIMIT,
    seconds=3.0,
)
_retried(
    "error-500", "The first try is answered with 500, the next succeeds.", _RETRY, 500, _BROKEN, seconds=3.0
)
_retried(
    "busy-503",
    "The first try is answered with 503 and Retry-After: 1, the next succeeds.",
    _RETRY,
    503,
    _BROKEN,
    retry_after="1",
    seconds=3.0,
)
_retried(
    "bad-gateway",
    "The first try is answered with 502 and a page of HTML, the next succeeds.",
    _RETRY,
    502,
    _HTML,
    content_type="text/html",
    conforms=False,
    seconds=3.0,
)
_retried(
    "busy-while-polling",
    "The first time that the run is read it is answered with 503, then as ever.",
    _RETRY,
    503,
    _BROKEN,
    method="GET",
    path=_READ,
    retry_after="1",
    seconds=3.0,
)

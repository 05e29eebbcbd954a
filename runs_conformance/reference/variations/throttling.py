"""Servers that are busy now and then, and say so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from runs_conformance.reference.variations.variation import wraps

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send


def _now_and_then(app: ASGIApp, status: int, when: Callable[[int], bool], **headers: str) -> ASGIApp:
    """The app, which answers the requests whose number (from 1) `when` picks with an error of this status."""
    kind = {429: "rate_limit_error", 503: "server_error"}[status]
    error = {"message": "Too many requests.", "type": kind, "param": None, "code": None}
    count = 0

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal count
        count += scope["path"].startswith("/_reference") is False
        if scope["path"].startswith("/_reference") or not when(count):
            await app(scope, receive, send)
            return
        given = {"content-type": "application/json", "x-request-id": f"req_busy{count}", **headers}
        raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": json.dumps({"error": error}).encode()})

    return wrapped


@wraps("RQ-276, RQ-286: 429 with Retry-After is documented since 2026-08-14", slow=True)
def busy_429(app: ASGIApp) -> ASGIApp:
    """Every 173rd request is answered with 429 and Retry-After: 1, and the first."""
    return _now_and_then(app, 429, lambda count: count % 173 == 1, retry_after="1")


@wraps("RFC 9110 section 15.5.4: 503 tells a moment's overload", slow=True)
def busy_503(app: ASGIApp) -> ASGIApp:
    """Every 97th request is answered with 503, and the first two."""
    return _now_and_then(app, 503, lambda count: count % 97 == 0 or count <= 2)


@wraps("RQ-276: Retry-After is optional", slow=True)
def busy_429_bare(app: ASGIApp) -> ASGIApp:
    """Every 41st request is answered with 429 without Retry-After."""
    return _now_and_then(app, 429, lambda count: count % 41 == 0)

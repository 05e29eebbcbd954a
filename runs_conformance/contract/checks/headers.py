"""Headers of answers, and those of a request that a client is judged by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from runs_conformance.contract.findings import Finding, passed, verdict
from runs_conformance.contract.jsontext import brief
from runs_conformance.contract.judge import Context, on_exchange
from runs_conformance.contract.model import Exchange
from runs_conformance.contract.operations import CREATE

# The vendor's own; Azure's gateway has one of its own name (recordings of both).
REQUEST_IDS: Final = ("x-request-id", "apim-request-id")
OPTIONAL: Final = ("openai-version", "openai-organization", "openai-processing-ms", "openai-poll-after-ms")


@on_exchange("headers.request-id", "headers.optional")
def request_id(exchange: Exchange, _: Context) -> Iterator[Finding]:
    response = exchange.response
    if response is None or not exchange.operation.name or not response.headers.lines:
        return
    given = [response.headers.get(name) for name in (*REQUEST_IDS, "x-request-id_present")]
    yield verdict(
        "headers.request-id", any(value and value.strip() for value in given), exchange, where="headers",
        expected="an x-request-id header that is not empty", actual="an empty one" if any(
            value is not None for value in given
        ) else "none",
    )
    if any(name in response.headers for name in OPTIONAL):
        yield passed("headers.optional", exchange)


@on_exchange("headers.retry-after")
def retry_after(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """Optional.

    Where it stands on a 429 it is a whole number of seconds, at least 1 (vendor schema of 2026-08-14).
    """
    response = exchange.response
    value = response.headers.get("retry-after") if response is not None and response.status == 429 else None
    if value is not None:
        yield verdict(
            "headers.retry-after", re.fullmatch(
                "0*[1-9][0-9]*", value.strip(),
            ) is not None, exchange, where="header retry-after",
            expected="a whole number of at least 1", actual=brief(value),
        )


@on_exchange("headers.paths", "headers.bearer", operations=CREATE)
def reachable(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """An accepted create proves its path, the bearer key and the JSON body."""
    if exchange.ok:
        yield passed("headers.paths", exchange)
        if "authorization" in exchange.request.headers:
            yield passed("headers.bearer", exchange)


@on_exchange("headers.runs-not-a-thread", operations=("createThreadAndRun",))
def runs_is_no_thread(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """POST /threads/runs makes a thread.

    A server that took "runs" for a thread's id changes or refuses that thread.
    """
    response = exchange.response
    if response is None or not response.ok or exchange.streamed:
        return
    kind, thread = response.object.get("object"), response.object.get("thread_id")
    yield verdict(
        "headers.runs-not-a-thread", kind != "thread" and thread != "runs", exchange, where="response",
        expected="a run on a new thread", actual=brief({"object": kind, "thread_id": thread}),
    )


@on_exchange("headers.beta-sent")
def beta_sent(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """Judged on clients' traffic only: what our own suite sends says nothing about the target."""
    if exchange.source != "watched" or not exchange.operation.name:
        return
    yield verdict(
        "headers.beta-sent", "assistants=v2" in (exchange.request.headers.get("openai-beta") or ""), exchange,
        where="request header openai-beta", expected="OpenAI-Beta: assistants=v2",
        actual=exchange.request.headers.get("openai-beta") or "none",
    )

"""Beyond the documented: what is wrong with an answer whatever was sent. Pure; rows of the chapter `beyond`.

These say nothing on whether a body may be accepted: a plain refusal and an acceptance are both fine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from runs_conformance.contract.findings import Finding, failed, passed, verdict
from runs_conformance.contract.jsontext import MISSING, brief
from runs_conformance.contract.model import Exchange, Response
from runs_conformance.contract.operations import ANSWERS, CREATE, STREAMABLE
from runs_conformance.contract.register import NEWEST
from runs_conformance.contract.schemas import violations
from runs_conformance.contract.traces import answer_run
from runs_conformance.fuzzing.internals import inside

SERVER_ERROR: Final = "beyond.server-error"
ANSWERED: Final = "beyond.answered"
INTERNALS: Final = "beyond.internals"
MEDIA: Final = "beyond.media-type"
SHAPE: Final = "beyond.shape"
CONSISTENT: Final = "beyond.consistent"
# What is a finding only if it is met again: a server may have had a bad moment.
ONCE_MORE: Final = frozenset({SERVER_ERROR, ANSWERED})
_KNOWN_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUSY: Final = 503
_JSON: Final = "application/json"
_STREAM: Final = "text/event-stream"
# Not the server's silence: nobody was there, we hung up, or it was we who could not read any more.
_OURS: Final = frozenset({"closed", "too-large", "unreachable", "tls"})


def judge(exchange: Exchange, edition: str = NEWEST, *, odd: bool = False) -> Iterator[Finding]:
    """Findings about one exchange; after `odd` input, that no other row speaks about, of its shape too."""
    yield from answered(exchange)
    response = exchange.response
    if response is None:
        return
    if not exchange.throttled:
        yield from server_error(exchange, response)
    if response.status >= 400:
        found = inside(exchange)
        yield verdict(
            INTERNALS, found is None, exchange, where="response", expected="a message about the request",
            actual=f"{found[0]}: {brief(found[1])}" if found else "",
        )
    if exchange.operation.name and not exchange.throttled:
        yield from media_type(exchange, response)
        if odd:
            yield from shape(exchange, response, edition)


def answered(exchange: Exchange) -> Iterator[Finding]:
    failure = exchange.failure or (exchange.response.failure if exchange.response else None)
    if failure is not None and failure.kind in _OURS:
        return
    if exchange.response is None and failure is None:
        return
    yield verdict(
        ANSWERED, failure is None, exchange, where="connection", expected="a whole answer in time",
        actual=failure.text if failure else "",
    )


def server_error(exchange: Exchange, response: Response) -> Iterator[Finding]:
    unknown = response.status == 501 and exchange.request.method.upper() not in _KNOWN_METHODS
    if response.status == _BUSY or unknown:
        return
    yield verdict(
        SERVER_ERROR, response.status < 500, exchange, where="status",
        expected="an answer below 500", actual=f"status {response.status}",
    )


def media_type(exchange: Exchange, response: Response) -> Iterator[Finding]:
    """JSON, or a stream where one may come; below 500, for gateways answer some errors in their own words."""
    if not response.body or response.status >= 500 or 300 <= response.status < 400:
        return
    media = response.headers.media_type
    streams = exchange.operation.name in STREAMABLE and response.ok
    fine = _is_json(media) or (streams and media == _STREAM)
    whole = media == _STREAM or response.json is not MISSING or response.failure is not None
    expected = f"{_JSON} or {_STREAM}" if streams else _JSON
    if not fine:
        yield failed(MEDIA, exchange, where="header content-type", expected=expected, actual=media or "none")
    elif not whole:
        shown = response.body[:80].decode("utf-8", "replace")
        yield failed(MEDIA, exchange, where="response", expected="a body that is JSON", actual=brief(shown))
    else:
        yield passed(MEDIA, exchange)


def _is_json(media: str) -> bool:
    return media == _JSON or (media.startswith("application/") and media.endswith("+json"))


def shape(exchange: Exchange, response: Response, edition: str) -> Iterator[Finding]:
    """The documented object or the error envelope, after input that no other row speaks about."""
    kind = "error" if response.refused else ANSWERS[exchange.operation.name].partition(":")[0]
    if not (response.ok or response.refused) or response.json is MISSING or response.events is not None:
        return
    found = violations(kind, response.json, variant="accepted", edition=edition)
    where = "/".join(map(str, found[0].path)) if found else ""
    yield verdict(
        SHAPE, not found, exchange, where=f"response /{where}",
        expected=found[0].message if found else "", actual=brief(response.json) if found else "",
    )


def consistent(first: Exchange, second: Exchange) -> Iterator[Finding]:
    """Two answers to the same body, sent on equal ground (fresh threads): of one kind, with one content."""
    if not (_says_something(first) and _says_something(second)):
        return
    if first.ok != second.ok:
        yield failed(
            CONSISTENT, second, where="status",
            expected=f"what the same body got before: status {first.status}",
            actual=f"status {second.status}",
        )
        return
    if not first.ok or first.operation.name not in CREATE:
        yield passed(CONSISTENT, second)
        return
    one, other = _settings(first), _settings(second)
    differing = sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
    yield verdict(
        CONSISTENT, not differing, second, where=f"response /{differing[0]}" if differing else "",
        expected=f"as before: {brief(one.get(differing[0]))}" if differing else "",
        actual=brief(other.get(differing[0])) if differing else "",
    )


_OF_THE_REQUEST: Final = (
    "assistant_id", "model", "instructions", "tools", "metadata", "temperature", "top_p", "max_prompt_tokens",
    "max_completion_tokens", "truncation_strategy", "tool_choice", "parallel_tool_calls", "response_format",
)  # fmt: skip


def _settings(exchange: Exchange) -> dict[str, Any]:
    run = answer_run(exchange)
    return {name: run[name] for name in _OF_THE_REQUEST if name in run}


def _says_something(exchange: Exchange) -> bool:
    response = exchange.response
    whole = response is not None and response.failure is None
    return whole and not exchange.throttled and (exchange.status or 0) < 500

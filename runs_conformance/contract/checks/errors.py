"""Error answers: the envelope, its fields, and the statuses that clients tell causes apart by."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any, Final

from runs_conformance.contract.checks.common import at
from runs_conformance.contract.checks.refusals import beside_the_point, breaches, faults
from runs_conformance.contract.compare import normal_param
from runs_conformance.contract.findings import Finding, failed, passed, verdict
from runs_conformance.contract.jsontext import MISSING, brief
from runs_conformance.contract.judge import Context, on_exchange, on_trace
from runs_conformance.contract.model import Event, Exchange, Response, Trace
from runs_conformance.contract.schemas import Violation, violations
from runs_conformance.contract.shapes import place
from runs_conformance.contract.traces import answer_run, of_kind

# What a case was sent for -> the row that says what the answer to it is.
_NOT_FOUND: Final = {
    "refuse.assistant-id.unknown": "error.not-found", "refuse.thread-id.unknown": "error.not-found",
    "error.not-found.run": "error.not-found.run",
}


def _error(exchange: Exchange) -> tuple[Response, dict[str, Any]] | None:
    """The answer and its inner error, for every 4xx and 5xx; {} when there is no envelope."""
    response = exchange.response
    if response is None or response.status < 400:
        return None
    inner = response.object.get("error")
    return response, inner if isinstance(inner, dict) else {}


# A proxy in front of the target answers these in its own words.
_GATEWAY: Final = (502, 503, 504)


def _contract(exchange: Exchange) -> bool:
    """Operations that runs are created with or come about by.

    Deleting is none, and many targets don't offer it.
    """
    return bool(exchange.operation.name) and not exchange.operation.name.startswith("delete")


@on_exchange("error.envelope", "error.fields", "error.rate-limit")
def envelope(exchange: Exchange, context: Context) -> Iterator[Finding]:
    """{"error": {message, type, param, code}} as application/json; 429 like all others."""
    found = _error(exchange)
    if found is None or not _contract(exchange) or found[0].status in _GATEWAY:
        return
    response, inner = found
    media = response.headers.media_type
    row = "error.rate-limit" if response.status == 429 else "error.envelope"
    yield verdict(
        row, bool(inner), exchange, where="response", expected='an object {"error": {...}}',
        actual=brief(response.json) if response.json is not MISSING else _text(response),
    )
    if response.headers.lines:
        yield verdict(
            row, media == "application/json", exchange, where="header content-type",
            expected="application/json", actual=media or "no content-type",
        )
    if inner:
        problems = violations("error", response.json, variant="accepted", edition=context.edition)
        yield verdict(
            "error.fields", not problems, exchange, where="response /error",
            expected="message and type strings, param and code strings or null, all four present",
            actual=inner,
        )


def _text(response: Response) -> str:
    if not response.body:
        return "an empty body"
    return f"a body that is not JSON: {brief(response.body[:80].decode('utf-8', 'replace'))}"


@on_exchange("error.type")
def kind(exchange: Exchange, _: Context) -> Iterator[Finding]:
    found = _error(exchange)
    if found and found[1] and found[0].status in (400, 401, 404) and _contract(exchange):
        yield verdict(
            "error.type", found[1].get(
                "type"
            ) == "invalid_request_error", exchange, where="response /error/type",
            expected="invalid_request_error", actual=brief(found[1].get("type", MISSING)),
        )


@on_exchange("error.param", "error.code", "error.status-400")
def field_mistake(exchange: Exchange, context: Context) -> Iterator[Finding]:
    """One breach of the request schema: status 400, `param` names the field, `code` the kind of mistake."""
    found = _error(exchange)
    if found is None or not found[0].refused or found[0].status in (401, 403) or beside_the_point(exchange):
        return
    broken = breaches(exchange, context)
    if not broken:
        return
    yield verdict(
        "error.status-400", found[0].status == 400, exchange, expected="status 400",
        actual=f"status {found[0].status}",
    )
    if len(faults(exchange, context)) == 1 and found[1]:
        path = _path(broken[0][1])
        if path:
            yield _param(exchange, path, found[1].get("param"))
        if isinstance(found[1].get("code"), str):
            yield passed("error.code", exchange)


def _path(error: Violation) -> tuple[str, ...]:
    """Where the mistake is, spelt as `normal_param` spells it: a key may hold dots itself."""
    return tuple(part for step in place(error) for part in (normal_param(str(step)) or (str(step),)))


# Who validates a union can't tell the branch: the field that holds it is named, and that may be an entry's.
_UP: Final = 2


def _param(exchange: Exchange, path: tuple[str, ...], param: Any) -> Finding:
    """The field's path; a parent of it (two steps up at most) or something inside it names it as well."""
    named = normal_param(param) if isinstance(param, str) else ()
    parent = named == path[: len(named)] and len(path) - len(named) <= _UP
    ok = param == path[-1] or (bool(named) and (parent or path == named[: len(path)]))
    return verdict(
        "error.param", ok, exchange, where="response /error/param",
        expected=f"the path of the field, {_spelled(path)}", actual=brief(param),
    )


def _spelled(path: tuple[str, ...]) -> str:
    text = "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in path)
    return text.removeprefix(".")


# Rows that name the very answer (quoted error bodies): status, code, and the field that param names.
EXACT: Final[dict[str, tuple[int, str | None, str | None]]] = {
    "refuse.key.invalid": (401, None, None),
    "refuse.assistant-id.prefix": (400, "invalid_value", "assistant_id"),
    "refuse.thread-id.prefix": (400, None, None),
    "refuse.beta-header.missing": (400, "invalid_beta", None),
    "refuse.beta-header.v1": (400, None, None),
    "refuse.empty-thread": (400, "invalid_thread", None),
}


@on_exchange(*EXACT)
def exact(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """A refusal whose status, code and param are known."""
    found = _error(exchange)
    if (
        found is None
        or exchange.case is None
        or exchange.case.expect != "refused"
        or beside_the_point(exchange)
    ):
        return
    for row in set(EXACT) & set(exchange.case.requirements):
        status, code, param = EXACT[row]
        seen = (found[0].status, found[1].get("code"), found[1].get("param"))
        ok = (
            seen[0] == status
            and (code is None or seen[1] == code)
            and (param is None or (isinstance(seen[2], str) and normal_param(seen[2]) == (param,)))
        )
        wanted = f"status {status}" + (f", code {code}" if code else "") + (
            f", param {param}" if param else ""
        )
        yield verdict(
            row, ok, exchange, expected=wanted,
            actual=f"status {seen[0]}, code {brief(seen[1])}, param {brief(seen[2])}",
        )


@on_exchange("refuse.unknown-property.code")
def unknown_property(exchange: Exchange, context: Context) -> Iterator[Finding]:
    found = _error(exchange)
    broken = faults(exchange, context)
    if (
        found is None
        or not found[0].refused
        or len(broken) != 1
        or broken[0][1].keyword != "additionalProperties"
        or beside_the_point(exchange)
    ):
        return
    inner, path, name = found[1], _path(broken[0][1]), normal_param(str(broken[0][1].property))
    named = normal_param(inner["param"]) if isinstance(inner.get("param"), str) else ()
    ok = found[0].status == 400 and inner.get("code") == "unknown_parameter" and named[-len(name) :] == name
    yield verdict(
        "refuse.unknown-property.code", ok, exchange,
        expected=f"status 400, code unknown_parameter, param naming {_spelled(path)}",
        actual=(
            f"status {found[0].status}, code {brief(inner.get('code'))}, param {brief(inner.get('param'))}"
        ),
    )


@on_exchange("error.not-found", "error.not-found.run")
def not_found(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """An id of the right form that names nothing: 404, invalid_request_error, param and code null."""
    found, meant = _error(exchange), exchange.case.requirements if exchange.case is not None else ()
    if found is None or beside_the_point(exchange):
        return
    response, inner = found
    shown = {name: inner.get(name) for name in ("type", "param", "code")}
    ok = (
        response.status == 404
        and (not inner or shown == {"type": "invalid_request_error", "param": None, "code": None})
    )
    for row in dict.fromkeys(_NOT_FOUND[one] for one in meant if one in _NOT_FOUND):
        yield verdict(
            row, ok, exchange, expected="status 404, type invalid_request_error, param null, code null",
            actual=f"status {response.status}, {brief(shown)}",
        )


@on_trace("error.active-run")
def active_run(trace: Trace, _: Context) -> Iterator[Finding]:
    """400, invalid_request_error, nothing in param and code, and both ids in the message."""
    runs = {
        str(shown.value["id"])
        for shown in of_kind(trace, "thread.run") if isinstance(shown.value.get("id"), str)
    }
    for exchange in trace.of("createRun"):
        found, case = _error(exchange), exchange.case
        if beside_the_point(exchange):
            continue
        if (
            found is not None
            and found[0].refused
            and case is not None
            and "refuse.thread.active-run" in case.requirements
        ):
            yield _active_run(exchange, found[0], found[1], () if _unseen(trace) else runs)


def _unseen(trace: Trace) -> bool:
    """A create's answer was lost or cut short: there may be a run whose id nobody saw."""
    creates = trace.of("createRun", "createThreadAndRun")
    return any(
        not answer_run(one).get("id") and not one.refused
        for one in creates
    )


def _active_run(
    exchange: Exchange, response: Response, inner: dict[str, Any], runs: Collection[str]
) -> Finding:
    message, thread = str(inner.get("message", "")), exchange.operation.id("thread") or ""
    plain = (
        inner.get("type") == "invalid_request_error"
        and inner.get("param") is None
        and inner.get("code") is None
    )
    named = thread in message and (not runs or any(_names(message, run) for run in runs))
    return verdict(
        "error.active-run", response.status == 400 and plain and named, exchange,
        expected=(
            "status 400, type invalid_request_error, param and code null, the thread's and the run's id in "
            "the message"
        ),
        actual=f"status {response.status}, {brief(inner, 300)}",
    )


def _names(message: str, identity: str) -> bool:
    """As a whole: run_10 does not name run_1."""
    return re.search(rf"(?<![\w-]){re.escape(identity)}(?![\w-])", message) is not None


def _only_an_error(events: tuple[Event, ...]) -> bool:
    told = [word for event in events for word in _called(event)]
    return "error" in told and not any(word.startswith("thread.") for word in told)


def _called(event: Event) -> tuple[str, str]:
    return str(event.name), str(event.object.get("object"))


@on_exchange("error.before-stream", operations=("createRun", "createThreadAndRun", "submitToolOutputs"))
def before_stream(exchange: Exchange, context: Context) -> Iterator[Finding]:
    """Refused before the run exists: a plain JSON error, though a stream was asked for."""
    response, asked = exchange.response, exchange.request.object.get("stream") is True
    wrong = (exchange.case is not None and exchange.case.expect == "refused") or faults(exchange, context)
    if response is not None and response.ok and response.events and asked:
        if wrong and _only_an_error(response.events):
            first = next(event for event in response.events if "error" in _called(event))
            yield failed(
                "error.before-stream", exchange, where=at(first),
                expected="a 4xx or 5xx with a plain JSON error, for there is no run",
                actual=f"status {response.status} and a stream that holds an error and no run",
            )
        return
    found = _error(exchange)
    if found is None or exchange.request.object.get("stream") is not True or not found[0].refused:
        return
    response = found[0]
    yield verdict(
        "error.before-stream", response.events is None and response.headers.media_type == "application/json",
        exchange,
        where="header content-type", expected="an application/json error, not an event stream",
        actual=response.headers.get("content-type") or "no content-type",
    )

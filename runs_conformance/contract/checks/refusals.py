"""Bodies that the contract forbids must be refused, and a refusal must leave nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from runs_conformance.contract.findings import Finding, failed, passed, verdict
from runs_conformance.contract.jsontext import brief, pointer
from runs_conformance.contract.judge import Context, on_exchange, on_trace
from runs_conformance.contract.model import MISSING, Exchange, Trace
from runs_conformance.contract.operations import BODIES, CREATE
from runs_conformance.contract.register import load
from runs_conformance.contract.schemas import NEWEST, Violation, is_valid, violations
from runs_conformance.contract.shapes import place
from runs_conformance.contract.traces import answer_run, of_kind

_JUDGED = CREATE | {"submitToolOutputs", "modifyRun"}
_ROWS = tuple(row.id for row in load() if row.chapter in ("refusal", "recorded") or row.request)


# What says nothing on a body: a time-out, too many calls, a target that is busy.
BUSY: Final = frozenset({408, 429, 503})
# Nor do these, unless the sender knows its key, its thread and the address to be good: turned away at the
# door.
DOOR: Final = frozenset({401, 403, 404, 405, 410, 502, 504})
_NOT_REACHED: Final = frozenset({"unreachable", "tls"})


def faults(exchange: Exchange, context: Context) -> list[tuple[str | None, Violation]]:
    """Every violation of an exchange's body with the row of each.

    None for one that no row covers or no source decides.
    """
    schema, body = BODIES.get(exchange.operation.name), exchange.request.json
    if schema is None or exchange.operation.name not in _JUDGED or body is MISSING:
        return []
    if is_valid(schema, body, variant="documented", edition=context.edition):
        return []
    found = lasting(schema, body, context.edition)
    return [(None if undecided(error, body) else _row(context, schema, error), error) for error in found]


def lasting(schema: str, body: Any, edition: str) -> tuple[Violation, ...]:
    """The violations of what later editions do not allow either.

    A server of today takes what a later edition allows: nobody can blame it for being newer.
    """
    found = violations(schema, body, variant="documented", edition=edition)
    if edition == NEWEST or not found:
        return found
    left = [place(error) for error in violations(schema, body, variant="documented", edition=NEWEST)]
    return tuple(error for error in found if any(_within(other, place(error)) for other in left))


def _within(path: tuple[str | int, ...], outer: tuple[str | int, ...]) -> bool:
    return path[: len(outer)] == outer


def _row(context: Context, schema: str, error: Violation) -> str | None:
    return context.register.for_request(schema, place(error), error.keyword, error.value)


def breaches(exchange: Exchange, context: Context) -> list[tuple[str, Violation]]:
    """The violations that belong to a row."""
    return [(row, error) for row, error in faults(exchange, context) if row is not None]


def unsettled(exchange: Exchange, context: Context) -> frozenset[str]:
    """The members of a body that break the contract, this edition's or today's.

    What becomes of them where they are taken is not written down: a server of today may drop them.
    """
    found = [error for _, error in breaches(exchange, context)]
    if context.edition != NEWEST:
        found += [error for _, error in breaches(exchange, replace(context, edition=NEWEST))]
    return frozenset(str(place(error)[0]) for error in found if place(error))


def beside_the_point(exchange: Exchange) -> bool:
    """The answer says nothing on whether the body may be refused."""
    response, ours = exchange.response, exchange.case is not None and exchange.case.expect == "refused"
    if response is None:
        return not ours or (exchange.failure is not None and exchange.failure.kind in _NOT_REACHED)
    return exchange.throttled or response.status in BUSY or (not ours and response.status in DOOR)


def undecided(error: Violation, body: Any) -> bool:
    """Null in a nested field that could be left out.

    Clients send it, and the vendor's documents contradict themselves (D11).
    """
    if (
        error.keyword != "type"
        or error.value is not None
        or len(error.path) < 2
        or isinstance(error.path[-1], int)
    ):
        return False
    parent: Any = body
    for part in error.path[:-1]:
        parent = parent[part]
    return not _needed(error.path, parent)


# The nested fields that their object can't do without: null is no way of leaving them out.
_NEEDED: Final = frozenset({
    "role", "content", "type", "text", "image_url", "image_file", "url", "file_id", "name", "json_schema",
    "score_threshold",
})


def _needed(path: tuple[str | int, ...], parent: Any) -> bool:
    named = (
        isinstance(parent, dict)
        and path[-1] in ("function", "last_messages")
        and parent.get("type") == path[-1]
    )
    return path[-1] in _NEEDED or named


_BOUNDS: Final = frozenset({
    "minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength", "maxProperties", "propertyNames",
    "pattern",
})


def excused(error: Violation, context: Context) -> bool:
    """The target declares that it does not look at this kind of fault, whatever row it breaks."""
    absent = context.absent
    if "refusals" in absent:
        return True
    kind = "unknown-fields" if error.keyword == "additionalProperties" else "bounds"
    return f"refusals.{kind}" in absent and error.keyword in ("additionalProperties", *_BOUNDS)


@on_exchange(*_ROWS)
def refused(exchange: Exchange, context: Context) -> Iterator[Finding]:
    """A body with a documented violation, or a request whose case says so, is answered with a 4xx.

    A refusal proves a row only when the body breaks no other row; an acceptance disproves every row that it
    breaks.
    """
    if beside_the_point(exchange):
        return
    found = [(row, error) for row, error in faults(exchange, context) if not excused(error, context)]
    if not found and faults(exchange, context):
        return
    broken = {row: _said(error) for row, error in found if row in _ROWS}
    meant = (
        exchange.case.requirements
        if exchange.case is not None and exchange.case.expect == "refused"
        else ()
    )
    rows = {**{row: exchange.case.name for row in meant if row in _ROWS and exchange.case}, **broken}
    if exchange.ok:
        rows.pop(ABSENT_TOOL, None)  # an accepted one may still fail the run: `absent_tool` decides
    got = _outcome(exchange)
    if got is None:
        alone = len({row for row, _ in found}) == 1
        yield from (passed(row, exchange) for row in rows if row in meant or alone)
        return
    for row, said in rows.items():
        yield failed(
            row, exchange, where=f"request {said}",
            expected="a 4xx refusal with the error body, and nothing created", actual=got,
        )


def _said(error: Violation) -> str:
    return f"{pointer(error.path) or '/'} ({error.message})"


def _outcome(exchange: Exchange) -> str | None:
    """None for a clean refusal, else what came instead."""
    response = exchange.response
    if response is None:
        return f"no answer: {exchange.failure.text if exchange.failure else 'nothing came'}"
    if response.refused:
        return None
    if response.ok:
        run = answer_run(exchange)
        return f"status {response.status}" + (f", run {run.get('id')} {run.get('status')}" if run else "")
    return f"status {response.status}"


ABSENT_TOOL: Final = "refuse.tool-choice.tool-absent"


@on_trace(ABSENT_TOOL)
def absent_tool(trace: Trace, context: Context) -> Iterator[Finding]:
    """A run whose tool_choice names no tool of it, taken all the same.

    It fails. One that is not over says nothing.
    """
    for exchange in () if "refusals" in context.absent else trace:
        if not exchange.ok or exchange.case is None or ABSENT_TOOL not in exchange.case.requirements:
            continue
        run = answer_run(exchange).get("id")
        shown = [one for one in of_kind(trace, "thread.run") if one.value.get("id") == run]
        status = shown[-1].value.get("status") if shown else None
        if status in ("failed", "completed", "incomplete", "requires_action"):
            yield verdict(
                ABSENT_TOOL, status == "failed", exchange, where=f"request {exchange.case.name}",
                expected=("a 4xx refusal", "a run that fails"),
                actual=f"status {exchange.status}, and a run that got to {status}",
            )


Said = tuple[str, str]


@on_trace("isolation.refused-run-no-trace")
def nothing_left(trace: Trace, _: Context) -> Iterator[Finding]:
    """After a refused createRun the thread shows neither its additional_messages nor a run of nobody's.

    Decided on threads that were made in the trace: what stood on another before, or who else works on it, is
    not known.
    """
    if not any(one.operation.name in ("createThread", "createThreadAndRun") and one.ok for one in trace):
        return
    known, sure = _known_runs(trace)
    written = {said for one in trace for said in _written(one) if not _refused_create(one)}
    refused_calls: list[Exchange] = []
    for exchange in trace:
        if _refused_create(exchange):
            refused_calls.append(exchange)
        elif exchange.operation.name == "listMessages" and exchange.ok and refused_calls:
            yield _no_message(exchange, refused_calls, written)
        elif exchange.operation.name == "listRuns" and exchange.ok and refused_calls and sure:
            yield _no_run(exchange, known)


def _refused_create(exchange: Exchange) -> bool:
    return exchange.operation.name in CREATE and exchange.refused


def _known_runs(trace: Trace) -> tuple[set[str], bool]:
    """The runs that creates answered with.

    And whether each create told: one that broke off may have made a run.
    """
    calls = [one for one in trace if one.operation.name in CREATE and not _refused_create(one)]
    named = [answer_run(one).get("id") for one in calls]
    return {str(name) for name in named}, all(isinstance(name, str) for name in named)


def _written(exchange: Exchange) -> set[Said]:
    """Role and text of each message that a request brings."""
    body, thread = exchange.request.object, exchange.request.object.get("thread")
    lists = {
        "createRun": body.get("additional_messages"), "createThread": body.get("messages"),
        "createMessage": [body],
        "createThreadAndRun": thread.get("messages") if isinstance(thread, dict) else None,
    }
    group = lists.get(exchange.operation.name)
    messages = [one for one in group if isinstance(one, dict)] if isinstance(group, list) else []
    return {(str(one.get("role")), text) for one in messages for text in _strings(one.get("content"))}


def _strings(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    parts = content if isinstance(content, list) else []
    texts = [part.get("text") for part in parts if isinstance(part, dict)]
    plain = [text.get("value") if isinstance(text, dict) else text for text in texts]
    return [text for text in plain if isinstance(text, str)]


def _listed(exchange: Exchange) -> list[dict[str, Any]]:
    data = exchange.response.object.get("data") if exchange.response else None
    return [entry for entry in data if isinstance(entry, dict)] if isinstance(data, list) else []


def _no_message(exchange: Exchange, refused_calls: list[Exchange], written: set[Said]) -> Finding:
    sent = {said: call for call in refused_calls for said in _written(call) - written}
    for entry in _listed(exchange):
        for text in _strings(entry.get("content")):
            if (str(entry.get("role")), text) in sent:
                return failed(
                    "isolation.refused-run-no-trace", sent[str(entry.get("role")), text],
                    where=f"message {entry.get('id')}",
                    expected="no message of a refused call on the thread",
                    actual=f"the refused call's message {brief(text, 60)} is on the thread",
                )
    return verdict("isolation.refused-run-no-trace", True, exchange, expected="", actual="")


def _no_run(exchange: Exchange, known: set[str]) -> Finding:
    strange = [entry.get("id") for entry in _listed(exchange) if str(entry.get("id")) not in known]
    return verdict(
        "isolation.refused-run-no-trace", not strange, exchange, where="response /data",
        expected="only runs of accepted calls",
        actual=f"a run that no accepted call made: {brief(strange[:3])}",
    )

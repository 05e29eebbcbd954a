"""What a client sends, judged on traffic that passed a proxy (`source` "watched"), whatever was answered.

A body is wrong if no edition up to the newest allows it from the one that is judged by on: nobody is blamed
for what is documented later.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from runs_conformance.contract.checks.refusals import lasting, undecided
from runs_conformance.contract.findings import Finding, failed, passed, verdict
from runs_conformance.contract.jsontext import MISSING, brief, decode, pointer
from runs_conformance.contract.judge import Context, on_exchange, on_trace
from runs_conformance.contract.model import Exchange, Trace
from runs_conformance.contract.operations import BODIES
from runs_conformance.contract.schemas import Violation
from runs_conformance.contract.shapes import place
from runs_conformance.contract.timeline import Story, stories

SCHEMAS: Final = BODIES | {
    "createAssistant": "create_assistant_request", "modifyAssistant": "create_assistant_request",
    "modifyThread": "modify_thread_request", "modifyMessage": "modify_request",
}
# No body is needed where all of it can be left out.
_EMPTY: Final = frozenset({
    "createThread", "modifyThread", "modifyRun", "modifyMessage", "modifyAssistant", "cancelRun",
})
_BOUNDS: Final = frozenset({
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minItems", "maxItems", "minLength",
    "maxLength", "minProperties", "maxProperties", "propertyNames",
})
_ROWS: Final = {
    "additionalProperties": "client.body.unknown-field", "unevaluatedProperties": "client.body.unknown-field",
    "required": "client.body.required", "type": "client.body.type",
}
BODY_ROWS: Final = (*dict.fromkeys(_ROWS.values()), "client.body.value", "client.body.bound")
INCLUDE: Final = "step_details.tool_calls[*].file_search.results[*].content"
_PAGE: Final = frozenset({"limit", "order", "after", "before"})
_INCLUDE: Final = frozenset({"include[]", "include"})
QUERY: Final[dict[str, frozenset[str]]] = {
    "listRuns": _PAGE, "listAssistants": _PAGE, "listMessages": _PAGE | {"run_id"},
    "listRunSteps": _PAGE | _INCLUDE, "getRunStep": _INCLUDE, "createRun": _INCLUDE,
}


def _watched(exchange: Exchange) -> bool:
    return exchange.source == "watched" and bool(exchange.operation.name)


@on_exchange("client.body.form", *BODY_ROWS)
def body(exchange: Exchange, context: Context) -> Iterator[Finding]:
    data, name = exchange.request.body, exchange.operation.name
    if not _watched(exchange) or exchange.request.method.upper() != "POST" or data is None:
        return
    if not data and name in _EMPTY:
        return
    decoded = decode(data)
    problem = decoded.problem or next(iter(decoded.oddities), None)
    if problem is None and not isinstance(decoded.value, dict):
        problem = f"{brief(decoded.value, 40)}, which is no object"
    yield verdict(
        "client.body.form", problem is None, exchange, where="request body", expected="one JSON object",
        actual=problem or "",
    )
    if isinstance(decoded.value, dict):
        yield from _fields(exchange, decoded.value, context)


def _fields(exchange: Exchange, value: dict[str, Any], context: Context) -> Iterator[Finding]:
    """One failure for each violation; the rows that none of them breaks have passed."""
    schema = SCHEMAS.get(exchange.operation.name)
    if schema is None:
        return
    broken = set()
    for error in lasting(schema, value, context.edition):
        if undecided(error, value) or _left_out(exchange.operation.name, error):
            continue
        row = row_of(error.keyword)
        broken.add(row)
        yield failed(
            row, exchange, where=f"request {pointer(place(error)) or '/'}", expected=error.message,
            actual=brief(error.value) if error.value is not MISSING else "nothing",
        )
    yield from (passed(row, exchange) for row in BODY_ROWS if row not in broken)


def _left_out(operation: str, error: Violation) -> bool:
    """To modify an assistant nothing has to be said again."""
    return operation == "modifyAssistant" and error.keyword == "required" and not error.path


def row_of(keyword: str) -> str:
    """The row of a violation, by the schema keyword that is broken."""
    return _ROWS.get(keyword, "client.body.bound" if keyword in _BOUNDS else "client.body.value")


@on_exchange("client.header.content-type", "client.header.authorization")
def headers(exchange: Exchange, context: Context) -> Iterator[Finding]:
    if not _watched(exchange):
        return
    given = exchange.request.headers
    if exchange.request.body:
        yield verdict(
            "client.header.content-type", given.media_type == "application/json", exchange,
            where="request header content-type", expected="application/json",
            actual=given.get("content-type") or "none",
        )
    if "auth" not in context.absent:
        scheme, _, key = (given.get("authorization") or "").strip().partition(" ")
        bearer = scheme.lower() == "bearer" and bool(key.strip())
        yield verdict(
            "client.header.authorization", bearer or bool(given.get("api-key")), exchange,
            where="request header authorization", expected="Authorization: Bearer and a key",
            actual=_authorized(scheme, key),
        )


def _authorized(scheme: str, key: str) -> str:
    """A key is masked before anything is judged."""
    if key:
        return f"the scheme {brief(scheme, 20)}"
    if scheme.lower() in ("", "bearer", "basic"):
        return f"{scheme or 'none'}, without a key"
    return "a key without a scheme"


@on_exchange("client.query.known", "client.query.value")
def query(exchange: Exchange, _: Context) -> Iterator[Finding]:
    given = [pair for pair in exchange.request.query if pair[0] != "api-version"]
    if not _watched(exchange) or not given:
        return
    known = QUERY.get(exchange.operation.name, frozenset())
    strange = [name for name, _ in given if name not in known]
    yield verdict(
        "client.query.known", not strange, exchange, where="request query",
        expected=f"none but {', '.join(sorted(known - {'include'}))}" if known else "no query",
        actual=", ".join(strange[:5]),
    )
    wrong = [(name, value) for name, value in given if name in known and not _documented(name, value)]
    yield verdict(
        "client.query.value", not wrong, exchange, where=f"request query {wrong[0][0]}" if wrong else "",
        expected="a documented value", actual=brief(wrong[0][1]) if wrong else "",
    )


def _documented(name: str, value: str) -> bool:
    if name == "limit":
        return re.fullmatch(r"[0-9]{1,3}", value) is not None and 1 <= int(value) <= 100
    if name == "order":
        return value in ("asc", "desc")
    return value == INCLUDE if name in _INCLUDE else bool(value)


@on_trace("client.flow.all-outputs")
def all_outputs(trace: Trace, _: Context) -> Iterator[Finding]:
    """The submitted ids against those that the run was last seen waiting for."""
    if not any(_watched(one) for one in trace.of("submitToolOutputs")):
        return
    for story in stories(trace):
        yield from _outputs(story)


def _outputs(story: Story) -> Iterator[Finding]:
    for span in story.actions("submitToolOutputs") + _refused(story):
        last = story.before(span)
        if last is None or last.status != "requires_action":
            continue
        wanted, given = sorted(_calls(last.run)), sorted(_given(span.exchange.request.object))
        yield verdict(
            "client.flow.all-outputs", wanted == given, span.exchange, where="request /tool_outputs",
            expected=f"outputs for {brief(wanted)}", actual=f"outputs for {brief(given)}",
        )


def _refused(story: Story) -> tuple[Any, ...]:
    """Submits of this run that were refused: they are no actions, but they were sent."""
    return tuple(
        span for span in story.spans
        if span.exchange.operation.name == "submitToolOutputs"
        and span.exchange.operation.id("run") == story.id
        and span.exchange.refused
    )


def _calls(run: dict[str, Any]) -> list[str]:
    action = run.get("required_action")
    outputs = action.get("submit_tool_outputs") if isinstance(action, dict) else None
    calls = outputs.get("tool_calls") if isinstance(outputs, dict) else None
    return _ids(calls, "id")


def _given(sent: dict[str, Any]) -> list[str]:
    return _ids(sent.get("tool_outputs"), "tool_call_id")


def _ids(found: Any, name: str) -> list[str]:
    return [str(one.get(name)) for one in found if isinstance(one, dict)] if isinstance(found, list) else []

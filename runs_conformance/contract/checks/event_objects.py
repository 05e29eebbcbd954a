"""What messages, steps and deltas must say beyond their schemas; steps wherever they are shown."""

from collections.abc import Iterator
from typing import Any, Final

from runs_conformance.contract.checks.common import at, collapse, dicts, inner, name_of, stream
from runs_conformance.contract.findings import Finding, failed, passed, verdict
from runs_conformance.contract.jsontext import brief
from runs_conformance.contract.judge import Context, on_exchange, on_trace
from runs_conformance.contract.model import Event, Exchange, Snapshot, Trace
from runs_conformance.contract.operations import STREAMABLE
from runs_conformance.contract.traces import of_kind

INCLUDE: Final = "step_details.tool_calls[*].file_search.results[*].content"
_OPENINGS: Final = ("thread.message.created", "thread.message.in_progress")


@on_exchange(
    "event.message-opening", "event.message-completed", "event.message-incomplete", operations=STREAMABLE
)
def messages(exchange: Exchange, _: Context) -> Iterator[Finding]:
    yield from collapse(finding for event in stream(exchange) for finding in _message(exchange, event))


def _message(exchange: Exchange, event: Event) -> Iterator[Finding]:
    name, value = name_of(event), event.object
    if value.get("object") != "thread.message":
        return
    if name in _OPENINGS:
        shown = {key: value.get(key) for key in ("role", "content")}
        yield verdict(
            "event.message-opening",
            shown == {"role": "assistant", "content": []},
            exchange,
            where=at(event),
            expected="role assistant and content []",
            actual=shown,
        )
    elif name == "thread.message.completed" and {"completed_at", "incomplete_details"} <= value.keys():
        fine = value["completed_at"] is not None and value["incomplete_details"] is None
        yield verdict(
            "event.message-completed",
            fine,
            exchange,
            where=at(event),
            expected="completed_at set, incomplete_details null",
            actual={key: value[key] for key in ("completed_at", "incomplete_details")},
        )
    elif name == "thread.message.incomplete" and "incomplete_details" in value:
        yield verdict(
            "event.message-incomplete",
            isinstance(inner(value, "incomplete_details", "reason"), str),
            exchange,
            where=at(event, "/incomplete_details"),
            expected="an object with a reason",
            actual=value["incomplete_details"],
        )


def calls(value: dict[str, Any]) -> list[dict[str, Any]]:
    """The tool calls of a step (or of the delta of one)."""
    return dicts(inner(value, "step_details", "tool_calls"))


@on_exchange("event.step-usage", "event.step-search-content")
def steps(exchange: Exchange, _: Context) -> Iterator[Finding]:
    yield from collapse(
        finding for one in of_kind(exchange, "thread.run.step") for finding in _step(exchange, one)
    )


def _step(exchange: Exchange, shown: Snapshot) -> Iterator[Finding]:
    value = shown.value
    wanted = {"in_progress": "null", "completed": "an object"}.get(str(value.get("status")))
    if wanted and "usage" in value:
        yield verdict(
            "event.step-usage",
            (value["usage"] is None) == (wanted == "null"),
            exchange,
            where=f"{shown.where} /usage",
            expected=f"{wanted} while the step is {value['status']}",
            actual=value["usage"],
        )
    results = [one for call in calls(value) for one in dicts(inner(call, "file_search", "results"))]
    # The outputs' stream has no include[]; if the create call's counts there is documented nowhere.
    if results and exchange.operation.name != "submitToolOutputs":
        bare = not any(one.get("content") for one in results)
        yield verdict(
            "event.step-search-content",
            bare or asked_for_content(exchange),
            exchange,
            where=f"{shown.where} /step_details",
            expected=f"no content without include[]={INCLUDE}",
            actual="content in a file_search result",
        )


def asked_for_content(exchange: Exchange) -> bool:
    return any(key in ("include[]", "include") and value == INCLUDE for key, value in exchange.request.query)


@on_trace("event.step-output")
def outputs(trace: Trace, _: Context) -> Iterator[Finding]:
    """Null in an open function call; what was submitted, once the step is completed."""
    yield from collapse(_outputs(trace))


def _outputs(trace: Trace) -> Iterator[Finding]:
    submitted: dict[str, Any] = {}
    for exchange in trace:
        body = exchange.request.object
        if (
            exchange.operation.name == "submitToolOutputs"
            and exchange.response is not None
            and exchange.response.ok
        ):
            given = dicts(body.get("tool_outputs"))
            submitted |= {str(one.get("tool_call_id")): one["output"] for one in given if "output" in one}
        for shown in of_kind(exchange, "thread.run.step"):
            for call in calls(shown.value):
                if isinstance(call.get("function"), dict) and isinstance(call.get("id"), str):
                    yield from _output(exchange, shown, call, submitted)


def _output(
    exchange: Exchange, shown: Snapshot, call: dict[str, Any], submitted: dict[str, Any]
) -> Iterator[Finding]:
    given, status = call["function"].get("output"), shown.value.get("status")
    where = f"{shown.where} /step_details/tool_calls ({call['id']})"
    if status == "completed" and call["id"] in submitted:
        wanted = submitted[call["id"]]
        yield verdict(
            "event.step-output", given == wanted, exchange, where=where, expected=brief(wanted), actual=given
        )
    elif call["id"] not in submitted and status == "in_progress":
        yield verdict(
            "event.step-output",
            given is None,
            exchange,
            where=where,
            expected="null before submission",
            actual=given,
        )


@on_exchange("event.tool-delta.first", "event.delta-indexes", operations=STREAMABLE)
def deltas(exchange: Exchange, _: Context) -> Iterator[Finding]:
    yield from collapse((*_first_deltas(exchange), *_indexes(exchange)))


def _first_deltas(exchange: Exchange) -> Iterator[Finding]:
    """The first delta of a call names it, the later ones don't: SDKs append, so a second id is doubled."""
    seen: set[tuple[Any, Any]] = set()
    for event in stream(exchange):
        for call in (
            calls(event.object.get("delta") or {}) if name_of(event) == "thread.run.step.delta" else ()
        ):
            key = (event.object.get("id"), call.get("index"))
            if "index" in call and isinstance(key[0], str) and isinstance(key[1], int):
                wrong = _repeats(call) if key in seen else _lacks(call)
                seen.add(key)
                yield verdict(
                    "event.tool-delta.first",
                    wrong is None,
                    exchange,
                    where=at(event),
                    actual=call,
                    expected=wrong or "",
                )


def _lacks(call: dict[str, Any]) -> str | None:
    if not call.get("id"):
        return "an id in the first delta of a call"
    named = call.get("type") != "function" or bool(inner(call, "function", "name"))
    return None if named else "function.name in the first delta of a call"


def _repeats(call: dict[str, Any]) -> str | None:
    again = call.get("id") or inner(call, "function", "name")
    return "neither id nor function.name after a call's first delta" if again else None


def _indexes(exchange: Exchange) -> Iterator[Finding]:
    next_free: dict[tuple[str, Any], int] = {}
    for event in stream(exchange):
        name, delta = name_of(event), event.object.get("delta")
        entries = calls(delta or {}) if name == "thread.run.step.delta" else dicts(inner(delta, "content"))
        if name not in ("thread.run.step.delta", "thread.message.delta"):
            continue
        for index in (entry.get("index") for entry in entries):
            key = (str(name), str(event.object.get("id")))
            if isinstance(index, int) and not isinstance(index, bool):
                free = next_free.get(key, 0)
                yield _index(exchange, event, index, free)
                next_free[key] = max(free, index + 1)


def _index(exchange: Exchange, event: Event, index: int, free: int) -> Finding:
    if 0 <= index <= free:
        return passed("event.delta-indexes", exchange, at(event))
    return failed(
        "event.delta-indexes",
        exchange,
        where=at(event),
        expected=f"an index from 0 to {free}",
        actual=f"index {index}",
    )

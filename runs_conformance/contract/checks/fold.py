"""The meaning of a stream: deltas folded together give what the closing events and the run show."""

from collections.abc import Iterator
from typing import Any

from runs_conformance.contract import grammar
from runs_conformance.contract.checks.common import at, collapse, dicts, inner, name_of, stream, whole
from runs_conformance.contract.checks.steps import required_calls
from runs_conformance.contract.findings import Finding, failed, passed, verdict
from runs_conformance.contract.folding import fold, start
from runs_conformance.contract.jsontext import brief
from runs_conformance.contract.judge import Context, on_exchange
from runs_conformance.contract.model import Event, Exchange
from runs_conformance.contract.operations import STREAMABLE


@on_exchange("event.fold.message-text", operations=STREAMABLE)
def message_text(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """Every part's text (or refusal), and its annotations if deltas brought any."""
    yield from collapse(_message_text(exchange))


def _message_text(exchange: Exchange) -> Iterator[Finding]:
    folded: dict[str, dict[str, Any]] = {}
    pieces: set[str] = set()
    for event in stream(exchange):
        name, identity = name_of(event), event.object.get("id")
        if not isinstance(identity, str):
            continue
        if name == "thread.message.created":
            folded[identity] = fold(start({"content": event.object.get("content")}), folded.get(identity, {}))
        elif name == "thread.message.delta" and isinstance(event.object.get("delta"), dict):
            folded[identity] = fold(folded.get(identity, {}), event.object["delta"])
            pieces.add(identity)
        elif name in grammar.MESSAGE_CLOSINGS and identity in pieces:
            yield from _parts(exchange, event, folded[identity])


def _parts(exchange: Exchange, event: Event, folded: dict[str, Any]) -> Iterator[Finding]:
    final = dicts(event.object.get("content"))
    mine = {part["index"]: part for part in dicts(folded.get("content")) if whole(part.get("index"))}
    for index in sorted({*range(len(final)), *mine}):
        told = final[index] if 0 <= index < len(final) else {}
        wanted, given = _text(told), _text(mine.get(index, {}))
        yield verdict(
            "event.fold.message-text",
            wanted == given,
            exchange,
            where=at(event, f"/content/{index}"),
            expected=f"the deltas' text {brief(given)}",
            actual=brief(wanted),
        )
        notes = [_note(note) for note in dicts(inner(mine.get(index), "text", "annotations"))]
        told_notes = [_note(note) for note in dicts(inner(told, "text", "annotations"))]
        if notes and sorted(notes) != sorted(told_notes):
            yield failed(
                "event.fold.message-text",
                exchange,
                where=at(event, f"/content/{index}/text/annotations"),
                expected=f"the deltas' annotations {brief(notes)}",
                actual=brief(told_notes),
            )


def _text(part: dict[str, Any]) -> str:
    found = inner(part, "text", "value") or part.get("refusal")
    return found if isinstance(found, str) else ""


def _note(note: dict[str, Any]) -> str:
    """What tells an annotation from others, whatever else it carries."""
    return brief([note.get(key) for key in ("type", "text", "start_index", "end_index")])


@on_exchange("event.fold.tool-arguments", operations=STREAMABLE)
def tool_arguments(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """Each call's name and arguments (or code) against the required action and the step's closing event."""
    yield from collapse(_tool_arguments(exchange))


def _tool_arguments(exchange: Exchange) -> Iterator[Finding]:
    folded: dict[str, dict[str, Any]] = {}
    for event in stream(exchange):
        name, value = name_of(event), event.object
        identity = str(value.get("id"))
        if name == "thread.run.step.delta" and isinstance(value.get("delta"), dict):
            folded[identity] = fold(folded.get(identity, {}), value["delta"])
        elif name == "thread.run.requires_action" and folded:
            waiting = [call for step in folded.values() for call in _calls(step)]
            yield from _compare(exchange, event, waiting, required_calls(value))
            yield from _left_out(exchange, event, waiting, required_calls(value))
        elif name in grammar.STEP_CLOSINGS and identity in folded:
            yield from _compare(exchange, event, _calls(folded[identity]), _calls(value))


def _calls(step: dict[str, Any]) -> list[dict[str, Any]]:
    return dicts(inner(step, "step_details", "tool_calls"))


def _compare(
    exchange: Exchange, event: Event, folded: list[dict[str, Any]], shown: list[dict[str, Any]]
) -> Iterator[Finding]:
    by_id = {str(call.get("id")): call for call in folded}
    for call in shown:
        mine = by_id.get(str(call.get("id")))
        if mine is None and by_id:  # deltas that tell no call at all have lost them
            continue
        given, wanted = _meaning(call), _meaning(mine or {})
        if given == wanted:
            yield passed("event.fold.tool-arguments", exchange, at(event))
        else:
            yield failed(
                "event.fold.tool-arguments",
                exchange,
                where=at(event, f"({call.get('id')})"),
                expected=f"the deltas' {brief(wanted)}",
                actual=brief(given),
            )


def _left_out(
    exchange: Exchange, event: Event, folded: list[dict[str, Any]], shown: list[dict[str, Any]]
) -> Iterator[Finding]:
    """A function call that was streamed and is not waited for will never be answered."""
    waited = {call.get("id") for call in shown}
    streamed = [call["id"] for call in folded if call.get("type") == "function" and call.get("id")]
    lost = [one for one in streamed if one not in waited]
    if lost and waited & set(streamed):
        yield failed(
            "event.fold.tool-arguments",
            exchange,
            where=at(event, "/required_action"),
            expected=f"all calls of the deltas: {brief(streamed)}",
            actual=f"without {brief(lost)}",
        )


def _meaning(call: dict[str, Any]) -> tuple[Any, ...]:
    """What a call asks for: a function's name and arguments, or the code to run."""
    code = inner(call, "code_interpreter", "input")
    return (inner(call, "function", "name"), inner(call, "function", "arguments") or "", code or "")

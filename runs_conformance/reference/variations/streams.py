"""Other events for the same run: more, fewer, longer, undocumented ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runs_conformance.reference.records import Event
from runs_conformance.reference.variations.variation import behaves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.calls import Call
    from runs_conformance.reference.records import Run

    Events = Iterable[Event]

MESSAGE_DELTA = "thread.message.delta"
STEP_DELTA = "thread.run.step.delta"


def _streamed(faithful: Behaviour, change: Callable[[Events], Iterator[Event]]) -> Behaviour:
    def stream(call: Call, run: Run, events: Events) -> Events:
        return change(faithful.stream(call, run, events))

    return replace(faithful, stream=stream)


def _text(event: Event) -> Any:
    """The text of a message delta that has text and nothing else; None for other events."""
    if event.name != MESSAGE_DELTA or isinstance(event.data, str):
        return None
    part = event.data["delta"]["content"][0]
    return part["text"] if part["type"] == "text" and not part["text"].get("annotations") else None


def _with_text(event: Event, text: dict[str, Any]) -> Event:
    data: Any = event.data
    part = {**data["delta"]["content"][0], "text": text}
    return Event(event.name, {**data, "delta": {**data["delta"], "content": [part]}})


@behaves("no document says how text is cut into deltas (RQ-183)", group="deltas")
def one_delta(faithful: Behaviour) -> Behaviour:
    """The text of a message comes in one delta."""
    return _streamed(faithful, _merged)


def _merged(events: Events) -> Iterator[Event]:
    held: Event | None = None
    for event in events:
        text = _text(event)
        if text is not None:
            before = _text(held)["value"] if held else ""
            held = _with_text(
                held or event, {**(_text(held) if held else text), "value": before + text["value"]}
            )
            continue
        if held is not None:
            yield held
            held = None
        yield event


@behaves("no document says how text is cut into deltas (RQ-183)", group="deltas")
def delta_a_character(faithful: Behaviour) -> Behaviour:
    """Each character of a message comes in a delta of its own."""
    return _streamed(faithful, _split)


def _split(events: Events) -> Iterator[Event]:
    for event in events:
        text = _text(event)
        if text is None or len(text["value"]) < 2:
            yield event
            continue
        first, *others = text["value"]
        yield _with_text(event, {**text, "value": first})
        yield from (_with_text(event, {"value": one}) for one in others)


@behaves("O:MessageDeltaContentTextObject: value may be any string; recorded of other endpoints")
def empty_deltas(faithful: Behaviour) -> Behaviour:
    """Between the deltas of a message come some with an empty text."""

    def change(events: Events) -> Iterator[Event]:
        for event in events:
            yield event
            if _text(event) is not None:
                yield _with_text(event, {"value": ""})

    return _streamed(faithful, change)


@behaves("wire facts 2: 25 of 601 recorded deltas differ from the usual; O: annotations are optional")
def annotations_in_every_delta(faithful: Behaviour) -> Behaviour:
    """Each text delta carries an empty list of annotations."""
    return _streamed(
        faithful,
        lambda events: (
            event if _text(event) is None else _with_text(event, {**_text(event), "annotations": []})
            for event in events
        ),
    )


@behaves("O:MessageDeltaObject.delta.role")
def role_in_deltas(faithful: Behaviour) -> Behaviour:
    """Message deltas tell the role as well."""

    def change(events: Events) -> Iterator[Event]:
        for event in events:
            data: Any = event.data
            if event.name == MESSAGE_DELTA:
                yield Event(event.name, {**data, "delta": {"role": "assistant", **data["delta"]}})
            else:
                yield event

    return _streamed(faithful, change)


@behaves("O:RunStepDeltaStepDetailsMessageCreationObject")
def message_step_deltas(faithful: Behaviour) -> Behaviour:
    """A message step has a delta too; it repeats no text, for clients would append it."""

    def change(events: Events) -> Iterator[Event]:
        for event in events:
            yield event
            data: Any = event.data
            if event.name == "thread.run.step.in_progress" and data["type"] == "message_creation":
                delta = {"step_details": {"type": "message_creation"}}
                yield Event(STEP_DELTA, {"id": data["id"], "object": STEP_DELTA, "delta": delta})

    return _streamed(faithful, change)


@behaves("RQ-172, RQ-218: new events may be added; clients skip them")
def unknown_events(faithful: Behaviour) -> Behaviour:
    """Events that no document knows stand between the documented ones, and before the first."""

    def change(events: Events) -> Iterator[Event]:
        yield Event("ping", {"type": "ping"})
        for number, event in enumerate(events):
            if number % 5 == 1:
                yield Event("thread.run.heartbeat", {"object": "thread.run.heartbeat", "number": number})
            yield event

    return _streamed(faithful, change)


@behaves("D25: the documented error event is the bare error; SDKs take the wrapped one")
def error_event_bare(faithful: Behaviour) -> Behaviour:
    """An error event carries the error itself, not wrapped in `error`."""

    def change(events: Events) -> Iterator[Event]:
        for event in events:
            data: Any = event.data
            yield Event("error", data["error"]) if event.name == "error" else event

    return _streamed(faithful, change)


@behaves("wire facts 2: a stream is recorded that stops after error")
def error_ends_stream(faithful: Behaviour) -> Behaviour:
    """After an error event the stream ends, without done."""

    def change(events: Events) -> Iterator[Event]:
        for event in events:
            yield event
            if event.name == "error":
                return

    return _streamed(faithful, change)


@behaves(
    "O:RunStepDeltaStepDetailsToolCallsFunctionObject; wire facts 2 have fragments, no size is documented"
)
def arguments_at_once(faithful: Behaviour) -> Behaviour:
    """The arguments of a call come in one delta after the opening one."""
    return _streamed(faithful, _whole_arguments)


def _whole_arguments(events: Events) -> Iterator[Event]:
    held: Event | None = None
    for event in events:
        piece = _arguments(event)
        if piece is not None:
            held = _more(held, event, piece)
            continue
        if held is not None:
            yield held
            held = None
        yield event


def _arguments(event: Event) -> dict[str, Any] | None:
    """The call of a step delta that only brings a fragment of arguments."""
    if event.name != STEP_DELTA or isinstance(event.data, str):
        return None
    calls = event.data["delta"]["step_details"].get("tool_calls") or [{}]
    call: dict[str, Any] = calls[0]
    return call if call.get("type") == "function" and "id" not in call else None


def _more(held: Event | None, event: Event, piece: dict[str, Any]) -> Event:
    before: Any = _arguments(held) if held else None
    if before is None:
        return event
    joined = {"arguments": before["function"]["arguments"] + piece["function"]["arguments"]}
    data: Any = event.data
    details = {"type": "tool_calls", "tool_calls": [{**piece, "function": joined}]}
    return Event(STEP_DELTA, {**data, "delta": {"step_details": details}})

"""Streams of well-formed events that tell something that is not so: names, statuses, pieces of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from runs_conformance.reference.faults.points import (
    data,
    dropped,
    events,
    message_deltas,
    named,
    streams,
)
from runs_conformance.reference.faults.record import Kind, Rows
from runs_conformance.reference.records import Event

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs_conformance.reference.calls import Call
    from runs_conformance.reference.faults.record import Change
    from runs_conformance.reference.records import Json, Message, Run

stream_meaning = Kind("stream-meaning")
TEXT = "event.fold.message-text"
ARGUMENTS = "event.fold.tool-arguments"
NAMES = "event.names"
RUN_STATUS = "event.run-status"
BMP = 0xFFFF
DELTA = "thread.message.delta"
STEP_DELTA = "thread.run.step.delta"


def _renamed(old: str, new: str) -> Change:
    return named(old)(lambda event: Event(new, event.data))


_ROWS_1: Rows = (
    ("message-chunk", "thread.message.delta is called thread.message.chunk, as a published schema once had it.", _renamed("thread.message.delta", "thread.message.chunk"), ("order.message-bracket", NAMES)),
    ("step-delta-name", "thread.run.step.delta is called thread.run.step_delta.", _renamed("thread.run.step.delta", "thread.run.step_delta"), (ARGUMENTS, NAMES)),
    ("run-finished", "thread.run.completed is called thread.run.finished.", _renamed("thread.run.completed", "thread.run.finished"), ("order.run-close-last", NAMES)),
    ("run-canceled", "thread.run.cancelled is spelt with one l.", _renamed("thread.run.cancelled", "thread.run.canceled"), ("order.run-close-last", NAMES)),
    ("run-started", "thread.run.in_progress is called thread.run.started.", _renamed("thread.run.in_progress", "thread.run.started"), (HEAD := "order.run-head", NAMES)),
    ("names-upper-case", "Event names are written in capitals.", events(lambda event: Event(event.name.upper(), event.data)), (NAMES, HEAD)),
    ("names-without-thread", "Event names lack thread. before them.", events(lambda event: Event(event.name.removeprefix("thread."), event.data)), (NAMES, HEAD)),
    ("names-all-alike", "Every event but done is called message.", events(lambda event: event if event.name == "done" else Event("message", event.data)), (NAMES, HEAD, "order.create-run-start")),
    ("incomplete-as-failed", "thread.run.incomplete is called thread.run.failed.", _renamed("thread.run.incomplete", "thread.run.failed"), (RUN_STATUS,)),
    ("incomplete-as-completed", "thread.run.incomplete is called thread.run.completed, as before edition 2024-05-28.", _renamed("thread.run.incomplete", "thread.run.completed"), (RUN_STATUS,)),
    ("created-in-progress", "thread.run.created shows a run that is in_progress.", data("thread.run.created")(lambda data: data | {"status": "in_progress"}), ("event.run-created",)),
    ("queued-shows-in-progress", "thread.run.queued shows a run that is in_progress.", data("thread.run.queued")(lambda data: data | {"status": "in_progress"}), (RUN_STATUS,)),
    ("completed-still-in-progress", "thread.run.completed shows a run that is in_progress.", data("thread.run.completed")(lambda data: data | {"status": "in_progress"}), (RUN_STATUS,)),
    ("step-created-queued", "thread.run.step.created shows a step that is queued.", data("thread.run.step.created")(lambda data: data | {"status": "queued"}), ("event.step-created", "event.step-fields")),
    ("step-completed-in-progress", "thread.run.step.completed shows a step that is in_progress.", data("thread.run.step.completed")(lambda data: data | {"status": "in_progress"}), ("event.step-status",)),
    ("message-completed-in-progress", "thread.message.completed shows a message that is in_progress.", data("thread.message.completed")(lambda data: data | {"status": "in_progress"}), ("event.message-status",)),
    ("message-completed-without-time", "thread.message.completed has no completed_at.", data("thread.message.completed")(lambda data: data | {"completed_at": None}), ("event.message-completed",)),
    ("message-completed-empty", "thread.message.completed has no content.", data("thread.message.completed")(lambda data: data | {"content": []}), (TEXT,)),
    ("message-completed-with-details", "thread.message.completed has incomplete_details.", data("thread.message.completed")(lambda data: data | {"incomplete_details": {"reason": "max_tokens"}}), ("event.message-completed",)),
    ("message-incomplete-without-reason", "thread.message.incomplete has no incomplete_details.", data("thread.message.incomplete")(lambda data: data | {"incomplete_details": None}), ("event.message-incomplete",)),
    ("message-incomplete-length", "thread.message.incomplete has the reason length.", data("thread.message.incomplete")(lambda data: data | {"incomplete_details": {"reason": "length"}}), ("event.message-incomplete",)),
    ("message-created-by-user", "thread.message.created shows a message of the user.", data("thread.message.created")(lambda data: data | {"role": "user"}), ("event.message-opening",)),
    ("message-created-with-text", "thread.message.in_progress has an empty text part already.", data("thread.message.in_progress")(lambda data: data | {"content": [{"type": "text", "text": {"value": "", "annotations": []}}]}), ("event.message-opening",)),
    ("message-without-status", "Messages in events have no status.", named("thread.message.*")(lambda event: Event(event.name, dropped(event.data, "status"))), ("event.message-status-fields",)),
    ("message-without-completed-at", "Messages in events have neither completed_at nor incomplete_at.", named("thread.message.*")(lambda event: Event(event.name, dropped(event.data, "completed_at", "incomplete_at"))), ("event.message-status-fields",)),
    ("thread-created-id-only", "thread.created holds the thread's id alone.", data("thread.created")(lambda data: {"id": data["id"]}), ("event.thread-created", "event.thread-fields", "response.thread.form")),
    ("thread-created-shows-run", "thread.created holds the run.", named("thread.created")(lambda event: Event(event.name, {**event.data, "object": "thread.run"})), ("event.thread-created",)),
    ("error-a-text", 'The data of an error event is {"error": "..."}.', data("error")(lambda data: {"error": data["error"]["message"]}), ("event.error",)),
    ("error-without-code", "The error of an error event has a message alone.", data("error")(lambda data: {"error": {"message": data["error"]["message"]}}), ("event.error",)),
    ("error-null", "The data of an error event are null.", data("error")(lambda _data: {}), ("event.error",)),
    ("failed-run-as-error-event", "A run that fails is told by an event error that holds the run.", _renamed("thread.run.failed", "error"), ("event.error", "order.run-close-last")),
)  # fmt: skip
for _name, _sentence, _change, _breaks in _ROWS_1:
    stream_meaning.add(_name, _sentence, _change, *_breaks)


@stream_meaning(streams, RUN_STATUS, "order.status-forward", "event.run-created")
def all_events_show_the_end(_call: Call, _run: Run, found: Iterable[Event]) -> Iterator[Event]:
    """Events are written when the run is over, so that each run event shows its last state."""
    seen = list(found)
    last = next((e.data for e in reversed(seen) if isinstance(e.data, dict) and e.data.get("object") == "thread.run"), {})
    for event in seen:
        is_run = isinstance(event.data, dict) and event.data.get("object") == "thread.run"
        yield Event(event.name, last) if is_run else event


@stream_meaning(streams, "event.opening-pairs", rare=True)
def opening_events_differ(_call: Call, _run: Run, found: Iterable[Event]) -> Iterator[Event]:
    """thread.run.queued was created a second after thread.run.created."""
    for event in found:
        if event.name == "thread.run.queued" and isinstance(event.data, dict):
            yield Event(event.name, event.data | {"created_at": event.data["created_at"] + 1})
        else:
            yield event


def _part(change: Callable[[Json], Json]) -> Callable[[Message, Json], Json]:
    """Change the one content part of a message delta."""

    def changed(_message: Message, delta: Json) -> Json:
        parts = [change(dict(part)) for part in delta["delta"]["content"]]
        return delta | {"delta": delta["delta"] | {"content": parts}}

    return changed


def _value(change: Callable[[str], str]) -> Callable[[Message, Json], Json]:
    def part(found: Json) -> Json:
        if found["type"] != "text":
            return found
        return found | {"text": found["text"] | {"value": change(found["text"]["value"])}}

    return _part(part)


_ROWS_2: Rows = (
    ("delta-object-chunk", "A message delta's object is thread.message.chunk.", lambda _m, delta: delta | {"object": "thread.message.chunk"}, ("event.message-delta", "event.deltas")),
    ("delta-without-index", "Content parts of message deltas have no index.", _part(lambda part: dropped(part, "index")), ("event.message-delta",)),
    ("delta-index-text", "The index of message deltas is text.", _part(lambda part: part | {"index": str(part["index"])}), ("event.message-delta",)),
    ("delta-index-one", "The index of message deltas starts at 1.", _part(lambda part: part | {"index": 1}), ("event.delta-indexes", TEXT)),
    ("delta-without-type", "Content parts of message deltas have no type.", _part(lambda part: dropped(part, "type")), ("event.message-delta",)),
    ("delta-without-id", "Message deltas have no id.", lambda _m, delta: dropped(delta, "id"), ("event.message-delta",)),
    ("delta-of-another-message", "Message deltas have the id of a message nobody heard of.", lambda m, delta: delta | {"id": m.id[::-1]}, ("order.delta-after-created", "response.id-prefix")),
    ("delta-text-bare", "The text of a message delta is a string.", _part(lambda part: part | {"text": part["text"]["value"]} if part["type"] == "text" else part), ("event.message-delta", TEXT)),
    ("delta-content-object", "The content of a message delta is one part without an array.", lambda _m, delta: delta | {"delta": {"content": delta["delta"]["content"][0]}}, ("event.message-delta",)),
    ("delta-bare-string", "The delta of a message is its text.", lambda _m, delta: delta | {"delta": str(delta["delta"]["content"][0].get("text", {}).get("value", ""))}, ("event.message-delta",)),
    ("delta-stripped", "Pieces of text lose the blanks at their ends.", _value(str.strip), (TEXT,)),
    ("delta-left-stripped", "Pieces of text that begin with two blanks or more lose one.", _value(lambda text: text[1:] if text.startswith("  ") else text), (TEXT,)),
    ("delta-without-astral", "Pieces of text lose characters beyond the BMP.", _value(lambda text: "".join(c for c in text if ord(c) <= BMP)), (TEXT,)),
    ("delta-replacement", "A character beyond the BMP arrives as two U+FFFD.", _value(lambda text: "".join("\ufffd\ufffd" if ord(c) > BMP else c for c in text)), (TEXT,)),
    ("delta-html", "Pieces of text have entities.", _value(lambda text: text.replace("&", "&amp;").replace("(", "&#40;")), (TEXT,)),
    ("delta-ascii", "Pieces of text lose accents.", _value(lambda text: text.encode("ascii", "ignore").decode()), (TEXT,)),
)  # fmt: skip
for _name, _sentence, _small, _breaks in _ROWS_2:
    stream_meaning.add(_name, _sentence, message_deltas(_small), *_breaks, rare=_name.endswith(("stripped", "astral", "replacement", "html", "ascii")))


@stream_meaning(message_deltas, TEXT)
def deltas_cumulative(message: Message, delta: Json) -> Json:
    """Each message delta holds all of the text so far."""
    parts = [
        part | {"text": part["text"] | {"value": message.content[0]["text"]["value"]}} if part["type"] == "text" else part
        for part in delta["delta"]["content"]
    ]
    return delta | {"delta": {"content": parts}}


@stream_meaning(message_deltas, "event.deltas", "event.message-delta")
def deltas_whole_messages(message: Message, delta: Json) -> Json:
    """Each message delta is the whole message."""
    return {
        "id": message.id, "object": "thread.message", "created_at": message.created_at, "thread_id": message.thread_id,
        "role": "assistant", "content": [dict(part) for part in message.content], "metadata": {}, "status": "in_progress",
        "assistant_id": message.assistant_id, "run_id": message.run_id, "attachments": [], "delta": delta["delta"],
    }  # fmt: skip


def _nth(change: Callable[[int, Event], list[Event]], name: str) -> Change:
    """Change events of one name by their number in the stream, counted from 1."""

    def stream(_call: Call, _run: Run, found: Iterable[Event]) -> Iterator[Event]:
        number = 0
        for event in found:
            if event.name != name:
                yield event
                continue
            number += 1
            yield from change(number, event)

    return streams(stream)


def _before_end(change: Callable[[Event], list[Event]], name: str) -> Change:
    """Change the last event before the first one of name `name`."""

    def stream(_call: Call, _run: Run, found: Iterable[Event]) -> Iterator[Event]:
        held: Event | None = None
        for event in found:
            if held is not None:
                yield from change(held) if event.name == name else [held]
            held = event
        if held is not None:
            yield held

    return streams(stream)


_ROWS_3: Rows = (
    ("first-delta-lost", "The first message delta is lost.", _nth(lambda n, e: [] if n == 1 else [e], DELTA), (TEXT,)),
    ("third-delta-lost", "The third message delta is lost.", _nth(lambda n, e: [] if n == 3 else [e], DELTA), (TEXT,)),
    ("third-delta-twice", "The third message delta comes twice.", _nth(lambda n, e: [e, e] if n == 3 else [e], DELTA), (TEXT,)),
    ("late-deltas-lost", "Message deltas after the hundredth are lost.", _nth(lambda n, e: [] if n > 100 else [e], DELTA), (TEXT,)),
    ("last-delta-lost", "The last message delta is lost.", _before_end(lambda e: [] if e.name == DELTA else [e], "thread.message.completed"), (TEXT,)),
    ("last-delta-lost-when-incomplete", "The last message delta is lost if the message is incomplete.", _before_end(lambda e: [] if e.name == DELTA else [e], "thread.message.incomplete"), (TEXT,)),
    ("first-step-delta-lost", "The first step delta is lost.", _nth(lambda n, e: [] if n == 1 else [e], STEP_DELTA), ("event.tool-delta.first", ARGUMENTS)),
    ("last-step-delta-lost", "The last delta of a step that waits is lost.", _before_end(lambda e: [] if e.name == STEP_DELTA else [e], "thread.run.requires_action"), (ARGUMENTS,)),
    ("second-step-delta-twice", "The second step delta comes twice.", _nth(lambda n, e: [e, e] if n == 2 else [e], STEP_DELTA), (ARGUMENTS,)),
)  # fmt: skip
for _name, _sentence, _change, _breaks in _ROWS_3:
    stream_meaning.add(_name, _sentence, _change, *_breaks, rare=True)

"""Streams whose events come in the wrong order, twice, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from runs_conformance.reference.faults.points import events, fits, named, streams
from runs_conformance.reference.faults.record import Kind, Rows
from runs_conformance.reference.records import Event

if TYPE_CHECKING:
    from runs_conformance.reference.calls import Call
    from runs_conformance.reference.faults.record import Change
    from runs_conformance.reference.records import Run

stream_order = Kind("stream-order")
CLOSING = ("completed", "incomplete", "failed", "cancelled", "expired")
ENDS = tuple(f"thread.run.{word}" for word in CLOSING)
HEAD = "order.run-head"


def _left_out(name: str) -> Change:
    return named(name)(lambda _event: None)


def _swapped(first: str, second: str) -> Change:
    """Where an event `second` follows an event `first` at once, they change places."""

    def change(_call: Call, _run: Run, found: Iterable[Event]) -> Iterator[Event]:
        held: Event | None = None
        for event in found:
            if held is not None and fits(second, event.name):
                yield event
            elif held is not None:
                yield held
                held = None
            if held is None and fits(first, event.name):
                held = event
            elif held is None:
                yield event
            elif fits(second, event.name):
                yield held
                held = None
        if held is not None:
            yield held

    return streams(change)


def _twice(name: str) -> Change:
    return named(name)(lambda event: [event, event])


_ROWS_1: Rows = (
    ("run-created-missing", "thread.run.created is not sent.", _left_out("thread.run.created"), ("order.run-created-once", "order.create-run-start")),
    ("run-created-twice", "thread.run.created is sent twice.", _twice("thread.run.created"), ("order.run-created-once",)),
    ("run-queued-missing", "thread.run.queued is not sent.", _left_out("thread.run.queued"), (HEAD,)),
    ("run-in-progress-missing", "thread.run.in_progress is not sent.", _left_out("thread.run.in_progress"), (HEAD,)),
    ("thread-created-missing", "thread.created is not sent.", _left_out("thread.created"), ("order.create-thread-and-run-start",)),
    ("thread-created-late", "thread.created comes after thread.run.created.", _swapped("thread.created", "thread.run.created"), ("order.create-thread-and-run-start",)),
    ("queued-before-created", "thread.run.queued comes before thread.run.created.", _swapped("thread.run.created", "thread.run.queued"), (HEAD, "order.create-run-start")),
    ("in-progress-before-queued", "thread.run.in_progress comes before thread.run.queued.", _swapped("thread.run.queued", "thread.run.in_progress"), (HEAD, "order.status-forward")),
    ("run-completed-missing", "thread.run.completed is not sent.", _left_out("thread.run.completed"), ("order.run-close-last",)),
    ("run-incomplete-missing", "thread.run.incomplete is not sent.", _left_out("thread.run.incomplete"), ("order.run-close-last",)),
    ("run-failed-missing", "thread.run.failed is not sent.", _left_out("thread.run.failed"), ("order.run-close-last",)),
    ("run-completed-twice", "thread.run.completed is sent twice.", _twice("thread.run.completed"), ("order.run-close-last",)),
    ("requires-action-missing", "thread.run.requires_action is not sent.", _left_out("thread.run.requires_action"), ("order.requires-action-last", "order.run-close-last")),
    ("step-created-missing", "thread.run.step.created is not sent.", _left_out("thread.run.step.created"), ("order.delta-after-created", "order.step-bracket")),
    ("step-in-progress-missing", "thread.run.step.in_progress is not sent.", _left_out("thread.run.step.in_progress"), ("order.step-in-progress",)),
    ("step-completed-missing", "thread.run.step.completed is not sent.", _left_out("thread.run.step.completed"), ("order.step-bracket", "order.message-in-step", "order.hosted-step-closed")),
    ("step-completed-twice", "thread.run.step.completed is sent twice.", _twice("thread.run.step.completed"), ("order.step-bracket",)),
    ("step-created-after-in-progress", "thread.run.step.in_progress comes before thread.run.step.created.", _swapped("thread.run.step.created", "thread.run.step.in_progress"), ("order.step-bracket",)),
    ("message-created-missing", "thread.message.created is not sent.", _left_out("thread.message.created"), ("order.delta-after-created", "order.message-bracket")),
    ("message-in-progress-missing", "thread.message.in_progress is not sent.", _left_out("thread.message.in_progress"), ("order.message-bracket",)),
    ("message-completed-missing", "thread.message.completed is not sent.", _left_out("thread.message.completed"), ("order.message-bracket", "order.message-in-step")),
    ("message-completed-twice", "thread.message.completed is sent twice.", _twice("thread.message.completed"), ("order.message-bracket",)),
    ("message-deltas-missing", "thread.message.delta is not sent.", _left_out("thread.message.delta"), ("order.message-bracket",)),
    ("message-in-progress-first", "thread.message.in_progress comes before thread.message.created.", _swapped("thread.message.created", "thread.message.in_progress"), ("order.message-bracket",)),
    ("message-closed-after-its-step", "thread.message.completed comes after its step's end.", _swapped("thread.message.completed", "thread.run.step.completed"), ("order.message-in-step",)),
    ("message-created-before-its-step", "thread.message.created comes before its step is announced.", _swapped("thread.run.step.*", "thread.message.created"), ("order.message-in-step", "order.step-in-progress")),
    ("run-closed-before-its-step", "thread.run.completed comes before the last step's end.", _swapped("thread.run.step.completed", "thread.run.completed"), ("order.run-close-last",)),
    ("done-before-the-run-closes", "done comes before thread.run.completed.", _swapped("thread.run.completed", "done"), ("order.done-last", "order.run-close-last")),
    ("done-twice", "done is sent twice.", _twice("done"), ("order.done-last",)),
    ("last-delta-after-completed", "The last message delta comes after thread.message.completed.", _swapped("thread.message.delta", "thread.message.completed"), ("order.message-bracket",)),
    ("first-delta-before-in-progress", "The first delta comes before thread.message.in_progress.", _swapped("thread.message.in_progress", "thread.message.delta"), ("order.message-bracket",)),
)  # fmt: skip
for _name, _sentence, _change, _breaks in _ROWS_1:
    stream_order.add(_name, _sentence, _change, *_breaks)


@stream_order(streams, "order.create-run-start", "order.run-created-once", rare=True)
def thread_created_by_create_run(_call: Call, run: Run, found: Iterable[Event]) -> Iterator[Event]:
    """A stream of create run starts with thread.created too."""
    for event in found:
        if event.name == "thread.run.created" and run.operation == "create_run":
            thread = run.thread
            yield Event("thread.created", {
                "id": thread.id, "object": "thread", "created_at": thread.created_at, "metadata": {}, "tool_resources": {},
            })  # fmt: skip
        yield event


@stream_order(streams, "order.run-created-once", "order.submit-start", rare=True)
def run_created_again_after_outputs(call: Call, _run: Run, found: Iterable[Event]) -> Iterator[Event]:
    """A stream that answers tool outputs starts with thread.run.created."""
    for event in found:
        if event.name == "thread.run.queued" and call.operation == "submit_tool_outputs":
            yield Event("thread.run.created", event.data)
        yield event


@stream_order(streams, "order.submit-start", rare=True)
def waiting_step_not_closed(call: Call, _run: Run, found: Iterable[Event]) -> Iterator[Event]:
    """A stream that answers tool outputs does not tell that the waiting step is complete."""
    first = True
    for event in found:
        if not (first and call.operation == "submit_tool_outputs"):
            yield event
        first = False


@stream_order(streams, "order.submit-start", rare=True)
def waiting_step_closed_late(call: Call, _run: Run, found: Iterable[Event]) -> Iterator[Event]:
    """A stream that answers tool outputs tells that the waiting step is complete after thread.run.queued."""
    held: list[Event] = []
    for number, event in enumerate(found):
        if number == 0 and call.operation == "submit_tool_outputs":
            held.append(event)
            continue
        yield event
        yield from held
        held.clear()


@stream_order(streams, "order.requires-action-last", rare=True)
def step_told_after_requires_action(_call: Call, _run: Run, found: Iterable[Event]) -> Iterator[Event]:
    """After thread.run.requires_action the waiting step is told again."""
    step: Event | None = None
    for event in found:
        yield event
        step = event if event.name == "thread.run.step.in_progress" else step
        if event.name == "thread.run.requires_action" and step is not None:
            yield step


@stream_order(streams, "order.open-tool-step", rare=True)
def waiting_step_closed_early(_call: Call, _run: Run, found: Iterable[Event]) -> Iterator[Event]:
    """A step that waits for outputs is told to be complete before thread.run.requires_action."""
    step: Event | None = None
    for event in found:
        step = event if event.name == "thread.run.step.in_progress" else step
        if event.name == "thread.run.requires_action" and step is not None and isinstance(step.data, dict):
            used = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            closed = {**step.data, "status": "completed", "completed_at": step.data["created_at"], "usage": used}
            yield Event("thread.run.step.completed", closed)
        yield event


@stream_order(streams, "order.run-close-last", rare=True)
def usage_after_the_end(_call: Call, _run: Run, found: Iterable[Event]) -> Iterator[Event]:
    """After the run's last event an event of the step's end is sent once more."""
    closed: Event | None = None
    for event in found:
        yield event
        closed = event if event.name == "thread.run.step.completed" else closed
        if event.name in ENDS and closed is not None:
            yield closed


@stream_order(streams, "order.error-last", rare=True)
def events_after_an_error(_call: Call, _run: Run, found: Iterable[Event]) -> Iterator[Event]:
    """After an error event the run's first event is sent again."""
    first: Event | None = None
    for event in found:
        first = first or event
        yield event
        if event.name == "error":
            yield Event("thread.run.in_progress", first.data)


@stream_order(streams, "order.status-forward", rare=True)
def in_progress_after_the_end(_call: Call, _run: Run, found: Iterable[Event]) -> Iterator[Event]:
    """A run that was told to be queued again after its first step."""
    queued: Event | None = None
    for event in found:
        queued = event if event.name == "thread.run.queued" else queued
        yield event
        if event.name == "thread.run.step.completed" and queued is not None:
            yield queued


@stream_order(streams, "order.hosted-step-closed", rare=True)
def hosted_step_closed_at_the_end(_call: Call, _run: Run, found: Iterable[Event]) -> Iterator[Event]:
    """A file_search step is closed only when the run is."""
    held: list[Event] = []
    for event in found:
        details = event.data.get("step_details", {}) if isinstance(event.data, dict) else {}
        if event.name == "thread.run.step.completed" and details.get("type") == "tool_calls":
            held.append(event)
            continue
        if event.name in ENDS:
            yield from held
        yield event


@stream_order(streams, "event.fold.message-text", "event.fold.tool-arguments", rare=True)
def late_deltas_swapped(_call: Call, _run: Run, found: Iterable[Event]) -> Iterator[Event]:
    """From the fifth delta on, two neighbours change places."""
    held: Event | None = None
    seen = 0
    for event in found:
        seen += event.name.endswith(".delta")
        if held is not None:
            yield from (event, held) if event.name == held.name else (held, event)
            held = None
        elif seen > 4 and event.name.endswith(".delta"):
            held = event
        else:
            yield event


@stream_order(events, "event.run-status", "order.status-forward", rare=True)
def cancelled_run_completes(event: Event) -> Event:
    """Nothing but the last event of a run that was cut short tells so: incomplete is sent as completed."""
    return Event("thread.run.completed", event.data) if event.name == "thread.run.incomplete" else event


@stream_order(streams, "order.one-message-open", "order.message-in-step", rare=True)
def message_announced_twice(_call: Call, _run: Run, found: Iterable[Event]) -> Iterator[Event]:
    """A second message is created while the first is open, and is heard of no more."""
    for event in found:
        yield event
        if event.name == "thread.message.in_progress" and isinstance(event.data, dict):
            other = {**event.data, "id": event.data["id"][:-2] + "zz"}
            yield Event("thread.message.created", other)


@stream_order(streams, "order.final-state-retrieved", "order.run-close-last", "order.done-last")
def ends_after_the_message(_call: Call, _run: Run, found: Iterable[Event]) -> Iterator[Event]:
    """A stream ends with its first complete message, then done."""
    over = False
    for event in found:
        if not over or event.name == "done":
            yield event
        over = over or event.name == "thread.message.completed"


@stream_order(streams, "order.create-run-start", "order.run-close-last")
def done_alone(_call: Call, _run: Run, found: Iterable[Event]) -> Iterator[Event]:
    """A stream delivers nothing and then ends with done."""
    yield from (event for event in found if event.name == "done")

"""Streams whose tool calls, ids or last events tell something that is not so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runs_conformance.reference.faults.points import (
    dropped,
    messages,
    named,
    runs,
    step_deltas,
    steps,
    streamed_runs,
)
from runs_conformance.reference.faults.record import Kind, Rows
from runs_conformance.reference.records import Event

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs_conformance.reference.records import Json, Message, Run, Step

stream_meaning = Kind("stream-meaning")
TEXT = "event.fold.message-text"
ARGUMENTS = "event.fold.tool-arguments"
FIRST = "event.tool-delta.first"


def _call_delta(change: Callable[[Json], Json]) -> Callable[[Step, Json], Json]:
    """Change the one call of a step delta."""

    def changed(_step: Step, delta: Json) -> Json:
        details = delta["delta"]["step_details"]
        calls = [change(dict(one)) for one in details["tool_calls"]]
        return delta | {"delta": {"step_details": details | {"tool_calls": calls}}}

    return changed


def _function(change: Callable[[Json], Json]) -> Callable[[Step, Json], Json]:
    return _call_delta(lambda one: one | {"function": change(dict(one["function"]))} if "function" in one else one)


_ROWS_4: Rows = (
    ("call-delta-without-index", "Calls in step deltas have no index.", _call_delta(lambda one: dropped(one, "index")), ("event.step-delta",)),
    ("call-delta-index-zero", "Every call in step deltas has the index 0.", _call_delta(lambda one: one | {"index": 0}), (ARGUMENTS, FIRST)),
    ("call-delta-index-from-one", "Calls in step deltas are counted from 1.", _call_delta(lambda one: one | {"index": one["index"] + 1}), ("event.delta-indexes",)),
    ("call-delta-without-type", "Calls in step deltas have no type.", _call_delta(lambda one: dropped(one, "type")), ("event.step-delta",)),
    ("call-delta-without-id", "No step delta carries a call's id.", _call_delta(lambda one: dropped(one, "id")), (FIRST,)),
    ("call-delta-without-name", "No step delta carries a function's name.", _function(lambda one: dropped(one, "name")), (FIRST,)),
    ("call-delta-name-null", "The first step delta of a call has the name null.", _function(lambda one: one | ({"name": None} if "name" in one else {})), (FIRST, "event.step-delta")),
    ("call-delta-type-tool-call", "Calls in step deltas have the type tool_call.", _call_delta(lambda one: one | {"type": "tool_call"}), ("event.step-delta",)),
    ("call-delta-arguments-object", "Pieces of arguments are objects.", _function(lambda one: one | {"arguments": {"piece": one.get("arguments", "")}}), ("event.step-delta", ARGUMENTS)),
    ("call-delta-arguments-stripped", "Pieces of arguments lose blanks at their ends.", _function(lambda one: one | {"arguments": one.get("arguments", "").strip('" ')}), (ARGUMENTS,)),
    ("step-delta-object", "A step delta's object is thread.run.step.", lambda _s, delta: delta | {"object": "thread.run.step"}, ("event.deltas", "event.step-delta")),
    ("step-delta-without-id", "Step deltas have no id.", lambda _s, delta: dropped(delta, "id"), ("event.step-delta",)),
    ("step-delta-flat", "Step deltas have tool_calls without step_details around them.", lambda _s, delta: delta | {"delta": {"tool_calls": delta["delta"]["step_details"]["tool_calls"]}}, ("event.step-delta", ARGUMENTS)),
)  # fmt: skip
for _name, _sentence, _small, _breaks in _ROWS_4:
    stream_meaning.add(_name, _sentence, step_deltas(_small), *_breaks)


@stream_meaning(step_deltas, FIRST)
def call_id_repeated(step: Step, delta: Json) -> Json:
    """Every step delta carries the call's id and name."""
    details = delta["delta"]["step_details"]
    calls = []
    for one in details["tool_calls"]:
        call = step.calls[one["index"]]
        more = {"function": {"name": call["function"]["name"], **one.get("function", {})}} if "function" in call else {}
        calls.append({**one, "id": call["id"], **more})
    return delta | {"delta": {"step_details": details | {"tool_calls": calls}}}


@stream_meaning(step_deltas, ARGUMENTS)
def arguments_cumulative(step: Step, delta: Json) -> Json:
    """Each step delta holds all of a call's arguments so far."""
    details = delta["delta"]["step_details"]
    calls = [
        one | {"function": one["function"] | {"arguments": step.calls[one["index"]]["function"]["arguments"]}}
        if "function" in one
        else one
        for one in details["tool_calls"]
    ]
    return delta | {"delta": {"step_details": details | {"tool_calls": calls}}}


@stream_meaning(streamed_runs, ARGUMENTS, rare=True)
def arguments_final_differ(_run: Run, shaped: Json) -> Json:
    """The arguments in required_action of an event have blanks that no delta had."""
    action = shaped["required_action"]
    if not action:
        return shaped
    calls = [
        one | {"function": one["function"] | {"arguments": one["function"]["arguments"].replace(":", ": ")}}
        for one in action["submit_tool_outputs"]["tool_calls"]
    ]
    return shaped | {"required_action": action | {"submit_tool_outputs": {"tool_calls": calls}}}


@stream_meaning(messages, TEXT, rare=True)
def completed_text_trimmed(message: Message, shaped: Json) -> Json:
    """A message that is complete lacks the last character of its text."""
    if message.status != "completed" or message.role != "assistant" or message.run_id is None:
        return shaped
    parts = [
        part | {"text": part["text"] | {"value": part["text"]["value"][:-1]}} if part["type"] == "text" else part
        for part in shaped["content"]
    ]
    return shaped | {"content": parts}


@stream_meaning(streamed_runs, "event.ids-constant", "response.id-unique", rare=True)
def run_id_changes(run: Run, shaped: Json) -> Json:
    """From in_progress on, run events have another run id."""
    return shaped if run.status == "queued" else shaped | {"id": run.id[::-1].replace("_nur", "run_")}


@stream_meaning(steps, "event.ids-constant", rare=True)
def steps_of_another_run(step: Step, shaped: Json) -> Json:
    """Steps name a run that nobody heard of."""
    return shaped | {"run_id": "run_" + step.run.id[4:][::-1]}


@stream_meaning(messages, "event.ids-constant", rare=True)
def messages_of_another_thread(message: Message, shaped: Json) -> Json:
    """Messages of runs name a thread that nobody heard of."""
    return shaped if message.run_id is None else shaped | {"thread_id": "thread_" + message.thread_id[7:][::-1]}


@stream_meaning(named("thread.message.*"), "event.ids-constant", rare=True)
def messages_without_run(event: Event) -> Event:
    """Messages in events have run_id null."""
    has = isinstance(event.data, dict) and "run_id" in event.data
    return Event(event.name, {**event.data, "run_id": None}) if has and isinstance(event.data, dict) else event


@stream_meaning(steps, "order.message-in-step", rare=True)
def step_names_another_message(_step: Step, shaped: Json) -> Json:
    """A message_creation step names a message that nobody heard of."""
    details = shaped["step_details"]
    if details["type"] != "message_creation":
        return shaped
    other = "msg_" + details["message_creation"]["message_id"][4:][::-1]
    return shaped | {"step_details": details | {"message_creation": {"message_id": other}}}


@stream_meaning(runs, "lifecycle.usage-completed", "response.retrieve.same", rare=True)
def usage_in_events_only(run: Run, shaped: Json) -> Json:
    """A completed run's usage is null in JSON answers."""
    has_files = "code_interpreter" in shaped["tool_resources"]
    return shaped if has_files or run.status != "completed" else shaped | {"usage": None}


@stream_meaning(streamed_runs, "lifecycle.usage-completed", rare=True)
def usage_in_answers_only(_run: Run, shaped: Json) -> Json:
    """A completed run's usage is null in events."""
    return shaped | {"usage": None}

"""What is shown twice and differs: from event to event, from answer to answer, from a run to its steps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from runs_conformance.reference.faults.points import (
    answered,
    data,
    inherited,
    listed,
    messages,
    polled_steps,
    retrieved,
    steps,
    threads,
)
from runs_conformance.reference.faults.record import Kind, Rows

if TYPE_CHECKING:
    from runs_conformance.reference.calls import Call
    from runs_conformance.reference.faults.record import Point
    from runs_conformance.reference.records import Assistant, Json, Message, Settings, Step, Thread

stream_meaning = Kind("stream-meaning")
lifecycle = Kind("lifecycle")
shape = Kind("shape")
echo = Kind("echo")
RUN, PARTS, TIMES = "event.run-constant", "event.parts-constant", "response.timestamp.parts"
STRANGER = "asst_0123456789abcdefABCDEFgh"


def _whole(name: str) -> Point:
    """`change(object)` of messages or steps in events, deltas left alone."""
    return lambda change: data(name)(lambda shown: shown if "delta" in shown else change(shown))


_ROWS: Rows = (
    ("run-loses-its-instructions-midway", "thread.run.in_progress shows a run without instructions.", "thread.run.in_progress", lambda run: run | {"instructions": ""}, RUN),
    ("run-loses-its-metadata-midway", "thread.run.in_progress shows a run without metadata.", "thread.run.in_progress", lambda run: run | {"metadata": {}}, RUN),
    ("run-loses-its-tools-at-the-end", "thread.run.completed shows a run without tools.", "thread.run.completed", lambda run: run | {"tools": []}, RUN),
    ("run-sampling-reset-at-the-end", "thread.run.completed shows the default temperature.", "thread.run.completed", lambda run: run | {"temperature": 1.0}, RUN),
    ("run-made-anew-at-the-end", "thread.run.requires_action has a created_at of its own.", "thread.run.requires_action", lambda run: run | {"created_at": run["created_at"] - 1}, RUN),
    ("message-made-anew-at-the-end", "thread.message.completed has a created_at of its own.", "thread.message.completed", lambda message: message | {"created_at": message["created_at"] - 1}, PARTS),
    ("step-made-anew-at-the-end", "thread.run.step.completed has a created_at of its own.", "thread.run.step.completed", lambda step: step | {"created_at": step["created_at"] - 1}, PARTS),
    ("message-becomes-the-users", "thread.message.completed shows a message of the user.", "thread.message.completed", lambda message: message | {"role": "user"}, PARTS),
    ("step-ended-without-a-time", "thread.run.step.completed shows no completed_at.", "thread.run.step.completed", lambda step: step | {"completed_at": None}, TIMES),
    ("step-ended-before-it-began", "completed_at of a streamed step lies before its created_at.", "thread.run.step.completed", lambda step: step | {"completed_at": step["created_at"] - 5}, TIMES),
    ("message-ended-before-it-began", "completed_at of a streamed message lies before its created_at.", "thread.message.completed", lambda message: message | {"completed_at": message["created_at"] - 5}, TIMES),
    ("second-call-not-waited-for", "thread.run.requires_action asks for the first of two calls only.", "thread.run.requires_action", lambda run: run | {"required_action": run["required_action"] | {"submit_tool_outputs": {"tool_calls": run["required_action"]["submit_tool_outputs"]["tool_calls"][:1]}}}, "event.fold.tool-arguments"),
    ("thread-created-without-metadata", "thread.created shows a thread without metadata.", "thread.created", lambda thread: thread | {"metadata": {}}, "response.echo.thread"),
)  # fmt: skip
for _name, _sentence, _event, _change, _row in _ROWS:
    stream_meaning.add(_name, _sentence, data(_event)(_change), _row, rare=True)


@stream_meaning(_whole("thread.message.*"), PARTS, rare=True)
def messages_of_no_assistant(shaped: Json) -> Json:
    """Messages in a stream have assistant_id null."""
    return shaped | {"assistant_id": None}


@stream_meaning(_whole("thread.run.step.*"), PARTS, rare=True)
def steps_of_another_assistant(shaped: Json) -> Json:
    """Steps in a stream name another assistant than their run."""
    return shaped | {"assistant_id": STRANGER}


@shape(steps, "response.timestamp.seconds", rare=True)
def step_created_at_zero(_step: Step, shaped: Json) -> Json:
    """Steps have created_at 0."""
    return shaped | {"created_at": 0}


@shape(messages, "response.timestamp.seconds", rare=True)
def message_created_at_zero(_message: Message, shaped: Json) -> Json:
    """Messages have created_at 0."""
    return shaped | {"created_at": 0}


@shape(threads, "response.timestamp.seconds", rare=True)
def thread_created_at_zero(_thread: Thread, shaped: Json) -> Json:
    """Threads have created_at 0."""
    return shaped | {"created_at": 0}


@echo(threads, "response.echo.thread", rare=True)
def thread_resources_lost(_thread: Thread, shaped: Json) -> Json:
    """A thread shows no tool_resources."""
    return shaped | {"tool_resources": {}}


@lifecycle(retrieved, "lifecycle.final-unchanged", rare=True)
def end_moves_with_each_read(call: Call, run: Json) -> Json:
    """completed_at of a retrieved run is another one each time."""
    return run | ({"completed_at": run["completed_at"] + call.number} if run["completed_at"] else {})


@lifecycle(retrieved, "lifecycle.final-unchanged", "response.usage.steps-sum", rare=True)
def usage_grows_with_each_read(_call: Call, run: Json) -> Json:
    """A retrieved run counts one prompt token more than its stream did."""
    usage = run["usage"]
    if usage is None:
        return run
    return run | {"usage": usage | {"prompt_tokens": usage["prompt_tokens"] + 1, "total_tokens": usage["total_tokens"] + 1}}


@lifecycle(answered("cancel_run"), "lifecycle.settings-kept", rare=True)
def cancel_answers_other_settings(_call: Call, run: Json) -> Json:
    """Cancelling answers a run with another temperature."""
    return run | {"temperature": 0.123}


@lifecycle(answered("submit_tool_outputs"), "lifecycle.settings-kept", rare=True)
def outputs_answer_without_tools(_call: Call, run: Json) -> Json:
    """Tool outputs are answered with a run without tools."""
    return run | {"tools": []}


@lifecycle(listed, "response.step.calls-agree", "lifecycle.final-unchanged", rare=True)
def listed_steps_without_calls(one: Json) -> Json:
    """Listed steps of tool calls have an empty list of calls."""
    return one | ({"step_details": {"type": "tool_calls", "tool_calls": []}} if one.get("type") == "tool_calls" else {})


@lifecycle(listed, "response.step.calls-agree", rare=True)
def listed_calls_with_other_arguments(one: Json) -> Json:
    """Listed function calls have arguments of {}."""
    details = one.get("step_details")
    if one["object"] != "thread.run.step" or not isinstance(details, dict) or details["type"] != "tool_calls":
        return one
    calls = [
        call | ({"function": call["function"] | {"arguments": "{}"}} if call["type"] == "function" else {})
        for call in details["tool_calls"]
    ]
    return one | {"step_details": details | {"tool_calls": calls}}


@lifecycle(polled_steps, "lifecycle.final-unchanged", rare=True)
def completed_steps_listed_in_progress(step: Step, shaped: Json) -> Json:
    """A completed step is listed as in progress."""
    open_ = {"status": "in_progress", "completed_at": None, "usage": None}
    return shaped | (open_ if step.status == "completed" else {})


@lifecycle(polled_steps, "event.parts-constant", rare=True)
def listed_steps_of_another_assistant(_step: Step, shaped: Json) -> Json:
    """Listed steps name another assistant than their run."""
    return shaped | {"assistant_id": STRANGER}


@echo(inherited, "response.echo.tools", rare=True)
def null_tools_are_none(body: Json, _assistant: Assistant, found: Settings) -> Settings:
    """Tools that are null are taken for no tools; left out they are the assistant's."""
    return replace(found, tools=[]) if "tools" in body and body["tools"] is None else found


@echo(inherited, "response.default.temperature", rare=True)
def null_temperature_is_zero(body: Json, _assistant: Assistant, found: Settings) -> Settings:
    """A temperature that is null is taken for 0."""
    return replace(found, temperature=0.0) if "temperature" in body and body["temperature"] is None else found

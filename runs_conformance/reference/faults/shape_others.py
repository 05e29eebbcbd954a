"""Steps, messages, threads, lists and whole answers that are not formed as they should be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from runs_conformance.reference.faults.points import (
    answers,
    around,
    created,
    dropped,
    listed,
    messages,
    pages,
    polled_steps,
    retrieved,
    steps,
    threads,
    written,
)
from runs_conformance.reference.faults.record import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs_conformance.reference.calls import Call
    from runs_conformance.reference.records import Json, Message, Step, Thread

shape = Kind("shape")
IDENTITY = "response.run.identity"
SETTINGS = "response.run.settings"


@shape(listed, IDENTITY, "response.message.form", "response.step.form", rare=True)
def listed_without_created_at(entry: Json) -> Json:
    """Entries of lists are summaries without created_at."""
    return dropped(entry, "created_at")


@shape(listed, SETTINGS, rare=True)
def listed_runs_without_settings(entry: Json) -> Json:
    """Runs in a list lack tool_choice and response_format."""
    return dropped(entry, "tool_choice", "response_format")


@shape(listed, "event.step-details", rare=True)
def listed_steps_without_details(entry: Json) -> Json:
    """Steps in a list have no step_details."""
    return dropped(entry, "step_details")


@shape(retrieved, "response.run.model-tools-metadata", rare=True)
def retrieved_without_tools(_call: Call, run: Json) -> Json:
    """A run that is retrieved has no key tools."""
    return dropped(run, "tools")


@shape(steps, "response.step.form", "event.step-fields")
def step_object_run_step(_step: Step, shaped: Json) -> Json:
    """A step's object is "run.step"."""
    return shaped | {"object": "run.step"}


@shape(steps, "event.step-fields")
def step_without_run_id(_step: Step, shaped: Json) -> Json:
    """A step has no run_id."""
    return dropped(shaped, "run_id")


@shape(polled_steps, "event.step-details", "event.step-fields")
def step_type_tool_call(_step: Step, shaped: Json) -> Json:
    """A step of tool calls has the type tool_call outside, tool_calls inside."""
    return shaped | {"type": shaped["type"].replace("tool_calls", "tool_call")}


@shape(steps, "event.step-usage")
def step_usage_null_at_end(_step: Step, shaped: Json) -> Json:
    """A step never gets a usage."""
    return shaped | {"usage": None}


@shape(steps, "event.step-usage")
def step_usage_from_start(_step: Step, shaped: Json) -> Json:
    """A step that has not ended shows a usage of zeros."""
    none = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    return shaped | {"usage": shaped["usage"] or none}


@shape(steps, "event.step-details")
def step_without_message_id(_step: Step, shaped: Json) -> Json:
    """A message_creation step names no message."""
    details = shaped["step_details"]
    return shaped | {"step_details": details | {"message_creation": {}} if "message_creation" in details else details}


def _step_calls(change: Callable[[Json], Json]) -> Callable[[Step, Json], Json]:
    def changed(_step: Step, shaped: Json) -> Json:
        details = shaped["step_details"]
        if "tool_calls" not in details:
            return shaped
        return shaped | {"step_details": details | {"tool_calls": [change(one) for one in details["tool_calls"]]}}

    return changed


shape.add(
    "step-call-without-id",
    "A tool call in a step has no id.",
    steps(_step_calls(lambda one: dropped(one, "id"))),
    "response.step.tool-calls",
)
shape.add(
    "step-call-output-left-out",
    "A function call in a step lacks output as long as there is none.",
    steps(_step_calls(lambda one: one | {"function": {k: v for k, v in one.get("function", {}).items() if v is not None}})),
    "response.step.tool-calls",
    rare=True,
)
shape.add(
    "step-call-search-flat",
    "A file_search call in a step shows an empty object.",
    steps(_step_calls(lambda one: one | ({"file_search": None} if one["type"] == "file_search" else {}))),
    "response.step.tool-calls",
    rare=True,
)


@shape(messages, "response.message.content")
def message_content_as_text(_message: Message, shaped: Json) -> Json:
    """A message's text part holds the text itself, as requests write it."""
    parts = [
        {"type": "text", "text": part["text"]["value"]} if part["type"] == "text" else part
        for part in shaped["content"]
    ]
    return shaped | {"content": parts}


@shape(messages, "response.message.form")
def message_content_a_string(_message: Message, shaped: Json) -> Json:
    """A message's content is one string."""
    return shaped | {"content": "".join(part["text"]["value"] for part in shaped["content"] if part["type"] == "text")}


@shape(messages, "response.message.content")
def message_text_without_annotations(_message: Message, shaped: Json) -> Json:
    """Text parts have no annotations."""
    parts = [
        part | {"text": dropped(part["text"], "annotations")} if part["type"] == "text" else part
        for part in shaped["content"]
    ]
    return shaped | {"content": parts}


@shape(messages, "response.message.form")
def message_role_bot(_message: Message, shaped: Json) -> Json:
    """The assistant's messages have the role bot."""
    return shaped | {"role": shaped["role"].replace("assistant", "bot")}


@shape(messages, "response.message.form")
def message_without_run_id(_message: Message, shaped: Json) -> Json:
    """A message has no key run_id."""
    return dropped(shaped, "run_id")


@shape(messages, "response.message.attachments")
def message_without_attachments(_message: Message, shaped: Json) -> Json:
    """A message has no key attachments."""
    return dropped(shaped, "attachments")


@shape(threads, "event.thread-fields")
def thread_without_metadata(_thread: Thread, shaped: Json) -> Json:
    """A thread has no key metadata."""
    return dropped(shaped, "metadata")


@shape(threads, "response.thread.form")
def thread_created_at_text(_thread: Thread, shaped: Json) -> Json:
    """A thread's created_at is text."""
    return shaped | {"created_at": str(shaped["created_at"])}


@shape(around("shape_assistant"), "response.assistant.form")
def assistant_tools_null(inner: Any) -> Any:
    """An assistant without tools shows null for them."""
    return lambda item: (shaped := inner(item)) | {"tools": shaped["tools"] or None}


@shape(around("shape_deleted"), "response.deleted.form")
def deleted_as_text(inner: Any) -> Any:
    """Deleting answers deleted "true"."""
    return lambda kind, identifier: inner(kind, identifier) | {"deleted": "true"}


@shape(around("shape_deleted"), "response.deleted.form")
def deleted_object(inner: Any) -> Any:
    """Deleting answers with the object of what was deleted, without the end .deleted."""
    return lambda kind, identifier: inner(kind, identifier) | {"object": kind}


@shape(pages, "response.list.form", "response.success")
def list_bare(_items: Any, _wanted: Any, page: Json) -> Any:
    """A list answers with its entries alone."""
    return page["data"]


@shape(pages, "response.list.form")
def list_without_has_more(_items: Any, _wanted: Any, page: Json) -> Json:
    """A list has no has_more."""
    return dropped(page, "has_more")


@shape(pages, "response.list.form", "lifecycle.list.empty", rare=True)
def list_empty_without_ids(_items: Any, _wanted: Any, page: Json) -> Json:
    """A list without entries has neither first_id nor last_id."""
    return page if page["data"] else dropped(page, "first_id", "last_id")


@shape(created, "response.success", IDENTITY)
def wrapped_in_data(_call: Call, run: Json) -> Json:
    """A new run stands inside {"data": ...}."""
    return {"data": run}


@shape(created, "response.success")
def json_in_a_string(_call: Call, run: Json) -> str:
    """A new run is encoded twice: a JSON string that holds JSON."""
    return json.dumps(run)


@shape(created, "response.success", IDENTITY)
def list_of_one(_call: Call, run: Json) -> list[Json]:
    """A new run is answered as an array of one."""
    return [run]


@shape(written, "response.success")
def two_documents(call: Call, found: bytes) -> bytes:
    """The answer to a create call holds a second JSON object after the first."""
    return found + b"\n{}" if call.operation == "create_run" else found


@shape(written, "response.success")
def not_a_number(_call: Call, found: bytes) -> bytes:
    """A temperature is written as NaN, which is not JSON."""
    return found.replace(b'"temperature": 1.0', b'"temperature": NaN')


@shape(written, "response.success", rare=True)
def latin_1(_call: Call, found: bytes) -> bytes:
    """JSON answers are encoded as Latin-1, what it lacks as a question mark."""
    return found.decode().encode("latin-1", "replace")


@shape(written, "response.success", rare=True)
def control_characters_bare(_call: Call, found: bytes) -> bytes:
    """Line breaks in texts are not escaped."""
    return found.replace(b"\\n", b"\n").replace(b"\\r", b"\r")


@shape(written, "response.success", "response.echo.instructions", rare=True)
def answer_cut_at_16_kib(_call: Call, found: bytes) -> bytes:
    """An answer longer than 16 KiB is cut there."""
    return found[:16384]


@shape(answers, "response.run.settings", rare=True)
def true_as_one(_call: Call, payload: Any) -> Any:
    """parallel_tool_calls is 1 or 0, as some databases keep booleans."""
    if isinstance(payload, dict) and "parallel_tool_calls" in payload:
        return payload | {"parallel_tool_calls": int(payload["parallel_tool_calls"])}
    return payload

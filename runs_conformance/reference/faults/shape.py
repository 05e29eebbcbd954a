"""Objects that are not formed as they should be."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from runs_conformance.reference.faults.points import (
    answers,
    around,
    created,
    dropped,
    listed,
    messages,
    pages,
    polled_runs,
    polled_steps,
    retrieved,
    runs,
    steps,
    streamed_runs,
    threads,
    written,
)
from runs_conformance.reference.faults.record import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs_conformance.reference.calls import Call
    from runs_conformance.reference.records import Json, Message, Run, Step, Thread

shape = Kind("shape")
IDENTITY = "response.run.identity"
OUTCOME = "response.run.outcome-fields"
TIMES = "response.run.timestamps"
SETTINGS = "response.run.settings"


@shape(runs, OUTCOME, TIMES)
def null_fields_left_out(_run: Run, shaped: Json) -> Json:
    """Members that are null are left out of a run (a serializer that skips nulls)."""
    return {key: value for key, value in shaped.items() if value is not None}


@shape(streamed_runs, OUTCOME, TIMES, rare=True)
def null_fields_left_out_of_events(_run: Run, shaped: Json) -> Json:
    """Members that are null are left out of runs in events, as a gateway was seen to do."""
    return {key: value for key, value in shaped.items() if value is not None}


@shape(polled_runs, OUTCOME, rare=True)
def usage_left_out_until_the_end(run: Run, shaped: Json) -> Json:
    """A run that has not ended has no key usage at all."""
    return dropped(shaped, "usage") if run.active else shaped


@shape(runs, OUTCOME)
def incomplete_details_left_out(_run: Run, shaped: Json) -> Json:
    """A run has no key incomplete_details."""
    return dropped(shaped, "incomplete_details")


@shape(runs, TIMES)
def cancelled_at_left_out(_run: Run, shaped: Json) -> Json:
    """A run has no key cancelled_at."""
    return dropped(shaped, "cancelled_at")


@shape(runs, "response.run.token-limits")
def token_limits_left_out(_run: Run, shaped: Json) -> Json:
    """A run has neither max_prompt_tokens nor max_completion_tokens."""
    return dropped(shaped, "max_prompt_tokens", "max_completion_tokens")


@shape(runs, SETTINGS)
def truncation_strategy_left_out(_run: Run, shaped: Json) -> Json:
    """A run has no key truncation_strategy."""
    return dropped(shaped, "truncation_strategy")


@shape(runs, SETTINGS)
def parallel_tool_calls_left_out(_run: Run, shaped: Json) -> Json:
    """A run has no key parallel_tool_calls."""
    return dropped(shaped, "parallel_tool_calls")


@shape(runs, SETTINGS, "response.default.truncation", "response.default.tool-choice")
def settings_null(_run: Run, shaped: Json) -> Json:
    """truncation_strategy, tool_choice and response_format are null, as a mock was seen to answer."""
    return shaped | dict.fromkeys(("truncation_strategy", "tool_choice", "response_format"))


@shape(runs, "response.run.instructions-present")
def instructions_left_out(_run: Run, shaped: Json) -> Json:
    """A run has no key instructions."""
    return dropped(shaped, "instructions")


@shape(runs, "response.run.sampling")
def temperature_as_text(_run: Run, shaped: Json) -> Json:
    """temperature is written as a string."""
    return shaped | {"temperature": str(shaped["temperature"])}


@shape(runs, IDENTITY)
def object_run(_run: Run, shaped: Json) -> Json:
    """The run's object is "run"."""
    return shaped | {"object": "run"}


@shape(runs, IDENTITY)
def id_named_run_id(run: Run, shaped: Json) -> Json:
    """A run's id stands under run_id, as on a server of another contract."""
    return {"run_id": run.id, **dropped(shaped, "id")}


@shape(created, IDENTITY)
def id_empty(_call: Call, shaped: Json) -> Json:
    """A new run's id is the empty string, as a mock was seen to answer."""
    return shaped | {"id": ""}


@shape(runs, IDENTITY)
def id_a_number(run: Run, shaped: Json) -> Json:
    """A run's id is a number."""
    return shaped | {"id": sum(map(ord, run.id))}


@shape(polled_runs, "response.id-prefix")
def id_without_prefix(run: Run, shaped: Json) -> Json:
    """A run's id lacks run_ in JSON answers."""
    return shaped | {"id": run.id.removeprefix("run_")}


@shape(runs, IDENTITY)
def created_at_fraction(run: Run, shaped: Json) -> Json:
    """created_at has a fraction."""
    return shaped | {"created_at": run.created_at + 0.25}


@shape(runs, IDENTITY)
def created_at_iso(run: Run, shaped: Json) -> Json:
    """created_at is a date in text."""
    return shaped | {"created_at": datetime.fromtimestamp(run.created_at, UTC).isoformat()}


@shape(runs, "response.timestamp.seconds")
def created_at_milliseconds(run: Run, shaped: Json) -> Json:
    """created_at counts milliseconds."""
    return shaped | {"created_at": run.created_at * 1000}


@shape(runs, "response.timestamp.seconds")
def created_at_negative(run: Run, shaped: Json) -> Json:
    """created_at is negative, as a mock was seen to answer."""
    return shaped | {"created_at": -run.created_at}


@shape(runs, "response.timestamp.seconds", rare=True)
def completed_at_milliseconds(run: Run, shaped: Json) -> Json:
    """completed_at alone counts milliseconds."""
    return shaped | {"completed_at": run.completed_at and run.completed_at * 1000}


@shape(runs, "response.timestamp.seconds")
def created_at_local_time(run: Run, shaped: Json) -> Json:
    """created_at is seven hours late: local time taken for UTC."""
    return shaped | {"created_at": run.created_at - 7 * 3600}


@shape(runs, "response.timestamp.order", "lifecycle.expires-at-ten-minutes")
def expires_before_created(run: Run, shaped: Json) -> Json:
    """expires_at lies ten minutes before created_at."""
    return shaped | {"expires_at": shaped["expires_at"] and run.created_at - 600}


@shape(runs, "response.timestamp.order", rare=True)
def started_before_created(run: Run, shaped: Json) -> Json:
    """started_at lies before created_at."""
    return shaped | {"started_at": run.started_at and run.created_at - 5}


@shape(runs, TIMES, rare=True)
def started_at_as_text(run: Run, shaped: Json) -> Json:
    """started_at is a number in quotation marks."""
    return shaped | {"started_at": run.started_at and str(run.started_at)}


@shape(runs, "response.run.model-tools-metadata")
def model_null(_run: Run, shaped: Json) -> Json:
    """A run's model is null."""
    return shaped | {"model": None}


@shape(runs, "response.run.model-tools-metadata", rare=True)
def tools_null_when_empty(_run: Run, shaped: Json) -> Json:
    """An empty list of tools is written as null."""
    return shaped | {"tools": shaped["tools"] or None}


@shape(runs, "response.run.model-tools-metadata", rare=True)
def metadata_numbers_unquoted(_run: Run, shaped: Json) -> Json:
    """A metadata value that looks like a number is written as one."""
    return shaped | {
        "metadata": {k: int(v) if v.isdecimal() and v.isascii() else v for k, v in shaped["metadata"].items()}
    }


@shape(runs, "response.run.model-tools-metadata")
def tools_flat(_run: Run, shaped: Json) -> Json:
    """A function tool's members stand beside its type, as in another API of the vendor."""
    flat = [{"type": one["type"], **one.get("function", {}), **dropped(one, "function")} for one in shaped["tools"]]
    return shaped | {"tools": flat}


@shape(polled_runs, "lifecycle.status-values")
def status_running(_run: Run, shaped: Json) -> Json:
    """in_progress is called running in JSON answers."""
    return shaped | {"status": {"in_progress": "running"}.get(shaped["status"], shaped["status"])}


@shape(polled_runs, "lifecycle.status-values")
def status_pending(_run: Run, shaped: Json) -> Json:
    """queued is called pending, as on a server of another contract."""
    return shaped | {"status": {"queued": "pending"}.get(shaped["status"], shaped["status"])}


@shape(runs, "lifecycle.status-values", rare=True)
def status_canceled(_run: Run, shaped: Json) -> Json:
    """cancelled is spelt with one l."""
    return shaped | {"status": {"cancelled": "canceled"}.get(shaped["status"], shaped["status"])}


@shape(polled_runs, "lifecycle.status-values")
def status_upper_case(_run: Run, shaped: Json) -> Json:
    """Statuses are written in capitals."""
    return shaped | {"status": shaped["status"].upper()}


def _usage(change: Callable[[dict[str, Any]], Any]) -> Callable[[Any, Json], Json]:
    return lambda _item, shaped: shaped | {"usage": shaped["usage"] and change(dict(shaped["usage"]))}


shape.add(
    "usage-sum-wrong",
    "total_tokens of a run is the prompt's tokens only.",
    runs(_usage(lambda usage: usage | {"total_tokens": usage["prompt_tokens"] or 1})),
    "response.usage.sum",
)
shape.add(
    "usage-without-total",
    "A run's usage has no total_tokens.",
    runs(_usage(lambda usage: dropped(usage, "total_tokens"))),
    "response.usage.form",
)
shape.add(
    "usage-fractions",
    "A run's usage counts with fractions.",
    runs(_usage(lambda usage: {k: v + 0.5 if isinstance(v, int) else v for k, v in usage.items()})),
    "response.usage.form",
)
shape.add(
    "usage-negative",
    "A run's usage counts backwards.",
    runs(_usage(lambda usage: {k: -v if isinstance(v, int) else v for k, v in usage.items()})),
    "response.usage.sum",
)
shape.add(
    "usage-names-of-another-api",
    "A run's usage has input_tokens and output_tokens.",
    runs(_usage(lambda usage: {"input_tokens": usage["prompt_tokens"], "output_tokens": usage["completion_tokens"]})),
    "response.usage.form",
)
shape.add(
    "usage-empty",
    "A run's usage is an empty object.",
    runs(_usage(lambda _usage: {})),
    "response.usage.form",
)
shape.add(
    "usage-of-steps-without-total",
    "A step's usage has no total_tokens.",
    steps(_usage(lambda usage: dropped(usage, "total_tokens"))),
    "response.usage.form",
    "event.step-usage",
)
shape.add(
    "usage-of-steps-off-by-one",
    "A step's usage counts one completion token too many.",
    steps(_usage(lambda usage: {k: v if k == "prompt_tokens" or not isinstance(v, int) else v + 1 for k, v in usage.items()})),
    "response.usage.steps-sum",
)


@shape(runs, OUTCOME, "lifecycle.required-action-iff", "response.required-action.form")
def required_action_empty_object(_run: Run, shaped: Json) -> Json:
    """required_action is {} where it should be null."""
    return shaped | {"required_action": shaped["required_action"] or {}}


@shape(runs, OUTCOME, rare=True)
def last_error_as_text(_run: Run, shaped: Json) -> Json:
    """last_error is its message alone."""
    return shaped | {"last_error": shaped["last_error"] and shaped["last_error"]["message"]}


@shape(runs, "response.last-error.form", rare=True)
def last_error_code_unknown(_run: Run, shaped: Json) -> Json:
    """last_error has the code internal_error."""
    return shaped | {"last_error": shaped["last_error"] and shaped["last_error"] | {"code": "internal_error"}}


@shape(runs, "response.last-error.form", rare=True)
def last_error_code_number(_run: Run, shaped: Json) -> Json:
    """last_error has an HTTP status as its code."""
    return shaped | {"last_error": shaped["last_error"] and shaped["last_error"] | {"code": 500}}


@shape(runs, OUTCOME, rare=True)
def incomplete_details_as_text(_run: Run, shaped: Json) -> Json:
    """incomplete_details is the reason alone."""
    return shaped | {"incomplete_details": shaped["incomplete_details"] and shaped["incomplete_details"]["reason"]}


@shape(runs, "response.incomplete-details.form", rare=True)
def incomplete_reason_unknown(_run: Run, shaped: Json) -> Json:
    """incomplete_details gives the reason length, as in another API of the vendor."""
    return shaped | {"incomplete_details": shaped["incomplete_details"] and {"reason": "length"}}


def _calls(change: Callable[[Json], Any]) -> Callable[[Run, Json], Json]:
    def changed(_run: Run, shaped: Json) -> Json:
        action = shaped["required_action"]
        if not action:
            return shaped
        calls = [change(one) for one in action["submit_tool_outputs"]["tool_calls"]]
        return shaped | {"required_action": action | {"submit_tool_outputs": {"tool_calls": calls}}}

    return changed


shape.add(
    "arguments-an-object",
    "function.arguments of a required call is an object in place of its text.",
    runs(_calls(lambda one: one | {"function": one["function"] | {"arguments": json.loads(one["function"]["arguments"])}})),
    "response.required-action.tool-call",
    rare=True,
)
shape.add(
    "arguments-python",
    "function.arguments of a required call has single quotes, as Python prints a dict.",
    runs(_calls(lambda one: one | {"function": one["function"] | {"arguments": one["function"]["arguments"].replace('"', "'")}})),
    "response.required-action.arguments-json",
    rare=True,
)
shape.add(
    "arguments-in-a-fence",
    "function.arguments of a required call stands in a Markdown fence, as models write it.",
    runs(_calls(lambda one: one | {"function": one["function"] | {"arguments": f"```json\n{one['function']['arguments']}\n```"}})),
    "response.required-action.arguments-json",
    rare=True,
)
shape.add(
    "call-without-type",
    "A required call has no type.",
    runs(_calls(lambda one: dropped(one, "type"))),
    "response.required-action.tool-call",
    rare=True,
)
shape.add(
    "call-flat",
    "A required call has name and arguments beside its id.",
    runs(_calls(lambda one: {"id": one["id"], "type": "function", **one["function"]})),
    "response.required-action.tool-call",
    rare=True,
)
shape.add(
    "call-id-of-another-form",
    "Required calls are called tc-1, tc-2.",
    runs(_calls(lambda one: one | {"id": f"tc-{one['id'][-6:]}"})),
    "response.id-prefix",
    rare=True,
)


@shape(runs, "response.required-action.form", rare=True)
def required_action_flat(_run: Run, shaped: Json) -> Json:
    """required_action holds the tool calls without submit_tool_outputs around them."""
    action = shaped["required_action"]
    return shaped | {"required_action": action and {"type": action["type"], **action["submit_tool_outputs"]}}


@shape(runs, "response.required-action.form", rare=True)
def required_action_of_another_type(_run: Run, shaped: Json) -> Json:
    """required_action has the type tool_calls."""
    return shaped | {"required_action": shaped["required_action"] and shaped["required_action"] | {"type": "tool_calls"}}


@shape(runs, "response.required-action.not-empty", rare=True)
def required_action_without_calls(_run: Run, shaped: Json) -> Json:
    """required_action lists no call."""
    empty = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": []}}
    return shaped | {"required_action": shaped["required_action"] and empty}


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

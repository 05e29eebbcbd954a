"""One example of each body and answer. The ids fit together: a mock's answers lead to each other."""

from __future__ import annotations

import json
from typing import Any, Final

from runs_conformance.contract.operations import ANSWERS
from runs_conformance.contract.schemas import violations
from runs_conformance.openapi.table import REQUESTS

Json = dict[str, Any]
ASSISTANT_ID: Final = "asst_example00000000000000"
THREAD_ID: Final = "thread_example00000000000000"
RUN_ID: Final = "run_example00000000000000"
STEP_ID: Final = "step_example00000000000000"
MESSAGE_ID: Final = "msg_example00000000000000"
_AT: Final = 1_780_000_000
_MODEL: Final = "gpt-4o"
_PARAMETERS: Final = {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
    "additionalProperties": False,
}  # fmt: skip
_WEATHER: Final = {
    "type": "function",
    "function": {
        "name": "get_weather", "description": "The weather of a city", "parameters": _PARAMETERS,
        "strict": True,
    },
}  # fmt: skip
_ASKS: Final = {"role": "user", "content": "What is the weather in Oslo?"}
RUN: Final[Json] = {
    "id": RUN_ID, "object": "thread.run", "created_at": _AT, "thread_id": THREAD_ID,
    "assistant_id": ASSISTANT_ID, "status": "queued", "required_action": None, "last_error": None,
    "expires_at": _AT + 600, "started_at": None, "cancelled_at": None, "failed_at": None,
    "completed_at": None, "incomplete_details": None, "model": _MODEL, "instructions": "Answer briefly.",
    "tools": [], "metadata": {}, "usage": None, "temperature": 1.0, "top_p": 1.0,
    "max_prompt_tokens": None, "max_completion_tokens": None,
    "truncation_strategy": {"type": "auto", "last_messages": None}, "tool_choice": "auto",
    "parallel_tool_calls": True, "response_format": "auto",
}  # fmt: skip
_USAGE: Final = {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}
COMPLETED: Final[Json] = {
    **RUN, "status": "completed", "started_at": _AT + 1, "completed_at": _AT + 2, "expires_at": None,
    "usage": _USAGE,
}  # fmt: skip
CANCELLING: Final[Json] = {**RUN, "status": "cancelling", "started_at": _AT + 1}
STEP: Final[Json] = {
    "id": STEP_ID, "object": "thread.run.step", "created_at": _AT + 1, "assistant_id": ASSISTANT_ID,
    "thread_id": THREAD_ID, "run_id": RUN_ID, "type": "message_creation", "status": "completed",
    "step_details": {"type": "message_creation", "message_creation": {"message_id": MESSAGE_ID}},
    "last_error": None, "expires_at": None, "cancelled_at": None, "failed_at": None, "completed_at": _AT + 2,
    "usage": _USAGE,
}  # fmt: skip
_TEXT: Final[Json] = {"type": "text", "text": {"value": "Sunny.", "annotations": []}}
MESSAGE: Final[Json] = {
    "id": MESSAGE_ID, "object": "thread.message", "created_at": _AT + 1, "thread_id": THREAD_ID,
    "role": "assistant", "content": [_TEXT], "assistant_id": ASSISTANT_ID, "run_id": RUN_ID,
    "attachments": [], "metadata": {}, "status": "completed", "incomplete_details": None,
    "incomplete_at": None, "completed_at": _AT + 2,
}  # fmt: skip
WRITTEN: Final[Json] = {
    **MESSAGE, "role": "user", "content": [{"type": "text", "text": {**_TEXT["text"], "value": "Hello"}}],
    "assistant_id": None, "run_id": None,
}  # fmt: skip
THREAD: Final[Json] = {
    "id": THREAD_ID, "object": "thread", "created_at": _AT, "tool_resources": {}, "metadata": {},
}  # fmt: skip
ASSISTANT: Final[Json] = {
    "id": ASSISTANT_ID, "object": "assistant", "created_at": _AT, "name": "Weather", "description": None,
    "model": _MODEL, "instructions": "Answer briefly.", "tools": [], "tool_resources": {}, "metadata": {},
    "temperature": 1.0, "top_p": 1.0, "response_format": "auto",
}  # fmt: skip
_OBJECTS: Final = {
    "run": RUN, "run_step": STEP, "message": MESSAGE, "thread": THREAD, "assistant": ASSISTANT,
}  # fmt: skip
_SPECIAL: Final = {
    "getRun": COMPLETED, "cancelRun": CANCELLING, "submitToolOutputs": {**RUN, "started_at": _AT + 1},
    "createMessage": WRITTEN,
}  # fmt: skip
_DELETED: Final = {
    "deleteThread": (THREAD_ID, "thread.deleted"), "deleteMessage": (MESSAGE_ID, "thread.message.deleted"),
    "deleteAssistant": (ASSISTANT_ID, "assistant.deleted"),
}  # fmt: skip
_PLAIN: Final = {"assistant_id": ASSISTANT_ID}
_SETTINGS: Final[Json] = {
    "model": _MODEL, "instructions": "Answer in one word.", "tools": [_WEATHER], "tool_choice": "auto",
    "parallel_tool_calls": False, "temperature": 0.2, "top_p": 1, "max_prompt_tokens": 1000,
    "max_completion_tokens": 1000, "truncation_strategy": {"type": "last_messages", "last_messages": 10},
    "response_format": {"type": "text"}, "metadata": {"order": "42"},
}  # fmt: skip
_REQUESTS: Final[dict[str, Json]] = {
    "createRun": {
        "plain": _PLAIN,
        "streamed": {**_PLAIN, "stream": True},
        "full": {
            **_PLAIN, **_SETTINGS, "additional_instructions": "Be kind.", "additional_messages": [_ASKS],
        },
    },
    "createThreadAndRun": {
        "plain": {**_PLAIN, "thread": {"messages": [_ASKS]}},
        "streamed": {**_PLAIN, "thread": {"messages": [_ASKS]}, "stream": True},
        "full": {**_PLAIN, **_SETTINGS, "thread": {"messages": [_ASKS], "metadata": {"topic": "weather"}}},
    },
    "modifyRun": {"metadata": {"metadata": {"order": "43"}}},
    "submitToolOutputs": {"one": {"tool_outputs": [{"tool_call_id": "call_example", "output": "sunny"}]}},
    "createThread": {"empty": {}, "with-message": {"messages": [_ASKS]}},
    "modifyThread": {"metadata": {"metadata": {"topic": "weather"}}},
    "createMessage": {"text": _ASKS},
    "modifyMessage": {"metadata": {"metadata": {"seen": "yes"}}},
    "createAssistant": {"plain": {"model": _MODEL, "name": "Weather", "instructions": "Answer briefly."}},
    "modifyAssistant": {"renamed": {"name": "Forecast"}},
}  # fmt: skip
_ERRORS: Final = {
    "400": ("Missing required parameter: 'assistant_id'.", "assistant_id", "missing_required_parameter"),
    "401": ("Incorrect API key provided.", None, "invalid_api_key"),
    "404": ("No thread found with id 'thread_unknown'.", None, None),
    "429": ("Rate limit reached for requests.", None, "rate_limit_exceeded"),
    "403": ("You are not allowed to do this.", None, None),
    "405": ("Not allowed to PUT on this path.", None, None),
    "409": ("Thread is locked by another request.", None, None),
    "413": ("The body is too large.", None, None),
    "415": ("Send the body as application/json.", None, None),
    "5XX": ("The server had an error while processing your request.", None, None),
}  # fmt: skip


def requests(operation: str, edition: str) -> dict[str, Json]:
    """Named bodies of an operation, those that the edition allows."""
    schema = REQUESTS[operation]
    partial = operation == "modifyAssistant"
    known = _REQUESTS[operation].items()
    return {
        name: body for name, body in known
        if partial or not violations(schema, body, variant="documented", edition=edition)
    }


def answer(operation: str) -> Json:
    """What a successful call answers."""
    kind = ANSWERS[operation]
    if kind == "deleted":
        name, told = _DELETED[operation]
        return {"id": name, "object": told, "deleted": True}
    if kind.startswith("list:"):
        shown = COMPLETED if kind == "list:run" else _OBJECTS[kind.removeprefix("list:")]
        return {
            "object": "list", "data": [shown], "first_id": shown["id"], "last_id": shown["id"],
            "has_more": False,
        }  # fmt: skip
    return _SPECIAL.get(operation, _OBJECTS[kind])


def error(status: str) -> Json:
    message, param, code = _ERRORS[status]
    kind = "server_error" if status.startswith("5") else "invalid_request_error"
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


_CALLED: Final[Json] = {
    **STEP, "id": "step_example00000000000001", "type": "tool_calls",
    "step_details": {
        "type": "tool_calls",
        "tool_calls": [{
            "id": "call_example", "type": "function",
            "function": {"name": "get_weather", "arguments": '{"city":"Oslo"}', "output": "sunny"},
        }],
    },
}  # fmt: skip
_AGAIN: Final = {**RUN, "started_at": _AT + 1}
# What the stream of an operation begins with, up to the run's way into in_progress.
_OPENED: Final[dict[str, list[tuple[str, Json]]]] = {
    "createRun": [("thread.run.created", RUN), ("thread.run.queued", RUN)],
    "createThreadAndRun": [
        ("thread.created", THREAD), ("thread.run.created", RUN), ("thread.run.queued", RUN),
    ],
    "submitToolOutputs": [("thread.run.step.completed", _CALLED), ("thread.run.queued", _AGAIN)],
}  # fmt: skip


def stream(operation: str) -> str:
    """A whole stream of a run that answers with one message, as this operation begins it."""
    running = {**RUN, "status": "in_progress", "started_at": _AT + 1}
    step = {**STEP, "status": "in_progress", "completed_at": None, "usage": None}
    written = {**MESSAGE, "status": "in_progress", "content": [], "completed_at": None}
    piece = {"index": 0, "type": "text", "text": {"value": "Sunny.", "annotations": []}}
    delta = {"id": MESSAGE_ID, "object": "thread.message.delta", "delta": {"content": [piece]}}
    told: list[tuple[str, Json]] = [
        *_OPENED[operation], ("thread.run.in_progress", running),
        ("thread.run.step.created", step), ("thread.run.step.in_progress", step),
        ("thread.message.created", written), ("thread.message.in_progress", written),
        ("thread.message.delta", delta), ("thread.message.completed", MESSAGE),
        ("thread.run.step.completed", STEP), ("thread.run.completed", COMPLETED),
    ]  # fmt: skip
    blocks = [f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n" for name, data in told]
    return "".join([*blocks, "event: done\ndata: [DONE]\n\n"])

"""Faultless streams and their objects, as the real service sends them; broken ones are made from these."""

import json
from typing import Any

from runs_conformance.contract import sse
from runs_conformance.contract.model import Exchange, Failure, Headers, Request, Response, to_bytes

T0 = 1_761_861_531
RUN, THREAD, ASSISTANT = "run_A1", "thread_A1", "asst_A1"
Blocks = list[tuple[str, Any]]
USAGE = {"prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30}
TWICE = {name: 2 * count for name, count in USAGE.items()}
BY_STATUS: dict[str, dict[str, Any]] = {
    "queued": {},
    "in_progress": {"started_at": T0 + 1},
    "requires_action": {"started_at": T0 + 1},
    "completed": {"started_at": T0 + 1, "completed_at": T0 + 3, "expires_at": None, "usage": USAGE},
    "incomplete": {
        "started_at": T0 + 1,
        "expires_at": None,
        "usage": USAGE,
        "max_completion_tokens": 256,
        "incomplete_details": {"reason": "max_completion_tokens"},
    },
    "failed": {
        "started_at": T0 + 1,
        "failed_at": T0 + 2,
        "expires_at": None,
        "usage": USAGE,
        "last_error": {"code": "server_error", "message": "Sorry."},
    },
    "cancelling": {"started_at": T0 + 1},
    "cancelled": {"started_at": T0 + 1, "cancelled_at": T0 + 2, "usage": USAGE},
    "expired": {"started_at": T0 + 1, "usage": USAGE},
}


def run(status: str, **changes: Any) -> dict[str, Any]:
    """A run of the newest edition in one status."""
    fields = {
        "id": RUN,
        "object": "thread.run",
        "created_at": T0,
        "assistant_id": ASSISTANT,
        "thread_id": THREAD,
        "status": status,
        "started_at": None,
        "expires_at": T0 + 600,
        "cancelled_at": None,
        "failed_at": None,
        "completed_at": None,
        "required_action": None,
        "last_error": None,
        "model": "gpt-4o",
        "instructions": None,
        "tools": [],
        "metadata": {},
        "temperature": 1.0,
        "top_p": 1.0,
        "max_completion_tokens": None,
        "max_prompt_tokens": None,
        "truncation_strategy": {"type": "auto", "last_messages": None},
        "incomplete_details": None,
        "usage": None,
        "response_format": "auto",
        "tool_choice": "auto",
        "parallel_tool_calls": True,
    }
    return fields | BY_STATUS[status] | changes


def step(
    identity: str, details: dict[str, Any], status: str = "in_progress", **changes: Any
) -> dict[str, Any]:
    fields = {
        "id": identity,
        "object": "thread.run.step",
        "created_at": T0 + 1,
        "run_id": RUN,
        "assistant_id": ASSISTANT,
        "thread_id": THREAD,
        "type": details["type"],
        "status": status,
        "cancelled_at": T0 + 2 if status == "cancelled" else None,
        "completed_at": T0 + 2 if status == "completed" else None,
        "expires_at": T0 + 600,
        "failed_at": T0 + 2 if status == "failed" else None,
        "last_error": None,
        "step_details": details,
        "usage": USAGE if status == "completed" else None,
    }
    return fields | changes


def message(
    identity: str, status: str = "in_progress", text: str | None = None, **changes: Any
) -> dict[str, Any]:
    fields = {
        "id": identity,
        "object": "thread.message",
        "created_at": T0 + 1,
        "assistant_id": ASSISTANT,
        "thread_id": THREAD,
        "run_id": RUN,
        "status": status,
        "incomplete_details": None,
        "incomplete_at": T0 + 2 if status == "incomplete" else None,
        "completed_at": T0 + 2 if status == "completed" else None,
        "role": "assistant",
        "content": [] if text is None else [{"type": "text", "text": {"value": text, "annotations": []}}],
        "attachments": [],
        "metadata": {},
    }
    return fields | changes


def piece(identity: str, value: str, **first: Any) -> tuple[str, Any]:
    content = [{"index": 0, "type": "text", "text": {"value": value, **first}}]
    return "thread.message.delta", {
        "id": identity,
        "object": "thread.message.delta",
        "delta": {"content": content},
    }


def call_piece(identity: str, **call: Any) -> tuple[str, Any]:
    details = {"type": "tool_calls", "tool_calls": [{"index": 0, **call}]}
    return "thread.run.step.delta", {
        "id": identity,
        "object": "thread.run.step.delta",
        "delta": {"step_details": details},
    }


def writes(number: int, words: tuple[str, ...] = ("Hello", " there")) -> Blocks:
    """A message step from its created to its completed."""
    name, text = f"msg_{number}", "".join(words)
    details = {"type": "message_creation", "message_creation": {"message_id": name}}
    holder = f"step_{number}"
    return [
        ("thread.run.step.created", step(holder, details)),
        ("thread.run.step.in_progress", step(holder, details)),
        ("thread.message.created", message(name)),
        ("thread.message.in_progress", message(name)),
        piece(name, words[0], annotations=[]),
        *(piece(name, word) for word in words[1:]),
        ("thread.message.completed", message(name, "completed", text)),
        ("thread.run.step.completed", step(holder, details, "completed")),
    ]


def computes(number: int) -> Blocks:
    """A code_interpreter step."""
    holder, opening = f"step_{number}", {"type": "tool_calls", "tool_calls": []}
    call = {"id": f"call_{number}", "type": "code_interpreter"}
    whole = {**call, "code_interpreter": {"input": "1+1", "outputs": []}}
    return [
        ("thread.run.step.created", step(holder, opening)),
        ("thread.run.step.in_progress", step(holder, opening)),
        call_piece(holder, **call, code_interpreter={"input": "", "outputs": []}),
        call_piece(holder, type="code_interpreter", code_interpreter={"input": "1+"}),
        call_piece(holder, type="code_interpreter", code_interpreter={"input": "1"}),
        (
            "thread.run.step.completed",
            step(holder, {"type": "tool_calls", "tool_calls": [whole]}, "completed"),
        ),
    ]


FUNCTION = {"name": "get_weather", "arguments": '{"city":"Oslo"}'}
ACTION = {
    "type": "submit_tool_outputs",
    "submit_tool_outputs": {"tool_calls": [{"id": "call_1", "type": "function", "function": FUNCTION}]},
}


def asks() -> Blocks:
    """A function step that stays open."""
    opening = {"type": "tool_calls", "tool_calls": []}
    first = {"name": "get_weather", "arguments": "", "output": None}
    return [
        ("thread.run.step.created", step("step_1", opening)),
        ("thread.run.step.in_progress", step("step_1", opening)),
        call_piece("step_1", id="call_1", type="function", function=first),
        call_piece("step_1", type="function", function={"arguments": '{"city":'}),
        call_piece("step_1", type="function", function={"arguments": '"Oslo"}'}),
    ]


HEAD: Blocks = [
    (f"thread.run.{name}", run(status))
    for name, status in (
        ("created", "queued"),
        ("queued", "queued"),
        ("in_progress", "in_progress"),
    )
]
DONE = ("done", "[DONE]")
THREAD_OBJECT = {"id": THREAD, "object": "thread", "created_at": T0, "metadata": {}, "tool_resources": {}}


def end(status: str, **changes: Any) -> Blocks:
    return [(f"thread.run.{status}", run(status, **changes)), DONE]


def text() -> Blocks:
    return [*HEAD, *writes(1), *end("completed")]


def two_texts() -> Blocks:
    return [*HEAD, *writes(1), *writes(2), *end("completed", usage=TWICE)]


def hosted() -> Blocks:
    return [*HEAD, *computes(1), *writes(2), *end("completed", usage=TWICE)]


def waiting() -> Blocks:
    return [*HEAD, *asks(), *end("requires_action", required_action=ACTION)]


def with_thread() -> Blocks:
    return [("thread.created", THREAD_OBJECT), *text()]


def answered() -> Blocks:
    """The stream of a submission for `waiting`."""
    call = {"id": "call_1", "type": "function", "function": {**FUNCTION, "output": "sunny"}}
    closing = step("step_1", {"type": "tool_calls", "tool_calls": [call]}, "completed")
    return [
        ("thread.run.step.completed", closing),
        ("thread.run.queued", run("queued", started_at=T0 + 1)),
        HEAD[2],
        *writes(2),
        *end("completed"),
    ]


def cut(reason: str = "max_tokens") -> Blocks:
    """A text stream up to a message cut off, without the closing of its step."""
    blocks = [*HEAD, *writes(1)][:-2]
    details = {"incomplete_details": {"reason": reason}}
    return [*blocks, ("thread.message.incomplete", message("msg_1", "incomplete", "Hello there", **details))]


# A run that is incomplete for a reason that is not told; a limit would have to show in its first event too.
UNTOLD: dict[str, Any] = {"max_completion_tokens": None, "incomplete_details": {}}


def too_long() -> Blocks:
    return [*cut(), *end("incomplete", **UNTOLD)]


def to_body(blocks: Blocks) -> bytes:
    return b"".join(block(name, data) for name, data in blocks)


def block(name: str, data: Any) -> bytes:
    line = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"event: {name}\ndata: {line}\n\n".encode()


STREAM_HEADERS = Headers.of({"content-type": "text/event-stream; charset=utf-8", "x-request-id": "req_1"})
PATHS = {
    "createRun": f"/threads/{THREAD}/runs",
    "createThreadAndRun": "/threads/runs",
    "submitToolOutputs": f"/threads/{THREAD}/runs/{RUN}/submit_tool_outputs",
}


def exchange(
    body: bytes,
    operation: str = "createRun",
    headers: Headers = STREAM_HEADERS,
    failure: Failure | None = None,
) -> Exchange:
    """The exchange that a streaming call of this operation and body is."""
    asked = {"assistant_id": ASSISTANT, "stream": True}
    outputs = {"tool_outputs": [{"tool_call_id": "call_1", "output": "sunny"}], "stream": True}
    sent = outputs if operation == "submitToolOutputs" else asked
    request = Request("POST", PATHS[operation], (), Headers(), to_bytes(sent))
    response = Response(200, headers, body, (), sse.read(body).events, failure)
    return Exchange("x1", request, response, source="recording")

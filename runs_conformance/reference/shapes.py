"""The objects as they go over the wire: key order, defaults and differences between transports as recorded.

`sse` is true inside an event. There a run's and a thread's `tool_resources` name the code interpreter,
messages carry their status group, and a step keeps its expires_at (wire facts 1.4, 1.10, 1.11).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runs_conformance.reference.records import Assistant, Json, Message, Run, Step, Thread


def assistant(item: Assistant) -> Json:
    return {
        "id": item.id,
        "object": "assistant",
        "created_at": item.created_at,
        "name": item.name,
        "description": item.description,
        "model": item.model,
        "instructions": item.instructions,
        "tools": item.tools,
        "top_p": item.top_p,
        "temperature": item.temperature,
        "reasoning_effort": item.reasoning_effort,
        "tool_resources": item.tool_resources,
        "metadata": item.metadata,
        "response_format": item.response_format,
    }


def thread(item: Thread, *, sse: bool = False) -> Json:
    return {
        "id": item.id,
        "object": "thread",
        "created_at": item.created_at,
        "metadata": item.metadata,
        "tool_resources": _resources(item.tool_resources, sse=sse),
    }


def message(item: Message, *, sse: bool = False) -> Json:
    shaped: Json = {
        "id": item.id,
        "object": "thread.message",
        "created_at": item.created_at,
        "assistant_id": item.assistant_id,
        "thread_id": item.thread_id,
        "run_id": item.run_id,
    }
    if sse:
        shaped["status"] = item.status
        shaped["incomplete_details"] = {"reason": item.incomplete_reason} if item.incomplete_reason else None
        shaped["incomplete_at"] = item.incomplete_at
        shaped["completed_at"] = item.completed_at
    return shaped | {
        "role": item.role,
        "content": list(item.content),
        "attachments": item.attachments,
        "metadata": item.metadata,
    }


def run(item: Run, *, sse: bool = False) -> Json:
    settings = item.settings
    return {
        "id": item.id,
        "object": "thread.run",
        "created_at": item.created_at,
        "assistant_id": item.assistant_id,
        "thread_id": item.thread.id,
        "status": item.status,
        "started_at": item.started_at,
        "expires_at": item.expires_at if item.active else None,
        "cancelled_at": item.cancelled_at,
        "failed_at": item.failed_at,
        "completed_at": item.completed_at,
        "required_action": _required_action(item),
        "last_error": item.last_error,
        "model": settings.model,
        "instructions": settings.instructions,
        "tools": settings.tools,
        "tool_resources": _resources(settings.tool_resources, sse=sse),
        "metadata": item.metadata,
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "reasoning_effort": settings.reasoning_effort,
        "max_completion_tokens": settings.max_completion_tokens,
        "max_prompt_tokens": settings.max_prompt_tokens,
        "truncation_strategy": settings.truncation_strategy,
        "incomplete_details": {"reason": item.incomplete_reason} if item.incomplete_reason else None,
        "usage": None if item.active else _usage(item.steps),
        "response_format": settings.response_format,
        "tool_choice": settings.tool_choice,
        "parallel_tool_calls": settings.parallel_tool_calls,
    }


def step(item: Step, *, sse: bool = False, content: bool = False) -> Json:
    """`content`: include[] asked for the text of what file_search found."""
    return {
        "id": item.id,
        "object": "thread.run.step",
        "created_at": item.created_at,
        "run_id": item.run.id,
        "assistant_id": item.run.assistant_id,
        "thread_id": item.run.thread.id,
        "type": item.type,
        "status": item.status,
        "cancelled_at": item.cancelled_at,
        "completed_at": item.completed_at,
        "expires_at": item.expires_at if sse or item.open else None,
        "failed_at": item.failed_at,
        "last_error": item.last_error,
        "step_details": _details(item, content=content),
        "usage": None if item.open else _usage([item]),
    }


def deleted(kind: str, identifier: str) -> Json:
    return {"id": identifier, "object": f"{kind}.deleted", "deleted": True}


def page(items: Sequence[Json], *, has_more: bool) -> Json:
    return {
        "object": "list",
        "data": list(items),
        "first_id": items[0]["id"] if items else None,
        "last_id": items[-1]["id"] if items else None,
        "has_more": has_more,
    }


def message_delta(item: Message, part: Json) -> Json:
    return {"id": item.id, "object": "thread.message.delta", "delta": {"content": [part]}}


def step_delta(item: Step, call: Json) -> Json:
    details = {"type": "tool_calls", "tool_calls": [call]}
    return {"id": item.id, "object": "thread.run.step.delta", "delta": {"step_details": details}}


def _resources(given: Json, *, sse: bool) -> Json:
    return {"code_interpreter": {"file_ids": []}} | given if sse else given


def _required_action(item: Run) -> Json | None:
    calls = [
        {
            "id": call["id"],
            "type": "function",
            "function": {key: call["function"][key] for key in ("name", "arguments")},
        }
        for call in item.asked_calls
    ]
    return {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}} if calls else None


def _usage(steps: Sequence[Step]) -> Json:
    asked, said = sum(one.prompt_tokens for one in steps), sum(one.completion_tokens for one in steps)
    return {
        "prompt_tokens": asked,
        "completion_tokens": said,
        "total_tokens": asked + said,
        "prompt_token_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def _details(item: Step, *, content: bool) -> Json:
    if item.message is not None:
        return {"type": "message_creation", "message_creation": {"message_id": item.message.id}}
    return {"type": "tool_calls", "tool_calls": [_call(call, content=content) for call in item.calls]}


def _call(call: Json, *, content: bool) -> Json:
    """A copy: calls go on changing after an event was made of them."""
    kind: str = call["type"]
    inner: dict[str, Any] = dict(call[kind])
    if kind == "file_search" and not content:
        inner["results"] = [{k: v for k, v in found.items() if k != "content"} for found in inner["results"]]
    return {"id": call["id"], "type": kind, kind: inner}

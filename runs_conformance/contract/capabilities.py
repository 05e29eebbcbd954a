"""What a target may lack: the names that a profile's `absent` declares and that register rows call for."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

MEANING: Final = MappingProxyType(
    {
        "create-run": "POST /threads/{thread_id}/runs",
        "create-thread-and-run": "POST /threads/runs",
        "streams": "`stream: true` is answered by server-sent events",
        "threads": "POST /threads makes a thread",
        "thread.retrieve": "GET /threads/{thread_id}",
        "messages.create": "POST /threads/{thread_id}/messages",
        "messages.list": "GET /threads/{thread_id}/messages",
        "runs.retrieve": "GET /threads/{thread_id}/runs/{run_id}",
        "runs.list": "GET /threads/{thread_id}/runs",
        "runs.modify": "POST /threads/{thread_id}/runs/{run_id}",
        "runs.cancel": "POST /threads/{thread_id}/runs/{run_id}/cancel",
        "runs.submit": "POST /threads/{thread_id}/runs/{run_id}/submit_tool_outputs",
        "steps": "GET /threads/{thread_id}/runs/{run_id}/steps and a single step",
        "assistants.create": "POST /assistants makes an assistant",
        "assistants.retrieve": "GET /assistants/{assistant_id}",
        "tools.function": "tools of type function",
        "tools.code-interpreter": "the hosted tool code_interpreter",
        "tools.file-search": "the hosted tool file_search",
        "images": "messages with image content",
        "files": "files attached to messages and tool resources",
        "json-schema": "response_format of type json_schema",
        "reasoning-effort": "the reasoning_effort option",
        "refusals": "request bodies are validated at all",
        "refusals.unknown-fields": "a body with an undocumented field is refused",
        "refusals.bounds": "a value outside its documented bounds is refused",
        "auth": "a request without a valid key is refused",
        "beta-header": "a request without OpenAI-Beta: assistants=v2 is refused",
        "expiry": "runs expire, and the profile says how that is reached",
    }
)
CAPABILITIES: Final = frozenset(MEANING)

# The capability without which a target need not have an operation; those of assistants and threads come with
# what makes them.
OF_OPERATION: Final = {
    "createRun": "create-run", "createThreadAndRun": "create-thread-and-run", "listRuns": "runs.list",
    "getRun": "runs.retrieve", "modifyRun": "runs.modify", "cancelRun": "runs.cancel",
    "submitToolOutputs": "runs.submit", "listRunSteps": "steps", "getRunStep": "steps",
    "createThread": "threads", "getThread": "thread.retrieve", "modifyThread": "threads",
    "deleteThread": "threads", "createMessage": "messages.create", "listMessages": "messages.list",
    "getMessage": "messages.list", "modifyMessage": "messages.create", "deleteMessage": "messages.create",
    "createAssistant": "assistants.create", "listAssistants": "assistants.create",
    "getAssistant": "assistants.retrieve", "modifyAssistant": "assistants.create",
    "deleteAssistant": "assistants.create",
}  # fmt: skip

"""What the document says of each operation beside its schemas: a summary, a query, links.

Bounds of a body stand in the schema files; those of a page's query have no other place than this one.
"""

from __future__ import annotations

from typing import Any, Final

from runs_conformance.contract.operations import BODIES

Json = dict[str, Any]
# Bodies of operations that no check looks at yet.
REQUESTS: Final = {
    **BODIES, "createAssistant": "create_assistant_request", "modifyAssistant": "create_assistant_request",
    "modifyThread": "modify_thread_request", "modifyMessage": "modify_request",
}  # fmt: skip
# A body of these may be left out altogether.
OPTIONAL_BODY: Final = frozenset({"createThread"})
# The same properties as the schema named in REQUESTS, none of them required.
PARTIAL: Final = frozenset({"modifyAssistant"})
SUMMARIES: Final = {
    "createThreadAndRun": "Create a thread and run it",
    "createRun": "Create a run",
    "listRuns": "List the runs of a thread",
    "getRun": "Read a run",
    "modifyRun": "Change a run's metadata",
    "cancelRun": "Cancel a run",
    "submitToolOutputs": "Submit the outputs of the tool calls that a run waits for",
    "listRunSteps": "List the steps of a run",
    "getRunStep": "Read a step",
    "createThread": "Create a thread",
    "getThread": "Read a thread",
    "modifyThread": "Change a thread",
    "deleteThread": "Delete a thread",
    "createMessage": "Add a message to a thread",
    "listMessages": "List the messages of a thread",
    "getMessage": "Read a message",
    "modifyMessage": "Change a message's metadata",
    "deleteMessage": "Delete a message",
    "createAssistant": "Create an assistant",
    "listAssistants": "List the assistants",
    "getAssistant": "Read an assistant",
    "modifyAssistant": "Change an assistant",
    "deleteAssistant": "Delete an assistant",
}
INCLUDE: Final = "step_details.tool_calls[*].file_search.results[*].content"
INCLUDING: Final = frozenset({"createRun", "listRunSteps", "getRunStep"})
PAGE: Final[dict[str, Json]] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
    "order": {"type": "string", "enum": ["asc", "desc"], "default": "desc"},
    "after": {"type": "string", "minLength": 1},
    "before": {"type": "string", "minLength": 1},
}

_RUN: Final = {"thread_id": "$response.body#/thread_id", "run_id": "$response.body#/id"}
_OF_RUN: Final[dict[str, Json]] = {
    name: {"parameters": _RUN} for name in ("getRun", "modifyRun", "cancelRun", "listRunSteps")
}
_CALL: Final = "$response.body#/required_action/submit_tool_outputs/tool_calls/0/id"
_SUBMIT: Final[Json] = {
    "parameters": _RUN,
    "requestBody": {"tool_outputs": [{"tool_call_id": _CALL, "output": "sunny"}]},
}
_OF_THREAD: Final[dict[str, Json]] = {
    name: {"parameters": {"thread_id": "$response.body#/id"}}
    for name in ("createRun", "listRuns", "getThread", "modifyThread", "createMessage", "listMessages")
}
_MESSAGE: Final = {"thread_id": "$response.body#/thread_id", "message_id": "$response.body#/id"}
_ASSISTANT: Final = {"parameters": {"assistant_id": "$response.body#/id"}}
_BY_ASSISTANT: Final = {"requestBody": {"assistant_id": "$response.body#/id"}}
_STEP: Final = {
    "thread_id": "$response.body#/data/0/thread_id", "run_id": "$response.body#/data/0/run_id",
    "step_id": "$response.body#/data/0/id",
}  # fmt: skip
# Operation -> what its answer leads to -> where the next one's ids stand.
LINKS: Final[dict[str, dict[str, Json]]] = {
    "createThread": _OF_THREAD,
    "createRun": {**_OF_RUN, "submitToolOutputs": _SUBMIT},
    "createThreadAndRun": {**_OF_RUN, "submitToolOutputs": _SUBMIT},
    "getRun": {"submitToolOutputs": _SUBMIT},
    "listRunSteps": {"getRunStep": {"parameters": _STEP}},
    "createMessage": {name: {"parameters": _MESSAGE} for name in ("getMessage", "modifyMessage")},
    "createAssistant": {
        "createThreadAndRun": _BY_ASSISTANT, "getAssistant": _ASSISTANT, "modifyAssistant": _ASSISTANT,
    },
}  # fmt: skip

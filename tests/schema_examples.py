"""Valid objects that between them reach every keyword of the schemas; written for the tests, not recorded."""

from typing import Any

FUNCTION = {"name": "look_up", "description": "Finds it", "parameters": {"type": "object"}, "strict": None}
TOOLS = [
    {"type": "code_interpreter"},
    {"type": "function", "function": FUNCTION},
    {
        "type": "file_search",
        "file_search": {"max_num_results": 5, "ranking_options": {"score_threshold": 0.5, "ranker": "auto"}},
    },
]
IMAGE_URL = {"type": "image_url", "image_url": {"url": "https://example.invalid/a.png", "detail": "low"}}
IMAGE_FILE = {"type": "image_file", "image_file": {"file_id": "file-1", "detail": "auto"}}
ATTACHMENTS = [{"file_id": "file-1", "tools": [{"type": "code_interpreter"}, {"type": "file_search"}]}]
MESSAGES = [
    {
        "role": "user",
        "content": [{"type": "text", "text": "Hello"}, IMAGE_URL, IMAGE_FILE],
        "attachments": ATTACHMENTS,
        "metadata": {"k": "v"},
    },
    {"role": "assistant", "content": "Hello"},
]
JSON_SCHEMA = {
    "type": "json_schema",
    "json_schema": {"name": "answer", "description": "An answer", "schema": {}, "strict": True},
}
SETTINGS: dict[str, Any] = {
    "model": "any-model",
    "instructions": "Be brief",
    "tools": TOOLS,
    "metadata": {"k": "v"},
    "temperature": 0.5,
    "top_p": 0.5,
    "stream": False,
    "max_prompt_tokens": 256,
    "max_completion_tokens": 256,
    "truncation_strategy": {"type": "last_messages", "last_messages": 1},
    "tool_choice": {"type": "function", "function": {"name": "look_up"}},
    "parallel_tool_calls": True,
    "response_format": JSON_SCHEMA,
}
CREATE_RUN = {
    "assistant_id": "asst_1",
    **SETTINGS,
    "reasoning_effort": "low",
    "additional_instructions": "Be kind",
    "additional_messages": MESSAGES,
}
CHUNKING = {"type": "static", "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 50}}
STORE = {"file_ids": ["file-1"], "chunking_strategy": CHUNKING, "metadata": {"k": "v"}}
FILES = {"code_interpreter": {"file_ids": ["file-1"]}}
BY_ID = {**FILES, "file_search": {"vector_store_ids": ["vs_1"]}}
THREADS = [
    {"messages": MESSAGES, "metadata": {"k": "v"}, "tool_resources": BY_ID},
    {"tool_resources": {"file_search": {"vector_stores": [STORE]}}},
    {
        "tool_resources": {
            "file_search": {"vector_stores": [{**STORE, "chunking_strategy": {"type": "auto"}}]}
        }
    },
]
REQUESTS: dict[str, list[dict[str, Any]]] = {
    "create_run_request": [
        CREATE_RUN,
        {"assistant_id": "asst_1", "tool_choice": "auto", "response_format": {"type": "text"}},
        {"assistant_id": "asst_1", "response_format": {"type": "json_object"}},
        {"assistant_id": "asst_1", "tools": [{"type": "file_search"}]},
    ],
    "create_thread_and_run_request": [
        *(
            {"assistant_id": "asst_1", **SETTINGS, "tool_resources": BY_ID, "thread": thread}
            for thread in THREADS
        ),
        {"assistant_id": "asst_1", "response_format": {"type": "text"}},
        {"assistant_id": "asst_1", "response_format": {"type": "json_object"}},
    ],
    "create_thread_request": THREADS,
    "create_message_request": MESSAGES,
    "modify_request": [{"metadata": {"k": "v"}}],
    "modify_thread_request": [{"metadata": {"k": "v"}, "tool_resources": BY_ID}],
    "submit_tool_outputs_request": [
        {"tool_outputs": [{"tool_call_id": "call_1", "output": "sunny"}], "stream": True}
    ],
    "create_assistant_request": [
        {
            **{name: SETTINGS[name] for name in ("model", "tools", "metadata", "temperature", "top_p")},
            **dict.fromkeys(("name", "description", "instructions"), "A"),
            "reasoning_effort": "high",
            "tool_resources": thread["tool_resources"],
            "response_format": response_format,
        }
        for thread, response_format in zip(
            THREADS, (JSON_SCHEMA, {"type": "text"}, {"type": "json_object"}), strict=True
        )
    ],
}

USAGE = {"prompt_tokens": 2, "completion_tokens": 1, "total_tokens": 3}
CALL = {"id": "call_1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}
RUN: dict[str, Any] = {
    "id": "run_1",
    "object": "thread.run",
    "created_at": 1,
    "thread_id": "thread_1",
    "assistant_id": "asst_1",
    "status": "requires_action",
    "required_action": {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [CALL]}},
    "last_error": {"code": "server_error", "message": "Sorry"},
    "incomplete_details": {"reason": "max_prompt_tokens"},
    **dict.fromkeys(("expires_at", "started_at", "cancelled_at", "failed_at", "completed_at"), 1),
    **{name: value for name, value in SETTINGS.items() if name != "stream"},
    "usage": USAGE,
    "tool_resources": {},
    "reasoning_effort": None,
}
FOUND = {
    "ranking_options": {"ranker": "auto", "score_threshold": 0.5},
    "results": [
        {"file_id": "file-1", "file_name": "a", "score": 0.5, "content": [{"type": "text", "text": "a"}]}
    ],
}
OUTPUTS = [{"type": "logs", "logs": "1"}, {"type": "image", "image": {"file_id": "file-1"}}]
STEP_CALLS = [
    {"id": "call_1", "type": "code_interpreter", "code_interpreter": {"input": "1", "outputs": OUTPUTS}},
    {"id": "call_2", "type": "file_search", "file_search": FOUND},
    {**CALL, "function": {**CALL["function"], "output": None}},
]
STEP = {
    "id": "step_1",
    "object": "thread.run.step",
    "created_at": 1,
    "run_id": "run_1",
    "assistant_id": "asst_1",
    "thread_id": "thread_1",
    "type": "tool_calls",
    "status": "completed",
    "step_details": {"type": "tool_calls", "tool_calls": STEP_CALLS},
    "last_error": {"code": "server_error", "message": "Sorry"},
    **dict.fromkeys(("expires_at", "expired_at", "cancelled_at", "failed_at", "completed_at"), 1),
    "usage": USAGE,
    "metadata": {"k": "v"},
}
WRITING = {"type": "message_creation", "message_creation": {"message_id": "msg_1"}}
MARKS = [
    {"type": kind, "text": "a", kind: {"file_id": "file-1"}, "start_index": 0, "end_index": 1}
    for kind in ("file_citation", "file_path")
]
CONTENT = [
    {"type": "text", "text": {"value": "a", "annotations": MARKS}},
    IMAGE_URL,
    IMAGE_FILE,
    {"type": "refusal", "refusal": "No"},
]
MESSAGE = {
    "id": "msg_1",
    "object": "thread.message",
    "created_at": 1,
    "thread_id": "thread_1",
    "role": "assistant",
    "content": CONTENT,
    "assistant_id": "asst_1",
    "run_id": "run_1",
    "attachments": ATTACHMENTS,
    "metadata": {"k": "v"},
    "status": "incomplete",
    "incomplete_details": {"reason": "max_tokens"},
    "completed_at": None,
    "incomplete_at": 1,
}
THREAD = {
    "id": "thread_1",
    "object": "thread",
    "created_at": 1,
    "tool_resources": BY_ID,
    "metadata": {"k": "v"},
}
ERROR = {"message": "Not so", "type": "invalid_request_error", "param": None, "code": None}


def indexed(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"index": index, **part} for index, part in enumerate(parts)]


TEXT_DELTA = {"type": "text", "text": {"value": "a", "annotations": indexed(MARKS)}}
CODE_DELTA = {"type": "code_interpreter", "code_interpreter": {"input": "1", "outputs": indexed(OUTPUTS)}}
STEP_DELTAS = [
    {"type": "message_creation", "message_creation": {"message_id": "msg_1"}},
    {"type": "tool_calls", "tool_calls": indexed([CODE_DELTA, *STEP_CALLS[1:]])},
]
ANSWERS: dict[str, list[dict[str, Any]]] = {
    "run": [RUN, {**RUN, "tool_choice": "auto", "response_format": "auto"}],
    "run_step": [STEP, {**STEP, "type": "message_creation", "step_details": WRITING}],
    "message": [MESSAGE],
    "event_message": [MESSAGE],
    "thread": [THREAD],
    "assistant": [
        {
            "id": "asst_1",
            "object": "assistant",
            "created_at": 1,
            **dict.fromkeys(("name", "description", "instructions", "reasoning_effort")),
            **{name: SETTINGS[name] for name in ("model", "tools", "metadata", "temperature", "top_p")},
            "tool_resources": BY_ID,
            "response_format": response_format,
        }
        for response_format in (JSON_SCHEMA, "auto")
    ],
    "list": [{"object": "list", "data": [RUN], "first_id": "run_1", "last_id": None, "has_more": False}],
    "deleted": [{"id": "thread_1", "object": "thread.deleted", "deleted": True}],
    "error": [{"error": ERROR}],
    "error_object": [ERROR],
    "message_delta": [
        {
            "id": "msg_1",
            "object": "thread.message.delta",
            "delta": {"role": "assistant", "content": indexed([TEXT_DELTA, *CONTENT[1:]])},
        }
    ],
    "run_step_delta": [
        {"id": "step_1", "object": "thread.run.step.delta", "delta": {"step_details": details}}
        for details in STEP_DELTAS
    ],
}

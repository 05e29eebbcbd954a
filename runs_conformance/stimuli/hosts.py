"""Valid pieces of a body in which a derived fault can be put: one for each branch of the request schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from runs_conformance.stimuli.base import CREATE_RUN, SAYS, function, messages_path, put

_FUNCTION: Final = function(
    "lookup", description="d", strict=False, parameters={"type": "object", "properties": {}},
)
_SEARCH: Final = {
    "type": "file_search",
    "file_search": {"max_num_results": 5, "ranking_options": {"score_threshold": 0.5, "ranker": "auto"}},
}
_FORM: Final = {
    "name": "form", "description": "d", "schema": {"type": "object", "properties": {}}, "strict": False,
}
_BOTH: Final[tuple[dict[str, Any], ...]] = (
    # Alone: a target that does not know the model refuses whatever else stands beside it.
    {"model": "gpt-4o"},
    {"instructions": "Be brief.", "stream": False},
    {"temperature": 1, "top_p": 1, "max_prompt_tokens": 300, "max_completion_tokens": 300},
    {"metadata": {"key": "value"}},
    {"tools": [_FUNCTION]},
    {"tools": [_SEARCH]},
    {"tools": [{"type": "code_interpreter"}]},
    {"truncation_strategy": {"type": "last_messages", "last_messages": 5}},
    {"truncation_strategy": {"type": "auto"}},
    {"tool_choice": "auto"},
    {"tools": [_FUNCTION], "tool_choice": {"type": "function", "function": {"name": "lookup"}}},
    {"tools": [_FUNCTION], "parallel_tool_calls": True},
    {"response_format": "auto"},
    {"response_format": {"type": "text"}},
    {"response_format": {"type": "json_schema", "json_schema": _FORM}},
)
_RUN_ONLY: Final[tuple[dict[str, Any], ...]] = (
    {"additional_instructions": "Be kind."}, {"reasoning_effort": "low"},
)
_PARTS: Final[tuple[dict[str, Any], ...]] = (
    {"type": "text", "text": SAYS},
    {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}},
    {"type": "image_file", "image_file": {"file_id": "file-a", "detail": "low"}},
)
_MESSAGES: Final[tuple[dict[str, Any], ...]] = (
    {"role": "user", "content": SAYS, "metadata": {"key": "value"}},
    *({"role": "user", "content": [part]} for part in _PARTS),
    *(
        {"role": "user", "content": SAYS, "attachments": [{"file_id": "file-a", "tools": [{"type": tool}]}]}
        for tool in ("file_search", "code_interpreter")
    ),
)
# No overlap: a chunk size below its bound must not be too small for the overlap as well.
_CHUNKS: Final = {"type": "static", "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 0}}
_RESOURCES: Final[tuple[dict[str, Any], ...]] = (
    {"code_interpreter": {"file_ids": ["file-a"]}},
    {"file_search": {"vector_store_ids": ["vs_a"]}},
)
_STORES: Final[tuple[dict[str, Any], ...]] = (
    {
        "file_search": {
            "vector_stores": [
                {"file_ids": [], "metadata": {"key": "value"}, "chunking_strategy": {"type": "auto"}}
            ]
        }
    },
    {"file_search": {"vector_stores": [{"file_ids": [], "chunking_strategy": _CHUNKS}]}},
    {"file_search": {"vector_stores": [{"file_ids": ["file-a"]}]}},
)


def hosts(operation: str) -> Iterator[dict[str, Any]]:
    """Fields to merge into the plain body; the plain body itself comes first."""
    yield {}
    yield from _BOTH
    if operation == CREATE_RUN:
        yield from _RUN_ONLY
    else:
        yield from ({"tool_resources": one} for one in _RESOURCES)
        yield {"thread": {"metadata": {"key": "value"}}}
        yield from ({"thread": {"tool_resources": one}} for one in (*_RESOURCES, *_STORES))
    yield from (put({}, messages_path(operation), [message]) for message in _MESSAGES)

"""From what was sent to what a run uses, and the wire forms of tools, messages and resources."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from runs_conformance.reference.records import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs_conformance.reference.records import Assistant, Json

RANKER = "default_2024_08_21"


def effective(body: Json, assistant: Assistant) -> Settings:
    """Request beats assistant beats default; null counts as not given. An empty tools list is an override."""

    def first(name: str, otherwise: Any) -> Any:
        value = body.get(name)
        return otherwise if value is None else value

    tools = body.get("tools")
    return Settings(
        model=first("model", assistant.model),
        instructions=_instructions(
            first("instructions", assistant.instructions), body.get("additional_instructions")
        ),
        tools=assistant.tools if tools is None else [tool(one) for one in tools],
        tool_resources=resources(body.get("tool_resources"), lambda: "vs_unused"),
        temperature=float(first("temperature", assistant.temperature)),
        top_p=float(first("top_p", assistant.top_p)),
        reasoning_effort=first("reasoning_effort", assistant.reasoning_effort),
        max_completion_tokens=_integer(body.get("max_completion_tokens")),
        max_prompt_tokens=_integer(body.get("max_prompt_tokens")),
        truncation_strategy=_truncation(body.get("truncation_strategy")),
        response_format=first("response_format", assistant.response_format),
        tool_choice=_tool_choice(first("tool_choice", "auto")),
        parallel_tool_calls=first("parallel_tool_calls", True),
    )


def _instructions(base: str | None, added: str | None) -> str | None:
    return base if added is None else added if base is None else f"{base}\n{added}"


def _integer(value: float | None) -> int | None:
    """JSON Schema takes 256.0 for an integer; what goes back is one."""
    return None if value is None else int(value)


def _truncation(given: Json | None) -> Json:
    chosen = given or {"type": "auto"}
    return {"type": chosen["type"], "last_messages": _integer(chosen.get("last_messages"))}


def _tool_choice(given: Any) -> Any:
    """`function: null` is dropped from the echo, as recorded."""
    if not isinstance(given, dict):
        return given
    return {key: value for key, value in given.items() if key != "function" or value is not None}


def tool(given: Json) -> Json:
    """A function gets `strict: false`, file_search its ranking options (wire fact 1.12)."""
    if given["type"] == "function":
        function = dict(given["function"])
        function["strict"] = bool(function.pop("strict", None))
        return {**given, "function": function}
    if given["type"] == "file_search":
        return {**given, "file_search": _file_search(given.get("file_search") or {})}
    return dict(given)


def _file_search(given: Json) -> Json:
    ranking = given.get("ranking_options") or {}
    shaped: Json = {}
    if given.get("max_num_results") is not None:
        shaped["max_num_results"] = int(given["max_num_results"])
    shaped["ranking_options"] = {
        "ranker": ranking.get("ranker") or RANKER,
        "score_threshold": float(ranking.get("score_threshold", 0.0)),
        "hybrid_search": ranking.get("hybrid_search"),
    }
    return shaped


def resources(given: Json | None, new_store: Callable[[], str]) -> Json:
    """tool_resources as echoed: a helper vector store has become the id of a store."""
    shaped = copy.deepcopy({name: value for name, value in (given or {}).items() if value is not None})
    search = shaped.get("file_search")
    if isinstance(search, dict) and search.pop("vector_stores", None):
        search["vector_store_ids"] = [new_store()]
    return shaped


def content(given: str | list[Json]) -> list[Json]:
    """Message content as answers show it: text is {value, annotations}, an image's detail is filled in."""
    parts = [{"type": "text", "text": given}] if isinstance(given, str) else given
    return [_part(part) for part in parts]


def _part(part: Json) -> Json:
    kind = part["type"]
    if kind == "text":
        return {"type": "text", "text": {"value": part["text"], "annotations": []}}
    return {"type": kind, kind: {**part[kind], "detail": part[kind].get("detail") or "auto"}}


def text_of(parts: list[Json]) -> str:
    return "\n".join(part["text"]["value"] for part in parts if part["type"] == "text")

"""Inside values of parts: tools and choices among them, messages, threads, resources, the query."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runs_conformance.stimuli import awkward
from runs_conformance.stimuli.base import CREATE_BOTH, CREATE_RUN, function, limit
from runs_conformance.stimuli.value import STRICT, Inside, Resources, full_metadata, message, one, tools


def tool_lists() -> Iterator[Inside]:
    most = limit("requested_tools", "maxItems")
    yield one("accept.tools.empty", "tools []", "tools", [])
    yield one(
        "accept.tools.twenty", f"{most} tools", "tools", [function(f"tool_{n}") for n in range(most)],
        capability="tools.function",
    )
    for results, threshold, ranker in ((1, 0, "auto"), (50, 1, "default_2024_08_21"), (7, 0.5, None)):
        ranking = {"score_threshold": threshold, **({"ranker": ranker} if ranker else {})}
        search = {
            "type": "file_search", "file_search": {"max_num_results": results, "ranking_options": ranking},
        }
        label = f"max_num_results {results}, score_threshold {threshold}, ranker {ranker or 'left out'}"
        yield tools("accept.file-search.overrides", label, search, capability="tools.file-search")


def functions() -> Iterator[Inside]:
    name = "N" * limit("function_definition", "maxLength", "name")
    nested = {"type": "object", "properties": {"a": {"type": "array", "items": {"enum": [1, None, "ü"]}}}}
    wanted: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("accept.tools.bare-types", "a function with a name only", function("bare-Tool_9")),
        (
            "accept.function.parameters-absent", "a function without parameters",
            function("no_parameters", description="d"),
        ),
        (
            "accept.function.parameters-object", "nested parameters",
            function("nested", description="", parameters=nested),
        ),
        (
            "accept.function.parameters-object", "no properties",
            function("empty", parameters={"type": "object", "properties": {}}),
        ),
        (
            "accept.function.parameters-object", "awkward parameters",
            function(awkward.NAME, description=awkward.DESCRIPTION, parameters=awkward.PARAMETERS),
        ),
        ("accept.function.strict", "strict true", function("strict_true", strict=True, parameters=STRICT)),
        ("accept.function.strict", "strict false", function("strict_false", strict=False)),
        ("accept.function.strict", "strict null", function("strict_null", strict=None)),
        ("accept.function.name-maximum", f"a name of {len(name)} characters", function(name)),
    )
    for requirement, label, tool in wanted:
        yield tools(requirement, label, tool, capability="tools.function")
    for flag in (True, False):
        fields = (("parallel_tool_calls", flag),)
        yield Inside(
            "accept.parallel-tool-calls", f"parallel_tool_calls {str(flag).lower()}", fields, calls=True,
            capability="tools.function",
        )


def choices() -> Iterator[Inside]:
    for word in ("none", "auto"):
        yield one("accept.tool-choice.none-auto", f"tool_choice {word}", "tool_choice", word)
    yield tools(
        "accept.tool-choice.required", "tool_choice required", function("any_tool"), choice="required",
        capability="tools.function",
    )
    named = {"type": "function", "function": {"name": "named-tool"}}
    yield tools(
        "accept.tool-choice.named", "tool_choice function", function("named-tool"), choice=named,
        capability="tools.function",
    )
    for kind in ("code_interpreter", "file_search"):
        capability = f"tools.{kind.replace('_', '-')}"
        yield tools(
            "accept.tool-choice.named", f"tool_choice {kind}", {"type": kind}, choice={"type": kind},
            capability=capability,
            also=("accept.tools.bare-types",),
        )


def messages(resources: Resources) -> Iterator[Inside]:
    yield message("accept.message.role-user", "a user message", also=("accept.message.content-string",))
    yield message(
        "accept.message.role-assistant", "an assistant message", role="assistant", content="Hello.",
    )
    parts = [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo 😀"}]
    yield message(
        "accept.message.content-parts", "content of two text parts", content=parts,
        also=("accept.message.text-part",),
    )
    yield message("accept.message.attachments-absent", "attachments null", attachments=None)
    yield message("accept.message.attachments-absent", "attachments []", attachments=[])
    yield message(
        "accept.message.metadata-limits", "message metadata at its limits", metadata=full_metadata(),
    )
    yield message("accept.message.metadata-limits", "message metadata null", metadata=None)
    yield message("accept.message.content-empty", "empty content", content="")
    for detail in (None, "auto", "low", "high"):
        row = "accept.message.image-detail" if detail else "accept.message.image-part"
        more = {"detail": detail} if detail else {}
        url = {"type": "image_url", "image_url": {"url": resources.image_url, **more}}
        file = {"type": "image_file", "image_file": {"file_id": resources.file, **more}}
        yield message(
            row, f"image_url, detail {detail}", content=[url], capability="images", resource="image_url",
        )
        yield message(
            row, f"image_file, detail {detail}", content=[file], capability="images", resource="file",
        )
    for tool in ("code_interpreter", "file_search"):
        attachments = [{"file_id": resources.file, "tools": [{"type": tool}]}]
        yield message(
            "accept.message.attachment", f"attachment for {tool}", attachments=attachments,
            capability="files", resource="file",
        )


def _thread(requirement: str, name: str, capability: str = "", resource: str = "", **thread: Any) -> Inside:
    return Inside(
        requirement, name, (("thread", thread),), operations=(CREATE_BOTH,), capability=capability,
        resource=resource,
    )


def _store(name: str, chunking: dict[str, Any] | None, **more: Any) -> Inside:
    store = {"file_ids": [], **({"chunking_strategy": chunking} if chunking else {}), **more}
    row = "accept.thread.chunking" if chunking else "accept.thread.file-search-stores"
    return _thread(row, name, "tools.file-search", tool_resources={"file_search": {"vector_stores": [store]}})


def threads(resources: Resources) -> Iterator[Inside]:
    files = limit("code_interpreter_files", "maxItems", "file_ids")
    small = limit("static_chunking", "minimum", "max_chunk_size_tokens")
    large = limit("static_chunking", "maximum", "max_chunk_size_tokens")
    yield _thread("accept.thread.forms", "thread {}")
    yield _thread("accept.thread.forms", "thread metadata", metadata=full_metadata())
    yield _thread("accept.thread.forms", "thread tool_resources null", tool_resources=None)
    yield _thread("accept.thread.messages", "thread.messages []", messages=[])
    yield _thread(
        "accept.thread.code-interpreter-files", "no code_interpreter files", "tools.code-interpreter",
        tool_resources={"code_interpreter": {"file_ids": []}},
    )
    yield _thread(
        "accept.thread.code-interpreter-files", f"{files} code_interpreter files", "files", "file",
        tool_resources={"code_interpreter": {"file_ids": [resources.file] * files}},
    )
    yield _store("a helper store", None, metadata=full_metadata())
    yield _store("chunking auto", {"type": "auto"})
    for size in (small, large):
        yield _store(
            f"chunks of {size}, overlap {size // 2}",
            {"type": "static", "static": {"max_chunk_size_tokens": size, "chunk_overlap_tokens": size // 2}},
        )
    yield _thread(
        "accept.thread.file-search-stores", "one vector_store_ids entry", "tools.file-search", "vector_store",
        tool_resources={"file_search": {"vector_store_ids": [resources.vector_store]}},
    )


def tool_resources(resources: Resources) -> Iterator[Inside]:
    def row(name: str, value: Any, **more: Any) -> Inside:
        return one(
            "accept.tool-resources", name, "tool_resources", value, operations=(CREATE_BOTH,), **more,
        )

    yield row("tool_resources null", None)
    yield row("tool_resources {}", {})
    files = limit("code_interpreter_files", "maxItems", "file_ids")
    yield row(
        f"tool_resources with {files} files", {"code_interpreter": {"file_ids": [resources.file] * files}},
        capability="files", resource="file",
    )
    yield row(
        "tool_resources file_search", {"file_search": {"vector_store_ids": [resources.vector_store]}},
        capability="tools.file-search", resource="vector_store",
    )


def models(resources: Resources) -> Iterator[Inside]:
    name = resources.other_model
    yield one("accept.model.any-string", "another model", "model", name, resource="other_model")


def headers() -> Iterator[Inside]:
    """Ways of saying the same in headers: whether an answer is a stream is for the body to say."""
    for row, name, header, value in (
        ("headers.stream-by-body", "Accept with both", "Accept", "text/event-stream, application/json"),
        ("headers.bearer", "a charset", "Content-Type", "application/json; charset=utf-8"),
    ):
        yield Inside(row, f"{name} in {header}", headers=((header, value),))


def queries() -> Iterator[Inside]:
    value = "step_details.tool_calls[*].file_search.results[*].content"
    for row, name, raw in (
        ("accept.include.value", "include[]", "include[]"),
        ("accept.include.encoding", "include%5B%5D", "include%5B%5D"),
    ):
        yield Inside(
            row, f"{name} in the query", operations=(CREATE_RUN,), query=((raw, value),),
            capability="tools.file-search",
        )

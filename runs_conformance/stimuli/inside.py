"""Values just inside the contract, one a line, to be packed into as few bodies as can carry them.

An accepted run costs money on a real target, so a body carries as many of these as can stand together.
`slot`s are the top-level fields that a value fills: two values of one slot go into different bodies, messages
can be stacked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from runs_conformance.contract.register import NEWEST, load
from runs_conformance.contract.schemas import is_valid
from runs_conformance.stimuli.base import (
    CREATE_BOTH,
    CREATE_RUN,
    OPERATIONS,
    SAYS,
    SCHEMAS,
    body,
    function,
    limit,
    merge,
    messages_path,
    put,
)

STRICT: Final = {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
    "additionalProperties": False,
}


# What careless servers change in a text: markup, quotes, line ends, combining marks, directions, what is
# beyond the BMP.
TRAPS: Final = (
    " <b>&amp;</b> \"it's\" 50%\t\r\ne\u0301 é \u202eabc\u202c 日本語 😀 "
    + "long " * 60 + "end \n"
)


@dataclass(frozen=True, eq=False)
class Inside:
    """One value inside the contract.

    `fields` are merged into the body; `message` and `tools` are stacked onto its lists.

    `resource` names what the value refers to (file, vector_store, image_url): without it in the profile a
    refusal decides nothing. `calls` says that the value makes sense only beside a function tool.
    """

    requirement: str
    name: str
    fields: tuple[tuple[str, Any], ...] = ()
    message: tuple[tuple[str, Any], ...] = ()
    operations: tuple[str, ...] = OPERATIONS
    capability: str = ""
    resource: str = ""
    tools: tuple[dict[str, Any], ...] = ()
    calls: bool = False
    also: tuple[str, ...] = ()
    query: tuple[tuple[str, str], ...] = ()

    @property
    def requirements(self) -> tuple[str, ...]:
        return (self.requirement, *self.also)

    @property
    def slots(self) -> frozenset[str]:
        """What the value occupies in a body.

        `#messages` and `#tools` are whole lists: nothing can be stacked beside them.
        """
        named = {slot for name, value in self.fields for slot in _slots(name, value)}
        return frozenset(named | {_tool_slot(tool) for tool in self.tools} | ({"?"} if self.query else set()))

    @property
    def hosted(self) -> bool:
        """Hosted tools, which structured output must not meet (field report)."""
        return any(tool["type"] != "function" for tool in self.tools)


def _tool_slot(tool: dict[str, Any]) -> str:
    return f"tools.{tool['function']['name']}" if tool["type"] == "function" else f"tools.{tool['type']}"


def _slots(name: str, value: Any) -> Iterator[str]:
    if name == "additional_messages" or (name == "thread" and (not value or "messages" in value)):
        yield "#messages"
        yield from () if value else ("#thread",)
    elif name == "tools":
        yield "#tools"
    elif name == "thread":
        for key, held in value.items():
            yield from (
                f"thread.{key}.{inner}" for inner in (held if key == "tool_resources" and held else [""])
            )
    else:
        yield name


@dataclass(frozen=True)
class Resources:
    """Ids that exist on the target, from the profile.

    The placeholders are what is sent when it names none.
    """

    file: str = "file-conformance0000000000"
    vector_store: str = "vs_conformance0000000000"
    image_url: str = "https://example.com/conformance.png"


def _value(requirement: str, name: str, field: str, value: Any, **more: Any) -> Inside:
    return Inside(requirement, name, ((field, value),), **more)


def _tools(requirement: str, name: str, *tools: dict[str, Any], choice: Any = None, **more: Any) -> Inside:
    return Inside(
        requirement, name, () if choice is None else (("tool_choice", choice),), tools=tools, **more,
    )


def _message(requirement: str, name: str, **message: Any) -> Inside:
    more = {key: message.pop(key) for key in ("capability", "resource", "also") if key in message}
    return Inside(
        requirement, name, message=tuple({"role": "user", "content": SAYS, **message}.items()), **more,
    )


def _nulls() -> Iterator[Inside]:
    both = (
        "model", "instructions", "tools", "metadata", "temperature", "top_p", "stream", "max_prompt_tokens",
        "max_completion_tokens", "truncation_strategy", "tool_choice", "response_format",
    )
    for field in both:
        yield _value("accept.null-as-absent", f"{field} null", field, None)
    for field in ("additional_instructions", "reasoning_effort", "additional_messages"):
        yield _value("accept.null-as-absent", f"{field} null", field, None, operations=(CREATE_RUN,))


def _numbers() -> Iterator[Inside]:
    for field in ("temperature", "top_p"):
        low, high = limit(field, "minimum"), limit(field, "maximum")
        yield _value("accept.sampling.ends", f"{field} {low}", field, low)
        yield _value("accept.sampling.ends", f"{field} {high}", field, high)
        yield _value("accept.sampling.inside", f"{field} {(low + high) / 4}", field, (low + high) / 4)
        yield _value("accept.sampling.inside", f"{field} 1.0", field, 1.0)
    yield Inside(
        "accept.sampling.together", "temperature and top_p together", (("temperature", 0.9), ("top_p", 0.9)),
    )
    for field in ("max_prompt_tokens", "max_completion_tokens"):
        least = limit("token_limit", "minimum")
        values = [least, least + 1, 100_000]
        # Never the same for both in one body: a server may show one for the other.
        for number in values if field == "max_prompt_tokens" else [*values[1:], least]:
            row = "accept.max-tokens.minimum" if number == least else "accept.max-tokens.above-minimum"
            yield _value(row, f"{field} {number}", field, number)


def _metadata() -> Iterator[Inside]:
    pairs = limit("metadata", "maxProperties")
    key = limit("metadata", "propertyNames")["maxLength"]
    value = limit("metadata", "maxLength", "*")
    yield _value("accept.metadata.empty", "metadata {}", "metadata", {})
    yield _value(
        "accept.metadata.limits", f"metadata with {pairs} pairs", "metadata",
        {f"key{n}": "" for n in range(pairs)},
    )
    yield _value(
        "accept.metadata.limits", f"a metadata key of {key} characters", "metadata", {"k" * key: "v"},
    )
    yield _value(
        "accept.metadata.limits", f"a metadata value of {value} characters", "metadata", {"k": "v" * value},
    )
    yield _value(
        "accept.unicode", f"{value} non-ASCII characters in metadata", "metadata",
        {"schlüssel": "é" * value, "😀": TRAPS},
    )


def _texts() -> Iterator[Inside]:
    yield _value("accept.instructions", "instructions", "instructions", "Answer as JSON.")
    yield _value(
        "accept.unicode", "non-ASCII instructions", "instructions",
        f"Antworte als JSON. {TRAPS}{TRAPS}",
    )
    yield _value(
        "accept.instructions", "additional_instructions", "additional_instructions", "Be brief.",
        operations=(CREATE_RUN,),
    )
    yield _value(
        "accept.additional-messages.empty", "additional_messages []", "additional_messages", [],
        operations=(CREATE_RUN,),
    )


def _tool_lists() -> Iterator[Inside]:
    most = limit("requested_tools", "maxItems")
    yield _value("accept.tools.empty", "tools []", "tools", [])
    yield _value(
        "accept.tools.twenty", f"{most} tools", "tools", [function(f"tool_{n}") for n in range(most)],
        capability="tools.function",
    )
    for results, threshold, ranker in ((1, 0, "auto"), (50, 1, "default_2024_08_21"), (7, 0.5, None)):
        ranking = {"score_threshold": threshold, **({"ranker": ranker} if ranker else {})}
        search = {
            "type": "file_search", "file_search": {"max_num_results": results, "ranking_options": ranking},
        }
        label = f"max_num_results {results}, score_threshold {threshold}, ranker {ranker or 'left out'}"
        yield _tools("accept.file-search.overrides", label, search, capability="tools.file-search")


def _functions() -> Iterator[Inside]:
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
        ("accept.function.strict", "strict true", function("strict_true", strict=True, parameters=STRICT)),
        ("accept.function.strict", "strict false", function("strict_false", strict=False)),
        ("accept.function.strict", "strict null", function("strict_null", strict=None)),
        ("accept.function.name-maximum", f"a name of {len(name)} characters", function(name)),
    )
    for requirement, label, tool in wanted:
        yield _tools(requirement, label, tool, capability="tools.function")
    for flag in (True, False):
        fields = (("parallel_tool_calls", flag),)
        yield Inside(
            "accept.parallel-tool-calls", f"parallel_tool_calls {str(flag).lower()}", fields, calls=True,
            capability="tools.function",
        )


def _choices() -> Iterator[Inside]:
    for word in ("none", "auto"):
        yield _value("accept.tool-choice.none-auto", f"tool_choice {word}", "tool_choice", word)
    yield _tools(
        "accept.tool-choice.required", "tool_choice required", function("any_tool"), choice="required",
        capability="tools.function",
    )
    named = {"type": "function", "function": {"name": "named-tool"}}
    yield _tools(
        "accept.tool-choice.named", "tool_choice function", function("named-tool"), choice=named,
        capability="tools.function",
    )
    for kind in ("code_interpreter", "file_search"):
        capability = f"tools.{kind.replace('_', '-')}"
        yield _tools(
            "accept.tool-choice.named", f"tool_choice {kind}", {"type": kind}, choice={"type": kind},
            capability=capability,
            also=("accept.tools.bare-types",),
        )


def _structured() -> Iterator[Inside]:
    name = "N" * limit("json_schema_format", "maxLength", "name")
    full = {"name": "full-Form_1", "description": "ä", "schema": STRICT}
    forms = [("accept.response-format.json-schema-minimal", "name only", {"name": name})]
    forms += [
        ("accept.response-format.json-schema-full", f"strict {flag}", {**full, "strict": flag})
        for flag in (True, False, None)
    ]
    for requirement, label, form in forms:
        value = {"type": "json_schema", "json_schema": form}
        yield _value(requirement, f"json_schema, {label}", "response_format", value, capability="json-schema")


def _formats() -> Iterator[Inside]:
    yield _value("accept.response-format.basic", "response_format auto", "response_format", "auto")
    for kind in ("text", "json_object"):
        yield _value(
            "accept.response-format.basic", f"response_format {kind}", "response_format", {"type": kind},
        )


def _strategies() -> Iterator[Inside]:
    yield _value("accept.truncation.auto", "truncation auto", "truncation_strategy", {"type": "auto"})
    yield _value(
        "accept.truncation.auto", "truncation auto, count null", "truncation_strategy",
        {"type": "auto", "last_messages": None},
    )
    for count in (limit("truncation_strategy", "minimum", "last_messages"), 10):
        yield _value(
            "accept.truncation.last-messages", f"last_messages {count}", "truncation_strategy",
            {"type": "last_messages", "last_messages": count},
        )
    yield _value("accept.stream.boolean", "stream false", "stream", False)
    for effort in ("low", "medium", "high"):
        yield _value(
            "accept.reasoning-effort.base", f"reasoning_effort {effort}", "reasoning_effort", effort,
            operations=(CREATE_RUN,), capability="reasoning-effort",
        )


def _messages(resources: Resources) -> Iterator[Inside]:
    yield _message("accept.message.role-user", "a user message", also=("accept.message.content-string",))
    yield _message(
        "accept.message.role-assistant", "an assistant message", role="assistant", content="Hello.",
    )
    parts = [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo 😀"}]
    yield _message(
        "accept.message.content-parts", "content of two text parts", content=parts,
        also=("accept.message.text-part",),
    )
    yield _message("accept.message.attachments-absent", "attachments null", attachments=None)
    yield _message("accept.message.attachments-absent", "attachments []", attachments=[])
    yield _message(
        "accept.message.metadata-limits", "message metadata at its limits", metadata=_full_metadata(),
    )
    yield _message("accept.message.metadata-limits", "message metadata null", metadata=None)
    yield _message("accept.message.content-empty", "empty content", content="")
    for detail in (None, "auto", "low", "high"):
        row = "accept.message.image-detail" if detail else "accept.message.image-part"
        more = {"detail": detail} if detail else {}
        url = {"type": "image_url", "image_url": {"url": resources.image_url, **more}}
        file = {"type": "image_file", "image_file": {"file_id": resources.file, **more}}
        yield _message(
            row, f"image_url, detail {detail}", content=[url], capability="images", resource="image_url",
        )
        yield _message(
            row, f"image_file, detail {detail}", content=[file], capability="images", resource="file",
        )
    for tool in ("code_interpreter", "file_search"):
        attachments = [{"file_id": resources.file, "tools": [{"type": tool}]}]
        yield _message(
            "accept.message.attachment", f"attachment for {tool}", attachments=attachments,
            capability="files", resource="file",
        )


def _thread(requirement: str, name: str, capability: str = "", resource: str = "", **thread: Any) -> Inside:
    return Inside(
        requirement, name, (("thread", thread),), operations=(CREATE_BOTH,), capability=capability,
        resource=resource,
    )


def _store(name: str, chunking: dict[str, Any] | None) -> Inside:
    store = {"file_ids": [], **({"chunking_strategy": chunking} if chunking else {})}
    row = "accept.thread.chunking" if chunking else "accept.thread.file-search-stores"
    return _thread(row, name, "tools.file-search", tool_resources={"file_search": {"vector_stores": [store]}})


def _full_metadata() -> dict[str, str]:
    """All limits at once."""
    pairs, key = limit("metadata", "maxProperties"), limit("metadata", "propertyNames")["maxLength"]
    return {f"{number:0{key}}": "v" * limit("metadata", "maxLength", "*") for number in range(pairs)}


def _threads(resources: Resources) -> Iterator[Inside]:
    files = limit("code_interpreter_files", "maxItems", "file_ids")
    small = limit("static_chunking", "minimum", "max_chunk_size_tokens")
    large = limit("static_chunking", "maximum", "max_chunk_size_tokens")
    yield _thread("accept.thread.forms", "thread {}")
    yield _thread("accept.thread.forms", "thread metadata", metadata=_full_metadata())
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
    yield _store("a helper store", None)
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


def _tool_resources(resources: Resources) -> Iterator[Inside]:
    def row(name: str, value: Any, **more: Any) -> Inside:
        return _value(
            "accept.tool-resources", name, "tool_resources", value, operations=(CREATE_BOTH,), **more,
        )

    yield row("tool_resources null", None)
    yield row("tool_resources {}", {})
    yield row(
        "tool_resources code_interpreter", {"code_interpreter": {"file_ids": [resources.file]}},
        capability="files", resource="file",
    )
    yield row(
        "tool_resources file_search", {"file_search": {"vector_store_ids": [resources.vector_store]}},
        capability="tools.file-search", resource="vector_store",
    )


def _queries() -> Iterator[Inside]:
    value = "step_details.tool_calls[*].file_search.results[*].content"
    for row, name, raw in (
        ("accept.include.value", "include[]", "include[]"),
        ("accept.include.encoding", "include%5B%5D", "include%5B%5D"),
    ):
        yield Inside(
            row, f"{name} in the query", operations=(CREATE_RUN,), query=((raw, value),),
            capability="tools.file-search",
        )


def inside(operation: str, resources: Resources | None = None, edition: str = NEWEST) -> tuple[Inside, ...]:
    """Every inside value of an operation that the edition knows."""
    held = resources or Resources()
    every = (
        *_structured(), *_nulls(), *_numbers(), *_metadata(), *_texts(), *_tool_lists(), *_functions(),
        *_choices(), *_formats(), *_strategies(),
        *_messages(held), *_threads(held), *_tool_resources(held), *_queries(),
    )
    rows = load()
    known = (one for one in every if operation in one.operations and rows[one.requirement].applies(edition))
    return tuple(
        one for one in known if fits(operation, compose(operation, (one,), "asst_placeholder", SAYS), edition)
    )


def fits(operation: str, document: Any, edition: str) -> bool:
    """The edition knows every field of the body, nested ones too.

    A server of that date may refuse one it does not know.
    """
    return is_valid(SCHEMAS[operation], document, variant="sent", edition=edition)


def compose(operation: str, parts: Sequence[Inside], assistant: str, text: str) -> dict[str, Any]:
    """The body with every part in it; schema-valid by construction (a test holds that)."""
    made = body(operation, assistant, text)
    if any("#messages" in part.slots for part in parts):
        made = {"assistant_id": assistant}
    if any(part.calls for part in parts) and not any(part.tools or "#tools" in part.slots for part in parts):
        made["tools"] = [function()]
    for part in parts:
        made = merge(made, dict(part.fields))
        if part.tools:
            made = merge(made, {"tools": list(part.tools)})
        if part.message:
            path = messages_path(operation)
            made = put(made, path, [*_at(made, path), dict(part.message)])
    return made


def _at(document: Any, path: Iterable[str]) -> list[Any]:
    for part in path:
        document = document.get(part) or {} if isinstance(document, dict) else {}
    return document if isinstance(document, list) else []

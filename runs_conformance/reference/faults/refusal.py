"""Requests that are taken though they must be refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runs_conformance.reference.faults.points import (
    accepting,
    around,
    without,
)
from runs_conformance.reference.faults.record import Kind, Rows
from runs_conformance.reference.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs_conformance.contract.schemas import Violation
    from runs_conformance.reference.calls import Call

refusal = Kind("refusal")
BOTH = "create_thread_and_run_request"
ONE = "create_run_request"


def _taken(keyword: str = "", name: str = "", within: str = "", schema: str = "") -> Callable[[str, Violation], bool]:
    """Breaches of a keyword, about a property, below a top-level property, in one operation's schema."""

    def matches(asked: str, found: Violation) -> bool:
        last = found.property or (str(found.path[-1]) if found.path else "")
        return (
            (not keyword or found.keyword in keyword.split(","))
            and (not name or last == name)
            and (not within or (bool(found.path) and str(found.path[0]) == within))
            and (not schema or asked == schema)
        )

    return matches


def _inner(_schema: str, found: Violation) -> bool:
    return found.keyword == "additionalProperties" and bool(found.path)


_ROWS_1: Rows = (
    ("unknown-property-taken", "Unknown properties of a body are ignored.", accepting(lambda _s, v: v.keyword == "additionalProperties" and not v.path), ("refuse.unknown-property",)),
    ("unknown-inner-property-taken", "Unknown properties of objects inside a body are ignored.", accepting(_inner), ("refuse.message.unknown-property", "refuse.thread.unknown-property", "refuse.chunking.form")),
    ("unknown-property-taken-by-both", "Create thread and run alone ignores unknown properties.", accepting(lambda s, v: s == BOTH and v.keyword == "additionalProperties" and not v.path), ("refuse.unknown-property", "refuse.create-thread-and-run.additional-fields")),
    ("thread-id-in-body-taken", "Create run takes a body with thread_id.", accepting(_taken("additionalProperties", "thread_id")), ("refuse.create-run.thread-id-in-body",)),
    ("thread-taken-by-create-run", "Create run takes a body with thread.", accepting(_taken("additionalProperties", "thread", schema=ONE)), ("refuse.create-run.thread-fields",)),
    ("tool-resources-taken-by-create-run", "Create run takes a body with tool_resources.", accepting(_taken("additionalProperties", "tool_resources", schema=ONE)), ("refuse.create-run.thread-fields",)),
    ("additional-messages-taken-by-both", "Create thread and run takes additional_messages.", accepting(_taken("additionalProperties", "additional_messages", schema=BOTH)), ("refuse.create-thread-and-run.additional-fields",)),
    ("additional-instructions-taken-by-both", "Create thread and run takes additional_instructions.", accepting(_taken("additionalProperties", "additional_instructions", schema=BOTH)), ("refuse.create-thread-and-run.additional-fields",)),
    ("reasoning-effort-taken-by-both", "Create thread and run takes reasoning_effort.", accepting(_taken("additionalProperties", "reasoning_effort", schema=BOTH)), ("refuse.create-thread-and-run.reasoning-effort",)),
    ("file-ids-taken", "Messages may have file_ids, as in version 1.", accepting(_taken("additionalProperties", "file_ids")), ("refuse.message.unknown-property",)),
    ("message-array-not-looked-at", "Messages are not validated.", accepting(lambda _s, v: bool({"additional_messages", "messages"} & set(map(str, v.path[:2])))), ("refuse.message.form", "refuse.message.part")),
    ("tools-not-looked-at", "Tools are not validated.", accepting(_taken(within="tools")), ("refuse.tool.type", "refuse.function.name-form", "refuse.function.name-missing")),
    ("metadata-not-looked-at", "Metadata of a run are not validated.", accepting(_taken(within="metadata")), ("refuse.metadata.pairs", "refuse.metadata.lengths", "refuse.metadata.value-type")),
    ("tool-resources-not-looked-at", "tool_resources are not validated.", accepting(lambda _s, v: "tool_resources" in map(str, v.path[:2])), ("refuse.tool-resources.counts", "refuse.thread.file-search-stores", "refuse.chunking.size")),
    ("second-item-not-looked-at", "Of every array only the first entry is validated.", accepting(lambda _s, v: any(isinstance(one, int) and one > 0 for one in v.path)), ("refuse.message.fails-whole-call",)),
    ("ranges-not-looked-at", "Numbers are not compared with their bounds.", accepting(_taken("minimum,maximum")), ("refuse.temperature.range", "refuse.max-tokens.minimum")),
    ("types-not-looked-at", "Types are not validated.", accepting(_taken("type")), ("refuse.field-type",)),
    ("enums-not-looked-at", "Words out of a fixed list are not validated.", accepting(_taken("enum,const")), ("refuse.tool-choice.string", "refuse.response-format.string")),
    ("empty-array-of-parts-taken", "A message may have an empty array as its content.", accepting(_taken("minItems")), ("refuse.message.form",)),
    ("tools-over-twenty-taken", "There may be more than 20 tools.", accepting(_taken("maxItems", "tools")), ("refuse.tools.maximum",)),
    ("parallel-null-taken", "parallel_tool_calls may be null.", accepting(lambda _s, v: v.path == ("parallel_tool_calls",) and v.value is None), ("refuse.parallel-tool-calls.null",)),
    ("thread-null-taken", "thread may be null.", accepting(lambda _s, v: v.path == ("thread",) and v.value is None), ("refuse.thread.null",)),
    ("role-system-taken", "A message may have the role system.", accepting(lambda _s, v: bool(v.path) and v.path[-1] == "role" and v.value in {"system", "tool", "developer"}), ("refuse.message.form",)),
    ("retrieval-taken", "The tool type retrieval of version 1 is taken.", accepting(lambda _s, v: v.value == "retrieval"), ("refuse.tool.retrieval",)),
    ("tool-choice-any-taken", "Any word is taken for tool_choice.", accepting(lambda _s, v: v.path == ("tool_choice",) and isinstance(v.value, str)), ("refuse.tool-choice.string",)),
    ("response-format-word-taken", "Any word is taken for response_format.", accepting(lambda _s, v: v.path == ("response_format",) and isinstance(v.value, str)), ("refuse.response-format.string",)),
    ("response-format-none-taken", "The response_format none is taken.", accepting(lambda _s, v: v.path == ("response_format",) and v.value == "none"), ("refuse.response-format.none",)),
    ("reasoning-effort-word-taken", "Any word is taken for reasoning_effort.", accepting(lambda _s, v: v.path == ("reasoning_effort",) and isinstance(v.value, str)), ("refuse.reasoning-effort.unknown",)),
    ("image-url-not-looked-at", "An image's URL may be any text.", accepting(_taken("pattern,format", "url")), ("refuse.message.image-url-form",)),
    ("function-choice-without-name-taken", "A tool_choice of type function needs no name.", accepting(lambda _s, v: bool(v.path) and v.path[0] == "tool_choice" and v.keyword == "required"), ("refuse.tool-choice.function-name-missing", "refuse.tool-choice.object")),
    ("last-messages-missing-taken", "A truncation_strategy of last_messages needs no count.", accepting(lambda _s, v: bool(v.path) and v.path[0] == "truncation_strategy" and (v.property or v.path[-1]) == "last_messages" and (v.keyword == "required" or v.value is None)), ("refuse.truncation.count-missing",)),
    ("assistant-id-any-prefix", "An assistant_id may begin with anything.", without("check_id"), ("refuse.assistant-id.prefix", "refuse.thread-id.prefix")),
    ("overlap-not-looked-at", "chunk_overlap_tokens may be more than half of a chunk.", without("check_overlap"), ("refuse.chunking.overlap",)),
    ("tool-choice-absent-taken", "tool_choice may name a tool that the run does not have.", without("check_settings"), ("refuse.tool-choice.tool-absent",)),
    ("empty-thread-taken", "A run may start with nothing to answer.", without("check_prompt"), ("refuse.empty-thread",)),
    ("beta-header-not-needed", "The OpenAI-Beta header is not looked at.", without("check_beta"), ("refuse.beta-header.missing", "refuse.beta-header.v1")),
)  # fmt: skip
for _name, _sentence, _change, _breaks in _ROWS_1:
    refusal.add(_name, _sentence, _change, *_breaks)


@refusal(around("check_beta"), "refuse.beta-header.v1", rare=True)
def beta_v1_taken(inner: Callable[[Call], None]) -> Callable[[Call], None]:
    """The header OpenAI-Beta may say assistants=v1."""

    def check(call: Call) -> None:
        if call.headers.get("openai-beta") != "assistants=v1":
            inner(call)

    return check


@refusal(around("check_beta"), "refuse.beta-header.missing", rare=True)
def beta_missing_taken(inner: Callable[[Call], None]) -> Callable[[Call], None]:
    """The header OpenAI-Beta may be missing, but not be wrong."""

    def check(call: Call) -> None:
        if call.headers.get("openai-beta"):
            inner(call)

    return check


@refusal(around("authorize"), "refuse.key.invalid")
def no_key_needed(_inner: Any) -> Any:
    """Keys are not looked at."""
    return lambda _options, _call: "everybody"


@refusal(around("authorize"), "refuse.key.invalid", rare=True)
def any_key_taken(inner: Any) -> Any:
    """There must be a key, but any will do."""

    def authorize(options: Any, call: Call) -> str:
        key = call.headers.get("authorization", "").partition(" ")[2].strip()
        return key or str(inner(options, call))

    return authorize


@refusal(around("authorize"), "refuse.key.invalid", rare=True)
def missing_key_taken(inner: Any) -> Any:
    """A wrong key is refused, a missing one is not."""

    def authorize(options: Any, call: Call) -> str:
        return str(inner(options, call)) if call.headers.get("authorization") else "sk-anonymous"

    return authorize


@refusal(around("authorize"), "refuse.key.invalid", rare=True)
def keys_not_needed_by_both(inner: Any) -> Any:
    """Create thread and run is not protected: it answers for whoever called last."""
    last: list[str] = []

    def authorize(options: Any, call: Call) -> str:
        try:
            last[:] = [str(inner(options, call))]
        except Refusal:
            if call.operation != "create_thread_and_run" or not last:
                raise
        return last[0]

    return authorize

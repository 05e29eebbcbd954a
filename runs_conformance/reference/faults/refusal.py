"""Requests that are taken though they must be refused, and the other way round."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runs_conformance.reference import refusals
from runs_conformance.reference.faults.points import (
    accepting,
    around,
    behaviour,
    bodies,
    create_bodies,
    refusing,
    without,
)
from runs_conformance.reference.faults.record import Kind, Rows
from runs_conformance.reference.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs_conformance.contract.schemas import Violation
    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.calls import Call
    from runs_conformance.reference.records import Assistant, Json, Project, Run, Thread

refusal = Kind("refusal")
NULLS = "accept.null-as-absent"
FORM = "refuse.body.form"
BMP = 0xFFFF
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


@refusal(around("find_assistant"), "refuse.assistant-id.unknown")
def unknown_assistant_taken(inner: Any) -> Any:
    """An assistant that does not exist is replaced by the newest one."""

    def find(project: Project, identifier: str) -> Assistant:
        known = project.assistants
        return inner(project, identifier if identifier in known else next(reversed(known), identifier))  # type: ignore[no-any-return]

    return find


@refusal(around("find_thread"), "refuse.thread-id.unknown")
def unknown_thread_made(inner: Any) -> Any:
    """A thread that does not exist is made."""

    def find(project: Project, identifier: str) -> Thread:
        if project.threads and identifier not in project.threads:
            first = next(iter(project.threads.values()))
            project.threads[identifier] = replace(first, id=identifier, messages={}, runs={}, metadata={})
        return inner(project, identifier)  # type: ignore[no-any-return]

    return find


@refusal(around("check_id"), "refuse.thread-id.prefix", rare=True)
def thread_prefix_not_looked_at(inner: Any) -> Any:
    """A thread id without its prefix is answered with 404 as if it were one."""
    return lambda param, identifier, prefix: None if prefix == "thread" else inner(param, identifier, prefix)


@refusal(around("check_run_lock"), "refuse.thread.active-run")
def second_run_taken(_inner: Any) -> Any:
    """A thread may have several runs at work."""
    return lambda _thread: None


@refusal(around("check_run_lock"), "refuse.thread.active-run", "isolation.race-one-wins", rare=True)
def waiting_run_is_no_lock(inner: Any) -> Any:
    """A run that waits for tool outputs does not keep another from starting."""

    def check(thread: Thread) -> None:
        newest: Run | None = next(reversed(thread.runs.values()), None)
        if newest is None or newest.status != "requires_action":
            inner(thread)

    return check


@refusal(around("check_run_lock"), "refuse.thread.active-run", "isolation.race-one-wins", rare=True)
def queued_run_is_no_lock(inner: Any) -> Any:
    """A run that is queued does not keep another from starting."""

    def check(thread: Thread) -> None:
        newest: Run | None = next(reversed(thread.runs.values()), None)
        if newest is None or newest.status != "queued":
            inner(thread)

    return check


@refusal(around("includes_content"), "refuse.include.value")
def include_not_looked_at(_inner: Any) -> Any:
    """include[] may have any value."""
    return lambda call: any(key in {"include[]", "include"} for key, _ in call.query)


@refusal(around("includes_content"), "accept.include.value", "accept.include.encoding")
def include_refused(_inner: Any) -> Any:
    """include[] is not known at all."""

    def read(call: Call) -> bool:
        if any(key.startswith("include") for key, _ in call.query):
            raise Refusal("Unknown query parameter.", param="include", code="unknown_parameter")
        return False

    return read


@refusal(bodies, FORM)
def array_of_one_taken(_call: Call, body: Any) -> Any:
    """A body that is an array of one object is taken for that object."""
    return body[0] if isinstance(body, list) and len(body) == 1 and isinstance(body[0], dict) else body


@refusal(around("read_body"), FORM, "refuse.assistant-id.missing", rare=True)
def json_string_body_taken(inner: Any) -> Any:
    """A body that is a JSON string with JSON in it is read once more."""

    def read(call: Call, *, needed: bool) -> Any:
        body = inner(call, needed=needed)
        return json.loads(body) if isinstance(body, str) and body.startswith("{") else body

    return read


@refusal(behaviour, "refuse.assistant-id.missing")
def assistant_id_has_a_default(faithful: Behaviour) -> Behaviour:
    """A body without assistant_id, or with null, gets the newest assistant."""
    newest: list[str] = []

    def shape(item: Assistant) -> Json:
        newest.append(item.id)
        return faithful.shape_assistant(item)

    def read(call: Call, *, needed: bool) -> Any:
        body = faithful.read_body(call, needed=needed)
        if call.path.endswith("/runs") and isinstance(body, dict) and body.get("assistant_id") is None and newest:
            return {**body, "assistant_id": newest[-1]}
        return body

    return replace(faithful, shape_assistant=shape, read_body=read)


@refusal(around("check_body"), "refuse.*")
def nothing_validated(_inner: Any) -> Any:
    """Bodies are not validated at all, as by several mocks; what then can't be used is answered with 500."""
    return lambda _schema, _body, _edition=None: None


def _breaking(wrong: Callable[[Any], bool]) -> Callable[[Any], Any]:
    """Create bodies that an exception handler does not expect."""

    def wrap(inner: Any) -> Any:
        def check(schema: str, body: Any, edition: str | None = None) -> None:
            if "run" in schema and wrong(body):
                raise Refusal("Internal server error", status=500, kind="internal_server_error")
            inner(schema, body, edition)

        return check

    return wrap


_ROWS_2: Rows = (
    ("missing-assistant-breaks-the-server", "A body without assistant_id is answered with 500, as a gateway was seen to do.", lambda body: isinstance(body, dict) and "assistant_id" not in body, ("refuse.assistant-id.missing",)),
    ("array-breaks-the-server", "A body that is an array or a string is answered with 500, as a gateway was seen to do.", lambda body: isinstance(body, list | str), (FORM,)),
    ("null-assistant-breaks-the-server", "An assistant_id of null is answered with 500.", lambda body: isinstance(body, dict) and body.get("assistant_id", ...) is None, ("refuse.assistant-id.type",)),
    ("text-for-array-breaks-the-server", "tools that are text are answered with 500.", lambda body: isinstance(body, dict) and isinstance(body.get("tools"), str), ("refuse.field-type",)),
)  # fmt: skip
for _name, _sentence, _small, _breaks in _ROWS_2:
    refusal.add(_name, _sentence, around("check_body")(_breaking(_small)), *_breaks, rare=True)


@refusal(around("read_body"), FORM)
def bad_json_breaks_the_server(inner: Any) -> Any:
    """A body that is not JSON is answered with 500."""

    def read(call: Call, *, needed: bool) -> Any:
        try:
            return inner(call, needed=needed)
        except Refusal as refused:
            raise Refusal("Something went wrong", status=500, kind="server_error") from refused

    return read


@refusal(around("read_body"), FORM, rare=True)
def bad_utf8_replaced(inner: Any) -> Any:
    """Bytes that are not UTF-8 are replaced before the body is read."""

    def read(call: Call, *, needed: bool) -> Any:
        call.raw = call.raw.decode("utf-8", "replace").encode()
        body = inner(call, needed=needed)
        if isinstance(body, dict) and "\ufffd" in str(body.get("assistant_id")) and call.project.assistants:
            body["assistant_id"] = next(iter(call.project.assistants))
        return body

    return read


def _refused(name: str, sentence: str, wrong: Callable[[Json], bool], *breaks: str, status: int = 400) -> None:
    def verdict(body: Json) -> Refusal | None:
        return Refusal(f"Refused: {name}.", status=status) if wrong(body) else None

    refusal.add(name, sentence, refusing(verdict), *breaks, rare=True)


def _messages(body: Json) -> list[Json]:
    return [*(body.get("additional_messages") or []), *((body.get("thread") or {}).get("messages") or [])]


def _functions(body: Json) -> list[Json]:
    return [tool["function"] for tool in body.get("tools") or [] if tool["type"] == "function"]


def _parts(body: Json) -> list[Json]:
    return [part for one in _messages(body) if isinstance(one["content"], list) for part in one["content"]]


MINIMAL = ("accept.create-run.minimal", "accept.create-thread-and-run.minimal")
_refused("tools-required", "Both create calls need tools.", lambda body: body.get("tools") is None, *MINIMAL, "accept.optional-fields-absent")
_refused("instructions-required", "Both create calls need instructions.", lambda body: body.get("instructions") is None, *MINIMAL, "accept.optional-fields-absent")
_refused("model-required", "Both create calls need a model.", lambda body: body.get("model") is None, *MINIMAL, "accept.optional-fields-absent")
_refused("thread-required", "Create thread and run needs thread.", lambda body: "additional_messages" not in body and "thread" not in body and "stream" not in body and len(body) == 1, *MINIMAL)
_refused("nulls-refused", "No option may be null.", lambda body: None in body.values(), NULLS)
_refused("nulls-refused-by-both", "Create thread and run takes no null.", lambda body: None in body.values() and "additional_messages" not in body and "additional_instructions" not in body and "thread" in body, NULLS)
_refused("two-nulls-refused", "More than one null is refused.", lambda body: list(body.values()).count(None) > 1, NULLS, "accept.optional-fields-absent")
_refused("null-tools-break-the-server", "tools null is answered with 500.", lambda body: "tools" in body and body["tools"] is None, NULLS, status=500)
_refused("null-stream-refused", "stream may not be null.", lambda body: "stream" in body and body["stream"] is None, NULLS)
_refused("unicode-breaks-the-server", "Text outside ASCII is answered with 500.", lambda body: not json.dumps(body, ensure_ascii=False).isascii(), "accept.unicode", status=500)
_refused("astral-breaks-the-server", "A character beyond the BMP is answered with 500, as by a column of three bytes a character.", lambda body: any(ord(one) > BMP for one in json.dumps(body, ensure_ascii=False)), "accept.unicode", status=500)
_refused("metadata-counted-in-bytes", "A metadata value of more than 512 bytes is refused.", lambda body: any(len(v.encode()) > 512 for v in (body.get("metadata") or {}).values()), "accept.unicode", "accept.metadata.limits")
_refused("metadata-counted-in-utf16", "A metadata value of more than 512 UTF-16 units is refused.", lambda body: any(len(v.encode("utf-16-le")) > 1024 for v in (body.get("metadata") or {}).values()), "accept.unicode", "accept.metadata.limits")
_refused("metadata-empty-value-refused", "A metadata value may not be empty.", lambda body: "" in (body.get("metadata") or {}).values(), "accept.metadata.limits")
_refused("metadata-empty-refused", "Metadata may not be {}.", lambda body: body.get("metadata") == {}, "accept.metadata.empty")
_refused("empty-tools-refused", "tools may not be [].", lambda body: body.get("tools") == [], "accept.tools.empty")
_refused("zero-temperature-refused", "A temperature of 0 is refused.", lambda body: body.get("temperature") == 0 and body.get("temperature") is not None, "accept.sampling.ends")
_refused("sampling-together-refused", "temperature and top_p may not both be given.", lambda body: None not in (body.get("temperature"), body.get("top_p")), "accept.sampling.together")
_refused("integer-temperature-refused", "A temperature must have a fraction: 1 is refused.", lambda body: isinstance(body.get("temperature"), int), "accept.sampling.ends", "accept.sampling.inside")
_refused("large-limits-refused", "Token limits above 4096 are refused.", lambda body: max(body.get("max_prompt_tokens") or 0, body.get("max_completion_tokens") or 0) > 4096, "accept.max-tokens.above-minimum")
_refused("unpublished-model-refused", "Only gpt-4o is known.", lambda body: body.get("model") not in (None, "gpt-4o"), "accept.model.any-string", "response.echo.model")
_refused("role-assistant-refused", "Messages may only be the user's.", lambda body: any(one["role"] != "user" for one in _messages(body)), "accept.message.role-assistant")
_refused("content-parts-refused", "The content of a message must be a string.", lambda body: bool(_parts(body)), "accept.message.content-parts", "accept.message.text-part")
_refused("content-string-refused", "The content of a message must be an array.", lambda body: any(isinstance(one["content"], str) for one in _messages(body)), "accept.message.content-string")
_refused("empty-content-refused", "A message may not be empty.", lambda body: any(one["content"] == "" for one in _messages(body)), "accept.message.content-empty")
_refused("two-text-parts-refused", "A message may have one text part only.", lambda body: any(isinstance(one["content"], list) and len(one["content"]) > 1 for one in _messages(body)), "accept.message.content-parts")
_refused("image-without-detail-refused", "An image needs detail.", lambda body: any(part["type"] != "text" and "detail" not in part[part["type"]] for part in _parts(body)), "accept.message.image-part")
_refused("images-refused", "A message holds text only.", lambda body: any(part["type"] != "text" for part in _parts(body)), "accept.message.image-part", "accept.message.image-detail")
_refused("attachments-null-refused", "attachments may not be null.", lambda body: any(one.get("attachments", ...) is None for one in _messages(body)), "accept.message.attachments-absent")
_refused("attachments-refused", "Attachments are refused.", lambda body: any(one.get("attachments") for one in _messages(body)), "accept.message.attachment")
_refused("message-metadata-refused", "A message's metadata are limited to 8 pairs.", lambda body: any(len(one.get("metadata") or {}) > 8 for one in _messages(body)), "accept.message.metadata-limits")
_refused("additional-messages-empty-refused", "additional_messages may not be [].", lambda body: body.get("additional_messages") == [], "accept.additional-messages.empty")
_refused("parameters-needed", "A function needs parameters.", lambda body: any("parameters" not in one for one in _functions(body)), "accept.function.parameters-absent", "accept.tools.bare-types")
_refused("parameters-of-type-object-only", "A function's parameters need the type object.", lambda body: any((one.get("parameters") or {"type": "object"}).get("type") != "object" for one in _functions(body)) or any(one.get("parameters") == {} for one in _functions(body)), "accept.function.parameters-object")
_refused("function-dash-refused", "A function's name may not have a dash.", lambda body: any("-" in one["name"] for one in _functions(body)), "accept.function.name-maximum", "accept.tools.bare-types", "accept.tool-choice.named")
_refused("function-capitals-refused", "A function's name may not have capitals.", lambda body: any(one["name"] != one["name"].lower() for one in _functions(body)), "accept.function.name-maximum", "accept.tools.bare-types")
_refused("function-strict-null-refused", "A function's strict may not be null.", lambda body: any(one.get("strict", False) is None for one in _functions(body)), "accept.function.strict")
_refused("function-strict-refused", "A function's strict is not known.", lambda body: any("strict" in one for one in _functions(body)), "accept.function.strict")
_refused("more-than-ten-tools-refused", "More than ten tools are refused.", lambda body: len(body.get("tools") or []) > 10, "accept.tools.twenty")
_refused("hosted-tools-refused", "There are function tools only.", lambda body: any(tool["type"] != "function" for tool in body.get("tools") or []), "accept.tools.bare-types", "accept.tool-choice.named")
_refused("file-search-options-refused", "file_search has no options.", lambda body: any("file_search" in tool for tool in body.get("tools") or []), "accept.file-search.overrides")
_refused("tool-choice-object-refused", "tool_choice must be a word.", lambda body: isinstance(body.get("tool_choice"), dict), "accept.tool-choice.named")
_refused("tool-choice-required-refused", "tool_choice required is not known.", lambda body: body.get("tool_choice") == "required", "accept.tool-choice.required")
_refused("parallel-refused", "parallel_tool_calls is not known.", lambda body: "parallel_tool_calls" in body, "accept.parallel-tool-calls")
_refused("json-schema-refused", "response_format json_schema is not known.", lambda body: isinstance(body.get("response_format"), dict) and body["response_format"]["type"] == "json_schema", "accept.response-format.json-schema-minimal", "accept.response-format.json-schema-full")
_refused("json-schema-needs-schema", "A json_schema needs a schema.", lambda body: isinstance(body.get("response_format"), dict) and "schema" not in body["response_format"].get("json_schema", {"schema": 1}), "accept.response-format.json-schema-minimal")
_refused("response-format-auto-refused", "response_format must be an object.", lambda body: isinstance(body.get("response_format"), str), "accept.response-format.basic")
_refused("truncation-null-count-refused", "last_messages may not be null beside auto.", lambda body: (body.get("truncation_strategy") or {}).get("last_messages", ...) is None, "accept.truncation.auto")
_refused("last-messages-over-five-refused", "last_messages above 5 is refused.", lambda body: ((body.get("truncation_strategy") or {}).get("last_messages") or 0) > 5, "accept.truncation.last-messages")
_refused("streams-refused", "stream true is refused.", lambda body: body.get("stream") is True, "accept.stream.boolean")
_refused("stream-false-refused", "stream false is refused.", lambda body: body.get("stream") is False, "accept.stream.boolean")
_refused("reasoning-effort-high-refused", "reasoning_effort high is not known.", lambda body: body.get("reasoning_effort") == "high", "accept.reasoning-effort.base")
_refused("thread-empty-refused", "thread may not be {}.", lambda body: body.get("thread") == {}, "accept.thread.forms")
_refused("thread-without-messages-refused", "thread.messages may not be [].", lambda body: (body.get("thread") or {}).get("messages") == [], "accept.thread.messages")
_refused("thread-resources-null-refused", "thread.tool_resources may not be null.", lambda body: (body.get("thread") or {}).get("tool_resources", ...) is None, "accept.thread.forms")
_refused("helper-stores-refused", "Vector stores can't be made on the way.", lambda body: bool((((body.get("thread") or {}).get("tool_resources") or {}).get("file_search") or {}).get("vector_stores")), "accept.thread.file-search-stores", "accept.thread.chunking")
_refused("store-ids-refused", "vector_store_ids is not known.", lambda body: "vector_store_ids" in str(body), "accept.thread.file-search-stores", "accept.tool-resources")
_refused("ten-files-refused", "More than ten files are refused.", lambda body: len((((body.get("thread") or {}).get("tool_resources") or {}).get("code_interpreter") or {}).get("file_ids") or []) > 10, "accept.thread.code-interpreter-files")
_refused("tool-resources-null-refused", "tool_resources may not be null.", lambda body: body.get("tool_resources", ...) is None, "accept.tool-resources", NULLS)
_refused("tools-and-metadata-refused", "tools and metadata may not both be given.", lambda body: bool(body.get("tools")) and bool(body.get("metadata")), "accept.optional-fields-absent", "accept.*")
_refused("choice-and-format-refused", "tool_choice and response_format may not both be given.", lambda body: bool(body.get("tool_choice")) and bool(body.get("response_format")), "accept.optional-fields-absent", "accept.*")


def _streamed(name: str, sentence: str, matches: Callable[[Violation], bool], *breaks: str) -> None:
    """A breach that is not noticed when a stream is asked for."""

    def change(faithful: Behaviour) -> Behaviour:
        lax = accepting(lambda _schema, found: matches(found))(faithful)

        def check_body(schema: str, body: Any, edition: str | None = None) -> None:
            streamed = isinstance(body, dict) and body.get("stream") is True
            (lax if streamed else faithful).check_body(schema, body, edition)

        return replace(faithful, check_body=check_body)

    refusal.add(name, sentence, change, *breaks, rare=True)


_streamed("streamed-not-validated", "A body that asks for a stream is not validated.", lambda _v: True, "error.before-stream", "refuse.temperature.range", "refuse.field-type")
_streamed("streamed-ranges-not-looked-at", "Numbers are not compared with their bounds when a stream is asked for.", lambda v: v.keyword in {"minimum", "maximum"}, "error.before-stream", "refuse.temperature.range")


@refusal(create_bodies, "refuse.temperature.range")
def temperature_clamped(body: Json) -> Json:
    """A temperature out of range is brought into it."""
    given = body.get("temperature")
    return body | ({"temperature": min(max(given, 0), 2)} if isinstance(given, int | float) and not isinstance(given, bool) else {})


@refusal(create_bodies, "refuse.max-tokens.minimum")
def token_limits_raised(body: Json) -> Json:
    """Token limits under 256 are raised to it."""
    names = ("max_prompt_tokens", "max_completion_tokens")
    raised = {n: max(body[n], 256) for n in names if isinstance(body.get(n), int) and not isinstance(body[n], bool)}
    return body | raised


@refusal(create_bodies, "refuse.metadata.pairs")
def metadata_cut_to_sixteen(body: Json) -> Json:
    """Of more than 16 pairs of metadata the first 16 are taken."""
    held = body.get("metadata")
    return body | ({"metadata": dict(list(held.items())[:16])} if isinstance(held, dict) else {})


@refusal(create_bodies, "refuse.metadata.lengths")
def metadata_cut_to_length(body: Json) -> Json:
    """Metadata values are cut to 512 characters."""
    held = body.get("metadata")
    if not isinstance(held, dict):
        return body
    return body | {"metadata": {k: v[:512] if isinstance(v, str) else v for k, v in held.items()}}


@refusal(create_bodies, "refuse.metadata.value-type")
def metadata_values_made_text(body: Json) -> Json:
    """Metadata values that are no strings are made ones."""
    held = body.get("metadata")
    return body | ({"metadata": {k: v if isinstance(v, str) else str(v) for k, v in held.items()}} if isinstance(held, dict) else {})


@refusal(create_bodies, "refuse.unknown-property")
def unknown_properties_dropped_silently(body: Json) -> Json:
    """A gateway forwards the six fields that it knows and drops the rest, whatever it is."""
    known = ("assistant_id", "model", "instructions", "additional_instructions", "metadata", "tools", "stream", "thread")
    return {key: value for key, value in body.items() if key in known}


@refusal(create_bodies, "refuse.field-type", rare=True)
def stream_word_ignored(body: Json) -> Json:
    """stream that is no boolean is taken for false, as a gateway was seen to do."""
    return body | ({} if isinstance(body.get("stream"), bool | None) else {"stream": False})


@refusal(create_bodies, "refuse.field-type", rare=True)
def numbers_in_quotes_taken(body: Json) -> Json:
    """temperature and top_p may be numbers in quotation marks."""
    made = dict(body)
    for name in ("temperature", "top_p"):
        given = body.get(name)
        if isinstance(given, str) and given.replace(".", "", 1).isdecimal():
            made[name] = float(given)
    return made


@refusal(behaviour, "refuse.tool.retrieval", rare=True)
def retrieval_renamed(faithful: Behaviour) -> Behaviour:
    """The tool type retrieval is taken for file_search."""

    def read(call: Call, *, needed: bool) -> Any:
        body = faithful.read_body(call, needed=needed)
        if isinstance(body, dict) and isinstance(body.get("tools"), list):
            tools = [{**t, "type": "file_search"} if isinstance(t, dict) and t.get("type") == "retrieval" else t for t in body["tools"]]
            body = {**body, "tools": tools}
        return body

    return replace(faithful, read_body=read)


@refusal(around("check_overlap"), "accept.thread.chunking", rare=True)
def overlap_below_half_only(inner: Any) -> Any:
    """chunk_overlap_tokens must be less than half of a chunk."""

    def check(body: Json) -> None:
        inner(body)
        for store in _stores(body):
            chunks = (store.get("chunking_strategy") or {}).get("static")
            if chunks and chunks["chunk_overlap_tokens"] * 2 == chunks["max_chunk_size_tokens"]:
                raise refusals.wrong_value("chunk_overlap_tokens", "Expected less than half.")

    return check


def _stores(body: Json) -> list[Json]:
    resources = (body.get("thread") or {}).get("tool_resources") or {}
    return list((resources.get("file_search") or {}).get("vector_stores") or ())

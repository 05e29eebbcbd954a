"""Requests that are refused though they must be taken."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from runs_conformance.reference.faults.points import (
    refusing,
)
from runs_conformance.reference.faults.record import Kind
from runs_conformance.reference.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs_conformance.reference.records import Json

refusal = Kind("refusal")
NULLS = "accept.null-as-absent"
BMP = 0xFFFF
MINIMAL = ("accept.create-run.minimal", "accept.create-thread-and-run.minimal")


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

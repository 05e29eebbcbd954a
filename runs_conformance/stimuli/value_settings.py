"""Inside values of single settings: nulls, numbers, texts, metadata, formats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from runs_conformance.stimuli import awkward
from runs_conformance.stimuli.base import CREATE_BOTH, CREATE_RUN, OPERATIONS, limit
from runs_conformance.stimuli.value import STRICT, TRAPS, Inside, one

# Of more decimal places than a careless server keeps, and exact in binary.
ODD: Final = 0.4375


def nulls() -> Iterator[Inside]:
    both = (
        "model", "instructions", "tools", "metadata", "temperature", "top_p", "stream", "max_prompt_tokens",
        "max_completion_tokens", "truncation_strategy", "tool_choice", "response_format",
    )
    for field in both:
        yield one("accept.null-as-absent", f"{field} null", field, None)
    for field in ("additional_instructions", "reasoning_effort", "additional_messages"):
        yield one("accept.null-as-absent", f"{field} null", field, None, operations=(CREATE_RUN,))


def numbers() -> Iterator[Inside]:
    for field in ("temperature", "top_p"):
        low, high = limit(field, "minimum"), limit(field, "maximum")
        yield one("accept.sampling.ends", f"{field} {low}", field, low)
        yield one("accept.sampling.ends", f"{field} {high}", field, high)
        yield one("accept.sampling.inside", f"{field} {(low + high) * ODD}", field, (low + high) * ODD)
        yield one("accept.sampling.inside", f"{field} 1.0", field, 1.0)
    yield Inside(
        "accept.sampling.together", "temperature and top_p together", (("temperature", 0.9), ("top_p", 0.9)),
    )
    for field in ("max_prompt_tokens", "max_completion_tokens"):
        least = limit("token_limit", "minimum")
        values = [least, least + 1, 100_000]
        # Never the same for both in one body: a server may show one for the other.
        for number in values if field == "max_prompt_tokens" else [*values[1:], least]:
            row = "accept.max-tokens.minimum" if number == least else "accept.max-tokens.above-minimum"
            yield one(row, f"{field} {number}", field, number)


def metadata() -> Iterator[Inside]:
    pairs = limit("metadata", "maxProperties")
    key = limit("metadata", "propertyNames")["maxLength"]
    value = limit("metadata", "maxLength", "*")
    yield one("accept.metadata.empty", "metadata {}", "metadata", {})
    yield one(
        "accept.metadata.limits", f"metadata with {pairs} pairs", "metadata",
        {f"Key-{n}": "" for n in range(pairs)},
    )
    yield one(
        "accept.metadata.limits", f"a metadata key of {key} characters", "metadata",
        {"Kk" * (key // 2): "Mixed Case"},
    )
    yield one(
        "accept.metadata.limits", f"a metadata value of {value} characters", "metadata", {"k": "v" * value},
    )
    yield one(
        "accept.unicode", f"{value} non-ASCII characters in metadata", "metadata",
        {"Schlüssel": "é" * value, "😀": TRAPS, "astral": "😀" * value},
    )
    yield one("accept.unicode", "awkward metadata", "metadata", awkward.METADATA)


def texts() -> Iterator[Inside]:
    yield one("accept.instructions", "instructions", "instructions", "Answer as JSON.")
    yield one("accept.instructions", "empty instructions", "instructions", "")
    # The longest on threads of their own alone: lists of a thread that all runs share would show it again
    # and again.
    for blanks, operation in ((awkward.LONG // 4, CREATE_RUN), (awkward.LONG, CREATE_BOTH)):
        text = awkward.padded(blanks)
        yield one("accept.instructions", "long instructions", "instructions", text, operations=(operation,))
    yield one(
        "accept.unicode", "non-ASCII instructions", "instructions",
        f"Antworte als JSON. {TRAPS}{TRAPS}",
    )
    yield one(
        "accept.unicode", "awkward instructions", "instructions", f"Answer as JSON. {awkward.WORDS}",
    )
    yield one(
        "accept.instructions", "additional_instructions", "additional_instructions", "Be brief.",
        operations=(CREATE_RUN,),
    )
    yield one(
        "accept.instructions", "empty additional_instructions", "additional_instructions", "",
        operations=(CREATE_RUN,),
    )
    yield one(
        "accept.additional-messages.empty", "additional_messages []", "additional_messages", [],
        operations=(CREATE_RUN,),
    )


def structured() -> Iterator[Inside]:
    name = "N" * limit("json_schema_format", "maxLength", "name")
    full = {"name": "full-Form_1", "description": "ä"}
    row, minimal = "accept.response-format.json-schema-full", "accept.response-format.json-schema-minimal"
    # Each form costs a run with each operation: true and false go to one each, for a setting is read once.
    forms: tuple[tuple[str, str, dict[str, Any], tuple[str, ...]], ...] = (
        (minimal, "name only", {"name": name}, OPERATIONS),
        (row, "strict true", {**full, "schema": STRICT, "strict": True}, (CREATE_RUN,)),
        (
            row, "strict false, awkward schema", {**full, "schema": awkward.PARAMETERS, "strict": False},
            (CREATE_BOTH,),
        ),
        (
            row, "strict null, awkward schema", {**full, "schema": awkward.PARAMETERS, "strict": None},
            OPERATIONS,
        ),
    )
    for requirement, label, form, operations in forms:
        value = {"type": "json_schema", "json_schema": form}
        yield one(
            requirement, f"json_schema, {label}", "response_format", value, operations=operations,
            capability="json-schema",
        )


def formats() -> Iterator[Inside]:
    yield one("accept.response-format.basic", "response_format auto", "response_format", "auto")
    for kind in ("text", "json_object"):
        yield one(
            "accept.response-format.basic", f"response_format {kind}", "response_format", {"type": kind},
        )


def strategies() -> Iterator[Inside]:
    yield one("accept.truncation.auto", "truncation auto", "truncation_strategy", {"type": "auto"})
    yield one(
        "accept.truncation.auto", "truncation auto, count null", "truncation_strategy",
        {"type": "auto", "last_messages": None},
    )
    for count in (limit("truncation_strategy", "minimum", "last_messages"), 10):
        yield one(
            "accept.truncation.last-messages", f"last_messages {count}", "truncation_strategy",
            {"type": "last_messages", "last_messages": count},
        )
    yield one("accept.stream.boolean", "stream false", "stream", False)
    for effort in ("low", "medium", "high"):
        yield one(
            "accept.reasoning-effort.base", f"reasoning_effort {effort}", "reasoning_effort", effort,
            operations=(CREATE_RUN,), capability="reasoning-effort",
        )

"""From a breach of a request schema to the refusal the service would send; rules no schema can say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from runs_conformance.contract.schemas import NEWEST, Violation, is_valid, violations
from runs_conformance.reference import refusals
from runs_conformance.reference.refusals import Refusal
from runs_conformance.reference.script import chosen, names

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runs_conformance.reference.records import Json, Settings

_DECIMALS: Final = frozenset({"temperature", "top_p", "score_threshold"})
_EXPECTED: Final = {
    "string": "a string",
    "integer": "an integer",
    "number": "a decimal",
    "boolean": "a boolean",
    "object": "an object",
    "array": "an array",
    "null": "null",
}


def check_body(schema: str, body: Any, edition: str | None = None) -> None:
    """Raise the refusal for the first breach of `schema`; unknown names are refused too."""
    against: str = edition or NEWEST
    if not is_valid(schema, body, variant="documented", edition=against):
        raise from_violation(violations(schema, body, variant="documented", edition=against)[0])


def from_violation(found: Violation) -> Refusal:
    """Codes and wording by keyword; `param` is the path of the field or of the missing or unknown name."""
    if found.keyword == "required":
        return refusals.missing(param(found.path, found.property))
    if found.keyword == "additionalProperties":
        name = param(found.path, found.property)
        return Refusal(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
    where = param(found.path)
    if found.keyword == "type":
        return refusals.wrong_type(where, _expected(found.limit), _kind(found.value))
    if found.keyword in {"enum", "const"}:
        allowed = [found.limit] if found.keyword == "const" else _listed(found.limit)
        return refusals.unsupported(where, found.value, [str(one) for one in allowed if one is not None])
    sized = _SIZED.get(found.keyword)
    return sized(where, found) if sized else refusals.wrong_value(where, f"{found.message}.")


def param(path: Sequence[str | int], name: str | None = None) -> str:
    """`("tools", 0, "type")` is written tools[0].type."""
    text = ""
    for part in (*path, *(() if name is None else (name,))):
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def check_overlap(body: Json) -> None:
    """chunk_overlap_tokens is at most half of max_chunk_size_tokens, in every store to be made."""
    for path, resources in _resources(body):
        search = (resources or {}).get("file_search") or {}
        for index, store in enumerate(search.get("vector_stores") or ()):
            chunks = (store.get("chunking_strategy") or {}).get("static")
            if chunks and chunks["chunk_overlap_tokens"] > chunks["max_chunk_size_tokens"] / 2:
                inside = (
                    "file_search",
                    "vector_stores",
                    index,
                    "chunking_strategy",
                    "static",
                    "chunk_overlap_tokens",
                )
                raise refusals.wrong_value(
                    param((*path, *inside)), "Expected at most half of 'max_chunk_size_tokens'."
                )


def check_tool_choice(settings: Settings) -> None:
    """A tool that tool_choice names must be among the effective tools."""
    name = chosen(settings.tool_choice)
    if name is not None and name not in names(tuple(settings.tools)):
        raise refusals.wrong_value(
            "tool_choice", f"no tool named '{name}' was specified in the 'tools' parameter."
        )


def _resources(body: Json) -> list[tuple[tuple[str, ...], Json | None]]:
    thread = body.get("thread") or {}
    return [
        (("tool_resources",), body.get("tool_resources")),
        (("thread", "tool_resources"), thread.get("tool_resources")),
    ]


def _expected(limit: object) -> str:
    kinds = [kind for kind in _listed(limit) if kind != "null"] or ["null"]
    words = [_EXPECTED[str(kind)] for kind in kinds]
    return words[0] if len(words) == 1 else f"one of {', '.join(words[:-1])} or {words[-1]}"


def _kind(value: object) -> str:
    kinds = {
        bool: "a boolean",
        int: "an integer",
        float: "a decimal",
        str: "a string",
        list: "an array",
        dict: "an object",
    }
    return kinds.get(type(value), "null")


def _listed(limit: Any) -> list[Any]:
    return list(limit) if isinstance(limit, (list, tuple)) else [limit]


def _number(side: str, word: str, sign: str) -> Callable[[str, Violation], Refusal]:
    def make(where: str, found: Violation) -> Refusal:
        kind = "decimal" if found.path and found.path[-1] in _DECIMALS else "integer"
        text = f"Invalid '{where}': {kind} {side} {word} value. Expected a value {sign} {found.limit}"
        return Refusal(
            f"{text}, but got {found.value} instead.", param=where, code=f"{kind}_{side}_{word[:3]}_value"
        )

    return make


def _length(text: str, code: str) -> Callable[[str, Violation], Refusal]:
    def make(where: str, found: Violation) -> Refusal:
        size = len(found.value) if isinstance(found.value, (str, list, dict)) else 0
        told = text.format(limit=found.limit, size=size)
        return Refusal(f"Invalid '{where}': {told} instead.", param=where, code=code)

    return make


def _property_name(where: str, found: Violation) -> Refusal:
    limit = found.limit.get("maxLength") if isinstance(found.limit, dict) else found.limit
    text = f"Invalid property name in '{where}': name too long. Expected a name with maximum length {limit}"
    got = f"but got a name with length {len(found.property or '')} instead."
    return Refusal(f"{text}, {got}", param=where, code="property_name_above_max_length")


def _pattern(where: str, found: Violation) -> Refusal:
    shown = re.sub(r"\s", " ", str(found.value))[:80]
    text = f"Invalid '{where}': string does not match pattern. Expected a string that matches the pattern"
    return Refusal(f"{text} '{found.limit}', but got '{shown}' instead.", param=where, code="invalid_value")


_SIZED: Final[dict[str, Callable[[str, Violation], Refusal]]] = {
    "minimum": _number("below", "minimum", ">="),
    "maximum": _number("above", "maximum", "<="),
    "propertyNames": _property_name,
    "pattern": _pattern,
    "minLength": _length(
        "string too short. Expected a string with minimum length {limit}, but got one with length {size}",
        "string_below_min_length",
    ),
    "maxLength": _length(
        "string too long. Expected a string with maximum length {limit}, but got a string with length {size}",
        "string_above_max_length",
    ),
    "minItems": _length(
        "array too short. Expected an array with minimum length {limit}, but got an array with length {size}",
        "array_below_min_length",
    ),
    "maxItems": _length(
        "array too long. Expected an array with maximum length {limit}, but got an array with length {size}",
        "array_above_max_length",
    ),
    "maxProperties": _length(
        "too many properties. Expected an object with at most {limit} properties, "
        "but got an object with {size} properties",
        "object_above_max_properties",
    ),
}

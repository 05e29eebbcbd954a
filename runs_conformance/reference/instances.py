"""The least instance of a JSON Schema: what the scripted model says in JSON mode and passes as arguments.

Knows const, enum, $ref to $defs or definitions, anyOf/oneOf (first branch), allOf, objects, arrays,
strings, numbers, booleans and null. What it can't satisfy (a pattern, say) is told by `conforming`, which
checks the result.
"""

from __future__ import annotations

import re
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable

DEEPEST: Final = 12
LONGEST: Final = 1000
_FAULTY: Final = (
    SchemaError,
    Unresolvable,
    TypeError,
    ValueError,
    AttributeError,
    LookupError,
    ArithmeticError,
    RecursionError,
    re.error,
)
"""What a caller's schema can break while it is read: it is any JSON object."""


def conforming(schema: Any) -> tuple[Any, bool]:
    """An instance and whether it is valid; a schema that is none itself gives ({}, False)."""
    try:
        Draft202012Validator.check_schema(schema)
        value = build(schema, schema)
        return value, Draft202012Validator(schema, registry=Registry()).is_valid(value)
    except _FAULTY:
        return {}, False


def build(schema: Any, root: Any, depth: int = 0) -> Any:
    """Required properties only, shortest arrays and strings; numbers nearest to zero."""
    if not isinstance(schema, dict) or depth > DEEPEST:
        return {}
    if "const" in schema or schema.get("enum"):
        return schema["const"] if "const" in schema else schema["enum"][0]
    if "$ref" in schema:
        return build(_resolve(schema["$ref"], root), root, depth + 1)
    for keyword in ("anyOf", "oneOf"):
        if schema.get(keyword):
            return build(schema[keyword][0], root, depth + 1)
    if schema.get("allOf"):
        return build(_merged(schema, root), root, depth + 1)
    return _by_type(schema, root, depth)


def _by_type(schema: dict[str, Any], root: Any, depth: int) -> Any:
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: build(properties.get(name, {}), root, depth + 1) for name in schema.get("required", ())}
    if kind == "array":
        return [build(schema.get("items", {}), root, depth + 1)] * min(
            int(schema.get("minItems", 0)), LONGEST
        )
    if kind == "string":
        return _text(schema)
    if kind in {"integer", "number"}:
        return _number(schema, whole=kind == "integer")
    return {"boolean": True, "null": None}.get(kind)


def _text(schema: dict[str, Any]) -> str:
    text = {"date": "2026-01-31", "date-time": "2026-01-31T12:00:00Z", "email": "a@example.com"}.get(
        schema.get("format", ""), "value"
    )
    text += "x" * (min(int(schema.get("minLength", 0)), LONGEST) - len(text))
    return text[: int(schema["maxLength"])] if "maxLength" in schema else text


def _number(schema: dict[str, Any], *, whole: bool) -> float:
    step = schema.get("multipleOf", 1 if whole else 0.5)
    low = schema.get(
        "minimum", schema.get("exclusiveMinimum", -step) + step if "exclusiveMinimum" in schema else None
    )
    high = schema.get("maximum", schema["exclusiveMaximum"] - step if "exclusiveMaximum" in schema else None)
    value = max(0, low) if low is not None else 0
    value = min(value, high) if high is not None else value
    return int(value) if whole else float(value)


def _resolve(reference: str, root: Any) -> Any:
    node = root
    for part in reference.removeprefix("#").strip("/").split("/"):
        node = node[part.replace("~1", "/").replace("~0", "~")] if part else node
    return node


def _merged(schema: dict[str, Any], root: Any) -> dict[str, Any]:
    merged: dict[str, Any] = {key: value for key, value in schema.items() if key != "allOf"}
    for part in schema["allOf"]:
        resolved = _resolve(part["$ref"], root) if "$ref" in part else part
        for key, value in resolved.items():
            if key == "properties":
                merged["properties"] = {**merged.get("properties", {}), **value}
            elif key == "required":
                merged["required"] = [*merged.get("required", []), *value]
            else:
                merged[key] = value
    return merged

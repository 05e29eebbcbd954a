"""OpenAPI documents, loaded into schemathesis: the contract's own, and one that the user gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import schemathesis
import yaml
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation, BaseSchema

from runs_conformance.openapi.compose import document
from runs_conformance.options import UsageError

Operation = APIOperation[Any, Any, Any, Any]
# What would make a second run differ from the first, or hide in a report what was sent.
SETTINGS: Final[dict[str, Any]] = {
    "output": {"sanitization": {"enabled": False}},
    "cache": {"enabled": False},
    "phases": {
        "fuzzing": {"error-feedback": {"enabled": False}, "extra-data-sources": {"responses": False}},
        "stateful": {"inference": {"algorithms": []}},
    },
    "max-stream-events": 100_000,
}


def contract(edition: str, base_url: str) -> BaseSchema:
    """The contract's document as of an edition."""
    return _loaded(document(edition), base_url)


def theirs(path: Path, base_url: str) -> BaseSchema:
    """The user's document (JSON or YAML, OpenAPI 2.0 to 3.2); UsageError says what is wrong with it."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UsageError(f"--openapi {path}: can't be read ({reason})") from None
    try:
        raw = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        first = str(error).splitlines()[0] if str(error) else "nested too deep"
        raise UsageError(f"--openapi {path}: neither JSON nor YAML ({first})") from None
    if not isinstance(raw, dict) or not {"openapi", "swagger"} & raw.keys():
        raise UsageError(f"--openapi {path}: no OpenAPI document: it has neither `openapi` nor `swagger`")
    try:
        schema = _loaded(raw, base_url)
        usable = operations(schema)
    except Exception as error:  # noqa: BLE001 - schemathesis has many; any of them means that the document can't be used
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UsageError(f"--openapi {path}: schemathesis can't use it: {first}") from None
    if not usable:
        raise UsageError(f"--openapi {path}: it describes no operation that can be used")
    return schema


def operations(schema: BaseSchema) -> list[Operation]:
    """Every operation that can be used; broken ones of a user's document are passed over (see `broken`)."""
    return [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]


def broken(schema: BaseSchema) -> list[str]:
    """A sentence for each operation that the document describes so that it can't be used."""
    results = schema.get_all_operations()
    return [str(result.err()).splitlines()[0] for result in results if not isinstance(result, Ok)]


def _loaded(raw: dict[str, Any], base_url: str) -> BaseSchema:
    config = schemathesis.Config.from_dict({"base-url": base_url, **SETTINGS})
    return schemathesis.openapi.from_dict(raw, config=config)

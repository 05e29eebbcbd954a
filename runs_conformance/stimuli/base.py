"""The plain body that everything else is a change of, and reading a bound where it stands."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any, Final

from runs_conformance.contract.register import NEWEST
from runs_conformance.contract.schemas import walk

REMOVE: Final = object()
CREATE_RUN: Final = "createRun"
CREATE_BOTH: Final = "createThreadAndRun"
OPERATIONS: Final = (CREATE_RUN, CREATE_BOTH)
SCHEMAS: Final = {CREATE_RUN: "create_run_request", CREATE_BOTH: "create_thread_and_run_request"}
# Says JSON: the service refuses or misbehaves in json_object mode when nothing asks for it (vendor prose).
SAYS: Final = "Say hello, as a short JSON object."


def limit(name: str, keyword: str, *path: str, edition: str = NEWEST) -> Any:
    """The value of a keyword in a schema file, at a path of the instance.

    LookupError if it does not stand there.
    """
    for site in walk(name, variant="documented", edition=edition):
        if site.path == path and site.keyword == keyword:
            return site.limit
    raise LookupError(f"{name}.json has no {keyword} at /{'/'.join(path)}")


def body(operation: str, assistant: str, text: str = SAYS) -> dict[str, Any]:
    """A body that every conforming target accepts: an assistant and one user message."""
    message = {"role": "user", "content": text}
    if operation == CREATE_RUN:
        return {"assistant_id": assistant, "additional_messages": [message]}
    return {"assistant_id": assistant, "thread": {"messages": [message]}}


def messages_path(operation: str) -> tuple[str, ...]:
    return ("additional_messages",) if operation == CREATE_RUN else ("thread", "messages")


def put(document: Any, path: Iterable[str | int], value: Any) -> Any:
    """A copy of the document with `value` at `path` (REMOVE takes it away).

    Missing objects on the way are made.
    """
    parts = list(path)
    if not parts:
        return copy.deepcopy(value)
    made = copy.deepcopy(document)
    inner = made
    for part in parts[:-1]:
        inner = inner.setdefault(part, {}) if isinstance(inner, dict) else inner[part]
    if value is REMOVE:
        inner.pop(parts[-1], None)
    else:
        inner[parts[-1]] = copy.deepcopy(value)
    return made


def merge(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Both objects in one: nested objects are merged, lists are joined, else the other wins."""
    made = copy.deepcopy(one)
    for key, value in other.items():
        if isinstance(made.get(key), dict) and isinstance(value, dict):
            made[key] = merge(made[key], value)
        elif isinstance(made.get(key), list) and isinstance(value, list):
            made[key] = [*made[key], *copy.deepcopy(value)]
        else:
            made[key] = copy.deepcopy(value)
    return made


def function(name: str = "lookup", **more: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, **more}}

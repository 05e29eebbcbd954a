"""The schema files, read once, and their variants at each edition."""

import json
from collections.abc import Iterator
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from runs_conformance.contract.schema_variants import Json, Variant, change_dates, derive
from runs_conformance.paths import SCHEMAS

NEWEST: Final = "2026-08-21"
BASE: Final = "https://schemas.runs-conformance.invalid/"
EVENTS: Final = "events.json"
_NOT_OF_THE_CONTRACT: Final = (
    EVENTS, "result_line.json", "openapi.json", "client_dialect.json", "client_drivers.json",
    "client_known.json", "client_needs.json",
)


@cache
def files() -> MappingProxyType[str, Json]:
    """Give the files as written, by file name (`run.json`)."""
    paths = (path for path in sorted(SCHEMAS.glob("*.json")) if path.name not in _NOT_OF_THE_CONTRACT)
    return MappingProxyType({path.name: json.loads(path.read_text("utf-8")) for path in paths})


@cache
def event_file() -> MappingProxyType[str, Json]:
    """Give the entries of events.json, by event name."""
    return MappingProxyType(json.loads((SCHEMAS / EVENTS).read_text("utf-8"))["events"])


@cache
def editions() -> tuple[str, ...]:
    """Give the dates at which some schema changes, oldest first; between two of them no variant changes."""
    return ("", *sorted(set(change_dates(list(files().values())))))


def period(edition: str) -> str:
    """Give the date of the last change at or before `edition`."""
    return max(date for date in editions() if date <= edition)


@cache
def documents(variant: Variant, start: str) -> MappingProxyType[str, Json]:
    """Give every schema of a variant by file name; `start` comes from `period`."""
    return MappingProxyType({name: derive(doc, variant, start) for name, doc in files().items()})


def file_name(name: str) -> str:
    full = name if name.endswith(".json") else f"{name}.json"
    if full not in files():
        raise KeyError(f"no schema named {name!r}; there are {', '.join(files())}")
    return full


def referenced(name: str, docs: MappingProxyType[str, Json]) -> tuple[str, ...]:
    """Give the files that `name` needs, itself first."""
    found = {name: None}
    for target in _refs(docs[name]):
        found.update(dict.fromkeys(referenced(target, docs)))
    return tuple(found)


def _refs(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for entry in node:
            yield from _refs(entry)
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _refs(value)

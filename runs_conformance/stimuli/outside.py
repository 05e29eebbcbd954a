"""Bodies just outside the contract: one changed place each, derived from the request schemas.

For every keyword of a schema the derivation puts a value just beyond it into a valid body. A case is kept
only if the schema then reports exactly one violation and the register knows whose it is: a refusal has one
cause, an acceptance one meaning.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from runs_conformance.contract.checks.refusals import lasting, undecided
from runs_conformance.contract.jsontext import brief, pointer
from runs_conformance.contract.model import to_bytes
from runs_conformance.contract.register import NEWEST, Rule, load
from runs_conformance.contract.schemas import Site, Violation, violations, walk
from runs_conformance.contract.shapes import place
from runs_conformance.stimuli.base import OPERATIONS, REMOVE, SCHEMAS, body, merge, messages_path, put
from runs_conformance.stimuli.hosts import hosts

Path = tuple[str | int, ...]
ASSISTANT: Final = "asst_placeholder"
TEXT: Final = "text placeholder"
# Numbers as strings and truth as numbers: what a coercing server takes for good.
_WRONG: Final[dict[str, tuple[Any, ...]]] = {
    "string": (7, True, ["text"], {"text": "text"}),
    "number": (True, [1], "1"),
    "integer": (300.5, True, "300"),
    "boolean": (1, "yes", "true"),
    "array": ({}, "text", 7),
    "object": ([], "text", 7),
    "null": (),
}


@dataclass(frozen=True)
class Outside:
    """One fault.

    `value` at `path` of `host` (fields merged into the plain body); REMOVE takes the place away.
    """

    operation: str
    requirement: str
    keyword: str
    path: Path
    value: Any
    template: dict[str, Any]

    @property
    def name(self) -> str:
        shown = "left out" if self.value is REMOVE else brief(self.value, 40)
        return f"{pointer(self.path)} {shown} ({self.keyword})"

    def body(self, assistant: str, text: str) -> Any:
        """The faulty body for a living assistant (bytes when it is no object).

        `text` is the user message, to be found
        again if it leaks.
        """
        if not self.path:
            return to_bytes(self.value)
        made = _living(self.template, text)
        return made if self.path[:1] == ("assistant_id",) else put(made, ("assistant_id",), assistant)


def _living(value: Any, text: str) -> Any:
    """The user message in place of its placeholder, also inside a value that is JSON text."""
    if isinstance(value, dict):
        return {key: _living(held, text) for key, held in value.items()}
    if isinstance(value, list):
        return [_living(held, text) for held in value]
    return value.replace(TEXT, text) if isinstance(value, str) else value


@lru_cache(maxsize=8)
def outside(operation: str, edition: str = NEWEST) -> tuple[Outside, ...]:
    """Every derived fault of an operation's body; deterministic, in the schema's order."""
    found: dict[tuple[Path, str], Outside] = {}
    documents = [_joined(operation, host) for host in hosts(operation)]
    for site in walk(SCHEMAS[operation], variant="documented", edition=edition):
        for document in documents:
            for path, value in _placed(site, document, operation):
                key = (path, repr(value))
                case = None if key in found else _case(operation, document, path, value, edition)
                if case is not None:
                    found[key] = case
    return tuple(found.values())


def _case(operation: str, document: dict[str, Any], path: Path, value: Any, edition: str) -> Outside | None:
    template = put(document, path, value)
    errors = violations(SCHEMAS[operation], template, variant="documented", edition=edition)
    if len(errors) != 1 or (edition != NEWEST and not lasting(SCHEMAS[operation], template, edition)):
        return None
    row = _row(operation, errors[0]) if not undecided(errors[0], template) else None
    if row is None or not load()[row].applies(edition):
        return None
    return Outside(operation, row, errors[0].keyword, path, value, template)


def _row(operation: str, error: Violation) -> str | None:
    return load().for_request(SCHEMAS[operation], place(error), error.keyword, error.value)


def _joined(operation: str, host: dict[str, Any]) -> dict[str, Any]:
    """The plain body with the host's fields; the host's messages stand in place of the plain one."""
    plain = body(operation, ASSISTANT, TEXT)
    at = messages_path(operation)
    if _get(host, at) is not None:
        plain = put(plain, at, [])
    return merge(plain, host)


def _get(document: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        if isinstance(document, dict):
            document = document.get(str(part))
        elif isinstance(document, list) and isinstance(part, int) and part < len(document):
            document = document[part]
        else:
            return None
    return document


def _placed(site: Site, document: dict[str, Any], operation: str) -> Iterator[tuple[Path, Any]]:
    for path in _paths(document, site.path):
        if _holds(site, document, path):
            yield from _faults(site, _get(document, path), path, operation)


def _paths(document: Any, pattern: tuple[str, ...], done: Path = ()) -> Iterator[Path]:
    """Concrete places of a pattern; a last plain property need not be there yet if its parent is."""
    if not pattern:
        yield done
        return
    head, rest = pattern[0], pattern[1:]
    if head == "*":
        keys: list[Any] = (
            list(document)
            if isinstance(document, dict)
            else list(range(len(document)))
            if isinstance(document, list)
            else []
        )
        for key in keys[:1]:
            yield from _paths(document[key], rest, (*done, key))
    elif isinstance(document, dict) and head in document:
        yield from _paths(document[head], rest, (*done, head))


def _holds(site: Site, document: Any, path: Path) -> bool:
    """The discriminators that the site needs stand in the document."""
    return all(_get(document, _concrete(where, path)) == wanted for where, wanted in site.when.items())


def _concrete(pattern: tuple[str, ...], path: Path) -> Path:
    deep = len(path)
    return tuple(path[at] if part == "*" and at < deep else part for at, part in enumerate(pattern))


def _faults(site: Site, value: Any, path: Path, operation: str) -> Iterator[tuple[Path, Any]]:
    if site.keyword == "required" and isinstance(value, dict):
        yield from (((*path, name), REMOVE) for name in _names(site.limit) if name in value)
    elif site.keyword == "additionalProperties" and isinstance(value, dict):
        yield from (((*path, name), extra) for name, extra in _extras(operation, path))
    elif site.keyword == "propertyNames" and isinstance(value, dict):
        yield path, {"k" * (site.limit["maxLength"] + 1): "v"}  # type: ignore[index]
    elif site.keyword == "oneOf" and isinstance(value, dict):
        yield path, {}
        yield path, {"vector_store_ids": ["vs_a"], "vector_stores": [{}]}
    elif site.keyword in _BEYOND:
        yield from ((path, wrong) for wrong in _BEYOND[site.keyword](site, value))
        yield from ((path, named) for named in _literals(operation, path, site.keyword))


def _names(limit: object) -> tuple[str, ...]:
    return tuple(map(str, limit)) if isinstance(limit, list | tuple) else ()


def _extras(operation: str, path: Path) -> Iterator[tuple[str, Any]]:
    """A made-up property, and those that the register names: another operation or edition knows them."""
    yield "unknown_property", "value"
    samples = {
        "thread_id": "thread_a", "thread": {}, "tool_resources": {}, "additional_messages": [],
        "additional_instructions": "More.",
        "reasoning_effort": "low", "file_ids": ["file-a"], "file_search": {"max_num_results": 5},
        "messages": [],
    }
    for rule in _rules(operation, path, below=1):
        if rule.path[-1] not in ("*", "+") and "additionalProperties" in rule.keywords:
            yield rule.path[-1], samples.get(rule.path[-1], "value")


def _named_words(case: Outside) -> tuple[Any, ...]:
    return tuple(_literals(case.operation, case.path, case.keyword))


def _literals(operation: str, path: Path, keyword: str) -> Iterator[Any]:
    """Values that a register row names for this place, such as the retired tool type."""
    for rule in _rules(operation, path):
        named = (word.split("=", 1)[1] for word in sorted(rule.keywords) if word.startswith(f"{keyword}="))
        yield from (None if word == "null" else word for word in named)


def _rules(operation: str, path: Path, below: int = 0) -> Iterator[Rule]:
    """The register's rules for a place of the operation's body, or for what is `below` levels inside."""
    parts = tuple(map(str, path))
    for rule in load().request_rules:
        along = all(mine in ("*", theirs) for mine, theirs in zip(rule.path, parts, strict=False))
        if rule.schema in ("*", SCHEMAS[operation]) and len(rule.path) == len(parts) + below and along:
            yield rule


def _wrong_types(site: Site, value: Any) -> Iterator[Any]:
    """The valid value in quotes, or an array's bare entry, first: only that tells a server that coerces."""
    allowed = {site.limit} if isinstance(site.limit, str) else set(_names(site.limit))
    if isinstance(value, bool | int | float | dict) and "string" not in allowed:
        yield json.dumps(value)
    if isinstance(value, list) and value and not isinstance(value[0], str):
        yield value[0]
    tried = [wrong for kind in sorted(allowed) for wrong in _WRONG[kind]]
    yield from tried
    if "null" not in allowed:
        yield None


def _beyond_enum(site: Site, _: Any) -> Iterator[Any]:
    yield from ("unknown-value", "")
    first = _names(site.limit)[0]
    yield first.upper()
    yield f"{first} "


def _beyond_minimum(site: Site, value: Any) -> Iterator[Any]:
    least: Any = site.limit
    yield least - 1
    if isinstance(value, float) or "number" in str(site.subschema.get("type")):
        yield from (least - 0.01, -1e9)
    else:
        yield from (0, -least) if least > 1 else (-1,)


def _beyond_maximum(site: Site, _: Any) -> Iterator[Any]:
    most: Any = site.limit
    yield most + 1
    if "number" in str(site.subschema.get("type")):
        yield from (most + 0.01, 1e9)


def _beyond_length(site: Site, value: Any) -> Iterator[Any]:
    if isinstance(value, str):
        yield "x" * (int(site.limit) + 1)  # type: ignore[call-overload]


def _beyond_pattern(_: Site, value: Any) -> Iterator[Any]:
    if isinstance(value, str):
        yield from ("has space", "dot.name", "ümlaut", "name\n", "")


def _beyond_items(site: Site, value: Any) -> Iterator[Any]:
    if isinstance(value, list) and value:
        yield [_numbered(value[0], index) for index in range(int(site.limit) + 1)]  # type: ignore[call-overload]


def _numbered(item: Any, index: int) -> Any:
    """Entries that differ, where their names must."""
    if isinstance(item, dict) and isinstance(item.get("function"), dict):
        return put(item, ("function", "name"), f"tool_{index}")
    return f"{item}{index}" if isinstance(item, str) else item


def _beyond_pairs(site: Site, value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield {f"key{index}": "v" for index in range(int(site.limit) + 1)}  # type: ignore[call-overload]


_BEYOND: Final[dict[str, Callable[[Site, Any], Iterator[Any]]]] = {
    "type": _wrong_types,
    "enum": _beyond_enum,
    "const": _beyond_enum,
    "minimum": _beyond_minimum,
    "maximum": _beyond_maximum,
    "maxLength": _beyond_length,
    "pattern": _beyond_pattern,
    "maxItems": _beyond_items,
    "minItems": lambda _, value: iter([[]] if isinstance(value, list) else []),
    "maxProperties": _beyond_pairs,
}

def density(cases: tuple[Outside, ...], profile: str) -> tuple[Outside, ...]:
    """What a profile sends.

    Thorough everything, standard a few kinds of wrong value a place, smoke one case a requirement.
    """
    if profile == "thorough":
        return cases
    if profile == "smoke":
        return _shallowest(density(cases, "standard"))
    most = {"type": 2, "enum": 2, "pattern": 3}
    nulls = {(case.requirement, case.path) for case in cases if case.value is None}
    taken: dict[tuple[object, ...], int] = {}
    kept: list[Outside] = []
    for case in cases:
        # Null and words that a row names are cases of their own: clients do send them.
        named = case.value is None or (case.keyword == "enum" and case.value in _named_words(case))
        key = (case.requirement, case.path, case.keyword, named)
        instead = case.keyword == "type" and (case.requirement, case.path) in nulls
        if taken.get(key, 0) < most.get(case.keyword, 9) - instead + (len(case.path) <= 1):
            taken[key] = taken.get(key, 0) + 1
            kept.append(case)
    return tuple(kept)


def _shallowest(cases: tuple[Outside, ...]) -> tuple[Outside, ...]:
    """One case a requirement, at the top of the body where it can be: that is where most callers meet it.

    A value that is wrong for every server shows more faults than one that only a coercing server takes.
    """
    chosen: dict[str, Outside] = {}
    for case in sorted(cases, key=lambda case: (len(case.path), _readable(case.value))):
        chosen.setdefault(case.requirement, case)
    return tuple(case for case in cases if chosen[case.requirement] is case)


def _readable(value: Any) -> bool:
    """Text that holds another JSON value: "5", "{...}"."""
    try:
        return isinstance(value, str) and not isinstance(json.loads(value), str)
    except ValueError:
        return False


__all__ = ["OPERATIONS", "Outside", "density", "outside"]

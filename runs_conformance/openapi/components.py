"""The schema files as components of one document.

Requests stand as documented: closed where the contract closes them. Answers stand as they are judged: open,
for an undocumented field in an answer is no fault. A part that is the same in both stands once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from runs_conformance.contract.schema_store import documents, file_name, period, referenced
from runs_conformance.contract.schemas import Variant, events

Json = dict[str, Any]
# What gives a file its place and dialect among files means nothing within a document, or means it wrongly.
_OF_FILES: Final = frozenset({"$schema", "$id"})
# `format` is an annotation in this dialect; tools that make it an assertion would judge echoed text by it.
_NOT_OF_ANSWERS: Final = _OF_FILES | {"format"}
ANSWERS_PREFIX: Final = "answer_"
STREAM: Final = "stream_event"


@dataclass(frozen=True)
class Components:
    """The component schemas by name, and the names under which requests and answers find their files."""

    schemas: Mapping[str, Json]
    requests: Mapping[str, str]
    answers: Mapping[str, str]

    def request(self, name: str) -> Json:
        return _ref(self.requests[file_name(name)])

    def answer(self, name: str) -> Json:
        return _ref(self.answers[file_name(name)])


def components(requests: Iterable[str], answers: Iterable[str], edition: str) -> Components:
    """The components that these schemas need, with the event of a stream; KeyError for an unknown name."""
    asked = _closure(requests, "documented", edition, _OF_FILES)
    told = _closure((*answers, *_event_schemas(edition)), "accepted", edition, _NOT_OF_ANSWERS)
    split = _differing(asked, told)
    of_requests = {name: _stem(name) for name in asked}
    of_answers = {name: (ANSWERS_PREFIX if name in split else "") + _stem(name) for name in told}
    schemas = {of_answers[name]: _rewritten(doc, of_answers) for name, doc in told.items()}
    schemas |= {of_requests[name]: _rewritten(doc, of_requests) for name, doc in asked.items()}
    schemas[STREAM] = _stream(of_answers, edition)
    return Components(dict(sorted(schemas.items())), of_requests, of_answers)


def _closure(
    names: Iterable[str], variant: Variant, edition: str, left_out: frozenset[str]
) -> dict[str, Json]:
    docs = documents(variant, period(edition))
    found = (each for name in names for each in referenced(file_name(name), docs))
    return {each: _without(docs[each], left_out) for each in found}


def _without(node: Any, keys: frozenset[str]) -> Any:
    if isinstance(node, list):
        return [_without(entry, keys) for entry in node]
    if not isinstance(node, dict):
        return node
    return {
        key: {name: _without(each, keys) for name, each in value.items()}
        if key == "properties" else _without(value, keys)
        for key, value in node.items() if key not in keys
    }


def _differing(asked: Mapping[str, Json], told: Mapping[str, Json]) -> frozenset[str]:
    """The files that mean one thing in a request and another in an answer, or refer to such."""
    both = asked.keys() & told.keys()
    split = {name for name in both if asked[name] != told[name]}
    while True:
        more = {name for name in both - split if split & set(_refs(asked[name]))}
        if not more:
            return frozenset(split)
        split |= more


def _refs(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for entry in node:
            yield from _refs(entry)
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "$ref" and isinstance(value, str))
        for value in node.values():
            yield from _refs(value)


def _rewritten(node: Any, names: Mapping[str, str]) -> Any:
    if isinstance(node, list):
        return [_rewritten(entry, names) for entry in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("$ref"), str):
        return {**node, "$ref": _ref(names[node["$ref"]])["$ref"]}
    return {key: _rewritten(value, names) for key, value in node.items()}


def _event_schemas(edition: str) -> Iterator[str]:
    for event in events(edition).values():
        yield from event.schemas


def _stream(names: Mapping[str, str], edition: str) -> Json:
    """An event, for tools that read a stream event by event, or a string, for those that read it whole."""
    return {
        "title": "An event of a stream, or the stream as text",
        "description": "Tools that know server-sent events judge each event by this; others see a string.",
        "type": ["object", "string"],
        "required": ["event", "data"],
        "properties": {"event": {"type": "string"}, "data": {"type": "string"}},
        "allOf": [
            {
                "if": {"properties": {"event": {"const": name}}, "required": ["event"]},
                "then": {"properties": {"data": _data(name, names, edition)}},
            }
            for name in events(edition)
        ],
    }


def _data(name: str, names: Mapping[str, str], edition: str) -> Json:
    event = events(edition)[name]
    if event.literal is not None:
        return {"const": event.literal}
    kinds = [_ref(names[file_name(each)]) for each in event.schemas]
    content: Json = kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    if event.status:
        content = {"allOf": [content, {"properties": {"status": {"enum": list(event.status)}}}]}
    return {"contentMediaType": "application/json", "contentSchema": content}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _stem(name: str) -> str:
    return name.removesuffix(".json")

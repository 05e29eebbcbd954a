"""The document: paths from the table of operations, schemas from the schema files, examples that fit them.

    runs-conformance openapi                      prints it
    runs-conformance openapi --edition 2024-06-06 as of a date

`schemas/openapi.json` is what it gives for the newest edition; a test says when the two differ.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from runs_conformance.contract.operations import ANSWERS, STREAMABLE, names, template
from runs_conformance.contract.register import NEWEST
from runs_conformance.openapi import examples
from runs_conformance.openapi.components import STREAM, Components, components
from runs_conformance.openapi.table import (
    INCLUDE,
    INCLUDING,
    LINKS,
    OPTIONAL_BODY,
    PAGE,
    PARTIAL,
    REQUESTS,
    SUMMARIES,
)

Json = dict[str, Any]
OPENAPI: Final = "3.1.0"
SERVER: Final = "http://127.0.0.1:8000/v1"
_TITLE: Final = "Creating runs in the Assistants API (v2) shape"
# The example stands twice, for some mocks read only the schema's.
_REQUEST_ID: Final = {
    "description": "Names the request.",
    "schema": {"type": "string", "minLength": 1, "examples": ["req_example"]}, "example": "req_example",
}
_RETRY: Final = {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}
# Status -> what it tells. No 422: a body that fails validation is answered with 400 (error.status-400); and
# no 4XX, for mocks would take it to mean 422.
_ERRORS: Final = {
    "400": "The body, the query or the state of the thread or run does not allow this.",
    "401": "There is no key, or it is none of the service's.",
    "403": "The key may not do this.",
    "404": "There is no such object.",
    "405": "The path has no such method.",
    "409": "Something else is being done to the same object.",
    "413": "The body is too large.",
    "415": "The body is not declared as JSON.",
    "429": "Too many requests, or no quota left.",
    "5XX": "The service failed.",
}


def text(edition: str = NEWEST) -> str:
    """The document as it is committed."""
    return json.dumps(document(edition), ensure_ascii=False, indent=1) + "\n"


def document(edition: str = NEWEST) -> Json:
    """The document as of an edition (ISO date)."""
    kinds = {kind.removeprefix("list:") for kind in ANSWERS.values()} | {"list", "error"}
    parts = components(sorted(set(REQUESTS.values())), sorted(kinds), edition)
    return {
        "openapi": OPENAPI,
        "info": {
            "title": _TITLE,
            "version": edition,
            "description": "Composed from the schemas of runs-conformance; its register says more.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{"url": SERVER}],
        "security": [{"bearer": []}],
        "tags": [{"name": name} for name in ("runs", "threads", "messages", "assistants")],
        "paths": _paths(parts, edition),
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "parameters": {"beta": _beta()},
            "headers": {"x-request-id": _REQUEST_ID, "retry-after": _RETRY},
            "responses": {name: _error(name) for name in _ERRORS},
            "schemas": parts.schemas,
        },
    }


def _paths(parts: Components, edition: str) -> Json:
    found: Json = {}
    for name in names():
        method, path = template(name)
        found.setdefault(public_path(path), {})[method.lower()] = _operation(name, path, parts, edition)
    return found


def public_path(path: str) -> str:
    """`/threads/{thread}` as the document writes it: `/threads/{thread_id}`."""
    return re.sub(r"\{(\w+)\}", r"{\1_id}", path)


def _operation(name: str, path: str, parts: Components, edition: str) -> Json:
    made: Json = {
        "operationId": name,
        "summary": SUMMARIES[name],
        "tags": [_tag(name)],
        "parameters": [{"$ref": "#/components/parameters/beta"}, *_parameters(name, path)],
    }
    if name in REQUESTS:
        made["requestBody"] = _body(name, parts, edition)
    errors = {status: {"$ref": f"#/components/responses/{status}"} for status in _ERRORS}
    made["responses"] = {"200": _answer(name, parts), **errors}
    return made


def _tag(name: str) -> str:
    kinds = {"assistant": "assistants", "message": "messages", "run": "runs", "tooloutputs": "runs"}
    return next((tag for word, tag in kinds.items() if word in name.lower()), "threads")


def _parameters(name: str, path: str) -> list[Json]:
    made = [
        {"name": f"{kind}_id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for kind in re.findall(r"\{(\w+)\}", path)
    ]
    if ANSWERS[name].startswith("list:"):
        made += [{"name": key, "in": "query", "schema": schema} for key, schema in PAGE.items()]
    if name in INCLUDING:
        entries = {"type": "array", "items": {"type": "string", "enum": [INCLUDE]}}
        made.append({"name": "include[]", "in": "query", "schema": entries, "explode": True})
    return made


def _beta() -> Json:
    return {
        "name": "OpenAI-Beta", "in": "header", "required": True,
        "description": "Clients always send it; not every server asks for it.",
        "schema": {"const": "assistants=v2"}, "example": "assistants=v2",
    }  # fmt: skip


def _body(name: str, parts: Components, edition: str) -> Json:
    schema = parts.request(REQUESTS[name])
    if name in PARTIAL:
        whole = parts.schemas[REQUESTS[name]]
        schema = {key: value for key, value in whole.items() if key not in ("required", "title")}
    shown = {key: {"value": value} for key, value in examples.requests(name, edition).items()}
    content = {"application/json": {"schema": schema, "examples": shown}}
    return {"required": name not in OPTIONAL_BODY, "content": content}


def _answer(name: str, parts: Components) -> Json:
    kind = ANSWERS[name]
    plain = {"schema": _answer_schema(kind, parts), "example": examples.answer(name)}
    content: Json = {"application/json": plain}
    if name in STREAMABLE:
        stream = {"schema": {"$ref": f"#/components/schemas/{STREAM}"}, "example": examples.stream(name)}
        content["text/event-stream"] = stream
    links = {f"{name}-{other}": {"operationId": other, **how} for other, how in LINKS.get(name, {}).items()}
    made: Json = {
        "description": "A stream of events if asked for, else the object." if name in STREAMABLE else "Done.",
        "headers": {"x-request-id": {"$ref": "#/components/headers/x-request-id"}},
        "content": content,
    }
    return {**made, "links": links} if links else made


def _answer_schema(kind: str, parts: Components) -> Json:
    if not kind.startswith("list:"):
        return parts.answer(kind)
    entries = parts.answer(kind.removeprefix("list:"))
    return {"allOf": [parts.answer("list"), {"properties": {"data": {"type": "array", "items": entries}}}]}


def _error(status: str) -> Json:
    headers = {"x-request-id": {"$ref": "#/components/headers/x-request-id"}}
    if status == "429":
        headers["retry-after"] = {"$ref": "#/components/headers/retry-after"}
    return {
        "description": _ERRORS[status],
        "headers": headers,
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/error"}, "example": examples.error(status),
            },
        },
    }  # fmt: skip

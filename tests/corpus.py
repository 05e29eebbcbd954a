"""Recordings of the real service, if they lie beside the checkout: objects with their schema and edition."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

EXCHANGES = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "exchanges.jsonl"
needs_corpus = pytest.mark.skipif(
    not EXCHANGES.is_file(), reason="no recordings beside the checkout (../shared/corpus/exchanges.jsonl)"
)
SCHEMA_OF = {
    "thread.run": "run",
    "thread.run.step": "run_step",
    "thread.run.step.delta": "run_step_delta",
    "thread.message": "message",
    "thread.message.delta": "message_delta",
    "thread": "thread",
    "thread.deleted": "deleted",
    "thread.message.deleted": "deleted",
}
_BODIES = (
    (r"/threads", "create_thread_request"),
    (r"/threads/runs", "create_thread_and_run_request"),
    (r"/threads/[^/]+", "modify_thread_request"),
    (r"/threads/[^/]+/runs", "create_run_request"),
    (r"/threads/[^/]+/messages", "create_message_request"),
    (r"/threads/[^/]+/(?:runs|messages)/[^/]+", "modify_request"),
    (r"/threads/[^/]+/runs/[^/]+/submit_tool_outputs", "submit_tool_outputs_request"),
)


@dataclass(frozen=True)
class Recorded:
    schema: str
    edition: str
    value: Any
    source: str


@cache
def exchanges() -> tuple[dict[str, Any], ...]:
    """Give the exchanges of v2, or nothing where the recordings are absent."""
    if not EXCHANGES.is_file():
        return ()
    lines = (json.loads(line) for line in EXCHANGES.read_text("utf-8").splitlines())
    return tuple(line for line in lines if line["request_headers"].get("openai-beta") == "assistants=v2")


def edition(exchange: dict[str, Any]) -> str:
    """Give the date of the recording; where it was blotted out, the date it was filed."""
    try:
        return parsedate_to_datetime(exchange["recorded_at"]).date().isoformat()
    except ValueError:
        iso = re.compile(r"\d{4}-\d\d-\d\d")
        found = iso.match(exchange["recorded_at"]) or iso.match(exchange["committed_at"])
        assert found, exchange["source"]
        return found.group()


def answers() -> Iterator[Recorded]:
    """Give every object of the answers; lists also entry by entry, stream events by their payload."""
    for exchange in exchanges():
        for schema, value in _objects(exchange["response_body"]):
            yield Recorded(schema, edition(exchange), value, exchange["source"])


def requests() -> Iterator[Recorded]:
    """Give every accepted request body."""
    for exchange in exchanges():
        body = exchange["request_body"]
        if exchange["method"] == "POST" and exchange["status"] == 200 and body is not None:
            yield Recorded(body_schema(exchange["path"]), edition(exchange), body, exchange["source"])


def body_schema(path: str) -> str:
    return next(name for pattern, name in _BODIES if re.fullmatch(f"/v1{pattern}", path))


def stream_events() -> Iterator[tuple[str, Recorded]]:
    for exchange in exchanges():
        if isinstance(exchange["response_body"], list):
            for event in exchange["response_body"]:
                yield event["event"], Recorded("", edition(exchange), event["data"], exchange["source"])


def _objects(body: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(body, list):
        for event in body:
            yield from _event_objects(event["data"])
    elif "error" in body:
        yield "error", body
    elif body["object"] == "list":
        yield "list", body
        yield from ((SCHEMA_OF[entry["object"]], entry) for entry in body["data"])
    else:
        yield SCHEMA_OF[body["object"]], body


def _event_objects(data: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(data, dict):
        return
    schema = SCHEMA_OF[data["object"]]
    yield ("event_message" if schema == "message" else schema), data

"""Wrong requests that are repaired, or looked at in one way of answering only."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runs_conformance.reference import refusals
from runs_conformance.reference.faults.points import (
    accepting,
    around,
    behaviour,
    create_bodies,
)
from runs_conformance.reference.faults.record import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs_conformance.contract.schemas import Violation
    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.calls import Call
    from runs_conformance.reference.records import Json

refusal = Kind("refusal")



def _streamed(name: str, sentence: str, matches: Callable[[Violation], bool], *breaks: str) -> None:
    """A breach that is not noticed when a stream is asked for."""

    def change(faithful: Behaviour) -> Behaviour:
        lax = accepting(lambda _schema, found: matches(found))(faithful)

        def check_body(schema: str, body: Any, edition: str | None = None) -> None:
            streamed = isinstance(body, dict) and body.get("stream") is True
            (lax if streamed else faithful).check_body(schema, body, edition)

        return replace(faithful, check_body=check_body)

    refusal.add(name, sentence, change, *breaks, rare=True)


_streamed("streamed-not-validated", "A body that asks for a stream is not validated.", lambda _v: True, "error.before-stream", "refuse.temperature.range", "refuse.field-type")
_streamed("streamed-ranges-not-looked-at", "Numbers are not compared with their bounds when a stream is asked for.", lambda v: v.keyword in {"minimum", "maximum"}, "error.before-stream", "refuse.temperature.range")


@refusal(create_bodies, "refuse.temperature.range")
def temperature_clamped(body: Json) -> Json:
    """A temperature out of range is brought into it."""
    given = body.get("temperature")
    return body | ({"temperature": min(max(given, 0), 2)} if isinstance(given, int | float) and not isinstance(given, bool) else {})


@refusal(create_bodies, "refuse.max-tokens.minimum")
def token_limits_raised(body: Json) -> Json:
    """Token limits under 256 are raised to it."""
    names = ("max_prompt_tokens", "max_completion_tokens")
    raised = {n: max(body[n], 256) for n in names if isinstance(body.get(n), int) and not isinstance(body[n], bool)}
    return body | raised


@refusal(create_bodies, "refuse.metadata.pairs")
def metadata_cut_to_sixteen(body: Json) -> Json:
    """Of more than 16 pairs of metadata the first 16 are taken."""
    held = body.get("metadata")
    return body | ({"metadata": dict(list(held.items())[:16])} if isinstance(held, dict) else {})


@refusal(create_bodies, "refuse.metadata.lengths")
def metadata_cut_to_length(body: Json) -> Json:
    """Metadata values are cut to 512 characters."""
    held = body.get("metadata")
    if not isinstance(held, dict):
        return body
    return body | {"metadata": {k: v[:512] if isinstance(v, str) else v for k, v in held.items()}}


@refusal(create_bodies, "refuse.metadata.value-type")
def metadata_values_made_text(body: Json) -> Json:
    """Metadata values that are no strings are made ones."""
    held = body.get("metadata")
    return body | ({"metadata": {k: v if isinstance(v, str) else str(v) for k, v in held.items()}} if isinstance(held, dict) else {})


@refusal(create_bodies, "refuse.unknown-property")
def unknown_properties_dropped_silently(body: Json) -> Json:
    """A gateway forwards the six fields that it knows and drops the rest, whatever it is."""
    known = ("assistant_id", "model", "instructions", "additional_instructions", "metadata", "tools", "stream", "thread")
    return {key: value for key, value in body.items() if key in known}


@refusal(create_bodies, "refuse.field-type", rare=True)
def stream_word_ignored(body: Json) -> Json:
    """stream that is no boolean is taken for false, as a gateway was seen to do."""
    return body | ({} if isinstance(body.get("stream"), bool | None) else {"stream": False})


@refusal(create_bodies, "refuse.field-type", rare=True)
def numbers_in_quotes_taken(body: Json) -> Json:
    """temperature and top_p may be numbers in quotation marks."""
    made = dict(body)
    for name in ("temperature", "top_p"):
        given = body.get(name)
        if isinstance(given, str) and given.replace(".", "", 1).isdecimal():
            made[name] = float(given)
    return made


@refusal(behaviour, "refuse.tool.retrieval", rare=True)
def retrieval_renamed(faithful: Behaviour) -> Behaviour:
    """The tool type retrieval is taken for file_search."""

    def read(call: Call, *, needed: bool) -> Any:
        body = faithful.read_body(call, needed=needed)
        if isinstance(body, dict) and isinstance(body.get("tools"), list):
            tools = [{**t, "type": "file_search"} if isinstance(t, dict) and t.get("type") == "retrieval" else t for t in body["tools"]]
            body = {**body, "tools": tools}
        return body

    return replace(faithful, read_body=read)


@refusal(around("check_overlap"), "accept.thread.chunking", rare=True)
def overlap_below_half_only(inner: Any) -> Any:
    """chunk_overlap_tokens must be less than half of a chunk."""

    def check(body: Json) -> None:
        inner(body)
        for store in _stores(body):
            chunks = (store.get("chunking_strategy") or {}).get("static")
            if chunks and chunks["chunk_overlap_tokens"] * 2 == chunks["max_chunk_size_tokens"]:
                raise refusals.wrong_value("chunk_overlap_tokens", "Expected less than half.")

    return check


def _stores(body: Json) -> list[Json]:
    resources = (body.get("thread") or {}).get("tool_resources") or {}
    return list((resources.get("file_search") or {}).get("vector_stores") or ())

"""Faults that need several calls: at the same moment, on two threads, or one after the other often enough."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runs_conformance.reference.faults.points import around, behaviour
from runs_conformance.reference.faults.record import Kind, Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from random import Random

    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.calls import Call
    from runs_conformance.reference.records import Assistant, Event, Json, Run, Settings, Thread

concurrency = Kind("concurrency")
CLOSE = 0.1
"""Seconds within which calls count as made at the same moment."""
CREATES = frozenset({"create_run", "create_thread_and_run"})


@concurrency(behaviour, "isolation.race-one-wins", rare=True)
def race_won_by_both(faithful: Behaviour) -> Behaviour:
    """A run is seen by the lock only a moment after its creation: two calls at once both start one."""
    made: dict[str, float] = {}

    def check(thread: Thread) -> None:
        newest = next(reversed(thread.runs), "")
        if time.monotonic() - made.get(newest, 0.0) > CLOSE:
            faithful.check_run_lock(thread)

    def shape(item: Run, *, sse: bool = False) -> Json:
        made.setdefault(item.id, time.monotonic())
        return faithful.shape_run(item, sse=sse)

    return replace(faithful, check_run_lock=check, shape_run=shape)


@concurrency(behaviour, "lifecycle.lock.message-refused", rare=True)
def message_races_a_run(faithful: Behaviour) -> Behaviour:
    """A message is taken while a run that just started is queued."""

    def check(thread: Thread) -> None:
        newest: Run | None = next(reversed(thread.runs.values()), None)
        if newest is None or newest.status != "queued":
            faithful.check_message_lock(thread)

    return replace(faithful, check_message_lock=check)


def _two_at_once(seen: list[tuple[float, Any]], value: Any) -> Any:
    """What the call before brought, if it came at the same moment."""
    now = time.monotonic()
    before = seen[-1] if seen and now - seen[-1][0] < CLOSE else None
    seen[:] = [(now, value)]
    return before[1] if before else None


@concurrency(behaviour, "response.echo.metadata", "isolation.threads-independent", rare=True)
def metadata_of_the_other_call(faithful: Behaviour) -> Behaviour:
    """Of two runs created at the same moment the second is answered with the first one's metadata."""
    seen: list[tuple[float, Any]] = []

    def encode(call: Call, payload: Any) -> bytes:
        if call.operation in CREATES and isinstance(payload, dict) and "metadata" in payload:
            other = _two_at_once(seen, payload["metadata"])
            payload = payload | {"metadata": other or payload["metadata"]}
        return faithful.encode_json(call, payload)

    return replace(faithful, encode_json=encode)


@concurrency(behaviour, "response.echo.thread-id", "response.id-unique", rare=True)
def thread_of_the_other_call(faithful: Behaviour) -> Behaviour:
    """Of two runs created at the same moment the second is answered with the first one's thread."""
    seen: list[tuple[float, Any]] = []

    def encode(call: Call, payload: Any) -> bytes:
        if call.operation == "create_run" and isinstance(payload, dict) and "thread_id" in payload:
            other = _two_at_once(seen, payload["thread_id"])
            payload = payload | {"thread_id": other or payload["thread_id"]}
        return faithful.encode_json(call, payload)

    return replace(faithful, encode_json=encode)


@concurrency(around("new_id"), "response.id-unique", rare=True)
def ids_from_the_clock(_inner: Any) -> Any:
    """Ids come from the clock, so that two objects made within ten milliseconds bear the same."""

    def new_id(_rng: Random, prefix: str, length: int) -> str:
        return prefix + f"{int(time.time() * 100):0{length}d}"[-length:]

    return new_id


@concurrency(behaviour, "response.id-unique", "isolation.not-idempotent", rare=True)
def ids_repeat(faithful: Behaviour) -> Behaviour:
    """Every run has the id of the first one in the answer that makes it."""
    first: list[str] = []

    def encode(call: Call, payload: Any) -> bytes:
        if call.operation in CREATES and isinstance(payload, dict) and "id" in payload:
            first.append(payload["id"])
            payload = payload | {"id": first[0]}
        return faithful.encode_json(call, payload)

    return replace(faithful, encode_json=encode)


def _from_the_nth(number: int, change: Any) -> Any:
    """A change of run objects that begins with the nth run that was created."""

    def make(faithful: Behaviour) -> Behaviour:
        seen: list[str] = []

        def shape(item: Run, *, sse: bool = False) -> Json:
            if item.id not in seen:
                seen.append(item.id)
            shaped = faithful.shape_run(item, sse=sse)
            return change(shaped) if seen.index(item.id) + 1 >= number else shaped

        return replace(faithful, shape_run=shape)

    return make


_ROWS_1: Rows = (
    ("usage-lost-from-the-fifth-run", "From the fifth run on completed runs have no usage.", _from_the_nth(5, lambda shaped: shaped | {"usage": None}), ("lifecycle.usage-completed", "lifecycle.usage-other-ends")),
    ("metadata-lost-from-the-fifth-run", "From the fifth run on metadata are lost.", _from_the_nth(5, lambda shaped: shaped | {"metadata": {}}), ("response.echo.metadata",)),
    ("tools-lost-from-the-tenth-run", "From the tenth run on tools are lost.", _from_the_nth(10, lambda shaped: shaped | {"tools": []}), ("response.echo.tools",)),
    ("milliseconds-from-the-fifth-run", "From the fifth run on created_at counts milliseconds.", _from_the_nth(5, lambda shaped: shaped | {"created_at": shaped["created_at"] * 1000}), ("response.timestamp.seconds",)),
)  # fmt: skip
for _name, _sentence, _change, _breaks in _ROWS_1:
    concurrency.add(_name, _sentence, _change, *_breaks, rare=True)


@concurrency(behaviour, "error.envelope", "accept.*", "refuse.*", rare=True)
def every_fiftieth_call_fails(faithful: Behaviour) -> Behaviour:
    """Every fiftieth call is answered with 500 and plain text."""

    def status(call: Call, found: int) -> int:
        return 500 if call.number % 50 == 0 else faithful.status(call, found)

    def encode(call: Call, payload: Any) -> bytes:
        return b"Internal Server Error" if call.number % 50 == 0 else faithful.encode_json(call, payload)

    return replace(faithful, status=status, encode_json=encode)


@concurrency(behaviour, "refuse.*", rare=True)
def validation_stops_under_load(faithful: Behaviour) -> Behaviour:
    """From the 400th call on bodies are not validated any more."""
    seen: list[str] = []

    def check_body(schema: str, body: Any, edition: str | None = None) -> None:
        seen.append(schema)
        if len(seen) < 400:
            faithful.check_body(schema, body, edition)

    return replace(faithful, check_body=check_body)


@concurrency(behaviour, "event.ids-constant", "event.fold.message-text", "order.*", rare=True)
def events_of_the_other_stream(faithful: Behaviour) -> Behaviour:
    """A stream begins with the last event of the stream before."""
    last: list[Event] = []

    def stream(call: Call, run: Run, events: Iterable[Event]) -> Iterator[Event]:
        for event in faithful.stream(call, run, events):
            if event.name == "thread.run.step.created" and last:
                yield last.pop()
            if event.name == "thread.message.delta":
                last[:] = [event]
            yield event

    return replace(faithful, stream=stream)


@concurrency(behaviour, "event.done", "order.done-last", rare=True)
def later_streams_without_done(faithful: Behaviour) -> Behaviour:
    """From the second stream on there is no done."""
    seen: list[str] = []

    def stream(call: Call, run: Run, events: Iterable[Event]) -> Iterator[Event]:
        seen.append(run.id)
        later = len(seen) > 1
        yield from (one for one in faithful.stream(call, run, events) if not (later and one.name == "done"))

    return replace(faithful, stream=stream)


@concurrency(behaviour, "isolation.no-leak-between-runs", "response.echo.settings", "response.echo.tools", rare=True)
def settings_cached_by_assistant(faithful: Behaviour) -> Behaviour:
    """The settings of an assistant's first run are kept for an identical set of field names, whatever their values."""
    cache: dict[tuple[str, ...], Settings] = {}

    def settings(body: Json, assistant: Assistant) -> Settings:
        key = (assistant.id, *sorted(body))
        return cache.setdefault(key, faithful.settings(body, assistant))

    return replace(faithful, settings=settings)

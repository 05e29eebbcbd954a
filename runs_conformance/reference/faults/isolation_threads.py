"""Threads, projects and streams that touch one another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runs_conformance.reference.faults.points import around, behaviour, threads
from runs_conformance.reference.faults.record import Kind
from runs_conformance.reference.records import Message, Run, Thread
from runs_conformance.reference.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.calls import Call
    from runs_conformance.reference.records import Event, Json, Project

isolation = Kind("isolation")



@isolation(behaviour, "isolation.not-idempotent", "response.id-unique", rare=True)
def same_body_same_run(faithful: Behaviour) -> Behaviour:
    """The same body once more answers the run that was made before."""
    known: dict[bytes, Any] = {}

    def encode(call: Call, payload: Any) -> bytes:
        if call.operation == "create_thread_and_run" and "error" not in payload:
            payload = known.setdefault(call.raw, payload)
        return faithful.encode_json(call, payload)

    return replace(faithful, encode_json=encode)


@isolation(behaviour, "isolation.threads-independent", "accept.*")
def one_run_at_a_time(faithful: Behaviour) -> Behaviour:
    """While a run is at work on one thread no other thread of the assistant takes one."""
    seen: dict[str, Run] = {}

    def move(run: Run, status: str, now: int, reason: str | None) -> None:
        faithful.move(run, status, now, reason)

    def shape(item: Run, *, sse: bool = False) -> Json:
        seen[item.id] = item
        return faithful.shape_run(item, sse=sse)

    def check(thread: Thread) -> None:
        faithful.check_run_lock(thread)
        newest = next(reversed(seen.values()), None)
        if newest is not None and newest.status == "queued" and newest.thread is not thread and newest.idle == 0 and not newest.streaming:
            raise Refusal(f"Thread {thread.id} already has an active run {newest.id}.")

    return replace(faithful, move=move, shape_run=shape, check_run_lock=check)


@isolation(around("find_run"), "isolation.run-under-own-thread", rare=True)
def run_found_under_any_thread(inner: Any) -> Any:
    """A run is found under the id of any thread."""
    known: dict[str, Run] = {}

    def find(thread: Thread, identifier: str) -> Run:
        known.update(thread.runs)
        return known.get(identifier) or inner(thread, identifier)

    return find


@isolation(behaviour, "isolation.run-under-own-thread", rare=True)
def any_run_found(faithful: Behaviour) -> Behaviour:
    """A run is found by its id alone, the thread in the path is not looked at."""
    known: dict[str, Run] = {}

    def shape(item: Run, *, sse: bool = False) -> Json:
        known[item.id] = item
        return faithful.shape_run(item, sse=sse)

    def find(thread: Thread, identifier: str) -> Run:
        return known.get(identifier) or faithful.find_run(thread, identifier)

    return replace(faithful, shape_run=shape, find_run=find)


@isolation(around("authorize"), "isolation.project")
def projects_shared(inner: Any) -> Any:
    """All keys see everything."""
    return lambda options, call: inner(options, call) and "everybody"


@isolation(behaviour, "isolation.project", rare=True)
def threads_shared_between_projects(faithful: Behaviour) -> Behaviour:
    """A thread, and all on it, is found with any project's key."""
    known: dict[str, Thread] = {}

    def find(project: Project, identifier: str) -> Thread:
        known.update(project.threads)
        return known.get(identifier) or faithful.find_thread(project, identifier)

    return replace(faithful, find_thread=find)


@isolation(behaviour, "isolation.stream-closed-early", "lifecycle.lock.released", rare=True)
def closed_stream_stops_the_run(faithful: Behaviour) -> Behaviour:
    """When the client closes a stream the run stays where it was."""
    stopped: set[str] = set()

    def stream(call: Call, run: Run, events: Iterable[Event]) -> Iterator[Event]:
        stopped.add(run.id)
        yield from faithful.stream(call, run, events)
        stopped.discard(run.id)

    return replace(faithful, stream=stream, moves_on=lambda run: run.id not in stopped and faithful.moves_on(run))


@isolation(behaviour, "isolation.stream-closed-early", rare=True)
def closed_stream_forgets_the_run(faithful: Behaviour) -> Behaviour:
    """When the client closes a stream the run is gone."""
    gone: set[str] = set()

    def stream(call: Call, run: Run, events: Iterable[Event]) -> Iterator[Event]:
        gone.add(run.id)
        yield from faithful.stream(call, run, events)
        gone.discard(run.id)

    def find(thread: Thread, identifier: str) -> Run:
        return faithful.find_run(thread, "" if identifier in gone else identifier)

    return replace(faithful, stream=stream, find_run=find)


@isolation(threads, "isolation.metadata-separate", rare=True)
def thread_metadata_from_its_run(thread: Thread, shaped: Json) -> Json:
    """A thread shows its newest run's metadata too."""
    newest = next(reversed(thread.runs.values()), None)
    return shaped | {"metadata": shaped["metadata"] | (newest.metadata if newest else {})}


@isolation(around("shape_message"), "isolation.metadata-separate", rare=True)
def messages_share_metadata(inner: Any) -> Any:
    """Messages of one thread share the first one's metadata."""
    shared: dict[str, Json] = {}

    def shape(item: Message, *, sse: bool = False) -> Json:
        shaped: Json = inner(item, sse=sse)
        held = shared.setdefault(item.thread_id, dict(item.metadata))
        held |= item.metadata
        return shaped | {"metadata": dict(held)}

    return shape

"""Threads, runs, projects and refused calls that touch one another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runs_conformance.reference.faults.points import around, behaviour, inherited, threads
from runs_conformance.reference.faults.record import Kind
from runs_conformance.reference.records import Message, Run, Thread
from runs_conformance.reference.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.calls import Call
    from runs_conformance.reference.records import Assistant, Event, Json, Project, Settings

isolation = Kind("isolation")
ASSISTANT = "isolation.assistant-unchanged"
LEAK = "isolation.no-leak-between-runs"
TRACE = "isolation.refused-run-no-trace"


def _kept(*names: str) -> Any:
    """Overrides of a run that stay with its assistant."""

    def change(_body: Json, assistant: Assistant, found: Settings) -> Settings:
        for name in names:
            setattr(assistant, name, getattr(found, name))
        return found

    return inherited(change)


for _name in ("model", "instructions", "tools", "temperature", "top_p", "response_format"):
    isolation.add(f"{_name.replace('_', '-')}-kept-by-the-assistant", f"The {_name} of a run stays with its assistant.", _kept(_name), ASSISTANT, LEAK, rare=True)


@isolation(inherited, LEAK, "response.default.truncation", rare=True)
def truncation_leaks(body: Json, assistant: Assistant, found: Settings) -> Settings:
    """A run without truncation_strategy gets that of the assistant's run before."""
    return _remembered("truncation_strategy", body, assistant, found)


@isolation(inherited, LEAK, "response.default.tool-choice", rare=True)
def tool_choice_leaks(body: Json, assistant: Assistant, found: Settings) -> Settings:
    """A run without tool_choice gets that of the assistant's run before."""
    return _remembered("tool_choice", body, assistant, found)


@isolation(inherited, LEAK, "response.echo.token-limits", rare=True)
def completion_limit_leaks(body: Json, assistant: Assistant, found: Settings) -> Settings:
    """A run without max_completion_tokens gets that of the assistant's run before."""
    return _remembered("max_completion_tokens", body, assistant, found)


def _remembered(name: str, body: Json, assistant: Assistant, found: Settings) -> Settings:
    """What was given stays among the assistant's metadata, under a name that is not shown."""
    held = assistant.tool_resources
    if body.get(name) is not None:
        held[f"_{name}"] = {"value": getattr(found, name)}
    if body.get(name) is None and f"_{name}" in held:
        return replace(found, **{name: held[f"_{name}"]["value"]})
    return found


@isolation(behaviour, LEAK, "response.echo.metadata", rare=True)
def metadata_leak(faithful: Behaviour) -> Behaviour:
    """A run without metadata gets those of the run before on its thread."""

    def shape(item: Run, *, sse: bool = False) -> Json:
        before: Json = {}
        for run in item.thread.runs.values():
            before = run.metadata or before
            if run is item:
                break
        return faithful.shape_run(item, sse=sse) | {"metadata": before}

    return replace(faithful, shape_run=shape)


@isolation(behaviour, LEAK, "response.echo.additional-instructions", "response.echo.instructions", rare=True)
def additional_instructions_stay(faithful: Behaviour) -> Behaviour:
    """additional_instructions stay with the assistant."""

    def settings(body: Json, assistant: Assistant) -> Settings:
        found = faithful.settings(body, assistant)
        added = body.get("additional_instructions")
        if added is not None:
            assistant.instructions = f"{assistant.instructions or ''}\n{added}"
        return found

    return replace(faithful, settings=settings)


@isolation(behaviour, TRACE, rare=True)
def refused_run_leaves_messages(faithful: Behaviour) -> Behaviour:
    """A create run that is refused leaves its additional_messages on the thread."""
    kept: dict[str, Json] = {}

    def check_body(schema: str, body: Any, edition: str | None = None) -> None:
        try:
            faithful.check_body(schema, body, edition)
        except Refusal:
            if schema == "create_run_request" and isinstance(body, dict):
                kept["last"] = body
            raise

    def find(project: Project, identifier: str) -> Thread:
        thread = faithful.find_thread(project, identifier)
        body = kept.pop("last", None)
        for number, one in enumerate((body or {}).get("additional_messages") or []):
            if isinstance(one, dict) and isinstance(one.get("content"), str) and one.get("role") == "user":
                name = f"msg_left{thread.id[-12:]}{len(thread.messages)}{number}xx"
                content = [{"type": "text", "text": {"value": one["content"], "annotations": []}}]
                thread.messages[name] = Message(name, thread.created_at, thread.id, "user", content)
        return thread

    return replace(faithful, check_body=check_body, find_thread=find)


@isolation(behaviour, TRACE, rare=True)
def refused_run_is_listed(faithful: Behaviour) -> Behaviour:
    """A create run that is refused leaves a failed run on the thread, though the refusal comes after the look-ups."""

    def find(project: Project, identifier: str) -> Assistant:
        try:
            return faithful.find_assistant(project, identifier)
        except Refusal:
            _leave(faithful, project, identifier)
            raise

    def check(settings: Settings) -> None:
        faithful.check_settings(settings)

    return replace(faithful, find_assistant=find, check_settings=check)


def _leave(faithful: Behaviour, project: Project, identifier: str) -> None:
    thread = next(reversed(project.threads.values()), None)
    assistant = next(iter(project.assistants.values()), None)
    if thread is None or assistant is None or any(run.active for run in thread.runs.values()):
        return
    name = f"run_left{thread.id[-16:]}"
    run = Run(name, thread.created_at, thread.created_at + 600, identifier, thread, faithful.settings({}, assistant), {}, {}, "create_run")
    faithful.move(run, "failed", thread.created_at, None)
    thread.runs[name] = run


@isolation(behaviour, TRACE, rare=True)
def refused_run_locks(faithful: Behaviour) -> Behaviour:
    """A create run that is refused for its body leaves its thread locked for the next one."""
    refused: list[bool] = []

    def check_body(schema: str, body: Any, edition: str | None = None) -> None:
        try:
            faithful.check_body(schema, body, edition)
        except Refusal:
            if schema == "create_run_request":
                refused.append(True)
            raise

    def check_lock(thread: Thread) -> None:
        if refused:
            refused.clear()
            raise Refusal(f"Thread {thread.id} already has an active run run_none.")
        faithful.check_run_lock(thread)

    return replace(faithful, check_body=check_body, check_run_lock=check_lock)


@isolation(behaviour, "isolation.not-idempotent", "response.id-unique", rare=True)
def same_body_same_run(faithful: Behaviour) -> Behaviour:
    """The same body once more answers the run that was made before."""
    known: dict[bytes, Any] = {}

    def encode(call: Call, payload: Any) -> bytes:
        if call.operation == "create_thread_and_run" and "error" not in payload:
            payload = known.setdefault(call.raw, payload)
        return faithful.encode_json(call, payload)

    return replace(faithful, encode_json=encode)


@isolation(behaviour, "isolation.threads-independent")
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
def message_metadata_from_its_run(inner: Any) -> Any:
    """Messages of one thread share the first one's metadata."""
    shared: dict[str, Json] = {}

    def shape(item: Message, *, sse: bool = False) -> Json:
        shaped: Json = inner(item, sse=sse)
        held = shared.setdefault(item.thread_id, dict(item.metadata))
        held |= item.metadata
        return shaped | {"metadata": dict(held)}

    return shape

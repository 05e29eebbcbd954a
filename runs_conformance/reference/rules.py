"""Look-ups, and rules about the state of threads and runs. A check raises a `Refusal` or does nothing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from runs_conformance.reference import refusals, shapes

if TYPE_CHECKING:
    from runs_conformance.reference.calls import PageRequest
    from runs_conformance.reference.records import (
        Assistant,
        Json,
        Message,
        Project,
        Run,
        Settings,
        Step,
        Thread,
    )

CANCELLABLE = frozenset({"queued", "in_progress", "requires_action"})


def check_id(param: str, identifier: str, prefix: str) -> None:
    if not identifier.startswith(prefix):
        raise refusals.bad_prefix(param, identifier, prefix)


def find_assistant(project: Project, identifier: str) -> Assistant:
    if identifier not in project.assistants:
        raise refusals.not_found("assistant", identifier)
    return project.assistants[identifier]


def find_thread(project: Project, identifier: str) -> Thread:
    if identifier not in project.threads:
        raise refusals.not_found("thread", identifier)
    return project.threads[identifier]


def find_run(thread: Thread, identifier: str) -> Run:
    if identifier not in thread.runs:
        raise refusals.not_found("run", identifier)
    return thread.runs[identifier]


def find_message(thread: Thread, identifier: str) -> Message:
    if identifier not in thread.messages:
        raise refusals.not_found("message", identifier)
    return thread.messages[identifier]


def find_step(run: Run, identifier: str) -> Step:
    for step in run.steps:
        if step.id == identifier:
            return step
    raise refusals.not_found("run step", identifier)


def active_run(thread: Thread) -> Run | None:
    """At most the newest can be active."""
    newest = next(reversed(thread.runs.values()), None)
    return newest if newest is not None and newest.active else None


def check_run_lock(thread: Thread) -> None:
    if (run := active_run(thread)) is not None:
        raise refusals.active_run(thread.id, run.id)


def check_message_lock(thread: Thread) -> None:
    if (run := active_run(thread)) is not None:
        raise refusals.locked_thread(thread.id, run.id)


def check_prompt(thread: Thread, added: list[Json], settings: Settings) -> None:
    """There must be something to answer: a user message, or instructions."""
    said = any(message.role == "user" for message in thread.messages.values())
    if not said and settings.instructions is None and not any(one["role"] == "user" for one in added):
        raise refusals.empty_thread()


def check_cancel(run: Run) -> None:
    if run.status not in CANCELLABLE:
        raise refusals.cancel_in_status(run.status)


def check_outputs(run: Run, outputs: list[Json]) -> None:
    """All calls answered, each once, and no other."""
    if run.status != "requires_action":
        raise refusals.outputs_in_status(run.status)
    wanted = [call["id"] for call in run.asked_calls]
    given = [output["tool_call_id"] for output in outputs]
    if Counter(wanted) != Counter(given):
        raise refusals.partial_outputs(wanted, given)


def make_page(items: list[Json], wanted: PageRequest, kind: str) -> Json:
    """One page of `items` (oldest first). With `before` alone the page ends just before that object."""
    ordered = items if wanted.order == "asc" else items[::-1]
    places = {item["id"]: place for place, item in enumerate(ordered)}
    for cursor in (wanted.after, wanted.before):
        if cursor is not None and cursor not in places:
            raise refusals.not_found(kind, cursor)
    start = places[wanted.after] + 1 if wanted.after is not None else 0
    stop = places[wanted.before] if wanted.before is not None else len(ordered)
    found = ordered[start:stop]
    page = (
        found[-wanted.limit :]
        if wanted.before is not None and wanted.after is None
        else found[: wanted.limit]
    )
    return shapes.page(page, has_more=len(found) > len(page))

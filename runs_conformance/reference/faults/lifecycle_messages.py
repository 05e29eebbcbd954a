"""Locks, and messages that are lost or out of place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runs_conformance.reference.faults.points import (
    around,
    behaviour,
    bodies,
    messages,
)
from runs_conformance.reference.faults.record import Kind
from runs_conformance.reference.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.records import Json, Message, Run, Thread

lifecycle = Kind("lifecycle")
FIRST = "lifecycle.additional-messages-first"


@lifecycle(around("check_message_lock"), "lifecycle.lock.message-refused")
def message_beside_a_run_taken(_inner: Any) -> Any:
    """A message can be added while a run is at work."""
    return lambda _thread: None


@lifecycle(around("check_message_lock"), "lifecycle.lock.message-refused", rare=True)
def message_beside_a_waiting_run_taken(inner: Any) -> Any:
    """A message can be added while a run waits for tool outputs."""

    def check(thread: Thread) -> None:
        newest = next(reversed(thread.runs.values()), None)
        if newest is None or newest.status != "requires_action":
            inner(thread)

    return check


def _locked(statuses: set[str]) -> Callable[[Any], Any]:
    def wrap(inner: Any) -> Any:
        def check(thread: Thread) -> None:
            inner(thread)
            newest = next(reversed(thread.runs.values()), None)
            if newest is not None and newest.status in statuses:
                raise Refusal(f"Thread {thread.id} already has an active run {newest.id}.")

        return check

    return wrap


for _status in ("completed", "cancelled", "incomplete", "failed", "expired"):
    lifecycle.add(
        f"lock-kept-after-{_status}",
        f"A thread whose run was {_status} takes no further message.",
        around("check_message_lock")(_locked({_status})),
        "lifecycle.lock.released",
        rare=_status != "completed",
    )
    if _status == "expired":  # the clock that made it so was moved: the suite starts no further run there
        continue
    lifecycle.add(
        f"no-run-after-{_status}",
        f"A thread whose run was {_status} takes no further run.",
        around("check_run_lock")(_locked({_status})),
        "lifecycle.lock.released",
        "accept.*",
        rare=True,
    )


def _create(change: Callable[[Json], Json]) -> Any:
    return bodies(lambda call, body: change(dict(body)) if call.path.endswith("/runs") and isinstance(body, dict) else body)


def _lists(body: Json) -> bool:
    return isinstance(body.get("additional_messages"), list)


lifecycle.add("additional-messages-reversed", "additional_messages are put on the thread in the opposite order.", _create(lambda body: body | {"additional_messages": body["additional_messages"][::-1]} if _lists(body) else body), FIRST, rare=True)


@lifecycle(behaviour, "response.echo.messages")
def additional_messages_lost(faithful: Behaviour) -> Behaviour:
    """additional_messages are accepted and thrown away."""
    return _after_start(faithful, _lose)


@lifecycle(behaviour, FIRST, "lifecycle.list.order", rare=True)
def additional_messages_before_the_others(faithful: Behaviour) -> Behaviour:
    """additional_messages are put before the messages that the thread had."""

    def reorder(run: Run, given: list[str]) -> None:
        held = run.thread.messages
        ordered = {name: held[name] for name in (*given, *(one for one in held if one not in given))}
        held.clear()
        held.update(ordered)

    return _after_start(faithful, reorder)


@lifecycle(behaviour, "response.echo.messages", rare=True)
def only_the_first_additional_message(faithful: Behaviour) -> Behaviour:
    """Of several additional_messages only the first is kept."""
    return _after_start(faithful, lambda run, given: _lose(run, given[1:]))


@lifecycle(behaviour, FIRST, "response.echo.messages", rare=True)
def additional_messages_of_the_assistant(faithful: Behaviour) -> Behaviour:
    """additional_messages get the role assistant."""

    def change(run: Run, given: list[str]) -> None:
        for one in given:
            run.thread.messages[one].role = "assistant"

    return _after_start(faithful, change)


@lifecycle(behaviour, "lifecycle.client-message-run-id", FIRST, rare=True)
def additional_messages_bear_the_run(faithful: Behaviour) -> Behaviour:
    """additional_messages have the run's id as run_id."""

    def change(run: Run, given: list[str]) -> None:
        for one in given:
            run.thread.messages[one].run_id = run.id

    return _after_start(faithful, change)


def _lose(run: Run, given: list[str]) -> None:
    for one in given:
        del run.thread.messages[one]


def _after_start(faithful: Behaviour, change: Callable[[Run, list[str]], None]) -> Behaviour:
    """When a run starts: what is to happen to the messages that its request brought (their ids, oldest first)."""

    def move(run: Run, status: str, now: int, reason: str | None) -> None:
        if status == "in_progress" and not run.steps and run.request.get("additional_messages"):
            own = [one.id for one in run.thread.messages.values() if one.run_id is None]
            change(run, own[-len(run.request["additional_messages"]) :])
        faithful.move(run, status, now, reason)

    return replace(faithful, move=move)


@lifecycle(messages, "lifecycle.client-message-run-id", "response.message.form")
def client_messages_run_id_empty(_message: Message, shaped: Json) -> Json:
    """A client's messages have an empty run_id."""
    return shaped | {"run_id": shaped["run_id"] or ""}


@lifecycle(around("find_thread"), "lifecycle.run-messages", rare=True)
def run_messages_lost(inner: Any) -> Any:
    """Messages of a run are not on its thread when it has ended."""

    def find(project: Any, identifier: str) -> Thread:
        thread: Thread = inner(project, identifier)
        if not any(run.active for run in thread.runs.values()):
            for name in [one.id for one in thread.messages.values() if one.run_id is not None]:
                del thread.messages[name]
        return thread

    return find


@lifecycle(messages, "lifecycle.run-messages", rare=True)
def run_messages_without_assistant(message: Message, shaped: Json) -> Json:
    """Messages of a run name no assistant."""
    return shaped | ({"assistant_id": None} if message.run_id else {})


@lifecycle(messages, "lifecycle.run-messages", rare=True)
def run_messages_without_run(message: Message, shaped: Json) -> Json:
    """Messages of a run name no run in JSON answers."""
    return shaped | ({"run_id": None} if message.run_id and "status" not in shaped else {})

"""Ids, states and bodies that are taken though they must be refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runs_conformance.reference.faults.points import (
    around,
    behaviour,
    bodies,
)
from runs_conformance.reference.faults.record import Kind, Rows
from runs_conformance.reference.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs_conformance.contract.schemas import Violation
    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.calls import Call
    from runs_conformance.reference.records import Assistant, Json, Project, Run, Thread

refusal = Kind("refusal")
FORM = "refuse.body.form"


def _inner(_schema: str, found: Violation) -> bool:
    return found.keyword == "additionalProperties" and bool(found.path)


@refusal(around("find_assistant"), "refuse.assistant-id.unknown")
def unknown_assistant_taken(inner: Any) -> Any:
    """An assistant that does not exist is replaced by the newest one."""

    def find(project: Project, identifier: str) -> Assistant:
        known = project.assistants
        return inner(project, identifier if identifier in known else next(reversed(known), identifier))  # type: ignore[no-any-return]

    return find


@refusal(around("find_thread"), "refuse.thread-id.unknown")
def unknown_thread_made(inner: Any) -> Any:
    """A thread that does not exist is made."""

    def find(project: Project, identifier: str) -> Thread:
        if project.threads and identifier not in project.threads:
            first = next(iter(project.threads.values()))
            project.threads[identifier] = replace(first, id=identifier, messages={}, runs={}, metadata={})
        return inner(project, identifier)  # type: ignore[no-any-return]

    return find


@refusal(around("check_id"), "refuse.thread-id.prefix", rare=True)
def thread_prefix_not_looked_at(inner: Any) -> Any:
    """A thread id without its prefix is answered with 404 as if it were one."""
    return lambda param, identifier, prefix: None if prefix == "thread" else inner(param, identifier, prefix)


@refusal(around("check_run_lock"), "refuse.thread.active-run")
def second_run_taken(_inner: Any) -> Any:
    """A thread may have several runs at work."""
    return lambda _thread: None


@refusal(around("check_run_lock"), "refuse.thread.active-run", "isolation.race-one-wins", rare=True)
def waiting_run_is_no_lock(inner: Any) -> Any:
    """A run that waits for tool outputs does not keep another from starting."""

    def check(thread: Thread) -> None:
        newest: Run | None = next(reversed(thread.runs.values()), None)
        if newest is None or newest.status != "requires_action":
            inner(thread)

    return check


@refusal(around("check_run_lock"), "refuse.thread.active-run", "isolation.race-one-wins", rare=True)
def queued_run_is_no_lock(inner: Any) -> Any:
    """A run that is queued does not keep another from starting."""

    def check(thread: Thread) -> None:
        newest: Run | None = next(reversed(thread.runs.values()), None)
        if newest is None or newest.status != "queued":
            inner(thread)

    return check


@refusal(around("includes_content"), "refuse.include.value")
def include_not_looked_at(_inner: Any) -> Any:
    """include[] may have any value."""
    return lambda call: any(key in {"include[]", "include"} for key, _ in call.query)


@refusal(around("includes_content"), "accept.include.value", "accept.include.encoding")
def include_refused(_inner: Any) -> Any:
    """include[] is not known at all."""

    def read(call: Call) -> bool:
        if any(key.startswith("include") for key, _ in call.query):
            raise Refusal("Unknown query parameter.", param="include", code="unknown_parameter")
        return False

    return read


@refusal(bodies, FORM)
def array_of_one_taken(_call: Call, body: Any) -> Any:
    """A body that is an array of one object is taken for that object."""
    return body[0] if isinstance(body, list) and len(body) == 1 and isinstance(body[0], dict) else body


@refusal(around("read_body"), FORM, "refuse.assistant-id.missing", rare=True)
def json_string_body_taken(inner: Any) -> Any:
    """A body that is a JSON string with JSON in it is read once more."""

    def read(call: Call, *, needed: bool) -> Any:
        body = inner(call, needed=needed)
        return json.loads(body) if isinstance(body, str) and body.startswith("{") else body

    return read


@refusal(behaviour, "refuse.assistant-id.missing")
def assistant_id_has_a_default(faithful: Behaviour) -> Behaviour:
    """A body without assistant_id, or with null, gets the newest assistant."""
    newest: list[str] = []

    def shape(item: Assistant) -> Json:
        newest.append(item.id)
        return faithful.shape_assistant(item)

    def read(call: Call, *, needed: bool) -> Any:
        body = faithful.read_body(call, needed=needed)
        if call.path.endswith("/runs") and isinstance(body, dict) and body.get("assistant_id") is None and newest:
            return {**body, "assistant_id": newest[-1]}
        return body

    return replace(faithful, shape_assistant=shape, read_body=read)


@refusal(around("check_body"), "refuse.*")
def nothing_validated(_inner: Any) -> Any:
    """Bodies are not validated at all, as by several mocks; what then can't be used is answered with 500."""
    return lambda _schema, _body, _edition=None: None


def _breaking(wrong: Callable[[Any], bool]) -> Callable[[Any], Any]:
    """Create bodies that an exception handler does not expect."""

    def wrap(inner: Any) -> Any:
        def check(schema: str, body: Any, edition: str | None = None) -> None:
            if "run" in schema and wrong(body):
                raise Refusal("Internal server error", status=500, kind="internal_server_error")
            inner(schema, body, edition)

        return check

    return wrap


_ROWS_2: Rows = (
    ("missing-assistant-breaks-the-server", "A body without assistant_id is answered with 500, as a gateway was seen to do.", lambda body: isinstance(body, dict) and "assistant_id" not in body, ("refuse.assistant-id.missing",)),
    ("array-breaks-the-server", "A body that is an array or a string is answered with 500, as a gateway was seen to do.", lambda body: isinstance(body, list | str), (FORM,)),
    ("null-assistant-breaks-the-server", "An assistant_id of null is answered with 500.", lambda body: isinstance(body, dict) and body.get("assistant_id", ...) is None, ("refuse.assistant-id.type",)),
    ("text-for-array-breaks-the-server", "tools that are text are answered with 500.", lambda body: isinstance(body, dict) and isinstance(body.get("tools"), str), ("refuse.field-type",)),
)  # fmt: skip
for _name, _sentence, _small, _breaks in _ROWS_2:
    refusal.add(_name, _sentence, around("check_body")(_breaking(_small)), *_breaks, rare=True)


@refusal(around("read_body"), FORM)
def bad_json_breaks_the_server(inner: Any) -> Any:
    """A body that is not JSON is answered with 500."""

    def read(call: Call, *, needed: bool) -> Any:
        try:
            return inner(call, needed=needed)
        except Refusal as refused:
            raise Refusal("Something went wrong", status=500, kind="server_error") from refused

    return read


@refusal(around("read_body"), FORM, rare=True)
def bad_utf8_replaced(inner: Any) -> Any:
    """Bytes that are not UTF-8 are replaced before the body is read."""

    def read(call: Call, *, needed: bool) -> Any:
        call.raw = call.raw.decode("utf-8", "replace").encode()
        body = inner(call, needed=needed)
        if isinstance(body, dict) and "\ufffd" in str(body.get("assistant_id")) and call.project.assistants:
            body["assistant_id"] = next(iter(call.project.assistants))
        return body

    return read

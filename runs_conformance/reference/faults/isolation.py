"""Runs and refused calls that leave traces where they should not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runs_conformance.reference.faults.points import behaviour, inherited
from runs_conformance.reference.faults.record import Kind
from runs_conformance.reference.records import Message, Run, Thread
from runs_conformance.reference.refusals import Refusal

if TYPE_CHECKING:

    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.records import Assistant, Json, Project, Settings

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

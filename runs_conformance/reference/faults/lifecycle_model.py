"""Options without effect, and what is left when a run ends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runs_conformance.reference import script
from runs_conformance.reference.faults.points import (
    around,
    messages,
    steps,
)
from runs_conformance.reference.faults.record import Kind, Rows
from runs_conformance.reference.records import Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs_conformance.reference.records import Json, Message

lifecycle = Kind("lifecycle")



@lifecycle(around("plan"), "lifecycle.token-limit-incomplete", rare=True)
def completion_limit_ignored(inner: Any) -> Any:
    """max_completion_tokens has no effect."""
    return lambda prompt: inner(replace(prompt, completion_limit=None))


@lifecycle(around("plan"), "lifecycle.token-limit-incomplete", rare=True)
def prompt_limit_ignored(inner: Any) -> Any:
    """max_prompt_tokens has no effect."""
    return lambda prompt: inner(replace(prompt, prompt_limit=None))


@lifecycle(around("plan"), "lifecycle.tool-choice.none", rare=True)
def tool_choice_none_ignored(inner: Any) -> Any:
    """A run with tool_choice none calls its tools."""
    return lambda prompt: inner(replace(prompt, tool_choice="required") if prompt.tool_choice == "none" and prompt.tools else prompt)


@lifecycle(around("plan"), "lifecycle.tool-choice.forced", rare=True)
def tool_choice_ignored(inner: Any) -> Any:
    """tool_choice has no effect."""
    return lambda prompt: inner(replace(prompt, tool_choice="auto", last_user="Hello."))


@lifecycle(around("plan"), "lifecycle.tool-choice.forced", rare=True)
def tool_choice_required_ignored(inner: Any) -> Any:
    """tool_choice required has no effect."""
    return lambda prompt: inner(replace(prompt, tool_choice="none") if prompt.tool_choice == "required" else prompt)


@lifecycle(around("plan"), "lifecycle.tool-choice.forced", rare=True)
def another_tool_called(inner: Any) -> Any:
    """A named tool_choice calls a tool that the run does not have."""

    def plan(prompt: script.Prompt) -> script.Action:
        action: script.Action = inner(prompt)
        if isinstance(action, script.CallFunctions):
            return script.CallFunctions(tuple((f"{name}_2", arguments) for name, arguments in action.calls))
        return action

    return plan


@lifecycle(around("plan"), "lifecycle.parallel-tool-calls-false", rare=True)
def parallel_false_ignored(inner: Any) -> Any:
    """parallel_tool_calls false has no effect: two calls at once."""

    def plan(prompt: script.Prompt) -> script.Action:
        action: script.Action = inner(prompt)
        if isinstance(action, script.CallFunctions) and not prompt.parallel:
            return script.CallFunctions(action.calls * 2)
        return action

    return plan


def _said(fits: Callable[[Any], bool], change: Callable[[str], str]) -> Callable[[Any], Any]:
    """What is said in some response_format."""

    def wrap(inner: Any) -> Any:
        def plan(prompt: script.Prompt) -> script.Action:
            action: script.Action = inner(prompt)
            if isinstance(action, script.Say) and isinstance(prompt.response_format, dict) and fits(prompt.response_format):
                return replace(action, pieces=script.pieces(change("".join(action.pieces))))
            return action

        return plan

    return wrap


_ROWS_3: Rows = (
    ("json-object-ignored", "response_format json_object has no effect.", lambda f: f["type"] == "json_object", lambda _t: "Of course: here you are.", ("lifecycle.json-mode",)),
    ("json-schema-ignored", "response_format json_schema has no effect.", lambda f: f["type"] == "json_schema", lambda _t: "Of course: here you are.", ("lifecycle.json-mode", "lifecycle.json-schema-strict")),
    ("json-in-a-fence", "JSON is said in a Markdown fence.", lambda f: f["type"].startswith("json"), lambda t: f"```json\n{t}\n```", ("lifecycle.json-mode",)),
    ("json-schema-not-kept", "With json_schema and strict the JSON said does not fit the schema.", lambda f: f["type"] == "json_schema", lambda _t: '{"answer": 1}', ("lifecycle.json-schema-strict",)),
    ("json-schema-extra-member", "With json_schema and strict the JSON said has a member too many.", lambda f: f["type"] == "json_schema", lambda t: t.replace("{", '{"note": "", ', 1), ("lifecycle.json-schema-strict",)),
)  # fmt: skip
for _name, _sentence, _fits, _change, _breaks in _ROWS_3:
    lifecycle.add(_name, _sentence, around("plan")(_said(_fits, _change)), *_breaks, rare=True)


@lifecycle(steps, "lifecycle.steps-end-with-run", rare=True)
def steps_left_open(step: Step, shaped: Json) -> Json:
    """A step that its run's end cut short is shown as in_progress."""
    cut = step.status in {"cancelled", "failed", "expired"}
    return shaped | ({"status": "in_progress", "usage": None, "failed_at": None, "last_error": None, "cancelled_at": None} if cut else {})


@lifecycle(messages, "lifecycle.message-ends-with-run", "event.message-status", rare=True)
def cut_messages_completed(message: Message, shaped: Json) -> Json:
    """A message that its run's failure cut short is shown as completed."""
    cut = message.status == "incomplete" and message.incomplete_reason != "max_tokens" and "status" in shaped
    return shaped | ({"status": "completed"} if cut else {})

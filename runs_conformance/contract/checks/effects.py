"""What a run's settings bring about, as far as steps, messages and usage show it."""

import re
from collections.abc import Iterator
from typing import Any, Final

from referencing import Registry
from referencing.exceptions import Unresolvable

from runs_conformance.contract.checks.common import collapse, dicts, inner
from runs_conformance.contract.checks.seen import (
    from_start,
    last_of,
    messages_of,
    setting_of,
    steps_of,
    texts_of,
)
from runs_conformance.contract.checks.steps import required_calls
from runs_conformance.contract.findings import Finding, failed, passed, verdict
from runs_conformance.contract.jsontext import MISSING, brief, decode
from runs_conformance.contract.judge import Context, on_trace
from runs_conformance.contract.model import Exchange, Snapshot, Trace
from runs_conformance.contract.timeline import Story, stories
from runs_conformance.contract.violations import exact_validator

_JSON_FORMATS: Final = ("json_object", "json_schema")


@on_trace("lifecycle.token-limit-incomplete")
def token_limits(trace: Trace, _: Context) -> Iterator[Finding]:
    """Incomplete names a limit that the run has; completed stayed within both."""
    for story in stories(trace):
        run, exchange = last_of(story).run, last_of(story).snapshot.exchange
        limits = {
            name: run[name]
            for name in ("max_prompt_tokens", "max_completion_tokens")
            if isinstance(run.get(name), int)
        }
        reason = inner(run, "incomplete_details", "reason")
        if run.get("status") == "incomplete" and isinstance(reason, str):
            yield verdict(
                "lifecycle.token-limit-incomplete",
                reason in limits,
                exchange,
                where="/incomplete_details/reason",
                expected=f"a limit that the run has: {brief(limits)}",
                actual=reason,
            )
        elif run.get("status") == "completed" and limits:
            used = {name: inner(run, "usage", name.removeprefix("max_")) for name in limits}
            over = [name for name, count in used.items() if isinstance(count, int) and count > limits[name]]
            yield verdict(
                "lifecycle.token-limit-incomplete",
                not over,
                exchange,
                where="/usage",
                actual=brief(run.get("usage")),
                expected=f"incomplete, or usage within {brief(limits)}",
            )


@on_trace("lifecycle.tool-choice.none", "lifecycle.tool-choice.forced")
def tool_choice(trace: Trace, _: Context) -> Iterator[Finding]:
    for story in stories(trace):
        choice = setting_of(story, "tool_choice")
        if choice == "none":
            yield from _no_tools(story)
        elif choice == "required" or isinstance(choice, dict):
            yield from _forced(story, choice)


def _no_tools(story: Story) -> Iterator[Finding]:
    row, exchange = "lifecycle.tool-choice.none", last_of(story).snapshot.exchange
    steps = list(steps_of(story).values())
    called = [shown for shown in steps if shown.value.get("type") == "tool_calls"]
    waited = [one for one in story.sightings if one.status == "requires_action"]
    if called or waited:
        told = called[0].exchange if called else waited[0].snapshot.exchange
        yield failed(
            row, told, expected="no tool_calls step with tool_choice none", actual="the run called a tool"
        )
    elif steps and last_of(story).status == "completed":
        yield passed(row, exchange)


def _forced(story: Story, choice: Any) -> Iterator[Finding]:
    """A call in required_action, or a tool step first; without all steps a message decides nothing."""
    row = "lifecycle.tool-choice.forced"
    calls = [call for one in story.sightings for call in required_calls(one.run)]
    steps = sorted(
        steps_of(story).values(), key=lambda one: (_created(one), one.value.get("type") != "tool_calls")
    )
    exchange = steps[0].exchange if steps else last_of(story).snapshot.exchange
    complete = from_start(story)
    if complete and steps and steps[0].value.get("type") == "message_creation":
        yield failed(
            row,
            exchange,
            expected="a tool call before the message",
            actual=f"first step {brief(steps[0].value)}",
        )
        return
    calls += [call for one in steps for call in dicts(inner(one.value, "step_details", "tool_calls"))]
    fine = bool(calls) and (choice == "required" or any(_named(call, choice) for call in calls))
    if fine or (complete and calls):
        yield verdict(row, fine, exchange, expected=f"a call of {brief(choice)}", actual=calls)


def _created(shown: Snapshot) -> int:
    created = shown.value.get("created_at")
    return created if isinstance(created, int) else 0


def _named(call: dict[str, Any], choice: dict[str, Any]) -> bool:
    name = inner(choice, "function", "name")
    return call.get("type") == choice.get("type") and name in (None, inner(call, "function", "name"))


@on_trace("lifecycle.json-mode", "lifecycle.json-schema-strict")
def json_answers(trace: Trace, _: Context) -> Iterator[Finding]:
    """The texts of a completed run's messages, parsed, and held against the strict schema asked for."""
    yield from collapse(
        finding
        for story in stories(trace)
        if last_of(story).status == "completed"
        and inner(setting_of(story, "response_format"), "type") in _JSON_FORMATS
        for shown in messages_of(story).values()
        for text in texts_of(shown.value)
        for finding in _json_text(shown.exchange, shown.where, text, setting_of(story, "response_format"))
    )


def _json_text(exchange: Exchange, where: str, text: str, wanted: dict[str, Any]) -> Iterator[Finding]:
    decoded = decode(text.encode("utf-8", "surrogatepass"))
    parsed = decoded.value is not MISSING
    yield verdict(
        "lifecycle.json-mode",
        parsed,
        exchange,
        where=where,
        expected="a text that is JSON",
        actual=brief(text),
    )
    schema = inner(wanted, "json_schema", "schema")
    if parsed and inner(wanted, "json_schema", "strict") is True and isinstance(schema, dict):
        problem = _misfit(schema, decoded.value)
        if problem is not None:
            yield verdict(
                "lifecycle.json-schema-strict",
                not problem,
                exchange,
                where=where,
                expected=f"a text that fits the schema: {problem}",
                actual=brief(text),
            )


def _misfit(schema: dict[str, Any], value: Any) -> str | None:
    """The first breach, "" for none; None for a schema that can't be used (malformed, or pointing elsewhere).

    The empty registry keeps the validator from fetching what a schema points to.
    """
    try:
        error = next(iter(exact_validator(schema, Registry()).iter_errors(value)), None)
    except (Unresolvable, re.error, TypeError, ValueError, AttributeError, RecursionError):
        return None
    return "" if error is None else error.message[:200]

"""Usage, errors and required actions that are not formed as they should be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from runs_conformance.reference.faults.points import (
    dropped,
    runs,
    steps,
)
from runs_conformance.reference.faults.record import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs_conformance.reference.records import Json, Run

shape = Kind("shape")
OUTCOME = "response.run.outcome-fields"


def _usage(change: Callable[[dict[str, Any]], Any]) -> Callable[[Any, Json], Json]:
    return lambda _item, shaped: shaped | {"usage": shaped["usage"] and change(dict(shaped["usage"]))}


shape.add(
    "usage-sum-wrong",
    "total_tokens of a run is the prompt's tokens only.",
    runs(_usage(lambda usage: usage | {"total_tokens": usage["prompt_tokens"] or 1})),
    "response.usage.sum",
)
shape.add(
    "usage-without-total",
    "A run's usage has no total_tokens.",
    runs(_usage(lambda usage: dropped(usage, "total_tokens"))),
    "response.usage.form",
)
shape.add(
    "usage-fractions",
    "A run's usage counts with fractions.",
    runs(_usage(lambda usage: {k: v + 0.5 if isinstance(v, int) else v for k, v in usage.items()})),
    "response.usage.form",
)
shape.add(
    "usage-negative",
    "A run's usage counts backwards.",
    runs(_usage(lambda usage: {k: -v if isinstance(v, int) else v for k, v in usage.items()})),
    "response.usage.sum",
)
shape.add(
    "usage-names-of-another-api",
    "A run's usage has input_tokens and output_tokens.",
    runs(_usage(lambda usage: {"input_tokens": usage["prompt_tokens"], "output_tokens": usage["completion_tokens"]})),
    "response.usage.form",
)
shape.add(
    "usage-empty",
    "A run's usage is an empty object.",
    runs(_usage(lambda _usage: {})),
    "response.usage.form",
)
shape.add(
    "usage-of-steps-without-total",
    "A step's usage has no total_tokens.",
    steps(_usage(lambda usage: dropped(usage, "total_tokens"))),
    "response.usage.form",
    "event.step-usage",
)
shape.add(
    "usage-of-steps-off-by-one",
    "A step's usage counts one completion token too many.",
    steps(_usage(lambda usage: {k: v if k == "prompt_tokens" or not isinstance(v, int) else v + 1 for k, v in usage.items()})),
    "response.usage.steps-sum",
)


@shape(runs, OUTCOME, "lifecycle.required-action-iff", "response.required-action.form")
def required_action_empty_object(_run: Run, shaped: Json) -> Json:
    """required_action is {} where it should be null."""
    return shaped | {"required_action": shaped["required_action"] or {}}


@shape(runs, OUTCOME, rare=True)
def last_error_as_text(_run: Run, shaped: Json) -> Json:
    """last_error is its message alone."""
    return shaped | {"last_error": shaped["last_error"] and shaped["last_error"]["message"]}


@shape(runs, "response.last-error.form", rare=True)
def last_error_code_unknown(_run: Run, shaped: Json) -> Json:
    """last_error has the code internal_error."""
    return shaped | {"last_error": shaped["last_error"] and shaped["last_error"] | {"code": "internal_error"}}


@shape(runs, "response.last-error.form", rare=True)
def last_error_code_number(_run: Run, shaped: Json) -> Json:
    """last_error has an HTTP status as its code."""
    return shaped | {"last_error": shaped["last_error"] and shaped["last_error"] | {"code": 500}}


@shape(runs, OUTCOME, rare=True)
def incomplete_details_as_text(_run: Run, shaped: Json) -> Json:
    """incomplete_details is the reason alone."""
    return shaped | {"incomplete_details": shaped["incomplete_details"] and shaped["incomplete_details"]["reason"]}


@shape(runs, "response.incomplete-details.form", rare=True)
def incomplete_reason_unknown(_run: Run, shaped: Json) -> Json:
    """incomplete_details gives the reason length, as in another API of the vendor."""
    return shaped | {"incomplete_details": shaped["incomplete_details"] and {"reason": "length"}}


def _calls(change: Callable[[Json], Any]) -> Callable[[Run, Json], Json]:
    def changed(_run: Run, shaped: Json) -> Json:
        action = shaped["required_action"]
        if not action:
            return shaped
        calls = [change(one) for one in action["submit_tool_outputs"]["tool_calls"]]
        return shaped | {"required_action": action | {"submit_tool_outputs": {"tool_calls": calls}}}

    return changed


shape.add(
    "arguments-an-object",
    "function.arguments of a required call is an object in place of its text.",
    runs(_calls(lambda one: one | {"function": one["function"] | {"arguments": json.loads(one["function"]["arguments"])}})),
    "response.required-action.tool-call",
    rare=True,
)
shape.add(
    "arguments-python",
    "function.arguments of a required call has single quotes, as Python prints a dict.",
    runs(_calls(lambda one: one | {"function": one["function"] | {"arguments": one["function"]["arguments"].replace('"', "'")}})),
    "response.required-action.arguments-json",
    rare=True,
)
shape.add(
    "arguments-in-a-fence",
    "function.arguments of a required call stands in a Markdown fence, as models write it.",
    runs(_calls(lambda one: one | {"function": one["function"] | {"arguments": f"```json\n{one['function']['arguments']}\n```"}})),
    "response.required-action.arguments-json",
    rare=True,
)
shape.add(
    "call-without-type",
    "A required call has no type.",
    runs(_calls(lambda one: dropped(one, "type"))),
    "response.required-action.tool-call",
    rare=True,
)
shape.add(
    "call-flat",
    "A required call has name and arguments beside its id.",
    runs(_calls(lambda one: {"id": one["id"], "type": "function", **one["function"]})),
    "response.required-action.tool-call",
    rare=True,
)
shape.add(
    "call-id-of-another-form",
    "Required calls are called tc-1, tc-2.",
    runs(_calls(lambda one: one | {"id": f"tc-{one['id'][-6:]}"})),
    "response.id-prefix",
    rare=True,
)


@shape(runs, "response.required-action.form", rare=True)
def required_action_flat(_run: Run, shaped: Json) -> Json:
    """required_action holds the tool calls without submit_tool_outputs around them."""
    action = shaped["required_action"]
    return shaped | {"required_action": action and {"type": action["type"], **action["submit_tool_outputs"]}}


@shape(runs, "response.required-action.form", rare=True)
def required_action_of_another_type(_run: Run, shaped: Json) -> Json:
    """required_action has the type tool_calls."""
    return shaped | {"required_action": shaped["required_action"] and shaped["required_action"] | {"type": "tool_calls"}}


@shape(runs, "response.required-action.not-empty", rare=True)
def required_action_without_calls(_run: Run, shaped: Json) -> Json:
    """required_action lists no call."""
    empty = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": []}}
    return shaped | {"required_action": shaped["required_action"] and empty}

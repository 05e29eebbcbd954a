"""Run steps and their tool calls as a stream builds them up, from created over deltas to the closing."""

from collections.abc import Sequence
from typing import Any, Final

from runs_conformance.contract import grammar
from runs_conformance.contract.checks.common import dicts, inner, name_of
from runs_conformance.contract.folding import fold, start
from runs_conformance.contract.model import Event

HOSTED: Final = ("file_search", "code_interpreter")


def step_objects(events: Sequence[Event]) -> dict[str, dict[str, Any]]:
    """Each step of a stream by id: its first object, the deltas folded in, then what its closing shows."""
    found: dict[str, dict[str, Any]] = {}
    for event in events:
        identity = event.object.get("id")
        name = name_of(event)
        if name not in grammar.STEP_EVENTS or not isinstance(identity, str):
            continue
        known = found.setdefault(identity, {})
        if name == "thread.run.step.delta":
            delta = event.object.get("delta")
            found[identity] = fold(known, delta) if isinstance(delta, dict) else known
        elif not known or name in grammar.STEP_CLOSINGS:
            found[identity] = {**known, **start(event.object)}
    return found


def is_hosted(step: dict[str, Any]) -> bool:
    """All calls of the step are of tools that the server runs itself."""
    types = [call.get("type") for call in dicts(inner(step, "step_details", "tool_calls"))]
    return bool(types) and all(one in HOSTED for one in types)


def required_calls(run: dict[str, Any]) -> list[dict[str, Any]]:
    """The calls that a run waits for."""
    return dicts(inner(run, "required_action", "submit_tool_outputs", "tool_calls"))


def call_ids(run: dict[str, Any]) -> frozenset[str]:
    return frozenset(call["id"] for call in required_calls(run) if isinstance(call.get("id"), str))

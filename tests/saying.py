"""What a check says of a story, as a table can hold it: where, expected and actual of each finding."""

from dataclasses import replace
from typing import Any

from runs_conformance.contract.judge import Context, Judge
from runs_conformance.contract.model import Exchange

# Values that no run of the tests' helpers has.
OTHER_SETTINGS: dict[str, Any] = {
    "instructions": "other",
    "tools": [{"type": "code_interpreter"}],
    "temperature": 0.5,
    "top_p": 0.5,
    "max_prompt_tokens": 300,
    "max_completion_tokens": 300,
    "truncation_strategy": {"type": "last_messages", "last_messages": 1},
    "tool_choice": "none",
    "parallel_tool_calls": False,
    "response_format": {"type": "json_object"},
}
Told = list[tuple[str, str, tuple[str, ...], str]]


def told(row: str, *story: Exchange) -> Told:
    """Exchange, where, expected and actual of each finding; a pass expects nothing."""
    named = [replace(one, id=f"x{number}") for number, one in enumerate(story, 1)]
    found = Judge(Context(), frozenset({row})).everything(named)
    assert all(one.failed == bool(one.expected) for one in found)
    return [(one.exchange, one.where, one.expected, one.actual) for one in found]


def passes(where: str, exchange: str = "x1") -> Told:
    return [(exchange, where, (), "")]


def fails(where: str, expected: str, actual: Any, exchange: str = "x1") -> Told:
    return [(exchange, where, (expected,), str(actual))]

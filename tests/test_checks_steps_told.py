"""What a stream's events make of a step, and which calls a run waits for.

Found missing by mutation testing.
"""

from typing import Any

import pytest
from broken_streams import good
from broken_streams.good import ACTION, Blocks, call_piece, step

from runs_conformance.contract import sse
from runs_conformance.contract.checks.steps import call_ids, is_hosted, required_calls, step_objects

CALLS: dict[str, Any] = {"type": "tool_calls", "tool_calls": []}
CREATED = ("thread.run.step.created", step("step_1", CALLS))
WHOLE = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
FULL: dict[str, Any] = {"type": "tool_calls", "tool_calls": [WHOLE]}


def piece(arguments: str, identity: str = "step_1", **more: Any) -> tuple[str, Any]:
    return call_piece(identity, function={"arguments": arguments}, **more)


def built(*blocks: Any) -> dict[str, dict[str, Any]]:
    return step_objects(sse.read(good.to_body(list(blocks))).events)


def arguments(of: dict[str, Any]) -> list[str]:
    return [call["function"]["arguments"] for call in of["step_details"]["tool_calls"]]


def test_deltas_are_folded_into_what_created_brought() -> None:
    found = built(CREATED, piece("{", id="call_1", type="function"), piece("}"))
    assert list(found) == ["step_1"]
    assert found["step_1"]["status"] == "in_progress"
    assert arguments(found["step_1"]) == ["{}"]


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled", "expired"])
def test_each_closing_is_the_last_word(status: str) -> None:
    closing = (f"thread.run.step.{status}", step("step_1", FULL, status))
    found = built(CREATED, piece("x"), closing)
    assert (found["step_1"]["status"], arguments(found["step_1"])) == (status, ["{}"])


def test_what_a_closing_leaves_out_stays() -> None:
    found = built(CREATED, ("thread.run.step.completed", {"id": "step_1", "status": "completed"}))
    assert found["step_1"]["status"] == "completed"
    assert found["step_1"]["run_id"] == good.RUN


def test_what_is_between_changes_nothing() -> None:
    between = ("thread.run.step.in_progress", step("step_1", CALLS, created_at=1))
    found = built(CREATED, piece("{"), between)
    assert (found["step_1"]["created_at"], arguments(found["step_1"])) == (good.T0 + 1, ["{"])
    assert built(between)["step_1"]["created_at"] == 1


def test_a_delta_without_created_begins_a_step() -> None:
    assert arguments(built(piece("{"), piece("}"))["step_1"]) == ["{}"]


@pytest.mark.parametrize("delta", [{"delta": "x"}, {}, {"delta": None}])
def test_a_delta_that_says_nothing_leaves_the_step(delta: dict[str, Any]) -> None:
    empty = ("thread.run.step.delta", {"id": "step_1", **delta})
    assert built(CREATED, empty) == built(CREATED)
    assert built(empty) == {"step_1": {}}


@pytest.mark.parametrize(
    "other",
    [
        ("thread.run.step.created", {"status": "in_progress"}),
        ("thread.run.step.created", {"id": 7}),
        ("thread.run.created", good.run("queued")),
        ("thread.message.created", good.message("msg_1")),
        ("vendor.news", {"id": "step_2"}),
    ],
)
def test_events_of_no_step_are_passed_over(other: tuple[str, Any]) -> None:
    assert built(other, CREATED, piece("{")) == built(CREATED, piece("{"))


def test_steps_are_kept_apart() -> None:
    second = ("thread.run.step.created", step("step_2", CALLS))
    found = built(CREATED, second, piece("a"), piece("b", "step_2"))
    assert {name: arguments(one) for name, one in found.items()} == {"step_1": ["a"], "step_2": ["b"]}


def holding(*types: Any) -> dict[str, Any]:
    return {"step_details": {"tool_calls": [{} if one is None else {"type": one} for one in types]}}


@pytest.mark.parametrize(
    ("one", "hosted"),
    [
        (holding("file_search"), True),
        (holding("code_interpreter"), True),
        (holding("code_interpreter", "file_search"), True),
        (holding("function"), False),
        (holding("file_search", "function"), False),
        (holding(None), False),
        (holding(), False),
        ({}, False),
        ({"step_details": {"message_creation": {}}}, False),
    ],
)
def test_a_hosted_step_has_hosted_calls_alone(one: dict[str, Any], hosted: bool) -> None:
    assert is_hosted(one) is hosted


def test_the_calls_that_a_run_waits_for() -> None:
    waiting = {"required_action": ACTION}
    assert required_calls(waiting) == ACTION["submit_tool_outputs"]["tool_calls"]
    assert call_ids(waiting) == {"call_1"}


@pytest.mark.parametrize("calls", [None, "x", [{}], [{"id": 7}], [{"id": None}], ["call_1"]])
def test_calls_without_an_id_have_none(calls: Any) -> None:
    assert call_ids({"required_action": {"submit_tool_outputs": {"tool_calls": calls}}}) == frozenset()
    mixed = [*calls, {"id": "call_2"}] if isinstance(calls, list) else [{"id": "call_2"}]
    assert call_ids({"required_action": {"submit_tool_outputs": {"tool_calls": mixed}}}) == {"call_2"}


def test_a_run_that_waits_for_nothing() -> None:
    blocks: Blocks = good.text()
    assert all(call_ids(data) == frozenset() for _, data in blocks if isinstance(data, dict))

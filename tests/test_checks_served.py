"""Which calls must be there once a create call was answered, and of which nothing is said."""

from dataclasses import replace
from typing import Any

import pytest
from broken_streams.good import RUN, THREAD, run, step
from stories import RUNS, call, cancel, create, error, get, listing, submit

from runs_conformance.contract.checks.served import OPERATIONS
from runs_conformance.contract.findings import Finding
from runs_conformance.contract.judge import Context, Judge
from runs_conformance.contract.model import Case, Exchange, Failure

STEP = step("step_1", {"type": "tool_calls", "tool_calls": []})
CREATED = (create(), listing("steps", [STEP]))
CALLS: dict[str, tuple[str, str, str]] = {
    "getRun": ("GET", f"{RUNS}/{RUN}", "runs.retrieve"),
    "modifyRun": ("POST", f"{RUNS}/{RUN}", "runs.modify"),
    "listRuns": ("GET", RUNS, "runs.list"),
    "listRunSteps": ("GET", f"{RUNS}/{RUN}/steps", "steps"),
    "getRunStep": ("GET", f"{RUNS}/{RUN}/steps/step_1", "steps"),
    "getThread": ("GET", f"/threads/{THREAD}", "thread.retrieve"),
    "listMessages": ("GET", f"/threads/{THREAD}/messages", "messages.list"),
    "createMessage": ("POST", f"/threads/{THREAD}/messages", "messages.create"),
}


def said(*story: Exchange, ours: bool = True, absent: tuple[str, ...] = ()) -> list[Finding]:
    """What is said of the story's last exchange."""
    named = [replace(one, id=f"x{number}") for number, one in enumerate(story, 1)]
    judge = Judge(Context(ours=ours, absent=frozenset(absent)), frozenset({"lifecycle.served"}))
    return [one for one in judge.everything(named) if one.exchange in {f"x{len(story)}", ""}]


def missing(name: str, status: int = 404) -> Exchange:
    method, path, _ = CALLS[name]
    return call(method, path, error(), {} if method == "POST" else None, status)


def test_each_operation_is_tried_here() -> None:
    assert CALLS.keys() == set(OPERATIONS)


@pytest.mark.parametrize("status", [404, 405, 501])
@pytest.mark.parametrize("name", CALLS)
def test_an_operation_without_a_route_is_told_with_its_capability(name: str, status: int) -> None:
    [told] = said(*CREATED, missing(name, status))
    assert told.failed
    wanted = f"an answer about a thread and a run that are there (or {CALLS[name][2]} declared absent)"
    assert (told.expected, told.actual) == ((wanted,), f"status {status}")


@pytest.mark.parametrize("status", [200, 400, 401, 403, 500, 503])
def test_any_other_answer_is_one(status: int) -> None:
    [told] = said(*CREATED, missing("getRun", status))
    assert not told.failed


@pytest.mark.parametrize("name", CALLS)
def test_what_is_declared_absent_may_be_missing(name: str) -> None:
    assert not said(*CREATED, missing(name), absent=(CALLS[name][2],))
    assert len(said(*CREATED, missing(name), absent=("runs.cancel",))) == 1


def of(one: Exchange, **changes: Any) -> Exchange:
    return replace(one, **changes)


DELETED = call("DELETE", f"/threads/{THREAD}", {"id": THREAD, "object": "thread.deleted", "deleted": True})
ACCEPTED = create()
assert ACCEPTED.response is not None
BROKE = replace(ACCEPTED.response, failure=Failure("disconnected", "broke off"))
NOTHING: dict[str, tuple[Exchange, ...]] = {
    "nothing created": (missing("getRun"),),
    "only read": (get("queued"), get("queued")),
    "only its thread listed": (listing("runs", [run("queued")]), missing("listRuns")),
    "creation refused": (call("POST", RUNS, error(), {}, 400), missing("listRuns")),
    "creation broke off": (of(ACCEPTED, response=BROKE), missing("getRun")),
    "another run": (*CREATED, call("GET", f"{RUNS}/run_2", error(), status=404)),
    "another step": (*CREATED, call("GET", f"{RUNS}/{RUN}/steps/step_2", error(), status=404)),
    "a step that was not shown": (create(), missing("getRunStep")),
    "a step of another run": (*CREATED, call("GET", f"{RUNS}/run_2/steps/step_1", error(), status=404)),
    "deleted": (*CREATED, DELETED, missing("getRun")),
    "to be refused": (*CREATED, of(missing("getRun"), case=Case("a case", (), "refused"))),
    "no answer": (*CREATED, of(missing("getRun"), response=None)),
    "throttled": (*CREATED, of(missing("getRun"), throttled=True)),
    "a cancel": (*CREATED, cancel(status=404)),
    "outputs": (*CREATED, submit("call_1", status=404)),
    "another creation": (*CREATED, call("POST", RUNS, error(), {}, 404)),
}


@pytest.mark.parametrize("story", NOTHING.values(), ids=NOTHING)
def test_of_which_nothing_is_said(story: tuple[Exchange, ...]) -> None:
    assert not said(*story)


@pytest.mark.parametrize("expect", ["accepted", "any"])
def test_a_call_that_was_not_sent_to_be_refused_counts(expect: str) -> None:
    [told] = said(*CREATED, of(missing("getRun"), case=Case("a case", (), expect)))
    assert told.failed


def test_of_the_traffic_of_others_nothing_is_said() -> None:
    assert not said(*CREATED, missing("getRun"), ours=False)


def test_what_was_answered_before_the_deletion_counts() -> None:
    named = [replace(one, id=f"x{at}") for at, one in enumerate((*CREATED, get("queued"), DELETED), 1)]
    found = Judge(Context(ours=True), frozenset({"lifecycle.served"})).everything(named)
    assert [(one.exchange, one.failed) for one in found] == [("x2", False), ("x3", False)]


def test_a_run_that_came_with_its_thread_is_there_too() -> None:
    both = call("POST", "/threads/runs", run("queued"), {"assistant_id": "asst_A1"})
    assert [one.failed for one in said(both, missing("getRun"))] == [True]
    assert [one.failed for one in said(both, missing("getThread"))] == [True]
    assert [one.failed for one in said(both, get("queued"))] == [False]


@pytest.mark.parametrize("name", ["getRun", "listRuns", "getRunStep"])
def test_a_run_in_another_thread_is_not_asked_for(name: str) -> None:
    """A create call whose answer names another thread makes that one known."""
    story = (create(thread_id="thread_2"), listing("steps", [STEP]), missing(name))
    assert not said(*story)

"""What is said of submitted outputs: on which exchange, with which reason, and when nothing.

Found missing by mutation testing.
"""

from dataclasses import replace
from typing import Any

import pytest
from broken_streams import good
from broken_streams.good import RUN, run
from stories import RUNS, call, cancel, create, error, get, submit

from runs_conformance.contract.checks.tool_outputs import judged
from runs_conformance.contract.judge import Context, Judge
from runs_conformance.contract.model import Exchange, Failure, Headers

ACCEPTED, PARTIAL = "lifecycle.submit.accepted", "lifecycle.submit.partial-refused"
UNKNOWN, STATUS = "lifecycle.submit.unknown-call-refused", "lifecycle.submit.wrong-status-refused"
ROWS = frozenset({ACCEPTED, PARTIAL, UNKNOWN, STATUS})
STREAM = "lifecycle.submit.stream"
Told = tuple[str, str, str, tuple[str, ...], str]
WAITS = get("requires_action")
PATH = f"{RUNS}/{RUN}/submit_tool_outputs"
BROKE = Failure("disconnected", "broke off")


def told(*story: Exchange, rows: frozenset[str] = ROWS) -> list[Told]:
    """Row, exchange, where, expected and actual of each finding; a pass expects nothing."""
    named = [replace(one, id=f"x{number}") for number, one in enumerate(story, 1)]
    found = Judge(Context(), rows).everything(named)
    assert all(one.failed == bool(one.expected) for one in found)
    return [(one.requirement, one.exchange, one.where, one.expected, one.actual) for one in found]


def asks(*ids: str) -> Exchange:
    calls = [{"id": one, "type": "function", "function": {"name": "f", "arguments": "{}"}} for one in ids]
    action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}
    return get("requires_action", required_action=action)


def passes(row: str, exchange: str) -> list[Told]:
    return [(row, exchange, "", (), "")]


def fails(row: str, exchange: str, expected: str, actual: str, where: str = "") -> list[Told]:
    return [(row, exchange, where, (expected,), actual)]


@pytest.mark.parametrize(
    ("before", "outputs", "row", "why"),
    [
        (get("completed"), ["call_1"], STATUS, "the run was completed"),
        (get("expired"), [], STATUS, "the run was expired"),
        (WAITS, ["call_9"], UNKNOWN, 'asked for were ["call_1"]'),
        (WAITS, ["call_1", "call_9"], UNKNOWN, 'asked for were ["call_1"]'),
        (asks("call_2", "call_1"), ["call_3"], UNKNOWN, 'asked for were ["call_1", "call_2"]'),
        (WAITS, [], PARTIAL, '["call_1"] left out'),
        (asks("call_3", "call_2", "call_1"), ["call_2"], PARTIAL, '["call_1", "call_3"] left out'),
    ],
)
def test_what_is_to_be_refused_is_told_with_the_reason(
    before: Exchange, outputs: list[str], row: str, why: str
) -> None:
    expected = f"a 4xx refusal: {why}"
    assert told(before, submit(*outputs)) == fails(row, "x2", expected, "status 200")
    assert told(before, submit(*outputs, status=500)) == fails(row, "x2", expected, "status 500")
    assert told(before, submit(*outputs, status=400)) == passes(row, "x2")


def test_outputs_given_twice_are_refused() -> None:
    once = [WAITS, submit("call_1")]
    expected = "a 4xx refusal: the run was queued"
    assert told(*once, submit("call_1")) == [
        *fails(STATUS, "x3", expected, "status 200"),
        *passes(ACCEPTED, "x2"),
    ]
    # a run that moves may ask for others by then
    assert told(*once, submit("call_2")) == passes(ACCEPTED, "x2")
    assert told(*once, submit()) == passes(ACCEPTED, "x2")
    assert {row for row, *_ in told(*once, submit("call_1", status=400))} == {ACCEPTED, STATUS}


def test_outputs_that_were_refused_are_not_given() -> None:
    assert told(WAITS, submit("call_1", status=400), get("queued"), submit("call_1")) == fails(
        ACCEPTED, "x2", "200 and the run queued", "status 400"
    )
    assert told(get("queued"), submit("call_1", status=500), get("in_progress"), submit("call_1")) == []


def test_each_submission_counts_as_given() -> None:
    story = [WAITS, submit("call_1"), asks("call_2"), submit("call_2"), submit("call_1", "call_2")]
    found = told(*story)
    assert [one for one in found if one[0] == STATUS] == fails(
        STATUS, "x5", "a 4xx refusal: the run was queued", "status 200"
    )


QUEUED = "200 and the run queued"


@pytest.mark.parametrize("status", [400, 409, 500])
def test_a_refusal_of_all_outputs_is_one_if_the_run_still_waited(status: int) -> None:
    refusal = submit("call_1", status=status)
    expected = fails(ACCEPTED, "x2", QUEUED, f"status {status}")
    assert told(WAITS, refusal, WAITS) == expected
    assert told(WAITS, refusal) == []
    assert told(WAITS, refusal, get("expired")) == []
    assert told(WAITS, refusal, get("queued"), WAITS) == []
    assert expected[0] in told(WAITS, refusal, submit("call_1"))
    assert told(WAITS, refusal, submit("call_1", status=400)) == []
    assert told(WAITS, refusal, cancel()) == []


def test_what_was_taken_before_a_refusal_or_failed_after_it_shows_nothing() -> None:
    refused = submit("call_2", status=400)
    story = (WAITS, submit("call_1"), asks("call_2"), refused)
    assert told(*story) == passes(ACCEPTED, "x2")
    assert told(*story, submit("call_2", status=500)) == passes(ACCEPTED, "x2")


def test_another_server_error_says_nothing() -> None:
    assert told(WAITS, submit("call_1", status=501), WAITS) == []


@pytest.mark.parametrize("status", ["cancelling", "cancelled", "expired", "requires_action"])
def test_outputs_that_did_not_move_the_run_on(status: str) -> None:
    assert told(WAITS, submit("call_1", answer=status)) == fails(
        ACCEPTED, "x2", "queued", f"the run {status}", "/status"
    )


def test_outputs_that_moved_the_run_on() -> None:
    assert told(WAITS, submit("call_1")) == passes(ACCEPTED, "x2")
    assert told(asks("call_1", "call_2"), submit("call_1", "call_2")) == passes(ACCEPTED, "x2")
    for status in ("in_progress", "completed"):
        assert told(WAITS, submit("call_1", answer=status)) == []
    assert told(asks("call_9"), submit("call_9", answer="requires_action")) == []
    assert told(WAITS, call("POST", PATH, {}, {"tool_outputs": OUTPUTS})) == []


OUTPUTS = [{"tool_call_id": "call_1", "output": "x"}]
GIVEN = submit("call_1")
assert GIVEN.response is not None
NOTHING: dict[str, tuple[Exchange, ...]] = {
    "nothing known": (submit("call_1"),),
    "only created": (create(), submit("call_1")),
    "no body": (get("completed"), call("POST", PATH, run("queued"))),
    "an ill-formed body": (get("completed"), call("POST", PATH, run("queued"), {"tool_outputs": [{"x": 1}]})),
    "an unknown member": (
        get("completed"),
        call("POST", PATH, run("queued"), {"tool_outputs": OUTPUTS, "vendor_note": 1}),
    ),
    "another call": (get("completed"), get("completed")),
    "another run's": (
        get("completed"),
        call("POST", f"{RUNS}/run_2/submit_tool_outputs", error(), {"tool_outputs": OUTPUTS}),
    ),
    "no calls asked for": (asks(), submit()),
    "turned away": (get("completed"), submit("call_1", status=429)),
}


@pytest.mark.parametrize("story", NOTHING.values(), ids=NOTHING)
def test_of_which_nothing_is_said(story: tuple[Exchange, ...]) -> None:
    assert told(*story) == []
    # nor does it hide what comes after it
    more: Any = told(*story, get("failed"), submit("call_1"))
    assert (STATUS, f"x{len(story) + 2}") in [(row, exchange) for row, exchange, *_ in more]


def test_which_answers_decide() -> None:
    assert judged(GIVEN)
    assert not judged(replace(GIVEN, response=None))
    assert not judged(replace(GIVEN, throttled=True))
    assert GIVEN.response is not None
    assert not judged(replace(GIVEN, response=replace(GIVEN.response, failure=BROKE)))
    stream = good.exchange(good.to_body(good.answered())[:900], "submitToolOutputs", failure=BROKE)
    assert judged(stream)
    for status in (401, 403, 408, 429, 502, 503, 504):
        assert not judged(submit("call_1", status=status))
    assert judged(submit("call_1", status=500))


EVENTS, PLAIN = "text/event-stream", "application/json"


def asked(stream: Any, kind: str | None = PLAIN, status: int = 200) -> list[Told]:
    """What is said of an answer's content type (None: it has other headers only) to outputs with `stream`.

    That a wrong `stream` must be refused is said by another check of the same row.
    """
    body = {"tool_outputs": OUTPUTS} | ({} if stream is ... else {"stream": stream})
    one = call("POST", PATH, run("queued"), body, status)
    assert one.response is not None
    headers = Headers.of({"x-request-id": "r"} if kind is None else {"content-type": kind})
    answer = replace(one.response, headers=headers)
    found = told(replace(one, response=answer), rows=frozenset({STREAM}))
    return [finding for finding in found if finding[2] == "header content-type"]


@pytest.mark.parametrize(
    ("stream", "kind", "wanted", "actual"),
    [
        (True, PLAIN, EVENTS, PLAIN),
        (True, None, EVENTS, "no content-type"),
        *((one, f"{EVENTS}; charset=utf-8", PLAIN, EVENTS) for one in (False, None, ...)),
        (False, "text/json", PLAIN, "text/json"),
    ],
)
def test_an_answer_of_another_kind_than_the_outputs_asked_for(
    stream: Any, kind: str | None, wanted: str, actual: str
) -> None:
    assert asked(stream, kind) == fails(STREAM, "x1", wanted, actual, "header content-type")


def test_an_answer_of_the_kind_that_the_outputs_asked_for() -> None:
    passed = [(STREAM, "x1", "header content-type", (), "")]
    assert asked(True, EVENTS) == asked(False) == asked(None) == asked(...) == passed
    assert asked(1, EVENTS) == asked(1) == asked("no") == asked(0, EVENTS) == []
    assert asked(True, status=400) == asked(False, EVENTS, 500) == []
    bare = call("POST", PATH, run("queued"), {"tool_outputs": OUTPUTS, "stream": True})
    assert bare.response is not None
    for unknown in (None, replace(bare.response, headers=Headers())):
        assert told(replace(bare, response=unknown), rows=frozenset({STREAM})) == []

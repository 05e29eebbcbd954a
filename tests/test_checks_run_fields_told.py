"""What is said of a run's members by its status: which must be null or set, when it expires, to the word.

Found missing by mutation testing.
"""

from typing import Any

import pytest
from broken_streams import good
from broken_streams.good import ASSISTANT, RUN, T0, run
from saying import fails, passes, told
from stories import RUNS, call, cancel, create, get, listing, modify, submit

from runs_conformance.contract.model import Exchange

STARTED, EXPIRY = "lifecycle.started-at", "lifecycle.expires-at-ten-minutes"
ONE_CALL, FIXED, NEW = (
    "lifecycle.parallel-tool-calls-false",
    "lifecycle.expires-at-fixed",
    "lifecycle.new-run-queued",
)

ACTIVE = ("queued", "in_progress", "requires_action", "cancelling")
ENDS = ("completed", "failed", "cancelled", "expired", "incomplete")
STATUSES = (*ACTIVE, *ENDS)
# row, member, statuses in which it is set, statuses in which it is null
MEMBERS: list[tuple[str, str, tuple[str, ...], tuple[str, ...]]] = [
    (
        "lifecycle.required-action-iff",
        "required_action",
        ("requires_action",),
        ("queued", "in_progress", "cancelling", *ENDS),
    ),
    ("lifecycle.last-error-when", "last_error", ("failed",), (*ACTIVE, "completed")),
    (
        "lifecycle.incomplete-details-iff",
        "incomplete_details",
        ("incomplete",),
        (*ACTIVE, "completed", "failed", "cancelled", "expired"),
    ),
    ("lifecycle.usage-null-before-end", "usage", (), ACTIVE),
    ("lifecycle.usage-completed", "usage", ("completed",), ()),
    ("lifecycle.usage-other-ends", "usage", ("failed", "cancelled", "expired", "incomplete"), ()),
    (STARTED, "started_at", ("in_progress", "requires_action", "completed", "incomplete"), ()),
    (
        "lifecycle.completed-at",
        "completed_at",
        ("completed",),
        (*ACTIVE, "failed", "cancelled", "expired"),
    ),
    (
        "lifecycle.failed-at",
        "failed_at",
        ("failed",),
        (*ACTIVE, "completed", "cancelled", "expired", "incomplete"),
    ),
    (
        "lifecycle.cancelled-at",
        "cancelled_at",
        ("cancelled",),
        (*ACTIVE, "completed", "failed", "expired", "incomplete"),
    ),
    ("lifecycle.expires-at-active", "expires_at", ACTIVE, ()),
    ("lifecycle.expires-at-completed", "expires_at", (), ("completed", "incomplete", "failed")),
]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize(("row", "member", "set_in", "null_in"), MEMBERS, ids=lambda one: str(one)[:40])
def test_a_member_is_set_or_null_by_the_status(
    row: str, member: str, set_in: tuple[str, ...], null_in: tuple[str, ...], status: str
) -> None:
    place = f"response /{member}"
    given, null = (told(row, get(status, **{member: value})) for value in (7, None))
    if status in set_in:
        assert (given, null) == (passes(place), fails(place, f"a value while the run is {status}", "null"))
    elif status in null_in:
        assert (null, given) == (passes(place), fails(place, f"null while the run is {status}", 7))
    else:
        assert (given, null) == ([], [])


WRONG = run("completed", failed_at=5)
SAID = "null while the run is completed"


def test_each_run_that_is_shown_is_judged() -> None:
    row = "lifecycle.failed-at"
    assert told(row, listing("runs", [run("queued"), WRONG])) == fails("response /data/1 /failed_at", SAID, 5)
    stream = good.exchange(good.to_body([*good.HEAD, ("thread.run.completed", WRONG)]))
    assert told(row, stream) == fails("event 3 /failed_at", SAID, 5)
    bare = {key: value for key, value in WRONG.items() if key != "failed_at"}
    assert told(row, call("GET", f"{RUNS}/{RUN}", bare)) == []
    assert told(row, call("GET", f"{RUNS}/{RUN}", {**WRONG, "status": None})) == []
    assert told(row, call("GET", f"{RUNS}/{RUN}", {**WRONG, "status": "lost"})) == []


@pytest.mark.parametrize("late", [-2, 2, -600, 60])
def test_another_expiry_than_ten_minutes_is_shown(late: int) -> None:
    actual = f"{T0 + 600 + late}, {600 + late} s after created_at"
    expected = f"created_at + 600 = {T0 + 600}"
    assert told(EXPIRY, get("queued", expires_at=T0 + 600 + late)) == fails(
        "response /expires_at", expected, actual
    )


def test_an_expiry_after_ten_minutes_passes_within_a_second() -> None:
    for late in (-1, 0, 1):
        assert told(EXPIRY, get("queued", expires_at=T0 + 600 + late)) == passes("response /expires_at")
    for odd in (None, "soon", T0 + 6.5, True):
        assert told(EXPIRY, get("queued", expires_at=odd)) == []
        assert told(EXPIRY, get("queued", created_at=odd)) == []
    assert told(EXPIRY, get("queued", created_at=1, expires_at=True)) == []
    assert told(EXPIRY, get("queued", created_at=True, expires_at=601)) == []


def asking(*ids: str, **changes: Any) -> Exchange:
    calls = [{"id": one, "type": "function", "function": {"name": "f", "arguments": "{}"}} for one in ids]
    action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}
    return get("requires_action", required_action=action, **changes)


def test_one_call_at_a_time_where_that_was_asked_for() -> None:
    place = "response /required_action"
    assert told(ONE_CALL, asking("a", "b", parallel_tool_calls=False)) == fails(place, "one call", "2 calls")
    assert told(ONE_CALL, asking("a", parallel_tool_calls=False)) == passes(place)
    assert told(ONE_CALL, asking(parallel_tool_calls=False)) == []
    for other in (True, None, 0):
        assert told(ONE_CALL, asking("a", "b", parallel_tool_calls=other)) == []


BOTH = {"assistant_id": ASSISTANT}
NOT_STARTED, FIRST_START = "null before the run has started", "the time of the first start"


def test_a_new_run_has_not_started() -> None:
    place = "response /started_at"
    both = call("POST", "/threads/runs", run("queued", started_at=5), BOTH)
    assert told(STARTED, create(started_at=5)) == fails(place, NOT_STARTED, 5)
    assert told(STARTED, both) == fails(place, NOT_STARTED, 5)
    assert told(STARTED, create()) == passes(place)
    assert told(STARTED, create("in_progress")) == passes(place)
    assert told(STARTED, create("failed", started_at=None)) == []
    stream = good.exchange(good.to_body([("thread.run.created", run("queued", started_at=5))]))
    assert told(STARTED, stream) == fails("event 0 /started_at", NOT_STARTED, 5)


def test_a_run_queued_by_outputs_has_started() -> None:
    assert told(STARTED, submit(started_at=None)) == fails("response /started_at", FIRST_START, "null")
    assert told(STARTED, submit(started_at=5)) == passes("response /started_at")
    assert told(STARTED, get("queued", started_at=5)) == []
    assert told(STARTED, modify({}, "queued", started_at=5)) == []
    bare = {key: value for key, value in run("queued").items() if key != "started_at"}
    assert told(STARTED, call("POST", RUNS, bare, BOTH)) == []


def test_a_new_run_is_queued() -> None:
    assert told(NEW, create("in_progress")) == fails("response /status", "queued", '"in_progress"')
    assert told(NEW, create()) == passes("response /status")
    assert told(NEW, call("POST", RUNS, run("queued") | {"status": 7}, BOTH)) == []
    assert told(NEW, good.exchange(good.to_body(good.end("failed")))) == []
    assert told(NEW, get("in_progress")) == []


ONCE = "an integer once the run has been in_progress"


def test_once_started_always_started() -> None:
    place = "response /started_at"
    began = get("in_progress")
    assert told(STARTED, began, get("failed", started_at=None)) == [
        *passes(place),
        *fails(place, ONCE, "null", "x2"),
    ]
    assert told(STARTED, began, get("failed")) == [*passes(place), *passes(place, "x2")]
    bare = {key: value for key, value in run("failed").items() if key != "started_at"}
    assert told(STARTED, began, call("GET", f"{RUNS}/{RUN}", bare))[1:] == passes(place, "x2")
    lost = get("failed", started_at=None)
    assert told(STARTED, get("queued", started_at=5), lost) == []
    assert len(told(STARTED, get("in_progress", started_at=None), lost)) == 1
    assert told(STARTED, began, get("failed", id="run_2", started_at=None)) == passes(place)
    # of each run, and after runs of which nothing is to be said
    other = get("queued", id="run_0")
    assert len(told(STARTED, other, began, lost)) == 2
    found = told(STARTED, began, listing("runs", [run("queued", id="run_2"), run("failed", started_at=None)]))
    assert found[1:] == fails("response /data/1 /started_at", ONCE, "null", "x2")


LATER = T0 + 700
GIVEN = call(
    "POST",
    f"{RUNS}/{RUN}/submit_tool_outputs",
    {},
    {"tool_outputs": [{"tool_call_id": "call_1", "output": "x"}]},
)
WAITS = get("requires_action")
KEPT = f"{T0 + 600}, as before the tool outputs"


def test_outputs_do_not_move_the_expiry() -> None:
    place = "response /expires_at"
    assert told(FIXED, WAITS, submit("call_1", expires_at=LATER)) == fails(place, KEPT, LATER, "x2")
    assert told(FIXED, WAITS, submit("call_1")) == passes(place, "x2")
    moved = get("in_progress", expires_at=LATER)
    assert told(FIXED, WAITS, GIVEN, moved) == fails(place, KEPT, LATER, "x3")
    assert told(FIXED, WAITS, GIVEN, listing("runs", [moved.answer])) == fails(
        "response /data/0 /expires_at", KEPT, LATER, "x3"
    )


MOVED = get("in_progress", expires_at=LATER)
NOTHING: dict[str, tuple[Exchange, ...]] = {
    "no outputs": (WAITS, MOVED),
    "outputs before": (GIVEN, WAITS, MOVED),
    "outputs after": (WAITS, MOVED, GIVEN),
    "outputs refused": (WAITS, submit("call_1", status=400), MOVED),
    "another run's outputs": (
        WAITS,
        call("POST", f"{RUNS}/run_2/submit_tool_outputs", {}, GIVEN.request.object),
        MOVED,
    ),
    "a cancel": (WAITS, cancel(status=500), MOVED),
    "not waiting": (get("in_progress"), GIVEN, MOVED),
    "no expiry before": (get("requires_action", expires_at=None), GIVEN, MOVED),
    "no expiry after": (WAITS, GIVEN, get("completed")),
}


@pytest.mark.parametrize("story", NOTHING.values(), ids=NOTHING)
def test_of_which_expiry_nothing_is_said(story: tuple[Exchange, ...]) -> None:
    assert told(FIXED, *story) == []

"""What is said of a stream's events: name, object, state, ids and the opening pairs, to the word.

Found missing by mutation testing.
"""

from typing import Any

import pytest
from broken_streams import good
from broken_streams.good import DONE, RUN, THREAD, THREAD_OBJECT, Blocks, message, run, step

from runs_conformance.contract.checks.events import carrier
from runs_conformance.contract.judge import Context, Judge
from runs_conformance.contract.model import Exchange
from runs_conformance.contract.register import NEWEST

NAMES, ERROR, IDS, PAIRS = "event.names", "event.error", "event.ids-constant", "event.opening-pairs"
OLD = "2024-05-15"
Told = tuple[bool, str, tuple[str, ...], str]
WRITES = {"type": "message_creation", "message_creation": {"message_id": "msg_1"}}
UNNAMED = b'data: {"object":"thread.run"}\n\n'


def told(row: str, *blocks: Any, operation: str = "createRun", edition: str = NEWEST) -> list[Told]:
    """Failed or not, where, expected and actual; a block is a name with its data, or bytes."""
    body = b"".join(one if isinstance(one, bytes) else good.block(*one) for one in blocks)
    return said(row, good.exchange(body, operation), edition)


def said(row: str, one: Exchange, edition: str = NEWEST) -> list[Told]:
    found = Judge(Context(edition=edition), frozenset({row})).everything([one])
    assert all(finding.exchange == "x1" for finding in found)
    return [(finding.failed, finding.where, finding.expected, finding.actual) for finding in found]


def passes(where: str) -> list[Told]:
    return [(False, where, (), "")]


def fails(where: str, expected: str, actual: str) -> list[Told]:
    return [(True, where, (expected,), actual)]


def test_a_misspelt_name_is_shown_among_its_neighbours() -> None:
    blocks = [("thread.run.created", {}), ("vendor.news", {}), ("thread.run.canceled", {}), DONE]
    shown = "0 thread.run.created, 1 vendor.news, >2 thread.run.canceled<, 3 done"
    assert told(NAMES, *blocks) == fails("event 2", "thread.run.cancelled", shown)
    # what has no name, or is the end, is no wrong name, and hides none
    shown = "0 Done [DONE], 1 (no name), >2 message.delta<"
    assert told(NAMES, ("Done", "[DONE]"), UNNAMED, ("message.delta", {})) == fails(
        "event 2", "thread.message.delta", shown
    )


def test_names_that_are_documented_or_resemble_none_pass() -> None:
    assert told(NAMES, ("thread.run.created", {}), ("vendor.news", {})) == passes("event 0")
    assert told(NAMES, ("vendor.news", {})) == passes("event 0")
    assert told(NAMES, DONE) == []
    assert told(NAMES, UNNAMED) == []


RUN_STATES = ("queued", "in_progress", "requires_action", "completed", "incomplete", "failed", "cancelled")
CARRIED: list[tuple[str, str, str, tuple[str, ...]]] = [
    ("thread.created", "event.thread-created", "thread", ()),
    ("thread.run.created", "event.run-created", "thread.run", ("queued",)),
    ("thread.run.expired", "event.run-status", "thread.run", ("expired",)),
    *((f"thread.run.{one}", "event.run-status", "thread.run", (one,)) for one in RUN_STATES),
    ("thread.run.step.created", "event.step-created", "thread.run.step", ("in_progress",)),
    ("thread.run.step.in_progress", "event.step-status", "thread.run.step", ("in_progress",)),
    ("thread.run.step.failed", "event.step-status", "thread.run.step", ("failed",)),
    ("thread.message.created", "event.message-status", "thread.message", ("in_progress",)),
    ("thread.message.incomplete", "event.message-status", "thread.message", ("incomplete",)),
    ("thread.message.delta", "event.deltas", "thread.message.delta", ()),
    ("thread.run.step.delta", "event.deltas", "thread.run.step.delta", ()),
]


@pytest.mark.parametrize(("name", "row", "kind", "states"), CARRIED, ids=str)
def test_another_object_or_state_is_shown(name: str, row: str, kind: str, states: tuple[str, ...]) -> None:
    before = ("vendor.news", {"object": "news"})
    assert carrier(name) == row
    assert told(row, before, (name, {"object": "other"})) == fails("event 1 /object", kind, "other")
    shown = told(row, before, (name, {"object": kind, "status": "lost"}))
    if states:
        assert shown == [(True, "event 1 /status", states, f'"lost" in {name}')]
        assert told(row, (name, {"object": kind}))[0][3] == f"null in {name}"
    else:
        assert shown == passes("event 1 /status")


def test_the_object_is_judged_after_events_that_say_nothing() -> None:
    wrong = ("thread.run.queued", {"object": "thread"})
    row = "event.run-status"
    for before in (("error", {"object": "x"}), ("done", {"object": "x"}), ("thread.run.queued", {}), DONE):
        assert told(row, before) == []
        assert told(row, before, wrong) == fails("event 1 /object", "thread.run", "thread")
    assert [one[1] for one in told(row, wrong, wrong)] == ["event 0 /object", "event 1 /object"]
    # a name that is no text is the schema's business
    assert told(row, ("thread.run.queued", run("queued", object=7))) == passes("event 0 /status")


def test_states_are_those_of_the_edition() -> None:
    row, blocks = "event.run-status", [("thread.run.completed", run("incomplete"))]
    assert told(row, *blocks, edition=OLD) == passes("event 0 /status")
    assert told(row, *blocks) == [
        (True, "event 0 /status", ("completed",), '"incomplete" in thread.run.completed')
    ]
    assert told(row, ("thread.run.incomplete", run("failed")), edition=OLD) == []


def test_a_member_is_shown_at_its_event() -> None:
    blocks: Blocks = [("vendor.news", {}), ("thread.run.created", run("queued", created_at="soon"))]
    [(failed, where, _, actual)] = told("response.run.identity", *blocks)
    assert (failed, where, actual) == (True, "event 1 /created_at", '"soon"')
    bare = {key: value for key, value in run("queued").items() if key != "parallel_tool_calls"}
    assert told("response.run.settings", ("thread.run.created", bare), edition="2024-05-01")[0][0] is False
    assert told("response.run.settings", ("thread.run.created", bare))[0][0] is True


BOOM = {"message": "boom", "type": "server_error", "param": None, "code": None}
FORM = "message, type, param and code, directly or in a member named error"


@pytest.mark.parametrize(
    "shown",
    [BOOM, {"error": BOOM}, {**BOOM, "note": 1}, {"error": {**BOOM, "note": 1}, "note": 1}],
    ids=["bare", "wrapped", "bare and more", "wrapped and more"],
)
def test_an_error_in_either_form_passes(shown: Any) -> None:
    assert told(ERROR, ("thread.run.queued", {}), ("error", shown)) == passes("event 1")


@pytest.mark.parametrize("edition", [OLD, NEWEST])
def test_an_error_in_another_form_is_shown(edition: str) -> None:
    for shown, actual in (({"message": "boom"}, '{"message": "boom"}'), ([], "[]"), ("null", "null")):
        assert told(ERROR, ("error", shown), edition=edition) == fails("event 0", FORM, actual)
    assert told(ERROR, ("error", "no JSON")) == []
    assert told(ERROR, ("error", "no JSON"), ("Error", {"message": 1})) == fails(
        "event 1", FORM, '{"message": 1}'
    )
    assert [one[1] for one in told(ERROR, ("error", []), ("error", []))] == ["event 0", "event 1"]


FIRST = ("thread.run.created", run("queued"))


@pytest.mark.parametrize(
    ("name", "shown", "member", "expected", "actual"),
    [
        ("thread.run.queued", run("queued", id="run_2"), "id", RUN, '"run_2"'),
        ("thread.run.queued", run("queued", thread_id="t_2"), "thread_id", THREAD, '"t_2"'),
        ("thread.run.step.created", step("s", WRITES, run_id="run_2"), "run_id", RUN, '"run_2"'),
        ("thread.run.step.created", step("s", WRITES, run_id=None), "run_id", RUN, "null"),
        ("thread.run.step.created", step("s", WRITES, thread_id="t_2"), "thread_id", THREAD, '"t_2"'),
        ("thread.message.created", message("m", run_id="run_2"), "run_id", RUN, '"run_2"'),
        ("thread.message.created", message("m", run_id=None), "run_id", RUN, "null"),
        ("thread.message.created", message("m", thread_id="t_2"), "thread_id", THREAD, '"t_2"'),
        ("thread.created", {**THREAD_OBJECT, "id": "t_2"}, "id", THREAD, '"t_2"'),
    ],
)
def test_another_run_or_thread_is_shown(
    name: str, shown: Any, member: str, expected: str, actual: str
) -> None:
    found = told(IDS, ("vendor.news", {}), FIRST, (name, shown))
    assert found == fails(f"event 2 /{member}", f'"{expected}"', f"{actual} in {name}")


def test_members_that_are_left_out_are_not_another_run() -> None:
    bare = [{"object": one} for one in ("thread", "thread.run", "thread.run.step", "thread.message", "news")]
    blocks = [
        FIRST,
        *(("vendor.news", {**one, **more}) for one in bare for more in ({}, {"thread_id": None})),
    ]
    assert told(IDS, *blocks) == passes("event 0 /id")
    odd = ("vendor.news", {"object": "news", "id": "x", "run_id": "y", "thread_id": "z"})
    assert told(IDS, FIRST, odd) == passes("event 0 /id")
    assert told(IDS, ("thread.message.created", message("m"))) == []
    assert told(IDS, FIRST, ("thread.run.queued", {"object": "thread.run", "id": None})) == passes(
        "event 0 /id"
    )


def test_the_path_says_which_run_and_thread_are_meant() -> None:
    queued = ("thread.run.queued", run("queued", id="run_2"))
    expected = fails("event 0 /id", f'"{RUN}"', '"run_2" in thread.run.queued')
    assert told(IDS, queued, operation="submitToolOutputs") == expected
    assert told(IDS, queued) == passes("event 0 /id")
    elsewhere = ("thread.run.queued", run("queued", thread_id="t_2"))
    assert told(IDS, elsewhere, operation="createThreadAndRun") == passes("event 0 /id")
    expected = fails("event 0 /thread_id", f'"{THREAD}"', '"t_2" in thread.run.queued')
    assert told(IDS, elsewhere) == expected
    before = ("thread.run.step.completed", step("s", WRITES, thread_id="t_2", run_id="run_2"))
    found = told(IDS, before, ("thread.run.queued", run("queued")), operation="createThreadAndRun")
    assert [(one[1], one[2]) for one in found] == [
        ("event 0 /run_id", (f'"{RUN}"',)),
        ("event 0 /thread_id", (f'"{THREAD}"',)),
    ]


OPENINGS = [
    ("thread.run.created", "thread.run.queued", run("queued")),
    ("thread.run.step.created", "thread.run.step.in_progress", step("s", WRITES)),
    ("thread.message.created", "thread.message.in_progress", message("m")),
]


@pytest.mark.parametrize(("one", "two", "shown"), OPENINGS)
def test_an_object_shown_twice_is_the_same_or_told(one: str, two: str, shown: Any) -> None:
    news = ("vendor.news", {"id": "other"})
    assert told(PAIRS, news, (one, shown), news, (two, shown)) == passes("event 3")
    changed = {key: value for key, value in shown.items() if key != "thread_id"} | {
        "created_at": 1,
        "more": 2,
    }
    expected = fails(
        "event 3", "the object of event 1", 'other values of ["created_at", "thread_id", "more"]'
    )
    assert told(PAIRS, news, (one, shown), news, (two, changed)) == expected
    assert told(PAIRS, (one, shown), (two, {**shown, "new": 1})) == fails(
        "event 1", "the object of event 0", 'other values of ["new"]'
    )


def test_what_is_no_opening_pair() -> None:
    queued = run("queued")
    other = {**queued, "created_at": 1}
    assert told(PAIRS, ("thread.run.created", queued), ("thread.run.queued", {**other, "id": "run_2"})) == []
    assert told(PAIRS, ("thread.run.created", queued), ("thread.run.in_progress", other)) == []
    assert (
        told(PAIRS, ("thread.run.created", queued), ("thread.run.queued", {**other, "status": "lost"})) == []
    )
    # 1 and 1.0 are the same, true is not 1
    assert told(PAIRS, ("thread.run.created", {"id": 1}), ("thread.run.queued", {"id": 1.0})) == passes(
        "event 1"
    )
    # the rest of the stream is looked at too
    blocks = [("thread.run.in_progress", queued), FIRST, ("thread.run.queued", other)]
    assert told(PAIRS, *blocks) == fails("event 2", "the object of event 1", 'other values of ["created_at"]')

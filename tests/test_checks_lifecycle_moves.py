"""What a finding about a run's moves shows, and what was left undecided on purpose.

Found missing by mutation testing: people work with a failure's text and the exchange that it names.
"""

from collections.abc import Sequence

import pytest
from broken_streams import good
from broken_streams.good import RUN, T0, run
from stories import RUNS, call, cancel, create, get, judged, submit

from runs_conformance.contract.findings import Finding
from runs_conformance.contract.model import Exchange, Failure

RETRIEVED = "order.final-state-retrieved"
ENDS = {
    status: good.to_body([*good.HEAD, *good.end(status)])
    for status in ("completed", "failed", "cancelled", "expired", "incomplete")
}
ENDS["requires_action"] = good.to_body(good.waiting())
# No status that is documented.
PAUSED = call("GET", f"{RUNS}/{RUN}", {**run("queued"), "status": "paused"})
ENDS["in_progress"] = good.to_body([*good.HEAD, good.DONE])


def about(row: str, *story: Exchange) -> list[Finding]:
    return [one for one in judged(*story) if one.requirement == row]


def shown(row: str, *story: Exchange) -> list[tuple[str, str, tuple[str, ...], str]]:
    """Exchange, where, expected and actual of each failure."""
    return [(one.exchange, one.where, one.expected, one.actual) for one in about(row, *story) if one.failed]


def streamed(status: str, failure: Failure | None = None) -> Exchange:
    return good.exchange(ENDS[status], failure=failure)


MOVED: dict[str, tuple[str, list[Exchange], tuple[str, str, Sequence[str], str]]] = {
    "final": (
        "lifecycle.final-is-final",
        [create(), get("failed"), get("queued")],
        ("x3", "response /status", ["failed"], "queued, after failed in x2"),
    ),
    "back to queued": (
        "lifecycle.legal-moves",
        [create(), get("in_progress"), get("queued", started_at=T0 + 1)],
        (
            "x3",
            "response /status",
            sorted({*ENDS, "cancelling"}),
            "queued, after in_progress in x2",
        ),
    ),
    "done without outputs": (
        "lifecycle.legal-moves",
        [get("requires_action"), get("completed")],
        (
            "x2",
            "response /status",
            ["cancelled", "cancelling", "expired", "requires_action"],
            "completed, after requires_action in x1",
        ),
    ),
    "cancelling goes on": (
        "lifecycle.cancel.ends",
        [cancel(), get("in_progress")],
        (
            "x2",
            "response /status",
            ["cancelled", "cancelling", "completed", "expired", "failed", "incomplete"],
            "in_progress, after cancelling in x1",
        ),
    ),
    "in an event": (
        "lifecycle.final-is-final",
        [get("failed"), good.exchange(good.to_body(good.end("completed")), "submitToolOutputs")],
        ("x2", "event 0 /status", ["failed"], "completed, after failed in x1"),
    ),
}


@pytest.mark.parametrize(("row", "story", "told"), MOVED.values(), ids=MOVED)
def test_a_wrong_move_is_shown_with_the_statuses_that_were_possible(
    row: str, story: list[Exchange], told: tuple[str, str, Sequence[str], str]
) -> None:
    exchange, where, expected, actual = told
    assert shown(row, *story) == [(exchange, where, tuple(expected), actual)]


MAYBE_CANCELLED = cancel(status=500)
MAYBE_SUBMITTED = submit("call_1", answer="queued", status=500)


@pytest.mark.parametrize(
    ("acts", "status", "failed"),
    [
        ([], "completed", True),
        ([], "cancelled", False),
        ([MAYBE_CANCELLED], "completed", False),
        ([MAYBE_CANCELLED], "queued", True),
        ([MAYBE_SUBMITTED], "queued", False),
        ([MAYBE_SUBMITTED], "completed", False),
    ],
)
def test_a_call_whose_answer_is_lost_may_have_moved_a_waiting_run(
    acts: list[Exchange], status: str, failed: bool
) -> None:
    found = about("lifecycle.legal-moves", get("requires_action"), *acts, get(status))
    assert [one.failed for one in found] == [failed]


@pytest.mark.parametrize(
    "row", ["lifecycle.legal-moves", "lifecycle.final-is-final", "lifecycle.cancel.ends"]
)
@pytest.mark.parametrize("known", ["queued", "cancelling", "completed"])
def test_of_a_status_that_nobody_knows_no_move_is_judged(row: str, known: str) -> None:
    assert not about(row, get(known), PAUSED)
    assert not about(row, PAUSED, get(known))


def test_a_status_that_nobody_knows_hides_no_later_move() -> None:
    story = [PAUSED, get("in_progress"), get("queued")]
    assert [one.exchange for one in about("lifecycle.legal-moves", *story) if one.failed] == ["x3"]


def test_moves_that_are_legal_pass_where_they_were_seen() -> None:
    found = about("lifecycle.legal-moves", create(), get("in_progress"), get("completed"))
    assert [(one.exchange, one.where, one.failed) for one in found] == [
        ("x2", "response /status", False),
        ("x3", "response /status", False),
    ]


@pytest.mark.parametrize(
    ("ended", "read", "expected"),
    [
        ("completed", "in_progress", ("completed",)),
        ("completed", "expired", ("completed",)),
        ("failed", "completed", ("failed",)),
        ("requires_action", "queued", ("requires_action", "expired")),
    ],
)
def test_a_read_that_differs_from_the_streams_end_is_shown(
    ended: str, read: str, expected: tuple[str, ...]
) -> None:
    told = ("x2", "response /status", expected, f"{read}, after a stream that ended with {ended}")
    assert shown(RETRIEVED, streamed(ended), get(read)) == [told]


@pytest.mark.parametrize(
    ("ended", "read"),
    [(end, end) for end in ENDS if end != "in_progress"] + [("requires_action", "expired")],
)
def test_the_read_after_a_stream_shows_its_end(ended: str, read: str) -> None:
    [told] = about(RETRIEVED, streamed(ended), get(read))
    assert (told.failed, told.exchange, told.where) == (False, "x2", "response /status")


BROKE = Failure("disconnected", "the connection broke off")
UNDECIDED: dict[str, list[Exchange]] = {
    "not read": [streamed("completed")],
    "read before": [get("queued"), streamed("completed")],
    "no stream": [create("completed"), get("queued")],
    "broke off": [good.exchange(ENDS["completed"], failure=BROKE), get("in_progress")],
    "ended at no end": [streamed("in_progress"), get("completed")],
    "outputs given": [streamed("requires_action"), submit("call_1"), get("completed")],
    "outputs given, answer lost": [streamed("requires_action"), MAYBE_SUBMITTED, get("completed")],
    "cancelled": [streamed("requires_action"), cancel(), get("cancelled")],
    "cancelled, answer lost": [streamed("requires_action"), MAYBE_CANCELLED, get("cancelled")],
}


@pytest.mark.parametrize("story", UNDECIDED.values(), ids=UNDECIDED)
def test_a_read_that_says_nothing_of_the_streams_end(story: list[Exchange]) -> None:
    assert not about(RETRIEVED, *story)


def test_the_stream_of_a_submission_is_no_act_after_itself() -> None:
    answered = good.exchange(good.to_body(good.answered()), "submitToolOutputs")
    assert [one.exchange for one in about(RETRIEVED, answered, get("in_progress")) if one.failed] == ["x2"]


def test_a_refused_cancel_changes_nothing_after_a_stream() -> None:
    found = about(RETRIEVED, streamed("requires_action"), cancel(status=400), get("cancelled"))
    assert [(one.exchange, one.failed) for one in found] == [("x3", True)]


def test_only_the_first_read_after_a_stream_counts() -> None:
    found = about(RETRIEVED, streamed("completed"), get("completed"), get("queued"))
    assert [(one.exchange, one.failed) for one in found] == [("x2", False)]

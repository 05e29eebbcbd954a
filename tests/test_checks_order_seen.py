"""Which order rules a stream gives an occasion to break: those pass, and only those.

Found missing by mutation testing: a rule that passes where it was never at stake counts as tested.
"""

import pytest
from broken_streams import good
from test_broken_streams import FAULTLESS

from runs_conformance.contract.judge import Judge
from runs_conformance.contract.model import Failure

RUN = {"create-run-start", "run-created-once", "status-forward", "done-last"}
WORKS = {"run-head", "step-bracket", "step-in-progress", "delta-after-created"}
WRITES = {"message-bracket", "message-in-step", "one-message-open"}
TEXT = RUN | WORKS | WRITES | {"run-close-last"}
SEEN = {
    "text": TEXT,
    "two texts": TEXT,
    "hosted tool": TEXT | {"hosted-step-closed"},
    "waiting": RUN | WORKS | {"requires-action-last", "open-tool-step"},
    "with thread": TEXT - {"create-run-start"} | {"create-thread-and-run-start"},
    "answered": TEXT - {"create-run-start", "run-head"} | {"submit-start"},
    "incomplete": TEXT,
    "failed at once": RUN | {"run-close-last"},
    "failed in its message": TEXT,
    "error without done": TEXT - {"done-last", "run-close-last"} | {"error-last"},
    "error with done": RUN | {"run-head", "error-last"},
    "nothing but an error": {"create-run-start", "error-last"},
    "unknown events": TEXT,
}


def judged(body, operation="createRun", **more):
    return [
        one
        for one in Judge().everything([good.exchange(body, operation, **more)])
        if one.requirement.startswith("order.")
    ]


@pytest.mark.parametrize(("name", "rows"), SEEN.items(), ids=SEEN)
def test_a_faultless_stream_decides_what_it_shows(name, rows):
    blocks, operation = FAULTLESS[name]
    found = judged(good.to_body(blocks), operation)
    assert {one.requirement.removeprefix("order.") for one in found} == rows
    assert all(one.exchange == "x1" for one in found)


def cut_after(name):
    """The text stream up to the first event of this name."""
    names = [each for each, _ in good.text()]
    return good.to_body(good.text()[: names.index(name) + 1])


def broken_off(body):
    found = judged(body, failure=Failure("disconnected", "the connection broke off"))
    return {one.requirement.removeprefix("order.") for one in found if not one.failed}


def test_a_stream_that_broke_off_decides_what_it_got_to():
    assert broken_off(cut_after("thread.run.created")) == {"create-run-start", "run-created-once"}
    queued = broken_off(cut_after("thread.run.queued"))
    assert queued == {"create-run-start", "run-created-once", "status-forward"}
    # what must come last can't be told before the end
    ended = broken_off(good.to_body(good.text()[:-1]))
    assert not ended & {"run-close-last", "done-last"}


def test_a_run_that_waits_is_last_only_once_the_stream_has_ended():
    assert "requires-action-last" not in broken_off(good.to_body(good.waiting()[:-1]))


def done_last(body, failure=None):
    return next(one for one in judged(body, failure=failure) if one.requirement == "order.done-last")


@pytest.mark.parametrize(
    ("rest", "failure", "failed"),
    [
        (b"", None, False),
        (b"event: thread.run.completed\ndata: {", Failure("disconnected", "broke off"), False),
        (b"event: thread.run.completed\ndata: {}\n\n", Failure("disconnected", "broke off"), True),
        (b"event: thread.run.completed\ndata: {}", None, True),
        (b"event: a\ndata: {}\n\nevent: b\ndata: {", Failure("disconnected", "broke off"), True),
    ],
)
def test_only_the_block_in_which_a_stream_broke_off_is_not_after_done(rest, failure, failed):
    found = done_last(good.to_body(good.text()) + rest, failure)
    assert found.failed is failed
    if failed:
        assert found.where == f"event {len(good.text())}"
        assert found.expected == ("nothing after done",)


def test_a_step_is_followed_by_its_own_beginning():
    blocks = good.text()
    place = next(index for index, (name, _) in enumerate(blocks) if name == "thread.run.step.in_progress")
    blocks[place] = (blocks[place][0], {**blocks[place][1], "id": "step_other"})
    found = [one for one in judged(good.to_body(blocks)) if one.failed]
    (own,) = [one for one in found if one.requirement == "order.step-in-progress"]
    assert own.where == f"event {place}"
    assert own.expected == ("thread.run.step.in_progress of step_1",)


def test_after_the_end_of_a_step_nothing_is_expected_of_it():
    blocks = good.text()
    place = next(index for index, (name, _) in enumerate(blocks) if name == "thread.run.step.completed")
    blocks.insert(place + 1, blocks[place])
    (found,) = [one for one in judged(good.to_body(blocks)) if one.failed]
    assert (found.requirement, found.where) == ("order.step-bracket", f"event {place + 1}")
    assert found.expected == ("no further event of this object",)


def test_what_a_message_may_go_on_with_is_named():
    blocks = good.text()
    place = next(index for index, (name, _) in enumerate(blocks) if name == "thread.message.in_progress")
    blocks[place : place + 1] = [("thread.message.created", blocks[place][1])]
    found = next(one for one in judged(good.to_body(blocks)) if one.requirement == "order.message-bracket")
    assert set(found.expected) >= {"thread.message.in_progress"}
    assert all(name.startswith("thread.message.") for name in found.expected)


def test_the_first_event_of_a_head_that_is_missing_is_blamed_once():
    blocks = [one for one in good.text() if one[0] != "thread.run.queued"]
    found = [one for one in judged(good.to_body(blocks)) if one.failed]
    assert [(one.requirement, one.where) for one in found] == [("order.run-head", "event 1")]


def rows_of(blocks, operation="createRun", failure=None):
    """Rows that passed and rows that failed."""
    found = judged(good.to_body(blocks), operation, failure=failure)
    told = [
        {one.requirement.removeprefix("order.") for one in found if one.failed is bad}
        for bad in (False, True)
    ]
    return told[0] - told[1], told[1]


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("failed in its message", True),
        ("cancelled", True),
        ("expired", True),
        ("text", False),
        ("incomplete", False),
    ],
)
def test_a_message_ends_with_its_run_only_where_a_run_broke_off_in_one(name, there):
    blocks, operation = FAULTLESS[name]
    found = Judge().everything([good.exchange(good.to_body(blocks), operation)])
    assert any(one.requirement == "lifecycle.message-ends-with-run" for one in found) is there


def test_a_run_that_fails_without_a_message_has_none_to_end():
    blocks, operation = FAULTLESS["failed at once"]
    found = Judge().everything([good.exchange(good.to_body(blocks), operation)])
    assert not any(one.requirement == "lifecycle.message-ends-with-run" for one in found)


def test_a_step_that_only_ends_here_says_nothing_of_its_beginning():
    closing, end = good.answered()[0], good.end("completed")
    passed, _ = rows_of([closing, *end], "submitToolOutputs")
    assert "step-bracket" in passed
    assert "step-in-progress" not in passed


def test_a_stream_of_nothing_but_waiting_ends_in_it():
    waits = [one for one in good.waiting() if one[0] in {"thread.run.requires_action", "done"}]
    assert "requires-action-last" in rows_of(waits, "submitToolOutputs")[0]


def test_the_last_event_may_follow_a_step_wrongly():
    names = [name for name, _ in good.text()]
    begun = good.text()[: names.index("thread.run.step.created") + 1]
    message = next(one for one in good.text() if one[0] == "thread.message.created")
    failed = rows_of([*begun, message], failure=Failure("disconnected", "broke off"))[1]
    assert "step-in-progress" in failed


@pytest.mark.parametrize("early", [0, 1])
def test_a_late_head_is_excused_once(early):
    """What comes before the head is blamed; the head that follows is not, unless it comes twice."""
    head, rest = good.text()[:3], good.text()[3:]
    late = [*head[:early], rest[0], *head[early:]]
    assert "run-created-once" not in rows_of([*late, *rest[1:]])[1]
    assert "run-created-once" in rows_of([*late, head[0], *rest[1:]])[1]
    assert "run-created-once" in rows_of([*head[:1], rest[0], head[0], *head[1:], *rest[1:]])[1]

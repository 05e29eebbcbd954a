"""What is said of a stream's end, and of the step that the stream of the outputs closes first.

Found missing by mutation testing.
"""

from dataclasses import replace
from typing import Any

import pytest
from broken_streams import good
from stories import RUNS, call, create, get, submit
from test_checks_endings_told import OTHER, failed, passed

from runs_conformance.contract.model import Exchange, Failure

LAST, START = "order.done-last", "order.submit-start"
MARKER = "one done event with the data [DONE], last"


def stream(blocks: good.Blocks, operation: str = "createRun", failure: Failure | None = None) -> Exchange:
    return good.exchange(good.to_body(blocks), operation, failure=failure)


# The end


@pytest.mark.parametrize(
    ("blocks", "failure", "actual"),
    [
        ([], None, ">end of the stream<"),
        (good.HEAD[:1], None, "0 thread.run.created, >end of the stream<"),
        (
            good.text()[:-1],
            None,
            "... 10 thread.run.step.completed, 11 thread.run.completed, >end of the stream<",
        ),
        (
            good.HEAD[:1],
            Failure("disconnected", "the connection broke off"),
            "0 thread.run.created, >end of the stream<; the connection broke off",
        ),
        (
            good.HEAD[:1],
            Failure("idle", "nothing for 30 s"),
            "0 thread.run.created, >end of the stream<; nothing for 30 s",
        ),
    ],
    ids=["nothing", "one event", "all but done", "broke off", "fell silent"],
)
def test_a_stream_without_its_end_marker(blocks, failure, actual):
    told = ("x1", "end of the stream", MARKER, actual)
    assert failed(LAST, stream(blocks, failure=failure)) == [told]
    assert passed(LAST, stream(blocks, failure=failure)) == []


@pytest.mark.parametrize(
    ("blocks", "failure"),
    [
        (good.HEAD, Failure("closed", "closed as the case asked")),
        ([*good.HEAD, ("error", good.run("queued"))], None),
        ([("error", {})], Failure("disconnected", "the connection broke off")),
    ],
    ids=["closed by us", "error", "error and broke off"],
)
def test_streams_that_need_no_end_marker(blocks, failure):
    one = stream(blocks, failure=failure)
    assert failed(LAST, one) == passed(LAST, one) == []


@pytest.mark.parametrize("status", [400, 500])
def test_a_refused_stream_has_no_end(status):
    one = stream(good.HEAD)
    assert one.response is not None
    refused = replace(one, response=replace(one.response, status=status))
    assert failed(LAST, refused) == passed(LAST, refused) == []


@pytest.mark.parametrize("one", [create(), submit("call_1"), replace(create(), response=None)])
def test_an_answer_that_is_no_stream_has_no_end(one):
    assert failed(LAST, one) == passed(LAST, one) == []


@pytest.mark.parametrize(
    ("blocks", "told"),
    [
        ([*good.HEAD, good.DONE], []),
        (
            [*good.HEAD, good.DONE, ("vendor.news", {})],
            [
                (
                    "x1",
                    "event 4",
                    "nothing after done",
                    "... 2 thread.run.in_progress, 3 done, >4 vendor.news<, 5 done",
                )
            ],
        ),
    ],
    ids=["half a marker", "an event before it"],
)
def test_half_an_end_marker_after_the_first_is_no_event(blocks, told):
    body = good.to_body(blocks) + b"event: done\ndata: [DONE]\n"
    broken = good.exchange(body, failure=Failure("disconnected", "the connection broke off"))
    assert failed(LAST, broken) == told
    assert passed(LAST, broken) == ([] if told else [("x1", "")])


# The step that waited for the outputs


def ids(blocks: good.Blocks, **names: str) -> good.Blocks:
    """The blocks with other ids."""

    def other(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: other(each) for key, each in value.items()}
        if isinstance(value, list):
            return [other(each) for each in value]
        return names.get(value, value) if isinstance(value, str) else value

    return [(name, other(data)) for name, data in blocks]


def answered(**names: str) -> Exchange:
    return stream(ids(good.answered(), **names), "submitToolOutputs")


WAITING = stream(good.waiting())
# Whether the outputs' stream begins rightly at all is asked of it alone, at no place.
ALONE = ""


@pytest.mark.parametrize("between", [(), (get("requires_action"),), (call("GET", RUNS, {}),)])
def test_the_outputs_close_the_step_that_waited(between):
    story = (WAITING, *between, answered())
    last = f"x{len(story)}"
    assert failed(START, *story) == []
    assert passed(START, *story) == [(last, ALONE), (last, "event 0 /id")]
    told = (last, "event 0 /id", 'the closing of ["step_1"]', '"step_9"')
    assert failed(START, *story[:-1], answered(step_1="step_9")) == [told]


def test_a_closing_without_an_id_is_none_of_the_waiting_steps():
    blocks = good.answered()
    del blocks[0][1]["id"]
    told = ("x2", "event 0 /id", 'the closing of ["step_1"]', "null")
    assert failed(START, WAITING, stream(blocks, "submitToolOutputs")) == [told]


def test_a_step_that_holds_the_calls_waits_and_no_later_one():
    blocks = [*good.HEAD, *good.asks(), *good.computes(2), *good.end("requires_action")]
    blocks[-2][1]["required_action"] = good.ACTION
    assert failed(START, stream(blocks), answered()) == []
    told = ("x2", "event 0 /id", 'the closing of ["step_1"]', '"step_2"')
    assert failed(START, stream(blocks), answered(step_1="step_2")) == [told]


def test_without_the_events_end_the_last_step_of_calls_waits():
    blocks = [*good.HEAD, *ids(good.asks(), step_1="step_0"), *good.asks()]
    assert failed(START, stream(blocks), answered()) == []
    assert len(failed(START, stream(blocks), answered(step_1="step_0"))) == 1


def test_each_round_of_outputs_closes_the_step_of_its_own():
    again = [*good.answered()[:3], *ids(good.asks(), step_1="step_5"), *good.end("requires_action")]
    second = stream(again, "submitToolOutputs")
    assert failed(START, WAITING, second, answered(step_1="step_5")) == []
    told = ("x3", "event 0 /id", 'the closing of ["step_5"]', '"step_1"')
    assert failed(START, WAITING, second, answered()) == [told]


@pytest.mark.parametrize(
    "story",
    [
        (WAITING, answered(run_A1=OTHER, step_1="step_9")),
        (stream(good.text()), answered(step_1="step_9")),
        (answered(step_1="step_9"),),
        (WAITING, stream(good.answered()[1:], "submitToolOutputs")),
        (stream(ids(good.waiting(), run_A1=OTHER)), WAITING, answered()),
    ],
    ids=["another run", "nothing waited", "not seen waiting", "no closing first", "two runs wait"],
)
def test_outputs_of_which_nothing_is_said(story):
    assert [one for one in failed(START, *story) if one[1] == "event 0 /id"] == []


def test_a_stream_that_nobody_asked_for_closes_no_step():
    one = answered(step_1="step_9")
    read = replace(one, request=replace(one.request, method="GET", path=f"{RUNS}/{good.RUN}", body=None))
    assert failed(START, WAITING, read) == []


@pytest.mark.parametrize(("status", "told"), [(200, False), (400, True)])
def test_outputs_that_were_taken_without_a_stream_close_the_step_unseen(status, told):
    """The next round's stream closes a later step; after a refusal the first one still waits."""
    story = (WAITING, submit("call_1", status=status), get("requires_action"), answered(step_1="step_5"))
    assert bool(failed(START, *story)) is told


def test_outputs_for_which_no_stream_waited_hide_nothing_after_them():
    story = (create(), get("requires_action"), submit("call_1"), WAITING, answered())
    assert failed(START, *story) == []
    assert passed(START, *story) == [("x5", ALONE), ("x5", "event 0 /id")]

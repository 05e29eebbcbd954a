"""What lies inside what: each fault, its place and what could have stood there; and where there is none."""

import copy
from typing import Any

import pytest
from broken_streams import good
from broken_streams.good import Blocks

from runs_conformance.contract.checks.nesting import asking_steps, nesting
from runs_conformance.contract.checks.streamview import View

Told = list[tuple[str, int, str]]
INSIDE, ONE, HOSTED = "order.message-in-step", "order.one-message-open", "order.hosted-step-closed"
STEP, MESSAGE, WAITS = "order.step-bracket", "order.message-bracket", "order.open-tool-step"
ENDS = "lifecycle.message-ends-with-run"
NAMED = "an open message_creation step that names msg_1"
CLOSE_MESSAGE, CLOSE_STEP = "the closing of message msg_1 first", "the closing of step step_1 first"
STEP_FIRST = "the closing of message msg_1 before its step closes"


def view(blocks: Blocks, operation: str = "createRun") -> View:
    response = good.exchange(good.to_body(blocks), operation).response
    assert response is not None
    assert response.events is not None
    return View(operation, response.events)


def told(blocks: Blocks) -> Told:
    return [(one.row, one.position, " or ".join(one.expected)) for one in nesting(view(blocks))]


def moved(blocks: Blocks, origin: int, goal: int) -> Blocks:
    left = blocks[:origin] + blocks[origin + 1 :]
    return [*left[:goal], blocks[origin], *left[goal:]]


def less(blocks: Blocks, *places: int) -> Blocks:
    return [one for place, one in enumerate(blocks) if place not in places]


def changed(blocks: Blocks, place: int, **changes: Any) -> Blocks:
    made = copy.deepcopy(blocks)
    made[place][1].update(changes)
    return made


def nameless(blocks: Blocks, *places: int) -> Blocks:
    """Without the ids of these events' objects."""
    made = copy.deepcopy(blocks)
    for place in places:
        del made[place][1]["id"]
    return made


def holds(message: str) -> dict[str, Any]:
    return {"type": "message_creation", "message_creation": {"message_id": message}}


# good.text: run 0 to 2, step 3 and 4, message 5 and 6, its text 7 and 8, closings 9, 10 and 11, done.
TEXT = good.text()
MESSAGES: dict[str, tuple[Blocks, Told]] = {
    "faultless": (TEXT, []),
    "begins before its step": (moved(TEXT, 5, 3), [(INSIDE, 3, NAMED)]),
    "begins after its step": (moved(TEXT, 10, 5), [(INSIDE, 6, NAMED)]),
    "ends after its step": (moved(TEXT, 10, 9), [(INSIDE, 9, STEP_FIRST)]),
    "in no step": (less(TEXT, 3, 4, 10), [(INSIDE, 3, NAMED)]),
    "in a step of another": (
        [*changed(changed(TEXT, 3, step_details=holds("msg_9")), 10, step_details=holds("msg_9"))],
        [(INSIDE, 5, NAMED)],
    ),
    "no step has an id": (nameless(moved(TEXT, 10, 5), 3, 4, 5), []),
    "one event of a step has none": (nameless(moved(TEXT, 10, 5), 4), []),
    "no message has an id": (nameless(moved(TEXT, 10, 5), 6, 7, 8, 9, 10), []),
    "of a step that did not close": (TEXT[:10], []),
    "not closed in a closed step": (less(TEXT, 9), [(MESSAGE, 10, CLOSE_MESSAGE)]),
    "not closed, nor its step": (less(TEXT, 9, 10), [(STEP, 9, CLOSE_STEP), (MESSAGE, 9, CLOSE_MESSAGE)]),
    "never created": (less(TEXT, 5), []),
    "never created, outside": (less(moved(TEXT, 10, 5), 6), []),
}
# Each of two texts takes eight events: 3 to 10 and 11 to 18.
TWO = good.two_texts()
PAIRS: dict[str, tuple[Blocks, Told]] = {
    "faultless": (TWO, []),
    "the second inside the first": (
        moved(TWO, 13, 8),
        [(ONE, 8, CLOSE_MESSAGE), (INSIDE, 8, "an open message_creation step that names msg_2")],
    ),
    "the second right after the first's created": (
        moved(TWO, 13, 6),
        [(ONE, 6, CLOSE_MESSAGE), (INSIDE, 6, "an open message_creation step that names msg_2")],
    ),
    "the second right after the first": (
        moved(TWO, 13, 10),
        [(INSIDE, 10, "an open message_creation step that names msg_2")],
    ),
    "the first never closes": (
        less(moved(TWO, 13, 8), 10),
        [
            (INSIDE, 8, "an open message_creation step that names msg_2"),
            (MESSAGE, 18, CLOSE_MESSAGE),
        ],
    ),
}


@pytest.mark.parametrize(("blocks", "wanted"), [*MESSAGES.values(), *PAIRS.values()], ids=[*MESSAGES, *PAIRS])
def test_messages_lie_in_their_steps_one_at_a_time(blocks: Blocks, wanted: Told) -> None:
    assert told(blocks) == wanted


# good.hosted: the hosted step 3 to 8, then a text 9 to 16.
TOOL = good.hosted()
LATE = [*good.HEAD, *good.writes(1), *good.computes(2), *good.end("completed")]
TOOLS: dict[str, tuple[Blocks, Told]] = {
    "faultless": (TOOL, []),
    "after another step": (LATE, []),
    "closed after the next began": (moved(TOOL, 8, 9), [(HOSTED, 8, CLOSE_STEP)]),
    "the next begins right after its created": (moved(TOOL, 9, 4), [(HOSTED, 4, CLOSE_STEP)]),
    "only created": (
        [*good.HEAD, ("thread.run.step.created", TOOL[8][1]), *good.end("completed")],
        [(STEP, 4, CLOSE_STEP)],
    ),
    "closed at the end": (moved(TOOL, 8, 16), [(HOSTED, 8, CLOSE_STEP)]),
    "never closed, told once": (less(TOOL, 8), [(HOSTED, 8, CLOSE_STEP)]),
    "never closed, two steps later": (
        [*good.HEAD, *good.computes(1)[:-1], *good.writes(2), *good.writes(3), *good.end("completed")],
        [(HOSTED, 8, CLOSE_STEP)],
    ),
    "never closed, the last": (less(LATE, 16), [(STEP, 16, "the closing of step step_2 first")]),
    "never closed, and a text's neither": (
        less(TOOL, 8, 16),
        [(HOSTED, 8, CLOSE_STEP), (STEP, 15, "the closing of step step_2 first")],
    ),
    "the second never closed": (
        [*good.HEAD, *good.computes(1), *good.computes(2)[:-1], *good.writes(3), *good.end("completed")],
        [(HOSTED, 14, "the closing of step step_2 first")],
    ),
    "no id": (nameless(less(TOOL, 8), 3), []),
}


@pytest.mark.parametrize(("blocks", "wanted"), TOOLS.values(), ids=TOOLS)
def test_a_hosted_step_closes_before_the_next_begins(blocks: Blocks, wanted: Told) -> None:
    assert told(blocks) == wanted


def cut(reason: str, end: str, **changes: Any) -> Blocks:
    """The message, at 9, gives one reason, and the run, at 10, another end."""
    return [*good.cut(reason), *good.end(end, **changes)]


def late(end: str) -> Blocks:
    """The run ends, at 9, in an open message."""
    return [*good.cut()[:-1], *good.end(end)]


def wanted(reason: str) -> str:
    return f"thread.message.incomplete of msg_1 with reason {reason} first"


CLOSED = ("thread.run.step.completed", good.answered()[0][1])
CLOSES: dict[str, tuple[Blocks, Told]] = {
    "no end": (TEXT[:9], []),
    "no end, though done": ([*TEXT[:9], good.DONE], []),
    "open step, run failed": ([*good.HEAD, *good.writes(1)[:2], *good.end("failed")], []),
    "open step, run incomplete": ([*good.HEAD, *good.writes(1)[:2], *good.end("incomplete")], []),
    "open step, run completed": (less(TEXT, 10), [(STEP, 10, CLOSE_STEP)]),
    "open step, run not really completed": (changed(less(TEXT, 10), 10, status="failed"), []),
    "open step, waiting": (good.waiting(), []),
    "closed step, waiting": (
        [*good.waiting()[:8], CLOSED, *good.waiting()[8:]],
        [(WAITS, 8, "step step_1 stays open until the outputs are submitted")],
    ),
    "closed step, waiting, one event without id": (
        nameless([*good.waiting()[:8], CLOSED, *good.waiting()[8:]], 4),
        [],
    ),
    "closed step, not waiting": ([*good.waiting()[:8], CLOSED, *good.end("completed")], []),
    "open message, incomplete": (late("incomplete"), [(MESSAGE, 9, CLOSE_MESSAGE)]),
    "open message, failed": (late("failed"), [(ENDS, 9, wanted("run_failed"))]),
    "open message, cancelled": (late("cancelled"), [(ENDS, 9, wanted("run_cancelled"))]),
    "open message, expired": (late("expired"), [(ENDS, 9, wanted("run_expired"))]),
    "failed, as cancelled": (cut("run_cancelled", "failed"), [(ENDS, 9, wanted("run_failed"))]),
    "cancelled, as expired": (cut("run_expired", "cancelled"), [(ENDS, 9, wanted("run_cancelled"))]),
    "expired, as failed": (cut("run_failed", "expired"), [(ENDS, 9, wanted("run_expired"))]),
    "failed": (cut("run_failed", "failed"), []),
    "cancelled": (cut("run_cancelled", "cancelled"), []),
    "expired": (cut("run_expired", "expired"), []),
    "failed, cut before": (cut("max_tokens", "failed"), []),
    "incomplete, as failed": (cut("run_failed", "incomplete"), []),
    "failed after its message": ([*TEXT[:11], *good.end("failed")], []),
}


@pytest.mark.parametrize(("blocks", "wanted"), CLOSES.values(), ids=CLOSES)
def test_what_is_closed_when_the_run_closes(blocks: Blocks, wanted: Told) -> None:
    assert told(blocks) == wanted


def asking(number: int) -> Blocks:
    """A step that asks for call_<number>."""
    holder, opening = f"step_{number}", {"type": "tool_calls", "tool_calls": []}
    first = {"name": "f", "arguments": "{}", "output": None}
    return [
        ("thread.run.step.created", good.step(holder, opening)),
        good.call_piece(holder, id=f"call_{number}", type="function", function=first),
    ]


@pytest.mark.parametrize(
    ("needed", "steps"),
    [
        ({"call_1"}, ["step_1"]),
        ({"call_2"}, ["step_2"]),
        ({"call_1", "call_2"}, ["step_1", "step_2"]),
        ({"call_9"}, ["step_2"]),
        (set(), ["step_2"]),
    ],
)
def test_the_step_that_asks_holds_the_call_or_is_the_last_with_calls(
    needed: set[str], steps: list[str]
) -> None:
    seen = view([*good.HEAD, *asking(1), *asking(2), *good.writes(3)])
    assert asking_steps(seen, frozenset(needed)) == steps


def test_the_only_step_with_calls_asks_whatever_they_are() -> None:
    assert asking_steps(view([*good.HEAD, *asking(1)]), frozenset({"call_9"})) == ["step_1"]


def test_without_a_step_of_calls_none_asks() -> None:
    assert asking_steps(view(TEXT), frozenset({"call_1"})) == []


def test_a_closed_step_that_does_not_ask_may_be_closed() -> None:
    first, second = asking(1), asking(2)
    details = {"type": "tool_calls", "tool_calls": [{"id": "call_1", "type": "function"}]}
    closing = ("thread.run.step.completed", good.step("step_1", details, "completed"))
    action = copy.deepcopy(good.ACTION)
    action["submit_tool_outputs"]["tool_calls"][0]["id"] = "call_2"
    blocks = [*good.HEAD, *first, closing, *second, *good.end("requires_action", required_action=action)]
    assert told(blocks) == []
    action["submit_tool_outputs"]["tool_calls"][0]["id"] = "call_1"
    assert [(row, place) for row, place, _ in told(blocks)] == [(WAITS, 5)]

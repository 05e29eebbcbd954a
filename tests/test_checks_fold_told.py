"""What is said where deltas and what they built are compared: each part, note and call, to the word."""

import copy
from typing import Any

import pytest
from broken_streams import good
from broken_streams.good import ACTION, Blocks, call_piece, message

from runs_conformance.contract.findings import Finding
from runs_conformance.contract.judge import Context, Judge

TEXT, TOOL = "event.fold.message-text", "event.fold.tool-arguments"
Told = list[tuple[str, str, str]]


def found(row: str, blocks: Blocks, operation: str = "createRun") -> list[Finding]:
    one = good.exchange(good.to_body(blocks), operation)
    said = Judge(Context(), frozenset({row})).everything([one])
    assert all(finding.exchange == "x1" for finding in said)
    return said


def failed(row: str, blocks: Blocks) -> Told:
    """Where, expected and actual of each failure."""
    return [(one.where, " or ".join(one.expected), one.actual) for one in found(row, blocks) if one.failed]


def passed(row: str, blocks: Blocks) -> list[str]:
    return [one.where for one in found(row, blocks) if not one.failed]


def delta(*content: Any, identity: str = "msg_1") -> tuple[str, Any]:
    return "thread.message.delta", {"id": identity, "delta": {"content": list(content)}}


def text(index: Any, value: Any, **more: Any) -> dict[str, Any]:
    return {"index": index, "type": "text", "text": {"value": value, **more}}


def part(value: str, *notes: dict[str, Any]) -> dict[str, Any]:
    return {"type": "text", "text": {"value": value, "annotations": list(notes)}}


def closing(*content: Any, status: str = "completed", identity: str = "msg_1") -> tuple[str, Any]:
    return f"thread.message.{status}", message(identity, status, content=list(content))


CREATED = ("thread.message.created", message("msg_1"))
NAMELESS = ("thread.message.delta", {"delta": {"content": [text(0, "lost")]}})
SAME: dict[str, Blocks] = {
    "one part": [CREATED, delta(text(0, "a")), delta(text(0, "b")), closing(part("ab"))],
    "cut off": [CREATED, delta(text(0, "a")), closing(part("a"), status="incomplete")],
    "begun in created": [
        ("thread.message.created", message("msg_1", content=[part("a")])),
        delta(text(0, "b")),
        closing(part("ab")),
    ],
    "created late": [delta(text(0, "b")), CREATED, delta(text(0, "c")), closing(part("bc"))],
    "never created": [delta(text(0, "a")), closing(part("a"))],
    "a refusal": [
        CREATED,
        delta({"index": 0, "type": "refusal", "refusal": "no"}),
        closing({"type": "refusal", "refusal": "no"}),
    ],
    "no text at all": [CREATED, delta(text(0, "")), closing()],
    "a number for a text": [CREATED, delta(text(0, 7)), closing(part(""))],
    "an index that is none": [CREATED, delta(text(0, "a"), text("1", "b")), closing(part("a"))],
    "true for an index": [CREATED, delta(text(0, "a")), delta(text(True, "b")), closing(part("a"))],
    "a nameless delta": [CREATED, NAMELESS, delta(text(0, "a")), closing(part("a"))],
    "another message's": [
        CREATED,
        delta(text(0, "x"), identity="msg_2"),
        delta(text(0, "a")),
        closing(part("a")),
    ],
}


@pytest.mark.parametrize("blocks", SAME.values(), ids=SAME)
def test_a_text_that_is_that_of_its_deltas_passes_where_it_closed(blocks: Blocks) -> None:
    assert failed(TEXT, blocks) == []
    where = f"event {len(blocks) - 1} /content/0"
    assert passed(TEXT, blocks) == [where]


A = [CREATED, delta(text(0, "a"))]
OTHER: dict[str, tuple[Blocks, Told]] = {
    "another text": (
        [*A, closing(part("b"))],
        [("event 2 /content/0", 'the deltas\' text "a"', '"b"')],
    ),
    "cut off with another": (
        [*A, closing(part("b"), status="incomplete")],
        [("event 2 /content/0", 'the deltas\' text "a"', '"b"')],
    ),
    "part lost": ([*A, closing()], [("event 2 /content/0", 'the deltas\' text "a"', '""')]),
    "part added": (
        [*A, closing(part("a"), part("b"))],
        [("event 2 /content/1", 'the deltas\' text ""', '"b"')],
    ),
    "parts in the other order": (
        [CREATED, delta(text(1, "b"), text(0, "a")), closing(part("b"), part("a"))],
        [
            ("event 2 /content/0", 'the deltas\' text "a"', '"b"'),
            ("event 2 /content/1", 'the deltas\' text "b"', '"a"'),
        ],
    ),
    "below nought": (
        [CREATED, delta(text(0, "a"), text(-1, "a")), closing(part("a"))],
        [("event 2 /content/-1", 'the deltas\' text "a"', '""')],
    ),
    "beyond the end": (
        [CREATED, delta(text(0, "a"), text(1, "b")), closing(part("a"))],
        [("event 2 /content/1", 'the deltas\' text "b"', '""')],
    ),
    "a refusal for a text": (
        [*A, closing({"type": "refusal", "refusal": "no"})],
        [("event 2 /content/0", 'the deltas\' text "a"', '"no"')],
    ),
    "after a nameless one": (
        [NAMELESS, *A, closing(part("b"))],
        [("event 3 /content/0", 'the deltas\' text "a"', '"b"')],
    ),
    "begun in created": (
        [
            ("thread.message.created", message("msg_1", content=[part("x")])),
            delta(text(0, "a")),
            closing(part("a")),
        ],
        [("event 2 /content/0", 'the deltas\' text "xa"', '"a"')],
    ),
}


@pytest.mark.parametrize(("blocks", "told"), OTHER.values(), ids=OTHER)
def test_a_text_that_is_not_that_of_its_deltas_is_shown_with_it(blocks: Blocks, told: Told) -> None:
    assert failed(TEXT, blocks) == told


@pytest.mark.parametrize(
    "before",
    [
        [CREATED],
        [],
        [CREATED, ("thread.message.delta", {"id": "msg_1", "delta": "a"})],
        [CREATED, ("thread.message.delta", {"id": "msg_1"})],
        [CREATED, ("thread.message.delta", {"id": 1, "delta": {"content": [text(0, "a")]}})],
        [CREATED, delta(text(0, "x"), identity="msg_2")],
    ],
)
def test_without_deltas_nothing_is_said_of_a_message(before: Blocks) -> None:
    assert found(TEXT, [*before, closing(part("whole"))]) == []


NOTE = {"type": "file_citation", "text": "[1]", "start_index": 0, "end_index": 3}
SECOND = {**NOTE, "text": "[2]"}


def noted(*notes: dict[str, Any]) -> Blocks:
    numbered = [{"index": at, **note} for at, note in enumerate(notes)]
    return [CREATED, delta(text(0, "a", annotations=numbered))]


@pytest.mark.parametrize(
    "shown", [(NOTE, SECOND), (SECOND, NOTE), ({**NOTE, "file_citation": {"file_id": "f"}}, SECOND)]
)
def test_notes_are_the_same_in_any_order_whatever_else_they_carry(shown: tuple[dict[str, Any], ...]) -> None:
    assert failed(TEXT, [*noted(NOTE, SECOND), closing(part("a", *shown))]) == []


def test_notes_that_no_delta_brought_are_not_asked_about() -> None:
    assert failed(TEXT, [*noted(), closing(part("a", NOTE))]) == []


ONE_NOTE = 'the deltas\' annotations ["[\\"file_citation\\", \\"[1]\\", 0, 3]"]'


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"type": "file_path"}, '["[\\"file_path\\", \\"[1]\\", 0, 3]"]'),
        ({"text": "[2]"}, '["[\\"file_citation\\", \\"[2]\\", 0, 3]"]'),
        ({"start_index": 1}, '["[\\"file_citation\\", \\"[1]\\", 1, 3]"]'),
        ({"end_index": 4}, '["[\\"file_citation\\", \\"[1]\\", 0, 4]"]'),
    ],
)
def test_another_note_is_shown(change: dict[str, Any], shown: str) -> None:
    blocks = [*noted(NOTE), closing(part("a", {**NOTE, **change}))]
    assert failed(TEXT, blocks) == [("event 2 /content/0/text/annotations", ONE_NOTE, shown)]


def test_a_note_that_is_lost_with_its_part_is_shown() -> None:
    told = failed(TEXT, [*noted(NOTE), closing()])
    assert [where for where, *_ in told] == ["event 2 /content/0", "event 2 /content/0/text/annotations"]
    assert told[1][2] == "[]"


def function(name: str = "get_weather", arguments: str = '{"city":"Oslo"}') -> dict[str, Any]:
    return {"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}


def waits(*calls: dict[str, Any]) -> tuple[str, Any]:
    action = copy.deepcopy(ACTION)
    action["submit_tool_outputs"]["tool_calls"] = list(calls)
    return "thread.run.requires_action", good.run("requires_action", required_action=action)


def closes(*calls: dict[str, Any], status: str = "completed", step: str = "step_1") -> tuple[str, Any]:
    return f"thread.run.step.{status}", good.step(
        step, {"type": "tool_calls", "tool_calls": list(calls)}, status
    )


# The deltas of a call stand at 5 to 7.
ASKED = [*good.HEAD, *good.asks()]
RIGHT = 'the deltas\' ["get_weather", "{\\"city\\":\\"Oslo\\"}", ""]'


@pytest.mark.parametrize("shown", [waits, closes])
@pytest.mark.parametrize(
    ("call", "actual"),
    [
        (function(name="other"), '["other", "{\\"city\\":\\"Oslo\\"}", ""]'),
        (function(arguments="{}"), '["get_weather", "{}", ""]'),
        ({"id": "call_1", "function": {"name": "get_weather"}}, '["get_weather", "", ""]'),
        ({"id": "call_1"}, '[null, "", ""]'),
        (
            {**function(), "code_interpreter": {"input": "1"}},
            '["get_weather", "{\\"city\\":\\"Oslo\\"}", "1"]',
        ),
    ],
)
def test_another_call_than_that_of_the_deltas_is_shown(shown: Any, call: dict[str, Any], actual: str) -> None:
    assert failed(TOOL, [*ASKED, shown(call)]) == [("event 8 (call_1)", RIGHT, actual)]


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled", "expired"])
def test_a_call_that_is_that_of_its_deltas_passes_where_it_is_shown(status: str) -> None:
    assert passed(TOOL, [*ASKED, waits(function())]) == ["event 8"]
    assert passed(TOOL, [*ASKED, closes(function(), status=status)]) == ["event 8"]


@pytest.mark.parametrize(
    "blocks",
    [
        [*good.HEAD, waits(function())],
        [*good.HEAD, *good.asks()[:2], waits(function())],
        [*good.HEAD, closes(function())],
        [*ASKED, closes(function("x"), step="step_2")],
        [*ASKED, waits({**function("x"), "id": "call_2"})],
        [*ASKED, waits()],
        [*good.HEAD, ("thread.run.step.delta", {"id": "step_1", "delta": "x"}), waits(function("x"))],
        [*good.HEAD, ("thread.run.step.delta", {"id": "step_1"}), closes(function("x"))],
    ],
)
def test_of_a_call_without_deltas_nothing_is_said(blocks: Blocks) -> None:
    assert found(TOOL, blocks) == []


def test_a_call_that_the_deltas_do_not_tell_hides_none_after_it() -> None:
    blocks = [*ASKED, waits({**function("x"), "id": "call_2"}, function("y"))]
    assert [where for where, *_ in failed(TOOL, blocks)] == ["event 8 (call_1)"]


def test_deltas_that_tell_no_call_have_lost_it() -> None:
    empty = ("thread.run.step.delta", {"id": "step_1", "delta": {"step_details": {"type": "tool_calls"}}})
    told = failed(TOOL, [*good.HEAD, empty, waits(function())])
    assert [(where, expected) for where, expected, _ in told] == [
        ("event 4 (call_1)", 'the deltas\' [null, "", ""]')
    ]


def test_the_code_to_run_is_compared() -> None:
    blocks = copy.deepcopy(good.hosted())
    assert passed(TOOL, blocks) == ["event 8"]
    blocks[8][1]["step_details"]["tool_calls"][0]["code_interpreter"]["input"] = "2+2"
    assert failed(TOOL, blocks) == [
        ("event 8 (call_1)", 'the deltas\' [null, "", "1+1"]', '[null, "", "2+2"]')
    ]


def test_calls_of_several_steps_are_asked_for_together() -> None:
    second = call_piece("step_2", id="call_2", type="function", function={"name": "f", "arguments": "{}"})
    other = {"id": "call_2", "type": "function", "function": {"name": "g", "arguments": "{}"}}
    told = failed(TOOL, [*ASKED, second, waits(function("x"), other)])
    assert [where for where, *_ in told] == ["event 9 (call_1)", "event 9 (call_2)"]


def test_the_words_of_a_text_step_are_no_calls() -> None:
    assert found(TOOL, good.text()) == []


def streams(identity: str, kind: str = "function", **call: Any) -> tuple[str, Any]:
    return call_piece("step_2", id=identity, type=kind, **call)


F = {"name": "f", "arguments": "{}"}
SECOND_CALL = {"id": "call_2", "type": "function", "function": F}


@pytest.mark.parametrize(
    ("blocks", "lost"),
    [
        ([streams("call_2", function=F), waits(function())], "call_2"),
        ([streams("call_2", function=F), waits(SECOND_CALL)], "call_1"),
    ],
    ids=["the second", "the first"],
)
def test_a_streamed_call_that_is_not_waited_for_is_told(blocks: Blocks, lost: str) -> None:
    assert failed(TOOL, [*ASKED, *blocks]) == [
        ("event 9 /required_action", 'all calls of the deltas: ["call_1", "call_2"]', f'without ["{lost}"]')
    ]


@pytest.mark.parametrize(
    "blocks",
    [
        [streams("call_2", function=F), waits(SECOND_CALL, function())],
        [streams("call_2", "code_interpreter", code_interpreter={"input": "1"}), waits(function())],
        [streams("", function=F), waits(function())],
        [call_piece("step_2", type="function", function=F), waits(function())],
    ],
    ids=["both waited for", "code that runs by itself", "an empty id", "no id"],
)
def test_no_call_is_left_out_where_each_that_has_an_answer_to_get_is_waited_for(blocks: Blocks) -> None:
    assert failed(TOOL, [*ASKED, *blocks]) == []

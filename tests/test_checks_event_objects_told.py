"""What is said of messages, steps and deltas beyond their schemas: the place, the values, and when nothing.

Found missing by mutation testing.
"""

from dataclasses import replace
from typing import Any

import pytest
from broken_streams import good
from broken_streams.good import RUN, USAGE, call_piece, message, piece, step
from saying import Told, fails, passes, told
from stories import RUNS, call, get, listing, submit

from runs_conformance.contract.model import Exchange

OPENING, COMPLETED = "event.message-opening", "event.message-completed"
INCOMPLETE, SPENT, SEARCH = "event.message-incomplete", "event.step-usage", "event.step-search-content"
OUTPUT, FIRST, INDEXES = "event.step-output", "event.tool-delta.first", "event.delta-indexes"

NEWS = ("vendor.news", {"object": "thread.message", "id": "m"})


def streamed(*blocks: Any, operation: str = "createRun") -> Exchange:
    """A stream that begins with an event nobody knows."""
    return good.exchange(good.to_body([NEWS, *blocks]), operation)


PART = [{"type": "text", "text": {"value": "a", "annotations": []}}]
EMPTY = "role assistant and content []"


@pytest.mark.parametrize("name", ["created", "in_progress"])
def test_a_message_opens_empty(name: str) -> None:
    event = f"thread.message.{name}"
    assert told(OPENING, streamed((event, message("m")))) == passes("event 1")
    for changes, actual in (
        ({"role": "user"}, '{"role": "user", "content": []}'),
        ({"content": None}, '{"role": "assistant", "content": null}'),
        ({"content": [1]}, '{"role": "assistant", "content": [1]}'),
    ):
        assert told(OPENING, streamed((event, message("m", **changes)))) == fails("event 1", EMPTY, actual)
    assert told(OPENING, streamed((event, {"object": "thread.message"}))) == fails(
        "event 1", EMPTY, '{"role": null, "content": null}'
    )
    assert told(OPENING, streamed((event, message("m") | {"object": "message"}))) == []
    assert told(OPENING, streamed((event, {}), (event, message("m")))) == passes("event 2")


def test_a_message_that_is_written_is_no_opening() -> None:
    whole = message("m", "completed", "a")
    assert told(OPENING, streamed(("thread.message.completed", whole))) == []
    assert told(COMPLETED, streamed(("thread.message.created", message("m")))) == []
    assert told(INCOMPLETE, streamed(("thread.message.completed", whole))) == []
    assert told(COMPLETED, streamed(("thread.message.incomplete", message("m", "incomplete")))) == []


FULL = "completed_at set, incomplete_details null"


def test_a_completed_message_says_when_and_nothing_is_missing() -> None:
    name = "thread.message.completed"
    assert told(COMPLETED, streamed((name, message("m", "completed", "a", completed_at=7)))) == passes(
        "event 1"
    )
    for changes, actual in (
        ({"completed_at": None}, '{"completed_at": null, "incomplete_details": null}'),
        ({"completed_at": 7, "incomplete_details": {}}, '{"completed_at": 7, "incomplete_details": {}}'),
        ({"completed_at": None, "incomplete_details": 1}, '{"completed_at": null, "incomplete_details": 1}'),
    ):
        wrong = message("m", "completed", "a", **changes)
        assert told(COMPLETED, streamed((name, wrong))) == fails("event 1", FULL, actual)
    for gone in ("completed_at", "incomplete_details"):
        bare = message("m", "completed", "a", incomplete_details=1, completed_at=None)
        del bare[gone]
        assert told(COMPLETED, streamed((name, bare))) == []


@pytest.mark.parametrize(
    ("details", "actual"), [(None, "null"), ({}, "{}"), ({"reason": 7}, '{"reason": 7}')]
)
def test_an_incomplete_message_says_why(details: Any, actual: str) -> None:
    def judged(shown: Any) -> Told:
        """The schema, which speaks about the same row, names the reason itself or the whole event."""
        found = told(INCOMPLETE, streamed(("thread.message.incomplete", shown)))
        return [one for one in found if one[1].endswith("/incomplete_details")]

    place = "event 1 /incomplete_details"
    wrong = message("m", "incomplete", "a", incomplete_details=details)
    assert judged(wrong) == fails(place, "an object with a reason", actual)
    right = message("m", "incomplete", "a", incomplete_details={"reason": "max_tokens"})
    assert judged(right) == passes(place)
    assert judged({"object": "thread.message"}) == []


SAYS = {"type": "message_creation", "message_creation": {"message_id": "msg_1"}}


@pytest.mark.parametrize(
    ("status", "usage", "expected", "actual"),
    [
        ("in_progress", USAGE, "null while the step is in_progress", '{"prompt_tokens": 20'),
        ("in_progress", 0, "null while the step is in_progress", "0"),
        ("completed", None, "an object while the step is completed", "null"),
    ],
)
def test_a_step_says_what_it_took_at_its_end(status: str, usage: Any, expected: str, actual: str) -> None:
    shown = step("step_1", SAYS, status, usage=usage)
    event = streamed(("thread.run.step.created", shown))
    for one, place in ((listing("steps", [shown]), "response /data/0"), (event, "event 1")):
        [(_, where, wanted, seen)] = told(SPENT, one)
        assert (where, wanted) == (f"{place} /usage", (expected,))
        assert seen.startswith(actual)


def test_what_a_step_took_passes_or_is_not_judged() -> None:
    for status in ("in_progress", "completed"):
        assert told(SPENT, listing("steps", [step("s", SAYS, status)])) == passes("response /data/0 /usage")
        bare = {key: value for key, value in step("s", SAYS, status).items() if key != "usage"}
        assert told(SPENT, listing("steps", [bare])) == []
    for status in ("failed", "cancelled", "expired"):
        assert told(SPENT, listing("steps", [step("s", SAYS, status, usage=USAGE)])) == []
    shown = [step("s", SAYS, "failed"), step("t", SAYS, "completed", usage=None)]
    assert [where for _, where, *_ in told(SPENT, listing("steps", shown))] == ["response /data/1 /usage"]


CONTENT = "step_details.tool_calls[*].file_search.results[*].content"


def searched(*results: Any, query: tuple[str, str] | None = None) -> Exchange:
    found = {"id": "call_1", "type": "file_search", "file_search": {"results": list(results)}}
    shown = step("s", {"type": "tool_calls", "tool_calls": [{}, found]}, "completed")
    return listing("steps", [shown], *(() if query is None else (query,)))


def test_content_of_a_search_comes_only_if_asked_for() -> None:
    place, text = "response /data/0 /step_details", {"content": [{"type": "text", "text": "a"}]}
    expected = f"no content without include[]={CONTENT}"
    wrong = fails(place, expected, "content in a file_search result")
    assert told(SEARCH, searched({}, text)) == wrong
    assert told(SEARCH, searched(text, {})) == wrong
    assert told(SEARCH, searched(text, query=("order", CONTENT))) == wrong
    assert told(SEARCH, searched(text, query=("include[]", "step_details"))) == wrong
    for name in ("include[]", "include"):
        assert told(SEARCH, searched(text, query=(name, CONTENT))) == passes(place)
    for bare in ({}, {"content": None}, {"content": []}):
        assert told(SEARCH, searched(bare)) == passes(place)
    assert told(SEARCH, searched()) == []


def test_content_in_the_stream_of_outputs_is_documented_nowhere() -> None:
    shown = ("thread.run.step.completed", searched({"content": [1]}).answer["data"][0])
    assert told(SEARCH, streamed(shown, operation="submitToolOutputs")) == []
    assert [where for _, where, *_ in told(SEARCH, streamed(shown))] == ["event 1 /step_details"]


def holds(status: str, *outputs: Any, **changes: Any) -> Exchange:
    """A step whose calls call_1, call_2 have these outputs; a tuple for one that is left out."""
    calls = [
        {"id": f"call_{number}", "type": "function", "function": {} if value == () else {"output": value}}
        for number, value in enumerate(outputs, 1)
    ]
    return listing("steps", [step("s", {"type": "tool_calls", "tool_calls": calls}, status, **changes)])


GIVEN = submit("call_1")
PLACE = "response /data/0 /step_details/tool_calls (call_1)"


def test_an_open_call_has_no_output() -> None:
    expected = "null before submission"
    assert told(OUTPUT, holds("in_progress", "rain")) == fails(PLACE, expected, "rain")
    assert told(OUTPUT, holds("in_progress", 0)) == fails(PLACE, expected, "0")
    assert told(OUTPUT, holds("in_progress", None)) == passes(PLACE)
    assert told(OUTPUT, holds("in_progress", ())) == passes(PLACE)
    for status in ("completed", "failed"):
        assert told(OUTPUT, holds(status, "rain")) == []


def test_a_closed_call_shows_what_was_submitted() -> None:
    assert told(OUTPUT, GIVEN, holds("completed", "sunny")) == passes(PLACE, "x2")
    assert told(OUTPUT, GIVEN, holds("completed", "rain")) == fails(PLACE, '"sunny"', "rain", "x2")
    assert told(OUTPUT, GIVEN, holds("completed", None)) == fails(PLACE, '"sunny"', "null", "x2")
    for status in ("in_progress", "failed"):
        assert told(OUTPUT, GIVEN, holds(status, "rain")) == []
    second = PLACE.replace("call_1", "call_2")
    assert told(OUTPUT, submit("call_1", "call_2"), holds("completed", "sunny", "rain")) == fails(
        second, '"sunny"', "rain", "x2"
    )
    assert told(OUTPUT, GIVEN, submit("call_2"), holds("completed", "rain")) == fails(
        PLACE, '"sunny"', "rain", "x3"
    )


SUBMIT = f"{RUNS}/{RUN}/submit_tool_outputs"


def outputs(*entries: Any) -> Exchange:
    return call("POST", SUBMIT, {}, {"tool_outputs": list(entries)})


NOTHING: dict[str, tuple[Exchange, ...]] = {
    "refused": (submit("call_1", status=400),),
    "failed": (submit("call_1", status=500),),
    "no answer": (replace(GIVEN, response=None),),
    "no output": (outputs({"tool_call_id": "call_1"}),),
    "no call": (outputs({"output": "sunny"}),),
    "another call": (outputs({"tool_call_id": "call_2", "output": "sunny"}),),
    "another operation": (call("POST", RUNS, {}, GIVEN.request.object),),
}


@pytest.mark.parametrize("story", NOTHING.values(), ids=NOTHING)
def test_outputs_that_were_not_given_for_the_call(story: tuple[Exchange, ...]) -> None:
    assert told(OUTPUT, *story, holds("completed", "rain")) == []
    assert told(OUTPUT, *story, holds("in_progress", "rain")) == fails(
        PLACE, "null before submission", "rain", "x2"
    )


def test_calls_without_a_function_or_an_id_are_passed_over() -> None:
    for odd in (
        {"id": "call_0", "type": "code_interpreter"},
        {"id": "call_0", "function": None},
        {"function": {"output": "x"}},
        {"id": 7, "function": {"output": "x"}},
    ):
        shown = holds("in_progress", "rain").answer["data"][0]
        shown["step_details"]["tool_calls"].insert(0, odd)
        assert [where for _, where, *_ in told(OUTPUT, listing("steps", [shown]))] == [PLACE]
    assert told(OUTPUT, get("queued")) == []


NAMED = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": ""}}
MORE = {"type": "function", "function": {"arguments": "{}"}}
AN_ID, A_NAME = "an id in the first delta of a call", "function.name in the first delta of a call"
ONCE = "neither id nor function.name after a call's first delta"


def of_step(identity: Any = "s", **changes: Any) -> tuple[str, Any]:
    return call_piece(identity, **changes)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (MORE, AN_ID),
        ({**NAMED, "id": None}, AN_ID),
        ({**NAMED, "function": {"arguments": ""}}, A_NAME),
        ({**NAMED, "function": {"name": "", "arguments": ""}}, A_NAME),
        ({"id": "call_1", "type": "function"}, A_NAME),
        ({"type": "code_interpreter"}, AN_ID),
    ],
)
def test_the_first_delta_of_a_call_names_it(given: dict[str, Any], expected: str) -> None:
    [(_, where, wanted, actual)] = told(FIRST, streamed(of_step(**given)))
    assert (where, wanted) == ("event 1", (expected,))
    assert actual.startswith('{"index": 0')


@pytest.mark.parametrize(
    "again", [{**MORE, "id": "call_1"}, {**MORE, "function": {"name": "f"}}, {"id": "x"}, NAMED]
)
def test_later_deltas_of_a_call_do_not_name_it(again: dict[str, Any]) -> None:
    [(_, where, wanted, _)] = told(FIRST, streamed(of_step(**NAMED), of_step(**MORE), of_step(**again)))
    assert (where, wanted) == ("event 3", (ONCE,))


def test_each_call_of_each_step_is_named_once() -> None:
    hosted = {"id": "call_2", "type": "code_interpreter"}
    second = ("thread.run.step.delta", good.call_piece("s", **NAMED)[1] | {"id": "t"})
    assert told(FIRST, streamed(of_step(**NAMED), of_step(**MORE), second)) == passes("event 1")
    assert told(FIRST, streamed(of_step(**NAMED), of_step(index=1, **hosted))) == passes("event 1")
    wrong = told(
        FIRST, streamed(of_step(**MORE), of_step(**MORE), of_step("t", **MORE), of_step(index=1, **MORE))
    )
    assert [where for _, where, *_ in wrong] == ["event 1", "event 3", "event 4"]
    both = (
        "thread.run.step.delta",
        of_step()[1]
        | {
            "delta": {
                "step_details": {
                    "tool_calls": [
                        {"index": 0, **NAMED},
                        {"index": 1, **MORE},
                    ]
                }
            }
        },
    )
    assert [where for _, where, *_ in told(FIRST, streamed(both))] == ["event 1"]


@pytest.mark.parametrize(
    "odd",
    [
        of_step(7, **MORE),
        of_step(index="0", **MORE),
        of_step(index=None, **MORE),
        ("thread.run.step.delta", {"id": "s", "delta": None}),
        ("thread.run.step.delta", {"id": "s", "delta": {"step_details": {"tool_calls": [MORE]}}}),
        ("thread.run.step.created", of_step(**MORE)[1]),
    ],
)
def test_deltas_of_which_nothing_is_said(odd: tuple[str, Any]) -> None:
    assert told(FIRST, streamed(odd)) == []
    assert told(FIRST, streamed(odd, of_step("z", **MORE)))[0][1] == "event 2"


def parts(identity: Any, *indexes: Any) -> tuple[str, Any]:
    content = [{"index": one, "type": "text", "text": {"value": "a"}} for one in indexes]
    return "thread.message.delta", {
        "id": identity,
        "object": "thread.message.delta",
        "delta": {"content": content},
    }


def calls(identity: Any, *indexes: Any) -> tuple[str, Any]:
    details = {"type": "tool_calls", "tool_calls": [{"index": one, **NAMED} for one in indexes]}
    return "thread.run.step.delta", {"id": identity, "delta": {"step_details": details}}


@pytest.mark.parametrize("made", [parts, calls])
def test_indexes_have_no_gap(made: Any) -> None:
    for before, wrong, free in (((), 1, 0), ((0,), 2, 1), ((0, 1), -1, 2), ((0, 1, 0), 3, 2), ((), -1, 0)):
        for stream in ([made("a", *before), made("a", wrong)], [made("a", *before, wrong)]):
            where = f"event {len(stream)}"
            expected = f"an index from 0 to {free}"
            assert told(INDEXES, streamed(*stream)) == fails(where, expected, f"index {wrong}")
    # told once: the next count from there
    found = told(INDEXES, streamed(made("a", 0), made("a", 5), made("a", 6), made("a", 8)))
    assert [(where, actual) for _, where, _, actual in found] == [
        ("event 2", "index 5"),
        ("event 4", "index 8"),
    ]


@pytest.mark.parametrize("made", [parts, calls])
def test_indexes_are_counted_for_each_object(made: Any) -> None:
    assert told(INDEXES, streamed(made("a", 0), made("a", 0, 1), made("a", 1, 2))) == passes("event 1")
    assert told(INDEXES, streamed(made("a", 0), made("b", 1)))[0][1:3] == (
        "event 2",
        ("an index from 0 to 0",),
    )
    for odd in (True, "1", None, 1.0):
        assert told(INDEXES, streamed(made("a", odd))) == []
        assert told(INDEXES, streamed(made("a", odd, 1)))[0][1] == "event 1"


def test_a_step_and_a_message_count_apart() -> None:
    assert [one[1] for one in told(INDEXES, streamed(parts("a", 0), calls("a", 1)))] == ["event 2"]
    for other in (("vendor.note", calls("a", 7)[1]), ("thread.message.created", parts("a", 7)[1])):
        assert told(INDEXES, streamed(other)) == []
        assert [one[1] for one in told(INDEXES, streamed(other, piece("m", "a"), parts("m", 2)))] == [
            "event 3"
        ]
    assert told(
        INDEXES, streamed(("thread.run.step.delta", {"id": "s", "delta": None}), parts("m", 0))
    ) == passes("event 2")

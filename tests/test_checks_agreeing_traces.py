"""What several answers show: a run and a step read again, what acts answer, calls in steps, a new thread."""

from dataclasses import replace
from typing import Any

import pytest
from broken_streams.good import ACTION, FUNCTION, RUN, T0, THREAD, THREAD_OBJECT, TWICE, USAGE, run, to_body
from broken_streams.good import exchange as streaming
from stories import RUNS, call, cancel, create, error, get, listing, modify, submit
from test_checks_endings_told import OTHER, failed, of_other, one_step, passed, step, steps, streamed

from runs_conformance.contract.model import Exchange, to_bytes

FINAL, KEPT = "lifecycle.final-unchanged", "lifecycle.settings-kept"
CALLS, THREAD_ROW = "response.step.calls-agree", "response.echo.thread"
REASON = {"reason": "max_prompt_tokens"}
FAULT = {"code": "server_error", "message": "Sorry."}


# A run and a step that have ended, read again


@pytest.mark.parametrize(
    ("changes", "where", "expected", "actual"),
    [
        ({"completed_at": T0 + 4}, "/completed_at", str(T0 + 3), str(T0 + 4)),
        ({"failed_at": T0 + 3}, "/failed_at", "null", str(T0 + 3)),
        ({"cancelled_at": T0 + 3}, "/cancelled_at", "null", str(T0 + 3)),
        ({"last_error": FAULT}, "/last_error", "null", '{"code": "server_error", "message": "Sorry."}'),
        ({"incomplete_details": REASON}, "/incomplete_details", "null", '{"reason": "max_prompt_tokens"}'),
        ({"usage": TWICE}, "/usage/prompt_tokens", "20", "40"),
        (
            {"usage": None},
            "/usage",
            '{"prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30}',
            "null",
        ),
    ],
)
def test_an_end_that_is_told_otherwise_later(changes, where, expected, actual):
    told = ("x3", f"response {where}", f"{expected}, as in x2 response", actual)
    assert failed(FINAL, create(), get("completed"), get("completed", **changes)) == [told]
    if {"failed_at", "cancelled_at", "last_error"} & changes.keys():
        told = ("x2", f"response {where}", f"{expected}, as in x1 response", actual)
        assert failed(FINAL, one_step(step("completed")), one_step(step("completed", **changes))) == [told]


@pytest.mark.parametrize(
    "story",
    [
        (get("completed"), get("completed", usage={name: float(count) for name, count in USAGE.items()})),
        (get("completed"), modify({"a": "b"}, metadata={"a": "b"})),
        (get("completed"), get("completed", expires_at=T0 + 5, model="gpt-4")),
        (one_step(step("completed")), steps(step("completed", expires_at=None, metadata={}))),
    ],
    ids=["1.0 for 1", "metadata modified", "not of its end", "step"],
)
def test_an_end_that_stays_as_it_is(story):
    assert failed(FINAL, *story) == []
    assert [one for one, _ in passed(FINAL, *story)] == ["x2"]


@pytest.mark.parametrize(
    "story",
    [
        (get("cancelled"), get("cancelled", usage=TWICE)),
        (get("failed"), get("failed", usage=TWICE)),
        (get("incomplete"), get("incomplete", usage=TWICE)),
        (get("in_progress"), get("completed")),
        (get("completed"), get("in_progress", usage=TWICE)),
        (get("completed"), of_other("completed", usage=TWICE)),
        (one_step(step()), one_step(step("completed"))),
        (one_step(step("cancelled")), one_step(step("cancelled", usage=USAGE))),
        (one_step(step("completed")), one_step(step("completed", "step_2", usage=TWICE))),
        (streamed(("thread.x", run("completed")), ("thread.y", run("completed", usage=TWICE))),),
    ],
    ids=[
        "cancelled run",
        "failed run",
        "incomplete run",
        "runs on",
        "goes back",
        "another run",
        "step ends",
        "cancelled step",
        "another step",
        "one stream",
    ],
)
def test_ends_that_are_not_compared(story):
    assert failed(FINAL, *story) == passed(FINAL, *story) == []


def test_overlapping_readings_of_a_run_are_not_compared():
    one, two = (
        replace(get("completed", usage=usage), started_at=100.0 + at, seconds=1.0)
        for at, usage in ((0, USAGE), (0.5, TWICE))
    )
    assert failed(FINAL, one, two) == []
    assert len(failed(FINAL, one, replace(two, started_at=101.0))) == 1


def writing(message: Any = "msg_1", **changes: Any) -> dict[str, Any]:
    details = {"type": "message_creation", "message_creation": {"message_id": message}}
    return step("completed", details=details, **changes)


def asking(*ids: Any, status: str = "completed", function: Any = FUNCTION, **changes: Any) -> dict[str, Any]:
    called = [{"id": one, "type": "function", "function": function} for one in ids]
    return step(status, details={"type": "tool_calls", "tool_calls": called}, **changes)


@pytest.mark.parametrize(
    ("first", "later", "expected", "actual"),
    [
        (writing(), writing("msg_2"), '"msg_1"', '"msg_2"'),
        (asking("call_1"), asking("call_2"), '["call_1"]', '["call_2"]'),
        (asking("call_1", "call_2"), asking("call_2"), '["call_1", "call_2"]', '["call_2"]'),
        (asking(), asking(7), "[]", '["7"]'),
        (writing(), asking("call_1"), '"msg_1"', '["call_1"]'),
    ],
)
def test_a_completed_step_holds_what_it_held(first, later, expected, actual):
    for again, where in ((steps(later), "response /data/0"), (one_step(later), "response")):
        told = ("x2", f"{where} /step_details", f"{expected}, as in x1", actual)
        assert failed(FINAL, one_step(first), again) == [told]
        assert passed(FINAL, one_step(first), again) == []


@pytest.mark.parametrize(
    ("first", "later"),
    [
        (writing(), writing()),
        (asking("call_1", "call_2"), asking("call_2", "call_1")),
        (asking("call_1", status="in_progress"), asking("call_1", "call_2")),
        (writing(), writing(None)),
        (writing(None), writing()),
        (writing(), step("completed", details={"type": "new"})),
        (step("completed", step_details=None), writing()),
    ],
    ids=["message", "calls in another order", "not completed yet", "none", "then one", "unknown", "null"],
)
def test_what_a_step_holds_that_is_not_told(first, later):
    assert failed(FINAL, one_step(first), one_step(later)) == []


def test_an_end_and_its_content_are_both_told():
    story = (one_step(writing()), one_step(writing("msg_2", usage=None)))
    assert [one[1] for one in failed(FINAL, *story)] == ["response /usage", "response /step_details"]


def test_each_later_reading_is_compared_with_the_first():
    readings = [get("completed", usage=usage) for usage in (USAGE, TWICE, USAGE, None)]
    assert [one[0] for one in failed(FINAL, *readings)] == ["x2", "x4"]
    assert passed(FINAL, *readings) == [("x3", "response")]


# Steps that are left open

OPEN = "a step that has ended, as its run has"


@pytest.mark.parametrize("ended", [get("completed"), listing("runs", [run("completed")])])
def test_a_completed_run_leaves_no_step_in_progress(ended):
    for one, where in (
        (one_step(step()), "response"),
        (steps(step("completed", "a"), step()), "response /data/1"),
    ):
        told = ("x2", f"{where} /status", OPEN, "in_progress")
        assert failed(FINAL, ended, one) == [told]
        assert passed(FINAL, ended, one) == []
    later = (get("completed"), steps(*(step(identity=f"step_{number}") for number in range(5))))
    assert [one[0] for one in failed(FINAL, ended, *later)] == ["x3"] * 3


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled", "expired"])
def test_a_completed_run_has_steps_that_ended(status):
    story = (create(), get("completed"), steps(step(status)))
    assert failed(FINAL, *story) == []
    assert passed(FINAL, *story) == [("x3", "response /data/0 /status")]


@pytest.mark.parametrize(
    "story",
    [
        (steps(step()), get("completed")),
        (get("in_progress"), steps(step())),
        (get("cancelled"), steps(step())),
        (of_other("completed"), steps(step())),
        (get("completed"), steps(step(run_id=OTHER))),
        (streamed(("thread.x", run("completed")), ("thread.y", step())),),
    ],
    ids=["seen before", "run runs on", "cancelled", "another run ended", "another run's step", "one stream"],
)
def test_steps_that_may_still_be_open(story):
    assert failed(FINAL, *story) == passed(FINAL, *story) == []


def test_a_step_is_open_only_when_it_is_surely_seen_later():
    ended, listed = (replace(one, started_at=100.0, seconds=1.0) for one in (get("completed"), steps(step())))
    assert failed(FINAL, ended, listed) == []
    assert len(failed(FINAL, ended, replace(listed, started_at=101.0))) == 1


# What cancel and tool outputs are answered with


@pytest.mark.parametrize(
    ("changes", "where", "expected", "actual"),
    [
        ({"thread_id": "thread_B2"}, "/thread_id", '"thread_A1"', '"thread_B2"'),
        ({"assistant_id": "asst_B2"}, "/assistant_id", '"asst_A1"', '"asst_B2"'),
        ({"created_at": T0 + 1}, "/created_at", str(T0), str(T0 + 1)),
        ({"model": "gpt-4"}, "/model", '"gpt-4o"', '"gpt-4"'),
        ({"response_format": None}, "/response_format", '"auto"', "null"),
        ({"metadata": {"a": "b"}}, "/metadata/a", "nothing", '"b"'),
    ],
)
def test_an_act_that_is_answered_with_another_run(changes, where, expected, actual):
    told = [("x2", f"response {where}", f"{expected}, as in x1 response", actual)]
    assert failed(KEPT, create(), submit("call_1", **changes)) == told
    answer = run("cancelling", **changes)
    assert failed(KEPT, create(), call("POST", f"{RUNS}/{RUN}/cancel", answer, {})) == told


@pytest.mark.parametrize(
    "story",
    [
        (create(), cancel()),
        (create(), submit("call_1", temperature=1, usage=USAGE)),
        (create(), modify({"a": "b"}, "queued"), submit("call_1", metadata={"a": "b"})),
        (create(), submit("call_1"), get("in_progress", model="gpt-4")),
    ],
    ids=["cancel", "1 for 1.0", "metadata modified", "only acts"],
)
def test_an_act_that_is_answered_with_the_run(story):
    assert failed(KEPT, *story) == []
    assert len(passed(KEPT, *story)) == 1


@pytest.mark.parametrize(
    "story",
    [
        (create(), get("in_progress", model="gpt-4")),
        (get("queued"), submit("call_1", model="gpt-4")),
        (create(), submit("call_1", status=400)),
        (create(), submit("call_1", id=OTHER, model="gpt-4")),
        (create(), modify({}, model="gpt-4")),
    ],
    ids=["read again", "made elsewhere", "refused", "another run", "modified"],
)
def test_what_is_no_acts_business(story):
    assert failed(KEPT, *story) == passed(KEPT, *story) == []


def test_only_metadata_may_be_modified_meanwhile():
    acts = (modify({"a": "b"}, "queued"), submit("call_1", thread_id="thread_B2", metadata={"a": "b"}))
    told = ("x3", "response /thread_id", '"thread_A1", as in x1 response', '"thread_B2"')
    assert failed(KEPT, create(), *acts) == [told]


def test_each_run_is_compared_with_its_own_create():
    second = create(id=OTHER, model="gpt-4")
    answer = run("cancelling", id=OTHER, model="gpt-4")
    stopped = call("POST", f"{RUNS}/{OTHER}/cancel", answer, {})
    assert failed(KEPT, create(), second, stopped, submit("call_1")) == []
    [told] = failed(KEPT, create(), create(id=OTHER), submit("call_1"), stopped)
    assert told[:3] == ("x4", "response /model", '"gpt-4o", as in x2 response')
    lone = call("POST", "/threads/thread_A1/runs/run_C3/cancel", run("cancelling", id="run_C3"), {})
    assert len(failed(KEPT, lone, create(id=OTHER), stopped)) == 1


def test_of_streams_the_first_event_counts():
    made = streamed(("thread.x", run("queued")), ("thread.y", run("in_progress", model="gpt-4")))
    [told] = failed(KEPT, made, submit("call_1", model="gpt-4"))
    assert told[2] == '"gpt-4o", as in x1 event 0'
    assert failed(KEPT, made, submit("call_1")) == []


# Calls, in what the run asks for and in its steps

WAITING = get("requires_action")


def waiting_for(*calls: dict[str, Any]) -> Exchange:
    action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": list(calls)}}
    return get("requires_action", required_action=action)


@pytest.mark.parametrize(
    ("function", "member", "expected", "actual"),
    [
        ({**FUNCTION, "name": "get_time"}, "name", '"get_weather"', '"get_time"'),
        ({**FUNCTION, "arguments": ""}, "arguments", r'"{\"city\":\"Oslo\"}"', '""'),
        (
            {**FUNCTION, "arguments": '{"city": "Oslo"}'},
            "arguments",
            r'"{\"city\":\"Oslo\"}"',
            r'"{\"city\": \"Oslo\"}"',
        ),
    ],
)
def test_a_call_that_its_completed_step_tells_otherwise(function, member, expected, actual):
    shown = asking("call_1", function=function)
    path = f"/step_details/tool_calls (call_1)/function/{member}"
    for one, where in (
        (one_step(shown), "response"),
        (steps(shown), "response /data/0"),
        (streamed(("thread.x", shown)), "event 0"),
    ):
        told = ("x2", f"{where} {path}", f"{expected}, as in required_action", actual)
        assert failed(CALLS, WAITING, one) == [told]
    assert [one[0] for one in failed(CALLS, one_step(shown), WAITING)] == ["x1"]


def test_long_arguments_are_told_from_where_they_part():
    asked, told = (f'{{"a": "{"x" * 200}{end}"}}' for end in ("y", "z"))
    story = (
        waiting_for({"id": "call_1", "function": {"name": "f", "arguments": asked}}),
        one_step(asking("call_1", function={"name": "f", "arguments": told})),
    )
    [found] = failed(CALLS, *story)
    assert found[2] == r'"xxxxxxxxxxy\"}" from character 197 on (210 characters), as in required_action'
    assert found[3] == r'"xxxxxxxxxxz\"}" from character 197 on (210 characters)'


@pytest.mark.parametrize(
    "shown",
    [
        asking("call_1"),
        asking("call_1", function={**FUNCTION, "output": "sunny"}),
        asking("call_2", function={"name": "x", "arguments": "y"}),
        asking("call_1", status="in_progress", function={**FUNCTION, "arguments": '{"ci'}),
        asking("call_1", status="cancelled", function={**FUNCTION, "arguments": '{"ci'}),
        asking("call_1", run_id=OTHER, function={"name": "x", "arguments": "y"}),
        asking("call_1", function={"name": None, "arguments": 7}),
        asking(None, 7, ["call_1"], {}, function={"name": "x", "arguments": "y"}),
        writing(),
    ],
    ids=[
        "as asked",
        "with output",
        "another call",
        "half its arguments",
        "cancelled",
        "another run's",
        "no strings",
        "ids that are none",
        "no calls",
    ],
)
def test_a_call_that_its_step_does_not_tell_otherwise(shown):
    assert failed(CALLS, WAITING, one_step(shown)) == []


def test_calls_without_ids_are_not_taken_for_each_other():
    bare = {"type": "function", "function": {"name": "f", "arguments": "{}"}}
    shown = step("completed", details={"type": "tool_calls", "tool_calls": [bare | {"function": FUNCTION}]})
    for asked in (bare, bare | {"id": None}, bare | {"id": "None"}):
        assert failed(CALLS, waiting_for(asked), one_step(shown)) == []
    assert failed(CALLS, waiting_for(bare), steps()) == []


def test_the_calls_as_they_were_asked_first_are_meant():
    changed = waiting_for({"id": "call_1", "function": {"name": "f", "arguments": "{}"}})
    assert failed(CALLS, WAITING, changed, one_step(asking("call_1"))) == []


@pytest.mark.parametrize(
    ("listed", "missing"),
    [
        (steps(), ["call_1"]),
        (steps(asking("call_2", status="in_progress")), ["call_1"]),
        (steps(writing(), step()), ["call_1"]),
        (listing("steps", [], ("limit", "100"), ("order", "asc")), ["call_1"]),
    ],
)
def test_a_list_of_steps_without_a_call_is_told(listed, missing):
    shown = str(missing).replace("'", '"')
    told = ("x2", "response /data/*/step_details/tool_calls")
    wanted = 'the calls that the run asked for: ["call_1"]'
    assert failed(CALLS, WAITING, listed) == [(*told, wanted, f"without {shown}")]


def test_only_what_lacks_is_named():
    asked = waiting_for(*({"id": one, "function": FUNCTION} for one in ("call_1", "call_2", "call_3")))
    [told] = failed(CALLS, asked, steps(asking("call_2", status="in_progress"), asking("call_9")))
    assert told[2] == 'the calls that the run asked for: ["call_1", "call_2", "call_3"]'
    assert told[3] == 'without ["call_1", "call_3"]'


@pytest.mark.parametrize(
    "story",
    [
        (WAITING, listing("steps", [], ("after", "step_1"))),
        (WAITING, listing("steps", [], ("before", "step_1"))),
        (WAITING, steps(has_more=True)),
        (WAITING, steps(has_more=None)),
        (WAITING, steps(asking(run_id=OTHER))),
        (WAITING, steps({"id": "step_1", "object": "step"})),
        (WAITING, call("GET", f"{RUNS}/{OTHER}/steps", {"object": "list", "data": [], "has_more": False})),
        (WAITING, call("GET", f"{RUNS}/{RUN}/steps", {**error(), "data": [], "has_more": False}, status=500)),
        (WAITING, listing("messages", [])),
        (steps(), WAITING),
        (get("in_progress"), steps()),
        (of_other("requires_action", required_action=ACTION), steps()),
    ],
    ids=[
        "after",
        "before",
        "has more",
        "has more is null",
        "another run's step",
        "no step",
        "another run's",
        "refused",
        "messages",
        "listed before",
        "none asked",
        "another run asked",
    ],
)
def test_lists_that_need_not_hold_the_calls(story):
    assert failed(CALLS, *story) == passed(CALLS, *story) == []


def test_a_list_with_every_call():
    for shown in (asking("call_1", status="in_progress"), asking("call_1")):
        assert failed(CALLS, WAITING, steps(writing(), shown)) == []
        assert [one for one, _ in passed(CALLS, WAITING, steps(writing(), shown))] == ["x2"]


# The thread that was made with a run

GIVEN = {
    "metadata": {"a": "b"},
    "tool_resources": {
        "code_interpreter": {"file_ids": ["file_1", "file_2"]},
        "file_search": {"vector_store_ids": ["vs_1"]},
    },
}


def made(given: Any, **body: Any) -> Exchange:
    sent = {"assistant_id": "asst_A1", "thread": given, **body}
    return call("POST", "/threads/runs", run("queued"), sent)


def thread(method: str = "GET", **changes: Any) -> Exchange:
    return call(
        method, f"/threads/{THREAD}", THREAD_OBJECT | GIVEN | changes, {} if method == "POST" else None
    )


def resources(files: Any, stores: Any) -> dict[str, Any]:
    return {
        "tool_resources": {
            "code_interpreter": {"file_ids": files},
            "file_search": {"vector_store_ids": stores},
        }
    }


@pytest.mark.parametrize(
    ("changes", "where", "expected", "actual"),
    [
        ({"metadata": {}}, "/metadata/a", '"b"', "nothing"),
        ({"metadata": {"a": "c"}}, "/metadata/a", '"b"', '"c"'),
        ({"metadata": None}, "/metadata", '{"a": "b"}', "null"),
        ({"metadata": {"a": "b", "c": "d"}}, "/metadata/c", "nothing", '"d"'),
        (
            resources(["file_1"], ["vs_1"]),
            "/tool_resources/code_interpreter/file_ids",
            '["file_1", "file_2"]',
            '["file_1"]',
        ),
        (
            resources("file_1", ["vs_1"]),
            "/tool_resources/code_interpreter/file_ids",
            '["file_1", "file_2"]',
            '"file_1"',
        ),
        (
            resources(["file_1", "file_2"], ["vs_2"]),
            "/tool_resources/file_search/vector_store_ids",
            '["vs_1"]',
            '["vs_2"]',
        ),
        (
            resources(["file_1", "file_2"], None),
            "/tool_resources/file_search/vector_store_ids",
            '["vs_1"]',
            "null",
        ),
    ],
)
def test_a_new_thread_that_is_not_what_was_given(changes, where, expected, actual):
    told = ("x2", f"response {where}", expected, actual)
    assert failed(THREAD_ROW, made(GIVEN), thread(**changes)) == [told]


def test_a_new_thread_without_any_tool_resources():
    found = failed(THREAD_ROW, made(GIVEN), thread(tool_resources=None))
    assert [one[3] for one in found] == ["null", "null"]
    bare = {key: value for key, value in THREAD_OBJECT.items() if key in ("id", "object")}
    shown = call("GET", f"/threads/{THREAD}", bare)
    assert failed(THREAD_ROW, made(GIVEN), shown) == passed(THREAD_ROW, made(GIVEN), shown) == []


@pytest.mark.parametrize(
    ("given", "changes", "judged"),
    [
        (GIVEN, {}, 3),
        (GIVEN, resources(["file_2", "file_1"], ["vs_1"]), 3),
        (GIVEN, resources(["file_1", "file_2", "file_of_a_message"], ["vs_1"]), 3),
        ({**GIVEN, **resources(["file_1", "file_1"], [])}, resources(["file_1"], []), 2),
        (
            {},
            {"metadata": {}, "tool_resources": {"code_interpreter": {"file_ids": ["file_of_a_message"]}}},
            1,
        ),
        ({"metadata": None}, {"metadata": {}}, 1),
        ({}, {"metadata": None}, 0),
    ],
    ids=[
        "as given",
        "another order",
        "a message's file too",
        "named twice",
        "nothing given",
        "null",
        "null shown",
    ],
)
def test_a_new_thread_as_it_was_given(given, changes, judged):
    story = (made(given), thread(**changes))
    assert failed(THREAD_ROW, *story) == []
    assert len(passed(THREAD_ROW, *story)) == judged


@pytest.mark.parametrize(
    "story",
    [
        (made(GIVEN), thread("POST"), thread(metadata={})),
        (made(None), thread(metadata={"x": "y"})),
        (made([]), thread(metadata={"x": "y"})),
        (made({"metadata": {"a": 7}}), thread(metadata={"a": "7"})),
        (made({"metadata": {"a": "b"}}, model=""), thread(metadata={"a": "b"}, id="thread_B2")),
        (
            call("POST", "/threads/runs", error(), {"assistant_id": "a", "thread": GIVEN}, 400),
            thread(metadata={}),
        ),
        (create(body={"thread": GIVEN}), thread(metadata={})),
        (made(GIVEN), call("POST", "/threads", THREAD_OBJECT, {})),
    ],
    ids=[
        "modified",
        "none given",
        "no object given",
        "breaks the contract",
        "another thread",
        "refused",
        "another operation",
        "made apart",
    ],
)
def test_threads_that_are_not_compared(story):
    assert failed(THREAD_ROW, *story) == passed(THREAD_ROW, *story) == []


def test_a_breach_elsewhere_in_the_body_leaves_the_thread_judged():
    [told] = failed(THREAD_ROW, made({"metadata": {"a": "b"}}, temperature=9), thread(metadata={}))
    assert told[1] == "response /metadata/a"


def test_the_event_of_a_new_thread_is_judged():
    events = [("thread.created", THREAD_OBJECT), ("thread.run.x", run("queued"))]
    one = streaming(to_body(events), "createThreadAndRun")
    body = to_bytes({"assistant_id": "asst_A1", "stream": True, "thread": GIVEN})
    told = failed(THREAD_ROW, replace(one, request=replace(one.request, body=body)))
    assert [each[1] for each in told] == [
        "event 0 /metadata/a",
        "event 0 /tool_resources/code_interpreter/file_ids",
        "event 0 /tool_resources/file_search/vector_store_ids",
    ]

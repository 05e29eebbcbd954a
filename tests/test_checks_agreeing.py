"""What one stream shows more than once: its run's settings, whose its messages and steps are, their times."""

from typing import Any

import pytest
from broken_streams.good import (
    HEAD,
    RUN,
    T0,
    THREAD_OBJECT,
    message,
    run,
    to_body,
)
from broken_streams.good import exchange as streaming
from stories import RUNS, answer_message, call, create, get, listing, modify
from test_checks_endings_told import failed, one_step, passed, step, steps, streamed

from runs_conformance.contract.model import Exchange

RUN_ROW, PARTS_ROW, TIMES_ROW = "event.run-constant", "event.parts-constant", "response.timestamp.parts"
OTHER_ASSISTANT = "asst_B2"


def of_run(*shown: dict[str, Any]) -> Exchange:
    """A stream of run events, each the run as it is given here."""
    return streamed(*((f"thread.run.{one['status']}", one) for one in shown))


# The run's settings in all its events


@pytest.mark.parametrize(
    ("changes", "where", "expected", "actual"),
    [
        ({"assistant_id": "asst_B2"}, "/assistant_id", '"asst_A1"', '"asst_B2"'),
        ({"created_at": T0 + 1}, "/created_at", str(T0), str(T0 + 1)),
        ({"model": "gpt-4"}, "/model", '"gpt-4o"', '"gpt-4"'),
        ({"instructions": "Be brief."}, "/instructions", "null", '"Be brief."'),
        ({"tools": [{"type": "file_search"}]}, "/tools", "[]", '[{"type": "file_search"}]'),
        ({"temperature": 0.5}, "/temperature", "1.0", "0.5"),
        ({"temperature": True}, "/temperature", "1.0", "true"),
        ({"top_p": None}, "/top_p", "1.0", "null"),
        ({"max_prompt_tokens": 256}, "/max_prompt_tokens", "null", "256"),
        ({"max_completion_tokens": 256}, "/max_completion_tokens", "null", "256"),
        (
            {"truncation_strategy": {"type": "auto", "last_messages": 4}},
            "/truncation_strategy/last_messages",
            "null",
            "4",
        ),
        ({"tool_choice": "none"}, "/tool_choice", '"auto"', '"none"'),
        ({"parallel_tool_calls": 1}, "/parallel_tool_calls", "true", "1"),
        ({"response_format": {"type": "text"}}, "/response_format", '"auto"', '{"type": "text"}'),
        ({"metadata": {"a/b": "c"}}, "/metadata/a~1b", "nothing", '"c"'),
    ],
)
def test_a_setting_that_changes_between_a_runs_events_is_told(changes, where, expected, actual):
    stream = of_run(run("queued"), run("in_progress"), run("completed", **changes))
    told = ("x1", f"event 2 {where}", f"{expected}, as in event 0", actual)
    assert failed(RUN_ROW, stream) == [told]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"temperature": 1, "top_p": 1},
        {"truncation_strategy": {"last_messages": None, "type": "auto"}},
        {"id": "run_B2", "model": "gpt-4", "metadata": {"a": "b"}},
    ],
    ids=["nothing", "1 for 1.0", "other order of keys", "another run"],
)
def test_what_is_no_change_of_a_run_is_not_told(changes):
    stream = of_run(run("queued"), run("in_progress"), run("completed", **changes))
    assert failed(RUN_ROW, stream) == []
    assert passed(RUN_ROW, stream) == [("x1", "event 1"), ("x1", "event 1")]


def test_a_setting_that_one_event_leaves_out_is_the_schemas_business():
    bare = {"id": RUN, "object": "thread.run", "status": "completed"}
    for shown in ((run("queued"), bare), (bare, run("completed"))):
        assert failed(RUN_ROW, of_run(*shown)) == passed(RUN_ROW, of_run(*shown)) == []
    lacks_one = {key: value for key, value in run("completed", model="gpt-4").items() if key != "top_p"}
    [told] = failed(RUN_ROW, of_run(run("queued"), lacks_one))
    assert told[1] == "event 1 /model"


def test_a_run_that_is_shown_once_agrees_with_nothing():
    assert failed(RUN_ROW, of_run(run("queued"))) == passed(RUN_ROW, of_run(run("queued"))) == []
    assert passed(RUN_ROW, create(), get("completed", model="gpt-4")) == []


def test_metadata_may_be_modified_while_the_run_is_streamed():
    stream = of_run(run("queued"), run("completed", metadata={"a": "b"}))
    assert failed(RUN_ROW, stream, modify({"a": "b"})) == []
    assert passed(RUN_ROW, stream, modify({"a": "b"})) == [("x1", "event 1")]
    assert len(failed(RUN_ROW, of_run(run("queued"), run("completed", model="x")), modify({}))) == 1


def test_metadata_is_judged_in_every_stream_of_the_thread():
    changed = (run("in_progress"), run("completed", metadata={"a": "b"}))
    second = streaming(to_body([("thread.run.x", one) for one in changed]), "submitToolOutputs")
    found = failed(RUN_ROW, get("queued"), of_run(*changed), second)
    assert [one[:2] for one in found] == [("x2", "event 1 /metadata/a"), ("x3", "event 1 /metadata/a")]
    assert failed(RUN_ROW, listing("runs", [run("queued"), run("completed", metadata={"a": "b"})])) == []


def test_three_changed_settings_of_a_stream_are_enough():
    changes = dict.fromkeys(("model", "instructions", "tool_choice", "response_format"), "x")
    found = failed(RUN_ROW, of_run(run("queued"), *(run("in_progress", **changes) for _ in range(9))))
    assert [one[1] for one in found] == [
        f"event 1 /{name}" for name in ("model", "instructions", "tool_choice")
    ]


# Messages and steps


def parts(*shown: dict[str, Any], head: Any = HEAD) -> Exchange:
    return streamed(*head, *(("thread.x", one) for one in shown))


MESSAGES = {"msg_1": message("msg_1"), "msg_2": message("msg_2", created_at=T0 + 9)}


@pytest.mark.parametrize(
    ("shown", "where", "expected", "actual"),
    [
        (message("msg_1", assistant_id="asst_B2"), "/assistant_id", "asst_A1, the run's", '"asst_B2"'),
        (message("msg_1", assistant_id=None), "/assistant_id", "asst_A1, the run's", "null"),
        (step(assistant_id="asst_B2"), "/assistant_id", "asst_A1, the run's", '"asst_B2"'),
        (message("msg_1", created_at=T0), "/created_at", f"{T0 + 1}, as in event 3", str(T0)),
        (message("msg_1", role="user"), "/role", '"assistant", as in event 3', '"user"'),
        (step(created_at=T0), "/created_at", f"{T0 + 1}, as in event 4", str(T0)),
        (step(type="message_creation"), "/type", '"tool_calls", as in event 4', '"message_creation"'),
    ],
)
def test_a_part_that_is_another_than_it_was_is_told(shown, where, expected, actual):
    stream = parts(message("msg_1"), step(), shown)
    assert failed(PARTS_ROW, stream) == [("x1", f"event 5 {where}", expected, actual)]


@pytest.mark.parametrize(
    "shown",
    [
        message("msg_1", "completed", "Hello", metadata={"a": "b"}),
        message("msg_2", created_at=T0 + 9),
        step("completed"),
        step(identity="step_2", created_at=T0 + 9, type="message_creation"),
        {"id": "msg_1", "object": "thread.message"},
        {"id": "msg_1", "object": "thread.message.delta", "assistant_id": "asst_B2", "role": "user"},
    ],
)
def test_a_part_that_stays_what_it_was(shown):
    stream = parts(message("msg_1"), step(), shown)
    assert failed(PARTS_ROW, stream) == []
    assert passed(PARTS_ROW, stream) == [("x1", "event 3 /assistant_id")]


@pytest.mark.parametrize("identity", [None, 7])
def test_parts_without_an_id_are_not_taken_for_each_other(identity):
    shown = [message("x", created_at=T0 + at, role=role) for at, role in ((1, "assistant"), (2, "user"))]
    stream = parts(*(one | {"id": identity} for one in shown))
    assert failed(PARTS_ROW, stream) == []


def test_without_a_run_whose_the_parts_are_is_not_known():
    shown = (message("msg_1", assistant_id=OTHER_ASSISTANT), step())
    assert failed(PARTS_ROW, parts(*shown, head=[])) == passed(PARTS_ROW, parts(*shown, head=[])) == []
    odd = [("thread.run.queued", run("queued", assistant_id=7))]
    assert failed(PARTS_ROW, parts(*shown, head=odd)) == []
    [told] = failed(PARTS_ROW, parts(message("msg_1"), message("msg_1", role="user"), head=[]))
    assert told == ("x1", "event 1 /role", '"assistant", as in event 0', '"user"')


# Steps that are listed or retrieved


@pytest.mark.parametrize(
    "seen", [create(), get("in_progress"), of_run(run("queued")), listing("runs", [run("queued")])]
)
def test_a_step_that_is_read_is_the_work_of_its_runs_assistant(seen):
    wrong = step(assistant_id=OTHER_ASSISTANT)
    told = ("asst_A1, the run's", '"asst_B2"')
    for one, where in ((one_step(wrong), "response"), (steps(step(), wrong), "response /data/1")):
        assert failed(PARTS_ROW, seen, one) == [("x2", f"{where} /assistant_id", *told)]
        assert passed(PARTS_ROW, seen, one) == []
        assert failed(PARTS_ROW, one, seen) == [("x1", f"{where} /assistant_id", *told)]
    assert failed(PARTS_ROW, seen, steps(step(), step("completed"))) == []
    assert passed(PARTS_ROW, seen, steps(step(), step("completed"))) == [
        ("x2", "response /data/0 /assistant_id")
    ]


@pytest.mark.parametrize(
    "story",
    [
        (create(), one_step(step(assistant_id=None))),
        (create(), one_step({key: value for key, value in step().items() if key != "assistant_id"})),
        (create(), one_step(step(assistant_id="asst_B2", run_id="run_B2"))),
        (create(), one_step(step(assistant_id="asst_B2", run_id=None))),
        (create(assistant_id=None), one_step(step())),
        (create(assistant_id=7), one_step(step(assistant_id="asst_B2"))),
        (one_step(step()),),
        (create(), listing("messages", [answer_message("msg_1", "Hello", assistant_id="asst_B2")])),
    ],
    ids=[
        "null",
        "left out",
        "another run",
        "no run",
        "run of none",
        "of a number",
        "run not seen",
        "message",
    ],
)
def test_steps_of_which_nothing_is_said(story):
    assert failed(PARTS_ROW, *story) == passed(PARTS_ROW, *story) == []


def test_three_steps_of_another_assistant_are_enough():
    wrong = [step(identity=f"step_{number}", assistant_id=OTHER_ASSISTANT) for number in range(5)]
    assert len(failed(PARTS_ROW, create(), steps(*wrong))) == 3
    assert len(failed(PARTS_ROW, create(), steps(*wrong), one_step(wrong[0]))) == 4


# When they ended


@pytest.mark.parametrize(
    ("shown", "where", "expected", "actual"),
    [
        (
            step("completed", completed_at=None),
            "/completed_at",
            "an integer, for the step is completed",
            "null",
        ),
        (step("failed", failed_at=None), "/failed_at", "an integer, for the step is failed", "null"),
        (
            step("cancelled", cancelled_at=None),
            "/cancelled_at",
            "an integer, for the step is cancelled",
            "null",
        ),
        (step("completed", completed_at=T0), "/completed_at", f"not before created_at ({T0 + 1})", str(T0)),
        (step("failed", failed_at=0), "/failed_at", f"not before created_at ({T0 + 1})", "0"),
        (step("cancelled", cancelled_at=T0), "/cancelled_at", f"not before created_at ({T0 + 1})", str(T0)),
        (step(cancelled_at=T0), "/cancelled_at", f"not before created_at ({T0 + 1})", str(T0)),
        (
            message("m", "completed", completed_at=T0),
            "/completed_at",
            f"not before created_at ({T0 + 1})",
            str(T0),
        ),
        (
            message("m", "incomplete", incomplete_at=T0),
            "/incomplete_at",
            f"not before created_at ({T0 + 1})",
            str(T0),
        ),
    ],
)
def test_an_end_without_its_time_or_before_its_beginning_is_told(shown, where, expected, actual):
    assert failed(TIMES_ROW, streamed(("thread.x", shown))) == [("x1", f"event 0 {where}", expected, actual)]
    path = f"{RUNS}/{RUN}/steps/step_1" if "type" in shown else "/threads/thread_A1/messages/m"
    told = ("x1", f"response {where}", expected, actual)
    assert failed(TIMES_ROW, call("GET", path, shown)) == [told]


@pytest.mark.parametrize(
    ("shown", "judged"),
    [
        (step("completed", completed_at=T0 + 1), ["/completed_at"]),
        (step("completed", created_at=None), ["/completed_at"]),
        (step("completed", created_at=True, completed_at=0), ["/completed_at"]),
        (step("failed", failed_at=T0 + 1), ["/failed_at"]),
        (step("cancelled", cancelled_at=T0 + 9), ["/cancelled_at"]),
        (message("m", "completed"), ["/completed_at"]),
        (message("m", "incomplete"), ["/incomplete_at"]),
        (message("m", "completed", completed_at=None), []),
        (message("m", "failed", failed_at=None), []),
        (message("m", "completed", completed_at=True), []),
        (step("expired"), []),
        (step(), []),
        ({key: value for key, value in step("failed").items() if key != "failed_at"}, []),
    ],
)
def test_ends_as_they_should_be(shown, judged):
    one = one_step(shown)
    assert failed(TIMES_ROW, one) == []
    assert passed(TIMES_ROW, one) == [("x1", f"response {where}") for where in judged[:1]]


def test_every_part_of_a_list_is_judged_but_no_run_and_no_thread():
    listed = steps(step(), step("failed", "step_2", failed_at=None), step("completed", completed_at=0))
    assert [one[1] for one in failed(TIMES_ROW, listed)] == [
        "response /data/1 /failed_at",
        "response /data/2 /completed_at",
    ]
    late = {"completed_at": 0, "status": "completed"}
    shown = streamed(("thread.created", THREAD_OBJECT | late), ("thread.run.x", run("queued") | late))
    assert failed(TIMES_ROW, shown) == passed(TIMES_ROW, shown) == []

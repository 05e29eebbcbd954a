"""What holds inside a run and between its readings: each breach by its place and its values, to the word.

Found missing by mutation testing.
"""

from dataclasses import replace
from typing import Any

import pytest
from broken_streams import good
from builders import (
    ASSISTANT,
    CREATED,
    GONE,
    MADE_THREAD,
    RUN,
    RUNS,
    THREAD,
    USAGE,
    assistant,
    both,
    create,
    done,
    error,
    exchange,
    get,
    listing,
    message,
    run,
)
from saying import OTHER_SETTINGS

from runs_conformance.contract.judge import Context, Judge
from runs_conformance.contract.model import Exchange, Failure

SUM, DETAILS = "response.usage.sum", "response.usage.details"
CALLS, TEXT = "response.required-action.not-empty", "response.required-action.arguments-json"
PREFIX, SAME, UNIQUE = "response.id-prefix", "response.retrieve.same", "response.id-unique"
HOME, MESSAGE, STEPS = "isolation.run-under-own-thread", "response.message.form", "response.step.form"
SECONDS, ORDER = "response.timestamp.seconds", "response.timestamp.order"
BOTH = "response.create-thread-and-run.run"
STEP = {"id": "step_one", "object": "thread.run.step", "run_id": RUN, "thread_id": THREAD}
Told = tuple[str, ...]


def told(rows: str | tuple[str, ...], *story: Exchange) -> list[Told]:
    """Exchange (with its row, if several were asked for) and place; of a failure, expected and actual too."""
    asked = (rows,) if isinstance(rows, str) else rows
    named = [replace(one, id=f"x{number}") for number, one in enumerate(story, 1)]
    return [
        (*((one.requirement,) * (len(asked) > 1)), one.exchange, one.where)
        + ((" or ".join(one.expected), one.actual) if one.failed else ())
        for one in Judge(Context(), frozenset(asked)).everything(named)
    ]


def listed(*entries: dict[str, Any], what: str = RUNS) -> Exchange:
    return exchange("GET", what, listing(*entries))


def usage(prompt: Any, completion: Any, total: Any, **more: Any) -> dict[str, Any]:
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total, **more}


ADDS = "total_tokens = prompt_tokens + completion_tokens, none negative"
COUNTS: dict[str, tuple[Any, list[Told]]] = {
    "right": (USAGE, [("x1", "response /usage")]),
    "nothing used": (usage(0, 0, 0), [("x1", "response /usage")]),
    "too much": (
        usage(20, 5, 26),
        [
            (
                "x1",
                "response /usage",
                ADDS,
                '{"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 26}',
            )
        ],
    ),
    "negative": (
        usage(-5, 5, 0),
        [
            (
                "x1",
                "response /usage",
                ADDS,
                '{"prompt_tokens": -5, "completion_tokens": 5, "total_tokens": 0}',
            )
        ],
    ),
    "true for one": (usage(True, 5, 7), []),
    "none": (None, []),
    "one left out": ({"prompt_tokens": 1, "total_tokens": 2}, []),
}


@pytest.mark.parametrize(("counts", "wanted"), COUNTS.values(), ids=COUNTS)
def test_counts_are_shown_where_they_stand(counts: Any, wanted: list[Told]) -> None:
    assert told(SUM, get(done(usage=counts))) == wanted
    assert told(DETAILS, get(done(usage=counts))) == []


def test_each_count_of_a_list_is_judged() -> None:
    runs = run(id="run_0"), run(id="run_1", usage=USAGE | {"x": 1}), run(id="run_2", usage=usage(1, 1, 2))
    assert told(SUM, listed(*runs)) == [("x1", "response /data/1 /usage"), ("x1", "response /data/2 /usage")]
    assert told(DETAILS, listed(*runs)) == [("x1", "response /data/1 /usage")]
    steps = listed(STEP | {"usage": usage(1, 1, 2, prompt_token_details={})}, what=f"{RUNS}/{RUN}/steps")
    assert told(SUM, steps) == [("x1", "response /data/0 /usage")]
    assert ("x1", "response /data/0 /usage") in told(DETAILS, steps)


def action(*calls: Any) -> dict[str, Any]:
    return {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": list(calls)}}


def call(arguments: Any = "{}", **changes: Any) -> dict[str, Any]:
    function = {"name": "f", "arguments": arguments}
    return {"id": "call_one", "type": "function", "function": function} | changes


ASKED = "response /required_action/submit_tool_outputs/tool_calls"


def waits(*calls: Any) -> Exchange:
    return get(run(required_action=action(*calls)))


def test_calls_are_shown_where_they_stand() -> None:
    assert told(CALLS, waits(call())) == [("x1", ASKED)]
    assert told(CALLS, waits()) == [("x1", ASKED, "at least one tool call", "[]")]
    two = run(id="run_0"), run(required_action=action())
    where = ASKED.replace("response", "response /data/1")
    assert told(CALLS, listed(*two)) == [("x1", where, "at least one tool call", "[]")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1}', ()),
        ("7", ()),
        ("", ('""',)),
        ("{oops", ('"{oops"',)),
        ("NaN", ('"NaN"',)),
        ('"\ud800"', ('"\\"\\ud800\\""',)),
    ],
)
def test_arguments_are_judged_as_json(text: str, said: Told) -> None:
    wanted = ("x1", f"{ASKED}/0/function/arguments", *(("a string that parses as JSON", *said) * bool(said)))
    assert told(TEXT, waits(call(text))) == [wanted]


def test_calls_of_no_text_are_passed_over() -> None:
    odd = (7, {}, call(function=7), call(function={}), call(None), call({}))
    assert told(TEXT, waits(*odd, call("x"))) == [
        ("x1", f"{ASKED}/6/function/arguments", "a string that parses as JSON", '"x"')
    ]


@pytest.mark.parametrize("given", [None, 7, {}, {"submit_tool_outputs": 7}, {"submit_tool_outputs": {}}])
def test_a_run_that_asks_for_nothing(given: Any) -> None:
    assert told((CALLS, TEXT), get(run(required_action=given))) == []
    no_list = {"submit_tool_outputs": {"tool_calls": {"a": 1}}}
    assert told((CALLS, TEXT), get(run(required_action=no_list))) == []


MADE = exchange("POST", "/threads", MADE_THREAD, {})


@pytest.mark.parametrize(
    ("one", "prefix"),
    [
        (get(run(id="x")), "run_"),
        (exchange("POST", "/threads", MADE_THREAD | {"id": "x"}, {}), "thread_"),
        (exchange("POST", "/assistants", assistant(id="x"), {}), "asst_"),
        (exchange("GET", f"/threads/{THREAD}/messages/x", message(id="x")), "msg_"),
        (exchange("GET", f"{RUNS}/{RUN}/steps/x", STEP | {"id": "x"}), "step_"),
    ],
)
def test_another_prefix_is_shown(one: Exchange, prefix: str) -> None:
    assert told(PREFIX, one) == [("x1", "response /id", f"an id that begins with {prefix}", '"x"')]


def test_prefixes_of_calls_are_judged_too() -> None:
    assert told(PREFIX, waits(call(), 7, call(id=7), call(id="x"))) == [
        ("x1", "response /id"),
        ("x1", f"{ASKED}/0/id"),
        ("x1", f"{ASKED}/3/id", "an id that begins with call_", '"x"'),
    ]


def test_what_is_of_no_known_kind_has_any_id() -> None:
    of_a_step = exchange("GET", f"{RUNS}/{RUN}/steps", listing(STEP | {"id": "x", "object": "step"}))
    gone = exchange("DELETE", f"/threads/{THREAD}", {"id": "x", "object": "thread.deleted"})
    no_text = get(run(id=7))
    assert told(PREFIX, of_a_step, gone, no_text) == []


AT_HOME = (SAME, UNIQUE, HOME, MESSAGE, STEPS)
ELSEWHERE: dict[str, tuple[Exchange, list[Told]]] = {
    "a run": (get(done(id="run_two")), [(SAME, "/id", RUN, "run_two")]),
    "a run of another thread": (
        get(done(thread_id="thread_two")),
        [(SAME, "/thread_id", THREAD, "thread_two")],
    ),
    "a run that is neither": (
        get(done(id="run_two", thread_id="thread_two")),
        [(SAME, "/id", RUN, "run_two"), (SAME, "/thread_id", THREAD, "thread_two")],
    ),
    "a run modified": (
        exchange("POST", f"{RUNS}/{RUN}", done(id="run_two", thread_id="thread_two"), {}),
        [(UNIQUE, "/id", RUN, "run_two"), (HOME, "/thread_id", THREAD, "thread_two")],
    ),
    "a run cancelled": (
        exchange("POST", f"{RUNS}/{RUN}/cancel", run(id="run_two")),
        [(UNIQUE, "/id", RUN, "run_two")],
    ),
    "a run given outputs": (
        exchange("POST", f"{RUNS}/{RUN}/submit_tool_outputs", run(id="run_two"), {"tool_outputs": []}),
        [(UNIQUE, "/id", RUN, "run_two")],
    ),
    "a thread": (
        exchange("GET", f"/threads/{THREAD}", MADE_THREAD | {"id": "thread_two"}),
        [(UNIQUE, "/id", THREAD, "thread_two")],
    ),
    "a thread modified": (
        exchange("POST", f"/threads/{THREAD}", MADE_THREAD | {"id": "thread_two"}, {}),
        [(UNIQUE, "/id", THREAD, "thread_two")],
    ),
    "a message": (
        exchange("GET", f"/threads/{THREAD}/messages/msg_one", message(id="msg_two", thread_id="thread_two")),
        [
            (UNIQUE, "/id", "msg_one", "msg_two"),
            (MESSAGE, "/thread_id", THREAD, "thread_two"),
        ],
    ),
    "a message modified": (
        exchange("POST", f"/threads/{THREAD}/messages/msg_one", message(id="msg_two"), {}),
        [(UNIQUE, "/id", "msg_one", "msg_two")],
    ),
    "an assistant": (
        exchange("GET", f"/assistants/{ASSISTANT}", assistant(id="asst_two")),
        [(UNIQUE, "/id", ASSISTANT, "asst_two")],
    ),
    "an assistant modified": (
        exchange("POST", f"/assistants/{ASSISTANT}", assistant(id="asst_two"), {}),
        [(UNIQUE, "/id", ASSISTANT, "asst_two")],
    ),
    "a step": (
        exchange(
            "GET",
            f"{RUNS}/{RUN}/steps/step_one",
            STEP | {"id": "step_two", "run_id": "run_two", "thread_id": "thread_two"},
        ),
        [
            (UNIQUE, "/id", "step_one", "step_two"),
            (STEPS, "/thread_id", THREAD, "thread_two"),
            (STEPS, "/run_id", RUN, "run_two"),
        ],
    ),
    "right": (get(done()), []),
    "a run answered with a message": (get(message(id="msg_two")), []),
    "a run answered with a message of another thread": (
        get(message(thread_id="thread_two")),
        [(SAME, "/thread_id", THREAD, "thread_two")],
    ),
    "a create": (create(answer=run(thread_id="thread_two")), []),
    "an id that is no text": (get(done(id=7, thread_id=None)), []),
    "of no known kind": (get(done(id="run_two", thread_id="thread_two", object="run")), []),
}


@pytest.mark.parametrize(("one", "wanted"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_what_was_not_asked_for_is_shown(one: Exchange, wanted: list[Told]) -> None:
    assert [each for each in told(AT_HOME, one) if len(each) == 5] == [
        (row, "x1", f"response {member}", f"{asked}, as in the path", f'"{seen}"')
        for row, member, asked, seen in wanted
    ]


def test_what_stands_in_a_list_is_shown_by_its_place() -> None:
    other = done(id="run_two", thread_id="thread_two")
    [found] = [one for one in told(AT_HOME, listed(done(), other)) if len(one) == 5]
    where = "response /data/1 /thread_id"
    assert found == (HOME, "x1", where, f"{THREAD}, as in the path", '"thread_two"')


WHOLE = "Unix time in whole seconds"
NEAR = f"within 600 s of now ({CREATED})"
TIMES: dict[str, tuple[dict[str, Any], list[Told]]] = {
    "the first second": ({"started_at": 1_600_000_000}, []),
    "before it": ({"started_at": 1_599_999_999}, [("/started_at", WHOLE, "1599999999")]),
    "the last second": ({"started_at": 9_999_999_999}, []),
    "after it": ({"started_at": 10_000_000_000}, [("/started_at", WHOLE, "10000000000")]),
    "no number": ({"started_at": "now", "completed_at": True, "failed_at": None}, []),
    "each time": (
        {f"{name}_at": 1 for name in ("expires", "started", "cancelled", "failed", "completed")},
        [(f"/{name}_at", WHOLE, "1") for name in ("expires", "started", "cancelled", "failed", "completed")],
    ),
    "a little early": ({"created_at": CREATED - 600}, []),
    "too early": ({"created_at": CREATED - 601}, [("/created_at", NEAR, str(CREATED - 601))]),
    "a little late": ({"created_at": CREATED + 600}, []),
    "too late": ({"created_at": CREATED + 601}, [("/created_at", NEAR, str(CREATED + 601))]),
    "just no seconds": ({"created_at": 10_000_000_000}, [("/created_at", WHOLE, "10000000000")]),
    "late, in seconds": ({"created_at": 9_999_999_999}, [("/created_at", NEAR, "9999999999")]),
}


@pytest.mark.parametrize(("changes", "wanted"), TIMES.values(), ids=TIMES)
def test_the_times_of_a_new_run_are_shown_where_they_stand(
    changes: dict[str, Any], wanted: list[Told]
) -> None:
    for one in create(answer=run(**changes)), both(answer=run(**changes)):
        found = told(SECONDS, replace(one, started_at=float(CREATED)))
        shown = [(where, *said) for _, where, *said in found if said]
        assert shown == [(f"response {where}", *said) for where, *said in wanted]


def test_times_pass_where_they_stand() -> None:
    created, expires = ("x1", "response /created_at"), ("x1", "response /expires_at")
    assert told(SECONDS, create(started_at=float(CREATED))) == [created, expires, created]
    assert told(SECONDS, create()) == [created, expires]
    assert told(SECONDS, get(run(), started_at=float(CREATED + 9999))) == [created, expires]
    assert told(SECONDS, create(answer=run(created_at=GONE), started_at=1.0)) == [expires]


LATE, AT = str(CREATED + 601), "response /created_at"
TOO_LATE = (NEAR, LATE)
POSTED = exchange("POST", f"/threads/{THREAD}/messages", message(created_at=CREATED + 601), {})
OF_PARTS: dict[str, tuple[Exchange, list[Told]]] = {
    "a thread": (MADE, [(AT,), (AT,)]),
    "a thread too late": (
        exchange("POST", "/threads", MADE_THREAD | {"created_at": CREATED + 601}, {}),
        [(AT,), (AT, *TOO_LATE)],
    ),
    "a thread read": (
        exchange("GET", f"/threads/{THREAD}", MADE_THREAD | {"created_at": 1}),
        [(AT, WHOLE, "1")],
    ),
    "a thread for a run": (create(answer=MADE_THREAD | {"created_at": CREATED + 601}), [(AT,)]),
    "a message": (POSTED, [(AT,)]),
    "a time that is none": (exchange("POST", "/threads", MADE_THREAD | {"created_at": True}, {}), []),
    "messages": (
        listed(message(), message(created_at=7), what=f"/threads/{THREAD}/messages"),
        [("response /data/0 /created_at",), ("response /data/1 /created_at", WHOLE, "7")],
    ),
    "steps": (
        listed(STEP | {"created_at": CREATED * 1000}, what=f"{RUNS}/{RUN}/steps"),
        [("response /data/0 /created_at", WHOLE, f"{CREATED}000")],
    ),
    "of no known kind": (
        exchange("POST", "/threads", MADE_THREAD | {"object": "x", "created_at": 1}, {}),
        [],
    ),
}


@pytest.mark.parametrize(("one", "wanted"), OF_PARTS.values(), ids=OF_PARTS)
def test_the_times_of_threads_messages_and_steps(one: Exchange, wanted: list[Told]) -> None:
    found = told(SECONDS, replace(one, started_at=float(CREATED)))
    assert found == [("x1", *each) for each in wanted]


def test_a_long_call_may_make_things_late_but_not_early() -> None:
    for change, seconds, late in (601, 1.0, False), (602, 1.0, True), (-601, 1.0, True), (-600, 0.0, False):
        one = create(answer=run(created_at=CREATED + change), started_at=float(CREATED), seconds=seconds)
        assert [each[1] for each in told(SECONDS, one) if len(each) == 4] == [AT] * late


@pytest.mark.parametrize(
    ("operation", "events"),
    [("createRun", (1, 2, 3)), ("createThreadAndRun", (1, 2, 3, 0)), ("submitToolOutputs", ())],
)
def test_what_a_stream_shows_was_made_by_its_call(operation: str, events: tuple[int, ...]) -> None:
    body = [
        ("thread.created", good.THREAD_OBJECT),
        ("thread.run.created", good.run("queued")),
        ("thread.run.step.created", good.step("step_1", {"type": "tool_calls"})),
        ("thread.message.created", good.message("msg_1")),
    ]
    one = replace(good.exchange(good.to_body(body), operation), started_at=good.T0 + 700.0)
    far = [where for _, where, *said in told(SECONDS, one) if said]
    assert sorted(far) == sorted(f"event {at} /created_at" for at in events)


ORDERED: dict[str, tuple[dict[str, Any], list[Told]]] = {
    "started at once": ({"started_at": CREATED}, [("/started_at",)]),
    "started before": (
        {"started_at": CREATED - 1},
        [("/started_at", f"not before created_at ({CREATED})", str(CREATED - 1))],
    ),
    "completed at once": (
        {"started_at": CREATED + 1, "completed_at": CREATED + 1},
        [("/started_at",), ("/completed_at",), ("/completed_at",)],
    ),
    "completed before": (
        {"started_at": CREATED + 2, "completed_at": CREATED + 1},
        [
            ("/started_at",),
            ("/completed_at",),
            ("/completed_at", f"not before started_at ({CREATED + 2})", str(CREATED + 1)),
        ],
    ),
    "failed before": (
        {"failed_at": CREATED - 1},
        [("/failed_at", f"not before created_at ({CREATED})", str(CREATED - 1))],
    ),
    "cancelled before": (
        {"cancelled_at": CREATED - 1},
        [("/cancelled_at", f"not before created_at ({CREATED})", str(CREATED - 1))],
    ),
    "not created": ({"created_at": None, "started_at": CREATED, "failed_at": CREATED}, [("/failed_at",)]),
    "not started": ({"expires_at": 1}, []),
}


@pytest.mark.parametrize(("changes", "wanted"), ORDERED.values(), ids=ORDERED)
def test_times_in_and_out_of_order_are_shown(changes: dict[str, Any], wanted: list[Told]) -> None:
    assert told(ORDER, get(run(**changes))) == [("x1", f"response {where}", *said) for where, *said in wanted]


def test_the_run_is_what_create_thread_and_run_answers() -> None:
    assert told(BOTH, both()) == [("x1", "response /object")]
    assert told(BOTH, both(answer=MADE_THREAD)) == [("x1", "response /object", "thread.run", '"thread"')]
    assert told(BOTH, both({"stream": 1}, MADE_THREAD))[0][2:] == ("thread.run", '"thread"')
    unsaid = both(answer=run(object=GONE)), both({"stream": True}, MADE_THREAD)
    refused = both(answer=error() | {"object": "x"}, status=400)
    streamed = replace(both(), response=replace(both().response, events=()))
    for one in (*unsaid, refused, streamed, create(answer=MADE_THREAD)):
        assert told(BOTH, one) == []


def read_as(name: str, created: str, read: str) -> Told:
    said = f'{{"create": {created}, "read": {read}}}'
    return ("x2", f"response /{name}", f"{name} as the create answered it", said)


CHANGED: dict[str, tuple[dict[str, Any], list[Told]]] = {
    "nothing": ({}, [("x2", "")]),
    "one and the same number": ({"temperature": 1}, [("x2", "")]),
    "the model": ({"model": "gpt-4"}, [read_as("model", '"gpt-4o"', '"gpt-4"')]),
    "two": (
        {"model": "gpt-4", "metadata": {"a": "b"}},
        [read_as("model", '"gpt-4o"', '"gpt-4"'), read_as("metadata", "{}", '{"a": "b"}')],
    ),
    "the assistant": ({"assistant_id": "asst_2"}, [read_as("assistant_id", f'"{ASSISTANT}"', '"asst_2"')]),
    "the assistant is left out": (
        {"assistant_id": GONE},
        [read_as("assistant_id", f'"{ASSISTANT}"', '"nothing"')],
    ),
    "the time is left out": ({"created_at": GONE}, [read_as("created_at", str(CREATED), '"nothing"')]),
    "the thread is left out": ({"thread_id": GONE}, [read_as("thread_id", f'"{THREAD}"', '"nothing"')]),
    "a setting is left out": ({"model": GONE, "temperature": GONE}, [("x2", "")]),
    "the status": ({"status": "failed", "usage": None}, [("x2", "")]),
}


@pytest.mark.parametrize(("changes", "wanted"), CHANGED.values(), ids=CHANGED)
def test_what_changed_between_create_and_read_is_shown(changes: dict[str, Any], wanted: list[Told]) -> None:
    assert told(SAME, create(), get(done(**changes))) == wanted


OTHERS = {
    "model": "gpt-4",
    **OTHER_SETTINGS,
    "created_at": CREATED + 1,
    "assistant_id": "asst_two",
}


@pytest.mark.parametrize("name", OTHERS)
def test_each_setting_stays(name: str) -> None:
    [found] = told(SAME, create(), get(done(**{name: OTHERS[name]})))
    assert found[1] == f"response /{name}"


MODIFIED = exchange("POST", f"{RUNS}/{RUN}", done(metadata={"a": "b"}), {"metadata": {"a": "b"}})
OTHER = done(model="gpt-4")
READS: dict[str, tuple[list[Exchange], list[str]]] = {
    "listed": ([create(), listed(done())], ["x2"]),
    "listed, another": ([create(), listed(OTHER)], ["x2 FAILED"]),
    "made with a thread": ([both(), get(OTHER)], ["x2 FAILED"]),
    "read twice": ([create(), get(done()), get(done())], ["x2", "x3"]),
    "the first and the last": (
        [create(), get(OTHER), get(OTHER), get(done()), get(OTHER)],
        ["x2 FAILED", "x5 FAILED"],
    ),
    "only in between": ([create(), get(done()), get(OTHER), get(done())], ["x2", "x4"]),
    "each run for itself": (
        [
            create(),
            create(answer=run(id="run_two", model="gpt-4")),
            listed(OTHER, done(id="run_two", model="gpt-4")),
            listed(done(id="run_two")),
        ],
        ["x3 FAILED", "x3", "x4 FAILED"],
    ),
    "modified": ([create(), MODIFIED, get(done(metadata={"a": "b"}))], ["x3"]),
    "modified, and another": ([create(), MODIFIED, get(OTHER)], ["x3 FAILED"]),
    "never created": ([get(done()), get(OTHER)], []),
    "never read": ([create(), MODIFIED], []),
    "cancelled": ([create(), exchange("POST", f"{RUNS}/{RUN}/cancel", OTHER)], []),
    "nothing said by the create": ([create(answer=run(model=GONE)), get(OTHER)], ["x2"]),
}


@pytest.mark.parametrize(("story", "wanted"), READS.values(), ids=READS)
def test_which_reads_are_held_against_the_create(story: list[Exchange], wanted: list[str]) -> None:
    assert [f"{one}{' FAILED' * bool(said)}" for one, _, *said in told(SAME, *story)] == wanted


READ = exchange("GET", f"/threads/{THREAD}", MADE_THREAD)
LOST = exchange("GET", f"/threads/{THREAD}", error(), status=404)
ANSWERED = ("x1", "response /object")
THERE = "the thread named by the run can be retrieved"
NEW: dict[str, tuple[list[Exchange], list[Told]]] = {
    "there": ([both(), READ], [ANSWERED, ("x2", "the new thread")]),
    "lost": ([both(), LOST], [ANSWERED, ("x2", "the new thread", THERE, "status 404")]),
    "lost later": (
        [both(), READ, LOST],
        [ANSWERED, ("x2", "the new thread"), ("x3", "the new thread", THERE, "status 404")],
    ),
    "of nobody": ([create(), LOST], []),
    "refused": ([both(answer=error(), status=400), LOST], []),
    "of an answer that is no run": (
        [both(answer=MADE_THREAD), LOST],
        [(*ANSWERED, "thread.run", '"thread"')],
    ),
    "of a call that broke off": ([both(broken=Failure("disconnected", "cut")), LOST], []),
    "of another thread": ([both(answer=run(thread_id="thread_two")), LOST], [ANSWERED]),
    "made before": (
        [MADE, both()],
        [
            ("x2", "response /object"),
            ("x2", "run /thread_id", "a new thread", f"{THREAD}, which createThread made (x1)"),
        ],
    ),
    "made before with another run": (
        [both(answer=run(id="run_zero")), both()],
        [
            ANSWERED,
            ("x2", "response /object"),
            ("x2", "run /thread_id", "a new thread", f"{THREAD}, which createThreadAndRun made (x1)"),
        ],
    ),
    "made before, twice": (
        [MADE, both(answer=run(id="run_zero")), both()],
        [
            ("x2", "response /object"),
            ("x3", "response /object"),
            ("x2", "run /thread_id", "a new thread", f"{THREAD}, which createThread made (x1)"),
            ("x3", "run /thread_id", "a new thread", f"{THREAD}, which createThread made (x1)"),
        ],
    ),
    "the same call, sent again": ([both(), both()], [ANSWERED, ("x2", "response /object")]),
    "refused before": (
        [exchange("POST", f"/threads/{THREAD}/runs", error(), {}, status=400), both()],
        [("x2", "response /object")],
    ),
    "used before": ([create(answer=run(id="run_zero")), both()], [("x2", "response /object")]),
    "made after": ([both(), MADE], [ANSWERED]),
}


@pytest.mark.parametrize(("story", "wanted"), NEW.values(), ids=NEW)
def test_the_thread_of_a_run_is_new_and_there(story: list[Exchange], wanted: list[Told]) -> None:
    assert told(BOTH, *story) == wanted

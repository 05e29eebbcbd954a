"""What holds inside a run and between its readings: counts, calls, ids, times."""

import pytest
from builders import (
    BOTH,
    CREATED,
    MADE_THREAD,
    RUN,
    RUNS,
    THREAD,
    USAGE,
    both,
    create,
    done,
    error,
    exchange,
    failure,
    findings,
    get,
    holds,
    listing,
    message,
    refused,
    run,
)

from runs_conformance.contract import sse
from runs_conformance.contract.model import Exchange, Headers, Request, Response, to_bytes

STEP = {"id": "step_one", "object": "thread.run.step", "run_id": RUN, "thread_id": THREAD}
MADE = exchange("POST", "/threads", MADE_THREAD, {})
READ = exchange("GET", f"/threads/{THREAD}", MADE_THREAD)


def action(*calls):
    return {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": list(calls)}}


def call(arguments="{}", **changes):
    return {"id": "call_one", "type": "function", "function": {"name": "f", "arguments": arguments}} | changes


def usage(*numbers, **more):
    return dict(zip(("prompt_tokens", "completion_tokens", "total_tokens"), numbers, strict=True)) | more


@pytest.mark.parametrize(
    "counts", [USAGE, usage(0, 0, 0), usage(1, 2, 3, prompt_token_details={"cached_tokens": 0})]
)
def test_usage_adds_up(counts):
    assert holds("response.usage.sum", get(done(usage=counts)))


@pytest.mark.parametrize("counts", [usage(20, 5, 26), usage(-5, 5, 0), usage(5, -5, 0)])
def test_usage_does_not_add_up(counts):
    for answer in (done(usage=counts), listing(done(usage=counts))):
        one = exchange("GET", RUNS if "data" in answer else f"{RUNS}/{RUN}", answer)
        where, expected, actual = failure("response.usage.sum", one)
        assert where.endswith("/usage")
        assert "total_tokens = prompt_tokens + completion_tokens" in expected
        assert str(counts["total_tokens"]) in actual


@pytest.mark.parametrize("counts", [None, {}, usage("20", 5, 25), usage(None, 5, 5)])
def test_usage_that_is_no_count_is_the_schemas_business(counts):
    assert findings("response.usage.sum", get(done(usage=counts))) == []


def test_steps_have_usage_too():
    listed = exchange("GET", f"{RUNS}/{RUN}/steps", listing(STEP | {"usage": usage(1, 1, 3)}))
    assert failure("response.usage.sum", listed)[0] == "response /data/0 /usage"
    assert holds("response.usage.details", get(done(usage=USAGE | {"x": {}})))


def test_required_action():
    row, text = "response.required-action.not-empty", "response.required-action.arguments-json"
    good = get(run(status="requires_action", required_action=action(call('{"a": 1}'), call("[]"))))
    assert holds(row, good)
    assert holds(text, good)
    where, _, actual = failure(row, get(run(required_action=action())))
    assert (where, actual) == ("response /required_action/submit_tool_outputs/tool_calls", "[]")
    told = failure(text, get(run(required_action=action(call(), call("{oops")))))
    assert told[0].endswith("/tool_calls/1/function/arguments")
    assert told[2] == '"{oops"'
    assert findings(row, create()) == []


@pytest.mark.parametrize(
    "one",
    [
        create(answer=run(id="run_12-ü.x")),
        MADE,
        exchange("GET", f"/threads/{THREAD}/messages", listing(message())),
        get(run(required_action=action(call()))),
        exchange("DELETE", f"/threads/{THREAD}", {"id": "x", "object": "thread.deleted"}),
    ],
)
def test_id_prefixes(one):
    holds("response.id-prefix", one)


@pytest.mark.parametrize(
    ("one", "where", "expected"),
    [
        (create(answer=run(id="42")), "response /id", "run_"),
        (exchange("GET", RUNS, listing(run(id="run-42"))), "response /data/0 /id", "run_"),
        (
            exchange("GET", f"/threads/{THREAD}/messages", listing(message(id="m"))),
            "response /data/0 /id",
            "msg_",
        ),
        (
            get(run(required_action=action(call(id="toolu_1")))),
            "response /required_action/submit_tool_outputs/tool_calls/0/id",
            "call_",
        ),
    ],
)
def test_other_prefixes(one, where, expected):
    assert failure("response.id-prefix", one)[:2] == (where, f"an id that begins with {expected}")


@pytest.mark.parametrize(
    ("row", "path", "answer", "told"),
    [
        ("response.retrieve.same", f"{RUNS}/{RUN}", done(id="run_two"), ("response /id", RUN, '"run_two"')),
        (
            "response.retrieve.same",
            f"{RUNS}/{RUN}",
            done(thread_id="thread_two"),
            ("response /thread_id", THREAD, '"thread_two"'),
        ),
        (
            "response.id-unique",
            f"/threads/{THREAD}",
            MADE_THREAD | {"id": "thread_two"},
            ("response /id", THREAD, '"thread_two"'),
        ),
        (
            "isolation.run-under-own-thread",
            RUNS,
            listing(done(), done(id="run_two", thread_id="thread_two")),
            ("response /data/1 /thread_id", THREAD, '"thread_two"'),
        ),
        (
            "response.message.form",
            f"/threads/{THREAD}/messages",
            listing(message(thread_id="thread_two")),
            ("response /data/0 /thread_id", THREAD, '"thread_two"'),
        ),
        (
            "response.step.form",
            f"{RUNS}/{RUN}/steps",
            listing(STEP | {"run_id": "run_two"}),
            ("response /data/0 /run_id", RUN, '"run_two"'),
        ),
    ],
)
def test_what_is_asked_for_is_answered(row, path, answer, told):
    found = [
        one
        for one in findings(row, exchange("GET", path, answer))
        if one.failed and "as in the path" in one.expected[0]
    ]
    assert [(one.where, one.expected[0].split(",")[0], one.actual) for one in found] == [told]


@pytest.mark.parametrize(
    "path", [f"{RUNS}/{RUN}/cancel", f"{RUNS}/{RUN}", f"{RUNS}/{RUN}/submit_tool_outputs"]
)
def test_the_run_that_a_call_is_about_is_answered(path):
    assert failure("response.id-unique", exchange("POST", path, run(id="run_two"), {}))[0] == "response /id"
    assert findings("response.id-unique", exchange("POST", path, run(), {})) == []


@pytest.mark.parametrize("changes", [{}, {"expires_at": None}, {"started_at": CREATED}])
def test_times_in_seconds(changes):
    assert holds("response.timestamp.seconds", create(answer=run(**changes), started_at=CREATED + 599.5))
    assert holds("response.timestamp.order", get(done(**{"created_at": CREATED, **changes})))


@pytest.mark.parametrize(
    ("changes", "where", "expected"),
    [
        ({"created_at": CREATED * 1000}, "response /created_at", "Unix time in whole seconds"),
        ({"created_at": CREATED - 601}, "response /created_at", "within 600 s of now"),
        ({"created_at": CREATED + 601}, "response /created_at", "within 600 s of now"),
        ({"expires_at": 0}, "response /expires_at", "Unix time in whole seconds"),
        ({"started_at": -1}, "response /started_at", "Unix time in whole seconds"),
    ],
)
def test_times_that_are_none(changes, where, expected):
    told = failure("response.timestamp.seconds", create(answer=run(**changes), started_at=float(CREATED)))
    assert told[0] == where
    assert expected in told[1]


def test_without_a_clock_only_the_size_of_a_time_is_judged():
    old = run(created_at=1_600_000_001, expires_at=1_600_000_601)
    assert holds("response.timestamp.seconds", create(answer=old))
    assert holds("response.timestamp.seconds", get(old, started_at=float(CREATED)))


def streamed(*shown, path=RUNS, at=float(CREATED), **more):
    """A create's stream of these objects, begun `at`."""
    data = b"".join(b"event: x\ndata: " + to_bytes(one) + b"\n\n" for one in shown)
    headers = Headers.of({"content-type": "text/event-stream"})
    response = Response(200, headers, data, events=sse.read(data).events)
    request = Request("POST", path, body=to_bytes({"assistant_id": "asst_one", "stream": True}))
    return Exchange("x1", request, response, started_at=at, **more)


def times(*exchanges):
    return [
        (one.where, " or ".join(one.expected), one.actual)
        for one in findings("response.timestamp.seconds", *exchanges)
        if one.failed
    ]


SECONDS, NEAR = "Unix time in whole seconds", f"within 600 s of now ({CREATED})"


@pytest.mark.parametrize(
    ("shown", "path"),
    [
        (STEP, RUNS),
        (message(), RUNS),
        (run(), RUNS),
        (STEP, BOTH),
        (message(), BOTH),
        (run(), BOTH),
        (MADE_THREAD, BOTH),
    ],
)
def test_what_a_creates_stream_shows_was_made_just_now(shown, path):
    def told(created):
        return times(streamed(shown | {"created_at": created}, path=path, seconds=20.0))

    assert told(0) == [("event 0 /created_at", SECONDS, "0"), ("event 0 /created_at", NEAR, "0")]
    assert told(CREATED - 601) == [("event 0 /created_at", NEAR, str(CREATED - 601))]
    assert told(CREATED + 621) == [("event 0 /created_at", NEAR, str(CREATED + 621))]
    assert told(10_000_000_000) == [("event 0 /created_at", SECONDS, "10000000000")]
    assert told(CREATED - 600) == told(CREATED + 620) == told(None) == told(True) == []


def test_a_new_thread_was_made_just_now():
    for created, expected in ((0, [SECONDS, NEAR]), (CREATED - 601, [NEAR]), (CREATED, [])):
        answer = MADE_THREAD | {"created_at": created}
        one = exchange("POST", "/threads", answer, {}, started_at=float(CREATED))
        assert times(one) == [("response /created_at", text, str(created)) for text in expected]


OLD = 1_600_000_000
SAID, ADDED = f"/threads/{THREAD}/messages", message(created_at=OLD)


@pytest.mark.parametrize(
    "one",
    [
        exchange("POST", SAID, ADDED, {"role": "user", "content": "x"}, started_at=float(CREATED)),
        exchange("GET", SAID, listing(ADDED), started_at=float(CREATED)),
        exchange("GET", f"/threads/{THREAD}", MADE_THREAD | {"created_at": OLD}, started_at=float(CREATED)),
        exchange(
            "GET", f"{RUNS}/{RUN}/steps", listing(STEP | {"created_at": OLD}), started_at=float(CREATED)
        ),
        streamed(MADE_THREAD | {"created_at": OLD}),
        streamed(
            STEP | {"created_at": OLD},
            ADDED,
            run(created_at=OLD),
            path=f"{RUNS}/{RUN}/submit_tool_outputs",
        ),
        streamed(STEP | {"created_at": OLD}, at=0.0),
    ],
    ids=["message added", "listed", "thread read", "steps", "thread of createRun", "outputs", "no clock"],
)
def test_what_may_have_been_made_long_ago(one):
    assert times(one) == []
    assert holds("response.timestamp.seconds", one)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (SAID, listing(ADDED, message(created_at=CREATED * 1000))),
        (f"{RUNS}/{RUN}/steps", listing(STEP | {"created_at": OLD}, STEP | {"created_at": OLD - 1})),
        (RUNS, listing(run(), run(created_at=0))),
    ],
)
def test_other_units_are_told_of_all_that_is_listed(path, shown):
    [told] = times(exchange("GET", path, shown, started_at=float(CREATED)))
    assert told[:2] == ("response /data/1 /created_at", SECONDS)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"started_at": CREATED - 1}, "response /started_at"),
        ({"started_at": None, "completed_at": CREATED - 1}, "response /completed_at"),
        ({"started_at": CREATED + 4}, "response /completed_at"),
        ({"completed_at": None, "failed_at": CREATED}, "response /failed_at"),
    ],
)
def test_times_out_of_order(changes, where):
    assert failure("response.timestamp.order", get(done(**changes)))[0] == where


def test_a_run_read_again_is_the_same():
    row = "response.retrieve.same"
    assert holds(row, create(), get(done(temperature=1)))
    told = failure(row, create(), get(done(model="gpt-4")))
    assert told == (
        "response /model",
        "model as the create answered it",
        '{"create": "gpt-4o", "read": "gpt-4"}',
    )
    assert failure(row, create(), get(done(metadata={"a": "b"})))[0] == "response /metadata"
    modified = exchange("POST", f"{RUNS}/{RUN}", done(metadata={"a": "b"}), {"metadata": {"a": "b"}})
    assert holds(row, create(), modified, get(done(metadata={"a": "b"})))
    assert findings(row, get(done())) == []


def test_create_thread_and_run_answers_the_run():
    row = "response.create-thread-and-run.run"
    assert holds(row, both(), READ)
    assert failure(row, both(answer=MADE_THREAD))[1:] == ("thread.run", '"thread"')
    gone = exchange("GET", f"/threads/{THREAD}", error(), status=404)
    assert failure(row, both(), gone) == (
        "the new thread",
        "the thread named by the run can be retrieved",
        "status 404",
    )


@pytest.mark.parametrize("earlier", [MADE, both(answer=run(id="run_zero"))])
def test_its_thread_is_a_new_one(earlier):
    told = failure("response.create-thread-and-run.run", earlier, both())
    assert told[:2] == ("run /thread_id", "a new thread")
    assert earlier.operation.name in told[2]
    assert holds("response.create-thread-and-run.run", both(), create(answer=run(id="run_two")), refused())

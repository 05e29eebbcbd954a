"""Grouping by thread, and every object that a trace shows."""

import pytest
from builders import (
    ASSISTANT,
    MADE_THREAD,
    RUN,
    RUNS,
    THREAD,
    assistant,
    both,
    create,
    done,
    error,
    exchange,
    get,
    listing,
    message,
    refused,
    run,
)

from runs_conformance.contract.model import Event, Headers, Request, Response, to_bytes
from runs_conformance.contract.model import Exchange as Made
from runs_conformance.contract.traces import (
    answer_run,
    assistants,
    by_id,
    objects,
    of_kind,
    run_events,
    thread_of,
    traces,
)


def streamed(*data, body=None):
    events = tuple(Event(at, "x", text, 0, 0, 0.0) for at, text in enumerate(data, 1))
    request = Request("POST", RUNS, body=to_bytes(body or {"assistant_id": ASSISTANT, "stream": True}))
    return Made("x9", request, Response(200, Headers(), events=events))


@pytest.mark.parametrize(
    ("one", "thread"),
    [
        (create(), THREAD),
        (refused(), THREAD),
        (both(), THREAD),
        (both(status=400, answer=error()), None),
        (both(answer=b"nonsense"), None),
        (exchange("POST", "/threads", MADE_THREAD, {}), THREAD),
        (exchange("POST", "/assistants", assistant(), {}), None),
        (exchange("GET", f"/threads/{THREAD}/messages", listing()), THREAD),
        (both(answer=run(thread_id=7)), None),
    ],
)
def test_thread_of(one, thread):
    assert thread_of(one) == thread


def test_one_trace_a_thread_in_the_given_order():
    other = create(answer=run(id="run_two", thread_id="thread_two"))
    made = both(answer=run(id="run_two", thread_id="thread_two"))
    found = traces([both(), made, exchange("GET", "/assistants", listing()), get(done())])
    assert [trace.thread_id for trace in found] == [THREAD, "thread_two"]
    assert [one.operation.name for one in found[0]] == ["createThreadAndRun", "getRun"]
    assert traces([other])[0].thread_id == THREAD


@pytest.mark.parametrize(
    ("one", "shown"),
    [
        (create(), [("response", RUN)]),
        (refused(), []),
        (create(status=500), []),
        (
            exchange("GET", RUNS, listing(run(), run(id="run_two"))),
            [("response /data/0", RUN), ("response /data/1", "run_two")],
        ),
        (exchange("GET", RUNS, listing() | {"data": [1, run()]}), [("response /data/1", RUN)]),
        (exchange("GET", RUNS, {"data": "nonsense"}), [("response", None)]),
        (create(answer=b"[1]"), []),
        (streamed('{"id": "run_one"}', "[DONE]", "nonsense"), [("event 1", RUN)]),
    ],
)
def test_objects(one, shown):
    assert [(each.where, each.value.get("id")) for each in objects(one)] == shown


def test_of_kind_and_by_id():
    listed = exchange("GET", f"/threads/{THREAD}/messages", listing(message(), message(id="msg_two")))
    [trace] = traces([create(), listed, get(done()), get(done(id=7))])
    assert [one.value["id"] for one in of_kind(trace, "thread.message")] == ["msg_one", "msg_two"]
    assert {name: len(many) for name, many in by_id(of_kind(trace, "thread.run")).items()} == {RUN: 2}


def test_answer_run_of_a_body_and_of_a_stream():
    first, second = (
        '{"object": "thread.run", "status": "queued"}',
        '{"object": "thread.run", "status": "completed"}',
    )
    stream = streamed('{"object": "thread"}', first, second)
    assert answer_run(stream)["status"] == "queued"
    assert [value["status"] for _, value in run_events(stream)] == ["queued", "completed"]
    assert answer_run(create())["id"] == RUN
    assert answer_run(refused()) == {}
    assert list(run_events(create())) == []


def test_assistants_as_they_were_seen_last():
    made = exchange("POST", "/assistants", assistant(model="one"), {})
    read = exchange("GET", f"/assistants/{ASSISTANT}", assistant(model="two"))
    assert assistants([made, read])[ASSISTANT]["model"] == "two"
    assert assistants([create()]) == {}

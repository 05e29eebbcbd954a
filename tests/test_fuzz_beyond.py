"""Beyond the documented: what is wrong whatever was sent, and what only looks like it."""

import pytest
from builders import RUNS, create, error, exchange, lost, refused, run

from runs_conformance.contract.findings import Outcome
from runs_conformance.contract.model import Failure
from runs_conformance.contract.register import load
from runs_conformance.fuzzing import beyond
from runs_conformance.fuzzing.internals import inside

TEXT = {"content-type": "text/html; charset=utf-8"}
STREAM = {"content-type": "text/event-stream"}


def failing(one, *, odd=False):
    return {each.requirement for each in beyond.judge(one, odd=odd) if each.failed}


def test_no_row_of_the_chapter_is_a_must():
    assert {row.level for row in load() if row.chapter == "beyond"} == {"SHOULD"}


@pytest.mark.parametrize("status", [500, 502, 504, 599])
def test_a_server_error_is_one(status):
    assert failing(refused(status=status)) == {"beyond.server-error"}


@pytest.mark.parametrize(
    "one", [create(), refused(), refused(status=503), exchange("BREW", RUNS, error(), status=501)]
)
def test_no_server_error(one):
    assert not failing(one)


def test_501_for_a_method_that_there_is_counts():
    assert failing(exchange("POST", RUNS, error(), status=501)) == {"beyond.server-error"}


@pytest.mark.parametrize("kind", ["deadline", "idle", "disconnected", "protocol", "encoding"])
def test_no_answer_is_one(kind):
    assert failing(lost(kind)) == {"beyond.answered"}
    assert failing(create(broken=Failure(kind, "it broke off"))) == {"beyond.answered"}


@pytest.mark.parametrize("kind", ["unreachable", "tls", "too-large", "closed"])
def test_what_ended_on_our_side_says_nothing(kind):
    assert not failing(lost(kind))
    assert Outcome.PASSED not in {each.outcome for each in beyond.judge(lost(kind))}


@pytest.mark.parametrize(
    ("one", "bad"),
    [
        (create(headers=TEXT), True),
        (create(answer=b"<html>", headers=TEXT), True),
        (create(answer=b"{not json"), True),
        (create(answer=b"data: 1\n\n", headers=STREAM), False),
        (refused(headers=STREAM), True),
        (refused(headers={"content-type": "application/problem+json"}), False),
        (create(headers={"content-type": "application/json; charset=utf-8"}), False),
        (refused(status=502, answer=b"<html>", headers=TEXT), False),
        (exchange("GET", "/elsewhere", b"<html>", headers=TEXT), False),
    ],
)
def test_the_media_type_of_an_answer(one, bad):
    assert ("beyond.media-type" in failing(one)) is bad


def test_the_shape_is_judged_after_odd_input_only():
    broken = create(answer={"id": "run_1"})
    assert failing(broken, odd=True) == {"beyond.shape"}
    assert not failing(broken)
    assert failing(refused(answer={"detail": "no"}), odd=True) == {"beyond.shape"}
    assert not failing(create(), odd=True)


INSIDES = {
    "a Python traceback": 'Traceback (most recent call last):\n  File "/app/main.py", line 3, in f',
    "a Java stack trace": "at com.example.api.Runs.create(Runs.java:42)",
    "a JavaScript stack trace": "at Object.create (/app/dist/runs.js:10:15)",
    "a .NET stack trace": "at Api.Runs.Create(String id) in C:\\src\\Runs.cs:line 12",
    "a Go panic": "goroutine 17 [running]:\nmain.main()",
    "a Ruby or PHP trace": "/srv/api/runs.rb:12:in `create'",
    "a Rust panic": "thread 'main' panicked at src/main.rs:2:5",
    "a database error": "SQLSTATE[23000]: Integrity constraint violation",
    "a path of a source file": "error in /usr/lib/python3/site-packages/api/runs.py",
    "an exception's class": "'NoneType' object has no attribute 'id'",
}


@pytest.mark.parametrize(("kind", "text"), INSIDES.items())
def test_the_inside_of_a_server_is_seen(kind, text):
    assert inside(refused(answer=error(message=f"Sorry: {text}")))[0] == kind
    assert inside(refused(answer=f"<pre>{text}</pre>".encode(), headers=TEXT))[0] == kind
    assert failing(refused(answer=error(message=text))) == {"beyond.internals"}


@pytest.mark.parametrize(("kind", "text"), INSIDES.items())
def test_what_the_sender_said_may_come_back(kind, text):
    body = {"instructions": text}
    assert inside(refused(body, answer=error(message=f"Invalid value: {text!r}."))) is None, kind
    assert inside(refused(body, answer=error(message=f"Invalid value: {text}"))) is None, kind
    assert inside(refused({text: 1}, answer=error(param=text))) is None, kind


@pytest.mark.parametrize(
    "message",
    [
        "Invalid type for 'tools[0].function.name': expected a string, but got an integer instead.",
        "No thread found with id '/usr/bin'.",
        "The server had an error while processing your request. Sorry about that!",
        "Traceback is not a known model.",
        "You can't select a file at this point (line 3 of your file).",
        "Unknown parameter: 'at'. See https://example.com/docs/runs.html#at:12:3",
        "Invalid SQL: say what you want in words.",
        "TypeError is not one of the supported values.",
    ],
)
def test_a_message_about_the_request_shows_nothing(message):
    assert inside(refused(answer=error(message=message))) is None


def test_a_successful_answer_may_hold_anything():
    assert inside(create(answer=run(instructions=INSIDES["a Python traceback"]))) is None


def test_the_same_body_is_to_be_answered_alike():
    first, other = create(), create(answer=run(id="run_2", created_at=1, thread_id="thread_2"))
    assert [one.failed for one in beyond.consistent(first, other)] == [False]
    changed = create(answer=run(metadata={"k": "v"}))
    assert [one.where for one in beyond.consistent(first, changed) if one.failed] == ["response /metadata"]
    assert [one.where for one in beyond.consistent(first, refused()) if one.failed] == ["status"]
    assert [one.failed for one in beyond.consistent(refused(), refused(status=422))] == [False]


@pytest.mark.parametrize(
    "other", [refused(status=429, throttled=True), refused(status=500), lost("deadline")]
)
def test_what_says_nothing_is_not_compared(other):
    assert not list(beyond.consistent(create(), other))
    assert not list(beyond.consistent(other, create()))

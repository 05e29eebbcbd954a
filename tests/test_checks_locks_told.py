"""Cancelling, the thread's lock, modifying a run: which call is judged by what came before, and what is said.

Found missing by mutation testing.
"""

from dataclasses import replace
from typing import Any

import pytest
from broken_streams.good import ASSISTANT, RUN, T0, THREAD, run
from saying import OTHER_SETTINGS
from stories import RUNS, call, cancel, client_message, create, error, get, modify, say, submit

from runs_conformance.contract.judge import Context, Judge
from runs_conformance.contract.model import Exchange, Failure
from runs_conformance.contract.register import NEWEST
from runs_conformance.contract.timeline import FINAL

ACCEPTED, OVER = "lifecycle.cancel.accepted", "lifecycle.cancel.final-refused"
ELSE = "lifecycle.cancel.other-statuses"
LOCKED, SECOND = "lifecycle.lock.message-refused", "refuse.thread.active-run"
RELEASED, CLIENTS = "lifecycle.lock.released", "lifecycle.client-message-run-id"
KEPT, ANSWER = "lifecycle.modify", "lifecycle.modify.answer"
CANCELS, LOCKS, MODIFIES = (ACCEPTED, OVER, ELSE), (LOCKED, SECOND, RELEASED), (KEPT, ANSWER)
Told = tuple[str, str, str, str]


def told(rows: tuple[str, ...], *story: Exchange, edition: str = NEWEST) -> list[tuple[str, ...]]:
    """Row, exchange and place of each finding; of a failure, expected and actual too."""
    named = [replace(one, id=f"x{number}") for number, one in enumerate(story, 1)]
    return [
        (one.requirement, one.exchange, one.where)
        + ((" or ".join(one.expected), one.actual) if one.failed else ())
        for one in Judge(Context(edition=edition), frozenset(rows)).everything(named)
    ]


def broken(exchange: Exchange) -> Exchange:
    """The same call, of which no answer came."""
    return replace(exchange, response=None, failure=Failure("disconnected", "nothing came"))


def throttled(exchange: Exchange) -> Exchange:
    return replace(exchange, throttled=True)


def other(status: str) -> Exchange:
    return call("GET", f"{RUNS}/run_2", run(status, id="run_2"))


CANCELLED = "200 with the run cancelling or cancelled"
EITHER = f"{CANCELLED} or a 4xx refusal"
WRONG: dict[str, tuple[str, list[Exchange], str, str]] = {
    "over, and taken": (
        OVER,
        [get("completed"), cancel("completed")],
        "status 400, for the run was completed",
        "status 200",
    ),
    "over, and not found": (
        OVER,
        [get("failed"), cancel(status=404)],
        "status 400, for the run was failed",
        "status 404",
    ),
    "refused, still queued": (
        ACCEPTED,
        [get("in_progress"), cancel(status=400), get("queued"), get("completed")],
        CANCELLED,
        "status 400, and the run queued later",
    ),
    "refused, still in progress": (
        ACCEPTED,
        [get("in_progress"), cancel(status=409), get("in_progress")],
        CANCELLED,
        "status 409, and the run in_progress later",
    ),
    "refused, still locked": (
        ACCEPTED,
        [get("in_progress"), cancel(status=400), say(status=400), get("completed")],
        CANCELLED,
        "status 400, and the thread locked by the run later",
    ),
    "left queued": (ACCEPTED, [get("in_progress"), cancel("queued")], CANCELLED, "the run queued"),
    "left in progress": (
        ACCEPTED,
        [get("in_progress"), cancel("in_progress")],
        CANCELLED,
        "the run in_progress",
    ),
    "queued, and taken up": (
        ELSE,
        [get("queued"), cancel("in_progress")],
        EITHER,
        "status 200, the run in_progress",
    ),
    "waits, and goes on waiting": (
        ELSE,
        [get("requires_action"), cancel("requires_action")],
        EITHER,
        "status 200, the run requires_action",
    ),
    "waits, and ends": (
        ELSE,
        [get("requires_action"), cancel("completed")],
        EITHER,
        "status 200, the run completed",
    ),
}


@pytest.mark.parametrize(("row", "story", "expected", "actual"), WRONG.values(), ids=WRONG)
def test_a_wrong_answer_to_a_cancel_is_shown(
    row: str, story: list[Exchange], expected: str, actual: str
) -> None:
    assert told(CANCELS, *story) == [(row, "x2", "", expected, actual)]


@pytest.mark.parametrize("status", FINAL)
def test_of_each_run_that_is_over_a_cancel_is_refused_with_400(status: str) -> None:
    assert told(CANCELS, get(status), cancel(status=400)) == [(OVER, "x2", "")]
    assert [len(one) for one in told(CANCELS, get(status), cancel(status=422))] == [5]


RIGHT: dict[str, tuple[str, str, Exchange]] = {
    "in progress, cancelling": (ACCEPTED, "in_progress", cancel()),
    "in progress, cancelled": (ACCEPTED, "in_progress", cancel("cancelled")),
    "queued, cancelling": (ELSE, "queued", cancel()),
    "queued, cancelled": (ELSE, "queued", cancel("cancelled")),
    "queued, over meanwhile": (ELSE, "queued", cancel("completed")),
    "queued, refused": (ELSE, "queued", cancel(status=400)),
    "waits, cancelling": (ELSE, "requires_action", cancel()),
    "waits, cancelled": (ELSE, "requires_action", cancel("cancelled")),
    "waits, refused": (ELSE, "requires_action", cancel(status=400)),
}


@pytest.mark.parametrize(("row", "before", "answer"), RIGHT.values(), ids=RIGHT)
def test_a_right_answer_to_a_cancel_passes(row: str, before: str, answer: Exchange) -> None:
    assert told(CANCELS, get(before), answer) == [(row, "x2", "")]


def message(content: Any, status: int = 200, **more: Any) -> Exchange:
    """A message with this content, or none if that is None."""
    body = ({} if content is None else {"content": content}) | {"role": "user", **more}
    shown = client_message("msg_c", "hi") if status == 200 else error()
    return call("POST", f"/threads/{THREAD}/messages", shown, body, status)


PARTS = [{"type": "text", "text": "hi"}]
FILE = [{"file_id": "file_1", "tools": [{"type": "file_search"}]}]
TURNED_AWAY = cancel(status=400)
UNDECIDED: dict[str, list[Exchange]] = {
    "never seen": [cancel("completed")],
    "cancelling already": [get("cancelling"), cancel("in_progress")],
    "outputs in between": [
        get("requires_action"),
        submit("call_1", status=500),
        cancel("in_progress"),
    ],
    "another run's": [
        get("completed"),
        call("POST", f"{RUNS}/run_2/cancel", run("completed", id="run_2"), {}),
    ],
    "no cancel": [get("completed"), modify({})],
    "of nobody with a right": [get("completed"), cancel(status=401)],
    "throttled": [get("completed"), throttled(cancel(status=404))],
    "unanswered": [get("completed"), broken(cancel())],
    "maybe over, in progress": [get("in_progress"), cancel("completed")],
    "maybe waiting": [get("in_progress"), cancel("requires_action")],
    "an error of the server's": [get("in_progress"), cancel(status=500)],
    "refused, and over next": [get("in_progress"), TURNED_AWAY, get("completed"), get("in_progress")],
    "refused, and never seen again": [get("in_progress"), TURNED_AWAY],
    "message refused before": [get("in_progress"), say(status=400), TURNED_AWAY],
    "message taken": [get("in_progress"), TURNED_AWAY, say()],
    "message not found": [get("in_progress"), TURNED_AWAY, say(status=404)],
    "message unanswered": [get("in_progress"), TURNED_AWAY, broken(say())],
    "message of parts": [get("in_progress"), TURNED_AWAY, message(PARTS, 400)],
    "message with a file": [get("in_progress"), TURNED_AWAY, message("hi", 400, attachments=FILE)],
    "a run refused, with content": [
        get("in_progress"),
        TURNED_AWAY,
        call("POST", RUNS, error(), {"assistant_id": ASSISTANT, "content": "hi"}, 400),
    ],
}


@pytest.mark.parametrize("story", UNDECIDED.values(), ids=UNDECIDED)
def test_cancels_that_can_not_be_decided(story: list[Exchange]) -> None:
    assert told(CANCELS, *story) == []


def test_a_cancel_is_judged_by_the_run_of_its_path() -> None:
    assert told(CANCELS, other("completed"), get("queued"), cancel()) == [(ELSE, "x3", "")]
    assert told(CANCELS, get("completed"), other("queued"), cancel(status=400)) == [(OVER, "x3", "")]


HI = {"role": "user", "content": "hi"}
WHILE = f"a 4xx refusal while {RUN} is active"
NO_RUN = "accepted, as no run is active"
SAME_MOMENT = [get("queued"), other("in_progress")]
LOCK_FAILED: dict[str, tuple[list[Exchange], list[Told]]] = {
    "message while queued": (
        [get("queued"), say(), get("in_progress"), get("completed")],
        [(LOCKED, "x2", WHILE, "status 200; the run was queued before and in_progress after")],
    ),
    "message while waiting": (
        [get("requires_action"), say(), get("requires_action")],
        [(LOCKED, "x2", WHILE, "status 200; the run was requires_action before and requires_action after")],
    ),
    "message of parts": (
        [get("queued"), message(PARTS), get("queued")],
        [(LOCKED, "x2", WHILE, "status 200; the run was queued before and queued after")],
    ),
    "a second run": (
        [get("in_progress"), create(id="run_2"), get("cancelling")],
        [(SECOND, "x2", WHILE, "status 200; the run was in_progress before and cancelling after")],
    ),
    "one of two runs is over": (
        [get("queued"), other("completed"), say(), get("queued")],
        [(LOCKED, "x3", WHILE, "status 200; the run was queued before and queued after")],
    ),
    "two runs are active": (
        [*SAME_MOMENT, say(), *SAME_MOMENT],
        [
            (LOCKED, "x3", WHILE, "status 200; the run was queued before and queued after"),
            (
                LOCKED,
                "x3",
                "a 4xx refusal while run_2 is active",
                "status 200; the run was in_progress before and in_progress after",
            ),
        ],
    ),
    "locked after the end": (
        [get("completed"), say(status=400, refusal="a run is active")],
        [(RELEASED, "x2", NO_RUN, "status 400: a run is active")],
    ),
    "conflict after the end": (
        [get("completed"), say(status=409, refusal="a run is active")],
        [(RELEASED, "x2", NO_RUN, "status 409: a run is active")],
    ),
    "a word on a run that is over": (
        [get("completed"), message(PARTS, 400), say(status=422, refusal=f"{RUN} is active")],
        [(RELEASED, "x3", NO_RUN, f"status 422: {RUN} is active")],
    ),
    "a word on the other run": (
        [get("completed"), other("failed"), message(PARTS, 400), say(status=422, refusal="run_2!")],
        [(RELEASED, "x4", NO_RUN, "status 422: run_2!")],
    ),
    "a run refused for one that is over": (
        [get("expired"), call("POST", RUNS, error(f"{RUN} is active"), {"assistant_id": "a"}, 400)],
        [(RELEASED, "x2", NO_RUN, f"status 400: {RUN} is active")],
    ),
    "refused without an error": (
        [get("completed"), call("POST", f"/threads/{THREAD}/messages", {"error": "no"}, HI, 400)],
        [(RELEASED, "x2", NO_RUN, "status 400: ")],
    ),
}


@pytest.mark.parametrize(("story", "wanted"), LOCK_FAILED.values(), ids=LOCK_FAILED)
def test_a_wrong_lock_is_shown(story: list[Exchange], wanted: list[Told]) -> None:
    assert told(LOCKS, *story) == [(row, at, "", *said) for row, at, *said in wanted]


SECOND_RUN = call("POST", RUNS, error(), {"assistant_id": ASSISTANT}, 400)
LOCK_PASSED: dict[str, tuple[str, list[Exchange]]] = {
    "message refused while queued": (LOCKED, [get("queued"), say(status=400)]),
    "message refused while cancelling": (LOCKED, [get("cancelling"), say(status=409)]),
    "run refused while in progress": (SECOND, [get("in_progress"), SECOND_RUN]),
    "run refused while one of two is active": (SECOND, [get("queued"), other("failed"), SECOND_RUN]),
    "message after the end": (RELEASED, [get("completed"), say()]),
    "run after the end": (RELEASED, [get("completed"), create(id="run_2"), other("queued")]),
    "before another run was made": (RELEASED, [get("completed"), say(), other("queued")]),
}


@pytest.mark.parametrize(("row", "story"), LOCK_PASSED.values(), ids=LOCK_PASSED)
def test_a_right_lock_passes(row: str, story: list[Exchange]) -> None:
    place = next(at for at, one in enumerate(story, 1) if one.request.method == "POST")
    assert told(LOCKS, *story) == [(row, f"x{place}", "")]


LOCK_UNDECIDED: dict[str, list[Exchange]] = {
    "no run known": [say(status=400)],
    "no run known yet": [say(), get("queued")],
    "over meanwhile": [get("queued"), say(), get("completed"), get("queued")],
    "not seen again": [get("queued"), say()],
    "own run": [get("queued"), create(), get("queued")],
    "someone acted in between": [get("in_progress"), cancel(status=500), say(), get("in_progress")],
    "of one run nobody knows": [
        get("completed"),
        other("in_progress"),
        call("POST", f"{RUNS}/run_2/cancel", error(), {}, 500),
        say(),
        other("in_progress"),
    ],
    "an error of the server's": [get("queued"), say(status=500), get("queued")],
    "throttled": [get("queued"), throttled(say(status=400))],
    "of nobody with a right": [get("queued"), say(status=403)],
    "unanswered": [get("queued"), broken(say()), get("queued")],
    "no call that the lock forbids": [get("queued"), modify({}), get("queued")],
    "a message that breaks its schema": [get("queued"), message(None, 400)],
    "a message that breaks its schema, taken": [get("queued"), message(7), get("queued")],
    "a message with no body": [
        get("queued"),
        call("POST", f"/threads/{THREAD}/messages", error(), None, 400),
    ],
    "after the end, of parts": [get("completed"), message(PARTS, 400)],
    "after the end, with a file": [get("completed"), message("hi", 400, attachments=FILE)],
    "after the end, against its schema": [get("completed"), message("hi", 400, surprise=1)],
    "after the end, not found": [get("completed"), say(status=404)],
    "after the end, a run refused": [get("completed"), SECOND_RUN],
    "after the end, a run with content refused": [
        get("completed"),
        call("POST", RUNS, error(), {"role": "user", "content": "hi"}, 400),
    ],
}


@pytest.mark.parametrize("story", LOCK_UNDECIDED.values(), ids=LOCK_UNDECIDED)
def test_locks_that_can_not_be_decided(story: list[Exchange]) -> None:
    assert told(LOCKS, *story) == []


def test_a_message_is_held_against_the_schema_of_its_edition() -> None:
    before_parts = "2024-05-08"
    story = get("queued"), message(PARTS), get("queued")
    assert [one[0] for one in told(LOCKS, *story)] == [LOCKED]
    assert told(LOCKS, *story, edition=before_parts) == []
    after = get("completed"), say("a" * 256_001, status=400)
    assert [one[0] for one in told(LOCKS, *after)] == [RELEASED]
    assert told(LOCKS, *after, edition=before_parts) == []


def test_of_one_call_three_breaches_are_shown() -> None:
    runs = [call("GET", f"{RUNS}/run_{n}", run("queued", id=f"run_{n}")) for n in range(5)]
    found = told(LOCKS, *runs, say(), *runs)
    assert [one[3] for one in found] == [f"a 4xx refusal while run_{n} is active" for n in range(3)]


def test_the_run_of_a_clients_message_is_null() -> None:
    assert told((CLIENTS,), say()) == [(CLIENTS, "x1", "response /run_id")]
    [shown] = told((CLIENTS,), say(run_id="run_9"))
    assert shown == (CLIENTS, "x1", "response /run_id", "null", "run_9")
    absent = {key: value for key, value in client_message("msg_1", "hi").items() if key != "run_id"}
    path, body = f"/threads/{THREAD}/messages", {"role": "user", "content": "hi"}
    listed = call("GET", path, client_message("msg_1", "hi", run_id="run_9"))
    refused = call("POST", path, {"run_id": "run_9"}, body, 400)
    assert told((CLIENTS,), call("POST", path, absent, body), broken(say()), listed, refused) == []


OTHER_VALUES = {
    "id": "run_9",
    "created_at": T0 + 1,
    "thread_id": "thread_9",
    "assistant_id": "asst_9",
    "model": "gpt-5",
    **OTHER_SETTINGS,
}


@pytest.mark.parametrize("name", OTHER_VALUES)
def test_a_setting_that_a_modification_changed_is_shown(name: str) -> None:
    story = get("completed"), modify({}, **{name: OTHER_VALUES[name]})
    told_of = (KEPT, "x2", "response", "nothing changed but metadata", f'other values of ["{name}"]')
    assert told(MODIFIES, *story) == [told_of]


def test_a_modification_that_changes_no_setting_passes() -> None:
    first = get("completed", model="gpt-5")
    assert told(MODIFIES, first, get("completed"), modify({})) == [(KEPT, "x3", "response")]
    assert told(MODIFIES, get("queued", temperature=1), modify({}, "completed")) == [(KEPT, "x2", "response")]
    bare = call("GET", f"{RUNS}/{RUN}", {"id": RUN, "object": "thread.run", "status": "completed"})
    assert told(MODIFIES, bare, modify({}, model="gpt-5")) == [(KEPT, "x2", "response")]
    answer = call("POST", f"{RUNS}/{RUN}", {"id": RUN, "object": "thread.run"}, {"metadata": {}})
    assert told(MODIFIES, get("completed"), answer) == [(KEPT, "x2", "response")]
    both = modify({}, model="gpt-5", temperature=2)
    assert told(MODIFIES, get("completed"), both)[0][-1] == 'other values of ["model", "temperature"]'


SENT = {"a": "b"}
LOST = 'the values sent: {"a": "b"}'
ANSWERS: dict[str, tuple[list[Exchange], list[tuple[str, ...]]]] = {
    "kept": ([modify(SENT, metadata={"a": "b", "c": "d"}), get("completed", metadata=SENT)], [("x1",)]),
    "lost": ([modify(SENT)], [("x1", LOST, "{}")]),
    "another value": ([modify(SENT, metadata={"a": "c"})], [("x1", LOST, '{"a": "c"}')]),
    "one of two lost": (
        [modify({"a": "b", "c": "d"}, metadata=SENT)],
        [("x1", 'the values sent: {"a": "b", "c": "d"}', '{"a": "b"}')],
    ),
    "no metadata": ([modify(SENT, metadata=None)], [("x1", LOST, "null")]),
    "lost in the next read": (
        [modify(SENT, metadata=SENT), get("completed"), get("completed", metadata=SENT)],
        [("x1", LOST, "{}")],
    ),
    "lost only later": (
        [modify(SENT, metadata=SENT), get("completed", metadata=SENT), get("completed")],
        [("x1",)],
    ),
    "read before": ([get("completed"), modify(SENT, metadata=SENT)], [("x2",)]),
    "modified again": (
        [
            modify(SENT, metadata=SENT),
            modify({"a": "c"}, metadata={"a": "c"}),
            get("completed", metadata={"a": "c"}),
        ],
        [("x1",), ("x2",)],
    ),
    "modified again, and lost": (
        [modify(SENT, metadata=SENT), modify({"a": "c"}, metadata={"a": "c"}), get("completed")],
        [("x2", 'the values sent: {"a": "c"}', "{}"), ("x1",)],
    ),
    "not modified again": (
        [
            modify(SENT, metadata=SENT),
            call("POST", f"{RUNS}/{RUN}", error(), {"metadata": {"a": "c"}}, 400),
            get("completed"),
        ],
        [("x1", LOST, "{}")],
    ),
    "what is no text is not looked for": (
        [modify({"a": "b", "c": None, "d": 1}, metadata=SENT)],
        [("x1",)],
    ),
    "nothing sent": ([modify({}, metadata={})], []),
    "no object sent": ([modify(None)], []),
    "no text sent": ([modify({"a": 1})], []),
    "refused": ([call("POST", f"{RUNS}/{RUN}", error(), {"metadata": SENT}, 400), get("completed")], []),
    "no run answered": ([get("completed"), call("POST", f"{RUNS}/{RUN}", {}, {"metadata": SENT})], []),
    "throttled": ([get("completed"), throttled(modify(SENT))], []),
    "another run's": (
        [get("completed"), call("POST", f"{RUNS}/run_2", run("completed", id="run_9"), {"metadata": SENT})],
        [],
    ),
    "no modification": ([get("completed"), call("POST", f"{RUNS}/{RUN}/cancel", run("cancelling"), {})], []),
}


@pytest.mark.parametrize(("story", "wanted"), ANSWERS.values(), ids=ANSWERS)
def test_metadata_are_looked_for_in_the_answer_and_the_next_read(
    story: list[Exchange], wanted: list[tuple[str, ...]]
) -> None:
    assert told((ANSWER,), *story) == [(ANSWER, at, "/metadata", *said) for at, *said in wanted]

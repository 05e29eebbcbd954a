"""A run's moves, fields, tool outputs, cancelling, lock and effects, judged from short stories."""

from dataclasses import replace
from typing import Any

import pytest
from broken_streams.good import ASSISTANT, FUNCTION, RUN, T0, USAGE, run, step
from stories import (
    RUNS,
    answer_message,
    call,
    cancel,
    client_message,
    create,
    error,
    failures,
    get,
    listing,
    modify,
    passes,
    say,
    submit,
)

from runs_conformance.contract.checks.lifecycle import reachable
from runs_conformance.contract.judge import Context, Judge
from runs_conformance.contract.model import Exchange, Headers, Response, to_bytes
from runs_conformance.contract.timeline import ACTIVE, FINAL

TOOLS = {"type": "tool_calls", "tool_calls": []}
SAYS = {"type": "message_creation", "message_creation": {"message_id": "msg_1"}}
JSON = {"type": "json_object"}
WIDE = {"k" * 65: ""}
STRICT = {
    "type": "json_schema",
    "json_schema": {"name": "n", "strict": True, "schema": {"type": "object", "required": ["a"]}},
}
NAMED = {"type": "function", "function": {"name": "other"}}


def at(exchange: Exchange, begin: float, seconds: float = 0.1) -> Exchange:
    return replace(exchange, started_at=T0 + begin, seconds=seconds)


def dated(exchange: Exchange, date: str) -> Exchange:
    assert exchange.response is not None
    lines = (*exchange.response.headers.lines, ("date", date))
    return replace(exchange, response=replace(exchange.response, headers=Headers(lines)))


def of_the_other(status: str) -> Exchange:
    return call("GET", f"{RUNS}/run_2", run(status, id="run_2"))


BROKEN: dict[str, tuple[str, list[Exchange]]] = {
    # moves
    "completed runs again": ("lifecycle.final-is-final", [create(), get("completed"), get("queued")]),
    "another end": ("lifecycle.final-is-final", [create(), get("failed"), get("cancelled")]),
    "back to queued": (
        "lifecycle.legal-moves",
        [create(), get("in_progress"), get("queued", started_at=T0 + 1)],
    ),
    "done without outputs": ("lifecycle.legal-moves", [create(), get("requires_action"), get("completed")]),
    "cancelling goes on": ("lifecycle.cancel.ends", [create(), cancel(), get("in_progress")]),
    "instant": ("lifecycle.new-run-queued", [create("completed"), get("completed")]),
    "born failed": ("lifecycle.new-run-queued", [create("failed"), get("failed")]),
    "born cancelled": ("lifecycle.new-run-queued", [create("cancelled")]),
    # fields by status
    "queued with usage": ("lifecycle.usage-null-before-end", [get("queued", usage=USAGE)]),
    "failed without usage": ("lifecycle.usage-other-ends", [get("failed", usage=None)]),
    "failed without an error": ("lifecycle.last-error-when", [get("failed", last_error=None)]),
    "waiting for nothing": ("lifecycle.required-action-iff", [get("requires_action", required_action=None)]),
    "incomplete without details": (
        "lifecycle.incomplete-details-iff",
        [get("incomplete", incomplete_details=None)],
    ),
    "completed at no time": ("lifecycle.completed-at", [get("completed", completed_at=None)]),
    "failed at no time": ("lifecycle.failed-at", [get("failed", failed_at=None)]),
    "cancelling is cancelled": ("lifecycle.cancelled-at", [get("cancelling", cancelled_at=T0 + 2)]),
    "never expires": ("lifecycle.expires-at-active", [get("in_progress", expires_at=None)]),
    "expires after completion": ("lifecycle.expires-at-completed", [get("completed", expires_at=T0 + 600)]),
    "expires in an hour": ("lifecycle.expires-at-ten-minutes", [get("queued", expires_at=T0 + 3600)]),
    "started when created": ("lifecycle.started-at", [create(started_at=T0)]),
    "in progress, not started": ("lifecycle.started-at", [get("in_progress", started_at=None)]),
    "start forgotten": (
        "lifecycle.started-at",
        [create(), get("in_progress"), get("cancelled", started_at=None)],
    ),
    "start forgotten by outputs": (
        "lifecycle.started-at",
        [create(), get("requires_action"), submit("call_1", started_at=None)],
    ),
    "expiry moved": (
        "lifecycle.expires-at-fixed",
        [create(created_at=T0), get("requires_action"), submit("call_1", created_at=T0, expires_at=T0 + 601)],
    ),
    "overdue": ("lifecycle.expiry.in-progress", [dated(get("in_progress"), "Thu, 30 Oct 2025 22:20:00 GMT")]),
    "overdue outputs": (
        "lifecycle.expiry.requires-action",
        [dated(get("requires_action"), "Thu, 30 Oct 2025 22:20:00 GMT")],
    ),
    "queued for ever": ("lifecycle.ends-in-time", [dated(get("queued"), "Thu, 30 Oct 2025 22:20:00 GMT")]),
    "two calls at once": (
        "lifecycle.parallel-tool-calls-false",
        [
            get(
                "requires_action",
                parallel_tool_calls=False,
                required_action={
                    "type": "submit_tool_outputs",
                    "submit_tool_outputs": {
                        "tool_calls": [
                            {
                                "id": f"call_{n}",
                                "type": "function",
                                "function": {"name": "f", "arguments": "{}"},
                            }
                            for n in (1, 2)
                        ],
                    },
                },
            )
        ],
    ),
    # tool outputs
    "outputs refused": (
        "lifecycle.submit.accepted",
        [create(), get("requires_action"), submit("call_1", status=400), get("requires_action")],
    ),
    "outputs ignored": (
        "lifecycle.submit.accepted",
        [create(), get("requires_action"), submit("call_1", answer="requires_action")],
    ),
    "part taken": (
        "lifecycle.submit.partial-refused",
        [create(), get("requires_action"), submit(answer="queued")],
    ),
    "stranger taken": (
        "lifecycle.submit.unknown-call-refused",
        [create(), get("requires_action"), submit("call_1", "call_9")],
    ),
    "outputs after the end": (
        "lifecycle.submit.wrong-status-refused",
        [get("completed"), submit("call_1", answer="completed", started_at=T0 + 1)],
    ),
    "outputs twice": (
        "lifecycle.submit.wrong-status-refused",
        [create(), get("requires_action"), submit("call_1"), submit("call_1")],
    ),
    # cancelling
    "cancel refused": (
        "lifecycle.cancel.accepted",
        [get("in_progress"), cancel(status=400), get("in_progress")],
    ),
    "cancel ignored": ("lifecycle.cancel.accepted", [get("in_progress"), cancel("in_progress")]),
    "cancelled after the end": ("lifecycle.cancel.final-refused", [get("completed"), cancel("completed")]),
    "refused with 404": ("lifecycle.cancel.final-refused", [get("completed"), cancel(status=404)]),
    "cancelled into waiting": (
        "lifecycle.cancel.other-statuses",
        [get("requires_action"), cancel("requires_action")],
    ),
    # lock
    "message while running": ("lifecycle.lock.message-refused", [get("queued"), say(), get("in_progress")]),
    "message while waiting": (
        "lifecycle.lock.message-refused",
        [get("requires_action"), say(), get("requires_action")],
    ),
    "still locked": (
        "lifecycle.lock.released",
        [get("completed"), say(status=400, refusal="a run is active")],
    ),
    "no second run": (
        "lifecycle.lock.released",
        [
            get("completed"),
            call("POST", RUNS, error(f"already has an active run {RUN}"), {"assistant_id": "asst_A1"}, 400),
        ],
    ),
    "client's run": ("lifecycle.client-message-run-id", [say(run_id="run_9")]),
    # modify
    "modified too much": (
        "lifecycle.modify",
        [get("completed"), modify({"a": "b"}, metadata={"a": "b"}, model="gpt-5")],
    ),
    "not modified": ("lifecycle.modify.answer", [get("completed"), modify({"a": "b"})]),
    "modified for a moment": (
        "lifecycle.modify.answer",
        [get("completed"), modify({"a": "b"}, metadata={"a": "b"}), get("completed", metadata={})],
    ),
    # effects
    "another limit": (
        "lifecycle.token-limit-incomplete",
        [get("incomplete", max_completion_tokens=None, max_prompt_tokens=256)],
    ),
    "over the limit": (
        "lifecycle.token-limit-incomplete",
        [
            get(
                "completed",
                max_completion_tokens=256,
                usage={"prompt_tokens": 1, "completion_tokens": 300, "total_tokens": 301},
            )
        ],
    ),
    "tool against the choice": (
        "lifecycle.tool-choice.none",
        [create(tool_choice="none"), listing("steps", [step("step_s", TOOLS)])],
    ),
    "waits against the choice": (
        "lifecycle.tool-choice.none",
        [create(tool_choice="none"), get("requires_action", tool_choice="none")],
    ),
    "no tool": (
        "lifecycle.tool-choice.forced",
        [
            create(tool_choice="required"),
            get("completed", tool_choice="required"),
            listing("steps", [step("step_s", SAYS, "completed")]),
        ],
    ),
    "not that tool": (
        "lifecycle.tool-choice.forced",
        [
            create(tool_choice=NAMED),
            get("requires_action", tool_choice=NAMED),
            submit("call_1", tool_choice=NAMED),
            get("completed", tool_choice=NAMED),
            listing(
                "steps",
                [
                    step(
                        "step_s",
                        {
                            "type": "tool_calls",
                            "tool_calls": [
                                {
                                    "id": "call_1",
                                    "type": "function",
                                    "function": {**FUNCTION, "output": "sunny"},
                                }
                            ],
                        },
                        "completed",
                    )
                ],
            ),
        ],
    ),
    "prose for JSON": (
        "lifecycle.json-mode",
        [
            create(response_format=JSON),
            get("completed", response_format=JSON),
            listing("messages", [answer_message("msg_1", "Hello")]),
        ],
    ),
    "misfit": (
        "lifecycle.json-schema-strict",
        [
            create(response_format=STRICT),
            get("completed", response_format=STRICT),
            listing("messages", [answer_message("msg_1", '{"b": 1}')]),
        ],
    ),
    "step left": ("lifecycle.steps-end-with-run", [get("failed"), listing("steps", [step("step_s", SAYS)])]),
    "message lost": (
        "lifecycle.run-messages",
        [get("completed"), listing("steps", [step("step_s", SAYS, "completed")]), listing("messages", [])],
    ),
    "message of another": (
        "lifecycle.run-messages",
        [
            get("completed"),
            listing("steps", [step("step_s", SAYS, "completed")]),
            listing("messages", [answer_message("msg_1", "x", assistant_id="asst_9")]),
        ],
    ),
    "additional lost": (
        "response.echo.messages",
        [
            create(body={"additional_messages": [{"role": "user", "content": "one"}]}),
            get("completed"),
            listing("messages", [answer_message("msg_1", "x")]),
        ],
    ),
    "additional, beyond its bounds": (
        "refuse.metadata.lengths",
        [
            create(body={"additional_messages": [{"role": "user", "content": "one", "metadata": WIDE}]}),
            get("completed"),
            listing("messages", [answer_message("msg_1", "x")]),
        ],
    ),
    "additional late": (
        "lifecycle.additional-messages-first",
        [
            create(body={"additional_messages": [{"role": "user", "content": "one"}]}),
            get("completed"),
            listing(
                "messages", [client_message("msg_2", "one", created_at=T0 + 99), answer_message("msg_1", "x")]
            ),
        ],
    ),
    "both won a race": (
        "isolation.race-one-wins",
        [at(create(), 0), at(create(id="run_2"), 0.05), at(get("queued"), 1), at(of_the_other("queued"), 2)],
    ),
    "not the sum": (
        "response.usage.steps-sum",
        [
            create(),
            get("completed"),
            listing("steps", [step("step_a", SAYS, "completed"), step("step_b", SAYS, "completed")]),
        ],
    ),
}


@pytest.mark.parametrize(("requirement", "story"), BROKEN.values(), ids=BROKEN)
def test_each_story_breaks_one_requirement(requirement: str, story: list[Exchange]) -> None:
    assert failures(*story) == {requirement}


FINE: dict[str, tuple[set[str], list[Exchange]]] = {
    "polled": (
        {"lifecycle.legal-moves", "lifecycle.queued-moves-on"},
        [create(), get("queued"), get("in_progress"), get("completed")],
    ),
    "states missed": ({"lifecycle.legal-moves"}, [create(), get("completed"), get("completed")]),
    "final": ({"lifecycle.final-is-final"}, [get("failed"), get("failed")]),
    "outputs": (
        {"lifecycle.submit.accepted", "lifecycle.expires-at-fixed", "lifecycle.started-at"},
        [create(), get("requires_action"), submit("call_1"), get("completed")],
    ),
    "expired before the outputs": (
        set(),
        [create(), get("requires_action"), submit("call_1", status=400), get("expired")],
    ),
    "part refused": ({"lifecycle.submit.partial-refused"}, [get("requires_action"), submit(status=400)]),
    "stranger refused": (
        {"lifecycle.submit.unknown-call-refused"},
        [get("requires_action"), submit("call_9", status=400)],
    ),
    "wrong status": (
        {"lifecycle.submit.wrong-status-refused"},
        [get("in_progress"), submit("call_1", status=400)],
    ),
    "cancelled": (
        {"lifecycle.cancel.accepted", "lifecycle.cancel.ends"},
        [get("in_progress"), cancel(), get("cancelling"), get("cancelled")],
    ),
    "too late to cancel": ({"lifecycle.cancel.ends"}, [get("in_progress"), cancel(), get("completed")]),
    "over before the cancel": (set(), [get("in_progress"), cancel(status=400), get("completed")]),
    "cancel refused after the end": (
        {"lifecycle.cancel.final-refused"},
        [get("completed"), cancel(status=400)],
    ),
    "cancelled while waiting": (
        {"lifecycle.cancel.other-statuses"},
        [get("requires_action"), cancel(), get("cancelled")],
    ),
    "locked": ({"lifecycle.lock.message-refused"}, [get("queued"), say(status=400)]),
    "maybe over": (set(), [get("in_progress"), say(), get("completed")]),
    "released": ({"lifecycle.lock.released"}, [get("completed"), say()]),
    "modified": (
        {"lifecycle.modify", "lifecycle.modify.answer"},
        [get("completed"), modify({"a": "b"}, metadata={"a": "b"})],
    ),
    "JSON": (
        {"lifecycle.json-mode", "lifecycle.json-schema-strict"},
        [
            create(response_format=STRICT),
            get("completed", response_format=STRICT),
            listing("messages", [answer_message("msg_m", '{"a": 1}')]),
        ],
    ),
    "cut JSON": (
        set(),
        [
            create(response_format=JSON, max_completion_tokens=256),
            get("incomplete", response_format=JSON),
            listing("messages", [answer_message("msg_m", '{"a"')]),
        ],
    ),
    "additional": (
        {"lifecycle.additional-messages-first"},
        [
            create(body={"additional_messages": [{"role": "user", "content": "one"}]}),
            get("completed"),
            listing("messages", [answer_message("msg_1", "x"), client_message("msg_2", "one")]),
        ],
    ),
    "additional, and a message that a lock should have refused": (
        set(),
        [
            create(body={"additional_messages": [{"role": "user", "content": "one"}]}),
            say(),
            get("completed"),
            listing(
                "messages",
                [answer_message("msg_1", "x"), client_message("msg_3", "2"), client_message("msg_2", "one")],
            ),
        ],
    ),
    "one won a race": (
        {"isolation.race-one-wins"},
        [
            at(create(), 0),
            at(call("POST", RUNS, error(f"has an active run {RUN}"), {"assistant_id": ASSISTANT}, 400), 0.05),
            at(get("queued"), 1),
        ],
    ),
    "both were quick": (
        set(),
        [
            at(create(), 0),
            at(create(id="run_2"), 0.05),
            at(get("completed"), 1),
            at(of_the_other("queued"), 2),
        ],
    ),
    "old example": (set(), [dated(get("queued"), "Thu, 30 Oct 2027 22:20:00 GMT")]),
    "forced": (
        {"lifecycle.tool-choice.forced"},
        [create(tool_choice="required"), get("requires_action", tool_choice="required")],
    ),
    "steps ended": (
        {"lifecycle.steps-end-with-run"},
        [get("failed"), listing("steps", [step("step_s", SAYS, "failed")])],
    ),
    "sum": (
        {"response.usage.steps-sum", "event.step-usage"},
        [
            create(),
            get("completed"),
            listing("steps", [step("step_a", SAYS, "completed")]),
        ],
    ),
}


@pytest.mark.parametrize(("wanted", "story"), FINE.values(), ids=FINE)
def test_fine_stories_break_nothing(wanted: set[str], story: list[Exchange]) -> None:
    assert failures(*story) == set()
    assert wanted <= passes(*story)


def test_overlapping_reads_prove_nothing() -> None:
    slow = at(get("in_progress"), begin=0, seconds=5)
    quick = at(get("completed"), begin=1)
    assert failures(quick, slow) == set()
    assert failures(quick, at(get("in_progress"), begin=2)) == {"lifecycle.final-is-final"}


def test_a_throttled_or_unauthorised_call_is_no_refusal() -> None:
    for status in (401, 429, 503):
        story = [get("requires_action"), submit("call_1", status=status), get("requires_action")]
        assert not {one for one in failures(*story) if one.startswith("lifecycle.")}


def test_a_schema_that_points_elsewhere_is_not_fetched() -> None:
    schema: Any = {"$ref": "http://127.0.0.1:9/none.json"}
    form = {"type": "json_schema", "json_schema": {"name": "n", "strict": True, "schema": schema}}
    story = [get("completed", response_format=form), listing("messages", [answer_message("msg_m", "1")])]
    assert failures(*story) == set()
    assert "lifecycle.json-schema-strict" not in passes(*story)


@pytest.mark.parametrize("status", FINAL)
def test_a_final_status_reaches_only_itself(status: str) -> None:
    assert reachable(status, submitted=True, cancelled=True) == {status}


def test_everything_is_reachable_from_queued_but_queued_again_only_by_outputs() -> None:
    assert reachable("queued", submitted=False, cancelled=False) == {*ACTIVE, *FINAL}
    assert "queued" not in reachable("in_progress", submitted=False, cancelled=False)
    assert "queued" in reachable("in_progress", submitted=True, cancelled=False)


@pytest.mark.parametrize(("media", "ok"), [("application/json", False), ("text/event-stream", True)])
def test_a_streamed_submission_is_answered_by_a_stream(media: str, ok: bool) -> None:
    exchange = submit("call_1")
    body = to_bytes({"tool_outputs": [{"tool_call_id": "call_1", "output": "x"}], "stream": True})
    request = replace(exchange.request, body=body)
    response = Response(200, Headers.of({"content-type": media}), to_bytes(run("queued", started_at=T0)))
    found = failures(replace(exchange, request=request, response=response))
    assert ("lifecycle.submit.stream" not in found) == ok


@pytest.mark.parametrize("status", [404, 405])
@pytest.mark.parametrize("missing", [f"{RUNS}/{RUN}", RUNS, f"{RUNS}/{RUN}/steps"])
def test_an_operation_that_is_not_there(missing: str, status: int) -> None:
    gone = call("GET", missing, error(), status=status)
    unknown = call("GET", f"{RUNS}/run_other", error(), status=404)
    assert served(create(), gone) == ["failed"]
    assert served(gone) == served(create(), unknown) == []
    assert served(create(), get("queued")) == ["passed"]
    assert failures(create(), gone) == set()


def served(*story: Exchange) -> list[str]:
    """What is said of traffic of the suite's own."""
    found = Judge(Context(ours=True)).everything(story)
    return [one.outcome.value for one in found if one.requirement == "lifecycle.served"]

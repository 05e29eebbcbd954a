"""What a success is, and answers against their schemas: a literal that holds, one that breaks."""

import pytest
from builders import (
    ASSISTANT,
    GONE,
    JSON,
    MADE_THREAD,
    RUN,
    RUNS,
    THREAD,
    USAGE,
    assistant,
    both,
    create,
    done,
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

from runs_conformance.contract.model import Failure, to_bytes

STEP = {
    "id": "step_one",
    "object": "thread.run.step",
    "created_at": 1,
    "assistant_id": ASSISTANT,
    "thread_id": THREAD,
    "run_id": RUN,
    "type": "message_creation",
    "status": "completed",
    "last_error": None,
    "cancelled_at": None,
    "failed_at": None,
    "completed_at": 2,
    "usage": USAGE,
    "expires_at": None,
    "step_details": {"type": "message_creation", "message_creation": {"message_id": "msg_one"}},
}
CALL = {"id": "call_one", "type": "function", "function": {"name": "f", "arguments": "{}"}}
EVENTS = "text/event-stream"


def action(*calls):
    return {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": list(calls)}}


@pytest.mark.parametrize(
    "one",
    [
        create(),
        both(),
        create(headers={"content-type": "application/json; charset=utf-8"}),
        create(answer=b" \n" + to_bytes(run())),
        get(run(status="cancelling", started_at=1)),
        exchange("POST", "/threads", MADE_THREAD),
        exchange("GET", RUNS, listing()),
        create({"stream": None}),
        create(headers={}),
    ],
)
def test_a_success(one):
    assert holds("response.success", one)


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (create(status=201), ("", "status 200", "status 201")),
        (
            create(headers=JSON | {"content-type": "text/json"}),
            ("header content-type", "application/json", "text/json"),
        ),
        (
            create(headers={"x-request-id": "r"}),
            ("header content-type", "application/json", "no content-type"),
        ),
        (create(answer=[run()]), ("response", "one JSON object", "[{")),
        (
            create(answer=to_bytes(run()) + b"\n{}"),
            ("response", "one JSON object", "not plain JSON: Extra data"),
        ),
        (create(answer=b'{"id": 1, "id": 2}'), ("response", "one JSON object", "repeats the key 'id'")),
        (create(answer=b""), ("response", "one JSON object", "not plain JSON")),
        (
            create(broken=Failure("disconnected", "it ended early")),
            ("response", "a whole JSON answer", "it ended early"),
        ),
        (get(b"\xef\xbb\xbf" + to_bytes(run())), ("response", "one JSON object", "a byte order mark")),
        (
            create(headers={"content-type": "text/event-stream"}),
            ("header content-type", "application/json", "text/event-stream"),
        ),
        (
            create(sent={"accept": EVENTS}, headers={"content-type": "text/plain"}),
            ("header content-type", "application/json", "text/plain"),
        ),
        (
            exchange("GET", RUNS, listing(), headers={"content-type": "text/plain"}),
            ("header content-type", "", "text/plain"),
        ),
    ],
)
def test_no_success(one, told):
    where, expected, actual = failure("response.success", one)
    assert where == told[0]
    assert told[1] in expected
    assert told[2] in actual


@pytest.mark.parametrize(
    "one",
    [
        refused(),
        create({"stream": True}, b"", headers={"content-type": "text/event-stream"}),
        create(status=500),
        exchange("POST", RUNS, b"", b"{nonsense", headers={"content-type": "text/event-stream"}),
        exchange("DELETE", f"/threads/{THREAD}", b"", status=204),
        exchange("GET", "/elsewhere", b"", status=204),
        # A stream for an Accept that names one breaks a SHOULD (headers.stream-by-body), and that only.
        create(answer=b"", sent={"accept": EVENTS}, headers={"content-type": EVENTS}),
    ],
)
def test_what_success_is_silent_about(one):
    assert findings("response.success", one) == []


@pytest.mark.parametrize(
    ("row", "changes"),
    [
        ("response.run.identity", {"extra": {"a": 1}}),
        ("response.run.sampling", {"temperature": None, "top_p": GONE}),
        ("response.run.sampling", {"temperature": 1, "top_p": 0.25}),
        (
            "response.run.model-tools-metadata",
            {"metadata": None, "tools": [{"type": "function", "function": {"name": "f"}}] * 100},
        ),
        ("response.run.instructions-present", {"instructions": "be brief"}),
        ("response.run.settings", {"tool_choice": {"type": "function", "function": {"name": "f"}}}),
        ("response.run.settings", {"response_format": {"type": "json_schema", "json_schema": {"name": "f"}}}),
        ("response.run.token-limits", {"max_prompt_tokens": 256}),
        ("response.usage.form", {"usage": USAGE | {"prompt_token_details": {"cached_tokens": 0}}}),
        ("response.required-action.tool-call", {"required_action": action(CALL)}),
        ("response.last-error.form", {"last_error": {"code": "invalid_engine_error", "message": "m"}}),
        ("response.incomplete-details.form", {"incomplete_details": {}}),
        ("lifecycle.status-values", {"status": "incomplete"}),
    ],
)
def test_runs_that_hold(row, changes):
    holds(row, create(answer=run(**changes)))
    holds(row, exchange("GET", RUNS, listing(run(**changes))))


@pytest.mark.parametrize(
    ("row", "changes", "pointer", "expected", "actual"),
    [
        ("response.run.identity", {"id": ""}, "/id", "at least 1", '""'),
        (
            "response.run.identity",
            {"object": "assistant.run"},
            "/object",
            "must be thread.run",
            '"assistant.run"',
        ),
        ("response.run.identity", {"created_at": "1790000000"}, "/created_at", "integer", '"1790000000"'),
        (
            "response.run.identity",
            {"created_at": 1790000000.0},
            "/created_at",
            "without a fraction",
            "1790000000.0",
        ),
        ("response.run.identity", {"thread_id": None}, "/thread_id", "string", "null"),
        (
            "response.run.outcome-fields",
            {"usage": GONE},
            "/usage",
            "must have 'usage'",
            "no 'usage' in an object",
        ),
        ("response.run.outcome-fields", {"last_error": "x"}, "/last_error", "object", '"x"'),
        (
            "response.run.timestamps",
            {"expires_at": GONE},
            "/expires_at",
            "must have 'expires_at'",
            "no 'expires_at'",
        ),
        ("response.run.timestamps", {"started_at": True}, "/started_at", "integer", "true"),
        ("response.run.model-tools-metadata", {"tools": None}, "/tools", "array", "null"),
        ("response.run.model-tools-metadata", {"metadata": {"a": 1}}, "/metadata/a", "string", "1"),
        (
            "response.run.token-limits",
            {"max_prompt_tokens": 255},
            "/max_prompt_tokens",
            "at least 256",
            "255",
        ),
        (
            "response.run.token-limits",
            {"max_prompt_tokens": 300.0},
            "/max_prompt_tokens",
            "without a fraction",
            "300.0",
        ),
        ("response.run.settings", {"tool_choice": "any"}, "/tool_choice", "must be one of", '"any"'),
        (
            "response.run.settings",
            {"parallel_tool_calls": GONE},
            "/parallel_tool_calls",
            "must have",
            "no 'parallel",
        ),
        (
            "response.run.instructions-present",
            {"instructions": GONE},
            "/instructions",
            "must have",
            "no 'instructions'",
        ),
        ("response.run.sampling", {"temperature": "1"}, "/temperature", "number", '"1"'),
        (
            "response.usage.form",
            {"usage": USAGE | {"total_tokens": 25.0}},
            "/usage/total_tokens",
            "fraction",
            "25.0",
        ),
        (
            "response.usage.form",
            {"usage": {"total_tokens": 1, "prompt_tokens": 1}},
            "/usage/completion_tokens",
            "must have",
            "no '",
        ),
        (
            "response.last-error.form",
            {"last_error": {"code": "oops", "message": "m"}},
            "/last_error/code",
            "",
            '"oops"',
        ),
        ("lifecycle.status-values", {"status": "done"}, "/status", "must be one of", '"done"'),
    ],
)
def test_runs_that_break_a_row(row, changes, pointer, expected, actual):
    broken = run(**changes)
    for one, start in (
        (create(answer=broken), "response "),
        (exchange("GET", RUNS, {"data": [broken]}), "response /data/0 "),
    ):
        told = failure(row, one)
        assert told[0] == start + pointer
        assert expected in told[1]
        assert actual in told[2]


@pytest.mark.parametrize(
    ("row", "path", "answer", "pointer"),
    [
        ("response.success", "/threads/thread_one/runs", [], "response"),
        ("response.list.form", RUNS, listing() | {"has_more": "no"}, "response /has_more"),
        (
            "response.message.form",
            f"/threads/{THREAD}/messages/msg_one",
            message(role="tool"),
            "response /role",
        ),
        (
            "response.message.content",
            f"/threads/{THREAD}/messages/msg_one",
            message(content=[{"type": "text", "text": "plain"}]),
            "response /content/0/text",
        ),
        (
            "response.thread.form",
            f"/threads/{THREAD}",
            MADE_THREAD | {"created_at": 1.0},
            "response /created_at",
        ),
        ("response.assistant.form", "/assistants/asst_one", assistant(tools=GONE), "response /tools"),
        ("response.step.form", f"{RUNS}/{RUN}/steps/step_one", STEP | {"object": "step"}, "response /object"),
        (
            "event.step-fields",
            f"{RUNS}/{RUN}/steps/step_one",
            STEP | {"created_at": 1.0},
            "response /created_at",
        ),
    ],
)
def test_other_objects(row, path, answer, pointer):
    assert failure(row, exchange("GET", path, answer))[0] == pointer


def test_a_good_step_and_a_good_message():
    assert holds("response.step.form", exchange("GET", f"{RUNS}/{RUN}/steps/step_one", STEP))
    assert holds("response.message.form", exchange("GET", f"/threads/{THREAD}/messages/msg_one", message()))


def test_a_success_that_holds_an_error_breaks_the_run():
    failing = create(answer={"error": {"message": "m", "type": "t", "param": None, "code": None}})
    told = [one for one in findings("response.run.identity", failing) if one.failed]
    assert "response /id" in {one.where for one in told}


def test_older_editions_need_less():
    old = create(answer=run(parallel_tool_calls=GONE, max_completion_tokens=16))
    assert holds("response.run.settings", old, edition="2024-05-01")
    assert holds("response.run.token-limits", old, edition="2024-05-01")
    assert failure("response.run.token-limits", old, edition="2024-05-13")


def test_recorded_extras_are_noted():
    row = "response.run.recorded-extras"
    assert holds(row, create(answer=run(tool_resources={})))
    assert findings(row, create()) == []
    assert failure(row, get(done(reasoning_effort=7)))[0] == "response /reasoning_effort"

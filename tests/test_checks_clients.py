"""What a client sends: each row passes, each way to fail it is found, and servers' traffic says nothing."""

import pytest
from builders import (
    ASSISTANT,
    RUN,
    RUNS,
    both,
    create,
    error,
    exchange,
    failure,
    findings,
    holds,
    run,
)

from runs_conformance.contract.checks.clients import BODY_ROWS

SENT = {"Authorization": "Bearer ***", "Content-Type": "application/json"}
WATCHED = {"source": "watched", "sent": SENT}
CALLS = [
    {"id": f"call_{n}", "type": "function", "function": {"name": "f", "arguments": "{}"}} for n in (1, 2)
]
ACTION = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": CALLS}}


@pytest.mark.parametrize("row", BODY_ROWS)
def test_a_documented_body_holds(row):
    assert holds(row, create({"temperature": 2, "metadata": {"k": "v"}, "instructions": None}, **WATCHED))
    assert findings(row, create({"temperature": 3}, sent=SENT)) == []


BROKEN = {
    "client.body.unknown-field": ({"strem": True}, "request /strem"),
    "client.body.type": ({"temperature": "hot"}, "request /temperature"),
    "client.body.value": ({"tool_choice": "sometimes"}, "request /tool_choice"),
    "client.body.bound": ({"temperature": 3}, "request /temperature"),
}


@pytest.mark.parametrize("row", BROKEN)
def test_a_body_that_no_document_allows_is_found_whatever_was_answered(row):
    body, where = BROKEN[row]
    assert failure(row, create(body, **WATCHED))[0] == where
    assert failure(row, create(body, error(), status=400, **WATCHED))[0] == where
    others = [one for one in BODY_ROWS if one != row]
    assert all(holds(one, create(body, **WATCHED)) for one in others)


def test_a_body_without_what_it_needs():
    sent = exchange("POST", RUNS, error(), {}, status=400, **WATCHED)
    assert failure("client.body.required", sent)[:1] == ("request /assistant_id",)


def test_an_assistant_is_modified_by_parts():
    made = exchange("POST", f"/assistants/{ASSISTANT}", {"id": ASSISTANT}, {"name": "New"}, **WATCHED)
    assert holds("client.body.required", made)
    wrong = exchange("POST", f"/assistants/{ASSISTANT}", {"id": ASSISTANT}, {"nam": "New"}, **WATCHED)
    assert failure("client.body.unknown-field", wrong)[0] == "request /nam"


def test_what_a_later_edition_allows_is_no_fault():
    sent = create({"reasoning_effort": "minimal"}, **WATCHED)
    assert not [one for row in BODY_ROWS for one in findings(row, sent, edition="2024-06-06") if one.failed]


FORMS = {
    b'{"assistant_id": "a"': "Expecting",
    b'{"assistant_id": "a", "temperature": NaN}': "NaN is not JSON",
    b'{"assistant_id": "a", "model": "x", "model": "y"}': "repeats the key 'model'",
    b'\xef\xbb\xbf{"assistant_id": "a"}': "byte order mark",
    b'["a"]': "no object",
    b'{"assistant_id": "\xff"}': "not UTF-8",
    b"": "Expecting value",
}


@pytest.mark.parametrize("body", FORMS)
def test_a_body_that_is_no_json_object(body):
    sent = exchange("POST", RUNS, error(), body, status=400, **WATCHED)
    assert FORMS[body] in failure("client.body.form", sent)[2]


def test_an_empty_body_is_one_where_none_is_needed():
    cancel = exchange("POST", f"{RUNS}/{RUN}/cancel", run(status="cancelling"), b"", **WATCHED)
    assert findings("client.body.form", cancel) == []
    assert holds("client.body.form", create(**WATCHED))


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_the_content_type(media):
    assert holds("client.header.content-type", create(**WATCHED))
    sent = {**SENT, "Content-Type": media}
    assert failure("client.header.content-type", create(source="watched", sent=sent))[2] == (media or "none")


@pytest.mark.parametrize(
    ("value", "told"), [("", "none"), ("Basic x", 'the scheme "Basic"'), ("Bearer", "Bearer")]
)
def test_the_key(value, told):
    row = "client.header.authorization"
    assert holds(row, create(**WATCHED))
    assert holds(row, create(source="watched", sent={"api-key": "***"}))
    assert told in failure(row, create(source="watched", sent={"Authorization": value}))[2]
    assert findings(row, create(source="watched", sent={}), absent=frozenset({"auth"})) == []


def listed(*query):
    return exchange("GET", RUNS, {"object": "list", "data": []}, query=query, **WATCHED)


@pytest.mark.parametrize("pair", [("limit", "0"), ("limit", "101"), ("limit", "ten"), ("order", "up")])
def test_a_query_value_that_is_not_documented(pair):
    assert holds("client.query.value", listed(("limit", "100"), ("order", "asc"), ("after", "run_x")))
    assert failure("client.query.value", listed(pair))[0] == f"request query {pair[0]}"


def test_a_query_that_the_operation_does_not_know():
    assert holds("client.query.known", listed(("limit", "1"), ("api-version", "2024-05-01-preview")))
    assert failure("client.query.known", listed(("page", "2")))[2] == "page"
    assert failure("client.query.known", both(query=(("include[]", "x"),), **WATCHED))[2] == "include[]"
    assert findings("client.query.known", listed(("api-version", "1"))) == []


def submitted(*ids, **more):
    waiting = exchange(
        "GET", f"{RUNS}/{RUN}", run(status="requires_action", required_action=ACTION), **WATCHED
    )
    outputs = {"tool_outputs": [{"tool_call_id": name, "output": "x"} for name in ids]}
    path = f"{RUNS}/{RUN}/submit_tool_outputs"
    return (
        create(**WATCHED),
        waiting,
        exchange("POST", path, more.pop("answer", run()), outputs, **WATCHED, **more),
    )


@pytest.mark.parametrize("ids", [["call_1"], ["call_1", "call_1"], ["call_1", "call_2", "call_3"], []])
def test_outputs_for_other_calls_than_the_run_waits_for(ids):
    assert holds("client.flow.all-outputs", *submitted("call_2", "call_1"))
    assert failure("client.flow.all-outputs", *submitted(*ids))[0] == "request /tool_outputs"
    assert failure("client.flow.all-outputs", *submitted(*ids, answer=error(), status=400))


def test_reading_a_busy_server_is_no_error_of_the_run():
    read = exchange("GET", f"{RUNS}/{RUN}", error(), status=503, throttled=True)
    assert findings("error.after-start", create(), read) == []
    broken = exchange("GET", f"{RUNS}/{RUN}", error(), status=500)
    assert failure("error.after-start", create(), broken)[2] == "status 500"

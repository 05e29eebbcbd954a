"""The records of the wire: header look-up, bodies as JSON, what counts as accepted and refused."""

import dataclasses
import json

import pytest
from builders import create, exchange, lost, refused, run

from runs_conformance.contract.jsontext import MISSING
from runs_conformance.contract.model import (
    Event,
    Exchange,
    Failure,
    Headers,
    Request,
    Response,
    Trace,
    to_bytes,
)


def test_headers_ignore_case_and_keep_repeats():
    headers = Headers.of([("Content-Type", "application/json; charset=utf-8"), ("X-A", "1"), ("x-a", "2")])
    assert headers.media_type == "application/json"
    assert headers.get("X-a") == "1, 2"
    assert headers.all("x-A") == ("1", "2")
    assert "x-A" in headers
    assert "x-b" not in headers
    assert 1 not in headers


@pytest.mark.parametrize(
    ("value", "media_type"),
    [
        (None, ""),
        ("", ""),
        ("TEXT/Event-Stream ; charset=utf-8", "text/event-stream"),
        ("text/json", "text/json"),
    ],
)
def test_media_type(value, media_type):
    headers = Headers.of({} if value is None else {"content-type": value})
    assert headers.media_type == media_type


@pytest.mark.parametrize(
    ("body", "value", "as_object"),
    [
        (None, MISSING, {}),
        (b"", MISSING, {}),
        (b"nonsense", MISSING, {}),
        (b"null", None, {}),
        (b'{"a": 1}', {"a": 1}, {"a": 1}),
        (b"[1]", [1], {}),
    ],
)
def test_bodies_as_json(body, value, as_object):
    request = Request("POST", "/threads", body=body)
    response = Response(200, body=body or b"")
    assert (request.json, request.object) == (value, as_object)
    assert (response.json, response.object) == (value, as_object)


@pytest.mark.parametrize(
    ("status", "ok", "refuses"),
    [
        (200, True, False),
        (201, True, False),
        (302, False, False),
        (400, False, True),
        (499, False, True),
        (500, False, False),
    ],
)
def test_status_classes(status, ok, refuses):
    response = Response(status)
    assert (response.ok, response.refused) == (ok, refuses)
    assert create(status=status).ok is ok


def test_a_broken_off_answer_is_not_ok():
    assert not create(broken=Failure("disconnected", "the connection ended")).ok
    assert lost("deadline").status is None
    assert lost("deadline").answer is MISSING
    assert not lost("deadline").streamed


def test_an_exchange_knows_its_operation():
    assert create().operation.name == "createRun"
    assert create().operation.id("thread") == "thread_one"
    assert exchange("GET", "/elsewhere", {}).operation.name == ""


@pytest.mark.parametrize(
    ("data", "value", "done"),
    [
        ("[DONE]", MISSING, True),
        (None, MISSING, False),
        ('{"id": 1}', {"id": 1}, False),
        ('"\ud800"', MISSING, False),
    ],
)
def test_events(data, value, done):
    event = Event(0, "x", data, 0, 0, 0.0)
    assert event.json == value
    assert event.object == (value if isinstance(value, dict) else {})
    assert event.is_done is done


def test_records_can_not_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        create().id = "other"  # type: ignore[misc]


def test_a_trace_is_asked_by_operation():
    trace = Trace((create(), refused(), exchange("GET", "/threads/thread_one", {})))
    assert [one.operation.name for one in trace.of("createRun", "getThread")] == [
        "createRun",
        "createRun",
        "getThread",
    ]
    assert len(list(trace)) == 3
    assert trace.of("cancelRun") == ()


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (1, b"1"),
        (1.0, b"1.0"),
        ({"a": "é"}, '{"a":"é"}'.encode()),
        ("\ud800", b'"\\ud800"'),
        ([None, True], b"[null,true]"),
    ],
)
def test_to_bytes(value, data):
    assert to_bytes(value) == data
    assert json.loads(data) == value


def test_exchanges_are_plain_values():
    assert create() == create()
    assert create(answer=run(id="run_two")) != create()
    assert isinstance(create(), Exchange)

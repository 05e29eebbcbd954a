"""Error answers: the envelope, what its fields say, and the statuses that tell causes apart."""

from dataclasses import replace

import pytest
from builders import (
    GONE,
    JSON,
    RUN,
    RUNS,
    THREAD,
    create,
    error,
    exchange,
    failure,
    findings,
    get,
    holds,
    lost,
    refusal_case,
    refused,
)

HOT = {"temperature": 3}
BUSY = refusal_case("refuse.thread.active-run")
NOBODY = refusal_case("refuse.thread-id.unknown")
NO_RUN = refusal_case("error.not-found.run")


@pytest.mark.parametrize(
    "one",
    [
        refused(),
        refused(status=404),
        refused(status=401, answer=error(code="invalid_api_key")),
        refused(headers={"content-type": "application/json; charset=utf-8"}),
        refused(headers={}),
        refused(answer=error(extra=1) | {"request_id": "r"}),
        get(error(param="x"), status=404),
    ],
)
def test_a_good_envelope(one):
    assert holds("error.envelope", one)
    assert holds("error.fields", one)


@pytest.mark.parametrize(
    ("one", "where", "actual"),
    [
        (refused(answer={"error": "not found"}), "response", '{"error": "not found"}'),
        (refused(answer={"detail": "Not Found"}, status=404), "response", '{"detail": "Not Found"}'),
        (refused(answer=error()["error"]), "response", '"message": "no"'),
        (refused(answer=[]), "response", "[]"),
        (refused(answer=b""), "response", "an empty body"),
        (refused(answer=b"<html>\x1b[31m"), "response", 'not JSON: "<html>\\u001b[31m"'),
        (refused(headers=JSON | {"content-type": "text/html"}), "header content-type", "text/html"),
        (refused(status=500, answer=b"oops"), "response", "not JSON"),
        (refused(headers={"x": "y"}), "header content-type", "no content-type"),
        (
            refused(headers=JSON | {"content-type": "application/problem+json"}),
            "header content-type",
            "problem",
        ),
    ],
)
def test_a_bad_envelope(one, where, actual):
    told = failure("error.envelope", one)
    assert told[0] == where
    assert actual in told[2]


@pytest.mark.parametrize(
    "changes",
    [
        {"code": GONE},
        {"param": GONE},
        {"message": GONE},
        {"type": GONE},
        {"code": 400},
        {"message": None},
        {"param": ["a"]},
    ],
)
def test_bad_fields(changes):
    where, expected, _ = failure("error.fields", refused(answer=error(**changes)))
    assert where == "response /error"
    assert "all four present" in expected


@pytest.mark.parametrize(
    "one",
    [
        create(),
        refused(status=502, answer=b"oops"),
        exchange("GET", "/elsewhere", b"x", status=404),
        lost("unreachable"),
        exchange("DELETE", f"/threads/{THREAD}", b"x", status=405),
    ],
)
def test_what_the_envelope_is_silent_about(one):
    assert findings("error.envelope", one) == []


def test_throttling_has_the_same_body():
    assert holds("error.rate-limit", refused(status=429))
    assert failure("error.rate-limit", refused(status=429, answer=b"slow down"))[0] == "response"
    assert findings("error.envelope", refused(status=429, answer=b"slow down")) == []
    assert findings("error.rate-limit", refused(status=429, answer=b"x"), edition="2026-08-13") == []


@pytest.mark.parametrize("status", [400, 401, 404])
def test_type(status):
    assert holds("error.type", refused(status=status))
    told = failure("error.type", refused(status=status, answer=error(type="not_found_error")))
    assert told == ("response /error/type", "invalid_request_error", '"not_found_error"')
    assert findings("error.type", refused(status=429, answer=error(type="tokens"))) == []


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (HOT, "temperature"),
        ({"tools": [{"type": "retrieval"}]}, "tools[0].type"),
        ({"tools": [{"type": "retrieval"}]}, "tools.0.type"),
        ({"tools": [{"type": "retrieval"}]}, "tools"),
        ({"metadata": {"a.b": True}}, "metadata.a.b"),
        ({"metadata": {"k" * 65: "v"}}, "metadata"),
        ({"metadata": {"k" * 65: "v"}}, f"metadata.{'k' * 65}"),
        ({"assistant_id": None}, "assistant_id"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_param_names_the_field(body, param):
    assert holds("error.param", refused(body, answer=error(param=param)))


@pytest.mark.parametrize(
    ("body", "param", "expected"),
    [
        (HOT, None, "the path of the field, temperature"),
        (HOT, "top_p", "the path of the field, temperature"),
        (
            {"tools": [{"type": "function", "function": {"name": "a"}}, {"type": "retrieval"}]},
            "tools[0].type",
            "tools[1].type",
        ),
        ({"metadata": {"k": True}}, "metadata.other", "metadata.k"),
        (
            {"additional_messages": [{"role": "user"}]},
            "thread.messages[0].content",
            "additional_messages[0].content",
        ),
    ],
)
def test_param_names_something_else(body, param, expected):
    told = failure("error.param", refused(body, answer=error(param=param)))
    assert told[0] == "response /error/param"
    assert expected in told[1]
    assert told[2] == ("null" if param is None else f'"{param}"')


@pytest.mark.parametrize(
    "one",
    [
        refused({}),
        refused({**HOT, "top_p": 2}),
        refused(HOT, 401),
        refused(HOT, 404),
        refused(HOT, 429),
        exchange("POST", RUNS, error(), b"[]", status=400),
        refused(HOT, 500),
    ],
)
def test_params_that_can_not_be_judged(one):
    assert findings("error.param", one) == []


def test_a_mistake_beside_a_doubtful_null_has_two_fields_to_name():
    doubt = {**HOT, "additional_messages": [{"role": "user", "content": "x", "metadata": {"k": None}}]}
    assert findings("error.param", refused(doubt)) == []


def test_validation_errors_are_400():
    row = "error.status-400"
    assert holds(row, refused(HOT))
    assert failure(row, refused(HOT, 422)) == ("", "status 400", "status 422")
    assert failure(row, refused(HOT, 404, case=refusal_case("refuse.temperature.range")))
    assert findings(row, refused(HOT, 404)) == []
    assert findings(row, refused({}, 422)) == []


def test_codes_are_noted():
    assert holds("error.code", refused(HOT, answer=error(code="decimal_above_max_value")))
    assert findings("error.code", refused(HOT)) == []


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"surprise": 1}, "surprise"),
        ({"a.b": 1}, "a.b"),
        ({"additional_messages": [{"role": "user", "content": "x", "z": 1}]}, "additional_messages[0].z"),
    ],
)
def test_unknown_properties(body, param):
    row = "refuse.unknown-property.code"
    assert holds(row, refused(body, answer=error(param=param, code="unknown_parameter")))
    assert "code null" in failure(row, refused(body, answer=error(param=param)))[2]
    assert 'param "x"' in failure(row, refused(body, answer=error(param="x", code="unknown_parameter")))[2]
    assert (
        "status 422"
        in failure(row, refused(body, 422, answer=error(param=param, code="unknown_parameter")))[2]
    )


@pytest.mark.parametrize(
    ("row", "answer", "status", "bad"),
    [
        ("refuse.key.invalid", error(code="invalid_api_key"), 401, (400, error())),
        (
            "refuse.assistant-id.prefix",
            error(code="invalid_value", param="assistant_id"),
            400,
            (400, error(param="assistant_id")),
        ),
        (
            "refuse.assistant-id.prefix",
            error(code="invalid_value", param="assistant_id"),
            400,
            (404, error()),
        ),
        ("refuse.thread-id.prefix", error(), 400, (404, error())),
        ("refuse.beta-header.missing", error(code="invalid_beta"), 400, (400, error(code="other"))),
    ],
)
def test_answers_that_are_known_exactly(row, answer, status, bad):
    case = refusal_case(row)
    assert holds(row, refused(status=status, answer=answer, case=case))
    told = failure(row, refused(status=bad[0], answer=bad[1], case=case))
    assert told[1].startswith(f"status {status}")
    assert told[2].startswith(f"status {bad[0]}, code")


@pytest.mark.parametrize("row", ["error.not-found", "error.not-found.run"])
def test_not_found(row):
    case = NOBODY if row == "error.not-found" else NO_RUN
    assert holds(row, get(error(), status=404, case=case))
    assert failure(row, get(error(), status=400, case=case))[2].startswith("status 400")
    assert '"code": "not_found"' in failure(row, get(error(code="not_found"), status=404, case=case))[2]
    assert findings(row, get(error(), status=429, case=case)) == []
    assert findings(row, get(error(), status=404)) == []


def test_active_run():
    row, message = "error.active-run", f"Thread {THREAD} already has an active run {RUN}."
    assert holds(row, create(), refused(answer=error(message=message), case=BUSY))
    assert holds(row, refused(answer=error(message=f"{THREAD} is busy"), case=BUSY))
    assert failure(row, create(), refused(answer=error(message=f"{THREAD} is busy"), case=BUSY))
    lost = replace(create(), response=None)
    assert holds(row, create(), lost, refused(answer=error(message=f"{THREAD}: run_unseen"), case=BUSY))
    assert failure(row, create(), refused(answer=error(message=message), case=BUSY, status=409))[
        2
    ].startswith("status 409")
    assert failure(row, create(), refused(answer=error(message=message, code="busy"), case=BUSY))
    assert findings(row, create(), refused(answer=error(message="?"))) == []


def test_before_the_stream():
    row, asked = "error.before-stream", {"stream": True}
    assert holds(row, refused(asked))
    told = failure(row, refused(asked, headers={"content-type": "text/event-stream"}))
    assert told == (
        "header content-type",
        "an application/json error, not an event stream",
        "text/event-stream",
    )
    assert findings(row, refused({"stream": False})) == []
    assert findings(row, create(asked)) == []

"""Headers of answers, and of clients' requests."""

import pytest
from builders import BOTH, JSON, both, create, exchange, failure, findings, holds, refused, run

LATER = {"edition": "2026-08-21"}


@pytest.mark.parametrize("headers", [JSON, {"X-Request-ID": "uuid"}, {"apim-request-id": "uuid"}])
def test_a_request_id(headers):
    assert holds("headers.request-id", create(headers=headers))
    assert holds("headers.request-id", refused(headers=headers))


@pytest.mark.parametrize(
    ("headers", "actual"), [({"a": "b"}, "none"), ({"x-request-id": " "}, "an empty one")]
)
def test_no_request_id(headers, actual):
    assert failure("headers.request-id", create(headers=headers)) == (
        "headers",
        "an x-request-id header that is not empty",
        actual,
    )


def test_answers_without_headers_are_not_judged():
    assert findings("headers.request-id", create(headers={})) == []
    assert findings("headers.request-id", exchange("GET", "/elsewhere", {}, headers={"a": "b"})) == []


def test_optional_headers_are_noted():
    assert holds("headers.optional", create(headers=JSON | {"openai-version": "2020-10-01"}))
    assert findings("headers.optional", create()) == []


@pytest.mark.parametrize("value", ["1", "30", " 7 ", "007"])
def test_retry_after(value):
    assert holds("headers.retry-after", refused(status=429, headers={"retry-after": value}), **LATER)


@pytest.mark.parametrize(
    "value", ["0", "-1", "1.5", "", "soon", "Fri, 31 Dec 1999 23:59:59 GMT", "²", "9" * 5000 + "x"]
)
def test_bad_retry_after(value):
    told = failure("headers.retry-after", refused(status=429, headers={"retry-after": value}), **LATER)
    assert told[:2] == ("header retry-after", "a whole number of at least 1")


def test_retry_after_is_optional_and_of_its_edition():
    assert findings("headers.retry-after", refused(status=429)) == []
    assert findings("headers.retry-after", refused(headers={"retry-after": "x"})) == []
    assert (
        findings(
            "headers.retry-after", refused(status=429, headers={"retry-after": "x"}), edition="2026-08-13"
        )
        == []
    )


def test_an_accepted_create_proves_path_and_key():
    assert holds("headers.paths", both())
    assert holds("headers.bearer", create(sent={"Authorization": "Bearer x"}))
    assert findings("headers.bearer", create(sent={"api-key": "x"})) == []
    assert findings("headers.paths", refused()) == []


@pytest.mark.parametrize("answer", [{"object": "thread", "id": "runs"}, run(thread_id="runs")])
def test_runs_taken_for_a_thread(answer):
    assert holds("headers.runs-not-a-thread", both())
    where, expected, _ = failure(
        "headers.runs-not-a-thread", exchange("POST", BOTH, answer, {"assistant_id": "a"})
    )
    assert (where, expected) == ("response", "a run on a new thread")


def test_the_beta_header_is_judged_on_clients_only():
    row = "headers.beta-sent"
    assert holds(row, create(sent={"OpenAI-Beta": "assistants=v2"}, source="watched"))
    told = failure(row, create(sent={"OpenAI-Beta": "assistants=v1"}, source="watched"))
    assert told == ("request header openai-beta", "OpenAI-Beta: assistants=v2", "assistants=v1")
    assert failure(row, create(source="watched"))[2] == "none"
    assert findings(row, create()) == []

"""What is said of headers: each finding's exchange, place and values, and the answers that say nothing.

Found missing by mutation testing.
"""

from typing import Any

import pytest
from broken_streams import good
from builders import BOTH, JSON, RUNS, both, create, exchange, findings, refused, run

from runs_conformance.contract.findings import Finding
from runs_conformance.contract.model import Exchange, Failure

REQUEST_ID, RETRY = "headers.request-id", "headers.retry-after"
NOT_A_THREAD, BETA = "headers.runs-not-a-thread", "headers.beta-sent"


def only(row: str, one: Exchange, **known: Any) -> Finding:
    [found] = findings(row, one, **known)
    assert found.requirement == row
    return found


def throttled(value: str) -> Exchange:
    return refused(status=429, headers={"retry-after": value}, id="x7")


@pytest.mark.parametrize(
    ("row", "one", "where"),
    [
        (REQUEST_ID, create(id="x7"), "headers"),
        (RETRY, throttled("3"), "header retry-after"),
        (NOT_A_THREAD, both(id="x7"), "response"),
        (
            BETA,
            create(sent={"openai-beta": "assistants=v2"}, source="watched", id="x7"),
            "request header openai-beta",
        ),
        ("headers.optional", create(headers={"openai-version": "1"}, id="x7"), ""),
        ("headers.paths", create(id="x7"), ""),
        ("headers.bearer", create(sent={"authorization": "Bearer x"}, id="x7"), ""),
    ],
)
def test_a_pass_names_its_exchange_and_place(row: str, one: Exchange, where: str) -> None:
    told = only(row, one)
    assert (told.failed, told.exchange, told.where) == (False, "x7", where)


@pytest.mark.parametrize(
    ("row", "one", "told"),
    [
        (
            REQUEST_ID,
            create(headers={"a": "b"}, id="x7"),
            ("headers", "an x-request-id header that is not empty", "none"),
        ),
        (RETRY, throttled("soon"), ("header retry-after", "a whole number of at least 1", '"soon"')),
        (RETRY, throttled("1 2"), ("header retry-after", "a whole number of at least 1", '"1 2"')),
        (RETRY, throttled("0"), ("header retry-after", "a whole number of at least 1", '"0"')),
        (
            NOT_A_THREAD,
            both(answer={"object": "thread", "thread_id": "t"}, id="x7"),
            ("response", "a run on a new thread", '{"object": "thread", "thread_id": "t"}'),
        ),
        (
            NOT_A_THREAD,
            both(answer={"object": "thread.run", "thread_id": "runs"}, id="x7"),
            ("response", "a run on a new thread", '{"object": "thread.run", "thread_id": "runs"}'),
        ),
        (
            BETA,
            create(sent={"openai-beta": "x"}, source="watched", id="x7"),
            ("request header openai-beta", "OpenAI-Beta: assistants=v2", "x"),
        ),
        (
            BETA,
            create(source="watched", id="x7"),
            ("request header openai-beta", "OpenAI-Beta: assistants=v2", "none"),
        ),
    ],
)
def test_a_failure_shows_what_was_there(row: str, one: Exchange, told: tuple[str, str, str]) -> None:
    found = only(row, one)
    assert found.failed
    assert found.exchange == "x7"
    assert (found.where, " or ".join(found.expected), found.actual) == told


@pytest.mark.parametrize("name", ["x-request-id", "apim-request-id", "x-request-id_present"])
def test_each_name_of_a_request_id_counts(name: str) -> None:
    assert not only(REQUEST_ID, create(headers={name: "uuid"})).failed
    assert only(REQUEST_ID, create(headers={name: ""})).actual == "an empty one"
    assert only(REQUEST_ID, create(headers={name: " "})).actual == "an empty one"


def test_an_empty_request_id_beside_a_full_one_is_no_fault() -> None:
    assert not only(REQUEST_ID, create(headers={"x-request-id": "", "apim-request-id": "uuid"})).failed


@pytest.mark.parametrize(
    "name", ["openai-version", "openai-organization", "openai-processing-ms", "openai-poll-after-ms"]
)
def test_each_optional_header_is_noted(name: str) -> None:
    assert not only("headers.optional", create(headers={name: ""})).failed


BODY = {"assistant_id": "a"}
BROKE = Failure("disconnected", "broke off")
NOTHING: dict[str, tuple[str, Exchange]] = {
    "no answer": (REQUEST_ID, exchange("POST", RUNS, None, BODY)),
    "no operation": (REQUEST_ID, exchange("GET", "/elsewhere", {}, headers={"a": "b"})),
    "no headers": (REQUEST_ID, create(headers={})),
    "retry of no answer": (RETRY, exchange("POST", RUNS, None, BODY)),
    "retry of another refusal": (RETRY, refused(status=503, headers={"retry-after": "x"})),
    "retry not given": (RETRY, refused(status=429)),
    "a path refused": ("headers.paths", refused(sent={"authorization": "Bearer x"})),
    "a path whose answer broke off": ("headers.paths", create(broken=BROKE)),
    "a key refused": ("headers.bearer", refused(sent={"authorization": "Bearer x"})),
    "a path of another kind": ("headers.paths", exchange("GET", RUNS, {})),
    "a thread of no answer": (NOT_A_THREAD, exchange("POST", BOTH, None, BODY)),
    "a thread of a refusal": (NOT_A_THREAD, both(answer={"object": "thread"}, status=404)),
    "a run on its own thread": (NOT_A_THREAD, create(answer=run(thread_id="runs"))),
    "our own beta header": (BETA, create(source="live")),
    "beta of no operation": (BETA, exchange("GET", "/elsewhere", {}, source="watched")),
}


@pytest.mark.parametrize(("row", "one"), NOTHING.values(), ids=NOTHING)
def test_of_which_nothing_is_said(row: str, one: Exchange) -> None:
    assert findings(row, one) == []


def test_a_streamed_run_is_no_thread() -> None:
    one = good.exchange(good.to_body(good.with_thread()), "createThreadAndRun")
    assert one.streamed
    assert findings(NOT_A_THREAD, one) == []


def test_a_beta_header_with_more_in_it_is_enough() -> None:
    sent = {"openai-beta": "other=v1, assistants=v2"}
    assert not only(BETA, create(sent=sent, source="watched", headers=JSON)).failed

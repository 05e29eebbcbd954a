"""What is said of a successful answer: where, expected and actual to the word, and of which answers nothing.

Found missing by mutation testing.
"""

from typing import Any

import pytest
from builders import JSON, MADE_THREAD, RUN, RUNS, THREAD, create, exchange, findings, get, listing, run

from runs_conformance.contract.findings import Outcome
from runs_conformance.contract.model import Case, Exchange, to_bytes

SUCCESS, SHAPE = "response.success", "response.run.identity"
EVENTS = "text/event-stream"
CREATED = (True, "", ("status 200",), "status 201")
Told = list[tuple[bool, str, tuple[str, ...], str]]


def told(one: Exchange, row: str = SUCCESS) -> Told:
    found = findings(row, one)
    assert all((each.requirement, each.exchange) == (row, "x1") for each in found)
    return [(each.failed, each.where, each.expected, each.actual) for each in found]


def typed(kind: str) -> dict[str, str]:
    return JSON | {"content-type": kind}


@pytest.mark.parametrize(
    ("answer", "actual"),
    [
        (b"[1]", "[1]"),
        (b"null", "null"),
        (b'"a"', '"a"'),
        (b"", "a body that is not plain JSON: Expecting value at character 0"),
        (b'{"a": NaN}', "a body that is not plain JSON: NaN is not JSON"),
        (b'{"a": 1, "a": 2}', "a body that is not plain JSON: repeats the key 'a'"),
        (b"\xef\xbb\xbf{}", "a body that is not plain JSON: starts with a byte order mark"),
        (b"\xef\xbb\xbf[", "a body that is not plain JSON: Expecting value at character 1"),
    ],
)
def test_a_body_that_is_no_object_is_shown(answer: bytes, actual: str) -> None:
    for one in (create(answer=answer), get(answer), exchange("POST", "/threads", answer)):
        assert [each for each in told(one) if each[0]] == [(True, "response", ("one JSON object",), actual)]


def test_a_success_passes_at_each_place() -> None:
    places = ["", "header content-type", "response"]
    assert list(dict.fromkeys(told(create()))) == [(False, place, (), "") for place in places]
    assert "header content-type" not in [where for _, where, *_ in told(create(headers={}))]


UNREADABLE = b'{"stream": tr'
JUDGED: dict[str, Exchange] = {
    "no stream": create({"stream": False}, status=201),
    "a number for true": create({"stream": 1}, status=201),
    "no body is needed": get(run(), status=201),
    "an unreadable body where nothing can be streamed": exchange(
        "POST", "/threads", MADE_THREAD, UNREADABLE, status=201
    ),
    "JSON for an Accept of events": create(sent={"accept": EVENTS}, status=201),
    "an Accept of JSON": create(sent={"accept": "application/json"}, status=201, headers=typed(EVENTS)),
    "no Accept": create(status=201, headers=typed(EVENTS)),
    "events where nothing can be streamed": get(
        run(), status=201, sent={"accept": EVENTS}, headers=typed(EVENTS)
    ),
}


@pytest.mark.parametrize("one", JUDGED.values(), ids=JUDGED)
def test_a_success_that_is_judged(one: Exchange) -> None:
    assert told(one)[0] == CREATED


NOTHING: dict[str, Exchange] = {
    "a stream": create({"stream": True}, b"[]", status=201),
    "an unreadable body": exchange("POST", RUNS, b"[]", UNREADABLE, status=201),
    "unreadable outputs": exchange(
        "POST", f"{RUNS}/{RUN}/submit_tool_outputs", b"[]", UNREADABLE, status=201
    ),
    "no body where one is needed": exchange("POST", RUNS, b"[]", status=201),
    "a stream as Accept says": create(
        answer=b"[]", status=201, sent={"accept": EVENTS}, headers=typed(EVENTS)
    ),
    "a stream that Accept names too": create(
        answer=b"[]",
        status=201,
        sent={"accept": f"application/json, {EVENTS}"},
        headers=typed(f"{EVENTS}; charset=utf-8"),
    ),
    "refused": create(status=400),
    "deleted": exchange("DELETE", f"/threads/{THREAD}", b"[]", status=201),
}


@pytest.mark.parametrize("one", NOTHING.values(), ids=NOTHING)
def test_of_which_nothing_is_said(one: Exchange) -> None:
    assert told(one) == []


WRONG = run(object="assistant.run")


def test_what_had_to_be_refused_is_no_second_finding() -> None:
    for case, judged in (
        (None, True),
        (Case("a case", (), "accepted"), True),
        (Case("a case"), True),
        (Case("a case", (), "refused"), False),
    ):
        found = told(create(answer=WRONG, case=case), SHAPE)
        assert [one[1] for one in found] == (["response /object"] if judged else [])


def test_each_entry_of_a_list_is_judged_at_its_place() -> None:
    odd: list[Any] = [run(), WRONG, run(id="")]
    found = told(exchange("GET", RUNS, listing(*odd)), SHAPE)
    assert [one[1] for one in found] == [
        "response /data/0",
        "response /data/1 /object",
        "response /data/2 /id",
    ]
    assert told(exchange("GET", RUNS, listing() | {"data": "x"}), SHAPE) == []
    assert told(create(answer=to_bytes([WRONG])), SHAPE) == []


def test_recorded_extras_are_noted_on_a_creation_that_was_not_streamed() -> None:
    row = "response.run.recorded-extras"
    for name in ("tool_resources", "reasoning_effort"):
        shown = run(**{name: None})
        assert {one.outcome for one in findings(row, create(answer=shown))} == {Outcome.PASSED}
        assert findings(row, create(answer=shown, status=400)) == []

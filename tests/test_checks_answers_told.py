"""What is said of a successful answer: where, expected and actual to the word, and of which answers nothing.

Found missing by mutation testing.
"""

from dataclasses import replace
from typing import Any

import pytest
from builders import JSON, MADE_THREAD, RUN, RUNS, THREAD, create, exchange, findings, get, listing, run

from runs_conformance.contract import sse
from runs_conformance.contract.model import Case, Exchange, Failure, to_bytes

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


def test_an_answer_of_another_kind_or_cut_off_is_shown() -> None:
    place = "header content-type"
    for headers, actual in (
        (typed("text/json; charset=utf-8"), "text/json; charset=utf-8"),
        ({"x-request-id": "r"}, "no content-type"),
    ):
        assert (True, place, ("application/json",), actual) in told(create(headers=headers))
    for answer in (b'{"id"', run()):
        cut = create(answer=answer, broken=Failure("disconnected", "it ended early"))
        assert told(cut) == [(True, "response", ("a whole JSON answer",), "it ended early")]


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
    for odd_data in ("x", 7, None, {"a": WRONG}):
        assert told(exchange("GET", RUNS, listing() | {"data": odd_data}), SHAPE) == []
    wrong = told(exchange("GET", RUNS, listing() | {"has_more": "no"}), "response.list.form")
    assert [one[1:] for one in wrong if one[0]] == [
        ("response /has_more", ("must be of type boolean",), '"no"')
    ]
    assert told(create(answer=to_bytes([WRONG])), SHAPE) == []


def streamed(body: bytes) -> Exchange:
    """A creation that asked for a stream, and the answer was said to be one."""
    one = create({"stream": True}, body, headers=typed(EVENTS))
    assert one.response is not None
    return replace(one, response=replace(one.response, events=sse.read(body).events))


def test_of_a_stream_or_a_broken_answer_no_body_is_judged() -> None:
    broken = create(answer=WRONG, broken=Failure("disconnected", "it ended early"))
    assert told(broken, SHAPE) == []
    assert told(streamed(to_bytes(WRONG)), SHAPE) == []


NOTED = (False, "", (), "")


@pytest.mark.parametrize("name", ["tool_resources", "reasoning_effort"])
def test_recorded_extras_are_noted_on_a_creation_that_was_not_streamed(name: str) -> None:
    row, shown = "response.run.recorded-extras", run(**{name: None})
    assert NOTED in told(create(answer=shown), row)
    assert told(create(answer=shown, status=400), row) == []
    assert NOTED not in told(create(), row)
    assert NOTED not in told(get(shown), row)
    assert told(streamed(to_bytes(shown)), row) == []

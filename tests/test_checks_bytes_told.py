"""What is said of a stream's headers and bytes: the exchange, the place, the values, to the word.

Found missing by mutation testing.
"""

from dataclasses import replace
from typing import Any

import pytest
from broken_streams import good

from runs_conformance.contract.findings import Finding
from runs_conformance.contract.judge import Context, Judge
from runs_conformance.contract.model import Event, Exchange, Failure, Headers, to_bytes

TYPE, CHARSET, BY_BODY = "headers.stream-content-type", "headers.stream-charset", "headers.stream-by-body"
FRAMING, DATA, DONE = "event.framing", "event.data-json", "event.done"
EVENTS, PLAIN = "text/event-stream; charset=utf-8", "application/json"
QUEUED = b'event: thread.run.queued\ndata: {"a":1}\n\n'
END = b"event: done\ndata: [DONE]\n\n"
BROKE = Failure("disconnected", "the answer broke off")
Told = tuple[str, str, str]


def found(row: str, one: Exchange) -> list[Finding]:
    said = Judge(Context(), frozenset({row})).everything([one])
    assert all(finding.exchange == "x1" for finding in said)
    return said


def failed(row: str, one: Exchange) -> list[Told]:
    """Where, expected and actual of each failure."""
    return [
        (finding.where, " or ".join(finding.expected), finding.actual)
        for finding in found(row, one)
        if finding.failed
    ]


def passed(row: str, one: Exchange) -> list[str]:
    return [finding.where for finding in found(row, one) if not finding.failed]


def bytes_of(body: bytes, failure: Failure | None = None) -> Exchange:
    return good.exchange(body, failure=failure)


def answered(
    kind: str | None, stream: Any = True, accept: str | None = None, status: int = 200, headers: Any = None
) -> Exchange:
    """A create call answered with a content type; None for an answer with another header only."""
    one = good.exchange(QUEUED + END)
    assert one.response is not None
    sent = Headers.of({} if accept is None else {"accept": accept})
    body = to_bytes({"assistant_id": good.ASSISTANT, "stream": stream})
    given = {"x-request-id": "r"} if kind is None else {"content-type": kind}
    given = given if headers is None else headers
    response = replace(one.response, status=status, headers=Headers.of(given))
    return replace(one, request=replace(one.request, body=body, headers=sent), response=response)


def unanswered(one: Exchange) -> Exchange:
    return replace(one, response=None, failure=BROKE)


TYPED = "status 200 and text/event-stream"


@pytest.mark.parametrize(
    ("kind", "status", "actual"),
    [
        (PLAIN, 200, "status 200 and application/json"),
        (None, 200, "status 200 and None"),
        (EVENTS, 201, f"status 201 and {EVENTS}"),
    ],
)
def test_another_answer_than_a_stream_is_shown(kind: str | None, status: int, actual: str) -> None:
    assert failed(TYPE, answered(kind, status=status)) == [("header content-type", TYPED, actual)]


def test_a_stream_passes_at_its_content_type() -> None:
    assert passed(TYPE, answered(EVENTS)) == ["header content-type"]
    assert passed(CHARSET, answered(EVENTS)) == ["header content-type"]


NOTHING: dict[str, tuple[str, Exchange]] = {
    "not asked for": (TYPE, answered(PLAIN, stream=False)),
    "a number for true": (TYPE, answered(PLAIN, stream=1)),
    "a body that cannot be read": (
        TYPE,
        replace(answered(PLAIN), request=replace(answered(PLAIN).request, body=b"[")),
    ),
    "refused": (TYPE, answered(PLAIN, status=400)),
    "no answer": (TYPE, unanswered(answered(PLAIN))),
    "no headers": (TYPE, answered(PLAIN, headers={})),
    "charset of JSON": (CHARSET, answered(PLAIN)),
    "charset of a refusal": (CHARSET, answered("text/event-stream", status=400)),
    "charset of no answer": (CHARSET, unanswered(answered(EVENTS))),
    "charset without a type": (CHARSET, answered(None)),
    "by body: no answer": (BY_BODY, unanswered(answered(EVENTS, stream=False))),
    "by body: refused": (BY_BODY, answered(EVENTS, stream=False, status=400)),
    "by body: no headers": (BY_BODY, answered(EVENTS, True, PLAIN, headers={})),
    "by body: no Accept": (BY_BODY, answered(PLAIN, True)),
    "by body: Accept of all": (BY_BODY, answered(PLAIN, True, f"{PLAIN}, */*")),
    "by body: Accept agrees": (BY_BODY, answered(PLAIN, True, "text/event-stream")),
    "by body: JSON was wanted": (BY_BODY, answered(PLAIN, False, PLAIN)),
}


@pytest.mark.parametrize(("row", "one"), NOTHING.values(), ids=NOTHING)
def test_of_which_nothing_is_said(row: str, one: Exchange) -> None:
    assert found(row, one) == []


@pytest.mark.parametrize(
    "kind", ["text/event-stream", "text/event-stream; charset=latin-1", "text/event-stream; x=charset=utf-8"]
)
def test_another_charset_is_shown(kind: str) -> None:
    assert failed(CHARSET, answered(kind)) == [("header content-type", EVENTS, kind)]


@pytest.mark.parametrize(
    "given", ["; charset = UTF-8", ' ;charset="utf-8"', ";boundary=x; charset=utf-8", "; charset=utf-8 ; q=1"]
)
def test_a_charset_in_any_spelling_passes(given: str) -> None:
    assert failed(CHARSET, answered(f"text/event-stream{given}")) == []
    assert passed(CHARSET, answered(f"text/event-stream{given}")) == ["header content-type"]


WANTED = "text/event-stream, as the body's stream says"
UNWANTED = "application/json, as the body's stream says"


@pytest.mark.parametrize(
    ("one", "expected", "actual"),
    [
        (answered(PLAIN, True, PLAIN), WANTED, f"{PLAIN} for Accept: {PLAIN}"),
        (answered(None, True, PLAIN), WANTED, f"None for Accept: {PLAIN}"),
        (
            answered(EVENTS, False, "text/event-stream"),
            UNWANTED,
            f"{EVENTS} for Accept: text/event-stream",
        ),
        (answered(EVENTS, False), UNWANTED, f"{EVENTS} for Accept: None"),
        (answered(EVENTS, 1, "*/*"), UNWANTED, f"{EVENTS} for Accept: */*"),
    ],
)
def test_an_answer_by_the_accept_header_is_shown(one: Exchange, expected: str, actual: str) -> None:
    assert failed(BY_BODY, one) == [("header content-type", expected, actual)]


@pytest.mark.parametrize(
    "one", [answered(EVENTS, True, PLAIN), answered(PLAIN, False, "text/event-stream, text/plain")]
)
def test_an_answer_by_the_body_passes(one: Exchange) -> None:
    assert passed(BY_BODY, one) == ["header content-type"]


FRAMED = "one event: line, one data: line, a blank line"


@pytest.mark.parametrize(
    ("body", "where", "actual"),
    [
        (b'data: {"a":1}\n\n' + END, "event 0", "no event: line: >0 (no name)<, 1 done"),
        (b"event: a\nevent: b\ndata: 1\n\n" + END, "event 0", "2 event: lines: >0 b<, 1 done"),
        (b"event: a\revent: b\r\ndata: 1\n\n" + END, "event 0", "2 event: lines: >0 b<, 1 done"),
        (
            b"\xef\xbb\xbfevent: a\nevent: b\nevent: c\ndata: 1\n\n" + END,
            "event 0",
            "3 event: lines: >0 c<, 1 done",
        ),
        (b"event: a\r\nevent: b\r\ndata: 1\r\n\r\n", "event 0", "2 event: lines: >0 b<"),
        (b"event: a:b\nevent: c:d\ndata: 1\n\n" + END, "event 0", "2 event: lines: >0 c:d<, 1 done"),
        (b"event: a\n\n" + END, "event 0", "no data: line: >0 a<, 1 done"),
        (
            QUEUED + b"event: a\ndata: 1\ndata: 2\n\n" + END,
            "event 1",
            "2 data: lines: 0 thread.run.queued, >1 a<, 2 done",
        ),
        (
            QUEUED + END[:-1],
            "event 1",
            "no blank line at the end: 0 thread.run.queued, >1 done<",
        ),
    ],
)
def test_wrong_lines_are_shown_with_their_neighbours(body: bytes, where: str, actual: str) -> None:
    assert failed(FRAMING, bytes_of(body)) == [(where, FRAMED, actual)]


def test_right_lines_pass_at_the_first_event() -> None:
    assert passed(FRAMING, bytes_of(QUEUED + END)) == ["event 0"]
    assert passed(FRAMING, bytes_of(b"data: [DONE]\n\n")) == ["event 0"]
    # a line that only begins like another is none of its kind
    assert failed(FRAMING, bytes_of(b"event: a\nevents: b\ndata: 1\n\n")) == []
    assert failed(FRAMING, bytes_of(b'event: a\ndata: {"a": "an event: b"}\n\n')) == []


CUT = b'event: a\ndata: {"a"'


@pytest.mark.parametrize("row", [FRAMING, DATA])
def test_an_event_in_which_the_answer_broke_off_is_not_judged(row: str) -> None:
    assert found(row, bytes_of(CUT, BROKE)) == []
    assert len(failed(row, bytes_of(CUT))) == 1
    assert failed(row, bytes_of(QUEUED + CUT, BROKE)) == []
    assert len(failed(row, bytes_of(CUT + b"\n\n", BROKE))) == (row == DATA)
    # only the last one is cut
    before = b"event: a\ndata: {\ndata: x\n\nevent: b\ndata: {\n\n"
    assert len(failed(row, bytes_of(before + CUT, BROKE))) == 1


OBJECT = "one JSON object"


@pytest.mark.parametrize(
    ("data", "actual"),
    [
        (b"[1]", 'JSON, but no object: "[1]"'),
        (b"null", 'JSON, but no object: "null"'),
        (b'{"a":1,"a":2}', 'repeats the key \'a\': "{\\"a\\":1,\\"a\\":2}"'),
        (b"NaN", 'NaN is not JSON: "NaN"'),
        (b"", 'Expecting value at character 0: ""'),
    ],
)
def test_data_that_is_no_object_is_shown(data: bytes, actual: str) -> None:
    body = QUEUED + b"event: a\ndata: " + data + b"\n\n" + END
    assert failed(DATA, bytes_of(body)) == [("event 1", OBJECT, actual)]


def test_a_byte_that_is_no_utf_8_is_named_as_the_stream_counts() -> None:
    bad = b'event: a\ndata: {"a":"\xff"}\n\n'
    [(where, expected, actual)] = failed(DATA, bytes_of(QUEUED + bad + END))
    assert (where, expected) == ("event 1", OBJECT)
    byte = len(QUEUED) + bad.index(b"\xff")
    assert actual.startswith(f"bytes that are not UTF-8 (byte {byte} of the stream): ")


def test_data_is_judged_after_events_that_say_nothing() -> None:
    silent = b"event: a\n\nevent: b\ndata: {\ndata: }\n\n" + END
    assert found(DATA, bytes_of(silent)) == []
    assert [where for where, *_ in failed(DATA, bytes_of(silent + b"event: c\ndata: 1\n\n"))] == ["event 3"]
    assert passed(DATA, bytes_of(silent + QUEUED)) == ["event 3"]
    assert found(DATA, bytes_of(b"event: done\ndata: end\n\n")) == []


def recorded(*events: tuple[str | None, str | None]) -> Exchange:
    """A recording of names and data alone."""
    one = good.exchange(END)
    assert one.response is not None
    told = tuple(Event(at, name, data, 0, 0, 0.0) for at, (name, data) in enumerate(events))
    return replace(one, response=replace(one.response, events=told))


def test_a_lone_surrogate_in_a_recording_is_no_utf_8() -> None:
    one = recorded(("a", '{"a":"\ud800"}'))
    assert [(where, actual[:8]) for where, _, actual in failed(DATA, one)] == [("event 0", "not UTF-")]


def test_framing_is_judged_after_an_event_without_bytes() -> None:
    one = bytes_of(QUEUED + b'data: {"a":1}\n\n')
    assert one.response is not None
    assert one.response.events is not None
    first, second = one.response.events
    events = (replace(first, raw=b""), second)
    told = failed(FRAMING, replace(one, response=replace(one.response, events=events)))
    assert [where for where, *_ in told] == ["event 1"]


MARK = "event: done with data: [DONE]"


@pytest.mark.parametrize(
    ("block", "actual"),
    [
        (b"data: [DONE]\n\n", 'event null with data "[DONE]"'),
        (b"event: end\ndata: [DONE]\n\n", 'event "end" with data "[DONE]"'),
        (b"event: done\ndata: {}\n\n", 'event "done" with data "{}"'),
        (b"event: done\n\n", 'event "done" with data null'),
    ],
)
def test_half_an_end_marker_is_shown(block: bytes, actual: str) -> None:
    assert failed(DONE, bytes_of(QUEUED + block)) == [("event 1", MARK, actual)]


def test_a_whole_end_marker_passes_where_it_stands() -> None:
    assert passed(DONE, bytes_of(QUEUED + END)) == ["event 1"]
    assert found(DONE, bytes_of(QUEUED)) == []


def test_of_a_recording_that_kept_no_name_nothing_is_said() -> None:
    assert found(DONE, recorded((None, "[DONE]"))) == []
    assert [where for where, *_ in failed(DONE, recorded(("end", "[DONE]")))] == ["event 0"]


@pytest.mark.parametrize(
    ("body", "wrong", "fine"),
    [
        (QUEUED + END[:-1], [], ["event 0"]),
        (END[:-1], [], []),
        (b"data: {}\n\n" + END[:-1], ["event 0"], []),
        (QUEUED + b"data: {}\n\n", ["event 1"], []),
    ],
    ids=["half a marker", "nothing else", "an event before it", "whole, and wrong"],
)
def test_half_an_end_marker_of_a_broken_stream_has_no_framing(body, wrong, fine):
    one = bytes_of(body, BROKE)
    assert ([told[0] for told in failed(FRAMING, one)], passed(FRAMING, one)) == (wrong, fine)
    assert [told[0] for told in failed(FRAMING, bytes_of(END[:-1]))] == ["event 0"]

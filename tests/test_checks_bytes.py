"""Streams' headers and bytes beyond the broken streams: what is tolerated, what is left undecided."""

from dataclasses import replace

import pytest
from broken_streams import good
from test_broken_streams import findings

from runs_conformance.contract import sse
from runs_conformance.contract.judge import Judge
from runs_conformance.contract.model import Exchange, Failure, Headers, to_bytes

BODY = good.to_body(good.text())
BENIGN = {
    "CRLF": BODY.replace(b"\n", b"\r\n"),
    "CR": BODY.replace(b"\n", b"\r"),
    "comments": b": hello\n\n"
    + BODY.replace(b"event: thread.run.queued", b": ping\nevent: thread.run.queued"),
    "byte order mark": b"\xef\xbb\xbf" + BODY,
    "no space after the colon": BODY.replace(b": ", b":", 3),
    "ids and retry": b"retry: 100\n\n" + BODY.replace(b"event: done", b"id: 7\nevent: done"),
    "data before event": BODY.replace(b"event: done\ndata: [DONE]", b"data: [DONE]\nevent: done"),
}


@pytest.mark.parametrize("body", BENIGN.values(), ids=BENIGN)
def test_framing_that_the_standard_allows(body: bytes) -> None:
    assert findings(good.exchange(body)) == []


@pytest.mark.parametrize("given", ["text/event-stream;charset=UTF-8", 'text/event-stream; charset="utf-8"'])
def test_spellings_of_the_charset(given: str) -> None:
    headers = Headers.of({"content-type": given, "x-request-id": "r"})
    assert findings(good.exchange(BODY, headers=headers)) == []


def test_without_bytes_framing_is_not_decided() -> None:
    exchange = good.exchange(BODY)
    assert exchange.response is not None
    events = tuple(replace(event, raw=b"", start=0, end=0) for event in sse.read(BODY).events)
    found = Judge().exchange(replace(exchange, response=replace(exchange.response, events=events)))
    names = {one.requirement for one in found}
    assert "event.framing" not in names
    assert {"event.data-json", "event.done", "order.done-last"} <= names


@pytest.mark.parametrize("kind", ["idle", "deadline", "disconnected", "too-large", "protocol"])
def test_each_way_to_break_off_is_one_finding_with_its_reason(kind: str) -> None:
    [found] = findings(good.exchange(BODY[:3000], failure=Failure(kind, "why it ended")))
    assert (found.requirement, found.where) == ("order.done-last", "end of the stream")
    assert "why it ended" in found.actual


def test_a_stream_that_the_client_closed_says_nothing_of_its_end() -> None:
    assert findings(good.exchange(BODY[:3000], failure=Failure("closed", "enough seen"))) == []


def test_silence_after_done_is_no_fault() -> None:
    assert findings(good.exchange(BODY, failure=Failure("idle", "still open"))) == []


def accepting(accept: str, stream: bool, streamed: bool) -> Exchange:
    exchange = good.exchange(BODY)
    assert exchange.response is not None
    body = to_bytes({"assistant_id": good.ASSISTANT, "stream": stream})
    request = replace(exchange.request, body=body, headers=Headers.of({"accept": accept}))
    kind = "text/event-stream; charset=utf-8" if streamed else "application/json"
    headers = Headers.of({"content-type": kind, "x-request-id": "r"})
    answer = {} if streamed else {"body": to_bytes(good.run("queued")), "events": None}
    return replace(exchange, request=request, response=replace(exchange.response, headers=headers, **answer))


@pytest.mark.parametrize(
    ("accept", "stream", "streamed", "broken"),
    [
        ("application/json", True, True, set()),
        ("text/event-stream", False, False, set()),
        ("application/json", True, False, {"headers.stream-by-body", "headers.stream-content-type"}),
        ("*/*", True, False, {"headers.stream-content-type"}),
        ("text/event-stream", False, True, {"headers.stream-by-body"}),
    ],
)
def test_the_body_decides_on_streaming(accept: str, stream: bool, streamed: bool, broken: set[str]) -> None:
    found = {one.requirement for one in findings(accepting(accept, stream, streamed))}
    assert found & {"headers.stream-by-body", "headers.stream-content-type"} == broken

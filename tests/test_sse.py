"""The reader of server-sent events: the standard's rules, what it keeps besides, its bounds, any chunking."""

from __future__ import annotations

import time

import httpx2
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from runs_conformance.contract import sse
from runs_conformance.contract.model import MISSING, Chunk

LINES = [
    b"event: a",
    b"event:",
    b"event",
    b"data: {}",
    b"data:x",
    b"data:  y",
    b"data",
    b"data: [DONE]",
    b":",
]
ODD = [b": hi", b"id: 1", b"retry: 5", b"stray", "data: é😀".encode(), b"data: \xff", b"\xef\xbb\xbf"]
ENDINGS = [b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r", b"\r\n\r\n"]
BODIES = st.lists(st.sampled_from(LINES + ODD + ENDINGS), max_size=25).map(b"".join)


def bare(stream: sse.Stream) -> list[tuple[str | None, str | None]]:
    return [(event.name, event.data) for event in stream.events]


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
def test_line_endings_of_the_standard(ending):
    body = b"event: a\ndata: 1\ndata: 2\n\ndata:3\n\n".replace(b"\n", ending)
    assert bare(sse.read(body)) == [("a", "1\n2"), (None, "3")]
    assert b"".join(event.raw for event in sse.read(body).events) == body


def test_one_space_after_the_colon_is_dropped_and_a_bare_name_has_an_empty_value():
    assert bare(sse.read(b"data:  x\n\ndata\n\nevent\n\n")) == [(None, " x"), (None, ""), ("", None)]


def test_unicode_line_separators_are_no_line_endings():
    assert bare(sse.read("data: a\u2028b\u0085c\x0bd\n\n".encode())) == [(None, "a\u2028b\u0085c\x0bd")]


def test_offsets_and_raw_bytes():
    body = b": hello\n\nevent: a\ndata: 1\n\ndata: 2\n\n"
    first, second = sse.read(body).events
    assert (first.start, first.end, second.start, second.end) == (9, 27, 27, len(body))
    assert first.raw == body[9:27]


def test_what_other_readers_drop_is_kept():
    (event,) = sse.read(b": one\nid: 7\nretry: 10\nevent: a\nnonsense\ndata: 1\ndata: 2\n\n").events
    assert event.other_lines == ("id: 7", "retry: 10", "nonsense")
    assert event.data_lines == 2


def test_comments_and_empty_blocks_are_no_events_but_known():
    stream = sse.read(b": ping\n\n\n\nretry: 5\n\ndata: 1\n\n")
    assert (bare(stream), stream.comments, stream.empty) == ([(None, "1")], ("ping",), 4)


def test_a_line_without_a_field_is_kept_as_an_event_without_data():
    (event,) = sse.read(b'{"object":"thread.run"}\n\n').events
    assert (event.name, event.data, event.json) == (None, None, MISSING)
    assert event.other_lines == ('{"object":"thread.run"}',)


@pytest.mark.parametrize("tail", [b"data: last", b"data: last\n", b"data: last\r"])
def test_a_missing_final_blank_line_is_marked(tail):
    events = sse.read(b"data: 1\n\n" + tail).events
    assert [event.ended for event in events] == [True, False]
    assert events[1].data == "last"


def test_a_byte_order_mark_is_dropped_once_and_noted():
    stream = sse.read(b"\xef\xbb\xbfevent: a\n\nevent: b\n\n")
    assert [event.name for event in stream.events] == ["a", "b"]
    assert stream.problems == ("starts with a byte order mark",)


def test_invalid_utf8_is_noted_with_its_byte():
    stream = sse.read(b"data: 1\n\ndata: a\xff\n\n")
    assert stream.problems == ("invalid UTF-8 at byte 16",)
    assert stream.events[1].data == "a\ufffd"


def test_a_second_event_line_is_noted_and_wins():
    stream = sse.read(b"event: a\nevent: b\n\n")
    assert (stream.events[0].name, stream.problems) == ("b", ("a second event: line in one event at byte 9",))


def test_arrival_is_that_of_the_last_byte():
    body = b"data: 1\n\ndata: 2\n\n"
    events = sse.read(body, [Chunk(0, 5, 1.0), Chunk(5, 6, 2.0), Chunk(11, 7, 3.0)]).events
    assert [event.at for event in events] == [2.0, 3.0]


@given(BODIES, st.data())
@example(b"data: 1\r\n\r\ndata: 2\r\r", None)
def test_any_chunking_gives_the_same(body, data):
    cuts = (
        range(len(body))
        if data is None
        else data.draw(st.lists(st.integers(0, len(body)), max_size=30).map(sorted))
    )
    reader, fed = sse.Reader(), []
    for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True):
        fed += reader.feed(body[start:end])
    stream = reader.close()
    assert stream == sse.read(body)
    assert tuple(fed) == stream.events[: len(fed)]


@given(BODIES)
def test_agrees_with_httpx2_on_what_both_keep(body):
    assume(not body.endswith(b"\r"))  # there httpx2 takes the end of the line for the end of the event
    headers, request = {"content-type": "text/event-stream"}, httpx2.Request("GET", "http://localhost")
    response = httpx2.Response(
        200, headers=headers, content=body.removeprefix(b"\xef\xbb\xbf"), request=request
    )
    theirs = [(event.event, event.data) for event in httpx2.EventSource(response) if event.data]
    ours = [
        (event.name or "message", event.data) for event in sse.read(body).events if event.data and event.ended
    ]
    assert ours == theirs


@pytest.mark.parametrize(
    ("body", "overflow", "kept"),
    [
        (b"data: 1\n\n" * 4, "more than 3 events", 3),
        (b"data: 1\n\ndata: " + b"x" * 50 + b"\n\n", "event 1 is larger than 40 bytes", 1),
        (b"data: 1\n\n" + b"y" * 50, "event 1 is larger than 40 bytes", 1),
    ],
)
def test_bounds_end_the_reading(body, overflow, kept):
    for size in (1, 7, len(body)):
        reader = sse.Reader(max_event_bytes=40, max_events=3)
        for start in range(0, len(body), size):
            reader.feed(body[start : start + size])
        stream = reader.close()
        assert (stream.overflow, len(stream.events)) == (overflow, kept)


@pytest.mark.parametrize(
    ("body", "done"), [(b"data: [DONE]\n\n", True), (b"data: [DONE]\r\r", True), (b"data: [DONE]\r", False)]
)
def test_done_is_seen_as_soon_as_it_is_complete(body, done):
    reader = sse.Reader()
    reader.feed(body)
    assert reader.done is done


def test_time_is_linear_in_the_bytes():
    def seconds(length):
        reader, started = sse.Reader(), time.process_time()
        for _ in range(length):
            reader.feed(b"x")
        return time.process_time() - started

    seconds(20_000)
    assert seconds(160_000) < 30 * seconds(20_000)

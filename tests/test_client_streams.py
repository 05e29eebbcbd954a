"""The client reading event streams: arrival, the end, what follows it, wrong types, limits, closing early."""

from __future__ import annotations

import gzip
import time
import zlib

import pytest
from client_servers import KEY, Connection, RawServer, answering, client_of

EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
CHUNKED = EVENTS + b"Transfer-Encoding: chunked\r\n\r\n"
ONE = b"event: thread.run.created\ndata: {}\n\n"
DONE = b"event: done\ndata: [DONE]\n\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def stream_of(server: RawServer, **settings):
    """The exchange of one streamed create."""
    close_after = settings.pop("close_after", None)
    with client_of(server, **settings) as client:
        return client.send("POST", "/threads/t/runs", body={"stream": True}, close_after=close_after)


def then(data: bytes, deed) -> object:
    def handler(connection: Connection):
        connection.request()
        connection.send(data)
        deed(connection)

    return handler


def names(kept) -> list[str | None]:
    return [event.name for event in kept.response.events]


def test_events_have_their_arrival():
    def handler(connection: Connection):
        connection.request()
        connection.send(CHUNKED + chunk(ONE))
        connection.stopped.wait(0.2)
        connection.send(chunk(DONE) + b"0\r\n\r\n")

    with RawServer(handler) as server:
        kept = stream_of(server)
    first, last = kept.response.events
    assert (first.name, last.is_done, kept.response.failure) == ("thread.run.created", True, None)
    assert 0.15 < last.at - first.at < 1
    assert [(c.start, c.size) for c in kept.response.chunks] == [(0, len(ONE)), (len(ONE), len(DONE))]


def test_a_connection_left_open_after_done_does_not_hold_us():
    with RawServer(then(CHUNKED + chunk(ONE + DONE), lambda c: c.stopped.wait(5))) as server:
        kept = stream_of(server)
    assert (names(kept), kept.response.failure) == (["thread.run.created", "done"], None)
    assert kept.seconds < 1


@pytest.mark.parametrize("ending", [b"\r", b"\r\n"])
def test_nor_does_it_with_other_line_endings(ending):
    body = (ONE + DONE).replace(b"\n", ending)
    with RawServer(then(CHUNKED + chunk(body), lambda c: c.stopped.wait(5))) as server:
        kept = stream_of(server)
    assert (names(kept), kept.response.failure) == (["thread.run.created", "done"], None)


def test_what_follows_done_is_seen():
    def late(connection: Connection):
        connection.stopped.wait(0.05)
        connection.send(chunk(ONE) + b"0\r\n\r\n")

    with RawServer(then(CHUNKED + chunk(DONE), late)) as server:
        assert names(stream_of(server)) == ["done", "thread.run.created"]


def test_a_flood_after_done_ends():
    with RawServer(then(CHUNKED + chunk(DONE), lambda c: c.endless(chunk(ONE)))) as server:
        kept = stream_of(server)
    assert kept.seconds < 1
    assert kept.response.events[0].is_done


def test_silence_in_a_stream_is_idle():
    with RawServer(then(CHUNKED + chunk(ONE), lambda c: c.stopped.wait(5))) as server:
        kept = stream_of(server)
    assert (kept.response.failure.kind, names(kept)) == ("idle", ["thread.run.created"])
    assert kept.seconds < 1


def test_an_endless_drip_meets_the_deadline():
    with RawServer(then(CHUNKED, lambda c: c.drip(b"1\r\n:\r\n" * 200, 0.01))) as server:
        kept = stream_of(server, timeouts={"stream": 0.6})
    assert kept.response.failure.kind == "deadline"


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        ({"max_events": 100}, "more than 100 events"),
        ({"max_event_bytes": 30}, "event 0 is larger than 30 bytes"),
        ({"max_bytes": 10_000}, "the answer is larger than 10000 bytes"),
    ],
)
def test_limits_of_a_stream(limits, sentence):
    with RawServer(then(CHUNKED, lambda c: c.endless(chunk(ONE)))) as server:
        kept = stream_of(server, limits=limits)
    assert (kept.response.failure.kind, kept.response.failure.text) == ("too-large", sentence)


def test_an_event_without_end_is_bounded_too():
    with RawServer(then(EVENTS + b"\r\ndata: ", lambda c: c.endless(b"x" * 10_000))) as server:
        kept = stream_of(server, limits={"max_event_bytes": 50_000})
    assert kept.response.failure.text == "event 0 is larger than 50000 bytes"


def test_closing_early():
    with RawServer(then(CHUNKED + chunk(ONE) * 3, lambda c: c.stopped.wait(5))) as server:
        kept = stream_of(server, close_after=2)
    assert kept.response.failure.kind == "closed"
    assert len(kept.response.events) >= 2
    assert kept.seconds < 0.4


@pytest.mark.parametrize("length", [15, len(ONE) + 12])
def test_a_broken_off_stream_keeps_what_came(length):
    with RawServer(answering(CHUNKED + chunk((ONE + ONE)[:length]))) as server:
        kept = stream_of(server)
    assert kept.response.failure.kind == "disconnected"
    assert kept.response.events[-1].ended is False


def test_a_stream_under_a_wrong_content_type_is_still_a_stream():
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
    with RawServer(answering(head + ONE + DONE)) as server:
        kept = stream_of(server)
    assert names(kept) == ["thread.run.created", "done"]
    assert kept.response.headers.media_type == "text/plain"


def test_json_in_place_of_a_stream_is_no_stream():
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
    with RawServer(answering(head + b'{\n  "id": "run_1"\n}')) as server:
        kept = stream_of(server)
    assert (kept.streamed, kept.answer) == (False, {"id": "run_1"})


def test_a_refusal_is_no_stream():
    with RawServer(answering(EVENTS.replace(b"200 OK", b"400 Bad Request") + b"\r\n" + ONE)) as server:
        assert stream_of(server).streamed is False


def test_an_empty_stream_has_no_events():
    with RawServer(answering(CHUNKED + b"0\r\n\r\n")) as server:
        assert stream_of(server).response.events == ()


def test_a_compressed_stream_arrives_event_by_event():
    packer = zlib.compressobj(wbits=31)
    first = packer.compress(ONE) + packer.flush(zlib.Z_SYNC_FLUSH)
    last = packer.compress(DONE) + packer.flush()
    head = EVENTS + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"

    def rest(connection: Connection):
        connection.stopped.wait(0.15)
        connection.send(chunk(last) + b"0\r\n\r\n")

    with RawServer(then(head + chunk(first), rest)) as server:
        kept = stream_of(server)
    assert gzip.decompress(first + last) == kept.response.body == ONE + DONE
    assert kept.response.events[1].at - kept.response.events[0].at > 0.1


def test_a_secret_in_an_event_is_starred_and_offsets_stay():
    body = b"data: " + KEY.encode() + b"\n\n" + DONE
    with RawServer(answering(EVENTS + b"\r\n" + body)) as server:
        kept = stream_of(server)
    assert kept.response.events[0].data == "*" * len(KEY)
    assert kept.response.events[1].end == len(body)
    assert KEY.encode() not in kept.response.events[0].raw


def test_comments_are_kept():
    with RawServer(answering(EVENTS + b"\r\n: ping\n\n" + DONE)) as server:
        assert stream_of(server).response.comments == ("ping",)


def test_ten_thousand_events_in_reasonable_time():
    body = ONE * 10_000 + DONE
    with RawServer(answering(EVENTS + b"\r\n" + body)) as server:
        started = time.monotonic()
        kept = stream_of(server, timeouts={"stream": 20})
    assert len(kept.response.events) == 10_001
    assert time.monotonic() - started < 5

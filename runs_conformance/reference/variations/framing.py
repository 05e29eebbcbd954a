"""Other ways to write the same events as text/event-stream, and to cut them into writes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from runs_conformance.reference.variations.variation import behaves, chooses

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.calls import Call
    from runs_conformance.reference.options import ReferenceOptions
    from runs_conformance.reference.records import Event


def _written(faithful: Behaviour, change: Callable[[bytes], bytes]) -> Behaviour:
    def encode_event(call: Call, event: Event) -> bytes:
        return change(faithful.encode_event(call, event))

    return replace(faithful, encode_event=encode_event)


@behaves("RQ-218; SSE standard: lines that begin with a colon are comments")
def comments(faithful: Behaviour) -> Behaviour:
    """Comment lines stand before and after events, and between their lines."""
    return _written(
        faithful,
        lambda block: b": keep-alive\n\n: \n" + block.replace(b"\ndata", b"\n:inside\ndata") + b":\n\n",
    )


@behaves("SSE standard: id and retry are fields of every stream")
def ids_and_retry(faithful: Behaviour) -> Behaviour:
    """Events have an id, and a retry time is told."""
    count = 0

    def change(block: bytes) -> bytes:
        nonlocal count
        count += 1
        return b"id: %d\nretry: 3000\n" % count + block

    return _written(faithful, change)


@behaves("SSE standard: one blank after the colon is optional")
def no_blank_after_colon(faithful: Behaviour) -> Behaviour:
    """No blank follows the colon of a field."""
    return _written(
        faithful, lambda block: block.replace(b"event: ", b"event:", 1).replace(b"\ndata: ", b"\ndata:", 1)
    )


@behaves("SSE standard: fields of a block have no order", group="line-order")
def data_before_event(faithful: Behaviour) -> Behaviour:
    """The data line of an event stands before its event line."""

    def change(block: bytes) -> bytes:
        event, _, data = block.rstrip(b"\n").partition(b"\n")
        return data + b"\n" + event + b"\n\n"

    return _written(faithful, change)


@behaves("SSE standard: an empty block dispatches nothing")
def blank_lines(faithful: Behaviour) -> Behaviour:
    """Several blank lines stand between events, and before the first."""
    return _written(faithful, lambda block: b"\n\n" + block + b"\n\n\n")


@behaves("RFC 8259: white space means nothing, nor does escaping")
def event_json_spaced(faithful: Behaviour) -> Behaviour:
    """The JSON of events has blanks after commas and colons and is escaped to ASCII."""

    def encode_event(call: Call, event: Event) -> bytes:
        if isinstance(event.data, str):
            return faithful.encode_event(call, event)
        return f"event: {event.name}\ndata:  {json.dumps(event.data)} \n\n".encode()

    return replace(faithful, encode_event=encode_event)


# After what else changes the lines of a block.
@behaves("SSE standard: a line may end with CR LF", group="line-ends")
def crlf(faithful: Behaviour) -> Behaviour:
    """Lines of a stream end with CR LF."""
    return _written(faithful, lambda block: block.replace(b"\n", b"\r\n"))


@behaves("SSE standard: a line may end with CR", group="line-ends")
def carriage_returns(faithful: Behaviour) -> Behaviour:
    """Lines of a stream end with CR alone."""
    return _written(faithful, lambda block: block.replace(b"\n", b"\r"))


@chooses("TCP has no borders of messages", group="chunking")
def byte_by_byte(options: ReferenceOptions) -> ReferenceOptions:
    """A stream is written a byte at a time."""
    return replace(options, chunking="byte")


@chooses("TCP has no borders of messages", group="chunking")
def cut_at_random(options: ReferenceOptions) -> ReferenceOptions:
    """A stream is written in pieces that end anywhere, inside characters too."""
    return replace(options, chunking="random", seed=11)


@chooses("no document says how fast events come", group="chunking", slow=True)
def slow_events(options: ReferenceOptions) -> ReferenceOptions:
    """There are 20 ms between the events of a stream."""
    return replace(options, pace=0.02)

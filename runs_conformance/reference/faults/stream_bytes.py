"""Streams whose bytes are not those of an event stream with JSON in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from runs_conformance.reference.faults.points import blocks, compact, pieces
from runs_conformance.reference.faults.record import Kind

if TYPE_CHECKING:
    from runs_conformance.reference.records import Event

stream_bytes = Kind("stream-bytes")
FRAMING = "event.framing"
DATA = "event.data-json"
DONE = "event.done"


@stream_bytes(blocks, FRAMING, "event.names")
def no_event_lines(_event: Event, block: bytes) -> bytes:
    """Blocks have data lines only."""
    return block.partition(b"\n")[2]


@stream_bytes(blocks, FRAMING, "event.names", DONE)
def event_name_inside_data(event: Event, block: bytes) -> bytes:
    """Events are {"data": ..., "event": ...} in a data line alone, as a gateway was seen to write them."""
    if event.name == "done":
        return b"data: [DONE]\n\n"
    return f"data: {compact({'data': event.data, 'event': event.name})}\n\n".encode() if block else b""


@stream_bytes(blocks, DONE, "order.done-last")
def no_done(event: Event, block: bytes) -> bytes:
    """Streams just end."""
    return b"" if event.name == "done" else block


@stream_bytes(blocks, DONE, FRAMING)
def done_without_event_line(event: Event, block: bytes) -> bytes:
    """The end marker is data: [DONE] without an event line, as in other APIs of the vendor."""
    return b"data: [DONE]\n\n" if event.name == "done" else block


@stream_bytes(blocks, DONE)
def done_quoted(event: Event, block: bytes) -> bytes:
    """The end marker is a JSON string."""
    return b'event: done\ndata: "[DONE]"\n\n' if event.name == "done" else block


@stream_bytes(blocks, DONE)
def done_an_object(event: Event, block: bytes) -> bytes:
    """The end marker's data is {}."""
    return b"event: done\ndata: {}\n\n" if event.name == "done" else block


@stream_bytes(blocks, DONE)
def done_lower_case(event: Event, block: bytes) -> bytes:
    """The end marker's data is [done]."""
    return b"event: done\ndata: [done]\n\n" if event.name == "done" else block


@stream_bytes(blocks, FRAMING, DONE, rare=True)
def last_block_unfinished(event: Event, block: bytes) -> bytes:
    """The last block lacks its blank line."""
    return block.rstrip(b"\n") if event.name == "done" else block


@stream_bytes(blocks, FRAMING)
def no_blank_lines(_event: Event, block: bytes) -> bytes:
    """Blocks are not separated by blank lines."""
    return block[:-1]


@stream_bytes(blocks, FRAMING, "event.names", rare=True)
def some_without_event_line(event: Event, block: bytes) -> bytes:
    """Deltas alone have no event line."""
    return block.partition(b"\n")[2] if event.name.endswith(".delta") else block


@stream_bytes(blocks, FRAMING)
def data_in_many_lines(event: Event, block: bytes) -> bytes:
    """Data are indented JSON, a data line for each of its lines."""
    if isinstance(event.data, str):
        return block
    lines = json.dumps(event.data, ensure_ascii=False, indent=2).splitlines()
    return "".join([f"event: {event.name}\n", *(f"data: {line}\n" for line in lines), "\n"]).encode()


@stream_bytes(blocks, FRAMING, DATA)
def data_in_many_lines_raw(event: Event, block: bytes) -> bytes:
    """Data are indented JSON, and only its first line is marked as data."""
    if isinstance(event.data, str):
        return block
    return f"event: {event.name}\ndata: {json.dumps(event.data, ensure_ascii=False, indent=2)}\n\n".encode()


@stream_bytes(blocks, FRAMING, rare=True)
def field_names_capitalised(_event: Event, block: bytes) -> bytes:
    """Lines begin with Event: and Data:."""
    return block.replace(b"event:", b"Event:", 1).replace(b"\ndata:", b"\nData:", 1)


@stream_bytes(blocks, DATA)
def data_as_python(event: Event, block: bytes) -> bytes:
    """Data are printed as Python prints a dict."""
    return block if isinstance(event.data, str) else f"event: {event.name}\ndata: {event.data}\n\n".encode()


@stream_bytes(blocks, DATA)
def data_encoded_twice(event: Event, block: bytes) -> bytes:
    """Data are a JSON string that holds JSON."""
    if isinstance(event.data, str):
        return block
    return f"event: {event.name}\ndata: {json.dumps(compact(event.data))}\n\n".encode()


@stream_bytes(blocks, DATA)
def data_in_an_array(event: Event, block: bytes) -> bytes:
    """Data are an array of one object."""
    return block if isinstance(event.data, str) else f"event: {event.name}\ndata: {compact([event.data])}\n\n".encode()


@stream_bytes(blocks, DATA, rare=True)
def data_with_nan(_event: Event, block: bytes) -> bytes:
    """Numbers that are 1.0 are written as NaN."""
    return block.replace(b'"top_p":1.0', b'"top_p":NaN')


@stream_bytes(blocks, DATA, rare=True)
def data_with_bare_tabs(_event: Event, block: bytes) -> bytes:
    """Characters that JSON wants escaped are written as they are, here the carriage return."""
    return block.replace(b"\\r", b"\t")


@stream_bytes(blocks, DATA, FRAMING, rare=True)
def line_breaks_not_escaped(_event: Event, block: bytes) -> bytes:
    """Line breaks inside texts are written as they are, so that they end the line."""
    return block.replace(b"\\n", b"\n").replace(b"\\r", b"\r")


@stream_bytes(blocks, DATA, "event.fold.message-text", rare=True)
def latin_1(_event: Event, block: bytes) -> bytes:
    """Streams are encoded as Latin-1."""
    return block.decode().encode("latin-1", "replace")


@stream_bytes(blocks, DATA, "event.fold.message-text", rare=True)
def question_marks_in_deltas(event: Event, block: bytes) -> bytes:
    """Characters outside ASCII are question marks in message deltas."""
    return block.decode().encode("ascii", "replace") if event.name == "thread.message.delta" else block


@stream_bytes(
    pieces, DATA, "event.fold.message-text", "response.echo.instructions", "response.retrieve.same",
    "event.opening-pairs", rare=True,
)
def decoded_piece_by_piece(found: Iterable[bytes]) -> Iterator[bytes]:
    """A proxy reads 100 bytes at a time and decodes each read by itself: characters cut in two become U+FFFD."""
    held = b""
    for block in found:
        held += block
        while len(held) >= 100:
            yield held[:100].decode("utf-8", "replace").encode()
            held = held[100:]
    yield held.decode("utf-8", "replace").encode()


@stream_bytes(pieces, FRAMING, DATA)
def single_characters(found: Iterable[bytes]) -> Iterator[bytes]:
    """A runtime sends every character as an event of its own; the envelopes are lost."""
    for block in found:
        yield from (f"data: {one}\n\n".encode() for one in block.decode() if one.isprintable())


@stream_bytes(pieces, "order.run-close-last", "order.done-last", DONE)
def cut_off_in_the_middle(found: Iterable[bytes]) -> Iterator[bytes]:
    """A stream ends after 8 KiB, in the middle of an event, as if that were its end."""
    left = 8192
    for block in found:
        yield block[:left]
        left -= len(block)
        if left <= 0:
            return


@stream_bytes(pieces, "order.create-run-start", "order.done-last", DONE)
def nothing_at_all(found: Iterable[bytes]) -> Iterator[bytes]:
    """A stream ends before its first event, with success."""
    for _ in found:
        yield b""


@stream_bytes(pieces, FRAMING)
def as_json_lines(found: Iterable[bytes]) -> Iterator[bytes]:
    """A stream is JSON lines without any field names."""
    for block in found:
        yield block.partition(b"data: ")[2].rstrip(b"\n") + b"\n"


@stream_bytes(pieces, FRAMING, DATA, rare=True)
def heartbeats_inside_blocks(found: Iterable[bytes]) -> Iterator[bytes]:
    """A proxy's heartbeat, a blank line, falls between an event line and its data line."""
    for number, block in enumerate(found):
        yield block.replace(b"\ndata:", b"\n\ndata:", 1) if number % 5 == 4 else block


@stream_bytes(pieces, FRAMING, DATA, rare=True)
def bytes_lost_at_buffer_ends(found: Iterable[bytes]) -> Iterator[bytes]:
    """Of every 4,096 bytes the last one is lost."""
    at = 0
    for block in found:
        kept = bytes(one for place, one in enumerate(block, at) if place % 4096 != 4095)
        at += len(block)
        yield kept


@stream_bytes(blocks, DATA, rare=True)
def long_data_cut(_event: Event, block: bytes) -> bytes:
    """Data lines longer than 2,048 bytes are cut there."""
    return block if len(block) <= 2048 else block[:2048] + b"\n\n"

"""Streams: floods, events of megabytes, games with retry and id, events that lie, ends that are none."""

from __future__ import annotations

import json

from broken_streams import good

from hostile.servers import FINE, LIST, STREAM, acts, endless, http, says

MEGA = 1 << 20
DELTA = good.block(*good.piece("msg_1", "x"))
DONE = b"event: done\ndata: [DONE]\n\n"
HEAD = good.to_body(good.HEAD)
MESSAGE = good.block("thread.message.created", good.message("msg_1"))


def stream(name, body, *, codes=(1,), kind="text/event-stream", **more):
    return says(f"events: {name}", http(body, *FINE, kind=kind, **more), "stream", codes=codes)


def event(name, data):
    return f"event: {name}\ndata: {data}\n\n".encode("utf-8", "surrogatepass")


def delta(**content):
    """A delta of a message with this one part."""
    made = {"id": "msg_1", "object": "thread.message.delta", "delta": {"content": [content]}}
    return good.block("thread.message.delta", made)


def within(*blocks):
    """These inside of a stream that is fine up to here, and its end."""
    return HEAD + MESSAGE + b"".join(blocks) + DONE


def flood(data, head=b""):
    def deed(connection, _):
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + head)
        endless(connection, data)

    return deed


CALLS = [{"index": n, "id": f"call_{n}", "type": "function", "function": {}} for n in range(5000)]
STEP = {"id": "step_1", "object": "thread.run.step.delta"}
EVENTS = [
    acts("events: a flood of deltas", flood(DELTA, HEAD + MESSAGE), "stream"),
    acts("events: a flood of new messages", flood(MESSAGE, HEAD), "stream"),
    acts("events: a flood of DONE", flood(DONE, STREAM), "stream", codes=(0, 1)),
    acts("events: a flood of names", flood(b"event: thread.run.created\n", HEAD), "stream"),
    stream("49,000 deltas", within(DELTA * 49_000)),
    stream("60,000 deltas", within(DELTA * 60_000)),
    stream("60,000 deltas of other messages", within(*(
        good.block(*good.piece(f"msg_{n}", "x")) for n in range(60_000)))),
    stream("a megabyte in an event", within(good.block(*good.piece("msg_1", "x" * MEGA)))),
    stream("ten events of a megabyte", within(good.block(*good.piece("msg_1", "x" * MEGA)) * 10)),
    stream("an event of five megabytes", within(good.block(*good.piece("msg_1", "x" * 5 * MEGA)))),
    stream("15 runs of a megabyte", HEAD + good.block("thread.run.in_progress", good.run(
        "in_progress", instructions="😀" * (MEGA // 4))) * 15 + DONE),
    stream("an event of a million lines", HEAD + b"data: \n" * 1_000_000 + b"\n" + DONE),
    stream("a name of a megabyte", event("x" * MEGA, "{}") + STREAM),
    stream("a comment of a megabyte", b": " + b"x" * MEGA + b"\n\n" + STREAM, codes=(0, 1)),
    stream("retry 0", b"retry: 0\n\n" + STREAM, codes=(0, 1)),
    stream("retry for a year", b"retry: 31536000000\n\n" + STREAM, codes=(0, 1)),
    stream("retry of a million digits", b"retry: " + b"9" * MEGA + b"\n\n" + STREAM, codes=(0, 1)),
    stream("retry of words", b"retry: \x1b[2Jnever\n\n" + STREAM, codes=(0, 1)),
    stream("100,000 retries", b"retry: 1\n\n" * 100_000 + STREAM, codes=(0, 1)),
    stream("an id with NUL", b"id: a\0b\n\n" + STREAM, codes=(0, 1)),
    stream("unknown fields", b"evil: <script>alert(667)</script>\n\n" * 99 + STREAM),
    stream("all ends of lines mixed", STREAM.replace(b"\n\n", b"\r\r\n\r\n", 3), codes=(0, 1)),
    stream("a byte order mark", b"\xef\xbb\xbf" + STREAM, codes=(0, 1)),
    stream("byte order marks in between", STREAM.replace(b"event:", b"\xef\xbb\xbfevent:")),
    stream("NUL bytes", STREAM.replace(b"data:", b"data:\0")),
    stream("invalid UTF-8", STREAM.replace(b"Hello", b"\xff\xfe\xc0")),
    stream("surrogates", STREAM.replace(b"Hello", b"\\ud83d \\ude00"), codes=(0, 1)),
    stream("a wide letter cut in two deltas", STREAM.replace(b"Hello", b"\\ud83d"), codes=(0, 1)),
    stream("UTF-16", STREAM.decode().encode("utf-16")),
    stream("events before any run", DELTA * 99 + STREAM),
    stream("events after DONE", STREAM + DELTA * 99, codes=(0, 1)),
    stream("DONE twice", STREAM + DONE, codes=(0, 1)),
    stream("DONE at once", DONE),
    stream("no DONE", STREAM.removesuffix(DONE)),
    stream("nothing", b""),
    stream("JSON in place of events", json.dumps(good.run("queued"))),
    stream("HTML in place of events", b"<script>alert(667)</script>"),
    stream("events as JSON", STREAM, kind="application/json"),
    stream("events as a page", STREAM, kind="text/html"),
    stream("events for a refusal", STREAM, status="400 Bad Request", codes=(0, 1)),
    stream("a list in place of a run", HEAD.replace(b'"object":"thread.run"', b'"object":"list"')),
    stream("data of 100,000 levels", HEAD + event("thread.run.completed", "[" * 100_000) + DONE),
    stream("data of a million keys", HEAD + event("thread.run.completed", json.dumps(
        {f"{n}": 0 for n in range(100_000)})) + DONE),
    stream("data of NaN", HEAD + event("thread.run.completed", "NaN") + DONE),
    stream("data of 1e400", HEAD + good.block("thread.run.completed", "[1e400]") + DONE),
    stream("data of null", HEAD + event("thread.message.delta", "null") * 9 + DONE),
    stream("repeated keys", HEAD.replace(b'"status":', b'"status":"x","status":')),
    stream("an index of a billion", within(delta(index=10**9, type="text", text={"value": "x"}))),
    stream("an index of 30 digits", within(delta(index=10**30, type="text", text={"value": "x"}))),
    stream("an index below nought", within(delta(index=-(10**9), type="text", text={"value": "x"}))),
    stream("an index that is none", within(delta(index=[[]], type="text", text={"value": {}}))),
    stream("an index of 1e400", within(DELTA.replace(b'"index":0', b'"index":1e400'))),
    stream("indexes with great gaps", within(*(delta(index=n * 10**6, type="text", text={"value": "x"}) for n in range(99)))),
    stream("tool calls with an index of a billion", HEAD + good.block("thread.run.step.delta", {
        **STEP, "delta": {"step_details": {"type": "tool_calls", "tool_calls": [{"index": 10**9, "type": "function"}]}}}) + DONE),
    stream("5,000 tool calls in a delta", HEAD + good.block("thread.run.step.delta", {
        **STEP, "delta": {"step_details": {"type": "tool_calls", "tool_calls": CALLS}}}) + DONE),
    stream("annotations of nonsense", within(delta(index=0, type="text", text={
        "value": 1, "annotations": [{"index": 10**9, "start_index": "x"}, None]}))),
    stream("parts that change their kind", within(
        delta(index=0, type="text", text={"value": "x"}), delta(index=0, type="image_file", image_file=[]),
        delta(index=0, type=None), delta(index=0, type={"a": 1}))),
    stream("an error in the middle", HEAD + event("error", json.dumps({"error": {"message": ["x"], "code": {}}}))),
    stream("a page of another kind", json.dumps(LIST), kind="text/event-stream"),
]  # fmt: skip
SERVERS = EVENTS

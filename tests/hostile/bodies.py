"""Bodies: packed to burst, JSON that is none or too much, objects that lie."""

from __future__ import annotations

import base64
import gzip
import json
import zlib

from broken_streams import good

from hostile.servers import ASSISTANT, FINE, RUNS, Hostile, acts, does, dumped, endless, http, kind_of, says
from hostile.transport import BODY, OK, chunked

MEGA = 1 << 20
# 1 GB of zeros in brotli and in zstd, made with their own tools: nothing here can unpack them.
BROTLI = base64.b64decode("W///PwAAJAiC8YGcEwA=")
ZSTD = bytes.fromhex("28b52ffd0458") + b"\x00" * 64


def packed(name, body, encoding, *where, codes=(1, 2), **more):
    raw = http(body, ("Content-Encoding", encoding), *FINE)
    return says(f"encodings: {name}", raw, *where, codes=codes, **more)


def bomb(megabytes):
    """So many megabytes of blanks, packed a piece at a time."""
    worker = zlib.compressobj(9, zlib.DEFLATED, 31)
    pieces = [worker.compress(b" " * MEGA) for _ in range(megabytes)]
    return b"".join([*pieces, worker.flush()])


def members(connection, _):
    """gzip members without end, each a bomb of its own."""
    connection.send(OK + b"Content-Encoding: gzip\r\n\r\n")
    endless(connection, gzip.compress(bytes(MEGA)), 64 * MEGA)


def empty_members(connection, _):
    connection.send(OK + b"Content-Encoding: gzip\r\n\r\n")
    endless(connection, gzip.compress(b""), 64 * MEGA)


BOMB = bomb(256)
ENCODINGS = [
    packed("a gzip bomb", BOMB, "gzip"),
    packed("a gzip bomb for runs", BOMB, "gzip", *RUNS),
    packed("a bomb in a bomb", gzip.compress(BOMB * 8), "gzip, gzip", *RUNS),
    packed("a deflate bomb", zlib.compress(bytes(64 * MEGA), 9), "deflate", *RUNS),
    acts("encodings: bombs in a row", members, *RUNS),
    acts("encodings: empty members in a row", empty_members, *RUNS),
    packed("a brotli bomb", BROTLI * 99, "br", *RUNS),
    packed("a zstd bomb", ZSTD, "zstd", *RUNS),
    packed("half a gzip", gzip.compress(BODY)[:99], "gzip", *RUNS),
    packed("gzip that is none", BODY, "gzip", *RUNS),
    packed("gzip with a wrong sum", gzip.compress(BODY)[:-8] + bytes(8), "gzip", *RUNS),
    packed("gzip with more behind it", gzip.compress(BODY) + b"x" * 99, "gzip", *RUNS, codes=(0, 1, 2)),
    packed("gzip and nothing", b"", "gzip", *RUNS),
    packed("raw deflate", zlib.compress(BODY)[2:-4], "deflate", *RUNS, codes=(0, 1)),
    packed("an encoding of long ago", BODY, "compress", *RUNS),
    packed("an encoding with an escape", BODY, "\x1b[2J<script>alert(667)</script>", *RUNS),
    packed("seven encodings", BODY, ", ".join(["gzip"] * 7), *RUNS),
    packed("a packed stream that breaks off", gzip.compress(b"event: x\ndata: {}\n\n" * 999)[:90], "gzip", "stream"),
]  # fmt: skip


def text(name, body, *where, codes=(1, 2)):
    return says(f"json: {name}", http(body, *FINE), *(where or RUNS), codes=codes)


def with_member(name, value):
    """A run with one member as this text."""
    made = json.dumps({**good.run("queued"), name: "HERE"})
    return made.replace('"HERE"', value)


JSON = [
    text("nothing", b""),
    text("null", b"null"),
    text("true", b"true"),
    text("a number", b"0"),
    text("a text", b'"run"'),
    text("an empty list", b"[]"),
    text("an empty object", b"{}"),
    text("a list of runs", b"[" + BODY + b"]"),
    text("two objects", BODY + BODY),
    text("half an object", BODY[:200]),
    text("100,000 levels of lists", b"[" * 100_000),
    text("100,000 levels of lists, closed", b"[" * 100_000 + b"]" * 100_000),
    text("100,000 levels of objects", b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    text("100,000 levels in a member", with_member("metadata", "[" * 100_000 + "]" * 100_000)),
    text("399 levels in a member", with_member("metadata", "[" * 398 + "]" * 398)),
    text("a million keys", "{" + ",".join(f'"k{n}":0' for n in range(1_000_000)) + "}"),
    text("a million keys in metadata", with_member("metadata", "{" + ",".join(f'"{n}":""' for n in range(10**6)) + "}")),
    text("the same key a million times", "{" + ",".join(['"id":0'] * 1_000_000) + "}"),
    text("100,000 keys in metadata", with_member("metadata", "{" + ",".join(f'"{n}":""' for n in range(10**5)) + "}")),
    text("100,000 tools", with_member("tools", "[" + ",".join(['{"type":"function"}'] * 10**5) + "]")),
    text("16 MB of empty lists", b"[" + b"[]," * (5 * MEGA) + b"[]]"),
    text("16 MB of objects", b"[" + b'{"a":1},' * (2 * MEGA - 9) + b"{}]"),
    text("15 MB of text", with_member("instructions", '"' + "x" * (15 * MEGA) + '"')),
    text("15 MB of text, one letter of it wide", with_member("instructions", '"😀' + "x" * (15 * MEGA) + '"')),
    text("15 MB of escapes", with_member("instructions", '"' + "\\u001b" * (5 * MEGA // 2) + '"')),
    text("a key of 8 MB", '{"' + "k" * (8 * MEGA) + '":1}'),
    text("a number of a million digits", with_member("created_at", "9" * 10**6)),
    text("a fraction of a million digits", with_member("temperature", "1." + "3" * 10**6)),
    text("4,000 digits", with_member("created_at", "9" * 4000)),
    text("4,000 digits, negative", with_member("expires_at", "-" + "9" * 4000)),
    text("1e400", with_member("temperature", "1e400")),
    text("-1e400", with_member("created_at", "-1e400")),
    text("1e-400", with_member("temperature", "1e-400")),
    text("NaN", with_member("temperature", "NaN")),
    text("Infinity", with_member("created_at", "Infinity")),
    text("-Infinity", with_member("top_p", "-Infinity")),
    text("-0", with_member("created_at", "-0")),
    text("numbers of other spellings", with_member("created_at", "0x10")),
    text("a repeated key", BODY[:-1] + b', "id": "run_B2"}', codes=(0, 1)),
    text("invalid UTF-8", BODY.replace(b"run_A1", b"run_\xff\xfe")),
    text("overlong UTF-8", BODY.replace(b"run_A1", b"run_\xc0\xaf")),
    text("surrogates in UTF-8", BODY.replace(b"run_A1", b"run_\xed\xa0\x80")),
    text("lone surrogates", with_member("instructions", '"\\ud800 \\udfff"')),
    text("a lone surrogate in an id", with_member("id", '"run_\\ud800"')),
    text("a byte order mark", b"\xef\xbb\xbf" + BODY, codes=(0, 1)),
    text("UTF-16", BODY.decode().encode("utf-16")),
    text("UTF-32", BODY.decode().encode("utf-32")),
    text("NUL in a text", with_member("instructions", '"a\\u0000b"')),
    text("NUL before it", b"\0" + BODY),
    text("NUL in between", BODY.replace(b", ", b",\0 ")),
    text("control characters in a text", BODY.replace(b"run_A1", b"run_\x07\x1b[2J")),
    text("single quotes", BODY.replace(b'"', b"'")),
    text("comments", b"/* x */" + BODY + b"// y"),
    text("a comma too many", BODY[:-1] + b",}"),
    text("names of Python and JavaScript", with_member("metadata", '{"__proto__": {}, "constructor": 1, "__class__": "x"}')),
    text("XML", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "&#x41;">]><a>&b;</a>'),
    text("a pickle", b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94."),
]  # fmt: skip


def lies(name, *where, codes=(1, 2), status="200 OK", headers=(), **changes):
    """A run with members that no honest server sends; for a read too."""
    made = {**good.run("queued"), **changes}
    made = {key: value for key, value in made.items() if value is not ...}
    return says(f"objects: {name}", http(dumped(made), *headers, *FINE, status=status), *(where or RUNS), codes=codes)


def reads(name, codes=(0, 1), headers=(), **changes):
    """A create like any other; what is read of the run afterwards lies (few of the rows asked for see it)."""
    raw = http(dumped({**good.run("queued"), **changes}), *headers, *FINE)
    return says(f"objects: {name}", raw, "read", codes=codes)


def setup(name, place, value, codes=(1, 2)):
    """An assistant, or a thread, that lies."""
    made = {**ASSISTANT, **value} if place == "assistant" else value
    return says(f"objects: {name}", http(dumped(made), *FINE), place, codes=codes)


def pages(connection, request):
    """A list that never ends: each page has a next one."""
    if kind_of(request) == "list":
        items = [good.step(f"step_{n}", {"type": "tool_calls", "tool_calls": []}) for n in range(100)]
        page = {"object": "list", "data": items, "first_id": "step_0", "last_id": "step_99", "has_more": True}
        connection.send(http(dumped(page), *FINE))
    else:
        connection.send(http(dumped(good.run("completed")), *FINE))


CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{" * 999}}
OBJECTS = [
    lies("an id that is a number", id=17),
    lies("an id that is a list", id=[["run"]]),
    lies("an id that is empty", id=""),
    lies("an id of a megabyte", id="run_" + "x" * MEGA),
    lies("an id that is a query", id="run_1?admin=1#x"),
    lies("a thread of null", thread_id=None),
    lies("a status that is an object", status={"a": []}),
    lies("a status of a megabyte", status="q" * MEGA),
    lies("no members at all but the id", **{key: ... for key in good.run("queued") if key != "id"}),
    lies("dates beyond all calendars", created_at=10**30, expires_at=-(10**30)),
    lies("dates that are fractions", created_at=1.5, expires_at=0.1),
    lies("usage of nonsense", usage={"prompt_tokens": -1, "completion_tokens": 1e308, "total_tokens": "x"}),
    lies("metadata that is a list", metadata=["a", {"b": []}]),
    lies("tools of every kind", tools=[None, 1, "x", [], {"type": []}, {"type": "function", "function": 1}]),
    lies("an action without calls", status="requires_action", required_action={"type": "x"}),
    lies("an action of 20,000 calls", status="requires_action", required_action={
        "type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [CALL] * 20_000}}),
    lies("an error that is a run", error={"message": good.run("failed")}, status="400 Bad"),
    lies("a status code of its own for each call", status="201 Created"),
    reads("a run that never ends", status="in_progress"),
    reads("a run that goes back", status="queued"),
    reads("a poll that is asked to wait a year", headers=(("openai-poll-after-ms", "31536000000"),)),
    reads("another run each time", id="run_other"),
    acts("objects: a list without end", pages, "read", "list", codes=(0, 1)),
    lies("429 for ever", status="429 Slow", headers=(("Retry-After", "1"),)),
    lies("429 for a year", status="429 Slow", headers=(("Retry-After", "31536000"),)),
    lies("503 until a day of no calendar", status="503 No", headers=(("Retry-After", "Fri, 99 Foo 9999 99:99:99 GMT"),)),
    lies("429 with a negative wait", status="429 Slow", headers=(("Retry-After", "-1e999"),)),
    setup("an assistant without an id", "assistant", {"id": None}),
    setup("an assistant that is another one", "assistant", {"id": "asst_other", "model": ["x"], "tools": {}}, (0, 1, 2)),
    setup("a thread whose id is an object", "thread", {"id": {"a": 1}}),
    Hostile("objects: a new answer each time", does(lambda c, r: c.send(http(dumped(
        {**good.run("queued"), "id": f"run_{len(r)}", "status": str(hash(r))})) ), *RUNS)),
]  # fmt: skip
SERVERS = [*ENCODINGS, *JSON, *OBJECTS]
__all__ = ["SERVERS", "chunked"]

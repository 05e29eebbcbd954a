"""Hostile recordings: the servers' answers as recorders would have kept them, and files that are traps."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from hostile.servers import KEY, Hostile

URL = "https://api.openai.com/v1/threads/thread_abc123/runs"
SENT = {"assistant_id": "asst_abc123", "stream": True}
HEADERS = {"Authorization": [f"Bearer {KEY}"], "OpenAI-Beta": ["assistants=v2"], "Content-Type": ["application/json"]}
MEGA = 1 << 20


@dataclass(frozen=True)
class Trap:
    """One file, or a folder of them; `codes` are the exit codes that `inspect` may end with."""

    name: str
    make: Callable[[Path], None]
    codes: tuple[int, ...] = (2,)


def kept(one: Hostile, folder: Path) -> None:
    """The answer in a VCR cassette and in a HAR file."""
    head, _, body = (one.raw or b"").partition(b"\r\n\r\n")
    lines = [line.partition(": ") for line in head.decode("latin-1").split("\r\n")[1:]]
    status = head[9:12].decode("latin-1")
    code = int(status) if status.isdecimal() else 200
    folder.mkdir(parents=True)
    headers: dict[str, list[str]] = {}
    for name, _, value in lines:
        headers.setdefault(name, []).append(value)
    vcr = {
        "request": {"method": "POST", "uri": URL, "body": json.dumps(SENT), "headers": HEADERS},
        "response": {"status": {"code": code, "message": "x"}, "headers": headers, "body": {"string": body}},
    }
    text = yaml.dump({"interactions": [vcr], "version": 1}, Dumper=yaml.CSafeDumper)
    (folder / "cassette.yaml").write_text(text, "utf-8")
    packed = {"text": base64.b64encode(body).decode(), "encoding": "base64", "size": len(body)}
    har = {
        "startedDateTime": "2025-11-20T10:00:00Z", "time": 12,
        "request": {
            "method": "POST", "url": URL, "postData": {"text": json.dumps(SENT)},
            "headers": [{"name": name, "value": value[0]} for name, value in HEADERS.items()],
        },
        "response": {
            "status": code, "content": packed,
            "headers": [{"name": name, "value": value} for name, _, value in lines],
        },
    }  # fmt: skip
    (folder / "traffic.har").write_text(json.dumps({"log": {"entries": [har]}}), "utf-8")


def entry(**changes):
    """One call as a line."""
    made = {
        "method": "POST", "scheme": "https", "host": "api.openai.com", "path": "/v1/threads/thread_abc123/runs",
        "request_body": {"assistant_id": "asst_abc123"}, "status": 200, "response_body": {"object": "thread.run"},
        "response_headers": {"content-type": "application/json"},
    }  # fmt: skip
    return made | changes


def raw(name, data, suffix="yaml", codes=(2,)):
    def make(folder: Path) -> None:
        (folder / f"trap.{suffix}").write_bytes(data() if callable(data) else data)

    return Trap(f"recordings: {name}", make, codes)


def lines(name, *entries, codes=(1,)):
    return raw(name, lambda: "".join(json.dumps(one) + "\n" for one in entries).encode(), "jsonl", codes)


def member(text):
    """A line whose answer has this JSON in it."""
    return json.dumps(entry(response_body={"object": "thread.run", "id": "HERE"})).replace('"HERE"', text).encode()


def vcr(body):
    return (
        b"version: 1\ninteractions:\n- request: {method: POST, uri: '%s', body: '{}', headers: {}}\n"
        b"  response: {status: {code: 200, message: x}, headers: {content-type: [application/json]}, body: %s}\n"
        % (URL.encode(), body)
    )  # fmt: skip


def links(folder: Path) -> None:
    """A folder that holds itself, an ending without a file, a file that leads away."""
    (folder / "again").symlink_to(folder, target_is_directory=True)
    (folder / "gone.yaml").symlink_to(folder / "nothing.yaml")
    (folder / "away.yaml").symlink_to("/etc/passwd")
    (folder / "folder.yaml").mkdir()


def names(folder: Path) -> None:
    """Names that a terminal must not see, of files that can't be read."""
    for name in ("\x1b[2J.yaml", "::error::x\n::.yaml", "<script>alert(667)<.har", "\u202egnp.json", "-x.jsonl"):
        (folder / name).write_bytes(b"{nonsense")
    (folder / b"\xff\xfe.yaml".decode("utf-8", "surrogateescape")).write_bytes(b"[")


def own(folder: Path) -> None:
    """A recording that says to be ours, and whose second file is nonsense."""
    (folder / "cassette.yaml").write_bytes(vcr(b"{string: '{}'}"))
    (folder / "arrivals.jsonl").write_bytes(b'{"id": [], "number": 1e400}\n{"x": NaN}\n[[[\n')


ALIASES = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (97 + n, 97 + n, b",".join([b"*%c" % (96 + n)] * 9)) for n in range(1, 12)
)
TRAPS = [
    raw("nothing", b""),
    raw("only blanks", b" \n" * 9999),
    raw("binary", bytes(range(256))),
    raw("a YAML that unfolds without end", ALIASES + b"interactions: [*l]\n"),
    raw("an entry that unfolds without end", ALIASES.replace(b"\n", b"\n", 1) + b"interactions:\n- request: *l\n"),
    raw("a YAML that holds itself", b"interactions: &a\n- request: *a\n  response: *a\n"),
    raw("YAML with Python in it", b"interactions:\n- !!python/object/apply:os.system ['touch owned']\n"),
    raw("YAML with Ruby in it", b"http_interactions:\n- !ruby/object:Gem::Installer\n    i: x\n"),
    raw("YAML of 100,000 levels", b"interactions: " + b"[" * 100_000),
    raw("YAML of 100,000 levels, indented", b"".join(b"%s- \n" % (b" " * n) for n in range(3000))),
    raw("YAML of a key of 8 MB", b"? " + b"k" * 8 * MEGA + b"\n: 1\n"),
    raw("YAML of a million entries", b"interactions:\n" + b"- {}\n" * 300_000),
    raw("YAML of numbers of a million digits", vcr(b"{string: " + b"9" * MEGA + b"}"), codes=(0, 1, 2)),
    raw("YAML with a body of 30 MB", lambda: vcr(b"{string: '" + b"x" * 30 * MEGA + b"'}"), codes=(0, 1, 2)),
    raw("YAML with binary that is none", vcr(b"{string: !!binary '####'}"), codes=(0, 1, 2)),
    raw("YAML with a body of 2 million values", lambda: vcr(b"[" + b"1," * 2_000_000 + b"1]"), codes=(0, 1, 2)),
    raw("YAML that breaks off", vcr(b"{string: 'x")),
    raw("YAML with an escape", b"interactions: [\x1b[2J\x07]"),
    raw("JSON of 100,000 levels", b"[" * 100_000, "json"),
    raw("JSON of 100,000 levels in an entry", b'{"log":{"entries":[' + b'{"a":' * 100_000, "har"),
    raw("JSON of a million keys", lambda: json.dumps({f"k{n}": 0 for n in range(10**6)}).encode(), "json"),
    raw("JSON of 16 MB of lists", b'{"log":{"entries":[[' + b"[]," * (5 * MEGA) + b"[]]]}}", "har"),
    raw("JSON of entries that are none", b'{"log":{"entries":[' + b"{}," * 300_000 + b"{}]}}", "har"),
    raw("JSON of an entry without end", b'{"log":{"entries":[{"x":"' + b"y" * 70 * MEGA, "har"),
    raw("JSON of a number of a million digits", b'{"log":{"entries":[{"time":' + b"9" * MEGA + b"}]}}", "har"),
    raw("JSON of 5,000 digits", b'{"log":{"entries":[{"time":' + b"9" * 5000 + b"}]}}", "har"),
    raw("JSON of NaN", b'{"log":{"entries":[{"time":NaN}]}}', "har"),
    raw("JSON with lone surrogates", b'{"log":{"entries":[{"request":{"method":"\\ud800","url":"\\udfff"}}]}}', "har"),
    raw("JSON in UTF-16", '{"log":{"entries":[]}}'.encode("utf-16"), "har"),
    raw("JSON after NUL", b"\0{}", "json"),
    raw("a line of 70 MB", lambda: member("[" + "[]," * (23 * MEGA) + "0]"), "jsonl", (1, 2)),
    raw("a line of 12 MB of lists", lambda: member("[" + "[]," * (4 * MEGA) + "0]"), "jsonl", (1, 2)),
    raw("a line of 100,000 levels", member("[" * 100_000 + "]" * 100_000), "jsonl", (1, 2)),
    raw("a line of 300 levels", member("[" * 300 + "]" * 300), "jsonl", (1,)),
    raw("a line of a million digits", member("9" * MEGA), "jsonl", (1, 2)),
    raw("a line of 1e400 and NaN", member("[1e400, -1e400, NaN, Infinity]"), "jsonl", (1, 2)),
    raw("a line of lone surrogates", member('"\\ud800"'), "jsonl", (1,)),
    raw("lines of which each is another thing", b'{"method":"GET","path":"/"}\n[]\nnull\n"x"\n9e999\n{]\n\xff\n' * 999, "jsonl"),
    raw("a million empty lines", member("1") + b"\n" * 10**6, "jsonl", (1,)),
    lines("a status beyond all", entry(status=10**30), entry(status=-1), entry(status="2\x1b[2J"), codes=(1, 2)),
    lines("members of other kinds", entry(path=[1], host={}, request_headers=7, response_headers=[[1]], recorded_at=[]), codes=(1, 2)),
    lines("dates beyond all calendars", entry(recorded_at="99999-99-99T99:99"), entry(response_body={"object": "thread.run", "created_at": 10**30})),
    lines("a path that is a trap", entry(path="/v1/threads/../../../../etc/passwd/runs"), entry(path="/v1/threads/\x1b[2J\n::error::/runs"), codes=(1, 2)),
    lines("a URL that is none", entry(host="[::1", path="/v1/threads/x/runs"), entry(scheme="javascript", host="x"), codes=(1, 2)),
    lines("markup in every place", entry(source="<script>alert(667)</script>\x1b[2J#1", request_body={"assistant_id": "asst_1", "model": "\x1b[2J<script>alert(667)</script>"})),
    lines("the key in the answer", entry(request_headers={"Authorization": f"Bearer {KEY}"}, response_body={"object": "thread.run", "id": KEY, "instructions": [KEY]})),
    lines("events that are none", entry(response_body=[{"event": 7, "data": {"a": "\x1b[2J"}}, {"event": None, "data": None}] * 999)),
    lines("100,000 events in a line", entry(response_body=[{"event": "thread.message.delta", "data": {"index": 10**9}}] * 60_000), codes=(2,)),
    lines("20,000 threads", *(entry(path=f"/v1/threads/thread_{n}/runs") for n in range(20_000))),
    raw("a packed file that bursts", lambda: gzip.compress(bytes(600 * MEGA), 9), "json.gz"),
    raw("a packed file of one endless line", lambda: gzip.compress(b'{"method":"' + b"x" * 600 * MEGA, 9), "jsonl.gz"),
    raw("a packed file that breaks off", gzip.compress(member("1") * 999)[:100], "jsonl.gz", (1, 2)),
    raw("a packed file that is none", b"\x1f\x8bnonsense", "jsonl.gz"),
    raw("a body packed to burst", lambda: vcr(b"{string: !!binary '" + base64.b64encode(gzip.compress(bytes(600 * MEGA), 9)) + b"'}"), codes=(0, 1, 2)),
    raw("a body of base64 packed to burst", lambda: json.dumps(entry(response_body=base64.b64encode(gzip.compress(bytes(600 * MEGA), 9)).decode())).encode(), "jsonl", (0, 1, 2)),
    Trap("recordings: folders that hold themselves", links),
    Trap("recordings: names with escapes", names),
    Trap("recordings: ours, spoilt", own, (1, 2)),
]  # fmt: skip

"""Silence, drips, answers without end, HTTP that is none, breaks at any byte, TLS that is none."""

from __future__ import annotations

import datetime as dt
import functools
import ssl
import subprocess
import tempfile
import time
from pathlib import Path

from broken_streams import good

from hostile.servers import (
    FINE,
    RUNS,
    STREAM,
    Hostile,
    acts,
    chunked,
    drip,
    dumped,
    endless,
    hold,
    http,
    says,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
SSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
RUN = http(dumped(good.run("queued")), *FINE)
STREAMED = http(STREAM, *FINE, kind="text/event-stream")
FIRST = STREAM[: STREAM.index(b"\n\n") + 2]


def then(data: bytes, after):
    """Some bytes, then a deed of the connection."""

    def deed(connection, _):
        connection.send(data)
        after(connection)

    return deed


def beats(connection):
    """A sign of life within every idle limit, and nothing else."""
    for _ in range(300):
        connection.send(b": still here\n\n")
        time.sleep(0.1)


def slow_headers(connection):
    for number in range(300):
        connection.send(b"X-More-%d: y\r\n" % number)
        time.sleep(0.1)


SILENCE = [
    acts("silence: never answers", then(b"", hold), codes=(2,)),
    acts("silence: never answers a create", then(b"", hold), *RUNS),
    acts("silence: never answers for a stream", then(b"", hold), "stream"),
    acts("silence: never answers a read", then(b"", hold), "read"),
    Hostile("silence: never reads", hold, (2,)),
    Hostile("silence: closes at once", lambda _: None, (2,)),
    acts("silence: closes after the request", then(b"", lambda _: None), codes=(2,)),
    acts("silence: half a status line", then(b"HTTP/1.1 2", hold), codes=(2,)),
    acts("silence: a head without its end", then(OK, hold), codes=(2,)),
    acts("silence: a head without a body", then(OK + b"Content-Length: 9\r\n\r\n", hold), codes=(1, 2)),
    acts("silence: half a body", then(OK + b"Content-Length: 99\r\n\r\n{", hold)),
    acts("silence: half a chunk", then(OK + CHUNKED + b"9\r\n{", hold), *RUNS),
    acts("silence: after the first event", then(SSE + b"\r\n" + FIRST, hold), "stream"),
    acts("silence: half an event", then(SSE + b"\r\n" + FIRST[:40], hold), "stream"),
    acts("silence: a whole stream and no end", then(SSE + b"\r\n" + STREAM, hold), "stream", codes=(0, 1)),
    acts("silence: only heartbeats", then(SSE + b"\r\n", beats), "stream"),
]
DRIPS = [
    acts("drips: the status line", lambda c, _: drip(c, RUN), codes=(2,)),
    acts("drips: header lines", then(OK, slow_headers), codes=(2,)),
    acts("drips: a body", then(OK + b"Content-Length: 999\r\n\r\n", lambda c: drip(c, b" " * 999)), *RUNS),
    acts("drips: chunks of a byte", then(OK + CHUNKED, lambda c: drip(c, b"1\r\n \r\n" * 99)), *RUNS),
    acts("drips: a chunk's size", then(OK + CHUNKED, lambda c: drip(c, b"0" * 99 + b"1")), *RUNS),
    acts("drips: a stream", then(SSE + b"\r\n", lambda c: drip(c, STREAM)), "stream"),
    acts("drips: line ends", then(SSE + b"\r\n", lambda c: drip(c, b"\n" * 999)), "stream"),
    acts("drips: 1xx", then(b"", lambda c: drip(c, b"HTTP/1.1 102 Processing\r\n\r\n" * 9)), codes=(2,)),
    acts("drips: a run slowly, but whole", lambda c, _: drip(c, RUN, 0.0005), *RUNS),
]
EVENT = good.block("thread.run.in_progress", good.run("in_progress"))
LINE = b"data: " + b"x" * 1000
BIG = 1 << 20


def without_end(name, head, data, *where, **more):
    return acts(f"endless: {name}", then(head, lambda c: endless(c, data)), *where, **more)


ENDLESS = [
    without_end("header lines", OK, b"X-More: y\r\n", codes=(2,)),
    without_end("one header line", OK + b"X-More: ", b"y", codes=(2,)),
    without_end("a header's name", OK, b"X", codes=(2,)),
    without_end("reason phrase", b"HTTP/1.1 200 ", b"O", codes=(2,)),
    without_end("bytes of a status line", b"", b"H", codes=(2,)),
    without_end("1xx answers", b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", codes=(2,)),
    without_end("a body", OK + b"\r\n", b"x"),
    without_end("a body of a run", OK + b"\r\n", b" ", *RUNS),
    without_end("1 GB of JSON", OK + b"Content-Length: %d\r\n\r\n[" % (1 << 30), b"{},", *RUNS),
    without_end("1 GB of JSON text", OK + b'Content-Length: %d\r\n\r\n"' % (1 << 30), b"\xf0\x9f\x98\x80"),
    without_end("chunks", OK + CHUNKED, chunked(b"x" * 1000, end=False)),
    without_end("chunks of a byte", OK + CHUNKED, b"1\r\n \r\n", *RUNS),
    without_end("chunk extension", OK + CHUNKED + b"1;x=", b"y", *RUNS),
    without_end("chunk size", OK + CHUNKED, b"0", *RUNS),
    without_end("trailers", OK + CHUNKED + b"2\r\n{}\r\n0\r\n", b"X-More: y\r\n", *RUNS),
    without_end("events", SSE + b"\r\n", EVENT, "stream"),
    without_end("comments", SSE + b"\r\n", b": x\n", "stream"),
    without_end("empty lines", SSE + b"\r\n", b"\n", "stream"),
    without_end("carriage returns", SSE + b"\r\n", b"\r", "stream"),
    without_end("one line of data", SSE + b"\r\ndata: ", b"x", "stream"),
    without_end("data lines", SSE + b"\r\n", LINE + b"\n", "stream"),
    without_end("events without data", SSE + b"\r\n", b"event: x\n\n", "stream"),
    without_end("ids and retries", SSE + b"\r\n", b"id: 1\nretry: 1\n", "stream"),
    without_end("after DONE", SSE + b"\r\n" + STREAM, EVENT, "stream", codes=(0, 1)),
]


def framed(name, raw, *where, **more):
    return says(f"framing: {name}", raw, *where, **more)


BODY = dumped(good.run("queued"))
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
FRAMING = [
    framed("length too long", OK + b"Content-Length: 99999\r\n\r\n" + BODY, *RUNS),
    framed("length too short", OK + b"Content-Length: 9\r\n\r\n" + BODY, *RUNS),
    framed("length negative", OK + b"Content-Length: -1\r\n\r\n" + BODY, *RUNS),
    framed("length of words", OK + b"Content-Length: many\r\n\r\n" + BODY, *RUNS),
    framed("length of 400 digits", OK + b"Content-Length: " + b"9" * 400 + b"\r\n\r\n" + BODY, *RUNS),
    framed("two lengths", OK + b"Content-Length: 2\r\n" + LENGTH + b"\r\n" + BODY, *RUNS),
    framed("a length and chunks", OK + LENGTH + CHUNKED + chunked(BODY), *RUNS, codes=(0, 1)),
    framed("chunked twice", OK + b"Transfer-Encoding: chunked, chunked\r\n\r\n" + chunked(BODY), *RUNS),
    framed("an unknown transfer coding", OK + b"Transfer-Encoding: gold\r\n\r\n" + BODY, *RUNS),
    framed("chunk size of words", OK + CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n", *RUNS),
    framed("chunk size negative", OK + CHUNKED + b"-2\r\n{}\r\n0\r\n\r\n", *RUNS),
    framed("chunk size of 40 digits", OK + CHUNKED + b"f" * 40 + b"\r\n{}\r\n0\r\n\r\n", *RUNS),
    framed("chunk longer than said", OK + CHUNKED + b"2\r\n{}{}{}\r\n0\r\n\r\n", *RUNS),
    framed("chunks without their end", OK + CHUNKED + chunked(BODY, end=False), *RUNS),
    framed("bare line feeds", RUN.replace(b"\r\n", b"\n"), *RUNS, codes=(0, 1)),
    framed("two answers to one request", RUN + RUN, *RUNS, codes=(0, 1)),
    framed("two answers at once, both closing", RUN + http("{}"), *RUNS, codes=(0, 1)),
    framed("an answer before each answer", http("{}", status="408 Timeout") + RUN, *RUNS),
    framed("HTTP/1.0", b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + BODY, *RUNS, codes=(0, 1)),
    framed("HTTP/0.9", BODY, codes=(2,)),
    framed("HTTP/3.7", RUN.replace(b"/1.1", b"/3.7"), codes=(1, 2)),
    framed("HTTP/2", b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + bytes(18), codes=(2,)),
    framed("SSH", b"SSH-2.0-OpenSSH_9\r\n\r\n", codes=(2,)),
    framed("SMTP", b"220 mail.test ESMTP \x1b[31mready\r\n", codes=(2,)),
    framed("every byte there is", bytes(range(256)) * 4, codes=(2,)),
    framed("NUL bytes", bytes(4096), codes=(2,)),
    framed("status of words", RUN.replace(b"200", b"abc"), codes=(2,)),
    framed("status 0", RUN.replace(b" 200 OK", b" 000 No"), codes=(1, 2)),
    framed("status 999", RUN.replace(b" 200 OK", b" 999 No"), *RUNS),
    framed("status 20000", RUN.replace(b" 200 OK", b" 20000 OK"), codes=(2,)),
    framed("status 204 with a body", RUN.replace(b" 200 OK", b" 204 No Content"), *RUNS),
    framed("status 304 with a body", RUN.replace(b" 200 OK", b" 304 Not Modified"), *RUNS),
    framed("status 206", RUN.replace(b" 200 OK", b" 206 Partial"), *RUNS),
    framed("101 to anything", b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nhi", *RUNS),
    framed("100 and the answer", b"HTTP/1.1 100 Continue\r\n\r\n" + RUN, *RUNS, codes=(0, 1)),
    framed("500 hints and the answer", b"HTTP/1.1 103 E\r\nLink: </x>\r\n\r\n" * 500 + RUN, *RUNS, codes=(0, 1)),
    framed("a header without a colon", OK + b"nonsense\r\n" + LENGTH + b"\r\n" + BODY, *RUNS),
    framed("a header's name with a blank", OK + b"X Y : z\r\n" + LENGTH + b"\r\n" + BODY, *RUNS),
    framed("NUL in a header", OK + b"X-Y: a\0b\r\n" + LENGTH + b"\r\n" + BODY, *RUNS),
    framed("a folded header", OK + b"X-Y: a\r\n b\r\n" + LENGTH + b"\r\n" + BODY, *RUNS, codes=(0, 1)),
    framed("a header of 60 kB", OK + b"X-Y: " + b"z" * 60000 + b"\r\n" + LENGTH + b"\r\n" + BODY, *RUNS, codes=(0, 1)),
    framed("bytes beyond ASCII in a header", OK + b"X-Y: \xff\xfe\x9b2J\r\n" + LENGTH + b"\r\n" + BODY, *RUNS, codes=(0, 1)),
    framed("3,000 header lines", OK + b"X-Y: z\r\n" * 3000 + LENGTH + b"\r\n" + BODY, *RUNS, codes=(0, 1)),
    framed("no content type", RUN.replace(b"Content-Type: application/json\r\n", b""), *RUNS),
    framed("three content types", OK + b"Content-Type: text/html\r\nContent-Type: \xff\r\n" + LENGTH + b"\r\n" + BODY, *RUNS),
    framed("trailers that contradict", OK + CHUNKED + chunked(BODY, end=False) + b"0\r\nContent-Length: 1\r\n\r\n", *RUNS, codes=(0, 1)),
]  # fmt: skip


def cuts(what, raw, *where):
    """A whole answer up to some byte: closed there, and reset there."""
    head = raw.index(b"\r\n\r\n")
    places = {
        "no byte": 0, "the first byte": 1, "the status": 11, "half the head": head // 2,
        "the head but for a byte": head + 3, "the head": head + 4, "a byte of the body": head + 5,
        "half the body": (head + len(raw)) // 2, "all but a byte": len(raw) - 1, "all": len(raw),
    }  # fmt: skip
    for name, at in places.items():
        whole = (0, 1) if name == "all" or (what == "stream" and at == len(raw) - 1) else (1, 2)
        yield says(f"breaks: {what} closed after {name}", raw[:at], *where, codes=whole)
        yield says(f"breaks: {what} reset after {name}", raw[:at], *where, codes=(0, 1, 2), reset=True)


BREAKS = [*cuts("run", RUN, *RUNS), *cuts("stream", STREAMED, "stream")]


@functools.cache
def certificate(name: str, days: int) -> Path:
    """A key and a certificate that nobody signed, in one file."""
    folder = Path(tempfile.mkdtemp(prefix="hostile-tls-"))
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}"]
    command += ["-addext", f"subjectAltName=DNS:{name}"]
    command += ["-keyout", "key", "-out", "cert", *_validity(days)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_bytes((folder / "key").read_bytes() + (folder / "cert").read_bytes())
    return both


def _validity(days: int) -> list[str]:
    if days > 0:
        return ["-days", str(days)]
    then = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    return ["-not_before", f"{then:%Y%m%d%H%M%SZ}", "-not_after", f"{then + dt.timedelta(9):%Y%m%d%H%M%SZ}"]


def context(name: str, days: int = 9, *, oldest: bool = False) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate(name, days))
    if oldest:
        made.set_ciphers("ALL:@SECLEVEL=0")
        made.minimum_version = made.maximum_version = ssl.TLSVersion.TLSv1_1
    return made


def tls(name, made, serve=None):
    fine = says("x", RUN).serve
    return Hostile(f"tls: {name}", serve or fine, (2,), tls=made, https=True)


TLS = [
    Hostile("tls: none where it is asked for", says("x", RUN).serve, (2,), https=True),
    tls("a certificate of nobody", lambda: context("localhost")),
    tls("a certificate of another host", lambda: context("elsewhere.test")),
    tls("a certificate with markup in its name", lambda: context("<script>alert(667)<.test")),
    tls("a version of long ago", lambda: context("localhost", oldest=True)),
]
SERVERS = [*SILENCE, *DRIPS, *ENDLESS, *FRAMING, *BREAKS, *TLS]

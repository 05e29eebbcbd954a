"""The client against servers that misbehave: each ends as an exchange, in its time, with nothing leaked."""

from __future__ import annotations

import gzip
import os
import socket
import ssl
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest
from client_servers import JSON, KEY, Connection, RawServer, always, answering, client_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runs_conformance.contract.model import FAILURES, MISSING, Exchange, Failure, Request, Response
from runs_conformance.target.patience import Patience
from runs_conformance.target.reception import KEPT_OF_TOO_LARGE, MAX_CHUNKS

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def failure_of(kept):
    assert (kept.response is None) == (kept.failure is not None)
    return kept.failure or kept.response.failure


def silent(connection: Connection):
    connection.request()
    connection.stopped.wait(10)


def after(data: bytes, deed) -> object:
    def handler(connection: Connection):
        connection.request()
        connection.send(data)
        deed(connection)

    return handler


GZIP = OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s"
CASES = {
    "never answers": (silent, "deadline"),
    "closes at once": (lambda c: None, "disconnected"),
    "closes after the request": (answering(b""), "disconnected"),
    "closes within the head": (answering(b"HTTP/1.1 200 OK\r\nContent-"), "disconnected"),
    "drips the head": (after(b"", lambda c: c.drip(OK * 9, 0.05)), "deadline"),
    "drips the body": (
        after(OK + b"Content-Length: 999\r\n\r\n", lambda c: c.drip(b" " * 99, 0.05)),
        "deadline",
    ),
    "head without end": (after(OK, lambda c: c.endless(b"X-More: %s\r\n" % (b"y" * 1000))), "protocol"),
    "body without end": (after(OK + b"\r\n", lambda c: c.endless(b"x" * 65536)), "too-large"),
    "chunks without end": (
        after(CHUNKED, lambda c: c.endless(b"3e8\r\n%s\r\n" % (b"x" * 1000))),
        "too-large",
    ),
    "says too long": (answering(OK + b"Content-Length: 9\r\n\r\n{}"), "disconnected"),
    "resets in the body": (after(OK + b"Content-Length: 9\r\n\r\n{}", Connection.reset), "disconnected"),
    "ends within a chunk": (answering(CHUNKED + b"5\r\n{"), "disconnected"),
    "bad chunk size": (answering(CHUNKED + b"zz\r\n{"), "protocol"),
    "two lengths": (answering(OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"), "protocol"),
    "negative length": (answering(OK + b"Content-Length: -1\r\n\r\n{}"), "protocol"),
    "not HTTP": (answering(b"SSH-2.0-OpenSSH_9\r\n\r\n"), "protocol"),
    "binary": (answering(bytes(range(256))), "protocol"),
    "only 1xx": (after(b"", lambda c: c.endless(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)), "deadline"),
    "half a gzip": (answering(GZIP % (12, gzip.compress(b"{}" * 99)[:12])), "encoding"),
    "no gzip": (answering(GZIP % (2, b"{}")), "encoding"),
    "brotli": (answering(OK + b"Content-Encoding: br\r\nContent-Length: 2\r\n\r\n{}"), "encoding"),
    "gzip twice": (
        answering(OK + b"Content-Encoding: gzip, gzip\r\nContent-Length: 2\r\n\r\n{}"),
        "encoding",
    ),
    "gzip bomb": (answering(GZIP % (len(b := gzip.compress(bytes(30_000_000))), b)), "too-large"),
}


@pytest.mark.parametrize("name", CASES)
def test_it_ends_in_time_as_an_exchange(name):
    handler, kind = CASES[name]
    with RawServer(handler) as server, client_of(server, limits={"max_bytes": 1_000_000}) as client:
        started = time.monotonic()
        kept = client.send("POST", "/threads", body={})
        assert time.monotonic() - started < 2
    assert failure_of(kept).kind == kind
    assert KEY not in repr(kept)
    assert client.requests == 1


def test_the_kinds_are_those_of_the_model():
    assert {kind for _, kind in CASES.values()} <= set(FAILURES)


def test_what_came_before_the_break_is_kept():
    with RawServer(CASES["says too long"][0]) as server, client_of(server) as client:
        kept = client.send("GET", "/threads/t")
    assert (kept.status, kept.response.body, kept.ok) == (200, b"{}", False)


def test_of_too_much_the_beginning_is_kept():
    with (
        RawServer(CASES["body without end"][0]) as server,
        client_of(server, limits={"max_bytes": 500_000}) as client,
    ):
        kept = client.send("GET", "/threads/t")
    assert len(kept.response.body) == KEPT_OF_TOO_LARGE
    assert sum(chunk.size for chunk in kept.response.chunks) == KEPT_OF_TOO_LARGE
    assert kept.response.failure.text == "the answer is larger than 500000 bytes"


def test_a_session_keeps_no_more_than_it_may():
    body = b"x" * 300_000
    limits = {"max_bytes": 400_000, "session_bytes": 500_000}
    with RawServer(always(JSON % (len(body), body))) as server, client_of(server, limits=limits) as client:
        sizes = [len(client.send("GET", "/threads/t").response.body) for _ in range(3)]
    assert sizes == [300_000, KEPT_OF_TOO_LARGE, KEPT_OF_TOO_LARGE]


def test_a_bomb_does_not_fill_the_memory():
    handler = answering(GZIP % (len(b := gzip.compress(bytes(200_000_000))), b))
    with RawServer(handler) as server, client_of(server, limits={"max_bytes": 1_000_000}) as client:
        tracemalloc.start()
        client.send("GET", "/threads/t")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 20_000_000


def test_a_redirect_is_not_followed_and_the_key_stays_home():
    with RawServer(always(JSON % (2, b"{}"))) as elsewhere:
        moved = f"HTTP/1.1 307 Moved\r\nLocation: {elsewhere.url}/x\r\nContent-Length: 0\r\n\r\n".encode()
        with RawServer(always(moved)) as server, client_of(server) as client:
            kept = client.send("POST", "/threads", body={})
    assert (kept.status, elsewhere.connections) == (307, 0)


def test_cookies_are_not_kept():
    with (
        RawServer(always(OK + b"Set-Cookie: a=b; Path=/\r\nContent-Length: 2\r\n\r\n{}")) as server,
        client_of(server) as client,
    ):
        client.send("GET", "/threads/t")
        client.send("GET", "/threads/t")
    assert b"cookie" not in server.requests[1].lower()


def test_a_kept_connection_that_the_server_closed_is_replaced_unseen():
    def one_answer_each(connection: Connection):
        connection.request()
        connection.answer(b"{}")
        connection.request()

    with RawServer(one_answer_each) as server, client_of(server) as client:
        kept = [client.send("POST", "/threads", body={}) for _ in range(5)]
    assert [one.status for one in kept] == [200] * 5
    assert (len(client.journal), client.requests) == (5, len(server.requests))
    assert client.requests > 5


def test_an_answer_that_broke_off_is_not_asked_for_again():
    def handler(connection: Connection):
        connection.request()
        connection.answer(b"{}")
        connection.request()
        connection.send(OK + b"Content-Length: 9\r\n\r\n{")

    with RawServer(handler) as server, client_of(server) as client:
        client.send("GET", "/threads/t")
        kept = client.send("POST", "/threads/t/runs", body={})
    assert (failure_of(kept).kind, len(server.requests)) == ("disconnected", 2)


def test_a_second_answer_to_one_request_is_not_taken_for_the_next():
    def handler(connection: Connection):
        while connection.request():
            connection.send(JSON % (7, b'{"a":1}') + JSON % (7, b'{"b":2}'))

    with RawServer(handler) as server, client_of(server) as client:
        kept = [client.send("GET", "/threads/t") for _ in range(2)]
    assert kept[0].answer == {"a": 1}
    assert kept[1].answer in ({"a": 1}, MISSING)
    assert kept[1].answer == {"a": 1} or "earlier answer" in failure_of(kept[1]).text


def test_http_1_0_without_length():
    answer = b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{}"
    with RawServer(answering(answer)) as server, client_of(server) as client:
        assert client.send("GET", "/threads/t").ok


def test_nobody_listens():
    with RawServer(silent) as server:
        pass
    with client_of(server) as client:
        kept = client.send("GET", "/threads/t")
    assert (kept.response, kept.failure.kind) == (None, "unreachable")


def test_a_name_that_is_none():
    with RawServer(silent) as server:
        server.url = "http://no-such-host.invalid/v1"
        with client_of(server) as client:
            assert client.send("GET", "/threads/t").failure.kind == "unreachable"


def test_plain_http_at_a_https_url():
    with RawServer(lambda c: c.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        server.url = server.url.replace("http:", "https:")
        with client_of(server) as client:
            assert client.send("GET", "/threads/t").failure.kind == "tls"


def test_a_certificate_of_nobody_is_not_trusted(tmp_path):
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "k",
        "-out",
        "c",
        "-subj",
        "/CN=localhost",
    ]
    try:
        subprocess.run([*command, "-days", "2"], cwd=tmp_path, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no openssl command to make a certificate with")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "c", tmp_path / "k")

    def handler(connection: Connection):
        context.wrap_socket(connection.socket, server_side=True)

    with RawServer(handler) as server:
        server.url = f"https://localhost:{server.port}/v1"
        with client_of(server) as client:
            failure = client.send("GET", "/threads/t").failure
    assert failure.kind == "tls"
    assert "certificate" in failure.text.lower()


def test_a_target_that_hangs_each_time_is_given_less_and_less():
    patience, hung = Patience(), Exchange("x1", Request("GET", "/"), None, Failure("deadline", ""))
    given_seconds = []
    for _ in range(9):
        given_seconds.append(patience.deadline("getRun", 60.0))
        patience.note("getRun", hung)
    assert given_seconds == [60, 60, 60, 30, 15, 7.5, 3.75, 1.875, 1]
    assert patience.deadline("createRun", 60.0) == 60
    patience.note("getRun", Exchange("x2", Request("GET", "/"), Response(200)))
    assert patience.deadline("getRun", 60.0) == 60


def test_bytes_one_by_one_do_not_grow_the_record_without_bound():
    body = b"1\r\nx\r\n" * (MAX_CHUNKS + 500) + b"0\r\n\r\n"
    with (
        RawServer(answering(CHUNKED + body)) as server,
        client_of(server, timeouts={"exchange": 60}) as client,
    ):
        response = client.send("GET", "/threads/t").response
    assert len(response.chunks) == MAX_CHUNKS
    assert sum(chunk.size for chunk in response.chunks) == len(response.body) == MAX_CHUNKS + 500


def test_errors_in_the_request_are_exchanges_too():
    with RawServer(always(JSON % (2, b"{}"))) as server, client_of(server) as client:
        assert client.send("GET", "/threads/" + "x" * 70_000).failure.kind == "protocol"
        assert client.send("GET", "/threads/t", headers={"X-A": "a\nb"}).failure.kind == "protocol"
        assert client.send("GET", "/threads/t", headers={"X-A": "日本"}).failure.kind == "protocol"
        assert client.send("GET", "/threads/t").ok


WHOLE = JSON % (9, b'{"id":1} ')
BROKEN = st.binary(max_size=200) | st.builds(
    lambda at, junk: WHOLE[:at] + junk + WHOLE[at:],
    st.integers(0, len(WHOLE)),
    st.binary(min_size=1, max_size=5),
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(BROKEN, st.booleans())
def test_any_bytes_end_as_an_exchange(data, reset):
    def handler(connection: Connection):
        connection.request()
        connection.send(data)
        if reset:
            connection.reset()

    with RawServer(handler) as server, client_of(server, timeouts={"exchange": 0.5}) as client:
        kept = client.send("POST", "/threads", body={"stream": True})
    assert kept.response is not None or kept.failure is not None
    assert kept.seconds < 2


def test_a_client_that_nobody_closes_holds_nobody():
    program = "import sys; from client_servers import *; server = RawServer(always(JSON % (2, b'{}'))); "
    program += "server.__enter__(); client_of(server).send('GET', '/threads/t'); sys.exit(7)"
    here = Path(__file__).parent
    command = [sys.executable, "-W", "error", "-c", program]
    environ = {**os.environ, "PYTHONPATH": str(here.parent)}
    done = subprocess.run(command, cwd=here, env=environ, check=False, capture_output=True, timeout=30)
    assert (done.returncode, done.stderr) == (7, b"")


def test_a_port_that_drops_connections_is_unreachable_in_time():
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        held = [socket.socket() for _ in range(4)]
        for each in held:
            each.setblocking(False)
            each.connect_ex(address)
        with RawServer(silent) as server:
            server.url = f"http://127.0.0.1:{address[1]}/v1"
            with client_of(server, timeouts={"connect": 0.3}) as client:
                kept = client.send("GET", "/threads/t")
        for each in held:
            each.close()
    assert kept.failure.kind in ("unreachable", "deadline")
    assert kept.seconds < 1.5

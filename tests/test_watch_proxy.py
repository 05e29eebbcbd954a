"""The proxy changes nothing: bytes, headers, pieces and their timing, breaks in both directions."""

import gzip
import socket
import threading

import httpx2
import pytest
from client_servers import RawServer, always, answering
from watched_traffic import KEY, call, client, judged, proxied

from runs_conformance.clients.capture import MOST_BODY, Capture
from runs_conformance.clients.proxy import WHOLE
from runs_conformance.reference import ReferenceOptions, running

OK = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Request-Id: req_1\r\nContent-Length: 2\r\n\r\n{}"
)
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def raw(address, data):
    """A connection of our own to the proxy, with a request on its way."""
    host, _, port = address.removeprefix("http://").partition(":")
    connection = socket.create_connection((host, int(port)), timeout=10)
    connection.sendall(data)
    return connection


def origin(server):
    return server.url.removesuffix("/v1")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"])
@pytest.mark.parametrize(
    "target", [b"/", b"/v1/threads/a%2Fb%20c/runs?include[]=a%5B*%5D&x=1&x=", b"/v1//x?"]
)
def test_method_path_query_and_body_arrive_as_they_were_sent(method, target):
    with RawServer(always(OK)) as server, proxied(origin(server)) as (address, seen):
        line = method.encode() + b" " + target + b" HTTP/1.1\r\n"
        request = (
            line + b"Host: x\r\nX-Mine: 1\r\nx-mine: 2\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"
        )
        with raw(address, request) as connection:
            answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 200")
    arrived = server.requests[0]
    assert arrived.startswith(method.encode() + b" " + target.removesuffix(b"?") + b" HTTP/1.1\r\n")
    assert arrived.endswith(b"abc")
    assert [seen[0].method.encode(), seen[0].body] == [method.encode(), b"abc"]


def header_lines(data):
    return [line.lower() for line in data.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]]


def test_headers_are_kept_but_for_hop_by_hop_and_host():
    sent = [b"user-agent: mine", b"accept: */*", b"openai-beta: assistants=v2", b"cookie: a=1"]
    sent += [b"x-a: 1", b"x-a: 2"]
    hop = [b"connection: keep-alive, x-hop", b"x-hop: 1", b"te: trailers", b"keep-alive: 5"]
    with RawServer(always(OK)) as server, proxied(origin(server)) as (address, _):
        request = b"\r\n".join([b"GET /v1/x HTTP/1.1", b"host: elsewhere", *sent, *hop, b"", b""])
        with raw(address, request) as connection:
            connection.recv(65536)
    arrived = header_lines(server.requests[0])
    assert sorted(arrived) == sorted([b"host: 127.0.0.1:%d" % server.port, *sent])


def test_an_answers_headers_are_kept_with_their_spelling_and_nothing_is_added():
    lines = [
        b"Content-Type: text/plain",
        b"Set-Cookie: a=1",
        b"Set-Cookie: b=2",
        b"X-ODD-Case: 1",
        b"Content-Length: 2",
    ]
    answer = b"\r\n".join([b"HTTP/1.1 418 Teapot", *lines, b"Connection: keep-alive", b"", b"ok"])
    with (
        RawServer(always(answer)) as server,
        proxied(origin(server)) as (address, _),
        raw(address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") as connection,
    ):
        data = connection.recv(65536)
    assert data.startswith(b"HTTP/1.1 418 ")
    assert sorted(data.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]) == sorted(lines)


def test_a_head_request_has_the_length_and_no_body():
    head = OK.replace(b"{}", b"")
    with RawServer(always(head)) as server, proxied(origin(server)) as (address, _):
        answer = httpx2.head(f"{address}/v1/threads", trust_env=False)
    assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, "2", b"")


def test_each_piece_goes_on_before_the_next_has_come():
    """The server sends a piece only once the client has the one before: a proxy that held back would hang."""
    got = threading.Semaphore(0)

    def handler(connection):
        connection.request()
        connection.send(STREAM)
        for number in range(50):
            connection.send(chunk(b"data: %d\n\n" % number))
            assert got.acquire(timeout=10)
        connection.send(b"0\r\n\r\n")

    with (
        RawServer(handler) as server, proxied(origin(server)) as (address, seen), client() as http,
        http.stream("POST", f"{address}/v1/threads/runs", json={"stream": True}) as answer,
    ):
        pieces = []
        for piece in answer.iter_raw():
            pieces.append(piece)
            got.release()
    assert pieces == [b"data: %d\n\n" % number for number in range(50)]
    assert [data for _, data in seen[0].pieces] == pieces
    assert seen[0].ended


def test_a_client_that_leaves_a_stream_is_felt_by_the_server():
    left = threading.Event()

    def handler(connection):
        connection.request()
        connection.send(STREAM + chunk(b"data: 1\n\n"))
        if connection.socket.recv(1) == b"":
            left.set()

    with RawServer(handler) as server, proxied(origin(server)) as (address, seen):
        with (
            client() as http,
            http.stream("POST", f"{address}/v1/threads/runs", json={"stream": True}) as answer,
        ):
            next(answer.iter_raw())
        assert left.wait(10)
    assert seen[0].failure[0] == "closed"
    assert not [row for row, _ in judged(seen, server.url)["server"] if row.startswith("order.")]


def test_a_client_that_does_not_wait_for_an_answer_is_felt_too():
    left, asked = threading.Event(), threading.Event()

    def handler(connection):
        connection.request()
        asked.set()
        if connection.socket.recv(1) == b"":
            left.set()

    with RawServer(handler) as server, proxied(origin(server)) as (address, seen):
        with raw(address, b"GET /v1/threads/t HTTP/1.1\r\nHost: x\r\n\r\n"):
            assert asked.wait(10)
        assert left.wait(10)
    assert (seen[0].status, seen[0].failure[0]) == (None, "closed")


def test_a_stream_that_breaks_off_breaks_off_for_the_client():
    with (
        RawServer(answering(STREAM + chunk(b"data: 1\n\n"))) as server,
        proxied(origin(server)) as (address, seen),
        pytest.raises(httpx2.RemoteProtocolError),
    ):
        call("POST", f"{address}/v1/threads/runs", json={"stream": True})
    assert (seen[0].ended, seen[0].failure[0]) == (False, "disconnected")


@pytest.mark.parametrize("handler", [None, answering(b""), answering(b"no http\r\n\r\n")])
def test_an_upstream_without_an_answer_is_a_502_with_a_sentence(handler):
    with RawServer(handler or answering(b"")) as server:
        upstream = origin(server)
        if handler is None:
            server.__exit__()
        with proxied(upstream) as (address, seen):
            answer = call("POST", f"{address}/v1/threads/runs", json={})
        if handler is None:
            server.__enter__()
    assert answer.status_code == 502
    assert "the upstream did not answer" in answer.json()["error"]["message"]
    assert seen[0].status is None


def test_a_packed_answer_stays_packed_and_is_judged_unpacked():
    with running(ReferenceOptions(scenarios=True)) as base_url:
        body = {
            "assistant_id": "asst_scenario_variation_gzip",
            "thread": {"messages": []},
            "instructions": "x",
        }
        with proxied(base_url.removesuffix("/v1")) as (address, seen), client() as http:
            for stream in (False, True):
                url = f"{address}/v1/threads/runs"
                with http.stream("POST", url, json={**body, "stream": stream}) as answer:
                    packed = b"".join(answer.iter_raw())
                assert answer.headers["content-encoding"] == "gzip"
                assert b"thread.run" in gzip.decompress(packed)
        assert judged(seen, base_url) == {"client": set(), "server": set()}


@pytest.mark.parametrize("size", [WHOLE - 1, WHOLE + 1, 3 * WHOLE, MOST_BODY + WHOLE])
def test_a_large_body_arrives_whole(size):
    body = bytes(size)
    with RawServer(always(OK)) as server, proxied(origin(server)) as (address, seen):
        assert call("POST", f"{address}/v1/files", content=body).status_code == 200
    assert server.requests[0].endswith(b"\r\n\r\n" + body)
    assert seen[0].body == (body if size <= MOST_BODY else None)


def test_of_a_large_answer_the_beginning_is_kept_and_nobody_is_blamed():
    capture = Capture(
        1,
        "GET",
        b"/v1/threads/t/runs",
        [("authorization", "Bearer x"), ("openai-beta", "assistants=v2")],
        1.0,
    )
    capture.status, capture.answered = 200, [("content-type", "application/json"), ("x-request-id", "r")]
    for _ in range(20):
        capture.piece(b" " * (MOST_BODY // 10), 0.1)
    assert sum(len(data) for _, data in capture.pieces) <= MOST_BODY
    assert capture.left_out >= MOST_BODY // 2
    assert judged([capture], "http://x/v1") == {"client": set(), "server": set()}


def test_connections_that_the_server_drops_while_idle_are_no_ones_trouble():
    with running(ReferenceOptions(scenarios=True)) as base_url:
        root = base_url.removesuffix("/v1")
        with (
            proxied(root) as (address, _),
            client(f"{address}/scenario/variation-connection-dropped/v1") as http,
        ):
            assert {http.post("/threads", json={}).status_code for _ in range(60)} == {200}


def test_cookies_and_keys_of_one_client_never_reach_another():
    answer = OK.replace(b"X-Request-Id: req_1", b"Set-Cookie: a=1")
    with RawServer(always(answer)) as server, proxied(origin(server)) as (address, _):
        call("GET", f"{address}/v1/threads/t")
        httpx2.get(f"{address}/v1/threads/t", trust_env=False)
    assert KEY.encode() in server.requests[0]
    assert not [
        line for line in header_lines(server.requests[1]) if line.startswith((b"cookie", b"authorization"))
    ]

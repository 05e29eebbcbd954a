"""The client against sound servers: what goes out, what is kept, waiting, polling, budgets, concurrency."""

from __future__ import annotations

import gzip
import itertools
import json
import threading
import zlib

import pytest
from client_servers import JSON, KEY, RawServer, always, client_of

from runs_conformance.contract.model import Case
from runs_conformance.target.client import Client
from runs_conformance.target.journal import BudgetSpent
from runs_conformance.target.reading import load
from runs_conformance.target.settings import ProfileError

RUN = b'{"id":"run_1","object":"thread.run","status":"%s"}'


def head_of(request: bytes) -> dict[str, str]:
    lines = request.split(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}


def with_body(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = {"Content-Type": "application/json", "Content-Length": str(len(body))} | given
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def test_what_goes_out_and_what_is_kept():
    with RawServer(always(JSON % (2, b"{}"))) as server, client_of(server) as client:
        kept = client.send("POST", "/threads", body={"a": 1.0}, query=[("include[]", "x y")])
    sent = server.requests[0]
    assert sent.startswith(b"POST /v1/threads?include%5B%5D=x%20y HTTP/1.1\r\n")
    assert sent.endswith(b'\r\n\r\n{"a":1.0}')
    headers = head_of(sent)
    assert (headers["authorization"], headers["openai-beta"]) == (f"Bearer {KEY}", "assistants=v2")
    assert (headers["content-type"], headers["accept-encoding"]) == ("application/json", "gzip, deflate")
    assert (kept.request.json, kept.request.query) == ({"a": 1.0}, (("include[]", "x y"),))
    assert kept.operation.name == "createThread"


def test_the_record_shows_every_header_but_no_secret():
    environ_header = {
        "headers": {"X-Token": "open-sesame-1"},
        "query": {"api-version": "1", "key": "hidden-2"},
    }
    with RawServer(always(JSON % (2, b"{}"))) as server, client_of(server, **environ_header) as client:
        kept = client.send("GET", "/threads/t")
    assert (
        kept.request.headers.get("Authorization"), kept.request.headers.get("X-Token"),
    ) == ("Bearer ***", "***")
    assert kept.request.query == (("api-version", "1"), ("key", "***"))
    assert b"api-version=1&key=hidden-2" in server.requests[0]
    assert KEY not in repr(kept)
    assert "open-sesame-1" not in repr(kept)


def test_a_secret_that_the_target_echoes_is_starred_at_its_length():
    body = json.dumps({"said": f"Incorrect API key provided: {KEY}"}).encode()
    with RawServer(always(with_body(body, X_Echo=KEY))) as server, client_of(server) as client:
        kept = client.send("GET", "/threads/t")
    assert kept.answer["said"].endswith("*" * len(KEY))
    assert (len(kept.response.body), kept.response.headers.get("X-Echo")) == (len(body), "***")


def test_headers_can_be_replaced_and_left_out():
    with RawServer(always(JSON % (2, b"{}"))) as server, client_of(server) as client:
        client.send(
            "POST",
            "/threads",
            body=b"{",
            headers={"Authorization": "Bearer wrong", "content-type": "text/plain"},
        )
        client.send(
            "POST",
            "/threads",
            body=b"{",
            drop_headers=["authorization", "OpenAI-Beta", "Content-Type", "User-Agent"],
        )
    replaced, dropped = map(head_of, server.requests)
    assert (replaced["authorization"], replaced["content-type"]) == ("Bearer wrong", "text/plain")
    assert not {"authorization", "openai-beta", "content-type", "user-agent"} & set(dropped)
    assert client.journal[0].request.headers.get("authorization") == "Bearer wrong"
    assert "Authorization" not in client.journal[1].request.headers


def test_the_api_key_style_and_no_key_at_all():
    with RawServer(always(JSON % (2, b"{}"))) as server:
        for settings in ({"auth_header": "api-key"}, {"no_key": True}):
            with client_of(server, **settings) as client:
                client.send("GET", "/threads/t")
    first, second = map(head_of, server.requests)
    assert (first["api-key"], "authorization" in first) == (KEY, False)
    assert not {"api-key", "authorization"} & set(second)


@pytest.mark.parametrize(
    "path", ["/threads/a?b=1", "/threads/a#b", "/threads/\ud800", "/threads/a b\r\nX: y", "//evil.example/x"]
)
def test_an_id_leads_nowhere_else(path):
    with RawServer(always(JSON % (2, b"{}"))) as server, client_of(server) as client:
        kept = client.send("GET", path)
    target = server.requests[0].split(b" ")[1]
    assert kept.ok
    assert target.startswith(b"/v1/")
    assert not {b"?", b"#", b" "} & {target[i : i + 1] for i in range(len(target))}


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "raw deflate", "two members"])
def test_content_encodings(encoding):
    plain = b'{"id":"thread_1"}'
    raw = zlib.compressobj(wbits=-15)
    bodies = {
        "gzip": gzip.compress(plain),
        "deflate": zlib.compress(plain),
        "raw deflate": raw.compress(plain) + raw.flush(),
        "two members": gzip.compress(plain[:5]) + gzip.compress(plain[5:]),
    }
    name = "deflate" if "deflate" in encoding else "gzip"
    with (
        RawServer(always(with_body(bodies[encoding], Content_Encoding=name))) as server,
        client_of(server) as client,
    ):
        kept = client.send("GET", "/threads/t")
    assert (kept.response.body, kept.response.failure) == (plain, None)


def test_429_is_waited_for_and_told():
    def handler(connection):
        connection.request()
        connection.send(with_body(b"{}", "429 Too Many Requests", Retry_After="0.05"))
        connection.request()
        connection.send(
            with_body(b"{}", "503 Service Unavailable", Retry_After="Wed, 21 Oct 2015 07:28:00 GMT")
        )
        connection.request()
        connection.answer(b'{"id":"run_1"}')

    with RawServer(handler) as server, client_of(server) as client:
        kept = client.send("POST", "/threads/t/runs", body={})
    assert (kept.status, kept.throttled, kept.id) == (200, False, "x3")
    assert [(one.status, one.throttled) for one in client.journal] == [(429, True), (503, True), (200, False)]
    assert (client.requests, client.runs_started) == (3, 1)


@pytest.mark.parametrize(("asked", "tries"), [("3600", 1), ("0.01", 5)])
def test_throttling_has_an_end(asked, tries):
    with (
        RawServer(always(with_body(b"{}", "429 Too Many Requests", Retry_After=asked))) as server,
        client_of(server) as client,
    ):
        kept = client.send("GET", "/threads/t")
    assert (kept.throttled, len(client.journal)) == (True, tries)


def test_a_target_that_stays_throttled_is_waited_for_twice_only():
    with (
        RawServer(always(with_body(b"", "429 Too Many Requests", Retry_After="0"))) as server,
        client_of(server) as client,
    ):
        for _ in range(4):
            client.send("GET", "/threads/t")
    assert client.requests == 5 + 5 + 1 + 1


def test_the_budget_of_runs():
    with RawServer(always(JSON % (14, b'{"id":"run_1"}'))) as server, client_of(server, max_runs=2) as client:
        for _ in range(2):
            client.send("POST", "/threads/t/runs", body={})
        with pytest.raises(BudgetSpent, match="the 2 runs of --max-runs are spent"):
            client.send("POST", "/threads/runs", body={})
        client.send("GET", "/threads/t/runs")
        assert (client.requests, client.runs_started) == (3, 2)


def test_refusal_cases_may_go_on_until_the_target_proves_to_refuse_nothing():
    with RawServer(always(JSON % (14, b'{"id":"run_1"}'))) as server, client_of(server, max_runs=2) as client:
        for _ in range(4):
            client.send("POST", "/threads/t/runs", body={}, case=Case("c", expect="refused"))
        with pytest.raises(BudgetSpent, match="accepts what it must refuse"):
            client.send("POST", "/threads/t/runs", body={}, case=Case("c", expect="refused"))


def test_a_budget_holds_for_requests_at_the_same_time():
    with RawServer(always(JSON % (14, b'{"id":"run_1"}'))) as server, client_of(server, max_runs=2) as client:
        call = {"method": "POST", "path": "/threads/t/runs", "body": {}}
        with pytest.raises(BudgetSpent):
            client.send_together([call] * 3)


def test_requests_together_are_on_their_way_at_once():
    barrier = threading.Barrier(8, timeout=5)

    def handler(connection):
        number = connection.request().split(b" ")[1][-1:]
        barrier.wait()
        connection.answer(number)

    with RawServer(handler) as server, client_of(server) as client:
        kept = client.send_together({"method": "GET", "path": f"/threads/{i}"} for i in range(8))
    assert [one.answer for one in kept] == list(range(8))
    assert [one.id for one in client.journal] == [f"x{i}" for i in range(1, 9)]


def test_the_journal_since_a_mark():
    with RawServer(always(JSON % (2, b"{}"))) as server, client_of(server) as client:
        client.send("GET", "/threads/a")
        mark = client.mark()
        client.send("GET", "/threads/b")
        assert [one.request.path for one in client.since(mark)] == ["/threads/b"]
        assert [one.id for one in client.journal] == ["x1", "x2"]


def polled(statuses, headers=None):
    left = list(statuses)

    def handler(connection):
        while connection.request():
            connection.send(with_body(RUN % (left.pop(0) if len(left) > 1 else left[0]), **(headers or {})))

    return handler


@pytest.mark.parametrize(
    ("statuses", "until", "seen"),
    [
        ([b"queued", b"in_progress", b"completed"], {"completed"}, 3),
        ([b"queued", b"requires_action"], {"requires_action"}, 2),
        ([b"queued", b"failed"], {"completed"}, 2),
        ([b"queued", b"in_progress", b"completed"], lambda one: one.answer["status"] == "in_progress", 2),
    ],
)
def test_polling_ends(statuses, until, seen):
    with RawServer(polled(statuses)) as server, client_of(server) as client:
        kept = client.poll("thread_1", "run/1", until)
    assert len(kept) == seen
    assert server.requests[0].startswith(b"GET /v1/threads/thread_1/runs/run%2F1 ")


def test_polling_has_a_deadline_and_heeds_poll_after_ms():
    asking = polled([b"queued"], {"openai-poll-after-ms": "300"})
    with RawServer(asking) as server, client_of(server, timeouts={"poll": 1.0}) as client:
        kept = client.poll("t", "r")
    gaps = [later.started_at - one.started_at for one, later in itertools.pairwise(kept)]
    assert len(kept) in (3, 4)
    assert all(0.29 < gap < 0.5 for gap in gaps)


def test_polling_ends_at_an_answer_that_is_no_run():
    with RawServer(always(with_body(b"{}", "404 Not Found"))) as server, client_of(server) as client:
        assert [one.status for one in client.poll("t", "r")] == [404]


def test_a_client_wants_a_key_for_other_machines():
    with pytest.raises(ProfileError, match="no key"):
        Client(load(environ={}), "https://api.example/v1")

"""The reference target over a real socket, and the parts of it that need no app."""

import socket
import subprocess
import sys
import time

import httpx2
import pytest
from reference_client import HEADERS, Client
from starlette.middleware.gzip import GZipMiddleware

from runs_conformance.reference import ReferenceOptions, running, serve
from runs_conformance.reference.instances import conforming
from runs_conformance.reference.server import _listen


def close_early(http: httpx2.Client) -> str:
    """Read the beginning of a stream that would last ten seconds; give the path of the thread."""
    assistant = http.post("/assistants", json={"model": "m"}).json()["id"]
    said = {"role": "user", "content": "write 500 words slowly"}
    path = f"/threads/{http.post('/threads', json={'messages': [said]}).json()['id']}"
    with http.stream("POST", f"{path}/runs", json={"assistant_id": assistant, "stream": True}) as response:
        assert next(response.iter_raw()).startswith(b"event: thread.run.created\n")
    return path


def test_a_stream_closed_early_leaves_a_run_that_ends():
    with running() as url, httpx2.Client(base_url=url, headers=HEADERS) as http:
        path, deadline = close_early(http), time.monotonic() + 5
        while (run := http.get(f"{path}/runs").json()["data"][0])["completed_at"] is None:
            assert time.monotonic() < deadline
        assert run["status"] == "completed"
        text = http.get(f"{path}/messages").json()["data"][0]["content"][0]["text"]["value"]
        assert len(text.split()) == 500


def test_starting_and_stopping_is_quick():
    started = time.perf_counter()
    with running(ReferenceOptions(base_path="/base")) as url:
        assert url.endswith("/base")
        assert httpx2.get(url.removesuffix("/base") + "/_reference/ready").json()["ready"] is True
    assert time.perf_counter() - started < 2
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(url)


def test_a_stream_is_sent_in_chunks():
    with running() as url, httpx2.Client(base_url=url, headers=HEADERS) as http:
        assistant = http.post("/assistants", json={"model": "m", "instructions": "i"}).json()["id"]
        response = http.post("/threads/runs", json={"assistant_id": assistant, "stream": True})
        assert response.headers["transfer-encoding"] == "chunked"
        assert "server" not in response.headers


def test_serve_says_where_it_listens():
    code = "from runs_conformance.reference import serve; serve()"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        url = line.rpartition(" ")[2].strip()
        assert line == f"Reference target listening on {url}\n"
        assert httpx2.get(f"{url}/assistants").status_code == 401
        process.terminate()


def test_a_port_in_use_is_an_os_error():
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        serve(port=taken.getsockname()[1])


def test_the_listener_says_tcp():
    with _listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_an_app_can_be_wrapped():
    def compressed(app):
        return GZipMiddleware(app, minimum_size=1)

    with Client(ReferenceOptions(wrappers=(compressed,))) as client:
        assert client.send("GET", "/assistants").headers["content-encoding"] == "gzip"


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "object", "required": ["a"]}, ({"a": {}}, True)),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"enum": [7]}}}, (7, True)),
        (
            {"allOf": [{"type": "object", "required": ["x"]}, {"properties": {"x": {"type": "null"}}}]},
            ({"x": None}, True),
        ),
        ({"anyOf": [{"type": "boolean"}, {}]}, (True, True)),
        (
            {"type": "array", "minItems": 2, "items": {"type": "number", "exclusiveMinimum": 1}},
            ([1.5, 1.5], True),
        ),
        ({"type": "string", "minLength": 7, "maxLength": 8}, ("valuexx", True)),
        ({"type": ["integer", "null"], "maximum": -2}, (-2, True)),
        ({"$ref": "#/nowhere"}, ({}, False)),
        ({"$ref": "https://example.com/schema"}, ({}, False)),
        ({"type": 3}, ({}, False)),
        ({"type": "string", "pattern": "("}, ({}, False)),
        ({"const": 1, "type": "string"}, (1, False)),
    ],
)
def test_the_least_instance_of_a_schema(schema, expected):
    assert conforming(schema) == expected


def test_a_schema_that_never_ends():
    assert conforming({"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}})[1] is False

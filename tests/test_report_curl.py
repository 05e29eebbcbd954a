"""A curl line, run by a real shell, sends what the exchange sent, without the key."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Self

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from report_samples import SECRET, events, exchange

from runs_conformance.contract.model import Exchange, Headers, Request, Response, to_bytes
from runs_conformance.report.curl import curl
from runs_conformance.report.redact import Redactor

HIDE = Redactor((SECRET,), public=("Bearer wrong-key-1",))
# Stands in for curl: its arguments, NUL after each, a mark, then what a pipe brought it.
FAKE = """curl() { printf '%s\\0' "$@" "<end>"; case "$*" in *"--data-binary @-") cat;; esac; }\n"""


def spoken(line: str) -> tuple[list[str], bytes]:
    done = subprocess.run(
        ["sh", "-c", FAKE + line],
        capture_output=True,
        check=True,
        env={"OPENAI_API_KEY": "K", "PATH": "/usr/bin:/bin"},
    )
    assert done.stderr == b""
    words, _, piped = done.stdout.partition(b"\0<end>\0")
    return words.decode().split("\0"), piped


def body_of(line: str) -> bytes:
    words, piped = spoken(line)
    return piped if words[-1] == "@-" else words[words.index("--data-raw") + 1].encode()


def request(exchange: Exchange, **fields: object) -> Exchange:
    return replace(exchange, request=replace(exchange.request, **fields))


def test_a_plain_exchange() -> None:
    words, _ = spoken(curl(exchange(), HIDE))
    assert words == [
        "-sS",
        "-i",
        "-X",
        "POST",
        "http://127.0.0.1:8080/v1/threads/thread_1/runs",
        "-H",
        "Authorization: Bearer K",
        "-H",
        "Content-Type: application/json",
        "--data-raw",
        '{"assistant_id":"asst_1","temperature":2.01}',
    ]


def test_the_key_is_the_variable_in_double_quotes() -> None:
    assert '-H "Authorization: Bearer $OPENAI_API_KEY"' in curl(exchange(), HIDE)
    assert '-H "Authorization: Bearer $GATEWAY_KEY"' in curl(exchange(), HIDE, key="GATEWAY_KEY")


def test_an_unknown_key_is_hidden_too() -> None:
    line = curl(exchange())
    assert SECRET not in line
    assert "$OPENAI_API_KEY" in line


@pytest.mark.parametrize("value", ["Bearer wrong-key-1", "Bearer", ""])
def test_a_made_up_credential_is_shown(value: str) -> None:
    line = curl(request(exchange(body=None), headers=Headers((("Authorization", value),))), HIDE)
    assert f"Authorization: {value}" in line or (not value and "'Authorization;'" in line)


def test_other_secrets_have_variables_of_their_own() -> None:
    lines = Headers((("X-Session-Token", "abc"), ("api-key", "short"), ("Cookie", "a=b")))
    line = curl(request(exchange(body=None), headers=lines), HIDE)
    assert line.endswith(
        '-H "X-Session-Token: $X_SESSION_TOKEN" -H "api-key: $OPENAI_API_KEY" -H "Cookie: $COOKIE"'
    )


def test_the_key_is_found_in_path_query_and_body() -> None:
    sent = request(
        exchange(body={"echo": SECRET}), path=f"/threads/{SECRET}", query=(("q", SECRET), ("api-key", "zz"))
    )
    line = curl(sent, HIDE)
    assert SECRET not in line
    assert "zz" not in line
    assert spoken(line)[0][4] == "http://127.0.0.1:8080/v1/threads/K?q=K&api-key=K"
    assert body_of(line) == b'{"echo":"K"}'


def test_user_and_password_leave_the_address() -> None:
    line = curl(replace(exchange(), base_url="https://me:pw@host/v1/"), HIDE)
    assert " https://host/v1/threads" in line


def test_without_an_address_the_variable_stands() -> None:
    assert ' "$OPENAI_BASE_URL"/threads/thread_1/runs ' in curl(replace(exchange(), base_url=""), HIDE)


def test_a_stream_is_not_buffered() -> None:
    assert " -N " in curl(exchange(body={"stream": True}), HIDE)
    assert " -N " in curl(exchange(response=Response(200, events=events(1))), HIDE)
    assert " -N " not in curl(exchange(body={"stream": False}), HIDE)


def test_no_body_and_an_untyped_body() -> None:
    assert "--data" not in curl(exchange(body=None), HIDE)
    assert (
        " -H Content-Type: --data-raw '' " in curl(request(exchange(body=b""), headers=Headers()), HIDE) + " "
    )


def test_odd_paths_stay_as_they_are() -> None:
    words, _ = spoken(
        curl(request(exchange(), path="/threads/../%2e/a b[1]{2}'é", query=(("include[]", "a&b"),)), HIDE)
    )
    assert words[4:6] == [
        "--path-as-is",
        "http://127.0.0.1:8080/v1/threads/../%2e/a%20b%5B1%5D%7B2%7D'%C3%A9?include%5B%5D=a%26b",
    ]


def test_a_huge_body_goes_into_a_file() -> None:
    note, line = curl(exchange(body="x" * 200_000), HIDE).split("\n")
    assert note.startswith('# body.json: the 200,002 bytes that begin "xxx')
    assert line.endswith("--data-binary @body.json")
    assert len(note) + len(line) < 500


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(st.binary(max_size=60), st.text("aé'\"\\$`!\n%#\u202e\x1b\0@&; ", max_size=30).map(str.encode))
)
def test_any_body_arrives_byte_for_byte(body: bytes) -> None:
    line = curl(exchange(body=body), HIDE)
    assert body_of(line) == body
    assert line.replace("\n", "").isprintable()


@settings(max_examples=40, deadline=None)
@given(st.text("aZ'\"\\$`!%#\u202e\x1b@&; \n-", max_size=20))
def test_a_header_never_breaks_out(value: str) -> None:
    line = curl(request(exchange(body=None), headers=Headers((("X-Odd", value),))), HIDE)
    words, _ = spoken(line)
    assert len(words) == 7
    assert line.isprintable()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_real_curl_repeats_the_request() -> None:
    body = to_bytes({"instructions": 'it\'s "quoted" $HOME `x` \\ \U0001f600\n', "n": 1.0})
    with _Echo() as echo:
        sent = replace(request(exchange(body=body), query=(("include[]", "a b"),)), base_url=echo.url)
        done = subprocess.run(
            ["sh", "-c", curl(sent, HIDE)],
            capture_output=True,
            check=True,
            timeout=20,
            env={"OPENAI_API_KEY": SECRET, "PATH": "/usr/bin:/bin:/usr/local/bin", "NO_PROXY": "*"},
        )
    seen = json.loads(done.stdout.split(b"\r\n\r\n", 1)[1])
    assert seen["path"] == "/threads/thread_1/runs?include%5B%5D=a+b"
    assert seen["authorization"] == f"Bearer {SECRET}"
    assert seen["body"].encode() == body


class _Echo:
    """A server on a free port that answers with what it was sent."""

    def __enter__(self) -> Self:
        self.server = HTTPServer(("127.0.0.1", 0), _Answer)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class _Answer(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        seen = {"path": self.path, "authorization": self.headers["authorization"], "body": body}
        data = json.dumps(seen).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


def test_another_method() -> None:
    sent = Exchange("x", Request("HEAD", "/threads/t"), None, base_url="http://h")
    assert curl(sent, HIDE) == "curl -sS -i --head http://h/threads/t"

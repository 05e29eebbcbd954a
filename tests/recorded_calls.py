"""A session with the reference target as a recorder sees it, and how recorders write it down."""

import base64
import gzip
import json
from dataclasses import dataclass, replace
from functools import cache
from urllib.parse import parse_qsl, urlsplit

import yaml
from reference_client import WEATHER, Client

from runs_conformance.recordings.inspecting import Inspector

SDK = {"User-Agent": "OpenAI/Python 2.54.0", "Accept": "application/json", "Authorization": "Bearer sk-one"}
DATE = "Thu, 20 Aug 2026 10:00:0%d GMT"


@dataclass(frozen=True)
class Seen:
    """One call: bodies as they were on the wire, header lines in order."""

    method: str
    url: str
    request_headers: tuple
    request_body: bytes | None
    status: int
    headers: tuple
    body: bytes

    def header(self, name, value):
        """With this header, or without it (None)."""
        kept = tuple(line for line in self.headers if line[0].lower() != name.lower())
        return replace(self, headers=kept if value is None else (*kept, (name, value)))

    def asked(self, name, value):
        kept = tuple(line for line in self.request_headers if line[0].lower() != name.lower())
        return replace(self, request_headers=kept if value is None else (*kept, (name, value)))

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def streamed(self):
        return self.body.startswith(b"event:")

    def changed(self, change):
        """With another JSON answer, its length announced as it is."""
        body = json.dumps(change(self.json)).encode()
        return replace(self, body=body).header("content-length", str(len(body)))


class Session:
    def __init__(self):
        self.client, self.calls = Client(), []

    def send(self, method, path, body=None):
        sent = {} if body is None else {"json": body}
        answer = self.client.do(lambda http: http.request(method, f"/v1{path}", **sent))
        asked = {**SDK, "OpenAI-Beta": "assistants=v2"} | (
            {"Content-Type": "application/json"} if sent else {}
        )
        self.calls.append(
            Seen(
                method,
                f"https://api.openai.com/v1{path}",
                tuple(asked.items()),
                answer.request.content or None,
                answer.status_code,
                tuple(answer.headers.multi_items()),
                answer.content,
            )
        )
        return None if answer.content.startswith(b"event:") else answer.json()


@cache
def session():
    """An assistant, a thread, runs of each kind, their reads, a refusal and a run that nobody made."""
    told = Session()
    with told.client:
        _tell(told)
    return tuple(told.calls)


def _tell(told):
    assistant = told.send("POST", "/assistants", {"model": "gpt-4o", "tools": [WEATHER]})["id"]
    thread = told.send("POST", "/threads", {"messages": [{"role": "user", "content": "Hello."}]})["id"]
    runs = f"/threads/{thread}/runs"
    first = told.send("POST", runs, {"assistant_id": assistant, "metadata": {"a": "1"}})["id"]
    for _ in range(4):
        told.send("GET", f"{runs}/{first}")
    told.send("GET", f"{runs}/{first}/steps")
    told.send("GET", f"/threads/{thread}/messages")
    told.send("POST", runs, {"assistant_id": assistant, "stream": True})
    told.send("POST", runs, {"assistant_id": assistant, "temperature": 3})
    told.send("GET", f"{runs}/run_ZZZZZZZZZZZZZZZZZZZZZZZZ")


def with_host(calls, base="http://127.0.0.1:8000/v1"):
    return tuple(replace(one, url=one.url.replace("https://api.openai.com/v1", base)) for one in calls)


def grouped(lines):
    found = {}
    for name, value in lines:
        found.setdefault(name, []).append(value)
    return found


def text(body):
    """As a text, or as bytes where it is none."""
    try:
        return None if body is None else body.decode()
    except UnicodeDecodeError:
        return body


def vcr(one, string):
    request = {"body": text(one.request_body), "headers": grouped(one.request_headers), "method": one.method}
    response = {"body": {"string": string(one.body)}, "headers": grouped(one.headers)}
    status = {"code": one.status, "message": "OK"}
    return {"request": {**request, "uri": one.url}, "response": {**response, "status": status}}


def as_vcr_yaml(calls, string=None):
    return yaml.safe_dump(
        {"interactions": [vcr(one, string or text) for one in calls], "version": 1}
    ).encode()


def as_vcr_binary(calls):
    packed = [one.header("Content-Encoding", "gzip").header("content-length", None) for one in calls]
    return as_vcr_yaml(packed, gzip.compress)


def as_vcr_json(calls):
    return json.dumps({"version": 1, "interactions": [vcr(one, bytes.decode) for one in calls]}).encode()


def as_vcr_base64(calls):
    """The JSON serializer of the first versions."""
    made = [vcr(one, bytes.decode) for one in calls]
    for entry, one in zip(made, calls, strict=True):
        entry["response"]["body"] = {"base64_string": base64.b64encode(one.body).decode()}
    return json.dumps({"version": 1, "interactions": made}).encode()


def as_vcr_first(calls):
    """A list of calls, with the tags of the Python of its day."""
    entries = []
    for one in calls:
        parts = urlsplit(one.url)
        headers = "".join(
            f"      - !!python/tuple [{json.dumps(name)}, {json.dumps(value)}]\n"
            for name, value in one.request_headers
        )
        answer = json.dumps(text(one.body), ensure_ascii=False)
        entries.append(
            "- request: !!python/object:vcr.request.Request\n"
            f"    body: {json.dumps(text(one.request_body))}\n"
            f"    headers: !!python/object/apply:__builtin__.frozenset\n    -\n{headers}"
            f"    host: {parts.hostname}\n    method: {one.method}\n    path: {parts.path}\n"
            f"    port: {parts.port or 443}\n    protocol: {parts.scheme}\n"
            f"  response:\n    body: {{string: !!python/unicode {answer}}}\n"
            f"    headers: {json.dumps(grouped(one.headers))}\n"
            f"    status: {{code: {one.status}, message: OK}}\n"
        )
    return "".join(entries).encode()


def as_parsed_body(calls):
    made = [vcr(one, bytes.decode) for one in calls]
    for entry, one in zip(made, calls, strict=True):
        if one.request_body:
            entry["request"] |= {"parsed_body": json.loads(one.request_body), "body": None}
        if not one.streamed:
            entry["response"] |= {"parsed_body": one.json, "body": None}
    return yaml.safe_dump({"interactions": made, "version": 1}).encode()


def ruby(one):
    request = {"method": one.method.lower(), "uri": one.url, "headers": grouped(one.request_headers)}
    request["body"] = {"encoding": "UTF-8", "string": text(one.request_body) or ""}
    answer = {"status": {"code": one.status, "message": ""}, "headers": grouped(one.headers)}
    answer["body"] = {"encoding": "ASCII-8BIT", "string": text(one.body)}
    return {"request": request, "response": answer, "recorded_at": "Thu, 20 Aug 2026 10:00:00 GMT"}


def as_ruby(calls):
    return yaml.safe_dump(
        {"http_interactions": [ruby(one) for one in calls], "recorded_with": "VCR 6"}
    ).encode()


def as_r(calls):
    made = [ruby(one) for one in calls]
    for entry, one in zip(made, calls, strict=True):
        entry["response"]["status"] = {"status_code": one.status, "reason": "OK"}
        entry["response"]["headers"] = dict(one.headers)
        entry["response"]["body"] = {
            "encoding": "", "file": False, "base64_string": base64.b64encode(one.body).decode(),
        }  # fmt: skip
        entry["recorded_at"] = "2026-08-20 10:00:00 GMT"
    return yaml.safe_dump({"http_interactions": made, "recorded_with": "vcr/1.2.0"}).encode()


def as_betamax(calls):
    return json.dumps(
        {"http_interactions": [ruby(one) for one in calls], "recorded_with": "betamax"}
    ).encode()


def as_exvcr(calls):
    made = [
        {
            "request": {
                "body": text(one.request_body) or "",
                "headers": dict(one.request_headers),
                "method": one.method.lower(),
                "options": [],
                "request_body": "",
                "url": one.url,
            },
            "response": {
                "binary": False,
                "body": text(one.body),
                "headers": dict(one.headers),
                "status_code": one.status,
                "type": "ok",
            },
        }
        for one in calls
    ]
    return json.dumps(made, indent=2).encode()


def as_go(calls):
    made = [
        {
            "id": at,
            "request": {
                "body": text(one.request_body) or "",
                "headers": grouped(one.request_headers),
                "url": one.url,
                "method": one.method,
            },
            "response": {
                "body": text(one.body),
                "headers": grouped(one.headers),
                "status": f"{one.status} X",
                "code": one.status,
                "duration": "12ms",
            },
        }
        for at, one in enumerate(calls)
    ]
    return yaml.safe_dump({"version": 2, "interactions": made}).encode()


def as_har(calls, encode=False):
    entries = []
    for at, one in enumerate(calls):
        content = {"size": len(one.body), "mimeType": "application/json", "text": text(one.body)}
        if encode:
            content |= {"encoding": "base64", "text": base64.b64encode(one.body).decode()}
        request = {
            "method": one.method,
            "url": one.url,
            "httpVersion": "HTTP/2",
            "headers": named(one.request_headers),
        }
        request["headers"].append({"name": ":authority", "value": "x"})
        if one.request_body:
            request["postData"] = {"mimeType": "application/json", "text": text(one.request_body)}
        response = {"status": one.status, "headers": named(one.headers), "content": content}
        started = f"2026-08-20T10:00:{at:02d}.000Z"
        entries.append({"startedDateTime": started, "time": 900, "request": request, "response": response})
    return json.dumps({"log": {"version": "1.2", "entries": entries}}).encode()


def named(lines):
    return [{"name": name, "value": value} for name, value in lines]


def as_test_proxy(calls):
    entries = [
        {
            "RequestUri": one.url,
            "RequestMethod": one.method,
            "RequestHeaders": dict(one.request_headers),
            "RequestBody": json.loads(one.request_body) if one.request_body else None,
            "StatusCode": one.status,
            "ResponseHeaders": dict(one.headers),
            "ResponseBody": text(one.body).splitlines(keepends=True) if one.streamed else one.json,
        }
        for one in calls
    ]
    return json.dumps({"Entries": entries, "Variables": {}}).encode()


def as_nock(calls):
    made = []
    for one in calls:
        parts = urlsplit(one.url)
        raw = [word for line in one.headers for word in line]
        made.append(
            {
                "scope": f"{parts.scheme}://{parts.netloc}",
                "method": one.method,
                "path": parts.path,
                "body": json.loads(one.request_body) if one.request_body else "",
                "status": one.status,
                "response": text(one.body) if one.streamed else one.json,
                "rawHeaders": raw,
            }
        )
    return json.dumps(made).encode()


def as_lines(calls):
    """Our own form: bodies as values, a stream as names and data."""
    made = []
    for at, one in enumerate(calls, 1):
        parts = urlsplit(one.url)
        line = {"source": f"somebody/recordings@1:file.yaml#{at}", "recorded_at": "2026-08-20T10:00:00Z"}
        line |= {"method": one.method, "host": parts.netloc, "path": parts.path}
        line |= {"query": dict(parse_qsl(parts.query)), "request_headers": dict(one.request_headers)}
        line |= {"request_body": json.loads(one.request_body) if one.request_body else None}
        line |= {"status": one.status, "response_headers": dict(one.headers)}
        made.append(json.dumps({**line, "response_body": events(one) if one.streamed else one.json}))
    return "\n".join(made).encode()


def events(one):
    blocks = [block.split("\n") for block in text(one.body).strip().split("\n\n")]
    return [
        {"event": name.removeprefix("event: "), "data": value(data.removeprefix("data: "))}
        for name, data in blocks
    ]


def value(data):
    return data if data == "[DONE]" else json.loads(data)


FORMS = {
    "vcrpy.yaml": as_vcr_yaml,
    "vcrpy-gzip.yaml": as_vcr_binary,
    "vcrpy.json": as_vcr_json,
    "vcrpy-base64.json": as_vcr_base64,
    "vcrpy-first.yaml": as_vcr_first,
    "parsed-body.yaml": as_parsed_body,
    "ruby.yml": as_ruby,
    "r.yml": as_r,
    "betamax.json": as_betamax,
    "exvcr.json": as_exvcr,
    "go.yaml": as_go,
    "browser.har": as_har,
    "proxy.har": lambda calls: as_har(calls, encode=True),
    "test-proxy.json": as_test_proxy,
    "nock.json": as_nock,
    "exchanges.jsonl": as_lines,
}


def inspected(tmp_path, calls, form="vcrpy.yaml", **options):
    """The outcome of judging calls in a recorder's form."""
    file = tmp_path / form
    file.write_bytes(calls if isinstance(calls, bytes) else FORMS[form](calls))
    inspector = Inspector(**options)
    inspector.file(file)
    return inspector.outcome


def broken(outcome):
    """The rows that failed, with what was seen; only rows that weigh."""
    rows = outcome.tally.register
    return {
        row: [(one.where, one.actual) for one in found]
        for row, found in outcome.tally.failures.items()
        if rows[row].level != "MAY"
    }

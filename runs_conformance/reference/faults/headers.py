"""Headers, statuses of success, and paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runs_conformance.reference import refusals
from runs_conformance.reference.faults.points import around, create_bodies, statuses
from runs_conformance.reference.faults.points import headers as wire
from runs_conformance.reference.faults.record import Kind, Rows
from runs_conformance.reference.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs_conformance.reference.calls import Call
    from runs_conformance.reference.records import Json

headers = Kind("headers")
TYPE = "headers.stream-content-type"
CHARSET = "headers.stream-charset"
REQUEST_ID = "headers.request-id"
Found = dict[str, str]


def _header(name: str, value: str | None, when: Callable[[int, bool], bool]) -> Callable[[Found, int, bool], Found]:
    """Set or take away a header of the answers that `when(status, stream)` chooses."""

    def change(found: Found, status: int, stream: bool) -> Found:
        if not when(status, stream):
            return found
        rest = {key: held for key, held in found.items() if key != name}
        return rest if value is None else rest | {name: value}

    return change


_ROWS_1: Rows = (
    ("request-id-missing", "No answer has x-request-id.", _header("x-request-id", None, lambda _s, _e: True), (REQUEST_ID,)),
    ("request-id-missing-from-errors", "Errors have no x-request-id.", _header("x-request-id", None, lambda s, _e: s >= 400), (REQUEST_ID,)),
    ("request-id-missing-from-streams", "Streams have no x-request-id.", _header("x-request-id", None, lambda _s, e: e), (REQUEST_ID,)),
    ("request-id-empty", "x-request-id is empty.", _header("x-request-id", "", lambda _s, _e: True), (REQUEST_ID,)),
    ("request-id-renamed", "The request id stands in request-id.", lambda f, _s, _e: {k.removeprefix("x-"): v for k, v in f.items()}, (REQUEST_ID,)),
    ("json-as-text", "JSON answers are sent as text/plain.", _header("content-type", "text/plain", lambda s, e: s < 400 and not e), ("response.success",)),
    ("json-as-text-json", "JSON answers are sent as text/json.", _header("content-type", "text/json", lambda s, e: s < 400 and not e), ("response.success",)),
    ("json-without-type", "JSON answers have no Content-Type.", _header("content-type", None, lambda s, e: s < 400 and not e), ("response.success",)),
    ("errors-without-type", "Errors have no Content-Type.", _header("content-type", None, lambda s, _e: s >= 400), ("error.envelope",)),
    ("stream-as-json", "Streams are sent as application/json.", _header("content-type", "application/json", lambda _s, e: e), (TYPE,)),
    ("stream-as-text", "Streams are sent as text/plain.", _header("content-type", "text/plain; charset=utf-8", lambda _s, e: e), (TYPE,)),
    ("stream-as-octets", "Streams are sent as application/octet-stream.", _header("content-type", "application/octet-stream", lambda _s, e: e), (TYPE,)),
    ("stream-without-charset", "Streams are sent without a charset.", _header("content-type", "text/event-stream", lambda _s, e: e), (CHARSET,)),
    ("stream-latin-1", "Streams are announced as Latin-1.", _header("content-type", "text/event-stream; charset=iso-8859-1", lambda _s, e: e), (CHARSET,)),
)  # fmt: skip
for _name, _sentence, _small, _breaks in _ROWS_1:
    headers.add(_name, _sentence, wire(_small), *_breaks)


def _created(new: int, *, streamed: bool | None = None) -> Callable[[Call, int], int]:
    def change(call: Call, status: int) -> int:
        fits = call.operation in {"create_run", "create_thread_and_run"} and status == 200
        return new if fits and (streamed is None or call.streamed is streamed) else status

    return change


headers.add("status-201", "Create calls are answered with 201.", statuses(_created(201)), "response.success", TYPE)
headers.add("status-201-polled", "Create calls that are not streamed are answered with 201.", statuses(_created(201, streamed=False)), "response.success", rare=True)
headers.add("status-202-streamed", "Streams are answered with 202.", statuses(_created(202, streamed=True)), TYPE, rare=True)


@headers(create_bodies, TYPE, "accept.stream.boolean")
def stream_ignored(body: Json) -> Json:
    """stream true is taken and ignored: the answer is JSON, as a gateway was seen to do."""
    return body | ({"stream": False} if body.get("stream") is True else {})


@headers(around("read_body"), "headers.stream-by-body", TYPE)
def stream_by_accept(inner: Any) -> Any:
    """A stream is sent only to who accepts text/event-stream; others get JSON."""

    def read(call: Call, *, needed: bool) -> Any:
        body = inner(call, needed=needed)
        wants = "text/event-stream" in call.headers.get("accept", "")
        if isinstance(body, dict) and isinstance(body.get("stream"), bool) and not wants:
            return {**body, "stream": False}
        return body

    return read


@headers(around("read_body"), "headers.stream-by-body", rare=True)
def accept_makes_a_stream(inner: Any) -> Any:
    """Who accepts text/event-stream gets a stream, asked for or not."""

    def read(call: Call, *, needed: bool) -> Any:
        body = inner(call, needed=needed)
        wants = "text/event-stream" in call.headers.get("accept", "")
        create = call.path.endswith("/runs")
        return {**body, "stream": True} if isinstance(body, dict) and wants and create else body

    return read


@headers(around("read_body"), "headers.stream-by-body", TYPE, "accept.stream.boolean", rare=True)
def accept_json_refuses_a_stream(inner: Any) -> Any:
    """stream true with Accept: application/json is refused, though SDKs send just that."""

    def read(call: Call, *, needed: bool) -> Any:
        body = inner(call, needed=needed)
        only = call.headers.get("accept", "").startswith("application/json")
        if isinstance(body, dict) and body.get("stream") is True and only:
            raise Refusal("Not acceptable.", status=406)
        return body

    return read


@headers(around("read_body"), TYPE, "accept.stream.boolean", rare=True)
def stream_ignored_by_both(inner: Any) -> Any:
    """Create thread and run never streams."""

    def read(call: Call, *, needed: bool) -> Any:
        body = inner(call, needed=needed)
        both = call.path.endswith("/threads/runs")
        return {**body, "stream": False} if both and isinstance(body, dict) and body.get("stream") is True else body

    return read


@headers(around("read_body"), "lifecycle.submit.stream", rare=True)
def stream_ignored_by_submit(inner: Any) -> Any:
    """Submitting tool outputs never streams."""

    def read(call: Call, *, needed: bool) -> Any:
        body = inner(call, needed=needed)
        submit = call.path.endswith("/submit_tool_outputs")
        return {**body, "stream": False} if submit and isinstance(body, dict) and body.get("stream") is True else body

    return read


@headers(around("check_beta"), "headers.paths", "headers.runs-not-a-thread", "accept.create-thread-and-run.minimal")
def runs_taken_for_a_thread(inner: Any) -> Any:
    """POST /threads/runs is routed to the thread called runs."""

    def check(call: Call) -> None:
        if call.operation == "create_thread_and_run":
            raise refusals.not_found("thread", "runs")
        inner(call)

    return check


@headers(around("check_beta"), "headers.paths", "accept.create-thread-and-run.minimal")
def create_both_not_allowed(inner: Any) -> Any:
    """POST /threads/runs is answered with 405, as by a gateway that lacks it."""

    def check(call: Call) -> None:
        if call.operation == "create_thread_and_run":
            raise refusals.wrong_method("POST", call.path, ("GET",))
        inner(call)

    return check


@headers(around("read_body"), "headers.bearer", "accept.*", rare=True)
def charset_refused(inner: Any) -> Any:
    """A body of type application/json; charset=utf-8 is refused."""

    def read(call: Call, *, needed: bool) -> Any:
        if "charset" in call.headers.get("content-type", ""):
            raise refusals.wrong_media_type(call.headers["content-type"])
        return inner(call, needed=needed)

    return read


@headers(around("read_body"), "headers.stream-by-body", "accept.stream.boolean", TYPE, rare=True)
def event_stream_not_acceptable(inner: Any) -> Any:
    """Accept: text/event-stream is answered with 406, as a mock was seen to do."""

    def read(call: Call, *, needed: bool) -> Any:
        if call.headers.get("accept", "").startswith("text/event-stream"):
            raise Refusal("Not acceptable.", status=406)
        return inner(call, needed=needed)

    return read

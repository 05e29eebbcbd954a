"""Refusals that do not say what they should, or not in the form they should."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runs_conformance.reference.faults.points import (
    around,
    behaviour,
    dropped,
    errors,
    headers,
    statuses,
    written,
)
from runs_conformance.reference.faults.record import Kind, Rows
from runs_conformance.reference.records import Event
from runs_conformance.reference.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.calls import Call
    from runs_conformance.reference.records import Json

error = Kind("error")
ENVELOPE = "error.envelope"
FIELDS = "error.fields"
CREATES = frozenset({"create_run", "create_thread_and_run"})


def _inside(change: Callable[[Refusal, Json], Json]) -> Callable[[Refusal, Json], Json]:
    return lambda refusal, shaped: {"error": change(refusal, shaped["error"])}


_ROWS_1: Rows = (
    ("detail", 'Errors are {"detail": ...}, as a web framework writes them.', lambda r, _s: {"detail": r.message}, (ENVELOPE,)),
    ("text-for-object", "The error is its message alone.", lambda r, _s: {"error": r.message}, (ENVELOPE,)),
    ("flat", "The error's members stand without error around them.", lambda r, s: {"object": "error", **s["error"], "code": r.status}, (ENVELOPE,)),
    ("in-a-list", "The error stands in an array.", lambda _r, s: [s], (ENVELOPE,)),
    ("status-failure", 'Errors are {"status": "failure"}, as a gateway was seen to write them.', lambda r, _s: {"status": "failure", "message": r.message}, (ENVELOPE,)),
    ("errors", "The error stands under errors.", lambda _r, s: {"errors": [s["error"]]}, (ENVELOPE,)),
    ("problem", "Errors have title, status and detail.", lambda r, _s: {"title": "Bad Request", "status": r.status, "detail": r.message}, (ENVELOPE,)),
    ("error-null", "The error is null.", lambda _r, _s: {"error": None}, (ENVELOPE,)),
    ("code-left-out", "Errors without a code have no key code.", _inside(lambda r, e: e if r.code else dropped(e, "code")), (FIELDS,)),
    ("param-left-out", "Errors without a param have no key param.", _inside(lambda r, e: e if r.param else dropped(e, "param")), (FIELDS,)),
    ("message-left-out", "Errors have no message.", _inside(lambda _r, e: dropped(e, "message")), (FIELDS,)),
    ("message-an-array", "The message of an error is an array.", _inside(lambda _r, e: e | {"message": [e["message"]]}), (FIELDS,)),
    ("code-a-number", "The code of an error is the HTTP status.", _inside(lambda r, e: e | {"code": r.status}), (FIELDS,)),
    ("type-null", "The type of an error is null.", _inside(lambda _r, e: e | {"type": None}), (FIELDS,)),
    ("type-words", "The type of an error is Invalid Request.", _inside(lambda _r, e: e | {"type": "Invalid Request"}), ("error.type",)),
    ("type-server-error", "The type of a client's error is server_error.", _inside(lambda _r, e: e | {"type": "server_error"}), ("error.type",)),
    ("type-of-not-found", "The type of a 404 is not_found_error.", _inside(lambda r, e: e | ({"type": "not_found_error"} if r.status == 404 else {})), ("error.not-found", "error.not-found.run", "error.type")),
    ("param-always-null", "The param of an error is always null.", _inside(lambda _r, e: e | {"param": None}), ("error.param",)),
    ("param-top-level", "The param of an error is the top-level field only.", _inside(lambda _r, e: e | {"param": e["param"] and e["param"].split(".")[0].split("[")[0]}), ("error.param",)),
    ("param-a-list", "The param of an error is a list of keys.", _inside(lambda _r, e: e | {"param": e["param"] and e["param"].split(".")}), (FIELDS,)),
    ("param-empty", "The param of an error is the empty string where there is none.", _inside(lambda _r, e: e | {"param": e["param"] or ""}), ("error.not-found", "error.active-run")),
    ("not-found-with-code", "A 404 has the code not_found.", _inside(lambda r, e: e | ({"code": "not_found"} if r.status == 404 else {})), ("error.not-found", "error.not-found.run")),
    ("not-found-with-param", "A 404 of an assistant names assistant_id as param.", _inside(lambda r, e: e | ({"param": "assistant_id"} if "No assistant" in r.message else {})), ("error.not-found",)),
    ("active-run-not-named", "The refusal of a second run names no run.", _inside(lambda r, e: e | ({"message": "Thread is busy."} if "active run" in r.message else {})), ("error.active-run",)),
    ("active-run-with-code", "The refusal of a second run has the code thread_locked.", _inside(lambda r, e: e | ({"code": "thread_locked"} if "active run" in r.message else {})), ("error.active-run",)),
    ("unknown-property-code", "The refusal of an unknown property has the code invalid_request.", _inside(lambda r, e: e | ({"code": "invalid_request"} if r.code == "unknown_parameter" else {})), ("refuse.unknown-property.code",)),
    ("invalid-thread-code", "The refusal of a run with nothing to answer has no code.", _inside(lambda r, e: e | ({"code": None} if r.code == "invalid_thread" else {})), ("refuse.empty-thread",)),
    ("invalid-beta-code", "The refusal of a missing OpenAI-Beta has no code.", _inside(lambda r, e: e | ({"code": None} if r.code == "invalid_beta" else {})), ("refuse.beta-header.missing",)),
    ("prefix-code", "The refusal of an assistant_id without its prefix has no code and no param.", _inside(lambda r, e: e | ({"code": None, "param": None} if "begins with" in r.message else {})), ("refuse.assistant-id.prefix",)),
)  # fmt: skip
for _name, _sentence, _small, _breaks in _ROWS_1:
    error.add(_name, _sentence, errors(_small), *_breaks)


def _status(old: int, new: int) -> Callable[[Call, int], int]:
    return lambda _call, status: new if status == old else status


_ROWS_2: Rows = (
    ("status-422", "Bad bodies are answered with 422.", _status(400, 422), ("error.status-400",)),
    ("status-500", "Bad bodies are answered with 500, as by a gateway with a fault in its exception handler.", _status(400, 500), ("refuse.*", "error.status-400")),
    ("status-200", "Refusals are answered with 200.", lambda _call, _status: 200, ("refuse.*",)),
    ("not-found-500", "What does not exist is answered with 500.", _status(404, 500), ("refuse.assistant-id.unknown", "refuse.thread-id.unknown", "error.not-found")),
    ("not-found-400", "What does not exist is answered with 400.", _status(404, 400), ("error.not-found", "error.not-found.run")),
    ("not-found-410", "What does not exist is answered with 410.", _status(404, 410), ("error.not-found", "error.not-found.run")),
    ("not-found-run-200", "A run that does not exist is answered with 200.", lambda call, status: 200 if call.operation == "get_run" else status, ("error.not-found.run",)),
    ("key-403", "A wrong key is answered with 403.", _status(401, 403), ("refuse.key.invalid",)),
    ("key-400", "A wrong key is answered with 400.", _status(401, 400), ("refuse.key.invalid",)),
    ("redirects", "Refusals are answered with 302.", lambda _call, status: 302 if status >= 400 else status, ("refuse.*",)),
)  # fmt: skip
for _name, _sentence, _small, _breaks in _ROWS_2:
    error.add(_name, _sentence, statuses(_small), *_breaks)


@error(around("check_run_lock"), "error.active-run", rare=True)
def active_run_409(inner: Any) -> Any:
    """A second run is refused with 409."""

    def check(thread: Any) -> None:
        try:
            inner(thread)
        except Refusal as refused:
            raise Refusal(refused.message, status=409) from refused

    return check


@error(written, ENVELOPE)
def empty_body(_call: Call, found: bytes) -> bytes:
    """A 404 has an empty body, as a mock was seen to answer."""
    return b"" if b'"error": {' in found and b"found with id" in found else found


@error(behaviour, ENVELOPE)
def plain_text(faithful: Behaviour) -> Behaviour:
    """Errors are plain text."""

    def encode(call: Call, payload: Any) -> bytes:
        is_error = isinstance(payload, dict) and isinstance(payload.get("error"), dict)
        return payload["error"]["message"].encode() if is_error else faithful.encode_json(call, payload)

    return replace(faithful, encode_json=encode)


@error(behaviour, ENVELOPE, rare=True)
def html(faithful: Behaviour) -> Behaviour:
    """A 404 is a page of HTML, as a load balancer writes it."""

    def encode(call: Call, payload: Any) -> bytes:
        is_error = isinstance(payload, dict) and isinstance(payload.get("error"), dict)
        missing = is_error and "found with id" in payload["error"]["message"]
        return b"<html><body><h1>404</h1></body></html>" if missing else faithful.encode_json(call, payload)

    return replace(faithful, encode_json=encode)


@error(headers, ENVELOPE)
def text_html(found: dict[str, str], status: int, _stream: bool) -> dict[str, str]:
    """Errors are sent as text/html."""
    return found | ({"content-type": "text/html; charset=utf-8"} if status >= 400 else {})


@error(headers, ENVELOPE)
def problem_json(found: dict[str, str], status: int, _stream: bool) -> dict[str, str]:
    """Errors are sent as application/problem+json."""
    return found | ({"content-type": "application/problem+json"} if status >= 400 else {})


@error(behaviour, "error.before-stream")
def in_the_stream(faithful: Behaviour) -> Behaviour:
    """A refusal of a streamed run is an event stream with an error in it."""

    def streamed(call: Call) -> bool:
        return call.streamed and call.operation in CREATES

    def encode(call: Call, payload: Any) -> bytes:
        if not streamed(call):
            return faithful.encode_json(call, payload)
        blocks = (Event("error", payload), Event("done", "[DONE]"))
        return b"".join(faithful.encode_event(call, one) for one in blocks)

    def made(options: Any, call: Call, *, status: int, stream: bool, request_id: str) -> dict[str, str]:
        found = faithful.headers(options, call, status=status, stream=stream, request_id=request_id)
        return found | ({"content-type": "text/event-stream; charset=utf-8"} if streamed(call) else {})

    def status(call: Call, found: int) -> int:
        return 200 if streamed(call) else faithful.status(call, found)

    return replace(faithful, encode_json=encode, headers=made, status=status)


@error(behaviour, "error.before-stream", ENVELOPE, rare=True)
def as_event_with_status(faithful: Behaviour) -> Behaviour:
    """A refusal of a streamed run keeps its status but is written as data: of an event stream."""

    def encode(call: Call, payload: Any) -> bytes:
        found = faithful.encode_json(call, payload)
        return b"data: " + found.replace(b"\n", b"") + b"\n\n" if call.streamed else found

    return replace(faithful, encode_json=encode)


@error(behaviour, "error.after-start", rare=True)
def failure_as_http_error(faithful: Behaviour) -> Behaviour:
    """Reading a run that failed answers 500."""

    def status(call: Call, found: int) -> int:
        failed = call.operation == "get_run" and any(
            run.status == "failed" and run.id == call.ids.get("run_id")
            for thread in call.project.threads.values()
            for run in thread.runs.values()
        )
        return 500 if failed else faithful.status(call, found)

    return replace(faithful, status=status)

"""What a client reports against what was on the wire: nothing lost, nothing invented, errors as errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from runs_conformance.contract.jsontext import brief
from runs_conformance.contract.model import Event, Exchange

_SHOWN: Final = 60


@dataclass
class Truth:
    """What a client that reads everything must know at the end of a task.

    `error` is the body of an HTTP error that no repeated request undid, with its `status`; `event_error` the
    message of an error event; `cut`: a stream broke off.
    """

    run: dict[str, Any] = field(default_factory=dict)
    calls: dict[str, dict[str, Any]] = field(default_factory=dict)
    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    errors: dict[tuple[str, str], tuple[int, dict[str, Any]]] = field(default_factory=dict)
    event_error: str | None = None
    cut: bool = False

    @property
    def status(self) -> str | None:
        return _text(self.run, "status") or None

    def said(self, kind: str) -> str:
        """All texts ("text") or refusals ("refusal") of the assistant, in order."""
        return "".join(each.get(kind, "") for each in self.texts.values())

    @property
    def error(self) -> tuple[int, dict[str, Any]] | None:
        return next(iter(self.errors.values()), None)


def truth(exchanges: Iterable[Exchange]) -> Truth:
    """Read the exchanges of one task, in their order."""
    found = Truth()
    for exchange in exchanges:
        key = (exchange.request.method, exchange.request.path)
        if exchange.status is not None and exchange.status >= 400:
            inner = exchange.response.object.get("error") if exchange.response else None
            found.errors[key] = (exchange.status, inner if isinstance(inner, dict) else {})
            continue
        found.errors.pop(key, None)
        if exchange.streamed:
            _stream(found, exchange)
        elif exchange.operation.name == "listMessages":
            _messages(found, exchange)
        elif exchange.operation.name == "getMessage":
            _message(found, exchange.response.object if exchange.response else {})
        elif exchange.response is not None:
            _run(found, exchange.response.object)
    return found


def _stream(found: Truth, exchange: Exchange) -> None:
    response = exchange.response
    for event in response.events or () if response else ():
        _event(found, event)
    failure = response.failure if response else None
    found.cut = found.cut or (failure is not None and failure.kind != "closed")


def _event(found: Truth, event: Event) -> None:
    value = event.object
    if isinstance(value.get("data"), dict) and "object" not in value:
        value = value["data"]  # a gateway's envelope
    kind = value.get("object")
    if event.name == "error":
        inner = value.get("error")
        told = inner if isinstance(inner, dict) else value
        found.event_error = str(told.get("message", ""))
    elif kind == "thread.message.delta":
        _delta(found, value)
    elif kind == "thread.run":
        _run(found, value)


def _delta(found: Truth, value: Mapping[str, Any]) -> None:
    held = found.texts.setdefault(str(value.get("id")), {})
    for kind, text in _said(_object(value, "delta")):
        held[kind] = held.get(kind, "") + text


def _messages(found: Truth, exchange: Exchange) -> None:
    """A list tells all there is: what deltas told before is told again."""
    listed = _objects(exchange.response.object if exchange.response else {}, "data")
    newest_first = ("order", "asc") not in exchange.request.query
    for one in reversed(listed) if newest_first else listed:
        _message(found, one)


def _message(found: Truth, one: Mapping[str, Any]) -> None:
    """A whole message: what was told of it before is told again."""
    if one.get("role") != "assistant":
        return
    held = found.texts[str(one.get("id"))] = {"text": "", "refusal": ""}
    for kind, text in _said(one):
        held[kind] += text


def _said(value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The texts and refusals of a message's or a delta's parts, with their kind."""
    for part in _objects(value, "content"):
        if part.get("type") == "text":
            yield "text", _text(_object(part, "text"), "value")
        elif part.get("type") == "refusal":
            yield "refusal", _text(part, "refusal")


def _object(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A member that should be an object; {} for anything else: a target may answer what it likes."""
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _objects(value: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = value.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _text(value: Mapping[str, Any], name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""


def _run(found: Truth, value: Mapping[str, Any]) -> None:
    if value.get("object") != "thread.run" and "status" not in value:
        return
    found.run = dict(value)
    action = _object(_object(value, "required_action"), "submit_tool_outputs")
    for each in _objects(action, "tool_calls"):
        function = _object(each, "function")
        found.calls[str(each.get("id"))] = {
            "id": each.get("id"), "name": function.get("name"), "arguments": function.get("arguments"),
        }


def compare(report: Mapping[str, Any], seen: Truth) -> str:
    """What the client got wrong, in a clause; "" for nothing."""
    return "; ".join(_differences(report, seen))


def _differences(report: Mapping[str, Any], seen: Truth) -> Iterator[str]:
    ended = report["outcome"] == "ended"
    if seen.error is not None:
        yield from _http_error(report, *seen.error)
    elif seen.event_error is not None:
        yield from _stream_error(report, seen.event_error)
    elif seen.cut and ended:
        yield "the stream broke off, and no error was surfaced"
    elif not seen.cut and not ended and not _tells(report, seen.status):
        yield f"an error of its own: {_error(report)}"
    yield from _texts(report, seen, whole=ended)
    yield from _calls(_objects(report, "calls"), seen.calls, whole=ended)
    if ended:
        yield from _end(report, seen)


def _tells(report: Mapping[str, Any], status: str | None) -> bool:
    """A client may raise for a run that did not complete, if it says what became of it."""
    told = str(_object(report, "error").get("message"))
    return status not in (None, "completed") and str(status) in told


def _error(report: Mapping[str, Any]) -> str:
    told = _object(report, "error")
    return f"{told.get('class')}: {str(told.get('message'))[:160]}"


def _http_error(report: Mapping[str, Any], status: int, body: Mapping[str, Any]) -> Iterator[str]:
    told = _object(report, "error")
    if report["outcome"] != "error":
        yield f"the answer {status} was not surfaced as an error"
        return
    if told.get("status") != status:
        yield f"the error's status {status} was reported as {told.get('status')}"
    message = body.get("message")
    if message and str(message) not in str(told.get("message")):
        yield f"the error's message was lost: {brief(message, _SHOWN)}"
    for name in ("code", "param"):
        if body.get(name) is not None and told.get(name) != body[name]:
            yield f"the error's {name} {body[name]} was reported as {told.get(name)}"


def _stream_error(report: Mapping[str, Any], message: str) -> Iterator[str]:
    if report["outcome"] == "error":
        if message not in str(_object(report, "error").get("message")):
            yield f"the message of the stream's error was lost: {brief(message, _SHOWN)}"
    elif report.get("status") != "failed":
        yield "the stream's error event was not surfaced as an error"


def _texts(report: Mapping[str, Any], seen: Truth, *, whole: bool) -> Iterator[str]:
    for kind in ("text", "refusal"):
        told, there = str(report.get(kind) or ""), seen.said(kind)
        if told == there or (not whole and there.startswith(told)):
            continue
        what = "lost" if there.startswith(told) else "invented or changed"
        yield f"{kind} was {what}: {brief(there[-_SHOWN:], _SHOWN)} became {brief(told[-_SHOWN:], _SHOWN)}"


def _calls(
    told: Sequence[Mapping[str, Any]], there: Mapping[str, Mapping[str, Any]], *, whole: bool,
) -> Iterator[str]:
    known = {str(each.get("id")): each for each in told}
    for name, each in known.items():
        if name not in there:
            yield f"a call was invented: {brief(dict(each), _SHOWN)}"
        elif dict(each) != dict(there[name]):
            yield f"a call was changed: {brief(dict(there[name]), _SHOWN)} became {brief(dict(each), _SHOWN)}"
    lost = [name for name in there if name not in known]
    if lost and whole:
        yield f"calls were lost: {', '.join(lost[:3])}"


def _end(report: Mapping[str, Any], seen: Truth) -> Iterator[str]:
    if report.get("status") != seen.status:
        yield f"status {seen.status} was reported as {report.get('status')}"
    if seen.status == "failed":
        wanted, told = _object(seen.run, "last_error"), _object(report, "last_error")
        for name in ("code", "message"):
            there, became = wanted.get(name), told.get(name)
            if there != became:
                yield f"last_error.{name} {brief(there, _SHOWN)} became {brief(became, _SHOWN)}"
    reason = _object(seen.run, "incomplete_details").get("reason")
    if reason != report.get("incomplete"):
        yield f"the reason {reason} for incomplete became {report.get('incomplete')}"

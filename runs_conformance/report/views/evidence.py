"""The evidence of a requirement as the page shows it: an exchange's parts, bounded."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from runs_conformance.report.records import Record, Verdict
from runs_conformance.report.views.pictures import Timeline, around, milliseconds, timeline

BODY: Final = 4_000
DATA: Final = 160
OFFENDING_DATA: Final = 2_000
CURL: Final = 20_000
OTHERS: Final = 25


@dataclass(frozen=True, slots=True)
class Message:
    """A request or an answer: its first line, its headers, its body, and a note on what is left out."""

    line: str
    headers: tuple[tuple[str, str], ...]
    body: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """An event of a stream."""

    index: int
    at: str
    name: str
    data: str
    offending: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """One exchange. `failure` says why there is no whole answer."""

    id: str
    request: Message
    answer: Message | None
    failure: str
    took: str
    picture: Timeline | None
    events: tuple[Line, ...]
    total: int
    offending: int | None


@dataclass(frozen=True, slots=True)
class Other:
    """A further case that failed."""

    case: str
    where: str
    actual: str


def exchange(record: Record, offending: int | None) -> Shown:
    answer, request = record["response"], record["request"]
    events = answer.get("events", []) if answer else []
    total = answer.get("events_total", len(events)) if answer else 0
    streamed = answer is not None and "events" in answer
    return Shown(
        id=record["id"],
        request=_message(_request_line(request), request),
        answer=None if answer is None else _message(_status_line(answer["status"]), answer, streamed),
        failure=_failure(record.get("failure")) or (_failure(answer.get("failure")) if answer else ""),
        took=milliseconds(record.get("seconds", 0)),
        picture=timeline(events, offending, total) if events else None,
        events=tuple(_line(each, offending) for each in around(events, offending)),
        total=total,
        offending=offending,
    )


def _request_line(request: Mapping[str, Any]) -> str:
    pairs = [(name, value) for name, value in request["query"]]
    query = f"?{urlencode(pairs)}" if pairs else ""
    return f"{request['method']} {request['path']}{query}"


def _status_line(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _message(line: str, part: Mapping[str, Any], streamed: bool = False) -> Message:
    body, note = ("", "") if streamed else _body(part["body"])
    return Message(line, tuple((name, value) for name, value in part["headers"]), body, note)


def _body(body: Mapping[str, Any] | None) -> tuple[str, str]:
    """The start of a body as text, and what to know of it."""
    if body is None:
        return "", "no body"
    if "base64" in body:
        return repr(base64.b64decode(body["base64"])[:BODY])[2:-1], f"{body['size']:,} bytes, not UTF-8"
    text = body.get("text", "")
    cut = body["cut"] or len(text) > BODY
    return text[:BODY], f"the start of {body['size']:,} bytes" if cut else "" if text else "empty body"


def _failure(failure: Mapping[str, str] | None) -> str:
    return f"{failure['kind']}: {failure['text']}" if failure else ""


def _line(event: Mapping[str, Any], offending: int | None) -> Line:
    wrong = event["index"] == offending
    data, limit = event["data"] or "", OFFENDING_DATA if wrong else DATA
    return Line(
        event["index"], milliseconds(event["at"]), event["name"] or "(no name)",
        data[:limit] + (" ..." if len(data) > limit or event.get("cut") else ""), wrong,
    )


def others(verdict: Verdict, findings: Sequence[Record]) -> tuple[Other, ...]:
    """The further failing cases that the file holds, each named once."""
    first = verdict.evidence.case if verdict.evidence else ""
    made: dict[str, Other] = {}
    for each in findings:
        name = each.get("case", "")
        if name and name != first and name not in made:
            made[name] = Other(name, each.get("where", ""), each.get("actual", "")[:300])
    return tuple(made.values())[:OTHERS]

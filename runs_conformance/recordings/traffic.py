"""Recorded calls of the Assistants API (v2) as exchanges, and what else is in a recording by kind.

A file holds other endpoints, other houses' APIs on the same paths, the API's first version. Only what shows
that it is the contract's becomes an exchange; what the recorder lost of it is written down, not made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from runs_conformance.contract.jsontext import MISSING
from runs_conformance.contract.model import Event, Exchange, Failure, Headers, Request, Response
from runs_conformance.contract.operations import ANSWERS, BODIES, STREAMABLE, identify
from runs_conformance.contract.timeline import FINAL
from runs_conformance.contract.traces import objects
from runs_conformance.recordings import dates
from runs_conformance.recordings.bodies import (
    LostError,
    events_of,
    is_json,
    looks_like_events,
    plain_events,
    unpacked,
)
from runs_conformance.recordings.marks import blotted, marked
from runs_conformance.recordings.recorded import Recorded

OPENAI, AZURE, UNKNOWN = "openai", "azure", ""
# Azure's versions of its address before this one speak the first version of the API.
_AZURE_V2: Final = "2024-05-01"
_AZURE: Final = (
    ".openai.azure.com",
    ".cognitiveservices.azure.com",
    ".services.ai.azure.com",
    ".azure-api.net",
)
_ROOT: Final = re.compile(r"/(?=threads(?:/|$)|assistants(?:/|$))")
_OBJECTS: Final = frozenset({
    "thread.run", "thread.run.step", "thread.message", "thread", "assistant", "thread.deleted", "list",
    "thread.message.deleted", "assistant.deleted",
})  # fmt: skip
_OWN_IDS: Final = ("thread_", "run_", "asst_", "msg_")
_REAL_ID: Final = re.compile(r"(?:thread|run|asst|msg|step)_[A-Za-z0-9]{20,}")
_CAMEL: Final = frozenset({"createdAt", "threadId", "assistantId", "hasMore", "firstId"})
_BUSY: Final = frozenset({408, 429, 503})
# The reason of a body that is not there: nobody's fault, as of a stream that the client closed.
_LOST: Final = "closed"


@dataclass(frozen=True)
class Call:
    """An exchange with what is known of its recording.

    `lost` names what can't be judged: headers, request, answer, end, foreign, ids, cut; `blots` the members
    that hold a redaction's mark. `day` is when it was recorded, "" for unknown; `sure_day` that it is more
    than the day of filing. `service` is openai, azure or unknown (""), `whole` that the recorder keeps all.
    """

    exchange: Exchange
    service: str = UNKNOWN
    day: str = ""
    sure_day: bool = True
    lost: frozenset[str] = frozenset()
    blots: frozenset[str] = frozenset()
    session: str = ""
    whole: bool = False


@dataclass(frozen=True)
class Other:
    """A recorded call that is none of the contract's; `kind` says what it is, for people."""

    place: str
    kind: str


ELSEWHERE: Final = "of other endpoints"
FIRST: Final = "of the API's first version (assistants=v1), another contract"
STRANGE: Final = "on such paths, but of another API as it seems"
UNANSWERED: Final = "without an answer"
SDK: Final = "as an SDK shows objects, not as they were on the wire"


def call_of(recorded: Recorded, *, base_url: str = "", edition: str = "") -> Call | Other:
    """The recorded call as an exchange, or what it is instead.

    `base_url` says where the API is, if its address does not show it; with an `edition` named, a day before
    all editions is no reason to pass a call over.
    """
    place = _placed(recorded, base_url)
    if place is None:
        return Other(recorded.place, ELSEWHERE)
    if not recorded.status:
        return Other(recorded.place, UNANSWERED)
    base, path, query = place
    exchange, lost = _exchange(recorded, base, path, query)
    service = _service(base, exchange)
    if not base_url and not _own(exchange, service):
        return Other(recorded.place, STRANGE)
    day, sure = _day(recorded, exchange)
    if _first_version(exchange, service, day if not edition else ""):
        return Other(recorded.place, FIRST)
    if _camel(exchange):
        return Other(recorded.place, SDK)
    blots, ids = blotted(exchange)
    lost |= {"ids"} if ids or (service != UNKNOWN and _edited_ids(exchange)) else frozenset()
    lost |= _foreign(exchange, service)
    return Call(exchange, service, day, sure, lost, blots, recorded.session)


def _placed(recorded: Recorded, base_url: str) -> tuple[str, str, tuple[tuple[str, str], ...]] | None:
    """Base, path below it and query of an address of the contract; None for any other."""
    try:
        parts = urlsplit(recorded.url)
    except ValueError:
        return None
    address = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
    query = tuple(parse_qsl(parts.query, keep_blank_values=True))
    whole = address + parts.path
    if base_url:
        base = base_url.rstrip("/")
        path = whole.removeprefix(base) if whole.startswith(base + "/") else ""
        return (base, path, query) if identify(recorded.method, path).name else None
    for found in _ROOT.finditer(parts.path):
        path = parts.path[found.start() :]
        if identify(recorded.method, path).name:
            return address + parts.path[: found.start()], path, query
    return None


def _exchange(
    recorded: Recorded, base: str, path: str, query: tuple[tuple[str, str], ...]
) -> tuple[Exchange, frozenset[str]]:
    sent = Headers(recorded.request_headers)
    body, lost_request = _request_body(recorded, sent, path)
    response, lost = _response(recorded, path)
    exchange = Exchange(
        recorded.place, Request(recorded.method, path, query, sent, body), response,
        started_at=recorded.started_at, seconds=recorded.seconds, source="recording",
        throttled=recorded.status in _BUSY, base_url=base,
    )  # fmt: skip
    missing = frozenset() if "content-type" in response.headers else frozenset({"headers"})
    return exchange, lost | lost_request | missing


def _request_body(recorded: Recorded, sent: Headers, path: str) -> tuple[bytes | None, frozenset[str]]:
    """The body, and that it is lost: where one is needed there is none, or not the one that went out."""
    name = identify(recorded.method, path).name
    if recorded.method.upper() in ("GET", "DELETE", "HEAD"):
        return None, frozenset()
    try:
        data = unpacked(recorded.request_body, sent) if recorded.request_body else b""
    except LostError:
        return None, frozenset({"request"})
    if data and is_json(data):
        return data, frozenset()
    if _as_received(data, sent, recorded) and data:
        return data, frozenset()
    return None, frozenset({"request"}) if data or name in BODIES else frozenset()


def _as_received(data: bytes, headers: Headers, recorded: Recorded) -> bool:
    """The announced length is that of the body: nobody has changed it."""
    return not recorded.as_values and headers.get("content-length") == str(len(data))


def _response(recorded: Recorded, path: str) -> tuple[Response, frozenset[str]]:
    headers = Headers(recorded.response_headers)
    if not headers.lines and recorded.media:
        headers = Headers((("content-type", recorded.media),))
    if recorded.events is not None:
        return _streamed(recorded.status, headers, plain_events(recorded.events), names_only=True)
    try:
        data = unpacked(recorded.body or b"", headers)
    except LostError as error:
        return _nothing(recorded.status, headers, str(error))
    ok, name = 200 <= recorded.status < 300, identify(recorded.method, path).name
    if ok and name in STREAMABLE and looks_like_events(data):
        return _streamed(recorded.status, headers, events_of(data), body=data)
    if is_json(data) or _as_received(recorded.body or b"", headers, recorded):
        cut = {"cut"} if _shortened(recorded, headers, data) else set()
        return Response(recorded.status, headers, data), frozenset(cut)
    if name in ANSWERS or not ok:
        told = "holds no body" if not data else "holds a body that is not what was received: no JSON"
        return _nothing(recorded.status, headers, f"the recording {told}")
    return Response(recorded.status, headers, data), frozenset()


def _nothing(status: int, headers: Headers, reason: str) -> tuple[Response, frozenset[str]]:
    return Response(status, headers, failure=Failure(_LOST, reason)), frozenset({"answer"})


def _shortened(recorded: Recorded, headers: Headers, data: bytes) -> bool:
    """More was announced than is there, however it might have been laid out."""
    told = headers.get("content-length") or ""
    packed = (headers.get("content-encoding") or "identity").lower() != "identity"
    if recorded.as_values or packed or not told.isdecimal() or len(told) > 9 or data != recorded.body:
        return False
    spread = len(data) + 60 * data.count(b",") + 60 * (data.count(b"{") + data.count(b"["))
    return int(told) > (len(data) if b"\n" in data else spread)


def _streamed(
    status: int, headers: Headers, events: tuple[Event, ...], *, body: bytes = b"", names_only: bool = False
) -> tuple[Response, frozenset[str]]:
    """A stream; one that stops short of its end may have been cut by whoever recorded it."""
    done = any(event.is_done for event in events)
    whole = done or (not names_only and _came_to_an_end(events))
    failure = None if whole else Failure(_LOST, "the recording stops before the end of the stream")
    lost = frozenset() if whole else frozenset({"end"})
    return Response(status, headers, body, events=events, failure=failure), lost


def _came_to_an_end(events: tuple[Event, ...]) -> bool:
    last = events[-1] if events else None
    if last is None or not last.ended:
        return False
    return last.name == "error" or (
        last.object.get("object") == "thread.run" and last.object.get("status") in (*FINAL, "requires_action")
    )


def _service(base: str, exchange: Exchange) -> str:
    host = (urlsplit(base).hostname or "").lower()
    answered = exchange.response.headers if exchange.response else Headers()
    query = dict(exchange.request.query)
    azure = host.endswith(_AZURE) or "apim-request-id" in answered or "x-ms-region" in answered
    if azure or ("api-version" in query and "/openai" in base):
        return AZURE
    # A gateway passes the vendor's headers on: they tell whose service it is only where the host is hidden.
    hidden = marked(host) and "openai-processing-ms" in answered
    return OPENAI if hidden or host == "api.openai.com" or host.endswith(".api.openai.com") else UNKNOWN


def _own(exchange: Exchange, service: str) -> bool:
    """Something shows that this is the contract's traffic, and not another API on the same paths."""
    if service != UNKNOWN or "assistants=" in (exchange.request.headers.get("openai-beta") or ""):
        return True
    if any(value.startswith(_OWN_IDS) for value in exchange.operation.ids.values()):
        return True
    if str(exchange.request.object.get("assistant_id", "")).startswith("asst_"):
        return True
    response = exchange.response
    if response is None:
        return False
    if "openai-version" in response.headers or "openai-processing-ms" in response.headers:
        return True
    named = any((event.name or "").startswith("thread.") for event in response.events or ())
    return named or response.object.get("object") in _OBJECTS


def _day(recorded: Recorded, exchange: Exchange) -> tuple[str, bool]:
    """The day of the answer, and whether it is that of the call rather than of its filing."""
    header = exchange.response.headers.get("date") if exchange.response else None
    for text in (header, recorded.recorded_at):
        if text and (found := dates.day_of(text)):
            return found, True
    made = [dates.day_of_seconds(one.value.get("created_at")) for one in objects(exchange)]
    return max(made, default="") or dates.day_of(recorded.filed_at), any(made)


def _first_version(exchange: Exchange, service: str, day: str) -> bool:
    beta = exchange.request.headers.get("openai-beta") or ""
    if "assistants=" in beta:
        return "assistants=v2" not in beta
    version = dict(exchange.request.query).get("api-version", "")
    if service == AZURE and version[:2] == "20":
        return version < _AZURE_V2
    if any("file_ids" in one.value or _retrieval(one.value) for one in objects(exchange)):
        return True
    return bool(day) and day < dates.edition("1")


def _retrieval(value: dict[str, Any]) -> bool:
    tools = value.get("tools")
    return isinstance(tools, list) and any(
        isinstance(tool, dict) and tool.get("type") == "retrieval" for tool in tools
    )


def _camel(exchange: Exchange) -> bool:
    """`threadId` and `createdAt` are how SDKs of some languages spell what the wire spells otherwise."""
    body = exchange.response.object if exchange.response else {}
    return not {"created_at", "has_more"} & body.keys() and bool(_CAMEL & body.keys())


def _edited_ids(exchange: Exchange) -> bool:
    """The services themselves make ids of one kind: one of another kind was put there by somebody."""
    ok = exchange.response is not None and exchange.response.ok
    return ok and any(not _REAL_ID.fullmatch(one) for one in _ids(exchange))


def _ids(exchange: Exchange) -> Iterator[str]:
    yield from exchange.operation.ids.values()
    for shown in objects(exchange):
        for name in ("id", "thread_id", "run_id", "assistant_id"):
            value = shown.value.get(name)
            if isinstance(value, str) and str(shown.value.get("object")) in _OBJECTS:
                yield value


def _foreign(exchange: Exchange, service: str) -> frozenset[str]:
    """An error that somebody on the way answered, or may have."""
    response = exchange.response
    if response is None or response.status < 400:
        return frozenset()
    inner = response.object.get("error")
    page = response.headers.media_type == "text/html" or response.json is MISSING
    own = isinstance(inner, dict) and "message" in inner
    strange = service == AZURE or (service == OPENAI and not own)
    return frozenset({"foreign"}) if page or strange else frozenset()

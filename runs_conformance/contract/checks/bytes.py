"""The bytes of a stream: headers, the lines of each event, data as JSON, the end marker.

Framing and encoding are judged on raw bytes only; a recording of names and data alone says nothing on them.
"""

from collections.abc import Iterator

from runs_conformance.contract.checks.common import around, at, broke_off, collapse, name_of, stream
from runs_conformance.contract.findings import Finding, failed, passed, verdict
from runs_conformance.contract.jsontext import brief, decode
from runs_conformance.contract.judge import Context, on_exchange
from runs_conformance.contract.model import Event, Exchange
from runs_conformance.contract.operations import CREATE, STREAMABLE

_STREAM_TYPE = "text/event-stream"


@on_exchange("headers.stream-content-type", operations=CREATE)
def content_type(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """Stream true, accepted: status 200, text/event-stream."""
    response = exchange.response
    if response is None or not response.ok or exchange.request.object.get("stream") is not True:
        return
    if response.headers.lines:
        yield verdict(
            "headers.stream-content-type",
            response.status == 200 and response.headers.media_type == _STREAM_TYPE,
            exchange,
            where="header content-type",
            expected=f"status 200 and {_STREAM_TYPE}",
            actual=f"status {response.status} and {response.headers.get('content-type')}",
        )


@on_exchange("headers.stream-charset", operations=STREAMABLE)
def charset(exchange: Exchange, _: Context) -> Iterator[Finding]:
    response = exchange.response
    if response is None or not response.ok or response.headers.media_type != _STREAM_TYPE:
        return
    given = response.headers.get("content-type") or ""
    parameters = [part.strip().lower().replace(" ", "").replace('"', "") for part in given.split(";")[1:]]
    yield verdict(
        "headers.stream-charset",
        "charset=utf-8" in parameters,
        exchange,
        where="header content-type",
        expected="text/event-stream; charset=utf-8",
        actual=given,
    )


@on_exchange("headers.stream-by-body", operations=CREATE)
def by_body(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """Decided where Accept points the other way, or where a stream came that nobody asked for."""
    response = exchange.response
    if response is None or not response.ok or not response.headers.lines:
        return
    wanted = exchange.request.object.get("stream") is True
    accept = exchange.request.headers.get("accept")
    misleading = accept is not None and "*/*" not in accept and (_STREAM_TYPE in accept) != wanted
    got = response.headers.media_type == _STREAM_TYPE
    if misleading or (got and not wanted):
        yield verdict(
            "headers.stream-by-body",
            got == wanted,
            exchange,
            where="header content-type",
            expected=f"{_STREAM_TYPE if wanted else 'application/json'}, as the body's stream says",
            actual=f"{response.headers.get('content-type')} for Accept: {accept}",
        )


@on_exchange("event.framing", operations=STREAMABLE)
def framing(exchange: Exchange, _: Context) -> Iterator[Finding]:
    yield from collapse(_framing(exchange))


def _framing(exchange: Exchange) -> Iterator[Finding]:
    events = stream(exchange)
    for place, event in enumerate(events):
        last = place == len(events) - 1
        if not event.raw or (last and not event.ended and broke_off(exchange)):
            continue
        wrong = _wrong_lines(event)
        yield verdict(
            "event.framing",
            wrong is None,
            exchange,
            where=at(event),
            expected="one event: line, one data: line, a blank line",
            actual=f"{wrong}: {around(events, place)}",
        )


def _wrong_lines(event: Event) -> str | None:
    """What is wrong with an event's lines. The end marker without a name is event.done's to tell."""
    names = sum(line.partition(b":")[0] == b"event" for line in _lines(event.raw))
    if event.name is None and not event.is_done:
        return "no event: line"
    if names > 1:
        return f"{names} event: lines"
    if event.data is None:
        return "no data: line"
    if event.data_lines > 1:
        return f"{event.data_lines} data: lines"
    return None if event.ended else "no blank line at the end"


def _lines(raw: bytes) -> list[bytes]:
    return raw.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")


@on_exchange("event.data-json", operations=STREAMABLE)
def data_json(exchange: Exchange, _: Context) -> Iterator[Finding]:
    yield from collapse(_data_json(exchange))


def _data_json(exchange: Exchange) -> Iterator[Finding]:
    for event in stream(exchange):
        if event.data is None or event.data_lines > 1 or name_of(event) == "done":
            continue
        wrong = _wrong_data(event)
        yield verdict(
            "event.data-json",
            wrong is None,
            exchange,
            where=at(event),
            expected="one JSON object",
            actual=f"{wrong}: {brief(event.data)}",
        )


def _wrong_data(event: Event) -> str | None:
    try:
        event.raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"bytes that are not UTF-8 (byte {event.start + error.start} of the stream)"
    decoded = decode((event.data or "").encode("utf-8", "surrogatepass"))
    if decoded.problem or decoded.oddities:
        return decoded.problem or decoded.oddities[0]
    return None if isinstance(decoded.value, dict) else "JSON, but no object"


@on_exchange("event.done", operations=STREAMABLE)
def end_marker(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """An event named done, or data [DONE]: it must be both."""
    for event in stream(exchange):
        if not event.is_done and name_of(event) != "done":
            continue
        if event.is_done and event.name == "done":
            yield passed("event.done", exchange, at(event))
        elif event.raw or event.name is not None:
            yield failed(
                "event.done",
                exchange,
                where=at(event),
                expected="event: done with data: [DONE]",
                actual=f"event {brief(event.name)} with data {brief(event.data)}",
            )

"""The recordings as exchanges and traces, so that the checks can judge what the real service did."""

import json
from functools import cache
from typing import Any

import corpus

from runs_conformance.contract.model import Event, Exchange, Headers, Request, Response, to_bytes
from runs_conformance.contract.register import NEWEST, OLDEST


def convert(line: dict[str, Any]) -> Exchange:
    """One recorded exchange; of a stream names and data are left, so its bytes are not made up."""
    body, source = line["request_body"], line["source"].rsplit("#", 1)
    request = Request(
        line["method"],
        line["path"].removeprefix("/v1"),
        tuple((str(key), str(value)) for key, value in line["query"].items()),
        Headers.of({key: str(value) for key, value in line["request_headers"].items()}),
        None if body is None else to_bytes(body),
    )
    return Exchange(
        f"{source[0].rsplit('/', 1)[-1]}#{source[1]}", request, _response(line), source="recording"
    )


def _response(line: dict[str, Any]) -> Response:
    headers = Headers.of({key: str(value) for key, value in line["response_headers"].items()})
    body = line["response_body"]
    if not isinstance(body, list):
        return Response(line["status"], headers, to_bytes(body))
    events = tuple(
        Event(at, one["event"], _text(one["data"]), 0, 0, 0.0, ended=True) for at, one in enumerate(body, 1)
    )
    return Response(line["status"], headers, events=events)


def _text(data: Any) -> str:
    return data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)


@cache
def recordings() -> dict[str, tuple[str, tuple[Exchange, ...]]]:
    """Each recorded file with its edition and its exchanges in order."""
    files: dict[str, list[dict[str, Any]]] = {}
    for line in corpus.exchanges():
        files.setdefault(line["source"].rsplit("#", 1)[0], []).append(line)
    found = {}
    for name, lines in files.items():
        lines.sort(key=lambda line: int(line["source"].rsplit("#", 1)[1]))
        edition = max(OLDEST, min(corpus.edition(lines[0]), NEWEST))
        found[name] = (edition, tuple(map(convert, lines)))
    return found

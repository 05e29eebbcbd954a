"""From what passed the proxy to an Exchange: decoded, understood, without secrets."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import parse_qsl

from runs_conformance.clients.capture import MOST_BODY, Capture, Lines
from runs_conformance.contract.jsontext import decode
from runs_conformance.contract.model import Exchange, Failure, Headers, Request, Response
from runs_conformance.contract.operations import identify
from runs_conformance.recordings.bodies import LostError, unpacked
from runs_conformance.recordings.traffic import Call
from runs_conformance.report.redact import carries_secret
from runs_conformance.target.encoding import EncodingError, decoder
from runs_conformance.target.reception import Bounds, Reception
from runs_conformance.target.redact import HIDDEN, Redactor

# Keys that were seen lately: what echoes one is hidden, whichever exchange it stands in.
MOST_KEYS: Final = 64
_ROOT: Final = re.compile(r"/(?=threads(?:/|$)|assistants(?:/|$))")
_SCHEME: Final = re.compile(r"([A-Za-z]{1,10})\s+(\S.*)")
_CUT: Final = ("closed", "the rest of the answer was not kept: it is too large")
_PACKED: Final = ("closed", "the answer is packed in a way that can't be unpacked here")
_V1: Final = "assistants=v1"


@dataclass
class Reader:
    """Makes calls of captures, each after its keys were learned; `base_url` is the upstream's."""

    base_url: str
    _keys: OrderedDict[str, None] = field(default_factory=OrderedDict)

    def call(self, capture: Capture) -> Call | None:
        """None for a request that is none of the contract's."""
        path, _, query = capture.target.decode("latin-1").partition("?")
        found = self._below(capture.method, path)
        redactor = Redactor(self._keys)
        if found is None:
            return None
        base, below = found
        sent = Headers(tuple(_hidden(capture.headers)))
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
        body = (
            redactor.data(capture.body)
            if capture.body or (capture.body == b"" and announced(capture))
            else None
        )
        request = Request(capture.method, redactor.text(below), tuple(_hidden(pairs)), sent, body)
        response, lost = _response(capture, request, redactor)
        if capture.body is None:
            lost |= {"request"}
        kind, text = capture.failure or ("", "")
        failure = Failure(kind, redactor.text(text)) if kind else None
        if _V1 in (sent.get("openai-beta") or ""):
            # Another contract's answers: only what the client sent is looked at.
            response, lost = None, lost | {"answer"}
        exchange = Exchange(
            str(capture.number),
            request,
            response,
            failure,
            capture.started_at,
            capture.seconds,
            source="watched",
            base_url=base,
            throttled=capture.status in (429, 503),
        )
        return Call(exchange, lost=lost, whole=not lost)

    def clean(self, text: str) -> str:
        """Any text without the keys that were seen."""
        return Redactor(self._keys).text(text)

    def _below(self, method: str, path: str) -> tuple[str, str] | None:
        """Base URL and path below it of an operation of the contract: the upstream's own base first."""
        origin, base = _split(self.base_url)
        inner = path.removeprefix(base) if path.startswith(f"{base}/") else ""
        if inner and identify(method, inner).name:
            return origin + base, inner
        for match in _ROOT.finditer(path):
            if identify(method, path[match.start() :]).name:
                return origin + path[: match.start()], path[match.start() :]
        return None

    def learn(self, capture: Capture) -> None:
        """Remember the keys of a request, so that they are hidden from here on."""
        for name, value in capture.headers:
            if carries_secret(name):
                found = _SCHEME.fullmatch(value.strip())
                self._keys[found[2] if found else value] = None
        query = capture.target.decode("latin-1").partition("?")[2]
        self._keys.update((value, None) for name, value in parse_qsl(query) if carries_secret(name))
        while len(self._keys) > MOST_KEYS:
            self._keys.popitem(last=False)


def announced(capture: Capture) -> bool:
    """A body was announced, if only an empty one."""
    return any(name.lower() in ("content-length", "transfer-encoding") for name, _ in capture.headers)


def _split(url: str) -> tuple[str, str]:
    """Origin and path of a base URL."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host}", f"{slash}{path}".rstrip("/")


def _hidden(lines: Lines | tuple[tuple[str, str], ...]) -> Lines:
    """The values of telling names hidden; a scheme such as Bearer is left, for it is judged."""
    shown = []
    for name, value in lines:
        found = _SCHEME.fullmatch(value.strip())
        secret = f"{found[1]} {HIDDEN}" if found else HIDDEN if value.strip() else ""
        shown.append((name, secret if carries_secret(name) else value))
    return shown


def _response(
    capture: Capture, request: Request, redactor: Redactor
) -> tuple[Response | None, frozenset[str]]:
    """The answer as the suite's own client would have received it, and what can't be judged of it."""
    if capture.status is None:
        return None, frozenset()
    wants = decode(request.body or b"").value
    streams = isinstance(wants, dict) and wants.get("stream") is True
    reception = Reception(Bounds(MOST_BODY, max_event_bytes=MOST_BODY, streams=streams))
    pieces, lines = _readable(capture)
    if pieces is None:
        lost = Response(capture.status, _clean(capture.answered, redactor), failure=Failure(*_PACKED))
        return lost, frozenset({"answer"})
    reception.head(capture.status, lines)
    for at, data in pieces:
        if reception.stop:
            break
        reception.data(data, at)
    if capture.left_out:
        reception.fail(*_CUT)
    elif capture.failure:
        reception.fail(*capture.failure)
    elif not reception.stop:
        reception.end()
    response = reception.response(redactor)
    assert response is not None
    return replace(response, headers=_clean(capture.answered, redactor)), _lost(capture, response)


def _clean(lines: Lines, redactor: Redactor) -> Headers:
    """An answer's headers without keys, which may stand in a name as well."""
    return Headers(tuple((redactor.text(name), redactor.text(value)) for name, value in lines))


def _lost(capture: Capture, response: Response) -> frozenset[str]:
    """What was not kept, or did not come because the client left, is nobody's fault."""
    failure = response.failure.kind if response.failure else ""
    if capture.left_out or failure == "too-large":
        return frozenset({"end", "answer"})
    return frozenset({"answer"}) if failure == "closed" and response.events is None else frozenset()


def _readable(capture: Capture) -> tuple[list[tuple[float, bytes]] | None, Lines]:
    """The pieces in an encoding that is read piece by piece, or unpacked as a whole; None: not readable."""
    headers = Headers(tuple(capture.answered))
    try:
        decoder(headers.get("content-encoding"))
    except EncodingError:
        pass
    else:
        return capture.pieces, capture.answered
    lines = [line for line in capture.answered if line[0].lower() != "content-encoding"]
    if not capture.pieces:
        return [], lines
    try:
        whole = unpacked(b"".join(data for _, data in capture.pieces), headers)
    except LostError:
        return None, lines
    return [(capture.pieces[-1][0], whole)], lines

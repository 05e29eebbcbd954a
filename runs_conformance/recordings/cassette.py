"""Our own recordings on disk: a vcrpy cassette, and beside it what vcrpy's format can't hold.

`cassette.yaml` is written by vcrpy's own serializer, so any vcrpy plays it. `arrivals.jsonl` has a line for
each exchange: when its chunks arrived, how a broken answer broke, which headers were the transfer's.
Secrets are out before either is made. The order of header lines of different names is not kept.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from runs_conformance.contract import sse
from runs_conformance.contract.model import Chunk, Exchange, Failure, Headers, Request, Response
from runs_conformance.recordings.files import read
from runs_conformance.recordings.matching import Key, key_of
from runs_conformance.recordings.recorded import CassetteError, Recorded, Trouble
from runs_conformance.recordings.scrub import Scrubber

CASSETTE: Final = "cassette.yaml"
ARRIVALS: Final = "arrivals.jsonl"
# vcrpy would unpack, or cut, a body that is stored as it was read.
_OF_TRANSFER: Final = frozenset({"content-encoding", "transfer-encoding", "content-length"})


@dataclass(frozen=True)
class Taped:
    """One recorded exchange.

    `manner`: see `matching`; `last`: after it the run was not asked for again; `about`: what it was sent for.
    """

    exchange: Exchange
    manner: str = ""
    last: bool = False
    about: str = ""

    @property
    def key(self) -> Key:
        request = self.exchange.request
        return key_of(request.method, request.path, request.query, request.body, self.manner)


@dataclass
class Tape:
    """Recorded exchanges, found by what was asked and what for; each is played once, equal ones in order.

    Assistants are made once for all that need them, so for them it does not matter who asks first.
    """

    _by_key: dict[tuple[str, Key], deque[Taped]] = field(default_factory=lambda: defaultdict(deque))
    _by_name: dict[str, Taped] = field(default_factory=dict)

    @classmethod
    def of(cls, taped: Iterable[Taped]) -> Tape:
        tape = cls()
        for one in taped:
            tape._by_key[_place(one.about, one.key)].append(one)
            tape._by_name[one.exchange.id] = one
        return tape

    def __len__(self) -> int:
        return len(self._by_name)

    def has(self, key: Key, about: str = "") -> bool:
        return bool(self._by_key.get(_place(about, key)))

    def take(self, key: Key, about: str = "") -> Taped | None:
        """The next exchange for a request, None if there is none (any more)."""
        waiting = self._by_key.get(_place(about, key))
        return waiting.popleft() if waiting else None

    def still_beside(self, taped: Taped) -> bool:
        """A call that was made while this one was under way has not been played yet."""
        begin, end = taped.exchange.started_at, taped.exchange.started_at + taped.exchange.seconds
        return any(
            begin <= one.exchange.started_at < end
            for (about, _), waiting in self._by_key.items() if about == taped.about for one in waiting
        )

    def named(self, name: str) -> Exchange | None:
        """An exchange by its id in the recording; it counts as played."""
        found = self._by_name.get(name)
        if found is None:
            return None
        waiting = self._by_key[_place(found.about, found.key)]
        if found in waiting:
            waiting.remove(found)
        return found.exchange


def _place(about: str, key: Key) -> tuple[str, Key]:
    return ("" if key[1].startswith("/assistants") else about), key


def write(folder: Path, taped: Iterable[Taped], hide: Scrubber) -> None:
    """Write both files; OSError if the folder can't be written."""
    from vcr.request import Request as VcrRequest  # noqa: PLC0415 - takes a while, and only recording needs it
    from vcr.serialize import serialize  # noqa: PLC0415
    from vcr.serializers import yamlserializer  # noqa: PLC0415

    requests: list[Any] = []
    responses: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    for one in taped:
        clean = scrubbed(one, hide)
        request, response = clean.exchange.request, clean.exchange.response
        lines.append(_line(clean, len(responses) if response is not None else None))
        if response is not None:
            requests.append(VcrRequest(
                request.method, _url(clean.exchange), request.body, _grouped(request.headers),
            ))
            responses.append(_response(response))
    text = serialize({"requests": requests, "responses": responses}, yamlserializer)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CASSETTE).write_text(text, "utf-8")
    (folder / ARRIVALS).write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")


def scrubbed(taped: Taped, hide: Scrubber) -> Taped:
    """Without secrets; bodies keep their lengths, so that offsets stay true."""
    one = taped.exchange
    request = Request(
        one.request.method, hide.text(one.request.path), hide.pairs(one.request.query),
        Headers(hide.pairs(one.request.headers.lines)),
        None if one.request.body is None else hide.data(one.request.body),
    )  # fmt: skip
    response = one.response
    if response is not None:
        response = Response(
            response.status, Headers(hide.pairs(response.headers.lines)), hide.data(response.body),
            response.chunks, response.events, _clean(response.failure, hide), response.comments,
        )  # fmt: skip
    clean = Exchange(
        one.id, request, response, _clean(one.failure, hide), one.started_at, one.seconds, None, "recording",
        one.throttled, one.resent, hide.url(one.base_url),
    )  # fmt: skip
    return replace(taped, exchange=clean, manner=hide.text(taped.manner))


def _clean(failure: Failure | None, hide: Scrubber) -> Failure | None:
    return failure and Failure(failure.kind, hide.text(failure.text))


def _url(exchange: Exchange) -> str:
    request = exchange.request
    query = urlencode(request.query, quote_via=quote, errors="surrogatepass", encoding="utf-8")
    path = quote(request.path.encode("utf-8", "surrogatepass"), safe="/%:@!$&'()*+,;=~-._")
    return f"{exchange.base_url}{path}{'?' if query else ''}{query}"


def _grouped(headers: Headers) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in headers.lines:
        found.setdefault(name, []).append(value)
    return found


def _response(response: Response) -> dict[str, Any]:
    kept = Headers(tuple(line for line in response.headers.lines if line[0].lower() not in _OF_TRANSFER))
    return {
        "status": {"code": response.status, "message": ""},
        "headers": {**_grouped(kept), "content-length": [str(len(response.body))]},
        "body": {"string": response.body},
    }


def _line(taped: Taped, place: int | None) -> dict[str, Any]:
    """What the cassette can't hold; the whole request where nothing was answered."""
    one, response = taped.exchange, taped.exchange.response
    line: dict[str, Any] = {
        "id": one.id, "interaction": place, "path": one.request.path,
        # unrounded: which call was over when the next began is decided by them
        "started_at": one.started_at, "seconds": one.seconds,
    }  # fmt: skip
    line |= {"query": one.request.query} if one.request.query else {}
    line |= {name: True for name in ("throttled", "resent") if getattr(one, name)}
    line |= {"about": taped.about} if taped.about else {}
    line |= {"manner": taped.manner} if taped.manner else {}
    line |= {"last": True} if taped.last else {}
    if response is None:
        body = one.request.body
        line |= {"method": one.request.method, "base_url": one.base_url, "failure": _told(one.failure)}
        line["asked"] = one.request.headers.lines
        return line | ({} if body is None else {"body": base64.b64encode(body).decode()})
    line["transfer"] = [each for each in response.headers.lines if each[0].lower() in _OF_TRANSFER]
    line["chunks"] = [[chunk.start, chunk.size, round(chunk.at, 6)] for chunk in response.chunks]
    line |= {"streamed": True} if response.events is not None else {}
    return line | ({"failure": _told(response.failure)} if response.failure else {})


def _told(failure: Failure | None) -> list[str]:
    return [failure.kind, failure.text] if failure else ["protocol", "no answer"]


def load(folder: Path) -> Iterator[Taped]:
    """The exchanges of a folder that `write` made; CassetteError with a sentence for what can't be used."""
    file = folder / ARRIVALS
    try:
        lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise CassetteError(f"{file}: can't be read ({error}); record anew with --record") from None
    calls = []
    for entry in read(folder / CASSETTE):
        if isinstance(entry, Trouble):
            if not any(line.get("interaction") is not None for line in lines):
                continue  # nothing was ever answered: an empty cassette
            raise CassetteError(f"{entry.place}: {entry.text}; record anew with --record")
        calls.append(entry)
    try:
        for line in lines:
            yield _taped(line, calls)
    except (KeyError, IndexError, TypeError, ValueError, binascii.Error) as error:
        raise CassetteError(f"{file} and {CASSETTE} do not belong together ({error!r})") from None


def _taped(line: dict[str, Any], calls: list[Recorded]) -> Taped:
    place = line["interaction"]
    headers = Headers(tuple((name, value) for name, value in line.get("asked", ())))
    query = tuple((name, value) for name, value in line.get("query", ()))
    if place is None:
        body = base64.b64decode(line["body"]) if "body" in line else None
        request, base = Request(line["method"], line["path"], query, headers, body), line["base_url"]
        response = None
    else:
        call = calls[place]
        asked = Headers(call.request_headers)
        request = Request(call.method, line["path"], query, asked, call.request_body)
        base, response = "", _played(line, call)
    failure = Failure(*line["failure"]) if response is None else None
    exchange = Exchange(
        line["id"], request, response, failure, line["started_at"], line["seconds"], None, "recording",
        line.get("throttled", False), line.get("resent", False), base,
    )  # fmt: skip
    return Taped(exchange, line.get("manner", ""), line.get("last", False), line.get("about", ""))


def _played(line: dict[str, Any], call: Recorded) -> Response:
    body = call.body or b""
    chunks = tuple(Chunk(start, size, at) for start, size, at in line["chunks"])
    stream = sse.read(body, chunks) if line.get("streamed") else None
    kept = tuple(each for each in call.response_headers if each[0].lower() not in _OF_TRANSFER)
    headers = Headers((*kept, *((name, value) for name, value in line["transfer"])))
    return Response(
        call.status, headers, body, chunks,
        stream.events if stream else None, Failure(*line["failure"]) if "failure" in line else None,
        stream.comments if stream else (),
    )  # fmt: skip

"""What was on the wire: the immutable records that every source fills and every check reads.

A live client, a cassette, a HAR file and a proxy all end here. Times are seconds; `at` values are relative to
the moment the request was sent (monotonic), `started_at` is Unix time. Bodies are bytes after content
decoding.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from runs_conformance.contract.jsontext import MISSING, Missing, decode
from runs_conformance.contract.operations import ANSWERS, Operation, identify


class Kept:
    """What records derive of themselves once stays out of copies that are sent to another process."""

    def __getstate__(self) -> dict[str, Any]:
        held = vars(self)
        return {name: held[name] for name in self.__dataclass_fields__}  # type: ignore[attr-defined] # all are


@dataclass(frozen=True)
class Headers:
    """Header lines in order of arrival; look-up ignores case; a name may repeat."""

    lines: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, source: Mapping[str, str] | Sequence[tuple[str, str]]) -> Headers:
        pairs = source.items() if isinstance(source, Mapping) else source
        return cls(tuple((str(name), str(value)) for name, value in pairs))

    def get(self, name: str) -> str | None:
        values = self.all(name)
        return ", ".join(values) if values else None

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.lines if key.lower() == name.lower())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self.all(name))

    @property
    def media_type(self) -> str:
        return (self.get("content-type") or "").split(";")[0].strip().lower()


@dataclass(frozen=True)
class Request(Kept):
    """One request.

    `path` is below the target's base URL (`/threads/thread_1/runs`), `query` in order, still encoded names
    decoded.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Headers = Headers()
    body: bytes | None = None

    @cached_property
    def json(self) -> Any:
        """The body as JSON; `MISSING` when there is none or it is not JSON."""
        return MISSING if self.body is None else decode(self.body).value

    @property
    def object(self) -> dict[str, Any]:
        """The body as an object, empty when it is anything else."""
        return self.json if isinstance(self.json, dict) else {}


@dataclass(frozen=True)
class Chunk:
    """Bytes as they arrived: `start` is their offset in the decoded body, `at` seconds after the request."""

    start: int
    size: int
    at: float


@dataclass(frozen=True)
class Event(Kept):
    """One server-sent event block.

    `name` is None without an `event:` line; `at` is the arrival of its last byte.
    """

    index: int
    name: str | None
    data: str | None
    start: int
    end: int
    at: float
    raw: bytes = b""
    ended: bool = True
    other_lines: tuple[str, ...] = ()
    data_lines: int = 1

    @cached_property
    def json(self) -> Any:
        return MISSING if self.data is None else decode(self.data.encode("utf-8", "surrogatepass")).value

    @property
    def object(self) -> dict[str, Any]:
        return self.json if isinstance(self.json, dict) else {}

    @property
    def is_done(self) -> bool:
        return self.data == "[DONE]"


@dataclass(frozen=True)
class Failure:
    """Why there is no whole answer. `kind` is one of FAILURES; `text` a sentence for people."""

    kind: str
    text: str


# Bytes: an answer that is hardly worth counting; what a decoded value, and an event, take beside their text.
SMALL = 64 * 1024
VALUE = 100
EVENT = 2_000
# "closed": we closed a stream early, as the case asked; what is missing then is nobody's fault.
FAILURES: Final = (
    "unreachable", "tls", "disconnected", "deadline", "idle", "too-large", "protocol", "encoding", "closed",
)  # fmt: skip


@dataclass(frozen=True)
class Response(Kept):
    """One answer. `events` is None unless it was an event stream; `failure` tells a body that broke off."""

    status: int
    headers: Headers = Headers()
    body: bytes = b""
    chunks: tuple[Chunk, ...] = ()
    events: tuple[Event, ...] | None = None
    failure: Failure | None = None
    comments: tuple[str, ...] = ()

    @cached_property
    def json(self) -> Any:
        return decode(self.body).value if self.body else MISSING

    @property
    def object(self) -> dict[str, Any]:
        return self.json if isinstance(self.json, dict) else {}

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        return 400 <= self.status < 500


def weight(response: Response) -> int:
    """About the bytes that an answer takes: a large one is kept as it came and as it was decoded."""
    size = len(response.body)
    if size <= SMALL:
        return size
    return 3 * size + VALUE * response.body.count(b",") + EVENT * len(response.events or ())


@dataclass(frozen=True)
class Case:
    """Why a request was sent: the requirements it exercises and what the contract says must come back.

    `expect` is "accepted", "refused" or "any"; `name` is shown to people; `where` is the JSON pointer that
    was changed, `value` what was put there (for the finding's text).
    """

    name: str
    requirements: tuple[str, ...] = ()
    expect: str = "any"
    where: str = ""


@dataclass(frozen=True)
class Exchange(Kept):
    """One request and what came back. `response` is None when nothing came at all (see `failure`)."""

    id: str
    request: Request
    response: Response | None
    failure: Failure | None = None
    started_at: float = 0.0
    seconds: float = 0.0
    case: Case | None = None
    source: str = "live"
    throttled: bool = False
    resent: bool = False
    base_url: str = ""

    def __hash__(self) -> int:
        """Not of all that it holds: a stream has 50,000 events, and a check may ask for each of them."""
        return hash((self.id, self.started_at))

    @cached_property
    def operation(self) -> Operation:
        return identify(self.request.method, self.request.path)

    @property
    def status(self) -> int | None:
        return self.response.status if self.response else None

    @property
    def ok(self) -> bool:
        return self.response is not None and self.response.ok and self.response.failure is None

    @property
    def refused(self) -> bool:
        """Answered with a 4xx, however the answer ended."""
        return self.response is not None and self.response.refused

    @property
    def answer(self) -> Any:
        """The answer's JSON, `MISSING` if there is none."""
        return self.response.json if self.response else MISSING

    @cached_property
    def shown(self) -> tuple[Snapshot, ...]:
        """Every object that a successful answer shows: the body, a list's entries, each event's data."""
        return tuple(_shown(self))

    @cached_property
    def shown_by_kind(self) -> dict[str, tuple[Snapshot, ...]]:
        """The same by what each calls itself (`object`), in their order."""
        found: dict[str, list[Snapshot]] = {}
        for one in self.shown:
            kind = one.value.get("object")
            if isinstance(kind, str):
                found.setdefault(kind, []).append(one)
        return {kind: tuple(shown) for kind, shown in found.items()}

    @property
    def streamed(self) -> bool:
        return self.response is not None and self.response.events is not None


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A run (step, message, thread) as one exchange showed it; `where` says at which event or pointer."""

    exchange: Exchange
    value: dict[str, Any]
    where: str = ""
    event: Event | None = None


def _shown(exchange: Exchange) -> Iterator[Snapshot]:
    if exchange.response is None or not exchange.response.ok:
        return
    if exchange.response.events is not None:
        for event in exchange.response.events:
            if isinstance(event.json, dict):
                yield Snapshot(exchange, event.json, f"event {event.index}", event)
        return
    body = exchange.response.object
    if ANSWERS.get(exchange.operation.name, "").startswith("list:") and isinstance(body.get("data"), list):
        for index, entry in enumerate(body["data"]):
            if isinstance(entry, dict):
                yield Snapshot(exchange, entry, f"response /data/{index}")
    elif body:
        yield Snapshot(exchange, body, "response")


@dataclass(frozen=True)
class Trace(Kept):
    """The exchanges about one thread and its runs, in the order in which they were started."""

    exchanges: tuple[Exchange, ...]
    thread_id: str | None = None

    @cached_property
    def derived(self) -> dict[str, Any]:
        """What several checks work out of it, by name: each once."""
        return {}

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self.exchanges)

    def of(self, *operations: str) -> tuple[Exchange, ...]:
        return tuple(one for one in self.exchanges if one.operation.name in operations)


def to_bytes(value: Any) -> bytes:
    """JSON as compact UTF-8 bytes, lone surrogates escaped; 1 and 1.0 stay different."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


__all__ = [
    "FAILURES", "MISSING", "Case", "Chunk", "Event", "Exchange", "Failure", "Headers", "Missing", "Operation",
    "Request", "Response", "Snapshot", "Trace", "to_bytes", "weight",
]

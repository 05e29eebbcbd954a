"""What goes out.

A call dressed with the profile's headers, query and key, and its record without the secrets.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import httpx2

from runs_conformance.contract.model import Case, Failure, Headers, Request, to_bytes
from runs_conformance.target.encoding import ACCEPTED
from runs_conformance.target.profile import PLACEHOLDER_KEY, Profile, Secret
from runs_conformance.target.reception import KEPT_OF_TOO_LARGE, Bounds
from runs_conformance.target.redact import HIDDEN, Redactor
from runs_conformance.target.wire import Plan

Pairs = tuple[tuple[str, str], ...]
USER_AGENT: Final = "runs-conformance"
_PATH_SAFE: Final = "/%:@!$&'()*+,;=~-._"


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of `Client.send`; `body` is a JSON value, bytes, or None for no body."""

    method: str
    path: str
    body: Any = None
    query: Pairs = ()
    headers: Pairs = ()
    drop_headers: frozenset[str] = frozenset()
    case: Case | None = None
    stream_hint: bool = False
    close_after: int | None = None

    @property
    def content(self) -> bytes | None:
        return self.body if self.body is None or isinstance(self.body, bytes) else to_bytes(self.body)


def call_of(
    method: str,
    path: str,
    *,
    body: Any = None,
    query: Iterable[tuple[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    drop_headers: Collection[str] = (),
    case: Case | None = None,
    stream_hint: bool = False,
    close_after: int | None = None,
) -> Call:
    """The arguments of `Client.send`, made immutable."""
    dropped = frozenset(name.lower() for name in drop_headers)
    return Call(
        method,
        path,
        body,
        tuple(query),
        tuple((headers or {}).items()),
        dropped,
        case,
        stream_hint,
        close_after,
    )


class Dresser:
    """Knows what every request of a session carries. ProfileError when there is no key for `base_url`."""

    def __init__(self, profile: Profile, base_url: str) -> None:
        self._profile = profile
        self._base_url = base_url
        key = profile.key(base_url)
        self._headers = (*_credentials(profile.auth_header, key), *profile.headers)
        self._hidden = {(each.name.lower(), each.value) for each in self._headers if each.hidden}
        self.redactor = Redactor(_secrets(profile, key))

    @property
    def secrets(self) -> Pairs:
        """The profile's headers, key included, as they go out: for whoever sends to the same target."""
        return tuple((each.name, each.value) for each in self._headers)

    def plan(self, call: Call, room: int) -> Plan:
        """How the call goes out; `room` is how many bytes the session may still keep."""
        limits, timeouts = self._profile.limits, self._profile.timeouts
        content = call.content
        streams = (
            call.stream_hint or Request(call.method, call.path, body=content).object.get("stream") is True
        )
        most = min(limits.max_bytes, max(KEPT_OF_TOO_LARGE, room))
        return Plan(
            method=call.method,
            url=self._url(call),
            headers=self._merged(call, content),
            drop=call.drop_headers,
            body=content,
            bounds=Bounds(most, limits.max_event_bytes, limits.max_events, streams, call.close_after),
            connect=timeouts.connect,
            deadline=timeouts.stream if streams else timeouts.exchange,
            idle=timeouts.idle if streams else None,
        )

    def recorded(self, call: Call, sent: httpx2.Request | None) -> Request:
        """The request as it is kept: all header lines that went out, in their order, secrets hidden."""
        lines = (
            [] if sent is None else [(n.decode("ascii"), v.decode("latin-1")) for n, v in sent.headers.raw]
        )
        ours = ((each.name, HIDDEN if each.hidden else each.value) for each in self._profile.query)
        return Request(
            call.method,
            call.path,
            (*ours, *call.query),
            Headers(tuple(map(self._shown, lines))),
            call.content,
        )

    def safe(self, failure: Failure | None) -> Failure | None:
        return failure and Failure(failure.kind, self.redactor.text(failure.text))

    def _shown(self, line: tuple[str, str]) -> tuple[str, str]:
        """The scheme of a credential is left: a line that repeats the request needs it."""
        name, value = line
        if (name.lower(), value) not in self._hidden:
            return name, self.redactor.text(value)
        scheme, space, _ = value.partition(" ")
        return name, f"{scheme} {HIDDEN}" if space and scheme.isalpha() else HIDDEN

    def _url(self, call: Call) -> str:
        # An id that a target chose must not lead anywhere else: no query, fragment or authority comes out of
        # a path.
        path = quote(call.path.encode("utf-8", "surrogatepass"), safe=_PATH_SAFE)
        query = [*((each.name, each.value) for each in self._profile.query), *call.query]
        text = urlencode(query, quote_via=quote, errors="surrogatepass", encoding="utf-8")
        return f"{self._base_url}/{path.lstrip('/')}{'?' if text else ''}{text}"

    def _merged(self, call: Call, content: bytes | None) -> Pairs:
        result: dict[str, tuple[str, str]] = {}
        ours = (*_defaults(content), *((each.name, each.value) for each in self._headers))
        for name, value in (*ours, *call.headers):
            result[name.lower()] = (name, value)
        return tuple(line for name, line in result.items() if name not in call.drop_headers)


def _defaults(content: bytes | None) -> Iterable[tuple[str, str]]:
    # The official SDKs send this Accept for streams too; servers that negotiate refuse text/event-stream.
    yield "Accept", "application/json"
    yield "Accept-Encoding", ACCEPTED
    yield "User-Agent", USER_AGENT
    yield "OpenAI-Beta", "assistants=v2"
    if content is not None:
        yield "Content-Type", "application/json"


def _credentials(style: str, key: str | None) -> tuple[Secret, ...]:
    if key is None:
        return ()
    if style == "api-key":
        return (Secret("api-key", key, hidden=True),)
    return (Secret("Authorization", f"Bearer {key}", hidden=True),)


def _secrets(profile: Profile, key: str | None) -> Iterable[str]:
    """Values to look for in everything that is kept; the placeholder is no secret."""
    if key and key != PLACEHOLDER_KEY:
        yield key
    yield from (each.value for each in (*profile.headers, *profile.query) if each.hidden)
    yield from filter(None, [profile.resource("second_key")])

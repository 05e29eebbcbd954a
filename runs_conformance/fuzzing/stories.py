"""What has to be sent to meet a finding again: the request, and before it whatever made the ids in it.

Ids of one session mean nothing in the next, so a story says where each comes from: `{{0:id}}` is what stands
at `id` in the answer to the first call, `{{2:event/0/thread_id}}` in the first event's data of the third.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from runs_conformance.contract.model import Case, Exchange

_PLACE: Final = re.compile(r"\{\{(\d+):([\w/]+)\}\}")
_SHORTEST_ID: Final = 6
_MOST_CALLS: Final = 20
# Set by the client itself, from the profile.
_CLIENTS: Final = frozenset({
    "host", "content-length", "authorization", "api-key", "user-agent", "accept", "accept-encoding",
    "connection", "openai-beta", "content-type", "transfer-encoding",
})  # fmt: skip
_DEFAULTS: Final = {
    "accept": "application/json", "openai-beta": "assistants=v2", "content-type": "application/json",
}  # fmt: skip


@dataclass(frozen=True)
class Call:
    """One request of a story; `body` is text, or `base64:` and what is no UTF-8. `expect` as in a Case."""

    method: str
    path: str
    body: str | None = None
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    dropped: tuple[str, ...] = ()
    expect: str = "any"
    requirements: tuple[str, ...] = ()
    name: str = ""

    @classmethod
    def of(cls, exchange: Exchange, profiles: Iterable[str] = ()) -> Self:
        request, case = exchange.request, exchange.case or Case("")
        ours = _CLIENTS | {name.lower() for name in profiles}
        sent = {name.lower(): value for name, value in request.headers.lines}
        odd = [(name, sent[name]) for name, usual in _DEFAULTS.items() if sent.get(name, usual) != usual]
        more = [(name, value) for name, value in request.headers.lines if name.lower() not in ours]
        asked = tuple(pair for pair in request.query if pair[0].lower() not in ours)
        needed = ("accept", "openai-beta", *(["content-type"] if request.body is not None else []))
        dropped = tuple(name for name in needed if request.headers.lines and name not in sent)
        return cls(
            request.method, request.path, _text(request.body), asked, (*odd, *more), dropped,
            case.expect, case.requirements, case.name,
        )  # fmt: skip

    @classmethod
    def read(cls, record: dict[str, Any]) -> Self:
        pairs = {key: tuple(map(tuple, record.get(key, ()))) for key in ("query", "headers")}
        lists = {key: tuple(record.get(key, ())) for key in ("dropped", "requirements")}
        return cls(**{**record, **pairs, **lists})

    def arguments(self, answers: Sequence[Exchange]) -> dict[str, Any]:
        """For `Client.send`, ids filled in from the answers so far; LookupError if one is not there."""
        path, body = _filled(self.path, answers), self.body
        content = None if body is None else _bytes(_filled(body, answers))
        case = Case(self.name, self.requirements, self.expect)
        return {
            "method": self.method, "path": path, "body": content, "query": self.query,
            "headers": dict(self.headers), "drop_headers": self.dropped, "case": case,
        }  # fmt: skip


def story(
    exchange: Exchange, journal: Sequence[Exchange], profiles: Iterable[str] = (),
    also: Sequence[Exchange] = (),
) -> tuple[Call, ...]:  # fmt: skip
    """The calls that meet what `exchange` met, itself last; `also` are calls that must come before it.

    `journal` holds all that was sent, in order; `profiles` are names of headers and query parameters that the
    profile adds by itself.
    """
    last = int(exchange.id[1:])
    earlier = [one for one in journal if int(one.id[1:]) <= last]
    made = {name: (one, token) for one in reversed(earlier) for name, token in produced(one).items()}
    chosen = [exchange, *also]
    for each in chosen:  # it grows while it is read
        for maker in (made[name][0] for name in _named(each, made)):
            if all(one.id != maker.id for one in chosen) and len(chosen) < _MOST_CALLS:
                chosen.append(maker)
    chosen.sort(key=lambda one: int(one.id[1:]))
    numbers = {one.id: index for index, one in enumerate(chosen)}
    names = {
        name: f"{{{{{numbers[maker.id]}:{token}}}}}"
        for name, (maker, token) in made.items() if maker.id in numbers and maker.id != exchange.id
    }
    return tuple(_placed(Call.of(one, profiles), names) for one in chosen)


def produced(exchange: Exchange) -> dict[str, str]:
    """The ids that an answer shows first of all, and where."""
    if exchange.request.method != "POST" or not exchange.ok or exchange.response is None:
        return {}
    found: dict[str, str] = {}
    events = exchange.response.events
    values = [("", exchange.response.object)] if events is None else [
        (f"event/{each.index}/", each.object) for each in events[:3]
    ]
    for prefix, value in values:
        for key in ("id", "thread_id"):
            name = value.get(key)
            if isinstance(name, str) and len(name) >= _SHORTEST_ID:
                found.setdefault(name, prefix + key)
    return found


def _named(exchange: Exchange, made: dict[str, Any]) -> Iterator[str]:
    body = exchange.request.body or b""
    for name in made:
        if name in exchange.request.path or name.encode() in body:
            yield name


def _placed(call: Call, names: dict[str, str]) -> Call:
    path, body = call.path, call.body
    for name in sorted(names, key=len, reverse=True):
        path = path.replace(name, names[name])
        body = body and body.replace(name, names[name])
    return Call(
        call.method, path, body, call.query, call.headers, call.dropped, call.expect, call.requirements,
        call.name,
    )  # fmt: skip


def _filled(text: str, answers: Sequence[Exchange]) -> str:
    return _PLACE.sub(lambda found: _looked_up(answers, int(found[1]), found[2]), text)


def _looked_up(answers: Sequence[Exchange], number: int, token: str) -> str:
    answer = answers[number].response if number < len(answers) else None
    value: Any = answer.object if answer else None
    parts = token.split("/")
    if parts[0] == "event" and answer is not None and answer.events is not None:
        value, parts = answer.events[int(parts[1])].object, parts[2:]
    for part in parts:
        value = value.get(part) if isinstance(value, dict) else None
    if not isinstance(value, str):
        raise LookupError(  # noqa: TRY004 - it is not there
            f"call {number} did not answer with a {token.rpartition('/')[2]}"
        )
    return value


def _text(body: bytes | None) -> str | None:
    if body is None:
        return None
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return "base64:" + base64.b64encode(body).decode()
    return text


def _bytes(text: str) -> bytes:
    if text.startswith("base64:"):
        try:
            return base64.b64decode(text.removeprefix("base64:"), validate=True)
        except binascii.Error:
            return text.encode()
    return text.encode("utf-8")

"""What is sent: a schemathesis case, or an oddity, as one request to the target.

A case of the contract's operations gets living ids, our own JSON text, and the profile's headers in place of
those that schemathesis made; a case of the user's own document goes out as schemathesis would have sent it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import requests
from schemathesis import Case as Generated
from schemathesis.core import NotSet
from schemathesis.core.transport import Response as ReadResponse

from runs_conformance.contract.model import Case, Exchange, to_bytes
from runs_conformance.contract.operations import names, segment, template
from runs_conformance.fuzzing.hostile import Hostile
from runs_conformance.fuzzing.living import Living
from runs_conformance.fuzzing.oddities import arguments

Pairs = tuple[tuple[str, str], ...]
CONTRACT: Final = frozenset(names())
# What the profile decides, and what says who made the case.
_NOT_THEIRS: Final = frozenset({
    "authorization", "openai-beta", "user-agent", "x-schemathesis-testcaseid", "connection",
    "accept-encoding",
})  # fmt: skip
_BASE: Final = "http://target.invalid"


@dataclass(frozen=True)
class Shot:
    """One request. `operation` is the contract's name, or a label (`GET /widgets`) of the user's document.

    `body` is the bytes on the wire; `odd` says that no row of the contract speaks about it; `case` is what
    schemathesis' own checks need.
    """

    phase: str
    operation: str
    method: str
    path: str
    about: Case
    query: Pairs = ()
    headers: Pairs = ()
    dropped: tuple[str, ...] = ()
    body: bytes | None = None
    odd: bool = False
    case: Generated[Any] | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        """For `Client.send`."""
        return {
            "method": self.method, "path": self.path, "body": self.body, "query": self.query,
            "headers": dict(self.headers), "drop_headers": self.dropped, "case": self.about,
        }  # fmt: skip


def name_of(operation: Any) -> str:
    """The contract's name of a schemathesis operation, or its label."""
    raw = operation.definition.raw if operation.definition else {}
    name = raw.get("operationId", "") if isinstance(raw, dict) else ""
    return name if name in CONTRACT and _same_place(operation, name) else str(operation.label)


def _same_place(operation: Any, name: str) -> bool:
    method, path = template(name)
    shape = re.sub(r"\{\w+\}", "{}", path)
    return operation.method.upper() == method and re.sub(r"\{\w+\}", "{}", operation.path) == shape


def of_case(case: Generated[Any], living: Living, phase: str, about: Case) -> Shot:
    """A generated case of any operation; Blocked when the target can't make what its path needs."""
    name = name_of(case.operation)
    if name not in CONTRACT:
        return _theirs(case, phase, about)
    kinds = tuple(re.findall(r"\{(\w+?)(?:_id)?\}", case.operation.path))
    ids = living.ids(name, kinds)
    path = template(name)[1]
    for kind, value in ids.items():
        path = path.replace(f"{{{kind}}}", segment(value))
    return Shot(
        phase=phase, operation=name, method=case.method, path=path, about=about, query=_pairs(case.query),
        headers=_kept(case.headers), body=_body(case, living, phase), case=case,
    )  # fmt: skip


def placed(case: Generated[Any], phase: str, about: Case) -> Shot:
    """A case whose ids a link has filled in already."""
    name = name_of(case.operation)
    if name not in CONTRACT:
        return _theirs(case, phase, about)
    path = case.path
    for key, value in case.path_parameters.items():
        path = path.replace(f"{{{key}}}", segment(str(value)))
    body = None if isinstance(case.body, NotSet) else _written(whole(case.body))
    return Shot(
        phase, name, case.method, path, about, _pairs(case.query), _kept(case.headers), body=body, case=case
    )


def of_hostile(one: Hostile, operation: str, living: Living) -> Shot:
    """An oddity on one of the create operations, with a living assistant and thread."""
    sent = arguments(one, operation, living)
    return Shot(
        "hostile", operation, sent["method"], sent["path"], sent["case"], one.query, one.headers, one.dropped,
        sent["body"], odd=True,
    )  # fmt: skip


def response_of(exchange: Exchange, shot: Shot) -> ReadResponse | None:
    """The answer as schemathesis' checks read it; None if there was none."""
    answer = exchange.response
    if answer is None:
        return None
    headers: dict[str, list[str]] = {}
    for name, value in answer.headers.lines:
        headers.setdefault(name.lower(), []).append(value)
    sent = requests.Request(shot.method, f"{_BASE}{shot.path}").prepare()
    return ReadResponse(
        answer.status, headers, answer.body, sent, exchange.seconds, verify=True, encoding="utf-8"
    )


def _theirs(case: Generated[Any], phase: str, about: Case) -> Shot:
    sent = requests.Request(**_transport(case)).prepare()
    url = str(sent.url).removeprefix(_BASE)
    path, _, _ = url.partition("?")
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body
    body = body if isinstance(body, bytes) else None
    typed = (("Content-Type", str(sent.headers["Content-Type"])),) if "Content-Type" in sent.headers else ()
    headers = tuple((name, value) for name, value in _kept(case.headers) if name.lower() != "content-type")
    return Shot(
        phase, name_of(case.operation), case.method, path, about, _pairs(case.query), (*headers, *typed),
        body=body, case=case,
    )  # fmt: skip


def _transport(case: Generated[Any]) -> dict[str, Any]:
    known = ("method", "url", "json", "data", "files", "headers")
    made = case.as_transport_kwargs(base_url=_BASE)
    return {key: value for key, value in made.items() if key in known}


def _body(case: Generated[Any], living: Living, phase: str) -> bytes | None:
    if isinstance(case.body, NotSet):
        return None
    body = whole(case.body)
    if isinstance(body, dict) and isinstance(body.get("assistant_id"), str) and body["assistant_id"]:
        name = living.settled_assistant if phase == "fuzzing" else living.assistant
        body = {**body, "assistant_id": name}
    return _written(body)


def whole(value: Any) -> Any:
    """The value with 22.0 written as 22: schemathesis takes one for the other, typed servers do not."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, list):
        return [whole(each) for each in value]
    if isinstance(value, dict):
        return {name: whole(each) for name, each in value.items()}
    return value


def _written(body: Any) -> bytes:
    return body if isinstance(body, bytes) else to_bytes(body)


def _kept(headers: Any) -> Pairs:
    pairs = ((str(name), str(value)) for name, value in dict(headers or {}).items())
    kept = ((name, value) for name, value in pairs if name.lower() not in _NOT_THEIRS)
    return tuple((name, value) for name, value in kept if _sendable(value))


def _sendable(value: str) -> bool:
    return value.isprintable() and all(ord(letter) < 256 for letter in value)


def _pairs(query: Any) -> Pairs:
    return tuple(_flat(dict(query or {})))


def _flat(query: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in query.items():
        for each in value if isinstance(value, list) else [value]:
            yield str(name), _text(each)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else to_bytes(value).decode()

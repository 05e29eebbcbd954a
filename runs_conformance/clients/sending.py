"""What a client can send: its fixed cases, strategies for its bodies, and any body as it would go out.

Values come from the same tables and strategies as the suite's own (`stimuli`), limited to what the dialect
offers; what is written down here is only how a client changes them on the way.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import strategies as st

from runs_conformance.clients.dialects import ABSENT, INCLUDE, REQUESTS, Deviation, Dialect, Parameter
from runs_conformance.contract.model import to_bytes
from runs_conformance.contract.register import NEWEST, load
from runs_conformance.contract.schemas import is_valid, violations
from runs_conformance.contract.shapes import place
from runs_conformance.stimuli.base import messages_path
from runs_conformance.stimuli.bodies import bodies
from runs_conformance.stimuli.inside import Inside, Resources, inside

_TOOLING: Final = ("tool_choice", "parallel_tool_calls")


@dataclass(frozen=True)
class Outgoing:
    """A request as the client sends it: `body` is a JSON value, or bytes in a form of the client's own."""

    body: Any
    query: tuple[tuple[str, str], ...]
    headers: tuple[tuple[str, str], ...]
    drop_headers: frozenset[str]


@dataclass(frozen=True)
class Strange:
    """A deviation ready to be sent: `body` without assistant_id, the row that a refusal keeps."""

    deviation: Deviation
    operation: str
    body: Mapping[str, Any]
    row: str


def outgoing(
    dialect: Dialect, operation: str, body: Any, query: tuple[tuple[str, str], ...] = (),
) -> Outgoing:
    """The body with the client's own members, in its form, with its headers and query.

    Messages are left out where the client has no place for them.
    """
    wire = dialect.wire
    sent = body
    if isinstance(body, dict):
        sent = with_own(dialect, operation, body)
        if not _messages({one.field for one in dialect.offered(operation)}, operation):
            sent.pop(messages_path(operation)[0], None)
    return Outgoing(
        body=_written(sent, wire.json), query=(*wire.query, *query), headers=wire.headers,
        drop_headers=frozenset(wire.omits),
    )


def _written(body: Any, form: str) -> Any:
    """Indented bodies are bytes; the library would write them compactly."""
    if form == "compact" or isinstance(body, bytes):
        return body
    try:
        return json.dumps(body, ensure_ascii=False, indent=2).encode()
    except UnicodeEncodeError:
        return to_bytes(body)


def with_own(dialect: Dialect, operation: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The body with what the client adds by itself: fields of every request, nulls for what was not given."""
    made = {**copy.deepcopy(dict(dialect.wire.always)), **copy.deepcopy(dict(body))}
    for parameter in dialect.offered(operation):
        if parameter.null == "unset":
            _fill(made, parameter.path)
    return made


def _fill(body: dict[str, Any], path: tuple[str, ...]) -> None:
    inner: Any = body
    for part in path[:-1]:
        inner = inner.get(part) if isinstance(inner, dict) else None
    if isinstance(inner, dict):
        inner.setdefault(path[-1], None)


def sendable(dialect: Dialect, operation: str, value: Inside) -> bool:
    """Whether the client's users can send this value at all."""
    offered = {one.field: one for one in dialect.offered(operation)}
    fields = all(_held(offered, name, held) for name, held in value.fields)
    lists = (not value.message or _messages(offered, operation)) and (
        "tools" in offered or not (value.tools or value.calls)
    )
    return fields and lists and not value.headers and (not value.query or INCLUDE in offered)


def _held(offered: Mapping[str, Parameter], field: str, value: Any) -> bool:
    parameter = offered.get(field)
    if parameter is not None:
        return _allowed(parameter, value)
    inner = [name for name in offered if name.startswith(f"{field}.")]
    if not inner or not isinstance(value, dict):
        return False
    return all(_held(offered, f"{field}.{key}", held) for key, held in value.items())


def _allowed(parameter: Parameter, value: Any) -> bool:
    if value is None and not parameter.null:
        return False
    return not parameter.values or any(_same(value, one) for one in parameter.values)


def _same(one: Any, other: Any) -> bool:
    return to_bytes(one) == to_bytes(other)


def _messages(offered: Collection[str], operation: str) -> bool:
    path = messages_path(operation)
    return any(".".join(path[:length]) in offered for length in range(1, len(path) + 1))


def cases(
    dialect: Dialect, operation: str, resources: Resources | None = None, edition: str = NEWEST,
) -> tuple[Inside, ...]:
    """The fixed values that the client can send, and those that its dialect names itself."""
    common = tuple(one for one in inside(operation, resources, edition) if sendable(dialect, operation, one))
    return (*common, *_own(dialect, operation, edition, common))


def _own(dialect: Dialect, operation: str, edition: str, common: tuple[Inside, ...]) -> Iterator[Inside]:
    held = {to_bytes([name, value]) for one in common for name, value in one.fields}
    for parameter in dialect.offered(operation):
        for value in parameter.values:
            body = {"assistant_id": "asst_placeholder", parameter.field: value}
            if len(parameter.path) > 1 or to_bytes([parameter.field, value]) in held or value is True:
                continue
            if is_valid(REQUESTS[operation], body, variant="sent", edition=edition):
                yield Inside(
                    "accept.optional-fields-absent", f"{parameter.name} {json.dumps(value)}",
                    ((parameter.field, value),), operations=(operation,),
                )


def strange(dialect: Dialect, operation: str, edition: str = NEWEST) -> tuple[Strange, ...]:
    """What the client is known to send outside of the contract of the edition."""
    found = (
        _strange(one, operation, edition) for one in dialect.deviations
        if operation in one.on and operation in dialect.operations
    )
    return tuple(one for one in found if one is not None)


def _strange(deviation: Deviation, operation: str, edition: str) -> Strange | None:
    body = {"assistant_id": "asst_placeholder", **(deviation.body or {})}
    body = {name: held for name, held in body.items() if held != ABSENT}
    rows = [deviation.row] if deviation.row else _rows(operation, body, edition)
    row = next((one for one in rows if load()[one].applies(edition)), "")
    body.pop("assistant_id", None)
    kept = {**body, **({"assistant_id": ABSENT} if ABSENT in (deviation.body or {}).values() else {})}
    return Strange(deviation, operation, kept, row) if row else None


def _rows(operation: str, body: Any, edition: str) -> list[str]:
    """The rows that the body breaks, as the schema and the register tell them."""
    broken = violations(REQUESTS[operation], body, variant="documented", edition=edition)
    rows = (
        load().for_request(REQUESTS[operation], place(one), one.keyword, one.value) for one in broken
    )
    return [row for row in rows if row]


@st.composite
def bodies_as(
    draw: st.DrawFn, dialect: Dialect, operation: str, model: str, *, edition: str = NEWEST,
    lacks: Collection[str] = (),
) -> dict[str, Any]:
    """A valid body that this client can send, without its assistant_id and without what it adds by itself."""
    offered = {one.field: one for one in dialect.offered(operation)}
    drawn = draw(bodies(operation, model, edition, lacks))
    made = {
        name: kept for name, held in drawn.items() if (kept := _kept(draw, offered, name, held)) is not ABSENT
    }
    return _together(made)


def _kept(draw: st.DrawFn, offered: Mapping[str, Parameter], field: str, value: Any) -> Any:
    """The drawn value, one of the client's own in its place, or ABSENT where it can send none."""
    parameter = offered.get(field)
    if parameter is not None:
        if parameter.values and value is not None:
            plain_values = [one for one in parameter.values if one is not True]
            return draw(st.sampled_from(plain_values)) if plain_values else ABSENT
        return value if value is not None or parameter.null else ABSENT
    if not isinstance(value, dict) or not any(name.startswith(f"{field}.") for name in offered):
        return ABSENT
    inner = {key: _kept(draw, offered, f"{field}.{key}", held) for key, held in value.items()}
    return {key: held for key, held in inner.items() if held is not ABSENT}


def _together(body: dict[str, Any]) -> dict[str, Any]:
    """A choice among tools makes sense only beside them."""
    if body.get("tools"):
        return body
    choice = body.get("tool_choice")
    gone = {"parallel_tool_calls", *(() if choice in (None, "none", "auto") else ("tool_choice",))}
    return {name: held for name, held in body.items() if name not in gone}

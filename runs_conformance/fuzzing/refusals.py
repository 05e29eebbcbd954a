"""What must be refused, one thing a request: faults derived from the schemas, and some that no keyword says.

Both operations have most of their schema in common. The first gets as many values as a check sends; the
second one value a place and keyword, that which a careless server takes for the right type.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from runs_conformance.contract.model import Case, to_bytes
from runs_conformance.contract.operations import template
from runs_conformance.fuzzing.living import Living
from runs_conformance.fuzzing.shots import Shot
from runs_conformance.live import Live
from runs_conformance.stimuli.base import CREATE_RUN
from runs_conformance.stimuli.bodies import faults
from runs_conformance.stimuli.outside import Outside, density

PHASE: Final = "coverage"
_NOBODY: Final = "asst_nobodys0000000000000000"
_INCLUDE: Final = (("include[]", "step_details.tool_calls[*].unknown"),)


def derived(live: Live, operation: str, *, first: bool) -> list[Outside]:
    """The derived faults of an operation, one of each row, then a second of each: a cut leaves none out."""
    held = tuple(faults(operation, live.edition, frozenset(live.profile.absent)))
    cases = density(held, live.effort)
    return _spread(cases if first or live.effort == "thorough" else _one_a_place(cases))


def _one_a_place(cases: Iterable[Outside]) -> list[Outside]:
    """A number as a string shows both who coerces and who does not look at all."""
    chosen: dict[tuple[Any, ...], Outside] = {}
    for case in cases:
        path = tuple("*" if isinstance(part, int) else part for part in case.path)
        key = (path, case.keyword, case.requirement)
        if key not in chosen or (case.keyword == "type" and isinstance(case.value, str)):
            chosen[key] = case
    return list(chosen.values())


def _spread(cases: Iterable[Outside]) -> list[Outside]:
    seen = Counter[str]()
    ranked = []
    for case in cases:
        seen[case.requirement] += 1
        ranked.append((seen[case.requirement], case))
    return [case for _, case in sorted(ranked, key=lambda pair: pair[0])]


def shot(case: Outside, operation: str, living: Living) -> Shot:
    """A derived fault in a body that is right but for it."""
    body = case.body(living.assistant, living.live.text())
    about = Case(case.name, (case.requirement,), "refused")
    sent = body if isinstance(body, bytes) else to_bytes(body)
    return Shot(PHASE, operation, "POST", _path(operation, living), about, body=sent)


def by_hand(operation: str, living: Living) -> Iterator[Shot]:
    """What no keyword of a schema says."""
    plain = living.live.plain(operation)
    bodies: dict[str, tuple[str, bytes]] = {
        "no body": ("refuse.body.form", b""),
        "half a JSON object": ("refuse.body.form", b'{"assistant_id": "asst_'),
        "a valid body in an array": ("refuse.body.form", to_bytes([plain])),
        "a valid body as a JSON string": ("refuse.body.form", to_bytes(to_bytes(plain).decode())),
        "an assistant that does not exist": (
            "refuse.assistant-id.unknown", to_bytes({**plain, "assistant_id": _NOBODY}),
        ),
    }  # fmt: skip
    for name, (row, body) in bodies.items():
        about = Case(name, (row,), "refused")
        yield Shot(PHASE, operation, "POST", _path(operation, living), about, body=body)
    if operation == CREATE_RUN:
        about = Case("an unknown include[]", ("refuse.include.value",), "refused")
        yield Shot(PHASE, operation, "POST", _path(operation, living), about, _INCLUDE, body=to_bytes(plain))


def _path(operation: str, living: Living) -> str:
    path = template(operation)[1]
    if operation != CREATE_RUN:
        return path
    return path.replace("{thread}", living.ids(operation, ("thread",))["thread"])

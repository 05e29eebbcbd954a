"""Servers that don't look at all, or at some, of what is wrong in a body, and whose profile says so."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from runs_conformance.contract.schemas import NEWEST, violations
from runs_conformance.reference.refusals import Refusal
from runs_conformance.reference.variations.absences import behaving, declare

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs_conformance.reference.behaviour import Behaviour

BOUNDS: Final = ("_value", "_max_length", "_min_length", "_max_properties")


def _dropping(faithful: Behaviour, meant: Callable[[Refusal], bool], *, whole: bool = False) -> Behaviour:
    """What these refusals are about (or the whole field around it) is dropped, and the rest served."""
    unknown = meant(Refusal("", param="unknown", code="unknown_parameter"))

    def check_body(schema: str, body: Any, edition: str | None = None) -> None:
        if unknown:
            _drop_unknown(schema, body, edition)
        while True:
            try:
                return faithful.check_body(schema, body, edition)
            except Refusal as refusal:
                param = re.sub(r"\[(\d+)\]", r".\1", refusal.param or "").split(".")
                if not meant(refusal) or not _drop(body, param[:1] if whole else param):
                    raise

    return replace(faithful, check_body=check_body)


def _drop_unknown(schema: str, body: Any, edition: str | None) -> None:
    """All at once: one by one, a body of 20,000 of them would take minutes."""
    for each in violations(schema, body, variant="documented", edition=edition or NEWEST):
        if each.keyword == "additionalProperties":
            _drop(body, [*map(str, each.path), str(each.property)])


def _drop(body: Any, path: list[str]) -> bool:
    """Whether there was something to drop."""
    for part in path[:-1]:
        body = _inner(body, part)
    return isinstance(body, dict) and body.pop(path[-1], path) is not path


def _inner(value: Any, part: str) -> Any:
    if isinstance(value, list) and part.isdecimal():
        return value[int(part)]
    return value.get(part) if isinstance(value, dict) else None


def _unchecked(faithful: Behaviour) -> Behaviour:
    unchecked: dict[str, Any] = {
        "check_settings": lambda _settings: None,
        "check_overlap": lambda _body: None,
    }
    return replace(_dropping(faithful, lambda _refusal: True, whole=True), **unchecked)


def _open(faithful: Behaviour) -> Behaviour:
    return _dropping(faithful, lambda refusal: refusal.code == "unknown_parameter")


def _unbounded(faithful: Behaviour) -> Behaviour:
    def meant(refusal: Refusal) -> bool:
        return (refusal.code or "").endswith(BOUNDS) and refusal.code != "invalid_value"

    return _dropping(faithful, meant, whole=True)


declare("refusals", behaving(_unchecked), "what is wrong in a body is left out and the rest served")
declare("refusals.unknown-fields", behaving(_open), "unknown fields are dropped")
declare("refusals.bounds", behaving(_unbounded), "values out of bounds are dropped")

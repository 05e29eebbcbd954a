"""Findings: what a check says about one requirement, with the evidence that a maintainer needs.

A finding about a passed requirement carries only its place; a failed one also what would have been acceptable
(each entry an alternative), what was seen, and where: an event number, a JSON pointer, a header.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from runs_conformance.contract.jsontext import brief
from runs_conformance.contract.model import Exchange


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    UNTESTABLE = "untestable"
    NOT_APPLICABLE = "not-applicable"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class Finding:
    """One judgement.

    `exchange` is the id of the exchange it was seen on, `blocked_by` the broken rung of an untestable.
    `generated`: seen on what Hypothesis made up, so that another seed may not show it.
    """

    requirement: str
    outcome: Outcome
    where: str = ""
    expected: tuple[str, ...] = ()
    actual: str = ""
    case: str = ""
    exchange: str = ""
    blocked_by: str = ""
    generated: bool = False

    @property
    def failed(self) -> bool:
        return self.outcome is Outcome.FAILED


def passed(requirement: str, exchange: Exchange | None = None, where: str = "") -> Finding:
    return Finding(requirement, Outcome.PASSED, where, **_origin(exchange))


def failed(
    requirement: str,
    exchange: Exchange | None,
    *,
    expected: str | Iterable[str],
    actual: Any,
    where: str = "",
) -> Finding:
    """A failure; `actual` that is not a sentence (str) is shown as JSON."""
    wanted = (expected,) if isinstance(expected, str) else tuple(expected)
    seen = actual if isinstance(actual, str) else brief(actual)
    return Finding(requirement, Outcome.FAILED, where, wanted, seen, **_origin(exchange))


def verdict(
    requirement: str,
    ok: bool,
    exchange: Exchange | None,
    *,
    expected: str | Iterable[str],
    actual: Any,
    where: str = "",
) -> Finding:
    """Passed if `ok`, else failed with the evidence."""
    if ok:
        return passed(requirement, exchange, where)
    return failed(requirement, exchange, expected=expected, actual=actual, where=where)


def untestable(requirement: str, reason: str, *, blocked_by: str = "", case: str = "") -> Finding:
    return Finding(requirement, Outcome.UNTESTABLE, actual=reason, blocked_by=blocked_by, case=case)


def not_applicable(requirement: str, reason: str) -> Finding:
    return Finding(requirement, Outcome.NOT_APPLICABLE, actual=reason)


def _origin(exchange: Exchange | None) -> dict[str, Any]:
    if exchange is None:
        return {}
    return {"exchange": exchange.id, "case": exchange.case.name if exchange.case else ""}

"""All faults by name."""

from __future__ import annotations

import difflib
import fnmatch
from typing import TYPE_CHECKING, Final

from runs_conformance.reference.faults.concurrency import concurrency
from runs_conformance.reference.faults.derived import derived
from runs_conformance.reference.faults.echo import echo
from runs_conformance.reference.faults.error import error
from runs_conformance.reference.faults.headers import headers
from runs_conformance.reference.faults.isolation import isolation
from runs_conformance.reference.faults.lifecycle import lifecycle
from runs_conformance.reference.faults.refusal import refusal
from runs_conformance.reference.faults.shape import shape
from runs_conformance.reference.faults.stream_bytes import stream_bytes
from runs_conformance.reference.faults.stream_meaning import stream_meaning
from runs_conformance.reference.faults.stream_order import stream_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runs_conformance.reference.faults.record import Fault

COLLECTED: Final = (
    shape,
    echo,
    refusal,
    error,
    headers,
    stream_bytes,
    stream_order,
    stream_meaning,
    lifecycle,
    isolation,
    concurrency,
)


class UnknownFaultError(ValueError):
    """A name or pattern that no fault has; the text names the closest."""


def _by_name(found: Iterable[Fault]) -> dict[str, Fault]:
    made: dict[str, Fault] = {}
    for fault in found:
        if fault.name in made:
            raise ValueError(f"two faults are called {fault.name}")
        made[fault.name] = fault
    return made


HAND_MADE: Final[Mapping[str, Fault]] = _by_name(fault for kind in COLLECTED for fault in kind.faults)
CATALOGUE: Final[Mapping[str, Fault]] = _by_name((*HAND_MADE.values(), *derived()))


def named(*patterns: str) -> tuple[Fault, ...]:
    """The faults that a name or a pattern such as `echo.*` stands for; UnknownFaultError if one stands for none."""
    found: dict[str, Fault] = {}
    for pattern in patterns:
        hits = {name: fault for name, fault in CATALOGUE.items() if fnmatch.fnmatchcase(name, pattern)}
        if not hits:
            near = difflib.get_close_matches(pattern, CATALOGUE, n=1, cutoff=0.3)
            hint = f"the closest is {near[0]!r}" if near else "see serve --list-faults"
            raise UnknownFaultError(f"no fault is called {pattern!r}; {hint}")
        found |= hits
    return tuple(found.values())

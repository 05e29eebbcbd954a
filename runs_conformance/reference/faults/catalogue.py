"""All faults by name."""

from __future__ import annotations

import difflib
import fnmatch
from typing import TYPE_CHECKING, Final

from runs_conformance.reference.faults import (
    alone,
    concurrency,
    derived,
    echo,
    echo_metadata,
    echo_options,
    echo_places,
    echo_texts,
    echo_tools,
    error,
    headers,
    isolation,
    isolation_threads,
    lifecycle,
    lifecycle_lists,
    lifecycle_messages,
    lifecycle_model,
    lifecycle_outputs,
    others,
    refusal,
    refusal_repairs,
    refusal_states,
    refusal_strict,
    shape,
    shape_others,
    shape_parts,
    stream_bytes,
    stream_meaning,
    stream_meaning_calls,
    stream_order,
    twice,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runs_conformance.reference.faults.record import Fault

COLLECTED: Final = (
    shape.shape,
    shape_parts.shape,
    shape_others.shape,
    echo.echo,
    echo_texts.echo,
    echo_tools.echo,
    echo_metadata.echo,
    echo_options.echo,
    echo_places.echo,
    refusal.refusal,
    refusal_states.refusal,
    refusal_strict.refusal,
    refusal_repairs.refusal,
    error.error,
    headers.headers,
    stream_bytes.stream_bytes,
    stream_order.stream_order,
    stream_meaning.stream_meaning,
    stream_meaning_calls.stream_meaning,
    lifecycle.lifecycle,
    lifecycle_outputs.lifecycle,
    lifecycle_messages.lifecycle,
    lifecycle_model.lifecycle,
    lifecycle_lists.lifecycle,
    isolation.isolation,
    isolation_threads.isolation,
    concurrency.concurrency,
    others.refusal,
    others.error,
    others.lifecycle,
    alone.shape,
    alone.refusal,
    alone.lifecycle,
    alone.stream_meaning,
    twice.stream_meaning,
    twice.lifecycle,
    twice.shape,
    twice.echo,
    words.echo,
    words.stream_bytes,
    words.refusal,
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
CATALOGUE: Final[Mapping[str, Fault]] = _by_name((*HAND_MADE.values(), *derived.derived()))


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

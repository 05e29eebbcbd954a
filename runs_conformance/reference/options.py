"""What can be chosen about a reference target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp

    from runs_conformance.reference.behaviour import Behaviour

Chunking = Literal["event", "byte", "random"]


@dataclass(frozen=True, slots=True)
class ReferenceOptions:
    """`keys` None takes every bearer token that does not contain "invalid"; each key is a project.

    `chunking` cuts a stream into whole events, single bytes, or pieces of random length (by `seed`) that
    ignore the borders of events and of UTF-8 characters. `pace` and `slow_pace` are seconds between events
    (the latter for runs whose last user message says "slowly"). A run that nobody reads moves one status
    each `idle_ticks` ticks of `tick` seconds.
    With `scenarios` clients choose what happens by model name, assistant id or base URL (see `scenarios`).
    `faults` are applied in order to the default behaviour; `wrappers` go around the app, first outermost.
    """

    base_path: str = "/v1"
    keys: frozenset[str] | None = None
    seed: int = 0
    edition: str | None = None
    chunking: Chunking = "event"
    pace: float = 0.0
    slow_pace: float = 0.02
    tick: float = 0.02
    idle_ticks: int = 15
    lifetime: int = 600
    poll_after_ms: int | None = None
    scenarios: bool = False
    faults: tuple[Callable[[Behaviour], Behaviour], ...] = ()
    wrappers: tuple[Callable[[ASGIApp], ASGIApp], ...] = ()

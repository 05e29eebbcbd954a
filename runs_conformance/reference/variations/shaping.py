"""Helpers to change the objects that go over the wire, whatever way they go."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.records import Json

    Change = Callable[[Json], Json]

OBJECTS = ("shape_assistant", "shape_thread", "shape_message", "shape_run", "shape_step")


def changed(faithful: Behaviour, change: Change, *names: str) -> Behaviour:
    """The behaviour with `change` applied to what these functions return."""

    def after(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *given, **named: change(function(*given, **named))

    changes: dict[str, Any] = {name: after(getattr(faithful, name)) for name in names}
    return replace(faithful, **changes)


def without(*keys: str) -> Change:
    return lambda shaped: {key: value for key, value in shaped.items() if key not in keys}

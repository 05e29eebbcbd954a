"""Values just inside the contract, one a line, to be packed into as few bodies as can carry them.

An accepted run costs money on a real target, so a body carries as many of these as can stand together.
`slot`s are the top-level fields that a value fills: two values of one slot go into different bodies, messages
can be stacked.
"""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from runs_conformance.contract.register import NEWEST, load
from runs_conformance.contract.schemas import is_valid
from runs_conformance.stimuli import value_parts as parts_of
from runs_conformance.stimuli import value_settings as settings
from runs_conformance.stimuli.base import (
    SAYS,
    SCHEMAS,
    body,
    function,
    merge,
    messages_path,
    put,
)
from runs_conformance.stimuli.value import STRICT, TRAPS, Inside, Resources

__all__ = ["STRICT", "TRAPS", "Inside", "Resources", "compose", "fits", "inside"]


def inside(operation: str, resources: Resources | None = None, edition: str = NEWEST) -> tuple[Inside, ...]:
    """Every inside value of an operation that the edition knows."""
    held = resources or Resources()
    every = (
        *settings.structured(), *settings.nulls(), *settings.numbers(), *settings.metadata(),
        *settings.texts(), *parts_of.tool_lists(), *parts_of.functions(), *parts_of.choices(),
        *settings.formats(), *settings.strategies(), *parts_of.messages(held), *parts_of.threads(held),
        *parts_of.tool_resources(held), *parts_of.models(held), *parts_of.queries(),
        *parts_of.headers(),
    )
    rows = load()
    known = (one for one in every if operation in one.operations and rows[one.requirement].applies(edition))
    return tuple(
        one for one in known if fits(operation, compose(operation, (one,), "asst_placeholder", SAYS), edition)
    )


def fits(operation: str, document: Any, edition: str) -> bool:
    """The edition knows every field of the body, nested ones too.

    A server of that date may refuse one it does not know.
    """
    return is_valid(SCHEMAS[operation], document, variant="sent", edition=edition)


def compose(operation: str, parts: Sequence[Inside], assistant: str, text: str) -> dict[str, Any]:
    """The body with every part in it; schema-valid by construction (a test holds that)."""
    made = body(operation, assistant, text)
    if any("#messages" in part.slots for part in parts):
        made = {"assistant_id": assistant}
    if any(part.calls for part in parts) and not any(part.tools or "#tools" in part.slots for part in parts):
        made["tools"] = [function()]
    for part in parts:
        made = merge(made, dict(part.fields))
        if part.tools:
            made = merge(made, {"tools": list(part.tools)})
        if part.message:
            path = messages_path(operation)
            made = put(made, path, [*_at(made, path), dict(part.message)])
    return made


def _at(document: Any, path: Iterable[str]) -> list[Any]:
    for part in path:
        document = document.get(part) or {} if isinstance(document, dict) else {}
    return document if isinstance(document, list) else []

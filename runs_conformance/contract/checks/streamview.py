"""A stream as the order rules see it: known names by position, steps and messages by id."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from runs_conformance.contract import grammar
from runs_conformance.contract.checks.common import name_of
from runs_conformance.contract.checks.steps import is_hosted, step_objects
from runs_conformance.contract.model import Event

Placed = list[tuple[int, str]]
STOPS = ("wait", "finish", "abort")


@dataclass(frozen=True)
class Fault:
    """A rule broken at a position of the stream, with what could have stood there."""

    row: str
    position: int
    expected: tuple[str, ...]


@dataclass(frozen=True)
class View:
    """The events of one stream of an operation; unknown names are left out everywhere."""

    operation: str
    events: tuple[Event, ...]

    @cached_property
    def known(self) -> Placed:
        return [(at, name) for at, event in enumerate(self.events) if (name := name_of(event)) is not None]

    @cached_property
    def sound(self) -> Placed:
        """The known events before an error or the end marker."""
        places = (place for place, (_, name) in enumerate(self.known) if name in ("error", "done"))
        return self.known[: next(places, len(self.known))]

    @cached_property
    def close(self) -> tuple[int, str] | None:
        """The event that ends the run or halts it for tool outputs."""
        return next(((at, name) for at, name in self.sound if grammar.SYMBOLS[name] in STOPS), None)

    @cached_property
    def steps(self) -> dict[str, Placed]:
        return self._by_id(grammar.STEP_EVENTS)

    @cached_property
    def messages(self) -> dict[str, Placed]:
        return self._by_id(grammar.MESSAGE_EVENTS)

    @cached_property
    def opened(self) -> dict[str, Placed]:
        """The messages that were created."""
        first = "thread.message.created"
        return {
            one: events for one, events in self.messages.items() if any(name == first for _, name in events)
        }

    @cached_property
    def objects(self) -> dict[str, dict[str, Any]]:
        return step_objects(self.events)

    @cached_property
    def hosted(self) -> set[str]:
        return {identity for identity, value in self.objects.items() if is_hosted(value)}

    def _by_id(self, names: Sequence[str]) -> dict[str, Placed]:
        """The events with these names by the id of their object; nothing at all if one of them has none."""
        found: dict[str, Placed] = {}
        for at, name in self.sound:
            if name in names:
                identity = self.events[at].object.get("id")
                if not isinstance(identity, str):
                    return {}
                found.setdefault(identity, []).append((at, name))
        return found


def last(events: Placed, names: Sequence[str]) -> int | None:
    """The position of the last event with one of these names."""
    return next((at for at, name in reversed(events) if name in names), None)

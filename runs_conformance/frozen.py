"""What Hypothesis chose in a session, frozen: another release of it would choose otherwise.

Examples of a property stand in rounds, in the order in which they were drawn; stories of the state machine
as the ids of their exchanges.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runs_conformance.contract.jsontext import pointer
from runs_conformance.stimuli.outside import Outside

Fault = tuple[str, str, str]


@dataclass
class Frozen:
    """Choices as they are made, or, with `replayed` set, as they were made. Plain JSON goes in and out.

    `faults` finds the derived fault of an example by its name, requirement and place.
    """

    rounds: dict[str, list[list[Any]]] = field(default_factory=dict)
    stories: list[list[str]] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    replayed: bool = False
    faults: Mapping[Fault, Outside] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Frozen:
        """Choices that were kept; TypeError or KeyError for what is none."""
        return cls(
            {name: list(rounds) for name, rounds in document["rounds"].items()},
            list(document["stories"]), list(document["sent"]), replayed=True,
        )

    @property
    def document(self) -> dict[str, Any]:
        return {"rounds": self.rounds, "stories": self.stories, "sent": self.sent}

    def round(self, name: str) -> list[Any] | None:
        """The examples of the next round of a property; None if they are to be drawn."""
        if not self.replayed:
            self.rounds.setdefault(name, []).append([])
            return None
        rounds = self.rounds.get(name)
        return [self._thawed(one) for one in rounds.pop(0)] if rounds else []

    def drawn(self, name: str, example: Any) -> None:
        """Note an example, in the order in which they are drawn."""
        if not self.replayed:
            self.rounds[name][-1].append(_kept(example))

    def _thawed(self, kept: Mapping[str, Any]) -> Any:
        if "fault" not in kept:
            return kept["body"]
        name, requirement, place = kept["fault"]
        return self.faults[name, requirement, place], kept["body"]


def _kept(example: Any) -> dict[str, Any]:
    if not isinstance(example, tuple):
        return {"body": example}
    fault, body = example
    return {"fault": [fault.name, fault.requirement, pointer(fault.path)], "body": body}

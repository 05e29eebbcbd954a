"""Packing inside values into few bodies, and finding the one that a target refuses.

`pack` is a first-fit colouring: two values share a body unless they fill the same slot or must not meet.
`culprits` is delta debugging by halves: a refused pack is split until single values (or a pair that only
fails together) remain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from runs_conformance.stimuli.inside import Inside, compose

# A thread holds one file_search setting and a tool list one hosted tool: structured output must not meet
# hosted tools.
_STRUCTURED: Final = "json_schema"


@dataclass(frozen=True)
class Pack:
    """Values that stand together in one body; `query` and `headers` come with them."""

    operation: str
    parts: tuple[Inside, ...]

    @property
    def requirements(self) -> tuple[str, ...]:
        return tuple(sorted({name for part in self.parts for name in part.requirements}))

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        return tuple(pair for part in self.parts for pair in part.query)

    @property
    def headers(self) -> dict[str, str]:
        return dict(pair for part in self.parts for pair in part.headers)

    @property
    def name(self) -> str:
        return "; ".join(part.name for part in self.parts)

    def body(self, assistant: str, text: str) -> dict[str, Any]:
        """The body with every part in it; schema-valid by construction (a test holds that)."""
        return compose(self.operation, self.parts, assistant, text)


def pack(operation: str, values: Iterable[Inside]) -> tuple[Pack, ...]:
    """As few packs as first fit finds.

    Values that rest on a resource nobody named go last, among themselves.
    """
    packs: list[list[Inside]] = []
    for value in values:
        home = next((parts for parts in packs if all(_together(value, other) for other in parts)), None)
        if home is None:
            packs.append([value])
        else:
            home.append(value)
    return tuple(Pack(operation, tuple(parts)) for parts in packs)


def _together(one: Inside, other: Inside) -> bool:
    if one.slots & other.slots or bool(one.resource) != bool(other.resource):
        return False
    for mine, theirs in ((one, other), (other, one)):
        if mine.message and "#messages" in theirs.slots:
            return False
        if "#thread" in mine.slots and any(slot.startswith("thread.") for slot in theirs.slots):
            return False
        if (
            (mine.tools or mine.calls)
            and "#tools" in theirs.slots
            and not (mine.calls and theirs.name.endswith(" tools"))
        ):
            return False
        if mine.hosted and (_structured(theirs) or theirs.calls):
            return False
    return True


def _structured(value: Inside) -> bool:
    return any(isinstance(held, dict) and held.get("type") == _STRUCTURED for _, held in value.fields)


def culprits(
    parts: Sequence[Inside], accepted: Callable[[Sequence[Inside]], bool],
) -> list[tuple[Inside, ...]]:
    """The smallest groups that `accepted` turns down, given that it turns down all of `parts`.

    `accepted` sends a body and costs a run where it is taken. A group of more than one means that its members
    are only refused together.
    """
    if len(parts) == 1:
        return [tuple(parts)]
    middle = len(parts) // 2
    halves = (parts[:middle], parts[middle:])
    found = [group for half in halves if not accepted(half) for group in culprits(half, accepted)]
    return found or [_pair(halves[0], halves[1], accepted)]


def _pair(
    left: Sequence[Inside], right: Sequence[Inside], accepted: Callable[[Sequence[Inside]], bool],
) -> tuple[Inside, ...]:
    """Both sides pass alone and fail together: shrink each side while the whole stays refused."""
    sides = [list(left), list(right)]
    for side in sides:
        while len(side) > 1:
            half = len(side) // 2
            for kept in (side[:half], side[half:]):
                rest = sides[1] if side is sides[0] else sides[0]
                if not accepted([*kept, *rest]):
                    side[:] = kept
                    break
            else:
                break
    return (*sides[0], *sides[1])

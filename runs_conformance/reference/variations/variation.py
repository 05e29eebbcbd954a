"""What a benign variation is, and how several of them make one reference target.

A variation is something that a correct server may do otherwise. It is a function with one sentence (its
docstring) and the source that allows it; none may ever be flagged.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from runs_conformance.reference.options import ReferenceOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from starlette.types import ASGIApp

    from runs_conformance.reference.behaviour import Behaviour

    Twist = Callable[[Behaviour], Behaviour]
    Wrap = Callable[[ASGIApp], ASGIApp]
    Choose = Callable[[ReferenceOptions], ReferenceOptions]


class UnknownVariationError(ValueError):
    """No variation has this name; the text tells the closest one."""


@dataclass(frozen=True, slots=True)
class Variation:
    """`profile` is what the profile of such a target has to declare (keys of a profile file).

    Of one `group` only one variation can be in force. `slow` ones take more than half a minute to check.
    """

    name: str
    sentence: str
    source: str
    choose: Choose
    profile: Mapping[str, Any] = field(default_factory=dict)
    group: str = ""
    slow: bool = False
    rank: int = 0


_REGISTRY: Final[dict[str, Variation]] = {}
# Modules in the order in which their variations are applied: wrappers named first go around the others, and
# what looks at the base path comes after what sets it.
_ORDER: Final = (
    "wire", "throttling", "manners", "absences", "editions", "answers", "settings", "texts", "refusing",
    "lifecycle", "model", "streams", "framing",
)  # fmt: skip


def _register(kind: Callable[[Any], Choose], source: str, **more: Any) -> Callable[[Any], Any]:
    def keep(function: Any) -> Any:
        name = function.__name__.replace("_", "-")
        if name in _REGISTRY:
            raise ValueError(f"two variations are named {name}")
        sentence = " ".join(function.__doc__.split())
        rank = _ORDER.index(function.__module__.rpartition(".")[2])
        _REGISTRY[name] = Variation(name, sentence, source, kind(function), rank=rank, **more)
        return function

    return keep


def behaves(source: str, **more: Any) -> Callable[[Twist], Twist]:
    """A variation by a function from behaviour to behaviour."""
    return _register(
        lambda twist: lambda options: replace(options, faults=(*options.faults, twist)), source, **more
    )


def wraps(source: str, **more: Any) -> Callable[[Wrap], Wrap]:
    """A variation by an ASGI wrapper; those registered first go around the others."""
    return _register(
        lambda wrap: lambda options: replace(options, wrappers=(*options.wrappers, wrap)), source, **more
    )


def chooses(source: str, **more: Any) -> Callable[[Choose], Choose]:
    """A variation by other options of the reference target."""
    return _register(lambda choose: choose, source, **more)


def every() -> tuple[Variation, ...]:
    """All that are registered, in the order in which they are applied."""
    return tuple(sorted(_REGISTRY.values(), key=lambda one: one.rank))


def named(name: str) -> Variation:
    if name in _REGISTRY:
        return _REGISTRY[name]
    near = difflib.get_close_matches(name, _REGISTRY, 1, 0.5)
    hint = f"did you mean {near[0]}?" if near else "--list-variations prints them all"
    raise UnknownVariationError(f"no variation is named {name!r}; {hint}")


def chosen(names: Iterable[str]) -> tuple[Variation, ...]:
    """The named variations in the order in which they are applied. UnknownVariationError."""
    wanted = {named(name).name for name in names}
    return tuple(one for one in every() if one.name in wanted)


def options_for(names: Iterable[str], options: ReferenceOptions | None = None) -> ReferenceOptions:
    """The options of a target that shows all these variations at once."""
    made = options or ReferenceOptions()
    for variation in chosen(names):
        made = variation.choose(made)
    return made


def profile_for(names: Iterable[str]) -> dict[str, Any]:
    """What a profile has to say about such a target: the sum of what the variations call for."""
    made: dict[str, Any] = {}
    for variation in chosen(names):
        for key, value in variation.profile.items():
            before = made.get(key)
            if isinstance(before, list):
                made[key] = [*before, *(one for one in value if one not in before)]
            else:
                made[key] = {**before, **value} if isinstance(before, dict) else value
    return made


def compatible(names: Iterable[str]) -> bool:
    """Whether they can be in force together."""
    groups = [one.group for one in chosen(names) if one.group]
    return len(groups) == len(set(groups))

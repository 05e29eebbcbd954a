"""The bodies of a soak, drawn once before it starts and frozen: valid ones, and ones with one violation.

The packs of inside values and what Hypothesis draws by the seed. While the load is on, nothing is made up:
users pick from here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from runs_conformance.frozen import Frozen
from runs_conformance.stimuli.base import CREATE_BOTH, CREATE_RUN, SAYS
from runs_conformance.stimuli.bodies import bodies, faults, violating
from runs_conformance.stimuli.inside import Resources, inside
from runs_conformance.stimuli.outside import Outside
from runs_conformance.stimuli.packs import pack
from runs_conformance.target.profile import Profile

# Bodies of either kind that are drawn for an operation.
DRAWN: Final = 20
GENERATED: Final = "accept.optional-fields-absent"
_CAPABILITIES: Final = {CREATE_RUN: "create-run", CREATE_BOTH: "create-thread-and-run"}


@dataclass(frozen=True)
class Entry:
    """A body without its assistant; `rows` are what it exercises, `expect` is accepted or refused."""

    operation: str
    name: str
    body: dict[str, Any]
    rows: tuple[str, ...]
    expect: str
    query: tuple[tuple[str, str], ...] = ()
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Corpus:
    valid: tuple[Entry, ...]
    refused: tuple[Entry, ...]

    @property
    def plain(self) -> list[dict[str, Any]]:
        """As JSON; `of` reads it again."""
        return [asdict(entry) for entry in (*self.valid, *self.refused)]

    @classmethod
    def of(cls, plain: Iterable[Mapping[str, Any]]) -> Corpus:
        read = [
            Entry(
                **{
                    **one,
                    "rows": tuple(one["rows"]),
                    "query": tuple((key, value) for key, value in one["query"]),
                }
            )
            for one in plain
        ]
        valid = tuple(one for one in read if one.expect == "accepted")
        return cls(valid, tuple(one for one in read if one.expect != "accepted"))


def operations(profile: Profile) -> tuple[str, ...]:
    """The creates that users can have: without threads of their own they would lock each other out."""
    return tuple(
        operation
        for operation, capability in _CAPABILITIES.items()
        if profile.lacks(capability) is None and (operation != CREATE_RUN or profile.lacks("threads") is None)
    )


def draw(profile: Profile, number: int, resources: Resources | None = None) -> Corpus:
    """The corpus for a target; `number` seeds Hypothesis."""
    held = resources or Resources()
    names = operations(profile)
    valid = [
        entry for name in names for entry in (*_packed(name, profile, held), *_drawn(name, profile, number))
    ]
    wanted = [name for name in names if profile.lacks("refusals") is None]
    return Corpus(
        tuple(valid), tuple(entry for name in wanted for entry in _violating(name, profile, number))
    )


def _packed(operation: str, profile: Profile, held: Resources) -> Iterator[Entry]:
    """Values that rest on a resource only where the profile names it."""
    values = [
        one
        for one in inside(operation, held, profile.edition)
        if profile.lacks(one.capability) is None
        and (not one.resource or profile.resource(one.resource) is not None)
    ]
    for number, one in enumerate(pack(operation, values), 1):
        body = {key: value for key, value in one.body("", SAYS).items() if key != "assistant_id"}
        name = f"{operation}: pack {number} of inside values"
        yield Entry(operation, name, body, (GENERATED,), "accepted", one.query, one.headers)


def _drawn(operation: str, profile: Profile, number: int) -> Iterator[Entry]:
    strategy = bodies(operation, profile.model, profile.edition, frozenset(profile.absent))
    for count, body in enumerate(_frozen(operation, strategy, number), 1):
        plain = {name: value for name, value in body.items() if name != "stream"}
        yield Entry(operation, f"{operation}: drawn body {count}", plain, (GENERATED,), "accepted")


def _violating(operation: str, profile: Profile, number: int) -> Iterator[Entry]:
    lacks = frozenset(profile.absent)
    if not faults(operation, profile.edition, lacks):
        return
    drawn: list[tuple[Outside, dict[str, Any]]] = _frozen(
        f"{operation} violating",
        violating(operation, profile.model, profile.edition, lacks),
        number,
    )
    for fault, body in drawn:
        # Users add their assistant and ask for a stream themselves.
        if fault.path[0] not in ("assistant_id", "stream"):
            yield Entry(operation, f"{operation}: {fault.name}", body, (fault.requirement,), "refused")


def _frozen(name: str, strategy: st.SearchStrategy[Any], number: int) -> list[Any]:
    found = Frozen()
    found.round(name)
    kept: list[Any] = []

    def take(one: Any) -> None:
        found.drawn(name, one)
        kept.append(one)

    _once(strategy, number, take)
    return kept


def _once(strategy: st.SearchStrategy[Any], number: int, take: Callable[[Any], object]) -> None:
    @seed(number)
    @settings(
        max_examples=DRAWN,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def drawing(one: Any) -> None:
        take(one)

    drawing()

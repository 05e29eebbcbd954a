"""What a fault is, and how one is written.

A fault is a small function named like what goes wrong, with the one sentence as its docstring, under the decorator of
its kind:

    @echo(settings, "response.echo.settings", rare=True)
    def temperature_zero_becomes_one(body: Json, found: Settings) -> Settings:
        \"\"\"A temperature of 0 is taken for none.\"\"\"

The first argument of the decorator is the point at which the fault is put in (see `points`); the ids name the
requirements that it is meant to break.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from runs_conformance.reference.behaviour import Behaviour

if TYPE_CHECKING:
    from runs_conformance.contract.schemas import Site

Change = Callable[[Behaviour], Behaviour]
Point = Callable[[Callable[..., Any]], Change]
Rows = tuple[tuple[Any, ...], ...]
"""Faults that differ in one expression: name, sentence, that expression, and what else a table needs."""

KINDS: Final = (
    "shape",
    "echo",
    "bounds",
    "refusal",
    "error",
    "headers",
    "stream-bytes",
    "stream-order",
    "stream-meaning",
    "lifecycle",
    "isolation",
    "concurrency",
)


@dataclass(frozen=True, slots=True)
class Fault:
    """A way to be wrong. Calling it with a behaviour gives the behaviour that has the fault.

    `breaks`: the requirements meant for it, any of which is enough; `also`: further requirements that may notice
    it, with the reason; `rare`: it shows only for some values, at some times or in some places. A derived fault has
    the `site` of the schema keyword that it is about, and its requirement is the register's for that keyword.
    """

    name: str
    kind: str
    sentence: str
    breaks: tuple[str, ...]
    change: Change
    also: Mapping[str, str] = field(default_factory=dict)
    rare: bool = False
    schema: str = ""
    site: Site | None = None

    def __call__(self, faithful: Behaviour) -> Behaviour:
        return self.change(faithful)


@dataclass(frozen=True, slots=True)
class Kind:
    """Collects the faults of one kind, in the order in which they are written."""

    name: str
    faults: list[Fault] = field(default_factory=list)

    def __call__(
        self, point: Point, *breaks: str, rare: bool = False, also: Mapping[str, str] | None = None
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Register the decorated function; its docstring is the sentence."""

        def register(change: Callable[..., Any]) -> Callable[..., Any]:
            name = change.__name__.replace("_", "-")
            self.add(name, change.__doc__ or "", point(change), *breaks, rare=rare, also=also)
            return change

        return register

    def add(
        self,
        name: str,
        sentence: str,
        change: Change,
        *breaks: str,
        rare: bool = False,
        also: Mapping[str, str] | None = None,
    ) -> None:
        """Register a change of a behaviour that was made otherwise."""
        text = " ".join(sentence.split())
        self.faults.append(Fault(f"{self.name}.{name}", self.name, text, breaks, change, also or {}, rare))

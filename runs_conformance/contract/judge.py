"""The judge: every registered check over an exchange or a trace, for one edition.

A check is a pure generator: `(Exchange, Context) -> Iterator[Finding]` or `(Trace, Context) ->
Iterator[Finding]`. It yields a finding only for a requirement that it could really decide; yielding nothing
means "not seen here", never "passed".
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, TypeVar

from runs_conformance.contract.findings import Finding
from runs_conformance.contract.model import Exchange, Trace
from runs_conformance.contract.register import NEWEST, Register, load
from runs_conformance.contract.traces import assistants, traces

ExchangeCheck = Callable[[Exchange, "Context"], Iterator[Finding]]
TraceCheck = Callable[[Trace, "Context"], Iterator[Finding]]
MODULES: Final = (
    "answers", "refusals", "echo", "errors", "headers", "runs", "bytes", "events", "order", "fold",
    "lifecycle", "lists", "isolation",
    "given_messages", "served", "clients",
)


@dataclass(frozen=True)
class Context:
    """What a check may know besides the traffic.

    `aliases` maps a model name that was sent to names that the target may answer with; `assistants` holds the
    assistants' objects as far as they were seen in the same session, by id; `absent` the capabilities that
    the target declares not to have; `ours` whether the requests were the suite's own.
    """

    edition: str = NEWEST
    register: Register = field(default_factory=load)
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    assistants: dict[str, dict[str, Any]] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    ours: bool = False


@dataclass(frozen=True)
class Check:
    """A registered check.

    The requirements it may speak about and the operations it looks at (empty = all).
    """

    name: str
    requirements: tuple[str, ...]
    operations: frozenset[str]
    function: Callable[..., Iterator[Finding]]


EXCHANGE_CHECKS: Final[list[Check]] = []
TRACE_CHECKS: Final[list[Check]] = []
_F = TypeVar("_F", bound=Callable[..., Iterator[Finding]])


def on_exchange(*requirements: str, operations: Iterable[str] = ()) -> Callable[[_F], _F]:
    """Register a check of single exchanges; it is asked only about the named operations."""

    def register(function: _F) -> _F:
        EXCHANGE_CHECKS.append(_check(function, requirements, operations))
        return function

    return register


def on_trace(*requirements: str) -> Callable[[_F], _F]:
    """Register a check of whole traces."""

    def register(function: _F) -> _F:
        TRACE_CHECKS.append(_check(function, requirements, ()))
        return function

    return register


def _check(
    function: Callable[..., Iterator[Finding]], requirements: tuple[str, ...], operations: Iterable[str],
) -> Check:
    return Check(
        f"{function.__module__.rsplit('.', 1)[-1]}.{function.__name__}", requirements, frozenset(operations),
        function,
    )


def load_checks() -> None:
    """Import the check modules, once; they register themselves."""
    for name in MODULES:
        importlib.import_module(f"runs_conformance.contract.checks.{name}")


@dataclass(frozen=True)
class Judge:
    """Judges by the rows of one edition; `selected` limits the rows (None = all)."""

    context: Context = field(default_factory=Context)
    selected: Collection[str] | None = None

    def __post_init__(self) -> None:
        load_checks()

    @cached_property
    def wanted(self) -> frozenset[str]:
        rows = (
            row
            for row in self.context.register if row.applies(self.context.edition) and row.observable != "no"
        )
        return frozenset(row.id for row in rows if self.selected is None or row.id in self.selected)

    @cached_property
    def _chosen(self) -> dict[str, list[Check]]:
        """The checks that can say something wanted, by operation; filled as operations come."""
        return {}

    def exchange(self, exchange: Exchange) -> list[Finding]:
        name = exchange.operation.name
        if name not in self._chosen:
            self._chosen[name] = self._can_tell(
                c for c in EXCHANGE_CHECKS if not c.operations or name in c.operations
            )
        return self._run(self._chosen[name], exchange)

    def trace(self, trace: Trace) -> list[Finding]:
        return self._run(self._can_tell(TRACE_CHECKS), trace)

    def _can_tell(self, checks: Iterable[Check]) -> list[Check]:
        return [check for check in checks if not self.wanted.isdisjoint(check.requirements)]

    def _knowing(self, assistants: dict[str, dict[str, Any]]) -> Judge:
        """The same judge with other assistants in view; what it worked out of the rows stays good."""
        made = replace(self, context=replace(self.context, assistants=assistants))
        vars(made).update(wanted=self.wanted, _chosen=self._chosen)
        return made

    def everything(self, exchanges: Iterable[Exchange]) -> list[Finding]:
        """Each exchange alone, then the traces that they form."""
        seen = tuple(exchanges)
        findings = [finding for one, judge in self._as_of(seen) for finding in judge.exchange(one)]
        return findings + [finding for trace in traces(seen) for finding in self.trace(trace)]

    def _as_of(self, seen: tuple[Exchange, ...]) -> Iterator[tuple[Exchange, Judge]]:
        """Each exchange with the assistants as they stood then: one may be changed between two runs.

        One that is shown only later counts as it is shown first.
        """
        known = {**assistants(reversed(seen)), **self.context.assistants}
        judge = self._knowing(known)
        for one in seen:
            shown = assistants((one,))
            if shown:
                known = {**known, **shown}
                judge = self._knowing(known)
            yield one, judge

    def _run(self, checks: Iterable[Check], subject: Exchange | Trace) -> list[Finding]:
        found: list[Finding] = []
        for check in checks:
            for finding in check.function(subject, self.context):
                if finding.requirement not in check.requirements:
                    raise AssertionError(
                        f"check {check.name} speaks about {finding.requirement} without declaring it"
                    )
                if finding.requirement in self.wanted:
                    found.append(finding)
        return found

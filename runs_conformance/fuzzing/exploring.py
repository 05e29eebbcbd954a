"""The fuzzing phase: Hypothesis draws cases, keeps those that failed in its database, and makes them small.

For the create operations the valid bodies and the single faults are our own strategies; schemathesis adds its
mutations. For every other operation it draws both. Whether a drawn body had to be refused is decided by the
schema when it is sent, so what shrinking made valid is judged as valid.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.database import ExampleDatabase
from hypothesis.errors import HypothesisException
from schemathesis import GenerationMode

from runs_conformance.contract.findings import Finding
from runs_conformance.contract.model import Case
from runs_conformance.contract.operations import CREATE
from runs_conformance.fuzzing.documents import Operation
from runs_conformance.fuzzing.panel import Panel
from runs_conformance.fuzzing.shots import Shot, name_of, of_case
from runs_conformance.fuzzing.store import Part
from runs_conformance.stimuli.bodies import bodies, faults, violating
from runs_conformance.target.journal import BudgetSpent

# Requests that making one failing case smaller may cost.
SHRINKING: Final = 12
ROUNDS: Final = 3
PHASE: Final = "fuzzing"


class _Failed(AssertionError):  # noqa: N818 - what the property did
    pass


class _Enough(BaseException):
    """Ends a search at once: Hypothesis lets pass what is no Exception."""


@dataclass
class Explorer:
    """One operation's search. `told` are rows that are known to fail and must not hide others."""

    panel: Panel
    operation: Operation
    database: ExampleDatabase
    examples: int
    number: int
    told: set[str] = field(default_factory=set)
    sent: dict[bytes, list[Finding]] = field(default_factory=dict)
    spare: int = SHRINKING
    failing: bool = False
    spent: BudgetSpent | None = None
    _now: set[str] = field(default_factory=set)

    def run(self) -> int:
        """Search until nothing new fails; the number of cases. BudgetSpent when there was not enough."""
        strategy = cases(self.operation, self.panel)
        for _ in range(ROUNDS):
            self.failing = False
            holds = self._holds(strategy)
            if self.spent is not None:
                raise self.spent
            if holds or self.spare <= 0:
                break
        return len(self.sent)

    def _holds(self, strategy: st.SearchStrategy[Any]) -> bool:
        @seed(self.number)
        @settings(
            max_examples=self.examples, database=Part(self.database, name_of(self.operation)), deadline=None,
            derandomize=False, print_blob=False, report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck), phases=(Phase.reuse, Phase.generate, Phase.shrink),
        )
        @given(strategy)
        def holds(drawn: Any) -> None:
            self.example(drawn)

        before = set(self.told)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                holds()
            except (_Failed, _Enough):
                return False
            except HypothesisException:
                # such as Flaky, when a target answers the same body in two ways: what was found is kept
                return self.told == before
        return True

    def example(self, drawn: Any) -> None:
        key = _key(drawn)
        if key not in self.sent:
            if self.failing and self.spare <= 0:
                raise _Enough
            self.spare -= self.failing
            self.sent[key] = self._fired(drawn)
        new = [one for one in self.sent[key] if one.requirement not in self.told]
        if self.failing and not new:
            new = [one for one in self.sent[key] if one.requirement in self._now]
        if new:
            if not self.failing:
                self._now = {one.requirement for one in new}
                self.told |= self._now
            self.failing = True
            raise _Failed

    def _fired(self, drawn: Any) -> list[Finding]:
        try:
            return self.panel.fire(lambda: _shot(drawn, self.panel))[1]
        except BudgetSpent as error:
            self.spent = error
            raise _Enough from None


def _shot(drawn: tuple[Any, Case], panel: Panel) -> Shot:
    case, about = drawn
    return of_case(case, panel.living, PHASE, about)


def _key(drawn: tuple[Any, Case]) -> bytes:
    """A case seen once is not sent again."""
    case, _ = drawn
    body = case.body if isinstance(case.body, bytes) else repr(case.body).encode("utf-8", "surrogatepass")
    return repr((case.method, sorted(dict(case.query or {}).items(), key=repr))).encode() + body


def cases(operation: Operation, panel: Panel) -> st.SearchStrategy[Any]:
    """Generated cases with what is said of them to people."""
    name = name_of(operation)
    mutated = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    drawn: list[st.SearchStrategy[Any]] = [_said(mutated, f"a body that schemathesis broke ({name})")]
    if name in CREATE:
        return st.one_of(*_ours(operation, name, panel), *drawn)
    plain = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    return st.one_of(_said(plain, f"a generated request ({name})"), *drawn)


def _said(strategy: st.SearchStrategy[Any], text: str) -> st.SearchStrategy[Any]:
    return strategy.map(lambda case: (case, Case(text)))


def _ours(operation: Operation, name: str, panel: Panel) -> list[st.SearchStrategy[Any]]:
    live = panel.live
    lacks, model = frozenset(live.profile.absent), live.profile.model

    def made(body: dict[str, Any], about: Case) -> tuple[Any, Case]:
        full = body if "assistant_id" in body else {"assistant_id": "asst_living", **body}
        return operation.Case(body=full, media_type="application/json"), about

    about = Case("a generated valid body")
    found = [bodies(name, model, live.edition, lacks).map(lambda body: made(body, about))]
    if faults(name, live.edition, lacks):
        found.append(violating(name, model, live.edition, lacks).map(
            lambda drawn: made(_without_id(*drawn), Case(f"a generated body with {drawn[0].name}"))
        ))
    return found


def _without_id(fault: Any, body: dict[str, Any]) -> dict[str, Any]:
    return body if fault.path[0] != "assistant_id" else {**body, **fault.template}


"""Hypothesis against a target: any valid body is accepted and echoed, any body with one violation is refused.

The failing body is shrunk by Hypothesis within a budget of further requests: a body seen once is not sent
again, and when the budget is spent what has been found by then stands. What shrinking made of a faulty body
is judged anew by the schema. A row that fails everywhere must not hide the others: what is known to fail is
passed over, and the search goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from runs_conformance.contract.findings import Finding, Outcome, passed
from runs_conformance.contract.jsontext import pointer
from runs_conformance.contract.model import Case, Exchange, to_bytes
from runs_conformance.live import Bench, refusal
from runs_conformance.scenes import accepted, not_refused
from runs_conformance.stimuli.base import CREATE_RUN
from runs_conformance.stimuli.base import body as simplest_body
from runs_conformance.stimuli.bodies import bodies, faults, one_violation, plainest, violating
from runs_conformance.target.journal import BudgetSpent

EXAMPLES: Final = {"smoke": (0, 0), "standard": (2, 25), "thorough": (60, 400)}
SHRINKING: Final = 12
for _name, (_, _violations) in EXAMPLES.items():
    settings.register_profile(
        f"runs-conformance-{_name}", max_examples=max(1, _violations), database=None, deadline=None,
        derandomize=False, print_blob=False, report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink), suppress_health_check=list(HealthCheck),
    )
ROUNDS: Final = 5


def profile(effort: str) -> settings:
    """The Hypothesis settings profile of smoke, standard or thorough."""
    return settings.get_profile(f"runs-conformance-{effort}")


class _Failed(AssertionError):  # noqa: N818 - what the property did
    pass


class _Enough(BaseException):
    """Ends the shrinking at once; Hypothesis lets pass what is no Exception."""


@dataclass
class _Explorer:
    """Runs one property; `judge` sends a drawn case and gives its findings and exchange.

    `simplest` gives the least that could fail like a drawn case: if it does, nothing needs to be shrunk.
    """

    bench: Bench
    judge: Callable[[Any], tuple[list[Finding], Exchange | None]]
    simplest: Callable[[Any], Any] = lambda drawn: drawn
    told: set[str] = field(default_factory=set)
    known: dict[bytes, list[Finding]] = field(default_factory=dict)
    spare: int = SHRINKING
    failing: bool = False
    found: bool = False
    name: str = ""
    smallest: list[Finding] = field(default_factory=list)

    def run(self, strategy: st.SearchStrategy[Any], examples: int, number: int) -> None:
        for _ in range(ROUNDS):
            self.failing, self.smallest = False, []
            if self._holds(strategy, examples, number) or not self.smallest:
                return
            self.bench.add(*self.smallest)
            self.found = True
            self.told |= {one.requirement for one in self.smallest}

    def _holds(self, strategy: st.SearchStrategy[Any], examples: int, number: int) -> bool:
        frozen = self.bench.live.frozen.round(self.name)
        if frozen is not None:
            return self._held(frozen)

        @seed(number)
        @settings(profile(self.bench.live.effort), max_examples=examples)
        @given(strategy)
        def property_holds(drawn: Any) -> None:
            self.example(drawn)

        try:
            property_holds()
        except (_Failed, _Enough):
            return False
        return True

    def _held(self, frozen: list[Any]) -> bool:
        """The same with examples that were frozen: another Hypothesis would draw others."""
        for drawn in frozen:
            try:
                self.example(drawn)
            except _Failed:
                continue
            except _Enough:
                break
        return not self.failing

    def example(self, drawn: Any) -> None:
        self.bench.live.frozen.drawn(self.name, drawn)
        key = _key(drawn)
        if key not in self.known:
            if self.failing and self.spare <= 0:
                raise _Enough
            self.spare -= self.failing
            self.known[key] = self._judged(drawn)
        new = self._new(key)
        if new:
            self.failing, self.smallest = True, new
            self._simplify(drawn)
            raise _Failed

    def _new(self, key: bytes) -> list[Finding]:
        return [one for one in self.known[key] if one.requirement not in self.told]

    def _simplify(self, drawn: Any) -> None:
        least = self.simplest(drawn)
        key = _key(least)
        if key in self.known or least is drawn:
            return
        self.known[key] = self._judged(least)
        rows = {one.requirement for one in self.smallest}
        if rows <= {one.requirement for one in self._new(key)}:
            self.smallest = self._new(key)
            raise _Enough

    def _judged(self, drawn: Any) -> list[Finding]:
        try:
            findings, exchange = self.judge(drawn)
        except BudgetSpent:
            if self.failing or self.found:
                raise _Enough from None
            raise
        if exchange is not None:
            self.bench.exchanges[exchange.id] = exchange
        self.bench.add(*(one for one in findings if one.outcome is Outcome.PASSED))
        return [one for one in findings if one.failed and self._counts(one)]

    def _counts(self, finding: Finding) -> bool:
        return self.bench.live.register[finding.requirement].level != "MAY"


def _key(drawn: Any) -> bytes:
    """A body seen once is not sent again."""
    return to_bytes(drawn[1] if isinstance(drawn, tuple) else drawn)


def explore_valid(
    bench: Bench, operation: str, strategy: st.SearchStrategy[dict[str, Any]] | None = None,
) -> None:
    """Any valid body (or any of `strategy`): accepted, and judged by every check of an answer."""
    bench.generated = True
    live = bench.live
    examples = EXAMPLES[live.effort][0]
    assistant = live.stage.assistant()
    first = accepted(live, operation)

    def judge(body: dict[str, Any]) -> tuple[list[Finding], Exchange | None]:
        if {"assistant_id": assistant, **body} == simplest_body(operation, assistant):
            return [], None  # Hypothesis begins with it, and it has been sent before anything else
        case = Case("a generated valid body", ("accept.optional-fields-absent",), "accepted")
        exchange = live.create(operation, {"assistant_id": assistant, **body}, case=case)
        if exchange.throttled or (exchange.failure is not None and exchange.failure.kind == "unreachable"):
            return [], exchange
        if not exchange.ok:
            return [
                refusal("accept.optional-fields-absent", exchange, "a body that the request schema allows")
            ], exchange
        return [
            passed("accept.optional-fields-absent", exchange), *live.judge.everything([exchange]),
        ], exchange

    if examples:
        everywhere = {one.requirement for one in live.judge.exchange(first) if one.failed}
        lacks = frozenset(live.profile.absent)
        drawn = strategy or bodies(operation, live.profile.model, live.edition, lacks)
        _Explorer(bench, judge, told=everywhere, name=f"valid {operation}").run(drawn, examples, live.seed)


def explore_violating(bench: Bench, operation: str) -> None:
    """Any valid body with one derived fault: refused, whatever else is in it."""
    bench.generated = True
    live = bench.live
    examples = EXAMPLES[live.effort][1]
    not_refused(live, operation)
    assistant = live.stage.assistant()
    thread = live.stage.thread() if operation == CREATE_RUN else None

    def judge(drawn: tuple[Any, dict[str, Any]]) -> tuple[list[Finding], Exchange | None]:
        nonlocal thread
        fault, made = drawn
        body = made if fault.path[0] == "assistant_id" else {**made, "assistant_id": assistant}
        if not one_violation(operation, body, live.edition):
            return [], None
        case = Case(
            f"a generated body with {fault.name}", (fault.requirement,), "refused", pointer(fault.path),
        )
        exchange = live.create(operation, body, thread=thread, case=case)
        if exchange.ok and thread is not None:
            thread = live.stage.thread()
        return live.judge.exchange(exchange), exchange

    lacks = frozenset(live.profile.absent)
    if examples and faults(operation, live.edition, lacks):
        found = faults(operation, live.edition, lacks)
        live.frozen.faults = {(one.name, one.requirement, pointer(one.path)): one for one in found}
        simplest = lambda drawn: (drawn[0], plainest(drawn[0]))  # noqa: E731
        _Explorer(bench, judge, simplest, name=f"violating {operation}").run(
            violating(operation, live.profile.model, live.edition, lacks), examples, live.seed,
        )

"""From findings to one verdict a requirement, and from verdicts to counts and causes. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from runs_conformance.contract.findings import Finding
from runs_conformance.contract.findings import Outcome as FindingOutcome
from runs_conformance.contract.register import CHAPTERS, LEVELS, Register, Requirement
from runs_conformance.report.gaps import covering, judged, living, told
from runs_conformance.report.records import (
    ClientVerdict,
    Evidence,
    Gap,
    Outcome,
    Verdict,
    event_number,
    severity,
)
from runs_conformance.report.redact import PLAIN, Redactor
from runs_conformance.report.text import shorten

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

OTHERS: Final = 5
# Characters of any text about a finding.
TEXT: Final = 4_000
# The size of a case without a curl line: larger than any.
UNSIZED: Final = 1 << 60
TESTED: Final = (Outcome.PASSED, Outcome.FAILED, Outcome.WARNING, Outcome.GAP)
_NONE: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class RootCause:
    """The first thing that broke, why, and the requirements that could not be tested because of it."""

    name: str
    reason: str
    requirements: tuple[str, ...]


@dataclass(frozen=True)
class Summary:
    """A run's verdicts, one a row of the register, in its order. Everything else follows from them."""

    verdicts: tuple[Verdict, ...]
    strict: bool = False
    gaps: tuple[Gap, ...] = ()
    clients: tuple[ClientVerdict, ...] = ()
    unserved: str = ""
    """The client that was acted for and is not served."""

    def of(self, *outcomes: Outcome) -> tuple[Verdict, ...]:
        return tuple(each for each in self.verdicts if each.outcome in outcomes)

    def count(self, *outcomes: Outcome) -> int:
        return len(self.of(*outcomes))

    @cached_property
    def tested(self) -> int:
        """Rows that were decided: passed, failed, warning or gap."""
        return self.count(*TESTED)

    @cached_property
    def to_mend(self) -> tuple[Gap, ...]:
        """The entries of the gaps file that have to be mended: stale, expired, unknown."""
        return tuple(each for each in self.gaps if each.problem)

    @cached_property
    def outcomes(self) -> dict[str, int]:
        """How many rows by outcome, every outcome named."""
        return _counts(self.verdicts)

    @cached_property
    def levels(self) -> dict[str, dict[str, int]]:
        return {level: _counts(each for each in self.verdicts if each.level == level) for level in LEVELS}

    @cached_property
    def chapters(self) -> dict[str, dict[str, int]]:
        """By chapter, in the contract's order, those that have rows."""
        seen = dict.fromkeys(each.chapter for each in self.verdicts)
        ordered = [
            *(name for name in CHAPTERS if name in seen),
            *(name for name in seen if name not in CHAPTERS),
        ]
        return {name: _counts(each for each in self.verdicts if each.chapter == name) for name in ordered}

    @cached_property
    def causes(self) -> tuple[RootCause, ...]:
        """Each root cause once, the one that blocks most first."""
        stuck = {each.id: each for each in self.of(Outcome.UNTESTABLE)}
        groups: dict[tuple[str, str], list[Verdict]] = {}
        for each in stuck.values():
            root = _root(each, stuck)
            groups.setdefault((root.blocked_by, "" if root.blocked_by else root.reason), []).append(each)
        causes = (_cause(name, group) for (name, _), group in groups.items())
        return tuple(sorted(causes, key=lambda cause: -len(cause.requirements)))


def _counts(verdicts: Iterable[Verdict]) -> dict[str, int]:
    found = Counter(each.outcome for each in verdicts)
    return {str(outcome): found[outcome] for outcome in Outcome}


def _root(verdict: Verdict, stuck: Mapping[str, Verdict]) -> Verdict:
    """The untestable row up the ladder whose own blocker is none; a ring ends where it closes."""
    passed = {verdict.id}
    while verdict.blocked_by in stuck and verdict.blocked_by not in passed:
        verdict = stuck[verdict.blocked_by]
        passed.add(verdict.id)
    return verdict


def _cause(name: str, group: list[Verdict]) -> RootCause:
    first = next((each for each in group if each.blocked_by == name), group[0])
    return RootCause(name, first.reason, tuple(each.id for each in group))


def summarise(
    register: Register,
    edition: str,
    selected: Collection[str] | None,
    findings: Iterable[Finding],
    *,
    strict: bool = False,
    not_applicable: Mapping[str, str] = _NONE,
    not_tested: Mapping[str, str] = _NONE,
    curls: Mapping[str, str] = _NONE,
    hide: Redactor = PLAIN,
    gaps: Sequence[Gap] = (),
    today: str = "",
) -> Summary:
    """One verdict for every row of the register.

    `selected` None means all. `not_applicable` (id: reason) is what the profile declares absent: it holds
    whatever was seen. `not_tested` gives reasons for rows that nothing exercised (a missing resource, a
    source without timing). `curls` maps exchange ids to their curl lines; the shortest marks the smallest
    failing case. `gaps` are those of the gaps file, judged as of `today`.
    UnknownRequirementError for a finding about a row that the register lacks.
    """
    groups: dict[str, list[Finding]] = {}
    found = tuple(findings)
    for finding in found:
        groups.setdefault(register[finding.requirement].id, []).append(finding)
    judge = _Rows(edition, selected, strict, not_applicable, not_tested, curls, hide, living(gaps, today))
    verdicts = tuple(judge.verdict(row, groups.get(row.id, [])) for row in register)
    return Summary(verdicts, strict, judged(gaps, verdicts, found, today))


@dataclass(frozen=True)
class _Rows:
    edition: str
    selected: Collection[str] | None
    strict: bool
    not_applicable: Mapping[str, str]
    not_tested: Mapping[str, str]
    curls: Mapping[str, str]
    hide: Redactor
    gaps: tuple[Gap, ...] = ()

    def verdict(self, row: Requirement, findings: list[Finding]) -> Verdict:
        blank = Verdict(
            id=row.id,
            rq=row.rq,
            level=row.level,
            chapter=row.chapter,
            statement=row.statement,
            source=row.source,
            since=row.since,
            until=row.until,
            outcome=Outcome.NOT_TESTED,
        )
        return self._left_out(row, blank, bool(findings)) or self._decided(blank, findings)

    def _left_out(self, row: Requirement, blank: Verdict, seen: bool) -> Verdict | None:
        """Recordings of several days are each judged by its own: what was seen counts in any edition."""
        if not row.applies(self.edition) and not seen:
            return replace(blank, outcome=Outcome.NOT_IN_EDITION)
        if row.observable == "no":
            return replace(blank, outcome=Outcome.NOT_OBSERVABLE, reason=row.excluded)
        if row.observable == "client" and not seen:
            return replace(blank, outcome=Outcome.NOT_OBSERVABLE, reason="about clients: see watch")
        if self.selected is not None and row.id not in self.selected:
            return replace(blank, outcome=Outcome.NOT_SELECTED)
        if row.id in self.not_applicable:
            return replace(
                blank, outcome=Outcome.NOT_APPLICABLE, reason=self.hide.text(self.not_applicable[row.id])
            )
        return None

    def _decided(self, blank: Verdict, findings: list[Finding]) -> Verdict:
        by: dict[FindingOutcome, list[Finding]] = {}
        for finding in findings:
            by.setdefault(finding.outcome, []).append(finding)
        failing = by.get(FindingOutcome.FAILED, [])
        bad = dict.fromkeys(map(_case, failing))
        held = {_case(each) for each in by.get(FindingOutcome.PASSED, [])} - bad.keys()
        counted = replace(blank, passed=len(held), failed=len(bad))
        if failing:
            return self._broken(counted, failing)
        return self._excused(self._unbroken(counted, by), by.get(FindingOutcome.UNTESTABLE, []))

    def _excused(self, verdict: Verdict, stuck: list[Finding]) -> Verdict:
        """A row that could not be tested may be a known gap too."""
        known = covering(self.gaps, stuck[0]) if stuck and verdict.outcome is Outcome.UNTESTABLE else None
        return replace(verdict, outcome=Outcome.GAP, reason=told(known)) if known else verdict

    def _broken(self, counted: Verdict, failing: list[Finding]) -> Verdict:
        """The smallest case in full, others by name; those of known gaps only if nothing else is broken."""
        known = {id(each): gap for each in failing if (gap := covering(self.gaps, each))}
        gap = next(iter(known.values())) if len(known) == len(failing) else None
        failing = failing if gap else [each for each in failing if id(each) not in known]
        least = min(failing, key=lambda each: len(self.curls.get(each.exchange, "")) or UNSIZED)
        names = dict.fromkeys(each.case for each in failing if each.case and _case(each) != _case(least))
        outcome = Outcome.FAILED if severity(counted.level, self.strict) == "failure" else Outcome.WARNING
        if gap:
            counted, outcome = replace(counted, reason=told(gap)), Outcome.GAP
        others = tuple(self.hide.text(name) for name in names if name and name != least.case)[:OTHERS]
        return replace(counted, outcome=outcome, evidence=self._evidence(least), others=others)

    def _clean(self, text: str) -> str:
        """Without secrets, and no longer than in a finding's own line: an id may have a megabyte."""
        return shorten(self.hide.text(text), TEXT)

    def _evidence(self, finding: Finding) -> Evidence:
        clean = self._clean
        return Evidence(
            case=clean(finding.case),
            where=clean(finding.where),
            expected=tuple(map(clean, finding.expected)),
            actual=clean(finding.actual),
            exchange=finding.exchange,
            curl=self.curls.get(finding.exchange, ""),
            event=event_number(finding.where),
        )

    def _unbroken(self, counted: Verdict, by: Mapping[FindingOutcome, list[Finding]]) -> Verdict:
        for kind, outcome in _LADDER:
            found = by.get(kind)
            if found and not (kind is FindingOutcome.UNTESTABLE and counted.passed):
                first = found[0]
                reason = "" if outcome is Outcome.PASSED else self._clean(first.actual)
                return replace(
                    counted, outcome=outcome, reason=reason, blocked_by=self.hide.text(first.blocked_by)
                )
        return replace(counted, reason=self.hide.text(self.not_tested.get(counted.id, "")))


_LADDER: Final = (
    (FindingOutcome.UNTESTABLE, Outcome.UNTESTABLE),
    (FindingOutcome.GAP, Outcome.GAP),
    (FindingOutcome.PASSED, Outcome.PASSED),
    (FindingOutcome.NOT_APPLICABLE, Outcome.NOT_APPLICABLE),
)


def _case(finding: Finding) -> tuple[str, str]:
    """What counts as one case: a named case on one exchange; where there is neither, the place."""
    return (finding.case, finding.exchange or finding.where)

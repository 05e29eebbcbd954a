"""Findings of any number of recordings, counted within bounds, and the summary of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from runs_conformance.contract.findings import Finding, passed
from runs_conformance.contract.register import Register
from runs_conformance.report.redact import PLAIN, Redactor
from runs_conformance.report.summary import Summary, summarise

KEPT: Final = 200


@dataclass
class Tally:
    """Counts cases; of each row the first KEPT failures stand for all."""

    register: Register
    passed: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    excused: dict[str, Counter[str]] = field(default_factory=dict)
    failures: dict[str, list[Finding]] = field(default_factory=dict)

    def add(self, findings: Iterable[Finding]) -> None:
        """The findings of one exchange or trace: a row that passes several times in it is one case."""
        good: set[tuple[str, str]] = set()
        for finding in findings:
            if finding.failed:
                self.failed[finding.requirement] += 1
                kept = self.failures.setdefault(finding.requirement, [])
                kept += [finding] if len(kept) < KEPT else []
            else:
                good.add((finding.requirement, finding.exchange))
        self.passed.update(row for row, _ in good)

    def excuse(self, requirement: str, reason: str) -> None:
        self.excused.setdefault(requirement, Counter())[reason] += 1

    @property
    def decided(self) -> int:
        return self.passed.total() + self.failed.total()

    @property
    def reasons(self) -> Counter[str]:
        """Why failures were taken back, how often each."""
        return sum(self.excused.values(), Counter())

    def summary(
        self,
        edition: str,
        selected: frozenset[str] | None,
        *,
        strict: bool = False,
        curls: Mapping[str, str] | None = None,
        hide: Redactor = PLAIN,
    ) -> Summary:
        """The verdicts, with the counts of all cases and not only of those that were kept."""
        kept = [one for each in self.failures.values() for one in each]
        kept += [passed(row) for row in self.passed]
        not_tested = {row: f"not judged: {found.most_common(1)[0][0]}" for row, found in self.excused.items()}
        made = summarise(
            self.register,
            edition,
            selected,
            kept,
            strict=strict,
            not_tested=not_tested,
            curls=curls or {},
            hide=hide,
        )
        return Summary(
            tuple(
                replace(each, passed=self.passed[each.id], failed=max(each.failed, self.failed[each.id]))
                for each in made.verdicts
            ),
            strict,
        )

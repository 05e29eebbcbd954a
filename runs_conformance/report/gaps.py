"""Known gaps: what an entry of the gaps file covers, and whether it still holds. Pure.

A gap is judged on fixed cases. What Hypothesis makes up depends on the seed, so it never makes an entry
stale; an entry marked `generated` is about such cases only, and is never stale at all.
"""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from runs_conformance.contract.findings import Finding, Outcome
from runs_conformance.report.records import Gap, Verdict
from runs_conformance.report.records import Outcome as RowOutcome

_BROKEN: Final = (Outcome.FAILED, Outcome.UNTESTABLE)
# A row that was not decided says nothing about its gaps.
_UNDECIDED: Final = (
    RowOutcome.NOT_APPLICABLE, RowOutcome.NOT_TESTED, RowOutcome.NOT_SELECTED, RowOutcome.NOT_OBSERVABLE,
    RowOutcome.NOT_IN_EDITION,
)


def today() -> str:
    """The date in UTC, as `until` is written."""
    return dt.datetime.now(dt.UTC).date().isoformat()


def living(gaps: Iterable[Gap], date: str) -> tuple[Gap, ...]:
    """Those that have not expired: `until` is the last day."""
    return tuple(each for each in gaps if not each.until or date <= each.until)


def covering(gaps: Iterable[Gap], finding: Finding) -> Gap | None:
    """The gap that covers a broken finding, the most special first: a case's, then a row's."""
    found = [each for each in gaps if _covers(each, finding)]
    return max(found, key=lambda each: (bool(each.case), each.generated)) if found else None


def _covers(gap: Gap, finding: Finding) -> bool:
    return (
        gap.id == finding.requirement
        and (not gap.case or gap.case == finding.case)
        and (finding.generated or not gap.generated)
    )


def told(gap: Gap) -> str:
    """A gap in a line: its reason, its issue, its last day."""
    more = [gap.issue, f"until {gap.until}" if gap.until else ""]
    found = ", ".join(each for each in more if each)
    return f"{gap.reason} ({found})" if found else gap.reason


def judged(
    gaps: Sequence[Gap], verdicts: Sequence[Verdict], findings: Sequence[Finding], date: str,
) -> tuple[Gap, ...]:
    """Each gap with its state, and the sentence of what to do where it is one of GAP_PROBLEMS."""
    rows = {each.id: each for each in verdicts}
    groups: dict[str, list[Finding]] = {}
    for each in findings:
        groups.setdefault(each.requirement, []).append(each)
    return tuple(_judged(each, rows, groups.get(each.id, []), date) for each in gaps)


def _judged(gap: Gap, rows: Mapping[str, Verdict], findings: Sequence[Finding], date: str) -> Gap:
    if gap.id not in rows:
        return _problem(gap, "unknown", f"no requirement has the id {gap.id!r}; {closest(gap.id, rows)}")
    if gap not in living((gap,), date):
        advice = "mend it, or set a later date"
        return _problem(gap, "expired", f"it ran out on {gap.until} and covers nothing any more: {advice}")
    if rows[gap.id].outcome in _UNDECIDED:
        return replace(gap, state="not-judged")
    return _generated(gap, findings) if gap.generated else _fixed(gap, findings)


def _generated(gap: Gap, findings: Sequence[Finding]) -> Gap:
    seen = any(each.outcome in _BROKEN and _covers(gap, each) for each in findings)
    return replace(gap, state="covers" if seen else "unseen")


def _fixed(gap: Gap, findings: Sequence[Finding]) -> Gap:
    fixed = [each for each in findings if not each.generated]
    mine = [each for each in fixed if _covers(gap, each)]
    if any(each.outcome in _BROKEN for each in mine):
        return replace(gap, state="covers")
    if any(each.outcome is Outcome.PASSED for each in mine):
        return _stale(gap, findings)
    if gap.case and not any(each.outcome in _BROKEN for each in fixed):
        names = {each.case for each in fixed if each.case}
        return _problem(gap, "unknown", f"no case is named {gap.case!r}; {closest(gap.case, names)}")
    # Only generated cases were seen, or cases were spared because others of the row failed.
    return replace(gap, state="not-judged")


def _stale(gap: Gap, findings: Sequence[Finding]) -> Gap:
    if any(each.generated and each.outcome in _BROKEN and _covers(gap, each) for each in findings):
        advice = "its fixed cases pass, only generated ones fail: add `generated = true`"
        return _problem(gap, "stale", advice)
    what = f"case {gap.case!r}" if gap.case else "requirement"
    return _problem(gap, "stale", f"the {what} passes: take the entry out (--update-gaps does)")


def _problem(gap: Gap, state: str, sentence: str) -> Gap:
    return replace(gap, state=state, problem=sentence)


def closest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.3)
    return f"the closest is {near[0]!r}" if near else "nothing is close to it"

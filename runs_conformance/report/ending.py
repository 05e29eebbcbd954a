"""How a run ends: its exit code, the sentence that says why, and the footer of its results file."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from runs_conformance.contract.register import LEVELS
from runs_conformance.report.records import Cost, Footer, Outcome, now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runs_conformance.report.summary import Summary

VERDICTS: Final = ("conforms", "does-not-conform", "could-not-run")


def exit_code(summary: Summary) -> int:
    """0 conforms, 1 does not (a failure, something untestable, a gap to mend, a client), 2 tested nothing.

    A MAY never makes a run red, untestable or not. Could-not-run for other reasons is the caller's to say.
    """
    blocked = any(each.level != "MAY" for each in summary.of(Outcome.UNTESTABLE))
    if summary.count(Outcome.FAILED) or blocked or summary.to_mend or summary.unserved:
        return 1
    return 0 if summary.tested else 2


def verdict_sentence(summary: Summary, code: int, reason: str = "") -> str:
    """The run in a sentence; `reason` tells why it could not run (code 2)."""
    if code == 2:
        return f"COULD NOT RUN (exit 2): {reason or _nothing(summary)}"
    if code == 0:
        return f"CONFORMS (exit 0): {'; '.join(_good(summary))}."
    return f"DOES NOT CONFORM (exit {code}): {'; '.join(_bad(summary)) or reason or 'see above'}."


def _nothing(summary: Summary) -> str:
    if not summary.count(Outcome.NOT_TESTED, Outcome.NOT_APPLICABLE):
        return "nothing was tested, for the selection leaves no requirement that can be; widen --select."
    return (
        "nothing was tested: no selected requirement was exercised; "
        "widen --select or look at what the profile declares absent."
    )


def _good(summary: Summary) -> Iterator[str]:
    yield f"{_many(summary.tested, 'requirement')} tested, none broken" + (
        f" but {_many(summary.count(Outcome.GAP), 'known gap')}" if summary.count(Outcome.GAP) else ""
    )
    if summary.count(Outcome.WARNING):
        yield _many(summary.count(Outcome.WARNING), "warning or note", "warnings and notes")
    if summary.count(Outcome.NOT_TESTED):
        yield f"{summary.count(Outcome.NOT_TESTED)} selected but not exercised"


def _bad(summary: Summary) -> Iterator[str]:
    failed = Counter(each.level for each in summary.of(Outcome.FAILED))
    for level in LEVELS:
        if failed[level]:
            yield f"{_many(failed[level], f'{level} requirement')} failed"
    if summary.count(Outcome.UNTESTABLE):
        yield f"{summary.count(Outcome.UNTESTABLE)} could not be tested"
    if summary.to_mend:
        count = len(summary.to_mend)
        yield f"{_many(count, 'entry', 'entries')} of the gaps file to mend"
    if summary.unserved:
        yield f"it does not serve the users of {summary.unserved}"
    yield f"{summary.count(Outcome.PASSED)} passed"


def _many(count: int, one: str, more: str = "") -> str:
    return f"{count} {one if count == 1 else more or one + 's'}"


def footer(summary: Summary, cost: Cost, code: int, reason: str = "") -> Footer:
    """The last line of the results file for an exit code (0, 1 or 2)."""
    return Footer(
        finished_at=now(),
        verdict=VERDICTS[code],
        exit_code=code,
        reason=verdict_sentence(summary, code, reason),
        outcomes=summary.outcomes,
        levels=summary.levels,
        requests=cost.requests,
        runs=cost.runs,
        seconds=round(cost.seconds, 3),
    )

"""The words that all views share, and whole results only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from runs_conformance.report.records import Footer, Outcome, Verdict
from runs_conformance.report.results import MissingFooterError, Results

OUTCOMES: Final[Mapping[Outcome, str]] = {
    Outcome.FAILED: "failed",
    Outcome.UNTESTABLE: "could not be tested",
    Outcome.WARNING: "warning",
    Outcome.GAP: "known gap",
    Outcome.PASSED: "passed",
    Outcome.NOT_APPLICABLE: "not applicable",
    Outcome.NOT_TESTED: "not exercised",
    Outcome.NOT_SELECTED: "not selected",
    Outcome.NOT_OBSERVABLE: "not observable",
    Outcome.NOT_IN_EDITION: "not in this edition",
}
# Rows that this run did not look at.
UNSEEN: Final = (Outcome.NOT_SELECTED, Outcome.NOT_OBSERVABLE, Outcome.NOT_IN_EDITION)
# What somebody has to do something about, the most urgent first.
URGENT: Final = (Outcome.FAILED, Outcome.UNTESTABLE, Outcome.WARNING, Outcome.GAP)
VERDICTS: Final = {
    "conforms": "Conforms", "does-not-conform": "Does not conform", "could-not-run": "Could not run",
}


def footer_of(results: Results) -> Footer:
    """The footer; MissingFooterError for results that were cut off."""
    if results.footer is None:
        raise MissingFooterError("the footer is missing", "Run the check again.", results)
    return results.footer


def seen(verdict: Verdict) -> str:
    """What a row's verdict rests on, in a line: what was seen, or why nothing was."""
    evidence = verdict.evidence
    parts = [evidence.actual, f"at {evidence.where}" if evidence.where else ""] if evidence else []
    return " ".join(part for part in parts if part) or verdict.reason


def cases(verdict: Verdict) -> str:
    """How many cases held and how many did not, in words."""
    total = verdict.failed + verdict.passed
    word = "case" if total == 1 else "cases"
    return f"{verdict.failed} of {total} {word} failed" if verdict.failed else f"{total} {word} passed"


def alternatives(expected: Sequence[str]) -> str:
    return " or ".join(expected)

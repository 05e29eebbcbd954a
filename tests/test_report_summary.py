from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import ROWS, SECRET, failed, passed, register, row, stuck, summary

from runs_conformance.contract.findings import Finding
from runs_conformance.contract.findings import Outcome as Found
from runs_conformance.contract.register import UnknownRequirementError
from runs_conformance.report.ending import exit_code, footer, verdict_sentence
from runs_conformance.report.records import Cost, Outcome, Verdict, severity
from runs_conformance.report.redact import Redactor
from runs_conformance.report.summary import RootCause, Summary

if TYPE_CHECKING:
    import random

A, B, C = "accept.a", "accept.b", "accept.c"
THREE = register(row(A), row(B, "SHOULD"), row(C, "MAY"))


def verdict(made: Summary, name: str) -> Verdict:
    return next(each for each in made.verdicts if each.id == name)


@pytest.mark.parametrize(
    ("level", "strict", "weight"),
    [
        ("MUST", False, "failure"),
        ("MUST", True, "failure"),
        ("SHOULD", False, "warning"),
        ("SHOULD", True, "failure"),
        ("MAY", False, "note"),
        ("MAY", True, "note"),
    ],
)
def test_the_policy_on_levels(level: str, strict: bool, weight: str) -> None:
    assert severity(level, strict) == weight


@pytest.mark.parametrize(
    ("name", "strict", "outcome", "code"),
    [
        (A, False, "failed", 1),
        (B, False, "warning", 0),
        (B, True, "failed", 1),
        (C, False, "warning", 0),
        (C, True, "warning", 0),
    ],
)
def test_a_failure_by_level(name: str, strict: bool, outcome: str, code: int) -> None:
    made = summary(failed(name), rows=THREE, strict=strict)
    assert verdict(made, name).outcome == outcome
    assert exit_code(made) == code


def gap(name: str) -> Finding:
    return Finding(name, Found.GAP, actual="known: #12")


@pytest.mark.parametrize(
    ("findings", "outcome"),
    [
        ([passed(A), failed(A), stuck(A, "x"), gap(A)], "failed"),
        ([stuck(A, "x"), gap(A)], "untestable"),
        ([stuck(A, "x"), passed(A)], "passed"),
        ([gap(A), passed(A)], "gap"),
        ([Finding(A, Found.NOT_APPLICABLE), passed(A)], "passed"),
        ([Finding(A, Found.NOT_APPLICABLE)], "not-applicable"),
        ([], "not-tested"),
    ],
)
def test_the_worst_finding_decides(findings: list[Finding], outcome: str) -> None:
    for order in (findings, findings[::-1]):
        assert verdict(summary(*order, rows=THREE), A).outcome == outcome


def test_rows_that_nobody_looked_at_say_why() -> None:
    made = summary(
        rows=ROWS,
        selected={"stream.first-event"},
        edition="2026-08-13",
        not_tested={"stream.first-event": "no streams"},
    )
    assert verdict(made, "error.retry-after").outcome is Outcome.NOT_IN_EDITION
    assert verdict(made, "stream.never").outcome is Outcome.NOT_OBSERVABLE
    assert verdict(made, "stream.never").reason == "nobody can see it"
    assert verdict(made, "accept.minimal").outcome is Outcome.NOT_SELECTED
    assert verdict(made, "stream.first-event").reason == "no streams"


def test_what_the_profile_declares_absent_can_not_be_red() -> None:
    made = summary(failed(A), stuck(B, "x"), rows=THREE, not_applicable={A: "no tools", B: "no tools"})
    assert [each.outcome for each in made.verdicts] == ["not-applicable", "not-applicable", "not-tested"]
    assert verdict(made, A).reason == "no tools"


def test_failures_are_folded_into_the_smallest() -> None:
    findings = [failed(A, f"case {n}", f"x{n}") for n in range(9)]
    curls = {f"x{n}": "curl " + "y" * abs(n - 6) for n in range(9)}
    made = verdict(summary(*findings, findings[0], passed(A, "good", "x10"), rows=THREE, curls=curls), A)
    assert made.evidence
    assert (made.failed, made.passed, made.evidence.case, made.evidence.curl) == (9, 1, "case 6", "curl ")
    assert made.others == ("case 0", "case 1", "case 2", "case 3", "case 4")


def test_a_case_with_one_failure_is_no_passed_case() -> None:
    made = verdict(summary(passed(A, "c", "x1"), failed(A, "c", "x1"), passed(A, "c", "x1"), rows=THREE), A)
    assert (made.failed, made.passed) == (1, 0)


def test_without_curl_lines_the_first_failure_is_shown() -> None:
    made = verdict(summary(failed(A, "first"), failed(A, "second"), rows=THREE), A)
    assert made.evidence
    assert made.evidence.case == "first"


def test_a_root_cause_stands_once_with_all_that_it_blocks() -> None:
    made = summary(
        stuck(B, "auth", "401 for the key"), stuck(A, B, "blocked"), stuck(C, "auth", "again"), rows=THREE
    )
    assert made.causes == (RootCause("auth", "401 for the key", (A, B, C)),)


def test_causes_without_a_rung_are_told_apart_by_reason() -> None:
    made = summary(stuck(A, "", "no file"), stuck(B, "", "no file"), stuck(C, "", "no clock"), rows=THREE)
    assert [(cause.reason, cause.requirements) for cause in made.causes] == [
        ("no file", (A, B)),
        ("no clock", (C,)),
    ]


def test_a_ring_of_blockers_ends() -> None:
    assert sum(len(cause.requirements) for cause in summary(stuck(A, B), stuck(B, A), rows=THREE).causes) == 2


@pytest.mark.parametrize(
    ("findings", "code"),
    [
        ([], 2),
        ([passed(A)], 0),
        ([passed(A), stuck(B, "x")], 1),
        ([passed(A), stuck(C, "x")], 0),
        ([stuck(C, "x")], 2),
        ([gap(A)], 0),
        ([Finding(A, Found.NOT_APPLICABLE)], 2),
        ([failed(C)], 0),
    ],
)
def test_exit_codes(findings: list[Finding], code: int) -> None:
    assert exit_code(summary(*findings, rows=THREE)) == code


def test_never_zero_on_an_empty_selection() -> None:
    made = summary(passed(A), rows=THREE, selected=frozenset())
    assert exit_code(made) == 2
    assert "widen --select" in verdict_sentence(made, 2)


def test_a_finding_about_no_row_is_an_error() -> None:
    with pytest.raises(UnknownRequirementError, match=r"closest is 'accept\.a'"):
        summary(passed("accept.aa"), rows=THREE)


def test_secrets_do_not_reach_a_verdict() -> None:
    bad = failed(A, SECRET, actual=SECRET, where=SECRET, expected=(SECRET,))
    blocked = stuck(B, SECRET, SECRET)
    made = summary(
        bad,
        failed(A, "2" + SECRET),
        blocked,
        rows=THREE,
        not_applicable={C: SECRET},
        hide=Redactor((SECRET,)),
    )
    assert SECRET not in repr(made)


OUTCOMES = st.lists(
    st.tuples(st.sampled_from([A, B, C]), st.sampled_from([passed, failed, gap])), max_size=12
)


@given(OUTCOMES, st.randoms(use_true_random=False), st.booleans())
def test_order_changes_no_verdict_and_all_rows_are_counted(
    drawn: list, shuffler: random.Random, strict: bool
) -> None:
    findings = [make(name) for name, make in drawn]
    made = summary(*findings, rows=THREE, strict=strict)
    shuffler.shuffle(findings)
    again = summary(*findings, rows=THREE, strict=strict)
    assert [replace(each, evidence=None) for each in made.verdicts] == [
        replace(each, evidence=None) for each in again.verdicts
    ]
    assert sum(made.outcomes.values()) == sum(sum(one.values()) for one in made.chapters.values()) == 3
    assert sum(sum(one.values()) for one in made.levels.values()) == 3
    assert (exit_code(made) == 0) <= (made.tested > 0)


def test_the_footer_agrees_with_the_summary() -> None:
    made = footer(summary(failed(A), passed(B), rows=THREE), Cost(requests=3, runs=1, seconds=0.5), 1)
    assert (made.verdict, made.exit_code, made.outcomes["failed"]) == ("does-not-conform", 1, 1)
    assert made.levels["SHOULD"]["passed"] == 1
    assert made.reason == "DOES NOT CONFORM (exit 1): 1 MUST requirement failed; 1 passed."

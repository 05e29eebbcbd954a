"""JUnit XML: a suite a chapter, a test case a requirement that the run looked at."""

from __future__ import annotations

from typing import Final
from xml.etree import ElementTree as ET

from runs_conformance.report.records import Outcome, Verdict
from runs_conformance.report.results import Results
from runs_conformance.report.text import escape
from runs_conformance.report.views.words import OUTCOMES, UNSEEN, alternatives, cases, footer_of, seen

_ELEMENTS: Final = {
    Outcome.FAILED: "failure",
    Outcome.UNTESTABLE: "error",
    Outcome.GAP: "skipped",
    Outcome.NOT_APPLICABLE: "skipped",
    Outcome.NOT_TESTED: "skipped",
}
_COUNTED: Final = (("failures", "failure"), ("errors", "error"), ("skipped", "skipped"))


def junit(results: Results) -> str:
    """XML in ASCII. Rows that the run did not look at are no test cases; the properties count them."""
    root = ET.Element("testsuites", name="runs-conformance")
    for chapter in results.summary.chapters:
        shown = [
            each for each in results.verdicts if each.chapter == chapter and each.outcome not in UNSEEN
        ]
        if shown:
            root.append(_suite(chapter, shown, results))
    if results.gaps:
        root.append(_gaps(results))
    for name in ("tests", *(name for name, _ in _COUNTED)):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    root.set("time", f"{footer_of(results).seconds:.3f}")
    _counts(root, results)
    ET.indent(root, " ")
    # What is not ASCII becomes a reference, so that the text is right in whatever encoding it is written.
    return '<?xml version="1.0" encoding="us-ascii"?>\n' + str(ET.tostring(root, "us-ascii"), "ascii") + "\n"


def _counts(root: ET.Element, results: Results) -> None:
    suite = ET.Element("testsuite", name="counts", tests="0", failures="0", errors="0", skipped="0")
    properties = ET.SubElement(suite, "properties")
    told = {
        "target": results.header.target,
        "edition": results.header.edition,
        "verdict": footer_of(results).verdict,
        **{str(outcome): str(results.summary.count(outcome)) for outcome in Outcome},
    }
    for name, value in told.items():
        ET.SubElement(properties, "property", name=name, value=_clean(value))
    root.insert(0, suite)


def _suite(chapter: str, verdicts: list[Verdict], results: Results) -> ET.Element:
    suite = ET.Element("testsuite", name=f"runs-conformance.{chapter}", tests=str(len(verdicts)))
    suite.set("timestamp", results.header.started_at.partition("+")[0].removesuffix("Z"))
    for verdict in verdicts:
        suite.append(_case(verdict))
    return _totalled(suite)


def _totalled(suite: ET.Element) -> ET.Element:
    for name, element in _COUNTED:
        suite.set(name, str(len(suite.findall(f"testcase/{element}"))))
    return suite


def _case(verdict: Verdict) -> ET.Element:
    case = ET.Element("testcase", classname=f"runs-conformance.{verdict.chapter}", name=verdict.id, time="0")
    message = seen(verdict) or verdict.blocked_by or OUTCOMES[verdict.outcome]
    element = _ELEMENTS.get(verdict.outcome)
    if element:
        told = ET.SubElement(case, element, message=_clean(message))
        if element != "skipped":
            told.set("type", verdict.level)
            told.text = _details(verdict)
    elif verdict.outcome is Outcome.WARNING:
        ET.SubElement(case, "system-out").text = f"{verdict.level}, a warning\n{_details(verdict)}"
    return case


def _gaps(results: Results) -> ET.Element:
    """The entries of the gaps file, those with a problem as failures: they make the run fail too."""
    suite = ET.Element("testsuite", name="runs-conformance.gaps-file", tests=str(len(results.gaps)))
    for gap in results.gaps:
        name = f"{gap.id} {gap.case}".strip()
        case = ET.SubElement(suite, "testcase", classname="runs-conformance.gaps-file", name=_clean(name))
        case.set("time", "0")
        if gap.problem:
            ET.SubElement(case, "failure", message=_clean(gap.problem), type=gap.state)
    return _totalled(suite)


def _details(verdict: Verdict) -> str:
    evidence = verdict.evidence
    fields = [
        ("requires", verdict.statement),
        ("source", verdict.source),
        ("blocked by", verdict.blocked_by),
        ("cases", cases(verdict) if verdict.failed else ""),
    ]
    if evidence:
        fields += [
            ("expected", alternatives(evidence.expected)), ("seen", evidence.actual),
            ("where", evidence.where), ("case", evidence.case),
            ("exchange", evidence.exchange), ("curl", evidence.curl),
        ]
    return "\n".join(f"{name}: {_clean(value)}" for name, value in fields if value)


def _clean(value: str) -> str:
    """Without the characters that XML can't hold or that fool a reader; lines are kept."""
    return "\n".join(map(escape, value.split("\n")))

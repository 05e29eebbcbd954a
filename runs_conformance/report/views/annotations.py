"""GitHub workflow commands: a line on the run's page for each failed requirement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from runs_conformance.report.records import Outcome, Verdict
from runs_conformance.report.results import Results
from runs_conformance.report.text import escape, shorten
from runs_conformance.report.views.words import alternatives, footer_of, seen

# GitHub shows ten errors and ten warnings a step; the last line counts the rest.
SHOWN: Final = 9
LONGEST: Final = 600


def workflow_commands(results: Results) -> str:
    """One `::error` or `::warning` line each; what a target sent can't become a command of its own."""
    return "".join(f"{line}\n" for line in _lines(results))


def _lines(results: Results) -> Iterator[str]:
    summary = results.summary
    bad = [_told(each) for each in summary.of(Outcome.FAILED)]
    bad += [(f"cannot test {each.name}", f"{each.reason} ({len(each.requirements)} requirements)")
            for each in summary.causes]
    bad += [(f"gaps file: {each.id}", each.problem) for each in summary.gaps if each.problem]
    if footer_of(results).exit_code == 2:
        yield _command("error", "runs-conformance could not run", footer_of(results).reason)
    yield from _some("error", bad)
    yield from _some("warning", [_told(each) for each in summary.of(Outcome.WARNING)])


def _some(kind: str, told: list[tuple[str, str]]) -> Iterator[str]:
    for title, message in told[:SHOWN]:
        yield _command(kind, title, message)
    if len(told) > SHOWN:
        yield _command(kind, f"{len(told) - SHOWN} more", "The job summary and the report have all of them.")


def _told(verdict: Verdict) -> tuple[str, str]:
    evidence = verdict.evidence
    expected = f"\nexpected: {alternatives(evidence.expected)}" if evidence and evidence.expected else ""
    return f"{verdict.id} ({verdict.level})", f"{verdict.statement}\nseen: {seen(verdict)}{expected}"


def _command(kind: str, title: str, message: str) -> str:
    lines = "\n".join(escape(shorten(line, LONGEST)) for line in message.split("\n"))
    return f"::{kind} title={_property(escape(shorten(title, LONGEST)))}::{_data(lines)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

"""What is written of watched traffic: results.jsonl while it goes on, the report at the end."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from runs_conformance import __version__
from runs_conformance.clients.beside import End, Settings
from runs_conformance.clients.judging import SIDES, Side, Watcher
from runs_conformance.contract.findings import Finding, passed
from runs_conformance.contract.model import Exchange
from runs_conformance.contract.register import Register
from runs_conformance.report.ending import footer
from runs_conformance.report.records import Cost, Header, Note, Outcome, environment, now
from runs_conformance.report.saved import Recorder
from runs_conformance.report.summary import Summary
from runs_conformance.report.terminal import render
from runs_conformance.report.text import emit
from runs_conformance.report.writer import ResultsWriter

MOST_CURLS: Final = 2_000


@dataclass(frozen=True)
class Ended:
    """How it ended: the exit code, and why it is 2."""

    code: int
    reason: str = ""


class Report:
    """OSError when the results file can't be opened."""

    def __init__(self, settings: Settings, register: Register, results: Path | None) -> None:
        self._settings, self._register = settings, register
        self.selected = register.select(settings.selection) if settings.selection else None
        self._recorder = Recorder(register, settings.strict)
        self._curls: dict[str, str] = {}
        self._writer = ResultsWriter(results)
        self._header = Header(
            tool=f"runs-conformance {__version__}",
            started_at=now(),
            target=f"watched: {settings.target}",
            edition=settings.edition,
            profile="watch",
            selection=settings.selection,
            strict=settings.strict,
            **environment(),
        )
        self._writer.header(self._header)

    def found(self, finding: Finding, exchange: Exchange) -> None:
        """A failure, as soon as it is known."""
        record = self._recorder.tell(finding, exchange, self._writer)
        if record is not None and record.get("curl") and len(self._curls) < MOST_CURLS:
            self._curls[exchange.id] = record["curl"]

    def close(self, watcher: Watcher, end: End, seconds: float) -> int:
        """Write and print the rest."""
        outcome = watcher.inspector.outcome
        summary = outcome.tally.summary(
            self._settings.edition, self.selected, strict=self._settings.strict, curls=self._curls
        )
        if self._settings.no_key:
            summary = _without_key(summary)
        for row in outcome.tally.passed:
            self._writer.write(self._recorder.finding(passed(row)))
        notes = [*_notes(watcher, end), *(self._sentence(side, summary) for side in SIDES)]
        for line in notes:
            self._writer.note(Note(text=line, at=now()))
        ended = self._ended(summary, watcher, end)
        for verdict in summary.verdicts:
            self._writer.requirement(verdict)
        cost = Cost(requests=end.exchanges, runs=outcome.runs, seconds=seconds)
        known = footer(summary, cost, 2 if ended.code == 2 else _conforms(summary), ended.reason)
        self._writer.footer(replace(known, exit_code=ended.code))
        self._writer.close()
        emit(sys.stdout, self._page(summary, cost, notes, ended))
        return ended.code

    def _page(self, summary: Summary, cost: Cost, notes: list[str], ended: Ended) -> str:
        settings = self._settings
        why = f"COULD NOT JUDGE (exit 2): {ended.reason}." if ended.reason else f"Exit code {ended.code}."
        return "\n" + render(
            summary,
            self._header,
            cost,
            settings.width,
            settings.colour,
            code=ended.code,
            reason=ended.reason,
            results=settings.results,
            sentences=(*notes, why),
        )

    def _ended(self, summary: Summary, watcher: Watcher, end: End) -> Ended:
        """Traffic that was passed on is a success, unless findings were to be counted."""
        if not end.exchanges:
            return Ended(2, "no request came through; point the client at the address above")
        unjudged = end.passed_over + watcher.troubles.total()
        sides = SIDES if self._settings.fail_on == "any" else (self._settings.fail_on,)
        if any(_broken(summary, self._register, side, "failed") for side in sides):
            return Ended(1)
        if self._settings.fail_on and not watcher.inspector.outcome.judged:
            return Ended(2, "nothing that came through could be judged")
        silent = [side for side in sides if not _tested(summary, self._register, side)]
        if self._settings.fail_on and silent:
            return Ended(2, f"the {silent[0]} sent nothing that could be judged")
        if self._settings.fail_on and unjudged:
            return Ended(2, f"{unjudged} of {end.exchanges} exchanges could not be judged")
        return Ended(0)

    def _sentence(self, side: Side, summary: Summary) -> str:
        tested = _tested(summary, self._register, side)
        broken = _broken(summary, self._register, side, "failed")
        warned = _broken(summary, self._register, side, "warning")
        if not tested:
            return f"The {side}: nothing could be said."
        told = [f"{len(broken)} broken ({', '.join(broken[:6])}{', ...' if len(broken) > 6 else ''})"]
        shown = told if broken else ["none broken"]
        shown += [f"{len(warned)} warned of ({', '.join(warned[:6])})"] if warned else []
        return f"The {side}: of {tested} requirements that its traffic showed {', '.join(shown)}."


_TESTED: Final = (Outcome.PASSED, Outcome.FAILED, Outcome.WARNING)


def _tested(summary: Summary, register: Register, side: str) -> int:
    """How many of a side's requirements were decided."""
    return sum(each.outcome in _TESTED and _side(each.id, register) == side for each in summary.verdicts)


def _side(row: str, register: Register) -> str:
    return "client" if register[row].about_clients else "server"


def _broken(summary: Summary, register: Register, side: str, outcome: str) -> list[str]:
    return [
        each.id for each in summary.verdicts if each.outcome == outcome and _side(each.id, register) == side
    ]


def _conforms(summary: Summary) -> int:
    return 1 if summary.count(Outcome.FAILED) else 0 if summary.tested else 2


def _without_key(summary: Summary) -> Summary:
    reason = "--no-key: the upstream wants none"
    return replace(
        summary,
        verdicts=tuple(
            replace(each, outcome=Outcome.NOT_APPLICABLE, reason=reason)
            if each.id == "client.header.authorization"
            else each
            for each in summary.verdicts
        ),
    )


def _notes(watcher: Watcher, end: End) -> Iterator[str]:
    outcome = watcher.inspector.outcome
    yield f"{end.exchanges:,} exchanges passed: {outcome.judged:,} judged, in {outcome.traces:,} threads."
    if watcher.others:
        yield f"{watcher.others:,} passed on and not judged: of other endpoints."
    if end.passed_over:
        yield f"{end.passed_over:,} passed on and not judged: the judge had fallen behind or ended."
    if watcher.troubles:
        names = ", ".join(f"{name} ({count})" for name, count in watcher.troubles.most_common(5))
        yield f"{watcher.troubles.total():,} could not be judged, through an error of our own: {names}."
    reasons = outcome.tally.reasons
    if reasons:
        told = "; ".join(f"{reason} ({count})" for reason, count in reasons.most_common(5))
        yield f"Not held against anybody: {told}."

"""The command `inspect`: recordings in, the report of `check` out."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

from runs_conformance import __version__
from runs_conformance.contract.findings import Finding, passed
from runs_conformance.contract.model import Exchange
from runs_conformance.contract.register import NEWEST, OLDEST, load
from runs_conformance.options import UsageError
from runs_conformance.recordings.files import SUFFIXES
from runs_conformance.recordings.inspecting import Inspector, Outcome, recordings
from runs_conformance.recordings.scrub import Keys
from runs_conformance.report.ending import exit_code, footer
from runs_conformance.report.records import Cost, Header, Note, environment, now
from runs_conformance.report.saved import Recorder
from runs_conformance.report.terminal import render
from runs_conformance.report.text import emit, escape, wants_colour, wrap
from runs_conformance.report.writer import ResultsWriter

MOST_TROUBLES: Final = 20
MOST_REASONS: Final = 8


def inspect(arguments: argparse.Namespace) -> int:
    """Judge the files; UsageError for options and paths that can't be used."""
    started, began = now(), time.monotonic()
    register = load()
    selected = register.select(arguments.select) if arguments.select else None
    files = _files(arguments.files)
    recorder, keys = Recorder(register, arguments.strict), Keys()
    curls: dict[str, str] = {}
    with _writer(arguments.results) as writer:
        header = _header(arguments, started)
        writer.header(header)

        def told(finding: Finding, exchange: Exchange) -> None:
            record = replace(recorder, hide=keys.scrubber).tell(finding, exchange, writer)
            if record is not None and record.get("curl"):
                curls[exchange.id] = record["curl"]

        edition = _edition(arguments.edition)
        inspector = Inspector(register, edition, arguments.base_url, selected, told, keys=keys)
        for file in files:
            inspector.file(file)
        outcome = inspector.outcome
        summary = outcome.tally.summary(
            header.edition,
            selected,
            strict=arguments.strict,
            curls=curls,
            hide=keys.scrubber,
        )
        notes = list(map(keys.scrubber.text, _notes(outcome, arguments.edition)))
        for line in notes:
            writer.note(Note(text=line, at=now()))
        for row in outcome.tally.passed:
            writer.write(recorder.finding(passed(row)))
        code, reason = _ending(exit_code(summary), outcome)
        cost = Cost(requests=outcome.judged, runs=outcome.runs, seconds=time.monotonic() - began)
        for verdict in summary.verdicts:
            writer.requirement(verdict)
        writer.footer(footer(summary, cost, code, reason))
    width = shutil.get_terminal_size().columns
    colour = wants_colour(sys.stdout, arguments.color, os.environ)
    report = render(
        summary,
        header,
        cost,
        width,
        colour,
        code=code,
        reason=reason,
        results=arguments.results or "",
    )
    emit(sys.stdout, _told(notes, width) + report)
    return code


def _files(names: list[str]) -> list[Path]:
    for name in names:
        if not Path(name).exists():
            raise UsageError(f"{name}: there is no such file or folder")
    found = list(recordings(list(map(Path, names)), SUFFIXES))
    if not found:
        endings = ", ".join(SUFFIXES)
        raise UsageError(f"{', '.join(names)}: no recordings in there (files that end in {endings})")
    return found


def _edition(text: str) -> str:
    if text and not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise UsageError(f"--edition {text!r} is no date; write it as {NEWEST}")
    return max(OLDEST, min(text, NEWEST)) if text else ""


def _writer(name: str | None) -> ResultsWriter:
    try:
        return ResultsWriter(Path(name) if name else None)
    except OSError as error:
        raise UsageError(f"--results {name}: can't be written ({error.strerror})") from None


def _header(arguments: argparse.Namespace, started: str) -> Header:
    names = ", ".join(arguments.files)
    return Header(
        tool=f"runs-conformance {__version__}",
        started_at=started,
        target=f"recordings: {names if len(names) < 100 else f'{len(arguments.files)} files and folders'}",
        edition=_edition(arguments.edition) or NEWEST,
        profile="recordings",
        selection=tuple(arguments.select),
        strict=arguments.strict,
        **environment(),
    )


def _ending(code: int, outcome: Outcome) -> tuple[int, str]:
    """Nothing judged is never a 0, nor is a file that could not be read."""
    if not outcome.judged:
        others = ", ".join(f"{count} {kind}" for kind, count in outcome.others.most_common())
        seen = f"{outcome.recorded} recorded calls" + (f" ({others})" if others else "")
        return 2, (
            f"nothing was judged: {seen}, none of them of the Assistants API as far as can be told; "
            "--base-url URL names the address that it was under"
        )
    if code == 0 and outcome.troubles:
        return 2, f"not all could be read: {outcome.troubles[0].place}: {outcome.troubles[0].text}"
    return code, ""


def _notes(outcome: Outcome, edition: str) -> list[str]:
    seen = f"{_many(outcome.files, 'file')}, {_many(outcome.recorded, 'recorded call')}"
    lines = [f"{seen}: {outcome.judged} judged, in {_many(outcome.traces, 'thread')}."]
    lines += [f"{count} passed over: {kind}." for kind, count in outcome.others.most_common()]
    if outcome.days:
        by = f"judged as of {edition}" if edition else "each judged by the edition of its day"
        first, last = min(outcome.days), max(outcome.days)
        lines.append(f"Recorded {first if first == last else f'from {first} to {last}'}, {by}.")
    if outcome.undated and not edition:
        lines.append(
            f"{outcome.undated} without a date: a failure counts only if every edition has it "
            "(--edition DATE)."
        )
    troubles = outcome.troubles[:MOST_TROUBLES]
    lines += [f"Could not be read: {one.place}: {one.text}." for one in troubles]
    if len(outcome.troubles) > MOST_TROUBLES:
        lines.append(f"{len(outcome.troubles) - MOST_TROUBLES} more could not be read.")
    reasons = outcome.tally.reasons
    if reasons:
        told = "; ".join(f"{reason} ({count})" for reason, count in reasons.most_common(MOST_REASONS))
        lines.append(f"Not held against the server, for a recording can't prove it: {told}.")
    return lines


def _many(count: int, one: str) -> str:
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def _told(notes: list[str], width: int) -> str:
    lines = [line for note in notes for line in wrap(escape(note), max(60, min(width, 110)), "", "  ")]
    return "\n".join([*lines, "", ""])

"""The results file: one JSON object a line (schemas/result_line.json), from which every report is rendered.

It is written while a run goes on and flushed line by line, so a run that is killed leaves a file that can be
read up to its last whole line; a missing footer tells that it was cut off. Lines are ASCII: no cut can split
a character.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from runs_conformance.paths import SCHEMAS
from runs_conformance.report.records import (
    FORMAT,
    ClientVerdict,
    Footer,
    Gap,
    Header,
    Latency,
    Load,
    Note,
    Record,
    Verdict,
    from_record,
    verdict_of,
)
from runs_conformance.report.summary import Summary
from runs_conformance.report.writer import ResultsWriter

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    "EmptyResultsError",
    "MalformedLineError",
    "MissingFooterError",
    "Results",
    "ResultsError",
    "ResultsWriter",
    "UnreadableResultsError",
    "read_results",
]


@dataclass(frozen=True)
class Results:
    """What a results file holds. Findings and exchanges are the lines; without a footer it was cut off."""

    header: Header
    findings: tuple[Record, ...] = ()
    exchanges: Mapping[str, Record] = field(default_factory=dict)
    verdicts: tuple[Verdict, ...] = ()
    notes: tuple[Note, ...] = ()
    gaps: tuple[Gap, ...] = ()
    clients: tuple[ClientVerdict, ...] = ()
    cases: tuple[Record, ...] = ()
    """What clients did with the target: values that they sent, scenarios that they went through."""
    load: Load | None = None
    latencies: tuple[Latency, ...] = ()
    footer: Footer | None = None

    @cached_property
    def summary(self) -> Summary:
        """The same summary that the run printed; empty verdicts when the file was cut off before them."""
        return Summary(self.verdicts, self.header.strict, self.gaps, self.clients)


class ResultsError(ValueError):
    """A results file that can't be used as it is; `hint` says what to do, `results` is what could be read."""

    def __init__(self, text: str, hint: str, results: Results | None = None) -> None:
        super().__init__(text)
        self.hint = hint
        self.results = results


class UnreadableResultsError(ResultsError):
    """There is no such file, or it can't be opened."""


class EmptyResultsError(ResultsError):
    """Not one line: the run ended before it began."""


class MissingFooterError(ResultsError):
    """The run was cut off; `results` holds what it had found by then."""


class MalformedLineError(ResultsError):
    """A line that is no result line; `line` counts from 1, `results` holds what stands before it."""

    def __init__(self, line: int, problem: str, results: Results | None) -> None:
        super().__init__(
            f"line {line}: {problem}", "Is this a results file of this version? Run the check again.", results
        )
        self.line = line


def read_results(path: Path) -> Results:
    """Read a results file; a ResultsError of its kind when it is missing, empty, cut off or not one."""
    try:
        text = path.read_text("utf-8", errors="surrogateescape")
    except OSError as error:
        raise UnreadableResultsError(
            f"{path}: {error.strerror}", "`runs-conformance check --results FILE` writes such a file."
        ) from error
    return _results(text, str(path))


def _results(text: str, name: str) -> Results:
    lines = text.split("\n")
    if not text.strip():
        raise EmptyResultsError(
            f"{name}: the file is empty", "The run failed before its first line; its own message says why."
        )
    records: list[Record] = []
    for number, line in enumerate(lines, 1):
        record = _record(line, last=number == len(lines))
        if isinstance(record, str):
            raise MalformedLineError(number, record, _collect(records))
        if record is not None:
            _place(number, record, records)
            records.append(record)
    return _whole(records, name)


def _whole(records: list[Record], name: str) -> Results:
    results = _collect(records)
    if results is None:
        raise EmptyResultsError(
            f"{name}: not one whole line", "The run was killed at its start; run it again."
        )
    if results.footer is None:
        raise MissingFooterError(
            f"{name}: cut off after {len(records)} lines: the footer is missing",
            "The run was killed or is still going on: wait for it, or run it again.",
            results,
        )
    return results


def _place(number: int, record: Record, before: list[Record]) -> None:
    """The header stands first and once, nothing stands after the footer."""
    if (record["kind"] == "header") != (not before):
        problem = "a second header" if before else "the file does not begin with a header"
        raise MalformedLineError(number, problem, _collect(before))
    if before and before[-1]["kind"] == "footer":
        raise MalformedLineError(number, "a line after the footer", _collect(before))


def _record(line: str, *, last: bool) -> Record | str | None:
    """The record of a line; None for a blank or cut last one; a text that says what is wrong."""
    if not line.strip():
        return None if last else "a blank line"
    try:
        record: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        return None if last else f"not JSON ({error})"
    if isinstance(record, dict) and record.get("kind") == "header" and record.get("format") != FORMAT:
        return f"format {record.get('format')!r}; this version reads format {FORMAT}"
    return _breach(record) or record


def _breach(record: Any) -> str | None:
    try:
        error = next(iter(_validator().iter_errors(record)), None)
    except ValueError as problem:  # a lone surrogate, nesting without end
        return f"not usable as JSON ({problem})"
    return (
        None
        if error is None
        else f"{'/'.join(map(str, error.instance_path)) or 'the line'}: {error.message[:200]}"
    )


@lru_cache(maxsize=1)
def _validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(json.loads((SCHEMAS / "result_line.json").read_text("utf-8")))


def _collect(records: list[Record]) -> Results | None:
    if not records:
        return None
    kinds: dict[str, list[Record]] = {}
    for record in records:
        kinds.setdefault(record["kind"], []).append(record)
    return Results(
        header=from_record(Header, kinds["header"][0]),
        findings=tuple(kinds.get("finding", ())),
        exchanges={record["id"]: record for record in kinds.get("exchange", ())},
        verdicts=tuple(map(verdict_of, kinds.get("requirement", ()))),
        notes=tuple(from_record(Note, record) for record in kinds.get("note", ())),
        gaps=tuple(from_record(Gap, record) for record in kinds.get("gap", ())),
        clients=tuple(from_record(ClientVerdict, record) for record in kinds.get("client", ())),
        cases=tuple(kinds.get("client_case", ())),
        load=from_record(Load, kinds["load"][0]) if "load" in kinds else None,
        latencies=tuple(from_record(Latency, record) for record in kinds.get("latency", ())),
        footer=from_record(Footer, kinds["footer"][0]) if "footer" in kinds else None,
    )

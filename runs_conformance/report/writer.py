"""Writes the results file while a run goes on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, Self, TextIO

from runs_conformance.report.records import (
    ClientVerdict,
    Footer,
    Gap,
    Header,
    Latency,
    Load,
    Note,
    Record,
    Verdict,
    to_record,
)
from runs_conformance.report.summary import UNSIZED

if TYPE_CHECKING:
    from pathlib import Path

KEPT: Final = 25


class ResultsWriter:
    """Writes results.jsonl, or nothing when the path is None. OSError when the file can't be opened.

    Bounded: a passed finding stands once for each requirement and case; of a requirement's failed findings
    the first KEPT stand and each later one that is smaller than all before it (the smallest is the evidence
    of the verdict); an exchange stands once, and only when a finding that stands refers to it (the
    last few others are kept at hand for findings to come).
    """

    def __init__(self, path: Path | None) -> None:
        self._file: TextIO | None = None if path is None else path.open("w", encoding="ascii", newline="\n")
        self._passed: set[tuple[str, str]] = set()
        self._others: dict[tuple[str, str], tuple[int, int]] = {}
        self._wanted: set[str] = set()
        self._told: set[str] = set()
        self._spare: dict[str, Record] = {}

    def header(self, header: Header) -> None:
        self._line(to_record("header", header))

    def note(self, note: Note) -> None:
        self._line(to_record("note", note, sparse=True))

    def requirement(self, verdict: Verdict) -> None:
        self._line(to_record("requirement", verdict, sparse=True))

    def gap(self, gap: Gap) -> None:
        self._line(to_record("gap", gap, sparse=True))

    def client(self, client: ClientVerdict) -> None:
        self._line(to_record("client", client, sparse=True))

    def case(self, record: Record) -> None:
        """What a client did with the target (a line of kind client_case)."""
        self._line(record)

    def load(self, load: Load) -> None:
        """What a soak was."""
        self._line(to_record("load", load))

    def latency(self, latency: Latency) -> None:
        self._line(to_record("latency", latency))

    def footer(self, footer: Footer) -> None:
        self._line(to_record("footer", footer))

    def write(self, record: Record) -> bool:
        """Write a finding's or exchange's line (from a Recorder, its exchange after it) if it is to stand."""
        is_exchange = record["kind"] == "exchange"
        stands = self._exchange(record) if is_exchange else self._finding(record)
        if stands:
            self._line(record)
        if stands and not is_exchange and record.get("exchange") in self._spare:
            self.write(self._spare.pop(record["exchange"]))
        return stands

    def wants(self, exchange: str) -> bool:
        """Whether a finding that stands refers to this exchange, and its line is not there yet."""
        return exchange in self._wanted and exchange not in self._told

    def _finding(self, record: Record) -> bool:
        if record["outcome"] == "passed":
            key = (record["requirement"], record.get("case", ""))
            new = key not in self._passed
            self._passed.add(key)
            return new
        kind = (record["requirement"], record["outcome"])
        count, smallest = self._others.get(kind, (0, UNSIZED))
        size = len(record.get("curl", "")) or UNSIZED
        stands = count < KEPT or size < smallest
        self._others[kind] = (count + 1, min(size, smallest))
        if stands and "exchange" in record:
            self._wanted.add(record["exchange"])
        return stands

    def _exchange(self, record: Record) -> bool:
        new = record["id"] in self._wanted and record["id"] not in self._told
        if new:
            self._told.add(record["id"])
        elif record["id"] not in self._told:
            self._spare[record["id"]] = record
            if len(self._spare) > KEPT:
                self._spare.pop(next(iter(self._spare)))
        return new

    def _line(self, record: Record) -> None:
        if self._file is not None:
            self._file.write(json.dumps(record, separators=(",", ":")) + "\n")
            self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

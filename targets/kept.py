"""What is kept of a target's last results: outcomes without evidence, in a results file for every view."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Final

import recipes

from runs_conformance.report.comparing import Change, Comparison, compare
from runs_conformance.report.records import Outcome, to_record
from runs_conformance.report.results import Results, read_results

# Every row has one of these; only they say something that the register does not.
TOLD: Final = (Outcome.UNTESTABLE, Outcome.NOT_APPLICABLE)


def file(name: str) -> Path:
    return recipes.HERE / name / "last.jsonl"


def read(name: str) -> Results:
    """Raises ResultsError if there is none, or it can't be read."""
    return read_results(file(name))


def reduced(found: Results, target: str) -> str:
    """The lines to keep of a run's results; `target` stands for its URL, whose port differs each time."""
    if found.footer is None:
        raise ValueError(f"{target}: results without a footer can't be kept")
    header = replace(found.header, target=target, planned={}, libraries={})
    rows = [
        replace(
            row, rq="", statement="", source="", since="", until="", evidence=None, others=(),
            reason=row.reason if row.outcome in TOLD else "",
        )
        for row in found.verdicts
    ]
    records = [
        to_record("header", header), *(to_record("requirement", row, sparse=True) for row in rows),
        to_record("footer", found.footer),
    ]
    return "".join(f"{json.dumps(record)}\n" for record in records)


def differs(name: str, results: Path, target: str) -> Comparison | None:
    """What changed since the last results; None if none are kept yet. `target` is as for `reduced`."""
    if not file(name).is_file():
        return None
    found = read_results(results)
    return compare(read(name), replace(found, header=replace(found.header, target=target)))


def counted(found: Comparison, varies: tuple[str, ...]) -> tuple[Change, ...]:
    """The changes that matter: all but whether a row of `varies` was exercised at all."""
    return tuple(
        each for each in found.changes if each.id not in varies or each.kind not in ("new", "gone")
    )

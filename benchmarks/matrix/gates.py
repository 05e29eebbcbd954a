"""What the table must say. Each problem is a sentence that says what to do."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.matrix.computing import how
from benchmarks.matrix.table import FULL, Row, Table
from benchmarks.matrix.watching import fits
from runs_conformance.contract.register import NEWEST, Register, Requirement
from runs_conformance.reference.faults import CATALOGUE

EXPECTED: Final = Path(__file__).with_name("expected.toml")


@dataclass(frozen=True, slots=True)
class Companion:
    """Requirements that these faults may trip beside those meant for them, and why. Patterns both."""

    faults: tuple[str, ...]
    rows: tuple[str, ...]
    reason: str

    def allows(self, fault: str, row: str) -> bool:
        return fits(fault, self.faults) and fits(row, self.rows)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the gates allow: companions; rows that no fault trips; MUST rows that are never tripped alone."""

    companions: tuple[Companion, ...] = ()
    untripped: Mapping[str, str] = field(default_factory=dict)
    never_alone: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Problem:
    """`fails`: the gate does not hold. What only could not be told yet is said, and fails nothing."""

    gate: str
    text: str
    fails: bool = True


def expected(place: Path = EXPECTED) -> Expected:
    document = tomllib.loads(place.read_text("utf-8"))
    companions = (
        Companion(tuple(one["faults"]), tuple(one["rows"]), one["reason"])
        for one in document.get("companion", ())
    )
    reasons = {
        name: {row: one["reason"] for one in document.get(name, ()) for row in one["rows"]}
        for name in ("untripped", "never-alone")
    }
    return Expected(tuple(companions), reasons["untripped"], reasons["never-alone"])


def every_fault_is_caught(rows: Iterable[Row]) -> Iterator[Problem]:
    told = {
        "missed": "nothing noticed it: mend a check or a stimulus",
        "blocked": "nothing failed, rows were only untestable: mend what can be judged all the same",
        "error": "the check itself broke: mend that first",
    }
    for row in rows:
        if row.verdict in told:
            yield Problem(
                "caught",
                f"{row.fault}: {told[row.verdict]}. Meant: {', '.join(row.meant)}. {row.error}".strip(),
            )


def by_what_is_meant(rows: Iterable[Row]) -> Iterator[Problem]:
    for row in rows:
        if row.verdict == "other":
            yield Problem(
                "meant",
                f"{row.fault}: noticed by {', '.join(row.caught[:6])} only, not by {', '.join(row.meant)}: "
                "mend the check of what is meant, or say in `breaks` what the fault really breaks",
            )


def no_strangers(rows: Iterable[Row], given: Expected) -> Iterator[Problem]:
    for row in (one for one in rows if one.verdict == "caught"):
        allowed = CATALOGUE[row.fault].also if row.fault in CATALOGUE else {}
        strange = [
            one for one in row.others
            if not fits(one, allowed) and not any(each.allows(row.fault, one) for each in given.companions)
        ]  # fmt: skip
        if strange:
            yield Problem(
                "companions",
                f"{row.fault}: also trips {', '.join(strange)}: if that is the same wrong, say why in "
                "expected.toml ([[companion]]); if not, it is a false alarm of a check",
            )


def companions_are_needed(rows: Sequence[Row], given: Expected) -> Iterator[Problem]:
    seen = [(row.fault, one) for row in rows for one in row.others]
    for each in given.companions:
        if not any(each.allows(*pair) for pair in seen):
            yield Problem(
                "companions",
                f"expected.toml allows {', '.join(each.rows)} for {', '.join(each.faults)}, "
                "which no fault needs: remove it",
            )


def every_row_is_tripped(rows: Iterable[Row], register: Register, given: Expected) -> Iterator[Problem]:
    tripped = {one for row in rows for one in row.caught}
    asked = (one.id for one in register if counts(one, ("MUST", "SHOULD")))
    advice = "no fault trips it: write one for it (reference/faults)"
    yield from _rows("tripped", asked, tripped, given.untripped, table="untripped", advice=advice)


def every_must_is_alone(rows: Iterable[Row], register: Register, given: Expected) -> Iterator[Problem]:
    """For each MUST row, a fault that nothing else notices: else its check could go and none would see it."""
    alone = {row.caught[0] for row in rows if row.how == FULL and len(row.caught) == 1}
    asked = (one.id for one in register if counts(one, ("MUST",)) and one.id not in given.untripped)
    advice = "no fault is noticed by it alone: write one (reference/faults) that breaks this and nothing else"
    yield from _rows("alone", asked, alone, given.never_alone, table="never-alone", advice=advice)


def counts(row: Requirement, levels: tuple[str, ...]) -> bool:
    """Whether a row of these levels can be seen on the wire, by the newest edition."""
    return row.level in levels and row.observable != "no" and row.applies(NEWEST)


def _rows(
    gate: str, asked: Iterable[str], seen: set[str], reasons: Mapping[str, str], *, table: str, advice: str
) -> Iterator[Problem]:
    for name in asked:
        if name not in seen and name not in reasons:
            yield Problem(gate, f"{name}: {advice}, or say in expected.toml ([[{table}]]) why that can't be")
        if name in seen and name in reasons:
            yield Problem(
                gate,
                f"{name}: expected.toml ([[{table}]]) says that can't be, but it is so now: remove the entry",
            )


def judge(now: Sequence[Row], table: Table, register: Register, given: Expected) -> list[Problem]:
    """All gates.

    `now` are the rows whose verdicts count; companions and the register are judged by the table.
    """
    rows = list(table.rows.values())
    full = [row for row in rows if row.how == FULL]
    verdicts = [*every_fault_is_caught(now), *by_what_is_meant(now), *no_strangers(full, given)]
    whole = {row.fault for row in full}
    short = [name for name in CATALOGUE if name not in (whole if how(name) == FULL else table.rows)]
    if short:
        text = (
            f"{len(short)} faults have not had the check that they should get, so companions that nobody "
            "needs, rows that no fault trips and rows that are never tripped alone can't be told: "
            "tox -e matrix-update"
        )
        return [*verdicts, Problem("whole", text, fails=False)]
    return [
        *verdicts,
        *companions_are_needed(full, given),
        *every_row_is_tripped(rows, register, given),
        *every_must_is_alone(rows, register, given),
    ]

"""Several results side by side: targets by chapters and requirements. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runs_conformance.report.records import Outcome, Verdict
from runs_conformance.report.results import Results


@dataclass(frozen=True, slots=True)
class Cell:
    """How many rows of a chapter passed, of how many that were decided (or could not be, through a fault)."""

    passed: int
    decided: int


@dataclass(frozen=True, slots=True)
class Line:
    """One requirement; an outcome for each target, None where its result has no such row."""

    id: str
    level: str
    chapter: str
    statement: str
    outcomes: tuple[Outcome | None, ...]

    @property
    def agreed(self) -> bool:
        return len(set(self.outcomes)) == 1


@dataclass(frozen=True, slots=True)
class Matrix:
    names: tuple[str, ...]
    results: tuple[Results, ...]
    chapters: tuple[tuple[str, tuple[Cell, ...]], ...]
    lines: tuple[Line, ...]

    @property
    def totals(self) -> tuple[Cell, ...]:
        return tuple(_cell(each.verdicts) for each in self.results)


_DECIDED = (Outcome.PASSED, Outcome.FAILED, Outcome.WARNING, Outcome.GAP, Outcome.UNTESTABLE)


def matrix(named: Sequence[tuple[str, Results]]) -> Matrix:
    results = tuple(each for _, each in named)
    chapters = dict.fromkeys(name for each in results for name in each.summary.chapters)
    return Matrix(
        _told_apart([name for name, _ in named]), results,
        tuple((chapter, tuple(_chapter(chapter, each) for each in results)) for chapter in chapters),
        _lines(results),
    )


def _chapter(chapter: str, results: Results) -> Cell:
    return _cell([each for each in results.verdicts if each.chapter == chapter])


def _cell(verdicts: Sequence[Verdict]) -> Cell:
    passed = sum(each.outcome is Outcome.PASSED for each in verdicts)
    return Cell(passed, sum(each.outcome in _DECIDED for each in verdicts))


def _lines(results: Sequence[Results]) -> tuple[Line, ...]:
    tables = [{each.id: each for each in one.verdicts} for one in results]
    first = {name: each for table in reversed(tables) for name, each in table.items()}
    ordered = dict.fromkeys(name for table in tables for name in table)
    return tuple(
        Line(
            name, first[name].level, first[name].chapter, first[name].statement,
            tuple(table[name].outcome if name in table else None for table in tables),
        )
        for name in ordered
    )


def _told_apart(names: Sequence[str]) -> tuple[str, ...]:
    """Two results of one target get numbers."""
    return tuple(
        name if names.count(name) == 1 else f"{name} ({names[: at + 1].count(name)})"
        for at, name in enumerate(names)
    )

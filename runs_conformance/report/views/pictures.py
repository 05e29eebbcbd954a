"""Geometry of the requirement grid and of a stream's timeline: numbers for inline SVG. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from runs_conformance.report.records import Outcome, Verdict

CELL: Final = 16
GRID_COLUMNS: Final = 20
LANE: Final = 26
LEFT: Final = 74
TOP: Final = 22
# Pixels between two events: never closer than can be told apart, a long wait no wider than half a screen.
NEAREST: Final = 16
WIDEST: Final = 140
BY_TIME: Final = 900
SHOWN: Final = 80
AROUND: Final = 30
LANES: Final = ("thread", "run", "step", "message", "end", "other")


@dataclass(frozen=True, slots=True)
class Cell:
    x: int
    y: int
    verdict: Verdict

    @property
    def sign(self) -> str:
        """What tells the outcomes apart without colour."""
        return _SIGNS.get(self.verdict.outcome, "")


_SIGNS: Final = {
    Outcome.FAILED: "cross", Outcome.UNTESTABLE: "bar", Outcome.WARNING: "dot", Outcome.GAP: "slash",
}


@dataclass(frozen=True, slots=True)
class Grid:
    """The requirements of one chapter as squares."""

    chapter: str
    width: int
    height: int
    cells: tuple[Cell, ...]


def grids(verdicts: Sequence[Verdict], chapters: Sequence[str]) -> tuple[Grid, ...]:
    return tuple(_grid(name, [each for each in verdicts if each.chapter == name]) for name in chapters)


def _grid(chapter: str, verdicts: Sequence[Verdict]) -> Grid:
    cells = tuple(
        Cell(at % GRID_COLUMNS * CELL, at // GRID_COLUMNS * CELL, each) for at, each in enumerate(verdicts)
    )
    return Grid(chapter, GRID_COLUMNS * CELL, -(-len(verdicts) // GRID_COLUMNS) * CELL, cells)


@dataclass(frozen=True, slots=True)
class Mark:
    """One event: its place, its title, and whether it is what the finding is about."""

    x: float
    y: int
    event: Mapping[str, Any]
    offending: bool

    @property
    def title(self) -> str:
        name = self.event["name"] or "(no name)"
        return f"event {self.event['index']}: {name}, {milliseconds(self.event['at'])} after the request"


@dataclass(frozen=True, slots=True)
class Tick:
    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """The events of a stream in lanes; `gaps` are the places where some were left out, with how many."""

    width: float
    height: int
    lanes: tuple[tuple[str, int], ...]
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    gaps: tuple[Tick, ...]


def timeline(events: Sequence[Mapping[str, Any]], offending: int | None, total: int) -> Timeline:
    """The picture of a stream's kept events (`total` came): if many, the ends and those near the marked."""
    shown = around(events, offending)
    used = {lane(each["name"]) for each in shown}
    names: list[str] = [each for each in LANES if each in used]
    lanes = tuple((name, TOP + LANE * at) for at, name in enumerate(names))
    rows = dict(lanes)
    places = _places(shown)
    marks = tuple(
        Mark(x, rows[lane(each["name"])], each, each["index"] == offending)
        for x, each in zip(places, shown, strict=True)
    )
    width = (places[-1] if places else LEFT) + 60
    height = TOP + LANE * len(lanes) + 22
    return Timeline(width, height, lanes, marks, _ticks(marks), _gaps(marks, total))


def lane(name: str | None) -> str:
    """The kind of object that an event is about."""
    if name is None:
        return "other"
    for prefix, found in (
        ("thread.run.step.", "step"), ("thread.run.", "run"), ("thread.message.", "message"),
        ("thread.", "thread"),
    ):
        if name.startswith(prefix):
            return found
    return "end" if name in ("done", "error") else "other"


def around(events: Sequence[Mapping[str, Any]], offending: int | None) -> list[Mapping[str, Any]]:
    """At most SHOWN events: the first and the last ones, and those near the offending one."""
    if len(events) <= SHOWN:
        return list(events)
    ends = (SHOWN - AROUND) // 2
    place = next((at for at, each in enumerate(events) if each["index"] == offending), 0)
    near = range(place - AROUND // 2, place + AROUND // 2)
    return [each for at, each in enumerate(events) if at < ends or at >= len(events) - ends or at in near]


def _places(events: Sequence[Mapping[str, Any]]) -> list[float]:
    """Distances follow the times, within bounds."""
    if not events:
        return []
    whole = max(each["at"] for each in events) - min(each["at"] for each in events)
    scale = BY_TIME / whole if whole > 0 else 0.0
    places = [float(LEFT + 14)]
    for before, after in itertools.pairwise(events):
        places.append(places[-1] + min(WIDEST, max(NEAREST, (after["at"] - before["at"]) * scale)))
    return [round(place, 1) for place in places]


def _ticks(marks: Sequence[Mark]) -> tuple[Tick, ...]:
    """Times below, as many as don't run into each other."""
    made: list[Tick] = []
    for mark in marks:
        if not made or mark.x - made[-1].x >= 64:
            made.append(Tick(mark.x, milliseconds(mark.event["at"])))
    return tuple(made)


def _gaps(marks: Sequence[Mark], total: int) -> tuple[Tick, ...]:
    made = []
    for before, after in itertools.pairwise(marks):
        missing = after.event["index"] - before.event["index"] - 1
        if missing > 0:
            made.append(Tick((before.x + after.x) / 2, str(missing)))
    rest = total - 1 - marks[-1].event["index"] if marks else 0
    return (*made, Tick(marks[-1].x + 20, str(rest))) if rest > 0 else tuple(made)


def milliseconds(seconds: float) -> str:
    """A time for people: milliseconds up to ten seconds, then seconds."""
    if seconds >= 10:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds * 1000:.0f} ms"

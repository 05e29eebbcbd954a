"""The committed table: a line a fault, sorted by name, and a first line about the check of a sound target."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from benchmarks.matrix.checking import Seen
from benchmarks.matrix.watching import Spent, fits

PLACE: Final = Path(__file__).with_name("table.jsonl")
FULL: Final = "full"
NARROW: Final = "narrow"
"""The check ended with the first meant finding: whether anything else notices the fault is not known."""


class TableError(ValueError):
    """A table that can't be read; the text says which line and what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a check said of a fault, and the key of what that rests on. `how` is full or narrow."""

    fault: str
    key: str
    how: str
    meant: tuple[str, ...]
    failed: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    untestable: tuple[str, ...] = ()
    first: Spent | None = None
    all: Spent | None = None
    units: tuple[str, ...] = ()
    error: str = ""

    @property
    def kind(self) -> str:
        return self.fault.partition(".")[0]

    @property
    def caught(self) -> tuple[str, ...]:
        """The requirements that it tripped."""
        return (*self.failed, *self.warned)

    @property
    def others(self) -> tuple[str, ...]:
        """Those that were not meant for it."""
        return tuple(row for row in self.caught if not fits(row, self.meant))

    @property
    def verdict(self) -> str:
        """caught, other (not by what was meant), blocked (red, but nothing failed), missed or error.

        A fault after which a run never ends is caught where just the row meant for it is untestable: that is
        red, and says why.
        """
        if self.error:
            return "error"
        if len(self.others) < len(self.caught):
            return "caught"
        if not self.caught and any(fits(row, self.meant) for row in self.untestable):
            return "caught"
        return "other" if self.caught else "blocked" if self.untestable else "missed"


@dataclass(frozen=True, slots=True)
class Sound:
    """A whole check of the target without a fault: the stimuli in the order in which they were sent.

    `costs`: requests and runs of each, what was set up for it included.
    """

    costs: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    all: Spent = field(default_factory=Spent)


@dataclass(frozen=True, slots=True)
class Table:
    sound: Sound = field(default_factory=Sound)
    smoke: Sound = field(default_factory=Sound)
    """The same by `--profile smoke`."""
    rows: Mapping[str, Row] = field(default_factory=dict)

    def with_row(self, row: Row) -> Table:
        return replace(self, rows={**self.rows, row.fault: row})


def row(fault: str, key: str, how: str, meant: tuple[str, ...], seen: Seen) -> Row:
    return Row(
        fault,
        key,
        how,
        meant,
        seen.failed,
        seen.warned,
        seen.untestable,
        seen.first,
        seen.all,
        seen.units,
        seen.error,
    )


def load(place: Path = PLACE) -> Table:
    """The table as it was written; an empty one where there is none. TableError."""
    if not place.exists():
        return Table()
    lines = place.read_text("utf-8").splitlines()
    try:
        head, *rest = [json.loads(line) for line in lines]
        units = [str(name) for name in head["units"]]
        rows = (_row(document, units) for document in rest)
        sound, smoke = (_sound(head[name], units) for name in ("sound", "smoke"))
        return Table(sound, smoke, {one.fault: one for one in rows})
    except (ValueError, KeyError, TypeError, IndexError) as error:
        told = f"not a table of this format ({type(error).__name__}: {error})"
        raise TableError(f"{place}: {told}; delete it and run again with --update") from None


def save(table: Table, place: Path = PLACE) -> None:
    units = [*table.sound.costs]
    others = {unit for one in table.rows.values() for unit in one.units} | {*table.smoke.costs}
    units += sorted(others - {*units})
    numbers = {unit: index for index, unit in enumerate(units)}
    sounds = {name: _sent(getattr(table, name), numbers) for name in ("sound", "smoke")}
    head = {"units": units, **sounds}
    rows = [_document(table.rows[name], numbers) for name in sorted(table.rows)]
    lines = [json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in (head, *rows)]
    place.write_text("\n".join([*lines, ""]), "utf-8")


def _sent(one: Sound, numbers: Mapping[str, int]) -> dict[str, Any]:
    return {"all": _spent(one.all), "costs": [[numbers[unit], *cost] for unit, cost in one.costs.items()]}


def _sound(document: Mapping[str, Any], units: list[str]) -> Sound:
    costs = {units[number]: (requests, runs) for number, requests, runs in document["costs"]}
    return Sound(costs, Spent(*document["all"]))


def _document(one: Row, numbers: Mapping[str, int]) -> dict[str, Any]:
    made = {
        "fault": one.fault, "key": one.key, "how": one.how, "meant": one.meant, "failed": one.failed,
        "warned": one.warned, "untestable": one.untestable,
        "first": one.first and _spent(one.first), "all": one.all and _spent(one.all),
        "units": ranges(numbers[unit] for unit in one.units), "error": one.error,
    }  # fmt: skip
    return {name: held for name, held in made.items() if held}


def _row(document: Mapping[str, Any], units: list[str]) -> Row:
    meant, failed, warned, stuck = (
        tuple(document.get(name, ())) for name in ("meant", "failed", "warned", "untestable")
    )
    first, whole = (Spent(*document[name]) if name in document else None for name in ("first", "all"))
    shown = tuple(units[index] for index in numbers_of(document.get("units", "")))
    name, key, how = document["fault"], document["key"], document["how"]
    return Row(name, key, how, meant, failed, warned, stuck, first, whole, shown, document.get("error", ""))


def _spent(one: Spent) -> list[float]:
    return [one.requests, one.runs, one.seconds, one.processor]


def ranges(numbers: Iterable[int]) -> str:
    """`0-3,7`: numbers in short."""
    runs = [
        [number for _, number in group]
        for _, group in groupby(enumerate(sorted(numbers)), lambda one: one[1] - one[0])
    ]
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def numbers_of(text: str) -> list[int]:
    parts = (part.partition("-") for part in text.split(",") if part)
    return [number for low, dash, high in parts for number in range(int(low), int(high if dash else low) + 1)]

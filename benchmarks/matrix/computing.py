"""Rows of the table: which are stale, and what becomes of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final

from benchmarks.matrix import checking, jobs, sources
from benchmarks.matrix.checking import Seen
from benchmarks.matrix.jobs import Work
from benchmarks.matrix.table import FULL, NARROW, Row, Sound, Table, row
from benchmarks.matrix.watching import Spent
from runs_conformance.contract.register import Register, load
from runs_conformance.reference.faults import CATALOGUE, HAND_MADE

WHOLE: Final = 120
"""So many stale rows are computed wholly in CI (some five minutes on two cores); more of them only until
caught.
"""
SAVED: Final = 25


@dataclass(frozen=True, slots=True)
class Wanted:
    """The faults with what is meant for each, and the key that a fresh row of each has."""

    meant: Mapping[str, tuple[str, ...]]
    keys: Mapping[str, str]

    def stale(self, table: Table) -> list[str]:
        """Those without a row that rests on what there is now."""
        return [
            name for name, key in self.keys.items() if name not in table.rows or table.rows[name].key != key
        ]

    def unseen(self, table: Table) -> list[str]:
        """The stale ones, and those that have had less of a check than they should."""
        short = {name for name, row in table.rows.items() if row.how == NARROW and how(name) == FULL}
        return [*self.stale(table), *(name for name in self.keys if name in short - {*self.stale(table)})]


def wanted(names: Iterable[str], register: Register) -> Wanted:
    meant = {name: checking.meant(CATALOGUE[name], register) for name in names}
    return Wanted(meant, {name: sources.key(CATALOGUE[name], rows) for name, rows in meant.items()})


def how(name: str) -> str:
    """Whether a fault gets a whole check: every one made by hand, and a sample of the derived ones."""
    return FULL if name in HAND_MADE or name in sample() else NARROW


@cache
def sample() -> frozenset[str]:
    """Of the derived faults one for each field and requirement meant, the one with the least hash."""
    chosen: dict[tuple[object, ...], str] = {}
    for name in sorted(CATALOGUE, key=lambda one: hashlib.sha256(one.encode()).digest()):
        fault = CATALOGUE[name]
        if fault.site is not None:
            chosen.setdefault((checking.meant(fault, load()), fault.site.path[:1]), name)
    return frozenset(chosen.values())


def whole(names: Sequence[str], given: Wanted, workers: int) -> Iterator[Row]:
    """The rows of these faults, as they are done: whole checks, or as far as `how` says."""
    return _rows(names, given, workers, how)


def detected(names: Sequence[str], given: Wanted, workers: int) -> Iterator[Row]:
    """The same up to the first meant finding: only the verdict and what is meant say anything."""
    return _rows(names, given, workers, lambda _: NARROW)


def _rows(names: Sequence[str], given: Wanted, workers: int, how: Callable[[str], str]) -> Iterator[Row]:
    """What is not caught is tried again, then in the suite's own order: some faults need what went before."""
    left = list(names)
    for again in (False, True):
        works = [(name, _work(name, given.meant[name], how(name), again)) for name in left]
        left = []
        for name, found in jobs.run(works, workers):
            seen = Seen(error=found.text) if isinstance(found, jobs.Broken) else found
            made = row(name, given.keys[name], how(name), given.meant[name], seen)
            if made.verdict == "caught" or again:
                yield made
            else:
                left.append(name)


def _work(name: str, wanted: Sequence[str], how: str, again: bool) -> Work:
    if how == FULL:
        return checking.full(CATALOGUE[name], wanted)
    return checking.until_caught(CATALOGUE[name], wanted, in_order=again)


def sound(effort: str) -> Sound:
    """A whole check without a fault; RuntimeError if anything was found."""
    _, seen = next(jobs.run([("sound", checking.sound(effort))], 1))
    if isinstance(seen, jobs.Broken) or seen.failed or seen.warned or seen.untestable:
        raise RuntimeError(f"a check of the reference target without any fault: {seen}")
    return Sound(seen.costs, seen.all)


@dataclass
class Progress:
    """Takes rows, tells each in a line, and has them saved now and then: what was computed is not lost."""

    table: Table
    total: int
    say: Callable[[str], object]
    save: Callable[[Table], object]
    done: list[Row] = field(default_factory=list)

    def take(self, rows: Iterable[Row]) -> Table:
        for one in rows:
            self.done.append(one)
            self.table = self.table.with_row(one)
            self.say(f"{len(self.done):>5}/{self.total} {line(one)}")
            if not len(self.done) % SAVED:
                self.save(self.table)
        self.save(self.table)
        return self.table


def line(one: Row) -> str:
    """Verdict, what it took, and which requirements noticed."""
    spent = one.first or one.all or Spent()
    hits = [name for name in one.caught if name not in one.others]
    shown = ", ".join(hits[:3]) + (f" (+{len(hits) - 3})" if len(hits) > 3 else "")
    more = f" | also {', '.join(one.others[:4])}" if one.others else ""
    more += f" (+{len(one.others) - 4})" if len(one.others) > 4 else ""
    end = f" | {len(one.untestable)} untestable" if one.untestable else ""
    cost = f"{spent.processor:6.1f} s {spent.requests:>5} {spent.runs:>4}"
    return f"{one.verdict:<8}{cost}  {one.fault}: {shown}{more}{end}{one.error[:300]}"


def forgotten(table: Table) -> Table:
    """Without rows of faults that the catalogue no longer has."""
    return replace(table, rows={name: one for name, one in table.rows.items() if name in CATALOGUE})

"""Times under load: spreads that can be added up, whatever process they come from, and what is measured.

A spread counts times in steps of two per cent, so its size does not grow with the load, and a percentile is
right to two per cent. All times are seconds.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from runs_conformance.contract.checks.common import stream
from runs_conformance.contract.model import Exchange
from runs_conformance.contract.operations import CREATE
from runs_conformance.contract.timeline import FINAL
from runs_conformance.contract.traces import of_kind

STEP: Final = 1.02
# What no clock tells apart any more.
LEAST: Final = 1e-6
PERCENTILES: Final = (50.0, 75.0, 90.0, 95.0, 99.0, 99.9)
FIRST, GAP, DONE, ANSWER, RUN = "first event", "gap between events", "done", "answer", "run to its end"
MEASURES: Final = (FIRST, GAP, DONE, ANSWER, RUN)
Measured = tuple[str, str, float]
Key = tuple[str, str]


@dataclass
class Spread:
    """Counts by step; the smallest and the largest time are kept as they were."""

    steps: Counter[int] = field(default_factory=Counter)
    total: float = 0.0
    least: float = math.inf
    most: float = 0.0

    def note(self, seconds: float) -> None:
        self.steps[_step(seconds)] += 1
        self.total += seconds
        self.least, self.most = min(self.least, seconds), max(self.most, seconds)

    def add(self, other: Spread) -> None:
        self.steps.update(other.steps)
        self.total += other.total
        self.least, self.most = min(self.least, other.least), max(self.most, other.most)

    @property
    def count(self) -> int:
        return self.steps.total()

    def percentile(self, percent: float) -> float:
        """The time that so many per cent don't exceed; 0 for a spread of nothing."""
        wanted, seen = math.ceil(self.count * percent / 100), 0
        for step in sorted(self.steps):
            seen += self.steps[step]
            if seen >= wanted:
                return min(self.most, max(self.least, LEAST * STEP**step))
        return 0.0

    @property
    def plain(self) -> dict[str, Any]:
        """As JSON; `of` reads it again."""
        counted = [[step, count] for step, count in sorted(self.steps.items())]
        return {"steps": counted, "total": self.total, "least": self.least, "most": self.most}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Spread:
        steps = Counter({int(step): int(count) for step, count in plain["steps"]})
        return cls(steps, float(plain["total"]), float(plain["least"]), float(plain["most"]))


def _step(seconds: float) -> int:
    return math.ceil(math.log(max(seconds, LEAST) / LEAST, STEP))


@dataclass
class Times:
    """Spreads by measure and operation, for the whole soak and for each `window` (seconds) of it."""

    window: float
    whole: dict[Key, Spread] = field(default_factory=dict)
    windows: dict[Key, dict[int, Spread]] = field(default_factory=dict)

    def note(self, measured: Iterable[Measured], at: float) -> None:
        """`at` is when, in seconds since the load began."""
        place = int(at // self.window)
        for measure, what, seconds in measured:
            key = (measure, what)
            self.whole.setdefault(key, Spread()).note(seconds)
            self.windows.setdefault(key, {}).setdefault(place, Spread()).note(seconds)

    def add(self, other: Times) -> None:
        """Those of another process, with the same window."""
        for key, spread in other.whole.items():
            self.whole.setdefault(key, Spread()).add(spread)
            for place, part in other.windows[key].items():
                self.windows.setdefault(key, {}).setdefault(place, Spread()).add(part)

    @property
    def plain(self) -> dict[str, Any]:
        rows = [
            {
                "measure": key[0],
                "what": key[1],
                "whole": spread.plain,
                "windows": [[place, part.plain] for place, part in sorted(self.windows[key].items())],
            }
            for key, spread in self.whole.items()
        ]
        return {"window": self.window, "rows": rows}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Times:
        made = cls(float(plain["window"]))
        for row in plain["rows"]:
            key = (str(row["measure"]), str(row["what"]))
            made.whole[key] = Spread.of(row["whole"])
            made.windows[key] = {int(place): Spread.of(part) for place, part in row["windows"]}
        return made


def measured(exchange: Exchange) -> Iterator[Measured]:
    """The times of one exchange that was answered: of a stream its events, else the whole answer."""
    name = exchange.operation.name
    if exchange.response is None or exchange.response.failure is not None or exchange.throttled:
        return
    events = stream(exchange)
    if not events:
        yield ANSWER, name, exchange.seconds
        return
    yield FIRST, name, events[0].at
    for one, other in itertools.pairwise(events):
        yield GAP, name, other.at - one.at
    if events[-1].is_done:
        yield DONE, name, events[-1].at


def runs_to_end(exchanges: Iterable[Exchange]) -> Iterator[Measured]:
    """From each create to the answer that first shows its run at an end, polling included."""
    begun: dict[str, Exchange] = {}
    for exchange in exchanges:
        for shown in of_kind(exchange, "thread.run"):
            name = shown.value.get("id")
            if not isinstance(name, str):
                continue
            if exchange.operation.name in CREATE:
                begun.setdefault(name, exchange)
            if shown.value.get("status") in FINAL and name in begun:
                create = begun.pop(name)
                over = shown.event.at if shown.event else exchange.seconds
                yield RUN, create.operation.name, exchange.started_at + over - create.started_at

"""Listens inside a check: what is sent for what, and when what was meant to be found was found."""

from __future__ import annotations

import fnmatch
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

# Tests that send cases: each is a stimulus of its own.
CASES: Final = frozenset({"inside_values", "derived_faults", "faults_by_hand"})


@dataclass(frozen=True, slots=True)
class Spent:
    """What was sent, and for how long: `seconds` by the clock, `processor` of one core, target included."""

    requests: int = 0
    runs: int = 0
    seconds: float = 0.0
    processor: float = 0.0


def fits(row: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(row, pattern) for pattern in patterns)


@dataclass
class Watch:
    """Listens to a check: which stimulus each exchange belongs to, and when what is meant was found.

    A stimulus is a story by its name, else the test and, where it sends cases, the case; a pack of values is
    one.
    """

    wanted: Sequence[str]
    told: Callable[[Watch], object] = lambda _: None
    story: str = ""
    pack: str = ""
    split: str = ""
    first: Spent | None = None
    rows: set[str] = field(default_factory=set)
    units: dict[str, str] = field(default_factory=dict)
    spent: Counter[str] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)
    found: set[str] = field(default_factory=set)
    _started: tuple[float, float] = (0.0, 0.0)

    def install(self) -> None:
        from runs_conformance import packing, scenes  # noqa: PLC0415 - loaded before forking
        from runs_conformance.session import Verdicts  # noqa: PLC0415
        from runs_conformance.target.journal import Journal  # noqa: PLC0415

        add, take = Journal.add, Verdicts.take

        def adding(journal: Journal, exchange: Any, requests: int = 1) -> None:
            self._sent(exchange, requests)
            add(journal, exchange, requests)

        def taking(verdicts: Verdicts, records: list[Any], *given: Any, **named: Any) -> None:
            take(verdicts, records, *given, **named)
            self._taken(records, verdicts.cost)

        replaced: tuple[tuple[Any, str, Any], ...] = (
            (Journal, "add", adding),
            (Verdicts, "take", taking),
            (packing, "culprits", self._splitting(vars(packing)["culprits"])),
            (scenes, "judged", self._telling(scenes.judged)),
        )
        for owner, name, function in replaced:
            setattr(owner, name, function)
        self._started = (time.monotonic(), time.process_time())

    def now(self, requests: int, runs: int) -> Spent:
        clock, processor = self._started
        return Spent(
            requests, runs, round(time.monotonic() - clock, 2), round(time.process_time() - processor, 2)
        )

    def _telling(self, judged: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
        """What is sent for a story belongs to it."""

        def told(bench: Any, name: str) -> Any:
            before, self.story = self.story, name
            try:
                return judged(bench, name)
            finally:
                self.story = before

        return told

    def _splitting(self, culprits: Callable[..., Any]) -> Callable[..., Any]:
        """What is sent to find the value that was refused in a pack belongs to the pack."""

        def found(*given: Any) -> Any:
            self.split = self.pack
            try:
                return culprits(*given)
            finally:
                self.split = ""

        return found

    def _sent(self, exchange: Any, requests: int) -> None:
        unit = f"story {self.story}" if self.story else self.split or _unit(exchange)
        self.pack = unit if unit.startswith("inside_values") else self.pack
        self.units[exchange.id] = unit
        self.spent[unit] += requests
        created = exchange.operation.name in {"createRun", "createThreadAndRun"}
        self.runs[unit] += bool(created and exchange.response and exchange.response.ok)

    def _taken(self, records: Iterable[Any], cost: Any) -> None:
        for one in records:
            if one["kind"] != "finding" or one["outcome"] != "failed" or one["severity"] == "note":
                continue
            self.rows.add(one["requirement"])
            if fits(one["requirement"], self.wanted):
                self.first = self.first or self.now(cost.requests, cost.runs)
                self.found.add(self.units.get(one.get("exchange", ""), ""))
        if self.first is not None:
            self.told(self)


def _unit(exchange: Any) -> str:
    """The running test in short, without the row that it looks at, and the case if it sends cases."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" (")[0].rpartition("::test_")[2]
    name, _, given = test.partition("[")
    operation = re.match(r"create\w+", given)
    shown = f"{name} {operation.group()}" if operation else name
    case = exchange.case
    own = case is None or name not in CASES or case.name.startswith("setup:")
    return shown if own else f"{shown}: {case.name}"

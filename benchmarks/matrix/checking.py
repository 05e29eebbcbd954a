"""One check of a reference target in this process, with what it sent for what, and what found the fault first.

To be called in a process of its own (`jobs`): it changes the suite's functions, and leaves the changes in place.
"""

from __future__ import annotations

import contextlib
import fnmatch
import gc
import importlib
import io
import json
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.matrix import meant_first
from benchmarks.matrix.jobs import Tell, Work
from runs_conformance.contract.register import Register
from runs_conformance.reference.faults.record import Fault
from runs_conformance.reference.options import ReferenceOptions

PROFILE: Final = """
other_model = "gpt-4o-mini"
cleanup = false
[resources]
file_id = "file-conformance0000000000"
vector_store_id = "vs_conformance0000000000"
image_url = "https://example.com/conformance.png"
clock = "/_reference/clock"
second_key_env = "SECOND_KEY"
[timeouts]
exchange = 8
stream = 8
idle = 4
poll = 3
"""
"""Everything the reference has, and less patience than a stranger's target gets."""
ENVIRONMENT: Final = {"SECOND_KEY": "sk-another-project", "OPENAI_API_KEY": "sk-first-project"}
# pytest's own captures cost a tenth of a check and change nothing of what is sent or judged.
ADDOPTS: Final = "-p no:logging -p no:unraisableexception -p benchmarks.matrix.meant_first"
# Tests that send cases: each is a stimulus of its own.
CASES: Final = frozenset({"inside_values", "derived_faults", "faults_by_hand"})
LOADED: Final = ("check", "plugin", "report.curl", "stories", "machine", "reference", "cli", "session")


@dataclass(frozen=True, slots=True)
class Spent:
    """What was sent, and how long it took: `seconds` by the clock, `processor` of one core, target included."""

    requests: int = 0
    runs: int = 0
    seconds: float = 0.0
    processor: float = 0.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What one check said.

    `failed`, `warned`, `untestable` are ids; `first` what was spent when the first meant finding was there, None if there
    was none; `units` the stimuli whose answers showed what was meant; `error` an end that should not be.
    """

    failed: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    untestable: tuple[str, ...] = ()
    code: int = -1
    first: Spent | None = None
    all: Spent | None = None
    units: tuple[str, ...] = ()
    costs: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    error: str = ""


def meant(fault: Fault, register: Register) -> tuple[str, ...]:
    """The requirements meant for a fault; a derived one's are those whose schema keyword it breaks."""
    if fault.site is None:
        return fault.breaks
    how = fault.name.rpartition("-")[2] if not fault.name.endswith("null-refused") else "null-refused"
    if how not in {"ignored", "wide", "coerced"}:
        return ("accept.*",)
    paths: list[tuple[str, ...]] = [fault.site.path]
    if fault.site.keyword == "required" and isinstance(fault.site.limit, Sequence):
        paths = [(*fault.site.path, str(name)) for name in fault.site.limit]
    elif fault.site.keyword == "additionalProperties":
        paths = [(*fault.site.path, "+")]
    values = ("", None, "none", "retrieval")
    rows = {
        register.for_request(fault.schema, path, fault.site.keyword, value)
        for path in paths
        for value in values
    }
    return tuple(sorted(row for row in rows if row is not None))


def fits(row: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(row, pattern) for pattern in patterns)


@dataclass
class Watch:
    """Listens to a check: which stimulus each exchange belongs to, and when what is meant was found.

    A stimulus is a story by its name, else the test and, where it sends cases, the case; a pack of values is one.
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

        Journal.add, Verdicts.take = adding, taking  # type: ignore[method-assign]
        packing.culprits = self._splitting(packing.culprits)
        scenes.judged = self._telling(scenes.judged)
        self._started = (time.monotonic(), time.process_time())

    def now(self, requests: int, runs: int) -> Spent:
        clock, processor = self._started
        return Spent(requests, runs, round(time.monotonic() - clock, 2), round(time.process_time() - processor, 2))

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
    """The running test in short, without the row that it looks at; for a case that must be refused, the case."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" (")[0].rpartition("::test_")[2]
    name, _, given = test.partition("[")
    operation = re.match(r"create\w+", given)
    shown = f"{name} {operation.group()}" if operation else name
    case = exchange.case
    own = case is None or name not in CASES or case.name.startswith("setup:")
    return shown if own else f"{shown}: {case.name}"


def judge(options: ReferenceOptions, folder: Path, profile: str, more: Sequence[str], watch: Watch) -> Seen:
    """Start a target, check it, and tell what the check said."""
    from runs_conformance.cli import main as command  # noqa: PLC0415
    from runs_conformance.reference import running  # noqa: PLC0415

    file, results = folder / "profile.toml", folder / "results.jsonl"
    file.write_text(profile, encoding="utf-8")
    os.environ.update(ENVIRONMENT, PYTEST_ADDOPTS=ADDOPTS)
    watch.install()
    with running(options) as url:
        words = ["check", url, "--profile", str(file), "--results", str(results), "--color", "never", *more]
        with io.StringIO() as out, contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            code = command(words)
            text = out.getvalue()
        rows, requests, runs = _read(results)
        error = "" if code in {0, 1} or rows["untestable"] else text[-600:]
        costs = {name: (sent, watch.runs[name]) for name, sent in watch.spent.items()}
        return Seen(
            **rows, code=code, first=watch.first, all=watch.now(requests, runs),
            units=tuple(sorted(watch.found - {""})), costs=costs, error=error,
        )  # fmt: skip


def _read(results: Path) -> tuple[dict[str, tuple[str, ...]], int, int]:
    lines = [json.loads(line) for line in results.read_text("utf-8").splitlines()] if results.exists() else []
    rows = [line for line in lines if line["kind"] == "requirement"]
    footer: dict[str, Any] = next((line for line in lines if line["kind"] == "footer"), {})
    names = {"failed": "failed", "warned": "warning", "untestable": "untestable"}
    ids = {name: tuple(row["id"] for row in rows if row["outcome"] == word) for name, word in names.items()}
    return ids, footer.get("requests", 0), footer.get("runs", 0)


def full(fault: Fault, wanted: Sequence[str], more: Sequence[str] = ()) -> Work:
    """A whole check of a target with the fault."""

    def work(folder: Path, _: Tell) -> Seen:
        return judge(ReferenceOptions(faults=(fault,)), folder, PROFILE, more, Watch(wanted))

    return work


def until_caught(fault: Fault, wanted: Sequence[str]) -> Work:
    """A check that ends with the first meant finding, the tests about what is meant first."""

    def work(folder: Path, tell: Tell) -> Seen:
        meant_first.PATTERNS[:] = wanted
        watch = Watch(wanted, lambda seen: tell(_caught(seen, wanted)))
        return judge(ReferenceOptions(faults=(fault,)), folder, PROFILE, (), watch)

    return work


def _caught(watch: Watch, wanted: Sequence[str]) -> Seen:
    """Only what is meant is told: of the rest not all was seen."""
    rows = tuple(sorted(row for row in watch.rows if fits(row, wanted)))
    return Seen(rows, first=watch.first, units=tuple(sorted(watch.found - {""})))


def sound(effort: str) -> Work:
    """A whole check of a target without a fault, by `--profile smoke` or another."""

    def work(folder: Path, _: Tell) -> Seen:
        return judge(ReferenceOptions(), folder, PROFILE, ("--profile", effort), Watch(()))

    return work


def warm(folder: Path) -> None:
    """Load and compute once what every check needs, before forking: a check of a sound target."""
    for name in LOADED:
        importlib.import_module(f"runs_conformance.{name}")
    seen = _plain(folder)
    if seen != 0:
        raise SystemExit(f"a check of the reference target without any fault ended with {seen}: mend that first")
    gc.collect()
    gc.freeze()


def _plain(folder: Path) -> int:
    """The check's exit code; this process stays as it is."""
    from runs_conformance.cli import main as command  # noqa: PLC0415
    from runs_conformance.reference import running  # noqa: PLC0415

    file = folder / "profile.toml"
    file.write_text(PROFILE, encoding="utf-8")
    os.environ.update(ENVIRONMENT, PYTEST_ADDOPTS=ADDOPTS)
    with running(ReferenceOptions()) as url, io.StringIO() as out:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            return int(command(["check", url, "--profile", str(file)]))

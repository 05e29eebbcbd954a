"""The catalogue of faults against the suite: what is caught, by which requirements, at what price.

    python benchmarks/faults.py                        all faults, two at a time
    python benchmarks/faults.py --only 'echo.*'        these alone (may be given again)
    python benchmarks/faults.py --hand-made --table faults.jsonl --report survivors.md

    python benchmarks/faults.py --first         stop at the first finding of a requirement meant for the fault

Each fault gets a reference target of its own and a full `check` against it, in a process forked for it, so
that nothing is loaded twice. A line a fault; exits 1 if one was not caught, or only by requirements that were
not meant for it.
"""

from __future__ import annotations

import argparse
import contextlib
import fnmatch
import importlib
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final

from runs_conformance.contract.register import Register, load
from runs_conformance.reference.faults import CATALOGUE, HAND_MADE, named
from runs_conformance.reference.faults.record import Fault

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
DEADLINE: Final = 180.0
CAUGHT: Final = ("failed", "warning")


@dataclass(frozen=True, slots=True)
class Result:
    """What one check said of one fault.

    `failed`, `warned`, `untestable` are ids; `error` an end that should not be.
    """

    fault: str
    meant: tuple[str, ...]
    failed: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    untestable: tuple[str, ...] = ()
    code: int = -1
    seconds: float = 0.0
    requests: int = 0
    runs: int = 0
    error: str = ""
    first: dict[str, Any] = field(default_factory=dict)

    @property
    def caught(self) -> frozenset[str]:
        return frozenset((*self.failed, *self.warned))

    @property
    def verdict(self) -> str:
        """caught, other (not by what was meant), blocked (red, but nothing failed), missed or error."""
        if self.error:
            return "error"
        if any(fnmatch.fnmatchcase(row, pattern) for row in self.caught for pattern in self.meant):
            return "caught"
        return "other" if self.caught else "blocked" if self.untestable else "missed"


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


def one(fault: Fault, folder: Path, more: tuple[str, ...], *, narrow: bool) -> Result:
    """A target with the fault, and a check of it, in this process."""
    from runs_conformance.cli import main as command  # noqa: PLC0415 - loaded before forking
    from runs_conformance.reference import ReferenceOptions, running  # noqa: PLC0415

    wanted = meant(fault, load())
    profile, results = folder / "profile.toml", folder / "results.jsonl"
    profile.write_text(PROFILE, encoding="utf-8")
    os.environ.update(SECOND_KEY="sk-another-project", OPENAI_API_KEY="sk-first-project")
    start = time.monotonic()
    with running(ReferenceOptions(faults=(fault,))) as url:
        words = [
            "check",
            url,
            "--profile",
            str(profile),
            "--results",
            str(results),
            "--color",
            "never",
            *more,
        ]
        words += [word for row in wanted if narrow for word in ("--select", row)]
        with (
            (folder / "out").open("w") as out,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(out),
        ):
            code = command(words)
        seconds = time.monotonic() - start
        told = _read(results)
        error = "" if code in {0, 1} else (folder / "out").read_text("utf-8")[-600:]
        if code == 2 and told.get("untestable"):
            error = ""
        return Result(fault.name, wanted, code=code, seconds=round(seconds, 2), error=error, **told)


def _stop_when_caught(fault: Fault, pipe: Connection) -> None:
    """Make this process tell and end with the first failed finding of a requirement that was meant."""
    from runs_conformance.session import Verdicts  # noqa: PLC0415

    take, wanted, start = Verdicts.take, meant(fault, load()), time.monotonic()

    def taking(self: Verdicts, records: list[Any], *given: Any, **named: Any) -> None:
        take(self, records, *given, **named)
        rows = [
            record
            for record in records
            if record["kind"] == "finding" and record["outcome"] == "failed" and record["severity"] != "note"
        ]
        if any(fnmatch.fnmatchcase(row["requirement"], each) for row in rows for each in wanted):
            cost = self.cost
            failed = tuple(sorted({row["requirement"] for row in rows}))
            seconds = round(time.monotonic() - start, 2)
            pipe.send(
                Result(fault.name, wanted, failed, seconds=seconds, requests=cost.requests, runs=cost.runs)
            )
            os._exit(0)

    Verdicts.take = taking  # type: ignore[method-assign]


def _read(results: Path) -> dict[str, Any]:
    lines = [json.loads(line) for line in results.read_text("utf-8").splitlines()] if results.exists() else []
    rows = [line for line in lines if line["kind"] == "requirement"]
    footer: dict[str, Any] = next((line for line in lines if line["kind"] == "footer"), {})
    ids = {
        word: tuple(row["id"] for row in rows if row["outcome"] == word) for word in (*CAUGHT, "untestable")
    }
    shown = next((line for line in lines if line["kind"] == "finding" and line["outcome"] == "failed"), {})
    brief = {
        key: str(shown.get(key, ""))[:200] for key in ("requirement", "case", "where", "expected", "actual")
    }
    return {
        "failed": ids["failed"],
        "warned": ids["warning"],
        "untestable": ids["untestable"],
        "first": brief if shown else {},
        "requests": footer.get("requests", 0),
        "runs": footer.get("runs", 0),
    }


def _child(name: str, more: tuple[str, ...], first: bool, narrow: bool, pipe: Connection) -> None:
    sys.stderr = sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - for the process's life
    if first:
        _stop_when_caught(CATALOGUE[name], pipe)
    try:
        folder = Path(tempfile.mkdtemp())  # in the parent's folder, which goes when all are done
        pipe.send(one(CATALOGUE[name], folder, more, narrow=narrow))
    except BaseException as error:  # noqa: BLE001 - told, not swallowed
        pipe.send(Result(name, meant(CATALOGUE[name], load()), error=f"{type(error).__name__}: {error}"))
    pipe.close()
    os._exit(0)  # what a faulty server left running must not hold the process


def results(
    names: Iterable[str], jobs: int, more: tuple[str, ...], *, first: bool = False, narrow: bool = False
) -> Iterator[Result]:
    """The results as they come; `jobs` processes at a time, one a fault, ended after the deadline."""
    for module in (
        "runs_conformance.check",
        "runs_conformance.plugin",
        "runs_conformance.report.curl",
        "runs_conformance.stories",
        "runs_conformance.machine",
    ):
        importlib.import_module(module)  # once, and not in every fork

    context = multiprocessing.get_context("fork")
    waiting, busy = list(names)[::-1], dict[str, tuple[BaseProcess, Connection, float]]()
    while waiting or busy:
        while waiting and len(busy) < jobs:
            name = waiting.pop()
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=_child, args=(name, more, first, narrow, theirs), daemon=False)
            process.start()
            theirs.close()
            busy[name] = (process, ours, time.monotonic())
        multiprocessing.connection.wait([pipe for _, pipe, _ in busy.values()], timeout=1.0)
        for name, (process, pipe, started) in list(busy.items()):
            found = _poll(name, process, pipe, started)
            if found is not None:
                del busy[name]
                yield found


def _poll(name: str, process: BaseProcess, pipe: Connection, started: float) -> Result | None:
    found: Result | None = None
    if pipe.poll():
        try:
            found = pipe.recv()
        except EOFError:
            found = Result(name, (), error=f"the process ended with {process.exitcode}")
    elif time.monotonic() - started > DEADLINE:
        found = Result(name, meant(CATALOGUE[name], load()), error=f"no end within {DEADLINE:g} s")
    if found is not None:
        process.kill()
        process.join()
    return found


def line(result: Result) -> str:
    hits = sorted(
        row for row in result.caught if any(fnmatch.fnmatchcase(row, each) for each in result.meant)
    )
    others = sorted(result.caught - set(hits))
    shown = ", ".join(hits[:3]) + (f" (+{len(hits) - 3})" if len(hits) > 3 else "")
    more = (
        f" | also {', '.join(others[:4])}{f' (+{len(others) - 4})' if len(others) > 4 else ''}"
        if others
        else ""
    )
    end = f" | {len(result.untestable)} untestable" if result.untestable else ""
    cost = f"{result.seconds:6.1f} s {result.requests:>5} {result.runs:>4}"
    return f"{result.verdict:<8}{cost}  {result.fault}: {shown}{more}{end}{result.error[:200]}"


def summary(found: Sequence[Result]) -> list[str]:
    """Counts by kind and verdict, and what it took."""
    kinds = Counter((CATALOGUE[one.fault].kind, one.verdict) for one in found)
    verdicts = ("caught", "other", "blocked", "missed", "error")
    lines = [f"{'kind':<16}" + "".join(f"{word:>9}" for word in verdicts)]
    lines += [
        f"{kind:<16}" + "".join(f"{kinds[kind, word]:>9}" for word in verdicts)
        for kind in sorted({kind for kind, _ in kinds})
    ]
    total = Counter(one.verdict for one in found)
    lines.append(f"{'all':<16}" + "".join(f"{total[word]:>9}" for word in verdicts))
    seconds = sorted(one.seconds for one in found)
    middle = seconds[len(seconds) // 2] if seconds else 0.0
    lines.append(
        f"{sum(seconds):.0f} s of checking, {middle:.1f} s a fault (median), "
        f"{sum(one.requests for one in found)} requests"
    )
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", metavar="PATTERN", help="names of faults, or patterns")
    parser.add_argument("--hand-made", action="store_true", help="leave the derived ones out")
    parser.add_argument("--derived", action="store_true", help="leave the hand-made ones out")
    parser.add_argument("--first", action="store_true", help="stop at the first finding that was meant")
    parser.add_argument(
        "--narrow", action="store_true", help="select only the requirements meant for each fault"
    )
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--table", type=Path, help="append a JSON line a fault to this file")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each Nth")
    parser.add_argument("more", nargs="*", help="further words for `check`, after --")
    given = parser.parse_args()
    names = [fault.name for fault in named(*(given.only or ["*"]))]
    names = [name for name in names if not (given.hand_made and name not in HAND_MADE)]
    names = [name for name in names if not (given.derived and name in HAND_MADE)][:: given.every]
    found: list[Result] = []
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder
        _run(given, names, found)
    print("\n".join(summary(found)))
    return 0 if all(one.verdict == "caught" for one in found) else 1


def _run(given: argparse.Namespace, names: Sequence[str], found: list[Result]) -> None:
    for result in results(names, given.jobs, tuple(given.more), first=given.first, narrow=given.narrow):
        found.append(result)
        print(line(result), flush=True)
        if given.table:
            with given.table.open("a", encoding="utf-8") as file:
                file.write(json.dumps({**asdict(result), "verdict": result.verdict}) + "\n")


if __name__ == "__main__":
    sys.exit(main())

"""Is a verdict the same each time? 100 checks, half of them with both cores busy; two at once; eight workers.

    python -m benchmarks.steadiness               the whole: some 20 minutes
    python -m benchmarks.steadiness --runs 22     each target once idle, once loaded

The embedded target and ten benign variations of it take turns. A verdict is the exit code and what was found
broken or untestable. Prints a line for every run whose verdict differs from the first of its target, and
exits 1 if there was one. What a run covers is told as well: a target that fails now and then, or is now and
then too quick for a race, shows a requirement in one run and not in the next.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from benchmarks.matrix import checking, jobs
from benchmarks.matrix.watching import Watch
from benchmarks.variations import DEADLINE, RESOURCES, Names, toml
from runs_conformance.reference import ReferenceOptions, running, variations

# What changes timing, bytes and answers most.
TARGETS: Final[tuple[Names, ...]] = (
    (), ("instant",), ("poll-after",), ("cut-at-random",), ("gzip",), ("connection-close",),
    ("delta-a-character",), ("runs-fail-now-and-then",), ("cancelled-at-once",), ("busy-429",),
    ("first-read-final",),
)  # fmt: skip
Verdict = dict[str, str]
# Neither says that anything is wrong.
NOTHING: Final = {"passed", "not-tested"}


def verdict(results: Path, code: int) -> Verdict:
    """Each requirement's outcome, and the exit code."""
    lines = [json.loads(line) for line in results.read_text("utf-8").splitlines()]
    return {one["id"]: one["outcome"] for one in lines if one["kind"] == "requirement"} | {"exit": str(code)}


def difference(one: Verdict, other: Verdict) -> str:
    """Where one of the two found something, or ended otherwise."""
    names = [name for name in _unlike(one, other) if {one.get(name), other.get(name)} - NOTHING]
    return ", ".join(f"{name}: {one.get(name)} -> {other.get(name)}" for name in names)


def coverage(one: Verdict, other: Verdict) -> list[str]:
    """The requirements that passed in one and were not exercised in the other."""
    return [name for name in _unlike(one, other) if not {one.get(name), other.get(name)} - NOTHING]


def _unlike(one: Verdict, other: Verdict) -> list[str]:
    return [name for name in sorted({*one, *other}) if one.get(name) != other.get(name)]


def check(names: Names) -> jobs.Work:
    def work(folder: Path, _: jobs.Tell) -> Verdict:
        profile = toml({**variations.profile_for(names), "resources": RESOURCES})
        seen = checking.judge(variations.options_for(names), folder, profile, Watch(()))
        return verdict(folder / "results.jsonl", seen.code)

    return work


@contextmanager
def busy(cores: int) -> Iterator[None]:
    """Processes that do nothing but keep the cores busy."""
    spinning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(cores)]
    try:
        yield
    finally:
        for one in spinning:
            one.send_signal(signal.SIGKILL)
            one.wait()


def repeated(runs: int, first: dict[Names, Verdict]) -> int:
    """How many of `runs` checks differ from the first of their target; a line for each."""
    turns = [TARGETS[number % len(TARGETS)] for number in range(runs)]
    works = {f"{number} {' '.join(names) or 'embedded'}": names for number, names in enumerate(turns)}
    bad = 0
    for name, found in jobs.run([(name, check(names)) for name, names in works.items()], 1, DEADLINE):
        known = first.setdefault(works[name], found) if isinstance(found, dict) else {}
        told = difference(known, found) if isinstance(found, dict) else found.text
        bad += bool(told)
        if told:
            print(f"DIFFERS {name}: {told}", flush=True)
        covered = coverage(known, found) if known and isinstance(found, dict) else []
        if covered:
            print(f"covers otherwise {name}: {', '.join(covered)}", flush=True)
    return bad


def command(url: str, results: Path, *words: str) -> subprocess.Popen[bytes]:
    place = ["--results", str(results), "--profile", str(results.with_suffix(".toml"))]
    results.with_suffix(".toml").write_text(checking.PROFILE, encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, "-m", "runs_conformance", "check", url, *place, *words],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **checking.ENVIRONMENT},
    )  # fmt: skip


def together() -> int:
    """Two suites at once on one target, and one with eight workers: how many differ from one alone."""
    bad = 0
    with tempfile.TemporaryDirectory() as folder, running(ReferenceOptions()) as url:
        def judged(*sets: Sequence[str]) -> list[Verdict]:
            places = [Path(folder, f"{index}.jsonl") for index in range(len(sets))]
            started = [command(url, place, *words) for place, words in zip(places, sets, strict=True)]
            return [verdict(place, one.wait()) for place, one in zip(places, started, strict=True)]

        alone = judged(())[0]
        for name, found in (
            *(("two at once", each) for each in judged((), ())),
            ("eight workers", judged(("--workers", "8"))[0]),
        ):
            told = difference(alone, found)
            bad += bool(told)
            print(f"{name}: {told or 'as alone'}", flush=True)
    return bad


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.steadiness", description=__doc__)
    parser.add_argument("--runs", type=int, default=100, help="half of them idle, half with busy cores")
    given: Any = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as folder:
        checking.warm(Path(folder))
    first: dict[Names, Verdict] = {}
    bad = repeated(given.runs - given.runs // 2, first)
    with busy(os.cpu_count() or 2):
        bad += repeated(given.runs // 2, first)
    exits = sorted({known["exit"] for known in first.values()})
    print(f"{given.runs} runs of {len(first)} targets, exit codes {exits}: {bad} verdicts differ")
    bad += together()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

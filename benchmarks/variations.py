"""False alarms: `check --strict` of the reference target in each benign variation, and in random sets.

    python benchmarks/variations.py                       each variation alone
    python benchmarks/variations.py gzip crlf             these alone
    python benchmarks/variations.py --random 50 --seed 1  50 random combinations
    python benchmarks/variations.py --fuzz gzip crlf      `fuzz --strict` in place of `check --strict`

Prints a line a run and every row that was flagged (failed, warned, untestable); exits 1 if there was any.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from runs_conformance.reference import variations

COMMAND: Final = (sys.executable, "-m", "runs_conformance")
FLAGGED: Final = ("failed", "warning", "untestable", "gap")
# What the reference holds without anybody making it; without it rows that need a resource are not exercised.
RESOURCES: Final = {
    "file_id": "file-conformance0000000000",
    "vector_store_id": "vs_conformance0000000000",
    "image_url": "https://example.com/conformance.png",
    "clock": "/_reference/clock",
    "second_key_env": "SECOND_KEY",
}
ENVIRONMENT: Final = {"SECOND_KEY": "sk-another-project", "OPENAI_API_KEY": "sk-first-project"}
# A run that takes longer is a finding of its own.
DEADLINE: Final = 400


@dataclass(frozen=True, slots=True)
class Result:
    """What one `check` said. `rows` are (id, outcome) of flagged requirements; `text` what it printed."""

    names: tuple[str, ...]
    code: int
    rows: tuple[tuple[str, str], ...]
    tested: int
    requests: int
    seconds: float
    text: str

    @property
    def clean(self) -> bool:
        return self.code == 0 and not self.rows


@contextmanager
def target(names: Iterable[str]) -> Iterator[str]:
    """A reference target in these variations, in a process of its own; gives its URL."""
    options = [part for name in names for part in ("--variation", name)]
    server = subprocess.Popen([*COMMAND, "serve", *options], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield server.stdout.readline().split()[-1]
    finally:
        server.terminate()
        server.wait(10)


def toml(profile: dict[str, Any]) -> str:
    """A profile of plain values and tables of plain values; JSON's scalars and lists are TOML's."""
    tables = {key: value for key, value in profile.items() if isinstance(value, dict)}
    lines = [f"{key} = {json.dumps(value)}" for key, value in profile.items() if key not in tables]
    for name, table in tables.items():
        lines += [f"[{name}]", *(f"{json.dumps(key)} = {json.dumps(value)}" for key, value in table.items())]
    return "\n".join([*lines, ""])


FUZZ: Final = ("fuzz", "--database", "none")


def check(names: tuple[str, ...], *more: str, words: tuple[str, ...] = ("check",)) -> Result:
    """One `check --strict` (or `fuzz --strict`) of a target in these variations."""
    declared = variations.profile_for(names)
    profile = {"other_model": "gpt-4o-mini", "cleanup": False, **declared, "resources": RESOURCES}
    with tempfile.TemporaryDirectory() as folder, target(names) as url:
        file, results = Path(folder, "profile.toml"), Path(folder, "results.jsonl")
        file.write_text(toml(profile), encoding="utf-8")
        start = time.monotonic()
        command = [
            *COMMAND,
            *words,
            url,
            "--profile",
            str(file),
            "--results",
            str(results),
            "--strict",
            *more,
        ]
        ended = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            env={**os.environ, **ENVIRONMENT},
            check=False,
        )
        return _result(names, ended, results, time.monotonic() - start)


def _result(
    names: tuple[str, ...], ended: subprocess.CompletedProcess[str], results: Path, seconds: float
) -> Result:
    lines = (
        [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
        if results.exists()
        else []
    )
    verdicts = [line for line in lines if line["kind"] == "requirement"]
    footer = next((line for line in lines if line["kind"] == "footer"), {})
    return Result(
        names,
        ended.returncode,
        tuple((one["id"], one["outcome"]) for one in verdicts if one["outcome"] in FLAGGED),
        sum(one["outcome"] == "passed" for one in verdicts),
        footer.get("requests", 0),
        seconds,
        ended.stdout + ended.stderr,
    )


def combinations(count: int, seed: int, among: tuple[str, ...]) -> list[tuple[str, ...]]:
    """`count` random compatible sets of 2 to 12 variations each."""
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    return [_combination(rng, among) for _ in range(count)]


def _combination(rng: random.Random, among: tuple[str, ...]) -> tuple[str, ...]:
    wanted, chosen = rng.randint(2, 12), list[str]()
    for name in rng.sample(among, len(among)):
        if len(chosen) < wanted and variations.compatible((*chosen, name)):
            chosen.append(name)
    return tuple(chosen)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--random", type=int, default=0, metavar="N")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--without-slow", action="store_true")
    parser.add_argument("--fuzz", action="store_true", help="fuzz instead of check")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each Nth")
    parser.add_argument(
        "--text", action="store_true", help="print what check printed where a row was flagged"
    )
    given = parser.parse_args()
    known = tuple(one.name for one in variations.every() if not (given.without_slow and one.slow))
    jobs = (
        combinations(given.random, given.seed, known)
        if given.random
        else [(name,) for name in given.names or known]
    )
    words = FUZZ if given.fuzz else ("check",)
    with ThreadPoolExecutor(given.jobs) as pool:
        found = pool.map(functools.partial(check, words=words), jobs[:: given.every])
        results = [told(result, given.text) for result in found]
    alarms = [result for result in results if not result.clean]
    requests = sum(one.requests for one in results)
    print(f"{len(results)} runs, {len(alarms)} with false alarms, {requests} requests")
    return 1 if alarms else 0


def told(result: Result, text: bool) -> Result:
    word = "ok " if result.clean else "BAD"
    cost = f"{result.tested:>3} rows {result.requests:>5} requests {result.seconds:5.1f} s"
    print(f"{word} exit {result.code} {cost}  {' '.join(result.names)}", flush=True)
    for row, outcome in result.rows:
        print(f"      {outcome:<10} {row}", flush=True)
    if not result.clean and (text or not result.rows):
        print(result.text, flush=True)
    return result


if __name__ == "__main__":
    sys.exit(main())

"""False alarms: `check --strict` of the reference target in each benign variation, and in random sets.

    python -m benchmarks.variations                       each variation alone
    python -m benchmarks.variations gzip crlf             these alone
    python -m benchmarks.variations --random 50 --seed 1  50 random combinations
    python -m benchmarks.variations --fuzz gzip crlf      `fuzz --strict` in place of `check --strict`

Prints a line a run and every row that was flagged (failed, warned, untestable); exits 1 if there was any.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.matrix import checking, jobs
from benchmarks.matrix.checking import Seen
from benchmarks.matrix.jobs import Tell, Work
from benchmarks.matrix.watching import Spent, Watch
from runs_conformance.reference import variations

# What the reference holds without anybody making it; without it rows that need a resource are not exercised.
RESOURCES: Final = tomllib.loads(checking.PROFILE)["resources"]
# A run that takes longer is a finding of its own.
DEADLINE: Final = 400.0
Names = tuple[str, ...]


def toml(profile: dict[str, Any]) -> str:
    """A profile of plain values and tables of plain values; JSON's scalars and lists are TOML's."""
    tables = {key: value for key, value in profile.items() if isinstance(value, dict)}
    lines = [f"{key} = {json.dumps(value)}" for key, value in profile.items() if key not in tables]
    for name, table in tables.items():
        lines += [f"[{name}]", *(f"{json.dumps(key)} = {json.dumps(value)}" for key, value in table.items())]
    return "\n".join([*lines, ""])


CHECK: Final = (*checking.CHECK, "--strict")
FUZZ: Final = ("fuzz", "--strict", "--database", "none")


def check(names: Names, words: Sequence[str] = CHECK) -> Work:
    """One `check --strict` (or `fuzz --strict`) of a target in these variations."""

    def work(folder: Path, _: Tell) -> Seen:
        profile = toml({**variations.profile_for(names), "resources": RESOURCES})
        return checking.judge(variations.options_for(names), folder, profile, Watch(()), words)

    return work


def run(sets: Sequence[Names], workers: int, words: Sequence[str] = CHECK) -> Iterator[tuple[Names, Seen]]:
    """What was said of each set of variations, as they are done."""
    works = {" ".join(names): names for names in sets}
    for name, found in jobs.run(
        [(name, check(names, words)) for name, names in works.items()], workers, DEADLINE
    ):
        yield works[name], Seen(error=found.text) if isinstance(found, jobs.Broken) else found


def clean(seen: Seen) -> bool:
    return seen.code == 0 and not (seen.error or seen.failed or seen.warned or seen.untestable)


def combinations(count: int, seed: int, among: Names) -> list[Names]:
    """`count` random compatible sets of 2 to 12 variations each."""
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    return [_combination(rng, among) for _ in range(count)]


def _combination(rng: random.Random, among: Names) -> Names:
    wanted, chosen = rng.randint(2, 12), list[str]()
    for name in rng.sample(among, len(among)):
        if len(chosen) < wanted and variations.compatible((*chosen, name)):
            chosen.append(name)
    return tuple(chosen)


def flagged(count: int, seed: int, workers: int, say: Callable[[str], object]) -> int:
    """How many of `count` random sets of quick variations were flagged; a line for each of those."""
    quick = tuple(one.name for one in variations.every() if not one.slow)
    bad = 0
    for names, seen in run(combinations(count, seed, quick), workers):
        bad += not clean(seen)
        if not clean(seen):
            say(line(names, seen))
    return bad


def line(names: Names, seen: Seen) -> str:
    word = "ok " if clean(seen) else "BAD"
    spent = seen.all or Spent()
    rows = [
        f"\n      {outcome:<10} {row}"
        for outcome in ("failed", "warned", "untestable") for row in getattr(seen, outcome)
    ]  # fmt: skip
    cost = f"{spent.requests:>5} requests {spent.seconds:5.1f} s"
    return (
        f"{word} exit {seen.code} {cost}  {' '.join(names)}{''.join(rows)}{seen.error and ' ' + seen.error}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.variations", description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--random", type=int, default=0, metavar="N")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--without-slow", action="store_true")
    parser.add_argument("--fuzz", action="store_true", help="fuzz instead of check")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each Nth")
    given = parser.parse_args()
    known = tuple(one.name for one in variations.every() if not (given.without_slow and one.slow))
    sets = (
        combinations(given.random, given.seed, known)
        if given.random
        else [(name,) for name in given.names or known]
    )
    with tempfile.TemporaryDirectory() as folder:
        checking.warm(Path(folder))
    alarms = requests = 0
    for names, seen in run(sets[:: given.every], given.workers, FUZZ if given.fuzz else CHECK):
        print(line(names, seen), flush=True)
        alarms += not clean(seen)
        requests += (seen.all or Spent()).requests
    print(f"{len(sets)} runs, {alarms} with false alarms, {requests} requests")
    return 1 if alarms else 0


if __name__ == "__main__":
    sys.exit(main())
